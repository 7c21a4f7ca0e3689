package xmlenc

import (
	"errors"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

func TestReadElement(t *testing.T) {
	const around = `<?xml version="1.0"?><r xmlns="urn:r" xmlns:p="urn:p" Id="R"><before/><p:a p:x="1"> DATA <after/></p:a></r>`
	data := func(typ string) xmltree.Elem {
		e := fill(encData, gcm, "", value)
		if typ != "" {
			e = strings.Replace(e, `Id="D"`, `Id="D" Type="`+typ+`"`, 1)
		}
		return find(parse(t, strings.Replace(around, "DATA", e, 1)), "EncryptedData")
	}
	for _, c := range []struct {
		name, plain string
		ok          bool
	}{
		{"prefix from outside", `<p:b c="d"><e/></p:b>`, true},
		{"own prefix", `<q:b xmlns:q="urn:p"/>`, true},
		{"white space around", " \n<p:b/>\t\r\n", true},
		{"nothing", "", false},
		{"white space", "  ", false},
		{"text", "text", false},
		{"text before", "x<p:b/>", false},
		{"text after", "<p:b/>x", false},
		{"comment before", "<!-- --><p:b/>", false},
		{"two elements (C13)", "<p:b/><p:b/>", false},
		{"unknown prefix", "<z:b/>", false},
		{"not well formed", "<p:b>", false},
		{"declaration", `<?xml version="1.0"?><p:b/>`, false},
		{"DOCTYPE", `<!DOCTYPE b><p:b/>`, false},
		{"closes what is around", `<p:b/></p:a><p:a><p:b/>`, false},
		{"closes the root", `<p:b/></p:a></r><r xmlns="urn:r" xmlns:p="urn:p"><p:a><p:b/>`, false},
		{"ends early", `<p:b/></p:a></r>`, false},
		{"too deep", strings.Repeat("<p:b>", 1000) + strings.Repeat("</p:b>", 1000), false},
	} {
		for _, typ := range []string{"", Element} {
			e, err := ReadElement(data(typ), []byte(c.plain), xmltree.Limits{})
			if !c.ok {
				if err != alg.ErrDecrypt || e.OK() {
					t.Errorf("%s: %v", c.name, err)
				}
				continue
			}
			if err != nil || !e.Is("urn:p", "b") || string(e.Raw()) != strings.TrimSpace(c.plain) {
				t.Errorf("%s: %v", c.name, err)
			}
			if a := xmltree.Parent(e); !a.Is("urn:p", "a") || !xmltree.Parent(a).Is("urn:r", "r") || xmltree.Parent(a).First("urn:r", "before").OK() {
				t.Errorf("%s: around it stands %s", c.name, xmltree.Parent(a).Raw())
			}
		}
	}
	for _, typ := range []string{Content, "urn:x"} {
		if _, err := ReadElement(data(typ), []byte("<p:b/>"), xmltree.Limits{}); !errors.Is(err, xmltree.ErrFormat) {
			t.Errorf("type %s: %v", typ, err)
		}
	}
	root := parse(t, fill(encData, gcm, "", value))
	if e, err := ReadElement(root, []byte("<b/>"), xmltree.Limits{}); err != nil || !e.Is("", "b") {
		t.Errorf("data as the root: %v", err)
	}
	if _, err := ReadElement(root, []byte("<b/><c/>"), xmltree.Limits{}); err != alg.ErrDecrypt {
		t.Errorf("data as the root: %v", err)
	}
}
