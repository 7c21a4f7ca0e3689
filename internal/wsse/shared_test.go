package wsse

import (
	"bytes"
	"crypto/x509"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
)

const sharedName = "orders, \"2026\""

func sharedToken(t testing.TB) Shared { return Shared{Name: sharedName, Key: secret(t)} }

func sharing(t testing.TB) lenient {
	l := trust(client())
	l.contexts = map[string]alg.Key{sharedName: secret(t)}
	return l
}

// A key that both sides have under a name signs and encrypts, itself and through
// derived keys, in both directions.
func TestSharedKey(t *testing.T) {
	both := PartBody | PartSignature
	for _, c := range []struct {
		name string
		p    Protection
	}{
		{"signed", Protection{Sign: BodyTimestamp}},
		{"signed and encrypted", Protection{Sign: BodyTimestamp, Encrypt: both}},
		{"derived", Protection{Sign: BodyTimestamp, Encrypt: both, Derived: Derived13}},
		{"derived, implied", Protection{Sign: BodyTimestamp, Encrypt: both, Derived: Implied13}},
	} {
		t.Run(c.name, func(t *testing.T) {
			msg, expect, err := Protect(outgoing(), Options{Tokens: []Token{sharedToken(t)}, Protection: &c.p}, now)
			if err != nil {
				t.Fatal(err)
			}
			pol := Policy{Required: BodyTimestamp, Encrypted: c.p.Encrypt}
			ev, err := receive(t, msg, sharing(t), pol, now, 0)
			if err != nil {
				t.Fatalf("%v\n%s", err, msg)
			}
			s := ev.Signers[0]
			if name, ok := s.Ref.SharedName(); !ok || name != sharedName || !ev.Body.Signed() || ev.Certificate != nil {
				t.Fatalf("signer %+v", s)
			}
			// Another key under that name, and none.
			l := sharing(t)
			l.contexts[sharedName] = freshKey(t)
			_, err = receive(t, msg, l, pol, now, 0)
			if c := ClassOf(err); err == nil || c != ClassSignature && c != ClassDecrypt {
				t.Errorf("with another key: %v", err)
			}
			_, err = receive(t, msg, trust(client()), pol, now, 0)
			wantClass(t, err, ClassTrust)
			// The answer is under the same key, and needs no resolver.
			o, same, err := ev.Answer(Options{Reply: true})
			if err != nil || !same {
				t.Fatalf("an answer with the same key: %v, %v", same, err)
			}
			answer, _, err := Protect(soap.Outgoing{Action: action + "Response", RelatesTo: expect.Reply.MessageID, Body: []byte("<o:R xmlns:o='urn:orders'/>")}, o, now)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := receive(t, answer, trust(), Policy{Reply: expect, Required: BodyTimestamp, Encrypted: c.p.Encrypt & PartBody}, now, 0); err != nil {
				t.Errorf("answer: %v\n%s", err, answer)
			}
		})
	}
}

// A name selects: it makes no trust, no certificate of a secret and no secret of a
// certificate, and is nobody's where two could be meant.
func TestKeyNameSelects(t *testing.T) {
	msg := protect(t, Options{Tokens: []Token{sharedToken(t)}, Protection: &Protection{Sign: BodyTimestamp}})
	l := sharing(t)
	bare, err := alg.PublicKey(client().cert.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for want, key := range map[Class]alg.Key{ClassTrust: client().public(t), ClassAlgorithm: bare} {
		l.contexts[sharedName] = key
		_, err := receive(t, msg, l, Policy{}, now, 0)
		wantClass(t, err, want)
	}
	// A certificate by its subject's name, and a secret under the same name.
	byName := protect(t, Options{Tokens: []Token{x509Token(client(), RefKeyName, 0)}, Protection: &Protection{Sign: BodyTimestamp}})
	name := client().cert.Subject.String()
	if _, err := receive(t, byName, sharing(t), Policy{}, now, 0); err != nil {
		t.Fatal(err)
	}
	l = lenient{contexts: map[string]alg.Key{name: secret(t)}}
	_, err = receive(t, byName, l, Policy{}, now, 0)
	if c := ClassOf(err); err == nil || c != ClassAlgorithm && c != ClassSignature {
		t.Errorf("ECDSA with a secret: %v", err)
	}
	// An answer by a certificate that is named is not held for one by a secret.
	ask, expect, err := Protect(outgoing(), Options{Tokens: []Token{sharedToken(t)}, Protection: &Protection{Sign: BodyTimestamp}}, now)
	if err != nil || len(ask) == 0 {
		t.Fatal(err)
	}
	answer, _, err := Protect(soap.Outgoing{Action: action + "Response", RelatesTo: expect.Reply.MessageID, Body: []byte("<r/>")},
		Options{Tokens: []Token{x509Token(client(), RefKeyName, 0)}, Protection: &Protection{Sign: BodyTimestamp | PartRelatesTo}, Reply: true}, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := receive(t, answer, trust(client()), Policy{Reply: expect}, now, 0); err != nil {
		t.Errorf("answer: %v", err)
	}
	// A secret is no certificate's, however it is named.
	str := `<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:KeyIdentifier ValueType="` + typeThumbprint + `">` + base64Of(thumbprint(client().cert)) + `</o:KeyIdentifier></o:SecurityTokenReference>`
	byPrint := protect(t, Options{Tokens: []Token{Issued{Key: secret(t), Unsent: true, Attached: []byte(str)}}, Protection: &Protection{Sign: BodyTimestamp}})
	_, err = receiveWith(t, byPrint, func(KeyRef) alg.Key { return secret(t) })
	wantClass(t, err, ClassAlgorithm)
	// Two certificates with one subject.
	twin := ecIdentity("client", 77)()
	_, err = receive(t, byName, trust(client(), twin), Policy{}, now, 0)
	wantClass(t, err, ClassTrust)
	// A name beside anything else is no name of a secret.
	for _, r := range []KeyRef{
		{Kind: KeyNamed, KeyName: "n", Thumbprint: "t"},
		{Kind: KeyNamed, KeyName: "n", PublicKey: "k"},
		{Kind: KeyNamed, KeyName: "n", SubjectName: "s"},
		{Kind: KeyContext, KeyName: "n"},
		{Kind: KeyNamed},
	} {
		if _, ok := r.SharedName(); ok {
			t.Errorf("%+v names a shared key", r)
		}
	}
	for _, bad := range []Shared{{Key: secret(t)}, {Name: "a\x00", Key: secret(t)}, {Name: "a"}, {Name: "a", Key: client().key}} {
		if _, _, err := Protect(outgoing(), Options{Tokens: []Token{bad}}, now); err == nil {
			t.Errorf("%q with a %v is written", bad.Name, bad.Key)
		}
	}
}

// A signature by a shared key over a certificate in the header does not make that
// certificate the sender's.
func TestSharedKeyIsNoCertificate(t *testing.T) {
	o := Options{Tokens: []Token{sharedToken(t), x509Token(client(), RefDirect, 0)}, Protection: &Protection{Sign: BodyTimestamp | PartToken}}
	msg := protect(t, o)
	if !bytes.Contains(msg, []byte("BinarySecurityToken")) {
		t.Fatal("no certificate")
	}
	l := sharing(t)
	l.certs = []*x509.Certificate{client().cert}
	ev, err := receive(t, msg, l, Policy{}, now, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(ev.Signers) != 2 || ev.Signers[0].Certificate != nil || !ev.Certificate.Equal(client().cert) {
		t.Errorf("%+v", ev.Signers)
	}
	// mallory's endorsement is nobody's.
	o.Tokens[1] = x509Token(mallory(), RefDirect, 0)
	_, err = receive(t, protect(t, o), l, Policy{}, now, 0)
	wantClass(t, err, ClassTrust)
}

// receiveWith verifies a message with the keys that a function gives.
func receiveWith(t testing.TB, msg []byte, key func(KeyRef) alg.Key) (*Evidence, error) {
	t.Helper()
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	env, err := soap.Read(d, Understood)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Read(env, "")
	if err != nil {
		t.Fatal(err)
	}
	c := Credentials{Keys: map[KeyRef]alg.Key{}}
	for _, r := range p.Needs() {
		c.Keys[r] = key(r)
	}
	return p.Verify(c, Policy{}, now)
}

func freshKey(t testing.TB) alg.Key {
	t.Helper()
	k, err := randomKey(32)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
