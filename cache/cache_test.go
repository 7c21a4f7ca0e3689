package cache_test

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wstrust/cache"
)

// testKey returns a key that is good for tests only.
func testKey(t testing.TB, id string) cache.Key {
	t.Helper()
	k, err := cache.NewKey(id, bytes.Repeat([]byte(id[:1]), cache.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newCache(t testing.TB, s cache.Store, ids ...string) *cache.Cache {
	t.Helper()
	var keys []cache.Key
	for _, id := range ids {
		keys = append(keys, testKey(t, id))
	}
	c, err := cache.New(s, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// glass is a Store one can look into.
type glass struct {
	mu sync.Mutex
	m  map[string][]byte
}

func newGlass() *glass { return &glass{m: map[string][]byte{}} }

func (g *glass) Get(_ context.Context, key string) ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if v, ok := g.m[key]; ok {
		return bytes.Clone(v), nil
	}
	return nil, fmt.Errorf("glass: %w", cache.ErrNotFound)
}

func (g *glass) Put(_ context.Context, key string, v []byte, _ time.Duration) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.m[key] = bytes.Clone(v)
	return nil
}

func (g *glass) Add(_ context.Context, key string, v []byte, _ time.Duration) (bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.m[key]; ok {
		return false, nil
	}
	g.m[key] = bytes.Clone(v)
	return true, nil
}

func (g *glass) Delete(_ context.Context, key string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.m, key)
	return nil
}

func wantValue(t *testing.T, c *cache.Cache, name, value string) {
	t.Helper()
	got, err := c.Get(t.Context(), name)
	if err != nil || string(got) != value {
		t.Fatalf("Get(%q) = %q, %v; want %q", name, got, err, value)
	}
}

func wantMiss(t *testing.T, c *cache.Cache, name string) {
	t.Helper()
	if got, err := c.Get(t.Context(), name); !errors.Is(err, cache.ErrNotFound) {
		t.Fatalf("Get(%q) = %q, %v; want ErrNotFound", name, got, err)
	}
}

func TestCacheVerbs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, cache.NewMemory(1<<20), "a")
		wantMiss(t, c, "n")
		if err := c.Put(t.Context(), "n", []byte("value"), time.Minute); err != nil {
			t.Fatal(err)
		}
		wantValue(t, c, "n", "value")
		if ok, err := c.Add(t.Context(), "n", []byte("other"), time.Minute); ok || err != nil {
			t.Fatalf("Add of a present name = %v, %v", ok, err)
		}
		wantValue(t, c, "n", "value")
		time.Sleep(time.Minute + 1)
		wantMiss(t, c, "n")
		if ok, err := c.Add(t.Context(), "n", nil, time.Minute); !ok || err != nil {
			t.Fatalf("Add of an absent name = %v, %v", ok, err)
		}
		wantValue(t, c, "n", "")
		if err := c.Delete(t.Context(), "n"); err != nil {
			t.Fatal(err)
		}
		wantMiss(t, c, "n")
		for _, ttl := range []time.Duration{0, -1} {
			if err := c.Put(t.Context(), "n", nil, ttl); err == nil {
				t.Errorf("Put for %v: no error", ttl)
			}
			if ok, err := c.Add(t.Context(), "n", nil, ttl); ok || err == nil {
				t.Errorf("Add for %v = %v, %v", ttl, ok, err)
			}
		}
	})
}

func TestStoreSeesNeitherNamesNorValues(t *testing.T) {
	g := newGlass()
	c := newCache(t, g, "a")
	const name, value = "https://sts.example.com/ alice", "proof key of alice"
	if err := c.Put(t.Context(), name, []byte(value), time.Minute); err != nil {
		t.Fatal(err)
	}
	for key, sealed := range g.m {
		if len(key) != 43 || strings.Contains(key, "alice") || strings.ContainsAny(key, "+/=") {
			t.Errorf("store key %q", key)
		}
		if bytes.Contains(sealed, []byte("alice")) || bytes.Contains(sealed, []byte("proof")) {
			t.Errorf("sealed value shows its contents: %q", sealed)
		}
	}
	before := maps.Clone(g.m)
	if err := c.Put(t.Context(), name, []byte(value), time.Minute); err != nil {
		t.Fatal(err)
	}
	for key := range before {
		if bytes.Equal(before[key], g.m[key]) {
			t.Error("sealing the same value twice gave the same bytes")
		}
	}
}

func TestTamperingIsAMiss(t *testing.T) {
	g := newGlass()
	c := newCache(t, g, "a")
	if err := c.Put(t.Context(), "one", []byte("first"), time.Minute); err != nil {
		t.Fatal(err)
	}
	var key string
	var good []byte
	for key, good = range g.m {
	}
	for i := range good {
		for _, flip := range []byte{1, 0x80} {
			bad := bytes.Clone(good)
			bad[i] ^= flip
			g.m[key] = bad
			wantMiss(t, c, "one")
		}
	}
	for n := range good {
		g.m[key] = good[:n]
		wantMiss(t, c, "one")
	}
	g.m[key] = append(bytes.Clone(good), 0)
	wantMiss(t, c, "one")
	g.m[key] = good
	wantValue(t, c, "one", "first")

	// The same value moved under another name of the same cache.
	if err := c.Put(t.Context(), "two", []byte("second"), time.Minute); err != nil {
		t.Fatal(err)
	}
	for other := range g.m {
		if other != key {
			g.m[other] = good
		}
	}
	wantMiss(t, c, "two")
	wantValue(t, c, "one", "first")

	// A replay mark that was altered is still a mark.
	g.m[key] = []byte("junk")
	if ok, err := c.Add(t.Context(), "one", nil, time.Minute); ok || err != nil {
		t.Fatalf("Add over an altered entry = %v, %v; want false", ok, err)
	}
}

func TestOtherKeysSeeNothing(t *testing.T) {
	m := cache.NewMemory(1 << 20)
	if err := newCache(t, m, "a").Put(t.Context(), "n", []byte("v"), time.Minute); err != nil {
		t.Fatal(err)
	}
	wantMiss(t, newCache(t, m, "b"), "n")

	// The same id with another secret.
	k, err := cache.NewKey("a", bytes.Repeat([]byte{7}, cache.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	c, err := cache.New(m, k)
	if err != nil {
		t.Fatal(err)
	}
	wantMiss(t, c, "n")
}

func TestKeyRotation(t *testing.T) {
	m := cache.NewMemory(1 << 20)
	steps := [][]string{{"old"}, {"old", "new"}, {"new", "old"}, {"new"}}
	for i := range len(steps) - 1 { // neighbours run at the same time
		here, there := newCache(t, m, steps[i]...), newCache(t, m, steps[i+1]...)
		for j, pair := range [][2]*cache.Cache{{here, there}, {there, here}} {
			name := fmt.Sprintf("%d-%d", i, j)
			if ok, err := pair[0].Add(t.Context(), name+"/replay", nil, time.Minute); !ok || err != nil {
				t.Fatalf("step %v: Add = %v, %v", steps[i], ok, err)
			}
			if ok, err := pair[1].Add(t.Context(), name+"/replay", nil, time.Minute); ok || err != nil {
				t.Fatalf("between %v and %v a replay was accepted (%v, %v)", steps[i], steps[i+1], ok, err)
			}
		}
		if err := here.Put(t.Context(), "token", []byte{byte(i)}, time.Minute); err != nil {
			t.Fatal(err)
		}
		wantValue(t, there, "token", string([]byte{byte(i)}))
		if err := there.Delete(t.Context(), "token"); err != nil {
			t.Fatal(err)
		}
		wantMiss(t, here, "token")
	}
}

func TestAddIsAtomicAcrossRotation(t *testing.T) {
	m := cache.NewMemory(1 << 20)
	both := []*cache.Cache{newCache(t, m, "old", "new"), newCache(t, m, "new", "old")}
	for _, test := range []struct {
		name   string
		caches []*cache.Cache
		least  int32 // a claim may fail half way where some hold one key only
	}{
		{"both keys", both, 1},
		{"some with one key", append(both, newCache(t, m, "new")), 0},
	} {
		for round := range 50 {
			var won atomic.Int32
			var wg sync.WaitGroup
			for i := range 12 {
				wg.Go(func() {
					ok, err := test.caches[i%len(test.caches)].Add(t.Context(), fmt.Sprint(test.name, round), nil, time.Minute)
					if err != nil {
						t.Error(err)
					}
					if ok {
						won.Add(1)
					}
				})
			}
			wg.Wait()
			if n := won.Load(); n > 1 || n < test.least {
				t.Fatalf("%s: %d concurrent calls accepted one message", test.name, n)
			}
		}
	}
}

type brokenStore struct{ *glass }

var errBroken = errors.New("store is down")

func (brokenStore) Get(context.Context, string) ([]byte, error) { return nil, errBroken }
func (brokenStore) Add(context.Context, string, []byte, time.Duration) (bool, error) {
	return true, errBroken
}

func TestStoreErrorsAreNotMisses(t *testing.T) {
	c := newCache(t, brokenStore{newGlass()}, "a", "b")
	if _, err := c.Get(t.Context(), "n"); !errors.Is(err, errBroken) || errors.Is(err, cache.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	if ok, err := c.Add(t.Context(), "n", nil, time.Minute); ok || !errors.Is(err, errBroken) {
		t.Errorf("Add = %v, %v: it must fail closed", ok, err)
	}
	full := newCache(t, cache.NewMemory(1), "a")
	if ok, err := full.Add(t.Context(), "n", nil, time.Minute); ok || !errors.Is(err, cache.ErrFull) {
		t.Errorf("Add on a full store = %v, %v", ok, err)
	}
}

func TestNewRefuses(t *testing.T) {
	a := testKey(t, "a")
	m := cache.NewMemory(1)
	for name, make := range map[string]func() (*cache.Cache, error){
		"no store":  func() (*cache.Cache, error) { return cache.New(nil, a) },
		"no key":    func() (*cache.Cache, error) { return cache.New(m) },
		"empty key": func() (*cache.Cache, error) { return cache.New(m, a, cache.Key{}) },
		"same id":   func() (*cache.Cache, error) { return cache.New(m, a, a) },
	} {
		if c, err := make(); c != nil || err == nil {
			t.Errorf("New with %s = %v, %v", name, c, err)
		}
	}
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := cache.NewKey("k", make([]byte, n)); err == nil {
			t.Errorf("NewKey with %d bytes: no error", n)
		}
	}
	for _, id := range []string{"", strings.Repeat("x", 65)} {
		if _, err := cache.NewKey(id, make([]byte, cache.KeySize)); err == nil {
			t.Errorf("NewKey with an id of %d bytes: no error", len(id))
		}
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	secret := []byte("0123456789abcdefGHIJKLMNOPQRSTUV")
	k, err := cache.NewKey("id", secret)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cache.New(cache.NewMemory(1<<20), k)
	if err != nil {
		t.Fatal(err)
	}
	type holder struct{ k cache.Key }
	var leaks []string
	for _, use := range []string{"name", "value"} { // what the key holds is derived from the secret
		sub, err := hkdf.Key(sha256.New, secret, nil, "wstrust cache 1 "+use, cache.KeySize)
		if err != nil {
			t.Fatal(err)
		}
		leaks = append(leaks, fmt.Sprintf("%x", sub[:8]), fmt.Sprintf("%X", sub[:8]),
			strings.Trim(fmt.Sprint(sub[:8]), "[]"), string(sub[:8]), fmt.Sprintf("%#x, %#x, %#x", sub[0], sub[1], sub[2]))
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d"} {
		for _, v := range []any{k, &k, holder{k}, []cache.Key{k}, c, *c} {
			out := fmt.Sprintf(format, v)
			for _, leak := range append(leaks, string(secret)) {
				if strings.Contains(out, leak) {
					t.Errorf("%s of %T shows the key: %s", format, v, out)
				}
			}
		}
	}
}

func BenchmarkCacheAdd(b *testing.B) {
	c := newCache(b, cache.NewMemory(1<<30), "a")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := c.Add(b.Context(), fmt.Sprint(i), nil, time.Second); err != nil {
			b.Fatal(err)
		}
	}
}
