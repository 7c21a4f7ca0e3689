package wsse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// What has a place of its own in a message is no header block of the application's.
func TestReservedNamespaces(t *testing.T) {
	for _, space := range []string{
		xmltree.SOAP11, xmltree.SOAP12, xmltree.WSA10, xmltree.WSA04, xmltree.WSSE, xmltree.WSSE11, xmltree.WSU,
		xmltree.DS, xmltree.XENC, xmltree.SAML11, xmltree.SAML20, xmltree.SC2005, xmltree.SC13,
	} {
		if !reserved(space) {
			t.Errorf("%s is anybody's", space)
		}
		if want := space == xmltree.WSA10 || space == xmltree.WSA04; addressing(space) != want {
			t.Errorf("%s is addressing: %v", space, !want)
		}
	}
	if reserved("urn:x") || reserved("") || addressing("urn:x") {
		t.Error("a namespace of the application's is reserved")
	}
}

// To sign a signature is to sign the header blocks that it is over, each once; the
// signature that is signed gains nothing.
func TestEndorsedHeaders(t *testing.T) {
	d := parsed(t, `<a><s/><s/><h/><g/></a>`)
	v := verifierWith(nil)
	v.sigs = []pendingSignature{{elem: childAt(d, 0)}, {elem: childAt(d, 1)}}
	v.ev.Signers = []*Signer{{}, {}}
	h, g := childAt(d, 2), childAt(d, 3)
	v.covered = []coverage{
		{parts: PartBody, headers: []xmltree.Elem{h, g}},
		{parts: PartTimestamp, tokens: []xmltree.Elem{childAt(d, 0)}, headers: []xmltree.Elem{h}},
	}
	v.endorse()
	if c := v.covered[1]; c.parts != PartBody|PartTimestamp || len(c.headers) != 2 || !c.headers[0].Same(h) || !c.headers[1].Same(g) {
		t.Errorf("%v, %d header blocks", c.parts, len(c.headers))
	}
	if c := v.covered[0]; c.parts != PartBody || len(c.headers) != 2 {
		t.Errorf("%v, %d header blocks", c.parts, len(c.headers))
	}
}

// A signature reaches a token through a reference only where the reference is one
// of ours and the token is in the message.
func TestTokensThroughReferences(t *testing.T) {
	bst := `<wsse:BinarySecurityToken xmlns:u="` + xmltree.WSU + `" u:Id="b" ValueType="` + typeX509v3 + `">` + base64Of(client().cert.Raw) + `</wsse:BinarySecurityToken>`
	str := func(inner string) string {
		return `<wsse:SecurityTokenReference>` + inner + `</wsse:SecurityTokenReference>`
	}
	sig := func(inner string) string {
		return `<d:Signature xmlns:d="` + xmltree.DS + `"><d:SignedInfo/><d:SignatureValue>AA==</d:SignatureValue>` + inner + `</d:Signature>`
	}
	there := str(`<wsse:Reference URI="#b"/>`)
	for name, c := range map[string]struct {
		content string
		want    Class
	}{
		"in the header":          {bst + there, 0},
		"in a signature":         {bst + sig(`<d:KeyInfo>`+there+`</d:KeyInfo>`), 0},
		"in other key info":      {bst + sig(`<d:Object><d:KeyInfo>`+there+`</d:KeyInfo></d:Object>`), ClassWrapping},
		"in an object":           {bst + sig(`<d:Object>`+there+`</d:Object>`), ClassWrapping},
		"in key info of nothing": {bst + sig(`<d:X>`+there+`</d:X>`), ClassWrapping},
		"to nothing":             {str(`<wsse:Reference URI="#c"/>`), ClassWrapping},
		"to what is not there":   {str(`<wsse:KeyIdentifier ValueType="` + typeSKI + `">AAAA</wsse:KeyIdentifier>`), ClassPolicy},
	} {
		p, err := headerOf(t, bst+there, Limits{}) // one that can be read
		if err != nil {
			t.Fatal(err)
		}
		text := string(p.env.Root.Doc().Source())
		text = strings.Replace(text, bst+there, c.content, 1)
		p.env.Root = parsed(t, text)
		p.sec = p.env.Root.First(xmltree.SOAP12, "Header").First(xmltree.WSSE, "Security")
		p.states = []state{{env: p.env, sec: p.sec}}
		ref := descendant(p.sec, "SecurityTokenReference")
		token, err := p.tokenOf(ref)
		if ClassOf(err) != c.want || token.OK() != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && token.Local() != "BinarySecurityToken" {
			t.Errorf("%s: %s", name, token.Local())
		}
	}
}

func descendant(e xmltree.Elem, local string) xmltree.Elem {
	if e.Local() == local {
		return e
	}
	for c := range e.Children {
		if found := descendant(c, local); found.OK() {
			return found
		}
	}
	return xmltree.Elem{}
}

// The answer names the key of the message in the way that fits its kind.
func TestNameOfTheKeyInTheAnswer(t *testing.T) {
	v11, v20 := &saml.Assertion{ID: "_a", Version: saml.V11}, &saml.Assertion{ID: "_a", Version: saml.V20}
	for i, c := range []struct {
		e    Evidence
		want []string
	}{
		{Evidence{binding: binding{ref: KeyRef{Kind: KeyContext, ID: "urn:ctx"}, space: xmltree.SC13}}, []string{"urn:ctx", typeSCT13}},
		{Evidence{binding: binding{ref: KeyRef{Kind: KeyNamed, KeyName: "n"}}}, []string{">n</ds:KeyName>"}},
		{Evidence{binding: binding{ref: KeyRef{Kind: KeyKerberos, ID: "abc"}}}, []string{typeKerberosSHA1, base64Of([]byte("abc"))}},
		{Evidence{binding: binding{ref: KeyRef{Kind: KeyEncrypted, ID: "abc"}}}, []string{typeEncryptedKeySHA1, base64Of([]byte("abc")), `TokenType="` + typeEncryptedKey}},
		{Evidence{binding: binding{ref: KeyRef{Kind: KeyAssertion, ID: "_b"}}, Assertion: v11}, []string{typeSAML20ID, "_b"}},
		{Evidence{Assertion: v11}, []string{typeSAML11ID, "_a", `TokenType="` + tokenSAML11}},
		{Evidence{Assertion: v20}, []string{typeSAML20ID, "_a", `TokenType="` + tokenSAML20}},
		{Evidence{}, []string{"SecurityTokenReference"}},
	} {
		got := c.e.reference()
		for _, w := range c.want {
			if !bytes.Contains(got, []byte(w)) {
				t.Errorf("%d: no %s in %s", i, w, got)
			}
		}
	}
	// What is encrypted in the message is encrypted in the answer, and its message
	// identifier is what the answer relates to.
	with := func(e Evidence) string {
		o, same, err := e.Answer(Options{})
		if o.Protection == nil {
			return fmt.Sprint(same, ClassOf(err))
		}
		return fmt.Sprint(same, o.Protection.Encrypt, len(o.Tokens), o.Protection.Recipient != nil)
	}
	key := binding{key: secret(t)}
	for want, e := range map[string]Evidence{
		"false unknown":                  {binding: key},
		"true body 1 false":              {binding: key, Encrypted: PartBody},
		"true action,relates-to 1 false": {binding: key, Encrypted: PartAction | PartMessageID | PartTo},
		"true  1 false":                  {binding: binding{key: secret(t), derive: Derived13}},
		"true body 0 true":               {binding: binding{certificate: rsaUser().cert}, Encrypted: PartBody},
		"false policy":                   {binding: binding{certificate: client().cert}, Encrypted: PartBody},
	} {
		if got := with(e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, ref := range []KeyRef{{Kind: KeyEncrypted, ID: "a"}, {Kind: KeyNamed, KeyName: "n"}} {
		if _, same, err := (&Evidence{binding: binding{key: secret(t), ref: ref}}).Answer(Options{}); !same || err != nil {
			t.Errorf("%v: %v, %v", ref, same, err)
		}
	}
	if _, _, err := (&Evidence{Encrypted: PartBody}).Answer(Options{}); ClassOf(err) != ClassPolicy {
		t.Error(err)
	}
}
