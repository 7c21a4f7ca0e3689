package service_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"wstrust/internal/wsse"
	"wstrust/service"
)

// A client that does not send its certificate is known by the list alone.
func TestKnownClients(t *testing.T) {
	skid := func(c *x509.Certificate) { c.SubjectKeyId = []byte{1, 2, 3, 4} }
	alice := pair(t, p256(t), "alice", nil, skid)
	stranger := pair(t, p256(t), "stranger", nil, skid) // the same key identifier, another key
	late := pair(t, p256(t), "late", nil, func(c *x509.Certificate) {
		c.SubjectKeyId, c.NotBefore, c.NotAfter = []byte{5}, time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	})
	named := func(c tls.Certificate, ref wsse.Reference) wsse.X509 {
		return wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c), Reference: ref}
	}

	w := newWorld(t, func(w *world) { w.v.KnownClients = []*x509.Certificate{alice.Leaf, late.Leaf} })
	for _, ref := range []wsse.Reference{wsse.RefSKI, wsse.RefThumbprint, wsse.RefIssuerSerial} {
		p := w.accepted(request(), named(alice, ref)).Principal()
		if p.Kind != service.Certificate || !p.ProofOfPossession || !p.Certificate.Equal(alice.Leaf) {
			t.Errorf("reference %d: %v %q", ref, p.Kind, p.Name)
		}
	}
	for _, token := range []wsse.X509{named(stranger, wsse.RefThumbprint), named(stranger, wsse.RefSKI), named(late, wsse.RefSKI)} {
		w.isRefusal(w.send(request(), wsse.Options{Tokens: []wsse.Token{token}}))
	}

	// Two that fit are as bad as none.
	w = newWorld(t, func(w *world) { w.v.KnownClients = []*x509.Certificate{alice.Leaf, stranger.Leaf} })
	w.isRefusal(w.send(request(), wsse.Options{Tokens: []wsse.Token{named(alice, wsse.RefSKI)}}))
}
