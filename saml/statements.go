package saml

import (
	"crypto"
	"slices"

	"wstrust/internal/xmltree"
)

func (r *reader) readAttributes20(e xmltree.Elem) error {
	const ns = xmltree.SAML20
	r.expect(e)
	for c := range e.Children {
		switch {
		case c.Is(ns, "Attribute"):
			var at Attribute
			at.Name = r.attr(c, "Name")
			at.Format = r.attr(c, "NameFormat")
			at.FriendlyName = r.attr(c, "FriendlyName")
			if err := r.readAttribute(c, &at); err != nil {
				return err
			}
		case c.Is(ns, "EncryptedAttribute"):
			r.EncryptedAttributes = append(r.EncryptedAttributes, c)
		default:
			return unexpected(c)
		}
	}
	return nil
}

// expect makes room for the attributes of a statement.
func (r *reader) expect(statement xmltree.Elem) {
	r.Attributes = slices.Grow(r.Attributes, count(statement))
	r.values = slices.Grow(r.values, 2*count(statement))
}

// readAttribute reads the values, which both versions have alike.
func (r *reader) readAttribute(e xmltree.Elem, at *Attribute) error {
	if at.Name == "" {
		return e.Errorf("attribute without a name")
	}
	ns := r.Version.Namespace()
	from := len(r.values)
	for v := range e.Children {
		if !v.Is(ns, "AttributeValue") {
			return unexpected(v)
		}
		if count(v) > 0 {
			at.Elements = append(at.Elements, v)
			continue
		}
		s, err := r.string(v)
		if err != nil {
			return err
		}
		r.values = append(r.values, s)
	}
	if to := len(r.values); to > from {
		at.Values = r.values[from:to:to]
	}
	r.Attributes = append(r.Attributes, *at)
	return nil
}

func (r *reader) readAuthn20(e xmltree.Elem) (err error) {
	const ns = xmltree.SAML20
	var st AuthnStatement
	if st.Instant, err = readTime(e, "AuthnInstant"); err != nil {
		return err
	}
	if st.SessionNotOnOrAfter, err = readTime(e, "SessionNotOnOrAfter"); err != nil {
		return err
	}
	st.SessionIndex = r.attr(e, "SessionIndex")
	var s sequence
	for c := range e.Children {
		switch {
		case s.at(c, 1, false, ns, "SubjectLocality"):
			st.Address = r.attr(c, "Address")
		case s.at(c, 2, false, ns, "AuthnContext"):
			var in sequence
			for x := range c.Children {
				var err error
				switch {
				case in.at(x, 1, false, ns, "AuthnContextClassRef"):
					st.Class, err = r.token(x)
				case in.at(x, 2, false, ns, "AuthnContextDecl", "AuthnContextDeclRef"):
				case in.at(x, 3, true, ns, "AuthenticatingAuthority"):
					var s string
					s, err = r.token(x)
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
	r.Authn = append(r.Authn, st)
	return nil
}

// count returns how many child elements e has.
func count(e xmltree.Elem) (n int) {
	for range e.Children {
		n++
	}
	return n
}

// samePublic compares two public keys of any kind.
func samePublic(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
