package alg

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"slices"
)

const (
	gcmNonce = 12 // 96 bits, the only size XML Encryption 1.1 allows
	gcmTag   = 16 // 128 bits, likewise
)

// CipherKeySize returns the octets of key that a block cipher takes, or 0 when
// the identifier is not one of a block cipher this package knows.
func CipherKeySize(uri string) int {
	switch uri {
	case AES128CBC, AES128GCM:
		return 16
	case AES192CBC, AES192GCM:
		return 24
	case AES256CBC, AES256GCM:
		return 32
	}
	return 0
}

// Opens reports, as [ErrAlgorithm], a block cipher that [Suite.Decrypt] refuses,
// so that a reader can refuse it before any key is used.
func (s Suite) Opens(uri string) error {
	if CipherKeySize(uri) == 0 || !slices.Contains(s.profile().opens, uri) {
		return s.refuse("block cipher", uri)
	}
	return nil
}

// Encrypt returns the octets of a CipherValue: the initialization vector, made
// from crypto/rand, and the ciphertext, with the tag at the end for GCM. It fails
// with [ErrAlgorithm] when the suite does not write that cipher, and with [ErrKey]
// when the key has not its size.
func (s Suite) Encrypt(uri string, key, plain []byte) ([]byte, error) {
	if CipherKeySize(uri) == 0 || !slices.Contains(s.profile().seals, uri) {
		return nil, s.refuse("block cipher", uri)
	}
	block, err := cipherBlock(uri, key)
	if err != nil {
		return nil, err
	}
	if isGCM(uri) {
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("alg: encrypt: %w", err)
		}
		return aead.Seal(nil, nil, plain, nil), nil
	}
	return encryptCBC(block, plain), nil
}

// Decrypt is the inverse of [Suite.Encrypt]. What does not decrypt is
// [ErrDecrypt], whatever the reason.
//
// CBC authenticates nothing: the caller must check a signature, either over the
// ciphertext or inside the plaintext, and must answer the peer with one and the
// same fault whichever step failed. So that it can also take the same time, text
// whose padding is wrong comes with the error, cut as if it were right: a caller
// who reads what he gets from strangers reads that too, and then refuses it.
func (s Suite) Decrypt(uri string, key, ct []byte) ([]byte, error) {
	return s.DecryptInPlace(uri, key, bytes.Clone(ct))
}

// DecryptInPlace is Decrypt for a caller who does not need the ciphertext any
// more: the plaintext takes its place.
func (s Suite) DecryptInPlace(uri string, key, ct []byte) ([]byte, error) {
	if err := s.Opens(uri); err != nil {
		return nil, err
	}
	block, err := cipherBlock(uri, key)
	if err != nil {
		return nil, err
	}
	if !isGCM(uri) {
		return decryptCBC(block, ct)
	}
	if len(ct) < gcmNonce+gcmTag {
		return nil, ErrDecrypt
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, ErrDecrypt
	}
	plain, err := aead.Open(ct[gcmNonce:gcmNonce], ct[:gcmNonce], ct[gcmNonce:], nil)
	if err != nil {
		return nil, ErrDecrypt
	}
	return plain, nil
}

// Authenticates reports whether a block cipher notices that its ciphertext was
// changed. CBC does not, nor does an identifier that is not a cipher's.
func Authenticates(uri string) bool { return isGCM(uri) }

func isGCM(uri string) bool { return uri == AES256GCM || uri == AES128GCM || uri == AES192GCM }

func cipherBlock(uri string, key []byte) (cipher.Block, error) {
	if n := CipherKeySize(uri); len(key) != n {
		return nil, fmt.Errorf("%w: %d octets for block cipher %q, which takes %d", ErrKey, len(key), uri, n)
	}
	return aes.NewCipher(key)
}

// encryptCBC pads as XML Encryption says: the last octet counts the padding, the
// others are free. They are given the same value, so that a peer that expects
// the padding of PKCS #7 is content too.
func encryptCBC(block cipher.Block, plain []byte) []byte {
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	out := make([]byte, aes.BlockSize+len(plain)+pad)
	iv, body := out[:aes.BlockSize], out[aes.BlockSize:]
	rand.Read(iv)
	copy(body, plain)
	for i := len(plain); i < len(body); i++ {
		body[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(body, body)
	return out
}

// decryptCBC looks at the last octet of padding only: XML Encryption leaves the
// others free, and .NET fills them at random.
func decryptCBC(block cipher.Block, ct []byte) ([]byte, error) {
	if len(ct) < 2*aes.BlockSize || len(ct)%aes.BlockSize != 0 {
		return nil, ErrDecrypt
	}
	plain := ct[aes.BlockSize:]
	cipher.NewCBCDecrypter(block, ct[:aes.BlockSize]).CryptBlocks(plain, plain)
	last := int(plain[len(plain)-1])
	pad := (last-1)&(aes.BlockSize-1) + 1 // last itself, if that is a padding
	plain = plain[:len(plain)-pad]
	if last != pad {
		return plain, ErrDecrypt
	}
	return plain, nil
}
