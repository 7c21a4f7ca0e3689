// Package c14n writes the canonical forms under XML signatures: Canonical XML
// 1.0 and 1.1 and Exclusive XML Canonicalization 1.0, each with and without
// comments, and the output form of the STR Dereference Transform.
//
// It streams from the parsed nodes into a hash: the nodes that are digested are
// the nodes that the caller reads, and no octet string is built that somebody
// could parse again. Elements that stand in the source as they are in canonical
// form are digested as they stand. A failure is always an error and never an
// empty form.
//
// Node sets other than an element's subtree are not supported, since XPath
// transforms are refused by design.
package c14n

import (
	"errors"
	"fmt"
	"io"

	"wstrust/internal/xmltree"
)

// ErrMethod is wrapped by errors about a method that does not exist or a
// parameter that it does not take.
var ErrMethod = errors.New("canonicalization method not supported")

// maxPrefixes bounds an InclusiveNamespaces PrefixList.
const maxPrefixes = 64

// Write writes the canonical form of the subtree of e. The descendant except,
// if it is one, and what e itself leaves out are left out. The prefixes are an
// InclusiveNamespaces PrefixList ("#default" for the default namespace) and go
// with the exclusive methods only.
//
// Errors are those of w, or wrap [ErrMethod].
func Write(w io.Writer, e xmltree.Elem, m Method, except xmltree.Elem, prefixes []string) error {
	return new(Writer).Write(w, e, m, except, prefixes)
}

// A Writer writes canonical forms one after the other in the same scratch
// space. The zero Writer is ready; it is not safe for concurrent use.
type Writer struct{ c canonicalizer }

// Write is [Write].
func (x *Writer) Write(w io.Writer, e xmltree.Elem, m Method, except xmltree.Elem, prefixes []string) error {
	return x.c.write(w, e.Without(except), m, prefixes, false)
}

// WriteSTR is [WriteSTR].
func (x *Writer) WriteSTR(w io.Writer, token xmltree.Elem, m Method, prefixes []string) error {
	return x.c.write(w, token, m, prefixes, true)
}

// WriteSTR writes a token the way the STR Dereference Transform of WSS does:
// its canonical form, with an explicit empty default namespace on the apex
// where no default namespace is in force there.
func WriteSTR(w io.Writer, token xmltree.Elem, m Method, prefixes []string) error {
	return new(Writer).WriteSTR(w, token, m, prefixes)
}

// WriteDocument writes the canonical form of a whole document, comments outside
// the root included where the method keeps comments.
func WriteDocument(w io.Writer, d *xmltree.Doc, m Method, prefixes []string) error {
	root := d.Root()
	if !root.OK() {
		return errors.New("c14n: no document")
	}
	from, to, _ := root.Span()
	if m.comments() {
		for i := 1; i < from; i++ {
			if k, _, _ := d.Node(i); k == xmltree.Comment {
				v, _ := d.Value(i)
				if _, err := fmt.Fprintf(w, "<!--%s-->\n", v); err != nil {
					return err
				}
			}
		}
	}
	if err := Write(w, root, m, xmltree.Elem{}, prefixes); err != nil {
		return err
	}
	if m.comments() {
		for i := to; i < d.Nodes(); i++ {
			if k, _, _ := d.Node(i); k == xmltree.Comment {
				v, _ := d.Value(i)
				if _, err := fmt.Fprintf(w, "\n<!--%s-->", v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *canonicalizer) write(w io.Writer, e xmltree.Elem, m Method, prefixes []string, str bool) error {
	if m.URI() == "" {
		return fmt.Errorf("c14n: method %d: %w", m, ErrMethod)
	}
	if !e.OK() {
		return errors.New("c14n: no element")
	}
	if len(prefixes) > 0 && !m.Exclusive() {
		return fmt.Errorf("c14n: %s takes no PrefixList: %w", m.URI(), ErrMethod)
	}
	if len(prefixes) > maxPrefixes {
		return fmt.Errorf("c14n: PrefixList of %d prefixes, at most %d are read: %w", len(prefixes), maxPrefixes, ErrMethod)
	}
	d := e.Doc()
	c.begin(w, d, m, str)
	for _, p := range prefixes {
		if p == "#default" {
			p = ""
		}
		if n, ok := d.PrefixNumber(p); ok {
			c.list = append(c.list, n)
		}
	}
	if err := c.subtree(e); err != nil {
		return err
	}
	c.flush()
	if c.err == nil && c.total == 0 {
		return errors.New("c14n: empty canonical form")
	}
	return c.err
}
