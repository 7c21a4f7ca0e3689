package wstrust

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wstrust/internal/wssc"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

// SecurityContext has the channel agree on a security context with its service,
// by WS-SecureConversation: the bootstrap bindings authenticate once, and
// messages are then signed with the context's key. It is
// [SecurityContextWith] with everything at its default. In WWSAPI:
// WS_SECURITY_CONTEXT_MESSAGE_SECURITY_BINDING.
func SecurityContext(bootstrap ...Binding) Binding {
	return SecurityContextWith(ContextConfig{Bootstrap: bootstrap})
}

// SecurityContextWith is [SecurityContext] with a choice of how.
//
// The context belongs to one channel from Open to Close. It is established
// before the first message, once for all callers that wait for it, each no
// longer than its own ctx. It is renewed by the first caller that finds renewal
// due, while others go on with the old key. If the service has forgotten it
// (fault BadContextToken) or wants it renewed (RenewNeeded), the message, which
// the service did not take, is sent once more under a new one. A service that
// says that it has no room for a context is asked again, with growing pauses,
// until the deadline of the caller's ctx, or for a minute if that has none. [Channel.Close]
// cancels it at the service if the channel is open, and never from
// [StateFaulted].
//
// A Config can have one such binding. The others are sent with each message
// too, but not to establish, renew or cancel the context. A renewal carries the
// bootstrap bindings and is signed with the context's key; a cancellation is
// signed with that alone.
func SecurityContextWith(cfg ContextConfig) Binding { return securityContext{cfg} }

// A ContextConfig says how a channel's security context is established and kept.
// The zero value needs a TLS client certificate to bootstrap with.
type ContextConfig struct {
	// Bootstrap are the bindings that authenticate the request for the context.
	Bootstrap []Binding
	// BootstrapConfig, if not nil, is used to establish and renew the context in
	// place of the channel's own Config: other TLS settings, versions, header
	// options, Protection. Its Bindings are the bootstrap's, and Bootstrap must be
	// empty. A cancellation is a message under the context like any other. In
	// WWSAPI: bootstrapSecurityDescription.
	BootstrapConfig *Config

	// Version of WS-SecureConversation; the one that goes with Versions.Trust
	// if zero. In WWSAPI: SECURE_CONVERSATION_VERSION.
	Version ConversationVersion
	// KeySize is that of the context's key in bits, 128 to 512; the service's
	// choice if zero. In WWSAPI: SECURITY_CONTEXT_KEY_SIZE.
	KeySize int
	// Entropy says who makes the key; both sides if zero. In WWSAPI:
	// SECURITY_CONTEXT_KEY_ENTROPY_MODE.
	Entropy ContextEntropy

	// NoRenewal has a new context established where one would be renewed. In
	// WWSAPI: SECURITY_CONTEXT_SUPPORT_RENEW FALSE.
	NoRenewal bool
	// RenewalInterval is how long after it was established or renewed a context
	// is renewed; at four fifths of its lifetime if zero, and at the latest
	// then. In WWSAPI: SECURITY_CONTEXT_RENEWAL_INTERVAL.
	RenewalInterval time.Duration
	// Rollover is how long answers under a context's key are accepted after it
	// was renewed or replaced: they are under way then. 5 minutes if zero. In
	// WWSAPI: SECURITY_CONTEXT_ROLLOVER_INTERVAL.
	Rollover time.Duration

	// AtOpen establishes the context in [Channel.Open], which then fails if the
	// service refuses. Otherwise the first message does.
	AtOpen bool
}

// ConversationVersion is a version of WS-SecureConversation. In WWSAPI:
// WS_SECURE_CONVERSATION_VERSION.
type ConversationVersion uint8

// The versions of WS-SecureConversation.
const (
	ConversationAsTrust ConversationVersion = iota // that of the channel's Versions.Trust
	Conversation13                                 // WS-SecureConversation 1.3
	Conversation2005                               // WS-SecureConversation of February 2005
)

// ContextEntropy says who contributes to the key of a security context.
type ContextEntropy uint8

// The entropy modes of contexts: those of [EntropyMode], with another default.
const (
	ContextCombinedEntropy ContextEntropy = iota // both sides, by P_SHA1
	ContextServerEntropy                         // the service makes the key
	ContextClientEntropy                         // the client makes the key
)

// mode is e as the protocol layer has it.
func (e ContextEntropy) mode() wst.EntropyMode {
	switch e {
	case ContextServerEntropy:
		return wst.ServerEntropy
	case ContextClientEntropy:
		return wst.ClientEntropy
	}
	return wst.CombinedEntropy
}

// version is the protocol version of messages about the context.
func (c *ContextConfig) version(trust TrustVersion) wst.Version {
	switch c.Version {
	case Conversation13:
		return wst.Trust13
	case Conversation2005:
		return wst.Trust2005
	}
	return wst.Version(trust)
}

const defaultRollover = 5 * time.Minute

func (c *ContextConfig) rollover() time.Duration {
	if c.Rollover > 0 {
		return c.Rollover
	}
	return defaultRollover
}

// securityContext is a binding whose token the channel has: see conversation.
type securityContext struct{ cfg ContextConfig }

func (b securityContext) check(c *Config) error {
	cfg := &b.cfg
	switch {
	case cfg.Version > Conversation2005 || cfg.Entropy > ContextClientEntropy:
		return errors.New("security context: a value does not exist")
	case cfg.KeySize != 0 && (cfg.KeySize < wst.MinKeyBits || cfg.KeySize > wst.MaxKeyBits || cfg.KeySize%8 != 0):
		return fmt.Errorf("security context: a key of %d bits", cfg.KeySize)
	case cfg.RenewalInterval < 0 || cfg.Rollover < 0:
		return errors.New("security context: an interval is negative")
	case cfg.BootstrapConfig != nil && len(cfg.Bootstrap) != 0:
		return errors.New("security context: both Bootstrap and BootstrapConfig")
	case c.Header.Timestamp == TimestampNever:
		return errors.New("security context: its signature needs a timestamp")
	}
	boot := b.bootstrap(c)
	count := 0
	for _, other := range c.Bindings {
		if _, ok := other.(securityContext); ok {
			count++
		}
	}
	if count > 1 {
		return errors.New("security context: a channel has one")
	}
	for _, inner := range boot.Bindings {
		if _, ok := inner.(securityContext); ok {
			return errors.New("security context: bootstrapped with another")
		}
	}
	if len(boot.Bindings) == 0 && boot.HTTP == nil && (boot.TLS == nil || len(boot.TLS.Certificates) == 0 && boot.TLS.GetClientCertificate == nil) {
		return errors.New("security context: nothing to bootstrap with")
	}
	if err := boot.check(); err != nil {
		return fmt.Errorf("security context: bootstrap: %w", err)
	}
	return nil
}

// bootstrap is the Config of messages about the context.
func (b securityContext) bootstrap(c *Config) Config {
	if b.cfg.BootstrapConfig != nil {
		return *b.cfg.BootstrapConfig
	}
	boot := *c
	boot.Bindings = b.cfg.Bootstrap
	return boot
}

// token is not asked: which context a message goes under is the channel's to
// say.
func (b securityContext) token(context.Context, *Config) (wsse.Token, error) {
	return nil, fmt.Errorf("%w: a security context needs a channel", ErrConfig)
}

func (b securityContext) identity() string {
	s := "context:"
	bindings := b.cfg.Bootstrap
	if b.cfg.BootstrapConfig != nil {
		bindings = b.cfg.BootstrapConfig.Bindings
	}
	for _, inner := range bindings {
		s += fmt.Sprintf("%q", inner.identity())
	}
	return s
}

// context returns the binding of that kind, if there is one.
func (c *Config) context() (securityContext, bool) {
	for _, b := range c.Bindings {
		if b, ok := b.(securityContext); ok {
			return b, true
		}
	}
	return securityContext{}, false
}

// heldToken is a security context as the header writer takes it. Its key signs
// the Timestamp and what Header.Sign adds.
func heldToken(h *wssc.Held, c *Config) wsse.Issued {
	return wsse.Issued{XML: h.Token, Key: h.Key, Attached: h.Attached, Parts: wsse.Parts(c.Header.parts(false))}
}

// sameIssued reports whether two tokens are one and the same element.
func sameIssued(a, b wsse.Token) bool {
	x, ok := a.(wsse.Issued)
	y, also := b.(wsse.Issued)
	return ok && also && string(x.XML) == string(y.XML)
}

// CancelContext asks the service at the other end to forget a security context
// that [Channel.RequestToken] got from it with [NewContext] or [RenewContext].
// The request is signed with the context's key. The channel must be in
// [StateOpen]. Errors are *[Error].
func (c *Channel) CancelContext(ctx context.Context, t *Token) error {
	const op = "cancel context"
	ctx, to, k, err := c.begin(ctx)
	if err != nil {
		return &Error{Op: op, Err: err}
	}
	defer c.end(k)
	h, err := t.held()
	if err != nil {
		return failed(op, to, 0, 0, err)
	}
	_, at, err := c.negotiate(ctx, to, wst.Request{Action: wst.CancelContext, Target: h.Unattached}, h.Version, heldToken(h, &c.cfg))
	if err != nil {
		return failed(op, to, at.leg, at.status, err)
	}
	return nil
}

// held reads a token that is a security context's. Errors wrap [ErrConfig].
func (t *Token) held() (*wssc.Held, error) {
	if t == nil || t.keyType != Symmetric || t.key.IsZero() {
		return nil, fmt.Errorf("%w: the token is no security context with its key", ErrConfig)
	}
	d, err := xmltree.Parse(t.xml, xmltree.Limits{Bytes: len(t.xml) + 1})
	if err != nil {
		return nil, fmt.Errorf("%w: the token: %w", ErrConfig, err)
	}
	h, err := wssc.NewHeld(&wst.Issued{
		Element: d.Root(), Token: t.xml, Proof: wst.NewSecret(t.key.Secret()),
		Attached: t.attached, Unattached: t.unattached, Created: t.from, Expires: t.till,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: the token is no security context: %w", ErrConfig, err)
	}
	return h, nil
}
