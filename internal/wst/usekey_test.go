package wst

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/testkeys"
	"wstrust/internal/xmltree"
)

// testCertificate signs itself; a test key, made for one run.
func testCertificate(t *testing.T, key crypto.Signer) *x509.Certificate {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test key"}, NotAfter: time.Now().Add(time.Hour)}
	return testkeys.Certificate(tmpl, key)
}

type equaler interface{ Equal(crypto.PublicKey) bool }

// A key must come out as it went in, whatever it is and however it is named.
func TestUseKeyRoundTrip(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := []crypto.Signer{rsaKey}
	for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	for _, key := range keys {
		cert := testCertificate(t, key)
		bstXML := fmt.Sprintf(`<o:BinarySecurityToken xmlns:o="%s" ValueType="%s" EncodingType="%s">%s</o:BinarySecurityToken>`,
			xmltree.WSSE, bst, base64Encoding, base64.StdEncoding.EncodeToString(cert.Raw))
		for name, r := range map[string]Request{
			"key":         {KeyType: PublicKey, UseKey: key.Public()},
			"certificate": {KeyType: PublicKey, UseKeyCert: cert},
			"token":       {KeyType: PublicKey, UseKeyXML: []byte(bstXML)},
		} {
			for _, v := range []Version{Trust13, Trust2005} {
				out, err := r.Write(v)
				if err != nil {
					t.Fatal(err)
				}
				got, _, err := ReadRequest(root(t, string(out)), Opener{})
				if err != nil {
					t.Fatalf("%s of %T: %v", name, key, err)
				}
				if k, ok := got.UseKey.(equaler); !ok || !k.Equal(key.Public()) {
					t.Errorf("%s of %T: another key", name, key)
				}
				if wantCert := name != "key"; (got.UseKeyCert != nil) != wantCert || wantCert && !got.UseKeyCert.Equal(cert) {
					t.Errorf("%s of %T: certificate", name, key)
				}
				if got.UseKeyXML != nil {
					t.Errorf("%s of %T: the element was left over", name, key)
				}
			}
		}
	}
}

// What names more than one key, or none that we can see, is left to others.
func TestUseKeyLeft(t *testing.T) {
	cert := func(s string) string { return `<d:X509Certificate>` + s + `</d:X509Certificate>` }
	for _, x := range []string{
		`<d:KeyInfo xmlns:d="` + xmltree.DS + `"><d:KeyName>k</d:KeyName></d:KeyInfo>`,
		`<d:KeyInfo xmlns:d="` + xmltree.DS + `"><d:X509Data><d:X509SubjectName>CN=k</d:X509SubjectName></d:X509Data></d:KeyInfo>`,
		`<o:BinarySecurityToken xmlns:o="` + xmltree.WSSE + `" ValueType="urn:other">AA==</o:BinarySecurityToken>`,
		`<x xmlns="urn:x"/>`,
	} {
		r, _, err := ReadRequest(root(t, useKeyRequest(x)), Opener{})
		if err != nil || r.UseKey != nil || r.UseKeyCert != nil || string(r.UseKeyXML) != x {
			t.Errorf("%s: %v", x, err)
		}
	}
	for _, x := range []string{
		`<d:KeyInfo xmlns:d="` + xmltree.DS + `"><d:X509Data>` + cert("AA==") + `</d:X509Data></d:KeyInfo>`,
		`<d:KeyInfo xmlns:d="` + xmltree.DS + `"><d:X509Data>` + cert("AA==") + cert("AA==") + `</d:X509Data></d:KeyInfo>`,
		`<d:KeyInfo xmlns:d="` + xmltree.DS + `"><d:KeyName/><d:KeyName/></d:KeyInfo>`,
		`<o:BinarySecurityToken xmlns:o="` + xmltree.WSSE + `" ValueType="` + bst + `">AA==</o:BinarySecurityToken>`,
		`<o:BinarySecurityToken xmlns:o="` + xmltree.WSSE + `" ValueType="` + bst + `" EncodingType="urn:hex">AA==</o:BinarySecurityToken>`,
	} {
		if _, _, err := ReadRequest(root(t, useKeyRequest(x)), Opener{}); class(err) != "format" {
			t.Errorf("%s: %v", x, err)
		}
	}
}

func useKeyRequest(x string) string {
	return `<w:RequestSecurityToken xmlns:w="` + xmltree.Trust13 + `"><w:RequestType>` + xmltree.Trust13 + `/Issue</w:RequestType><w:UseKey>` +
		x + `</w:UseKey></w:RequestSecurityToken>`
}

// A token that says that it is not base64 is not read as if it were.
func TestUseKeyEncoding(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for encoding, want := range map[string]string{base64Encoding: "ok", "urn:other": "format"} {
		x := fmt.Sprintf(`<o:BinarySecurityToken xmlns:o="%s" ValueType="%s" EncodingType="%s">%s</o:BinarySecurityToken>`,
			xmltree.WSSE, bst, encoding, base64.StdEncoding.EncodeToString(testCertificate(t, key).Raw))
		if _, _, err := ReadRequest(root(t, useKeyRequest(x)), Opener{}); class(err) != want {
			t.Errorf("%s: %v", encoding, err)
		}
	}
}

// Entropy and proof key may travel encrypted, for who has the key; and only
// for him.
func TestEncryptedSecrets(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	opener, err := alg.PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := alg.PublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []Version{Trust13, Trust2005} {
		r := Request{KeyType: Symmetric, Entropy: CombinedEntropy, ClientEntropy: NewSecret(clientOctets), ComputedKey: v.PSHA1(), SealTo: sealer}
		out, err := r.Write(v)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(out), "BinarySecret") {
			t.Errorf("in the clear: %s", out)
		}
		got, _, err := ReadRequest(root(t, string(out)), Opener{Key: opener})
		if err != nil {
			t.Fatal(err)
		}
		if !got.ClientEntropy.Equal(r.ClientEntropy) || got.Entropy != CombinedEntropy {
			t.Errorf("%x, %s", got.ClientEntropy.Bytes(), got.Entropy)
		}
		if _, _, err := ReadRequest(root(t, string(out)), Opener{}); class(err) != "format" {
			t.Errorf("without a key: %v", err)
		}

		a := Response{Token: []byte(testToken), Proof: NewSecret(serverOctets), SealTo: sealer}
		for strict, want := range map[bool]string{false: "ok", true: "format"} {
			n, err := New(Request{KeyType: Symmetric}, v, Options{Open: Opener{Key: opener}, Strict: strict})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.Step(xmltree.Elem{}, noon); err != nil {
				t.Fatal(err)
			}
			a.Context = n.Context()
			out, err := a.Write(v, Issue)
			if err != nil {
				t.Fatal(err)
			}
			_, err = n.Step(root(t, string(out)), noon)
			if class(err) != want {
				t.Errorf("strict %t: %v", strict, err)
			}
			if err == nil && !n.Issued().Proof.Equal(a.Proof) {
				t.Errorf("%x", n.Issued().Proof.Bytes())
			}
		}
	}
}
