package xmltree

// This file is the canonicalizer's view: nodes by index, in document order,
// without a copy. Everything else uses [Elem].

// Kind is what a node is.
type Kind uint8

const (
	Element = Kind(kindElement)
	Text    = Kind(kindText)
	Comment = Kind(kindComment)
)

// Span returns the indices of the nodes that are e and its descendants, e
// first, and the index of the node e leaves out (0 for none).
func (e Elem) Span() (from, to, skip int) {
	return int(e.i), int(e.d.nodes[e.i].end), int(e.skip)
}

// Doc returns the document of e.
func (e Elem) Doc() *Doc { return e.d }

// Nodes returns the number of nodes; index 0 is the document itself.
func (d *Doc) Nodes() int { return len(d.nodes) }

// Node returns the kind of node i, the index after its last descendant, and
// the index of its parent.
func (d *Doc) Node(i int) (k Kind, end, parent int) {
	n := &d.nodes[i]
	return Kind(n.kind), int(n.end), int(n.parent)
}

// Value returns the value of a text or comment node, or the text of an element
// that is all of its content and has no node of its own, and whether canonical
// form must look for characters to escape.
func (d *Doc) Value(i int) (p []byte, escape bool) {
	return d.valueOf(int32(i)), d.nodes[i].flags&differs != 0
}

// Verbatim returns the octets of node i, and the numbers of its prefix and
// namespace, if it is an element and canonical form writes it and all in it as
// it stands, wherever its namespace is in force for its prefix: no attributes,
// declarations or comments, one prefix for all names, no space in tags, no empty
// tag, no text to escape.
func (d *Doc) Verbatim(i int) (p []byte, prefix, space int32, ok bool) {
	n := &d.nodes[i]
	if n.kind != kindElement || n.flags&differs != 0 {
		return nil, 0, 0, false
	}
	to := n.valueTo + n.nameTo - n.from + int32(len("</>")) - 1
	return d.src[n.from:to], int32(n.prefix), n.space, true
}

// A Tag is what canonical form needs of a start tag. Prefixes and namespaces
// are given by number; equal numbers are equal names within one document.
type Tag struct {
	Name             []byte // qualified name as written
	Prefix, Space    int32
	AttrFrom, AttrTo int // indices for Doc.TagAttr
	DeclFrom, DeclTo int // indices for Doc.Decl
}

// Tag returns the start tag of element node i.
func (d *Doc) Tag(i int) Tag {
	n := &d.nodes[i]
	return Tag{
		Name: d.src[n.from+1 : n.nameTo], Prefix: int32(n.prefix), Space: n.space,
		AttrFrom: int(n.attrFrom), AttrTo: int(d.attrTo(int32(i))),
		DeclFrom: int(n.declFrom), DeclTo: int(d.declTo(int32(i))),
	}
}

// A TagAttr is one attribute of a start tag.
type TagAttr struct {
	Name, Local, Value []byte
	Prefix, Space      int32
	Escape             bool // the value has, or may have, characters to escape
}

// TagAttr returns attribute k of Tag.AttrFrom … AttrTo.
func (d *Doc) TagAttr(k int) TagAttr {
	a := &d.attrs[k]
	return TagAttr{
		Name: d.src[a.nameFrom:a.nameTo], Local: d.src[a.localFrom:a.nameTo],
		Value:  d.octets(a.valueFrom, a.valueTo, a.side),
		Prefix: a.prefix, Space: a.space, Escape: a.escape,
	}
}

// Scope returns the innermost declaration in force in node i, for Doc.Decl.
func (d *Doc) Scope(i int) int { return int(d.scope(int32(i))) }

// Decl returns declaration k: the numbers of its prefix and namespace, and the
// declaration before it in scope, 0 for none.
func (d *Doc) Decl(k int) (prefix, space int32, up int) {
	x := &d.decls[k]
	return x.prefix, x.uri, int(x.up)
}

// Prefixes returns how many prefixes the document has; numbers run from 0, the
// empty prefix, and 1 is xml.
func (d *Doc) Prefixes() int { return len(d.prefixes) }

// PrefixName returns a prefix by its number.
func (d *Doc) PrefixName(n int32) []byte { return d.prefixOctets(n) }

// PrefixNumber returns the number of a prefix, or false if the document does
// not have it.
func (d *Doc) PrefixNumber(name string) (int32, bool) {
	switch name {
	case "":
		return 0, true
	case "xml":
		return 1, true
	}
	if len(d.prefixes) > linear {
		n, ok := d.prefixIndex[name]
		return n, ok
	}
	for n := 2; n < len(d.prefixes); n++ {
		if s := d.prefixes[n]; string(d.src[s.from:s.to]) == name {
			return int32(n), true
		}
	}
	return 0, false
}

// AppendSpace appends a namespace name by its number.
func (d *Doc) AppendSpace(b []byte, n int32) []byte {
	if int(n) < len(known) {
		return append(b, known[n].uri...)
	}
	return append(b, d.spaceOctets(n)...)
}

// CompareSpace orders two namespace names by their octets.
func (d *Doc) CompareSpace(a, b int32) int {
	switch {
	case a == b:
		return 0
	case int(a) < len(known) && int(b) < len(known):
		if known[a].uri < known[b].uri {
			return -1
		}
		return 1
	}
	x, y := d.AppendSpace(nil, a), d.AppendSpace(nil, b)
	if string(x) < string(y) {
		return -1
	}
	return 1
}
