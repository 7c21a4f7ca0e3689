package saml

import (
	"bytes"

	"wstrust/internal/xmltree"
)

func read11(e xmltree.Elem) (*Assertion, error) {
	major, _ := e.AttrOctets("", "MajorVersion")
	minor, _ := e.AttrOctets("", "MinorVersion")
	if string(major) != "1" || string(minor) != "1" {
		return nil, e.Errorf("version of the assertion is not 1.1")
	}
	if err := e.OnlyElements(); err != nil {
		return nil, err
	}
	a := &Assertion{Version: V11, elem: e}
	if err := a.readHead(e, "AssertionID"); err != nil {
		return nil, err
	}
	if a.Issuer, _ = e.Attr("", "Issuer"); a.Issuer == "" {
		return nil, e.Errorf("no issuer")
	}
	const ns = xmltree.SAML11
	var s sequence
	var subject *Subject
	for c := range e.Children {
		var err error
		switch {
		case s.at(c, 1, false, ns, "Conditions"):
			err = a.readConditions(c)
		case s.at(c, 2, false, ns, "Advice"):
		case s.at(c, 3, true, ns, "AttributeStatement", "AuthenticationStatement", "AuthorizationDecisionStatement", "SubjectStatement"):
			subject, err = a.readStatement11(c, subject)
		case s.at(c, 3, true, ns, "Statement"):
		case s.at(c, 4, false, xmltree.DS, "Signature"):
		default:
			err = unexpected(c)
		}
		if err != nil {
			return nil, err
		}
	}
	if subject == nil {
		return nil, e.Errorf("no statement about a subject")
	}
	a.Subject = *subject
	return a, nil
}

// readStatement11 reads a statement and the subject in it, which must be the
// one of the statements before.
func (a *Assertion) readStatement11(e xmltree.Elem, before *Subject) (*Subject, error) {
	const ns = xmltree.SAML11
	var subject *Subject
	authn := AuthnStatement{}
	isAuthn := e.Is(ns, "AuthenticationStatement")
	if isAuthn {
		var err error
		authn.Class, _ = e.Attr("", "AuthenticationMethod")
		if authn.Instant, err = readTime(e, "AuthenticationInstant"); err != nil {
			return nil, err
		}
	}
	var s sequence
	for c := range e.Children {
		var err error
		switch {
		case s.at(c, 1, false, ns, "Subject"):
			subject, err = readSubject11(c)
		case e.Is(ns, "AttributeStatement") && s.at(c, 2, true, ns, "Attribute"):
			var at Attribute
			at.Name, _ = c.Attr("", "AttributeName")
			at.Namespace, _ = c.Attr("", "AttributeNamespace")
			err = a.readAttribute(c, &at)
		case isAuthn && s.at(c, 2, false, ns, "SubjectLocality"):
			authn.Address, _ = c.Attr("", "IPAddress")
		case isAuthn && s.at(c, 3, true, ns, "AuthorityBinding"):
		case e.Is(ns, "AuthorizationDecisionStatement") && s.at(c, 2, true, ns, "Action"):
		case e.Is(ns, "AuthorizationDecisionStatement") && s.at(c, 3, false, ns, "Evidence"):
		default:
			err = unexpected(c)
		}
		if err != nil {
			return nil, err
		}
	}
	if subject == nil {
		return nil, e.Errorf("statement without a subject")
	}
	if before != nil && !before.same(subject) {
		return nil, e.Errorf("statements about two subjects in one assertion")
	}
	if isAuthn {
		a.Authn = append(a.Authn, authn)
	}
	return subject, nil
}

func readSubject11(e xmltree.Elem) (*Subject, error) {
	const ns = xmltree.SAML11
	subject := new(Subject)
	var s sequence
	for c := range e.Children {
		var err error
		switch {
		case s.at(c, 1, false, ns, "NameIdentifier"):
			if subject.NameID, err = c.Text(); err == nil && subject.NameID == "" {
				err = c.Errorf("empty name")
			}
			subject.Format, _ = c.Attr("", "Format")
			subject.NameQualifier, _ = c.Attr("", "NameQualifier")
		case s.at(c, 2, false, ns, "SubjectConfirmation"):
			subject.Confirmations, err = readConfirmations11(c)
		default:
			err = unexpected(c)
		}
		if err != nil {
			return nil, err
		}
	}
	return subject, nil
}

// readConfirmations11 reads a SubjectConfirmation, which has one or more
// methods and at most one key.
func readConfirmations11(e xmltree.Elem) (out []Confirmation, err error) {
	const ns = xmltree.SAML11
	var s sequence
	var key xmltree.Elem
	for c := range e.Children {
		switch {
		case s.at(c, 1, true, ns, "ConfirmationMethod"):
			method, err := c.Token()
			if err != nil {
				return nil, err
			}
			out = append(out, Confirmation{Method: method, Kind: kindOf(V11, method)})
		case s.at(c, 2, false, ns, "SubjectConfirmationData"):
		case s.at(c, 3, false, xmltree.DS, "KeyInfo"):
			key = c
		default:
			return nil, unexpected(c)
		}
	}
	if len(out) == 0 {
		return nil, e.Errorf("no confirmation method")
	}
	for i := range out {
		if err := out[i].readKey(key); err != nil {
			return nil, err
		}
		if err := out[i].needKey(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// same reports whether two statements mean one subject, confirmed in one way.
func (s *Subject) same(o *Subject) bool {
	if s.NameID != o.NameID || s.Format != o.Format || s.NameQualifier != o.NameQualifier || len(s.Confirmations) != len(o.Confirmations) {
		return false
	}
	for i := range s.Confirmations {
		a, b := &s.Confirmations[i], &o.Confirmations[i]
		if a.Method != b.Method || (a.Public == nil) != (b.Public == nil) || !bytes.Equal(a.EncryptedKey, b.EncryptedKey) {
			return false
		}
		if a.Public != nil && !samePublic(a.Public, b.Public) {
			return false
		}
	}
	return true
}
