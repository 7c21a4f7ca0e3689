package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wstrust/cache"
	"wstrust/internal/wssc"
)

// A contextStore is one of the three places where contexts are kept.
type contextStore interface {
	// find returns the instance if it is accepted, or an error that wraps
	// errNoContext. cookie is what the token holds besides its name.
	find(ctx context.Context, id, instance string, cookie []byte, now time.Time) (wssc.Context, error)
	// used notes that a message under the context was accepted.
	used(id string)
	// add keeps a new context, and renew another instance of one, and each
	// returns the cookie for the token. renew wraps errNoContext if there is
	// no such context any more.
	add(ctx context.Context, c *wssc.Context, now time.Time) (cookie []byte, err error)
	renew(ctx context.Context, old, next *wssc.Context, now time.Time) (cookie []byte, err error)
	// revoke ends a context with all its instances.
	revoke(ctx context.Context, id string, now time.Time) error
}

// errNoContext says that there is no such context, or none any more.
var errNoContext = errors.New("service: no such security context")

// memoryContexts are those of this process.
type memoryContexts struct {
	*Contexts
	scope string
}

func (m *memoryContexts) name(id string) string { return m.scope + " " + id }

func (m *memoryContexts) find(_ context.Context, id, instance string, _ []byte, now time.Time) (wssc.Context, error) {
	c, ok := m.table.Find(m.name(id), instance, now)
	if !ok {
		return c, errNoContext
	}
	return c, nil
}

func (m *memoryContexts) used(id string) { m.table.Used(m.name(id)) }

func (m *memoryContexts) add(_ context.Context, c *wssc.Context, now time.Time) ([]byte, error) {
	return nil, m.table.Add(m.name(c.ID), &wssc.Record{Current: *c}, now, m.rollover(), m.limits())
}

func (m *memoryContexts) renew(_ context.Context, _, next *wssc.Context, now time.Time) ([]byte, error) {
	if !m.table.Renew(m.name(next.ID), *next, now, m.rollover()) {
		return nil, errNoContext
	}
	return nil, nil
}

func (m *memoryContexts) revoke(_ context.Context, id string, _ time.Time) error {
	m.table.Drop(m.name(id))
	return nil
}

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

func (s *cachedContexts) used(id string) { s.table.Used(s.name(id)) }

func (s *cachedContexts) add(ctx context.Context, c *wssc.Context, now time.Time) ([]byte, error) {
	counted := &wssc.Record{Current: wssc.Context{ID: c.ID, Expires: c.Expires}}
	if err := s.table.Add(s.name(c.ID), counted, now, s.rollover(), s.limits()); err != nil {
		return nil, err
	}
	err := s.write(ctx, &wssc.Record{Current: *c}, now)
	if err != nil {
		s.table.Drop(s.name(c.ID))
	}
	return nil, err
}

// renew reads and writes without a lock across processes. Of two renewals at
// once one may be lost: its client is told so when it uses it, and
// authenticates again. A revocation is never lost: it marks first and deletes
// then, and whoever has written looks for the mark.
func (s *cachedContexts) renew(ctx context.Context, _, next *wssc.Context, now time.Time) ([]byte, error) {
	r, err := s.read(ctx, next.ID)
	if err != nil {
		return nil, err
	}
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

// sealedContexts are in their tokens. Only what must not be accepted any more
// is remembered, beside the marks of replays, as long as a token for it can be
// about.
type sealedContexts struct {
	*Contexts
	ring  *wssc.Ring
	marks *cache.Cache
	scope string
}

func (s *sealedContexts) revoked(id string) string {
	return "wstrust sealed context revoked " + s.scope + " " + id
}

func (s *sealedContexts) renewed(id, instance string) string {
	return "wstrust sealed context renewed " + s.scope + " " + id + " " + instance
}

func (s *sealedContexts) find(ctx context.Context, id, instance string, cookie []byte, now time.Time) (wssc.Context, error) {
	c, ok := s.ring.Open(cookie, s.scope, id, instance)
	if !ok || c.Phase(now, s.rollover()) == wssc.Over {
		return wssc.Context{}, errNoContext
	}
	if marked, err := s.marked(ctx, s.revoked(id)); err != nil || marked {
		return wssc.Context{}, orNoContext(err)
	}
	until, err := s.marks.Get(ctx, s.renewed(id, instance))
	switch {
	case errors.Is(err, cache.ErrNotFound):
		return c, nil
	case err != nil:
		return wssc.Context{}, fmt.Errorf("service: context marks: %w", err)
	}
	var t time.Time
	if t.UnmarshalBinary(until) != nil || !now.Before(t) {
		return wssc.Context{}, errNoContext
	}
	return c, nil
}

func (s *sealedContexts) marked(ctx context.Context, name string) (bool, error) {
	_, err := s.marks.Get(ctx, name)
	if errors.Is(err, cache.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("service: context marks: %w", err)
	}
	return true, nil
}

func orNoContext(err error) error {
	if err != nil {
		return err
	}
	return errNoContext
}

func (s *sealedContexts) used(string) {}

func (s *sealedContexts) add(_ context.Context, c *wssc.Context, _ time.Time) ([]byte, error) {
	return s.ring.Seal(s.scope, c)
}

// renew marks the old instance with the time until which it is accepted. Whoever
// renews it again moves nothing: the first renewal counts.
func (s *sealedContexts) renew(ctx context.Context, old, next *wssc.Context, now time.Time) ([]byte, error) {
	until, err := now.Add(s.rollover()).MarshalBinary()
	if err != nil {
		return nil, err
	}
	ttl := max(old.Expires.Sub(now), 0) + s.rollover() + time.Second
	if _, err := s.marks.Add(ctx, s.renewed(old.ID, old.Instance), until, ttl); err != nil {
		return nil, fmt.Errorf("service: context marks: %w", err)
	}
	if marked, err := s.marked(ctx, s.revoked(old.ID)); err != nil || marked {
		return nil, orNoContext(err)
	}
	return s.ring.Seal(s.scope, next)
}

// revoke remembers the identifier for as long as the last token can be good that
// was made before now.
func (s *sealedContexts) revoke(ctx context.Context, id string, _ time.Time) error {
	if err := s.marks.Put(ctx, s.revoked(id), nil, s.lifetime()+s.rollover()+revokedFor); err != nil {
		return fmt.Errorf("service: context marks: %w", err)
	}
	return nil
}
