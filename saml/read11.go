package saml

import (
	"bytes"

	"wstrust/internal/xmltree"
)

func (r *reader) read11(e xmltree.Elem) error {
	major, _ := e.AttrOctets("", "MajorVersion")
	minor, _ := e.AttrOctets("", "MinorVersion")
	if string(major) != "1" || string(minor) != "1" {
		return e.Errorf("version of the assertion is not 1.1")
	}
	if err := e.OnlyElements(); err != nil {
		return err
	}
	if err := r.readHead(e, "AssertionID"); err != nil {
		return err
	}
	if r.Issuer = r.attr(e, "Issuer"); r.Issuer == "" {
		return e.Errorf("no issuer")
	}
	const ns = xmltree.SAML11
	var s sequence
	var subject *Subject
	for c := range e.Children {
		var err error
		switch {
		case s.at(c, 1, false, ns, "Conditions"):
			err = r.readConditions(c)
		case s.at(c, 2, false, ns, "Advice"):
		case s.at(c, 3, true, ns, "AttributeStatement", "AuthenticationStatement", "AuthorizationDecisionStatement", "SubjectStatement"):
			subject, err = r.readStatement11(c, subject)
		case s.at(c, 3, true, ns, "Statement"):
		case s.at(c, 4, false, xmltree.DS, "Signature"):
		default:
			err = unexpected(c)
		}
		if err != nil {
			return err
		}
	}
	if subject == nil {
		return e.Errorf("no statement about a subject")
	}
	r.Subject = *subject
	return nil
}

// readStatement11 reads a statement and the subject in it, which must be the
// one of the statements before.
func (r *reader) readStatement11(e xmltree.Elem, before *Subject) (*Subject, error) {
	const ns = xmltree.SAML11
	var subject *Subject
	authn := AuthnStatement{}
	isAuthn := e.Is(ns, "AuthenticationStatement")
	if isAuthn {
		var err error
		authn.Class = r.attr(e, "AuthenticationMethod")
		if authn.Instant, err = readTime(e, "AuthenticationInstant"); err != nil {
			return nil, err
		}
	}
	if e.Is(ns, "AttributeStatement") {
		r.expect(e)
	}
	var s sequence
	for c := range e.Children {
		var err error
		switch {
		case s.at(c, 1, false, ns, "Subject"):
			subject, err = r.readSubject11(c)
		case e.Is(ns, "AttributeStatement") && s.at(c, 2, true, ns, "Attribute"):
			var at Attribute
			at.Name = r.attr(c, "AttributeName")
			at.Namespace = r.attr(c, "AttributeNamespace")
			err = r.readAttribute(c, &at)
		case isAuthn && s.at(c, 2, false, ns, "SubjectLocality"):
			authn.Address = r.attr(c, "IPAddress")
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
		r.Authn = append(r.Authn, authn)
	}
	return subject, nil
}

func (r *reader) readSubject11(e xmltree.Elem) (*Subject, error) {
	const ns = xmltree.SAML11
	subject := new(Subject)
	var s sequence
	for c := range e.Children {
		var err error
		switch {
		case s.at(c, 1, false, ns, "NameIdentifier"):
			if subject.NameID, err = r.string(c); err == nil && subject.NameID == "" {
				err = c.Errorf("empty name")
			}
			subject.Format = r.attr(c, "Format")
			subject.NameQualifier = r.attr(c, "NameQualifier")
		case s.at(c, 2, false, ns, "SubjectConfirmation"):
			subject.Confirmations, err = r.readConfirmations11(c)
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
func (r *reader) readConfirmations11(e xmltree.Elem) (out []Confirmation, err error) {
	const ns = xmltree.SAML11
	var s sequence
	var key xmltree.Elem
	for c := range e.Children {
		switch {
		case s.at(c, 1, true, ns, "ConfirmationMethod"):
			method, err := r.token(c)
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
