package xmlenc

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/damage"
	"wstrust/internal/xmltree"
)

var update = flag.Bool("update", false, "write what the reader says about damaged ciphertext into testdata")

// TestDamagedCiphertext breaks one thing at a time in an EncryptedData and the
// EncryptedKey that comes with it, beside it and inside it, and holds what
// OpenWith says of each against testdata.
func TestDamagedCiphertext(t *testing.T) {
	key, public := privateKey(t), publicKey(t)
	const secret = "test key of thirty-two octets .."
	session, err := alg.SecretKey([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	octets, err := alg.Modern.Encrypt(alg.AES256GCM, session.Secret(), []byte("<plain/>"))
	if err != nil {
		t.Fatal(err)
	}
	sealed := built(t, func(b *xmltree.Builder) error {
		return SealKey(b, session, "ek", public, []byte(`<ds:KeyInfo xmlns:ds="`+xmltree.DS+`"><ds:KeyName>k</ds:KeyName></ds:KeyInfo>`), []string{"d"}, alg.Modern)
	})
	data := func(info string) string {
		return `<x:EncryptedData xmlns:x="` + xmltree.XENC + `" Id="d" Type="` + Element + `" MimeType="m" Encoding="e"><x:EncryptionMethod Algorithm="` + alg.AES256GCM + `"><x:KeySize>256</x:KeySize></x:EncryptionMethod>` +
			info + `<x:CipherData><x:CipherValue>` + encoded(octets) + `</x:CipherValue></x:CipherData><x:EncryptionProperties/></x:EncryptedData>`
	}
	for name, doc := range map[string]string{
		"damaged-inside": `<r>` + data(`<d:KeyInfo xmlns:d="`+xmltree.DS+`">`+sealed+`</d:KeyInfo>`) + `</r>`,
		"damaged-beside": `<r><a/>` + data("") + sealed + `<b/></r>`,
	} {
		t.Run(name, func(t *testing.T) {
			damage.Check(t, "testdata/"+name+".txt", *update, doc, damage.Range{}, func(doc string) (string, error) {
				d, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
				if err != nil {
					return "", err
				}
				e := find(d.Root(), "EncryptedData")
				if !e.OK() {
					return "nothing there", nil
				}
				plain, err := OpenWith(e, key, alg.Modern)
				if err != nil {
					return "", err
				}
				inside, err := ReadElement(e, plain, xmltree.Limits{})
				return fmt.Sprintf("%s\n%v %v", plain, inside.OK(), err), nil
			})
		})
	}
}

// TestDamagedKeys does the same to a key that another one wraps.
func TestDamagedKeys(t *testing.T) {
	wrap := secretKey(t, 32)
	wrapped, err := alg.Modern.WrapKey(alg.WrapAES256, wrap.Secret(), []byte("test key of thirty-two octets .."))
	if err != nil {
		t.Fatal(err)
	}
	head := `<x:EncryptedKey xmlns:x="` + xmltree.XENC + `" xmlns:d="` + xmltree.DS + `" Recipient="r"><x:EncryptionMethod Algorithm="`
	tail := `<x:ReferenceList><x:DataReference URI="#d"/></x:ReferenceList><x:CarriedKeyName>n</x:CarriedKeyName></x:EncryptedKey>`
	for name, doc := range map[string]string{
		"damaged-wrap": head + alg.WrapAES256 + `"><x:KeySize>256</x:KeySize></x:EncryptionMethod><d:KeyInfo><d:KeyName>k</d:KeyName></d:KeyInfo><x:CipherData><x:CipherValue>` + encoded(wrapped) + `</x:CipherValue></x:CipherData>` + tail,
	} {
		t.Run(name, func(t *testing.T) {
			damage.Check(t, "testdata/"+name+".txt", *update, doc, damage.Range{}, func(doc string) (string, error) {
				d, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
				if err != nil {
					return "", err
				}
				k, err := OpenKey(d.Root(), wrap, alg.Modern, 32)
				if err != nil {
					return "", err
				}
				value, err := CipherValue(d.Root())
				return fmt.Sprintf("%s\n%d %v %v", k.Secret(), len(value), err, KeyInfo(d.Root()).OK()), nil
			})
		})
	}
}

func encoded(octets []byte) string {
	var b xmltree.Builder
	b.Start("", "x")
	b.Base64(octets)
	b.End()
	return strings.TrimSuffix(strings.TrimPrefix(string(b.Bytes()), "<x>"), "</x>")
}
