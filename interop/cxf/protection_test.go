package cxf

import (
	"context"
	"crypto/x509"
	"strings"
	"testing"

	"wstrust"
	"wstrust/interop/rig"
	"wstrust/service"
)

// testProtection has our client sign and encrypt what it sends to CXF's service, and open
// what comes back, with certificates on both sides and with one key for both directions.
func (s *stage) testProtection(t *testing.T) {
	peer := s.service.Cert
	asymmetric := func() *wstrust.Protection { return wstrust.ProtectAsymmetricSignEncrypt(peer) }
	symmetric := func() *wstrust.Protection { return wstrust.ProtectSymmetric(peer) }
	with := func(p *wstrust.Protection, set func(*wstrust.Protection)) *wstrust.Protection {
		set(p)
		return p
	}
	cert := []wstrust.Binding{wstrust.Certificate(s.client.TLS())}
	alice := []wstrust.Binding{wstrust.Username(rig.User, rig.Password)}
	for _, c := range []struct {
		name, door string
		bindings   []wstrust.Binding
		protection *wstrust.Protection
	}{
		{"asymmetric", "Sealed", cert, asymmetric()},
		{"asymmetric, by issuer and serial", "Sealed", cert, with(asymmetric(), func(p *wstrust.Protection) { p.RecipientReference = wstrust.ReferenceIssuerSerial })},
		{"asymmetric, by subject key identifier", "Sealed", cert, with(asymmetric(), func(p *wstrust.Protection) { p.RecipientReference = wstrust.ReferenceSKI })},
		{"symmetric", "Shared", alice, symmetric()},
	} {
		t.Run(c.name, func(t *testing.T) {
			ch, err := wstrust.Open(context.Background(), s.svc[c.door], wstrust.Config{
				TLS: s.ca.Trust(), Bindings: c.bindings, Protection: c.protection, PeerCertificates: []*x509.Certificate{peer}, Logger: rig.Logger(t),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer ch.Close(context.Background())
			for range 2 {
				var got greeting
				if err := ch.Call(context.Background(), greetAction, greet{Name: "bob"}, &got); err != nil {
					t.Fatal(err)
				}
				if got.Text != "hello bob" || !strings.Contains(got.Caller, rig.User) {
					t.Errorf("the service answered %+v", got)
				}
			}
		})
	}
}

// testProtectionService has CXF's client sign and encrypt what it sends to a service of
// ours, which accepts nothing else, and open what that answers.
func (s *stage) testProtectionService(t *testing.T) {
	svc := s.serveOurs(t, []string{"Sealed", "Shared"}, func(v *service.Verifier) {
		clients := x509.NewCertPool()
		clients.AddCert(s.ca.Cert)
		signer := s.service.TLS()
		v.ClientCAs, v.Signer = clients, &signer
		v.Require = service.Body | service.To | service.Action
		v.RequireEncrypted = service.Body | service.Signature
	})
	for _, a := range s.ask(t, []task{withoutIssuer("Sealed", svc), withoutIssuer("Shared", svc)}) {
		if a.Error != "" || a.Text != "hello "+a.Task || !strings.Contains(a.Caller, rig.User) {
			t.Errorf("%s: %+v", a.Task, a)
		}
	}
}
