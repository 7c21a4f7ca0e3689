package saml

import (
	"crypto/x509"
	"errors"
	"fmt"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// maxTries bounds how many trusted certificates are tried for a signature that
// does not say which one it is by.
const maxTries = 8

// Verify reads an assertion that stands alone: one XML document with the
// assertion as its root and its enveloped signature in it. It checks the
// signature under the trusted certificates and then all that c asks for.
//
// Errors wrap ErrUnsigned, ErrTrust, ErrExpired, ErrNotYetValid, ErrAudience,
// ErrCondition, or those of the signature.
func Verify(doc []byte, trusted []*x509.Certificate, suite Suite, c Checks) (*Assertion, error) {
	d, err := xmltree.Parse(doc, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	a, err := VerifyElem(d.Root(), trusted, suite)
	if err != nil {
		return nil, err
	}
	if err := a.Check(c); err != nil {
		return nil, err
	}
	return a, nil
}

// VerifyElem reads the assertion e inside a message by its own enveloped
// signature. Exactly one of the trusted certificates must have made it: the one
// that ds:KeyInfo selects, or, where that says nothing we can use, the first
// under which it verifies.
//
// Neither time nor audience are looked at: call [Assertion.Check].
func VerifyElem(e xmltree.Elem, trusted []*x509.Certificate, suite Suite) (*Assertion, error) {
	if !Is(e) {
		return nil, e.Errorf("not an assertion of SAML 1.1 or 2.0")
	}
	sig, err := e.Maybe(xmltree.DS, "Signature")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", xmldsig.ErrWrapping, err)
	}
	if !sig.OK() {
		return nil, fmt.Errorf("saml: %s: %w", e.Path(), ErrUnsigned)
	}
	signed, signer, err := verifySignature(sig, trusted, suite)
	if err != nil {
		return nil, err
	}
	// The profile of SAML has one reference, to the assertion itself. More
	// would be digested, but nobody would know what for.
	if len(signed) != 1 || signed[0].IsSTR() || !signed[0].Element().Same(e) {
		return nil, fmt.Errorf("saml: %s: signature is not over the assertion it stands in: %w", sig.Path(), xmldsig.ErrWrapping)
	}
	a, err := FromSigned(signed[0])
	if err != nil {
		return nil, err
	}
	a.Signer = signer
	return a, nil
}

// verifySignature finds the one trusted certificate a signature is by.
func verifySignature(sig xmltree.Elem, trusted []*x509.Certificate, suite Suite) ([]xmldsig.Signed, *x509.Certificate, error) {
	if len(trusted) == 0 {
		return nil, nil, fmt.Errorf("saml: %s: no certificate is trusted: %w", sig.Path(), ErrTrust)
	}
	ki, err := xmldsig.KeyInfo(sig)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", xmldsig.ErrWrapping, err)
	}
	if ki.OK() {
		hint, err := xmldsig.ReadKeyInfo(ki)
		if err != nil {
			return nil, nil, err
		}
		if hint.Selects() {
			signer, err := xmldsig.Select(hint, trusted)
			if err != nil {
				return nil, nil, fmt.Errorf("saml: %s: %w: %w", sig.Path(), ErrTrust, err)
			}
			trusted = []*x509.Certificate{signer}
		}
	}
	var last error
	for i, c := range trusted {
		if i == maxTries {
			break
		}
		key, err := alg.CertificateKey(c)
		if err != nil {
			last = err
			continue
		}
		signed, err := xmldsig.Verify(sig, key, suite, nil)
		if err == nil {
			return signed, c, nil
		}
		// A signature by another one of the list looks like a wrong value or a
		// wrong kind of key; everything else is wrong under any of them.
		if !errors.Is(err, alg.ErrSignature) && !errors.Is(err, alg.ErrKey) {
			return nil, nil, err
		}
		last = err
	}
	return nil, nil, last // not nil: there was one to try
}

// FromSigned reads the assertion that a verified signature digested.
func FromSigned(s xmldsig.Signed) (*Assertion, error) { return FromCovered(s, s.Element()) }

// FromCovered reads the assertion e, which must be what the verified signature
// digested or stand inside it: an assertion in a signed message that has no
// signature of its own, or whose own does not matter.
//
// What that says depends on who made the signature. An assertion that a sender
// signed is that sender's word, not the issuer's.
func FromCovered(s xmldsig.Signed, e xmltree.Elem) (*Assertion, error) {
	if !e.OK() || !s.Covers(e) {
		return nil, fmt.Errorf("saml: no verified signature covers the assertion: %w", ErrUnsigned)
	}
	// Read through the view of the signature, whatever view e came from.
	if left := s.Element().Left(); left.OK() {
		e = e.Without(left)
	}
	a, err := read(e)
	if err != nil {
		return nil, err
	}
	a.signed = s
	return a, nil
}
