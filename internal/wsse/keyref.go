package wsse

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/big"

	"wstrust/internal/xmldsig"
)

// A KeyKind says what must be known before a message can be verified.
type KeyKind uint8

// The kinds of key references.
const (
	// KeyCertificate: the message carries the certificate that it is signed
	// with. Whether that is trusted is for the caller to decide; the answer is
	// its key.
	KeyCertificate KeyKind = iota + 1
	// KeyNamed: the message names a certificate or public key without carrying
	// it. The answer is the key of the one trusted certificate that fits. Where
	// there is a [KeyRef.SharedName], it may also be a secret key of that name.
	KeyNamed
	// KeyContext: a security context, by its identifier. The answer is its
	// secret key.
	KeyContext
	// KeyIssuer: an assertion says that Name issued it. It is answered by
	// Credentials.Issuers, not by a key.
	KeyIssuer
	// KeyUser: a username token says that Name sent it. It is answered by
	// Credentials.Password, not by a key, also where a key is derived from the
	// password.
	KeyUser
	// KeyRecipient: something is encrypted for us. It is answered by
	// Credentials.Recipients, not by a key.
	KeyRecipient
	// KeyEncrypted: the key of an EncryptedKey that is not in this message but
	// in an earlier one, by its digest: ID has the octets of the SHA-1. The
	// answer is the secret key. The keys that a request was protected with
	// need not be given for its answer.
	KeyEncrypted
	// KeyAssertion: the key that an assertion confirms which is not in this
	// message, by the assertion's identifier. The answer is the secret key.
	KeyAssertion
	// KeyKerberos: the session key of a Kerberos ticket that is not in this
	// message, by the SHA-1 of the AP-REQ. The answer is the secret key.
	KeyKerberos
)

// A KeyRef names a key that a message speaks of. It is what the message says,
// so it selects and never convinces. It can be the key of a map.
type KeyRef struct {
	Kind KeyKind

	Certificate string // KeyCertificate: DER
	Chain       string // KeyCertificate: DER of the certificates sent with it, one after the other

	// KeyNamed: whatever of these is not empty.
	IssuerName, Serial   string // Serial in decimal
	SubjectKeyID         string // octets
	Thumbprint           string // octets, SHA-1
	SubjectName, KeyName string
	PublicKey            string // DER of the SubjectPublicKeyInfo

	ID, Instance string // KeyContext; KeyEncrypted, KeyAssertion and KeyKerberos have an ID
	Name         string // KeyIssuer, KeyUser
}

// String describes the reference for logs, without its bulk.
func (r KeyRef) String() string {
	switch r.Kind {
	case KeyCertificate:
		if c, _, err := r.Certificates(); err == nil {
			return fmt.Sprintf("certificate %s", shown(c.Subject.String()))
		}
		return "malformed certificate"
	case KeyNamed:
		switch {
		case r.Thumbprint != "":
			return fmt.Sprintf("certificate with thumbprint %x", shorten(r.Thumbprint))
		case r.SubjectKeyID != "":
			return fmt.Sprintf("certificate with key identifier %x", shorten(r.SubjectKeyID))
		case r.Serial != "":
			return fmt.Sprintf("certificate %s of %s", shown(r.Serial), shown(r.IssuerName))
		case r.PublicKey != "":
			return "public key"
		default:
			return "key " + shown(r.KeyName+r.SubjectName)
		}
	case KeyContext:
		return "security context " + shown(r.ID)
	case KeyIssuer:
		return "issuer " + shown(r.Name)
	case KeyUser:
		return "user " + shown(r.Name)
	case KeyRecipient:
		return "our own key"
	case KeyEncrypted:
		return fmt.Sprintf("encrypted key with digest %x", shorten(r.ID))
	case KeyAssertion:
		return "key of assertion " + shown(r.ID)
	case KeyKerberos:
		return fmt.Sprintf("key of the Kerberos ticket with digest %x", shorten(r.ID))
	default:
		return "no key"
	}
}

// SharedName returns the name of a reference that can mean a secret key which both
// sides have under that name. Ok is false if it can only mean something else. The
// same name may also be that of a certificate: whoever answers decides, and answers
// nothing if both fit.
func (r KeyRef) SharedName() (name string, ok bool) {
	return r.KeyName, r.KeyName != "" && r == sharedRef(r.KeyName)
}

func sharedRef(name string) KeyRef { return KeyRef{Kind: KeyNamed, KeyName: name} }

// secret reports whether the reference can only mean a symmetric key.
func (r KeyRef) secret() bool {
	return r.Kind == KeyUser || r.Kind == KeyContext || r.Kind == KeyEncrypted || r.Kind == KeyAssertion || r.Kind == KeyKerberos
}

func shorten(s string) string { return s[:min(len(s), 32)] }

// Certificates parses the certificate that a KeyCertificate carries, and those
// that came with it.
func (r KeyRef) Certificates() (leaf *x509.Certificate, chain []*x509.Certificate, err error) {
	if leaf, err = x509.ParseCertificate([]byte(r.Certificate)); err != nil {
		return nil, nil, fmt.Errorf("wsse: certificate in the message: %w", err)
	}
	if chain, err = x509.ParseCertificates([]byte(r.Chain)); err != nil {
		return nil, nil, fmt.Errorf("wsse: certificates in the message: %w", err)
	}
	return leaf, chain, nil
}

// Select returns the one trusted certificate that the reference means. Two that
// fit are an error, as is none; both wrap an error of [ClassTrust].
func (r KeyRef) Select(trusted []*x509.Certificate) (*x509.Certificate, error) {
	if r.Kind != KeyCertificate && r.Kind != KeyNamed {
		return nil, &Error{Class: ClassTrust, Msg: r.String() + " is not a certificate"}
	}
	if r.Thumbprint != "" {
		var fit []*x509.Certificate
		for _, c := range trusted {
			if c != nil && string(thumbprint(c)) == r.Thumbprint {
				fit = append(fit, c)
			}
		}
		trusted = fit
		if !r.hint().Selects() {
			return onlyOne(fit, r)
		}
	}
	c, err := xmldsig.Select(r.hint(), trusted)
	if err != nil {
		return nil, &Error{Class: ClassTrust, Msg: r.String(), Err: err}
	}
	return c, nil
}

func onlyOne(fit []*x509.Certificate, r KeyRef) (*x509.Certificate, error) {
	for _, c := range fit {
		if !bytes.Equal(c.Raw, fit[0].Raw) {
			return nil, &Error{Class: ClassTrust, Msg: r.String() + ": more than one trusted certificate fits"}
		}
	}
	if len(fit) == 0 {
		return nil, &Error{Class: ClassTrust, Msg: r.String() + ": no trusted certificate fits"}
	}
	return fit[0], nil
}

func (r KeyRef) hint() xmldsig.Hint {
	h := xmldsig.Hint{SubjectName: r.SubjectName, KeyName: r.KeyName}
	if r.Certificate != "" {
		h.DER = [][]byte{[]byte(r.Certificate)}
	}
	if r.Serial != "" {
		h.IssuerName = r.IssuerName
		h.Serial, _ = new(big.Int).SetString(r.Serial, 10)
	}
	if r.SubjectKeyID != "" {
		h.SKI = []byte(r.SubjectKeyID)
	}
	if r.PublicKey != "" {
		h.Public, _ = x509.ParsePKIXPublicKey([]byte(r.PublicKey))
	}
	return h
}

// keyRefOf turns a hint into something that can be the key of a map. ok is
// false if the hint says nothing of a certificate or key.
func keyRefOf(h xmldsig.Hint) (r KeyRef, ok bool) {
	if len(h.DER) > 0 {
		r.Kind, r.Certificate = KeyCertificate, string(h.DER[0])
		for _, der := range h.DER[1:] {
			r.Chain += string(der)
		}
		return r, true
	}
	r.Kind = KeyNamed
	if h.Serial != nil {
		r.IssuerName, r.Serial = h.IssuerName, h.Serial.String()
	}
	r.SubjectKeyID, r.SubjectName, r.KeyName = string(h.SKI), h.SubjectName, h.KeyName
	if h.Public != nil {
		der, _ := x509.MarshalPKIXPublicKey(h.Public) // one that was read can be written
		r.PublicKey = string(der)
	}
	return r, h.Selects()
}
