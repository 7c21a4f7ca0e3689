package xmltree

import (
	"bytes"
	"cmp"
	"slices"
)

// A Doc is one parsed document: flat slices of nodes, attributes and namespace
// declarations, all of them ranges of one source slice. Nodes stand in document
// order, so that a subtree is a run of indices.
//
// A parsed Doc is never changed and may be read by many goroutines. Parse on an
// existing Doc reuses its memory and invalidates every Elem and every slice
// taken from it before.
type Doc struct {
	src   []byte
	side  []byte // text and values that differ from their source: references, CR, CDATA joins
	nodes []node // nodes[0] is the document
	attrs []attr
	decls []decl // decls[0] is unused, decls[1] is the built-in xml prefix

	prefixes []span  // by prefix number; 0 is the empty prefix, 1 is xml
	bind     []int32 // by prefix number: the declaration in force while parsing
	uris     []span  // namespaces that are not in the known table
	ids      []idAttr

	prefixIndex map[string]int32 // only past the point where a linear look-up is dear
	uriIndex    map[string]int32
	dupes       map[string]struct{}

	idProblem idProblem
}

type kind uint8

const (
	kindDocument kind = iota
	kindElement
	kindText
	kindComment
)

// A node is an element, a run of text or a comment. Text that is all there is in
// an element, and stands in the source as it is, has no node: most elements of a
// message hold text or elements and not both.
type node struct {
	local uint16 // element: length of its prefix with the colon
	kind  kind
	flags flags

	// The first child is the node after this one, and the next sibling is the node
	// at end, if they are before the end of the parent.
	parent, end        int32 // end is the index after the last descendant
	from               int32 // where it begins in the source
	valueFrom, valueTo int32 // text and comment: the value; element: the source range between the tags

	nameTo int32 // element: its qualified name is src[from+1:nameTo]
	space  int32
	prefix uint16

	// What the node has ends where that of the next one begins.
	declFrom uint16
	attrFrom int32
}

type flags uint8

const (
	inSide   flags = 1 << iota // text and comment: the value is in Doc.side
	differs                    // text: canonical form may have to escape it; element: see Doc.Verbatim
	onlyText                   // element: its content is one text without a node
	emptyTag                   // element: it is one tag
)

// localName returns the local name of an element.
func (d *Doc) localName(i int32) []byte {
	n := &d.nodes[i]
	return d.src[n.from+1+int32(n.local) : n.nameTo]
}

// valueOf returns the value of a text or comment node, or the text of an element
// that has no node of its own.
func (d *Doc) valueOf(i int32) []byte {
	n := &d.nodes[i]
	if n.kind == kindElement && n.flags&onlyText == 0 {
		return nil
	}
	return d.octets(n.valueFrom, n.valueTo, n.flags&inSide != 0)
}

// to returns where element i ends in the source.
func (d *Doc) to(i int32) int32 {
	n := &d.nodes[i]
	if n.flags&emptyTag != 0 {
		return n.valueTo
	}
	return n.valueTo + int32(bytes.IndexByte(d.src[n.valueTo:], '>')) + 1
}

// scope returns the innermost declaration in force in node i, a chain over decl.up.
func (d *Doc) scope(i int32) int32 {
	for d.declTo(i) == int32(d.nodes[i].declFrom) { // the document itself has that of xml
		i = d.nodes[i].parent
	}
	return d.declTo(i) - 1
}

// attrTo returns the index after the attributes of node i.
func (d *Doc) attrTo(i int32) int32 {
	if int(i)+1 < len(d.nodes) {
		return d.nodes[i+1].attrFrom
	}
	return int32(len(d.attrs))
}

// declTo returns the index after the declarations of node i.
func (d *Doc) declTo(i int32) int32 {
	if int(i)+1 < len(d.nodes) {
		return int32(d.nodes[i+1].declFrom)
	}
	return int32(len(d.decls))
}

type attr struct {
	nameFrom, localFrom, nameTo int32
	valueFrom, valueTo          int32
	prefix, space               int32
	side                        bool
	escape                      bool // canonical form must escape the value
}

// A decl is one namespace declaration.
type decl struct {
	prefix, uri int32
	up          int32 // the declaration before it in scope
	prev        int32 // the declaration of the same prefix that it hides
	node        int32
}

// A span is a range of the source, or of the side buffer.
type span struct {
	from, to int32
	side     bool
}

func (s span) flags() flags {
	if s.side {
		return inSide
	}
	return 0
}

// Parse reads a document with a Doc of its own.
func Parse(src []byte, lim Limits) (*Doc, error) {
	d := new(Doc)
	if err := d.Parse(src, lim); err != nil {
		return nil, err
	}
	return d, nil
}

// Root returns the document element, or a zero Elem if nothing was parsed.
func (d *Doc) Root() Elem {
	if len(d.nodes) == 0 {
		return Elem{}
	}
	for i := int32(1); i < d.nodes[0].end; i = d.nodes[i].end {
		if d.nodes[i].kind == kindElement {
			return Elem{d: d, i: i}
		}
	}
	return Elem{}
}

// At returns the element that begins at an octet of the source, or a zero Elem.
func (d *Doc) At(offset int) Elem {
	if len(d.nodes) == 0 {
		return Elem{}
	}
	nodes := d.nodes[1:]
	i, found := slices.BinarySearchFunc(nodes, offset, func(n node, offset int) int { return cmp.Compare(int(n.from), offset) })
	if !found || nodes[i].kind != kindElement {
		return Elem{}
	}
	return Elem{d: d, i: int32(i + 1)}
}

// Source returns the octets that offsets refer to: the slice given to Parse
// or, for UTF-16 input, its UTF-8 form. It must not be modified.
func (d *Doc) Source() []byte { return d.src }

// Wipe overwrites what the Doc copied out of its source, for documents that
// held keys or plaintext. The source itself belongs to the caller.
func (d *Doc) Wipe() {
	clear(d.side[:cap(d.side)])
	d.reset()
}

func (d *Doc) reset() {
	d.src = nil
	d.side = d.side[:0]
	d.nodes = d.nodes[:0]
	d.attrs = d.attrs[:0]
	d.decls = d.decls[:0]
	d.prefixes = d.prefixes[:0]
	d.bind = d.bind[:0]
	d.uris = d.uris[:0]
	d.ids = d.ids[:0]
	d.idProblem = idProblem{}
	if len(d.prefixIndex) > 0 {
		clear(d.prefixIndex)
	}
	if len(d.uriIndex) > 0 {
		clear(d.uriIndex)
	}
}

// octets resolves a range of the source or of the side buffer.
func (d *Doc) octets(from, to int32, side bool) []byte {
	if side {
		return d.side[from:to:to]
	}
	return d.src[from:to:to]
}
