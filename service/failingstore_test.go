package service_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/wst"
	"wstrust/service"
)

var updateStores = flag.Bool("update", false, "write what services do with failing stores into testdata")

// moody is a store of which one operation fails while it is told so.
type moody struct {
	cache.Store
	broken atomic.Value // string: the operation
}

var errMood = errors.New("the store is in no mood")

func (m *moody) is(op string) bool { return m.broken.Load() == op }

func (m *moody) Get(ctx context.Context, key string) ([]byte, error) {
	if m.is("get") {
		return nil, errMood
	}
	if m.is("garbage") {
		return []byte("garbage"), nil
	}
	return m.Store.Get(ctx, key)
}

func (m *moody) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if m.is("put") {
		return errMood
	}
	return m.Store.Put(ctx, key, value, ttl)
}

func (m *moody) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if m.is("add") {
		return false, errMood
	}
	return m.Store.Add(ctx, key, value, ttl)
}

func (m *moody) Delete(ctx context.Context, key string) error {
	if m.is("delete") {
		return errMood
	}
	return m.Store.Delete(ctx, key)
}

// passing is what is another in each run.
var passing = regexp.MustCompile(`urn:[a-z]+:[A-Za-z0-9-]{8,}|[0-9a-f]{8}-[0-9a-f-]{20,}|"[A-Z2-7]{20,}"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?`)

// TestFailingStores breaks one operation of the store that has the contexts, or
// the marks of sealed ones, and holds what becomes of each thing that clients and
// owners do against testdata: who asks a store that does not answer is refused,
// and no context comes to life or is lost by that.
func TestFailingStores(t *testing.T) {
	var lines []string
	for _, mode := range []string{"cache", "sealed"} {
		for _, op := range []string{"none", "get", "garbage", "put", "add", "delete"} {
			store := &moody{Store: cache.NewMemory(1 << 20)}
			store.broken.Store("")
			w := newWorld(t, func(w *world) {
				if mode == "cache" {
					w.v.Contexts = &service.Contexts{Cache: newReplay(t, store)}
				} else {
					w.v.Contexts = &service.Contexts{Seal: []service.SealKey{sealKey(t, "test", 3)}}
					w.v.Replay = newReplay(t, store) // the marks are kept there
				}
			})
			outcome := func(a answer) string {
				f := a.env.Fault()
				if f == nil {
					return "accepted"
				}
				said := w.lastLine()
				if i := strings.Index(said, "err="); i >= 0 {
					said = said[i:]
				}
				return fmt.Sprintf("%s, %s", f.Subcode().Local, passing.ReplaceAllString(said, "…"))
			}
			for _, act := range []string{"establish", "use", "renew", "cancel", "revoke"} {
				h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
				if act != "establish" {
					w.wantOrder(w.try(under(h)))
				}
				store.broken.Store(op)
				var got string
				switch act {
				case "establish":
					_, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.NewContext}, user("alice", "pw"))
					got = outcome(a)
				case "use":
					got = outcome(w.try(under(h)))
				case "renew":
					_, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: h.Unattached}, under(h))
					got = outcome(a)
				case "cancel":
					_, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.CancelContext, Target: h.Unattached}, under(h))
					got = outcome(a)
				case "revoke":
					got = passing.ReplaceAllString(fmt.Sprint(w.v.RevokeContext(context.Background(), h.ID)), "…")
				}
				store.broken.Store("")
				lines = append(lines, fmt.Sprintf("%s: %s fails: %s: %s; then use: %s", mode, op, act, got, outcome(w.try(under(h)))))
			}
		}
	}
	const file = "testdata/failing-stores.txt"
	if *updateStores {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(string(data), "\n")
	for i, line := range lines {
		if line != want[i] {
			t.Errorf("got  %s\nwant %s", line, want[i])
		}
	}
}
