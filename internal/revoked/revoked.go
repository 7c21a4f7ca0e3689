// Package revoked reads certificate revocation lists (RFC 5280) and OCSP
// responses (RFC 6960) and says whether a certificate is among the revoked.
//
// Everything here is a function of octets, certificates and a time. What cannot
// be known for certain is [ErrUnknown]: a list that is too old, of somebody
// else, or only of a part of an authority's certificates says nothing.
package revoked

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// What a certificate is that is not known to be good.
var (
	ErrRevoked = errors.New("the certificate was revoked")
	ErrUnknown = errors.New("whether the certificate was revoked is not known")
)

func unknown(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrUnknown, fmt.Sprintf(format, a...))
}

// weak reports whether an algorithm signs a hash to which whoever chooses a part of
// what is signed can find another text. The library refuses it in certificates, and
// takes it in what is read here.
func weak(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1:
		return true
	}
	return false
}

// current reports why what was true from one time until another says nothing
// about now. Without an end it says something for as long as clocks may differ.
func current(what string, from, until, now time.Time, skew time.Duration) error {
	if until.IsZero() {
		until = from
	}
	switch {
	case now.Add(skew).Before(from):
		return unknown("the %s is of %s, which is to come", what, from.UTC().Format(time.RFC3339))
	case now.Add(-skew).After(until):
		return unknown("the %s was good until %s", what, until.UTC().Format(time.RFC3339))
	}
	return nil
}
