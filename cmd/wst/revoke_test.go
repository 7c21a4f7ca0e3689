package main

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// revoke FILE AUTHORITY NAME… writes the authority's revocation list with the
// certificates of those pairs; with past among the names, one that has ended.
func revoke(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: revoke FILE AUTHORITY NAME…")
	}
	load := func(name string) tls.Certificate {
		p, err := tls.LoadX509KeyPair(ts.MkAbs(name+".pem"), ts.MkAbs(name+".key"))
		ts.Check(err)
		return p
	}
	by, now := load(args[1]), time.Now()
	list := &x509.RevocationList{Number: big.NewInt(now.UnixNano()), ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour)}
	for _, name := range args[2:] {
		if name == "past" {
			list.NextUpdate = now.Add(-10 * time.Minute)
			continue
		}
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: load(name).Leaf.SerialNumber, RevocationTime: now.Add(-time.Hour),
		})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, by.Leaf, by.PrivateKey.(crypto.Signer))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), 0o600))
}
