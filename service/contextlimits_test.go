package service_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/wssc"
	"wstrust/internal/wst"
	"wstrust/service"
)

// ask asks for a context as a user.
func (w *world) ask(name, password string) (*wst.Issued, answer) {
	w.Helper()
	return w.negotiate(wst.Trust13, wst.Request{Action: wst.NewContext}, user(name, password))
}

// busy checks that an answer says that there is no room now.
func (w *world) busy(a answer) {
	w.Helper()
	w.bad(a, wssc.ServerTooBusy)
	if f := a.env.Fault(); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") != "1" || f.Code.Local != "Receiver" {
		w.Errorf("status %d, Retry-After %q, a fault of the %s", a.status, a.header.Get("Retry-After"), f.Code.Local)
	}
}

func (w *world) cancel(h *wssc.Held) {
	w.Helper()
	if done, a := w.negotiate(h.Version, wst.Request{Action: wst.CancelContext, Target: h.Unattached}, under(h)); done == nil {
		w.Fatalf("not cancelled: %s", a.octets)
	}
}

// Contexts that nobody uses, and too many of them.
func TestContextLimits(t *testing.T) {
	eachMode(t, func(c *service.Contexts) { c.MaxPending, c.MaxActive, c.MaxPerPrincipal = 2, 3, 3 }, func(t *testing.T, w *world) {
		ask := func() (*wst.Issued, answer) { return w.ask("alice", "pw") }
		if w.v.Contexts.Seal != nil {
			for range 5 { // they take no room
				w.hold(ask())
			}
			return
		}
		a, b := w.hold(ask()), w.hold(ask())
		_, refused := ask()
		w.busy(refused)
		w.accepted(request(), under(a))
		w.accepted(request(), under(b))
		w.hold(ask())
		_, refused = ask() // the third is the last
		w.busy(refused)
		w.accepted(request(), under(a))
		w.cancel(a)
		w.hold(ask())
	})
}

// One principal can have half of the room, and with MaxPerPrincipal another part;
// the rest is for others. Users and assertions of one name are not the same.
func TestContextLimitsPerPrincipal(t *testing.T) {
	for name, c := range map[string]struct {
		maxPending, maxActive, maxOwn int
		pending, active, all          int // alice can have, and both together
	}{
		"half":      {8, 12, 0, 4, 6, 12},
		"odd":       {3, 5, 0, 2, 3, 5},
		"a quarter": {8, 12, 3, 2, 3, 6},
		"all":       {4, 6, 6, 4, 6, 6},
		"more":      {4, 6, 60, 4, 6, 6},
		"one":       {100, 1000, 1, 1, 1, 2},
	} {
		for mode, store := range map[string]*cache.Cache{"memory": nil, "cache": newReplay(t, cache.NewMemory(1<<20))} {
			t.Run(name+" "+mode, func(t *testing.T) {
				fresh := func() *world {
					return newWorld(t, func(w *world) {
						w.v.Contexts = &service.Contexts{Cache: store, MaxPending: c.maxPending, MaxActive: c.maxActive, MaxPerPrincipal: c.maxOwn}
					})
				}
				w := fresh()
				// take takes as much as there is, using each context or not.
				take := func(who, password string, use bool) (n int) {
					for {
						i, a := w.ask(who, password)
						if i == nil {
							w.busy(a)
							return n
						}
						n++
						if h := w.hold(i, a); use {
							w.accepted(request(), under(h))
						}
					}
				}
				pending := take("alice", "pw", false)
				other := take("böb", "ß€", true)
				if pending != c.pending {
					t.Errorf("alice could have %d pending contexts, want %d", pending, c.pending)
				}
				if want := min(c.active, c.all-pending); pending < c.maxPending && other != want {
					t.Errorf("böb could have %d contexts beside alice's, want %d", other, want)
				}

				w = fresh()
				active := take("alice", "pw", true)
				other = take("böb", "ß€", true)
				if active != c.active || active+other != c.all {
					t.Errorf("alice could have %d contexts and böb %d, want %d and %d", active, other, c.active, c.all-c.active)
				}
			})
		}
	}
}

// pairOf are two processes that serve the same contexts.
func pairOf(t *testing.T, store cache.Store, c func() *service.Contexts) (a, b *world) {
	shared := newReplay(t, store)
	process := func() *world {
		return newWorld(t, func(w *world) {
			w.v.Contexts = c()
			w.v.Contexts.Cache = shared
		})
	}
	return process(), process()
}

// A context that was established here and used at another process is not pending,
// and one that was ended there takes no room.
func TestContextLimitsElsewhere(t *testing.T) {
	here, there := pairOf(t, cache.NewMemory(1<<20), func() *service.Contexts {
		return &service.Contexts{MaxPending: 2, MaxActive: 3, MaxPerPrincipal: 3}
	})
	a, b := here.hold(here.ask("alice", "pw")), here.hold(here.ask("alice", "pw"))
	there.accepted(request(), under(a))
	here.hold(here.ask("alice", "pw"))
	_, refused := here.ask("alice", "pw")
	here.busy(refused) // b is pending, and the last one
	here.accepted(request(), under(b))
	there.cancel(a)
	here.hold(here.ask("alice", "pw"))
}

// meeting is a store in which writers of records meet: once armed, whoever reads
// waits until as many as are expected have read, for as long as that can be.
type meeting struct {
	cache.Store
	mu   sync.Mutex
	left int
	met  chan struct{}
}

func (m *meeting) arm(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left, m.met = n, make(chan struct{})
}

func (m *meeting) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := m.Store.Get(ctx, key)
	m.mu.Lock()
	met := m.met
	if err == nil && m.left > 0 {
		if m.left--; m.left == 0 {
			close(met)
		}
	} else {
		met = nil
	}
	m.mu.Unlock()
	if met != nil {
		<-met
	}
	return value, err
}

// Of renewals of one context at the same time, at two processes, each brings an
// instance that serves at both.
func TestContextRenewedTwiceAtOnce(t *testing.T) {
	const each = 3 // at most as many former instances are kept as there are renewals here
	store := &meeting{Store: cache.NewMemory(1 << 20)}
	here, there := pairOf(t, store, func() *service.Contexts { return &service.Contexts{} })
	for round := range 4 {
		h := here.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		here.accepted(request(), under(h))
		var wg sync.WaitGroup
		renewed := make(chan *wssc.Held, 2*each)
		store.arm(2 * each) // each has found the old instance before any writes
		for i := range 2 * each {
			w := []*world{here, there}[i%2]
			wg.Go(func() {
				i, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: h.Unattached}, under(h))
				if i == nil {
					t.Errorf("round %d: refused: %s", round, a.octets)
					return
				}
				if next, err := wssc.NewHeld(i); err == nil {
					renewed <- next
				}
			})
		}
		wg.Wait()
		close(renewed)
		n := 0
		for next := range renewed {
			n++
			here.accepted(request(), under(next))
			there.accepted(request(), under(next))
		}
		if n != 2*each {
			t.Errorf("round %d: %d renewals", round, n)
		}
		here.accepted(request(), under(h))
	}
}

// late is a store in which the first claim to a renewal comes when that of
// another has come and ended.
type late struct {
	cache.Store
	first             atomic.Bool
	reached, released chan struct{}
}

func (l *late) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	const claim = 4 * time.Second
	if ttl == claim && l.first.CompareAndSwap(false, true) {
		close(l.reached)
		<-l.released
		_ = l.Delete(ctx, key)
	}
	return l.Store.Add(ctx, key, value, ttl)
}

// A renewal that was slower than another one adds to what that has written.
func TestContextRenewedLate(t *testing.T) {
	store := &late{Store: cache.NewMemory(1 << 20), reached: make(chan struct{}), released: make(chan struct{})}
	here, there := pairOf(t, store, func() *service.Contexts { return &service.Contexts{} })
	h := here.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
	slow := make(chan *wssc.Held)
	go func() {
		defer close(slow)
		i, _ := here.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: h.Unattached}, under(h))
		if i != nil {
			next, _ := wssc.NewHeld(i)
			slow <- next
		}
	}()
	<-store.reached
	first := there.renew(h, wst.Request{})
	close(store.released)
	second := <-slow
	if second == nil {
		t.Fatal("the slow one was refused")
	}
	for _, next := range []*wssc.Held{first, second, h} {
		here.accepted(request(), under(next))
		there.accepted(request(), under(next))
	}
}

// between does something once, when it is armed, before a record is written.
type between struct {
	cache.Store
	do atomic.Pointer[func()]
}

func (b *between) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if f := b.do.Swap(nil); f != nil {
		(*f)()
	}
	return b.Store.Put(ctx, key, value, ttl)
}

// A revocation that comes in the middle of a renewal holds.
func TestContextRevokedWhileRenewed(t *testing.T) {
	store := &between{Store: cache.NewMemory(1 << 20)}
	here, there := pairOf(t, store, func() *service.Contexts { return &service.Contexts{} })
	h := here.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
	revoke := func() {
		if err := there.v.RevokeContext(context.Background(), h.ID); err != nil {
			t.Error(err)
		}
	}
	store.do.Store(&revoke)
	_, a := here.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: h.Unattached}, under(h))
	here.bad(a, wssc.BadContextToken)
	here.bad(here.try(under(h)), wssc.BadContextToken)
	there.bad(there.try(under(h)), wssc.BadContextToken)
}

// dying is a store whose writer of a record dies over it: from when it is armed,
// one Put is lost, and the process is gone.
type dying struct {
	cache.Store
	mu   sync.Mutex
	dies bool
}

var errDead = errors.New("the process is gone")

func (d *dying) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dies {
		d.dies = false
		return errDead
	}
	return d.Store.Put(ctx, key, value, ttl)
}

// Who dies over a renewal keeps nobody from it for long.
func TestContextRenewerDies(t *testing.T) {
	t.Parallel()
	store := &dying{Store: cache.NewMemory(1 << 20)}
	here, there := pairOf(t, store, func() *service.Contexts { return &service.Contexts{} })
	h := here.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
	store.mu.Lock()
	store.dies = true
	store.mu.Unlock()
	if i, a := here.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: h.Unattached}, under(h)); i != nil {
		t.Fatalf("renewed without a record: %s", a.octets)
	}
	there.accepted(request(), under(h))
	there.accepted(request(), under(there.renew(h, wst.Request{}))) // waits for the claim to end
}

// A store without room is load, and no refusal.
func TestContextStoreFull(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Contexts = &service.Contexts{Cache: newReplay(t, cache.NewMemory(400))} })
	for range 3 {
		got, a := w.ask("alice", "pw")
		if got == nil {
			w.busy(a)
			if !strings.Contains(w.log.String(), "full") {
				t.Errorf("the log does not say why: %s", w.log)
			}
			return
		}
		w.accepted(request(), under(w.hold(got, a)))
	}
	t.Error("400 octets have room for three contexts")
}
