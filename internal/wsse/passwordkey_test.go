package wsse

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

func derivedUser(name, password string) Username {
	return Username{Name: name, Password: func() []byte { return []byte(password) }, Derive: true}
}

// users know one password each, and count how often they are asked.
func users(asked *int, passwords map[string]string) lenient {
	l := trust(client())
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	l.Password = func(p Password) bool {
		*asked++
		if _, ok := p.Text(); ok {
			panic("a password where none was sent")
		}
		known, ok := passwords[p.Name()]
		return p.Matches([]byte(known)) && ok
	}
	return l
}

// The definition, a second time: K1 = SHA1(password + salt), Kn = SHA1(Kn-1).
func TestPasswordKeyIsThatOfTheProfile(t *testing.T) {
	salt := []byte("\x01123456789abcdef")
	sum := sha1.Sum(append([]byte("pässword"), salt...))
	for range 999 {
		sum = sha1.Sum(sum[:])
	}
	got, err := passwordKey([]byte("pässword"), salt, 1000)
	if err != nil || !bytes.Equal(got.Secret(), sum[:]) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestPasswordKey(t *testing.T) {
	right := map[string]string{"alice": "correct horse", "bob": "correct horse"}
	alice := derivedUser("alice", "correct horse")
	for _, c := range []struct {
		name string
		o    Options
		pol  Policy
	}{
		{"over TLS", Options{Tokens: []Token{alice}}, Policy{TLS: true}},
		{"signs", Options{Tokens: []Token{alice}, Protection: &Protection{Sign: BodyTimestamp}}, Policy{}},
		{"many iterations", Options{Tokens: []Token{Username{Name: "alice", Password: alice.Password, Derive: true, Iterations: maxIterations}}, Protection: &Protection{Sign: BodyTimestamp}}, Policy{}},
		{"through derived keys", Options{Tokens: []Token{alice}, Protection: &Protection{Sign: BodyTimestamp, Derived: Derived13}}, Policy{}},
		{"encrypts through derived keys", Options{Tokens: []Token{alice}, Protection: &Protection{Sign: BodyTimestamp, Encrypt: PartBody | PartSignature, Derived: Derived13}}, Policy{Encrypted: PartBody | PartSignature}},
		{"encrypts, then signs", Options{Tokens: []Token{alice}, Protection: &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Derived: Derived2005, Order: EncryptThenSign}}, Policy{Encrypted: PartBody}},
		{"encrypts the signature after it signed ciphertext", Options{Tokens: []Token{alice}, Protection: &Protection{Sign: BodyTimestamp | PartToken, Encrypt: PartBody | PartSignature, Derived: Derived13, Order: EncryptThenSign}}, Policy{Encrypted: PartBody | PartSignature}},
		{"in CBC", Options{Suite: alg.Legacy, Tokens: []Token{alice}, Protection: &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Derived: Derived13, Order: EncryptThenSign, Cipher: alg.AES256CBC}}, Policy{Suite: alg.Legacy, Encrypted: PartBody}},
		{"endorses", Options{Tokens: []Token{x509Token(client(), RefDirect, 0), alice}, Protection: &Protection{Sign: BodyTimestamp}}, Policy{}},
		{"endorses, encrypted for the service", Options{Tokens: []Token{x509Token(client(), RefDirect, 0), alice}, Protection: &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert}}, Policy{Encrypted: PartBody}},
		{"signs through derived keys, encrypted for the service", Options{Tokens: []Token{alice}, Protection: &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Derived: Derived13}}, Policy{Encrypted: PartBody}},
		{"endorses a symmetric signature", Options{Tokens: []Token{alice}, Protection: &Protection{Sign: BodyTimestamp, Symmetric: true, Recipient: service().cert, Derived: Derived13}}, Policy{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			msg := protect(t, c.o)
			for _, word := range []string{"Salt>", "Iteration>", typeUsername} {
				if !bytes.Contains(msg, []byte(word)) {
					t.Errorf("no %s in\n%s", word, msg)
				}
			}
			if bytes.Contains(msg, []byte("Password>")) || bytes.Contains(msg, []byte("correct horse")) {
				t.Errorf("the password is sent\n%s", msg)
			}
			asked := 0
			ev, err := receive(t, msg, users(&asked, right), c.pol, now, 0)
			if err != nil {
				t.Fatalf("%v\n%s", err, msg)
			}
			if ev.Username == nil || ev.Username.Name != "alice" || !ev.Username.Derived || ev.Username.Digest || asked == 0 || asked > 2 {
				t.Fatalf("%+v, asked %d times", ev.Username, asked)
			}
			// The answer cannot be under a key that the request alone has a name for.
			own := c.o.Protection != nil && c.o.Protection.Symmetric
			closed := c.pol.Encrypted != 0 && (ev.Certificate == nil || c.o.Protection.Recipient != nil) // client has no RSA key
			if _, same, err := ev.Answer(Options{}); same != own || closed != (ClassOf(err) == ClassPolicy && err != nil) {
				t.Errorf("an answer under the same key: %v, %v", same, err)
			}
			for _, wrong := range []map[string]string{{"alice": "battery staple"}, {"bob": "correct horse"}, {}} {
				_, err := receive(t, msg, users(&asked, wrong), c.pol, now, 0)
				wantClass(t, err, ClassTrust)
				if strings.Contains(err.Error(), "alice") || strings.Contains(err.Error(), "horse") {
					t.Errorf("the error tells who it was: %v", err)
				}
			}
			// Who is not asked, and who says yes without looking, knows no key.
			l := users(&asked, right)
			tries := 0
			for _, says := range []func(Password) bool{
				nil,
				func(Password) bool { return true },
				func(p Password) bool { p.Matches([]byte("correct horse")); return false }, // an account that is locked
				func(p Password) bool { // one that is locked in between, or is not looked at again
					tries++
					return p.Matches([]byte("correct horse")) && tries == 1 && c.pol.Encrypted&PartBody != 0 && c.o.Protection.Recipient == nil
				},
				func(p Password) bool {
					tries++
					return tries > 1 || p.Matches([]byte("correct horse")) && c.pol.Encrypted&PartBody != 0 && c.o.Protection.Recipient == nil
				},
			} {
				tries = 0
				l.Password = says
				_, err := receive(t, msg, l, c.pol, now, 0)
				wantClass(t, err, ClassTrust)
			}
			// A wrong try before the right one spoils nothing.
			l.Password = func(p Password) bool { return !p.Matches([]byte("old one")) && p.Matches([]byte("correct horse")) }
			if _, err := receive(t, msg, l, c.pol, now, 0); err != nil {
				t.Errorf("with a wrong try first: %v", err)
			}
			l.Password = func(p Password) bool {
				for range 30 { // padding in CBC fits by chance
					if !p.Matches([]byte("correct horse")) || p.Matches([]byte("old one")) {
						return false
					}
				}
				return true
			}
			if _, err := receive(t, msg, l, c.pol, now, 0); err != nil {
				t.Errorf("with a wrong try after it: %v", err)
			}
			// bob has the same password, and did not write this.
			if !c.pol.TLS {
				changed := bytes.Replace(msg, []byte("Username>alice<"), []byte("Username>bob<"), 1)
				if _, err := receive(t, changed, users(&asked, right), c.pol, now, 0); err == nil {
					t.Error("accepted as bob's")
				}
			}
		})
	}
}

// What is no proof of the password is none: a token whose key signs nothing, signs
// not enough, or is not bound to the message.
func TestPasswordKeyUnproved(t *testing.T) {
	asked := 0
	l := users(&asked, map[string]string{"alice": "pw"})
	alice := derivedUser("alice", "pw")
	o := Options{Tokens: []Token{x509Token(client(), RefDirect, 0), alice}, Protection: &Protection{Sign: BodyTimestamp}}
	msg := protect(t, o)
	// The endorsement is taken away.
	cut := bytes.LastIndex(msg, []byte("<ds:Signature "))
	end := cut + bytes.Index(msg[cut:], []byte("</ds:Signature>")) + len("</ds:Signature>")
	stripped := append(bytes.Clone(msg[:cut]), msg[end:]...)
	for _, tls := range []bool{true, false} {
		_, err := receive(t, stripped, l, Policy{TLS: tls}, now, 0)
		wantClass(t, err, ClassPolicy)
	}
	if asked != 0 {
		t.Error("asked about a password with nothing to try it on")
	}
	// Without TLS its own signature must cover all that is required.
	weak := derivedUser("alice", "pw")
	weak.Parts = PartTimestamp
	_, err := receive(t, protect(t, Options{Tokens: []Token{weak}}), l, Policy{}, now, 0)
	wantClass(t, err, ClassPolicy)
	body := x509Token(client(), RefDirect, BodyTimestamp)
	_, err = receive(t, protect(t, Options{Tokens: []Token{weak, body}}), l, Policy{}, now, 0)
	wantClass(t, err, ClassPolicy)
	if _, err = receive(t, protect(t, Options{Tokens: []Token{weak, body}}), l, Policy{TLS: true}, now, 0); err != nil {
		t.Error(err)
	}
}

// Somebody else's signature over body and token does not stand in for the token's
// own, which is over too little.
func TestPasswordKeyMustSignItself(t *testing.T) {
	asked := 0
	l := users(&asked, map[string]string{"alice": "pw"})
	for _, enough := range []bool{true, false} {
		w := &writer{
			out: outgoing().Prepared(), now: now, expect: new(Expect),
			o: Options{Tokens: []Token{x509Token(client(), RefDirect, 0), derivedUser("alice", "pw")}, Protection: &Protection{Sign: BodyTimestamp | PartToken}},
		}
		if err := w.plan(); err != nil {
			t.Fatal(err)
		}
		if s := &w.signers[1]; !enough {
			s.endorse, s.parts = false, PartTimestamp
		}
		msg, err := w.write()
		if err != nil {
			t.Fatal(err)
		}
		_, err = receive(t, msg, l, Policy{}, now, 0)
		if enough != (err == nil) || err != nil && ClassOf(err) != ClassPolicy {
			t.Errorf("enough %v: %v", enough, err)
		}
	}
}

func TestPasswordKeyLimits(t *testing.T) {
	asked := 0
	l := users(&asked, map[string]string{"alice": "pw"})
	msg := string(protect(t, Options{Tokens: []Token{derivedUser("alice", "pw")}}))
	from, to := strings.Index(msg, "<wsse11:Salt"), strings.Index(msg, "</wsse11:Iteration>")+len("</wsse11:Iteration>")
	with := func(s string) []byte {
		return []byte(msg[:from] + s + msg[to:])
	}
	ns := ` xmlns:wsse11="` + xmltree.WSSE11 + `"`
	salt := func(p string) string { return "<wsse11:Salt" + ns + ">" + base64Of([]byte(p)) + "</wsse11:Salt>" }
	iterations := func(n string) string { return "<wsse11:Iteration" + ns + ">" + n + "</wsse11:Iteration>" }
	const good = "\x01123456789abcdef"
	password := `<wsse:Password Type="` + passwordText + `">pw</wsse:Password>`
	for _, c := range []struct {
		name, xml string
		want      Class
	}{
		{"one iteration too few", salt(good) + iterations(fmt.Sprint(minIterations-1)), ClassPolicy},
		{"one too many", salt(good) + iterations(fmt.Sprint(maxIterations+1)), ClassLimit},
		{"very many", salt(good) + iterations("18446744073709551615"), ClassLimit},
		{"negative", salt(good) + iterations("-1000"), ClassFormat},
		{"a short salt", salt(good[:15]) + iterations("1000"), ClassFormat},
		{"a long salt", salt(good+"x") + iterations("1000"), ClassFormat},
		{"a salt for nothing", salt("\x03"+good[1:]) + iterations("1000"), ClassFormat},
		{"no salt", iterations("1000"), ClassFormat},
		{"two salts", salt(good) + salt(good), ClassFormat},
		{"a password too", salt(good) + password, ClassFormat},
		{"a salt for encryption", salt("\x02"+good[1:]) + iterations("1000"), ClassTrust},
		{"another salt", salt(good) + iterations("1000"), ClassTrust},
		{"a salt that is not base64", "<wsse11:Salt" + ns + ">!</wsse11:Salt>", ClassFormat},
	} {
		_, err := receive(t, with(c.xml), l, Policy{TLS: true}, now, 0)
		if got := ClassOf(err); err == nil || got != c.want {
			t.Errorf("%s: %v, want %v: %v", c.name, got, c.want, err)
		}
	}
	for _, o := range []Options{
		{Tokens: []Token{Username{Name: "a", Derive: true}}},
		{Tokens: []Token{Username{Name: "a", Password: derivedUser("a", "b").Password, Derive: true, Digest: true}}},
		{Tokens: []Token{Username{Name: "a", Password: derivedUser("a", "b").Password, Derive: true, Iterations: 999}}},
		{Tokens: []Token{Username{Name: "a", Password: derivedUser("a", "b").Password, Derive: true, Iterations: maxIterations + 1}}},
		{Tokens: []Token{derivedUser("a", "b")}, Version: V10},
		{Tokens: []Token{derivedUser("a", "b")}, Protection: &Protection{Sign: BodyTimestamp, Encrypt: PartBody}},
	} {
		if _, _, err := Protect(outgoing(), o, now); ClassOf(err) != ClassPolicy || err == nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// The key of the token is nothing that can be had without its user, and it is for
// nothing but signatures and derivation.
func TestPasswordSecret(t *testing.T) {
	for _, c := range []struct {
		user        alg.Key
		salt        byte
		size, depth int
		want        Class
	}{
		{alg.Key{}, saltForMAC, 0, 0, ClassTrust},
		{alg.Key{}, saltForMAC, 0, 1, ClassTrust},
		{secret(t), saltForMAC, 16, 0, ClassPolicy},
		{secret(t), saltForMAC, 16, 1, ClassPolicy},
		{secret(t), saltForCipher, 0, 0, ClassPolicy},
		{secret(t), saltForCipher, 0, 1, 0},
		{secret(t), saltForMAC, 0, 0, 0},
	} {
		sent := &proof{salt: []byte{c.salt}}
		v := &verifier{Pending: &Pending{password: Password{p: &sent}, walk: walk{user: c.user}}}
		got, err := v.passwordSecret(&source{}, c.size, c.depth)
		if c.want == 0 && (err != nil || !got.key.Equal(c.user)) || c.want != 0 && (err == nil || ClassOf(err) != c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Each token has a salt of its own, and signs what its Parts say.
func TestPasswordKeyWritten(t *testing.T) {
	asked := 0
	l := users(&asked, map[string]string{"alice": "pw"})
	salts := map[string]bool{}
	for want, parts := range map[Parts]Parts{PartTimestamp: 0, BodyTimestamp: BodyTimestamp, PartTimestamp | PartToken: PartTimestamp | PartToken} {
		tok := derivedUser("alice", "pw")
		tok.Parts = parts
		msg := protect(t, Options{Tokens: []Token{tok}})
		_, rest, _ := bytes.Cut(msg, []byte("<wsse11:Salt"))
		_, rest, _ = bytes.Cut(rest, []byte(">"))
		salt, ok := xmltree.DecodeBase64(rest[:bytes.IndexByte(rest, '<')])
		if !ok || len(salt) != saltSize || salt[0] != saltForMAC {
			t.Errorf("salt %x", salt)
		}
		salts[string(salt)] = true
		ev, err := receive(t, msg, l, Policy{TLS: true}, now, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := ev.Signers[0].Covers; got != want {
			t.Errorf("parts %v: covers %v", parts, got)
		}
	}
	if len(salts) != 3 {
		t.Error("one salt for two tokens")
	}
	for _, bad := range []Username{{Derive: true, Password: derivedUser("", "pw").Password}, {}, {Name: "a", Digest: true}} {
		if _, _, err := Protect(outgoing(), Options{Tokens: []Token{bad}}, now); err == nil {
			t.Errorf("%+v is written", bad)
		}
	}
}

// Name, password and nonce are of a size that a directory can be asked about.
func TestUsernameSizes(t *testing.T) {
	l := trust()
	l.Password = func(Password) bool { return true }
	token := func(name, password string, nonce int) []byte {
		x := `<o:UsernameToken xmlns:o="` + xmltree.WSSE + `"><o:Username>` + name + `</o:Username><o:Password>` + password + `</o:Password>`
		if nonce > 0 {
			x += `<o:Nonce>` + base64Of(bytes.Repeat([]byte("n"), nonce)) + `</o:Nonce>`
		}
		return protect(t, Options{Tokens: []Token{Issued{XML: []byte(x + `</o:UsernameToken>`)}}})
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name, password string
		nonce          int
		want           Class
	}{
		{long(maxName), "pw", 0, 0},
		{long(maxName + 1), "pw", 0, ClassFormat},
		{"", "pw", 0, ClassFormat},
		{"alice", long(maxPassword), 0, 0},
		{"alice", long(maxPassword + 1), 0, ClassLimit},
		{"alice", "", 0, 0},
		{"alice", "pw", minNonce, 0},
		{"alice", "pw", minNonce - 1, ClassFormat},
		{"alice", "pw", maxNonce, 0},
		{"alice", "pw", maxNonce + 1, ClassFormat},
	} {
		_, err := receive(t, token(c.name, c.password, c.nonce), l, Policy{TLS: true}, now, 0)
		if c.want == 0 && err != nil || c.want != 0 && (err == nil || ClassOf(err) != c.want) {
			t.Errorf("%d %d %d: %v", len(c.name), len(c.password), c.nonce, err)
		}
	}
}

// A salt that says that the key is for encryption makes none that signs, even if
// everything else fits.
func TestPasswordKeySaltSaysWhatFor(t *testing.T) {
	asked := 0
	l := users(&asked, map[string]string{"alice": "pw"})
	for _, first := range []string{"\x01", "\x02"} {
		salt := first + "123456789abcdef"
		key, err := passwordKey([]byte("pw"), []byte(salt), 1000)
		if err != nil {
			t.Fatal(err)
		}
		tok := Issued{
			Key: key,
			XML: []byte(`<wsse:UsernameToken xmlns:wsse="` + xmltree.WSSE + `" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="u"><wsse:Username>alice</wsse:Username>` +
				`<w:Salt xmlns:w="` + xmltree.WSSE11 + `">` + base64Of([]byte(salt)) + `</w:Salt></wsse:UsernameToken>`),
			Attached: []byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="#u"/></o:SecurityTokenReference>`),
		}
		for _, derived := range []Derivation{NotDerived, Derived13} {
			msg := protect(t, Options{Tokens: []Token{tok}, Protection: &Protection{Sign: BodyTimestamp | PartToken, Derived: derived}})
			_, err := receive(t, msg, l, Policy{}, now, 0)
			if first == "\x02" && derived == NotDerived {
				wantClass(t, err, ClassTrust)
			} else if err != nil {
				t.Errorf("salt %x, derived %v: %v", first, derived, err)
			}
		}
	}
}
