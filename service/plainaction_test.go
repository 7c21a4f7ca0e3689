package service_test

import (
	"bytes"
	"crypto/x509"
	"testing"
	"time"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/service"
)

// Without TLS an action that nothing signed is anybody's: it is told apart, and a
// service that demands its signature does not get to see the message.
func TestActionInPlaintext(t *testing.T) {
	for _, demanded := range []bool{false, true} {
		w := newWorld(t, func(w *world) {
			if w.v.InsecurePlaintext = true; demanded {
				w.v.Require = service.Action
			}
		})
		alice := pair(t, p256(t), "alice", &w.ca, nil)
		verify := func(parts wsse.Parts, to string) (*service.Message, error) {
			t.Helper()
			out := request()
			octets := protect(t, out, wsse.Options{Tokens: []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{alice.Leaf}, Key: private(t, alice), Parts: parts}}}, time.Now())
			octets = bytes.Replace(octets, []byte(">"+out.Action+"<"), []byte(">"+to+"<"), 1)
			return w.v.Verify(t.Context(), soap.NewPacket(out.Version, to, octets), service.Conn{})
		}
		signed := wsse.BodyTimestamp | wsse.PartAction
		if m, err := verify(signed, action); err != nil || m.Action() != action || len(m.Protected()[service.Action].SignedBy) != 1 {
			t.Errorf("signed: %v", err)
		}
		if _, err := verify(signed, "urn:orders/Delete"); wsse.ClassOf(err) != wsse.ClassSignature {
			t.Errorf("signed and changed: %v", err)
		}
		m, err := verify(wsse.BodyTimestamp, "urn:orders/Delete")
		if demanded {
			if wsse.ClassOf(err) != wsse.ClassPolicy {
				t.Errorf("not signed, and demanded: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, shown := m.Protected()[service.Action]; shown || m.Action() != "urn:orders/Delete" {
			t.Errorf("not signed: action %q counts as protected: %v", m.Action(), shown)
		}
	}
}
