package xmltree

import (
	"bytes"
	"iter"
)

// Standalone returns a copy of the element's octets that can stand alone: the
// octets as they were received, with the namespace declarations added to the
// start tag that the element takes from outside. Where it takes none, the copy
// equals [Elem.Raw].
//
// A declaration is added if its prefix is used by a name inside without being
// declared there, if it is the prefix of a name in a value (xsi:type), or if an
// InclusiveNamespaces list names it. An element that mentions inclusive
// canonical XML gets all declarations in force, since its digest depends on
// them. So every signature inside verifies as it did in place.
func (e Elem) Standalone() []byte {
	d := e.d
	n := &d.nodes[e.i]
	need := e.borrowed()
	raw := e.Raw()
	if len(need) == 0 {
		return bytes.Clone(raw)
	}
	out := make([]byte, 0, len(raw)+96*len(need))
	at := n.nameTo - n.from
	out = append(out, raw[:at]...)
	for _, k := range need {
		x := &d.decls[k]
		out = append(out, " xmlns"...)
		if x.prefix != 0 {
			out = append(append(out, ':'), d.prefixOctets(x.prefix)...)
		}
		out = append(out, `="`...)
		out = appendEscaped(out, d.AppendSpace(nil, x.uri), true)
		out = append(out, '"')
	}
	return append(out, raw[at:]...)
}

// borrowed lists the declarations in force around e that e needs, innermost
// first, one for each prefix.
func (e Elem) borrowed() (need []int32) {
	d := e.d
	n := &d.nodes[e.i]
	if n.parent == 0 {
		return nil
	}
	used := e.used(e.i, true)
	all := e.mentionsInclusive()
	seen := make([]bool, len(d.prefixes))
	for k := int32(n.declFrom); k < d.declTo(e.i); k++ {
		seen[d.decls[k].prefix] = true
	}
	for k := d.scope(n.parent); k != 0; k = d.decls[k].up {
		x := &d.decls[k]
		if x.prefix == 1 || seen[x.prefix] {
			continue
		}
		seen[x.prefix] = true
		// xmlns="" undoes what is not there outside either.
		if x.uri != spaceNone && (all || used[x.prefix]) {
			need = append(need, k)
		}
	}
	return need
}

// Borrows yields the prefixes, "" for none, of the names in e that nothing in e
// declares, or of those in its content that nothing there declares: what these names
// are is decided outside.
func (e Elem) Borrows(content bool) iter.Seq[string] {
	from := e.i
	if content {
		from++
	}
	return func(yield func(string) bool) {
		for k, used := range e.used(from, false) {
			if used && k != 1 && !yield(string(e.d.prefixOctets(int32(k)))) {
				return
			}
		}
	}
}

// used marks, by number, the prefixes that names in the subtree, from a node on, take
// from outside and, with values, those that are named in a value.
func (e Elem) used(from int32, values bool) []bool {
	d := e.d
	used := make([]bool, len(d.prefixes))
	inside := make([]int32, len(d.prefixes)) // declarations in force within e
	var open []int32
	end := d.nodes[e.i].end
	for i := from; i < end; i++ {
		for len(open) > 0 && d.nodes[open[len(open)-1]].end <= i {
			last := open[len(open)-1]
			for k := int32(d.nodes[last].declFrom); k < d.declTo(last); k++ {
				inside[d.decls[k].prefix]--
			}
			open = open[:len(open)-1]
		}
		n := &d.nodes[i]
		if values && n.kind != kindComment {
			d.markValue(used, d.valueOf(i))
		}
		if n.kind == kindElement {
			for k := int32(n.declFrom); k < d.declTo(i); k++ {
				inside[d.decls[k].prefix]++
			}
			open = append(open, i)
			if inside[n.prefix] == 0 {
				used[n.prefix] = true
			}
			for k := n.attrFrom; k < d.attrTo(i); k++ {
				a := &d.attrs[k]
				if a.prefix != 0 && inside[a.prefix] == 0 {
					used[a.prefix] = true
				}
				if !values {
					continue
				}
				v := d.octets(a.valueFrom, a.valueTo, a.side)
				d.markValue(used, v)
				if string(d.src[a.localFrom:a.nameTo]) == "PrefixList" {
					d.markList(used, v)
				}
			}
		}
	}
	return used
}

// markValue marks the prefix with which a value begins, if it begins with one,
// as a qualified name does.
func (d *Doc) markValue(used []bool, v []byte) {
	const longest = 64
	v = trim(v)
	colon := bytes.IndexByte(v[:min(len(v), longest)], ':')
	if colon <= 0 {
		return
	}
	if n, ok := d.PrefixNumber(string(v[:colon])); ok {
		used[n] = true
	}
}

// markList marks the prefixes of an InclusiveNamespaces PrefixList.
func (d *Doc) markList(used []bool, v []byte) {
	for _, f := range bytes.Fields(v) {
		name := string(f)
		if name == "#default" {
			name = ""
		}
		if n, ok := d.PrefixNumber(name); ok {
			used[n] = true
		}
	}
}

// mentionsInclusive reports whether some Algorithm inside is inclusive
// canonical XML.
func (e Elem) mentionsInclusive() bool {
	d := e.d
	n := &d.nodes[e.i]
	sub := d.attrs[n.attrFrom:d.attrTo(n.end-1)]
	for k := range sub {
		a := &sub[k]
		if string(d.src[a.localFrom:a.nameTo]) != "Algorithm" {
			continue
		}
		v := d.octets(a.valueFrom, a.valueTo, a.side)
		if bytes.HasPrefix(v, []byte("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")) || bytes.HasPrefix(v, []byte("http://www.w3.org/2006/12/xml-c14n11")) {
			return true
		}
	}
	return false
}
