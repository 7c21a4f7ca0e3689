package xmltree

import (
	"errors"
	"strings"
	"testing"
)

// A declaration is in force in its element and in nothing beside it.
func TestScopeOfDeclarations(t *testing.T) {
	root := parse(t, `<a xmlns:p="urn:1"><b xmlns:p="urn:2" xmlns:r="urn:3"><x/></b><c/><d xmlns:q="urn:4">t<x/></d><e>u</e><!--f--></a>`)
	at := func(path ...string) Elem {
		e := root
		for _, local := range path {
			e = e.First("", local)
		}
		return e
	}
	for _, c := range []struct {
		e           Elem
		prefix, uri string
	}{
		{root, "p", "urn:1"},
		{root, "q", ""},
		{root, "r", ""},
		{at("b"), "p", "urn:2"},
		{at("b", "x"), "p", "urn:2"},
		{at("b", "x"), "r", "urn:3"},
		{at("c"), "p", "urn:1"},
		{at("c"), "r", ""},
		{at("d"), "p", "urn:1"},
		{at("d"), "q", "urn:4"},
		{at("d"), "r", ""},
		{at("d", "x"), "p", "urn:1"},
		{at("d", "x"), "q", "urn:4"},
		{at("d", "x"), "r", ""},
		{at("e"), "p", "urn:1"},
		{at("e"), "q", ""},
		{at("e"), "xml", XML},
	} {
		uri, ok := c.e.LookupNamespace(c.prefix)
		if uri != c.uri || ok != (c.uri != "") {
			t.Errorf("%s: %s is %q", c.e.Path(), c.prefix, uri)
		}
	}
	for k := at("c").d.Scope(0); k != 0; {
		prefix, _, up := root.d.Decl(k)
		if prefix != 1 {
			t.Errorf("outside of the root prefix %d is in force", prefix)
		}
		k = up
	}
}

// What an element takes from outside is seen in names and values, and not in comments.
func TestStandaloneComments(t *testing.T) {
	for raw, want := range map[string]string{
		"<b><!--p:x--></b>":          "<b><!--p:x--></b>",
		"<b>p:x<!--c--></b>":         `<b xmlns:p="urn:p">p:x<!--c--></b>`,
		"<b> p:x </b>":               `<b xmlns:p="urn:p"> p:x </b>`,
		"<b><c>1</c><c>p:x</c></b>":  `<b xmlns:p="urn:p"><c>1</c><c>p:x</c></b>`,
		"<b><![CDATA[p:x]]></b>":     `<b xmlns:p="urn:p"><![CDATA[p:x]]></b>`,
		"<b>&#112;:x</b>":            `<b xmlns:p="urn:p">&#112;:x</b>`,
		"<b>text</b>":                "<b>text</b>",
		"<b xmlns:p='urn:2'>p:x</b>": "<b xmlns:p='urn:2'>p:x</b>",
	} {
		b := parse(t, `<a xmlns:p="urn:p">`+raw+`</a>`).First("", "b")
		if got := string(b.Standalone()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestVerbatim(t *testing.T) {
	for doc, want := range map[string]bool{
		"<p:a xmlns:p='u:'><p:b><p:c>x</p:c><p:d>\t</p:d>y</p:b></p:a>":             true,
		"<a><b>it's \"&quot;</b></a>":                                               false,
		"<a><b><c><d>1</d><d>2</d></c></b></a>":                                     true,
		"<a><b><c><d>1</d><d/></c></b></a>":                                         false,
		"<a><b><c><d>1</d ></c></b></a>":                                            false,
		"<a><b><c><d >1</d></c></b></a>":                                            false,
		"<a><b><c><d>1</d><!----></c></b></a>":                                      false,
		"<a><b><c><d>></d></c></b></a>":                                             false,
		"<a><b><c><d><![CDATA[]]></d></c></b></a>":                                  false,
		"<a><b><c><d>\r</d></c></b></a>":                                            false,
		"<a><b><c x='1'><d>1</d></c></b></a>":                                       false,
		"<a><b xmlns='u:'>1</b></a>":                                                false,
		"<p:a xmlns:p='u:1' xmlns:q='u:2'><p:b><p:c><q:d>1</q:d></p:c></p:b></p:a>": false,
		"<p:a xmlns:p='u:1'><q:b xmlns:q='u:1'/><p:b>1</p:b></p:a>":                 false,
		"<p:a xmlns:p='u:1'><p:b>1</p:b><q:b xmlns:q='u:1'/></p:a>":                 true,
	} {
		root := parse(t, doc)
		from, _, _ := root.Span()
		p, prefix, space, ok := root.d.Verbatim(from + 1)
		if ok != want {
			t.Errorf("%s: %v", doc, ok)
		}
		var b Elem
		for b = range root.Children {
			break
		}
		if ok && (string(p) != string(b.Raw()) || string(root.d.PrefixName(prefix)) != b.Prefix() || string(root.d.AppendSpace(nil, space)) != b.Space()) {
			t.Errorf("%s: %s, %d, %d", doc, p, prefix, space)
		}
		if _, _, _, ok := root.d.Verbatim(from); ok && !want {
			t.Errorf("%s: all of it is", doc)
		}
	}
}

// A document that is read in the place of another is told nothing by it.
func TestVerbatimAgain(t *testing.T) {
	var d Doc
	for range 2 {
		for doc, want := range map[string]bool{"<a><b>1</b></a>": true, "<a><b >1</b></a>": false} {
			if err := d.Parse([]byte(doc), Limits{}); err != nil {
				t.Fatal(err)
			}
			if _, _, _, ok := d.Verbatim(2); ok != want {
				t.Errorf("%s: %v", doc, ok)
			}
		}
	}
}

func TestFind(t *testing.T) {
	root := parse(t, `<a xmlns:f="urn:f"><b id="one"/><c Id="two"/><d ID="two"/><e f:id="three"/></a>`)
	for id, want := range map[string]string{"one": "b", "two": "", "three": "", "four": ""} {
		e := Find(root, id)
		byID, err := ByID(root, id)
		if e.OK() != (want != "") || e.OK() && e.Local() != want || e != byID || e.OK() != (err == nil) {
			t.Errorf("%s: %v; by id %v, %v", id, e, byID, err)
		}
	}
	twice := parse(t, `<a xmlns:u="`+WSU+`"><b u:Id="x"/><c u:Id="x"/><d u:Id="y"/></a>`)
	if Find(twice, "y").OK() {
		t.Error("found where identifiers occur twice")
	}
}

// A name may be as long as the limit, and the limit no longer than 64 KiB.
func TestLongNames(t *testing.T) {
	const most = 1<<16 - 1
	for n, ok := range map[int]bool{most: true, most + 1: false} {
		p := strings.Repeat("p", n-len("xmlns:")) // the longer name is that of the declaration
		d, err := Parse([]byte("<"+p+":a xmlns:"+p+"='urn:p'/>"), Limits{Name: 1 << 20, Bytes: 1 << 20})
		switch {
		case !ok && !errors.Is(err, ErrLimit):
			t.Errorf("a name of %d octets: %v", n, err)
		case ok && (err != nil || d.Root().Local() != "a" || d.Root().Prefix() != p):
			t.Errorf("a name of %d octets: %v", n, err)
		}
	}
}
