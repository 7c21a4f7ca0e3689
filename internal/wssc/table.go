package wssc

import (
	"errors"
	"sync"
	"time"
)

// Limits bound how many contexts a [Table] holds.
type Limits struct {
	Pending int // established within the last pendingFor, and not used yet
	Active  int // all together
}

// pendingFor is how long a context that is never used counts as pending. After
// that it may be dropped to make room.
const pendingFor = 5 * time.Minute

var (
	// ErrPending says that too many contexts were established and not used.
	ErrPending = errors.New("wssc: too many pending contexts")
	// ErrActive says that there are too many contexts.
	ErrActive = errors.New("wssc: too many contexts")
)

// A Table holds the contexts of one process, at most as many as Limits say, and
// none longer than it lasts. It is safe for concurrent use. The zero Table is
// ready for use.
type Table struct {
	mu      sync.Mutex
	entries map[string]*entry
	queue   []*entry // in the order of their being added, as long as they are pending
	pending int
	swept   time.Time
}

type entry struct {
	record *Record
	ends   time.Time // when there is nothing left of it
	added  time.Time
	state  pendingState
}

type pendingState uint8

const (
	isPending pendingState = iota
	isUnused               // for too long to count as pending
	isUsed
	isGone
)

// Add puts in a new context under a name. Errors are [ErrPending] and [ErrActive]: whoever
// floods a service is refused, and nobody's context is dropped for him.
func (t *Table) Add(name string, r *Record, now time.Time, grace time.Duration, lim Limits) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(now)
	if t.pending >= lim.Pending {
		return ErrPending
	}
	if len(t.entries) >= lim.Active || now.Sub(t.swept) > time.Minute {
		t.sweep(now)
	}
	if len(t.entries) >= lim.Active && !t.dropUnused() {
		return ErrActive
	}
	if t.entries == nil {
		t.entries = make(map[string]*entry)
	}
	e := &entry{record: r, ends: r.Ends(grace), added: now}
	t.entries[name] = e
	t.queue = append(t.queue, e)
	t.pending++
	return nil
}

// Find returns the accepted instance of a context.
func (t *Table) Find(name, instance string, now time.Time) (Context, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[name]
	if e == nil || !now.Before(e.ends) {
		return Context{}, false
	}
	return e.record.Find(instance, now)
}

// Used notes that somebody proved to have the context's key.
func (t *Table) Used(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.entries[name]; e != nil {
		t.leave(e, isUsed)
	}
}

// Renew makes next the instance of its context; false if that is gone.
func (t *Table) Renew(name string, next Context, now time.Time, rollover time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[name]
	if e == nil || !now.Before(e.ends) {
		return false
	}
	e.record = e.record.Renewed(next, now, rollover)
	e.ends = e.record.Ends(rollover)
	return true
}

// Drop forgets a context, all its instances, and reports whether there was
// one.
func (t *Table) Drop(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[name]
	if e != nil {
		t.drop(name, e)
	}
	return e != nil
}

// Len returns how many contexts are held, and how many of them are pending.
func (t *Table) Len(now time.Time) (all, pending int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(now)
	t.sweep(now)
	return len(t.entries), t.pending
}

func (t *Table) drop(name string, e *entry) {
	t.leave(e, isGone)
	delete(t.entries, name)
}

func (t *Table) leave(e *entry, s pendingState) {
	if e.state == isPending {
		t.pending--
	}
	e.state = s
}

// settle takes those from the queue that no longer count as pending. What is
// behind the first that does was added later.
func (t *Table) settle(now time.Time) {
	n := 0
	for _, e := range t.queue {
		if e.state == isPending {
			if now.Sub(e.added) < pendingFor {
				break
			}
			t.leave(e, isUnused)
		}
		n++
	}
	clear(t.queue[:n])
	t.queue = t.queue[n:]
}

// sweep forgets what is over.
func (t *Table) sweep(now time.Time) {
	t.swept = now
	for name, e := range t.entries {
		if !now.Before(e.ends) {
			t.drop(name, e)
		}
	}
}

// dropUnused makes room for one context.
func (t *Table) dropUnused() bool {
	for name, e := range t.entries {
		if e.state == isUnused {
			t.drop(name, e)
			return true
		}
	}
	return false
}
