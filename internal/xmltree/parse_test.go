package xmltree

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
)

// Each document breaks one rule. The offset is where the parser must point.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, src string
		offset    int
		path      string
	}{
		{"doctype", `<!DOCTYPE a><a/>`, 0, "/"},
		{"doctype after declaration", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, 21, "/"},
		{"doctype inside", `<a><!DOCTYPE a></a>`, 3, "/a"},
		{"processing instruction", `<a><?php x?></a>`, 3, "/a"},
		{"instruction before root", `<?xml-stylesheet href="x"?><a/>`, 0, "/"},
		{"late declaration", ` <?xml version="1.0"?><a/>`, 1, "/"},
		{"version 1.1", `<?xml version="1.1"?><a/>`, 0, "/"},
		{"encoding", `<?xml version="1.0" encoding="UTF-16"?><a/>`, 0, "/"},
		{"declaration order", `<?xml encoding="UTF-8" version="1.0"?><a/>`, 0, "/"},
		{"declaration without version", `<?xml encoding="UTF-8"?><a/>`, 0, "/"},
		{"undeclared element prefix", `<p:a/>`, 0, "/a"},
		{"undeclared attribute prefix", `<a p:b="c"/>`, 3, "/a"},
		{"prefix out of scope", `<a><b xmlns:p="urn:x"/><p:c/></a>`, 23, "/a/c"},
		{"attribute twice", `<a b="1" c="2" b="3"/>`, 15, "/a"},
		{"attribute twice expanded", `<a xmlns:p="urn:x" xmlns:q="urn:x" p:b="1" q:b="2"/>`, 43, "/a"},
		{"declaration twice", `<a xmlns:p="urn:x" xmlns:p="urn:x"/>`, 19, "/a"},
		{"default twice", `<a xmlns="urn:x" xmlns="urn:y"/>`, 17, "/a"},
		{"prefix undeclared by empty", `<a xmlns:p=""/>`, 3, "/a"},
		{"xml rebound", `<a xmlns:xml="urn:x"/>`, 3, "/a"},
		{"xml namespace under another prefix", `<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>`, 3, "/a"},
		{"xml namespace as default", `<a xmlns="http://www.w3.org/XML/1998/namespace"/>`, 3, "/a"},
		{"xmlns declared", `<a xmlns:xmlns="urn:x"/>`, 3, "/a"},
		{"xmlns namespace bound", `<a xmlns:p="http://www.w3.org/2000/xmlns/"/>`, 3, "/a"},
		{"xmlns as element prefix", `<xmlns:a/>`, 0, "/a"},
		{"relative namespace", `<a xmlns="b"/>`, 3, "/a"},
		{"relative namespace with path", `<a xmlns:p="../x:y"/>`, 3, "/a"},
		{"empty prefix", `<:a/>`, 1, "/"},
		{"empty local", `<a:/>`, 1, "/"},
		{"two colons", `<a:b:c/>`, 1, "/"},
		{"name starts with digit", `<1/>`, 1, "/"},
		{"name starts with combining mark", "<\u0301/>", 1, "/"},
		{"no space between attributes", `<a b="1"c="2"/>`, 8, "/a"},
		{"two roots", `<a/><b/>`, 4, "/"},
		{"no root", `<!-- x -->`, 10, "/"},
		{"nothing", ``, 0, "/"},
		{"text before root", `x<a/>`, 0, "/"},
		{"text after root", `<a/>x`, 4, "/"},
		{"CDATA outside root", `<a/><![CDATA[]]>`, 4, "/"},
		{"less-than in value", `<a b="<"/>`, 6, "/a"},
		{"]]> in text", `<a>x]]>y</a>`, 6, "/a"},
		{"]]> in text with references", `<a>&lt;]]>y</a>`, 9, "/a"},
		{"-- in comment", `<a><!-- x -- y --></a>`, 10, "/a"},
		{"comment ends in ---", `<a><!-- x ---></a>`, 10, "/a"},
		{"entity", `<a>&nbsp;</a>`, 3, "/a"},
		{"entity in value", `<a b="&x;"/>`, 6, "/a"},
		{"bare ampersand", `<a>a & b</a>`, 5, "/a"},
		{"reference to NUL", `<a>&#0;</a>`, 3, "/a"},
		{"reference to surrogate", `<a>&#xD800;</a>`, 3, "/a"},
		{"reference past Unicode", `<a>&#x110000;</a>`, 3, "/a"},
		{"reference without digits", `<a>&#x;</a>`, 3, "/a"},
		{"control character", "<a>\x01</a>", 3, "/a"},
		{"control character in value", "<a b='\x1f'/>", 6, "/a"},
		{"control character in comment", "<a><!--\x02--></a>", 7, "/a"},
		{"U+FFFF", "<a>\uffff</a>", 3, "/a"},
		{"U+FFFE in CDATA", "<a><![CDATA[\ufffe]]></a>", 12, "/a"},
		{"malformed UTF-8", "<a>\xff</a>", 3, "/"},
		{"overlong UTF-8", "<a>\xc0\xaf</a>", 3, "/"},
		{"surrogate in UTF-8", "<a>\xed\xa0\x80</a>", 3, "/"},
		{"wrong end tag", `<a><b></a></b>`, 6, "/a/b"},
		{"end tag longer", `<a></ab>`, 3, "/a"},
		{"end tag alone", `</a>`, 1, "/"},
		{"unclosed", `<a><b></b>`, 10, "/a"},
		{"cut in tag", `<a b`, 4, "/a"},
		{"cut in value", `<a b="c`, 6, "/a"},
		{"value without quotes", `<a b=c/>`, 5, "/a"},
		{"attribute without value", `<a b/>`, 4, "/a"},
		{"slash in tag", `<a / b="c">`, 4, "/a"},
		{"cut CDATA", `<a><![CDATA[x]]`, 3, "/a"},
		{"unknown markup", `<a><!ELEMENT b></a>`, 3, "/a"},
	} {
		_, err := Parse([]byte(c.src), Limits{})
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %q: got %v, want a format error", c.name, c.src, err)
			continue
		}
		if e.Offset != c.offset || e.Path != c.path {
			t.Errorf("%s: refused at %s byte %d, want %s byte %d (%v)", c.name, e.Path, e.Offset, c.path, c.offset, err)
		}
	}
}

func TestLimits(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "#", string(rune('a'+i%26))+strings.Repeat("x", i/26)))
		}
		return b.String()
	}
	for _, c := range []struct {
		name, ok, over string
		lim            Limits
	}{
		{"bytes", `<a>123</a>`, `<a>1234</a>`, Limits{Bytes: 10}},
		{"depth", `<a><a/></a>`, `<a><a><a/></a></a>`, Limits{Depth: 2}},
		{"elements", `<a><b/><b/></a>`, `<a><b/><b/><b/></a>`, Limits{Elements: 3}},
		{"attributes", `<a` + many(20, ` #="1"`) + `/>`, `<a` + many(21, ` #="1"`) + `/>`, Limits{Attributes: 20}},
		{"namespaces", `<a` + many(20, ` xmlns:#="urn:#"`) + `/>`, `<a` + many(21, ` xmlns:#="urn:#"`) + `/>`, Limits{Namespaces: 20}},
		{"name", `<abcd/>`, `<abcde/>`, Limits{Name: 4}},
		{"default depth", strings.Repeat("<a>", 64) + strings.Repeat("</a>", 64), strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65), Limits{}},
	} {
		if _, err := Parse([]byte(c.ok), c.lim); err != nil {
			t.Errorf("%s: at the limit: %v", c.name, err)
		}
		if _, err := Parse([]byte(c.over), c.lim); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: past the limit: got %v", c.name, err)
		}
	}
}

// Documents with more names than a linear search is used for.
func TestManyNames(t *testing.T) {
	var b strings.Builder
	b.WriteString("<r")
	for i := range 100 {
		b.WriteString(" xmlns:p" + string(rune('a'+i%26)) + strings.Repeat("z", i/26) + `="urn:n` + strings.Repeat("y", i) + `"`)
	}
	b.WriteString(">")
	for i := range 100 {
		b.WriteString("<p" + string(rune('a'+i%26)) + strings.Repeat("z", i/26) + ":e Id='i" + strings.Repeat("w", i) + "'/>")
	}
	b.WriteString("</r>")
	d, err := Parse([]byte(b.String()), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for c := range d.Root().Children {
		if !c.Is("urn:n"+strings.Repeat("y", i), "e") {
			t.Fatalf("child %d is {%s}%s", i, c.Space(), c.Local())
		}
		if got, err := ByID(d.Root(), "i"+strings.Repeat("w", i)); err != nil || !got.Same(c) {
			t.Fatalf("id %d: %v", i, err)
		}
		i++
	}
	twice := strings.Replace(b.String(), "Id='iwww'", strings.Repeat(" ", 0)+"b='1' c='2'", 1)
	if _, err := Parse([]byte(twice), Limits{}); err != nil {
		t.Fatal(err)
	}
	var attrs strings.Builder
	for i := range 40 {
		attrs.WriteString(" a" + strings.Repeat("b", i) + "=''")
	}
	if _, err := Parse([]byte("<r"+attrs.String()+" abbbb=''/>"), Limits{}); !errors.Is(err, ErrFormat) {
		t.Errorf("an attribute that occurs twice among many: got %v", err)
	}
}

func TestUTF16(t *testing.T) {
	const text = `<?xml version="1.0" encoding="utf-16"?><a b="ä">€ 😀</a>`
	for _, order := range []binary.ByteOrder{binary.BigEndian, binary.LittleEndian} {
		src := make([]byte, 2)
		order.PutUint16(src, 0xFEFF)
		for _, u := range utf16.Encode([]rune(text)) {
			src = binary.BigEndian.AppendUint16(src, u)
			if order == binary.LittleEndian {
				n := len(src)
				src[n-1], src[n-2] = src[n-2], src[n-1]
			}
		}
		d, err := Parse(src, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if s, err := d.Root().Text(); s != "€ 😀" || err != nil {
			t.Errorf("text %q, %v", s, err)
		}
		if v, _ := d.Root().Attr("", "b"); v != "ä" {
			t.Errorf("attribute %q", v)
		}
		for _, bad := range [][]byte{src[:len(src)-1], append(bytes.Clone(src[:2]), 0xD8, 0x00, 0xD8, 0x00)} {
			if _, err := Parse(bad, Limits{}); !errors.Is(err, ErrFormat) {
				t.Errorf("got %v, want a format error", err)
			}
		}
	}
	// UTF-8 in disguise, and UTF-16 without a mark.
	if _, err := Parse([]byte("\xef\xbb\xbf<a/>"), Limits{}); err != nil {
		t.Error(err)
	}
	if _, err := Parse([]byte("\x00<\x00a\x00/\x00>"), Limits{}); !errors.Is(err, ErrFormat) {
		t.Errorf("UTF-16 without a mark: got %v", err)
	}
}

func TestNormalization(t *testing.T) {
	d, err := Parse([]byte("<a b='1\r\n2\t3\n4\r5&#xD;&#x9;'>x\r\ny\rz&#xD;<![CDATA[<&\r\n]]>w</a>"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := d.Root().Attr("", "b"); v != "1 2 3 4 5\r\t" {
		t.Errorf("value %q", v)
	}
	if s, err := d.Root().Text(); s != "x\ny\nz\r<&\nw" || err != nil {
		t.Errorf("text %q, %v", s, err)
	}
}

// A reused Doc must not remember anything of the document before.
func TestReuse(t *testing.T) {
	var d Doc
	docs := []string{
		`<a xmlns="urn:one" xmlns:p="urn:two" Id="x"><p:b>1</p:b></a>`,
		`<a><b>&lt;</b></a>`,
		`<q:a xmlns:q="urn:three"><b Id="x"/></q:a>`,
	}
	for range 3 {
		for _, s := range docs {
			if err := d.Parse([]byte(s), Limits{}); err != nil {
				t.Fatal(err)
			}
			fresh, err := Parse([]byte(s), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := dump(d.Root()), dump(fresh.Root()); got != want {
				t.Fatalf("reused: %s, fresh: %s", got, want)
			}
		}
		if err := d.Parse([]byte(`<a><p:b/></a>`), Limits{}); err == nil || d.Root().OK() {
			t.Fatal("a prefix of an earlier document was in force")
		}
	}
}

func dump(e Elem) string {
	var b strings.Builder
	b.WriteString("{" + e.Space() + "}" + e.Local())
	for a := range e.Attrs {
		b.WriteString(" {" + a.Space + "}" + a.Local + "=" + a.Value)
	}
	b.WriteString("(")
	for c := range e.Children {
		b.WriteString(dump(c))
	}
	s, _ := e.Text()
	return b.String() + s + ")"
}
