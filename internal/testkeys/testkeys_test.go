package testkeys

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"math/big"
	"testing"
)

// What is made twice is the same, and what has another number is not.
func TestTheSameEachTime(t *testing.T) {
	if !RSA(1).Equal(RSA(1)) || RSA(1).Equal(RSA(2)) {
		t.Error("RSA")
	}
	for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		if !EC(c, 1).Equal(EC(c, 1)) || EC(c, 1).Equal(EC(c, 2)) {
			t.Error(c.Params().Name)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1)}
		if one, two := Certificate(template, EC(c, 1)), Certificate(template, EC(c, 1)); !one.Equal(two) {
			t.Error("certificate")
		}
	}
	if one := Certificate(&x509.Certificate{SerialNumber: big.NewInt(1)}, RSA(1)); !one.Equal(Certificate(&x509.Certificate{SerialNumber: big.NewInt(1)}, RSA(1))) {
		t.Error("certificate of an RSA key")
	}
	if !bytes.Equal(Secret(1, 32), Secret(1, 32)) || bytes.Equal(Secret(1, 32), Secret(2, 32)) {
		t.Error("secret")
	}
}
