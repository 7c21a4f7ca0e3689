// Package awkward writes documents that are well formed and hard to canonicalize:
// namespaces declared again, changed and taken away, default namespaces, attributes in
// foreign namespaces, character references, every kind of line end in text and values,
// CDATA, comments, deep nesting.
package awkward

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf16"
)

// A Generator writes documents. The same seed and number give the same documents.
type Generator struct {
	r        *rand.Rand
	b        strings.Builder
	left     int  // elements that may still be written
	ids      int  // xml:id values given out
	comments bool // whether comments are written at all
}

// New returns a generator.
func New(seed, number uint64) *Generator {
	return &Generator{r: rand.New(rand.NewPCG(seed, number))}
}

// Comments reports whether the document last written may have comments in it. Half of
// them have none, so that forms with and without comments are the same.
func (g *Generator) Comments() bool { return g.comments }

// Element writes one element, without what may stand around it, and without a byte-order
// mark, that is to be placed where only the default namespace may be in force.
func (g *Generator) Element() []byte {
	g.start()
	g.element(scope{"": ""}, 0)
	return []byte(g.b.String())
}

func (g *Generator) start() {
	g.b.Reset()
	g.left = 1 + g.r.IntN(24)
	g.comments = g.r.IntN(2) == 0
}

// A scope is the namespace declarations in force: prefix to escaped URI.
type scope map[string]string

var (
	prefixes = []string{"", "a", "b", "c", "ns0", "é", "a-b", "_x", "Z"}
	// libxml2 canonicalizes no namespace name that is not a URI in ASCII, and writes an
	// ampersand in one as it is, where the specification wants it written as in a value.
	uris   = []string{"urn:a", "urn:b", "urn:c", "http://example.com/x?y=1#z", "urn:%C3%BC", "urn:&#x61;:&#98;", "urn:a:b", "URN:A", "urn:a-", "http://a"}
	locals = []string{"a", "b", "item", "Item", "x.y", "x-1", "_", "é", "ID", "lang", "日本"}
	spaces = []string{" ", "  ", "\n", "\t", "\r\n", "\r", " \n\t "}
)

// Document writes one document as UTF-8, or as UTF-16 now and then.
func (g *Generator) Document() []byte {
	g.start()
	utf16le, bom := g.r.IntN(16) == 0, false
	if !utf16le {
		bom = g.r.IntN(12) == 0
		if g.r.IntN(3) == 0 {
			g.b.WriteString(g.one(`<?xml version="1.0"?>`, `<?xml version='1.0' encoding='UTF-8'?>`, `<?xml version="1.0" encoding="utf-8" standalone="yes" ?>`) + g.one("", "\n", "\r\n"))
		}
	}
	g.misc()
	if g.r.IntN(40) == 0 {
		g.deep(20 + g.r.IntN(180))
	} else {
		g.element(scope{"": ""}, 0)
	}
	g.misc()
	switch text := g.b.String(); {
	case utf16le:
		out := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(text)) {
			out = append(out, byte(u), byte(u>>8))
		}
		return out
	case bom:
		return []byte("\ufeff" + text)
	default:
		return []byte(text)
	}
}

// Damage writes a document and spoils it in a few places, as UTF-8. Most are not well
// formed any more; the others are what nobody would think of.
func (g *Generator) Damage() []byte {
	doc := g.Document()
	for doc[0] == 0xff {
		doc = g.Document()
	}
	for n := 1 + g.r.IntN(3); n > 0; n-- {
		at, end := g.r.IntN(len(doc)+1), 0
		end = min(len(doc), at+g.r.IntN(9))
		var put []byte
		switch g.r.IntN(5) {
		case 0: // left out
		case 1: // twice
			put = append(put, doc[at:end]...)
			put = append(put, doc[at:end]...)
		case 2: // something from elsewhere
			from := g.r.IntN(len(doc) + 1)
			put = append(put, doc[from:min(len(doc), from+g.r.IntN(30))]...)
			end = at
		case 3: // one octet changed
			end = min(len(doc), at+1)
			put = append(put, g.one("<", ">", "&", "'", "\"", "=", ":", "/", "!", "-", "]", "[", " ", "\r", "\n", "\t", "0", "a", ";", "#", "?", "\x00", "\x0b", "\x7f", "\x80", "\xff", ".")...)
		default:
			end = at
			put = append(put, g.one("<!---->", "<!-- -- -->", "&#0;", "&#xFFFE;", "&#xD800;", "&amp", "&nbsp;", "&#65;", "xmlns:a=''", " xmlns=''", "xmlns:xml='http://www.w3.org/XML/1998/namespace'",
				" xmlns:xmlns='urn:x'", " a:a='1'", " a='1' a='2'", "<![CDATA[", "]]>", "<?pi?>", "<!DOCTYPE a>", "<a/>", "</a>", "<a>", "<:a/>", "<a:/>", "<a:b:c/>", "\ufffe", "\ufeff", "\u0085", "<?xml version='1.0'?>", "<1/>", "<\u0301/>", "<\u00b7a/>", "<a\u00b7/>", "<\U00010000/>", "<\u0500/>")...)
		}
		doc = slices.Concat(doc[:at], put, doc[end:])
		if len(doc) == 0 {
			doc = []byte(" ")
		}
	}
	return doc
}

// misc writes what may stand outside the root.
func (g *Generator) misc() {
	for g.r.IntN(4) == 0 {
		if g.comments && g.r.IntN(2) == 0 {
			g.comment()
		} else {
			g.b.WriteString(g.one(spaces...))
		}
	}
}

func (g *Generator) one(from ...string) string { return from[g.r.IntN(len(from))] }

// space is white space between attributes, mostly one blank.
func (g *Generator) space() string {
	if g.r.IntN(5) > 0 {
		return " "
	}
	return g.one(spaces...)
}

// element writes one element with what is in it.
func (g *Generator) element(in scope, depth int) {
	g.left--
	now := scope{}
	for p, u := range in {
		now[p] = u
	}
	var attrs []string
	declared := map[string]bool{}
	declare := func(p, u string) {
		if declared[p] {
			return
		}
		declared[p] = true
		now[p] = u
		name := "xmlns"
		if p != "" {
			name += ":" + p
		}
		attrs = append(attrs, name+g.equals()+g.quote(u))
	}
	for g.r.IntN(3) == 0 {
		p := g.one(prefixes...)
		switch g.r.IntN(6) {
		case 0: // the declaration in force once more
			if u, ok := now[p]; ok {
				declare(p, u)
			}
		case 1: // the default namespace taken away, needed or not
			declare("", "")
		default:
			declare(p, g.one(uris...))
		}
	}
	name := g.qname(now, declare)
	g.attributes(now, declare, &attrs)
	g.r.Shuffle(len(attrs), func(i, j int) { attrs[i], attrs[j] = attrs[j], attrs[i] })
	g.b.WriteString("<" + name)
	for _, a := range attrs {
		g.b.WriteString(g.space() + a)
	}
	g.tail()
	if g.r.IntN(6) == 0 {
		g.b.WriteString("/>")
		return
	}
	g.b.WriteString(">")
	for n := g.r.IntN(6); n > 0; n-- {
		switch {
		case g.left > 0 && depth < 40 && g.r.IntN(2) == 0:
			g.element(now, depth+1)
		case g.comments && g.r.IntN(6) == 0:
			g.comment()
		case g.r.IntN(5) == 0:
			g.cdata()
		default:
			g.text()
		}
	}
	g.b.WriteString("</" + name)
	g.tail()
	g.b.WriteString(">")
}

// tail is white space before the end of a tag, now and then.
func (g *Generator) tail() {
	if g.r.IntN(8) == 0 {
		g.b.WriteString(g.one(spaces...))
	}
}

func (g *Generator) equals() string {
	if g.r.IntN(10) == 0 {
		return g.one(" = ", "= ", "\n=\t")
	}
	return "="
}

func (g *Generator) quote(v string) string {
	if !strings.Contains(v, "'") && g.r.IntN(3) == 0 {
		return "'" + v + "'"
	}
	return `"` + v + `"`
}

// qname picks a name; its prefix is declared if it is not in force.
func (g *Generator) qname(now scope, declare func(p, u string)) string {
	p := g.one(prefixes...)
	if p == "" {
		return g.one(locals...)
	}
	if now[p] == "" {
		declare(p, g.one(uris...))
	}
	return p + ":" + g.one(locals...)
}

// attributes adds attributes, no two of the same expanded name.
func (g *Generator) attributes(now scope, declare func(p, u string), attrs *[]string) {
	type attr struct{ p, local, value string }
	var add []attr
	for g.r.IntN(5) < 3 {
		p, local := "", g.one(locals...)
		switch g.r.IntN(4) {
		case 0:
		case 1:
			p = "xml"
			local = g.one("lang", "space", "base", "other")
		default:
			p = g.one(prefixes[1:]...)
			if now[p] == "" {
				declare(p, g.one(uris...))
			}
		}
		value := g.value()
		if p == "xml" {
			value = map[string]string{"lang": "en-GB", "space": "preserve", "base": "http://example.com/" + g.one("a/", "b/../c", ""), "other": value}[local]
		}
		add = append(add, attr{p, local, value})
	}
	if g.r.IntN(25) == 0 {
		g.ids++
		add = append(add, attr{"xml", "id", fmt.Sprint("id", g.ids)})
	}
	seen := map[string]bool{}
	for _, a := range add { // only now are all declarations of this element known
		space := now[a.p]
		switch a.p {
		case "":
			space = ""
		case "xml":
			space = "xml"
		}
		space = strings.NewReplacer("&#x61;:&#98;", "a:b").Replace(space)
		name := a.local
		if a.p != "" {
			name = a.p + ":" + name
		}
		if key := space + " " + a.local; !seen[key] && !seen[name] {
			seen[key], seen[name] = true, true
			*attrs = append(*attrs, name+g.equals()+g.quote(a.value))
		}
	}
}

func (g *Generator) value() string {
	var v strings.Builder
	for n := g.r.IntN(6); n > 0; n-- {
		v.WriteString(g.one("x", "some value", " ", "\t", "\n", "\r", "\r\n", "&lt;", "&amp;", "&gt;", "&quot;", "&apos;", ">", "&#13;",
			"&#xD;", "&#10;", "&#x9;", "&#32;", "&#xA0;", "&#x85;", "&#x2028;", "é", "日本語", "\U0001F600", "&#x1F600;", "e\u0301", "&#60;", "&#38;", "&#38;lt;", "]]&gt;", "\u007f", "{$}"))
	}
	return v.String()
}

func (g *Generator) text() {
	var v strings.Builder
	for n := 1 + g.r.IntN(4); n > 0; n-- {
		v.WriteString(g.one("word", "two words", " ", "\n", "\n    ", "\r\n", "\r", "\t", "&lt;", "&amp;", "&gt;", ">", "\"", "'", "&quot;", "&apos;", "&#13;",
			"&#xd;", "&#xA;", "&#9;", "&#x000000D;", "\u00a0", "\u0085", "\u2028", "ß", "日本語", "\U0001F600", "&#128512;", "]]", "]", "&#93;&#93;&#62;", "&#38;amp;", "\ufffd", "\ue000"))
	}
	if strings.HasSuffix(g.b.String(), "]") {
		g.b.WriteString(".") // or the two texts could make the forbidden sequence together
	}
	g.b.WriteString(strings.ReplaceAll(v.String(), "]]>", "]]&gt;"))
}

func (g *Generator) cdata() {
	var v strings.Builder
	for n := g.r.IntN(4); n > 0; n-- {
		v.WriteString(g.one("<b>", "&amp;", "&#13;", "\r\n", "\r", "\n", "]]", "]", "\"", "é", "\U0001F600", ">", "text", " ", "<![CDATA[", "<!--"))
	}
	g.b.WriteString("<![CDATA[" + strings.ReplaceAll(v.String(), "]]>", "]] >") + "]]>")
}

func (g *Generator) comment() {
	g.b.WriteString("<!--" + g.one("", " note ", "a\r\nb", "a\rb", "<&>", "&amp;", " - ", "é", "]]>", "\t") + "-->")
}

// deep writes a chain of elements in which namespaces come, change and go.
func (g *Generator) deep(n int) {
	var ends []string
	in := scope{"": ""}
	for range n {
		var decl string
		p := g.one("", "a", "b")
		switch u := g.one(uris...); {
		case in[p] == "" && p != "", g.r.IntN(3) == 0:
			in[p] = u
			decl = " xmlns:" + p + "=\"" + u + "\""
			if p == "" {
				decl = " xmlns=\"" + u + "\""
			}
		case p == "" && g.r.IntN(3) == 0:
			in[p], decl = "", ` xmlns=""`
		}
		name := g.one(locals...)
		if p != "" {
			name = p + ":" + name
		}
		g.b.WriteString("<" + name + decl + ">" + g.one("", "", "t", "\r\n"))
		ends = append(ends, name)
	}
	for i := len(ends) - 1; i >= 0; i-- {
		g.b.WriteString("</" + ends[i] + ">" + g.one("", "", "\n"))
	}
}
