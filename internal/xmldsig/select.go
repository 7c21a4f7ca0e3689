package xmldsig

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
)

// Selects reports whether the hint says anything that [Select] can use.
func (h Hint) Selects() bool {
	return len(h.DER) > 0 || h.Serial != nil || h.SKI != nil || h.SubjectName != "" || h.Public != nil || h.KeyName != ""
}

// Select returns the one trusted certificate that a hint means. Everything the
// hint says of certificates and keys must fit; a KeyName, which is any label,
// counts only when nothing else is said. No fit, and more than one, is an error
// around [ErrTrust]: a collision must not let the sender's choice decide.
func Select(h Hint, trusted []*x509.Certificate) (*x509.Certificate, error) {
	var found *x509.Certificate
	for _, c := range trusted {
		if c == nil || !h.fits(c) {
			continue
		}
		if found != nil && !bytes.Equal(found.Raw, c.Raw) {
			return nil, fmt.Errorf("xmldsig: select key: the key information fits more than one trusted certificate: %w", ErrTrust)
		}
		found = c
	}
	if found == nil {
		return nil, fmt.Errorf("xmldsig: select key: the key information fits none of the %d trusted certificates: %w", len(trusted), ErrTrust)
	}
	return found, nil
}

func (h Hint) fits(c *x509.Certificate) bool {
	said := false
	if len(h.DER) > 0 {
		said = true
		if !holds(h.DER, c.Raw) {
			return false
		}
	}
	if h.Serial != nil {
		said = true
		if c.SerialNumber == nil || h.Serial.Cmp(c.SerialNumber) != 0 || !nameIs(h.IssuerName, c.RawIssuer) {
			return false
		}
	}
	if h.SKI != nil {
		said = true
		if !bytes.Equal(h.SKI, c.SubjectKeyId) {
			return false
		}
	}
	if h.SubjectName != "" {
		said = true
		if !nameIs(h.SubjectName, c.RawSubject) {
			return false
		}
	}
	if h.Public != nil {
		said = true
		pub, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
		if !ok || !pub.Equal(h.Public) {
			return false
		}
	}
	if !said && h.KeyName != "" {
		return h.KeyName == c.Subject.CommonName || nameIs(h.KeyName, c.RawSubject)
	}
	return said
}

func holds(list [][]byte, one []byte) bool {
	for _, der := range list {
		if bytes.Equal(der, one) {
			return true
		}
	}
	return false
}
