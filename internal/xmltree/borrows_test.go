package xmltree

import (
	"slices"
	"strings"
	"testing"
)

// The names in an element, or in its content, take some prefixes from outside.
func TestBorrows(t *testing.T) {
	for src, want := range map[string][2]string{
		`<e/>`:                              {"-", ""},
		`<p:e/>`:                            {"p", ""},
		`<p:e xmlns:p="urn:u"/>`:            {"", ""},
		`<p:e xmlns:p="urn:u"><p:f/></p:e>`: {"", "p"},
		`<e xmlns="urn:u"><f q:a=""/></e>`:  {"q", "- q"},
		`<e xmlns="urn:u" a="p:x">q:y</e>`:  {"", ""}, // values are not names
		`<e xmlns="" xml:lang=""/>`:         {"", ""},
		`<p:e xmlns:p="urn:u"><f xmlns:q="urn:v"/><q:f/></p:e>`: {"- q", "- q"},
	} {
		d, err := Parse([]byte(`<r xmlns:p="urn:outside" xmlns:q="urn:outside">`+src+`</r>`), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		e := d.Root().First("", "e")
		for c := range d.Root().Children {
			e = c
		}
		for i, content := range []bool{false, true} {
			var got []string
			for p := range e.Borrows(content) {
				if p == "" {
					p = "-"
				}
				got = append(got, p)
			}
			slices.Sort(got)
			if strings.Join(got, " ") != want[i] {
				t.Errorf("%s, content %v: %q, want %q", src, content, got, want[i])
			}
			for range e.Borrows(content) {
				break
			}
		}
	}
}
