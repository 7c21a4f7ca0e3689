package alg

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"testing"
)

var signedInfo = make([]byte, 800)

func BenchmarkVerify(b *testing.B) {
	b.Run("floor/RSA-2048", func(b *testing.B) {
		value := mustSign(b, Modern, RSASHA256, private(b, testRSA()), signedInfo)
		b.ReportAllocs()
		for b.Loop() {
			sum := sha256.Sum256(signedInfo)
			if rsa.VerifyPKCS1v15(&testRSA().PublicKey, crypto.SHA256, sum[:], value) != nil {
				b.Fatal("does not verify")
			}
		}
	})
	for _, c := range []struct {
		name, uri string
		key       Key
	}{
		{"RSA-2048", RSASHA256, private(b, testRSA())},
		{"PSS-2048", PSSSHA256, private(b, testRSA())},
		{"P-256", ECDSASHA256, private(b, testEC(b, elliptic.P256()))},
		{"HMAC-SHA256", HMACSHA256, secret(b, 32)},
	} {
		b.Run(c.name, func(b *testing.B) {
			value := mustSign(b, Modern, c.uri, c.key, signedInfo)
			b.ReportAllocs()
			for b.Loop() {
				v, err := Modern.NewVerifier(c.uri, c.key)
				if err != nil {
					b.Fatal(err)
				}
				v.Write(signedInfo)
				if v.Verify(value) != nil {
					b.Fatal("does not verify")
				}
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	for _, c := range []struct {
		name, uri string
		key       Key
	}{
		{"RSA-2048", RSASHA256, private(b, testRSA())},
		{"P-256", ECDSASHA256, private(b, testEC(b, elliptic.P256()))},
		{"HMAC-SHA256", HMACSHA256, secret(b, 32)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mustSign(b, Modern, c.uri, c.key, signedInfo)
			}
		})
	}
}

func BenchmarkDecrypt(b *testing.B) {
	plain := make([]byte, 6<<10)
	for name, uri := range map[string]string{"AES-256-GCM": AES256GCM, "AES-256-CBC": AES256CBC} {
		b.Run(name, func(b *testing.B) {
			key := secret(b, 32).Secret()
			ct, err := Legacy.Encrypt(uri, key, plain)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Modern.Decrypt(uri, key, ct); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPSHA1(b *testing.B) {
	secret, seed := make([]byte, 32), make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		PSHA1(secret, seed, 32)
	}
}
