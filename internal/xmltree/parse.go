package xmltree

import (
	"bytes"
	"strconv"
	"strings"
)

// A parser is one run over a source. Everything that outlives the run is in
// the Doc.
type parser struct {
	d     *Doc
	src   []byte
	i     int // next octet
	lim   Limits
	open  int32 // innermost open element, 0 at document level
	scope int32 // innermost declaration in force
	depth int
	elems int
}

// Parse reads a document, reusing the memory of an earlier one. The Doc keeps
// src, which must not be changed while the Doc or anything read from it is in
// use. On error the Doc is empty. Errors are *[Error].
func (d *Doc) Parse(src []byte, lim Limits) error {
	d.reset()
	lim = lim.WithDefaults()
	if len(src) > lim.Bytes {
		return &Error{Path: "/", Offset: lim.Bytes, Msg: "document is larger than the limit of " + strconv.Itoa(lim.Bytes) + " octets", Err: ErrLimit}
	}
	text, mark, err := decode(src)
	if err != nil {
		return err
	}
	d.src = text
	if d.nodes == nil {
		// An element is a node and two tags, or one if it is empty. White space
		// between elements is a node too, and mostly has a line end in it. Scans for
		// one octet cost less than growing.
		tags := bytes.Count(text, []byte("<"))
		d.nodes = make([]node, 0, tags*5/8+min(tags, bytes.Count(text, []byte("\n")))+8)
		d.attrs = make([]attr, 0, bytes.Count(text, []byte("="))*5/8+4) // the others declare
		d.decls = make([]decl, 0, 32)
		d.prefixes = make([]span, 0, 16)
		d.bind = make([]int32, 0, 16)
		d.ids = make([]idAttr, 0, 16)
	}
	d.nodes = append(d.nodes, node{kind: kindDocument})
	d.decls = append(d.decls, decl{}, decl{prefix: 1, uri: spaceXML})
	d.prefixes = append(d.prefixes, span{}, span{})
	d.bind = append(d.bind, 0, 1)

	p := parser{d: d, src: text, lim: lim, scope: 1}
	if err = p.document(mark); err == nil {
		err = d.indexIDs()
	}
	if err != nil {
		d.reset()
		return err
	}
	return nil
}

// document reads prolog, root element and what may follow it.
func (p *parser) document(mark string) error {
	if err := p.declaration(mark); err != nil {
		return err
	}
	if err := p.misc(); err != nil {
		return err
	}
	if p.i >= len(p.src) {
		return p.errorf(p.i, "no root element")
	}
	if err := p.startTag(); err != nil {
		return err
	}
	for p.open != 0 {
		if err := p.content(); err != nil {
			return err
		}
	}
	if err := p.misc(); err != nil {
		return err
	}
	if p.i < len(p.src) {
		return p.errorf(p.i, "a second root element")
	}
	p.d.nodes[0].end = int32(len(p.d.nodes))
	return nil
}

// declaration reads the XML declaration, which may only stand at the very
// start and must not contradict the encoding found.
func (p *parser) declaration(mark string) error {
	if !bytes.HasPrefix(p.src, []byte("<?xml")) || len(p.src) < 6 || !isSpace(p.src[5]) {
		return nil
	}
	end := bytes.Index(p.src, []byte("?>"))
	if end < 0 || end > 256 {
		return p.errorf(0, "XML declaration does not end")
	}
	names := [...]string{"version", "encoding", "standalone"}
	next := 0
	rest := p.src[5:end]
	for {
		trimmed := bytes.TrimLeft(rest, " \t\r\n")
		if len(trimmed) == 0 {
			break
		}
		if len(trimmed) == len(rest) {
			return p.errorf(0, "malformed XML declaration")
		}
		name, after, ok := bytes.Cut(trimmed, []byte("="))
		after = bytes.TrimLeft(after, " \t\r\n")
		if !ok || len(after) < 2 || after[0] != '"' && after[0] != '\'' {
			return p.errorf(0, "malformed XML declaration")
		}
		value, after, ok := bytes.Cut(after[1:], after[:1])
		if !ok {
			return p.errorf(0, "malformed XML declaration")
		}
		key := string(bytes.TrimRight(name, " \t\r\n"))
		for next < len(names) && names[next] != key {
			next++
		}
		if next == len(names) || key != "version" && len(rest) == end-5 {
			return p.errorf(0, "malformed XML declaration")
		}
		next++
		if err := p.declared(key, string(value), mark); err != nil {
			return err
		}
		rest = after
	}
	if next == 0 {
		return p.errorf(0, "XML declaration without a version")
	}
	p.i = end + 2
	return nil
}

func (p *parser) declared(key, value, mark string) error {
	switch key {
	case "version":
		if value != "1.0" {
			return p.errorf(0, "XML version %s, only 1.0 is read", clip([]byte(value)))
		}
	case "encoding":
		want := "UTF-8"
		if mark == "UTF-16" {
			want = mark
		}
		if !strings.EqualFold(value, want) {
			return p.errorf(0, "declared encoding %s, but the document is %s", clip([]byte(value)), want)
		}
	case "standalone":
		if value != "yes" && value != "no" {
			return p.errorf(0, "malformed XML declaration")
		}
	}
	return nil
}

// misc reads white space and comments outside the root element.
func (p *parser) misc() error {
	for p.i < len(p.src) {
		c := p.src[p.i]
		switch {
		case isSpace(c):
			p.i++
		case c != '<':
			return p.errorf(p.i, "text outside the root element")
		case p.at("<!--"):
			if err := p.comment(); err != nil {
				return err
			}
		case p.at("<!"), p.at("<?"):
			return p.refused()
		default:
			return nil
		}
	}
	return nil
}

// content reads one piece of an open element: text, a child's start tag, the
// end tag, a comment or a CDATA section.
func (p *parser) content() error {
	if p.i >= len(p.src) {
		return p.errorf(p.i, "document ends inside this element")
	}
	if p.src[p.i] != '<' {
		return p.text()
	}
	if p.i+1 >= len(p.src) {
		return p.errorf(p.i, "document ends inside a tag")
	}
	switch p.src[p.i+1] {
	case '/':
		return p.endTag()
	case '!':
		switch {
		case p.at("<!--"):
			return p.comment()
		case p.at("<![CDATA["):
			return p.cdata()
		}
		return p.refused()
	case '?':
		return p.refused()
	}
	return p.startTag()
}

// refused names what is never read: whatever a second reader might treat
// differently.
func (p *parser) refused() error {
	switch {
	case p.at("<!DOCTYPE"):
		return p.errorf(p.i, "a document type declaration is refused")
	case p.at("<?"):
		return p.errorf(p.i, "a processing instruction is refused")
	}
	return p.errorf(p.i, "malformed markup %s", clip(p.src[p.i:min(p.i+12, len(p.src))]))
}

func (p *parser) at(s string) bool {
	return len(p.src)-p.i >= len(s) && string(p.src[p.i:p.i+len(s)]) == s
}

func (p *parser) errorf(offset int, format string, a ...any) error {
	return p.d.fail(ErrFormat, p.open, offset, format, a...)
}

func (p *parser) limit(offset int, format string, a ...any) error {
	return p.d.fail(ErrLimit, p.open, offset, format, a...)
}

// add appends a node as the last child of the open element.
func (p *parser) add(n node) int32 {
	i := int32(len(p.d.nodes))
	n.parent = p.open
	n.end = i + 1
	n.attrFrom, n.declFrom = int32(len(p.d.attrs)), uint16(len(p.d.decls))
	p.d.nodes = append(p.d.nodes, n)
	return i
}
