package cache

import (
	"container/heap"
	"context"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

const (
	memoryShards = 64
	// entryOverhead is about what an entry costs beside its key and value: the
	// map cell, the heap cell and the entry itself.
	entryOverhead = 160
)

// Memory is a [Store] in this process. It holds at most a given number of bytes
// and never drops an entry that has not expired: when there is no room left, Put
// and Add return an error wrapping [ErrFull]. Its contents are gone when the
// process ends, and with them the memory of replays: a message sent to a process
// just before it is restarted can be accepted once more while the message is
// still fresh. Use a shared or durable Store where that matters.
//
// Give replay marks and cached tokens a Memory each, so that one cannot crowd
// out the other.
type Memory struct {
	limit  int64
	used   atomic.Int64
	seed   maphash.Seed
	shards [memoryShards]shard
}

// NewMemory returns an empty store for at most limit bytes: keys, values, and
// about 160 bytes of book-keeping per entry. It panics if limit is not positive.
func NewMemory(limit int) *Memory {
	if limit <= 0 {
		panic("cache: NewMemory: limit is not positive")
	}
	m := &Memory{limit: int64(limit), seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].entries = make(map[string]*memoryEntry)
	}
	return m
}

// Get implements [Store].
func (m *Memory) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := m.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[key]
	if e == nil || !e.live(time.Now()) {
		return nil, ErrNotFound
	}
	return append([]byte{}, e.value...), nil
}

// Put implements [Store].
func (m *Memory) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := m.write(ctx, "put", key, value, ttl, true)
	return err
}

// Add implements [Store].
func (m *Memory) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	return m.write(ctx, "add", key, value, ttl, false)
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s := m.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[key]; e != nil {
		m.used.Add(-s.remove(e))
	}
	return nil
}

// Len returns the number of entries that have not expired.
func (m *Memory) Len() int {
	m.sweep(time.Now())
	n := 0
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		n += len(s.entries)
		s.mu.Unlock()
	}
	return n
}

func (m *Memory) write(ctx context.Context, verb, key string, value []byte, ttl time.Duration, replace bool) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := checkTTL(verb, ttl); err != nil {
		return false, err
	}
	// The room is taken before the shard is locked: making room may need every
	// shard, and no two locks are ever held at once. The entry being replaced
	// counts until it is gone, so a store that is full to the last byte refuses
	// a replacement of the same size; that is the price of a plain rule.
	size := int64(len(key)) + int64(len(value)) + entryOverhead
	if !m.reserve(size) {
		return false, fmt.Errorf("cache: %s: %d bytes do not fit below the limit of %d: %w", verb, size, m.limit, ErrFull)
	}
	now := time.Now()
	s := m.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.entries[key]; old != nil {
		if !replace && old.live(now) {
			m.used.Add(-size)
			return false, nil
		}
		m.used.Add(-s.remove(old))
	}
	m.used.Add(-s.sweep(now))
	e := &memoryEntry{key: key, value: append([]byte{}, value...), size: size, expires: now.Add(ttl)}
	s.entries[key] = e
	heap.Push(&s.order, e)
	return true, nil
}

// reserve takes size bytes of the budget, forgetting expired entries if it must.
func (m *Memory) reserve(size int64) bool {
	for swept := false; ; {
		used := m.used.Load()
		if used+size <= m.limit {
			if m.used.CompareAndSwap(used, used+size) {
				return true
			}
			continue
		}
		if swept || size > m.limit {
			return false
		}
		m.sweep(time.Now())
		swept = true
	}
}

func (m *Memory) sweep(now time.Time) {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		m.used.Add(-s.sweep(now))
		s.mu.Unlock()
	}
}

func (m *Memory) shard(key string) *shard {
	return &m.shards[maphash.String(m.seed, key)%memoryShards]
}

// A shard is a part of the keys with its own lock.
type shard struct {
	mu      sync.Mutex
	entries map[string]*memoryEntry
	order   byExpiry
}

// remove drops e and returns its size.
func (s *shard) remove(e *memoryEntry) int64 {
	delete(s.entries, e.key)
	heap.Remove(&s.order, e.index)
	return e.size
}

// sweep drops what has expired and returns the bytes gained.
func (s *shard) sweep(now time.Time) (freed int64) {
	for len(s.order) > 0 && !s.order[0].live(now) {
		freed += s.remove(s.order[0])
	}
	return freed
}

type memoryEntry struct {
	key     string
	value   []byte
	size    int64
	expires time.Time
	index   int // in byExpiry
}

// live counts the moment of expiry itself as alive: a replay mark must cover
// the last instant at which its message is still accepted.
func (e *memoryEntry) live(now time.Time) bool { return !now.After(e.expires) }

// byExpiry is a heap.Interface: the entry that expires first stands first.
type byExpiry []*memoryEntry

func (h byExpiry) Len() int           { return len(h) }
func (h byExpiry) Less(i, j int) bool { return h[i].expires.Before(h[j].expires) }
func (h byExpiry) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *byExpiry) Push(x any) {
	e := x.(*memoryEntry)
	e.index = len(*h)
	*h = append(*h, e)
}

func (h *byExpiry) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return e
}
