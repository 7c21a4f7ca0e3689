package service

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/alg"
	"wstrust/internal/wssc"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// countingStore counts what it is asked, and fails at the operation that is named.
type countingStore struct {
	cache.Store
	mu     sync.Mutex
	counts map[string]int
	broken string // an operation
	times  int    // how often it works before it breaks
}

var errBroken = errors.New("the store is broken")

func (c *countingStore) does(op string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[op]++
	if c.broken == op {
		if c.times--; c.times < 0 {
			return errBroken
		}
	}
	return nil
}

func (c *countingStore) did(op string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[op]
}

func (c *countingStore) Get(ctx context.Context, key string) ([]byte, error) {
	if err := c.does("get"); err != nil {
		return nil, err
	}
	return c.Store.Get(ctx, key)
}

func (c *countingStore) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := c.does("put"); err != nil {
		return err
	}
	return c.Store.Put(ctx, key, value, ttl)
}

func (c *countingStore) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if err := c.does("add"); err != nil {
		return false, err
	}
	return c.Store.Add(ctx, key, value, ttl)
}

func countedCache(t *testing.T) (*cache.Cache, *countingStore) {
	t.Helper()
	key, err := cache.NewKey("test", bytes.Repeat([]byte{1}, cache.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	store := &countingStore{Store: cache.NewMemory(1 << 20)}
	c, err := cache.New(store, key)
	if err != nil {
		t.Fatal(err)
	}
	return c, store
}

// aContext is one that was established now and lasts for an hour.
func aContext(t *testing.T, now time.Time) *wssc.Context {
	t.Helper()
	key, err := alg.SecretKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return &wssc.Context{ID: wssc.NewID(), Key: key, Created: now, Expires: now.Add(time.Hour), Limit: now.Add(24 * time.Hour), Principal: []byte(`{"Kind":1,"Name":"alice"}`)}
}

// stores are the three, and what the second and third keep things in.
func stores(t *testing.T, c *Contexts) map[string]contextStore {
	t.Helper()
	key, err := wssc.NewSealKey("test", bytes.Repeat([]byte{3}, 32))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := wssc.NewRing([]wssc.SealKey{key})
	if err != nil {
		t.Fatal(err)
	}
	in, _ := countedCache(t)
	marks, _ := countedCache(t)
	return map[string]contextStore{
		"memory": &memoryContexts{c, "scope"},
		"cache":  &cachedContexts{&Contexts{Cache: in, Rollover: c.Rollover}, "scope"},
		"sealed": &sealedContexts{c, ring, marks, "scope"},
	}
}

// What is not there is not found and not renewed, by each store itself.
func TestStoresFindNothing(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	for name, s := range stores(t, &Contexts{}) {
		c := aContext(t, now)
		if got, err := s.find(ctx, c.ID, "", nil, now); !errors.Is(err, errNoContext) || !got.Key.IsZero() {
			t.Errorf("%s: find: %v, %v", name, got, err)
		}
		cookie, err := s.add(ctx, c, now)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.find(ctx, c.ID, "", cookie, now); err != nil || got.ID != c.ID {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if _, err := s.find(ctx, c.ID, "urn:other", cookie, now); !errors.Is(err, errNoContext) {
			t.Errorf("%s: another instance: %v", name, err)
		}
		if err := s.revoke(ctx, c.ID, now); err != nil {
			t.Fatal(err)
		}
		next := *c
		next.Instance = wssc.NewID()
		if _, err := s.renew(ctx, c, &next, now); !errors.Is(err, errNoContext) {
			t.Errorf("%s: what was revoked is renewed: %v", name, err)
		}
		if _, err := s.find(ctx, c.ID, "", cookie, now); !errors.Is(err, errNoContext) {
			t.Errorf("%s: what was revoked is found: %v", name, err)
		}
	}
}

// A sealed context is found until it is over, and an old instance of it as long as
// its mark says. A mark that says nothing, or that cannot be read, is no yes.
func TestSealedMarks(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	s := stores(t, &Contexts{Rollover: time.Minute})["sealed"].(*sealedContexts)
	marks, store := countedCache(t)
	s.marks = marks
	c := aContext(t, now)
	cookie, err := s.add(ctx, c, now)
	if err != nil {
		t.Fatal(err)
	}
	found := func(at time.Time) error {
		_, err := s.find(ctx, c.ID, "", cookie, at)
		return err
	}
	if err := found(now.Add(time.Hour + time.Minute - time.Second)); err != nil {
		t.Errorf("while it can be renewed: %v", err)
	}
	if err := found(now.Add(time.Hour + time.Minute)); !errors.Is(err, errNoContext) {
		t.Errorf("over: %v", err)
	}
	store.broken = "get"
	if err := found(now); !errors.Is(err, errBroken) {
		t.Errorf("nobody knows whether it was revoked: %v", err)
	}
	next := *c
	next.Instance = wssc.NewID()
	if _, err := s.renew(ctx, c, &next, now); !errors.Is(err, errBroken) {
		t.Errorf("nobody knows whether it was revoked, and it is renewed: %v", err)
	}
	store.times = 1
	if err := found(now); !errors.Is(err, errBroken) {
		t.Errorf("nobody knows whether it was renewed: %v", err)
	}
	store.broken, store.times = "add", 0
	if _, err := s.renew(ctx, c, &next, now); !errors.Is(err, errBroken) {
		t.Errorf("renewed without a mark: %v", err)
	}
	store.broken = ""
	if err := found(now.Add(time.Minute - time.Second)); err != nil {
		t.Errorf("just renewed: %v", err)
	}
	if err := found(now.Add(time.Minute)); !errors.Is(err, errNoContext) {
		t.Errorf("renewed a minute ago: %v", err)
	}
	if err := marks.Put(ctx, s.renewed(c.ID, ""), []byte("soon"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := found(now); !errors.Is(err, errNoContext) {
		t.Errorf("a mark of another version: %v", err)
	}
}

// A record that is not what it should be is none.
func TestCachedRecords(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	s := stores(t, &Contexts{})["cache"].(*cachedContexts)
	c := aContext(t, now)
	if err := s.Cache.Put(ctx, s.name(c.ID), []byte("of another version"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := s.find(ctx, c.ID, "", nil, now); !errors.Is(err, errNoContext) {
		t.Errorf("not a record: %v", err)
	}
	octets, err := (&wssc.Record{Current: *c}).AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Cache.Put(ctx, s.name("urn:other"), octets, time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := s.find(ctx, "urn:other", "", nil, now); !errors.Is(err, errNoContext) {
		t.Errorf("the record of another: %v", err)
	}
}

// Only a mark that matters is set: by a process that did not establish the context,
// before it was renewed, and while it can be pending there.
func TestCachedUsed(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	s := stores(t, &Contexts{})["cache"].(*cachedContexts)
	in, store := countedCache(t)
	s.Cache = in
	own, other := aContext(t, now), aContext(t, now)
	if _, err := s.add(ctx, own, now); err != nil {
		t.Fatal(err)
	}
	renewed := *other
	renewed.Instance = wssc.NewID()
	for name, u := range map[string]struct {
		c    *wssc.Context
		at   time.Time
		want int
	}{
		"our own":    {own, now, 0},
		"another's":  {other, now.Add(wssc.PendingFor - 1), 1},
		"an old one": {other, now.Add(wssc.PendingFor), 0},
		"renewed":    {&renewed, now, 0},
	} {
		before := store.did("add")
		if s.used(ctx, u.c, u.at); store.did("add")-before != u.want {
			t.Errorf("%s: %d marks, want %d", name, store.did("add")-before, u.want)
		}
	}
}

// What could not be stored takes no room, and a flood of requests where there is
// none asks the store once in a while.
func TestCachedRoom(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	in, store := countedCache(t)
	s := &cachedContexts{&Contexts{Cache: in, MaxPending: 5, MaxActive: 2, MaxPerPrincipal: 2}, "scope"}
	store.broken = "put"
	for range 3 {
		if _, err := s.add(ctx, aContext(t, now), now); !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
	}
	store.broken = ""
	for range 2 {
		if _, err := s.add(ctx, aContext(t, now), now); err != nil {
			t.Fatal(err)
		}
	}
	flood := func(at time.Time, want int) {
		t.Helper()
		before, put := store.did("get"), store.did("put")
		for range 5 {
			if _, err := s.add(ctx, aContext(t, now), at); !errors.Is(err, wssc.ErrActive) {
				t.Errorf("there is room: %v", err)
			}
		}
		if got := store.did("get") - before; got != want || store.did("put") != put {
			t.Errorf("%d questions to the store, want %d; %d writes", got, want, store.did("put")-put)
		}
	}
	flood(now, 2)
	flood(now.Add(everyActive-1), 0)
	flood(now.Add(everyActive), 2)
}

// A context that is renewed is counted for as long as it lasts then.
func TestCachedRenewedIsCounted(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	s := stores(t, &Contexts{Rollover: time.Minute})["cache"].(*cachedContexts)
	c := aContext(t, now)
	if _, err := s.add(ctx, c, now); err != nil {
		t.Fatal(err)
	}
	next := *c
	next.Instance, next.Expires = wssc.NewID(), now.Add(2*time.Hour)
	if _, err := s.renew(ctx, c, &next, now); err != nil {
		t.Fatal(err)
	}
	if n := len(s.table.Names(now.Add(90 * time.Minute))); n != 1 {
		t.Errorf("%d contexts are counted", n)
	}
}

// What an owner is kept as: nothing that lives in the message, and never longer
// than what proved him.
func TestOwnerOf(t *testing.T) {
	limit := time.Now().Add(time.Hour)
	attributes := []saml.Attribute{{Name: "a", Values: []string{"1"}, Elements: make([]xmltree.Elem, 1)}}
	m := &Message{principal: &Principal{Kind: Token, Name: "carol", Attributes: attributes, Certificate: &x509.Certificate{}}}
	o, until := ownerOf(m, limit)
	if len(o.principal.Attributes) != 1 || o.principal.Attributes[0].Elements != nil || attributes[0].Elements == nil {
		t.Errorf("kept %v, the message has %v", o.principal.Attributes, attributes)
	}
	if !until.Equal(limit) {
		t.Errorf("no end is known, and the context lasts until %v", until)
	}
	for _, off := range []time.Duration{-time.Minute, time.Minute} {
		m.principal.Certificate.NotAfter = limit.Add(off)
		if _, until := ownerOf(m, limit); !until.Equal(limit.Add(min(off, 0))) {
			t.Errorf("a certificate until %v later: %v", off, until.Sub(limit))
		}
	}
}

// A stored owner that cannot be read is nobody, and so is a context that was not
// looked up; one that has ended can be cancelled and renewed, and nothing else.
func TestUnderContext(t *testing.T) {
	now := time.Now()
	ref := wsse.KeyRef{Kind: wsse.KeyContext, ID: "urn:c"}
	under := func(c *wssc.Context, action string) (bool, error) {
		r := &resolver{v: &Verifier{}, now: now, contexts: map[wsse.KeyRef]foundContext{}}
		if c != nil {
			r.contexts[ref] = foundContext{context: *c}
		}
		return r.underContext(&Message{evidence: &wsse.Evidence{Context: &ref}, action: action})
	}
	if ok, err := under(nil, "urn:a"); ok || err == nil {
		t.Errorf("a context that nobody looked up: %v, %v", ok, err)
	}
	for _, principal := range []string{"", "{", `{"Certificate":"AAAA"}`, `{"Key":"AAAA"}`} {
		c := aContext(t, now)
		c.Principal = []byte(principal)
		if ok, err := under(c, "urn:a"); ok || err == nil || !strings.Contains(err.Error(), "context: principal: ") {
			t.Errorf("%q: %v, %v", principal, ok, err)
		}
	}
	c := aContext(t, now)
	c.Expires = now.Add(-time.Second)
	for action, good := range map[string]bool{
		"http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/SCT/Cancel": true,
		"http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/SCT/Renew":  true,
		"http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/SCT":        false,
		"urn:a": false,
	} {
		if ok, err := under(c, action); ok != good || (err == nil) != good {
			t.Errorf("%s: %v, %v", action, ok, err)
		}
	}
}

// Where no authority is trusted, the system's are not asked either.
func TestNoAuthority(t *testing.T) {
	_, err := new(Verifier).paths(&x509.Certificate{}, nil, time.Now())
	if err == nil || !strings.Contains(err.Error(), "no certificate authority is trusted") {
		t.Errorf("%v", err)
	}
}
