package xmltree

import (
	"encoding/binary"
	"strings"
	"testing"
)

// TestCutDocuments ends documents where something was to follow. The parser
// must not look past the end, and must say what was missing.
func TestCutDocuments(t *testing.T) {
	for doc, want := range map[string]string{
		"":                 "no root element",
		"<a>t":             "document ends inside this element",
		"<a>text of some":  "document ends inside this element",
		"<a>text of some<": "document ends inside a tag",
		"<a>t>":            "document ends inside this element",
		"<a>\r":            "document ends inside this element",
		"<a>&lt;\r":        "document ends inside this element",
		"<a b=":            "attribute value without quotes",
		"<a b= ":           "attribute value without quotes",
		"<a b=\"\r":        "attribute value does not end",
		"<a b='&lt;\r":     "attribute value does not end",
		"<a></a":           "the end tag is not that of this element",
		"<a/><!--":         "comment does not end",
		"<a><![CDATA[":     "CDATA section does not end",
		"<!DOCTYPE":        "a document type declaration is refused",
		"<!DOCTYPE a><a/>": "a document type declaration is refused",
		"<!DOC":            "malformed markup",
		"<?":               "a processing instruction is refused",
		"<?xml ":           "XML declaration does not end",
		"<?xml ?><a/>":     "XML declaration without a version",

		"<?xml version=''?><a/>": `XML version "", only 1.0 is read`,
	} {
		_, err := Parse([]byte(doc), Limits{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", doc, err, want)
		}
	}
}

// What begins with the octet of the forbidden U+FFFE and U+FFFF is not
// forbidden itself.
func TestCharactersBesideTheForbidden(t *testing.T) {
	const c = "\uF000\uFFFD"
	for _, doc := range []string{
		"<a>" + c + "</a>", "<a>&lt;" + c + "</a>", "<a b='" + c + "'/>", "<a b='&lt;" + c + "'/>",
		"<a><!--" + c + "--></a>", "<a><![CDATA[" + c + "]]></a>",
	} {
		d, err := Parse([]byte(doc), Limits{})
		if err != nil {
			t.Errorf("%q: %v", doc, err)
			continue
		}
		if d.Source() == nil || !strings.Contains(string(d.Root().Raw()), c) {
			t.Errorf("%q: it is gone", doc)
		}
	}
}

func TestSurrogatesAtTheEnd(t *testing.T) {
	out, err := decode16([]byte{0xD8, 0x3D, 0xDE, 0x00}, binary.BigEndian)
	if string(out) != "\U0001F600" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}
