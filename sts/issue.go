package sts

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wst"
	"wstrust/saml"
	"wstrust/service"
)

// answer is the handler behind the Verifier.
func (s *Server) answer(ctx context.Context, m *service.Message) (any, error) {
	v := wst.Trust13
	if m.Payload().OK() && m.Payload().Space() == wst.Trust2005.Namespace() {
		v = wst.Trust2005
	}
	out, err := s.issue(ctx, m, &v, time.Now())
	if err != nil {
		f := faultFor(v, err)
		s.log().Info("no token issued", "principal", m.Principal().String(), "message", fmt.Sprintf("%.80q", m.ID()), "fault", f.Code, "err", err.Error())
		return nil, f
	}
	return out, nil
}

// issue answers one request. It sets v to the request's version.
func (s *Server) issue(ctx context.Context, m *service.Message, v *wst.Version, now time.Time) (*service.Reply, error) {
	open, err := s.opener()
	if err != nil {
		return nil, err
	}
	asked, version, err := wst.ReadRequest(m.Payload(), open)
	if err != nil {
		return nil, refuse(invalidRequest(), err)
	}
	defer asked.Clear()
	*v = version
	if err := checkAction(m.Action(), asked, version); err != nil {
		return nil, err
	}
	g := &grant{Server: s, v: version, asked: asked.WithSecondary(), who: m.Principal(), now: now}
	if err := g.read(ctx); err != nil {
		return nil, err
	}
	if g.Grant, err = s.Decide(ctx, g.who, &g.req); err != nil {
		return nil, err
	}
	if g.Grant == nil {
		return nil, refuse(requestFailed(), ErrDenied)
	}
	if err := g.settle(); err != nil {
		return nil, err
	}
	response, id, err := g.build()
	if err != nil {
		return nil, err
	}
	defer response.Clear()
	octets, err := response.Write(version, wst.Issue)
	if err != nil {
		return nil, err
	}
	s.log().Info("token issued", "principal", g.who.String(), "subject", fmt.Sprintf("%.120q", g.Subject), "audience", fmt.Sprintf("%.200q", g.audience),
		"id", id, "key", g.req.KeyType.String(), "until", response.Expires)
	return &service.Reply{Action: version.ReplyAction(wst.Issue), Body: service.XML(octets)}, nil
}

// opener gives the reader the key for entropy that arrives encrypted.
func (s *Server) opener() (wst.Opener, error) {
	for i := range s.Verifier.Decrypt {
		key, err := alg.PrivateKey(s.Verifier.Decrypt[i].PrivateKey.(crypto.Signer))
		return wst.Opener{Key: key, Suite: s.Verifier.Suite}, err
	}
	return wst.Opener{}, nil
}

// checkAction holds the message's action against its body. A message without
// an action, as SOAP 1.1 without addressing may be, says it in the body only.
func checkAction(action string, asked *wst.Request, v wst.Version) error {
	if asked.Action != wst.Issue {
		return refuse(requestFailed(), fmt.Errorf("%s is not offered", asked.Action))
	}
	if action == "" {
		return nil
	}
	if a, of, ok := wst.ParseAction(action); !ok || a != asked.Action || of.Namespace() != v.Namespace() {
		return refuse(invalidRequest(), fmt.Errorf("action %.100q over a request for %s of version %s", action, asked.Action, v))
	}
	return nil
}

// A grant is one request on its way to becoming a token.
type grant struct {
	*Server
	*Grant
	v     wst.Version
	asked *wst.Request
	who   *service.Principal
	now   time.Time

	req      Request
	version  saml.Version
	party    RelyingParty
	audience string
	expires  time.Time
}

// read turns the message into what Decide is asked.
func (g *grant) read(ctx context.Context) error {
	g.req = Request{AppliesTo: g.asked.AppliesTo, Claims: g.asked.Claims, KeyType: g.asked.KeyType}
	switch {
	case g.asked.TokenType == "", wst.SameTokenType(g.asked.TokenType, SAML20):
		g.version, g.req.TokenType = saml.V20, SAML20
	case wst.SameTokenType(g.asked.TokenType, SAML11):
		g.version, g.req.TokenType = saml.V11, SAML11
	default:
		return refuse(requestFailed(), fmt.Errorf("token type %.100q is not offered", g.asked.TokenType))
	}
	var ok bool
	if g.party, ok = g.Server.party(g.asked.AppliesTo); !ok && g.asked.AppliesTo != "" { // Decide may name one
		return refuse(invalidScope(), fmt.Errorf("AppliesTo %.200q is no relying party", g.asked.AppliesTo))
	}
	if !g.asked.Expires.IsZero() {
		if g.req.Lifetime = g.asked.Expires.Sub(g.now); g.req.Lifetime <= 0 {
			return refuse(invalidTimeRange(), fmt.Errorf("asked for a lifetime until %v", g.asked.Expires))
		}
	}
	if g.req.KeyType == wst.KeyTypeUnspecified {
		g.req.KeyType = g.impliedKey()
	}
	var err error
	if g.req.OnBehalfOf, err = g.subject(ctx, "OnBehalfOf", g.asked.OnBehalfOf); err != nil {
		return err
	}
	g.req.ActAs, err = g.subject(ctx, "ActAs", g.asked.ActAs)
	return err
}

// impliedKey chooses where the request does not. WS-Trust implies a symmetric
// key; that can only be had for a service whose certificate is known.
func (g *grant) impliedKey() KeyType {
	switch {
	case g.asked.UseKey != nil || g.asked.UseKeySig != "" || len(g.asked.UseKeyXML) > 0:
		return PublicKey
	case g.asked.Entropy != wst.ServerEntropy || g.party.Certificate != nil:
		return Symmetric
	}
	return Bearer
}

// subject verifies the token of somebody whom the requestor acts for.
func (g *grant) subject(ctx context.Context, what string, token []byte) (*service.Principal, error) {
	if len(token) == 0 {
		return nil, nil
	}
	var audiences []string // an issuer that serves everybody takes anybody's
	if !g.open() {
		audiences = slices.Clone(g.Verifier.Audiences)
		for _, p := range g.RelyingParties {
			audiences = append(audiences, p.Address)
		}
	}
	p, err := g.Verifier.Token(ctx, token, audiences...)
	if err != nil {
		return nil, refuse(failedAuthentication(), fmt.Errorf("%s: %w", what, err))
	}
	return p, nil
}

// settle holds the grant against the request and fixes audience and lifetime.
func (g *grant) settle() error {
	if g.Subject == "" {
		return refuse(requestFailed(), errors.New("the grant names no subject"))
	}
	if g.audience = g.Audience; g.audience == "" {
		g.audience = g.party.Address
	}
	if g.audience == "" {
		return refuse(invalidScope(), errors.New("the request has no AppliesTo, and the grant no audience"))
	}
	if g.Certificate == nil {
		g.Certificate = g.party.Certificate
	}
	for _, c := range g.req.Claims {
		if !c.Optional && !g.answers(c) {
			return refuse(requestFailed(), fmt.Errorf("claim %.200q is demanded and not granted", c.URI))
		}
	}
	life := g.lifetime()
	if g.req.Lifetime > 0 {
		life = min(g.req.Lifetime, g.maxLifetime())
	}
	if g.Grant.Lifetime > 0 {
		life = g.Grant.Lifetime
	}
	g.now = g.now.UTC().Truncate(time.Millisecond) // what a token can say
	g.expires = g.now.Add(life)
	return nil
}

// answers reports whether an attribute is what a claim demands: of that name,
// and with that value if it demands one.
func (g *grant) answers(c Claim) bool {
	for _, a := range g.Attributes {
		if a.Name != c.URI && a.Namespace+"/"+a.Name != c.URI {
			continue
		}
		if c.Value == "" || slices.Contains(a.Values, c.Value) {
			return true
		}
	}
	return false
}

// build makes the assertion and the answer around it, and returns the
// assertion's id.
func (g *grant) build() (*wst.Response, string, error) {
	r := &wst.Response{
		Context: g.asked.Context, TokenType: g.req.TokenType, KeyType: g.req.KeyType, BearerURI: g.asked.BearerURI,
		AppliesTo: g.asked.AppliesTo, Addressing: g.asked.Addressing, Created: g.now, Expires: g.expires,
	}
	if g.asked.TokenType != "" {
		r.TokenType = g.asked.TokenType // in the requestor's spelling
	}
	confirmation, err := g.confirmation(r)
	if err != nil {
		return nil, "", err
	}
	b := saml.Build{
		Version:      g.version,
		ID:           saml.NewID(),
		Issuer:       g.Name,
		IssueInstant: g.now,
		Subject:      saml.Subject{NameID: g.Subject, Format: g.Format, Confirmations: []saml.Confirmation{confirmation}},
		Conditions:   saml.Conditions{NotBefore: g.now, NotOnOrAfter: g.expires, Audiences: [][]string{{g.audience}}, OneTimeUse: g.OneTimeUse},
		Attributes:   g.attributes(),
		Authn:        []saml.AuthnStatement{{Class: authnClass(g.version, g.who.Kind), Instant: g.now}},
	}
	if b.Subject.Format == "" {
		b.Subject.Format = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	}
	if r.Token, err = b.XML(g.key, []*x509.Certificate{g.leaf}, g.Suite); err != nil {
		return nil, "", err
	}
	if !g.party.Encrypt {
		r.Attached = reference(g.version, b.ID)
		r.Unattached = r.Attached
		return r, b.ID, nil
	}
	if g.version == saml.V11 {
		return nil, "", refuse(requestFailed(), errors.New("an encrypted assertion is SAML 2.0"))
	}
	r.Token, err = sealAssertion(r.Token, g.Certificate, g.Suite)
	return r, b.ID, err
}

// confirmation decides how the holder of the token proves that it is his, and
// puts what he needs for that into the answer.
func (g *grant) confirmation(r *wst.Response) (saml.Confirmation, error) {
	switch g.req.KeyType {
	case Symmetric:
		return g.symmetric(r)
	case PublicKey:
		return g.public()
	}
	return saml.Confirmation{Kind: saml.Bearer, NotOnOrAfter: g.expires}, nil
}

func (g *grant) symmetric(r *wst.Response) (saml.Confirmation, error) {
	if g.Certificate == nil {
		return saml.Confirmation{}, refuse(requestFailed(), fmt.Errorf("no certificate is known to encrypt a key for %.200q", g.audience))
	}
	bits := g.asked.KeySize
	if bits == 0 {
		bits = wst.DefaultKeyBits
	}
	fresh := make([]byte, (bits+7)/8)
	rand.Read(fresh)
	defer clear(fresh)
	secret, err := r.Settle(g.v, g.asked, fresh)
	if err != nil {
		return saml.Confirmation{}, refuse(invalidRequest(), err)
	}
	defer secret.Clear()
	sealed, err := sealKey(secret.Bytes(), g.Certificate, g.Suite)
	if err != nil {
		return saml.Confirmation{}, fmt.Errorf("sts: proof key for %.200q: %w", g.audience, err)
	}
	return saml.Confirmation{Kind: saml.HolderOfKey, EncryptedKey: sealed}, nil
}

// public binds the token to the key that the request names or, if it names
// none, to the key that the requestor proved to have. That a named key is the
// requestor's is not proven and need not be: a token that is bound to somebody
// else's key is of no use to him.
func (g *grant) public() (saml.Confirmation, error) {
	c := saml.Confirmation{Kind: saml.HolderOfKey}
	switch {
	case g.asked.UseKeyCert != nil:
		c.Certificate = g.asked.UseKeyCert
	case g.asked.UseKey != nil:
		c.Public = g.asked.UseKey
	case g.who.Certificate != nil:
		c.Certificate = g.who.Certificate
	case g.who.Key != nil:
		c.Public = g.who.Key
	default:
		return c, refuse(invalidRequest(), errors.New("a public key token, and no key to bind it to"))
	}
	if c.Certificate != nil {
		c.Public = nil
	}
	pub := c.Public
	if c.Certificate != nil {
		pub = c.Certificate.PublicKey
	}
	if _, err := alg.PublicKey(pub); err != nil {
		return c, refuse(invalidRequest(), err)
	}
	return c, nil
}

// attributes gives SAML 1.1 the two-part names that it wants.
func (g *grant) attributes() []saml.Attribute {
	if g.version != saml.V11 {
		out := make([]saml.Attribute, len(g.Attributes))
		for i, a := range g.Attributes {
			a.Namespace = ""
			if a.Format == "" {
				a.Format = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
				if !strings.Contains(a.Name, ":") {
					a.Format = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
				}
			}
			out[i] = a
		}
		return out
	}
	out := make([]saml.Attribute, len(g.Attributes))
	for i, a := range g.Attributes {
		a.Format, a.FriendlyName = "", ""
		if cut := strings.LastIndexByte(a.Name, '/'); a.Namespace == "" && cut > 0 && cut < len(a.Name)-1 {
			a.Namespace, a.Name = a.Name[:cut], a.Name[cut+1:]
		}
		if a.Namespace == "" {
			a.Namespace = "urn:oasis:names:tc:SAML:1.1:attrname-format:unspecified"
		}
		out[i] = a
	}
	return out
}

// authnClass says how the requestor was authenticated, in the words of the
// version. The requestor always came over TLS.
func authnClass(v saml.Version, k service.Kind) string {
	classes := map[service.Kind][2]string{
		service.User:        {"urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "urn:oasis:names:tc:SAML:1.0:am:password"},
		service.Certificate: {"urn:oasis:names:tc:SAML:2.0:ac:classes:X509", "urn:oasis:names:tc:SAML:1.0:am:X509-PKI"},
		service.Token:       {"urn:oasis:names:tc:SAML:2.0:ac:classes:PreviousSession", "urn:oasis:names:tc:SAML:1.0:am:unspecified"},
	}
	c, ok := classes[k]
	if !ok {
		c = [2]string{"urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified", "urn:oasis:names:tc:SAML:1.0:am:unspecified"}
	}
	if v == saml.V11 {
		return c[1]
	}
	return c[0]
}
