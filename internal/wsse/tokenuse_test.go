package wsse

import (
	"bytes"
	"strings"
	"testing"

	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// A reference that gives a type must give that of the token it ends at.
func TestReferencedTypeIsThatOfTheToken(t *testing.T) {
	for name, c := range map[string]struct {
		p      Protection
		tokens []Token
		typ    string
	}{
		"certificate":   {Protection{Sign: BodyTimestamp}, []Token{x509Token(client(), RefDirect, 0)}, typeX509v3},
		"encrypted key": {Protection{Sign: BodyTimestamp, Symmetric: true, Recipient: service().cert}, []Token{user()}, typeEncryptedKey},
		"context":       {Protection{Sign: BodyTimestamp}, []Token{contextIssued(t)}, typeSCT13},
		"derived key":   {Protection{Sign: BodyTimestamp, Derived: Derived13}, []Token{contextIssued(t)}, xmltree.SC13 + derivedTokenSuffix},
	} {
		msg := write(t, "", c.p, c.tokens...)
		if _, err := receive(t, msg, reader(t), Policy{}, now, 0); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		at := bytes.LastIndex(msg, []byte(`ValueType="`+c.typ+`"`))
		if at < 0 {
			t.Fatalf("%s: no type in %s", name, msg)
		}
		other := append(bytes.Clone(msg[:at]), bytes.Replace(msg[at:], []byte(c.typ), []byte("urn:other"), 1)...)
		_, err := receive(t, other, reader(t), Policy{}, now, 0)
		wantClass(t, err, ClassPolicy)
	}
}

// W15: a certificate that is signed is the one that is used. Two certificates for
// one key are two names.
func TestSignedCertificateIsTheOneUsed(t *testing.T) {
	good, evil := makeIdentity("good", 21, benchRSA()), makeIdentity("evil namesake", 22, benchRSA())
	msg := write(t, "", Protection{Sign: BodyTimestamp | PartToken}, x509Token(good, RefDirect, 0))
	bst := find(t, msg, `<wsse:BinarySecurityToken .*?</wsse:BinarySecurityToken>`)
	second := bytes.Replace(bst, []byte(base64Of(good.cert.Raw)), []byte(base64Of(evil.cert.Raw)), 1)
	id := strings.Split(string(find(t, bst, `wsu:Id="[^"]*"`)), `"`)[1]
	second = bytes.Replace(second, []byte(id), []byte("second"), 1)
	l := trust(good, evil)
	for _, m := range [][]byte{
		bytes.Replace(msg, bst, append(bytes.Clone(bst), second...), 1),
		bytes.Replace(msg, bst, append(bytes.Clone(second), bst...), 1),
	} {
		m = swap(t, m, `<wsse:Reference URI="#`+id+`"`, []byte(`<wsse:Reference URI="#second"`))
		ev, err := receive(t, m, l, Policy{}, now, checkToken)
		if err != nil || !ev.Certificate.Equal(evil.cert) {
			t.Fatalf("set-up error: the weakened verifier: %v", err)
		}
		_, err = receive(t, m, l, Policy{}, now, 0)
		wantClass(t, err, ClassWrapping)
	}
	// A certificate that an endorsing signature uses may be signed by the main one.
	two := write(t, "", Protection{Sign: BodyTimestamp | PartToken}, x509Token(good, RefDirect, 0), x509Token(client(), RefDirect, 0))
	if _, err := receive(t, two, trust(good, client()), Policy{}, now, 0); err != nil {
		t.Error(err)
	}
	// That there is a second signature does not make a stranger's certificate its.
	parts := BodyTimestamp | PartToken
	two = protect(t, Options{Tokens: []Token{x509Token(good, RefDirect, parts), x509Token(client(), RefDirect, parts)}})
	bst = find(t, two, `<wsse:BinarySecurityToken .*?</wsse:BinarySecurityToken>`)
	id = strings.Split(string(find(t, bst, `wsu:Id="[^"]*"`)), `"`)[1]
	second = bytes.Replace(bytes.Replace(bst, []byte(base64Of(good.cert.Raw)), []byte(base64Of(evil.cert.Raw)), 1), []byte(id), []byte("second"), 1)
	two = bytes.Replace(two, bst, append(bytes.Clone(bst), second...), 1)
	two = swap(t, two, `<wsse:Reference URI="#`+id+`"`, []byte(`<wsse:Reference URI="#second"`))
	_, err := receive(t, two, trust(good, evil, client()), Policy{}, now, 0)
	wantClass(t, err, ClassWrapping)
}

// References to what is inside a part are refused before anything is digested: a
// signature can make us digest the message once, and not once for each reference.
func TestNestedReferencesCostNothing(t *testing.T) {
	var open, end strings.Builder
	const deep = 25
	for i := range deep {
		open.WriteString(`<x:n xmlns:x="urn:x" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="n` + string(rune('A'+i)) + `">`)
		end.WriteString("</x:n>")
	}
	out := protected()
	out.Body = []byte(open.String() + strings.Repeat("text ", 30000) + end.String())
	plain, _, err := Protect(out, Options{Tokens: []Token{user()}}, now)
	if err != nil {
		t.Fatal(err)
	}
	root, err := parseOwn(plain)
	if err != nil {
		t.Fatal(err)
	}
	var refs []xmldsig.Ref
	for i := range deep {
		id := "n" + string(rune('A'+i))
		e, err := xmltree.ByID(root, id)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, xmldsig.Ref{ID: id, Elem: e})
	}
	sig, err := xmldsig.Sign(client().key, "", "", refs, xmldsig.X509KeyInfo(client().cert))
	if err != nil {
		t.Fatal(err)
	}
	msg := swap(t, plain, endSecurity, append(bytes.Repeat(sig, 8), endSecurity...))
	l := trust(client())
	l.Password = func(Password) bool { return true }
	// A value that is wrong as well shows that nothing was digested yet.
	msg = bytes.ReplaceAll(msg, []byte("<ds:SignatureValue>"), []byte("<ds:SignatureValue>AAAA"))
	_, err = receive(t, msg, l, Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassWrapping)
}
