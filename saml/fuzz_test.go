package saml_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/corpora"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// issued returns assertions of the test issuer, and for the octets that each
// signature is over what a reader is told.
func issued(t testing.TB) (docs []string, said map[string]string) {
	said = map[string]string{}
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		rich := func(b *saml.Build) {
			full := full(v)
			b.Subject, b.Conditions, b.Attributes, b.Authn = full.Subject, full.Conditions, full.Attributes, full.Authn
			b.Subject.Confirmations = []saml.Confirmation{{Kind: saml.HolderOfKey, Certificate: userCert()}}
		}
		for _, change := range []func(*saml.Build){nil, rich} {
			doc := token(t, v, change)
			a, err := saml.Verify([]byte(doc), trusted(), "", saml.Checks{Now: noon, InsecureAnyAudience: true})
			if err != nil {
				t.Fatal(err)
			}
			docs, said[octets(t, a)] = append(docs, doc), read(a)
		}
	}
	return docs, said
}

// read is what a reader believes of an assertion.
func read(a *saml.Assertion) string {
	s := fmt.Sprintf("%q %q %q %q %q %q %v %v %q", a.ID, a.Issuer, a.Subject.NameID, a.Subject.Format, a.Subject.NameQualifier,
		a.Subject.SPNameQualifier, a.Conditions.NotBefore, a.Conditions.NotOnOrAfter, a.Conditions.Audiences)
	for _, c := range a.Subject.Confirmations {
		s += fmt.Sprintf(" %v %q", c.Kind, c.Recipient)
	}
	for _, at := range a.Attributes {
		s += fmt.Sprintf(" %q %q %q", at.Name, at.Namespace, at.Values)
	}
	return s
}

func octets(t testing.TB, a *saml.Assertion) string {
	var b bytes.Buffer
	if err := a.Signed().Octets(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// verifies holds the promise of the package over any document: an assertion that
// comes out is one that the issuer signed, octet for octet, and reads as that.
func verifies(t *testing.T, doc []byte, certs []*x509.Certificate, said map[string]string) {
	a, err := saml.Verify(doc, certs, "", saml.Checks{Now: noon, InsecureAnyAudience: true})
	if err != nil {
		return
	}
	want, ok := said[octets(t, a)]
	if !ok {
		t.Fatalf("verified, and never signed: %q", octets(t, a))
	}
	if got := read(a); got != want {
		t.Fatalf("signed as\n%s\nand read as\n%s\nin %q", want, got, doc)
	}
	u, err := saml.ReadUnverified(doc)
	if err != nil || u.ID != a.ID || u.Issuer != a.Issuer {
		t.Fatalf("verified, and read without as %+v, %v", u, err)
	}
}

func FuzzVerify(f *testing.F) {
	docs, said := issued(f)
	for _, doc := range docs {
		f.Add([]byte(doc))
	}
	for _, doc := range corpora.Documents(f, 8<<10, "saml") {
		if d, err := xmltree.Parse(doc, xmltree.Limits{}); err == nil {
			for e := range d.Root().Children {
				if saml.Is(e) {
					f.Add(e.Standalone())
				}
			}
		}
	}
	certs := []*x509.Certificate{p256Cert()}
	f.Fuzz(func(t *testing.T, doc []byte) {
		verifies(t, doc, certs, said)
		saml.ReadUnverified(doc)
	})
}

// FuzzChange: sign, change anything, and what still verifies says the same.
func FuzzChange(f *testing.F) {
	docs, said := issued(f)
	certs := []*x509.Certificate{p256Cert()}
	f.Add(uint(0), uint(40), []byte("x"))
	for i, doc := range docs {
		name := uint(strings.Index(doc, "alice") + 2)
		f.Add(uint(i), name, []byte("<!-- -->"))
		f.Add(uint(i), name, []byte("<![CDATA[]]>")) // changes nothing
	}
	f.Fuzz(func(t *testing.T, which, at uint, with []byte) {
		doc := docs[which%uint(len(docs))]
		at %= uint(len(doc))
		end := min(at+uint(len(with)), uint(len(doc)))
		verifies(t, []byte(doc[:at]+string(with)+doc[end:]), certs, said)
		verifies(t, []byte(doc[:at]+string(with)+doc[at:]), certs, said)
		verifies(t, []byte(doc[:at]+doc[end:]), certs, said)
	})
}
