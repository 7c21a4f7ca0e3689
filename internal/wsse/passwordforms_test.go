package wsse

import (
	"bytes"
	"fmt"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// The key of a password signs and encrypts in whatever steps the message is opened;
// the username token stands in all of its forms.
func TestPasswordKeyInEveryForm(t *testing.T) {
	asked := 0
	l := users(&asked, map[string]string{"alice": "pw"})
	for _, derived := range []Derivation{Derived13, Derived2005, Implied13} {
		for _, order := range []Order{SignThenEncrypt, EncryptThenSign} {
			for _, cipher := range []string{alg.AES256GCM, alg.AES256CBC} {
				p := Protection{Sign: BodyTimestamp | PartToken, Encrypt: PartBody, Derived: derived, Order: order, Cipher: cipher}
				if cipher == alg.AES256GCM {
					p.Encrypt |= PartSignature // which CBC is not opened without
				} else if order == SignThenEncrypt {
					continue
				}
				msg := protect(t, Options{Suite: alg.Legacy, Tokens: []Token{derivedUser("alice", "pw")}, Protection: &p})
				ev, err := receive(t, msg, l, Policy{Suite: alg.Legacy, Encrypted: p.Encrypt}, now, 0)
				if err != nil || ev.Username == nil || !ev.Body.Signed() {
					t.Errorf("derived %v, order %v, %s: %v", derived, order, cipher, err)
				}
			}
		}
	}
	// A copy of the token in the reference is not the token, nor is anything else.
	msg := protect(t, Options{Tokens: []Token{derivedUser("alice", "pw")}, Protection: &Protection{Sign: BodyTimestamp}})
	id := wsuIDOf(t, msg, `<wsse:UsernameToken .*?>`)
	root, err := parseOwn(msg)
	if err != nil {
		t.Fatal(err)
	}
	token := bytes.Replace(descendant(root, "UsernameToken").Standalone(), []byte(id), []byte("copy"), 1)
	reference := `<wsse:Reference URI="#` + id + `"[^>]*/>`
	for _, other := range [][]byte{
		bytes.Join([][]byte{[]byte("<wsse:Embedded>"), token, []byte("</wsse:Embedded>")}, nil),
		[]byte(`<wsse:Reference URI="#` + stampID(t, msg) + `"/>`),
	} {
		_, err = receive(t, swap(t, msg, reference, other), l, Policy{}, now, 0)
		wantClass(t, err, ClassPolicy)
	}
}

// underPassword is a message of alice's whose password is pw: a key that is derived
// from it wraps the key of the Body, which the function returns. Something else is
// opened before.
func underPassword(t testing.TB) (msg []byte, inner alg.Key) {
	t.Helper()
	inner = freshKey(t)
	_, first, data := sealedFor(t, "", "x", "opened first", xmlenc.Content)
	out := protected()
	out.Headers = append(out.Headers, []byte(`<h:First xmlns:h="urn:h">`+string(data)+`</h:First>`))
	out.Body = sealedWith(t, "ed-body", `<o:Get xmlns:o="urn:orders">hidden</o:Get>`, xmlenc.Content, inner, referring("under-password"))
	msg, _, err := Protect(out, Options{Tokens: []Token{derivedUser("alice", "pw")}, Protection: &Protection{Sign: BodyTimestamp}}, now)
	if err != nil {
		t.Fatal(err)
	}
	root, err := parseOwn(msg)
	if err != nil {
		t.Fatal(err)
	}
	salt, err := descendant(root, "Salt").Base64()
	if err != nil {
		t.Fatal(err)
	}
	password, err := passwordKey([]byte("pw"), salt, defaultIterations)
	if err != nil {
		t.Fatal(err)
	}
	d := derivation{label: defaultLabel, nonce: random(16), length: 32}
	key, err := d.key(password)
	if err != nil {
		t.Fatal(err)
	}
	toUser := bytes.Replace(referring(wsuIDOf(t, msg, anyUser)), []byte("<wsse:SecurityTokenReference "), fmt.Appendf(nil, `<wsse:SecurityTokenReference xmlns:wsc="%s" wsc:Nonce="%s" `, xmltree.SC13, base64Of(d.nonce)), 1)
	var b xmltree.Builder
	if err := xmlenc.SealKey(&b, inner, "under-password", key, toUser, nil, ""); err != nil {
		t.Fatal(err)
	}
	return behind(t, msg, endTimestamp, first, b.Bytes()), inner
}

const anyUser = `<wsse:UsernameToken .*?</wsse:UsernameToken>`

// A password that is tried and is wrong leaves nothing behind for the right one: no
// key that was opened with it.
func TestWrongPasswordLeavesNoKey(t *testing.T) {
	msg, _ := underPassword(t)
	asked := 0
	l := users(&asked, nil)
	l.Password = func(p Password) bool { return !p.Matches([]byte("old one")) && p.Matches([]byte("pw")) }
	ev, err := receive(t, msg, l, Policy{}, now, 0)
	if err != nil || ev.Username == nil || !bytes.Contains(ev.Body.Element().Raw(), []byte("hidden")) {
		t.Fatalf("%+v, %v", ev, err)
	}
	l.Password = func(p Password) bool { return p.Matches([]byte("old one")) }
	_, err = receive(t, msg, l, Policy{}, now, 0)
	wantClass(t, err, ClassTrust)
}

// Nor does the right one leave a key behind that makes any other right: whose password
// it is shows anew when the message is verified.
func TestRightPasswordLeavesNoKey(t *testing.T) {
	msg, inner := underPassword(t)
	msg = swap(t, msg, `<ds:Signature .*?</ds:Signature>`, nil)
	ids := []string{stampID(t, msg), wsuIDOf(t, msg, anyUser), wsuIDOf(t, msg, anyBody)}
	msg = swap(t, msg, endSecurity, append(signatureOver(t, msg, inner, "", referring("under-password"), ids...), endSecurity...))
	asked := 0
	l := users(&asked, map[string]string{"alice": "pw"})
	ev, err := receive(t, msg, l, Policy{}, now, 0)
	if err != nil || ev.Username == nil || !ev.Username.Derived || asked != 2 {
		t.Fatalf("%+v, %v, asked %d times", ev, err, asked)
	}
	asked = 0
	l.Password = func(p Password) bool {
		asked++
		return p.Matches([]byte([]string{"pw", "another"}[asked-1]))
	}
	_, err = receive(t, msg, l, Policy{}, now, 0)
	if ClassOf(err) != ClassTrust || asked != 2 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}
