// Package damage makes every small change of structure that a document can
// suffer, and holds what a reader says about each against a file. It serves
// tests alone.
//
// A reader with a check too few, or one that forgets what a check said, gives
// another answer to one of them.
package damage

import (
	"cmp"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
)

// tag matches one tag: its slash, its name, its attributes, the slash at its end.
var tag = regexp.MustCompile(`<(/?)([\w:.-]+)((?:\s+[\w:.-]+=(?:"[^"]*"|'[^']*'))*)\s*(/?)>`)

var attribute = regexp.MustCompile(`\s+([\w:.-]+)=(?:"([^"]*)"|'([^']*)')`)

// element is where one element stands in the document.
type element struct {
	path           string
	from, to       int // the whole of it
	inFrom, inTo   int // its content; empty after an empty-element tag
	nameFrom       int // in the start tag
	nameTo         int
	closeName      int // where the name ends in the end tag, 0 after an empty-element tag
	attrs          []attr
	before, leaf   bool // not the first of its parent; without child elements
	previous       int  // the sibling before, if before
	emptyElementAt int  // of the slash in "/>"
}

type attr struct {
	name             string
	from, to         int
	valueFrom, value int // the value's range
}

// A Range says which elements of a document are damaged: the first one with the
// tag Under, or the root if that is "", and those below it. Below elements with
// the tags of Whole nothing is changed.
type Range struct {
	Under string
	Whole []string
}

// each yields the changed documents with the path of the element and the name
// of what happened to it. The document must be well-formed and plain: no
// comments, no CDATA, no DTD.
func (r Range) each(doc string, yield func(path, what, changed string)) {
	all := scan(doc)
	tagged := func(e element, name string) bool { return e.path == name || strings.HasSuffix(e.path, "/"+name) }
	top := slices.IndexFunc(all, func(e element) bool { return r.Under == "" || tagged(e, r.Under) })
	if top < 0 {
		return
	}
	end, inside := all[top].to, 0
	for _, e := range all[top:] {
		if e.from >= end {
			return
		}
		if e.from < inside {
			continue
		}
		if slices.ContainsFunc(r.Whole, func(name string) bool { return tagged(e, name) }) {
			inside = e.to
		}
		for what, changed := range e.changes(doc, all) {
			path := strings.TrimPrefix(strings.TrimPrefix(e.path, all[top].path), "/")
			yield(cmp.Or(path, "itself"), what, changed)
		}
	}
}

// changes are those of one element.
func (e element) changes(doc string, all []element) iter.Seq2[string, string] {
	whole := doc[e.from:e.to]
	put := func(from, to int, text string) string { return doc[:from] + text + doc[to:] }
	// in puts text into the content, which an empty-element tag does not have.
	in := func(from, to int, text string) string {
		if e.closeName > 0 {
			return put(from, to, text)
		}
		return put(e.emptyElementAt, e.to, ">"+text+"</"+doc[e.nameFrom:e.nameTo]+">")
	}
	return func(yield func(string, string) bool) {
		renamed := put(e.nameTo, e.nameTo, "X")
		if e.closeName > 0 {
			renamed = doc[:e.nameTo] + "X" + doc[e.nameTo:e.closeName] + "X" + doc[e.closeName:]
		}
		ok := yield("missing", put(e.from, e.to, "")) &&
			yield("twice", put(e.to, e.to, whole)) &&
			yield("other name", renamed) &&
			yield("foreign element in it", in(e.inTo, e.inTo, `<x xmlns="urn:x"/>`)) &&
			yield("text in it", in(e.inFrom, e.inFrom, "x?"))
		if ok && e.before {
			ok = yield("before the one before", doc[:all[e.previous].from]+whole+doc[all[e.previous].from:e.from]+doc[e.to:])
		}
		if ok && e.inTo > e.inFrom {
			ok = yield("empty", put(e.inFrom, e.inTo, ""))
		}
		if ok && e.leaf && e.inTo > e.inFrom {
			ok = yield("comment in it", in(e.inFrom, e.inFrom, "<!--c-->")) &&
				yield("other text", put(e.inFrom, e.inTo, "AAAA")) &&
				yield("space around", put(e.inFrom, e.inTo, " "+doc[e.inFrom:e.inTo]+"\n"))
		}
		for _, a := range e.attrs {
			ok = ok && yield("no "+a.name, put(a.from, a.to, "")) &&
				yield(a.name+" empty", put(a.valueFrom, a.value, "")) &&
				yield("other "+a.name, put(a.value, a.value, "X"))
		}
	}
}

// scan finds the elements in document order.
func scan(doc string) (all []element) {
	var open []int
	counts := []map[string]int{{}}
	last := []int{-1} // the sibling before, at each depth
	for _, m := range tag.FindAllStringSubmatchIndex(doc, -1) {
		name := doc[m[4]:m[5]]
		if m[3] > m[2] { // an end tag
			e := &all[open[len(open)-1]]
			e.inTo, e.closeName, e.to = m[0], m[5], m[1]
			open, counts, last = open[:len(open)-1], counts[:len(counts)-1], last[:len(last)-1]
			continue
		}
		_, local, prefixed := strings.Cut(name, ":")
		if !prefixed {
			local = name
		}
		e := element{from: m[0], to: m[1], inFrom: m[1], inTo: m[1], nameFrom: m[4], nameTo: m[5], leaf: true, emptyElementAt: m[8]}
		depth := len(open)
		if depth > 0 {
			e.path = all[open[depth-1]].path + "/"
			all[open[depth-1]].leaf = false
		}
		e.path += local
		if counts[depth][local]++; counts[depth][local] > 1 {
			e.path += fmt.Sprintf("[%d]", counts[depth][local])
		}
		e.before, e.previous = last[depth] >= 0, last[depth]
		for _, a := range attribute.FindAllStringSubmatchIndex(doc[m[6]:m[7]], -1) {
			if doc[m[6]+a[2]:m[6]+a[3]] == "xmlns" || strings.HasPrefix(doc[m[6]+a[2]:], "xmlns:") {
				continue
			}
			value := a[4:6]
			if value[0] < 0 {
				value = a[6:8]
			}
			e.attrs = append(e.attrs, attr{doc[m[6]+a[2] : m[6]+a[3]], m[6] + a[0], m[6] + a[1], m[6] + value[0], m[6] + value[1]})
		}
		last[depth] = len(all)
		if m[9] == m[8] {
			open = append(open, len(all))
			counts = append(counts, map[string]int{})
			last = append(last, -1)
		}
		all = append(all, e)
	}
	return all
}
