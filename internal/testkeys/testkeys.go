// Package testkeys holds keys for tests. They guard nothing. They are the same
// in every process, because the fuzzer runs a target in one process and takes
// its seeds from another, and from files of earlier runs: a message signed or
// encrypted under a key of its own run would never be good in any other, and no
// target would come past the first signature.
package testkeys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"embed"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

//go:embed testdata
var files embed.FS

// RSA returns the first or second test key of 2,048 bits.
func RSA(n int) *rsa.PrivateKey {
	octets, err := files.ReadFile(fmt.Sprintf("testdata/test-rsa-%d.pem", n))
	if err != nil {
		panic(err)
	}
	block, _ := pem.Decode(octets)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	return key.(*rsa.PrivateKey)
}

// EC returns test key n on a curve.
func EC(curve elliptic.Curve, n int) *ecdsa.PrivateKey {
	octets := sha512.Sum512(fmt.Append(nil, "test key ", n))
	scalar := make([]byte, (curve.Params().BitSize+7)/8)
	copy(scalar[1:], octets[:]) // a first octet of zero keeps it below the order
	key, err := ecdsa.ParseRawPrivateKey(curve, scalar)
	if err != nil {
		panic(err)
	}
	return key
}

// Secret returns test secret n, of some octets, at most 64.
func Secret(n, size int) []byte {
	octets := sha512.Sum512(fmt.Append(nil, "test secret ", n))
	return octets[:size]
}

// Certificate returns a self-signed certificate, the same each time.
func Certificate(template *x509.Certificate, key crypto.Signer) *x509.Certificate {
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}

// Pair returns a key with a certificate for it that is good now, by another pair
// or, without one, by itself. change, if not nil, changes the certificate.
func Pair(key crypto.Signer, name string, by *tls.Certificate, change func(*x509.Certificate)) tls.Certificate {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, SubjectKeyId: []byte(name),
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if by == nil {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
		by = &tls.Certificate{PrivateKey: key, Leaf: c}
	}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(nil, c, by.Leaf, key.Public(), by.PrivateKey)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}
