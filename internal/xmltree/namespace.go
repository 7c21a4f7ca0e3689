package xmltree

import "unicode/utf8"

// linear is the number of entries up to which a table is searched from end to
// end; past it a map keeps hostile documents from costing quadratic time.
const linear = 16

// name reads a qualified name and returns where its local part begins. At most
// one colon, and neither part empty (Namespaces in XML 1.0 section 4).
func (p *parser) name() (local int, err error) {
	src, start := p.src, p.i
	local = start
	i := start
	first := true // a name-start character must come next
	for i < len(src) {
		c := src[i]
		if c < utf8.RuneSelf {
			k := nameClass[c]
			if k&nameStart != 0 || !first && k != 0 {
				i++
				first = false
				continue
			}
			if c == ':' && !first && local == start {
				i++
				local = i
				first = true
				continue
			}
			break
		}
		r, n := utf8.DecodeRune(src[i:])
		if !nameRune(r, first) {
			break
		}
		i += n
		first = false
	}
	if first || i < len(src) && src[i] == ':' {
		return 0, p.errorf(start, "malformed name %s", clip(src[start:min(i+8, len(src))]))
	}
	if i-start > p.lim.Name {
		return 0, p.limit(start, "name longer than %d octets", p.lim.Name)
	}
	p.i = i
	return local, nil
}

// prefix returns the number of the prefix of a name that begins at from and
// whose local part begins at local.
func (p *parser) prefix(from, local int) int32 {
	if local == from {
		return 0
	}
	return p.prefixNumber(from, local-1)
}

func (p *parser) prefixNumber(from, to int) int32 {
	d := p.d
	name := p.src[from:to]
	if string(name) == "xml" {
		return 1
	}
	// Most often it is that of the element around.
	if n := int32(d.nodes[p.open].prefix); n > 1 && string(p.src[d.prefixes[n].from:d.prefixes[n].to]) == string(name) {
		return n
	}
	if len(d.prefixes) > linear {
		if n, ok := d.prefixIndex[string(name)]; ok {
			return n
		}
	} else {
		for n := 2; n < len(d.prefixes); n++ {
			if s := d.prefixes[n]; string(p.src[s.from:s.to]) == string(name) {
				return int32(n)
			}
		}
	}
	n := int32(len(d.prefixes))
	d.prefixes = append(d.prefixes, span{from: int32(from), to: int32(to)})
	d.bind = append(d.bind, 0)
	if len(d.prefixes) > linear {
		if d.prefixIndex == nil {
			d.prefixIndex = make(map[string]int32)
		}
		if len(d.prefixIndex) == 0 {
			for k := 2; k < len(d.prefixes); k++ {
				d.prefixIndex[string(p.src[d.prefixes[k].from:d.prefixes[k].to])] = int32(k)
			}
		}
		d.prefixIndex[string(name)] = n
	}
	return n
}

// declare records a namespace declaration of element self and puts it in
// force. The prefix stands at [from, to) of the source; both are equal for the
// default namespace.
func (p *parser) declare(self int32, at, from, to int, value span) error {
	d := p.d
	uri := d.octets(value.from, value.to, value.side)
	prefix := int32(0)
	if from != to {
		if string(p.src[from:to]) == "xmlns" {
			return p.errorf(at, "the prefix xmlns is declared")
		}
		if len(uri) == 0 {
			return p.errorf(at, "the prefix %s is bound to no namespace", clip(p.src[from:to]))
		}
		prefix = p.prefixNumber(from, to)
	}
	number, err := p.space(at, uri, value)
	if err != nil {
		return err
	}
	if (number == spaceXML) != (prefix == 1) || number == spaceXMLNS {
		return p.errorf(at, "a reserved prefix or namespace is bound to another")
	}
	n := &d.nodes[self]
	hidden := d.bind[prefix]
	if hidden >= int32(n.declFrom) {
		return p.errorf(at, "namespace declaration %s occurs twice", clip(p.src[from:to]))
	}
	if len(d.decls)-2 >= p.lim.Namespaces {
		return p.limit(at, "more than %d namespace declarations", p.lim.Namespaces)
	}
	d.bind[prefix] = int32(len(d.decls))
	d.decls = append(d.decls, decl{prefix: prefix, uri: number, up: p.scope, prev: hidden, node: self})
	p.scope = int32(len(d.decls) - 1)
	return nil
}

// space returns the number of a namespace. A relative reference is refused:
// canonical XML has no form for it, so that what a verifier digests would
// depend on its error handling.
func (p *parser) space(at int, uri []byte, value span) (int32, error) {
	if len(uri) == 0 {
		return spaceNone, nil
	}
	if n, ok := knownNumber(uri); ok {
		return n, nil
	}
	d := p.d
	if len(d.uris) > linear {
		if n, ok := d.uriIndex[string(uri)]; ok {
			return n, nil
		}
	} else {
		for k, s := range d.uris {
			if string(d.octets(s.from, s.to, s.side)) == string(uri) {
				return int32(len(known) + k), nil
			}
		}
	}
	if !absolute(uri) {
		return 0, p.errorf(at, "relative namespace URI %s", clip(uri))
	}
	n := int32(len(known) + len(d.uris))
	d.uris = append(d.uris, value)
	if len(d.uris) > linear {
		if d.uriIndex == nil {
			d.uriIndex = make(map[string]int32)
		}
		if len(d.uriIndex) == 0 {
			for k, s := range d.uris {
				d.uriIndex[string(d.octets(s.from, s.to, s.side))] = int32(len(known) + k)
			}
		}
		d.uriIndex[string(uri)] = n
	}
	return n, nil
}

// absolute reports whether a URI reference begins with a scheme
// (RFC 3986 section 3.1).
func absolute(uri []byte) bool {
	for i, c := range uri {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		case c == ':':
			return i > 0
		default:
			return false
		}
	}
	return false
}

// resolve gives the element and its attributes their namespaces once all
// declarations of the tag are known, and refuses attributes that are the same
// after expansion.
func (p *parser) resolve(self int32) error {
	d := p.d
	n := &d.nodes[self]
	if b := d.bind[n.prefix]; b != 0 {
		n.space = d.decls[b].uri
	} else if n.prefix != 0 {
		return p.errorf(int(n.from), "the prefix of %s is not declared", clip(p.src[n.from+1:n.nameTo]))
	}
	attrs := d.attrs[n.attrFrom:]
	for k := range attrs {
		a := &attrs[k]
		if a.prefix != 0 {
			b := d.bind[a.prefix]
			if b == 0 {
				return p.errorf(int(a.nameFrom), "the prefix of %s is not declared", clip(p.src[a.nameFrom:a.nameTo]))
			}
			a.space = d.decls[b].uri
		}
		if len(attrs) <= linear {
			for j := range k {
				if d.sameName(&attrs[j], a) {
					return p.errorf(int(a.nameFrom), "attribute %s occurs twice", clip(p.src[a.nameFrom:a.nameTo]))
				}
			}
		}
		d.noteID(self, n.attrFrom+int32(k))
	}
	if len(attrs) > linear {
		return p.distinct(attrs)
	}
	return nil
}

func (d *Doc) sameName(a, b *attr) bool {
	return a.space == b.space && string(d.src[a.localFrom:a.nameTo]) == string(d.src[b.localFrom:b.nameTo])
}

// distinct is the duplicate check for elements with many attributes.
func (p *parser) distinct(attrs []attr) error {
	d := p.d
	if d.dupes == nil {
		d.dupes = make(map[string]struct{})
	}
	clear(d.dupes)
	var key []byte
	for k := range attrs {
		a := &attrs[k]
		key = append(key[:0], byte(a.space), byte(a.space>>8), byte(a.space>>16))
		key = append(key, p.src[a.localFrom:a.nameTo]...)
		if _, twice := d.dupes[string(key)]; twice {
			return p.errorf(int(a.nameFrom), "attribute %s occurs twice", clip(p.src[a.nameFrom:a.nameTo]))
		}
		d.dupes[string(key)] = struct{}{}
	}
	return nil
}
