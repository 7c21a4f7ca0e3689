package revoked

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// A certificate for signing responses counts while it is valid and no longer,
// however fresh a response is that somebody who still has the key makes: the time
// of its making is his to say.
func TestResponderIsOver(t *testing.T) {
	ca := newPair(t, 1, nil, nil)
	cert := newPair(t, 12, &ca, nil)
	delegate := newPair(t, 20, &ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} })
	const year = 365 * 24 * time.Hour
	for name, c := range map[string]struct {
		at     time.Duration // after noon, when the response is made
		status int
		want   error
		says   string
	}{
		"in force":         {0, ocsp.Good, nil, ""},
		"over":             {year, ocsp.Good, ErrUnknown, "who signed the OCSP response was good until"},
		"not yet":          {-year, ocsp.Good, ErrUnknown, "which is to come"},
		"over, of revoked": {year, ocsp.Revoked, ErrRevoked, ""}, // whoever says that is believed
	} {
		now := noon.Add(c.at)
		r := ocsp.Response{Status: c.status, SerialNumber: cert.cert.SerialNumber, ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour), Certificate: delegate.cert, RevokedAt: now}
		octets, err := ocsp.CreateResponse(ca.cert, delegate.cert, r, delegate.key)
		if err != nil {
			t.Fatal(err)
		}
		a, err := ReadAnswer(octets, cert.cert, ca.cert)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { told(t, a.Status(now, 5*time.Minute), c.want, c.says) })
	}
}

// Certificates signed with SHA-1 are no good, and what says that they are is none
// either.
func TestSHA1(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		ca  pair
		alg x509.SignatureAlgorithm
	}{
		"ECDSA": {newPair(t, 1, nil, nil), x509.ECDSAWithSHA1},
		"RSA":   {certified(t, rsaKey, 1, nil, nil), x509.SHA1WithRSA},
	} {
		t.Run(name, func(t *testing.T) {
			ca, cert := c.ca, newPair(t, 12, &c.ca, nil)
			_, err := ReadList(list(t, ca, func(l *x509.RevocationList) { l.SignatureAlgorithm = c.alg }), ca.cert)
			told(t, err, ErrUnknown, "is signed with "+c.alg.String())
			signs := func(a x509.SignatureAlgorithm) func(*x509.Certificate) {
				return func(d *x509.Certificate) {
					d.SignatureAlgorithm, d.ExtKeyUsage = a, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
				}
			}
			answer := func(by pair, alg x509.SignatureAlgorithm) error {
				r := ocsp.Response{SerialNumber: cert.cert.SerialNumber, ThisUpdate: noon, NextUpdate: noon.Add(time.Hour), SignatureAlgorithm: alg, IssuerHash: crypto.SHA1}
				if by.cert != ca.cert {
					r.Certificate = by.cert
				}
				octets, err := ocsp.CreateResponse(ca.cert, by.cert, r, by.key)
				if err != nil {
					t.Fatal(err)
				}
				a, err := ReadAnswer(octets, cert.cert, ca.cert)
				if err == nil {
					err = a.Status(noon, 0)
				}
				return err
			}
			told(t, answer(ca, 0), nil, "")
			told(t, answer(newPair(t, 20, &ca, signs(0)), 0), nil, "")
			told(t, answer(ca, c.alg), ErrUnknown, "is signed with "+c.alg.String())
			told(t, answer(newPair(t, 20, &ca, signs(c.alg)), 0), ErrUnknown, "is signed with "+c.alg.String())
		})
	}
}
