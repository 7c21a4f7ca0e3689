package sts_test

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"wstrust"
	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/testkeys"
	"wstrust/internal/wst"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
	"wstrust/service"
	"wstrust/sts"
)

func TestAssertion(t *testing.T) {
	w := newWorld(t, nil)
	for _, tokenType := range []string{"", sts.SAML20, sts.SAML11, "urn:oasis:names:tc:SAML:2.0:assertion"} {
		before := time.Now().Add(-time.Second)
		tok := w.token(wstrust.TokenRequest{AppliesTo: orders, KeyType: wstrust.Bearer, TokenType: tokenType})
		a := w.read(tok, orders)
		v := saml.V20
		if tokenType == sts.SAML11 {
			v = saml.V11
		}
		c := a.Conditions
		if a.Version != v || a.Issuer != name || a.Subject.NameID != "alice" || !a.Bearer() || a.ID == "" {
			t.Errorf("%q: %+v", tokenType, a)
		}
		if c.NotBefore.Before(before) || c.NotOnOrAfter.Sub(c.NotBefore) != time.Hour || !slices.Equal(c.Audiences[0], []string{orders}) || len(c.Audiences) != 1 {
			t.Errorf("%q: conditions %+v", tokenType, c)
		}
		if from, till := tok.Validity(); !from.Equal(c.NotBefore) || !till.Equal(c.NotOnOrAfter) {
			t.Errorf("%q: the answer says %v to %v, the assertion %v to %v", tokenType, from, till, c.NotBefore, c.NotOnOrAfter)
		}
		if len(a.Authn) != 1 || !strings.Contains(strings.ToLower(a.Authn[0].Class), "password") {
			t.Errorf("%q: authentication %+v", tokenType, a.Authn)
		}
		at := a.Attributes[0]
		if full := at.Name == role || at.Namespace+"/"+at.Name == role; !full || !slices.Equal(at.Values, []string{"doctor"}) || (v == saml.V11) != (at.Namespace != "") {
			t.Errorf("%q: attribute %+v", tokenType, at)
		}
		if !strings.Contains(string(tok.AttachedReference()), a.ID) || !strings.Contains(string(tok.UnattachedReference()), a.ID) {
			t.Errorf("%q: references %s", tokenType, tok.AttachedReference())
		}
		if !strings.Contains(string(tok.XML())[:200], " xmlns:saml=") {
			t.Errorf("%q: the assertion does not itself declare xmlns:saml: %.200s", tokenType, tok.XML())
		}
	}
	if a, b := w.token(wstrust.TokenRequest{AppliesTo: orders}), w.token(wstrust.TokenRequest{AppliesTo: orders}); w.read(a, orders).ID == w.read(b, orders).ID {
		t.Error("two assertions with one id")
	}
	if strings.Contains(w.log.String(), "pw") {
		t.Error("the log shows a password")
	}
}

func TestAuthenticationClassAndPrincipal(t *testing.T) {
	w := newWorld(t, nil)
	ch := w.channel(wstrust.Versions{}, wstrust.Certificate(w.client))
	tok, err := ch.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: orders, KeyType: wstrust.Bearer})
	if err != nil {
		t.Fatal(err)
	}
	if a := w.read(tok, orders); a.Subject.NameID != "CN=client" || !strings.HasSuffix(a.Authn[0].Class, ":X509") {
		t.Errorf("%+v", a)
	}
	ticket := w.token(wstrust.TokenRequest{AppliesTo: "urn:plain"})
	w.s.Verifier.Audiences = append(w.s.Verifier.Audiences, "urn:plain")
	tok, err = w.channel(wstrust.Versions{}, wstrust.XMLToken(ticket)).RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: orders, KeyType: wstrust.Bearer})
	if err != nil {
		t.Fatal(err)
	}
	if a := w.read(tok, orders); a.Subject.NameID != "alice" || !strings.HasSuffix(a.Authn[0].Class, ":PreviousSession") {
		t.Errorf("%+v", a)
	}
}

func TestKeys(t *testing.T) {
	w := newWorld(t, nil)
	own, err := alg.PrivateKey(testkeys.RSA(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []wstrust.TrustVersion{wstrust.Trust13, wstrust.Trust2005} {
		for _, mode := range []wstrust.EntropyMode{wstrust.ServerEntropy, wstrust.ClientEntropy, wstrust.CombinedEntropy} {
			for _, bits := range []int{0, 128, 256, 512} {
				ch := w.channel(wstrust.Versions{Trust: version}, wstrust.Username("alice", "pw"))
				tok, err := ch.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: orders, KeyType: wstrust.Symmetric, Entropy: mode, KeySize: bits})
				if err != nil {
					t.Fatalf("%v %v %d: %v", version, mode, bits, err)
				}
				c, ok := w.read(tok, orders).HolderOfKey()
				if !ok || !c.EncryptedKeyElement().OK() {
					t.Fatalf("%v %v %d: confirmation %+v", version, mode, bits, c)
				}
				want := bits
				if want == 0 {
					want = 256
				}
				key, err := xmlenc.OpenKey(c.EncryptedKeyElement(), own, "", want/8)
				if err != nil {
					t.Fatal(err)
				}
				if key.Bits() != want || tok.KeyType() != wstrust.Symmetric {
					t.Errorf("%v %v: a key of %d bits, want %d", version, mode, key.Bits(), want)
				}
			}
		}
	}

	key := p256(t)
	tok := w.token(wstrust.TokenRequest{AppliesTo: orders, KeyType: wstrust.PublicKey, UseKey: key})
	c, ok := w.read(tok, orders).HolderOfKey()
	if pub, is := c.Public.(interface{ Equal(crypto.PublicKey) bool }); !ok || !is || !pub.Equal(key.Public()) {
		t.Errorf("confirmation %+v", c)
	}
	// What nothing says is symmetric where the service has a certificate, and
	// bearer where it has none.
	if tok := w.token(wstrust.TokenRequest{AppliesTo: orders}); tok.KeyType() != wstrust.Symmetric {
		t.Errorf("key type %v", tok.KeyType())
	}
	if tok := w.token(wstrust.TokenRequest{AppliesTo: "urn:plain"}); tok.KeyType() != wstrust.Bearer {
		t.Errorf("key type %v", tok.KeyType())
	}
	w.wantFault("RequestFailed", wstrust.TokenRequest{AppliesTo: "urn:plain", KeyType: wstrust.Symmetric})
}

func TestEncryptedAssertion(t *testing.T) {
	w := newWorld(t, nil)
	own, err := alg.PrivateKey(testkeys.RSA(1))
	if err != nil {
		t.Fatal(err)
	}
	tok := w.token(wstrust.TokenRequest{AppliesTo: secret, KeyType: wstrust.Bearer})
	if strings.Contains(string(tok.XML()), "alice") {
		t.Fatalf("not encrypted: %s", tok.XML())
	}
	d, err := xmltree.Parse([]byte(tok.XML()), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	data, ok, err := saml.Encrypted(d.Root())
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	plain, err := xmlenc.OpenWith(data, own, "")
	if err != nil {
		t.Fatal(err)
	}
	a, err := saml.Verify(plain, []*x509.Certificate{w.s.Signer.Leaf}, "", saml.Checks{Now: time.Now(), Audiences: []string{secret}})
	if err != nil || a.Subject.NameID != "alice" {
		t.Fatal(a, err)
	}
	w.wantFault("RequestFailed", wstrust.TokenRequest{AppliesTo: secret, KeyType: wstrust.Bearer, TokenType: sts.SAML11})
}

func TestLifetime(t *testing.T) {
	w := newWorld(t, func(w *world) { w.s.Lifetime, w.s.MaxLifetime = 20*time.Minute, 2*time.Hour })
	for asked, want := range map[time.Duration]time.Duration{0: 20 * time.Minute, 5 * time.Minute: 5 * time.Minute, time.Hour: time.Hour, 100 * time.Hour: 2 * time.Hour} {
		tok := w.token(wstrust.TokenRequest{AppliesTo: orders, KeyType: wstrust.Bearer, Lifetime: asked})
		c := w.read(tok, orders).Conditions
		if got := c.NotOnOrAfter.Sub(c.NotBefore); got > want || got < want-5*time.Second {
			t.Errorf("asked for %v: %v, want %v", asked, got, want)
		}
	}
	w.grant = func(who *service.Principal, _ *sts.Request) (*sts.Grant, error) {
		return &sts.Grant{Subject: "x", Lifetime: time.Minute, OneTimeUse: true, Audience: "urn:other", Format: "urn:format"}, nil
	}
	a := w.read(w.token(wstrust.TokenRequest{AppliesTo: orders, KeyType: wstrust.Bearer}), "urn:other")
	if c := a.Conditions; c.NotOnOrAfter.Sub(c.NotBefore) != time.Minute || !c.OneTimeUse || a.Subject.Format != "urn:format" {
		t.Errorf("%+v", a)
	}
}

func TestClaims(t *testing.T) {
	w := newWorld(t, nil)
	w.token(wstrust.TokenRequest{AppliesTo: orders, Claims: []wstrust.Claim{{URI: role}, {URI: "urn:none", Optional: true}}})
	if c := w.asked[0].Claims; len(c) != 2 || c[0].URI != role || c[0].Optional || !c[1].Optional {
		t.Errorf("Decide saw %+v", c)
	}
	w.token(wstrust.TokenRequest{AppliesTo: orders, Claims: []wstrust.Claim{{URI: role, Value: "doctor"}}})
	w.wantFault("RequestFailed", wstrust.TokenRequest{AppliesTo: orders, Claims: []wstrust.Claim{{URI: "urn:none"}}})
	w.wantFault("RequestFailed", wstrust.TokenRequest{AppliesTo: orders, Claims: []wstrust.Claim{{URI: role, Value: "president"}}})
}

func TestDelegation(t *testing.T) {
	w := newWorld(t, nil)
	hers := w.token(wstrust.TokenRequest{AppliesTo: orders, KeyType: wstrust.Bearer})
	front := w.channel(wstrust.Versions{}, wstrust.Certificate(w.client))
	ask := func(req wstrust.TokenRequest) (*sts.Request, error) {
		req.AppliesTo, req.KeyType = orders, wstrust.Bearer
		_, err := front.RequestToken(t.Context(), req)
		return w.asked[len(w.asked)-1], err
	}
	req, err := ask(wstrust.TokenRequest{OnBehalfOf: hers})
	if err != nil || req.OnBehalfOf == nil || req.OnBehalfOf.Name != "alice" || req.OnBehalfOf.Attribute(role)[0] != "doctor" || req.ActAs != nil {
		t.Errorf("OnBehalfOf: %+v, %v", req.OnBehalfOf, err)
	}
	req, err = ask(wstrust.TokenRequest{ActAs: hers})
	if err != nil || req.ActAs == nil || req.ActAs.Name != "alice" || req.OnBehalfOf != nil {
		t.Errorf("ActAs: %+v, %v", req.ActAs, err)
	}

	honest := w.grant
	w.grant = func(who *service.Principal, _ *sts.Request) (*sts.Grant, error) {
		return &sts.Grant{Subject: who.Name, Audience: name}, nil
	}
	if req, err = ask(wstrust.TokenRequest{OnBehalfOf: w.token(wstrust.TokenRequest{AppliesTo: orders, KeyType: wstrust.Bearer})}); err != nil || req.OnBehalfOf == nil {
		t.Errorf("a token for the issuer: %v", err)
	}
	w.grant = honest

	// Not verified, not taken.
	asked := len(w.asked)
	forged, err := wstrust.ParseToken(wstrust.XML(strings.Replace(string(hers.XML()), ">alice<", ">mallory<", 1)), wstrust.Key{})
	if err != nil {
		t.Fatal(err)
	}
	other := newWorld(t, nil)
	stranger := other.token(wstrust.TokenRequest{AppliesTo: orders, KeyType: wstrust.Bearer})
	w.grant = func(who *service.Principal, _ *sts.Request) (*sts.Grant, error) {
		return &sts.Grant{Subject: who.Name, Audience: "urn:elsewhere"}, nil
	}
	elsewhere := w.token(wstrust.TokenRequest{AppliesTo: orders, KeyType: wstrust.Bearer})
	asked++
	for what, tok := range map[string]*wstrust.Token{"altered": forged, "another issuer's": stranger, "for no relying party": elsewhere} {
		for _, req := range []wstrust.TokenRequest{{OnBehalfOf: tok}, {ActAs: tok}} {
			if _, err := ask(req); fault(err) != "FailedAuthentication" {
				t.Errorf("%s token: %v", what, err)
			}
		}
	}
	if len(w.asked) != asked {
		t.Error("Decide was asked about a token that was not verified")
	}
}

func fault(err error) string {
	f, ok := errors.AsType[*wstrust.Fault](err)
	if !ok {
		return ""
	}
	if i := strings.LastIndexAny(f.Subcode, "}:"); i >= 0 {
		return f.Subcode[i+1:]
	}
	return f.Subcode
}

func (w *world) wantFault(code string, req wstrust.TokenRequest) {
	w.Helper()
	tok, err := w.alice().RequestToken(context.Background(), req)
	if tok != nil || fault(err) != code {
		w.Errorf("%v, want a fault %s\n%s", err, code, w.log)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, nil)
	w.wantFault("InvalidScope", wstrust.TokenRequest{AppliesTo: "https://unknown.example.com/"})
	w.wantFault("InvalidScope", wstrust.TokenRequest{AppliesTo: strings.TrimSuffix(orders, "/")})
	w.wantFault("InvalidScope", wstrust.TokenRequest{})
	w.wantFault("RequestFailed", wstrust.TokenRequest{AppliesTo: orders, TokenType: "urn:unknown"})
	for code, err := range map[string]error{
		"InvalidScope": fmt.Errorf("%w: because", sts.ErrInvalidScope), "InvalidRequest": sts.ErrInvalidRequest,
		"RequestFailed": sts.ErrDenied, "Own": &service.Fault{Code: "Own", Namespace: "urn:x", Reason: "r"},
	} {
		w.grant = func(*service.Principal, *sts.Request) (*sts.Grant, error) { return nil, err }
		w.wantFault(code, wstrust.TokenRequest{AppliesTo: orders})
	}
	w.grant = func(*service.Principal, *sts.Request) (*sts.Grant, error) {
		return nil, errors.New("directory password is hunter2")
	}
	_, err := w.alice().RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: orders})
	if fault(err) != "RequestFailed" || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("an error of Decide: %v", err)
	}
	for _, g := range []*sts.Grant{nil, {}} {
		w.grant = func(*service.Principal, *sts.Request) (*sts.Grant, error) { return g, nil }
		w.wantFault("RequestFailed", wstrust.TokenRequest{AppliesTo: orders})
	}
	// A grant for another audience does not let an unknown service in.
	w.grant = func(*service.Principal, *sts.Request) (*sts.Grant, error) {
		return &sts.Grant{Subject: "x", Audience: orders}, nil
	}
	w.wantFault("InvalidScope", wstrust.TokenRequest{AppliesTo: "https://unknown.example.com/"})
	asked := len(w.asked)
	for _, b := range []wstrust.Binding{wstrust.Username("alice", "wrong"), wstrust.Username("bob", "pw"), wstrust.Certificate(certificate(t, p256(t), "client"))} {
		if _, err := w.channel(wstrust.Versions{}, b).RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: orders}); fault(err) != "FailedAuthentication" {
			t.Errorf("%v", err)
		}
	}
	if len(w.asked) != asked {
		t.Error("Decide was asked about somebody who was not authenticated")
	}
}

func TestOpenIssuer(t *testing.T) {
	w := newWorld(t, func(w *world) { w.s.RelyingParties = nil })
	w.read(w.token(wstrust.TokenRequest{AppliesTo: "https://any.example.com/", KeyType: wstrust.Bearer}), "https://any.example.com/")
	w.wantFault("InvalidScope", wstrust.TokenRequest{KeyType: wstrust.Bearer})
	w.grant = func(who *service.Principal, req *sts.Request) (*sts.Grant, error) {
		return &sts.Grant{Subject: who.Name, Audience: name, Certificate: w.rp.Leaf}, nil
	}
	w.read(w.token(wstrust.TokenRequest{KeyType: wstrust.Bearer}), name)
	w.token(wstrust.TokenRequest{AppliesTo: "https://any.example.com/", KeyType: wstrust.Symmetric})
}

func TestAnyService(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.s.RelyingParties = append(w.s.RelyingParties, sts.RelyingParty{Address: sts.Any, Certificate: w.rp.Leaf})
	})
	const any = "https://any.example.com/"
	tok := w.token(wstrust.TokenRequest{AppliesTo: any})
	if tok.KeyType() != wstrust.Symmetric {
		t.Errorf("key type %v", tok.KeyType())
	}
	w.read(tok, any)
	if tok := w.token(wstrust.TokenRequest{AppliesTo: "urn:plain"}); tok.KeyType() != wstrust.Bearer {
		t.Errorf("a party of its own: key type %v", tok.KeyType())
	}
	w.wantFault("InvalidScope", wstrust.TokenRequest{AppliesTo: "", KeyType: wstrust.Bearer})
	front := w.channel(wstrust.Versions{}, wstrust.Certificate(w.client))
	if _, err := front.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: any, OnBehalfOf: w.token(wstrust.TokenRequest{AppliesTo: any, KeyType: wstrust.Bearer})}); err != nil {
		t.Error(err)
	}
}

func TestConfiguration(t *testing.T) {
	good := newWorld(t, nil)
	if err := good.s.Check(); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*sts.Server){
		"no name":          func(s *sts.Server) { s.Name = "" },
		"no verifier":      func(s *sts.Server) { s.Verifier = nil },
		"bad verifier":     func(s *sts.Server) { s.Verifier = &service.Verifier{} },
		"no decision":      func(s *sts.Server) { s.Decide = nil },
		"no signer":        func(s *sts.Server) { s.Signer = tls.Certificate{} },
		"unknown suite":    func(s *sts.Server) { s.Suite = "None" },
		"lifetimes":        func(s *sts.Server) { s.Lifetime, s.MaxLifetime = 2*time.Hour, time.Hour },
		"negative":         func(s *sts.Server) { s.Lifetime = -1 },
		"party no address": func(s *sts.Server) { s.RelyingParties = []sts.RelyingParty{{}} },
		"party no key":     func(s *sts.Server) { s.RelyingParties = []sts.RelyingParty{{Address: "x", Encrypt: true}} },
	} {
		s := &sts.Server{Name: good.s.Name, Signer: good.s.Signer, Verifier: good.s.Verifier, Decide: good.s.Decide}
		change(s)
		if err := s.Check(); !errors.Is(err, sts.ErrConfig) {
			t.Errorf("%s: %v", what, err)
		}
		r := httptest.NewRecorder()
		s.ServeHTTP(r, httptest.NewRequest("POST", "https://sts.example.com/", nil))
		if r.Code != 500 {
			t.Errorf("%s: status %d", what, r.Code)
		}
	}
}

const (
	wsu     = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	wsseNS  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	trust13 = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
)

// security is a header as hand-written clients send it.
func security() string {
	now := time.Now().UTC()
	const format = "2006-01-02T15:04:05.000Z"
	return fmt.Sprintf(`<wsse:Security xmlns:wsse="%s"><wsu:Timestamp xmlns:wsu="%s"><wsu:Created>%s</wsu:Created><wsu:Expires>%s</wsu:Expires></wsu:Timestamp>`+
		`<wsse:UsernameToken><wsse:Username>alice</wsse:Username><wsse:Password>pw</wsse:Password></wsse:UsernameToken></wsse:Security>`,
		wsseNS, wsu, now.Format(format), now.Add(10*time.Minute).Format(format))
}

// TestClientWithoutAddressing sends what vCenter's clients send: SOAP 1.1, no
// addressing headers, the action in SOAPAction, quoted or not, or nowhere.
func TestClientWithoutAddressing(t *testing.T) {
	w := newWorld(t, func(w *world) { w.s.RelyingParties = nil })
	w.grant = func(who *service.Principal, _ *sts.Request) (*sts.Grant, error) {
		return &sts.Grant{Subject: who.Name, Audience: name}, nil
	}
	body := `<wst:RequestSecurityToken xmlns:wst="` + trust13 + `"><wst:RequestType>` + trust13 + `/Issue</wst:RequestType><wst:KeyType>` + trust13 + `/Bearer</wst:KeyType></wst:RequestSecurityToken>`
	envelope := `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header>` + security() + `</S:Header><S:Body>` + body + `</S:Body></S:Envelope>`
	for _, action := range []string{`"` + trust13 + `/RST/Issue"`, trust13 + "/RST/Issue", `""`, ""} {
		status, octets, env := w.raw(`text/xml; charset="utf-8"`, action, envelope)
		p, err := env.Payload()
		if status != 200 || err != nil || !p.Is(trust13, "RequestSecurityTokenResponseCollection") || env.Version != soap.V11 || env.Addressing != soap.ANone {
			t.Errorf("action %s: %d %s", action, status, octets)
		}
	}
	for _, uri := range wst.Trust13.BearerURIs() {
		spelled := strings.Replace(envelope, trust13+"/Bearer", uri, 1)
		if _, octets, _ := w.raw("text/xml", "", spelled); !strings.Contains(octets, ">"+uri+"<") {
			t.Errorf("the bearer key type is not spelled as it was asked for, %s: %s", uri, octets)
		}
	}
	for _, action := range []string{`"` + trust13 + `/RST/Renew"`, `"http://schemas.xmlsoap.org/ws/2005/02/trust/RST/Issue"`, `"urn:x"`} {
		status, octets, env := w.raw("text/xml", action, envelope)
		f := env.Fault()
		if status != 500 || f == nil || f.Subcode() != (soap.Name{Space: trust13, Local: "InvalidRequest"}) || !strings.Contains(octets, "<faultcode") || !strings.Contains(octets, "<faultstring") {
			t.Errorf("action %s: %d %s", action, status, octets)
		}
	}
}

func TestMalformedRequests(t *testing.T) {
	w := newWorld(t, nil)
	for what, body := range map[string]string{
		"nothing":           ``,
		"something else":    `<a xmlns="urn:x"/>`,
		"no request type":   `<t:RequestSecurityToken xmlns:t="` + trust13 + `"/>`,
		"another namespace": `<t:RequestSecurityToken xmlns:t="urn:x"/>`,
		"an answer":         `<t:RequestSecurityTokenResponse xmlns:t="` + trust13 + `"/>`,
		"key size":          `<t:RequestSecurityToken xmlns:t="` + trust13 + `"><t:RequestType>` + trust13 + `/Issue</t:RequestType><t:KeyType>` + trust13 + `/SymmetricKey</t:KeyType><t:KeySize>8</t:KeySize></t:RequestSecurityToken>`,
	} {
		_, octets, env := w.raw("application/soap+xml", "", `<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Header>`+security()+`</S:Header><S:Body>`+body+`</S:Body></S:Envelope>`)
		if f := env.Fault(); f == nil || f.Subcode().Local != "InvalidRequest" || f.Reason != "The request was invalid or malformed." {
			t.Errorf("%s: %s", what, octets)
		}
	}
	late := `<t:RequestSecurityToken xmlns:t="` + trust13 + `"><t:RequestType>` + trust13 + `/Issue</t:RequestType><t:Lifetime><u:Expires xmlns:u="` + wsu + `">2020-01-01T00:00:00Z</u:Expires></t:Lifetime></t:RequestSecurityToken>`
	_, octets, env := w.raw("application/soap+xml", "", `<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Header>`+security()+`</S:Header><S:Body>`+late+`</S:Body></S:Envelope>`)
	if f := env.Fault(); f == nil || f.Subcode().Local != "InvalidTimeRange" {
		t.Errorf("a lifetime in the past: %s", octets)
	}
	for _, verb := range []string{"Renew", "Validate", "Cancel"} {
		target := "<t:" + verb + "Target><a/></t:" + verb + "Target>"
		_, octets, env := w.raw("application/soap+xml", "", `<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Header>`+security()+`</S:Header><S:Body><t:RequestSecurityToken xmlns:t="`+trust13+`"><t:RequestType>`+trust13+`/`+verb+`</t:RequestType>`+target+`</t:RequestSecurityToken></S:Body></S:Envelope>`)
		if f := env.Fault(); f == nil || f.Subcode().Local != "RequestFailed" {
			t.Errorf("%s: %s", verb, octets)
		}
	}
	if len(w.asked) != 0 {
		t.Error("Decide was asked")
	}
	w.token(wstrust.TokenRequest{AppliesTo: orders}) // and goes on
}
