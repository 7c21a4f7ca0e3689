package saml_test

import (
	"bytes"
	"crypto/x509"
	"testing"

	"wstrust/saml"
)

// FuzzVerify holds the promise of the package over any document: an assertion
// that comes out is one that the issuer signed, octet for octet.
func FuzzVerify(f *testing.F) {
	signed := map[string]bool{}
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		doc := []byte(token(f, v, nil))
		a, err := saml.Verify(doc, trusted(), "", rp)
		if err != nil {
			f.Fatal(err)
		}
		signed[octets(f, a)] = true
		f.Add(doc)
	}
	certs := []*x509.Certificate{p256Cert()}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if a, err := saml.Verify(doc, certs, "", saml.Checks{Now: noon, InsecureAnyAudience: true}); err == nil && !signed[octets(t, a)] {
			t.Fatalf("verified, and never signed: %q", octets(t, a))
		}
		saml.ReadUnverified(doc)
	})
}

func octets(t testing.TB, a *saml.Assertion) string {
	var b bytes.Buffer
	if err := a.Signed().Octets(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
