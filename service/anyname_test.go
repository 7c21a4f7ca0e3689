package service_test

import (
	"crypto/x509"
	"testing"

	"wstrust/internal/wsse"
	"wstrust/saml"
	"wstrust/service"
)

// An issuer may be known by its certificates alone: then its name is whatever the
// assertion says, and nobody else's signature is good for it.
func TestIssuerOfAnyName(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.v.Issuers = []service.Issuer{{AnyName: true, Certificates: []*x509.Certificate{w.signer.Leaf}}}
	})
	for _, name := range []string{issuer, "https://evil.example.com/"} {
		named := w.assertion(func(b *saml.Build) { b.Issuer = name })
		p := w.accepted(request(), wsse.Issued{XML: named}).Principal()
		if p.Kind != service.Token || p.Name != "carol" || p.Assertion.Issuer != name {
			t.Errorf("%s: %v", name, p)
		}
		if p, err := w.v.Token(t.Context(), named, audience); err != nil || p.Assertion.Issuer != name {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	honest := w.signer
	w.signer = pair(t, p256(t), "test signer", nil, nil)
	forged := w.assertion(nil)
	w.signer = honest
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: forged}}}), "trust")
	if _, err := w.v.Token(t.Context(), forged, audience); wsse.ClassOf(err) != wsse.ClassTrust {
		t.Error(err)
	}
	for name, i := range map[string]service.Issuer{
		"a name, and any":      {Name: issuer, AnyName: true, Certificates: []*x509.Certificate{w.signer.Leaf}},
		"any, no certificates": {AnyName: true},
	} {
		v := *w.v
		v.Issuers = []service.Issuer{i}
		if v.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
