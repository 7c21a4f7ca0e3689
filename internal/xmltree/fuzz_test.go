package xmltree

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"wstrust/internal/corpora"
)

// FuzzParse holds the parser against three promises: an error has a class; what
// it accepts encoding/xml accepts too, and reads to the same names, namespaces,
// attributes and text; and every element stands alone as what it was in place.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`<a/>`, `<?xml version="1.0" encoding="UTF-8"?><a xmlns="urn:x" xmlns:p="urn:y" p:b="c&#10;d" e='"'>t&amp;<p:q>x</p:q><!-- c --><![CDATA[<]]></a>`,
		"<a b='\t\r\n'>\r\n</a>", `<a xmlns:p="urn:x"><p:b xmlns:p="urn:y"/><p:b/></a>`, "\ufeff<a>\u20ac</a>",
		"<a>x\r\n<![CDATA[\r\r\ny\r\n]]>\r</a>",
	} {
		f.Add([]byte(s))
	}
	for _, doc := range corpora.Documents(f, 2<<10, "c14n", "token") {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := Parse(src, Limits{})
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrLimit) {
				t.Fatalf("error of no class: %v", err)
			}
			return
		}
		standsAlone(t, d.Root())
		if bytes.HasPrefix(src, []byte{0xFE, 0xFF}) || bytes.HasPrefix(src, []byte{0xFF, 0xFE}) {
			return
		}
		if !plainNames(d) {
			return // encoding/xml has the names of an older edition
		}
		std, err := byStandard(d.Source())
		if err != nil {
			t.Fatalf("accepted here, refused by encoding/xml: %v", err)
		}
		if ours := byUs(d.Root()); ours != std {
			t.Fatalf("read here as\n%s\nand by encoding/xml as\n%s", ours, std)
		}
	})
}

func standsAlone(t *testing.T, e Elem) {
	alone, err := Parse(e.Standalone(), Limits{})
	if err != nil {
		t.Fatalf("%s does not stand alone: %v", e.Path(), err)
	}
	if here, there := byUs(e), byUs(alone.Root()); here != there {
		t.Fatalf("%s is\n%s\nand alone\n%s", e.Path(), here, there)
	}
	for c := range e.Children {
		standsAlone(t, c)
	}
}

// byUs and byStandard write what a document says, so that it can be compared:
// the text in the order in which it stands, white space in values as blanks.
func byUs(e Elem) string {
	var b strings.Builder
	var walk func(i int32)
	d := e.d
	walk = func(i int32) {
		n := &d.nodes[i]
		switch n.kind {
		case kindText:
			b.Write(d.valueOf(i))
		case kindElement:
			x := Elem{d: d, i: i}
			say(&b, x.Space(), x.Local())
			for a := range x.Attrs {
				b.WriteByte(0)
				say(&b, a.Space, a.Local)
				b.WriteString(blanks.Replace(a.Value))
			}
			b.WriteByte(1)
			b.Write(d.valueOf(i))
			for c := i + 1; c < n.end; c = d.nodes[c].end {
				walk(c)
			}
			b.WriteByte(2)
		}
	}
	walk(e.i)
	return b.String()
}

var blanks = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")

func say(b *strings.Builder, space, local string) {
	b.WriteString("{" + blanks.Replace(space) + "}" + local + "=")
}

func byStandard(src []byte) (string, error) {
	var b strings.Builder
	dec := xml.NewDecoder(bytes.NewReader(src))
	depth := 0
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch x := token.(type) {
		case xml.StartElement:
			depth++
			say(&b, x.Name.Space, x.Name.Local)
			for _, a := range x.Attr {
				if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
					continue
				}
				b.WriteByte(0)
				say(&b, a.Name.Space, a.Name.Local)
				b.WriteString(blanks.Replace(a.Value))
			}
			b.WriteByte(1)
		case xml.EndElement:
			depth--
			b.WriteByte(2)
		case xml.CharData:
			if depth > 0 {
				b.Write(x)
			}
		}
	}
}

// plainNames reports whether every name in the document is ASCII. Outside of
// that encoding/xml follows the fourth edition of XML 1.0 and we the fifth.
func plainNames(d *Doc) bool {
	ascii := func(p []byte) bool {
		for _, c := range p {
			if c >= 0x80 {
				return false
			}
		}
		return true
	}
	for i := 1; i < len(d.nodes); i++ {
		if n := &d.nodes[i]; n.kind == kindElement && !ascii(d.src[n.from:n.nameTo]) {
			return false
		}
	}
	for i := range d.attrs {
		if !ascii(d.src[d.attrs[i].nameFrom:d.attrs[i].nameTo]) {
			return false
		}
	}
	for n := 2; n < len(d.prefixes); n++ {
		if !ascii(d.prefixOctets(int32(n))) {
			return false
		}
	}
	return true
}

// FuzzTime: what is read as a time is what RFC 3339 makes of it, and is written
// and read again as the same, to the millisecond.
func FuzzTime(f *testing.F) {
	for _, s := range []string{"2026-01-02T12:00:00Z", "2026-12-31T23:59:59.999999999+14:00", "2024-02-29T00:00:00.5-00:30", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-06-30T23:59:60Z", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:60:00Z", "2026-01-01T00:00:00.1234567890Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseTime(s)
		if err != nil {
			if !got.IsZero() {
				t.Fatalf("%v with %v", got, err)
			}
			return
		}
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil || !got.Equal(want) {
			t.Fatalf("%q is read as %v, and by package time as %v, %v", s, got, want, err)
		}
		if y := got.UTC().Year(); y < 0 || y > 9999 {
			return
		}
		again, err := ParseTime(FormatTime(got))
		if err != nil || !again.Equal(got.Truncate(time.Millisecond)) {
			t.Fatalf("%q is written as %s: %v", s, FormatTime(got), err)
		}
	})
}

// FuzzBase64: octets have one spelling but for white space, and what is not read
// leaves nothing behind that could be taken for a value.
func FuzzBase64(f *testing.F) {
	for _, s := range []string{"", "AA==", "AAA=", " AA\r\n== ", "AB==", "A", "AAAA AAAA", "_-8=", "AA=A"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		before := bytes.Clone(p)
		got, ok := DecodeBase64(p)
		if !bytes.Equal(p, before) {
			t.Fatal("the text was changed")
		}
		clean := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \t\r\n", r) {
				return -1
			}
			return r
		}, string(p))
		if ok != (base64.StdEncoding.EncodeToString(got) == clean) {
			t.Fatalf("%q is read as %x, %v", p, got, ok)
		}
	})
}
