package wsse

import (
	"bytes"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// Where something was in one form of a message says where it is in the next, or that
// it is gone: nothing inside what was replaced is anywhere, and what came in place of
// content is not the element that stood for it.
func TestPlacesAfterOpening(t *testing.T) {
	s := state{cuts: []cut{
		{from: 10, to: 20, size: 4, lead: 1},                 // an element, six octets shorter
		{from: 20, to: 30, size: 12, lead: 2},                // the next, at once, two longer
		{from: 40, to: 50, size: 10, lead: 3, content: true}, // content, which is as long
	}}
	for at, want := range map[int]int{
		0: 0, 9: 9,
		10: 11, 11: -1, 19: -1,
		20: 16, 21: -1, 29: -1,
		30: 26, 39: 35,
		40: -1, 41: -1, 49: -1,
		50: 46, 51: 47,
	} {
		if got := s.shift(at); got != want {
			t.Errorf("octet %d is at %d, want %d", at, got, want)
		}
	}
}

// closing makes EncryptedData under a security context.
func closing(t testing.TB, suite alg.Suite, cipher, plain, typ, id string, key alg.Key, context string) string {
	t.Helper()
	var b xmltree.Builder
	info := keyInfoWith(refTo(`<o:Reference URI="` + context + `" ValueType="` + typeSCT13 + `"/>`))
	if err := xmlenc.SealBy(&b, cipher, []byte(plain), typ, id, key, info, suite); err != nil {
		t.Fatal(err)
	}
	return string(b.Bytes())
}

func listing(ids ...string) string { return string(referenceList(ids)) }

// twoContexts are what the messages here are encrypted with.
func twoContexts(t testing.TB, ids ...identity) lenient {
	l := trust(ids...)
	other, err := alg.SecretKey(bytes.Repeat([]byte("other."), 6)[:32])
	if err != nil {
		t.Fatal(err)
	}
	l.contexts = map[string]alg.Key{"urn:ctx": secret(t), "urn:other": other}
	return l
}

// A signature over ciphertext is over what it turns out to be, with white space before
// it or without; one over content is over nothing that has a name, and one over what is
// inside of ciphertext is over nothing that may be signed, in however many steps the
// message is opened.
func TestSignaturesOverCiphertext(t *testing.T) {
	l := twoContexts(t, client())
	tenant := `<h:Tenant xmlns:h="urn:h">a</h:Tenant>`
	element := closing(t, "", "", " \r\n\t"+tenant, xmlenc.Element, "ed", secret(t), "urn:ctx")
	content := closing(t, "", "", " <h:Name xmlns:h='urn:h'>a</h:Name>", xmlenc.Content, "ed", secret(t), "urn:ctx")
	inner := string(bytes.Replace([]byte(element), []byte("<o:SecurityTokenReference"), []byte(`<o:SecurityTokenReference xmlns:u="`+xmltree.WSU+`" u:Id="key"`), 1))
	last := closing(t, "", "", "<h:Name xmlns:h='urn:h'>b</h:Name>", xmlenc.Content, "last", l.contexts["urn:other"], "urn:other")
	in := func(s string) string { return `<h:Tenant xmlns:h="urn:h">` + s + `</h:Tenant>` }
	for name, c := range map[string]struct {
		data   string // as a header block
		signed string // its id
		want   Class
		heads  int // header blocks that are signed
	}{
		"an element":         {element, "ed", 0, 1},
		"content":            {in(content), "ed", 0, 0},
		"inside of data":     {inner, "key", ClassWrapping, 0},
		"neither":            {element, "", 0, 0},
		"an element in one":  {in(element), "ed", ClassWrapping, 0}, // no header block, nor a part
		"data that is inner": {in(inner), "key", ClassWrapping, 0},
	} {
		for _, again := range []bool{false, true} {
			info := string(xmldsig.X509KeyInfo(client().cert))
			msg := rewritten(t, client(), "", info, func(xmltree.Elem) []xmldsig.Ref {
				if c.signed == "" {
					return nil
				}
				e, err := xmltree.ByID(parsed(t, c.data), c.signed)
				if err != nil {
					t.Fatal(err)
				}
				return []xmldsig.Ref{{ID: c.signed, Elem: e}}
			})
			lists, after := listing("ed"), c.data
			if again {
				lists, after = lists+listing("last"), after+in(last)
			}
			msg = bytes.Replace(msg, []byte(endSecurity), []byte(lists+endSecurity+after), 1)
			ev, err := receive(t, msg, l, Policy{}, now, 0)
			if ClassOf(err) != c.want || (err == nil) != (c.want == 0) {
				t.Errorf("%s, again %v: %v", name, again, err)
			} else if err == nil && (len(ev.Headers) != c.heads || !ev.Body.Signed()) {
				t.Errorf("%s, again %v: %d header blocks are signed", name, again, len(ev.Headers))
			}
		}
	}
}

// A signature whose reference has the assertion in it opens what it covers, also where
// other things were opened before it. It does not where it was hidden, and more was
// opened since: then nobody has read its assertion.
func TestEmbeddedAssertionInEarlierForms(t *testing.T) {
	const reference = `<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"/>`
	l := twoContexts(t)
	first := closing(t, alg.Legacy, alg.AES256GCM, reference, xmlenc.Element, "first", secret(t), "urn:ctx")
	signed := closing(t, alg.Legacy, alg.AES256CBC, reference, xmlenc.Element, "signed", l.contexts["urn:other"], "urn:other")
	assertion := build(t, saml.V20, issuer(), holderOf(client()))
	info := keyInfoWith(refTo(`<o:Embedded>` + string(assertion) + `</o:Embedded>`))
	msg := rewritten(t, client(), first+signed, string(info), func(xmltree.Elem) []xmldsig.Ref {
		return []xmldsig.Ref{{ID: "signed", Elem: parsed(t, signed)}}
	})
	msg = bytes.Replace(msg, []byte(endSecurity), []byte(listing("signed")+endSecurity), 1)
	signature := find(t, msg, `<ds:Signature Id.*</ds:Signature>|<ds:Signature xmlns.*</ds:Signature>`)
	hidden := closing(t, alg.Legacy, alg.AES256GCM, string(signature), xmlenc.Element, "hidden", secret(t), "urn:ctx")
	third := closing(t, alg.Legacy, alg.AES256GCM, reference, xmlenc.Element, "third", secret(t), "urn:ctx")
	for name, c := range map[string]struct {
		by   string
		want Class
	}{
		"in the clear":                 {string(signature), 0},
		"in the clear, and one more":   {string(signature) + third, 0},
		"hidden":                       {hidden, 0},
		"hidden, and another after it": {hidden + third, ClassTrust},
	} {
		ev, err := receive(t, bytes.Replace(msg, signature, []byte(c.by), 1), l, Policy{Suite: alg.Legacy}, now, 0)
		if ClassOf(err) != c.want || (err == nil) != (c.want == 0) {
			t.Errorf("%s: %v", name, err)
		} else if err == nil && (ev.Confirmation != saml.HolderOfKey || !ev.Signers[0].Holder) {
			t.Errorf("%s: %+v", name, ev)
		}
	}
}
