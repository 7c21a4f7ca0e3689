package wsse

import (
	"bytes"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// Tokens of each kind are signed through a reference, and what is said of them is
// what is said of those that are signed by their id.
func TestSignedThroughReference(t *testing.T) {
	l := trust(client())
	l.Vouchers = []alg.Key{client().key}
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	own := x509Token(client(), RefDirect, PartTimestamp|PartBody|PartToken)
	own.STRTransform = true
	path := own
	path.Certificates, path.Chain = append(path.Certificates, issuer().cert), true
	by := x509Token(client(), RefDirect, 0)
	holder := Issued{XML: build(t, saml.V20, issuer(), holderOf(client())), Key: client().key, STRTransform: true}
	bearer := Issued{XML: build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.Bearer}), STRTransform: true}
	vouched := Issued{XML: build(t, saml.V11, issuer(), saml.Confirmation{Kind: saml.SenderVouches}), STRTransform: true}
	all := func(encrypt Parts, order Order) *Protection {
		p := &Protection{Sign: BodyTimestamp | PartToken, Encrypt: encrypt, Order: order}
		if encrypt != 0 {
			p.Recipient = service().cert
		}
		return p
	}
	for _, c := range []struct {
		name   string
		o      Options
		direct bool // what is ciphertext when it is signed has no reference through which it could be
	}{
		{"certificate", Options{Tokens: []Token{own}}, false},
		{"certificate path, protected", Options{Tokens: []Token{path}, Protection: all(0, SignThenEncrypt)}, false},
		{"holder's assertion", Options{Tokens: []Token{holder}, Protection: all(0, SignThenEncrypt)}, false},
		{"bearer", Options{Tokens: []Token{by, bearer}, Protection: all(0, SignThenEncrypt)}, false},
		{"bearer, encrypted", Options{Tokens: []Token{by, bearer}, Protection: all(PartBody|PartToken, SignThenEncrypt)}, false},
		{"bearer, encrypted, then signed", Options{Tokens: []Token{by, bearer}, Protection: all(PartBody|PartToken, EncryptThenSign)}, true},
		{"vouched", Options{Tokens: []Token{by, vouched}, Protection: all(0, SignThenEncrypt)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			msg := protect(t, c.o)
			if through := bytes.Contains(msg, []byte("#STR-Transform")); through == c.direct {
				t.Errorf("signed through a reference: %v\n%s", through, msg)
			}
			ev, err := receive(t, msg, l, Policy{TLS: c.direct}, now, 0)
			if err != nil {
				t.Fatalf("%v\n%s", err, msg)
			}
			if ev.Signers[0].Covers&PartToken == 0 {
				t.Error("the signature does not cover its own token")
			}
			if ev.Assertion != nil && !ev.AssertionToken.Signed() && !c.direct {
				t.Error("the assertion is not signed")
			}
			// The token is what is digested: a change in it is noticed.
			if i := bytes.Index(msg, []byte("NotOnOrAfter=\"2026")); i > 0 {
				changed := bytes.Clone(msg)
				changed[i+len("NotOnOrAfter=\"2026")-1]++
				if _, err := receive(t, changed, l, Policy{TLS: true}, now, 0); err == nil {
					t.Error("accepted with another assertion")
				}
			}
		})
	}
	// Where the token is not signed there is no reference to it.
	own.Parts = BodyTimestamp
	if msg := protect(t, Options{Tokens: []Token{own}}); bytes.Contains(msg, []byte("<wsse:SecurityTokenReference xmlns:wsse=\""+xmltree.WSSE+"\" xmlns:wsu")) || bytes.Contains(msg, []byte(`"str0-`)) {
		t.Errorf("a reference to nothing\n%s", msg)
	}
	wrong := x509Token(client(), RefSKI, PartToken)
	wrong.STRTransform = true
	if _, _, err := Protect(outgoing(), Options{Tokens: []Token{wrong}}, now); err == nil || ClassOf(err) != ClassPolicy {
		t.Errorf("a token that is not sent: %v", err)
	}
}

// An unsigned assertion that is vouched for through a reference is taken from what
// was digested.
func TestVouchedThroughReference(t *testing.T) {
	l := trust(client())
	l.Vouchers = []alg.Key{client().key}
	x := build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.SenderVouches})
	from, to := bytes.Index(x, []byte("<ds:Signature ")), bytes.Index(x, []byte("</ds:Signature>"))+len("</ds:Signature>")
	unsigned := append(bytes.Clone(x[:from]), x[to:]...)
	o := Options{Tokens: []Token{x509Token(client(), RefDirect, 0), Issued{XML: unsigned, STRTransform: true}}, Protection: &Protection{Sign: BodyTimestamp}}
	msg := protect(t, o)
	ev, err := receive(t, msg, l, Policy{}, now, 0)
	if err != nil || ev.Confirmation != saml.SenderVouches || ev.Assertion.Subject.NameID != "alice" {
		t.Fatalf("%v\n%s", err, msg)
	}
	changed := bytes.Replace(msg, []byte(">alice<"), []byte(">mallo<"), 1)
	_, err = receive(t, changed, l, Policy{}, now, 0)
	wantClass(t, err, ClassSignature)
}
