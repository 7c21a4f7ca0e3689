package wsse

import (
	"crypto/ecdsa"
	"crypto/x509"

	"wstrust/internal/alg"
)

// signerOf finds the key of a signature among those that are trusted.
func (v *verifier) signerOf(s *pendingSignature) (*Signer, error) {
	if s.from.assertion {
		if err := v.openHolder(s.from.id); err != nil {
			return nil, err
		}
		if v.holder.IsZero() {
			return nil, refuse(ClassTrust, s.elem, "the assertion confirms no key that we can use")
		}
		s := &Signer{Key: v.holder, Holder: true}
		if v.holder.IsSecret() {
			s.root = v.holder
		}
		return s, nil
	}
	ref := s.from.ref
	if s.from.derived != nil || ref.secret() || v.shared(ref) {
		sec, err := v.secretOf(&s.from, 0, 0)
		if err != nil {
			return nil, err
		}
		return &Signer{Key: sec.key, Ref: sec.ref, Holder: sec.holder, Made: sec.made, root: sec.root}, nil
	}
	key := v.cred.Keys[ref]
	if key.IsZero() {
		if v.holderIs(ref) {
			return &Signer{Key: v.holder, Ref: ref, Holder: true}, nil
		}
		if own, ok := ref.own(); ok && v.pol.Possession {
			return &Signer{Key: own, Ref: ref, Possession: true}, nil
		}
		return nil, refuse(ClassTrust, s.elem, "%v is not trusted", ref)
	}
	if err := ref.check(key); err != nil {
		return nil, because(err, s.elem, "")
	}
	return &Signer{Key: key, Ref: ref, Certificate: key.Certificate(), Holder: key.Equal(v.holder)}, nil
}

// shared reports whether a reference means a secret key that both sides have under
// a name.
func (v *verifier) shared(r KeyRef) bool {
	if _, ok := r.SharedName(); !ok {
		return false
	}
	return v.cred.Keys[r].IsSecret() || v.pol.Reply != nil && v.pol.Reply.known[r].IsSecret()
}

// check refuses a key that is not the one a reference names, so that a slip of
// the caller cannot turn into trust.
func (r KeyRef) check(key alg.Key) error {
	if key.IsSecret() {
		return &Error{Class: ClassAlgorithm, Msg: "a " + key.String() + " for " + r.String()}
	}
	cert := key.Certificate()
	switch r.Kind {
	case KeyCertificate:
		if cert != nil && string(cert.Raw) == r.Certificate {
			return nil
		}
		leaf, _, err := r.Certificates()
		if err != nil {
			return err
		}
		own, err := alg.CertificateKey(leaf)
		if err != nil {
			return err
		}
		if !own.Equal(key) {
			return &Error{Class: ClassTrust, Msg: "the key given is not that of " + r.String()}
		}
	default:
		if cert != nil {
			_, err := r.Select([]*x509.Certificate{cert})
			return err
		}
	}
	return nil
}

// holderIs reports whether a key reference means the key that the assertion
// confirms. That key needs no other trust.
func (v *verifier) holderIs(r KeyRef) bool {
	if v.holder.IsZero() {
		return false
	}
	if key, ok := r.own(); ok {
		return key.Equal(v.holder)
	}
	c, _ := v.ev.Assertion.HolderOfKey()
	_, err := r.Select([]*x509.Certificate{c.Certificate})
	return err == nil
}

// own returns the key that a reference carries, trusted or not.
func (r KeyRef) own() (alg.Key, bool) {
	switch {
	case r.Kind == KeyCertificate:
		leaf, _, err := r.Certificates()
		if err != nil {
			return alg.Key{}, false
		}
		key, err := alg.CertificateKey(leaf)
		return key, err == nil
	case r.Kind == KeyNamed && r.PublicKey != "":
		pub, err := x509.ParsePKIXPublicKey([]byte(r.PublicKey))
		if err != nil {
			return alg.Key{}, false
		}
		key, err := alg.PublicKey(pub)
		return key, err == nil
	}
	return alg.Key{}, false
}

// fixedPart returns what of a signature value nobody but the signer can change.
// An ECDSA signature is two numbers, r and s, and whoever sees one can make
// another valid s to the same r: a replay must not hide behind that.
func fixedPart(key alg.Key, value []byte) []byte {
	if _, ok := key.Public().(*ecdsa.PublicKey); ok {
		return value[:len(value)/2]
	}
	return value
}

// certificate returns the signer's certificate: the trusted one or, where the
// key was given without, the one it is the key of.
func (s *Signer) certificate() *x509.Certificate {
	if s.Certificate != nil || s.Ref.Kind != KeyCertificate {
		return s.Certificate
	}
	leaf, _, _ := s.Ref.Certificates() // it was read when its key was checked
	return leaf
}
