package wsse

import (
	"slices"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// What must be known to open a message is named before it is open: the keys of what
// is encrypted in the header, of keys under keys, and of what a list names.
func TestNeedsForOpening(t *testing.T) {
	info := func(id string) string {
		return `<d:KeyInfo xmlns:d="` + xmltree.DS + `"><wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="` + id + `" ValueType="` + typeSCT13 + `"/></wsse:SecurityTokenReference></d:KeyInfo>`
	}
	data := func(id, key string) string {
		return `<x:EncryptedData xmlns:x="` + xmltree.XENC + `" Id="` + id + `">` + key + `</x:EncryptedData>`
	}
	list := func(id string) string {
		return `<x:ReferenceList xmlns:x="` + xmltree.XENC + `"><x:DataReference URI="#` + id + `"/></x:ReferenceList>`
	}
	key := func(under, list string) string {
		k := strings.Replace(strings.Replace(anRSAKey, "%", "AAAA", 1), alg.RSAOAEP, alg.WrapAES256, 1)
		k = strings.Replace(k, `<x:CipherData>`, info(under)+`<x:CipherData>`, 1)
		return strings.Replace(k, `</x:EncryptedKey>`, list+`</x:EncryptedKey>`, 1)
	}
	body := `<o:Get xmlns:o="urn:orders"><o:ID>42</o:ID></o:Get>`
	us := KeyRef{Kind: KeyRecipient}
	context := func(id string) KeyRef { return KeyRef{Kind: KeyContext, ID: id} }
	for name, c := range map[string]struct {
		header, body string
		want         []KeyRef
	}{
		"nothing is encrypted":          {"", body, nil},
		"a key that opens nothing":      {key("urn:k", ""), body, nil},
		"data in the header":            {data("a", info("urn:a")), body, []KeyRef{us, context("urn:a")}},
		"a key with a list":             {key("urn:k", list("b")), data("b", ""), []KeyRef{us, context("urn:k")}},
		"a key with a list of a secret": {key("urn:k", list("b")), data("b", info("urn:b")), []KeyRef{us, context("urn:k"), context("urn:b")}},
		"a list":                        {list("b"), `<b>` + data("b", info("urn:b")) + `</b>`, []KeyRef{us, context("urn:b")}},
		"a list of what is not there":   {list("c"), `<b>` + data("b", info("urn:b")) + `</b>`, []KeyRef{us}},
		"a list of something else":      {list("c"), `<b Id="c">` + info("urn:b") + `</b>`, []KeyRef{us}},
		"alone in the body":             {"", data("b", info("urn:b")), []KeyRef{us, context("urn:b")}},
		"somewhere in the body":         {"", `<b>` + data("b", info("urn:b")) + `</b>`, nil},
		"of a key that nobody knows":    {data("a", `<d:KeyInfo xmlns:d="`+xmltree.DS+`"/>`), body, []KeyRef{us}},
	} {
		p, err := headerOf(t, "", Limits{})
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(p.env.Root.Doc().Source()), body, c.body, 1)
		text = strings.Replace(text, endSecurity, c.header+endSecurity, 1)
		p, err = reading(t, text, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := p.Needs(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
