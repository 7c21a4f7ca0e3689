package revoked

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// A List is a revocation list whose signature was verified.
type List struct {
	from, until time.Time
	issuer      []byte // its name, DER
	revoked     map[string]entry
	scope       scope
}

type entry struct {
	at     time.Time
	reason int
}

// scope is which of an authority's certificates a list is about.
type scope struct {
	uris     []string // those that name one of these; nil are all
	onlyUser bool
	onlyCA   bool
}

// ReadList reads a list, in DER or PEM, that issuer signed. It must be complete:
// neither changes to another list, nor of some reasons only, nor with entries of
// other authorities.
func ReadList(octets []byte, issuer *x509.Certificate) (*List, error) {
	if block, _ := pem.Decode(octets); block != nil {
		octets = block.Bytes
	}
	crl, err := x509.ParseRevocationList(octets)
	if err != nil {
		return nil, unknown("no revocation list: %v", err)
	}
	if !bytes.Equal(crl.RawIssuer, issuer.RawSubject) {
		return nil, unknown("the revocation list is of %.200q, not of %.200q", crl.Issuer.String(), issuer.Subject.String())
	}
	if err := crl.CheckSignatureFrom(issuer); err != nil {
		return nil, unknown("the signature of the revocation list of %.200q: %v", crl.Issuer.String(), err)
	}
	if weak(crl.SignatureAlgorithm) {
		return nil, unknown("the revocation list of %.200q is signed with %v", crl.Issuer.String(), crl.SignatureAlgorithm)
	}
	if crl.NextUpdate.IsZero() {
		return nil, unknown("the revocation list of %.200q does not say for how long it is good", crl.Issuer.String())
	}
	l := &List{from: crl.ThisUpdate, until: crl.NextUpdate, issuer: crl.RawIssuer, revoked: make(map[string]entry, len(crl.RevokedCertificateEntries))}
	for _, ext := range crl.Extensions {
		if err := l.scope.read(ext); err != nil {
			return nil, err
		}
	}
	for _, e := range crl.RevokedCertificateEntries {
		for _, ext := range e.Extensions {
			if ext.Critical { // of another authority, for one
				return nil, unknown("the revocation list has an entry with the critical extension %v, which is not understood", ext.Id)
			}
		}
		l.revoked[serial(e.SerialNumber)] = entry{e.RevocationTime, e.ReasonCode}
	}
	return l, nil
}

// Until is when the list is out of date.
func (l *List) Until() time.Time { return l.until }

// Status reports nil if the list is about the certificate, is in force, and has
// it not.
func (l *List) Status(cert *x509.Certificate, now time.Time, skew time.Duration) error {
	if !bytes.Equal(cert.RawIssuer, l.issuer) {
		return unknown("the revocation list is of another authority")
	}
	if e, ok := l.revoked[serial(cert.SerialNumber)]; ok { // also by a list that is out of date
		return fmt.Errorf("%w on %s, reason %d", ErrRevoked, e.at.UTC().Format(time.RFC3339), e.reason)
	}
	if err := current("revocation list", l.from, l.until, now, skew); err != nil {
		return err
	}
	return l.scope.covers(cert)
}

func serial(n *big.Int) string { return n.Text(62) }

var (
	oidDelta = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidPoint = asn1.ObjectIdentifier{2, 5, 29, 28}
)

// issuingDistributionPoint is RFC 5280, section 5.2.5.
type issuingDistributionPoint struct {
	Point struct {
		FullName []asn1.RawValue `asn1:"optional,tag:0"`
		Relative asn1.RawValue   `asn1:"optional,tag:1"`
	} `asn1:"optional,tag:0"`
	OnlyUser   bool           `asn1:"optional,tag:1"`
	OnlyCA     bool           `asn1:"optional,tag:2"`
	Reasons    asn1.BitString `asn1:"optional,tag:3"`
	Indirect   bool           `asn1:"optional,tag:4"`
	Attributes bool           `asn1:"optional,tag:5"`
}

// read takes in an extension of a list.
func (s *scope) read(ext pkix.Extension) error {
	switch {
	case ext.Id.Equal(oidDelta):
		return unknown("the revocation list has changes only (a delta CRL)")
	case !ext.Id.Equal(oidPoint):
		if ext.Critical {
			return unknown("the revocation list has the critical extension %v, which is not understood", ext.Id)
		}
		return nil
	}
	var p issuingDistributionPoint
	if rest, err := asn1.Unmarshal(ext.Value, &p); err != nil || len(rest) > 0 {
		return unknown("the distribution point of the revocation list cannot be read")
	}
	if p.Indirect || p.Attributes || len(p.Reasons.Bytes) > 0 || len(p.Point.Relative.FullBytes) > 0 {
		return unknown("the revocation list is not about all reasons, or about others' certificates")
	}
	for _, name := range p.Point.FullName {
		if name.Class == asn1.ClassContextSpecific && name.Tag == 6 { // a URI
			s.uris = append(s.uris, string(name.Bytes))
		}
	}
	if len(p.Point.FullName) > 0 && len(s.uris) == 0 {
		return unknown("the distribution point of the revocation list is not a URI")
	}
	s.onlyUser, s.onlyCA = p.OnlyUser, p.OnlyCA
	return nil
}

func (s *scope) covers(cert *x509.Certificate) error {
	if s.onlyUser && cert.IsCA || s.onlyCA && !cert.IsCA {
		return unknown("the revocation list is not about certificates of this kind")
	}
	if len(s.uris) > 0 && !slices.ContainsFunc(cert.CRLDistributionPoints, func(uri string) bool { return slices.Contains(s.uris, uri) }) {
		return unknown("the revocation list is of another distribution point")
	}
	return nil
}
