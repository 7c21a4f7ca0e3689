package xmldsig

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// message is about 6 KB with an enveloped RSA-2048 signature.
func message(t testing.TB) []byte {
	var b strings.Builder
	b.WriteString(`<r xmlns="urn:a" xmlns:b="urn:b" Id="r">`)
	for range 40 {
		b.WriteString(`<b:attribute name="http://schemas.example/claims/name"><value>some text of a claim &amp; more</value></b:attribute>`)
	}
	return []byte(signedRoot(t, b.String(), must(alg.PrivateKey(rsaKey()))))
}

// BenchmarkVerify is to be read against BenchmarkVerifyFloor: the same
// cryptography and nothing else.
func BenchmarkVerify(b *testing.B) {
	src := message(b)
	sig := find(must(xmltree.Parse(src, xmltree.Limits{})).Root(), "Signature")
	key := must(alg.PublicKey(rsaKey().Public()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Verify(sig, key, "", nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyFromBytes(b *testing.B) {
	src := message(b)
	key := must(alg.PublicKey(rsaKey().Public()))
	b.ReportAllocs()
	for b.Loop() {
		d, err := xmltree.Parse(src, xmltree.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Verify(d.Root().First(xmltree.DS, "Signature"), key, "", nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyFloor(b *testing.B) {
	src := message(b)
	info := make([]byte, 700)
	sum := sha256.Sum256(info)
	value := must(rsaKey().Sign(nil, sum[:], crypto.SHA256))
	b.ReportAllocs()
	for b.Loop() {
		sha256.Sum256(src)
		sum := sha256.Sum256(info)
		if err := rsa.VerifyPKCS1v15(&rsaKey().PublicKey, crypto.SHA256, sum[:], value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	root := parse(b, `<r Id="r"><v>1</v></r>`)
	key := must(alg.PrivateKey(p256Key()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Sign(key, "", "", []Ref{{ID: "r", Elem: root, Enveloped: true}}, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// The allocations of one verification are held where they are: a few more and
// the cost of a message is no longer that of its cryptography.
func TestVerifyAllocations(t *testing.T) {
	sig := find(parse(t, string(message(t))), "Signature")
	key := must(alg.PublicKey(rsaKey().Public()))
	n := testing.AllocsPerRun(50, func() {
		if _, err := Verify(sig, key, "", nil); err != nil {
			t.Fatal(err)
		}
	})
	if n > 22 {
		t.Errorf("%v allocations for one RSA signature", n)
	}
}
