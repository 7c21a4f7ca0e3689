package saml

import (
	"crypto"

	"wstrust/internal/xmltree"
)

func (a *Assertion) readAttributes20(e xmltree.Elem) error {
	const ns = xmltree.SAML20
	for c := range e.Children {
		switch {
		case c.Is(ns, "Attribute"):
			var at Attribute
			at.Name, _ = c.Attr("", "Name")
			at.Format, _ = c.Attr("", "NameFormat")
			at.FriendlyName, _ = c.Attr("", "FriendlyName")
			if err := a.readAttribute(c, &at); err != nil {
				return err
			}
		case c.Is(ns, "EncryptedAttribute"):
			a.EncryptedAttributes = append(a.EncryptedAttributes, c)
		default:
			return unexpected(c)
		}
	}
	return nil
}

// readAttribute reads the values, which both versions have alike.
func (a *Assertion) readAttribute(e xmltree.Elem, at *Attribute) error {
	if at.Name == "" {
		return e.Errorf("attribute without a name")
	}
	ns := a.Version.Namespace()
	for v := range e.Children {
		if !v.Is(ns, "AttributeValue") {
			return unexpected(v)
		}
		structured := false
		for range v.Children {
			structured = true
			break
		}
		if structured {
			at.Elements = append(at.Elements, v)
			continue
		}
		s, err := v.Text()
		if err != nil {
			return err
		}
		at.Values = append(at.Values, s)
	}
	a.Attributes = append(a.Attributes, *at)
	return nil
}

func (a *Assertion) readAuthn20(e xmltree.Elem) (err error) {
	const ns = xmltree.SAML20
	var st AuthnStatement
	if st.Instant, err = readTime(e, "AuthnInstant"); err != nil {
		return err
	}
	if st.SessionNotOnOrAfter, err = readTime(e, "SessionNotOnOrAfter"); err != nil {
		return err
	}
	st.SessionIndex, _ = e.Attr("", "SessionIndex")
	var s sequence
	for c := range e.Children {
		switch {
		case s.at(c, 1, false, ns, "SubjectLocality"):
			st.Address, _ = c.Attr("", "Address")
		case s.at(c, 2, false, ns, "AuthnContext"):
			var in sequence
			for x := range c.Children {
				var err error
				switch {
				case in.at(x, 1, false, ns, "AuthnContextClassRef"):
					st.Class, err = x.Token()
				case in.at(x, 2, false, ns, "AuthnContextDecl", "AuthnContextDeclRef"):
				case in.at(x, 3, true, ns, "AuthenticatingAuthority"):
					var s string
					s, err = x.Token()
					st.Authorities = append(st.Authorities, s)
				default:
					err = unexpected(x)
				}
				if err != nil {
					return err
				}
			}
		default:
			return unexpected(c)
		}
	}
	a.Authn = append(a.Authn, st)
	return nil
}

// samePublic compares two public keys of any kind.
func samePublic(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
