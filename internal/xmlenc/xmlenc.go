// Package xmlenc opens and makes EncryptedData and EncryptedKey elements (XML
// Encryption 1.0 and 1.1), as far as security tokens, entropy and proof keys
// need them.
//
// The elements are read exactly as their schema has them. Everything that would
// lead away from the element is refused: a CipherReference, a RetrievalMethod, a
// KeyInfoReference. Algorithms are checked against the suite before any key is
// used, and every failure to decrypt is the one value [alg.ErrDecrypt].
//
// Encryption authenticates nobody. What comes out must carry a signature of its
// own, or stand in a message whose signature covers the ciphertext; and whoever
// answers a peer must give one and the same answer when decryption fails and when
// the plaintext turns out to be nonsense, which with CBC and RSA 1.5 are the same
// event.
package xmlenc

import (
	"crypto/rand"
	"errors"
	"fmt"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// ErrReference reports an element that points to its data or its key instead of
// holding it. Nothing is ever fetched. The error wraps [xmltree.ErrFormat] too.
var ErrReference = errors.New("xmlenc: reference to octets elsewhere")

// Open decrypts an xenc:EncryptedData element with its session key. The error is
// an [*xmltree.Error] or [ErrReference] for an element that is not as it should
// be, [alg.ErrAlgorithm] for a cipher that the suite does not open, [alg.ErrKey]
// for a key of another size than the cipher's, and else [alg.ErrDecrypt], with
// which text may come that is to be read and refused, see [alg.Suite.Decrypt].
// What the octets are, the Type attribute says.
func Open(data xmltree.Elem, key alg.Key, s alg.Suite) (plain []byte, err error) {
	d, err := readData(data, s, nil)
	if err != nil {
		return nil, err
	}
	return d.open(key, s)
}

// OpenKey decrypts an xenc:EncryptedKey element with an RSA private key, or with
// the secret key that wraps it. Size is the number of octets that the key must
// have, 0 if any will do; RSA 1.5 cannot do without. Errors are those of [Open];
// a key of another size is [alg.ErrDecrypt].
//
// With RSA 1.5 a malformed ciphertext gives a random key and no error, see
// [alg.Suite.DecryptKey].
func OpenKey(ek xmltree.Elem, key alg.Key, s alg.Suite, size int) (alg.Key, error) {
	k, err := readKey(ek, s)
	if err != nil {
		return alg.Key{}, err
	}
	out, err := k.unwrap(key, s, size)
	return out, k.at(err)
}

// OpenWith decrypts an xenc:EncryptedData element whose session key comes with
// it: in an xenc:EncryptedKey inside its ds:KeyInfo, or in one that is its next
// sibling. There must be exactly one. The key is the one that opens the
// EncryptedKey. Both elements are read and checked before the key is used; errors
// are those of [Open]. Where the EncryptedKey does not open, a random key is used
// in its place, so that this takes as long as a wrong key does.
func OpenWith(data xmltree.Elem, key alg.Key, s alg.Suite) ([]byte, error) {
	d, err := readData(data, s, nil)
	if err != nil {
		return nil, err
	}
	ek, err := keyOf(d)
	if err != nil {
		return nil, err
	}
	k, err := readKey(ek, s)
	if err != nil {
		return nil, err
	}
	if err := k.refersTo(d); err != nil {
		return nil, err
	}
	size := alg.CipherKeySize(d.uri)
	spare := make([]byte, size) // whether or not it is used
	rand.Read(spare)
	session, closed := k.unwrap(key, s, size)
	if closed != nil {
		if closed != alg.ErrDecrypt {
			return nil, k.at(closed)
		}
		if session, err = alg.SecretKey(spare); err != nil {
			return nil, err
		}
	}
	plain, err := d.open(session, s)
	if closed != nil {
		err = closed
	}
	return plain, err
}

// KeyInfo returns the ds:KeyInfo of an EncryptedData or EncryptedKey element, or
// a zero Elem. It says which key the sender used; it is a hint and proves
// nothing.
func KeyInfo(e xmltree.Elem) xmltree.Elem { return e.First(xmltree.DS, "KeyInfo") }

// Method returns the algorithm that an EncryptedData or EncryptedKey element
// names, or "".
func Method(e xmltree.Elem) string {
	uri, _ := e.First(xmltree.XENC, "EncryptionMethod").AttrOctets("", "Algorithm")
	return identifier(uri)
}

// CipherValue returns the octets inside the CipherValue of an EncryptedData or
// EncryptedKey element. WS-Security names an EncryptedKey by their SHA-1 digest.
func CipherValue(e xmltree.Elem) ([]byte, error) {
	cipherData, err := e.One(xmltree.XENC, "CipherData")
	if err != nil {
		return nil, err
	}
	return readCipherData(cipherData, nil)
}

func (d *encrypted) open(key alg.Key, s alg.Suite) ([]byte, error) {
	if !key.IsSecret() {
		return nil, d.at(fmt.Errorf("%w: a %v for block cipher %q", alg.ErrKey, key, d.uri))
	}
	plain, err := s.DecryptInPlace(d.uri, key.Secret(), d.value)
	if plain == nil {
		err = d.at(err)
	}
	return plain, err
}

// unwrap turns what it finds into a key. That may fail for octets no key can
// have; the peer chose them, so it is a failure to decrypt like any other.
func (d *encrypted) unwrap(key alg.Key, s alg.Suite, size int) (alg.Key, error) {
	var octets []byte
	var err error
	if alg.WrapKeySize(d.uri) != 0 {
		if !key.IsSecret() {
			return alg.Key{}, fmt.Errorf("%w: a %v for key wrap %q", alg.ErrKey, key, d.uri)
		}
		octets, err = s.UnwrapKey(d.uri, key.Secret(), d.value)
		if err == nil && size != 0 && len(octets) != size {
			err = alg.ErrDecrypt
		}
	} else {
		t := d.transport
		t.Size = size
		octets, err = s.DecryptKey(t, key, d.value)
	}
	if err != nil {
		return alg.Key{}, err
	}
	k, err := alg.SecretKey(octets)
	if err != nil {
		return alg.Key{}, alg.ErrDecrypt
	}
	return k, nil
}

// at adds the place to an error, but not to ErrDecrypt, which stays the same
// value wherever it happens.
func (d *encrypted) at(err error) error {
	if err == nil || err == alg.ErrDecrypt {
		return err
	}
	return fmt.Errorf("xmlenc: %s: %w", d.elem.Path(), err)
}
