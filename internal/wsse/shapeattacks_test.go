package wsse

import (
	"bytes"
	"strings"
	"testing"

	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// shapeAttacks are about where ciphertext stands and what it turns out to be.
func shapeAttacks() []encAttack {
	rsa := x509Token(rsaUser(), RefDirect, 0)
	asymmetric := Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert}
	cipherSigned := asymmetric
	cipherSigned.Order = EncryptThenSign
	admin := func(ev *Evidence) bool {
		for h := range ev.Envelope.Header.Children {
			if h.Is("urn:h", "Admin") {
				return true
			}
		}
		return bytes.Contains(ev.Body.Element().Raw(), []byte("forged"))
	}
	// in puts ciphertext into a header block, or as its replacement.
	in := func(plain, typ string) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			_, ek, ed := sealedFor(t, "", "x", plain, typ)
			msg := write(t, "", Protection{Sign: BodyTimestamp}, rsa)
			msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
			if typ == xmlenc.Content {
				return swap(t, msg, `>in the clear<`, []byte(">"+string(ed)+"<"))
			}
			return swap(t, msg, `<h:Plain.*?</h:Plain>`, []byte(`<h:List xmlns:h="urn:h">`+string(ed)+`</h:List>`))
		}
	}
	return []encAttack{
		// C13: not what the type says.
		{name: "C13-two-elements", off: checkSplice, class: ClassDecrypt, make: in(`<h:A xmlns:h="urn:h"/><h:B xmlns:h="urn:h"/>`, xmlenc.Element)},
		{name: "C13-text-for-an-element", off: checkSplice, class: ClassDecrypt, make: in(`just text`, xmlenc.Element)},
		{name: "C13-nothing-for-an-element", off: checkSplice, class: ClassDecrypt, make: in(``, xmlenc.Element)},
		{name: "C13-content-reaches-out", off: checkSplice, class: ClassDecrypt, fooled: admin, make: in(`a</h:Plain><h:Admin xmlns:h="urn:h">yes</h:Admin><h:Plain xmlns:h="urn:h">b`, xmlenc.Content)},
		{name: "C13-element-reaches-out", off: checkSplice, class: ClassDecrypt, fooled: admin, make: in(`<h:A/></h:List><h:Admin xmlns:h="urn:h">yes</h:Admin><h:List xmlns:h="urn:h"><h:B/>`, xmlenc.Element)},
		{name: "C13-comment-swallows", off: checkSplice, class: ClassDecrypt, make: func(t *testing.T) []byte {
			msg := in(`x<!--`, xmlenc.Content)(t)
			return swap(t, msg, `</h:Plain>`, []byte(`</h:Plain><h:Plain xmlns:h="urn:h">--></h:Plain>`))
		}},
		{name: "C13-doctype", class: ClassDecrypt, make: in(`<!DOCTYPE x><h:A xmlns:h="urn:h"/>`, xmlenc.Element)},
		{name: "C13-instruction", class: ClassDecrypt, make: in(`<?x y?><h:A xmlns:h="urn:h"/>`, xmlenc.Element)},
		{name: "C13-many", class: ClassLimit, make: func(t *testing.T) []byte {
			refs := make([]string, 0, 33)
			for range 33 {
				refs = append(refs, `<xenc:DataReference URI="#x"/>`)
			}
			msg := write(t, "", asymmetric, rsa)
			return swap(t, msg, `<xenc:DataReference URI="[^"]*"/>`, []byte(strings.Join(refs, "")))
		}},
		{name: "C13-nested", class: ClassLimit, make: func(t *testing.T) []byte { return nested(t, 8) }},
		{name: "C13-listed-twice", class: ClassWrapping, make: func(t *testing.T) []byte {
			msg := write(t, "", asymmetric, rsa)
			one := find(t, msg, `<xenc:DataReference URI="[^"]*"/>`)
			return bytes.Replace(msg, one, append(one, one...), 1)
		}},
		{name: "C13-content-beside-content", class: ClassWrapping, make: func(t *testing.T) []byte {
			msg := write(t, "", asymmetric, rsa)
			return swap(t, msg, `</s:Body>`, []byte("<x:y xmlns:x='urn:evil'/></s:Body>"))
		}},
		{name: "C13-no-type", class: ClassFormat, make: func(t *testing.T) []byte {
			return swap(t, write(t, "", asymmetric, rsa), ` Type="[^"]*"`, nil)
		}},

		// W16: signed ciphertext that was moved, and plaintext that takes a place.
		{name: "W16-body-wrapped", off: checkPlace | checkRequired | checkSplice, class: ClassWrapping, fooled: bodyIs("forged"), make: func(t *testing.T) []byte {
			msg := write(t, "", cipherSigned, rsa)
			body := find(t, msg, anyBody)
			msg = bytes.Replace(msg, body, []byte(`<s:Body><o:Get xmlns:o="urn:orders">forged</o:Get></s:Body>`), 1)
			return swap(t, msg, `</s:Header>`, []byte(`<h:Wrap xmlns:h="urn:h">`+string(body)+`</h:Wrap></s:Header>`))
		}},
		{name: "W16-plaintext-body-wrapped", class: ClassWrapping, make: func(t *testing.T) []byte {
			// The signed Body, in the clear, comes out of ciphertext elsewhere.
			p := Protection{Sign: BodyTimestamp}
			msg := write(t, "", p, rsa)
			body := find(t, msg, anyBody)
			d, err := xmltree.Parse(msg, xmltree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			_, ek, ed := sealedFor(t, "", "x", string(d.Root().First(xmltree.SOAP12, "Body").Standalone()), xmlenc.Element)
			msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
			msg = bytes.Replace(msg, body, []byte(`<s:Body><o:Get xmlns:o="urn:orders">forged</o:Get></s:Body>`), 1)
			return swap(t, msg, `>in the clear<`, []byte(">"+string(ed)+"<"))
		}},
		{name: "W16-identifier-twice", class: ClassWrapping, make: func(t *testing.T) []byte {
			msg := write(t, "", Protection{Sign: BodyTimestamp}, rsa)
			id := strings.Split(string(find(t, msg, `<s:Body [^>]*wsu:Id="[^"]*"`)), `wsu:Id="`)[1]
			_, ek, ed := sealedFor(t, "", "x", `<h:A xmlns:h="urn:h" xmlns:u="`+xmltree.WSU+`" u:Id="`+id+`/>`, xmlenc.Element)
			msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
			return swap(t, msg, `>in the clear<`, []byte(">"+string(ed)+"<"))
		}},
		{name: "W16-second-body", class: ClassFormat, make: func(t *testing.T) []byte {
			_, ek, ed := sealedFor(t, "", "x", `<s:Body xmlns:s="`+xmltree.SOAP12+`"/>`, xmlenc.Element)
			msg := write(t, "", Protection{Sign: BodyTimestamp}, rsa)
			msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
			return swap(t, msg, `</s:Envelope>`, append(ed, "</s:Envelope>"...))
		}},
		{name: "W16-second-to", class: ClassProtocol, make: func(t *testing.T) []byte {
			return secondHeader(t, `<wsa:To xmlns:wsa="`+xmltree.WSA10+`">urn:evil</wsa:To>`)
		}},
		{name: "W16-second-security", class: ClassProtocol, make: func(t *testing.T) []byte {
			return secondHeader(t, `<wsse:Security xmlns:wsse="`+xmltree.WSSE+`"/>`)
		}},
		{name: "W16-second-timestamp", class: ClassFormat, make: func(t *testing.T) []byte {
			_, ek, ed := sealedFor(t, "", "x", `<wsu:Timestamp xmlns:wsu="`+xmltree.WSU+`"><wsu:Created>`+xmltree.FormatTime(now)+`</wsu:Created></wsu:Timestamp>`, xmlenc.Element)
			msg := write(t, "", Protection{Sign: BodyTimestamp}, rsa)
			return swap(t, msg, endTimestamp, bytes.Join([][]byte{[]byte(endTimestamp), ek, ed}, nil))
		}},
		{name: "W16-must-understand", class: ClassProtocol, make: func(t *testing.T) []byte {
			msg := secondHeader(t, `<h:Never xmlns:h="urn:h" xmlns:s="`+xmltree.SOAP12+`" s:mustUnderstand="1"/>`)
			return msg
		}},
		{name: "W16-in-a-signature", class: ClassWrapping, make: func(t *testing.T) []byte {
			_, ek, ed := sealedFor(t, "", "x", `<h:A xmlns:h="urn:h"/>`, xmlenc.Element)
			msg := write(t, "", Protection{Sign: BodyTimestamp}, rsa)
			msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
			return swap(t, msg, `</ds:Signature>`, []byte(`<ds:Object>`+string(ed)+`</ds:Object></ds:Signature>`))
		}},
		{name: "W16-other-role", class: ClassWrapping, make: func(t *testing.T) []byte {
			msg := in("x", xmlenc.Content)(t)
			return swap(t, msg, `<h:Plain`, []byte(`<h:Plain xmlns:s="`+xmltree.SOAP12+`" s:role="urn:other"`))
		}},
		{name: "W16-no-key", class: ClassWrapping, make: func(t *testing.T) []byte {
			p := asymmetric
			p.Encrypt = PartTo
			return swap(t, write(t, "", p, rsa), anyKey, nil)
		}},
		{name: "W16-left-closed", class: ClassPolicy, make: func(t *testing.T) []byte {
			p := asymmetric
			p.Encrypt = PartTo
			return swap(t, swap(t, write(t, "", p, rsa), anyKey, nil), `<ds:KeyInfo><wsse:SecurityTokenReference wsse11.*?</ds:KeyInfo>|<ds:KeyInfo xmlns:ds="[^"]*"><wsse:SecurityTokenReference .{0,300}TokenType.*?</ds:KeyInfo>`, nil)
		}},
	}
}

// secondHeader brings a header block out of an EncryptedHeader.
func secondHeader(t *testing.T, plain string) []byte {
	t.Helper()
	_, ek, ed := sealedFor(t, "", "x", plain, xmlenc.Element)
	msg := write(t, "", Protection{Sign: BodyTimestamp}, x509Token(rsaUser(), RefDirect, 0))
	msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
	return swap(t, msg, `</s:Header>`, []byte(`<w:EncryptedHeader xmlns:w="`+xmltree.WSSE11+`">`+string(ed)+`</w:EncryptedHeader></s:Header>`))
}

// nested encrypts the content of the Body n times.
func nested(t *testing.T, n int) []byte {
	t.Helper()
	plain := `<o:Get xmlns:o="urn:orders">deep</o:Get>`
	var keys []byte
	for i := range n {
		_, ek, ed := sealedFor(t, "", string(rune('a'+i)), plain, xmlenc.Content)
		plain = string(ed)
		keys = append(ek, keys...)
	}
	msg := write(t, "", Protection{Sign: PartTimestamp}, x509Token(rsaUser(), RefDirect, 0))
	msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), keys...))
	return swap(t, msg, anyBody, []byte("<s:Body>"+plain+"</s:Body>"))
}
