package attack

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"wstrust"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
	"wstrust/saml"
	"wstrust/service"
	"wstrust/sts"
)

// An entryPoint is a judge of the third kind: the real thing. refuse returns
// nil if it refuses as it should.
type entryPoint struct {
	at     entry
	name   string
	refuse func(*world, *attack) error
}

var entryPoints = []entryPoint{
	{atService, "service.Verifier.Verify", refuseService},
	{atHandler, "service.Verifier.Handler", refuseHandler},
	{atIssuer, "sts.Server", refuseIssuer},
	{atSAML, "saml.Verify", refuseSAML},
	{atClient, "wstrust.Channel.Do", refuseClient},
	{atToken, "wstrust.Channel.RequestToken", refuseToken},
	{atBehalf, "sts.Server, OnBehalfOf", refuseBehalf},
}

// people is a service.Users with one user.
type people struct{}

func (people) Check(_ context.Context, name string, p service.Password) (bool, error) {
	return p.Matches(password) && name == goodUser, nil
}

// verifier is the service that is attacked. Everything is allowed that the
// cases use, so that nothing is refused for want of configuration.
func (w *world) verifier(a *attack) *service.Verifier {
	v := &service.Verifier{
		Audiences: []string{serviceURL},
		Addresses: []string{serviceURL, issuerURL},
		Issuers:   []service.Issuer{{Name: issuerName, Certificates: []*x509.Certificate{w.issuer.cert}}},
		Users:     people{},
		ClientCAs: w.pool,
		Decrypt:   []tls.Certificate{w.service.tls},
		Replay:    newReplay(),
		Require:   a.require,
	}
	if a.verifier != nil {
		a.verifier(v)
	}
	return v
}

func (a *attack) packet() soap.Packet {
	p := soap.NewPacket(versionOf(a.file), "", a.file)
	if a.contentType != "" {
		p.ContentType = a.contentType
	}
	if a.soapAction != "" {
		p.SOAPAction = a.soapAction
	}
	return p
}

// second is the packet that comes after the first, where there are two.
func (a *attack) second() soap.Packet {
	p := a.packet()
	if a.again != nil {
		p.Body = a.again
	}
	return p
}

func refuseService(w *world, a *attack) error {
	for _, secure := range []bool{true, false} {
		if !secure && a.plain {
			continue
		}
		v := w.verifier(a)
		c := service.Conn{RemoteAddr: "127.0.0.1:1"}
		if secure {
			c.TLS = &tls.ConnectionState{}
		} else {
			v.InsecurePlaintext = true
		}
		if a.seen {
			if _, err := v.Verify(context.Background(), a.packet(), c); err != nil {
				return fmt.Errorf("the first time: %w", err)
			}
		}
		m, err := v.Verify(context.Background(), a.second(), c)
		if m != nil {
			return &acceptedError{fmt.Sprintf("a message of %v: %s", m.Principal(), m.XML())}
		}
		if err := a.refused(err); err != nil {
			return fmt.Errorf("over TLS %v: %w", secure, err)
		}
	}
	return nil
}

func (a *attack) request() *http.Request {
	p := a.packet()
	r := httptest.NewRequest(http.MethodPost, serviceURL, bytes.NewReader(p.Body))
	r.Header.Set("Content-Type", p.ContentType)
	if p.SOAPAction != "" {
		r.Header.Set("SOAPAction", p.SOAPAction)
	}
	return r
}

func refuseHandler(w *world, a *attack) error {
	called := 0
	h := w.verifier(a).Handler(func(context.Context, *service.Message) (any, error) {
		called++
		return service.XML("<ok/>"), nil
	})
	return a.exchange(h, &called)
}

func refuseIssuer(w *world, a *attack) error {
	called := 0
	return a.exchange(w.server(a, &called), &called)
}

// server is the issuer that is attacked.
func (w *world) server(a *attack, called *int) *sts.Server {
	return &sts.Server{
		Name: issuerName, Signer: w.issuer.tls, Verifier: w.verifier(a),
		RelyingParties: []sts.RelyingParty{{Address: sts.Any}},
		Decide: func(_ context.Context, who *service.Principal, r *sts.Request) (*sts.Grant, error) {
			*called++
			subject := who.Name
			if r.OnBehalfOf != nil {
				subject = r.OnBehalfOf.Name
			}
			return &sts.Grant{Subject: subject}, nil
		},
	}
}

// exchange sends the file to a handler, which must answer with the one fault.
func (a *attack) exchange(h http.Handler, called *int) error {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, a.request())
	if a.seen {
		if *called != 1 {
			return fmt.Errorf("the first time: %s", rec.Body)
		}
		*called = 0
		rec = httptest.NewRecorder()
		again := *a
		if a.again != nil {
			again.file = a.again
		}
		h.ServeHTTP(rec, again.request())
	}
	if *called > 0 {
		return &acceptedError{"the application was called"}
	}
	return a.uniform(rec)
}

// uniform checks that the answer is the fault that every refusal has, octet for
// octet.
func (a *attack) uniform(rec *httptest.ResponseRecorder) error {
	d, err := xmltree.Parse(rec.Body.Bytes(), wide)
	if err != nil {
		return fmt.Errorf("status %d, and no SOAP: %s", rec.Code, rec.Body)
	}
	body := child(d.Root(), "Body")
	fault := child(body, "Fault")
	if !fault.OK() {
		return &acceptedError{rec.Body.String()}
	}
	if a.fault != "" {
		if !bytes.Contains(fault.Raw(), []byte(a.fault)) {
			return fmt.Errorf("the fault is not %s: %s", a.fault, fault.Raw())
		}
		return nil
	}
	version := versionOf(rec.Body.Bytes())
	if want := uniformFaults()[version]; want != string(body.Standalone()) {
		return fmt.Errorf("not the uniform fault:\n%s\nbut\n%s", want, body.Standalone())
	}
	if len(rec.Result().Header.Get("Wstrust-Correlation-Id")) == 0 {
		return fmt.Errorf("no correlation id")
	}
	return nil
}

// uniformFaults are the bodies that answer a message with one digit changed in
// its signature, by SOAP version.
var uniformFaults = sync.OnceValue(func() map[soap.Version]string {
	w := theWorld()
	out := map[soap.Version]string{}
	for _, v := range []soap.Version{soap.V12, soap.V11} {
		f := open(w.message(recipe{soap: v, signer: "x509", parts: everything}))
		f.text(f.one("SignatureValue"), b64(make([]byte, 64)))
		a := &attack{file: f.src}
		rec := httptest.NewRecorder()
		w.verifier(a).Handler(nil).ServeHTTP(rec, a.request())
		out[v] = string(child(parse(rec.Body.Bytes()).Root(), "Body").Standalone())
	}
	return out
})

func refuseSAML(w *world, a *attack) error {
	doc := a.doc
	if doc == nil {
		doc = a.file
	}
	got, err := saml.Verify(doc, []*x509.Certificate{w.issuer.cert}, "", saml.Checks{Now: time.Now(), Audiences: []string{serviceURL}})
	if got != nil {
		return &acceptedError{"an assertion about " + got.Subject.NameID}
	}
	return a.refused(err)
}

// A peer is the other end of a channel: it answers every request.
type peer struct {
	answer func(request *xmltree.Doc) []byte
	header http.Header
	status int
}

// RoundTrip implements http.RoundTripper.
func (p peer) RoundTrip(r *http.Request) (*http.Response, error) {
	octets, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	body := p.answer(parse(octets))
	resp := &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
		TLS: &tls.ConnectionState{},
	}
	resp.Header.Set("Content-Type", versionOf(body).ContentType(""))
	for k, v := range p.header {
		resp.Header[k] = v
	}
	if p.status != 0 {
		resp.StatusCode = p.status
	}
	return resp, nil
}

func messageID(d *xmltree.Doc) string { return loose(child(child(d.Root(), "Header"), "MessageID")) }

// channel opens a channel to a peer.
func (w *world) channel(p peer, v soap.Version, mod func(*wstrust.Config)) (*wstrust.Channel, error) {
	cfg := wstrust.Config{
		HTTP:             &http.Client{Transport: p},
		PeerCertificates: []*x509.Certificate{w.service.cert},
		TokenSigners:     []*x509.Certificate{w.issuer.cert},
		Versions:         wstrust.Versions{SOAP: wstrust.SOAPVersion(v)},
		Bindings:         []wstrust.Binding{wstrust.Username(goodUser, password)},
	}
	if mod != nil {
		mod(&cfg)
	}
	return wstrust.Open(context.Background(), serviceURL, cfg)
}

func refuseClient(w *world, a *attack) error {
	version := soap.V12
	p := peer{answer: func(request *xmltree.Doc) []byte { return a.answer(messageID(request)) }}
	if versionOf(a.answer("urn:x")) == soap.V11 {
		version = soap.V11
	}
	c, err := w.channel(p, version, nil)
	if err != nil {
		return err
	}
	out, err := c.Do(context.Background(), "urn:orders/Get", "<o:Get xmlns:o=\"urn:orders\"/>")
	if out != "" {
		return &acceptedError{string(out)}
	}
	return a.refused(err)
}

func refuseToken(w *world, a *attack) error {
	p := peer{answer: func(request *xmltree.Doc) []byte { return w.issued(request, string(a.token())) }}
	c, err := w.channel(p, soap.V12, nil)
	if err != nil {
		return err
	}
	tok, err := c.RequestToken(context.Background(), wstrust.TokenRequest{AppliesTo: serviceURL, KeyType: wstrust.Bearer})
	if tok != nil {
		return &acceptedError{string(tok.XML())}
	}
	return a.refused(err)
}

func (a *attack) token() []byte {
	if a.bare != nil {
		return a.bare
	}
	return a.doc
}

// issued is the answer of an issuer to a request for a bearer token, with
// anything in the place of the token.
func (w *world) issued(request *xmltree.Doc, token string) []byte {
	f := open(w.issuedGood(request, nil))
	return bytes.Replace(f.src, f.one("Assertion").Raw(), []byte(token), 1)
}

// issuedGood is the honest answer.
func (w *world) issuedGood(request *xmltree.Doc, mod func(*wst.Response)) []byte {
	ask := descendants(request.Root(), "RequestSecurityToken")[0]
	ctx, _ := ask.Attr("", "Context")
	r := wst.Response{
		Context: ctx, TokenType: loose(child(ask, "TokenType")), KeyType: wst.Bearer,
		Token:     w.assertion(saml.V20, saml.Confirmation{Kind: saml.Bearer}, nil),
		AppliesTo: serviceURL, Created: time.Now(), Expires: time.Now().Add(time.Hour),
	}
	if mod != nil {
		mod(&r)
	}
	body := must(r.Write(wst.Trust13, wst.Issue))
	return w.message(recipe{soap: versionOf(request.Source()), signer: "none", answer: messageID(request), body: body, mod: func(o *soap.Outgoing, _ *wsse.Options) {
		o.Action = wst.Trust13.ReplyAction(wst.Issue)
	}})
}

func refuseBehalf(w *world, a *attack) error {
	called := 0
	h := w.server(a, &called)
	r := wst.Request{TokenType: wst.TokenSAML20, KeyType: wst.Bearer, AppliesTo: goodScope, OnBehalfOf: w.assertion(saml.V20, saml.Confirmation{Kind: saml.Bearer}, nil)}
	f := open(w.message(recipe{signer: "user", body: must(r.Write(wst.Trust13))}))
	f.src = bytes.Replace(f.src, f.one("Assertion").Raw(), a.token(), 1)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, (&attack{file: f.src}).request())
	if called > 0 {
		return &acceptedError{"the issuer decided about it"}
	}
	d, err := xmltree.Parse(rec.Body.Bytes(), wide)
	if err != nil || !child(child(d.Root(), "Body"), "Fault").OK() {
		return fmt.Errorf("status %d: %s", rec.Code, rec.Body)
	}
	return nil
}
