package wst

import (
	"bytes"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// An Opener is what a reader needs for keys and entropy that arrive encrypted.
// With the zero Opener such a message is refused.
type Opener struct {
	Key   alg.Key // private key, or key-encrypting secret
	Suite alg.Suite
}

// writeSecret writes s as a BinarySecret of type typ, or as an EncryptedKey if
// there is a key to encrypt it for.
func writeSecret(b *xmltree.Builder, trust, typ string, s Secret, to alg.Key, suite alg.Suite) error {
	if why := weak(s.Bytes()); why != "" {
		return misuse("secret: %s", why)
	}
	if !to.IsZero() {
		key, err := alg.SecretKey(s.Bytes())
		if err != nil {
			return err
		}
		return xmlenc.SealKey(b, key, "", to, nil, nil, suite)
	}
	b.Start(trust, "BinarySecret")
	b.Attr("", "Type", typ)
	b.Base64(s.Bytes())
	b.End()
	return nil
}

// readSecret reads a BinarySecret or an EncryptedKey of bits bits, or of the
// default size if bits is 0; only an EncryptedKey's padding depends on it.
func readSecret(v Version, e xmltree.Elem, open Opener, bits int) (s Secret, typ string, err error) {
	var octets []byte
	switch {
	case e.Is(v.Namespace(), "BinarySecret"):
		octets, typ, err = binarySecret(v, e)
	case e.Is(xmltree.XENC, "EncryptedKey"):
		octets, err = openSecret(e, open, bits)
	default:
		err = e.Errorf("%s is not a secret that is understood", clip(e.Local()))
	}
	defer clear(octets) // ours alone
	if err != nil {
		return s, "", err
	}
	if why := weak(octets); why != "" {
		return s, "", e.Errorf("secret: %s", why)
	}
	return NewSecret(octets), typ, nil
}

// binarySecret reads the octets of a BinarySecret. Its type may be left out;
// if it is there it must be that of a nonce or of a symmetric key. CXF calls
// the keys that it makes nonces, so the two are not told apart here.
func binarySecret(v Version, e xmltree.Elem) (octets []byte, typ string, err error) {
	typ, ok := e.Attr("", "Type")
	if ok && typ != v.nonce() && typ != v.symmetricKey() {
		return nil, "", e.Errorf("a secret of type %s", clip(typ))
	}
	octets, err = e.Base64()
	return octets, typ, err
}

func openSecret(e xmltree.Elem, open Opener, bits int) ([]byte, error) {
	if open.Key.IsZero() {
		return nil, e.Errorf("an encrypted secret, and no key to open it")
	}
	if bits == 0 {
		bits = DefaultKeyBits
	}
	key, err := xmlenc.OpenKey(e, open.Key, open.Suite, bits/8)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(key.Secret()), nil
}

// readEntropy reads the one secret in an Entropy element.
func readEntropy(v Version, e xmltree.Elem, open Opener, bits int) (s Secret, typ string, err error) {
	if !e.OK() {
		return s, "", nil
	}
	c, err := only(e)
	if err != nil {
		return s, "", err
	}
	return readSecret(v, c, open, bits)
}
