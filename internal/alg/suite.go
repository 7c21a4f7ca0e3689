package alg

import (
	"crypto"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"slices"
)

// A Suite names a set of admitted algorithms, and what is written where there is
// a choice. The empty Suite is [Modern]. A name that is not one of the constants
// admits nothing.
type Suite string

// The suites. Modern admits SHA-256 and stronger, RSA from 2048 bits, ECDSA and
// RSA-OAEP. The twelve Basic suites are those of WS-SecurityPolicy without the
// Triple DES ones, and admit what that specification lists and nothing more: all
// of them sign with SHA-1. Legacy is Modern with SHA-1 signatures and digests,
// RSA 1.5 key transport, CBC for writing and RSA from 1024 bits.
const (
	Modern              Suite = "Modern"
	Basic256            Suite = "Basic256"
	Basic192            Suite = "Basic192"
	Basic128            Suite = "Basic128"
	Basic256Rsa15       Suite = "Basic256Rsa15"
	Basic192Rsa15       Suite = "Basic192Rsa15"
	Basic128Rsa15       Suite = "Basic128Rsa15"
	Basic256Sha256      Suite = "Basic256Sha256"
	Basic192Sha256      Suite = "Basic192Sha256"
	Basic128Sha256      Suite = "Basic128Sha256"
	Basic256Sha256Rsa15 Suite = "Basic256Sha256Rsa15"
	Basic192Sha256Rsa15 Suite = "Basic192Sha256Rsa15"
	Basic128Sha256Rsa15 Suite = "Basic128Sha256Rsa15"
	Legacy              Suite = "Legacy"
)

// Valid reports whether s is empty, one of the constants, or made by [Custom] or
// [Union].
func (s Suite) Valid() bool {
	if _, ok := profiles[s]; ok {
		return true
	}
	if _, ok := s.custom(); ok {
		return true
	}
	_, ok := s.union()
	return ok
}

// String returns the name of the suite, Modern for the empty one.
func (s Suite) String() string {
	if s == "" {
		return string(Modern)
	}
	return string(s)
}

// AllowsC14N reports whether uri is an admitted canonicalization method, for
// SignedInfo and for a Reference alike.
func (s Suite) AllowsC14N(uri string) bool {
	return slices.Contains(s.profile().c14n, uri)
}

// C14NURI returns the canonicalization method to write. All that we write is in
// the exclusive form, and has no comments of which a reference by id could tell;
// whether it is named with or without comments is the suite's to say.
func (s Suite) C14NURI() string {
	if s.profile().c14n[0] == excC14NComments {
		return excC14NComments
	}
	return excC14N
}

// Digest returns the hash function of an admitted digest method, else
// [ErrAlgorithm].
func (s Suite) Digest(uri string) (func() hash.Hash, error) {
	if !slices.Contains(s.profile().digests, uri) {
		return nil, s.refuse("digest", uri)
	}
	switch digestOf(uri) {
	case crypto.SHA1:
		return sha1.New, nil
	case crypto.SHA256:
		return sha256.New, nil
	case crypto.SHA384:
		return sha512.New384, nil
	case crypto.SHA512:
		return sha512.New, nil
	}
	return nil, s.refuse("digest", uri)
}

// DigestURI returns the digest method that the suite writes.
func (s Suite) DigestURI() string { return first(s.profile().digests) }

// BlockCipherURI returns the block cipher that the suite writes when it also
// makes the key. For a key that is given, see [Suite.CipherFor].
func (s Suite) BlockCipherURI() string { return first(s.profile().seals) }

// CipherFor returns the block cipher that the suite writes with a session key of
// this size, or [ErrKey] when it has none.
func (s Suite) CipherFor(session Key) (string, error) {
	for _, uri := range s.profile().seals {
		if session.IsSecret() && CipherKeySize(uri) == len(session.Secret()) {
			return uri, nil
		}
	}
	return "", fmt.Errorf("%w: %v: suite %q has no block cipher of that size", ErrKey, session, clip(s.String()))
}

// KeyWrapFor returns the symmetric key wrap that the suite writes with a key
// encryption key of this size, or [ErrKey] when it has none.
func (s Suite) KeyWrapFor(kek Key) (string, error) {
	for _, uri := range s.profile().wraps {
		if kek.IsSecret() && WrapKeySize(uri) == len(kek.Secret()) {
			return uri, nil
		}
	}
	return "", fmt.Errorf("%w: %v: suite %q has no key wrap of that size", ErrKey, kek, clip(s.String()))
}

// KeyTransport returns the RSA key transport that the suite writes.
func (s Suite) KeyTransport() Transport { return s.profile().transport }

// KeyTransportURI returns the identifier of [Suite.KeyTransport].
func (s Suite) KeyTransportURI() string { return s.profile().transport.URI }

// SecretBits returns the least and the most bits a session or proof key may
// have in this suite. Both are 0 when the suite is not valid.
func (s Suite) SecretBits() (least, most int) {
	b := s.profile().secretBits
	return b[0], b[1]
}

// NewSessionKey makes a random key for [Suite.BlockCipherURI].
func (s Suite) NewSessionKey() (Key, error) {
	n := CipherKeySize(s.BlockCipherURI())
	if n == 0 {
		return Key{}, s.refuse("block cipher", "")
	}
	b := make([]byte, n)
	rand.Read(b) // never fails: it ends the process instead
	return newKey(&material{secret: b}), nil
}

// SignatureURI returns the signature method that the suite writes with this key,
// or [ErrKey] when it writes none.
func (s Suite) SignatureURI(k Key) (string, error) {
	if err := s.CheckKey(k); err != nil {
		return "", err
	}
	p := s.profile()
	switch k.kind() {
	case kindSecret:
		return p.hmac, nil
	case kindRSA:
		return p.rsa, nil
	}
	// The hash follows the curve, so that neither is weaker than the other.
	uri := ECDSASHA256
	switch k.Bits() {
	case 384:
		uri = ECDSASHA384
	case 521:
		uri = ECDSASHA512
	}
	if !slices.Contains(p.signatures, uri) {
		return "", fmt.Errorf("%w: %v: suite %q does not sign with ECDSA", ErrKey, k, clip(s.String()))
	}
	return uri, nil
}

// CheckKey reports, as [ErrKey], a key that the suite admits for nothing: no key
// at all, or an RSA modulus of a size out of range.
func (s Suite) CheckKey(k Key) error {
	bounds := s.profile().rsaBits
	switch k.kind() {
	case kindNone:
		return fmt.Errorf("%w: no key", ErrKey)
	case kindRSA:
		if n := k.Bits(); n < bounds[0] || n > bounds[1] {
			return fmt.Errorf("%w: %v: suite %q takes RSA of %d to %d bits", ErrKey, k, clip(s.String()), bounds[0], bounds[1])
		}
	}
	return nil
}

// profile returns what s decides; a name that is not a suite admits nothing.
func (s Suite) profile() *profile {
	if p := profiles[s]; p != nil {
		return p
	}
	if p, ok := s.custom(); ok {
		return p
	}
	if p, ok := s.union(); ok {
		return p
	}
	return &nothing
}

var nothing profile

func (s Suite) refuse(what, uri string) error {
	return fmt.Errorf("%w: %s %q: not in suite %q", ErrAlgorithm, what, clip(uri), clip(s.String()))
}

// digestOf maps a digest identifier to its hash, or 0.
func digestOf(uri string) crypto.Hash {
	switch uri {
	case DigestSHA1:
		return crypto.SHA1
	case DigestSHA256:
		return crypto.SHA256
	case DigestSHA384, DigestSHA384Enc:
		return crypto.SHA384
	case DigestSHA512:
		return crypto.SHA512
	}
	return 0
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
