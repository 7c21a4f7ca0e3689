package service_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/service"
)

// A message that another service got from its client must not count here, even
// with another body around the client's signature.
func TestSignedMessagesAreBoundToUs(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Addresses = []string{audience} })
	alice := pair(t, p256(t), "alice", &w.ca, nil)
	signs := func(parts wsse.Parts) wsse.Token {
		return wsse.X509{Certificates: []*x509.Certificate{alice.Leaf}, Key: private(t, alice), Parts: parts}
	}
	bare := request()
	bare.Addressing, bare.To = soap.ANone, ""

	w.accepted(request(), signs(wsse.PartTimestamp|wsse.PartTo))
	w.accepted(bare, signs(wsse.PartTimestamp|wsse.PartBody))
	w.accepted(request(), signs(wsse.PartTimestamp|wsse.PartBody)) // as CXF's client does
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{signs(wsse.PartTimestamp)}}), "policy")
	w.refused(w.send(bare, wsse.Options{Tokens: []wsse.Token{signs(wsse.PartTimestamp)}}), "policy")

	// Nor does it help that somebody else signed To.
	mallory := pair(t, p256(t), "mallory", &w.ca, nil)
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{
		signs(wsse.PartTimestamp),
		wsse.X509{Certificates: []*x509.Certificate{mallory.Leaf}, Key: private(t, mallory), Parts: wsse.PartTimestamp | wsse.PartTo},
	}}), "policy")

	// Without Addresses there is nothing to hold To against.
	open := newWorld(t, nil)
	alice = pair(t, p256(t), "alice", &open.ca, nil)
	open.accepted(request(), signs(wsse.PartTimestamp))
}

// A certificate beside a bearer token or a password proves who sent it, not
// that the token is his.
func TestPossessionIsOfTheRightKey(t *testing.T) {
	w := newWorld(t, nil)
	mallory := pair(t, p256(t), "mallory", &w.ca, nil)
	w.tls = []tls.Certificate{mallory}
	for name, token := range map[string]wsse.Token{"token": wsse.Issued{XML: w.assertion(nil)}, "password": user("alice", "pw")} {
		p := w.accepted(request(), token).Principal()
		if p.ProofOfPossession || p.Certificate == nil || !p.Certificate.Equal(mallory.Leaf) {
			t.Errorf("%s: possession %v, certificate %v", name, p.ProofOfPossession, p.Certificate)
		}
	}
	if p := w.accepted(request()).Principal(); !p.ProofOfPossession || p.Kind != service.Certificate {
		t.Errorf("certificate: %v, %v", p.Kind, p.ProofOfPossession)
	}
}
