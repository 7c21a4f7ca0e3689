package xmldsig

import (
	"testing"

	"wstrust/internal/c14n"
)

// What a signature says of a prefix is what its canonical form writes down.
func TestBinds(t *testing.T) {
	// e stands in i in b; what is signed is b, or e itself.
	for name, c := range map[string]struct {
		doc      string
		method   c14n.Method
		prefixes []string
		prefix   string
		inB, inE bool
	}{
		"exclusive":                      {`<a xmlns:p="urn:u"><b><i><e/></i></b></a>`, c14n.Exclusive, nil, "p", false, false},
		"exclusive, declared on it":      {`<a><b xmlns:p="urn:u"><i><e/></i></b></a>`, c14n.Exclusive, nil, "p", false, false},
		"exclusive, used by it":          {`<a xmlns:p="urn:u"><b p:x=""><i><e/></i></b></a>`, c14n.Exclusive, nil, "p", true, false},
		"exclusive, used inside":         {`<a xmlns:p="urn:u"><b><p:i><e/></p:i></b></a>`, c14n.Exclusive, nil, "p", true, false},
		"exclusive, used by e":           {`<a xmlns:p="urn:u"><b><i><p:e/></i></b></a>`, c14n.Exclusive, nil, "p", true, true},
		"exclusive, used by e alone":     {`<a xmlns:p="urn:v"><b><i><p:e xmlns:p="urn:u"/></i></b></a>`, c14n.Exclusive, nil, "p", false, false},
		"exclusive, used and hidden":     {`<a xmlns:p="urn:u"><b p:x=""><i xmlns:p="urn:v"><e/></i></b></a>`, c14n.Exclusive, nil, "p", false, false},
		"exclusive, another is used":     {`<a xmlns:p="urn:u" xmlns:q="urn:q"><b q:x=""><i><e/></i></b></a>`, c14n.Exclusive, nil, "p", false, false},
		"exclusive, not declared":        {`<a><b><i><e/></i></b></a>`, c14n.Exclusive, nil, "p", false, false},
		"exclusive, told":                {`<a xmlns:p="urn:u"><b><i><e/></i></b></a>`, c14n.Exclusive, []string{"p"}, "p", true, true},
		"exclusive, told, and e differs": {`<a xmlns:p="urn:u"><b><i><e xmlns:p="urn:v"/></i></b></a>`, c14n.Exclusive, []string{"p"}, "p", true, false},
		"exclusive, told of others":      {`<a xmlns:p="urn:u"><b><i><e/></i></b></a>`, c14n.Exclusive, []string{"#default", "q"}, "p", false, false},
		"inclusive":                      {`<a xmlns:p="urn:u"><b><i><e/></i></b></a>`, c14n.C14N10, nil, "p", true, true},
		"inclusive, and e differs":       {`<a xmlns:p="urn:u"><b><i><e xmlns:p="urn:v"/></i></b></a>`, c14n.C14N10, nil, "p", true, false},
		"no default":                     {`<a><p:b xmlns:p="urn:p"><i><e xmlns="urn:u"/></i></p:b></a>`, c14n.Exclusive, nil, "", true, true},
		"a default":                      {`<a xmlns="urn:u"><p:b xmlns:p="urn:p"><p:i><p:e x=""/></p:i></p:b></a>`, c14n.Exclusive, nil, "", false, false},
		"a default that is used":         {`<a xmlns="urn:u"><p:b xmlns:p="urn:p"><i><p:e/></i></p:b></a>`, c14n.Exclusive, nil, "", true, false},
		"a default that was told":        {`<a xmlns="urn:u"><p:b xmlns:p="urn:p"><p:i><p:e/></p:i></p:b></a>`, c14n.Exclusive, []string{"#default"}, "", true, true},
	} {
		root := parse(t, c.doc)
		b, e := find(root, "b"), find(root, "e")
		if got := (Signed{elem: b, method: c.method, prefixes: c.prefixes}).Binds(c.prefix, e); got != c.inB {
			t.Errorf("%s: signed with what is around: %v", name, got)
		}
		if got := (Signed{elem: e, method: c.method, prefixes: c.prefixes}).Binds(c.prefix, e); got != c.inE {
			t.Errorf("%s: signed by itself: %v", name, got)
		}
	}
}

// What stands beside what is signed is bound by nothing.
func TestBindsNothingOutside(t *testing.T) {
	root := parse(t, `<a xmlns:p="urn:u"><b/><i><p:e/></i></a>`)
	for _, m := range []c14n.Method{c14n.C14N10, c14n.Exclusive} {
		if (Signed{elem: find(root, "b"), method: m, prefixes: []string{"p"}}).Binds("p", find(root, "e")) {
			t.Errorf("%v", m.URI())
		}
	}
}
