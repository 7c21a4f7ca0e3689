package wssc

import (
	"container/list"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Limits bound how many contexts a [Table] holds.
type Limits struct {
	Pending int // established within the last PendingFor, and not used yet
	Active  int // all together

	// What one owner can have of each.
	OwnPending, OwnActive int
}

// PendingFor is how long a context that is never used counts as pending. After
// that it may be dropped to make room.
const PendingFor = 5 * time.Minute

var (
	// ErrPending says that too many contexts were established and not used.
	ErrPending = errors.New("wssc: too many pending contexts")
	// ErrActive says that there are too many contexts.
	ErrActive = errors.New("wssc: too many contexts")
	// ErrOwner says that there are too many contexts of this owner. It stands
	// beside one of the above.
	ErrOwner = errors.New("of one owner")
)

// A Table holds the contexts of one process, at most as many as Limits say, and
// none longer than it lasts. It is safe for concurrent use. The zero Table is
// ready for use.
type Table struct {
	mu      sync.Mutex
	entries map[string]*entry
	pending list.List // of *entry, in the order of their being added
	owners  map[string]*share
	swept   time.Time
}

// A share is what one owner has of a table.
type share struct {
	owner        string
	all, pending int
}

type entry struct {
	name   string
	share  *share
	record *Record
	ends   time.Time // when there is nothing left of it
	added  time.Time
	place  *list.Element // in Table.pending; nil if it is not pending any more
	unused bool          // it is not because it was not used for too long
}

// Add puts in a new context of some owner under a name. Errors wrap [ErrPending] or
// [ErrActive]: whoever floods a service is refused, and nobody else's context is
// dropped for him.
func (t *Table) Add(name, owner string, r *Record, now time.Time, grace time.Duration, lim Limits) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(now)
	own := t.owners[owner]
	if own == nil {
		own = &share{owner: owner}
	}
	switch {
	case t.pending.Len() >= lim.Pending:
		return ErrPending
	case own.pending >= lim.OwnPending:
		return fmt.Errorf("%w %w", ErrPending, ErrOwner)
	}
	if len(t.entries) >= lim.Active || own.all >= lim.OwnActive || now.Sub(t.swept) > time.Minute {
		t.sweep(now)
	}
	switch {
	case own.all >= lim.OwnActive && !t.dropUnused(own):
		return fmt.Errorf("%w %w", ErrActive, ErrOwner)
	case len(t.entries) >= lim.Active && !t.dropUnused(nil):
		return ErrActive
	}
	if t.entries == nil {
		t.entries, t.owners = make(map[string]*entry), make(map[string]*share)
	}
	e := &entry{name: name, share: own, record: r, ends: r.Ends(grace), added: now}
	t.entries[name], t.owners[owner] = e, own
	e.place = t.pending.PushBack(e)
	own.pending++
	own.all++
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

// Used notes that somebody proved to have the context's key, and reports whether
// the context is in the table.
func (t *Table) Used(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.entries[name]
	if e != nil {
		t.leave(e)
		e.unused = false
	}
	return e != nil
}

// Pending returns the names of the pending contexts, the oldest first.
func (t *Table) Pending(now time.Time) (names []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(now)
	for p := t.pending.Front(); p != nil; p = p.Next() {
		names = append(names, p.Value.(*entry).name)
	}
	return names
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
		t.drop(e)
	}
	return e != nil
}

// Names returns the names of all contexts.
func (t *Table) Names(now time.Time) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep(now)
	return slices.Collect(maps.Keys(t.entries))
}

// Len returns how many contexts are held, and how many of them are pending.
func (t *Table) Len(now time.Time) (all, pending int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(now)
	t.sweep(now)
	return len(t.entries), t.pending.Len()
}

func (t *Table) drop(e *entry) {
	t.leave(e)
	delete(t.entries, e.name)
	if e.share.all--; e.share.all == 0 {
		delete(t.owners, e.share.owner)
	}
}

// leave has e not be pending.
func (t *Table) leave(e *entry) {
	if e.place != nil {
		t.pending.Remove(e.place)
		e.place = nil
		e.share.pending--
	}
}

// settle has those be unused that were pending for too long.
func (t *Table) settle(now time.Time) {
	for p := t.pending.Front(); p != nil; p = t.pending.Front() {
		e := p.Value.(*entry)
		if now.Sub(e.added) < PendingFor {
			return
		}
		t.leave(e)
		e.unused = true
	}
}

// sweep forgets what is over.
func (t *Table) sweep(now time.Time) {
	t.swept = now
	for _, e := range t.entries {
		if !now.Before(e.ends) {
			t.drop(e)
		}
	}
}

// dropUnused makes room for one context, among those of an owner or, with nil,
// among all.
func (t *Table) dropUnused(of *share) bool {
	for _, e := range t.entries {
		if e.unused && (of == nil || e.share == of) {
			t.drop(e)
			return true
		}
	}
	return false
}
