package alg

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"sync"
	"testing"
)

// The keys of these tests are made when they run and are good for nothing else.

var testRSA = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

var testRSA1024 = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		panic(err)
	}
	return k
})

func testEC(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func private(t testing.TB, s crypto.Signer) Key {
	t.Helper()
	k, err := PrivateKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func public(t testing.TB, p crypto.PublicKey) Key {
	t.Helper()
	k, err := PublicKey(p)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func secret(t testing.TB, n int) Key {
	t.Helper()
	b := make([]byte, n)
	rand.Read(b)
	k, err := SecretKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// signOnly is a key in a hardware module: it signs, and shows nothing.
type signOnly struct{ s crypto.Signer }

func (h signOnly) Public() crypto.PublicKey { return h.s.Public() }
func (h signOnly) Sign(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
	return h.s.Sign(r, d, o)
}

func TestKeyNeverPrints(t *testing.T) {
	raw := []byte("a secret of thirty-two octets ..")
	sec, err := SecretKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	priv := private(t, testRSA())
	ec := testEC(t, elliptic.P256())
	ecD, err := ec.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		Name string
		key  Key
		Pub  Key
	}
	type outer struct {
		inner holder
		ptr   *holder
		list  []Key
		table map[string]Key
		any   any
	}
	verifier, err := Modern.NewVerifier(HMACSHA256, sec)
	if err != nil {
		t.Fatal(err)
	}
	verifier.Write([]byte("message"))
	if verifier.Verify(make([]byte, 32)) != ErrSignature {
		t.Fatal("a wrong MAC verified")
	}
	signer, err := Modern.NewSigner(HMACSHA256, sec)
	if err != nil {
		t.Fatal(err)
	}
	mac := mustSign(t, Modern, HMACSHA256, sec, []byte("message"))

	var values []any
	for _, k := range []Key{sec, priv, private(t, ec)} {
		h := holder{"name", k, k}
		values = append(values, k, &k, h, &h, []Key{k}, map[string]Key{"k": k}, struct{ k any }{k},
			outer{h, &h, []Key{k}, map[string]Key{"k": k}, k}, &outer{h, &h, []Key{k}, map[string]Key{"k": k}, &k})
	}
	values = append(values, verifier, *verifier, signer, *signer, struct{ v *Verifier }{verifier}, struct{ v Verifier }{*verifier})

	forms := func(b []byte) []string {
		n := new(big.Int).SetBytes(b)
		return []string{
			string(b), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
			strings.Trim(fmt.Sprint(b[:4]), "[]"), strings.TrimSuffix(fmt.Sprintf("%#v", b[:4])[7:], "}"), n.String(),
			strings.Trim(fmt.Sprintf("%x", b[:4]), "[]"), strings.Trim(fmt.Sprintf("% x", b[:4]), "[]"),
			strings.Trim(fmt.Sprintf("%o", b[:4]), "[]"), strings.Trim(fmt.Sprintf("%b", b[:4]), "[]"),
		}
	}
	var secrets []string
	// The state of an HMAC holds the key under two masks.
	inner, outerPad := bytes.Clone(raw), bytes.Clone(raw)
	for i := range raw {
		inner[i] ^= 0x36
		outerPad[i] ^= 0x5c
	}
	for _, b := range [][]byte{raw, inner, outerPad, ecD, testRSA().D.Bytes(), testRSA().Primes[0].Bytes(), mac} {
		secrets = append(secrets, forms(b)...)
	}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%o", "%c", "%U", "%T", "%t", "%e"} {
			out := fmt.Sprintf(verb, v)
			for _, s := range secrets {
				if strings.Contains(out, s) {
					t.Errorf("%s of a %T prints key material", verb, v)
					break
				}
			}
		}
	}
	for k, want := range map[string]string{
		fmt.Sprintf("%#v", sec): "256-bit secret key", fmt.Sprintf("%x", priv): "RSA-2048 private key",
		fmt.Sprint(public(t, ec.Public())): "P-256 public key", fmt.Sprint(Key{}): "no key",
	} {
		if k != want {
			t.Errorf("got %q, want %q", k, want)
		}
	}
}

func TestKeyKinds(t *testing.T) {
	for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		k := private(t, testEC(t, c))
		if k.Bits() != c.Params().BitSize || !k.IsPrivate() || k.IsSecret() || k.Secret() != nil || k.Certificate() != nil {
			t.Errorf("%v: wrong properties", k)
		}
	}
	k := secret(t, 20)
	if k.Bits() != 160 || k.IsPrivate() || !k.IsSecret() || k.Public() != nil || k.IsZero() {
		t.Errorf("%v: wrong properties", k)
	}
	var none Key
	if !none.IsZero() || none.IsSecret() || none.IsPrivate() || none.Bits() != 0 || none.Public() != nil || none.Secret() != nil || none.Certificate() != nil {
		t.Error("the zero Key is something")
	}

	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	//lint:ignore SA1019 only this way is a point off its curve to be had
	offCurve := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	for name, f := range map[string]func() (Key, error){
		"nil public":        func() (Key, error) { return PublicKey(nil) },
		"nil RSA":           func() (Key, error) { return PublicKey((*rsa.PublicKey)(nil)) },
		"empty RSA":         func() (Key, error) { return PublicKey(&rsa.PublicKey{}) },
		"even modulus":      func() (Key, error) { return PublicKey(&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 3}) },
		"exponent 1":        func() (Key, error) { return PublicKey(&rsa.PublicKey{N: testRSA().N, E: 1}) },
		"even exponent":     func() (Key, error) { return PublicKey(&rsa.PublicKey{N: testRSA().N, E: 4}) },
		"nil ECDSA":         func() (Key, error) { return PublicKey((*ecdsa.PublicKey)(nil)) },
		"point off curve":   func() (Key, error) { return PublicKey(offCurve) },
		"P-224":             func() (Key, error) { return PublicKey(testEC(t, elliptic.P224()).Public()) },
		"Ed25519":           func() (Key, error) { return PublicKey(ed.Public()) },
		"RSA by value":      func() (Key, error) { return PublicKey(testRSA().PublicKey) },
		"nil signer":        func() (Key, error) { return PrivateKey(nil) },
		"nil RSA private":   func() (Key, error) { return PrivateKey((*rsa.PrivateKey)(nil)) },
		"nil ECDSA private": func() (Key, error) { return PrivateKey((*ecdsa.PrivateKey)(nil)) },
		"Ed25519 private":   func() (Key, error) { return PrivateKey(ed) },
		"nil certificate":   func() (Key, error) { return CertificateKey(nil) },
		"Ed25519 cert":      func() (Key, error) { return CertificateKey(&x509.Certificate{PublicKey: ed.Public()}) },
		"empty secret":      func() (Key, error) { return SecretKey(nil) },
		"15 octets":         func() (Key, error) { return SecretKey(bytes.Repeat([]byte{1}, 15)) },
		"all zeros (C16)":   func() (Key, error) { return SecretKey(make([]byte, 32)) },
	} {
		if k, err := f(); !errors.Is(err, ErrKey) || !k.IsZero() {
			t.Errorf("%s: got %v, %v", name, k, err)
		}
	}
}

func TestKeyIsACopy(t *testing.T) {
	b := bytes.Repeat([]byte{7}, 16)
	k, _ := SecretKey(b)
	b[0] = 0
	if k.Secret()[0] != 7 {
		t.Error("the key follows the caller's slice")
	}
}

func TestKeyEqual(t *testing.T) {
	ec, ec2 := testEC(t, elliptic.P256()), testEC(t, elliptic.P256())
	s := secret(t, 32)
	same, _ := SecretKey(s.Secret())
	shorter, _ := SecretKey(s.Secret()[:16])
	cert, err := CertificateKey(&x509.Certificate{PublicKey: ec.Public()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		a, b Key
		want bool
	}{
		{"same secret", s, same, true},
		{"prefix", s, shorter, false},
		{"other secret", s, secret(t, 32), false},
		{"private and public", private(t, ec), public(t, ec.Public()), true},
		{"certificate", cert, public(t, ec.Public()), true},
		{"other ECDSA", private(t, ec), private(t, ec2), false},
		{"RSA and ECDSA", private(t, testRSA()), private(t, ec), false},
		{"RSA", private(t, testRSA()), public(t, testRSA().Public()), true},
		{"secret and RSA", s, private(t, testRSA()), false},
		{"nothing", Key{}, Key{}, false},
		{"nothing and secret", Key{}, s, false},
	} {
		if c.a.Equal(c.b) != c.want || c.b.Equal(c.a) != c.want {
			t.Errorf("%s: not %v", c.name, c.want)
		}
	}
}
