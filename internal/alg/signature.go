package alg

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"fmt"
	"hash"
	"slices"
)

// A Verifier checks one signature value over what is written to it. It is good
// for one value and for one goroutine.
type Verifier struct {
	method method
	key    Key
	hash   hash.Hash
	sum    [sha512.Size]byte // scratch, so that summing does not allocate
}

// NewVerifier starts checking a signature of the named method under k. It fails
// with [ErrAlgorithm] when the suite does not admit the method, and with [ErrKey]
// when k is not of the kind the method needs or not of a size the suite takes. A
// private key verifies with its public part.
func (s Suite) NewVerifier(signatureURI string, k Key) (*Verifier, error) {
	m, err := s.method(signatureURI, k)
	if err != nil {
		return nil, err
	}
	return &Verifier{method: m, key: k, hash: m.start(k)}, nil
}

// Write adds to what was signed. It never fails.
func (v *Verifier) Write(p []byte) (int, error) { return v.hash.Write(p) }

// Verify reports, as [ErrSignature], that value is no signature of what was
// written. An HMAC must have its full length, an RSA signature that of the
// modulus, and an ECDSA signature is r and s, each as long as the order of the
// curve.
func (v *Verifier) Verify(value []byte) error {
	sum := v.hash.Sum(v.sum[:0])
	// A wrong guess leaves the right MAC here; it must not wait for a printer.
	defer clear(v.sum[:])

	ok := false
	switch v.method.family {
	case familyHMAC:
		ok = hmac.Equal(sum, value)
	case familyRSA:
		ok = rsa.VerifyPKCS1v15(v.key.rsa(), v.method.hash, sum, value) == nil
	case familyPSS:
		ok = rsa.VerifyPSS(v.key.rsa(), v.method.hash, sum, value, v.method.pss()) == nil
	case familyECDSA:
		ok = verifyECDSA(v.key.ecdsa(), sum, value)
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

// A Signer makes one signature value over what is written to it. It is good for
// one value and for one goroutine.
type Signer struct {
	method method
	key    Key
	hash   hash.Hash
}

// NewSigner starts a signature of the named method with k, a private or a secret
// key. It fails as [Suite.NewVerifier] does.
func (s Suite) NewSigner(signatureURI string, k Key) (*Signer, error) {
	m, err := s.method(signatureURI, k)
	if err != nil {
		return nil, err
	}
	if !k.IsSecret() && !k.IsPrivate() {
		return nil, fmt.Errorf("%w: a %v does not sign", ErrKey, k)
	}
	return &Signer{method: m, key: k, hash: m.start(k)}, nil
}

// Write adds to what is signed. It never fails.
func (s *Signer) Write(p []byte) (int, error) { return s.hash.Write(p) }

// Sign returns the signature value in the form XML Signature gives it. It fails
// only when the private key itself does, as one in a hardware module may.
func (s *Signer) Sign() ([]byte, error) {
	sum := s.hash.Sum(nil)
	if s.method.family == familyHMAC {
		return sum, nil
	}
	var opts crypto.SignerOpts = s.method.hash
	if s.method.family == familyPSS {
		opts = s.method.pss()
	}
	value, err := s.key.signer().Sign(rand.Reader, sum, opts)
	if err != nil {
		return nil, fmt.Errorf("alg: sign with %v: %w", s.key, err)
	}
	if s.method.family == familyECDSA {
		return rawECDSA(s.key.ecdsa(), value)
	}
	if n := (s.key.Bits() + 7) / 8; len(value) != n {
		return nil, fmt.Errorf("alg: sign with %v: the key gave %d octets instead of %d", s.key, len(value), n)
	}
	return value, nil
}

// PSSMethod returns the identifier without parameters that says the same as
// RSASSA-PSS with these parameters (pss:RSAPSSParams, RFC 9231): the digest, the
// digest inside MGF1, and the octets of salt. There is one where both digests are
// the same and the salt is as long as they are, which is also the default of the
// parameters; for everything else the answer is [ErrAlgorithm].
func (s Suite) PSSMethod(digestURI, maskDigestURI string, salt int) (string, error) {
	h := digestOf(digestURI)
	if h != 0 && digestOf(maskDigestURI) == h && salt == h.Size() {
		for _, uri := range s.profile().signatures {
			if m := methodOf(uri); m.family == familyPSS && m.hash == h {
				return uri, nil
			}
		}
	}
	return "", s.refuse(fmt.Sprintf("RSASSA-PSS with mask digest %q, salt %d and digest", clip(maskDigestURI), salt), digestURI)
}

type family uint8

const (
	familyNone family = iota
	familyHMAC
	familyRSA
	familyPSS
	familyECDSA
)

// A method is what a signature method identifier stands for.
type method struct {
	family family
	hash   crypto.Hash
}

func methodOf(uri string) method {
	switch uri {
	case RSASHA256:
		return method{familyRSA, crypto.SHA256}
	case RSASHA1:
		return method{familyRSA, crypto.SHA1}
	case RSASHA384:
		return method{familyRSA, crypto.SHA384}
	case RSASHA512:
		return method{familyRSA, crypto.SHA512}
	case HMACSHA1:
		return method{familyHMAC, crypto.SHA1}
	case HMACSHA256:
		return method{familyHMAC, crypto.SHA256}
	case HMACSHA384:
		return method{familyHMAC, crypto.SHA384}
	case HMACSHA512:
		return method{familyHMAC, crypto.SHA512}
	case ECDSASHA1:
		return method{familyECDSA, crypto.SHA1}
	case ECDSASHA256:
		return method{familyECDSA, crypto.SHA256}
	case ECDSASHA384:
		return method{familyECDSA, crypto.SHA384}
	case ECDSASHA512:
		return method{familyECDSA, crypto.SHA512}
	case PSSSHA1:
		return method{familyPSS, crypto.SHA1}
	case PSSSHA256:
		return method{familyPSS, crypto.SHA256}
	case PSSSHA384:
		return method{familyPSS, crypto.SHA384}
	case PSSSHA512:
		return method{familyPSS, crypto.SHA512}
	}
	return method{}
}

// method admits a signature method and the key for it. The key's kind decides
// which families it may serve: a public key is never an HMAC secret.
func (s Suite) method(uri string, k Key) (method, error) {
	m := methodOf(uri)
	if m.family == familyNone || !slices.Contains(s.profile().signatures, uri) {
		return method{}, s.refuse("signature method", uri)
	}
	if err := s.CheckKey(k); err != nil {
		return method{}, err
	}
	if m.kind() != k.kind() {
		return method{}, fmt.Errorf("%w: a %v for signature method %q", ErrKey, k, uri)
	}
	return m, nil
}

func (m method) kind() kind {
	switch m.family {
	case familyHMAC:
		return kindSecret
	case familyECDSA:
		return kindECDSA
	}
	return kindRSA
}

func (m method) start(k Key) hash.Hash {
	if m.family == familyHMAC {
		mac := hmac.New(m.hash.New, k.Secret())
		return shield{&mac}
	}
	return m.hash.New()
}

// A shield is an HMAC that does not print. The state of one holds the key, and
// fmt would follow the pointer to it; it does not follow one to an interface.
type shield struct{ h *hash.Hash }

func (s shield) Write(p []byte) (int, error) { return (*s.h).Write(p) }
func (s shield) Sum(b []byte) []byte         { return (*s.h).Sum(b) }
func (s shield) Reset()                      { (*s.h).Reset() }
func (s shield) Size() int                   { return (*s.h).Size() }
func (s shield) BlockSize() int              { return (*s.h).BlockSize() }

func (m method) pss() *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: m.hash}
}
