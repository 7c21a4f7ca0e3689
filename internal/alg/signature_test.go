package alg

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"slices"
	"testing"
)

func mustSign(t testing.TB, s Suite, uri string, k Key, msg []byte) []byte {
	t.Helper()
	signer, err := s.NewSigner(uri, k)
	if err != nil {
		t.Fatalf("%s with %v: %v", uri, k, err)
	}
	signer.Write(msg)
	value, err := signer.Sign()
	if err != nil {
		t.Fatalf("%s with %v: %v", uri, k, err)
	}
	return value
}

func TestSignThenVerify(t *testing.T) {
	msg := []byte("<SignedInfo/>")
	curves := []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}
	for _, uri := range allSignatures {
		var keys []Key
		switch methodOf(uri).family {
		case familyHMAC:
			keys = []Key{secret(t, 16), secret(t, 64), secret(t, 200)}
		case familyRSA, familyPSS:
			keys = []Key{private(t, testRSA()), private(t, signOnly{testRSA()})}
		case familyECDSA:
			for _, c := range curves {
				ec := testEC(t, c)
				keys = append(keys, private(t, ec), private(t, signOnly{ec}))
			}
		}
		for _, k := range keys {
			for range 3 {
				value := mustSign(t, Legacy, uri, k, msg)
				check := k
				if !k.IsSecret() {
					check = public(t, k.Public())
				}
				if err := verify(t, Legacy, uri, check, msg, value); err != nil {
					t.Fatalf("%s with %v: %v", uri, k, err)
				}
				if err := verify(t, Legacy, uri, k, append([]byte("x"), msg...), value); err != ErrSignature {
					t.Fatalf("%s with %v: another message verifies", uri, k)
				}
				value[len(value)-1] ^= 1
				if err := verify(t, Legacy, uri, check, msg, value); err != ErrSignature {
					t.Fatalf("%s with %v: a changed value verifies", uri, k)
				}
			}
		}
	}
}

// C16, C10: nothing, zeros, the wrong length, or DER.
func TestValuesOfTheWrongShape(t *testing.T) {
	msg := []byte("message")
	for _, c := range []struct {
		uri string
		key Key
	}{
		{HMACSHA256, secret(t, 32)},
		{RSASHA256, private(t, testRSA())},
		{PSSSHA256, private(t, testRSA())},
		{ECDSASHA256, private(t, testEC(t, elliptic.P256()))},
		{ECDSASHA512, private(t, testEC(t, elliptic.P521()))},
	} {
		good := mustSign(t, Modern, c.uri, c.key, msg)
		bad := [][]byte{
			nil,
			{},
			{0},
			make([]byte, len(good)), bytes.Repeat([]byte{0xff}, len(good)), make([]byte, 4096),
			append([]byte{0}, good...), append(bytes.Clone(good), 0), good[:len(good)-1], good[1:], append(bytes.Clone(good), good...),
		}
		for n := range good {
			bad = append(bad, good[:n], slices.Insert(bytes.Clone(good), n, 0))
		}
		for i, v := range bad {
			if err := verify(t, Modern, c.uri, c.key, msg, v); err != ErrSignature {
				t.Errorf("%s: value %d of %d octets: %v", c.uri, i, len(v), err)
			}
		}
	}

	ec := testEC(t, elliptic.P256())
	digest := sha256.Sum256(msg)
	der, err := ec.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t, Modern, ECDSASHA256, public(t, ec.Public()), msg, der); err != ErrSignature {
		t.Errorf("DER verifies: %v", err)
	}
	order := elliptic.P256().Params().N
	raw, err := rawECDSA(&ec.PublicKey, der)
	if err != nil {
		t.Fatal(err)
	}
	if v := append([]byte{0}, append(bytes.Clone(raw[:32]), append([]byte{0}, raw[32:]...)...)...); verify(t, Modern, ECDSASHA256, public(t, ec.Public()), msg, v) != ErrSignature {
		t.Error("r and s of 33 octets verify")
	}
	for name, change := range map[string]func(b []byte){
		"r = 0": func(b []byte) { clear(b[:32]) },
		"s = 0": func(b []byte) { clear(b[32:]) },
		"r = n": func(b []byte) { order.FillBytes(b[:32]) },
		"s = n": func(b []byte) { order.FillBytes(b[32:]) },
	} {
		b := bytes.Clone(raw)
		change(b)
		if err := verify(t, Modern, ECDSASHA256, public(t, ec.Public()), msg, b); err != ErrSignature {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Our DER is that of encoding/asn1, for numbers of every length.
func TestDER(t *testing.T) {
	for n := 1; n <= maxOrderBytes; n++ {
		for _, top := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			r, s := make([]byte, maxOrderBytes), make([]byte, maxOrderBytes)
			r[maxOrderBytes-n], s[maxOrderBytes-1] = top, top
			want, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)})
			if err != nil {
				t.Fatal(err)
			}
			if got := appendDER(nil, r, s); !bytes.Equal(got, want) {
				t.Fatalf("%d octets, top %#x: %x, want %x", n, top, got, want)
			}
			if want, err = asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(r), new(big.Int).SetBytes(r)}); err != nil {
				t.Fatal(err)
			}
			if got := appendDER(nil, r, r); !bytes.Equal(got, want) {
				t.Fatalf("%d octets twice, top %#x: %x, want %x", n, top, got, want)
			}
		}
	}
}

// Numbers that are short are padded to the order of the curve.
func TestRawECDSAPads(t *testing.T) {
	der, err := asn1.Marshal(struct{ R, S *big.Int }{big.NewInt(1), big.NewInt(0x203)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		n := map[int]int{256: 32, 384: 48, 521: 66}[c.Params().BitSize]
		want := make([]byte, 2*n)
		want[n-1], want[2*n-2], want[2*n-1] = 1, 2, 3
		if got, err := rawECDSA(&ecdsa.PublicKey{Curve: c}, der); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x, %v", c.Params().Name, got, err)
		}
	}
}

// C2: the key's type binds the algorithm, whatever the message says. The octets
// of the certificate as an HMAC secret are the classic confusion.
func TestKeyTypeBindsTheAlgorithm(t *testing.T) {
	rsaKey, ec, sec := public(t, testRSA().Public()), public(t, testEC(t, elliptic.P256()).Public()), secret(t, 32)
	cert, err := CertificateKey(&x509.Certificate{PublicKey: testRSA().Public(), Raw: []byte("DER")})
	if err != nil {
		t.Fatal(err)
	}
	for _, uri := range allSignatures {
		for _, k := range []Key{rsaKey, ec, sec, cert, {}} {
			fits := false
			switch methodOf(uri).family {
			case familyHMAC:
				fits = k.IsSecret()
			case familyRSA, familyPSS:
				fits = k.Equal(rsaKey)
			case familyECDSA:
				fits = k.Equal(ec)
			}
			_, err := Legacy.NewVerifier(uri, k)
			if fits != (err == nil) || err != nil && !errors.Is(err, ErrKey) {
				t.Errorf("%s with %v: %v", uri, k, err)
			}
			if _, err := Legacy.NewSigner(uri, k); !k.IsSecret() && !errors.Is(err, ErrKey) {
				t.Errorf("%s: %v signs", uri, k)
			}
		}
	}
}

// C5: sizes.
func TestRSASizes(t *testing.T) {
	// Only its size matters of a modulus that is refused or never used.
	modulus := func(bits uint) Key {
		return public(t, &rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int).Lsh(big.NewInt(1), bits-1), 0, 1), E: 65537})
	}
	small := private(t, testRSA1024())
	for _, c := range []struct {
		s    Suite
		k    Key
		uri  string
		want bool
	}{
		{Modern, small, RSASHA256, false},
		{Legacy, small, RSASHA256, true},
		{Basic256, small, RSASHA1, true},
		{Modern, modulus(2047), RSASHA256, false},
		{Modern, modulus(8192), RSASHA256, true},
		{Modern, modulus(8193), RSASHA256, false},
		{Legacy, modulus(8193), RSASHA256, false},
		{Basic256, modulus(4096), RSASHA1, true},
		{Basic256, modulus(4097), RSASHA1, false},
		{Modern, private(t, testRSA()), RSASHA256, true},
	} {
		_, err := c.s.NewVerifier(c.uri, c.k)
		if c.want != (err == nil) || err != nil && !errors.Is(err, ErrKey) {
			t.Errorf("%s with %v: %v", c.s, c.k, err)
		}
		if _, err := c.s.SignatureURI(c.k); c.want != (err == nil) {
			t.Errorf("%s writes with %v: %v", c.s, c.k, err)
		}
		tr := c.s.KeyTransport()
		if _, err := c.s.EncryptKey(tr, c.k, make([]byte, 32)); c.want != (err == nil) || err != nil && !errors.Is(err, ErrKey) {
			t.Errorf("%s encrypts to %v: %v", c.s, c.k, err)
		}
		if !c.k.IsPrivate() {
			continue
		}
		if _, err := c.s.DecryptKey(tr, c.k, nil); c.want && err != ErrDecrypt || !c.want && !errors.Is(err, ErrKey) {
			t.Errorf("%s decrypts with %v: %v", c.s, c.k, err)
		}
	}
}

// A broken module must not make us send nonsense.
type brokenSigner struct {
	pub    crypto.PublicKey
	answer []byte
	err    error
}

func (b brokenSigner) Public() crypto.PublicKey { return b.pub }
func (b brokenSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return b.answer, b.err
}

func TestBrokenSigner(t *testing.T) {
	down := errors.New("module is down")
	ec := testEC(t, elliptic.P256())
	order := elliptic.P256().Params().N
	pairOf := func(r, s *big.Int) []byte {
		der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	pair := func(r, s int64) []byte { return pairOf(big.NewInt(r), big.NewInt(s)) }
	for _, c := range []struct {
		uri string
		s   brokenSigner
	}{
		{RSASHA256, brokenSigner{testRSA().Public(), nil, down}},
		{RSASHA256, brokenSigner{testRSA().Public(), make([]byte, 255), nil}},
		{PSSSHA256, brokenSigner{testRSA().Public(), nil, nil}},
		{ECDSASHA256, brokenSigner{ec.Public(), nil, down}},
		{ECDSASHA256, brokenSigner{ec.Public(), nil, nil}},
		{ECDSASHA256, brokenSigner{ec.Public(), pair(0, 1), nil}},
		{ECDSASHA256, brokenSigner{ec.Public(), pair(1, -1), nil}},
		{ECDSASHA256, brokenSigner{ec.Public(), pair(1, 0), nil}},
		{ECDSASHA256, brokenSigner{ec.Public(), append(pair(1, 1), 0), nil}},
		{ECDSASHA256, brokenSigner{ec.Public(), pairOf(order, big.NewInt(1)), nil}},
		{ECDSASHA256, brokenSigner{ec.Public(), pairOf(big.NewInt(1), order), nil}},
		{ECDSASHA256, brokenSigner{ec.Public(), pairOf(big.NewInt(1), new(big.Int).Add(order, big.NewInt(1))), nil}},
	} {
		signer, err := Modern.NewSigner(c.uri, private(t, c.s))
		if err != nil {
			t.Fatal(err)
		}
		value, err := signer.Sign()
		if err == nil || value != nil || c.s.err != nil && !errors.Is(err, down) {
			t.Errorf("%s: %x, %v", c.uri, value, err)
		}
	}
}

func TestPSSMethod(t *testing.T) {
	for _, c := range []struct {
		s            Suite
		digest, mask string
		salt         int
		want         string
	}{
		{Modern, DigestSHA256, DigestSHA256, 32, PSSSHA256},
		{Modern, DigestSHA384, DigestSHA384Enc, 48, PSSSHA384},
		{Modern, DigestSHA512, DigestSHA512, 64, PSSSHA512},
		{Legacy, DigestSHA1, DigestSHA1, 20, PSSSHA1},
		{Modern, DigestSHA1, DigestSHA1, 20, ""},
		{Modern, DigestSHA256, DigestSHA1, 32, ""},
		{Modern, DigestSHA256, DigestSHA256, 0, ""},
		{Modern, DigestSHA256, DigestSHA256, -1, ""},
		{Modern, "", "", 0, ""},
		{Basic256, DigestSHA256, DigestSHA256, 32, ""},
	} {
		got, err := c.s.PSSMethod(c.digest, c.mask, c.salt)
		if got != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, ErrAlgorithm) {
			t.Errorf("%s %s %s %d: %q, %v", c.s, c.digest, c.mask, c.salt, got, err)
		}
	}
}

// What a verification allocates above crypto/rsa: the verifier and the hash.
func TestVerifyAllocations(t *testing.T) {
	k := public(t, testRSA().Public())
	msg := make([]byte, 1024)
	value := mustSign(t, Modern, RSASHA256, private(t, testRSA()), msg)
	floor := testing.AllocsPerRun(100, func() {
		sum := sha256.Sum256(msg)
		if rsa.VerifyPKCS1v15(&testRSA().PublicKey, crypto.SHA256, sum[:], value) != nil {
			t.Fatal("floor")
		}
	})
	ours := testing.AllocsPerRun(100, func() {
		v, err := Modern.NewVerifier(RSASHA256, k)
		if err != nil {
			t.Fatal(err)
		}
		v.Write(msg)
		if v.Verify(value) != nil {
			t.Fatal("ours")
		}
	})
	if ours > floor+2 {
		t.Errorf("%.0f allocations, crypto/rsa alone makes %.0f", ours, floor)
	}
}
