package saml

import (
	"errors"

	"wstrust/internal/xmltree"
)

var errTwoKeys = errors.New("saml: build: SAML 1.1 has room for one confirmation key")

// write11 writes a SAML 1.1 assertion and returns the place for the signature,
// which is last.
func (w *builder) write11() (at int, err error) {
	const ns = xmltree.SAML11
	subject, err := w.subject11()
	if err != nil {
		return 0, err
	}
	w.Start(ns, "Assertion")
	w.attr("MajorVersion", "1")
	w.attr("MinorVersion", "1")
	w.attr("AssertionID", w.ID)
	w.attr("Issuer", w.Issuer)
	w.time("IssueInstant", w.IssueInstant)
	w.conditions()
	for _, s := range w.Authn {
		w.Start(ns, "AuthenticationStatement")
		class := s.Class
		if class == "" {
			class = "urn:oasis:names:tc:SAML:1.0:am:unspecified"
		}
		w.attr("AuthenticationMethod", class)
		w.time("AuthenticationInstant", s.Instant)
		subject(w)
		if s.Address != "" {
			w.Start(ns, "SubjectLocality")
			w.attr("IPAddress", s.Address)
			w.End()
		}
		w.End()
	}
	if len(w.Attributes) > 0 {
		w.Start(ns, "AttributeStatement")
		subject(w)
		for _, a := range w.Attributes {
			w.Start(ns, "Attribute")
			w.attr("AttributeName", a.Name)
			w.Attr("", "AttributeNamespace", a.Namespace)
			for _, v := range a.Values {
				w.Elem(ns, "AttributeValue", v)
			}
			w.End()
		}
		w.End()
	}
	at = w.Len()
	w.End()
	return at, nil
}

// subject11 returns what writes the subject into a statement. All keys are
// prepared first: a SubjectConfirmation of SAML 1.1 has several methods but
// one key, so that confirmations can be of several kinds only if one at most
// has a key.
func (w *builder) subject11() (func(*builder), error) {
	const ns = xmltree.SAML11
	s := &w.Subject
	var key []byte
	for _, c := range s.Confirmations {
		k, err := c.keyInfo()
		if err != nil {
			return nil, err
		}
		if k != nil && key != nil {
			return nil, errTwoKeys
		}
		if k != nil {
			key = k
		}
	}
	return func(w *builder) {
		w.Start(ns, "Subject")
		if s.NameID != "" {
			w.Start(ns, "NameIdentifier")
			w.attr("NameQualifier", s.NameQualifier)
			w.attr("Format", s.Format)
			w.Text(s.NameID)
			w.End()
		}
		if len(s.Confirmations) > 0 {
			w.Start(ns, "SubjectConfirmation")
			for _, c := range s.Confirmations {
				w.Elem(ns, "ConfirmationMethod", c.uri(V11))
			}
			if key != nil {
				w.Raw(key)
			}
			w.End()
		}
		w.End()
	}, nil
}
