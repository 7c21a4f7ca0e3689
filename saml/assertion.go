package saml

import (
	"crypto"
	"crypto/x509"
	"time"

	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// An Assertion is what a verified signature says about someone. It is read by
// [Verify], [VerifyElem], [FromSigned] or [FromCovered] and by nothing else.
type Assertion struct {
	Version      Version          // of SAML
	ID           string           // ID, in SAML 1.1 AssertionID
	Issuer       string           // who says it; believe Signer, not this name
	IssueInstant time.Time        // when it was made, by the issuer's clock
	Subject      Subject          // whom it is about
	Conditions   Conditions       // under which it may be used
	Attributes   []Attribute      // of all attribute statements, in order
	Authn        []AuthnStatement // of all authentication statements, in order

	// EncryptedAttributes are the saml:EncryptedAttribute elements, for the
	// caller to open. SAML 2.0.
	EncryptedAttributes []xmltree.Elem

	// Signer is the trusted certificate under which the assertion's own
	// signature was verified; nil if it was read from another signature.
	Signer *x509.Certificate

	elem   xmltree.Elem
	signed xmldsig.Signed
}

// Element returns the assertion's element, read as it was digested: without
// its own signature if that is what was verified.
func (a *Assertion) Element() xmltree.Elem { return a.elem }

// Signed returns what the verified signature covers.
func (a *Assertion) Signed() xmldsig.Signed { return a.signed }

// A Subject is whom the assertion is about, and how the one who presents it
// proves to be entitled.
//
// SAML 1.1 repeats the subject in every statement; all of them must agree.
type Subject struct {
	NameID          string         // the name exactly as it stands, white space included; "" if there is none
	Format          string         // of the name: a URI, "" if not stated
	NameQualifier   string         // the domain of the name
	SPNameQualifier string         // the domain of the name at the service; SAML 2.0
	SPProvidedID    string         // the name the service gave; SAML 2.0
	Confirmations   []Confirmation // any one of them suffices

	// EncryptedID is the saml:EncryptedID that stands for the name, for the
	// caller to open. SAML 2.0, when reading.
	EncryptedID xmltree.Elem
}

// A Kind is a confirmation method that both versions have.
type Kind uint8

// The kinds of confirmation.
const (
	OtherKind     Kind = iota // see Confirmation.Method
	Bearer                    // whoever presents it
	HolderOfKey               // who proves possession of the key
	SenderVouches             // who is trusted to speak for the subject
)

// String returns "bearer", "holder-of-key", "sender-vouches" or "other".
func (k Kind) String() string {
	for _, m := range methods {
		if m.kind == k {
			return m.name
		}
	}
	return "other"
}

var methods = [...]struct {
	kind     Kind
	name     string
	v20, v11 string
}{
	{Bearer, "bearer", "urn:oasis:names:tc:SAML:2.0:cm:bearer", "urn:oasis:names:tc:SAML:1.0:cm:bearer"},
	{HolderOfKey, "holder-of-key", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key", "urn:oasis:names:tc:SAML:1.0:cm:holder-of-key"},
	{SenderVouches, "sender-vouches", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches", "urn:oasis:names:tc:SAML:1.0:cm:sender-vouches"},
}

// kindOf finds the kind of a confirmation method in the assertion's own version.
func kindOf(v Version, uri string) Kind {
	for _, m := range methods {
		if v == V20 && uri == m.v20 || v == V11 && uri == m.v11 {
			return m.kind
		}
	}
	return OtherKind
}

// A Confirmation is one way to confirm the subject. Exactly one of Public (with
// or without Certificate) and EncryptedKey is set for holder-of-key.
type Confirmation struct {
	Kind   Kind
	Method string // URI; when building it may be left out for a Kind but OtherKind

	Certificate  *x509.Certificate // the holder's, which the assertion vouches for
	Public       crypto.PublicKey  // *rsa.PublicKey or *ecdsa.PublicKey; when building, Certificate goes first
	EncryptedKey []byte            // one xenc:EncryptedKey element that stands alone: the symmetric key, for the service

	// SAML 2.0 only; zero if not stated.
	NotBefore    time.Time
	NotOnOrAfter time.Time
	Recipient    string // URI
	InResponseTo string
	Address      string

	encryptedKey xmltree.Elem
}

// EncryptedKeyElement returns the xenc:EncryptedKey in its document, or a zero
// element. It is set when reading.
func (c Confirmation) EncryptedKeyElement() xmltree.Elem { return c.encryptedKey }

// Conditions limit the use of an assertion. [Assertion.Check] applies them.
type Conditions struct {
	NotBefore    time.Time // zero: not stated
	NotOnOrAfter time.Time // zero: not stated

	// Audiences are the audience restrictions. Each must be met, and is met by
	// any one of its entries.
	Audiences [][]string

	// OneTimeUse says that the assertion is to be used once and not kept:
	// saml:OneTimeUse, in SAML 1.1 saml:DoNotCacheCondition. Whoever accepts
	// such an assertion must remember its ID until it expires.
	OneTimeUse bool

	// Proxy limits assertions that are issued on the strength of this one.
	// Nil: no limit is stated.
	Proxy *ProxyRestriction

	// Unknown are the names of conditions that are not understood. An
	// assertion that has any does not pass Check. Only when reading.
	Unknown []string
}

// A ProxyRestriction binds an issuer that is given the assertion and issues
// another one because of it (SAML 2.0). A service that only consumes the
// assertion is not concerned.
type ProxyRestriction struct {
	Count     int      // how many times in a row; -1 if not stated
	Audiences []string // for whom; empty if not stated
}

// An Attribute is one attribute of the subject.
type Attribute struct {
	Name         string   // Name, in SAML 1.1 AttributeName; required
	Namespace    string   // SAML 1.1: AttributeNamespace
	Format       string   // SAML 2.0: NameFormat
	FriendlyName string   // SAML 2.0
	Values       []string // those that are plain text, in order

	// Elements are the AttributeValue elements that hold elements instead of
	// text. Only when reading.
	Elements []xmltree.Elem
}

// An AuthnStatement says how and when the subject was authenticated.
type AuthnStatement struct {
	Class               string    // URI: AuthnContextClassRef; SAML 1.1: AuthenticationMethod
	Instant             time.Time // when the subject was authenticated
	SessionIndex        string    // SAML 2.0
	SessionNotOnOrAfter time.Time // SAML 2.0; zero if not stated
	Address             string    // of the subject's system
	Authorities         []string  // SAML 2.0: who took part, URIs
}

// Bearer reports whether a confirmation lets anyone present the assertion. An
// assertion with none does not.
func (a *Assertion) Bearer() bool {
	_, ok := a.confirmation(Bearer)
	return ok
}

// HolderOfKey returns the confirmation whose key the presenter must prove.
func (a *Assertion) HolderOfKey() (Confirmation, bool) { return a.confirmation(HolderOfKey) }

// SenderVouches reports whether the assertion is confirmed by a sender who is
// trusted to speak for its subject. It is no proof of key possession.
func (a *Assertion) SenderVouches() bool {
	_, ok := a.confirmation(SenderVouches)
	return ok
}

func (a *Assertion) confirmation(k Kind) (Confirmation, bool) {
	for _, c := range a.Subject.Confirmations {
		if c.Kind == k {
			return c, true
		}
	}
	return Confirmation{}, false
}

// Attribute returns the values of the attribute with this name, of all of that
// name if there are several.
func (a *Assertion) Attribute(name string) []string {
	var out []string
	for _, at := range a.Attributes {
		if at.Name == name {
			out = append(out, at.Values...)
		}
	}
	return out
}

// Is reports whether e is an assertion of a version that this package reads.
func Is(e xmltree.Elem) bool {
	return e.Is(xmltree.SAML20, "Assertion") || e.Is(xmltree.SAML11, "Assertion")
}

// Encrypted returns the xenc:EncryptedData of a saml:EncryptedAssertion, for
// the caller to decrypt; what comes out is one assertion for [Verify]. ok is
// false if e is something else.
func Encrypted(e xmltree.Elem) (data xmltree.Elem, ok bool, err error) {
	if !e.Is(xmltree.SAML20, "EncryptedAssertion") {
		return xmltree.Elem{}, false, nil
	}
	data, err = e.One(xmltree.XENC, "EncryptedData")
	return data, true, err
}
