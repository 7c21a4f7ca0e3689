package c14n_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// An element that is written as canonical form writes it is copied as one run of
// octets. Here one departs from that in each way there is, inside of others that
// do not.
func TestRuns(t *testing.T) {
	for inner, want := range map[string]string{
		"<p:b>text</p:b>":                               "<p:b>text</p:b>",
		"<p:b><p:c>\t\n</p:c>it's \"</p:b>":             "<p:b><p:c>\t\n</p:c>it's \"</p:b>",
		"<p:b >text</p:b>":                              "<p:b>text</p:b>",
		"<p:b>text</p:b >":                              "<p:b>text</p:b>",
		"<p:b/>":                                        "<p:b></p:b>",
		"<p:b>a>b</p:b>":                                "<p:b>a&gt;b</p:b>",
		"<p:b>&#65;&gt;</p:b>":                          "<p:b>A&gt;</p:b>",
		"<p:b>a\r\nb</p:b>":                             "<p:b>a\nb</p:b>",
		"<p:b>a<![CDATA[b]]></p:b>":                     "<p:b>ab</p:b>",
		"<p:b>a<![CDATA[]]></p:b>":                      "<p:b>a</p:b>",
		"<p:b><![CDATA[]]></p:b>":                       "<p:b></p:b>",
		"<p:b>a<!--c--></p:b>":                          "<p:b>a</p:b>",
		"<p:b><!----></p:b>":                            "<p:b></p:b>",
		"<p:b z='1'>a</p:b>":                            `<p:b z="1">a</p:b>`,
		"<q:b>a</q:b>":                                  `<q:b xmlns:q="urn:q">a</q:b>`,
		"<p:b><q:c>a</q:c><p:d>b</p:d></p:b>":           `<p:b><q:c xmlns:q="urn:q">a</q:c><p:d>b</p:d></p:b>`,
		"<b>a</b>":                                      "<b>a</b>",
		"<xml:b>a</xml:b>":                              "<xml:b>a</xml:b>",
		"<p:b xmlns:q='urn:q'>a</p:b>":                  "<p:b>a</p:b>",
		"<p:b><p:b xmlns:p='urn:2'>a</p:b></p:b>":       `<p:b><p:b xmlns:p="urn:2">a</p:b></p:b>`,
		"<q:b><p:c xmlns:p='urn:2'><p:d/></p:c></q:b>":  `<q:b xmlns:q="urn:q"><p:c xmlns:p="urn:2"><p:d></p:d></p:c></q:b>`,
		"<p:b xmlns:p='urn:2'><p:c>x</p:c><p:c/></p:b>": `<p:b xmlns:p="urn:2"><p:c>x</p:c><p:c></p:c></p:b>`,
	} {
		src := `<p:r xmlns:p="urn:p" xmlns:q="urn:q"><p:a>` + inner + `</p:a></p:r>`
		var b bytes.Buffer
		if err := c14n.Write(&b, parse(t, src).Root(), c14n.Exclusive, xmltree.Elem{}, nil); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != `<p:r xmlns:p="urn:p"><p:a>`+want+`</p:a></p:r>` {
			t.Errorf("%q: %s", inner, got)
		}
	}
}

// What is left out stays out of a run, and what is beside it in.
func TestRunsLeaveOut(t *testing.T) {
	root := parse(t, "<r><a><x>1</x><b>2</b></a><b>3</b></r>").Root()
	a := child(root, "a")
	for _, c := range []struct {
		except xmltree.Elem
		want   string
	}{
		{a, "<r><b>3</b></r>"},
		{child(a, "x"), "<r><a><b>2</b></a><b>3</b></r>"},
		{child(a, "b"), "<r><a><x>1</x></a><b>3</b></r>"},
		{child(root, "b"), "<r><a><x>1</x><b>2</b></a></r>"},
	} {
		var b bytes.Buffer
		if err := c14n.Write(&b, root, c14n.Exclusive, c.except, nil); err != nil || b.String() != c.want {
			t.Errorf("%s, %v, want %s", &b, err, c.want)
		}
	}
}

// The apex is no run, even where all in it is one: what is in force around it is
// written there, and what it takes over.
func TestApexIsNoRun(t *testing.T) {
	for _, c := range []struct{ doc, c10, exc, str string }{
		{`<r><a>t</a></r>`, `<a>t</a>`, `<a>t</a>`, `<a xmlns="">t</a>`},
		{`<r xmlns:p="u:p"><a><b>t</b></a></r>`, `<a xmlns:p="u:p"><b>t</b></a>`, `<a><b>t</b></a>`, `<a xmlns=""><b>t</b></a>`},
		{`<r xml:lang="de"><a>t</a></r>`, `<a xml:lang="de">t</a>`, `<a>t</a>`, `<a xmlns="">t</a>`},
		{`<r xmlns="u:d"><a><b>t</b></a></r>`, `<a xmlns="u:d"><b>t</b></a>`, `<a xmlns="u:d"><b>t</b></a>`, `<a xmlns="u:d"><b>t</b></a>`},
		{`<p:r xmlns:p="u:p"><p:a><p:b>t</p:b></p:a></p:r>`, `<p:a xmlns:p="u:p"><p:b>t</p:b></p:a>`, `<p:a xmlns:p="u:p"><p:b>t</p:b></p:a>`, `<p:a xmlns="" xmlns:p="u:p"><p:b>t</p:b></p:a>`},
		{`<r><q:x xmlns:q="u:q">t</q:x><a>t</a></r>`, `<a>t</a>`, `<a>t</a>`, `<a xmlns="">t</a>`}, // q has ended
		{`<r><x xmlns:q="u:q">t</x><a xmlns:p="u:p">t</a></r>`, `<a xmlns:p="u:p">t</a>`, `<a>t</a>`, `<a xmlns="">t</a>`},
	} {
		var a xmltree.Elem
		for x := range parse(t, c.doc).Root().Children {
			a = x
		}
		var str bytes.Buffer
		if err := c14n.WriteSTR(&str, a, c14n.Exclusive, nil); err != nil {
			t.Fatal(err)
		}
		if c10, exc := form(t, a, c14n.C14N10), form(t, a, c14n.Exclusive); c10 != c.c10 || exc != c.exc || str.String() != c.str {
			t.Errorf("%s: %s, exclusive %s, of the STR transform %s", c.doc, c10, exc, &str)
		}
	}
}

// A comment is written with the line ends that a reader sees, and what is around it
// is no run.
func TestCommentsAreNoRuns(t *testing.T) {
	for content, want := range map[string]string{
		"<b>t<!--x--></b>":                      "<b>t<!--x--></b>",
		"<b>t</b><!--x-->":                      "<b>t</b><!--x-->",
		"<b>\r\n<!--1\r\n2\r3--></b>":           "<b>\n<!--1\n2\n3--></b>",
		"<b><!--\r--></b><b><!--><&amp;--></b>": "<b><!--\n--></b><b><!--><&amp;--></b>",
	} {
		root := parse(t, "<r><a>"+content+"</a></r>").Root()
		if got := form(t, root, c14n.ExclusiveComments); got != "<r><a>"+want+"</a></r>" {
			t.Errorf("%q: %q", content, got)
		}
		without := regexp.MustCompile(`<!--[^-]*-->`).ReplaceAllString(want, "")
		if got := form(t, root, c14n.Exclusive); got != "<r><a>"+without+"</a></r>" {
			t.Errorf("%q without comments: %q", content, got)
		}
	}
}

// TestRandomRuns compares the runs with what comes out node by node, for a document
// and for an element in it.
func TestRandomRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	runs := 0
	for range 4000 {
		var b bytes.Buffer
		b.WriteString(`<r xmlns:p="urn:0" xmlns:q="urn:9">`)
		random(r, &b, 0, []string{"p", "q", ""})
		b.WriteString("</r>")
		list := []string{"", "p", "#default q"}[r.IntN(3)]
		root := parse(t, b.String()).Root()
		runs += sameSlowly(t, root, list)
		e := root
		for c := range root.Children {
			if e = c; r.IntN(2) == 0 {
				break
			}
		}
		for c := range e.Children {
			if r.IntN(3) == 0 {
				e = c
				break
			}
		}
		sameSlowly(t, e, list)
	}
	if runs < 8000 {
		t.Errorf("only %d runs", runs)
	}
}

// sameSlowly compares the forms of e, with each child left out in turn, and
// returns how many elements may be written as runs.
func sameSlowly(t *testing.T, e xmltree.Elem, list string) (runs int) {
	t.Helper()
	from, to, _ := e.Span()
	for i := from; i < to; i++ {
		if _, _, _, ok := e.Doc().Verbatim(i); ok {
			runs++
		}
	}
	except := append(slices.Collect(e.Children), xmltree.Elem{})
	for m := c14n.C14N10; m <= c14n.ExclusiveComments; m++ {
		var prefixes []string
		if m.Exclusive() {
			prefixes = strings.Fields(list)
		}
		for _, x := range except[max(0, len(except)-4):] {
			var fast, slow bytes.Buffer
			err, errSlow := c14n.Write(&fast, e, m, x, prefixes), c14n.WriteSlowly(&slow, e, m, x, prefixes)
			if !bytes.Equal(fast.Bytes(), slow.Bytes()) || (err == nil) != (errSlow == nil) {
				t.Fatalf("%s of %q:\n%q, %v\n%q, %v", m.URI(), e.Raw(), &fast, err, &slow, errSlow)
			}
		}
	}
	return runs
}

// random writes an element in one of many spellings.
func random(r *rand.Rand, b *bytes.Buffer, depth int, prefixes []string) {
	one := func(s ...string) string { return s[r.IntN(len(s))] }
	name := one("a", "b", "c")
	if p := one(prefixes...); p != "" {
		name = p + ":" + name
	}
	b.WriteString("<" + name)
	if r.IntN(6) == 0 {
		p := one(" xmlns:p=", " xmlns:q=", " xmlns=")
		fmt.Fprintf(b, "%s'urn:%d'", p, r.IntN(2))
	}
	if r.IntN(6) == 0 {
		b.WriteString(one(" z='1'", " z=\"1\"", " xml:lang='de'", " z='>'", " ", " z='&lt;'"))
	}
	if r.IntN(8) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	children := r.IntN(4)
	if depth > 4 {
		children = 0
	}
	for range children {
		if r.IntN(4) == 0 {
			b.WriteString(one(" ", "t", ">", "&gt;", "<!---->", "<![CDATA[]]>"))
		}
		random(r, b, depth+1, prefixes[:1+r.IntN(len(prefixes))])
	}
	if children == 0 && r.IntN(2) == 0 {
		b.WriteString(one("text", "a>b", "&amp;", "<![CDATA[<]]>", "\r\n", "<!--c-->", "x<!--c-->", "ab<![CDATA[]]>", "\n "))
	}
	b.WriteString("</" + name + one("", "", "", "", "", "", "\n") + ">")
}

// A long run reaches the hash as it stands in the source, and node by node it does
// not.
func TestRunIsOneWrite(t *testing.T) {
	root := parse(t, "<r><a>"+strings.Repeat("<b>1</b>", 500)+"</a></r>").Root()
	run := child(root, "a").Raw()
	var fast, slow writes
	if err := c14n.Write(&fast, root, c14n.Exclusive, xmltree.Elem{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := c14n.WriteSlowly(&slow, root, c14n.Exclusive, xmltree.Elem{}, nil); err != nil {
		t.Fatal(err)
	}
	if len(fast) != 3 || &fast[1][0] != &run[0] || len(fast[1]) != len(run) {
		t.Errorf("%d writes", len(fast))
	}
	for _, p := range slow {
		if len(p) > 1024 {
			t.Errorf("node by node %d octets at once", len(p))
		}
	}
}

type writes [][]byte

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, p)
	return len(p), nil
}
