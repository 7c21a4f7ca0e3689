package saml_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"wstrust/internal/damage"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

var update = flag.Bool("update", false, "write what the reader says about damaged assertions into testdata")

// told is all that a reader is told, a line for each thing.
func told(u *saml.Unverified) string {
	var b strings.Builder
	line := func(name string, v any) { fmt.Fprintf(&b, "%s %+v\n", name, v) }
	at := func(t time.Time) string {
		if t.IsZero() {
			return "never"
		}
		return t.Format(time.RFC3339)
	}
	s, c := u.Subject, u.Conditions
	line("id", u.ID)
	line("issuer", u.Issuer+" "+at(u.IssueInstant))
	line("name", fmt.Sprintf("%q %q %q %q %q %v", s.NameID, s.Format, s.NameQualifier, s.SPNameQualifier, s.SPProvidedID, s.EncryptedID.OK()))
	for _, k := range s.Confirmations {
		line("confirmation", fmt.Sprintf("%v %q key %T certificate %v encrypted %v %s %s %q %q %q", k.Kind, k.Method, k.Public, k.Certificate != nil, len(k.EncryptedKey) > 0, at(k.NotBefore), at(k.NotOnOrAfter), k.Recipient, k.InResponseTo, k.Address))
	}
	line("valid", at(c.NotBefore)+" "+at(c.NotOnOrAfter))
	line("audiences", fmt.Sprintf("%q once %v unknown %q proxy %+v", c.Audiences, c.OneTimeUse, c.Unknown, c.Proxy))
	for _, a := range u.Attributes {
		line("attribute", fmt.Sprintf("%q %q %q %q %q %d", a.Name, a.Namespace, a.Format, a.FriendlyName, a.Values, len(a.Elements)))
	}
	for _, a := range u.Authn {
		line("authn", fmt.Sprintf("%q %s %q %s %q %q", a.Class, at(a.Instant), a.SessionIndex, at(a.SessionNotOnOrAfter), a.Address, a.Authorities))
	}
	line("signed", fmt.Sprintf("%v %q %q %q by %v, encrypted attributes %d", u.Signed, u.SignatureMethod, u.DigestMethod, u.Canonicalization, u.Signer != nil, u.EncryptedAttributes))
	return b.String()
}

// assertion is one with everything in it, not signed.
func assertion(t *testing.T, v saml.Version, more ...string) string {
	b := full(v)
	b.Subject.NameID = "alice"
	b.Subject.Confirmations = []saml.Confirmation{{Kind: saml.HolderOfKey, Certificate: userCert()}}
	if v == saml.V20 {
		b.Subject.Confirmations = []saml.Confirmation{
			{Kind: saml.Bearer, NotBefore: noon, NotOnOrAfter: noon.Add(time.Minute), Recipient: "https://a.example/acs", InResponseTo: "_req", Address: "10.0.0.2"},
			{Kind: saml.HolderOfKey, Certificate: userCert()},
			{Kind: saml.HolderOfKey, EncryptedKey: []byte(encryptedKey)},
		}
	}
	doc := string(must(b.XML(must(saml.SigningKey(p256Key())), nil, "")))
	start := strings.Index(doc, "<ds:Signature")
	end := strings.Index(doc, "</ds:Signature>") + len("</ds:Signature>")
	doc = doc[:start] + doc[end:]
	for i := 0; i < len(more); i += 2 {
		if !strings.Contains(doc, more[i]) {
			t.Fatalf("no %q in %s", more[i], doc)
		}
		doc = strings.Replace(doc, more[i], more[i+1], 1)
	}
	return doc
}

// TestDamagedAssertions breaks one thing at a time in assertions with all that
// their version has, and holds what the reader says of each against testdata.
func TestDamagedAssertions(t *testing.T) {
	const subject = `<saml:Subject><saml:NameIdentifier Format="f" NameQualifier="q">alice</saml:NameIdentifier><saml:SubjectConfirmation><saml:ConfirmationMethod>urn:m</saml:ConfirmationMethod><saml:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:bearer</saml:ConfirmationMethod><saml:SubjectConfirmationData/></saml:SubjectConfirmation></saml:Subject>`
	for name, doc := range map[string]string{
		"damaged-20": assertion(t, saml.V20,
			"</saml:Conditions>", "</saml:Conditions><saml:Advice/>",
			"<saml:AttributeStatement>", `<saml:AttributeStatement><saml:EncryptedAttribute/>`,
			"<saml:SubjectConfirmation ", `<saml:SubjectConfirmation Method="urn:m"><saml:NameID>n</saml:NameID><saml:SubjectConfirmationData/></saml:SubjectConfirmation><saml:SubjectConfirmation `),
		"damaged-20-names": `<saml:Assertion xmlns:saml="` + xmltree.SAML20 + `" Version="2.0" ID="_i" IssueInstant="2026-01-02T12:00:00Z"><saml:Issuer>i</saml:Issuer><saml:Subject><saml:EncryptedID/></saml:Subject>` +
			`<saml:Conditions><saml:ProxyRestriction Count="12"/></saml:Conditions><saml:AttributeStatement><saml:Attribute Name="a"><saml:AttributeValue><x/></saml:AttributeValue><saml:AttributeValue>v</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>` +
			`<saml:AuthnStatement AuthnInstant="2026-01-02T12:00:00Z"><saml:AuthnContext><saml:AuthnContextDeclRef>d</saml:AuthnContextDeclRef></saml:AuthnContext></saml:AuthnStatement><saml:Statement/><saml:AuthzDecisionStatement/></saml:Assertion>`,
		"damaged-11": assertion(t, saml.V11,
			"</saml:AttributeStatement>", "</saml:AttributeStatement><saml:Statement/>",
			"</saml:Conditions>", "</saml:Conditions><saml:Advice/>"),
		"damaged-11-decision": `<saml:Assertion xmlns:saml="` + xmltree.SAML11 + `" MajorVersion="1" MinorVersion="1" AssertionID="_i" Issuer="i" IssueInstant="2026-01-02T12:00:00Z"><saml:SubjectStatement>` + subject +
			`</saml:SubjectStatement><saml:AuthorizationDecisionStatement>` + subject + `<saml:Action/><saml:Action/><saml:Evidence/></saml:AuthorizationDecisionStatement><saml:AuthenticationStatement>` + subject + `<saml:SubjectLocality IPAddress="10.0.0.1"/><saml:AuthorityBinding/><saml:AuthorityBinding/></saml:AuthenticationStatement></saml:Assertion>`,
	} {
		t.Run(name, func(t *testing.T) {
			damage.Check(t, "testdata/"+name+".txt", *update, doc, damage.Range{Whole: []string{"KeyInfo", "EncryptedKey"}}, func(doc string) (string, error) {
				u, err := saml.ReadUnverified([]byte(doc))
				if err != nil {
					return "", err
				}
				return told(u), nil
			})
		})
	}
}

// TestDamagedSignedAssertion breaks the signature and what it is over.
func TestDamagedSignedAssertion(t *testing.T) {
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		doc := token(t, v, nil)
		damage.Check(t, fmt.Sprintf("testdata/damaged-signed-%d.txt", v), *update, doc, damage.Range{Whole: []string{"SignedInfo"}}, func(doc string) (string, error) {
			a, err := saml.Verify([]byte(doc), trusted(), "", rp)
			if err != nil {
				return "", err
			}
			return read(a) + "\nby " + a.Signer.Subject.String(), nil
		})
	}
}
