package c14n_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
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

// TestRandomRuns compares the runs with what comes out node by node.
func TestRandomRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	runs := 0
	for range 4000 {
		var b bytes.Buffer
		b.WriteString(`<r xmlns:p="urn:0" xmlns:q="urn:9">`)
		random(r, &b, 0, []string{"p", "q", ""})
		b.WriteString("</r>")
		runs += sameSlowly(t, parse(t, b.String()).Root(), []string{"", "p", "#default q"}[r.IntN(3)])
	}
	if runs < 10000 {
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
