package service

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// A Packet is a message with the HTTP headers that belong to it.
type Packet = soap.Packet

// A Conn is the connection that a message came over.
type Conn struct {
	// TLS is the state of a TLS connection that ends in this process. Nil
	// means that there is none, and the message is refused unless the
	// Verifier's InsecurePlaintext is set.
	TLS        *tls.ConnectionState
	RemoteAddr string
}

// Verify takes one message and returns it verified. It refuses replays: a
// message with a signature, a nonce or a MessageID is accepted once. One without
// any shows a password or a bearer token to whoever reads it, and he needs no
// replay. Errors say why the message was refused, and
// are not for the peer.
func (v *Verifier) Verify(ctx context.Context, p Packet, c Conn) (*Message, error) {
	if err := v.Check(); err != nil {
		return nil, err
	}
	m, _, err := v.receive(ctx, p, c)
	return m, err
}

// receive is Verify without a look at the configuration. The envelope is
// returned as soon as it could be read, for the answer's sake.
func (v *Verifier) receive(ctx context.Context, p Packet, c Conn) (*Message, *soap.Envelope, error) {
	if err := v.checkConn(c); err != nil {
		return nil, nil, err
	}
	doc, err := xmltree.Parse(p.Body, v.Limits.Tree())
	if err != nil {
		return nil, nil, err
	}
	env, err := soap.ReadWithin(doc, wsse.Understood, v.Limits.Headers)
	if err != nil {
		return nil, nil, err
	}
	if err := v.Profile.check(env); err != nil {
		return nil, env, err
	}
	m := &Message{env: env}
	if m.action, err = env.CheckPacket(p); err != nil {
		return nil, env, err
	}
	if err := v.checkAddressing(env); err != nil {
		return nil, env, err
	}
	if err := v.authenticate(ctx, m, p, c, time.Now()); err != nil {
		return nil, env, err
	}
	if m.payload, err = m.evidence.Body.Payload(); err != nil && !emptyBody(m.evidence.Body) {
		return nil, env, err
	}
	return m, env, nil
}

func emptyBody(p *wsse.Part) bool {
	if p == nil {
		return false
	}
	for range p.Element().Children {
		return false
	}
	return true
}

// checkConn refuses a connection that protects nothing.
func (v *Verifier) checkConn(c Conn) error {
	if c.TLS == nil && !v.InsecurePlaintext {
		return refuse(wsse.ClassPolicy, "the message did not come over TLS that ends here")
	}
	return nil
}

// checkAddressing refuses a message that was addressed to somebody else, and one
// that answers another: it may be our own answer, whose signature is by our
// certificate or by a key that a client has, too.
func (v *Verifier) checkAddressing(env *soap.Envelope) error {
	if env.RelatesTo.OK() {
		return refuse(wsse.ClassProtocol, "an answer, where a request should be")
	}
	to := env.To.Value
	if len(v.Addresses) == 0 || !env.To.OK() || to == env.Addressing.Anonymous() || slices.Contains(v.Addresses, to) {
		return nil
	}
	return refuse(wsse.ClassPolicy, "the message is to %q, which is not us", limited(to))
}

// authenticate verifies the Security header, and settles who sent the message
// and that it is not a repetition.
func (v *Verifier) authenticate(ctx context.Context, m *Message, p Packet, c Conn, now time.Time) error {
	pending, err := wsse.ReadWithin(m.env, "", v.Limits)
	if err != nil {
		return err
	}
	client, err := v.tlsClient(ctx, c, now)
	if err != nil {
		return err
	}
	user := ""
	if v.HTTPUser != nil {
		user = v.HTTPUser(ctx)
	}
	known := client != nil || user != ""
	r := &resolver{v: v, ctx: ctx, now: now, env: m.env}
	if err := r.resolve(pending.Needs()); err != nil {
		return err
	}
	policy := wsse.Policy{
		Suite:            v.Suite,
		TLS:              c.TLS != nil,
		Sealed:           v.InsecurePlaintext,
		Required:         v.Require,
		RequireTimestamp: !known || pending.Present(),
		MaxLatency:       v.MaxLatency,
		MaxSkew:          v.MaxSkew,
		Anonymous:        known,
		Encrypted:        v.RequireEncrypted,
	}
	if err = r.open(pending, policy); err == nil {
		m.evidence, err = pending.Verify(r.cred, policy, now)
	}
	if err != nil {
		if r.failed != nil { // why the password could not be checked
			err = fmt.Errorf("%w: %w", err, r.failed)
		}
		return r.unproven(err)
	}
	if err := v.opened(m, p); err != nil {
		return err
	}
	under, err := r.underContext(m)
	if a := m.evidence.Assertion; err == nil && a != nil {
		err = v.checkAssertion(a, v.Audiences, now)
	}
	if err == nil && !under {
		m.principal, err = v.principal(m.evidence, client, user)
	}
	if err != nil {
		return err
	}
	if err := v.remember(ctx, m, now); err != nil {
		return err
	}
	return r.contextUsed(m)
}

// tlsClient returns the certificate that the client showed in the handshake, if
// one of our authorities issued it. One of somebody else's is no certificate:
// browsers and proxies show what they have.
func (v *Verifier) tlsClient(ctx context.Context, c Conn, now time.Time) (*x509.Certificate, error) {
	if v.ClientCAs == nil || c.TLS == nil || len(c.TLS.PeerCertificates) == 0 {
		return nil, nil
	}
	leaf := c.TLS.PeerCertificates[0]
	paths, err := v.paths(leaf, c.TLS.PeerCertificates[1:], now)
	if err != nil {
		return nil, nil
	}
	if err := v.notRevoked(ctx, paths, now); err != nil {
		return nil, err
	}
	return leaf, nil
}

// principal settles who the evidence is of: the subject of an assertion before
// a user before a certificate that signed before a shared key before the user of the
// HTTP request before a certificate in TLS, the rest being in support of it.
func (v *Verifier) principal(e *wsse.Evidence, client *x509.Certificate, user string) (*Principal, error) {
	p := &Principal{}
	cert := e.Certificate
	if cert == nil {
		cert = client
	}
	if cert != nil {
		p.Certificate, p.Key = cert, cert.PublicKey
	}
	signer, shared := sharedSigner(e)
	if e.Username != nil {
		p.User = e.Username.Name
	}
	switch {
	case e.Assertion != nil:
		p.Kind = Token
		p.fill(e.Assertion)
		if e.Confirmation == saml.HolderOfKey {
			p.ProofOfPossession = true
			if holder, _ := e.Assertion.HolderOfKey(); holder.Certificate != nil || holder.Public != nil {
				p.Certificate, p.Key = holder.Certificate, holder.Public
				if p.Key == nil {
					p.Key = holder.Certificate.PublicKey
				}
			}
		}
	case e.Username != nil:
		if e.Username.Derived { // unlike a password, a signature by it can be passed on
			if err := v.boundToUs(e, func(s *wsse.Signer) bool { return s.Ref.Kind == wsse.KeyUser }); err != nil {
				return nil, err
			}
		}
		p.Kind, p.Name = User, p.User
	case e.Certificate != nil:
		key, err := alg.CertificateKey(e.Certificate)
		if err != nil {
			return nil, err
		}
		if err := v.boundToUs(e, func(s *wsse.Signer) bool { return s.Key.Equal(key) }); err != nil {
			return nil, err
		}
		p.Kind, p.Name, p.ProofOfPossession = Certificate, cert.Subject.String(), true
	case signer != nil:
		if err := v.boundToUs(e, func(s *wsse.Signer) bool { return s == signer }); err != nil {
			return nil, err
		}
		p.Kind, p.Name, p.ProofOfPossession = Shared, shared, true
		p.Certificate, p.Key = nil, nil // in TLS, whose need not be whose the key is
	case user != "":
		p.Kind, p.Name, p.User = User, user, user
	case client != nil:
		p.Kind, p.Name, p.ProofOfPossession = Certificate, client.Subject.String(), true
	default:
		return nil, refuse(wsse.ClassTrust, "no token that is accepted")
	}
	return p, nil
}

// boundToUs refuses a signed message that somebody could have passed on from
// another service: a certificate, a shared key or the key of a password has no
// audience, and over TLS the signature need not cover the body. So where Addresses
// are known, the principal's own signature must be over To, which is one of them, or
// over the Body, which at least is then what the client wrote. Somebody else's proves
// nothing.
func (v *Verifier) boundToUs(e *wsse.Evidence, own func(*wsse.Signer) bool) error {
	if len(v.Addresses) == 0 {
		return nil
	}
	for _, bound := range []*wsse.Part{e.To, e.Body} {
		for _, s := range bound.SignedBy() {
			if s.Required && own(s) {
				return nil
			}
		}
	}
	return refuse(wsse.ClassPolicy, "the signature does not say that the message is for us: it covers neither To nor Body")
}

// fill takes over what a verified assertion says about its subject.
func (p *Principal) fill(a *saml.Assertion) {
	p.Name, p.Attributes, p.Assertion = a.Subject.NameID, a.Attributes, a
}

// checkAssertion checks times and audience; no audiences are any. That a
// Verifier has some of its own is settled by Check.
func (v *Verifier) checkAssertion(a *saml.Assertion, audiences []string, now time.Time) error {
	c := saml.Checks{Now: now, Skew: v.skew(), Audiences: audiences, InsecureAnyAudience: len(audiences) == 0}
	if err := a.Check(c); err != nil {
		return err
	}
	if a.Conditions.NotOnOrAfter.IsZero() {
		return refuse(wsse.ClassPolicy, "an assertion that never expires")
	}
	return nil
}

// remember refuses what came before. It is the last thing that can refuse a
// message, so that a message refused for another reason leaves no trace.
func (v *Verifier) remember(ctx context.Context, m *Message, now time.Time) error {
	marks := slices.Clone(m.evidence.Replays)
	if a := m.evidence.Assertion; a != nil && a.Conditions.OneTimeUse {
		marks = append(marks, wsse.Replay{ID: "once " + a.Issuer + " " + a.ID, Until: a.Conditions.NotOnOrAfter.Add(v.skew())})
	}
	if id := m.ID(); id != "" {
		// The id alone would let one client block the ids of another.
		until := now.Add(v.latency() + 2*v.skew())
		if e := m.evidence; !e.Created.IsZero() { // after this it is refused for its age
			until = e.Created.Add(v.latency() + v.skew())
			if last := e.Expires.Add(v.skew()); !e.Expires.IsZero() && last.Before(until) {
				until = last
			}
		}
		marks = append(marks, wsse.Replay{ID: fmt.Sprintf("id %s %q %q", m.principal.Kind, m.principal.Name, id), Until: until})
	}
	for _, mark := range marks {
		// A mark must outlast the last instant at which the message counts.
		ttl := max(mark.Until.Sub(now), 0) + time.Second
		added, err := v.Replay.Add(ctx, "wstrust replay "+mark.ID, nil, ttl)
		if err != nil {
			return fmt.Errorf("service: replay store: %w", err)
		}
		if !added {
			return refuse(wsse.ClassReplay, "the message, or a token for one use, came before")
		}
	}
	return nil
}

// Token verifies an assertion that stands in the body of a verified message: a
// token of somebody for whom the sender acts. It must be of one of the
// Verifier's Issuers and in force, and for one of audiences; with none, whom it
// is for does not matter. Nothing is said about the sender's right to it,
// possession of its key is not proven, and OneTimeUse is not counted.
func (v *Verifier) Token(_ context.Context, token []byte, audiences ...string) (*Principal, error) {
	doc, err := xmltree.Parse(token, v.Limits.Tree())
	if err != nil {
		return nil, err
	}
	root := doc.Root()
	if err := xmltree.UniqueIDs(root); err != nil {
		return nil, err
	}
	var last error = refuse(wsse.ClassTrust, "no issuer is trusted")
	for _, i := range v.Issuers {
		a, err := saml.VerifyElem(root, i.Certificates, v.Suite)
		if err != nil {
			last = err
			continue
		}
		if a.Issuer != i.Name && !i.AnyName {
			last = refuse(wsse.ClassTrust, "an assertion of %q under the name of %q", i.Name, limited(a.Issuer))
			continue
		}
		if err := v.checkAssertion(a, audiences, time.Now()); err != nil {
			return nil, err
		}
		p := &Principal{Kind: Token}
		p.fill(a)
		return p, nil
	}
	return nil, last
}

func refuse(c wsse.Class, format string, a ...any) error {
	return &wsse.Error{Class: c, Msg: fmt.Sprintf(format, a...)}
}

// paths are the verified paths from a certificate to one of ClientCAs.
func (v *Verifier) paths(leaf *x509.Certificate, chain []*x509.Certificate, now time.Time) ([][]*x509.Certificate, error) {
	if v.ClientCAs == nil {
		return nil, errors.New("service: no certificate authority is trusted for clients")
	}
	between := x509.NewCertPool()
	for _, c := range chain {
		between.AddCert(c)
	}
	paths, err := leaf.Verify(x509.VerifyOptions{
		Roots: v.ClientCAs, Intermediates: between, CurrentTime: now,
		// Certificates that sign messages seldom say that they are for TLS.
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, fmt.Errorf("service: certificate %q: %w", limited(leaf.Subject.String()), err)
	}
	return paths, nil
}
