package wsse

import (
	"bytes"
	"testing"

	"wstrust/internal/soap"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// A part is encrypted if nothing of it was in the clear: neither text beside its one
// encrypted element, nor an element beside one that was encrypted twice.
func TestPartsInTheClearAreNotEncrypted(t *testing.T) {
	header := soap.Name{Space: "urn:h", Local: "H"}
	const inside = `<h:a xmlns:h="urn:h"/>`
	_, ekInner, inner := sealedFor(t, "", "y", inside, xmlenc.Element)
	_, ek, twice := sealedFor(t, "", "x", string(inner), xmlenc.Element)
	_, ekOnce, once := sealedFor(t, "", "z", inside, xmlenc.Element)
	both := append(ek, ekInner...)
	for name, c := range map[string]struct {
		content string
		keys    []byte
		want    bool
	}{
		"one":                    {string(once), ekOnce, true},
		"one, and text":          {"in the clear" + string(once), ekOnce, false},
		"one, and an element":    {string(once) + `<h:b/>`, ekOnce, false},
		"twice":                  {string(twice), both, true},
		"twice, and an element":  {string(twice) + `<h:b/>`, both, false},
		"twice, and another one": {string(twice) + string(once), append(bytes.Clone(both), ekOnce...), true},
	} {
		out := outgoing()
		out.Headers = [][]byte{[]byte(`<h:H xmlns:h="urn:h">` + c.content + `</h:H>`)}
		msg, _, err := Protect(out, Options{Tokens: []Token{x509Token(rsaUser(), RefDirect, 0)}, Protection: &Protection{Sign: BodyTimestamp, AllHeaders: true}}, now)
		if err != nil {
			t.Fatal(err)
		}
		msg = swap(t, msg, endSecurity, append(bytes.Clone(c.keys), endSecurity...))
		ev, err := receive(t, msg, reader(t), Policy{}, now, 0)
		if err != nil || len(ev.Headers) != 1 {
			t.Fatalf("%s: %v\n%s", name, err, msg)
		}
		if got := ev.Headers[0].Encrypted() != nil; got != c.want {
			t.Errorf("%s: encrypted %v", name, got)
		}
		_, err = receive(t, msg, reader(t), Policy{EncryptedHeaders: []soap.Name{header}}, now, 0)
		if (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The key of an assertion that was encrypted may name our certificate by what is not in
// the message. That says nothing about which of our keys it is for, and leaves the one
// that we have.
func TestKeyInAnEncryptedAssertion(t *testing.T) {
	named := keyInfoWith([]byte(`<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="#certificate"/></wsse:SecurityTokenReference>`))
	var key xmltree.Builder
	if err := xmlenc.SealKey(&key, secret(t), "", service().public(t), named, nil, ""); err != nil {
		t.Fatal(err)
	}
	a := build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.HolderOfKey, EncryptedKey: key.Bytes()})
	msg := protect(t, Options{Tokens: []Token{Issued{XML: encryptedAssertion(t, a, service(), true), Key: secret(t), Attached: attachedTo(a)}}})
	l := reader(t)
	ev, err := receive(t, msg, l, Policy{TLS: true}, now, 0)
	if err != nil || ev.Confirmation != saml.HolderOfKey {
		t.Fatalf("%+v, %v", ev, err)
	}
	l.Recipients = append(l.Recipients, Recipient{Key: rsaUser().key, Certificate: rsaUser().cert})
	_, err = receive(t, msg, l, Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassDecrypt)
}
