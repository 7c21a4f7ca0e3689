package xmltree

import (
	"bytes"
	"unicode/utf8"
)

// text reads character data up to the next '<'. What stands in the source as
// it is stays there; only text with references or carriage returns is copied.
// Before all text stands the '>' of a tag, a comment or a CDATA section, so that
// a look at two octets back stays inside the source.
func (p *parser) text() error {
	src, start, i := p.src, p.i, p.i
	var f flags
scan:
	for {
		// Most text is plain, and some is long: base64.
		for i+8 <= len(src) && plain(src[i:i+8:i+8]) {
			i += 8
		}
		for i < len(src) && charClass[src[i]] == cText {
			i++
		}
		if i == len(src) {
			break
		}
		switch charClass[src[i]] {
		case cLT:
			break scan
		case cAmp, cCR:
			return p.textCopied(start, i)
		case cGT:
			if src[i-1] == ']' && src[i-2] == ']' {
				return p.errorf(i, "']]>' in text")
			}
			f = differs
		case cEF:
			if badEF(src[i:]) {
				return p.errorf(i, "a character that XML forbids")
			}
		case cBad:
			return p.errorf(i, "a character that XML forbids")
		}
		i++
	}
	p.i = i
	if n := &p.d.nodes[p.open]; n.valueFrom == int32(start) && i+1 < len(src) && src[i+1] == '/' { // nothing is before it or after it
		n.flags |= onlyText | f
		return nil
	}
	p.leaf(node{kind: kindText, flags: f, from: int32(start), valueFrom: int32(start), valueTo: int32(i)})
	return nil
}

// plain reports whether none of eight octets needs a look.
func plain(s []byte) bool {
	_ = s[7]
	return charClass[s[0]]|charClass[s[1]]|charClass[s[2]]|charClass[s[3]]|
		charClass[s[4]]|charClass[s[5]]|charClass[s[6]]|charClass[s[7]] == cText
}

// leaf adds text or a comment.
func (p *parser) leaf(n node) {
	p.d.nodes[p.open].flags |= n.flags & differs
	p.add(n)
}

// textCopied goes on with text that differs from its source from i onwards.
func (p *parser) textCopied(start, i int) error {
	src, d := p.src, p.d
	from := len(d.side)
	d.side = append(d.side, src[start:i]...)
	var err error
scan:
	for i < len(src) {
		switch c := src[i]; charClass[c] {
		case cLT:
			break scan
		case cAmp:
			if i, err = p.reference(i); err != nil {
				return err
			}
			continue
		case cCR: // XML 1.0 section 2.11: CR LF and CR become LF
			d.side = append(d.side, '\n')
			if i+1 < len(src) && src[i+1] == '\n' {
				i++
			}
			i++
			continue
		case cGT:
			if src[i-1] == ']' && src[i-2] == ']' {
				return p.errorf(i, "']]>' in text")
			}
		case cEF:
			if badEF(src[i:]) {
				return p.errorf(i, "a character that XML forbids")
			}
		case cBad:
			return p.errorf(i, "a character that XML forbids")
		}
		d.side = append(d.side, src[i])
		i++
	}
	p.i = i
	p.leaf(node{kind: kindText, flags: inSide | differs, from: int32(start), valueFrom: int32(from), valueTo: int32(len(d.side))})
	return nil
}

// reference appends what the reference at i stands for to the side buffer and
// returns the offset after it.
func (p *parser) reference(i int) (int, error) {
	const longest = 12 // &#x0010FFFF; with room for a few zeros
	rest := p.src[i:min(i+longest, len(p.src))]
	end := bytes.IndexByte(rest, ';')
	if end < 2 {
		return 0, p.errorf(i, "malformed reference %s", clip(rest))
	}
	name := rest[1:end]
	if name[0] == '#' {
		r, ok := charReference(name[1:])
		if !ok || !xmlRune(r) {
			return 0, p.errorf(i, "character reference %s", clip(rest[:end+1]))
		}
		p.d.side = utf8.AppendRune(p.d.side, r)
		return i + end + 1, nil
	}
	var c byte
	switch string(name) {
	case "lt":
		c = '<'
	case "gt":
		c = '>'
	case "amp":
		c = '&'
	case "quot":
		c = '"'
	case "apos":
		c = '\''
	default:
		return 0, p.errorf(i, "reference to the entity %s", clip(name))
	}
	p.d.side = append(p.d.side, c)
	return i + end + 1, nil
}

func charReference(digits []byte) (r rune, ok bool) {
	base := rune(10)
	if len(digits) > 0 && digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	if len(digits) == 0 {
		return 0, false
	}
	for _, c := range digits {
		var v rune
		switch {
		case c >= '0' && c <= '9':
			v = rune(c - '0')
		case base == 16 && c >= 'a' && c <= 'f':
			v = rune(c-'a') + 10
		case base == 16 && c >= 'A' && c <= 'F':
			v = rune(c-'A') + 10
		default:
			return 0, false
		}
		if r = r*base + v; r > utf8.MaxRune {
			return 0, false
		}
	}
	return r, true
}

// cdata reads a CDATA section as the text it stands for.
func (p *parser) cdata() error {
	start := p.i
	body := start + len("<![CDATA[")
	n := bytes.Index(p.src[body:], []byte("]]>"))
	if n < 0 {
		return p.errorf(start, "CDATA section does not end")
	}
	v, err := p.literal(body, body+n)
	if err != nil {
		return err
	}
	p.i = body + n + 3
	p.d.nodes[p.open].flags |= differs // though it may be empty
	if n > 0 {
		p.add(node{kind: kindText, flags: v.flags() | differs, from: int32(start), valueFrom: v.from, valueTo: v.to})
	}
	return nil
}

// comment reads a comment; '--' inside one is refused.
func (p *parser) comment() error {
	start := p.i
	body := start + len("<!--")
	n := bytes.Index(p.src[body:], []byte("--"))
	if n < 0 || body+n+2 >= len(p.src) {
		return p.errorf(start, "comment does not end")
	}
	if p.src[body+n+2] != '>' {
		return p.errorf(body+n, "'--' in a comment")
	}
	v, err := p.literal(body, body+n)
	if err != nil {
		return err
	}
	p.i = body + n + 3
	p.leaf(node{kind: kindComment, flags: v.flags() | differs, from: int32(start), valueFrom: v.from, valueTo: v.to})
	return nil
}

// literal checks octets in which nothing is markup and normalises their line
// ends.
func (p *parser) literal(from, to int) (span, error) {
	cr := false
	for i := from; i < to; i++ {
		switch charClass[p.src[i]] {
		case cBad:
			return span{}, p.errorf(i, "a character that XML forbids")
		case cEF:
			if badEF(p.src[i:]) {
				return span{}, p.errorf(i, "a character that XML forbids")
			}
		case cCR:
			cr = true
		}
	}
	if !cr {
		return span{from: int32(from), to: int32(to)}, nil
	}
	start := int32(len(p.d.side))
	for i := from; i < to; i++ {
		c := p.src[i]
		if c == '\r' {
			if p.src[i+1] == '\n' { // at to stands what ends the literal
				continue
			}
			c = '\n'
		}
		p.d.side = append(p.d.side, c)
	}
	return span{from: start, to: int32(len(p.d.side)), side: true}, nil
}

// badEF reports whether octets that begin with 0xEF are U+FFFE or U+FFFF. The
// source is valid UTF-8, so two more octets follow.
func badEF(p []byte) bool { return p[1] == 0xBF && p[2] >= 0xBE }
