package attack

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math/big"
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
	"wstrust/service"
)

// A sealed is an EncryptedAssertion that our library would not write.
type sealed struct {
	session       []byte
	method        string // of the data
	cipherText    []byte
	cipherXML     string // in place of CipherValue
	typ           string
	keyMethod     string // rsa-oaep with SHA-256 if empty
	wrapped       []byte // the EncryptedKey's octets, if not made of session
	plainForProof string
}

func (w *world) encryptedAssertion(s sealed) string {
	if s.cipherXML == "" {
		s.cipherXML = `<xenc:CipherValue>` + b64(s.cipherText) + `</xenc:CipherValue>`
	}
	if s.typ == "" {
		s.typ = xmlenc.Element
	}
	var b xmltree.Builder
	if err := xmlenc.SealKey(&b, must(alg.SecretKey(s.session)), "", w.service.public(), nil, nil, alg.Legacy); err != nil {
		panic(err)
	}
	ek := string(b.Bytes())
	if s.wrapped != nil {
		f := open([]byte(ek))
		f.text(f.one("CipherValue"), b64(s.wrapped))
		ek = string(f.src)
	}
	if s.keyMethod != "" {
		f := open([]byte(ek))
		f.replace(f.one("EncryptionMethod"), `<xenc:EncryptionMethod xmlns:xenc="`+xmltree.XENC+`" Algorithm="`+s.keyMethod+`"/>`)
		ek = string(f.src)
	}
	return `<saml:EncryptedAssertion xmlns:saml="` + xmltree.SAML20 + `"><xenc:EncryptedData xmlns:xenc="` + xmltree.XENC + `" Type="` + s.typ + `"><xenc:EncryptionMethod Algorithm="` + s.method +
		`"/><ds:KeyInfo xmlns:ds="` + xmltree.DS + `">` + ek + `</ds:KeyInfo><xenc:CipherData>` + s.cipherXML + `</xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>`
}

func sealCBC(key, plain []byte) []byte {
	pad := 16 - len(plain)%16
	plain = append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	out := make([]byte, 16+len(plain))
	rand.Read(out[:16])
	cipher.NewCBCEncrypter(must(aes.NewCipher(key)), out[:16]).CryptBlocks(out[16:], plain)
	return out
}

func sealGCM(key, plain []byte) []byte {
	g := must(cipher.NewGCM(must(aes.NewCipher(key))))
	iv := make([]byte, 12)
	rand.Read(iv)
	return g.Seal(iv, iv, plain, nil)
}

// evilToken is an assertion that the issuer made about evilUser: the attacker's
// own, or one that he got hold of.
func (w *world) evilToken() string {
	return string(w.assertion(saml.V20, saml.Confirmation{Kind: saml.Bearer}, func(b *saml.Build) { b.Subject.NameID = evilUser }))
}

// sealedCase presents it.
func (w *world) sealedCase(row, name string, v soap.Version, s sealed) *attack {
	return w.sealedAttack(row, name, v, w.encryptedAssertion(s), s.plainForProof)
}

// oracles are C6, C7 and C8: what is wrong must not show. Each case is one
// question; the answer is the same octets as to any other.
func oracles(w *world) (out []*attack) {
	key := bytes.Repeat([]byte("k"), 32)
	plain := []byte(w.evilToken())
	flip := func(p []byte, at int) []byte { p = bytes.Clone(p); p[(at+len(p))%len(p)] ^= 0x81; return p }
	ask := func(row, name string, v soap.Version, s sealed, class ...wsse.Class) *attack {
		a := w.sealedCase(row, name, v, s)
		a.off, a.forged, a.class, a.exempt = dOracle, "oracle", class, "the point is cipher text that is wrong"
		out = append(out, a)
		return a
	}
	for _, v := range versions {
		good := sealCBC(key, plain)
		for name, text := range map[string][]byte{
			"last-block": flip(good, -1), "last-padding": flip(good, -17), "first-block": flip(good, 20), "iv": flip(good, 1), "middle": flip(good, len(good)/2),
			"no-block": good[:16], "half-block": good[:len(good)-8], "one-block-less": good[:len(good)-16], "blocks-swapped": append(append(bytes.Clone(good[:32]), good[48:64]...), append(bytes.Clone(good[32:48]), good[64:]...)...),
			"padding-zero": sealRaw(key, append(bytes.Clone(plain[:len(plain)/16*16-1]), 0)), "padding-17": sealRaw(key, append(bytes.Clone(plain[:len(plain)/16*16-1]), 17)),
		} {
			ask("C6", name, v, sealed{session: key, method: alg.AES256CBC, cipherText: text}, wsse.ClassDecrypt, wsse.ClassSignature, wsse.ClassFormat)
		}
		pub := &w.service.signer.(*rsa.PrivateKey).PublicKey
		for name, block := range map[string][]byte{
			"no-zero":         pkcs1(pub, 0, 2, -1, nil),
			"wrong-type":      pkcs1(pub, 0, 1, 222, key),
			"wrong-first":     pkcs1(pub, 1, 2, 222, key),
			"short-padding":   pkcs1(pub, 0, 2, 4, bytes.Repeat([]byte("x"), 249)),
			"short-key":       pkcs1(pub, 0, 2, 238, key[:16]),
			"long-key":        pkcs1(pub, 0, 2, 189, append(bytes.Clone(key), key...)),
			"empty-key":       pkcs1(pub, 0, 2, 253, nil),
			"right-key-other": pkcs1(pub, 0, 2, 221, bytes.Repeat([]byte("o"), 32)),
		} {
			a := ask("C7", name, v, sealed{session: key, method: alg.AES256CBC, cipherText: good, keyMethod: alg.RSA15, wrapped: block}, wsse.ClassDecrypt)
			a.verifier = func(v *service.Verifier) { v.Suite = alg.Legacy }
			b := *a
			b.name, b.verifier, b.class = "by-default-"+a.name, nil, classes(wsse.ClassAlgorithm, wsse.ClassDecrypt)
			out = append(out, &b)
		}
		text := sealGCM(key, plain)
		ask("C8", "gcm-as-cbc", v, sealed{session: key, method: alg.AES256CBC, cipherText: append(bytes.Clone(text), make([]byte, 16-len(text)%16)...)}, wsse.ClassDecrypt)
		ask("C8", "gcm-as-cbc-cut", v, sealed{session: key, method: alg.AES256CBC, cipherText: text[:len(text)/16*16]}, wsse.ClassDecrypt)
		ask("C8", "oaep-as-pkcs1", v, sealed{session: key, method: alg.AES256GCM, cipherText: text, keyMethod: alg.RSA15}, wsse.ClassAlgorithm, wsse.ClassDecrypt)
	}
	return out
}

// sealRaw encrypts whole blocks without padding.
func sealRaw(key, plain []byte) []byte {
	out := make([]byte, 16+len(plain))
	rand.Read(out[:16])
	cipher.NewCBCEncrypter(must(aes.NewCipher(key)), out[:16]).CryptBlocks(out[16:], plain)
	return out
}

// pkcs1 encrypts a block of PKCS #1 that may be malformed: fill octets of
// padding and then, if fill is not negative, a zero and the key.
func pkcs1(pub *rsa.PublicKey, first, typ byte, fill int, key []byte) []byte {
	block := bytes.Repeat([]byte{0x55}, pub.Size())
	block[0], block[1] = first, typ
	if fill >= 0 {
		block[2+fill] = 0
		copy(block[3+fill:], key)
	}
	m := new(big.Int).SetBytes(block)
	return new(big.Int).Exp(m.Mod(m, pub.N), big.NewInt(int64(pub.E)), pub.N).FillBytes(make([]byte, pub.Size()))
}

// encryption are C9, C11, C12 and C13, and what of C5 is about ciphers.
func encryption(w *world) (out []*attack) {
	key := bytes.Repeat([]byte("k"), 32)
	for _, v := range versions {
		plain := []byte(w.evilToken())
		add := func(row, name string, s sealed, off defence, class ...wsse.Class) *attack {
			s.session, s.plainForProof = key, string(plain)
			if s.method == "" {
				s.method = alg.AES256GCM
			}
			if s.method == tripleDES {
				s.session = key[:24]
			}
			a := w.sealedCase(row, name, v, s)
			a.off, a.class = off, class
			out = append(out, a)
			return a
		}
		text := sealGCM(key, plain)
		for _, n := range []int{1, 4, 8, 12, 15} {
			add("C9", fmt.Sprintf("tag-cut-by-%d", n), sealed{cipherText: text[:len(text)-n]}, dDecrypt, wsse.ClassDecrypt)
		}
		add("C9", "no-tag", sealed{cipherText: text[:len(text)-16]}, dDecrypt, wsse.ClassDecrypt)
		add("C9", "zero-tag", sealed{cipherText: append(bytes.Clone(text[:len(text)-16]), make([]byte, 16)...)}, dDecrypt, wsse.ClassDecrypt)
		add("C9", "tag-flipped", sealed{cipherText: append(bytes.Clone(text[:len(text)-1]), text[len(text)-1]^1)}, dDecrypt, wsse.ClassDecrypt)
		for name, uri := range map[string]string{"http": "http://evil.example.com/text", "file": "file:///tmp/text", "fragment": "#text", "relative": "text"} {
			a := add("C11", name, sealed{cipherXML: `<xenc:CipherReference URI="` + uri + `"/>`}, dCipher, wsse.ClassAlgorithm, wsse.ClassFormat, wsse.ClassDecrypt)
			a.fetch = map[string][]byte{uri: text}
		}
		// The key of one message with the attacker's data: it decrypts, and proves
		// nothing.
		forged := strings.ReplaceAll(string(w.assertion(saml.V20, saml.Confirmation{Kind: saml.Bearer}, nil)), goodUser, evilUser)
		f := open([]byte(forged))
		f.cut(f.at("Signature"))
		a := add("C12", "key-of-another-message", sealed{cipherText: sealGCM(key, f.src)}, dSigned, wsse.ClassSignature)
		a.exempt = "the point is that the data are not signed"
		for _, depth := range []int{1, 2, 10, 30} {
			inner := string(plain)
			for range depth {
				inner = w.encryptedAssertion(sealed{session: key, method: alg.AES256GCM, cipherText: sealGCM(key, []byte(inner))})
			}
			if len(inner) > 100<<10 {
				continue
			}
			add("C13", fmt.Sprintf("nested-%d", depth), sealed{cipherText: sealGCM(key, []byte(inner))}, dNesting, wsse.ClassDecrypt, wsse.ClassFormat, wsse.ClassLimit)
		}
		two := string(plain) + strings.ReplaceAll(string(plain), "ID=\"_", "ID=\"_x")
		add("C13", "content-of-two", sealed{cipherText: sealGCM(key, []byte(two)), typ: xmlenc.Content}, dOneToken, wsse.ClassDecrypt, wsse.ClassFormat)
		add("C13", "element-of-two", sealed{cipherText: sealGCM(key, []byte(two))}, dOneToken, wsse.ClassDecrypt)
		add("C5", "3des", sealed{method: tripleDES, cipherText: sealTripleDES(key[:24], plain)}, dAlgorithms, wsse.ClassAlgorithm, wsse.ClassDecrypt)
		pub := &w.service.signer.(*rsa.PrivateKey).PublicKey
		add("C5", "rsa15-transport", sealed{cipherText: text, keyMethod: alg.RSA15, wrapped: pkcs1(pub, 0, 2, 221, key)}, dAlgorithms, wsse.ClassAlgorithm, wsse.ClassDecrypt)
	}
	return out
}
