package service

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"wstrust/cache"
	"wstrust/internal/wssc"
)

// cachedContexts are kept in a cache, one record for each. What a process has
// established it counts in its table.
type cachedContexts struct {
	*Contexts
	scope string
}

func (s *cachedContexts) name(id string) string { return "wstrust context " + s.scope + " " + id }
func (s *cachedContexts) revoked(id string) string {
	return "wstrust context revoked " + s.scope + " " + id
}

// revokedFor is how long it is remembered that a context was revoked, for those
// who are just then renewing it.
const revokedFor = 10 * time.Minute

func (s *cachedContexts) find(ctx context.Context, id, instance string, _ []byte, now time.Time) (wssc.Context, error) {
	r, err := s.read(ctx, id)
	if err != nil {
		return wssc.Context{}, err
	}
	c, ok := r.Find(instance, now)
	if !ok {
		return c, errNoContext
	}
	return c, nil
}

func (s *cachedContexts) read(ctx context.Context, id string) (*wssc.Record, error) {
	octets, err := s.Cache.Get(ctx, s.name(id))
	if errors.Is(err, cache.ErrNotFound) {
		return nil, errNoContext
	}
	if err != nil {
		return nil, fmt.Errorf("service: context store: %w", err)
	}
	r, err := wssc.ReadRecord(octets)
	clear(octets)
	if err != nil || r.Current.ID != id {
		return nil, errNoContext // of another version of this program
	}
	return r, nil
}

func (s *cachedContexts) write(ctx context.Context, r *wssc.Record, now time.Time) error {
	octets, err := r.AppendBinary(nil)
	if err != nil {
		return err
	}
	defer clear(octets)
	ttl := r.Ends(s.rollover()).Sub(now)
	if err := s.Cache.Put(ctx, s.name(r.Current.ID), octets, ttl); err != nil {
		return fmt.Errorf("service: context store: %w", err)
	}
	return nil
}

// used has a context of this process be no longer pending. One that another
// process established is marked as used while it may be pending there, which it
// is until it is used, and for a while at most. What becomes of the mark does not
// matter to the message.
func (s *cachedContexts) used(ctx context.Context, c *wssc.Context, now time.Time) {
	age := now.Sub(c.Created)
	if s.table.Used(s.name(c.ID)) || c.Instance != "" || age >= wssc.PendingFor {
		return
	}
	_, _ = s.Cache.Add(ctx, s.name(c.ID)+" used", nil, wssc.PendingFor)
}

func (s *cachedContexts) add(ctx context.Context, c *wssc.Context, now time.Time) ([]byte, error) {
	counted := &wssc.Record{Current: wssc.Context{ID: c.ID, Expires: c.Expires}}
	count := func() error {
		return s.table.Add(s.name(c.ID), ownerID(c), counted, now, s.rollover(), s.limits())
	}
	err := count()
	if err != nil && s.catchUp(ctx, err, now) {
		err = count()
	}
	if err != nil {
		return nil, err
	}
	if err = s.write(ctx, &wssc.Record{Current: *c}, now); err != nil {
		s.table.Drop(s.name(c.ID))
	}
	return nil, err
}

// How often a process that has no room left looks for what became of its contexts
// at others, so that a flood of requests is none at the store.
const (
	everyPending = time.Second
	everyActive  = 30 * time.Second
)

// catchUp makes room in the table: contexts that others have marked as used are
// not pending any more, and those that others have ended are gone. It reports
// whether there were any.
func (s *cachedContexts) catchUp(ctx context.Context, full error, now time.Time) (found bool) {
	last, every, names := &s.askedPending, everyPending, s.table.Pending
	if errors.Is(full, wssc.ErrActive) {
		last, every, names = &s.askedActive, everyActive, s.table.Names
	}
	at := last.Load()
	if now.UnixNano()-at < int64(every) || !last.CompareAndSwap(at, now.UnixNano()) {
		return false
	}
	for _, name := range names(now) {
		if errors.Is(full, wssc.ErrActive) {
			if _, err := s.Cache.Get(ctx, name); errors.Is(err, cache.ErrNotFound) {
				found = s.table.Drop(name) || found
			}
		} else if _, err := s.Cache.Get(ctx, name+" used"); err == nil {
			found = s.table.Used(name) || found
		}
	}
	return found
}

// claimFor is how long whoever dies over renewing a context keeps others from it.
// One who only stalls for that long, between claiming and writing, can take the
// instance of another away, whose client then authenticates again.
const claimFor = 4 * time.Second

// renew reads the record, and writes it with the new instance. So that of two
// renewals at once, at whatever processes, neither is lost, it first claims the
// instance that it found: whoever does not get the claim waits until there is
// another instance, and adds to that. A revocation is not lost either: it marks
// first and deletes then, and whoever has written looks for the mark.
func (s *cachedContexts) renew(ctx context.Context, _, next *wssc.Context, _ time.Time) ([]byte, error) {
	r, err := s.claim(ctx, next.ID)
	if err != nil {
		return nil, err
	}
	now := time.Now() // that may have taken a while
	if err := s.write(ctx, r.Renewed(*next, now, s.rollover()), now); err != nil {
		return nil, err
	}
	switch _, err := s.Cache.Get(ctx, s.revoked(next.ID)); {
	case errors.Is(err, cache.ErrNotFound):
		s.table.Renew(s.name(next.ID), wssc.Context{ID: next.ID, Instance: next.Instance, Expires: next.Expires}, now, s.rollover())
		return nil, nil
	case err != nil:
		_ = s.Cache.Delete(context.WithoutCancel(ctx), s.name(next.ID))
		return nil, fmt.Errorf("service: context store: %w", err)
	}
	if err := s.Cache.Delete(context.WithoutCancel(ctx), s.name(next.ID)); err != nil {
		return nil, fmt.Errorf("service: context store: %w", err)
	}
	return nil, errNoContext
}

// claim returns the record of a context that nobody else will write now.
func (s *cachedContexts) claim(ctx context.Context, id string) (*wssc.Record, error) {
	for {
		r, err := s.read(ctx, id)
		if err != nil {
			return nil, err
		}
		ours, err := s.Cache.Add(ctx, s.name(id)+" renewing "+r.Current.Instance, nil, claimFor)
		if err != nil {
			return nil, fmt.Errorf("service: context store: %w", err)
		}
		if ours {
			// Between reading and claiming another may have come and gone.
			again, err := s.read(ctx, id)
			if err != nil {
				return nil, err
			}
			if again.Current.Instance == r.Current.Instance {
				return r, nil
			}
		}
		pause := time.NewTimer(5*time.Millisecond + rand.N(10*time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

func (s *cachedContexts) revoke(ctx context.Context, id string, _ time.Time) error {
	if err := s.Cache.Put(ctx, s.revoked(id), nil, revokedFor); err != nil {
		return fmt.Errorf("service: context store: %w", err)
	}
	if err := s.Cache.Delete(ctx, s.name(id)); err != nil {
		return fmt.Errorf("service: context store: %w", err)
	}
	s.table.Drop(s.name(id))
	return nil
}
