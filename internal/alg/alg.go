// Package alg is the one place where algorithm identifiers meet cryptography.
//
// A [Suite] is an allow-list: the message names an algorithm by its URI, and the
// suite agrees or refuses. Nothing is ever chosen by the message alone, and a
// [Key] knows what it is, so that an RSA key is never taken for an HMAC secret.
// Every default and every minimum stands in defaults.go.
//
// The package decides and computes; it reads no clock, no file and no
// environment. Randomness comes from crypto/rand.
//
// Triple DES, MD5, RIPEMD-160 and DSA are not implemented and cannot be
// admitted by any suite.
package alg

import "errors"

// ErrAlgorithm reports an algorithm that is unknown, or that the suite in force
// does not admit. It is returned before any key is used.
var ErrAlgorithm = errors.New("alg: algorithm not admitted")

// ErrKey reports a key of the wrong kind or size for an algorithm, or one that
// is not fit to be a key at all.
var ErrKey = errors.New("alg: unsuitable key")

// ErrSignature reports a signature or MAC value that does not verify. It does
// not say why.
var ErrSignature = errors.New("alg: signature does not verify")

// ErrDecrypt reports every failure to decrypt or unwrap: bad padding, bad tag,
// wrong length, wrong key. It is returned as it is, never wrapped, so that one
// failure cannot be told from another by the error.
var ErrDecrypt = errors.New("alg: decryption failed")

// clip bounds what is quoted from a message in an error.
func clip(s string) string {
	const most = 128
	if len(s) > most {
		return s[:most]
	}
	return s
}
