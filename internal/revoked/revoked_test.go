package revoked

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// noon is when the tests are: the library makes responses at the present time.
var noon = time.Now().Truncate(time.Minute)

// A pair is a test key with its certificate, made for this run.
type pair struct {
	key  crypto.Signer
	cert *x509.Certificate
}

func newPair(t testing.TB, serial int64, by *pair, change func(*x509.Certificate)) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return certified(t, key, serial, by, change)
}

func certified(t testing.TB, key crypto.Signer, serial int64, by *pair, change func(*x509.Certificate)) pair {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test certificate"},
		NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour),
	}
	if by == nil {
		c.Subject.CommonName, c.IsCA, c.BasicConstraintsValid, c.KeyUsage = "test authority", true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	}
	if change != nil {
		change(c)
	}
	parent, signer := c, crypto.Signer(key)
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return pair{key, cert}
}

func list(t testing.TB, by pair, change func(*x509.RevocationList)) []byte {
	t.Helper()
	l := &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.Add(time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(13), RevocationTime: noon.Add(-time.Hour), ReasonCode: 1}},
	}
	if change != nil {
		change(l)
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, by.cert, by.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// point is an issuing distribution point.
func point(t testing.TB, p issuingDistributionPoint) func(*x509.RevocationList) {
	t.Helper()
	der, err := asn1.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return critical(oidPoint, der)
}

func critical(id asn1.ObjectIdentifier, value []byte) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		l.ExtraExtensions = append(l.ExtraExtensions, pkix.Extension{Id: id, Critical: true, Value: value})
	}
}

func uri(s string) (p issuingDistributionPoint) {
	p.Point.FullName = []asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(s)}}
	return p
}

// Lists that say something, and those that do not.
func TestList(t *testing.T) {
	ca := newPair(t, 1, nil, nil)
	twin := newPair(t, 1, nil, nil) // the same name, another key
	other := newPair(t, 1, nil, func(c *x509.Certificate) { c.Subject.CommonName = "another authority" })
	mute := certified(t, ca.key, 1, nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign })
	here := func(c *x509.Certificate) {
		c.CRLDistributionPoints = []string{"http://a.example/1", "http://a.example/2"}
	}
	good, bad := newPair(t, 12, &ca, here), newPair(t, 13, &ca, here)
	below := newPair(t, 14, &ca, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })
	indirect := func(l *x509.RevocationList) {
		l.RevokedCertificateEntries[0].ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}}
	}
	relative := issuingDistributionPoint{}
	relative.Point.Relative = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, IsCompound: true}
	for name, c := range map[string]struct {
		by     pair
		as     *x509.Certificate // the authority, if it is another
		change func(*x509.RevocationList)
		cert   *x509.Certificate
		at     time.Time
		want   error
		says   string
	}{
		"good":                 {by: ca},
		"revoked":              {by: ca, cert: bad.cert, want: ErrRevoked, says: "reason 1"},
		"authority":            {by: ca, cert: below.cert},
		"old":                  {by: ca, at: noon.Add(2 * time.Hour), want: ErrUnknown, says: "good until"},
		"old but for the skew": {by: ca, at: noon.Add(time.Hour + time.Minute)},
		"old and revoked":      {by: ca, cert: bad.cert, at: noon.Add(2 * time.Hour), want: ErrRevoked},
		"to come":              {by: ca, at: noon.Add(-2 * time.Hour), want: ErrUnknown, says: "to come"},
		"of another":           {by: other, want: ErrUnknown, says: "not of"},
		"of a namesake":        {by: twin, want: ErrUnknown, says: "signature"},
		"of who may not":       {by: ca, as: mute.cert, want: ErrUnknown, says: "signature"},
		"changes only":         {by: ca, change: critical(oidDelta, []byte{2, 1, 1}), want: ErrUnknown, says: "delta"},
		"unknown extension":    {by: ca, change: critical(asn1.ObjectIdentifier{1, 2, 3}, nil), want: ErrUnknown, says: "critical extension 1.2.3"},
		"entry of others":      {by: ca, change: indirect, want: ErrUnknown, says: "entry"},
		"point":                {by: ca, change: point(t, uri("http://a.example/2"))},
		"another point":        {by: ca, change: point(t, uri("http://a.example/3")), want: ErrUnknown, says: "another distribution point"},
		"point, revoked":       {by: ca, cert: bad.cert, change: point(t, uri("http://a.example/2")), want: ErrRevoked},
		"no point":             {by: ca, cert: below.cert, change: point(t, uri("http://a.example/2")), want: ErrUnknown, says: "another distribution point"},
		"users only":           {by: ca, change: point(t, issuingDistributionPoint{OnlyUser: true})},
		"users, of authority":  {by: ca, cert: below.cert, change: point(t, issuingDistributionPoint{OnlyUser: true}), want: ErrUnknown, says: "this kind"},
		"authorities only":     {by: ca, change: point(t, issuingDistributionPoint{OnlyCA: true}), want: ErrUnknown, says: "this kind"},
		"authorities, of one":  {by: ca, cert: below.cert, change: point(t, issuingDistributionPoint{OnlyCA: true})},
		"indirect":             {by: ca, change: point(t, issuingDistributionPoint{Indirect: true}), want: ErrUnknown, says: "others'"},
		"attributes":           {by: ca, change: point(t, issuingDistributionPoint{Attributes: true}), want: ErrUnknown, says: "others'"},
		"some reasons":         {by: ca, change: point(t, issuingDistributionPoint{Reasons: asn1.BitString{Bytes: []byte{0x40}, BitLength: 2}}), want: ErrUnknown, says: "reasons"},
		"point cannot be read": {by: ca, change: critical(oidPoint, []byte{4, 0}), want: ErrUnknown, says: "cannot be read"},
		"point is relative":    {by: ca, change: point(t, relative), want: ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			if c.cert == nil {
				c.cert = good.cert
			}
			if c.at.IsZero() {
				c.at = noon
			}
			der := list(t, c.by, c.change)
			if c.as == nil {
				c.as = ca.cert
			}
			for _, octets := range [][]byte{der, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})} {
				l, err := ReadList(octets, c.as)
				if err == nil {
					err = l.Status(c.cert, c.at, 5*time.Minute)
				}
				told(t, err, c.want, c.says)
			}
		})
	}
	der := list(t, ca, nil)
	for i := range der {
		cut := slices.Clone(der)
		cut[i] ^= 1
		if _, err := ReadList(cut, ca.cert); !errors.Is(err, ErrUnknown) {
			t.Errorf("octet %d changed: %v", i, err)
		}
	}
	l, err := ReadList(der, ca.cert)
	if err != nil || !l.Until().Equal(noon.Add(time.Hour)) {
		t.Error(l.Until(), err)
	}
	stranger := newPair(t, 12, &other, nil)
	told(t, l.Status(stranger.cert, noon, 0), ErrUnknown, "another authority")
}

func told(t *testing.T, err, want error, says string) {
	t.Helper()
	if !errors.Is(err, want) || err != nil && (want == nil || !strings.Contains(err.Error(), says)) {
		t.Errorf("%v, want %v (%s)", err, want, says)
	}
}

// Responses that say something, and those that do not.
func TestAnswer(t *testing.T) {
	ca := newPair(t, 1, nil, nil)
	other := newPair(t, 1, nil, func(c *x509.Certificate) { c.Subject.CommonName = "another authority" })
	cert := newPair(t, 12, &ca, nil)
	signs := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} }
	delegate := newPair(t, 20, &ca, signs)
	client := newPair(t, 21, &ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	foreign := newPair(t, 22, &other, signs)
	late := newPair(t, 23, &ca, func(c *x509.Certificate) { signs(c); c.NotAfter = noon.Add(-30 * time.Minute) })
	for name, c := range map[string]struct {
		by     pair
		about  *x509.Certificate // the issuer that the response names
		change func(*ocsp.Response)
		at     time.Time
		want   error
		says   string
	}{
		"good":              {by: ca},
		"revoked":           {by: ca, change: func(r *ocsp.Response) { r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, noon, 4 }, want: ErrRevoked, says: "reason 4"},
		"not known":         {by: ca, change: func(r *ocsp.Response) { r.Status = ocsp.Unknown }, want: ErrUnknown, says: "does not know"},
		"SHA-256":           {by: ca, change: func(r *ocsp.Response) { r.IssuerHash = crypto.SHA256 }},
		"delegate":          {by: delegate},
		"not a delegate":    {by: client, want: ErrUnknown, says: "who may not"},
		"of another":        {by: foreign, want: ErrUnknown, says: "signature"},
		"delegate was late": {by: late, want: ErrUnknown, says: "was good until"},
		"another serial":    {by: ca, change: func(r *ocsp.Response) { r.SerialNumber = big.NewInt(99) }, want: ErrUnknown},
		"another issuer":    {by: ca, about: other.cert, want: ErrUnknown, says: "another authority"},
		"old":               {by: ca, at: noon.Add(2 * time.Hour), want: ErrUnknown, says: "good until"},
		"to come":           {by: ca, at: noon.Add(-3 * time.Hour), want: ErrUnknown, says: "to come"},
		"without an end":    {by: ca, change: func(r *ocsp.Response) { r.NextUpdate, r.ThisUpdate = time.Time{}, noon.Add(-4*time.Minute) }},
		"without, and old":  {by: ca, change: func(r *ocsp.Response) { r.NextUpdate = time.Time{} }, want: ErrUnknown, says: "good until"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.about == nil {
				c.about = ca.cert
			}
			if c.at.IsZero() {
				c.at = noon
			}
			r := ocsp.Response{SerialNumber: cert.cert.SerialNumber, ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.Add(time.Hour), IssuerHash: crypto.SHA1}
			if c.change != nil {
				c.change(&r)
			}
			if c.by.cert != ca.cert {
				r.Certificate = c.by.cert
			}
			octets, err := ocsp.CreateResponse(c.about, c.by.cert, r, c.by.key)
			if err != nil {
				t.Fatal(err)
			}
			a, err := ReadAnswer(octets, cert.cert, ca.cert)
			if err == nil {
				err = a.Status(c.at, 5*time.Minute)
			}
			told(t, err, c.want, c.says)
		})
	}
	octets, err := ocsp.CreateResponse(ca.cert, ca.cert, ocsp.Response{SerialNumber: cert.cert.SerialNumber, ThisUpdate: noon, NextUpdate: noon.Add(time.Hour)}, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	for i := range octets {
		bad := slices.Clone(octets)
		bad[i] ^= 1
		if a, err := ReadAnswer(bad, cert.cert, ca.cert); err == nil && a.Status(noon, 0) != nil {
			t.Errorf("octet %d changed: another answer", i)
		} else if err != nil && !errors.Is(err, ErrUnknown) {
			t.Errorf("octet %d changed: %v", i, err)
		}
	}
	for _, octets := range [][]byte{nil, {1}, ocsp.TryLaterErrorResponse} {
		_, err := ReadAnswer(octets, cert.cert, ca.cert)
		told(t, err, ErrUnknown, "OCSP")
	}
	q, err := Question(cert.cert, ca.cert)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ocsp.ParseRequest(q); err != nil || r.SerialNumber.Cmp(cert.cert.SerialNumber) != 0 {
		t.Error(r, err)
	}
}
