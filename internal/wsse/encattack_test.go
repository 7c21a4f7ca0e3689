package wsse

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"regexp"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// Attacks on encrypted messages and derived keys. They are made by code, since
// the attacker works with ciphertext and keys, not only with elements. Each is
// first read by a verifier without the checks named by off, which must be
// fooled: so what is right in it is right, signatures and ciphers alike. Where
// off is 0 the way the reader is built, or a package below, stops the attack,
// and there is nothing to switch off.
type encAttack struct {
	name   string
	make   func(t *testing.T) []byte
	suite  alg.Suite
	off    check
	pol    Policy
	fooled func(ev *Evidence) bool
	class  Class
}

// reader is who the attacks are sent to.
func reader(t testing.TB) lenient {
	l := trust(client(), rsaUser())
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	l.contexts = map[string]alg.Key{"urn:ctx": secret(t)}
	l.Password = func(p Password) bool { return p.Matches([]byte(secretWord + "-password")) }
	return l
}

func (a *encAttack) read(t *testing.T, msg []byte, off check) (*Evidence, error) {
	pol := a.pol
	pol.Suite = a.suite
	return receive(t, msg, reader(t), pol, now, off)
}

func TestEncryptionAttacks(t *testing.T) {
	for _, a := range encAttacks() {
		t.Run(a.name, func(t *testing.T) {
			msg := a.make(t)
			if a.off != 0 {
				ev, err := a.read(t, msg, a.off)
				if err != nil {
					t.Fatalf("set-up error: the weakened verifier refuses it too: %v\n%s", err, msg)
				}
				if a.fooled != nil && !a.fooled(ev) {
					t.Fatalf("set-up error: the weakened verifier is not fooled\n%s", msg)
				}
			}
			_, err := a.read(t, msg, 0)
			if err == nil {
				t.Fatalf("accepted\n%s", msg)
			}
			if ClassOf(err) != a.class {
				t.Fatalf("class %v, want %v: %v", ClassOf(err), a.class, err)
			}
			// The peer is told one thing.
			if f := WireFault(err); !errors.Is(err, soap.ErrMustUnderstand) && f.Reason != WireFault(decryptFailed(xmltree.Elem{})).Reason {
				t.Errorf("fault %+v", f)
			}
		})
	}
}

// write protects the ordinary message.
func write(t testing.TB, suite alg.Suite, p Protection, tokens ...Token) []byte {
	t.Helper()
	msg, _, err := Protect(protected(), Options{Suite: suite, Protection: &p, Tokens: tokens}, now)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func bodyIs(word string) func(*Evidence) bool {
	return func(ev *Evidence) bool {
		return ev.Body != nil && bytes.Contains(ev.Body.Element().Raw(), []byte(word))
	}
}

// swap replaces what an expression finds, which must be there.
func swap(t testing.TB, msg []byte, expr string, by []byte) []byte {
	t.Helper()
	re := regexp.MustCompile(expr)
	at := re.FindIndex(msg)
	if at == nil {
		t.Fatalf("set-up error: no %s in %s", expr, msg)
	}
	return bytes.Join([][]byte{msg[:at[0]], by, msg[at[1]:]}, nil)
}

func find(t testing.TB, msg []byte, expr string) []byte {
	t.Helper()
	found := regexp.MustCompile(expr).Find(msg)
	if found == nil {
		t.Fatalf("set-up error: no %s in %s", expr, msg)
	}
	return found
}

// sealedFor is an EncryptedKey with a key of the attacker's for the service, and
// EncryptedData under it.
func sealedFor(t testing.TB, suite alg.Suite, id string, plain, typ string) (key alg.Key, ek, ed []byte) {
	t.Helper()
	key, err := suite.NewSessionKey()
	if err != nil {
		t.Fatal(err)
	}
	var b, d xmltree.Builder
	if err := xmlenc.SealKey(&b, key, "ek-"+id, service().public(t), nil, []string{"ed-" + id}, suite); err != nil {
		t.Fatal(err)
	}
	if err := xmlenc.Seal(&d, []byte(plain), typ, "ed-"+id, key, nil, suite); err != nil {
		t.Fatal(err)
	}
	return key, b.Bytes(), d.Bytes()
}

// withNonce encrypts with AES-GCM under a nonce of the caller's choice, which no
// honest sender does.
func withNonce(t testing.TB, key alg.Key, nonce []byte, id, plain string) []byte {
	t.Helper()
	block, err := aes.NewCipher(key.Secret())
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	var b xmltree.Builder
	b.Start(xmltree.XENC, "EncryptedData")
	b.Attr("", "Id", id)
	b.Attr("", "Type", xmlenc.Content)
	b.Start(xmltree.XENC, "EncryptionMethod")
	b.Attr("", "Algorithm", alg.AES256GCM)
	b.End()
	b.Start(xmltree.XENC, "CipherData")
	b.Start(xmltree.XENC, "CipherValue")
	b.Base64(aead.Seal(nonce, nonce, []byte(plain), nil))
	b.End()
	b.End()
	b.End()
	return b.Bytes()
}

// Expressions for the pieces of our own messages.
const (
	anyData      = `<xenc:EncryptedData .*?</xenc:EncryptedData>`
	anyKey       = `<xenc:EncryptedKey .*?</xenc:EncryptedKey>`
	anyList      = `<xenc:ReferenceList.*?</xenc:ReferenceList>`
	anyBody      = `<s:Body.*?</s:Body>`
	endSecurity  = `</wsse:Security>`
	endTimestamp = `</wsu:Timestamp>`
)

// emptied finds a key under which a signed CBC ciphertext of one block decrypts
// to nothing at all: one key in 256 does.
func emptied(t testing.TB, data []byte) alg.Key {
	t.Helper()
	d, err := xmltree.Parse(data, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	value, err := xmlenc.CipherValue(d.Root())
	if err != nil || len(value) != 32 {
		t.Fatalf("%d octets, %v", len(value), err)
	}
	for i := uint64(1); i < 1e6; i++ {
		b := bytes.Repeat([]byte{7}, 32)
		binary.BigEndian.PutUint64(b, i)
		if plain, err := alg.Basic256.Decrypt(alg.AES256CBC, b, value); err == nil && len(plain) == 0 {
			k, err := alg.SecretKey(b)
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
	}
	t.Fatal("no such key")
	return alg.Key{}
}

// underDerived signs a message under a security context with a derived key, of
// which the attacker chooses everything.
func underDerived(t testing.TB, inside string, d derivation) []byte {
	t.Helper()
	if d.label == "" {
		d.label = defaultLabel
	}
	if d.length == 0 {
		d.length = defaultLength
	}
	if d.nonce == nil {
		d.nonce = bytes.Repeat([]byte{9}, 16)
	}
	key, err := d.key(secret(t))
	if err != nil {
		t.Fatal(err)
	}
	inside = strings.ReplaceAll(inside, "{nonce}", base64Of(d.nonce))
	dkt := `<wsc:DerivedKeyToken xmlns:wsc="` + xmltree.SC13 + `" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="dk"><wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE +
		`"><wsse:Reference URI="#_sct"/></wsse:SecurityTokenReference>` + inside + `</wsc:DerivedKeyToken>`
	sct := contextIssued(t)
	sct.Key = alg.Key{}
	msg, _, err := Protect(protected(), Options{Tokens: []Token{sct, Issued{XML: []byte(dkt), Key: key, Parts: BodyTimestamp}}}, now)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
