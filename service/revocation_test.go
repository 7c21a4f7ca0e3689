package service_test

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
	"time"

	"wstrust/internal/wsse"
	"wstrust/revocation"
)

// Where revocation is looked up, a certificate counts only if it is known to be
// good: in a message, in the TLS handshake, and beside another token.
func TestRevocation(t *testing.T) {
	checker := &revocation.Checker{}
	w := newWorld(t, func(w *world) {
		w.ca = pair(t, p256(t), "test CA with lists", nil, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCRLSign })
		w.v.ClientCAs = x509.NewCertPool()
		w.v.ClientCAs.AddCert(w.ca.Leaf)
		w.v.Revocation = checker
	})
	good, bad := pair(t, p256(t), "good client", &w.ca, nil), pair(t, p256(t), "bad client", &w.ca, nil)
	known := pair(t, p256(t), "known client", &w.ca, func(c *x509.Certificate) { c.SubjectKeyId = []byte{7} })
	w.v.KnownClients = []*x509.Certificate{known.Leaf}
	signed := func(c tls.Certificate, ref wsse.Reference) wsse.Token {
		return wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c), Reference: ref}
	}
	refused := func(says string, tokens ...wsse.Token) {
		t.Helper()
		w.refused(w.send(request(), wsse.Options{Tokens: tokens}), "trust")
		if log := w.lastLine(); !strings.Contains(log, says) {
			t.Errorf("the log does not say %q: %s", says, log)
		}
	}

	// Nothing is known.
	refused("is not known", signed(good, wsse.RefDirect))
	// A key that was chosen is not asked about, nor are other tokens.
	w.accepted(request(), signed(known, wsse.RefSKI))
	w.accepted(request(), user("alice", "pw"))

	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: bad.Leaf.SerialNumber, RevocationTime: time.Now()}},
	}, w.ca.Leaf, w.ca.PrivateKey.(crypto.Signer))
	if err != nil {
		t.Fatal(err)
	}
	w.v.Revocation = &revocation.Checker{Lists: [][]byte{list}}
	w.accepted(request(), signed(good, wsse.RefDirect))
	refused("was revoked", signed(bad, wsse.RefDirect))
	refused("was revoked", signed(bad, wsse.RefEmbedded))

	w.tls = []tls.Certificate{good}
	w.accepted(request())
	w.tls = []tls.Certificate{bad}
	refused("was revoked")
	refused("was revoked", user("alice", "pw"))
}
