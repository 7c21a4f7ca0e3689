package saml

import (
	"bytes"
	"strings"
	"time"

	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// read reads an assertion along its schema. It trusts nothing; who calls it
// decides what the result may be taken for.
func read(e xmltree.Elem) (*Assertion, error) {
	r := reader{Assertion: &Assertion{elem: e}}
	r.text.Grow(min(len(e.Raw())/2, 4096))
	var err error
	switch {
	case e.Is(xmltree.SAML20, "Assertion"):
		r.Version = V20
		err = r.read20(e)
	case e.Is(xmltree.SAML11, "Assertion"):
		r.Version = V11
		err = r.read11(e)
	default:
		err = e.Errorf("not an assertion of SAML 1.1 or 2.0")
	}
	if err != nil {
		return nil, err
	}
	return r.Assertion, nil
}

// A reader fills an assertion. Its strings are pieces of one buffer, and their
// lists pieces of one list: an assertion has many of them, and to allocate each
// would cost more than to canonicalize it.
type reader struct {
	*Assertion
	text   strings.Builder
	values []string
}

// keep copies octets into the buffer. When that grows, what was taken from it
// stays where it was.
func (r *reader) keep(p []byte) string {
	from := r.text.Len()
	r.text.Write(p)
	return r.text.String()[from:]
}

// attr reads an attribute, "" if there is none.
func (r *reader) attr(e xmltree.Elem, local string) string {
	p, _ := e.AttrOctets("", local)
	return r.keep(p)
}

// string reads the text of an element as it is.
func (r *reader) string(e xmltree.Elem) (string, error) {
	p, err := e.TextOctets()
	return r.keep(p), err
}

// token reads the text of an element without the white space around it.
func (r *reader) token(e xmltree.Elem) (string, error) {
	p, err := e.TextOctets()
	return r.keep(bytes.Trim(p, " \t\r\n")), err
}

// A sequence walks the children of an element in the order that a schema
// gives: each child must be of the step reached, or of a later one.
type sequence struct {
	last int // step of the child before
}

// at reports whether child c has this name and may stand at this step. Where
// many is false, only one child may.
func (s *sequence) at(c xmltree.Elem, step int, many bool, space string, locals ...string) bool {
	if step < s.last || step == s.last && !many {
		return false
	}
	for _, local := range locals {
		if c.Is(space, local) {
			s.last = step
			return true
		}
	}
	return false
}

func unexpected(c xmltree.Elem) error {
	return c.Errorf("element has no place here in an assertion")
}

func (r *reader) read20(e xmltree.Elem) error {
	if v, _ := e.AttrOctets("", "Version"); string(v) != "2.0" {
		return e.Errorf("version of the assertion is not 2.0")
	}
	if err := e.OnlyElements(); err != nil {
		return err
	}
	if err := r.readHead(e, "ID"); err != nil {
		return err
	}
	const ns = xmltree.SAML20
	var s sequence
	for c := range e.Children {
		var err error
		switch {
		case s.at(c, 1, false, ns, "Issuer"):
			r.Issuer, err = r.string(c)
		case s.at(c, 2, false, xmltree.DS, "Signature"):
		case s.at(c, 3, false, ns, "Subject"):
			err = r.readSubject20(c)
		case s.at(c, 4, false, ns, "Conditions"):
			err = r.readConditions(c)
		case s.at(c, 5, false, ns, "Advice"):
		case s.at(c, 6, true, ns, "AttributeStatement"):
			err = r.readAttributes20(c)
		case s.at(c, 6, true, ns, "AuthnStatement"):
			err = r.readAuthn20(c)
		case s.at(c, 6, true, ns, "AuthzDecisionStatement", "Statement"):
		default:
			err = unexpected(c)
		}
		if err != nil {
			return err
		}
	}
	if r.Issuer == "" {
		return e.Errorf("no issuer")
	}
	return nil
}

// readHead reads what both versions have as attributes of the assertion.
func (r *reader) readHead(e xmltree.Elem, id string) error {
	r.ID = r.attr(e, id)
	if r.ID == "" {
		return e.Errorf("no %s", id)
	}
	var err error
	r.IssueInstant, err = readTime(e, "IssueInstant")
	if err == nil && r.IssueInstant.IsZero() {
		err = e.Errorf("no IssueInstant")
	}
	return err
}

// readTime reads an optional attribute that is a time; absent is the zero time.
func readTime(e xmltree.Elem, local string) (time.Time, error) {
	s, ok := e.AttrOctets("", local)
	if !ok {
		return time.Time{}, nil
	}
	t, err := xmltree.ParseTime(string(s))
	if err != nil {
		return time.Time{}, e.Errorf("%s %.64q: %s", local, s, err)
	}
	if t.IsZero() {
		t = t.Add(1) // one that is written is long past, and not absent
	}
	return t, nil
}

// readSubject20 reads a subject. Issuers put its name before or after the
// confirmations; there is one name at most.
func (r *reader) readSubject20(e xmltree.Elem) error {
	const ns = xmltree.SAML20
	named := false
	for c := range e.Children {
		var err error
		switch {
		case !named && c.Is(ns, "NameID"):
			named, err = true, r.readName20(c)
		case !named && c.Is(ns, "EncryptedID"):
			named, r.Subject.EncryptedID = true, c
		case c.Is(ns, "SubjectConfirmation"):
			err = r.readConfirmation20(c)
		default:
			err = unexpected(c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) readName20(e xmltree.Elem) (err error) {
	s := &r.Subject
	if s.NameID, err = r.string(e); err != nil {
		return err
	}
	if s.NameID == "" {
		return e.Errorf("empty name")
	}
	s.Format = r.attr(e, "Format")
	s.NameQualifier = r.attr(e, "NameQualifier")
	s.SPNameQualifier = r.attr(e, "SPNameQualifier")
	s.SPProvidedID = r.attr(e, "SPProvidedID")
	return nil
}

func (r *reader) readConfirmation20(e xmltree.Elem) error {
	const ns = xmltree.SAML20
	var c Confirmation
	c.Method = r.attr(e, "Method")
	if c.Method == "" {
		return e.Errorf("no confirmation method")
	}
	c.Kind = kindOf(V20, c.Method)
	var s sequence
	for x := range e.Children {
		switch {
		case s.at(x, 1, false, ns, "NameID"), s.at(x, 1, false, ns, "EncryptedID"), s.at(x, 1, false, ns, "BaseID"):
			// Whom this confirmation is for; the subject is named above.
			if x.Is(ns, "NameID") {
				if _, err := x.Text(); err != nil {
					return err
				}
			}
		case s.at(x, 2, false, ns, "SubjectConfirmationData"):
			var err error
			if c.NotBefore, err = readTime(x, "NotBefore"); err != nil {
				return err
			}
			if c.NotOnOrAfter, err = readTime(x, "NotOnOrAfter"); err != nil {
				return err
			}
			c.Recipient = r.attr(x, "Recipient")
			c.InResponseTo = r.attr(x, "InResponseTo")
			c.Address = r.attr(x, "Address")
			ki, err := x.Maybe(xmltree.DS, "KeyInfo")
			if err != nil {
				return err
			}
			if err := c.readKey(ki); err != nil {
				return err
			}
		default:
			return unexpected(x)
		}
	}
	if err := c.needKey(e); err != nil {
		return err
	}
	r.Subject.Confirmations = append(r.Subject.Confirmations, c)
	return nil
}

// readKey reads the holder's key from the ds:KeyInfo of a confirmation. Other
// methods have no use for one, so it is not read there.
func (c *Confirmation) readKey(ki xmltree.Elem) error {
	if !ki.OK() || c.Kind != HolderOfKey {
		return nil
	}
	hint, err := xmldsig.ReadKeyInfo(ki)
	if err != nil {
		return err
	}
	c.Public = hint.Public
	if len(hint.DER) > 0 {
		// The first certificate is the holder's; others are its chain.
		hint.DER = hint.DER[:1]
		certs, err := hint.Certificates()
		if err != nil {
			return ki.Errorf("certificate of the holder: %v", err)
		}
		c.Certificate = certs[0]
		if c.Public == nil {
			c.Public = c.Certificate.PublicKey
		} else if !samePublic(c.Public, c.Certificate.PublicKey) {
			return ki.Errorf("key value and certificate of the holder are two keys")
		}
	}
	if hint.EncryptedKey.OK() {
		c.encryptedKey = hint.EncryptedKey
		c.EncryptedKey = hint.EncryptedKey.Standalone()
	}
	return nil
}

// needKey refuses a holder-of-key confirmation from which no one key comes.
func (c *Confirmation) needKey(e xmltree.Elem) error {
	if c.Kind == HolderOfKey && (c.Public != nil) == c.encryptedKey.OK() {
		return e.Errorf("holder-of-key confirmation without one key that is understood")
	}
	return nil
}

// readConditions reads the conditions of both versions.
func (r *reader) readConditions(e xmltree.Elem) (err error) {
	ns := r.Version.Namespace()
	c := &r.Conditions
	if c.NotBefore, err = readTime(e, "NotBefore"); err != nil {
		return err
	}
	if c.NotOnOrAfter, err = readTime(e, "NotOnOrAfter"); err != nil {
		return err
	}
	if err := e.OnlyElements(); err != nil {
		return err
	}
	for x := range e.Children {
		switch {
		case r.Version == V20 && x.Is(ns, "AudienceRestriction"), r.Version == V11 && x.Is(ns, "AudienceRestrictionCondition"):
			any, err := r.readAudiences(x)
			if err != nil {
				return err
			}
			if len(any) == 0 {
				return x.Errorf("audience restriction without an audience")
			}
			c.Audiences = append(c.Audiences, any)
		case r.Version == V20 && x.Is(ns, "OneTimeUse"), r.Version == V11 && x.Is(ns, "DoNotCacheCondition"):
			c.OneTimeUse = true
		case r.Version == V20 && x.Is(ns, "ProxyRestriction"):
			if c.Proxy != nil {
				return unexpected(x)
			}
			if c.Proxy, err = r.readProxy(x); err != nil {
				return err
			}
		default:
			c.Unknown = append(c.Unknown, x.Local())
		}
	}
	return nil
}

func (r *reader) readAudiences(e xmltree.Elem) (out []string, err error) {
	for c := range e.Children {
		if !c.Is(e.Space(), "Audience") {
			return nil, unexpected(c)
		}
		s, err := r.token(c)
		if err != nil {
			return nil, err
		}
		if s == "" {
			return nil, c.Errorf("empty audience")
		}
		out = append(out, s)
	}
	return out, nil
}

func (r *reader) readProxy(e xmltree.Elem) (*ProxyRestriction, error) {
	p := &ProxyRestriction{Count: -1}
	if s, ok := e.AttrOctets("", "Count"); ok {
		p.Count = 0
		for _, d := range s {
			if d < '0' || d > '9' || len(s) > 9 {
				return nil, e.Errorf("count %.64q of a proxy restriction", s)
			}
			p.Count = 10*p.Count + int(d-'0')
		}
		if len(s) == 0 {
			return nil, e.Errorf("empty count of a proxy restriction")
		}
	}
	var err error
	p.Audiences, err = r.readAudiences(e)
	return p, err
}
