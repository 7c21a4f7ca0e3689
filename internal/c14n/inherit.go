package c14n

import (
	"fmt"

	"wstrust/internal/xmltree"
)

// inherit gives the apex of an inclusive form the attributes in the xml
// namespace that it takes from elements around it (Canonical XML 1.0 section
// 2.4). Canonical XML 1.1 takes xml:lang and xml:space only, leaves xml:id
// behind, and joins xml:base (its section 2.4); a join is refused, since no
// message needs one and a wrong one would be a wrong digest.
func (c *canonicalizer) inherit(apex xmltree.Elem) error {
	eleven := c.m == C14N11 || c.m == C14N11Comments
	for up := xmltree.Parent(apex); up.OK(); up = xmltree.Parent(up) {
		from, _, _ := up.Span()
		t := c.d.Tag(from)
		for k := t.AttrFrom; k < t.AttrTo; k++ {
			a := c.d.TagAttr(k)
			if a.Prefix != 1 {
				continue
			}
			if eleven && string(a.Local) == "base" {
				return fmt.Errorf("c14n: %s: xml:base around the element would have to be joined: %w", apex.Path(), ErrMethod)
			}
			if c.has(a.Local) {
				continue
			}
			if eleven && string(a.Local) != "lang" && string(a.Local) != "space" {
				continue
			}
			c.attrs = append(c.attrs, a)
		}
	}
	return nil
}

func (c *canonicalizer) has(local []byte) bool {
	for i := range c.attrs {
		if c.attrs[i].Prefix == 1 && string(c.attrs[i].Local) == string(local) {
			return true
		}
	}
	return false
}
