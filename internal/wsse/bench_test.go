package wsse

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// The floors are the RSA, hash and cipher operations that a message cannot do
// without, over as many octets. They are measured in the same run, by turns with
// what is compared with them, and the quotient is reported.

// sized is a message of about n octets once it is signed, without encryption.
func sized(n int) soap.Outgoing {
	out := outgoing()
	line := "<o:Line><o:Item>4711</o:Item><o:Text>a line of an ordinary order</o:Text></o:Line>"
	out.Body = []byte(`<o:Get xmlns:o="urn:orders">` + strings.Repeat(line, n/len(line)) + `</o:Get>`)
	return out
}

// aside times f and floor by turns and reports f's time as a multiple of the
// floor's: of all turns together, with what the garbage collector takes, and the
// median of the turns.
func aside(b *testing.B, f, floor func()) {
	var ours, theirs time.Duration
	var turns []float64
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		f()
		mid := time.Now()
		floor()
		f, g := mid.Sub(start), time.Since(mid)
		ours, theirs, turns = ours+f, theirs+g, append(turns, float64(f)/float64(g))
	}
	slices.Sort(turns)
	b.ReportMetric(float64(ours)/float64(theirs), "x-floor")
	b.ReportMetric(turns[len(turns)/2], "x-median")
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "ours-ns/op")
}

// benchRSA is a test key, as the signer's and as the receiver's.
var benchRSA = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// shapes are what is signed and what encrypted of a message: what WSS4J does if it is
// told no parts, with a Timestamp; and all that there is.
var shapes = []struct {
	name          string
	sign, encrypt Parts
}{
	{"body", BodyTimestamp, PartBody},
	{"all", AsymmetricSign().Sign, PartBody | PartSignature},
}

func benchMessage(b *testing.B, n int, sign, encrypt Parts) (soap.Outgoing, Options, lenient) {
	b.Helper()
	id := makeIdentity("bench", 99, benchRSA())
	p := &Protection{Sign: sign}
	if encrypt != 0 {
		p.Encrypt, p.Recipient = encrypt, id.cert
	}
	l := trust(id)
	l.Recipients = []Recipient{{Key: id.key, Certificate: id.cert}}
	return sized(n), Options{Protection: p, Tokens: []Token{x509Token(id, RefThumbprint, 0)}}, l
}

// octets are what a signed message has digested, and as many as it has encrypted:
// what the floors are over.
func octets(b *testing.B, msg []byte, l lenient) (digested, encrypted []byte) {
	b.Helper()
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	env, err := soap.Read(d, Understood)
	if err != nil {
		b.Fatal(err)
	}
	p, err := Read(env, "")
	if err != nil {
		b.Fatal(err)
	}
	if err := p.Open(l.answer(b, p), Policy{}); err != nil {
		b.Fatal(err)
	}
	for _, s := range p.states {
		for _, c := range s.cuts {
			encrypted = append(encrypted, make([]byte, c.size)...)
		}
	}
	signature := p.sec.First(xmltree.DS, "Signature")
	key, err := alg.PublicKey(benchRSA().Public())
	if err != nil {
		b.Fatal(err)
	}
	signed, err := xmldsig.Verify(signature, key, alg.Modern, p.tokenOf)
	if err != nil {
		b.Fatal(err)
	}
	var canonical bytes.Buffer
	for _, s := range signed {
		if err := s.Octets(&canonical); err != nil {
			b.Fatal(err)
		}
	}
	canonical.Write(signature.First(xmltree.DS, "SignedInfo").Raw())
	return canonical.Bytes(), encrypted
}

func BenchmarkSignEncrypt6KB(b *testing.B) {
	for _, shape := range shapes {
		b.Run(shape.name, func(b *testing.B) { benchSignEncrypt(b, shape.sign, shape.encrypt) })
	}
}

func benchSignEncrypt(b *testing.B, sign, encrypt Parts) {
	out, o, l := benchMessage(b, 5<<10, sign, encrypt)
	msg, _, err := Protect(out, o, now)
	if err != nil {
		b.Fatal(err)
	}
	digested, plain := octets(b, msg, l)
	aside(b, func() {
		if _, _, err := Protect(out, o, now); err != nil {
			b.Fatal(err)
		}
	}, func() {
		sum := sha256.Sum256(digested)
		if _, err := rsa.SignPKCS1v15(nil, benchRSA(), crypto.SHA256, sum[:]); err != nil {
			b.Fatal(err)
		}
		key := make([]byte, 32)
		rand.Read(key)
		seal(b, key, plain)
		if _, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &benchRSA().PublicKey, key, nil); err != nil {
			b.Fatal(err)
		}
	})
}

func seal(b *testing.B, key, plain []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		b.Fatal(err)
	}
	return aead.Seal(nil, nil, plain, nil)
}

func BenchmarkVerifyDecrypt6KB(b *testing.B) {
	for _, shape := range shapes {
		b.Run(shape.name, func(b *testing.B) { benchVerifyDecrypt(b, shape.sign, shape.encrypt) })
	}
}

func benchVerifyDecrypt(b *testing.B, sign, encrypt Parts) {
	out, o, l := benchMessage(b, 5<<10, sign, encrypt)
	msg, _, err := Protect(out, o, now)
	if err != nil {
		b.Fatal(err)
	}
	digested, plain := octets(b, msg, l)
	sum := sha256.Sum256(digested)
	sig, err := rsa.SignPKCS1v15(nil, benchRSA(), crypto.SHA256, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	key := make([]byte, 32)
	rand.Read(key)
	ct := seal(b, key, plain)
	ek, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &benchRSA().PublicKey, key, nil)
	if err != nil {
		b.Fatal(err)
	}
	aside(b, func() {
		if _, err := receive(b, msg, l, Policy{}, now, 0); err != nil {
			b.Fatal(err)
		}
	}, func() {
		key, err := rsa.DecryptOAEP(sha256.New(), nil, benchRSA(), ek, nil)
		if err != nil {
			b.Fatal(err)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			b.Fatal(err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := aead.Open(nil, ct[:12], ct[12:], nil); err != nil {
			b.Fatal(err)
		}
		sum := sha256.Sum256(digested)
		if err := rsa.VerifyPKCS1v15(&benchRSA().PublicKey, crypto.SHA256, sum[:], sig); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkVerifyX509Signed2KB(b *testing.B) {
	out, o, l := benchMessage(b, 500, BodyTimestamp, 0)
	msg, _, err := Protect(out, o, now)
	if err != nil {
		b.Fatal(err)
	}
	digested, _ := octets(b, msg, l)
	sum := sha256.Sum256(digested)
	sig, err := rsa.SignPKCS1v15(nil, benchRSA(), crypto.SHA256, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	if len(msg) < 2000 || len(msg) > 4000 {
		b.Fatalf("a message of %d octets", len(msg))
	}
	aside(b, func() {
		if _, err := receive(b, msg, l, Policy{}, now, 0); err != nil {
			b.Fatal(err)
		}
	}, func() {
		sum := sha256.Sum256(digested)
		if err := rsa.VerifyPKCS1v15(&benchRSA().PublicKey, crypto.SHA256, sum[:], sig); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkConversation2KB(b *testing.B) {
	out := sized(1000)
	for _, c := range []struct {
		name string
		p    *Protection
	}{
		{"signed", &Protection{Sign: BodyTimestamp}},
		{"derived", &Protection{Sign: BodyTimestamp, Derived: Derived13}},
		{"derived, encrypted", &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Derived: Derived13}},
	} {
		key, err := alg.SecretKey(bytes.Repeat([]byte("k"), 32))
		if err != nil {
			b.Fatal(err)
		}
		tok := contextUnsent(b)
		tok.Key = key
		o := Options{Protection: c.p, Tokens: []Token{tok}}
		b.Run("protect "+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Protect(out, o, now); err != nil {
					b.Fatal(err)
				}
			}
		})
		msg, _, err := Protect(out, o, now)
		if err != nil {
			b.Fatal(err)
		}
		l := reader(b)
		l.contexts["urn:ctx"] = key
		var d xmltree.Doc
		b.Run("verify "+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := d.Parse(msg, xmltree.Limits{}); err != nil {
					b.Fatal(err)
				}
				env, err := soap.Read(&d, Understood)
				if err != nil {
					b.Fatal(err)
				}
				p, err := Read(env, "")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := p.Verify(l.answer(b, p), Policy{}, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
