package saml

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// A Build describes an assertion to be issued. The fields mean what they mean
// in an [Assertion].
type Build struct {
	Version      Version          // of SAML, 2.0 if not set
	ID           string           // "" for a random one; otherwise a plain ASCII name that was never used before
	Issuer       string           // required
	IssueInstant time.Time        // required; times are written in UTC with milliseconds
	Subject      Subject          // a name or a confirmation is required; EncryptedID is not written
	Conditions   Conditions       // without an audience most verifiers, ours too, refuse the assertion
	Attributes   []Attribute      // in one statement; Elements are not written
	Authn        []AuthnStatement // one statement each
}

// XML builds the assertion and signs it: exclusive canonical form, and the
// methods the suite has for that kind of key. The certificates, the signer's
// own first, go into ds:KeyInfo so that verifiers can select; with none, there
// is no ds:KeyInfo.
//
// What comes out is one element that stands alone. It declares the prefix saml
// on itself, which some clients look for, and its signature stands where the
// schema of the version has it. Its octets must not be changed.
//
// A SAML 1.1 assertion needs a statement: attributes or authentication.
func (b Build) XML(key Key, certs []*x509.Certificate, suite Suite) ([]byte, error) {
	if b.ID == "" {
		b.ID = NewID()
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	w := builder{Build: &b}
	var at int // where the signature goes
	var err error
	if b.Version == V11 {
		at, err = w.write11()
	} else {
		at, err = w.write20()
	}
	if err != nil {
		return nil, err
	}
	// The strict parser also finds the characters that XML cannot carry.
	unsigned := w.Bytes()
	d, err := xmltree.Parse(unsigned, xmltree.Limits{})
	if err != nil {
		return nil, fmt.Errorf("saml: build: %w", err)
	}
	var keyInfo []byte
	if len(certs) > 0 {
		keyInfo = xmldsig.X509KeyInfo(certs...)
	}
	sig, err := xmldsig.Sign(key, suite, "", []xmldsig.Ref{{ID: b.ID, Elem: d.Root(), Enveloped: true}}, keyInfo)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(unsigned)+len(sig))
	out = append(out, unsigned[:at]...)
	out = append(out, sig...)
	return append(out, unsigned[at:]...), nil
}

// NewID returns a fresh random identifier for an assertion, of 128 bits.
func NewID() string {
	var r [16]byte
	rand.Read(r[:]) // never fails: it ends the process instead
	return "_" + hex.EncodeToString(r[:])
}

// check finds what would give an assertion that no one can read.
func (b *Build) check() error {
	switch {
	case b.Version > V11:
		return fmt.Errorf("saml: build: unknown version %d", b.Version)
	case b.Issuer == "":
		return fmt.Errorf("saml: build: no issuer")
	case b.IssueInstant.IsZero():
		return fmt.Errorf("saml: build: no issue instant")
	case b.Version == V11 && len(b.Attributes) == 0 && len(b.Authn) == 0:
		return fmt.Errorf("saml: build: a SAML 1.1 assertion needs attributes or an authentication statement")
	case b.Subject.NameID == "" && len(b.Subject.Confirmations) == 0:
		return fmt.Errorf("saml: build: no subject")
	case b.Version == V11 && b.Conditions.Proxy != nil:
		return fmt.Errorf("saml: build: SAML 1.1 has no proxy restriction")
	case len(b.Conditions.Unknown) > 0:
		return fmt.Errorf("saml: build: unknown conditions cannot be written")
	}
	for _, c := range b.Subject.Confirmations {
		keys := 0
		if c.Certificate != nil || c.Public != nil {
			keys++
		}
		if len(c.EncryptedKey) > 0 {
			keys++
		}
		switch {
		case c.Kind == OtherKind && c.Method == "":
			return fmt.Errorf("saml: build: confirmation without a method")
		case c.Kind == HolderOfKey && keys != 1:
			return fmt.Errorf("saml: build: holder-of-key confirmation needs one key and has %d", keys)
		case c.Kind != HolderOfKey && keys != 0:
			return fmt.Errorf("saml: build: %v confirmation with a key", c.Kind)
		}
	}
	for _, restriction := range b.Conditions.Audiences {
		if len(restriction) == 0 {
			return fmt.Errorf("saml: build: audience restriction without an audience")
		}
	}
	for _, a := range b.Attributes {
		if a.Name == "" {
			return fmt.Errorf("saml: build: attribute without a name")
		}
	}
	return nil
}

// A builder writes the unsigned assertion.
type builder struct {
	xmltree.Builder
	*Build
}

// attr writes an attribute unless its value is empty.
func (w *builder) attr(local, value string) {
	if value != "" {
		w.Attr("", local, value)
	}
}

// time writes an attribute that is a time, unless it is the zero time.
func (w *builder) time(local string, t time.Time) {
	if !t.IsZero() {
		w.Attr("", local, xmltree.FormatTime(t))
	}
}

// write20 writes a SAML 2.0 assertion and returns the place for the signature,
// which is after the issuer.
func (w *builder) write20() (at int, err error) {
	const ns = xmltree.SAML20
	w.Start(ns, "Assertion")
	w.attr("ID", w.ID)
	w.attr("Version", "2.0")
	w.time("IssueInstant", w.IssueInstant)
	w.Elem(ns, "Issuer", w.Issuer)
	at = w.Len()
	w.Start(ns, "Subject")
	if s := &w.Subject; s.NameID != "" {
		w.Start(ns, "NameID")
		w.attr("NameQualifier", s.NameQualifier)
		w.attr("SPNameQualifier", s.SPNameQualifier)
		w.attr("Format", s.Format)
		w.attr("SPProvidedID", s.SPProvidedID)
		w.Text(s.NameID)
		w.End()
	}
	for _, c := range w.Subject.Confirmations {
		if err := w.confirmation20(c); err != nil {
			return 0, err
		}
	}
	w.End()
	w.conditions()
	for _, s := range w.Authn {
		w.Start(ns, "AuthnStatement")
		w.time("AuthnInstant", s.Instant)
		w.attr("SessionIndex", s.SessionIndex)
		w.time("SessionNotOnOrAfter", s.SessionNotOnOrAfter)
		if s.Address != "" {
			w.Start(ns, "SubjectLocality")
			w.attr("Address", s.Address)
			w.End()
		}
		w.Start(ns, "AuthnContext")
		class := s.Class
		if class == "" {
			class = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
		}
		w.Elem(ns, "AuthnContextClassRef", class)
		for _, by := range s.Authorities {
			w.Elem(ns, "AuthenticatingAuthority", by)
		}
		w.End()
		w.End()
	}
	if len(w.Attributes) > 0 {
		w.Start(ns, "AttributeStatement")
		for _, a := range w.Attributes {
			w.Start(ns, "Attribute")
			w.attr("Name", a.Name)
			w.attr("NameFormat", a.Format)
			w.attr("FriendlyName", a.FriendlyName)
			for _, v := range a.Values {
				w.Elem(ns, "AttributeValue", v)
			}
			w.End()
		}
		w.End()
	}
	w.End()
	return at, nil
}

func (w *builder) confirmation20(c Confirmation) error {
	const ns = xmltree.SAML20
	w.Start(ns, "SubjectConfirmation")
	w.Attr("", "Method", c.uri(V20))
	keyInfo, err := c.keyInfo()
	if err != nil {
		return err
	}
	if keyInfo != nil || !c.NotBefore.IsZero() || !c.NotOnOrAfter.IsZero() || c.Recipient != "" || c.InResponseTo != "" || c.Address != "" {
		w.Start(ns, "SubjectConfirmationData")
		w.time("NotBefore", c.NotBefore)
		w.time("NotOnOrAfter", c.NotOnOrAfter)
		w.attr("Recipient", c.Recipient)
		w.attr("InResponseTo", c.InResponseTo)
		w.attr("Address", c.Address)
		if keyInfo != nil {
			// Readers that go by the schema look for the type before they look
			// for the key. The prefix in the value is that of the element, so
			// that exclusive canonical form keeps its declaration.
			w.Attr(xmltree.XSI, "type", "saml:KeyInfoConfirmationDataType")
			w.Raw(keyInfo)
		}
		w.End()
	}
	w.End()
	return nil
}

// uri returns the method's URI in a version.
func (c Confirmation) uri(v Version) string {
	if c.Method != "" {
		return c.Method
	}
	for _, m := range methods {
		if m.kind == c.Kind && v == V11 {
			return m.v11
		}
		if m.kind == c.Kind {
			return m.v20
		}
	}
	return ""
}

// keyInfo writes the holder's key, nil if there is none.
func (c Confirmation) keyInfo() ([]byte, error) {
	switch {
	case c.Certificate != nil:
		return xmldsig.X509KeyInfo(c.Certificate), nil
	case c.Public != nil:
		return xmldsig.KeyValue(c.Public)
	case len(c.EncryptedKey) > 0:
		var b xmltree.Builder
		b.Start(xmltree.DS, "KeyInfo")
		b.Raw(c.EncryptedKey)
		b.End()
		return b.Bytes(), nil
	}
	return nil, nil
}

// conditions writes the conditions of either version.
func (w *builder) conditions() {
	c := &w.Conditions
	ns := w.Version.Namespace()
	if c.NotBefore.IsZero() && c.NotOnOrAfter.IsZero() && len(c.Audiences) == 0 && !c.OneTimeUse && c.Proxy == nil {
		return
	}
	restriction, once := "AudienceRestriction", "OneTimeUse"
	if w.Version == V11 {
		restriction, once = "AudienceRestrictionCondition", "DoNotCacheCondition"
	}
	w.Start(ns, "Conditions")
	w.time("NotBefore", c.NotBefore)
	w.time("NotOnOrAfter", c.NotOnOrAfter)
	for _, list := range c.Audiences {
		w.Start(ns, restriction)
		for _, s := range list {
			w.Elem(ns, "Audience", s)
		}
		w.End()
	}
	if c.OneTimeUse {
		w.Start(ns, once)
		w.End()
	}
	if p := c.Proxy; p != nil {
		w.Start(ns, "ProxyRestriction")
		if p.Count >= 0 {
			w.attr("Count", strconv.Itoa(p.Count))
		}
		for _, s := range p.Audiences {
			w.Elem(ns, "Audience", s)
		}
		w.End()
	}
	w.End()
}
