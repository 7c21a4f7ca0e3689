package xmltree

// startTag reads '<', a name, attributes and '>' or '/>'.
func (p *parser) startTag() error {
	from := p.i
	p.i++
	localFrom, err := p.name()
	if err != nil {
		return err
	}
	if p.elems++; p.elems > p.lim.Elements {
		return p.limit(from, "more than %d elements", p.lim.Elements)
	}
	if p.depth++; p.depth > p.lim.Depth {
		return p.limit(from, "elements nested deeper than %d", p.lim.Depth)
	}
	d := p.d
	prefix := p.prefix(from+1, localFrom)
	self := p.add(node{
		kind: kindElement, from: int32(from), local: uint16(localFrom - from - 1), nameTo: int32(p.i), prefix: uint16(prefix),
	})
	p.open = self

	empty, err := p.attributes(self)
	if err != nil {
		return err
	}
	if err := p.resolve(self); err != nil {
		return err
	}
	n := &d.nodes[self]
	n.valueFrom = int32(p.i)
	if n.valueFrom != n.nameTo+1 {
		n.flags |= differs
	}
	if empty {
		n.flags |= emptyTag
		n.valueTo = int32(p.i)
		p.close()
	}
	return nil
}

// attributes reads up to and including the end of the start tag.
func (p *parser) attributes(self int32) (empty bool, err error) {
	src := p.src
	for count := 0; ; count++ {
		before := p.i
		for p.i < len(src) && isSpace(src[p.i]) {
			p.i++
		}
		if p.i >= len(src) {
			return false, p.errorf(p.i, "document ends inside a tag")
		}
		switch src[p.i] {
		case '>', '/':
			if src[p.i] == '/' {
				p.i++
				empty = true
				if p.i >= len(src) || src[p.i] != '>' {
					return false, p.errorf(p.i, "'/' inside a tag")
				}
			}
			p.i++
			return empty, nil
		}
		if p.i == before {
			return false, p.errorf(p.i, "no space before an attribute")
		}
		if count >= p.lim.Attributes {
			return false, p.limit(p.i, "more than %d attributes", p.lim.Attributes)
		}
		if err := p.attribute(self); err != nil {
			return false, err
		}
	}
}

func (p *parser) attribute(self int32) error {
	src := p.src
	from := p.i
	localFrom, err := p.name()
	if err != nil {
		return err
	}
	nameTo := p.i
	for p.i < len(src) && isSpace(src[p.i]) {
		p.i++
	}
	if p.i >= len(src) || src[p.i] != '=' {
		return p.errorf(p.i, "attribute %s without a value", clip(src[from:nameTo]))
	}
	p.i++
	for p.i < len(src) && isSpace(src[p.i]) {
		p.i++
	}
	value, escape, err := p.value()
	if err != nil {
		return err
	}
	switch {
	case string(src[from:nameTo]) == "xmlns":
		return p.declare(self, from, from, from, value)
	case localFrom != from && string(src[from:localFrom-1]) == "xmlns":
		return p.declare(self, from, localFrom, nameTo, value)
	}
	p.d.attrs = append(p.d.attrs, attr{
		nameFrom: int32(from), localFrom: int32(localFrom), nameTo: int32(nameTo),
		valueFrom: value.from, valueTo: value.to, side: value.side, escape: escape,
		prefix: p.prefix(from, localFrom),
	})
	return nil
}

// value reads a quoted attribute value and normalises it as CDATA
// (XML 1.0 section 3.3.3): literal white space becomes a space, characters
// given by reference stay what they are.
func (p *parser) value() (v span, escape bool, err error) {
	src := p.src
	if p.i >= len(src) || src[p.i] != '"' && src[p.i] != '\'' {
		return v, false, p.errorf(p.i, "attribute value without quotes")
	}
	quote := src[p.i]
	start := p.i + 1
	i := start
	for {
		for i+8 <= len(src) && plain(src[i:i+8:i+8]) {
			i += 8
		}
		for i < len(src) && charClass[src[i]] == cText {
			i++
		}
		if i == len(src) {
			break
		}
		c := src[i]
		k := charClass[c]
		if c == quote {
			p.i = i + 1
			return span{from: int32(start), to: int32(i)}, escape, nil
		}
		switch k {
		case cQuote:
			escape = true
		case cApos, cGT:
		case cAmp, cCR, cSpace:
			return p.valueCopied(start, i, quote)
		default:
			if k != cEF || badEF(src[i:]) {
				return v, false, p.badInValue(i)
			}
		}
		i++
	}
	return v, false, p.errorf(start, "attribute value does not end")
}

func (p *parser) valueCopied(start, i int, quote byte) (v span, escape bool, err error) {
	src, d := p.src, p.d
	from := int32(len(d.side))
	d.side = append(d.side, src[start:i]...)
	for i < len(src) {
		c := src[i]
		if c == quote {
			p.i = i + 1
			return span{from: from, to: int32(len(d.side)), side: true}, true, nil
		}
		switch charClass[c] {
		case cAmp:
			if i, err = p.reference(i); err != nil {
				return v, false, err
			}
			continue
		case cCR:
			if i+1 < len(src) && src[i+1] == '\n' {
				i++
			}
			c = ' '
		case cSpace:
			c = ' '
		case cEF:
			if badEF(src[i:]) {
				return v, false, p.badInValue(i)
			}
		case cLT, cBad:
			return v, false, p.badInValue(i)
		}
		d.side = append(d.side, c)
		i++
	}
	return v, false, p.errorf(start, "attribute value does not end")
}

func (p *parser) badInValue(i int) error {
	if p.src[i] == '<' {
		return p.errorf(i, "'<' in an attribute value")
	}
	return p.errorf(i, "a character that XML forbids")
}

// endTag reads the end tag of the open element, whose name must match to the
// octet.
func (p *parser) endTag() error {
	src := p.src
	from := p.i
	n := &p.d.nodes[p.open]
	name := src[n.from+1 : n.nameTo]
	i := from + 2
	if len(src)-i < len(name) || string(src[i:i+len(name)]) != string(name) {
		return p.errorf(from, "the end tag is not that of this element")
	}
	i += len(name)
	for i < len(src) && isSpace(src[i]) {
		i++
		n.flags |= differs
	}
	if i >= len(src) || src[i] != '>' {
		return p.errorf(from, "the end tag is not that of this element")
	}
	n.valueTo = int32(from)
	p.i = i + 1
	p.close()
	return nil
}

// close ends the open element and takes its declarations out of force.
func (p *parser) close() {
	d := p.d
	n := &d.nodes[p.open]
	n.end = int32(len(d.nodes))
	for k := d.declTo(p.open) - 1; k >= int32(n.declFrom); k-- {
		d.bind[d.decls[k].prefix] = d.decls[k].prev
		p.scope = d.decls[k].up
	}
	if up := &d.nodes[n.parent]; n.flags&differs != 0 || n.prefix != up.prefix {
		up.flags |= differs
	}
	p.open = n.parent
	p.depth--
}
