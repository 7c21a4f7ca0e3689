package service

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"wstrust/internal/wsse"
)

// A Revocation knows which certificates were revoked. Package revocation has
// one, with lists, OCSP and a cache.
type Revocation interface {
	// Check reports why a verified path is not good at a time: chain begins
	// with the certificate of the client and ends with one of ClientCAs. Not to
	// know is a reason, too, unless whoever set it up wanted otherwise.
	Check(ctx context.Context, chain []*x509.Certificate, now time.Time) error
}

// notRevoked asks about the paths from a certificate to our authorities, one of
// which must be good.
func (v *Verifier) notRevoked(ctx context.Context, paths [][]*x509.Certificate, now time.Time) error {
	if v.Revocation == nil {
		return nil
	}
	var last error
	for _, chain := range paths {
		if last = v.Revocation.Check(ctx, chain, now); last == nil {
			return nil
		}
	}
	return fmt.Errorf("%w: %w", refuse(wsse.ClassTrust, "certificate"), last)
}
