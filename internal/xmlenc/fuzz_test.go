package xmlenc

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"wstrust/internal/alg"
	"wstrust/internal/corpora"
	"wstrust/internal/testkeys"
	"wstrust/internal/xmltree"
)

func fixedKey(t testing.TB, size int) alg.Key {
	t.Helper()
	k, err := alg.SecretKey(testkeys.Secret(1, size))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// FuzzOpen opens any document: never a panic, the error is one that says nothing
// of the key or ErrDecrypt itself, and the same octets open to the same plaintext.
func FuzzOpen(f *testing.F) {
	kek := fixedKey(f, 32)
	for _, s := range []alg.Suite{alg.Modern, alg.Basic256, alg.Basic256Rsa15} {
		for _, to := range []alg.Key{kek, publicKey(f)} {
			f.Add([]byte(built(f, func(b *xmltree.Builder) error { return SealWith(b, []byte("<x/>"), Element, "i", to, []byte(hint), s) })))
		}
	}
	f.Add([]byte(fill(encData, gcm, keyRef, value)))
	for _, doc := range corpora.Documents(f, 6<<10, "xmlenc") {
		if d, err := xmltree.Parse(doc, xmltree.Limits{}); err == nil {
			if e := find(d.Root(), "EncryptedData"); e.OK() {
				f.Add(e.Standalone())
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := xmltree.Parse(src, xmltree.Limits{})
		if err != nil {
			return
		}
		// A wrong ciphertext of RSA 1.5 gives a random key, so that anything may
		// come of what that opens.
		random := bytes.Contains(src, []byte("rsa-1_5"))
		for _, k := range []alg.Key{kek, privateKey(t)} {
			plain, err := OpenWith(d.Root(), k, alg.Legacy)
			again, err2 := OpenWith(d.Root(), k, alg.Legacy)
			if (err == nil) != (err2 == nil) || err == nil && !bytes.Equal(plain, again) {
				if !random {
					t.Fatalf("%q, %v, and then %q, %v", plain, err, again, err2)
				}
				continue
			}
			if err == nil {
				continue
			}
			known := err == alg.ErrDecrypt || errors.Is(err, xmltree.ErrFormat) || errors.Is(err, alg.ErrAlgorithm) || errors.Is(err, alg.ErrKey)
			if !known || errors.Is(err, alg.ErrDecrypt) && err != alg.ErrDecrypt {
				t.Fatal(err)
			}
			if err != alg.ErrDecrypt && plain != nil {
				t.Fatalf("%d octets with %v", len(plain), err)
			}
		}
	})
}

// FuzzSealThenOpen: what was sealed opens to the same octets, whatever they are,
// under the key it was sealed for and under no other.
func FuzzSealThenOpen(f *testing.F) {
	f.Add([]byte("<x/>"), "id", uint8(0))
	f.Add([]byte{}, "", uint8(5))
	f.Fuzz(func(t *testing.T, plain []byte, id string, i uint8) {
		if !utf8.ValidString(id) || !xmltree.ValidText(id) || len(plain) > 1<<16 || len(id) > 1<<10 {
			return
		}
		s := suites[int(i)%len(suites)]
		size := alg.CipherKeySize(s.BlockCipherURI())
		to := fixedKey(t, size)
		e := parse(t, built(t, func(b *xmltree.Builder) error { return SealWith(b, plain, Content, id, to, nil, s) }))
		got, err := OpenWith(e, to, s)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%s: %v", s, err)
		}
		if _, err := OpenWith(e, secretKey(t, size), s); err != alg.ErrDecrypt {
			t.Fatalf("%s: under another key: %v", s, err)
		}
	})
}

// FuzzReadElement: what is read is all of the plaintext, stands inside two
// elements that hold nothing else, and every failure is the one error.
func FuzzReadElement(f *testing.F) {
	root := parse(f, `<r xmlns="urn:r" xmlns:p="urn:p"><p:a>`+fill(encData, gcm, "", value)+`</p:a></r>`)
	data := find(root, "EncryptedData")
	f.Add([]byte(`<p:b c="d">text</p:b>`))
	f.Add([]byte(`<p:b/></p:a><p:a><p:b/>`))
	f.Add([]byte(`<p:b/><!-- --><p:b/>`))
	f.Fuzz(func(t *testing.T, plain []byte) {
		e, err := ReadElement(data, plain, xmltree.Limits{})
		if err != nil {
			if err != alg.ErrDecrypt || e.OK() {
				t.Fatal(err)
			}
			return
		}
		if got := string(e.Raw()); got != strings.Trim(string(plain), " \t\r\n") {
			t.Fatalf("%q reads as %q", plain, got)
		}
		a := xmltree.Parent(e)
		if !a.Is("urn:p", "a") || string(xmltree.Parent(a).Raw()) != `<r xmlns="urn:r" xmlns:p="urn:p"><p:a>`+string(e.Raw())+`</p:a></r>` {
			t.Fatalf("%q stands in %s", plain, xmltree.Parent(a).Raw())
		}
	})
}
