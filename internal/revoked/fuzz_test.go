package revoked

import (
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
	"wstrust/internal/testkeys"
)

// Certificates that are the same in each process, as the fuzzer wants them, and
// good for long, as responses are made at the present time.
func lasting(serial int64, by *pair) pair {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test certificate"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	key := testkeys.EC(elliptic.P256(), int(serial))
	if by == nil {
		c.Subject.CommonName, c.IsCA, c.BasicConstraintsValid, c.KeyUsage = "test authority", true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
		return pair{key, testkeys.Certificate(c, key)}
	}
	der, err := x509.CreateCertificate(nil, c, by.cert, key.Public(), by.key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return pair{key, cert}
}

// FuzzList: whatever the octets are, a certificate that every list has is never
// good, one that none has is never revoked, and nothing is a list of an authority
// that signed none.
func FuzzList(f *testing.F) {
	ca, other := lasting(1, nil), lasting(2, nil)
	good, bad := lasting(12, &ca), lasting(13, &ca)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, more := range []func(*x509.RevocationList){nil, func(l *x509.RevocationList) {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(14), RevocationTime: at})
	}} {
		der := list(f, ca, func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = at.Add(-time.Hour), at.Add(time.Hour)
			if more != nil {
				more(l)
			}
		})
		f.Add(der)
		f.Add(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		if _, err := ReadList(octets, other.cert); err == nil {
			t.Fatal("a list of somebody who signed none")
		}
		l, err := ReadList(octets, ca.cert)
		if err != nil {
			return
		}
		if err := l.Status(bad.cert, at, 0); err == nil {
			t.Fatal("revoked, and good")
		}
		if err := l.Status(good.cert, at, 0); errors.Is(err, ErrRevoked) {
			t.Fatal("good, and revoked")
		}
	})
}

// FuzzAnswer: the same for responses about one certificate that is good and one
// that was revoked; about a third there are none.
func FuzzAnswer(f *testing.F) {
	ca := lasting(1, nil)
	good, bad, third := lasting(12, &ca), lasting(13, &ca), lasting(14, &ca)
	for _, about := range []struct {
		pair
		status int
	}{{good, ocsp.Good}, {bad, ocsp.Revoked}} {
		der, err := ocsp.CreateResponse(ca.cert, ca.cert, ocsp.Response{
			Status: about.status, SerialNumber: about.cert.SerialNumber, ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour), RevokedAt: time.Now().Add(-time.Hour),
		}, ca.key)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := ReadAnswer(der, about.cert, ca.cert); err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	f.Add(make([]byte, 16))
	f.Fuzz(func(t *testing.T, octets []byte) {
		if _, err := ReadAnswer(octets, third.cert, ca.cert); err == nil {
			t.Fatal("an answer that nobody gave")
		}
		if a, err := ReadAnswer(octets, bad.cert, ca.cert); err == nil && a.Status(time.Now(), 0) == nil {
			t.Fatal("revoked, and good")
		}
		if a, err := ReadAnswer(octets, good.cert, ca.cert); err == nil && errors.Is(a.Status(time.Now(), 0), ErrRevoked) {
			t.Fatal("good, and revoked")
		}
	})
}
