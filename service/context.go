package service

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"wstrust/cache"
	"wstrust/internal/wssc"
)

// Contexts let a [Verifier] serve security contexts, of WS-SecureConversation
// February 2005 and 1.3: a client authenticates once, by whatever the Verifier
// accepts, and then signs its messages with a key that the two have agreed on.
// [Verifier.Handler] answers requests to establish, renew and cancel a context
// by itself; whoever calls [Verifier.Verify] gets them as any other message. In
// WWSAPI: WS_SECURITY_CONTEXT_MESSAGE_SECURITY_BINDING of a listener.
//
// The zero Contexts keeps them in this process: when it ends its clients
// authenticate once more. With Cache they live where all processes find them
// and outlive each. With Seal they are encrypted in the token that the client
// sends along, and nothing is kept but marks in [Verifier.Replay] of what was
// revoked or renewed.
//
// A context authenticates whoever established it, until it expires or is
// revoked, and does not outlive the assertion or certificate that it was
// established with. Contexts of Verifiers with different Audiences are strangers
// even in one Cache or under one SealKey.
//
// A Contexts must not be copied or changed once it is in use.
type Contexts struct {
	// Cache is where contexts are kept, for every process that has it. Nil
	// keeps them in this one.
	Cache *cache.Cache
	// Seal, if not empty, has them sealed into their tokens, with the first of
	// these keys. All of them open: see [NewSealKey] for how to change keys.
	Seal []SealKey

	// Lifetime is how long a context lasts unless it is renewed; 15 hours if
	// zero. In WWSAPI: SECURITY_CONTEXT_RENEWAL_INTERVAL of the server.
	Lifetime time.Duration
	// Rollover is how long messages under an instance are accepted after it was
	// renewed, and how long after its end a context can still be renewed; 5
	// minutes if zero. In WWSAPI: SECURITY_CONTEXT_ROLLOVER_INTERVAL.
	Rollover time.Duration
	// MaxAge is how long renewals can keep a context: then its client must
	// authenticate again. 7 days if zero.
	MaxAge time.Duration

	// MaxPending bounds contexts that are pending, and MaxActive all together;
	// 100 and 1,000 if zero. A context is pending from when it is established to
	// the first message under it that is accepted, and for five minutes at most;
	// one that was not used by then may be dropped to make room. Who would pass a
	// bound is refused with a fault that says so (WCF's ServerTooBusy, HTTP
	// status 503), on which a Channel of package wstrust waits and tries again. Each
	// process counts those that were established at it. Sealed ones take no room
	// and are not counted. In WWSAPI: SECURITY_CONTEXT_MAX_PENDING_CONTEXTS and
	// MAX_ACTIVE_CONTEXTS.
	MaxPending, MaxActive int
	// MaxPerPrincipal bounds the contexts of one principal, so that nobody can
	// take all the room; half of MaxActive if zero. Of MaxPending he can have the
	// same part. Set it to MaxActive where all clients are one principal.
	MaxPerPrincipal int

	// Admit, if not nil, is asked about each request to establish, renew or cancel
	// a context: an error refuses it, with WS-Trust's RequestFailed for the peer
	// and its text for the log. The message is one that the Verifier accepts;
	// [Message.Action] tells what it asks for.
	Admit func(context.Context, *Message) error

	once  sync.Once
	ring  *wssc.Ring
	err   error
	table wssc.Table

	askedPending, askedActive atomic.Int64 // with Cache: when the others were asked last
}

// A SealKey encrypts contexts in their tokens. It never prints.
type SealKey = wssc.SealKey

// NewSealKey makes a SealKey of 32 secret octets. Its id, 1 to 32 octets, stands
// in the tokens in the clear.
//
// To change keys without losing a conversation, give every process the new key
// behind the old one; then, when all have it, put it in front; then, when
// Lifetime has passed, drop the old one. A key is good for 2^32 contexts.
func NewSealKey(id string, secret []byte) (SealKey, error) { return wssc.NewSealKey(id, secret) }

// Context is what is known of the security context that a message came under.
// In WWSAPI: WS_SECURITY_CONTEXT and its properties.
type Context struct {
	ID       string    // what [Verifier.RevokeContext] takes
	Instance string    // "" until it is renewed
	Created  time.Time // when this instance was made
	Expires  time.Time // when it ends, unless it is renewed
	// Assertion is the assertion that the context was established with, octet
	// for octet; empty if it was something else, and with sealed contexts.
	Assertion XML
}

// Context returns the security context that the message came under, or nil.
func (m *Message) Context() *Context { return m.context }

// RevokeContext ends a security context, all its instances, at once and for
// every process that serves it: messages under it are refused from then on. One
// that is not known is none to revoke, and no error. In WWSAPI:
// WsRevokeSecurityContext.
func (v *Verifier) RevokeContext(ctx context.Context, id string) error {
	if v.Contexts == nil {
		return fmt.Errorf("%w: Contexts is nil", ErrConfig)
	}
	s, err := v.contexts()
	if err != nil {
		return err
	}
	return s.revoke(ctx, id, time.Now())
}

const (
	defaultLifetime = 15 * time.Hour
	defaultRollover = 5 * time.Minute
	defaultMaxAge   = 7 * 24 * time.Hour
	defaultPending  = 100
	defaultActive   = 1000
)

func (c *Contexts) lifetime() time.Duration { return either(c.Lifetime, defaultLifetime) }
func (c *Contexts) rollover() time.Duration { return either(c.Rollover, defaultRollover) }
func (c *Contexts) maxAge() time.Duration   { return either(c.MaxAge, defaultMaxAge) }

func (c *Contexts) limits() wssc.Limits {
	pending, active := either(c.MaxPending, defaultPending), either(c.MaxActive, defaultActive)
	own := min(either(c.MaxPerPrincipal, (active+1)/2), active)
	part := float64(own) / float64(active)
	// Rounded up: whoever may have one context may establish it.
	return wssc.Limits{Pending: pending, Active: active, OwnActive: own, OwnPending: int(math.Ceil(float64(pending) * part))}
}

func either[T int | time.Duration](v, standard T) T {
	if v > 0 {
		return v
	}
	return standard
}

// checkContexts reports what is wrong with v.Contexts.
func (v *Verifier) checkContexts() error {
	c := v.Contexts
	switch {
	case c == nil:
		return nil
	case c.Cache != nil && len(c.Seal) > 0:
		return fmt.Errorf("%w: Contexts has both a Cache and a Seal", ErrConfig)
	case c.Lifetime < 0 || c.Rollover < 0 || c.MaxAge < 0 || c.MaxPending < 0 || c.MaxActive < 0 || c.MaxPerPrincipal < 0:
		return fmt.Errorf("%w: a value in Contexts is negative", ErrConfig)
	}
	_, err := v.contexts()
	return err
}

// contexts returns where v keeps its contexts.
func (v *Verifier) contexts() (contextStore, error) {
	c := v.Contexts
	scope := v.contextScope()
	switch {
	case c.Cache != nil:
		return &cachedContexts{c, scope}, nil
	case len(c.Seal) > 0:
		c.once.Do(func() { c.ring, c.err = wssc.NewRing(c.Seal) })
		if c.err != nil {
			return nil, fmt.Errorf("%w: Contexts: %w", ErrConfig, c.err)
		}
		return &sealedContexts{c, c.ring, v.Replay, scope}, nil
	}
	return &memoryContexts{c, scope}, nil
}

// contextScope names the service: a context of one must be worth nothing at
// another that happens to share a store or a key with it.
func (v *Verifier) contextScope() string {
	names := slices.Clone(v.Audiences)
	slices.Sort(names)
	return fmt.Sprintf("%q", strings.Join(slices.Compact(names), "\n"))
}
