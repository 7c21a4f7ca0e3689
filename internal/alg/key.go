package alg

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"fmt"
	"io"
	"slices"
)

// A Key is a key together with what it may do. The zero Key is no key.
//
// A Key is a small value that may be copied and used by many goroutines at once.
// Its contents never print: every verb of fmt gives [Key.String], and a struct
// that holds a Key shows a pointer.
//
// A struct with an unexported Key in it must not print it either, and there fmt
// cannot call the methods of Key. It follows a pointer to a struct when the verb
// does not suit a pointer, as %s does not; it never follows a pointer to a
// pointer.
type Key struct{ p **material }

type material struct {
	secret []byte
	public crypto.PublicKey // *rsa.PublicKey or *ecdsa.PublicKey
	signer crypto.Signer
	cert   *x509.Certificate
}

// PublicKey makes a key for verifying and for encrypting to. It takes an
// *rsa.PublicKey, or an *ecdsa.PublicKey on P-256, P-384 or P-521; anything else,
// or a point that is not on its curve, is [ErrKey]. Sizes are the suite's affair.
func PublicKey(pub crypto.PublicKey) (Key, error) {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		if pub == nil || pub.N == nil || pub.N.Sign() <= 0 || pub.N.Bit(0) == 0 || pub.E < 3 || pub.E&1 == 0 {
			return Key{}, fmt.Errorf("%w: malformed RSA public key", ErrKey)
		}
	case *ecdsa.PublicKey:
		if pub == nil || !knownCurve(pub.Curve) {
			return Key{}, fmt.Errorf("%w: ECDSA public key that is not on P-256, P-384 or P-521", ErrKey)
		}
		if _, err := pub.ECDH(); err != nil { // checks the point
			return Key{}, fmt.Errorf("%w: ECDSA public key that is not a point of its curve", ErrKey)
		}
	default:
		return Key{}, fmt.Errorf("%w: public key of type %T", ErrKey, pub)
	}
	return newKey(&material{public: pub}), nil
}

// CertificateKey makes the public key of a certificate. Nothing but the key is
// looked at: whether the certificate is trusted is for others to say.
func CertificateKey(c *x509.Certificate) (Key, error) {
	if c == nil {
		return Key{}, fmt.Errorf("%w: no certificate", ErrKey)
	}
	k, err := PublicKey(c.PublicKey)
	if err != nil {
		return Key{}, err
	}
	(*k.p).cert = c
	return k, nil
}

// PrivateKey makes a key for signing, and for decrypting where the signer is a
// [crypto.Decrypter] as well. The private key itself may live in a hardware
// module. Its public part must be one that [PublicKey] takes.
func PrivateKey(s crypto.Signer) (Key, error) {
	switch p := s.(type) {
	case nil:
		return Key{}, fmt.Errorf("%w: no private key", ErrKey)
	case *rsa.PrivateKey:
		if p == nil {
			return Key{}, fmt.Errorf("%w: no private key", ErrKey)
		}
	case *ecdsa.PrivateKey:
		if p == nil {
			return Key{}, fmt.Errorf("%w: no private key", ErrKey)
		}
	}
	k, err := PublicKey(s.Public())
	if err != nil {
		return Key{}, err
	}
	(*k.p).signer = s
	return k, nil
}

// SecretKey makes a symmetric key from a copy of b. Fewer than 16 octets, or
// nothing but zeros (what an issuer that forgot its entropy would give), is
// [ErrKey].
func SecretKey(b []byte) (Key, error) {
	if len(b) < minSecretBytes {
		return Key{}, fmt.Errorf("%w: a secret key has at least %d octets", ErrKey, minSecretBytes)
	}
	if subtle.ConstantTimeCompare(b, make([]byte, len(b))) == 1 {
		return Key{}, fmt.Errorf("%w: a secret key is not all zeros", ErrKey)
	}
	return newKey(&material{secret: slices.Clone(b)}), nil
}

// IsZero reports whether k is no key.
func (k Key) IsZero() bool { return k.p == nil }

// IsSecret reports whether k is symmetric.
func (k Key) IsSecret() bool { return k.Secret() != nil }

// IsPrivate reports whether k can sign with an asymmetric method.
func (k Key) IsPrivate() bool { return k.signer() != nil }

// Public returns the public key, or nil for a symmetric key or no key.
func (k Key) Public() crypto.PublicKey {
	if k.p == nil {
		return nil
	}
	return (*k.p).public
}

// Certificate returns the certificate k was made from, or nil.
func (k Key) Certificate() *x509.Certificate {
	if k.p == nil {
		return nil
	}
	return (*k.p).cert
}

// Bits returns the size of the key: of the RSA modulus, of the curve, or of the
// secret. It is 0 for no key.
func (k Key) Bits() int {
	switch k.kind() {
	case kindSecret:
		return 8 * len(k.Secret())
	case kindRSA:
		return k.rsa().N.BitLen()
	case kindECDSA:
		return k.ecdsa().Curve.Params().BitSize
	}
	return 0
}

// Secret returns the octets of a symmetric key, or nil. They are not a copy and
// must not be changed, kept or printed: derivation and encryption need them.
func (k Key) Secret() []byte {
	if k.p == nil {
		return nil
	}
	return (*k.p).secret
}

// Equal reports whether k and o are the same key. Secrets are compared in
// constant time; of asymmetric keys the public parts are. No key equals nothing.
func (k Key) Equal(o Key) bool {
	if k.kind() != o.kind() {
		return false
	}
	switch k.kind() {
	case kindSecret:
		return subtle.ConstantTimeCompare(k.Secret(), o.Secret()) == 1
	case kindRSA:
		return k.rsa().Equal(o.rsa())
	case kindECDSA:
		return k.ecdsa().Equal(o.ecdsa())
	}
	return false
}

// String says what kind of key k is, such as "RSA-2048 public key".
func (k Key) String() string {
	part := "public"
	if k.IsPrivate() {
		part = "private"
	}
	switch k.kind() {
	case kindSecret:
		return fmt.Sprintf("%d-bit secret key", k.Bits())
	case kindRSA:
		return fmt.Sprintf("RSA-%d %s key", k.Bits(), part)
	case kindECDSA:
		return fmt.Sprintf("P-%d %s key", k.Bits(), part)
	}
	return "no key"
}

// Format gives [Key.String] for every verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }

func newKey(m *material) Key { return Key{&m} }

func (k Key) signer() crypto.Signer {
	if k.p == nil {
		return nil
	}
	return (*k.p).signer
}

// rsa and ecdsa are for keys of that kind only.
func (k Key) rsa() *rsa.PublicKey     { return (*k.p).public.(*rsa.PublicKey) }
func (k Key) ecdsa() *ecdsa.PublicKey { return (*k.p).public.(*ecdsa.PublicKey) }

type kind uint8

const (
	kindNone kind = iota
	kindSecret
	kindRSA
	kindECDSA
)

func (k Key) kind() kind {
	if k.p == nil {
		return kindNone
	}
	switch (*k.p).public.(type) {
	case *rsa.PublicKey:
		return kindRSA
	case *ecdsa.PublicKey:
		return kindECDSA
	}
	return kindSecret
}

func knownCurve(c elliptic.Curve) bool {
	return c == elliptic.P256() || c == elliptic.P384() || c == elliptic.P521()
}
