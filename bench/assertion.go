package main

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	nsSAML   = "urn:oasis:names:tc:SAML:2.0:assertion"
	audience = "https://orders.example.com/soap"
	issuer   = "https://sts.example.com/adfs/services/trust"
	subject  = "alice.liddell@example.com"
)

// attributes are the eight claims of every assertion here.
var attributes = []struct {
	name   string
	values []string
}{
	{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", []string{"alice.liddell@example.com"}},
	{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", []string{"alice.liddell@example.com"}},
	{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", []string{"Alice"}},
	{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", []string{"Liddell"}},
	{"http://schemas.xmlsoap.org/claims/Department", []string{"Research & Development"}},
	{"http://schemas.microsoft.com/ws/2008/06/identity/claims/role", []string{"orders.read", "orders.write", "reports.read"}},
	{"http://schemas.microsoft.com/ws/2008/06/identity/claims/primarysid", []string{"S-1-5-21-1004336348-1177238915-682003330-1112"}},
	{"http://schemas.xmlsoap.org/claims/Group", []string{"EXAMPLE\\Domain Users", "EXAMPLE\\Order Desk", "EXAMPLE\\Staff"}},
}

// etreeAssertion builds and signs an assertion as an issuer written by hand on
// etree and goxmldsig would, and returns its element.
func etreeAssertion(signer crypto.Signer, cert *x509.Certificate, id string, now time.Time) (*etree.Element, error) {
	const form = "2006-01-02T15:04:05.000Z"
	at, till := now.UTC().Format(form), now.UTC().Add(time.Hour).Format(form)

	a := etree.NewElement("saml:Assertion")
	a.CreateAttr("xmlns:saml", nsSAML)
	a.CreateAttr("ID", id)
	a.CreateAttr("IssueInstant", at)
	a.CreateAttr("Version", "2.0")
	a.CreateElement("saml:Issuer").SetText(issuer)

	sub := a.CreateElement("saml:Subject")
	name := sub.CreateElement("saml:NameID")
	name.CreateAttr("Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")
	name.SetText(subject)
	conf := sub.CreateElement("saml:SubjectConfirmation")
	conf.CreateAttr("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")
	conf.CreateElement("saml:SubjectConfirmationData").CreateAttr("NotOnOrAfter", till)

	cond := a.CreateElement("saml:Conditions")
	cond.CreateAttr("NotBefore", at)
	cond.CreateAttr("NotOnOrAfter", till)
	cond.CreateElement("saml:AudienceRestriction").CreateElement("saml:Audience").SetText(audience)

	authn := a.CreateElement("saml:AuthnStatement")
	authn.CreateAttr("AuthnInstant", at)
	authn.CreateElement("saml:AuthnContext").CreateElement("saml:AuthnContextClassRef").
		SetText("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")

	stmt := a.CreateElement("saml:AttributeStatement")
	for _, at := range attributes {
		el := stmt.CreateElement("saml:Attribute")
		el.CreateAttr("Name", at.name)
		el.CreateAttr("NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri")
		for _, v := range at.values {
			el.CreateElement("saml:AttributeValue").SetText(v)
		}
	}

	ctx, err := dsig.NewSigningContext(signer, [][]byte{cert.Raw})
	if err != nil {
		return nil, err
	}
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	ctx.IdAttribute = "ID"
	sig, err := ctx.ConstructSignature(a, true)
	if err != nil {
		return nil, err
	}
	a.InsertChildAt(1, sig) // after Issuer, where the schema wants it
	return a, nil
}

// serialize writes an element as a document of its own.
func serialize(el *etree.Element) ([]byte, error) {
	doc := etree.NewDocument()
	doc.WriteSettings.CanonicalEndTags = true
	doc.SetRoot(el)
	return doc.WriteToBytes()
}

// octets are what a verifier of the assertion digests: the assertion without
// its signature, and SignedInfo, both in exclusive canonical form. They are
// made with goxmldsig alone, and checked against the digest in the signature.
func octets(assertion []byte) (token, signedInfo, value []byte, err error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(assertion); err != nil {
		return nil, nil, nil, err
	}
	c14n := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	a := doc.Root()
	sig := a.FindElement("./Signature")
	if sig == nil {
		return nil, nil, nil, errors.New("no signature in the assertion")
	}
	value, err = base64.StdEncoding.DecodeString(sig.FindElement("./SignatureValue").Text())
	if err != nil {
		return nil, nil, nil, err
	}
	digest := sig.FindElement(".//DigestValue").Text()
	si := sig.FindElement("./SignedInfo")
	si = si.Copy()
	si.CreateAttr("xmlns:ds", dsig.Namespace)
	if signedInfo, err = c14n.Canonicalize(si); err != nil {
		return nil, nil, nil, err
	}
	a.RemoveChild(sig)
	if token, err = c14n.Canonicalize(a); err != nil {
		return nil, nil, nil, err
	}
	h := crypto.SHA256.New()
	h.Write(token)
	if got := base64.StdEncoding.EncodeToString(h.Sum(nil)); got != digest {
		return nil, nil, nil, fmt.Errorf("octets: digest is %s, the signature has %s", got, digest)
	}
	return token, signedInfo, value, nil
}
