package wstrust

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"wstrust/cache"
)

// A Requester is where a [Source] gets tokens; [Channel] is one.
type Requester interface {
	// RequestToken is [Channel.RequestToken].
	RequestToken(ctx context.Context, req TokenRequest) (*Token, error)
	// Identity names who asks and whom: it keeps one caller's tokens from
	// another's in a shared cache. It holds no secret.
	Identity() string
}

// A Source keeps a token fresh. Many Sources, in many processes, that share a
// Cache make one request between them. It must not be copied after first use.
//
// A token is asked for again when a fifth of its life is left; until the answer
// is there, and if asking fails, the old one serves as long as it is valid. A
// token without a stated lifetime is used once. While the issuer refuses the
// caller ([ErrAccessDenied]), it is asked every thirty seconds at most, so that
// an account is not locked by retries.
type Source struct {
	Issuer  Requester    // where to ask; a channel must be open
	Request TokenRequest // what to ask for; not changed after first use
	Cache   *cache.Cache // nil: this Source alone
	Logger  *slog.Logger // nil: silent

	current atomic.Pointer[held]
	mu      sync.Mutex
	flight  *flight
	denied  error // the last refusal, until until
	until   time.Time
}

// held is a token and when to ask for the next.
type held struct {
	token   *Token
	refresh time.Time
}

func (h *held) valid(now time.Time) bool { return h != nil && now.Before(h.token.till) }

// flight is one refresh that others wait for.
type flight struct {
	done chan struct{}
	err  error
	gone bool // the one who asked gave up; ask again
}

const (
	leaseTTL  = 30 * time.Second
	denialTTL = 30 * time.Second
	pollEvery = 100 * time.Millisecond
)

// Token implements [TokenSource]. No goroutine outlives the call, and nobody
// waits longer than their own ctx.
func (s *Source) Token(ctx context.Context) (*Token, error) {
	if h := s.current.Load(); h != nil && time.Now().Before(h.refresh) {
		return h.token, nil
	}
	for {
		s.mu.Lock()
		now := time.Now()
		h := s.current.Load()
		switch {
		case h != nil && now.Before(h.refresh):
			s.mu.Unlock()
			return h.token, nil
		case s.denied != nil && now.Before(s.until):
			err := s.denied
			s.mu.Unlock()
			if h.valid(now) {
				return h.token, nil
			}
			return nil, err
		case s.flight != nil:
			f := s.flight
			s.mu.Unlock()
			if h.valid(now) {
				return h.token, nil // somebody is at it
			}
			select {
			case <-f.done:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			if f.err != nil && !f.gone {
				return nil, f.err
			}
			continue
		}
		f := &flight{done: make(chan struct{})}
		s.flight = f
		s.mu.Unlock()
		return s.lead(ctx, f)
	}
}

// Identity names what the source gives out, for a channel that presents it.
func (s *Source) Identity() string { return s.name() }

// lead is the call of the one who refreshes.
func (s *Source) lead(ctx context.Context, f *flight) (*Token, error) {
	t, err := s.refresh(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(f.done)
	s.flight = nil
	now := time.Now()
	if err != nil {
		f.err, f.gone = err, ctx.Err() != nil
		if errors.Is(err, ErrAccessDenied) {
			s.denied, s.until = err, now.Add(denialTTL)
		}
		if h := s.current.Load(); h.valid(now) {
			if s.Logger != nil {
				s.Logger.LogAttrs(ctx, slog.LevelWarn, "token not refreshed, the old one still serves",
					slog.Time("valid_until", h.token.till), slog.Any("error", err))
			}
			// Not at once again: a slow issuer would cost every caller a time-out.
			pause := min(10*time.Second, h.token.till.Sub(now)/2)
			s.current.Store(&held{h.token, now.Add(pause)})
			return h.token, nil
		}
		return nil, err
	}
	s.denied = nil
	if t.till.IsZero() {
		return t, nil // waiters ask for themselves
	}
	s.current.Store(&held{t, refreshAt(t, now)})
	return t, nil
}

// refreshAt is when a fifth of the token's life is left, and a little before,
// by chance, so that a fleet does not ask all at once.
func refreshAt(t *Token, now time.Time) time.Time {
	from := t.from
	if from.IsZero() || from.After(now) {
		from = now
	}
	life := t.till.Sub(from)
	early := life / 5
	if jitter := int64(life / 20); jitter > 0 {
		early += time.Duration(rand.Int64N(jitter))
	}
	return t.till.Add(-early)
}

// refresh gets a token from the cache or the issuer.
func (s *Source) refresh(ctx context.Context) (*Token, error) {
	if s.Cache == nil || s.Request.KeyType == PublicKey && s.Request.UseKey == nil {
		return s.Issuer.RequestToken(ctx, s.Request)
	}
	name := s.name()
	for {
		if t, ok := s.cached(ctx, name); ok {
			return t, nil
		}
		leader, err := s.Cache.Add(ctx, name+"/lease", nil, leaseTTL)
		if err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			s.warn(ctx, "cache does not answer, asking the issuer without it", err)
			return s.Issuer.RequestToken(ctx, s.Request)
		}
		if leader {
			return s.issue(ctx, name)
		}
		wait := time.NewTimer(pollEvery/2 + rand.N(pollEvery))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

// issue asks the issuer while others wait for the lease.
func (s *Source) issue(ctx context.Context, name string) (*Token, error) {
	release := func() { s.Cache.Delete(context.WithoutCancel(ctx), name+"/lease") }
	defer release()
	// Who held the lease before may have stored a token between our look and
	// our turn.
	if t, ok := s.cached(ctx, name); ok {
		return t, nil
	}
	t, err := s.Issuer.RequestToken(ctx, s.Request)
	if err != nil {
		return nil, err
	}
	if ttl := time.Until(t.till); !t.till.IsZero() && ttl > 0 {
		data, err := t.MarshalBinary()
		if err == nil {
			err = s.Cache.Put(ctx, name, data, ttl)
		}
		if err != nil {
			s.warn(ctx, "token not put into the cache", err)
		}
	}
	return t, nil
}

// cached returns the shared token if it is not due for refresh.
func (s *Source) cached(ctx context.Context, name string) (*Token, bool) {
	data, err := s.Cache.Get(ctx, name)
	if err != nil {
		if !errors.Is(err, cache.ErrNotFound) && ctx.Err() == nil {
			s.warn(ctx, "cache does not answer", err)
		}
		return nil, false
	}
	t := new(Token)
	if t.UnmarshalBinary(data) != nil {
		return nil, false
	}
	now := time.Now()
	if !now.Before(refreshAt(t, now)) {
		return nil, false
	}
	if t.keyType == PublicKey {
		if t, err = t.WithKey(SignerKey(s.Request.UseKey)); err != nil {
			return nil, false
		}
	}
	return t, true
}

func (s *Source) warn(ctx context.Context, what string, err error) {
	if s.Logger != nil {
		s.Logger.LogAttrs(ctx, slog.LevelWarn, what, slog.Any("error", err))
	}
}
