package c14n_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/c14n"
	"wstrust/internal/corpora"
	"wstrust/internal/xmltree"
)

// FuzzFixedPoint: the canonical form of a canonical form is itself, for every
// method, for the document and for each child; it says what the document says; and
// the same comes out node by node.
func FuzzFixedPoint(f *testing.F) {
	for _, s := range []string{
		`<r xmlns="urn:d" xmlns:p="urn:p"><p:a b='1' p:c="2&#10;"><!--x--><d xmlns=""/></p:a>&gt;&#13;</r>`,
		`<a xmlns:b="urn:b" xmlns:a="urn:a" b:x="" a:x="" x=""><![CDATA[<&>]]></a>`,
		`<p:a xmlns:p="urn:p"><p:b>x<![CDATA[]]></p:b><p:b>y</p:b ><p:b>z<p:c>></p:c><p:c/></p:b></p:a>`,
	} {
		f.Add(s, "p b")
	}
	for _, doc := range corpora.Documents(f, 2<<10, "c14n") {
		f.Add(string(doc), "#default xsi")
	}
	f.Fuzz(func(t *testing.T, src, list string) {
		d, err := xmltree.Parse([]byte(src), xmltree.Limits{})
		if err != nil {
			return
		}
		for m := c14n.C14N10; m <= c14n.ExclusiveComments; m++ {
			var prefixes []string
			if m.Exclusive() {
				prefixes = strings.Fields(list)
			}
			for _, e := range append([]xmltree.Elem{d.Root()}, slices.Collect(d.Root().Children)...) {
				sameSlowly(t, e, list)
				var once, twice bytes.Buffer
				if err := c14n.Write(&once, e, m, xmltree.Elem{}, prefixes); err != nil {
					if errors.Is(err, c14n.ErrMethod) {
						continue
					}
					t.Fatal(err)
				}
				again, err := xmltree.Parse(once.Bytes(), xmltree.Limits{Depth: 1 << 20, Bytes: 1 << 24})
				if err != nil {
					t.Fatalf("canonical form does not parse: %v\n%q", err, once.Bytes())
				}
				if err := c14n.Write(&twice, again.Root(), m, xmltree.Elem{}, prefixes); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(once.Bytes(), twice.Bytes()) {
					t.Fatalf("%s is no fixed point:\n%q\n%q", m.URI(), once.Bytes(), twice.Bytes())
				}
				// A child takes attributes from outside in the inclusive forms.
				if e != d.Root() && !m.Exclusive() {
					continue
				}
				comments := strings.HasSuffix(m.URI(), "WithComments")
				if was, is := says(e, comments), says(again.Root(), comments); was != is {
					t.Fatalf("%s says %q of what says %q", m.URI(), is, was)
				}
			}
		}
	})
}

// says is what an element says: names, attributes in any order, text, and with
// comments the comments.
func says(e xmltree.Elem, comments bool) string {
	var b strings.Builder
	d := e.Doc()
	from, to, _ := e.Span()
	var ends []int
	for i := from; i <= to; i++ {
		for len(ends) > 0 && ends[len(ends)-1] == i {
			b.WriteByte(2)
			ends = ends[:len(ends)-1]
		}
		if i == to {
			break
		}
		kind, end, _ := d.Node(i)
		value, _ := d.Value(i)
		switch {
		case kind == xmltree.Text:
			b.Write(value)
		case kind == xmltree.Comment && comments:
			b.WriteString("\x03" + string(value) + "\x04")
		case kind == xmltree.Element:
			t := d.Tag(i)
			b.WriteString(string(d.AppendSpace(nil, t.Space)) + " " + string(t.Name))
			var attrs []string
			for k := t.AttrFrom; k < t.AttrTo; k++ {
				a := d.TagAttr(k)
				attrs = append(attrs, "\x00"+string(d.AppendSpace(nil, a.Space))+" "+string(a.Name)+"="+string(a.Value))
			}
			slices.Sort(attrs)
			b.WriteString(strings.Join(attrs, "") + "\x01" + string(value))
			ends = append(ends, end)
		}
	}
	return b.String()
}
