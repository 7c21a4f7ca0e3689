package alg

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
)

// A Transport says how a key is encrypted to an RSA key.
type Transport struct {
	URI       string
	DigestURI string // OAEP: its digest; empty is SHA-1, the default of XML Encryption
	MGFURI    string // OAEP of XML Encryption 1.1: its mask; empty is MGF1 with SHA-1, the default
	Params    []byte // OAEPparams
	Size      int    // octets of the transported key; 0 if not known, which RSA 1.5 does not allow
}

// Transports reports, as [ErrAlgorithm], a key transport that the suite does not
// admit, or one that the suite admits with another digest or mask only.
func (s Suite) Transports(t Transport) error {
	_, err := s.oaep(t)
	return err
}

// EncryptKey encrypts key to the RSA key to. It fails with [ErrAlgorithm] when
// the suite does not admit the transport and with [ErrKey] when to is not an RSA
// key of a size the suite takes, or is too small for the transport.
func (s Suite) EncryptKey(t Transport, to Key, key []byte) ([]byte, error) {
	opts, err := s.oaep(t)
	if err != nil {
		return nil, err
	}
	if err := s.rsaKey(to); err != nil {
		return nil, err
	}
	if len(key) < minSecretBytes || t.Size != 0 && t.Size != len(key) {
		return nil, fmt.Errorf("%w: key transport of %d octets", ErrKey, len(key))
	}
	pub := to.rsa()
	var ct []byte
	if opts == nil {
		//lint:ignore SA1019 a suite must name RSA 1.5 for this line to be reached
		ct, err = rsa.EncryptPKCS1v15(rand.Reader, pub, key)
	} else {
		ct, err = rsa.EncryptOAEPWithOptions(rand.Reader, pub, key, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: key transport to %v: %w", ErrKey, to, err)
	}
	return ct, nil
}

// DecryptKey decrypts a transported key with the RSA private key priv, which may
// live in a hardware module. What does not decrypt, or has not t.Size octets, is
// [ErrDecrypt].
//
// With RSA 1.5 there is no such error: a malformed ciphertext gives a random key
// of t.Size octets, so that whoever sent it learns nothing from what follows
// (implicit rejection, against Bleichenbacher's attack). The caller goes on with
// that key and fails where a wrong key fails.
func (s Suite) DecryptKey(t Transport, priv Key, ct []byte) ([]byte, error) {
	opts, err := s.oaep(t)
	if err != nil {
		return nil, err
	}
	if err := s.rsaKey(priv); err != nil {
		return nil, err
	}
	if !priv.IsPrivate() {
		return nil, fmt.Errorf("%w: a %v does not decrypt", ErrKey, priv)
	}
	dec, ok := priv.signer().(crypto.Decrypter)
	if !ok {
		return nil, fmt.Errorf("%w: this %v only signs", ErrKey, priv)
	}
	sized := len(ct) == (priv.Bits()+7)/8
	if opts == nil {
		return decrypt15(dec, ct, sized, t.Size)
	}
	key, err := decryptOAEP(dec, ct, sized, opts)
	if err != nil || len(key) < minSecretBytes || t.Size != 0 && len(key) != t.Size {
		clear(key)
		return nil, ErrDecrypt
	}
	return key, nil
}

// decryptOAEP refuses a ciphertext that is not as long as the modulus, also where
// a Decrypter would take a shorter one for a number with leading zeros.
func decryptOAEP(dec crypto.Decrypter, ct []byte, sized bool, opts *rsa.OAEPOptions) ([]byte, error) {
	if !sized {
		return nil, ErrDecrypt
	}
	key, err := dec.Decrypt(rand.Reader, ct, opts)
	if err != nil {
		return nil, ErrDecrypt
	}
	return key, nil
}

// decrypt15 gives every failure the same outcome, those of a foreign Decrypter
// too. The random key is drawn before anything is known.
func decrypt15(dec crypto.Decrypter, ct []byte, sized bool, size int) ([]byte, error) {
	if size < minSecretBytes {
		return nil, fmt.Errorf("%w: RSA 1.5 needs the size of the transported key, and at least %d octets", ErrKey, minSecretBytes)
	}
	random := make([]byte, size)
	rand.Read(random)
	if !sized {
		return random, nil
	}
	// With SessionKeyLen, crypto/rsa calls DecryptPKCS1v15SessionKey.
	//lint:ignore SA1019 a suite must name RSA 1.5 for this line to be reached
	key, err := dec.Decrypt(rand.Reader, ct, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: size})
	if err != nil || len(key) != size {
		return random, nil
	}
	return key, nil
}

// oaep admits a transport and returns the options of OAEP, nil for RSA 1.5.
func (s Suite) oaep(t Transport) (*rsa.OAEPOptions, error) {
	p := s.profile()
	if !slices.Contains(p.transports, t.URI) {
		return nil, s.refuse("key transport", t.URI)
	}
	if t.URI == RSA15 {
		if t.DigestURI != "" || t.MGFURI != "" || t.Params != nil {
			return nil, fmt.Errorf("%w: RSA 1.5 with parameters", ErrAlgorithm)
		}
		return nil, nil
	}
	digest, mask := t.DigestURI, t.MGFURI
	if digest == "" {
		digest = DigestSHA1
	}
	if mask == "" {
		mask = MGF1SHA1
	}
	if t.URI == RSAOAEP && mask != MGF1SHA1 {
		return nil, s.refuse("mask of rsa-oaep-mgf1p", mask)
	}
	if !slices.Contains(p.oaep, digest) {
		return nil, s.refuse("digest of RSA-OAEP", digest)
	}
	if !slices.Contains(p.masks, mask) {
		return nil, s.refuse("mask of RSA-OAEP", mask)
	}
	return &rsa.OAEPOptions{Hash: digestOf(digest), MGFHash: maskOf(mask), Label: t.Params}, nil
}

func (s Suite) rsaKey(k Key) error {
	if err := s.CheckKey(k); err != nil {
		return err
	}
	if k.kind() != kindRSA {
		return fmt.Errorf("%w: a %v for RSA key transport", ErrKey, k)
	}
	return nil
}

func maskOf(uri string) crypto.Hash {
	switch uri {
	case MGF1SHA1:
		return crypto.SHA1
	case MGF1SHA224:
		return crypto.SHA224
	case MGF1SHA256:
		return crypto.SHA256
	case MGF1SHA384:
		return crypto.SHA384
	case MGF1SHA512:
		return crypto.SHA512
	}
	return 0
}

// CanEncrypt reports whether k is a key that [Suite.EncryptKey] can encrypt to in
// some suite.
func (k Key) CanEncrypt() bool { return k.kind() == kindRSA }
