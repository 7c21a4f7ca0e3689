package wsse

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// A context token that has a list of references in it encrypts nothing, and a header
// block that has encrypted data in it is the application's: no key of ours is asked
// for.
func TestNothingToOpen(t *testing.T) {
	data := `<x:EncryptedData xmlns:x="` + xmltree.XENC + `"><d:KeyInfo xmlns:d="` + xmltree.DS + `"><d:KeyName>n</d:KeyName></d:KeyInfo></x:EncryptedData>`
	for name, put := range map[string][2]string{
		"a list in a context": {endSecurity, `<c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `"><c:Identifier>urn:a</c:Identifier><x:ReferenceList xmlns:x="` + xmltree.XENC + `"/></c:SecurityContextToken>` + endSecurity},
		"data in a header":    {endSecurity, endSecurity + `<h:Tenant xmlns:h="urn:h">` + data + `</h:Tenant>`},
	} {
		msg := bytes.Replace(protect(t, Options{}), []byte(put[0]), []byte(put[1]), 1)
		p, err := reading(t, string(msg), Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if slices.Contains(p.Needs(), KeyRef{Kind: KeyRecipient}) || p.closed {
			t.Errorf("%s: %v", name, p.Needs())
		}
		if err := p.Open(Credentials{}, Policy{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is listed is opened wherever it stands, so that its key is asked for; what is
// listed in something else than a list is not. The key of an assertion in the message
// is asked for by its issuer alone.
func TestKeysOfWhatIsListed(t *testing.T) {
	info := func(ref string) string { return `<d:KeyInfo xmlns:d="` + xmltree.DS + `">` + ref + `</d:KeyInfo>` }
	context := func(id string) string {
		return info(string(refTo(`<o:Reference URI="` + id + `" ValueType="` + typeSCT13 + `"/>`)))
	}
	data := func(id, info string) string {
		return `<x:EncryptedData xmlns:x="` + xmltree.XENC + `" Id="` + id + `">` + info + `</x:EncryptedData>`
	}
	listed := `<x:DataReference xmlns:x="` + xmltree.XENC + `" URI="#b"/>`
	key := strings.Replace(strings.Replace(anRSAKey, "%", "AAAA", 1), alg.RSAOAEP, alg.WrapAES256, 1)
	key = strings.Replace(key, `<x:CipherData>`, context("urn:k")+`<x:CipherData>`, 1)
	key = strings.Replace(key, `</x:EncryptedKey>`, `<x:ReferenceList>`+listed+`</x:ReferenceList></x:EncryptedKey>`, 1)
	assertion := build(t, saml.V20, issuer(), sealed(t, secret(t)))
	us, issued := KeyRef{Kind: KeyRecipient}, KeyRef{Kind: KeyIssuer, Name: issuerName}
	named := func(id string) KeyRef { return KeyRef{Kind: KeyContext, ID: id} }
	for name, c := range map[string]struct {
		header string
		want   []KeyRef
	}{
		"in the list of a key":          {key, []KeyRef{us, named("urn:k"), named("urn:b")}},
		"in a list":                     {`<x:ReferenceList xmlns:x="` + xmltree.XENC + `">` + listed + `</x:ReferenceList>`, []KeyRef{us, named("urn:b")}},
		"in what is no list":            {data("a", context("urn:a")) + `<k:SignatureConfirmation xmlns:k="` + xmltree.WSSE11 + `">` + listed + `</k:SignatureConfirmation>`, []KeyRef{us, named("urn:a")}},
		"with the key of an assertion":  {string(assertion) + data("a", info(string(attachedTo(assertion)))), []KeyRef{issued, us}},
		"with a reference that is none": {data("a", strings.Replace(context("urn:a"), `Reference xmlns:o`, `Reference xmlns:c="`+xmltree.SC13+`" c:Nonce="!" xmlns:o`, 1)), []KeyRef{us}},
		"with no key":                   {data("a", info("")), []KeyRef{us}},
	} {
		body := `<o:Get xmlns:o="urn:orders"><o:ID>` + data("b", context("urn:b")) + `</o:ID></o:Get>`
		msg := strings.Replace(string(protect(t, Options{})), `<o:Get xmlns:o="urn:orders"><o:ID>42</o:ID></o:Get>`, body, 1)
		p, err := reading(t, strings.Replace(msg, endSecurity, c.header+endSecurity, 1), Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := p.Needs(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
