package attack

import (
	"bytes"
	"slices"
	"strings"

	"wstrust/internal/xmltree"
)

// A file is a message under the attacker's hands. Every change parses it anew,
// so elements found before a change are good only until then.
type file struct {
	src []byte
	doc *xmltree.Doc
}

func open(src []byte) *file {
	f := &file{src: slices.Clone(src)}
	f.doc = parse(f.src)
	return f
}

func (f *file) put(from, to int, xml string) {
	f.src = slices.Concat(f.src[:from], []byte(xml), f.src[to:])
	f.doc = parse(f.src)
}

// all returns the elements with a local name, in document order.
func (f *file) all(local string) []xmltree.Elem { return descendants(f.doc.Root(), local) }

// one returns the first element with a local name.
func (f *file) one(local string) xmltree.Elem {
	found := f.all(local)
	if len(found) == 0 {
		panic("no " + local + " in " + string(f.src))
	}
	return found[0]
}

func (f *file) last(local string) xmltree.Elem {
	found := f.all(local)
	return found[len(found)-1]
}

// at walks down from the root by local names: at("Header", "Security").
func (f *file) at(path ...string) xmltree.Elem {
	e := f.doc.Root()
	for _, local := range path {
		e = child(e, local)
	}
	if !e.OK() {
		panic("no /" + strings.Join(path, "/") + " in " + string(f.src))
	}
	return e
}

// cut takes an element out and returns it, able to stand alone.
func (f *file) cut(e xmltree.Elem) string {
	out := string(e.Standalone())
	from, to := e.Range()
	f.put(from, to, "")
	return out
}

func (f *file) before(e xmltree.Elem, xml string) { from, _ := e.Range(); f.put(from, from, xml) }
func (f *file) after(e xmltree.Elem, xml string)  { _, to := e.Range(); f.put(to, to, xml) }
func (f *file) replace(e xmltree.Elem, xml string) {
	from, to := e.Range()
	f.put(from, to, xml)
}

// into puts xml behind what e holds, and first in front of it.
func (f *file) into(e xmltree.Elem, xml string)  { f.inside(e, xml, true) }
func (f *file) first(e xmltree.Elem, xml string) { f.inside(e, xml, false) }

func (f *file) inside(e xmltree.Elem, xml string, end bool) {
	from, to := e.ContentRange()
	if raw := e.Raw(); bytes.HasSuffix(raw, []byte("/>")) {
		start, stop := e.Range()
		name := e.Local()
		if p := e.Prefix(); p != "" {
			name = p + ":" + name
		}
		f.put(start, stop, string(raw[:len(raw)-2])+">"+xml+"</"+name+">")
		return
	}
	if end {
		from = to
	}
	f.put(from, from, xml)
}

// text replaces the content of an element.
func (f *file) text(e xmltree.Elem, xml string) { from, to := e.ContentRange(); f.put(from, to, xml) }

// swap replaces text anywhere in the file; it must be there.
func (f *file) swap(old, with string) {
	if !bytes.Contains(f.src, []byte(old)) {
		panic("no " + old + " in " + string(f.src))
	}
	f.src = bytes.Replace(f.src, []byte(old), []byte(with), 1)
	f.doc = parse(f.src)
}

// attr adds an attribute, as written, to the start tag of e.
func (f *file) attr(e xmltree.Elem, attribute string) {
	from, _ := e.Range()
	at := from + 1 + len(e.Local())
	if p := e.Prefix(); p != "" {
		at += len(p) + 1
	}
	f.put(at, at, " "+attribute)
}

// id returns the identifier of an element.
func id(e xmltree.Elem) string {
	for a := range e.Attrs {
		if isIDName(a.Local) {
			return a.Value
		}
	}
	return ""
}

func isIDName(local string) bool {
	return strings.EqualFold(local, "id") || local == "AssertionID"
}

// unsigned is xml without the identifier that a signature could know it by.
func without(xml string, attribute string) string {
	from := strings.Index(xml, attribute+`="`)
	if from < 0 {
		return xml
	}
	to := from + len(attribute) + 2
	to += strings.IndexByte(xml[to:], '"') + 1
	return strings.TrimSuffix(xml[:from], " ") + xml[to:]
}

func child(e xmltree.Elem, local string) xmltree.Elem {
	for c := range e.Children {
		if c.Local() == local {
			return c
		}
	}
	return xmltree.Elem{}
}

// descendants returns e and what is inside it, if it has the local name; "" is
// any name.
func descendants(e xmltree.Elem, local string) (out []xmltree.Elem) {
	var walk func(e xmltree.Elem)
	walk = func(e xmltree.Elem) {
		if local == "" || e.Local() == local {
			out = append(out, e)
		}
		for c := range e.Children {
			walk(c)
		}
	}
	walk(e)
	return out
}
