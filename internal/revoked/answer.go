package revoked

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// An Answer is what an OCSP response, whose signature was verified, says about
// one certificate.
type Answer struct {
	from, until time.Time
	status      int
	at          time.Time
	reason      int
	by          *x509.Certificate // who signed it, if that is not the issuer
}

// ReadAnswer reads a response about cert that its issuer signed, or somebody
// whom issuer certified to sign responses.
func ReadAnswer(octets []byte, cert, issuer *x509.Certificate) (*Answer, error) {
	r, err := ocsp.ParseResponseForCert(octets, cert, issuer)
	if err != nil {
		return nil, unknown("the OCSP response: %v", err)
	}
	if weak(r.SignatureAlgorithm) {
		return nil, unknown("the OCSP response is signed with %v", r.SignatureAlgorithm)
	}
	if err := aboutIssuer(r, issuer); err != nil {
		return nil, err
	}
	a := &Answer{from: r.ThisUpdate, until: r.NextUpdate, status: r.Status, at: r.RevokedAt, reason: r.RevocationReason}
	// The library verifies the signatures, and not what the signer may.
	if by := r.Certificate; by != nil && !by.Equal(issuer) {
		if !slices.Contains(by.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) || !bytes.Equal(by.RawIssuer, issuer.RawSubject) {
			return nil, unknown("the OCSP response is signed by %.200q, who may not", by.Subject.String())
		}
		if weak(by.SignatureAlgorithm) {
			return nil, unknown("the certificate of %.200q, who signed the OCSP response, is signed with %v", by.Subject.String(), by.SignatureAlgorithm)
		}
		a.by = by
	}
	return a, nil
}

// Until is when the answer is out of date.
func (a *Answer) Until() time.Time { return a.until }

// Status reports nil if the answer is in force and is that the certificate is
// good.
func (a *Answer) Status(now time.Time, skew time.Duration) error {
	switch a.status {
	case ocsp.Good:
		// When the response was made its signer says himself, and whoever has
		// his key when it is over may say anything.
		if a.by != nil {
			if err := current("certificate of who signed the OCSP response", a.by.NotBefore, a.by.NotAfter, now, skew); err != nil {
				return err
			}
		}
		return current("OCSP response", a.from, a.until, now, skew)
	case ocsp.Revoked:
		return fmt.Errorf("%w on %s, reason %d", ErrRevoked, a.at.UTC().Format(time.RFC3339), a.reason)
	}
	return unknown("the OCSP responder does not know it")
}

// Question is the request for an answer about cert.
func Question(cert, issuer *x509.Certificate) ([]byte, error) {
	octets, err := ocsp.CreateRequest(cert, issuer, &ocsp.RequestOptions{Hash: crypto.SHA1})
	if err != nil {
		return nil, unknown("no OCSP request can be made: %v", err)
	}
	return octets, nil
}

// certID is the part of a response that says which certificate it is about; the
// library compares the serial number alone.
type certID struct {
	Hash      pkix.AlgorithmIdentifier
	Name, Key []byte
	Serial    *big.Int
}

// aboutIssuer refuses a response that speaks of an authority other than issuer.
// The hashes are those of the request that we would make ourselves.
func aboutIssuer(r *ocsp.Response, issuer *x509.Certificate) error {
	want, err := ocsp.CreateRequest(&x509.Certificate{SerialNumber: r.SerialNumber}, issuer, &ocsp.RequestOptions{Hash: r.IssuerHash})
	if err != nil || r.IssuerHash == 0 {
		return unknown("the OCSP response names its authority in an unknown way")
	}
	asked, err := ocsp.ParseRequest(want)
	if err != nil {
		return unknown("the OCSP response: %v", err)
	}
	ids, err := subjects(r.TBSResponseData)
	if err != nil {
		return unknown("the OCSP response cannot be read")
	}
	// The library has taken the first with this serial number.
	for _, id := range ids {
		if id.Serial.Cmp(r.SerialNumber) == 0 {
			if bytes.Equal(id.Name, asked.IssuerNameHash) && bytes.Equal(id.Key, asked.IssuerKeyHash) {
				return nil
			}
			return unknown("the OCSP response is about a certificate of another authority")
		}
	}
	return unknown("the OCSP response is not about it")
}

// subjects are the certificates that a response is about.
func subjects(tbs []byte) (ids []certID, err error) {
	var data asn1.RawValue
	if _, err := asn1.Unmarshal(tbs, &data); err != nil {
		return nil, err
	}
	for rest := data.Bytes; len(rest) > 0; {
		var v asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &v); err != nil {
			return nil, err
		}
		// [0] version, [1] or [2] the responder, a time, the responses.
		if v.Class != asn1.ClassUniversal || v.Tag != asn1.TagSequence {
			continue
		}
		for in := v.Bytes; len(in) > 0; {
			var one asn1.RawValue
			if in, err = asn1.Unmarshal(in, &one); err != nil {
				return nil, err
			}
			var id certID
			if _, err = asn1.Unmarshal(one.Bytes, &id); err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		return ids, nil
	}
	return nil, asn1.StructuralError{Msg: "no responses"}
}
