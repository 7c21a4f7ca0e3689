package wstrust

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/httpx"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// An answer is a message that was verified, or a fault.
type answer struct {
	status     int
	retryAfter time.Duration // 0 if it says nothing of that
	evidence   *wsse.Evidence
	doc        *xmltree.Doc // what evidence reads from
}

// A message is one that is to be sent, but for addressing and security.
type message struct {
	action  string
	body    []byte
	replies []string     // actions that the answer may have; any if nil
	extra   []wsse.Token // besides those of the bindings
}

// exchange sends one message with the channel's bindings and returns the
// verified answer. A fault is an error. The HTTP status is returned with an
// error too, 0 if no answer came.
func (c *Channel) exchange(ctx context.Context, to endpoint, m message) (answer, error) {
	if to.conversation != nil {
		return to.conversation.exchange(ctx, c, to, m)
	}
	return c.send(ctx, to, m, nil, nil)
}

// send is exchange under a security context, if there is one, and knows the keys
// of the contexts under which the answer may come.
func (c *Channel) send(ctx context.Context, to endpoint, m message, under wsse.Token, contexts contextKeys) (answer, error) {
	octets, expect, err := c.protect(ctx, to, m, under)
	if err != nil {
		return answer{}, err
	}
	expect.Reply.Actions = m.replies
	start := time.Now()
	packet := soap.NewPacket(soap.Version(c.cfg.Versions.SOAP), m.action, octets)
	reply, err := httpx.Exchange(ctx, to.client, to.url, packet, int64(c.cfg.Limits.WithDefaults().MessageBytes))
	c.log.LogAttrs(ctx, slog.LevelDebug, "exchange",
		slog.String("endpoint", shownURL(to.url.String())), slog.String("action", m.action),
		slog.Int("status", reply.Status), slog.Int("sent", len(octets)), slog.Int("received", len(reply.Packet.Body)),
		slog.Duration("took", time.Since(start)), slog.Any("error", err))
	if err != nil {
		return answer{status: reply.Status, retryAfter: reply.RetryAfter}, cause(ctx, err)
	}
	d, _ := c.docs.Get().(*xmltree.Doc)
	if d == nil {
		d = new(xmltree.Doc)
	}
	evidence, err := c.cfg.verifyUnder(d, reply, expect, contexts, time.Now())
	return answer{reply.Status, reply.RetryAfter, evidence, d}, err
}

// recycle keeps the memory of an answer for the next one. Nothing that was read
// from the answer may be in use any more, but for copies.
func (c *Channel) recycle(d *xmltree.Doc) {
	if d != nil {
		d.Wipe()
		c.docs.Put(d)
	}
}

// protect writes the request.
func (c *Channel) protect(ctx context.Context, to endpoint, m message, under wsse.Token) ([]byte, *wsse.Expect, error) {
	tokens, err := c.cfg.tokens(ctx, under, m.extra...)
	if err != nil {
		return nil, nil, err
	}
	octets, expect, err := wsse.Protect(soap.Outgoing{
		Version:    soap.Version(c.cfg.Versions.SOAP),
		Addressing: soap.Addressing(c.cfg.Versions.Addressing),
		Action:     m.action,
		To:         to.url.String(),
		Headers:    to.headers,
		Body:       m.body,
	}, c.cfg.options(tokens), time.Now())
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrSecurity, err)
	}
	return octets, expect, nil
}

// tokens asks every binding for its token; that of a security context is under.
// It may block. Of extra tokens, one that a binding has already is left out.
func (c *Config) tokens(ctx context.Context, under wsse.Token, extra ...wsse.Token) ([]wsse.Token, error) {
	tokens := make([]wsse.Token, 0, len(c.Bindings)+len(extra))
	for _, b := range c.Bindings {
		if _, ok := b.(securityContext); ok && under != nil {
			tokens = append(tokens, under)
			continue
		}
		t, err := b.token(ctx, c)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
	}
	for _, t := range extra {
		if !slices.ContainsFunc(tokens, func(have wsse.Token) bool { return sameIssued(have, t) }) {
			tokens = append(tokens, t)
		}
	}
	if err := c.Profile.checkTokens(tokens); err != nil {
		return nil, err
	}
	return tokens, nil
}

func (c *Config) options(tokens []wsse.Token) wsse.Options {
	return wsse.Options{
		Suite:     alg.Suite(c.Suite),
		Tokens:    tokens,
		Version:   wsse.Version(c.Versions.Security),
		Layout:    wsse.Layout(c.Header.Layout),
		Timestamp: wsse.TimestampUse(c.Header.Timestamp),
		TTL:       c.Header.TTL,

		Protection: c.Protection.wsse(),
	}
}

// contextKeys finds the key of a security context under which an answer may come.
// Nil leaves that to what the request was protected with.
type contextKeys func(id, instance string) (alg.Key, bool)

// verify reads an answer that comes under no security context, or under one that
// a binding presents as it would any token.
func (c *Config) verify(d *xmltree.Doc, reply httpx.Reply, expect *wsse.Expect, now time.Time) (*wsse.Evidence, error) {
	return c.verifyUnder(d, reply, expect, nil, now)
}

// verifyUnder reads an answer: is it SOAP, is it the answer to what was sent, does
// its security verify? Only then is there Evidence to read the body from.
func (c *Config) verifyUnder(d *xmltree.Doc, reply httpx.Reply, expect *wsse.Expect, contexts contextKeys, now time.Time) (*wsse.Evidence, error) {
	if err := d.Parse(reply.Packet.Body, c.Limits.Tree()); err != nil {
		return nil, err
	}
	env, err := soap.ReadWithin(d, wsse.Understood, c.Limits.Headers)
	if err != nil {
		return nil, err
	}
	// Before anything is decrypted, if it can be said before.
	if !hidesHeaders(env) {
		if err := soap.CheckReply(env, expect.Reply); err != nil {
			return nil, err
		}
	}
	evidence, err := c.evidence(env, reply, expect, contexts, now)
	if err == nil {
		env = evidence.Envelope // what was encrypted is open in it
	} else if other, ok := errors.AsType[*soap.Error](err); ok && errors.Is(other, soap.ErrReply) {
		return nil, other
	}
	if err == nil || env.IsFault() {
		if err := soap.CheckReply(env, expect.Reply); err != nil {
			return nil, err
		}
	}
	if env.IsFault() {
		// A fault is reported whatever its security says, as a hint.
		signed := err == nil && evidence.Body.Signed()
		f := newFault(env.Fault(), signed)
		f.Message, f.Unverified = XML(env.Root.Raw()), err
		return nil, f
	}
	return evidence, err
}

// hidesHeaders reports whether header blocks are encrypted, as a header of
// WS-Security 1.1 or of 1.0 has it.
func hidesHeaders(env *soap.Envelope) bool {
	for h := range env.Ours("") {
		if h.Is(xmltree.WSSE11, "EncryptedHeader") || h.Is(xmltree.XENC, "EncryptedData") {
			return true
		}
	}
	return false
}

func (c *Config) evidence(env *soap.Envelope, reply httpx.Reply, expect *wsse.Expect, contexts contextKeys, now time.Time) (*wsse.Evidence, error) {
	if err := c.Profile.checkAnswer(env); err != nil {
		return nil, err
	}
	pending, err := wsse.ReadWithin(env, "", c.Limits)
	if err != nil {
		return nil, err
	}
	credentials := wsse.Credentials{Keys: make(map[wsse.KeyRef]alg.Key)}
	policy := wsse.Policy{
		Suite:            alg.Suite(c.Suite),
		TLS:              reply.TLS != nil || c.InsecurePlaintext,
		RequireTimestamp: c.Header.Timestamp == TimestampAlways,
		MaxLatency:       c.Header.MaxLatency,
		MaxSkew:          c.Header.MaxSkew,
		Reply:            expect,
	}
	c.Protection.demand(&policy, reply.TLS != nil)
	evidence, err := c.open(pending, credentials, policy, contexts, now)
	if err != nil {
		if policy.RequireTimestamp && !pending.Present() {
			return nil, fmt.Errorf("%w; if this peer never sends a Security header, set Header.Timestamp to TimestampRequestsOnly", err)
		}
		return nil, err
	}
	return evidence, nil
}

// open decrypts and verifies. What was encrypted may have hidden the names of
// further keys.
func (c *Config) open(p *wsse.Pending, cred wsse.Credentials, pol wsse.Policy, contexts contextKeys, now time.Time) (*wsse.Evidence, error) {
	if err := c.answerNeeds(p, &cred, contexts); err != nil {
		return nil, err
	}
	if err := p.Open(cred, pol); err != nil {
		return nil, err
	}
	if err := c.answerNeeds(p, &cred, contexts); err != nil {
		return nil, err
	}
	return p.Verify(cred, pol, now)
}

// answerNeeds gives the keys that an answer speaks of. One of a security context
// that is not accepted any more is refused here, since the request may have been
// sent under it.
func (c *Config) answerNeeds(p *wsse.Pending, cred *wsse.Credentials, contexts contextKeys) error {
	for _, ref := range p.Needs() {
		switch {
		case ref.Kind == wsse.KeyRecipient:
			cred.Recipients = c.own()
		case ref.Kind == wsse.KeyContext && contexts != nil:
			key, ok := contexts(ref.ID, ref.Instance)
			if !ok {
				return &wsse.Error{Class: wsse.ClassTrust, Msg: ref.String() + " is none that answers may come under now"}
			}
			cred.Keys[ref] = key
		}
		if key, ok := c.peerKey(ref); ok {
			cred.Keys[ref] = key
		}
	}
	return nil
}

// peerKey finds the key a reply was signed with among the certificates trusted
// for that. What the reply says of its key only selects.
func (c *Config) peerKey(ref wsse.KeyRef) (alg.Key, bool) {
	var cert *x509.Certificate
	switch ref.Kind {
	case wsse.KeyCertificate:
		leaf, _, err := ref.Certificates()
		if err != nil {
			return alg.Key{}, false
		}
		for _, known := range c.PeerCertificates {
			if known.Equal(leaf) {
				cert = known
			}
		}
	case wsse.KeyNamed:
		cert, _ = ref.Select(c.PeerCertificates)
	}
	if cert == nil {
		return alg.Key{}, false
	}
	key, err := alg.CertificateKey(cert)
	return key, err == nil
}

// failed makes the error of an operation. Nothing that arrives here holds a
// secret.
func failed(op string, to endpoint, leg, status int, err error) error {
	if own, ok := errors.AsType[*Error](err); ok && own.Op == op {
		return err
	}
	e := &Error{Op: op, Leg: leg, Status: status, Err: classify(err)}
	if to.url != nil {
		e.Endpoint = shownURL(to.url.String())
	}
	return e
}
