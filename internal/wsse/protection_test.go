package wsse

import (
	"bytes"
	"fmt"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// A kind is one way to protect a message, and what its reader must have.
type kind struct {
	name  string
	o     Options
	out   soap.Outgoing
	trust lenient
	want  func(t *testing.T, ev *Evidence)
}

const secretWord = "xyzzy-secret"

func protected() soap.Outgoing {
	out := outgoing()
	out.Headers = [][]byte{
		[]byte(`<h:Tenant xmlns:h="urn:h">` + secretWord + `-tenant</h:Tenant>`),
		[]byte(`<h:Plain xmlns:h="urn:h">in the clear</h:Plain>`),
	}
	out.Body = []byte(`<o:Get xmlns:o="urn:orders"><o:ID>` + secretWord + `-body</o:ID></o:Get>`)
	return out
}

func bearerToken(t testing.TB) Issued {
	return Issued{XML: build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.Bearer})}
}

func user() Username {
	return Username{Name: "alice", Password: func() []byte { return []byte(secretWord + "-password") }}
}

func holderToken(t testing.TB) Issued {
	// The service opens the proof key with its own.
	return Issued{XML: build(t, saml.V20, issuer(), sealed(t, secret(t))), Key: secret(t)}
}

// kinds are all combinations that make sense.
func kinds(t testing.TB) (all []kind) {
	type base struct {
		name   string
		p      Protection
		tokens []Token
	}
	bases := []base{
		{"asymmetric", Protection{Recipient: service().cert}, []Token{x509Token(rsaUser(), RefDirect, 0)}},
		{"asymmetric ecdsa", Protection{Recipient: service().cert, RecipientReference: RefSKI}, []Token{x509Token(client(), RefThumbprint, 0)}},
		{"symmetric", Protection{Recipient: service().cert, Symmetric: true, RecipientReference: RefIssuerSerial}, []Token{user()}},
		{"symmetric derived", Protection{Recipient: service().cert, Symmetric: true, Derived: Derived13, RecipientReference: RefX509v3}, []Token{user()}},
		{"symmetric derived 2005", Protection{Recipient: service().cert, Symmetric: true, Derived: Derived2005}, []Token{bearerToken(t)}},
		{"symmetric endorsed", Protection{Recipient: service().cert, Symmetric: true}, []Token{x509Token(client(), RefDirect, 0), x509Token(rsaUser(), RefSKI, 0), user()}},
		{"context", Protection{}, []Token{contextIssued(t)}},
		{"context derived", Protection{Derived: Derived13}, []Token{contextIssued(t), user()}},
		{"context implied", Protection{Derived: Implied13}, []Token{contextIssued(t)}},
		{"context unsent", Protection{Derived: Derived13}, []Token{contextUnsent(t)}},
		{"holder", Protection{Derived: Derived2005}, []Token{holderToken(t)}},
		{"holder direct", Protection{}, []Token{holderToken(t)}},
	}
	type what struct {
		name          string
		sign, encrypt Parts
		headers, el   bool
	}
	whats := []what{
		{"nothing", BodyTimestamp, 0, false, false},
		{"body", BodyTimestamp | PartAddressing, PartBody, false, false},
		{"body element", BodyTimestamp | PartTo, PartBody, false, true},
		{"signature", BodyTimestamp, PartBody | PartSignature, false, false},
		{"headers", BodyTimestamp | PartAddressing, PartBody | PartTo | PartReplyTo, true, false},
		{"tokens", BodyTimestamp | PartToken, PartBody | PartToken, false, true},
		{"all", BodyTimestamp | PartAddressing | PartToken, PartBody | PartTo | PartToken | PartSignature | PartTimestamp, true, false},
	}
	for _, b := range bases {
		for _, w := range whats {
			for _, order := range []Order{SignThenEncrypt, EncryptThenSign} {
				for _, v := range []Version{V11, V10} {
					if v == V10 && (b.p.RecipientReference == RefThumbprint || b.name == "asymmetric ecdsa") {
						continue
					}
					if order == EncryptThenSign && w.encrypt&PartToken != 0 && b.name == "asymmetric" {
						continue // nothing to encrypt there
					}
					p := b.p
					p.Sign, p.Encrypt, p.Order, p.BodyElement = w.sign, w.encrypt, order, w.el
					if w.headers {
						p.SignHeaders = []soap.Name{{Space: "urn:h", Local: "Tenant"}, {Space: "urn:h", Local: "Plain"}}
						p.EncryptHeaders = p.SignHeaders[:1]
					}
					out := protected()
					if v == V10 {
						out.Version, out.Addressing = soap.V11, soap.A04
					}
					l := trust(client(), rsaUser())
					l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
					l.contexts = map[string]alg.Key{"urn:ctx": secret(t)}
					l.Password = func(p Password) bool { return p.Matches([]byte(secretWord + "-password")) }
					all = append(all, kind{
						name: fmt.Sprintf("%s/%s/%d/%d", b.name, w.name, order, v), out: out, trust: l,
						o:    Options{Protection: &p, Tokens: b.tokens, Version: v, Layout: []Layout{Strict, TimestampLast}[len(all)%2]},
						want: wants(p),
					})
				}
			}
		}
	}
	return all
}

// wants checks that the evidence says what was asked for.
func wants(p Protection) func(t *testing.T, ev *Evidence) {
	return func(t *testing.T, ev *Evidence) {
		t.Helper()
		if b, err := ev.Body.Payload(); err != nil || !b.Is("urn:orders", "Get") || !bytes.Contains(b.Raw(), []byte(secretWord+"-body")) {
			t.Fatalf("body: %v", err)
		}
		for bit, part := range map[Parts]*Part{PartBody: ev.Body, PartTimestamp: ev.Timestamp, PartTo: ev.To, PartReplyTo: ev.ReplyTo} {
			if p.Sign&bit != 0 && !part.Signed() {
				t.Errorf("%v is not signed", bit)
			}
			if enc := p.Encrypt&bit != 0; enc != (part.Encrypted() != nil) && part != nil || enc && ev.Encrypted&bit == 0 {
				t.Errorf("%v: encrypted %+v, want %v", bit, part.Encrypted(), enc)
			}
		}
		if p.Encrypt&PartSignature != 0 && ev.Encrypted&PartSignature == 0 {
			t.Error("the signature is not encrypted")
		}
		if len(p.SignHeaders) != 0 && len(ev.Headers) != 2 {
			t.Errorf("%d signed headers", len(ev.Headers))
		}
		if e := ev.Body.Encrypted(); e != nil && e.Content == p.BodyElement {
			t.Errorf("content %v", e.Content)
		}
	}
}

func TestProtections(t *testing.T) {
	all := kinds(t)
	if len(all) < 250 {
		t.Fatalf("%d kinds", len(all))
	}
	for _, k := range all {
		t.Run(k.name, func(t *testing.T) {
			msg, _, err := Protect(k.out, k.o, now)
			if err != nil {
				t.Fatal(err)
			}
			p := k.o.Protection
			pol := Policy{Required: p.Sign &^ (PartToken | PartSignature), Encrypted: p.Encrypt, SignedHeaders: p.SignHeaders, EncryptedHeaders: p.EncryptHeaders, RequireTimestamp: true}
			pol.TLS = p.Order == EncryptThenSign && p.Encrypt&PartToken != 0
			ev, err := receive(t, msg, k.trust, pol, now, 0)
			if err != nil {
				t.Fatalf("%v\n%s", err, msg)
			}
			k.want(t, ev)
			for _, hidden := range []struct {
				bit  Parts
				word string
			}{{PartBody, "-body"}, {PartTo, serviceURL}, {PartToken, "-password"}} {
				if p.Encrypt&hidden.bit != 0 && bytes.Contains(msg, []byte(hidden.word)) && (hidden.bit != PartTo || !bytes.Contains(msg, []byte("saml:Assertion"))) {
					t.Errorf("%s is in the clear\n%s", hidden.word, msg)
				}
			}
			if p.EncryptHeaders != nil && bytes.Contains(msg, []byte("-tenant")) {
				t.Errorf("the header is in the clear")
			}
			// Less than the policy demands is refused.
			pol.Encrypted |= PartMessageID
			if _, err = receive(t, msg, k.trust, pol, now, 0); ClassOf(err) != ClassPolicy {
				t.Errorf("MessageID is not encrypted, and: %v", err)
			}
		})
	}
}

func contextUnsent(t testing.TB) Issued {
	return Issued{
		Key: secret(t), Unsent: true,
		Attached: []byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="urn:ctx" ValueType="` + typeSCT13 + `"/></o:SecurityTokenReference>`),
	}
}
