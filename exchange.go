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
	status   int
	evidence *wsse.Evidence
	doc      *xmltree.Doc // what evidence reads from
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
	return c.send(ctx, to, m, nil)
}

// send is exchange under a security context, if there is one.
func (c *Channel) send(ctx context.Context, to endpoint, m message, under wsse.Token) (answer, error) {
	octets, expect, err := c.protect(ctx, to, m, under)
	if err != nil {
		return answer{}, err
	}
	expect.Reply.Actions = m.replies
	start := time.Now()
	packet := soap.NewPacket(soap.Version(c.cfg.Versions.SOAP), m.action, octets)
	reply, err := httpx.Exchange(ctx, to.client, to.url, packet, int64(c.cfg.Limits.message()))
	c.log.LogAttrs(ctx, slog.LevelDebug, "exchange",
		slog.String("endpoint", shownURL(to.url.String())), slog.String("action", m.action),
		slog.Int("status", reply.Status), slog.Int("sent", len(octets)), slog.Int("received", len(reply.Packet.Body)),
		slog.Duration("took", time.Since(start)), slog.Any("error", err))
	if err != nil {
		return answer{status: reply.Status}, cause(ctx, err)
	}
	d, _ := c.docs.Get().(*xmltree.Doc)
	if d == nil {
		d = new(xmltree.Doc)
	}
	evidence, err := c.cfg.verify(d, reply, expect, time.Now())
	return answer{reply.Status, evidence, d}, err
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

// verify reads an answer: is it SOAP, is it the answer to what was sent, does
// its security verify? Only then is there Evidence to read the body from.
func (c *Config) verify(d *xmltree.Doc, reply httpx.Reply, expect *wsse.Expect, now time.Time) (*wsse.Evidence, error) {
	if err := d.Parse(reply.Packet.Body, c.Limits.tree()); err != nil {
		return nil, err
	}
	env, err := soap.Read(d, wsse.Understood)
	if err != nil {
		return nil, err
	}
	if err := c.Limits.headers(env); err != nil {
		return nil, err
	}
	if err := soap.CheckReply(env, expect.Reply); err != nil {
		return nil, err
	}
	evidence, err := c.evidence(env, reply, expect, now)
	if err == nil {
		env = evidence.Envelope // what was encrypted is open in it
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

func (c *Config) evidence(env *soap.Envelope, reply httpx.Reply, expect *wsse.Expect, now time.Time) (*wsse.Evidence, error) {
	if err := c.Profile.checkAnswer(env); err != nil {
		return nil, err
	}
	pending, err := wsse.Read(env, "")
	if err != nil {
		return nil, err
	}
	credentials := wsse.Credentials{Keys: make(map[wsse.KeyRef]alg.Key)}
	c.answerNeeds(pending, &credentials)
	policy := wsse.Policy{
		Suite:            alg.Suite(c.Suite),
		TLS:              reply.TLS != nil || c.InsecurePlaintext,
		RequireTimestamp: c.Header.Timestamp == TimestampAlways,
		MaxLatency:       c.Header.MaxLatency,
		MaxSkew:          c.Header.MaxSkew,
		Reply:            expect,
		Limits:           c.Limits.tree(),
	}
	c.Protection.demand(&policy, reply.TLS != nil)
	evidence, err := c.open(pending, credentials, policy, now)
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
func (c *Config) open(p *wsse.Pending, cred wsse.Credentials, pol wsse.Policy, now time.Time) (*wsse.Evidence, error) {
	if err := p.Open(cred, pol); err != nil {
		return nil, err
	}
	c.answerNeeds(p, &cred)
	return p.Verify(cred, pol, now)
}

func (c *Config) answerNeeds(p *wsse.Pending, cred *wsse.Credentials) {
	for _, ref := range p.Needs() {
		if ref.Kind == wsse.KeyRecipient {
			cred.Recipients = c.own()
		}
		if key, ok := c.peerKey(ref); ok {
			cred.Keys[ref] = key
		}
	}
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
