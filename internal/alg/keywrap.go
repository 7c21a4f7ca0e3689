package alg

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"slices"
)

// wrapIV is the initial value of RFC 3394, "Alternative Initial Value" apart.
const wrapIV = "\xa6\xa6\xa6\xa6\xa6\xa6\xa6\xa6"

// WrapKeySize returns the octets of key encryption key that a symmetric key wrap
// takes, or 0 when the identifier is not one of a key wrap this package knows.
func WrapKeySize(uri string) int {
	switch uri {
	case WrapAES128:
		return 16
	case WrapAES192:
		return 24
	case WrapAES256:
		return 32
	}
	return 0
}

// WrapKey wraps key under kek with AES Key Wrap (RFC 3394). The key must be a
// multiple of 8 octets and at least 16 of them; otherwise, or when kek has not
// the size the method takes, the error is [ErrKey].
func (s Suite) WrapKey(uri string, kek, key []byte) ([]byte, error) {
	block, err := s.wrapBlock(uri, kek)
	if err != nil {
		return nil, err
	}
	if len(key) < minSecretBytes || len(key)%8 != 0 {
		return nil, fmt.Errorf("%w: AES key wrap of %d octets", ErrKey, len(key))
	}
	out := make([]byte, 8+len(key))
	copy(out, wrapIV)
	copy(out[8:], key)

	var b [aes.BlockSize]byte
	copy(b[:8], out)
	n := len(key) / 8
	for t := 1; t <= 6*n; t++ {
		r := out[8*((t-1)%n+1):][:8]
		copy(b[8:], r)
		block.Encrypt(b[:], b[:])
		copy(r, b[8:])
		xorCounter(&b, t)
	}
	copy(out, b[:8])
	return out, nil
}

// UnwrapKey is the inverse of [Suite.WrapKey]. What does not unwrap, or holds
// fewer than 16 octets, is [ErrDecrypt].
func (s Suite) UnwrapKey(uri string, kek, wrapped []byte) ([]byte, error) {
	block, err := s.wrapBlock(uri, kek)
	if err != nil {
		return nil, err
	}
	if len(wrapped) < 8+minSecretBytes || len(wrapped)%8 != 0 {
		return nil, ErrDecrypt
	}
	out := slices.Clone(wrapped)
	var b [aes.BlockSize]byte
	copy(b[:8], out)
	n := len(out)/8 - 1
	for t := 6 * n; t >= 1; t-- {
		r := out[8*((t-1)%n+1):][:8]
		xorCounter(&b, t)
		copy(b[8:], r)
		block.Decrypt(b[:], b[:])
		copy(r, b[8:])
	}
	if subtle.ConstantTimeCompare(b[:8], []byte(wrapIV)) != 1 {
		clear(out)
		return nil, ErrDecrypt
	}
	return out[8:], nil
}

// Wraps reports, as [ErrAlgorithm], a key wrap that the suite does not admit.
func (s Suite) Wraps(uri string) error {
	if WrapKeySize(uri) == 0 || !slices.Contains(s.profile().wraps, uri) {
		return s.refuse("key wrap", uri)
	}
	return nil
}

func (s Suite) wrapBlock(uri string, kek []byte) (cipher.Block, error) {
	if err := s.Wraps(uri); err != nil {
		return nil, err
	}
	if n := WrapKeySize(uri); len(kek) != n {
		return nil, fmt.Errorf("%w: %d octets for key wrap %q, which takes %d", ErrKey, len(kek), uri, n)
	}
	return aes.NewCipher(kek)
}

func xorCounter(b *[aes.BlockSize]byte, t int) {
	a := b[:8]
	binary.BigEndian.PutUint64(a, binary.BigEndian.Uint64(a)^uint64(t))
}
