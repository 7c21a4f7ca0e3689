// Package saml builds SAML 1.1 and 2.0 assertions and reads them from signed
// octets only.
//
// A [Build] describes an assertion and signs it. [Verify] takes one that stands
// alone, checks its signature under certificates the caller trusts and its
// conditions under what the caller expects, and returns what it says. There is
// no way to get an [*Assertion] from octets that no signature covers; for
// looking at one nevertheless there is [ReadUnverified], whose result is of
// another type and says so.
//
// Trust is the list of certificates that the caller gives. What the assertion
// itself says of its signer only selects among them. Validity periods and
// chains of those certificates are not looked at.
//
// Text that holds a comment, where one reader would see "admin" and another
// "admin.example", is refused, not joined.
//
// Sources: Assertions and Protocols for the OASIS Security Assertion Markup
// Language V1.1 and V2.0, and the Web Services Security SAML Token Profile 1.1.
package saml

import (
	"crypto"
	"errors"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// A Version is a version of SAML assertions.
type Version uint8

// The versions of SAML. SAML 1.0 is not supported.
const (
	V20 Version = iota // SAML 2.0
	V11                // SAML 1.1
)

// String returns "SAML 2.0" or "SAML 1.1".
func (v Version) String() string {
	if v == V11 {
		return "SAML 1.1"
	}
	return "SAML 2.0"
}

// Namespace returns the XML namespace of the version's assertions.
func (v Version) Namespace() string {
	if v == V11 {
		return xmltree.SAML11
	}
	return xmltree.SAML20
}

// A Suite names the algorithms that are admitted. The empty one is "Modern":
// SHA-256 and stronger, RSA from 2048 bits, ECDSA. "Legacy" adds SHA-1 and RSA
// from 1024 bits.
type Suite = alg.Suite

// A Key is a key that signs or verifies. Its contents never print.
type Key = alg.Key

// SigningKey makes the key for [Build.XML] from a private key, which may live in
// a hardware module: RSA, or ECDSA on P-256, P-384 or P-521.
func SigningKey(s crypto.Signer) (Key, error) { return alg.PrivateKey(s) }

// The reasons for which an assertion is refused. Errors of signatures and
// algorithms are those of the packages below, and the malformed ones wrap
// xmltree.ErrFormat.
var (
	// ErrUnsigned: the assertion has no signature of its own.
	ErrUnsigned = errors.New("assertion is not signed")
	// ErrTrust: the assertion was not signed with a trusted certificate.
	ErrTrust = errors.New("assertion is not signed by a trusted certificate")
	// ErrExpired: the validity of the assertion or of a confirmation is over.
	ErrExpired = errors.New("assertion has expired")
	// ErrNotYetValid: the validity has not begun, or it was issued in the future.
	ErrNotYetValid = errors.New("assertion is not yet valid")
	// ErrAudience: the assertion is for someone else, or for no one in particular.
	ErrAudience = errors.New("assertion is not for this audience")
	// ErrCondition: a condition that is not understood, or cannot be met.
	ErrCondition = errors.New("condition of the assertion is not met")
)
