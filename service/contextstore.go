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
	used(ctx context.Context, c *wssc.Context, now time.Time)
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

func (m *memoryContexts) used(_ context.Context, c *wssc.Context, _ time.Time) {
	m.table.Used(m.name(c.ID))
}

func (m *memoryContexts) add(_ context.Context, c *wssc.Context, now time.Time) ([]byte, error) {
	return nil, m.table.Add(m.name(c.ID), ownerID(c), &wssc.Record{Current: *c}, now, m.rollover(), m.limits())
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

func (s *sealedContexts) used(context.Context, *wssc.Context, time.Time) {}

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
