package saml

import (
	"crypto/x509"
	"time"

	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// Unverified is what an assertion claims, with nothing checked: no signature,
// no time, no audience. It is for showing to people. Nothing in it may decide
// anything.
type Unverified struct {
	Version      Version          // of SAML
	ID           string           // claimed
	Issuer       string           // claimed
	IssueInstant time.Time        // claimed
	Subject      Subject          // claimed
	Conditions   Conditions       // claimed, and not applied
	Attributes   []Attribute      // claimed
	Authn        []AuthnStatement // claimed

	Signed              bool              // there is a signature, good or bad
	Signer              *x509.Certificate // the first certificate that the signature encloses; anyone can put one there
	SignatureMethod     string            // URI
	DigestMethod        string            // URI, of the first reference
	Canonicalization    string            // URI, of SignedInfo
	EncryptedAttributes int               // how many
}

// ReadUnverified reads the assertion that is the root of a document without
// verifying it.
func ReadUnverified(doc []byte) (*Unverified, error) {
	d, err := xmltree.Parse(doc, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	return ReadUnverifiedElem(d.Root())
}

// ReadUnverifiedElem is [ReadUnverified] for an assertion inside a document.
func ReadUnverifiedElem(e xmltree.Elem) (*Unverified, error) {
	a, err := read(e)
	if err != nil {
		return nil, err
	}
	u := &Unverified{
		Version:             a.Version,
		ID:                  a.ID,
		Issuer:              a.Issuer,
		IssueInstant:        a.IssueInstant,
		Subject:             a.Subject,
		Conditions:          a.Conditions,
		Attributes:          a.Attributes,
		Authn:               a.Authn,
		EncryptedAttributes: len(a.EncryptedAttributes),
	}
	sig := e.First(xmltree.DS, "Signature")
	if !sig.OK() {
		return u, nil
	}
	u.Signed = true
	// Broken signatures are shown as far as they can be read.
	info := sig.First(xmltree.DS, "SignedInfo")
	u.Canonicalization, _ = info.First(xmltree.DS, "CanonicalizationMethod").Attr("", "Algorithm")
	u.SignatureMethod, _ = info.First(xmltree.DS, "SignatureMethod").Attr("", "Algorithm")
	u.DigestMethod, _ = info.First(xmltree.DS, "Reference").First(xmltree.DS, "DigestMethod").Attr("", "Algorithm")
	if ki := sig.First(xmltree.DS, "KeyInfo"); ki.OK() {
		if hint, err := xmldsig.ReadKeyInfo(ki); err == nil && len(hint.DER) > 0 {
			u.Signer, _ = x509.ParseCertificate(hint.DER[0])
		}
	}
	return u, nil
}
