// Package rig is what the peers' tests share: test keys made for the run, processes
// that are started and ended, the tool built once.
package rig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// An Authority is a test CA that lives as long as the test.
type Authority struct {
	Cert *x509.Certificate
	key  crypto.Signer
}

// An Identity is a test key with its certificate.
type Identity struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// NewAuthority makes a CA of the given common name.
func NewAuthority(t testing.TB, name string) *Authority {
	t.Helper()
	key := newRSA(t)
	tmpl := template(t, name)
	tmpl.IsCA = true
	tmpl.BasicConstraintsValid = true
	tmpl.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return &Authority{Cert: sign(t, tmpl, tmpl, key.Public(), key), key: key}
}

// RSA makes a key of 2048 bits with a certificate for any use, also as a TLS server on loopback.
func (a *Authority) RSA(t testing.TB, name string) Identity {
	t.Helper()
	key := newRSA(t)
	return Identity{a.certify(t, name, key), key}
}

// P256 is the same with a key on the curve P-256.
func (a *Authority) P256(t testing.TB, name string) Identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return Identity{a.certify(t, name, key), key}
}

// For certifies a key that the caller made.
func (a *Authority) For(t testing.TB, name string, key crypto.Signer) Identity {
	t.Helper()
	return Identity{a.certify(t, name, key), key}
}

func (a *Authority) certify(t testing.TB, name string, key crypto.Signer) *x509.Certificate {
	tmpl := template(t, name)
	tmpl.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	// Named, because a signature may refer to a certificate by it.
	tmpl.SubjectKeyId = []byte(rand.Text())[:20]
	tmpl.DNSNames = []string{"localhost"}
	tmpl.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	return sign(t, tmpl, a.Cert, key.Public(), a.key)
}

func newRSA(t testing.TB) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func template(t testing.TB, name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, Organization: []string{"wstrust interop test"}},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}

func sign(t testing.TB, tmpl, parent *x509.Certificate, pub crypto.PublicKey, by crypto.Signer) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, pub, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// WritePEM writes the certificate to dir/name.pem and the key, PKCS #8, to dir/name-key.pem.
func (id Identity) WritePEM(t testing.TB, dir, name string) (cert, key string) {
	t.Helper()
	cert = WriteCert(t, dir, name, id.Cert)
	key = filepath.Join(dir, name+"-key.pem")
	if err := os.WriteFile(key, []byte(id.KeyPEM(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// CertPEM is the certificate as PEM.
func (id Identity) CertPEM() string { return CertPEM(id.Cert) }

// CertPEM is a certificate as PEM.
func CertPEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// KeyPEM is the key as PEM, PKCS #8.
func (id Identity) KeyPEM(t testing.TB) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(id.Key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// WriteCert writes a certificate to dir/name.pem.
func WriteCert(t testing.TB, dir, name string, cert *x509.Certificate) string {
	t.Helper()
	file := filepath.Join(dir, name+".pem")
	if err := os.WriteFile(file, []byte(CertPEM(cert)), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// ReadCert reads the first certificate of a PEM file.
func ReadCert(t testing.TB, file string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		t.Fatalf("%s: no PEM block", file)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
