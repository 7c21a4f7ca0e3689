package xmltree

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Builder writes XML. Prefixes come from one table, a namespace is declared
// on the first element that needs it, and attributes stand in the order in
// which they are given, so that what this module sends has one shape. The zero
// Builder is ready for use.
//
// Misuse, such as an attribute after text or a namespace that the table does not
// have, is a bug of the caller and panics.
type Builder struct {
	buf     []byte
	open    []frame
	spaces  []string // declared, innermost last
	pending bool     // the start tag of the innermost element is not closed yet
}

type frame struct {
	space, local string
	spaces       int // len(Builder.spaces) outside the element
}

// Grow makes room for n octets at once, for whoever knows how much there will
// be. It is of use before anything is written.
func (b *Builder) Grow(n int) {
	if b.buf == nil {
		b.buf = make([]byte, 0, n)
		b.open = make([]frame, 0, 8)
		b.spaces = make([]string, 0, 8)
	}
}

// Start opens an element.
func (b *Builder) Start(space, local string) {
	b.Grow(1024) // most of what is built is no longer
	b.closeTag()
	b.buf = append(b.buf, '<')
	b.name(space, local)
	b.open = append(b.open, frame{space, local, len(b.spaces)})
	b.pending = true
	b.need(space)
}

// Attr adds an attribute to the element that was just opened. The empty
// namespace is the usual one.
func (b *Builder) Attr(space, local, value string) {
	if !b.pending {
		panic("xmltree: Attr without an open start tag")
	}
	b.need(space)
	b.buf = append(b.buf, ' ')
	b.name(space, local)
	b.buf = append(b.buf, `="`...)
	b.buf = appendEscaped(b.buf, []byte(value), true)
	b.buf = append(b.buf, '"')
}

// Declare puts the declaration of a namespace on the element that was just
// opened, for names in values.
func (b *Builder) Declare(space string) {
	if !b.pending {
		panic("xmltree: Declare without an open start tag")
	}
	b.need(space)
}

// Text adds character data. Characters that XML cannot carry panic; check what
// comes from outside with [ValidText].
func (b *Builder) Text(s string) {
	b.closeTag()
	b.buf = appendEscaped(b.buf, []byte(s), false)
}

// Base64 adds octets as base64 text.
func (b *Builder) Base64(p []byte) {
	b.closeTag()
	b.buf = base64.StdEncoding.AppendEncode(b.buf, p)
}

// Raw adds elements that are written already and stand alone.
func (b *Builder) Raw(xml []byte) {
	b.closeTag()
	b.buf = append(b.buf, xml...)
}

// End closes the innermost element.
func (b *Builder) End() {
	f := b.open[len(b.open)-1]
	b.open = b.open[:len(b.open)-1]
	if b.pending {
		b.buf = append(b.buf, "/>"...)
		b.pending = false
	} else {
		b.buf = append(b.buf, "</"...)
		b.name(f.space, f.local)
		b.buf = append(b.buf, '>')
	}
	b.spaces = b.spaces[:f.spaces]
}

// Elem writes an element that holds only text.
func (b *Builder) Elem(space, local, text string) {
	b.Start(space, local)
	b.Text(text)
	b.End()
}

// Len returns the number of octets written so far, with the start tag of the
// innermost element closed: the offset at which its next child will stand.
func (b *Builder) Len() int {
	b.closeTag()
	return len(b.buf)
}

// Bytes returns what was written. Every element must be closed.
func (b *Builder) Bytes() []byte {
	if len(b.open) != 0 {
		panic("xmltree: Bytes with an open element")
	}
	return b.buf
}

// Reset empties the builder and keeps its memory.
func (b *Builder) Reset() {
	*b = Builder{buf: b.buf[:0], open: b.open[:0], spaces: b.spaces[:0]}
}

func (b *Builder) closeTag() {
	if b.pending {
		b.buf = append(b.buf, '>')
		b.pending = false
	}
}

func (b *Builder) name(space, local string) {
	if p := b.prefix(space); p != "" {
		b.buf = append(append(b.buf, p...), ':')
	}
	b.buf = append(b.buf, local...)
}

func (b *Builder) prefix(space string) string {
	if space == "" {
		return ""
	}
	p := prefixOf(space)
	if p == "" {
		panic(fmt.Sprintf("xmltree: no prefix for namespace %q", space))
	}
	return p
}

// need declares a namespace on the open start tag unless it is in force. Two
// namespaces may share a prefix (both versions of trust do), so the innermost
// use of the prefix decides.
func (b *Builder) need(space string) {
	if space == "" || space == XML {
		return
	}
	p := b.prefix(space)
	for i := len(b.spaces) - 1; i >= 0; i-- {
		if b.spaces[i] == space {
			return
		}
		if prefixOf(b.spaces[i]) == p {
			break
		}
	}
	b.spaces = append(b.spaces, space)
	b.buf = append(b.buf, " xmlns:"...)
	b.buf = append(b.buf, p...)
	b.buf = append(b.buf, `="`...)
	b.buf = append(b.buf, space...)
	b.buf = append(b.buf, '"')
}

// ValidText reports whether XML 1.0 can carry s.
func ValidText(s string) bool {
	for i, r := range s {
		if !xmlRune(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return false
		}
	}
	return true
}

// appendEscaped writes text or an attribute value so that it parses back to
// the same characters, carriage returns included, and equals its canonical
// form.
func appendEscaped(b, s []byte, attr bool) []byte {
	for _, c := range s {
		switch c {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '\r':
			b = append(b, "&#xD;"...)
		case '>':
			if attr {
				b = append(b, c)
			} else {
				b = append(b, "&gt;"...)
			}
		case '"':
			if attr {
				b = append(b, "&quot;"...)
			} else {
				b = append(b, c)
			}
		case '\t', '\n':
			switch {
			case !attr:
				b = append(b, c)
			case c == '\t':
				b = append(b, "&#x9;"...)
			default:
				b = append(b, "&#xA;"...)
			}
		default:
			b = append(b, c)
		}
	}
	return b
}
