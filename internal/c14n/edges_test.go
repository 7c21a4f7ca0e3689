package c14n

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/xmltree"
)

func canonical(t *testing.T, x *Writer, e xmltree.Elem, m Method, prefixes ...string) string {
	t.Helper()
	var b bytes.Buffer
	if err := x.Write(&b, e, m, xmltree.Elem{}, prefixes); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// deepest is the first element of a document that has no child.
func deepest(t *testing.T, doc string) xmltree.Elem {
	t.Helper()
	d, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e := d.Root()
	for {
		var child xmltree.Elem
		for c := range e.Children {
			child = c
			break
		}
		if !child.OK() {
			return e
		}
		e = child
	}
}

// What an apex takes over from the elements around it.
func TestApexTakesOver(t *testing.T) {
	for _, c := range []struct{ doc, c10, c11, exc string }{
		{`<a b="1"><c/></a>`, `<c></c>`, `<c></c>`, `<c></c>`},
		{`<a xmlns:p="u:p" p:b="1"><c/></a>`, `<c xmlns:p="u:p"></c>`, `<c xmlns:p="u:p"></c>`, `<c></c>`},
		{`<a xml:lang="1"><b xml:lang="2"><c/></b></a>`, `<c xml:lang="2"></c>`, `<c xml:lang="2"></c>`, `<c></c>`},
		{`<a xml:lang="1"><c xml:lang="3"/></a>`, `<c xml:lang="3"></c>`, `<c xml:lang="3"></c>`, `<c xml:lang="3"></c>`},
		{`<a xml:lang="1"><c lang="3"/></a>`, `<c lang="3" xml:lang="1"></c>`, `<c lang="3" xml:lang="1"></c>`, `<c lang="3"></c>`},
		{`<a xml:space="1"><c/></a>`, `<c xml:space="1"></c>`, `<c xml:space="1"></c>`, `<c></c>`},
		{`<a xml:id="1"><c/></a>`, `<c xml:id="1"></c>`, `<c></c>`, `<c></c>`},
		{`<a xml:other="1"><c/></a>`, `<c xml:other="1"></c>`, `<c></c>`, `<c></c>`},
		{`<a xml:base="u:b"><c/></a>`, `<c xml:base="u:b"></c>`, "refused", `<c></c>`},
		{`<a xmlns="u:d" xmlns:p="u:p"><b xmlns=""><c/></b></a>`, `<c xmlns:p="u:p"></c>`, `<c xmlns:p="u:p"></c>`, `<c></c>`},
		{`<a xmlns:p="u:1"><b xmlns:p="u:2"><c/></b></a>`, `<c xmlns:p="u:2"></c>`, `<c xmlns:p="u:2"></c>`, `<c></c>`},
		{`<a xmlns:p="u:p"><p:c p:b="1"/></a>`, `<p:c xmlns:p="u:p" p:b="1"></p:c>`, `<p:c xmlns:p="u:p" p:b="1"></p:c>`, `<p:c xmlns:p="u:p" p:b="1"></p:c>`},
	} {
		for m, want := range map[Method]string{C14N10: c.c10, C14N10Comments: c.c10, C14N11: c.c11, C14N11Comments: c.c11, Exclusive: c.exc, ExclusiveComments: c.exc} {
			var b bytes.Buffer
			err := Write(&b, deepest(t, c.doc), m, xmltree.Elem{}, nil)
			got := b.String()
			if errors.Is(err, ErrMethod) {
				got = "refused"
			} else if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s by %s:\n%s, want\n%s", c.doc, m.URI(), got, want)
			}
		}
	}
}

// Declarations are written where the output needs them, again for each sibling,
// and not twice in one line of descent.
func TestDeclarationsOfSiblings(t *testing.T) {
	const doc = `<r xmlns:p="u:p" xmlns:q="u:q" xmlns="u:d"><p:a><p:b/><p:c xmlns:p="u:other"><p:d/></p:c><p:e/></p:a><p:f q:g=""/><x xmlns=""><y/></x><z/></r>`
	d, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var x Writer
	if got := canonical(t, &x, deepest(t, `<p:a xmlns:p="u:p" xmlns="u:d"/>`), Exclusive, "none"); got != `<p:a xmlns:p="u:p"></p:a>` {
		t.Errorf("a prefix that the document does not have: %s", got)
	}
	for _, c := range []struct {
		m        Method
		prefixes []string
		want     string
	}{
		{Exclusive, nil, `<r xmlns="u:d"><p:a xmlns:p="u:p"><p:b></p:b><p:c xmlns:p="u:other"><p:d></p:d></p:c><p:e></p:e></p:a><p:f xmlns:p="u:p" xmlns:q="u:q" q:g=""></p:f><x xmlns=""><y></y></x><z></z></r>`},
		{Exclusive, []string{"p"}, `<r xmlns="u:d" xmlns:p="u:p"><p:a><p:b></p:b><p:c xmlns:p="u:other"><p:d></p:d></p:c><p:e></p:e></p:a><p:f xmlns:q="u:q" q:g=""></p:f><x xmlns=""><y></y></x><z></z></r>`},
		{Exclusive, []string{"#default", "none", "xml"}, `<r xmlns="u:d"><p:a xmlns:p="u:p"><p:b></p:b><p:c xmlns:p="u:other"><p:d></p:d></p:c><p:e></p:e></p:a><p:f xmlns:p="u:p" xmlns:q="u:q" q:g=""></p:f><x xmlns=""><y></y></x><z></z></r>`},
		{C14N10, nil, `<r xmlns="u:d" xmlns:p="u:p" xmlns:q="u:q"><p:a><p:b></p:b><p:c xmlns:p="u:other"><p:d></p:d></p:c><p:e></p:e></p:a><p:f q:g=""></p:f><x xmlns=""><y></y></x><z></z></r>`},
	} {
		if got := canonical(t, &x, d.Root(), c.m, c.prefixes...); got != c.want {
			t.Errorf("%v %q:\n%s, want\n%s", c.m, c.prefixes, got, c.want)
		}
	}
}

// A Writer that is used again writes as a fresh one.
func TestWriterIsUsedAgain(t *testing.T) {
	many := func(n int) string {
		var b strings.Builder
		b.WriteString("<r")
		for i := range n {
			fmt.Fprintf(&b, ` xmlns:p%d="u:%d"`, i, i)
		}
		b.WriteString(">")
		for i := range n {
			fmt.Fprintf(&b, `<p%d:e p%d:b="1" a="2"/>`, i, n-1-i)
		}
		return b.String() + "</r>"
	}
	var docs []xmltree.Elem
	for _, doc := range []string{many(3), many(21), many(22), many(23), many(40), `<a xmlns:p="u:x"><p:b/></a>`, `<p:a xmlns:p="u:x"/>`, strings.Repeat("<a>", 60) + strings.Repeat("</a>", 60)} {
		d, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d.Root())
	}
	var again Writer
	for range 2 {
		for _, e := range docs {
			for _, m := range []Method{Exclusive, C14N10} {
				var list []string
				if m == Exclusive {
					list = []string{"p1"}
				}
				if got, want := canonical(t, &again, e, m, list...), canonical(t, new(Writer), e, m, list...); got != want {
					t.Fatalf("used again:\n%s\nfresh:\n%s", got, want)
				}
			}
			if err := again.Write(failing(0), e, Exclusive, xmltree.Elem{}, nil); err == nil {
				t.Fatal("a writer that fails is not heard")
			}
		}
	}
}

// What is escaped, in text and in values.
func TestEscapes(t *testing.T) {
	e := deepest(t, "<a b='&#9;&#10;&#13;&lt;&gt;&amp;&quot;&apos;x' c='\"'>&#9;&#10;&#13;&lt;&gt;&amp;\"'x></a>")
	want := `<a b="&#x9;&#xA;&#xD;&lt;>&amp;&quot;'x" c="&quot;">` + "\t\n" + `&#xD;&lt;&gt;&amp;"'x&gt;</a>`
	if got := canonical(t, new(Writer), e, Exclusive); got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	e = deepest(t, "<a><![CDATA[<&>]]></a>")
	if got := canonical(t, new(Writer), e, Exclusive); got != `<a>&lt;&amp;&gt;</a>` {
		t.Error(got)
	}
	e = deepest(t, `<a xmlns="u:&quot;&amp;&lt;"/>`)
	if got := canonical(t, new(Writer), e, Exclusive); got != `<a xmlns="u:&quot;&amp;&lt;"></a>` {
		t.Error(got)
	}
	with := `<a><!-- c --><b/>t<!--&lt;--></a>`
	d, err := xmltree.Parse([]byte(with), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := canonical(t, new(Writer), d.Root(), ExclusiveComments); got != `<a><!-- c --><b></b>t<!--&lt;--></a>` {
		t.Error(got)
	}
	if got := canonical(t, new(Writer), d.Root(), Exclusive); got != `<a><b></b>t</a>` {
		t.Error(got)
	}
}

// Pieces of every length around that of the buffer, after as much as fills it
// nearly: nothing is lost, and nothing comes twice.
func TestBuffer(t *testing.T) {
	var x Writer
	for _, before := range []int{0, 1, 500, 1000, 1015, 1016, 1017, 1018, 1019, 1020, 1021, 1022, 1023, 1024, 1025, 2047, 2048, 2049} {
		for _, n := range []int{0, 1, 2, 3, 4, 5, 1020, 1021, 1022, 1023, 1024, 1025, 1026, 3000} {
			text, value := strings.Repeat("t", before), strings.Repeat("v", n)
			doc := `<a>` + text + `<b c="` + value + `">` + value + `</b></a>`
			d, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := canonical(t, &x, d.Root(), Exclusive); got != doc {
				t.Fatalf("%d and %d octets: %d written, want %d", before, n, len(got), len(doc))
			}
			for fails := range 4 {
				var b bytes.Buffer
				err := x.Write(&limited{&b, fails}, d.Root(), Exclusive, xmltree.Elem{}, nil)
				if err == nil && b.String() != doc || err != nil && !strings.HasPrefix(doc, b.String()) {
					t.Fatalf("%d and %d octets, %d writes: %d written, %v", before, n, fails, b.Len(), err)
				}
			}
		}
	}
}

// limited is a writer that fails after some writes.
type limited struct {
	b    *bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, errors.New("nothing to write")
	}
	if l.left--; l.left < 0 {
		return 0, errors.New("full")
	}
	return l.b.Write(p)
}

// failing is a writer that lets so many octets through and then fails.
type failing int

func (f failing) Write(p []byte) (int, error) {
	if len(p) > int(f) {
		return int(f), errors.New("full")
	}
	return len(p), nil
}

// hiccup is a writer that fails once.
type hiccup struct{ at int }

func (h *hiccup) Write(p []byte) (int, error) {
	if h.at--; h.at == -1 {
		return 0, errors.New("once")
	}
	return len(p), nil
}

// A document with comments around its root, and a writer that fails at each
// octet of it.
func TestWriteDocument(t *testing.T) {
	d, err := xmltree.Parse([]byte("<!--1-->\n<!--2--><a><!--3--></a> <!--4--><!--5-->"), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for m, want := range map[Method]string{
		C14N10: "<a></a>", C14N10Comments: "<!--1-->\n<!--2-->\n<a><!--3--></a>\n<!--4-->\n<!--5-->",
		Exclusive: "<a></a>", ExclusiveComments: "<!--1-->\n<!--2-->\n<a><!--3--></a>\n<!--4-->\n<!--5-->",
	} {
		var b bytes.Buffer
		if err := WriteDocument(&b, d, m, nil); err != nil || b.String() != want {
			t.Errorf("%v: %q, %v", m, b.String(), err)
		}
		for writes := range 5 {
			var b bytes.Buffer
			if err := WriteDocument(&limited{&b, writes}, d, m, nil); (err == nil) != (b.String() == want) {
				t.Errorf("%v, %d writes: %q, %v", m, writes, b.String(), err)
			}
		}
	}
	// A failure that passes is one all the same.
	for at := range 5 {
		if err := WriteDocument(&hiccup{at}, d, C14N10Comments, nil); err == nil {
			t.Errorf("write %d failed, and nobody says so", at)
		}
	}
	long, err := xmltree.Parse([]byte("<a>"+strings.Repeat("x", 1500)+"<b/>"+strings.Repeat("y", 1500)+"</a>"), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for at := range 3 {
		if err := Write(&hiccup{at}, long.Root(), Exclusive, xmltree.Elem{}, nil); err == nil {
			t.Errorf("write %d failed, and nobody says so", at)
		}
	}
	if err := WriteDocument(new(bytes.Buffer), new(xmltree.Doc), C14N10, nil); err == nil {
		t.Error("no document has a form")
	}
}

// Methods and parameters that are none.
func TestMethodErrors(t *testing.T) {
	e := deepest(t, "<a xmlns:p='u:p'/>")
	list := make([]string, 65)
	for i := range list {
		list[i] = "p"
	}
	for name, err := range map[string]error{
		"no method":            Write(new(bytes.Buffer), e, 0, xmltree.Elem{}, nil),
		"method 7":             Write(new(bytes.Buffer), e, 7, xmltree.Elem{}, nil),
		"list for inclusive":   Write(new(bytes.Buffer), e, C14N10, xmltree.Elem{}, []string{"p"}),
		"65 prefixes":          Write(new(bytes.Buffer), e, Exclusive, xmltree.Elem{}, list),
		"STR, 65 prefixes":     WriteSTR(new(bytes.Buffer), e, Exclusive, list),
		"document, 65 of them": WriteDocument(new(bytes.Buffer), e.Doc(), Exclusive, list),
	} {
		if !errors.Is(err, ErrMethod) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Write(new(bytes.Buffer), e, Exclusive, xmltree.Elem{}, list[:64]); err != nil {
		t.Errorf("64 prefixes: %v", err)
	}
	if Method(7).URI() != "" || Method(0).URI() != "" || Method(0).comments() {
		t.Error("no method has a name")
	}
	if err := WriteSTR(failing(0), e, Exclusive, nil); err == nil {
		t.Error("a writer that fails is not heard")
	}
	for doc, want := range map[string]string{
		`<a/>`: `<a xmlns=""></a>`, `<a xmlns="u:d"/>`: `<a xmlns="u:d"></a>`, `<p:a xmlns:p="u:p" xmlns="u:d"/>`: `<p:a xmlns="" xmlns:p="u:p"></p:a>`,
	} {
		var b bytes.Buffer
		if err := WriteSTR(&b, deepest(t, doc), Exclusive, nil); err != nil || b.String() != want {
			t.Errorf("STR of %s: %s, %v", doc, b.String(), err)
		}
	}
}
