package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// pair makes a test key and a certificate for it, NAME.pem and NAME.key. Settings:
// ca for an authority, by=NAME for one that another pair issued, ec for a key on
// P-256, past for a certificate that has ended.
func pair(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: pair NAME SETTING…")
	}
	name, now := args[0], time.Now()
	var key crypto.Signer
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name, Organization: []string{"test key"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), SubjectKeyId: []byte("ski of " + name),
		BasicConstraintsValid: true,
	}
	parent, signer := cert, key
	for _, setting := range args[1:] {
		word, value, _ := strings.Cut(setting, "=")
		switch word {
		case "ca":
			cert.IsCA, cert.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
		case "past":
			cert.NotAfter = now.Add(-time.Minute)
		case "ec":
			key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			ts.Check(err)
			signer = key
		case "by":
			issuer, err := tls.LoadX509KeyPair(ts.MkAbs(value+".pem"), ts.MkAbs(value+".key"))
			ts.Check(err)
			parent, signer = issuer.Leaf, issuer.PrivateKey.(crypto.Signer)
		default:
			ts.Fatalf("pair: %s is not known", word)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, key.Public(), signer)
	ts.Check(err)
	text, err := keyPEM(key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(name+".key"), []byte(text), 0o600))
}
