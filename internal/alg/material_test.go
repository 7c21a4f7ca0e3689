package alg

import (
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

func TestKeysSayWhatTheyAre(t *testing.T) {
	cert := &x509.Certificate{PublicKey: testRSA().Public()}
	certified, err := CertificateKey(cert)
	if err != nil {
		t.Fatal(err)
	}
	if certified.Certificate() != cert {
		t.Error("the certificate is lost")
	}
	for _, c := range []struct {
		k       Key
		want    string
		encrypt bool
	}{
		{certified, "RSA-2048 public key", true},
		{private(t, testRSA()), "RSA-2048 private key", true},
		{public(t, testEC(t, elliptic.P384()).Public()), "P-384 public key", false},
		{private(t, testEC(t, elliptic.P521())), "P-521 private key", false},
		{secret(t, 24), "192-bit secret key", false},
		{Key{}, "no key", false},
	} {
		if fmt.Sprint(c.k) != c.want || c.k.CanEncrypt() != c.encrypt {
			t.Errorf("%v, can be encrypted to: %v; want %s, %v", c.k, c.k.CanEncrypt(), c.want, c.encrypt)
		}
	}
	if private(t, testRSA()).Equal(private(t, testRSA1024())) {
		t.Error("two RSA keys are equal")
	}
}

func TestMalformedPublicKeys(t *testing.T) {
	for name, n := range map[string]*big.Int{"negative": new(big.Int).Neg(testRSA().N), "zero": new(big.Int)} {
		if _, err := PublicKey(&rsa.PublicKey{N: n, E: 65537}); !errors.Is(err, ErrKey) {
			t.Errorf("%s modulus: %v", name, err)
		}
	}
	if _, err := PublicKey(testEC(t, elliptic.P224()).Public()); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "not on P-256, P-384 or P-521") {
		t.Errorf("P-224: %v", err)
	}
}

func TestMethodsFollowTheKey(t *testing.T) {
	for _, c := range []struct {
		curve elliptic.Curve
		want  string
	}{{elliptic.P256(), ECDSASHA256}, {elliptic.P384(), ECDSASHA384}, {elliptic.P521(), ECDSASHA512}} {
		if uri, err := Modern.SignatureURI(private(t, testEC(t, c.curve))); uri != c.want || err != nil {
			t.Errorf("%s: %q, %v", c.curve.Params().Name, uri, err)
		}
	}
	for n, want := range map[int][2]string{
		16: {AES128GCM, WrapAES128}, 24: {AES192GCM, WrapAES192}, 32: {AES256GCM, WrapAES256}, 20: {}, 64: {},
	} {
		cipher, err1 := Modern.CipherFor(secret(t, n))
		wrap, err2 := Modern.KeyWrapFor(secret(t, n))
		if cipher != want[0] || wrap != want[1] || (want[0] == "") != (errors.Is(err1, ErrKey) && errors.Is(err2, ErrKey)) {
			t.Errorf("%d octets: %q, %v; %q, %v", n, cipher, err1, wrap, err2)
		}
	}
	for _, k := range []Key{{}, private(t, testRSA())} {
		if _, err := Modern.CipherFor(k); !errors.Is(err, ErrKey) {
			t.Errorf("cipher for %v: %v", k, err)
		}
		if _, err := Modern.KeyWrapFor(k); !errors.Is(err, ErrKey) {
			t.Errorf("key wrap for %v: %v", k, err)
		}
	}
}

// Every pair of suites, either way round: nothing that one of them reads is
// missing, and nothing is there that neither reads.
func TestUnionOfEveryPair(t *testing.T) {
	lists := func(p *profile) map[string][]string {
		return map[string][]string{
			"c14n": p.c14n, "digests": p.digests, "signatures": p.signatures, "opens": p.opens, "wraps": p.wraps,
			"transports": p.transports, "oaep": p.oaep, "masks": p.masks,
		}
	}
	set := func(lists ...[]string) map[string]bool {
		all := map[string]bool{}
		for _, l := range lists {
			for _, uri := range l {
				all[uri] = true
			}
		}
		return all
	}
	for a, pa := range profiles {
		for b, pb := range profiles {
			u, err := Union(a, b)
			if err != nil {
				t.Fatal(err)
			}
			p := u.profile()
			la, lb := lists(pa), lists(pb)
			for name, l := range lists(p) {
				if got, want := set(l), set(la[name], lb[name]); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s: %s: %v, want %v", u, name, got, want)
				}
			}
			for i, pair := range [][3][2]int{{p.rsaBits, pa.rsaBits, pb.rsaBits}, {p.secretBits, pa.secretBits, pb.secretBits}} {
				if pair[0] != [2]int{min(pair[1][0], pair[2][0]), max(pair[1][1], pair[2][1])} {
					t.Errorf("%s: sizes %d: %v of %v and %v", u, i, pair[0], pair[1], pair[2])
				}
			}
		}
	}
}
