package xmltree

import (
	"fmt"
	"strings"
	"testing"
)

// Past the point where maps take over, one namespace under two prefixes must
// still be one: otherwise an attribute could stand there twice.
func TestManyNamespacesStayOne(t *testing.T) {
	const n = 24
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " xmlns:p%d='u:%d'", i, i)
	}
	for i := range n {
		doc := fmt.Sprintf("<r%s><s xmlns:q='u:%d'><e p%d:a='' q:a=''/></s></r>", b.String(), i, i)
		if _, err := Parse([]byte(doc), Limits{}); err == nil || !strings.Contains(err.Error(), "occurs twice") {
			t.Errorf("u:%d: %v", i, err)
		}
		other := fmt.Sprintf("<r%s><s xmlns:q='v:%d'><e p%d:a='' q:a=''/></s></r>", b.String(), i, i)
		parse(t, other)
	}
}

func TestManyAttributesInTwoElements(t *testing.T) {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, " a%d=''", i)
	}
	parse(t, "<r><e"+b.String()+"/><e"+b.String()+"/></r>")
	if _, err := Parse([]byte("<r><e"+b.String()+" a3=''/></r>"), Limits{}); err == nil || !strings.Contains(err.Error(), "occurs twice") {
		t.Errorf("twice: %v", err)
	}
}

// Only identifiers that are typed must be unique in the document; another of
// the same value makes a reference to it ambiguous.
func TestOneIdentifierIsNotTyped(t *testing.T) {
	for _, doc := range []string{
		`<a xmlns:u="` + WSU + `" u:Id="x"><b id="x"/></a>`,
		`<a xmlns:u="` + WSU + `" id="x"><b u:Id="x"/></a>`,
	} {
		root := parse(t, doc)
		if err := UniqueIDs(root); err != nil {
			t.Errorf("%s: %v", doc, err)
		}
		if _, err := ByID(root, "x"); err == nil || !strings.Contains(err.Error(), "ambiguous") {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

// A Doc that is used again has room for as much as a new one, and grows by
// nothing.
func TestReuseDoesNotPileUp(t *testing.T) {
	var b strings.Builder
	for i := range 10 {
		fmt.Fprintf(&b, "<e xmlns:p%d='u:%d' a='&lt;'>&gt;</e>", i, i)
	}
	doc := []byte("<r>" + b.String() + "</r>")
	lim := Limits{Namespaces: 10, Elements: 11}
	var d Doc
	var first string
	for i := range 3 {
		if err := d.Parse(doc, lim); err != nil {
			t.Fatal(i, err)
		}
		size := fmt.Sprint(len(d.nodes), len(d.attrs), len(d.decls), len(d.side), len(d.prefixes), len(d.uris), len(d.ids), len(d.bind))
		if i == 0 {
			first = size
		}
		if size != first {
			t.Errorf("run %d: %s, first %s", i, size, first)
		}
	}
}

// What a copy does not need from outside must not be added to it: a second
// declaration of a prefix would break it, and no declaration is wanted that
// nothing uses.
func TestStandaloneTakesNothingElse(t *testing.T) {
	for doc, want := range map[string]string{
		`<r xmlns:p="u:p"><e xmlns:p="u:o" t="p:n"/></r>`:                             `<e xmlns:p="u:o" t="p:n"/>`,
		`<r xmlns:p="u:p"><e><x xmlns:p="u:o" p:a="1"/></e></r>`:                      `<e><x xmlns:p="u:o" p:a="1"/></e>`,
		`<r xmlns="u:d" xmlns:p="u:p"><p:e a="1"/></r>`:                               `<p:e xmlns:p="u:p" a="1"/>`,
		`<r xmlns="u:d" xmlns:p="u:p"><p:e><!--c--></p:e></r>`:                        `<p:e xmlns:p="u:p"><!--c--></p:e>`,
		`<r xmlns="u:d" xmlns:p="u:p"><p:e>:n</p:e></r>`:                              `<p:e xmlns:p="u:p">:n</p:e>`,
		`<r xmlns="u:d" xmlns:p="u:p"><p:e>z:n</p:e></r>`:                             `<p:e xmlns:p="u:p">z:n</p:e>`,
		`<r xmlns="u:d" xmlns:p="u:p"><p:e PrefixList="z"/></r>`:                      `<p:e xmlns:p="u:p" PrefixList="z"/>`,
		`<r xmlns="u:d" xmlns:p="u:p"><p:e PrefixList="#default"></p:e></r>`:          `<p:e xmlns:p="u:p" xmlns="u:d" PrefixList="#default"></p:e>`,
		`<r xmlns:p="u:p"><e Algorithm="http://www.w3.org/2006/12/xml-c14n11"/>t</r>`: `<e xmlns:p="u:p" Algorithm="http://www.w3.org/2006/12/xml-c14n11"/>`,
	} {
		var e Elem
		for c := range parse(t, doc).Children {
			e = c
		}
		if got := string(e.Standalone()); got != want {
			t.Errorf("%s:\n%s, want\n%s", doc, got, want)
		}
	}
}
