package xmldsig

import (
	"io"
	"slices"

	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// Signed is a handle to exactly the nodes that a verified signature digested.
// Only [Verify] makes one that holds anything; the zero Signed covers nothing.
//
// A Signed holds nodes, not a second parse: [Signed.Element] walks the same
// nodes that the canonicalizer fed to the digest.
type Signed struct {
	elem     xmltree.Elem // as it was digested: without the enveloped signature
	left     xmltree.Elem // the enveloped signature that was left out, or zero
	str      xmltree.Elem // the SecurityTokenReference that named elem, or zero
	method   c14n.Method
	prefixes []string
}

// Element reads what was digested. An enveloped signature is left out. For an
// STR-Transform it is the token, as that is what the digest is of.
func (s Signed) Element() xmltree.Elem { return s.elem }

// Covers reports whether e was digested: it is that element or inside it, and
// not the enveloped signature that was left out, or inside that.
//
// A ds:Manifest gives no coverage of what its references name, since nothing
// verified those: only the Manifest element itself is covered.
func (s Signed) Covers(e xmltree.Elem) bool {
	return s.elem.Contains(e)
}

// Octets writes the canonical form that was digested.
func (s Signed) Octets(w io.Writer) error { return s.octets(w, new(c14n.Writer)) }

func (s Signed) octets(w io.Writer, canon *c14n.Writer) error {
	if s.str.OK() {
		return canon.WriteSTR(w, s.elem, s.method, s.prefixes)
	}
	return canon.Write(w, s.elem, s.method, s.left, s.prefixes)
}

// IsSTR reports whether the reference went through an STR-Transform.
func (s Signed) IsSTR() bool { return s.str.OK() }

// Token returns the token that an STR-Transform digested, or a zero Elem when
// there was no such transform.
func (s Signed) Token() xmltree.Elem {
	if !s.str.OK() {
		return xmltree.Elem{}
	}
	return s.elem
}

// STR returns the wsse:SecurityTokenReference that named the token of an
// STR-Transform, or a zero Elem. It was not itself digested.
func (s Signed) STR() xmltree.Elem { return s.str }

// Binds reports whether what was digested says what a prefix, "" for none, stands for
// around e: something that is it or inside it. An exclusive canonical form has only the
// declarations of prefixes that it uses or was told of; any other is whoever's who wrote
// it. That there is no default namespace need not be said.
func (s Signed) Binds(prefix string, e xmltree.Elem) bool {
	around := xmltree.Parent(e)
	means, _ := around.LookupNamespace(prefix)
	same := func(x xmltree.Elem) bool {
		is, _ := x.LookupNamespace(prefix)
		return is == means
	}
	listed := prefix
	if prefix == "" {
		listed = "#default"
	}
	switch {
	case prefix == "" && means == "":
		return true
	case !s.method.Exclusive() || slices.Contains(s.prefixes, listed):
		return s.elem.Contains(around) || s.elem.Same(e) && same(e)
	}
	for x := e; s.elem.Contains(x); x = xmltree.Parent(x) {
		if uses(x, prefix) {
			return same(x)
		}
	}
	return false
}

// uses reports whether the name of e, or of one of its attributes, has the prefix.
func uses(e xmltree.Elem, prefix string) bool {
	if e.Prefix() == prefix {
		return true
	}
	for a := range e.Attrs {
		if a.Prefix != "" && a.Prefix == prefix {
			return true
		}
	}
	return false
}
