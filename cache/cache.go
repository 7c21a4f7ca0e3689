// Package cache keeps short-lived secrets and replay marks in a store that need
// not be trusted with them.
//
// A [Store] is any key-value store with expiry: four verbs, so that Valkey,
// DynamoDB, NATS KV or SQL can each be one short file. A [Cache] puts a seal
// around a Store: names become HMAC-SHA-256 values and contents are encrypted
// with AES-256-GCM, so that whoever reads the store learns neither who asked for
// what nor any key. Sealing is not optional: the packages that use a cache take
// a *Cache, and only [New] makes one.
//
// [Memory] is a Store within one process. Package storetest holds the tests that
// every Store must pass.
package cache

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrNotFound says that there is no such entry, or that it has expired.
	ErrNotFound = errors.New("cache: not found")
	// ErrFull says that the store has no room and wrote nothing. A caller that
	// rests a security decision on the write must refuse.
	ErrFull = errors.New("cache: store is full")
)

// A Store is a shared key-value store with expiry. Implementations must be safe
// for concurrent use and honour ctx: once ctx has ended they return its error.
//
// Keys are 43 characters of the URL-safe base64 alphabet. Values are opaque,
// may be of any length including zero, and must not be kept or handed out by
// reference. A ttl that is not positive is an error and writes nothing. An entry
// must not be dropped before its ttl has passed: replay detection rests on it. A
// store without room returns an error that wraps [ErrFull].
type Store interface {
	// Get returns the value at key, or an error wrapping [ErrNotFound].
	Get(ctx context.Context, key string) ([]byte, error)
	// Put sets the value at key for ttl, replacing what was there.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Add is Put, but only where key is absent; it reports whether it wrote.
	// It must be atomic: replay detection and refresh leases rest on it.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error)
	// Delete removes key. Removing an absent key is not an error.
	Delete(ctx context.Context, key string) error
}

// A Cache is a Store with sealed names and contents. It is safe for concurrent
// use. Names given to its methods may be of any length and hold secrets.
type Cache struct {
	store Store
	keys  []Key // the first writes, all read
	added []Key // the same, in an order all processes agree on
}

// New returns a Cache over store. The first key seals what is written by Put;
// entries sealed by any of keys are found. Key ids must differ.
//
// To change keys without losing an entry or a replay mark, give every process
// the new key behind the old one; then, when all have it, put it in front; then,
// when the longest ttl has passed, drop the old one.
func New(store Store, keys ...Key) (*Cache, error) {
	if store == nil {
		return nil, errors.New("cache: new: no store")
	}
	if len(keys) == 0 {
		return nil, errors.New("cache: new: no key")
	}
	c := &Cache{store: store, keys: append([]Key(nil), keys...)}
	seen := make(map[string]bool, len(keys))
	for i, k := range keys {
		if k.p == nil {
			return nil, fmt.Errorf("cache: new: key %d is empty", i)
		}
		if seen[k.p.id] {
			return nil, fmt.Errorf("cache: new: two keys have the id %q", k.p.id)
		}
		seen[k.p.id] = true
	}
	c.added = sortedByID(c.keys)
	return c, nil
}

// Get returns the value stored under name, or an error wrapping [ErrNotFound].
// An entry that was altered, truncated or moved from another name is not found.
func (c *Cache) Get(ctx context.Context, name string) ([]byte, error) {
	for _, k := range c.keys {
		e := k.entry(name)
		sealed, err := c.store.Get(ctx, e.key)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if value, ok := e.open(sealed); ok {
			return value, nil
		}
	}
	return nil, ErrNotFound
}

// Put stores value under name for ttl, which must be positive.
func (c *Cache) Put(ctx context.Context, name string, value []byte, ttl time.Duration) error {
	if err := checkTTL("put", ttl); err != nil {
		return err
	}
	e := c.keys[0].entry(name)
	sealed, err := e.seal(value)
	if err != nil {
		return err
	}
	return c.store.Put(ctx, e.key, sealed, ttl)
}

// Add stores value under name for ttl unless name is present, and reports
// whether it did. Of any number of concurrent calls, in any number of processes
// that share the store and a key, at most one returns true. Any error means
// false: a caller that detects replays with Add must refuse.
//
// With several keys Add claims the name under each of them, in the order of
// their ids, so that a process that holds only one of them agrees. A claim that
// fails half way is left to expire.
func (c *Cache) Add(ctx context.Context, name string, value []byte, ttl time.Duration) (bool, error) {
	if err := checkTTL("add", ttl); err != nil {
		return false, err
	}
	for _, k := range c.added {
		e := k.entry(name)
		sealed, err := e.seal(value)
		if err != nil {
			return false, err
		}
		if ok, err := c.store.Add(ctx, e.key, sealed, ttl); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// Delete removes name. Removing an absent name is not an error.
func (c *Cache) Delete(ctx context.Context, name string) error {
	for _, k := range c.keys {
		if err := c.store.Delete(ctx, k.entry(name).key); err != nil {
			return err
		}
	}
	return nil
}

func checkTTL(verb string, ttl time.Duration) error {
	if ttl <= 0 {
		return fmt.Errorf("cache: %s: time to live %v is not positive", verb, ttl)
	}
	return nil
}
