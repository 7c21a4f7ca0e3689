package wsse

import (
	"bytes"
	"fmt"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// An assertion inside the reference of a signature by its key is the message's as
// one in the header is.
func TestEmbeddedAssertion(t *testing.T) {
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		for _, c := range []struct {
			name string
			conf saml.Confirmation
			key  alg.Key
		}{
			{"public key", holderOf(client()), client().key},
			{"certificate", saml.Confirmation{Kind: saml.HolderOfKey, Certificate: rsaUser().cert}, rsaUser().key},
			{"symmetric", sealed(t, secret(t)), secret(t)},
		} {
			t.Run(fmt.Sprintf("%v %s", v, c.name), func(t *testing.T) {
				l := trust()
				l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
				token := Issued{XML: build(t, v, issuer(), c.conf), Key: c.key, Embedded: true}
				o := Options{Tokens: []Token{token}, Protection: &Protection{Sign: BodyTimestamp | PartToken}}
				msg := protect(t, o)
				if n := bytes.Count(msg, []byte("Embedded>")); n != 2 || bytes.Count(msg, token.XML) != 1 {
					t.Fatalf("the assertion is not embedded\n%s", msg)
				}
				ev, err := receive(t, msg, l, Policy{}, now, 0)
				if err != nil {
					t.Fatalf("%v\n%s", err, msg)
				}
				if ev.Assertion == nil || ev.Assertion.Subject.NameID != "alice" || ev.Confirmation != saml.HolderOfKey || !ev.Signers[0].Holder || !ev.Body.Signed() {
					t.Fatalf("%+v", ev)
				}
				if ev.AssertionToken != nil {
					t.Error("nothing signed the token, and it counts as protected")
				}
				typed := map[saml.Version]string{saml.V11: tokenSAML11, saml.V20: tokenSAML20}[v]
				old := o
				old.Version = V10
				if !bytes.Contains(msg, []byte(`TokenType="`+typed+`"`)) || bytes.Contains(protect(t, old), []byte("TokenType")) {
					t.Error("the type of the token is left out, or written in version 1.0")
				}
				// With an encrypted body, the assertion is met in each form of the message.
				for _, p := range []Protection{{}, {Order: EncryptThenSign}, {Order: EncryptThenSign, Cipher: alg.AES128CBC}, {Encrypt: PartSignature}} {
					p.Sign, p.Recipient, p.RecipientReference = BodyTimestamp, service().cert, RefIssuerSerial
					p.Encrypt |= PartBody
					msg := protect(t, Options{Tokens: []Token{token}, Protection: &p, Suite: alg.Legacy})
					ev, err := receive(t, msg, l, Policy{Suite: alg.Legacy, Encrypted: p.Encrypt}, now, 0)
					if err != nil || ev.Confirmation != saml.HolderOfKey {
						t.Errorf("%+v: %v", p, err)
					}
				}
				// An issuer that nobody trusts, and a signature by another.
				stranger := token
				stranger.XML = build(t, v, mallory(), c.conf)
				o.Tokens = []Token{stranger}
				if _, err := receive(t, protect(t, o), l, Policy{}, now, 0); err == nil {
					t.Error("accepted from an issuer that is not trusted")
				}
				forged := token
				forged.Key = mallory().key
				if c.key.IsSecret() {
					forged.Key = freshKey(t)
				}
				o.Tokens = []Token{forged}
				if _, err := receive(t, protect(t, o), l, Policy{}, now, 0); err == nil {
					t.Error("accepted with a signature by somebody else")
				}
			})
		}
	}
}

// Bearer and vouched assertions are not made good by standing in a reference:
// nothing signs them there.
func TestEmbeddedAssertionMustBeProved(t *testing.T) {
	l := trust(client())
	l.Vouchers = []alg.Key{client().key}
	embedded := func(xml []byte) []byte {
		token := Issued{XML: xml, Key: client().key, Embedded: true}
		return protect(t, Options{Tokens: []Token{token}, Protection: &Protection{Sign: BodyTimestamp}})
	}
	for _, conf := range []saml.Confirmation{{Kind: saml.Bearer}, {Kind: saml.SenderVouches}} {
		for _, tls := range []bool{false, true} {
			_, err := receive(t, embedded(build(t, saml.V20, issuer(), conf)), l, Policy{TLS: tls}, now, 0)
			wantClass(t, err, ClassTrust) // its key is asked for, and it confirms none
		}
	}
	// A second one in the header, before or behind.
	good := build(t, saml.V20, issuer(), holderOf(client()))
	o := Options{Tokens: []Token{Issued{XML: good, Key: client().key, Embedded: true}, bearerToken(t)}, Protection: &Protection{Sign: BodyTimestamp}}
	_, err := receive(t, protect(t, o), l, Policy{}, now, 0)
	wantClass(t, err, ClassWrapping)
	// One in a reference outside of the header is nobody's: an EncryptedData in the
	// body that names its key by an assertion which it brings along.
	body := outgoing()
	body.Body = []byte(`<x:EncryptedData xmlns:x="` + xmltree.XENC + `" Id="ed" Type="` + xmltree.XENC + `Content"><x:EncryptionMethod Algorithm="` + alg.AES256GCM + `"/>` +
		`<d:KeyInfo xmlns:d="` + xmltree.DS + `"><o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Embedded>` + string(good) + `</o:Embedded></o:SecurityTokenReference></d:KeyInfo>` +
		`<x:CipherData><x:CipherValue>AAAA</x:CipherValue></x:CipherData></x:EncryptedData>`)
	msg, _, err := Protect(body, Options{Tokens: []Token{x509Token(client(), RefDirect, BodyTimestamp)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = receive(t, msg, l, Policy{}, now, 0)
	wantClass(t, err, ClassWrapping)
	// What cannot be written.
	for _, bad := range []Issued{
		{XML: good, Key: client().key, Embedded: true, Unsent: true},
		{XML: good, Key: client().key, Embedded: true, STRTransform: true, Parts: PartToken},
		{XML: good, Key: secret(t), Embedded: true, Attached: []byte("<x/>")},
	} {
		if _, _, err := Protect(outgoing(), Options{Tokens: []Token{bad}}, now); ClassOf(err) != ClassPolicy || err == nil {
			t.Errorf("%v", err)
		}
	}
	symmetric := Issued{XML: build(t, saml.V20, issuer(), sealed(t, secret(t))), Key: secret(t), Embedded: true}
	for _, p := range []Protection{{Sign: BodyTimestamp, Derived: Derived13}, {Sign: BodyTimestamp, Encrypt: PartBody}} {
		if _, _, err := Protect(outgoing(), Options{Tokens: []Token{symmetric}, Protection: &p}, now); ClassOf(err) != ClassPolicy || err == nil {
			t.Errorf("%v", err)
		}
	}
}

// Other tokens in a reference: a certificate and a security context.
func TestEmbeddedOtherTokens(t *testing.T) {
	l := sharing(t)
	l.contexts["urn:ctx"] = secret(t)
	for _, tok := range []Token{x509Token(client(), RefEmbedded, 0), Issued{XML: contextIssued(t).XML, Key: secret(t), Embedded: true}} {
		msg := protect(t, Options{Tokens: []Token{tok}, Protection: &Protection{Sign: BodyTimestamp}})
		if bytes.Contains(msg, []byte("TokenType")) {
			t.Errorf("the type of an assertion for another token\n%s", msg)
		}
		ev, err := receive(t, msg, l, Policy{}, now, 0)
		if err != nil {
			t.Fatalf("%v\n%s", err, msg)
		}
		if ev.Certificate == nil && ev.Context == nil {
			t.Errorf("%+v", ev)
		}
		_, err = receive(t, msg, trust(mallory()), Policy{}, now, 0)
		wantClass(t, err, ClassTrust)
	}
}
