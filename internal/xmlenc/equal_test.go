package xmlenc

import (
	"encoding/base64"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// What does not open goes the way of what opens, as far as there is one: text
// with a wrong padding is handed on to be read, and where the key does not open
// the text is decrypted under another. What GCM refuses is never handed on.
func TestFailuresGoTheSameWay(t *testing.T) {
	const suite = alg.Basic256 // AES-256-CBC
	const text = "sixteen octets, and seven more."
	sealed := built(t, func(b *xmltree.Builder) error {
		return SealWith(b, []byte(text), Content, "", publicKey(t), nil, suite)
	})
	values := func(e xmltree.Elem) (key, data xmltree.Elem) {
		ek := KeyInfo(e).First(xmltree.XENC, "EncryptedKey")
		return ek.First(xmltree.XENC, "CipherData").First(xmltree.XENC, "CipherValue"), e.First(xmltree.XENC, "CipherData").First(xmltree.XENC, "CipherValue")
	}
	changed := func(what func(e xmltree.Elem) xmltree.Elem, at func([]byte) int, by byte) xmltree.Elem {
		e := what(parse(t, sealed))
		v, err := e.Base64()
		if err != nil {
			t.Fatal(err)
		}
		v[at(v)] ^= by
		from, to := e.ContentRange()
		return parse(t, sealed[:from]+base64.StdEncoding.EncodeToString(v)+sealed[to:])
	}
	data := func(e xmltree.Elem) xmltree.Elem { _, v := values(e); return v }
	key := func(e xmltree.Elem) xmltree.Elem { v, _ := values(e); return v }

	// The last octet of the block before the last one is that of the padding, 1.
	padding := func(v []byte) int { return len(v) - 17 }
	plain, err := OpenWith(changed(data, padding, 0x80), privateKey(t), suite)
	if err != alg.ErrDecrypt || len(plain) != len(text) || string(plain[16:]) != text[16:] {
		t.Errorf("wrong padding: %q, %v", plain, err)
	}
	plain, err = OpenWith(changed(key, func(v []byte) int { return len(v) - 1 }, 1), privateKey(t), suite)
	if err != alg.ErrDecrypt || plain == nil {
		t.Errorf("no key: %q, %v: the text was not decrypted under another", plain, err)
	}
	sealed = built(t, func(b *xmltree.Builder) error {
		return SealWith(b, []byte("text"), Content, "", publicKey(t), nil, "")
	})
	plain, err = OpenWith(changed(data, padding, 0x80), privateKey(t), "")
	if err != alg.ErrDecrypt || plain != nil {
		t.Errorf("GCM: %q, %v", plain, err)
	}
}
