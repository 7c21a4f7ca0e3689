package service

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"

	"wstrust/saml"
)

// A Kind says by what a principal was recognised.
type Kind uint8

// The kinds.
const (
	User        Kind = iota + 1 // a password, in the message or in HTTP
	Certificate                 // an X.509 signature, or a certificate in the TLS handshake
	Token                       // an assertion of one of the Verifier's Issuers
	Shared                      // a signature by one of the Verifier's SharedKeys
)

// String returns "user", "certificate", "token" or "shared key".
func (k Kind) String() string {
	switch k {
	case User:
		return "user"
	case Certificate:
		return "certificate"
	case Token:
		return "token"
	case Shared:
		return "shared key"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// A Principal is a sender who has been verified.
type Principal struct {
	Kind Kind
	// Name is the user's name, the subject of the assertion, the name of the
	// shared key, or the certificate's subject in the form of RFC 2253.
	Name string
	// User is the user's name: of kind User the Name, of kind Token that of a
	// user whose password came with the assertion. Empty otherwise.
	User string
	// Attributes are what the assertion says about its subject.
	Attributes []saml.Attribute
	// Assertion is the verified assertion, of kind Token only. It is nil where
	// the message came under a security context: [Message.Context] has its
	// octets.
	Assertion *saml.Assertion
	// Certificate is the verified certificate that the sender proved to have
	// the key of, if any: of kind Certificate always, of kind Shared never, of the
	// other kinds where a signature or the TLS handshake added it.
	Certificate *x509.Certificate
	// Key is the public key that the sender proved to hold; nil if the proof
	// was by a password, a secret key, or by nothing, as with a bearer token.
	Key crypto.PublicKey
	// ProofOfPossession reports that the sender proved the key that the
	// principal is known by: that of the certificate, or the one that the
	// assertion confirms. A password or a bearer token might have been copied,
	// and a certificate beside it proves who sent it, not whose it is.
	ProofOfPossession bool
}

// Attribute returns the values of all attributes with this name, in order.
func (p *Principal) Attribute(name string) []string {
	var values []string
	for _, a := range p.Attributes {
		if a.Name == name {
			values = append(values, a.Values...)
		}
	}
	return slices.Clip(values)
}

// String names the principal for logs.
func (p *Principal) String() string {
	if p == nil {
		return "nobody"
	}
	return fmt.Sprintf("%s %q", p.Kind, limited(p.Name))
}

// limited bounds what is repeated of a peer's words.
func limited(s string) string {
	const most = 120
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
