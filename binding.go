package wstrust

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"

	"wstrust/internal/alg"
	"wstrust/internal/wsse"
)

// A Binding attaches one security token to each message of a channel. Bindings
// are made by the functions of this package; the set is closed, so that nothing
// unverified can be put into the header. In WWSAPI: WS_SECURITY_BINDING.
type Binding interface {
	check(c *Config) error
	// token may block: an issued token may have to be requested first.
	token(ctx context.Context, c *Config) (wsse.Token, error)
	// identity names the binding without its secret.
	identity() string
}

// Username sends a name and a password in clear text, which only the transport
// protects. In WWSAPI: WS_USERNAME_MESSAGE_SECURITY_BINDING.
func Username(name, password string) Binding {
	return username{name: name, password: func() []byte { return []byte(password) }}
}

// UsernameDigest sends a digest of the password with a nonce and the time, as
// the UsernameToken profile describes it. The peer must know the password in
// clear text, and a reader can try passwords on it: prefer [Username] over TLS
// unless the peer demands a digest.
func UsernameDigest(name, password string) Binding {
	return username{name: name, password: func() []byte { return []byte(password) }, digest: true}
}

type username struct {
	name     string
	password func() []byte // a closure, since fmt prints what a field holds
	digest   bool
}

func (u username) check(*Config) error {
	if u.name == "" {
		return errors.New("the user name is empty")
	}
	return nil
}

func (u username) token(context.Context, *Config) (wsse.Token, error) {
	return wsse.Username{Name: u.name, Password: u.password, Digest: u.digest}, nil
}

func (u username) identity() string { return "username:" + u.name }

// Certificate signs with the private key of an X.509 certificate, which is sent
// along as a BinarySecurityToken. The key may live elsewhere: any
// crypto.Signer with an RSA or ECDSA key will do. (WWSAPI has no such binding;
// its samples use an XML token with an asymmetric key.)
func Certificate(cert tls.Certificate) Binding {
	return certificate{cert: cert, ref: ReferenceToken}
}

// CertificateBy is [Certificate] with another way to name the certificate.
func CertificateBy(cert tls.Certificate, ref CertificateReference) Binding {
	return certificate{cert: cert, ref: ref}
}

// CertificateReference is how a signature names the certificate of its key.
// The first three carry the certificate, the others only name it, so that the
// peer must have it.
type CertificateReference uint8

// The references.
const (
	ReferenceToken        = CertificateReference(wsse.RefDirect)       // a BinarySecurityToken in the header
	ReferenceX509v3       = CertificateReference(wsse.RefX509v3)       // the certificate as a key identifier
	ReferenceX509Data     = CertificateReference(wsse.RefX509Data)     // the certificate in ds:X509Data
	ReferenceSKI          = CertificateReference(wsse.RefSKI)          // the subject key identifier
	ReferenceThumbprint   = CertificateReference(wsse.RefThumbprint)   // the SHA-1 thumbprint
	ReferenceIssuerSerial = CertificateReference(wsse.RefIssuerSerial) // issuer name and serial number
)

type certificate struct {
	cert tls.Certificate
	ref  CertificateReference
}

func (b certificate) check(*Config) error {
	_, _, err := b.parse()
	return err
}

func (b certificate) parse() ([]*x509.Certificate, alg.Key, error) {
	if len(b.cert.Certificate) == 0 {
		return nil, alg.Key{}, errors.New("no certificate")
	}
	var certs []*x509.Certificate
	for _, der := range b.cert.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, alg.Key{}, err
		}
		certs = append(certs, c)
	}
	signer, ok := b.cert.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, alg.Key{}, errors.New("the certificate comes without a private key that can sign")
	}
	if !samePublic(signer.Public(), certs[0].PublicKey) {
		return nil, alg.Key{}, errors.New("the private key is not that of the certificate")
	}
	key, err := alg.PrivateKey(signer)
	return certs, key, err
}

func (b certificate) token(_ context.Context, c *Config) (wsse.Token, error) {
	certs, key, err := b.parse()
	if err != nil {
		return nil, err
	}
	return wsse.X509{Certificates: certs, Key: key, Reference: wsse.Reference(b.ref), Parts: wsse.Parts(c.Header.parts(true))}, nil
}

func (b certificate) identity() string {
	if len(b.cert.Certificate) == 0 {
		return "certificate:"
	}
	sum := sha256.Sum256(b.cert.Certificate[0])
	return "certificate:" + hex.EncodeToString(sum[:])
}

// XMLToken presents a token; if it has a proof key, messages are signed with
// it. In WWSAPI: WS_XML_TOKEN_MESSAGE_SECURITY_BINDING.
func XMLToken(t *Token) Binding { return IssuedToken(Static(t)) }

// IssuedToken presents a token that src keeps fresh.
func IssuedToken(src TokenSource) Binding { return issuedToken{src} }

type issuedToken struct{ src TokenSource }

func (b issuedToken) check(*Config) error {
	if b.src == nil {
		return errors.New("the token source is nil")
	}
	if s, ok := b.src.(static); ok && s.t == nil {
		return errors.New("the token is nil")
	}
	return nil
}

func (b issuedToken) token(ctx context.Context, c *Config) (wsse.Token, error) {
	t, err := b.src.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("get the token to present: %w", err)
	}
	return t.issued(c), nil
}

func (b issuedToken) identity() string {
	switch s := b.src.(type) {
	case static:
		return "token:" + s.t.fingerprint()
	case interface{ Identity() string }:
		return "issued:" + s.Identity()
	}
	return fmt.Sprintf("issued:%p", b.src)
}

// parts are what a signature covers: the profile's minimum and what the
// configuration adds.
func (h Header) parts(asymmetric bool) Parts {
	if h.Sign == 0 {
		return 0 // wsse has the profile's defaults
	}
	p := h.Sign
	if h.Timestamp != TimestampNever {
		p |= PartTimestamp
	}
	if asymmetric {
		p |= PartTo
	}
	return p
}

func samePublic(a, b crypto.PublicKey) bool {
	x, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && x.Equal(b)
}
