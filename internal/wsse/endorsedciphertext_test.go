package wsse

import (
	"bytes"
	"crypto/x509"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// endorsedBy adds pieces to a message, and a signature by a key that anybody can make
// for us, over the message's first signature and over what the ids name. It stands
// before what it signs.
func endorsedBy(t testing.TB, msg []byte, pieces []byte, ids ...string) []byte {
	t.Helper()
	own := freshKey(t)
	var ek xmltree.Builder
	if err := xmlenc.SealKey(&ek, own, "ek-own", service().public(t), nil, nil, ""); err != nil {
		t.Fatal(err)
	}
	info := keyInfoWith([]byte(`<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="#ek-own"/></wsse:SecurityTokenReference>`))
	msg = bytes.Replace(msg, []byte("<ds:Signature "), []byte(`<ds:Signature Id="main" `), 1)
	msg = behind(t, msg, endTimestamp, ek.Bytes(), pieces)
	sig := signatureOver(t, msg, own, "", info, append(ids, "main")...)
	return behind(t, msg, `</xenc:EncryptedKey>`, sig)
}

// To sign somebody's signature is not to know what it is over: with a key that anybody
// can make, ciphertext of somebody else's becomes part of no message, and an answer is
// not protected with that key.
func TestEndorsingLiftsNoCiphertext(t *testing.T) {
	p := Protection{Sign: BodyTimestamp | PartAddressing, SignHeaders: []soap.Name{{Space: "urn:h", Local: "Tenant"}}, Encrypt: PartBody, Recipient: service().cert}
	p.EncryptHeaders = p.SignHeaders
	victim := write(t, "", p, x509Token(rsaUser(), RefDirect, 0))
	msg := endorsedBy(t, victim, nil, stampID(t, victim))
	for off, want := range map[check]Parts{0: 0, checkKeyBound: PartBody} {
		ev, err := receive(t, msg, reader(t), Policy{}, now, off)
		if err != nil || len(ev.Signers) != 2 || !ev.Signers[0].Made || !ev.Certificate.Equal(rsaUser().cert) {
			t.Fatalf("%+v, %v\n%s", ev, err, msg)
		}
		if got := ev.Signers[0].Covers & (BodyTimestamp | PartTo); got != want|PartTimestamp|PartTo {
			t.Errorf("without check %d the attacker's signature covers %v", off, got)
		}
		if n := len(ev.Headers[0].SignedBy()); n != 1 && off == 0 {
			t.Errorf("an encrypted header by %d signers", n)
		}
		o, ok, err := ev.Answer(Options{})
		if err != nil || !ok || !o.Protection.Recipient.Equal(rsaUser().cert) || len(o.Tokens) != 0 {
			t.Errorf("without check %d the answer is protected by %+v, %v", off, o, err)
		}
	}
	// With a password of his own the attacker would have sent the victim's Body.
	name := []byte(`<wsse:UsernameToken xmlns:wsse="` + xmltree.WSSE + `" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="u"><wsse:Username>alice</wsse:Username><wsse:Password>` + secretWord + `-password</wsse:Password></wsse:UsernameToken>`)
	msg = endorsedBy(t, victim, name, "u", stampID(t, victim))
	if ev, err := receive(t, msg, reader(t), Policy{}, now, checkKeyBound); err != nil || ev.Username == nil || !bodyIs("-body")(ev) {
		t.Fatalf("set-up error: the weakened verifier is not fooled: %v", err)
	}
	_, err := receive(t, msg, reader(t), Policy{}, now, 0)
	wantClass(t, err, ClassPolicy)
}

// The answer is for whoever sent the message, and not for somebody on the way who put a
// good signature of his own before the sender's, over what he cannot read.
func TestAnswerIsForTheSender(t *testing.T) {
	insider := makeIdentity("insider", 78, benchRSA())
	encrypted := Protection{Sign: BodyTimestamp, Encrypt: PartBody | PartToken, Recipient: service().cert}
	bodyID := func(msg []byte) string {
		return strings.Split(string(find(t, find(t, msg, `<s:Body[^>]*`), `wsu:Id="[^"]*"`)), `"`)[1]
	}
	first := func(msg []byte, key alg.Key, info []byte) []byte {
		return behind(t, msg, endTimestamp, signatureOver(t, msg, key, "", info, stampID(t, msg), bodyID(msg)))
	}
	byInsider := func(msg []byte) []byte { return first(msg, insider.key, xmldsig.X509KeyInfo(insider.cert)) }
	shared := freshKey(t)
	byShared := func(msg []byte) []byte {
		return first(msg, shared, keyInfoWith([]byte(`<ds:KeyName xmlns:ds="`+xmltree.DS+`">of an insider</ds:KeyName>`)))
	}
	l := reader(t)
	l.certs = append(l.certs, insider.cert)
	l.contexts["of an insider"] = shared
	for name, c := range map[string]struct {
		tokens  []Token
		attack  func([]byte) []byte
		sender  *x509.Certificate // nil: nothing is known to encrypt an answer with
		subject *x509.Certificate
	}{
		"a certificate, before a user's":         {[]Token{x509Token(rsaUser(), RefDirect, 0), user()}, byInsider, rsaUser().cert, rsaUser().cert},
		"a certificate, before a holder's":       {[]Token{Issued{XML: build(t, saml.V20, issuer(), holderOf(client())), Key: client().key}}, byInsider, nil, insider.cert},
		"a certificate, before that of a holder": {[]Token{Issued{XML: build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.HolderOfKey, Certificate: rsaUser().cert}), Key: rsaUser().key}}, byInsider, rsaUser().cert, insider.cert},
		"a shared key, before a certificate":     {[]Token{x509Token(rsaUser(), RefDirect, 0)}, byShared, rsaUser().cert, rsaUser().cert},
		"a shared key, before a user's":          {[]Token{x509Token(rsaUser(), RefDirect, 0), user()}, byShared, rsaUser().cert, rsaUser().cert},
	} {
		p := encrypted
		msg := c.attack(write(t, "", p, c.tokens...))
		ev, err := receive(t, msg, l, Policy{}, now, 0)
		if err != nil || len(ev.Signers) != 2 || !ev.Signers[0].Required || !ev.Certificate.Equal(c.subject) {
			t.Errorf("%s: %+v, %v", name, ev, err)
			continue
		}
		o, ok, err := ev.Answer(Options{})
		if c.sender == nil {
			if ClassOf(err) != ClassPolicy {
				t.Errorf("%s: %+v, %v", name, o.Protection, err)
			}
			continue
		}
		if err != nil || !ok || !o.Protection.Recipient.Equal(c.sender) || len(o.Tokens) != 0 {
			t.Errorf("%s: the answer is for %+v, %v", name, o, err)
		}
	}
	// A user whose key came with the message has his answer under that key.
	p := encrypted
	p.Symmetric = true
	ev, err := receive(t, byInsider(write(t, "", p, user())), l, Policy{}, now, 0)
	if err != nil || ev.Username == nil {
		t.Fatal(err)
	}
	if o, ok, err := ev.Answer(Options{}); err != nil || !ok || o.Protection.Recipient != nil || !o.Tokens[0].(Issued).Key.Equal(ev.Signers[1].root) {
		t.Errorf("%+v, %v", o, err)
	}
}
