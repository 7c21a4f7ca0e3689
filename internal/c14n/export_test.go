package c14n

import (
	"io"

	"wstrust/internal/xmltree"
)

// WriteSlowly is Write, node by node.
func WriteSlowly(w io.Writer, e xmltree.Elem, m Method, except xmltree.Elem, prefixes []string) error {
	x := Writer{canonicalizer{slow: true}}
	return x.Write(w, e, m, except, prefixes)
}
