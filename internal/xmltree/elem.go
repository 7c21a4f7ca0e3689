package xmltree

import (
	"fmt"
	"slices"
)

// An Elem is an element of a [Doc]: a small value to be passed about freely.
// The zero Elem is no element; every method but Errorf, Path and the readers of
// children may be called only where [Elem.OK] holds or is known to hold.
type Elem struct {
	d    *Doc
	i    int32
	skip int32 // a descendant that is read as if it were not there; 0 for none
}

// OK reports whether e is an element.
func (e Elem) OK() bool { return e.i != 0 }

// Same reports whether e and x are one node of one document, whatever either
// leaves out.
func (e Elem) Same(x Elem) bool { return e.i == x.i && e.d == x.d }

// Is reports whether e has this expanded name.
func (e Elem) Is(space, local string) bool {
	if e.i == 0 {
		return false
	}
	return string(e.d.localName(e.i)) == local && e.d.spaceIs(e.d.nodes[e.i].space, space)
}

// Space returns the namespace name, "" for none.
func (e Elem) Space() string { return e.d.spaceString(e.d.nodes[e.i].space) }

// Local returns the local name.
func (e Elem) Local() string { return string(e.d.localName(e.i)) }

// Prefix returns the prefix as written, "" for none.
func (e Elem) Prefix() string {
	n := &e.d.nodes[e.i]
	return string(e.d.prefixOctets(int32(n.prefix)))
}

// Children yields the child elements in document order.
func (e Elem) Children(yield func(Elem) bool) {
	if e.i == 0 {
		return
	}
	nodes := e.d.nodes
	for i := e.i + 1; i < nodes[e.i].end; i = nodes[i].end {
		if nodes[i].kind == kindElement && i != e.skip && !yield(Elem{e.d, i, e.skip}) {
			return
		}
	}
}

// First returns the first child of that name, or a zero Elem.
func (e Elem) First(space, local string) Elem {
	for c := range e.Children {
		if c.Is(space, local) {
			return c
		}
	}
	return Elem{}
}

// One returns the only child of that name. None and several are an *[Error].
func (e Elem) One(space, local string) (Elem, error) {
	c, err := e.Maybe(space, local)
	if err == nil && !c.OK() {
		return Elem{}, e.Errorf("no %s in it", local)
	}
	return c, err
}

// Maybe returns the child of that name or a zero Elem. Several are an *[Error].
func (e Elem) Maybe(space, local string) (Elem, error) {
	var found Elem
	for c := range e.Children {
		if c.Is(space, local) {
			if found.OK() {
				return Elem{}, c.Errorf("%s occurs twice", local)
			}
			found = c
		}
	}
	return found, nil
}

// An Attr is one attribute; namespace declarations are not among them.
type Attr struct {
	Space, Prefix, Local, Value string
}

// Attr returns the value of the attribute with this expanded name.
func (e Elem) Attr(space, local string) (value string, ok bool) {
	p, ok := e.AttrOctets(space, local)
	return string(p), ok
}

// AttrOctets is Attr without a copy. The slice must not be modified.
func (e Elem) AttrOctets(space, local string) (value []byte, ok bool) {
	if e.i == 0 {
		return nil, false
	}
	d := e.d
	n := &d.nodes[e.i]
	for k, to := n.attrFrom, d.attrTo(e.i); k < to; k++ {
		a := &d.attrs[k]
		if string(d.src[a.localFrom:a.nameTo]) == local && d.spaceIs(a.space, space) {
			return d.octets(a.valueFrom, a.valueTo, a.side), true
		}
	}
	return nil, false
}

// OtherAttr returns the name of an attribute without a namespace that is none of
// those named, or "" if there is none.
func (e Elem) OtherAttr(names ...string) string {
	d := e.d
	for k, to := d.nodes[e.i].attrFrom, d.attrTo(e.i); k < to; k++ {
		a := &d.attrs[k]
		local := d.src[a.localFrom:a.nameTo]
		if a.space == spaceNone && !slices.ContainsFunc(names, func(name string) bool { return name == string(local) }) {
			return string(local)
		}
	}
	return ""
}

// Attrs yields the attributes in document order.
func (e Elem) Attrs(yield func(Attr) bool) {
	d := e.d
	n := &d.nodes[e.i]
	for k, to := n.attrFrom, d.attrTo(e.i); k < to; k++ {
		a := &d.attrs[k]
		if !yield(Attr{
			Space:  d.spaceString(a.space),
			Prefix: string(d.prefixOctets(a.prefix)),
			Local:  string(d.src[a.localFrom:a.nameTo]),
			Value:  string(d.octets(a.valueFrom, a.valueTo, a.side)),
		}) {
			return
		}
	}
}

// Range returns the octets of the source that are this element, tags included.
func (e Elem) Range() (from, to int) {
	return int(e.d.nodes[e.i].from), int(e.d.to(e.i))
}

// ContentRange returns what stands between the tags. Both ends are the end of
// the element where it is written as one empty tag.
func (e Elem) ContentRange() (from, to int) {
	n := &e.d.nodes[e.i]
	return int(n.valueFrom), int(n.valueTo)
}

// Raw returns the octets of the element as they were received. They may lean on
// namespace declarations outside; see [Elem.Standalone]. The slice must not be
// modified.
func (e Elem) Raw() []byte {
	to := e.d.to(e.i)
	return e.d.src[e.d.nodes[e.i].from:to:to]
}

// Path writes the local names from the root to e.
func (e Elem) Path() string {
	if e.d == nil {
		return "/"
	}
	return e.d.path(e.i)
}

// Errorf returns an *[Error] that says what is wrong with e. It wraps
// [ErrFormat].
func (e Elem) Errorf(format string, a ...any) error {
	err := &Error{Path: e.Path(), Msg: fmt.Sprintf(format, a...), Err: ErrFormat}
	if e.d != nil {
		err.Offset = int(e.d.nodes[e.i].from)
	}
	return err
}

// Without returns e as it reads when its descendant x is left out: an element
// without its enveloped signature. Only one element can be left out.
func (e Elem) Without(x Elem) Elem {
	if x.d == e.d {
		e.skip = x.i
	}
	return e
}

// Left returns what Without left out, or a zero Elem.
func (e Elem) Left() Elem {
	if e.skip == 0 {
		return Elem{}
	}
	return Elem{d: e.d, i: e.skip}
}

// Contains reports whether x is e or inside it, and not inside what e leaves
// out.
func (e Elem) Contains(x Elem) bool {
	if e.i == 0 || e.d != x.d || x.i < e.i || x.i >= e.d.nodes[e.i].end {
		return false
	}
	return e.skip == 0 || x.i < e.skip || x.i >= e.d.nodes[e.skip].end
}

// LookupNamespace returns the namespace that prefix stands for inside e, for
// names in content such as xsi:type.
func (e Elem) LookupNamespace(prefix string) (uri string, ok bool) {
	d := e.d
	for k := d.scope(e.i); k != 0; k = d.decls[k].up {
		if string(d.prefixOctets(d.decls[k].prefix)) == prefix {
			return d.spaceString(d.decls[k].uri), true
		}
	}
	return "", prefix == ""
}

// Parent returns the element around e, or a zero Elem for the root. Code that
// reads verified elements has no business here: what is around a signed
// element is not signed.
func Parent(e Elem) Elem {
	if p := e.d.nodes[e.i].parent; p != 0 {
		return Elem{d: e.d, i: p}
	}
	return Elem{}
}

func (d *Doc) prefixOctets(n int32) []byte {
	if n == 1 {
		return xmlPrefix
	}
	s := d.prefixes[n]
	return d.src[s.from:s.to]
}

var xmlPrefix = []byte("xml")

func (d *Doc) spaceOctets(n int32) []byte {
	s := d.uris[int(n)-len(known)]
	return d.octets(s.from, s.to, s.side)
}

func (d *Doc) spaceString(n int32) string {
	if int(n) < len(known) {
		return known[n].uri
	}
	return string(d.spaceOctets(n))
}

func (d *Doc) spaceIs(n int32, uri string) bool {
	if int(n) < len(known) {
		return known[n].uri == uri
	}
	return string(d.spaceOctets(n)) == uri
}
