package attack

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"io"
	mathrand "math/rand/v2"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

// TestTenThousandMalformed sends a service ten thousand messages whose
// EncryptedKey or EncryptedData is malformed, each in a way of its own, and gets
// ten thousand times the same octets back.
func TestTenThousandMalformed(t *testing.T) {
	w := theWorld().recalling()
	r := mathrand.New(mathrand.NewPCG(1, 2))
	key, plain := bytes.Repeat([]byte("k"), 32), []byte(w.evilToken())
	assertion := func(s sealed, hole []byte) mould {
		return newMould(w.sealedCase("", "", soap.V12, s).file, hole)
	}
	cbc, gcm := sealCBC(key, plain), sealGCM(key, plain)
	body := sealGCM(key, []byte(`<o:Get xmlns:o="urn:orders"/>`))
	session := must(alg.SecretKey(key))
	var ek xmltree.Builder
	if err := xmlenc.SealKey(&ek, session, "", w.service.public(), nil, nil, ""); err != nil {
		t.Fatal(err)
	}
	wrapped := must(open(ek.Bytes()).one("CipherValue").Base64())
	old := make([]byte, 256)
	rand.Read(old)
	for _, c := range []struct {
		name   string
		mould  mould
		value  []byte
		suite  alg.Suite
		n, ops int // messages, and of those with a key of the right length, which costs
	}{
		{"assertion in CBC", assertion(sealed{session: key, method: alg.AES256CBC, cipherText: cbc}, cbc), cbc, "", 2500, 2500},
		{"assertion in GCM", assertion(sealed{session: key, method: alg.AES256GCM, cipherText: gcm}, gcm), gcm, "", 1500, 1500},
		{"body in GCM", newMould(w.message(recipe{signer: "user", body: w.encryptedBody(alg.AES256GCM, body, string(ek.Bytes()))}), body), body, "", 1000, 1000},
		{"key of an assertion", assertion(sealed{session: key, method: alg.AES256CBC, cipherText: cbc, wrapped: wrapped}, wrapped), wrapped, "", 2000, 100},
		{"key of a body", newMould(w.message(recipe{signer: "user", body: w.encryptedBody(alg.AES256GCM, body, string(ek.Bytes()))}), wrapped), wrapped, "", 2000, 100},
		{"key in PKCS #1 v1.5", assertion(sealed{session: key, method: alg.AES256CBC, cipherText: cbc, keyMethod: alg.RSA15, wrapped: old}, old), old, alg.Legacy, 1000, 100},
	} {
		called := 0
		var verifier *service.Verifier
		a := &attack{verifier: func(v *service.Verifier) { v.Suite = c.suite; verifier = v }}
		w.verifier(a)
		h := verifier.Handler(nil)
		for i := range c.n {
			value := malformed(r, c.value, i < c.ops)
			a.file = c.mould.with(value, 0)
			if err := a.exchange(h, &called); err != nil {
				t.Fatalf("%s, message %d, %x: %v", c.name, i, value, err)
			}
		}
	}
}

// malformed changes octets, at random places, or with same the length stays: cut,
// lengthened, or emptied.
func malformed(r *mathrand.Rand, value []byte, same bool) []byte {
	v := bytes.Clone(value)
	if same {
		switch r.IntN(3) {
		case 0: // one bit
			v[r.IntN(len(v))] ^= 1 << r.IntN(8)
		case 1: // some octets
			for range 1 + r.IntN(40) {
				v[r.IntN(len(v))] = byte(r.Uint32())
			}
			v[0] ^= 1
		default: // all of them
			for i := range v {
				v[i] = byte(r.Uint32())
			}
		}
		return v
	}
	switch n := r.IntN(len(v)); r.IntN(3) {
	case 0:
		return v[:n]
	case 1:
		return v[n+1:]
	default:
		return append(v, v[:n+1]...)
	}
}

const contextID = "urn:uuid:context"

// context is the security context, of w.secret, as a message names it.
func (w *world) context() wsse.Issued {
	str := `<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="` + contextID + `" ValueType="` + xmltree.SC13 + `/sct"/></o:SecurityTokenReference>`
	return wsse.Issued{Key: w.secret, Unsent: true, Attached: []byte(str)}
}

// encryptedBody is the Body of a message under the security context.
func (w *world) encryptedBody(uri string, text []byte, ek string) []byte {
	info := string(w.context().Attached)
	if ek != "" {
		info = ek
	}
	return []byte(`<xenc:EncryptedData xmlns:xenc="` + xmltree.XENC + `" Type="` + xmlenc.Content + `"><xenc:EncryptionMethod Algorithm="` + uri + `"/><ds:KeyInfo xmlns:ds="` + xmltree.DS + `">` +
		info + `</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>` + b64(text) + `</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>`)
}

// recalling is the same world, whose service asks a module for the answers of
// its RSA key, and the module knows them by heart. So the noise of an operation
// that is the same for both kinds does not hide what comes after it.
func (w *world) recalling() *world {
	r := *w
	m := &module{PrivateKey: w.service.signer.(*rsa.PrivateKey), known: map[string]answer{}}
	r.service.key, r.service.tls.PrivateKey = must(alg.PrivateKey(m)), m
	return &r
}

type module struct {
	*rsa.PrivateKey
	known map[string]answer
}

type answer struct {
	plain []byte
	err   error
}

func (m *module) Decrypt(r io.Reader, text []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	a, ok := m.known[string(text)]
	if !ok {
		a.plain, a.err = m.PrivateKey.Decrypt(r, text, opts)
		m.known[string(text)] = a
	}
	plain := make([]byte, 32)
	if copy(plain, a.plain); a.err != nil {
		return nil, a.err
	}
	return plain, nil
}

// A mould is a message with a hole for a value in base64.
type mould struct{ before, after []byte }

func newMould(message []byte, value []byte) mould {
	before, after, ok := bytes.Cut(message, []byte(b64(value)))
	if !ok {
		panic("no value in the message")
	}
	return mould{before, after}
}

func (m mould) with(value []byte, kind int) []byte {
	end := " "
	if kind == 1 {
		end = "\t"
	}
	return append(append(append(bytes.Clone(m.before), b64(value)...), m.after...), end...)
}
