package c14n

import (
	"bytes"
	"io"
	"slices"

	"wstrust/internal/xmltree"
)

// A canonicalizer is one run over one subtree. Its scratch space is part of it,
// so that a run costs one allocation.
type canonicalizer struct {
	w     io.Writer
	d     *xmltree.Doc
	m     Method
	all   bool    // inclusive: every namespace in force is rendered
	str   bool    // apex needs xmlns="" if it has no default namespace
	slow  bool    // tests: node by node, also where one run of octets is the same
	list  []int32 // prefixes of the PrefixList, treated as inclusive
	err   error
	total int

	// rendered holds, by prefix number, the namespace that the output has in
	// force for the prefix at this point; 0 is none.
	rendered []int32
	undo     []binding // what rendered was before, for each open element
	open     []openElem
	ns       []binding
	attrs    []xmltree.TagAttr

	n             int
	buf           [1024]byte
	renderedSpace [24]int32
	undoSpace     [48]binding
	openSpace     [24]openElem
	nsSpace       [16]binding
	attrSpace     [8]xmltree.TagAttr
	space         [128]byte
}

type binding struct{ prefix, space int32 }

type openElem struct {
	end  int
	undo int
	name []byte
}

// begin forgets the run before.
func (c *canonicalizer) begin(w io.Writer, d *xmltree.Doc, m Method, str bool) {
	c.w, c.d, c.m, c.str, c.all = w, d, m, str, !m.Exclusive()
	c.list, c.err, c.total, c.n = c.list[:0], nil, 0, 0
	if n := d.Prefixes(); n <= len(c.renderedSpace) {
		c.rendered = c.renderedSpace[:n]
		clear(c.rendered)
	} else {
		c.rendered = make([]int32, n)
	}
}

func (c *canonicalizer) subtree(e xmltree.Elem) error {
	c.undo, c.open, c.ns, c.attrs = c.undoSpace[:0], c.openSpace[:0], c.nsSpace[:0], c.attrSpace[:0]
	d := c.d
	from, to, skip := e.Span()
	comments := c.m.comments()
	for i := from; i < to; {
		for len(c.open) > 0 && c.open[len(c.open)-1].end <= i {
			c.endTag()
		}
		kind, end, _ := d.Node(i)
		if i == skip {
			i = end
			continue
		}
		switch kind {
		case xmltree.Element:
			// Most of what machines write is one run of octets here.
			if p, prefix, space, ok := d.Verbatim(i); ok && i != from && !c.slow && c.rendered[prefix] == space && (skip < i || skip >= end) {
				c.bytes(p)
				i = end
				continue
			}
			t := d.Tag(i)
			if err := c.startTag(e, t, i == from); err != nil {
				return err
			}
			c.open[len(c.open)-1].end = end
			c.text(d.Value(i))
		case xmltree.Text:
			c.text(d.Value(i))
		case xmltree.Comment:
			if comments {
				v, _ := d.Value(i)
				c.string("<!--")
				c.bytes(v)
				c.string("-->")
			}
		}
		i++
	}
	for len(c.open) > 0 {
		c.endTag()
	}
	return nil
}

func (c *canonicalizer) startTag(e xmltree.Elem, t xmltree.Tag, apex bool) error {
	c.open = append(c.open, openElem{undo: len(c.undo), name: t.Name})
	c.byte('<')
	c.bytes(t.Name)
	c.attrs = c.attrs[:0]
	for k := t.AttrFrom; k < t.AttrTo; k++ {
		c.attrs = append(c.attrs, c.d.TagAttr(k))
	}
	if apex && c.all {
		if err := c.inherit(e); err != nil {
			return err
		}
	}
	c.namespaces(e, t, apex)
	c.attributes()
	c.byte('>')
	return nil
}

// namespaces renders the declarations that the output needs on this tag.
func (c *canonicalizer) namespaces(e xmltree.Elem, t xmltree.Tag, apex bool) {
	c.ns = c.ns[:0]
	if c.all || len(c.list) > 0 {
		if apex {
			c.inForce(e)
		} else {
			// From last to first or first to last makes no difference: a prefix
			// is declared once in a tag.
			for k := t.DeclFrom; k < t.DeclTo; k++ {
				if prefix, space, _ := c.d.Decl(k); c.inclusive(prefix) {
					c.render(prefix, space)
				}
			}
		}
	}
	if !c.all {
		if !c.inclusive(t.Prefix) {
			c.render(t.Prefix, t.Space)
		}
		for i := range c.attrs {
			if p := c.attrs[i].Prefix; p != 0 && !c.inclusive(p) {
				c.render(p, c.attrs[i].Space)
			}
		}
	}
	if apex && c.str && c.rendered[0] == 0 {
		c.string(` xmlns=""`)
	}
	if len(c.ns) > 1 {
		slices.SortFunc(c.ns, func(a, b binding) int {
			return bytes.Compare(c.d.PrefixName(a.prefix), c.d.PrefixName(b.prefix))
		})
	}
	for _, b := range c.ns {
		c.string(" xmlns")
		if b.prefix != 0 {
			c.byte(':')
			c.bytes(c.d.PrefixName(b.prefix))
		}
		c.string(`="`)
		c.value(c.d.AppendSpace(c.space[:0], b.space))
		c.byte('"')
	}
}

// inForce renders what the apex has in force and the method renders
// inclusively.
func (c *canonicalizer) inForce(apex xmltree.Elem) {
	seen := make([]bool, c.d.Prefixes())
	from, _, _ := apex.Span()
	for k := c.d.Scope(from); k != 0; {
		prefix, space, up := c.d.Decl(k)
		if !seen[prefix] {
			seen[prefix] = true
			if c.inclusive(prefix) {
				c.render(prefix, space)
			}
		}
		k = up
	}
}

func (c *canonicalizer) inclusive(prefix int32) bool {
	if c.all {
		return true
	}
	for _, p := range c.list {
		if p == prefix {
			return true
		}
	}
	return false
}

// render notes a declaration to be written, unless the output has it in force;
// that of the prefix xml always is.
func (c *canonicalizer) render(prefix, space int32) {
	if prefix == 1 || c.rendered[prefix] == space {
		return
	}
	c.undo = append(c.undo, binding{prefix, c.rendered[prefix]})
	c.rendered[prefix] = space
	c.ns = append(c.ns, binding{prefix, space})
}

// attributes writes the attributes ordered by namespace name, then local name.
func (c *canonicalizer) attributes() {
	if len(c.attrs) > 1 {
		slices.SortFunc(c.attrs, func(a, b xmltree.TagAttr) int {
			if n := c.d.CompareSpace(a.Space, b.Space); n != 0 {
				return n
			}
			return bytes.Compare(a.Local, b.Local)
		})
	}
	for i := range c.attrs {
		a := &c.attrs[i]
		c.byte(' ')
		c.bytes(a.Name)
		c.string(`="`)
		if a.Escape {
			c.value(a.Value)
		} else {
			c.bytes(a.Value)
		}
		c.byte('"')
	}
}

func (c *canonicalizer) endTag() {
	o := c.open[len(c.open)-1]
	c.open = c.open[:len(c.open)-1]
	for k := len(c.undo) - 1; k >= o.undo; k-- {
		c.rendered[c.undo[k].prefix] = c.undo[k].space
	}
	c.undo = c.undo[:o.undo]
	c.string("</")
	c.bytes(o.name)
	c.byte('>')
}

// text writes character data (Canonical XML 1.0 section 2.3, text nodes).
func (c *canonicalizer) text(p []byte, escape bool) {
	if !escape {
		c.bytes(p)
		return
	}
	from := 0
	for i, b := range p {
		var r string
		switch b {
		case '&':
			r = "&amp;"
		case '<':
			r = "&lt;"
		case '>':
			r = "&gt;"
		case '\r':
			r = "&#xD;"
		default:
			continue
		}
		c.bytes(p[from:i])
		c.string(r)
		from = i + 1
	}
	c.bytes(p[from:])
}

// value writes an attribute value (Canonical XML 1.0 section 2.3, attribute
// nodes).
func (c *canonicalizer) value(p []byte) {
	from := 0
	for i, b := range p {
		var r string
		switch b {
		case '&':
			r = "&amp;"
		case '<':
			r = "&lt;"
		case '"':
			r = "&quot;"
		case '\t':
			r = "&#x9;"
		case '\n':
			r = "&#xA;"
		case '\r':
			r = "&#xD;"
		default:
			continue
		}
		c.bytes(p[from:i])
		c.string(r)
		from = i + 1
	}
	c.bytes(p[from:])
}

func (c *canonicalizer) bytes(p []byte) {
	if len(p) <= len(c.buf)-c.n {
		c.n += copy(c.buf[c.n:], p)
		return
	}
	c.flush()
	if len(p) >= len(c.buf) {
		c.send(p)
		return
	}
	c.n = copy(c.buf[:], p)
}

func (c *canonicalizer) string(s string) {
	if len(s) > len(c.buf)-c.n {
		c.flush()
	}
	c.n += copy(c.buf[c.n:], s)
}

func (c *canonicalizer) byte(b byte) {
	if c.n == len(c.buf) {
		c.flush()
	}
	c.buf[c.n] = b
	c.n++
}

func (c *canonicalizer) flush() {
	c.send(c.buf[:c.n])
	c.n = 0
}

func (c *canonicalizer) send(p []byte) {
	if c.err != nil || len(p) == 0 {
		return
	}
	c.total += len(p)
	_, c.err = c.w.Write(p)
}
