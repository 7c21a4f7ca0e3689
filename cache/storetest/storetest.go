// Package storetest holds the tests that every [cache.Store] must pass.
package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wstrust/cache"
)

// lifetime is long against the delays of a store on the same machine and a
// whole number of seconds, for stores that count in seconds.
const lifetime = time.Second

// A Test is one promise of [cache.Store].
type Test struct {
	Name string // says the promise
	// Run tests a store, which need not be empty: tests use keys of their own.
	Run func(t *testing.T, s cache.Store)
}

// Run runs all tests, each on a store that open returns. The tests of expiry
// wait for a few seconds of real time. To run them on fake time, take them from
// [Tests] and run each in a bubble of testing/synctest.
func Run(t *testing.T, open func(t *testing.T) cache.Store) {
	for _, test := range Tests() {
		t.Run(test.Name, func(t *testing.T) { test.Run(t, open(t)) })
	}
}

// Tests returns the tests.
func Tests() []Test {
	return []Test{
		{"absent key is not found", absent},
		{"put then get", putGet},
		{"put replaces", putReplaces},
		{"values of every shape survive", shapes},
		{"values are copied", copies},
		{"add writes once", addOnce},
		{"add does not touch what is there", addKeeps},
		{"add is atomic", addAtomic},
		{"add and put see each other", addPut},
		{"delete removes", deletes},
		{"entries expire", expires},
		{"put sets the expiry anew", putRenews},
		{"add works again after expiry", addAfterExpiry},
		{"time to live must be positive", ttlPositive},
		{"an ended context is honoured", endedContext},
		{"verbs may run at once", parallel},
	}
}

func absent(t *testing.T, s cache.Store) {
	wantAbsent(t, s, newKey())
}

func putGet(t *testing.T, s cache.Store) {
	key := newKey()
	put(t, s, key, "one", time.Minute)
	want(t, s, key, "one")
	wantAbsent(t, s, newKey())
}

func putReplaces(t *testing.T, s cache.Store) {
	key := newKey()
	put(t, s, key, "one", time.Minute)
	put(t, s, key, "another, longer value", time.Minute)
	want(t, s, key, "another, longer value")
}

func shapes(t *testing.T, s cache.Store) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, value := range [][]byte{{}, {0}, []byte("\r\n"), all, bytes.Repeat(all, 256)} {
		key := newKey()
		put(t, s, key, string(value), time.Minute)
		want(t, s, key, string(value))
	}
}

func copies(t *testing.T, s cache.Store) {
	key := newKey()
	given := []byte("value")
	if err := s.Put(t.Context(), key, given, time.Minute); err != nil {
		t.Fatal(err)
	}
	copy(given, "XXXXX")
	got, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != "value" {
		t.Fatalf("the store kept the caller's slice: %q", got)
	}
	copy(got, "YYYYY")
	want(t, s, key, "value")
}

func addOnce(t *testing.T, s cache.Store) {
	key := newKey()
	wantAdd(t, s, key, "first", time.Minute, true)
	want(t, s, key, "first")
	wantAdd(t, s, key, "second", time.Minute, false)
	want(t, s, key, "first")
}

func addKeeps(t *testing.T, s cache.Store) {
	key := newKey()
	wantAdd(t, s, key, "first", lifetime, true)
	wantAdd(t, s, key, "second", time.Hour, false)
	pass(lifetime)
	wantAbsent(t, s, key)
}

func addAtomic(t *testing.T, s cache.Store) {
	for range 8 {
		key := newKey()
		var won atomic.Int32
		together(t, 32, func(int) error {
			ok, err := s.Add(t.Context(), key, []byte("x"), time.Minute)
			if ok {
				won.Add(1)
			}
			return err
		})
		if won.Load() != 1 {
			t.Fatalf("%d of 32 concurrent calls of Add wrote, want 1", won.Load())
		}
	}
}

func addPut(t *testing.T, s cache.Store) {
	key := newKey()
	put(t, s, key, "put", time.Minute)
	wantAdd(t, s, key, "added", time.Minute, false)
	put(t, s, key, "again", time.Minute)
	want(t, s, key, "again")
}

func deletes(t *testing.T, s cache.Store) {
	key := newKey()
	put(t, s, key, "one", time.Minute)
	for range 2 { // the second time there is nothing to remove
		if err := s.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		wantAbsent(t, s, key)
	}
	wantAdd(t, s, key, "two", time.Minute, true)
	want(t, s, key, "two")
}

func expires(t *testing.T, s cache.Store) {
	short, long := newKey(), newKey()
	put(t, s, short, "short", lifetime)
	put(t, s, long, "long", time.Minute)
	want(t, s, short, "short")
	pass(lifetime)
	wantAbsent(t, s, short)
	want(t, s, long, "long")
}

func putRenews(t *testing.T, s cache.Store) {
	longer, shorter := newKey(), newKey()
	put(t, s, longer, "x", lifetime)
	put(t, s, longer, "x", time.Minute)
	put(t, s, shorter, "x", time.Minute)
	put(t, s, shorter, "x", lifetime)
	pass(lifetime)
	want(t, s, longer, "x")
	wantAbsent(t, s, shorter)
}

func addAfterExpiry(t *testing.T, s cache.Store) {
	key := newKey()
	wantAdd(t, s, key, "first", lifetime, true)
	pass(lifetime)
	wantAdd(t, s, key, "second", time.Minute, true)
	want(t, s, key, "second")
}

func ttlPositive(t *testing.T, s cache.Store) {
	for _, ttl := range []time.Duration{0, -time.Second} {
		key := newKey()
		if err := s.Put(t.Context(), key, []byte("x"), ttl); err == nil {
			t.Errorf("Put with a time to live of %v: no error", ttl)
		}
		if ok, err := s.Add(t.Context(), key, []byte("x"), ttl); ok || err == nil {
			t.Errorf("Add with a time to live of %v = %v, %v; want false and an error", ttl, ok, err)
		}
		wantAbsent(t, s, key)
	}
}

func endedContext(t *testing.T, s cache.Store) {
	key, other := newKey(), newKey()
	put(t, s, key, "x", time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Get(ctx, key)
	check := func(verb string, err error) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context: %v, want context.Canceled", verb, err)
		}
	}
	check("Get", err)
	check("Put", s.Put(ctx, other, []byte("x"), time.Minute))
	ok, err := s.Add(ctx, other, []byte("x"), time.Minute)
	check("Add", err)
	if ok {
		t.Error("Add with a cancelled context reported that it wrote")
	}
	check("Delete", s.Delete(ctx, key))
	want(t, s, key, "x")
}

func parallel(t *testing.T, s cache.Store) {
	keys := []string{newKey(), newKey(), newKey(), newKey()}
	together(t, 16, func(n int) error {
		for i := range 50 {
			key := keys[(n+i)%len(keys)]
			value := fmt.Appendf(nil, "value-%d", n)
			if err := s.Put(t.Context(), key, value, time.Minute); err != nil {
				return err
			}
			got, err := s.Get(t.Context(), key)
			if err == nil && !bytes.HasPrefix(got, []byte("value-")) {
				return fmt.Errorf("got %q, which nobody wrote", got)
			}
			if err != nil && !errors.Is(err, cache.ErrNotFound) {
				return err
			}
			if _, err := s.Add(t.Context(), key, value, time.Minute); err != nil {
				return err
			}
			if i%5 == 0 {
				if err := s.Delete(t.Context(), key); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// newKey has the form of the names that a Cache makes.
func newKey() string { return (rand.Text() + rand.Text())[:43] }

// pass waits until what lives for d has expired.
func pass(d time.Duration) { time.Sleep(d + d/4 + time.Millisecond) }

func put(t *testing.T, s cache.Store, key, value string, ttl time.Duration) {
	t.Helper()
	if err := s.Put(t.Context(), key, []byte(value), ttl); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, s cache.Store, key, value string) {
	t.Helper()
	got, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != value {
		t.Fatalf("Get: %d bytes %.40q, want %d bytes %.40q", len(got), got, len(value), value)
	}
}

func wantAbsent(t *testing.T, s cache.Store, key string) {
	t.Helper()
	if got, err := s.Get(t.Context(), key); !errors.Is(err, cache.ErrNotFound) {
		t.Fatalf("Get of an absent key = %.40q, %v; want cache.ErrNotFound", got, err)
	}
}

func wantAdd(t *testing.T, s cache.Store, key, value string, ttl time.Duration, added bool) {
	t.Helper()
	got, err := s.Add(t.Context(), key, []byte(value), ttl)
	if err != nil {
		t.Fatal(err)
	}
	if got != added {
		t.Fatalf("Add = %v, want %v", got, added)
	}
}

// together runs f in n goroutines at once.
func together(t *testing.T, n int, f func(n int) error) {
	t.Helper()
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			if err := f(i); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	wg.Wait()
}
