package wsse

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// assertionOf is an assertion about somebody, by the issuer that is trusted.
func assertionOf(t testing.TB, name string, conf ...saml.Confirmation) []byte {
	t.Helper()
	b := saml.Build{
		Version: saml.V20, Issuer: issuerName, IssueInstant: now,
		Subject:    saml.Subject{NameID: name, Confirmations: conf},
		Conditions: saml.Conditions{NotBefore: now, NotOnOrAfter: now.Add(time.Hour), Audiences: [][]string{{serviceURL}}},
	}
	x, err := b.XML(issuer().key, certificates(issuer().cert), "")
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// embedding is key information that brings an assertion along.
func embedding(assertion []byte) []byte {
	return keyInfoWith([]byte(`<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Embedded>` + string(assertion) + `</wsse:Embedded></wsse:SecurityTokenReference>`))
}

// underHolder is a message by the holder of own, whose assertion stands in the key
// information of an EncryptedKey; the key in that signs. Another assertion comes
// out of ciphertext afterwards.
func underHolder(t testing.TB, own alg.Key, assertion, hidden []byte) []byte {
	t.Helper()
	inner := freshKey(t)
	var key, data xmltree.Builder
	if err := xmlenc.SealKey(&key, inner, "inner", own, embedding(assertion), []string{"ed-first"}, ""); err != nil {
		t.Fatal(err)
	}
	if err := xmlenc.Seal(&data, []byte("opened first"), xmlenc.Content, "ed-first", inner, nil, ""); err != nil {
		t.Fatal(err)
	}
	out := protected()
	out.Headers = append(out.Headers, []byte(`<h:First xmlns:h="urn:h">`+string(data.Bytes())+`</h:First>`))
	str := []byte(`<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="#inner"/></wsse:SecurityTokenReference>`)
	o := Options{Tokens: []Token{Issued{Key: inner, Unsent: true, Attached: str}}, Protection: &Protection{Sign: BodyTimestamp}}
	msg, _, err := Protect(out, o, now)
	if err != nil {
		t.Fatal(err)
	}
	more := key.Bytes()
	if hidden != nil {
		_, ek, ed := sealedFor(t, "", "hidden", string(hidden), xmlenc.Element)
		more = bytes.Join([][]byte{more, ek, ed}, nil)
	}
	return swap(t, msg, endTimestamp, append([]byte(endTimestamp), more...))
}

// Who proves one assertion has not proved another: the key of an assertion that is
// met while the message is opened is not the key of the one that it has then.
func TestHolderOfAnotherAssertion(t *testing.T) {
	own := freshKey(t)
	mine := assertionOf(t, "mallory", sealed(t, own))
	l := reader(t)
	ev, err := receive(t, underHolder(t, own, mine, nil), l, Policy{}, now, 0)
	if err != nil || ev.Assertion.Subject.NameID != "mallory" || ev.Confirmation != saml.HolderOfKey {
		t.Fatalf("%+v, %v", ev, err)
	}
	for name, conf := range map[string]saml.Confirmation{
		"public key": holderOf(client()),
		"symmetric":  sealed(t, secret(t)),
		"bearer":     {Kind: saml.Bearer},
	} {
		msg := underHolder(t, own, mine, build(t, saml.V20, issuer(), conf))
		for _, tls := range []bool{false, true} {
			if ev, err := receive(t, msg, l, Policy{TLS: tls}, now, 0); err == nil {
				t.Errorf("%s: mallory's key proves an assertion about %s, %s", name, ev.Assertion.Subject.NameID, ev.Confirmation)
			} else if c := ClassOf(err); c != ClassWrapping {
				t.Errorf("%s: class %v: %v", name, c, err)
			}
		}
	}
}

// The key of an assertion that went with the ciphertext that it stood in is
// nobody's.
func TestHolderOfAVanishedAssertion(t *testing.T) {
	own := freshKey(t)
	mine := assertionOf(t, "mallory", sealed(t, own))
	d := derivation{label: defaultLabel, nonce: random(16), length: 32}
	key, err := d.key(own)
	if err != nil {
		t.Fatal(err)
	}
	var token xmltree.Builder
	writeBST(&token, x509Token(client(), RefDirect, 0), "")
	var data xmltree.Builder
	if err := xmlenc.Seal(&data, token.Bytes(), xmlenc.Element, "ed-token", key, bytes.Replace(embedding(mine), []byte("<wsse:SecurityTokenReference "), fmt.Appendf(nil, `<wsse:SecurityTokenReference xmlns:wsc="%s" wsc:Nonce="%s" `, xmltree.SC13, base64Of(d.nonce)), 1), ""); err != nil {
		t.Fatal(err)
	}
	msg := underHolder(t, own, mine, nil)
	msg = bytes.Replace(msg, embedding(mine), keyInfoWith(attachedTo(mine)), 1)
	msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), data.Bytes()...))
	_, err = receive(t, msg, reader(t), Policy{Anonymous: true}, now, 0)
	wantClass(t, err, ClassTrust)
}
