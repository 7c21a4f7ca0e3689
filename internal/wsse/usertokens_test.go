package wsse

import (
	"bytes"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// A Password that is none matches nothing, and neither does one that is asked again
// when the message was verified, or refused, long ago.
func TestPasswordsThatAreNone(t *testing.T) {
	var none Password
	if text, ok := none.Text(); ok || text != nil || none.Name() != "" {
		t.Errorf("%q, %v", text, ok)
	}
	for _, try := range []string{"", "pw"} {
		if none.Matches([]byte(try)) {
			t.Errorf("no password is %q", try)
		}
	}
	asked := 0
	l := users(&asked, map[string]string{"alice": "pw"})
	ask := l.Password
	var kept Password
	l.Password = func(p Password) bool { kept = p; return ask(p) }
	for _, password := range []string{"pw", "another"} {
		_, err := receive(t, protect(t, Options{Tokens: []Token{derivedUser("alice", password)}}), l, Policy{TLS: true}, now, 0)
		if (err == nil) != (password == "pw") {
			t.Errorf("%s: %v", password, err)
		}
		if kept.Name() != "alice" || kept.Matches([]byte("pw")) || kept.Matches([]byte(password)) {
			t.Errorf("%s: the key of a message that is done with matches", password)
		}
	}
}

// Tokens are written as peers want them: a password by its type, a digest with a nonce
// of its own, and nothing that XML cannot carry.
func TestUserTokensWritten(t *testing.T) {
	say := func(password string) func() []byte { return func() []byte { return []byte(password) } }
	msg := protect(t, Options{Tokens: []Token{Username{Name: "alice", Password: say("pw")}}})
	if !bytes.Contains(msg, []byte(`<wsse:Password Type="`+passwordText+`">pw<`)) {
		t.Errorf("no type in\n%s", msg)
	}
	seen := map[string]bool{}
	for range 3 {
		msg := protect(t, Options{Tokens: []Token{Username{Name: "alice", Password: say("pw"), Digest: true}}})
		_, rest, _ := bytes.Cut(msg, []byte("<wsse:Nonce"))
		how, rest, _ := bytes.Cut(rest, []byte(">"))
		if !bytes.Contains(how, []byte(encodingBase64)) {
			t.Errorf("a nonce of no encoding: %s", how)
		}
		nonce, ok := xmltree.DecodeBase64(rest[:bytes.IndexByte(rest, '<')])
		if !ok || len(nonce) != nonceSize || seen[string(nonce)] {
			t.Errorf("nonce %x", nonce)
		}
		seen[string(nonce)] = true
	}
	for _, bad := range []string{"a\x00", "\x1b", "\xff", "\uffff"} {
		if msg, _, err := Protect(outgoing(), Options{Tokens: []Token{Username{Name: "alice", Password: say(bad)}}}, now); err == nil || ClassOf(err) != ClassFormat || msg != nil {
			t.Errorf("%q: %v", bad, err)
		} else if strings.Contains(err.Error(), bad) {
			t.Errorf("%q is told", bad)
		}
	}
}

// A token that is to be signed through a reference, and that no reference can name, is
// an error.
func TestTokensWithoutAName(t *testing.T) {
	for name, c := range map[string]struct {
		xml  string
		want Class
	}{
		"no id":                 {`<x:T xmlns:x="urn:x"/>`, ClassPolicy},
		"a context of no name":  {`<c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `"/>`, ClassFormat},
		"an assertion of no id": {`<a:Assertion xmlns:a="` + xmltree.SAML20 + `"/>`, ClassPolicy},
	} {
		o := Options{Tokens: []Token{x509Token(client(), RefDirect, 0), Issued{XML: []byte(c.xml), STRTransform: true}}, Protection: &Protection{Sign: BodyTimestamp}}
		if _, _, err := Protect(outgoing(), o, now); err == nil || ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The answer to what was encrypted is not sent in the clear because nobody can be found
// to encrypt it for: not by a key that nothing is encrypted with, nor by none.
func TestAnswersThatCannotBeEncrypted(t *testing.T) {
	for name, ev := range map[string]*Evidence{
		"a certificate for signatures": {Encrypted: PartBody, binding: binding{certificate: client().cert}},
		"no certificate":               {Encrypted: PartBody},
	} {
		o, ok, err := ev.Answer(Options{Reply: true})
		if err == nil || ClassOf(err) != ClassPolicy || ok || o.Protection != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	ev := &Evidence{Encrypted: PartBody, binding: binding{certificate: rsaUser().cert}}
	if o, ok, err := ev.Answer(Options{Reply: true}); err != nil || !ok || !o.Protection.Recipient.Equal(rsaUser().cert) || o.Protection.Encrypt != PartBody {
		t.Errorf("%v, %v", ok, err)
	}
	if (alg.Key{}).CanEncrypt() {
		t.Error("no key encrypts")
	}
}
