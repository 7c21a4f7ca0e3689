package xmldsig

import (
	"io"

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
