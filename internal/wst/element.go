package wst

import (
	"errors"
	"time"

	"wstrust/internal/xmltree"
)

// element checks that x is one well-formed element that can stand alone, and
// returns it without the XML declaration or white space that a file may have
// around it. What is copied into a message must pass here: octets that close
// more elements than they open would rewrite the message.
func element(what string, x []byte) (xmltree.Elem, error) {
	d, err := xmltree.Parse(x, xmltree.Limits{Bytes: len(x) + 1})
	if err != nil {
		at := 0
		if e, ok := errors.AsType[*xmltree.Error](err); ok {
			at = e.Offset
		}
		// The parser's words may quote from x, and x may be a token.
		return xmltree.Elem{}, misuse("%s: not one well-formed element: trouble at byte %d", what, at)
	}
	return d.Root(), nil
}

// raw copies the element x.
func raw(b *xmltree.Builder, what string, x []byte) error {
	e, err := element(what, x)
	if err == nil {
		b.Raw(e.Raw())
	}
	return err
}

// wrapped writes x inside an element of its own, or nothing if x is empty.
func wrapped(b *xmltree.Builder, space, local string, x []byte) error {
	if len(x) == 0 {
		return nil
	}
	b.Start(space, local)
	err := raw(b, local, x)
	b.End()
	return err
}

// text writes an element that holds s, or nothing if s is empty.
func text(b *xmltree.Builder, space, local, s string) error {
	if s == "" {
		return nil
	}
	if err := valid(local, s); err != nil {
		return err
	}
	b.Elem(space, local, s)
	return nil
}

// valid checks a string that is to be written.
func valid(what, s string) error {
	if !xmltree.ValidText(s) {
		return misuse("%s: a character that XML cannot carry", what)
	}
	return nil
}

// only returns the one child element of e; text beside it is an error.
func only(e xmltree.Elem) (xmltree.Elem, error) {
	var found xmltree.Elem
	for c := range e.Children {
		if found.OK() {
			return found, c.Errorf("%s holds more than one element", e.Local())
		}
		found = c
	}
	if !found.OK() {
		return found, e.Errorf("%s holds no element", e.Local())
	}
	return found, e.OnlyElements()
}

// child is the one child of e as octets that stand alone, nil if e is missing.
func child(e xmltree.Elem) ([]byte, error) {
	if !e.OK() {
		return nil, nil
	}
	c, err := only(e)
	if err != nil {
		return nil, err
	}
	return c.Standalone(), nil
}

// token is the trimmed text of e, "" if e is missing. An element that is there
// must have text.
func token(e xmltree.Elem) (string, error) {
	if !e.OK() {
		return "", nil
	}
	s, err := e.Token()
	if err == nil && s == "" {
		err = e.Errorf("%s is empty", e.Local())
	}
	return s, err
}

// number reads a count of bits: decimal digits, and few of them.
func number(e xmltree.Elem) (int, error) {
	if !e.OK() {
		return 0, nil
	}
	s, err := e.Token()
	if err != nil {
		return 0, err
	}
	if len(s) == 0 || len(s) > 6 {
		return 0, e.Errorf("%s is not a size in bits", clip(s))
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, e.Errorf("%s is not a size in bits", clip(s))
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, nil
}

// boolean reads an xsd:boolean attribute; absent is nil.
func boolean(e xmltree.Elem, local string) (*bool, error) {
	s, ok := e.Attr("", local)
	if !ok {
		return nil, nil
	}
	v, err := truth(e, s)
	return &v, err
}

func truth(e xmltree.Elem, s string) (bool, error) {
	switch s {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, e.Errorf("%s is not a boolean", clip(s))
}

// truthOf reads an element that holds an xsd:boolean; absent is nil.
func truthOf(e xmltree.Elem) (*bool, error) {
	s, err := token(e)
	if s == "" || err != nil {
		return nil, err
	}
	v, err := truth(e, s)
	return &v, err
}

// writeLifetime writes Lifetime, with what is known of it.
func writeLifetime(b *xmltree.Builder, trust string, created, expires time.Time) error {
	if created.IsZero() && expires.IsZero() {
		return nil
	}
	if !created.IsZero() && !expires.IsZero() && expires.Before(created) {
		return misuse("Lifetime: it ends before it begins")
	}
	b.Start(trust, "Lifetime")
	defer b.End()
	for _, t := range []struct {
		local string
		time  time.Time
	}{{"Created", created}, {"Expires", expires}} {
		if t.time.IsZero() {
			continue
		}
		if y := t.time.UTC().Year(); y < 1 || y > 9999 {
			return misuse("Lifetime: the year %d cannot be written", y)
		}
		b.Elem(xmltree.WSU, t.local, xmltree.FormatTime(t.time))
	}
	return nil
}

// lifetime reads Lifetime. A lifetime that ends before it begins is refused,
// as is a year that has not four digits in UTC.
func lifetime(e xmltree.Elem) (created, expires time.Time, err error) {
	if !e.OK() {
		return
	}
	if created, err = instant(e, "Created"); err != nil {
		return
	}
	if expires, err = instant(e, "Expires"); err != nil {
		return
	}
	if !created.IsZero() && !expires.IsZero() && expires.Before(created) {
		err = e.Errorf("lifetime ends at %s, before it begins at %s",
			xmltree.FormatTime(expires), xmltree.FormatTime(created))
	}
	return
}

func instant(e xmltree.Elem, local string) (time.Time, error) {
	c, err := e.Maybe(xmltree.WSU, local)
	if err != nil || !c.OK() {
		return time.Time{}, err
	}
	t, err := c.Time()
	if err != nil {
		return time.Time{}, err
	}
	if y := t.UTC().Year(); y < 1 || y > 9999 || t.IsZero() {
		return time.Time{}, c.Errorf("a time outside of the years 1 to 9999")
	}
	return t, nil
}

// arrange puts the children of e that have a name in names, of namespace space,
// in found at the place of that name, and hands every other child to rest.
// Nothing in names may occur twice: which of two values would be read is just
// what an attacker wants to choose.
func arrange(e xmltree.Elem, space string, names []string, rest func(xmltree.Elem) error) (found []xmltree.Elem, err error) {
	if err := e.OnlyElements(); err != nil {
		return nil, err
	}
	found = make([]xmltree.Elem, len(names))
next:
	for c := range e.Children {
		for i, name := range names {
			if !c.Is(space, name) {
				continue
			}
			if found[i].OK() {
				return nil, c.Errorf("%s occurs twice", name)
			}
			found[i] = c
			continue next
		}
		if err := rest(c); err != nil {
			return nil, err
		}
	}
	return found, nil
}
