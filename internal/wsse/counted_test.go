package wsse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
)

// headerOf reads a message whose Security header has this content.
func headerOf(t testing.TB, content string, lim Limits) (*Pending, error) {
	t.Helper()
	msg := protect(t, Options{})
	i := bytes.Index(msg, []byte("</wsse:Security>"))
	msg = bytes.Join([][]byte{msg[:i], []byte(content), msg[i:]}, nil)
	return reading(t, string(msg), lim)
}

func reading(t testing.TB, msg string, lim Limits) (*Pending, error) {
	t.Helper()
	d, err := xmltree.Parse([]byte(msg), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	env, err := soap.Read(d, Understood)
	if err != nil {
		t.Fatal(err)
	}
	return ReadWithin(env, "", lim)
}

// Every token counts, of whatever kind, up to the limit and no further.
func TestEveryTokenCounts(t *testing.T) {
	const space = ` xmlns:x="`
	kinds := map[string]string{
		"certificate":  `<wsse:BinarySecurityToken ValueType="` + typeX509v3 + `">AA==</wsse:BinarySecurityToken>`,
		"reference":    `<wsse:SecurityTokenReference/>`,
		"confirmation": `<x:SignatureConfirmation` + space + xmltree.WSSE11 + `"/>`,
		"context":      `<x:SecurityContextToken` + space + xmltree.SC13 + `"><x:Identifier>urn:a</x:Identifier></x:SecurityContextToken>`,
		"user name":    `<wsse:UsernameToken><wsse:Username>a</wsse:Username><wsse:Password>b</wsse:Password></wsse:UsernameToken>`,
		"assertion":    `<x:Assertion` + space + xmltree.SAML20 + `"/>`,
		"encrypted":    `<x:EncryptedAssertion` + space + xmltree.SAML20 + `"/>`,
	}
	lim := Limits{Tokens: 3}
	two := strings.Repeat(kinds["certificate"], 2)
	for name, token := range kinds {
		if _, err := headerOf(t, two+token, lim); err != nil {
			t.Errorf("three tokens, the last a %s: %v", name, err)
		}
		_, err := headerOf(t, two+kinds["certificate"]+token, lim)
		if ClassOf(err) != ClassLimit {
			t.Errorf("four tokens, the last a %s: %v", name, err)
		}
	}
	for name, second := range map[string]string{"encrypted": kinds["encrypted"], "assertion": kinds["assertion"]} {
		for _, first := range []string{kinds["encrypted"], kinds["assertion"]} {
			if _, err := headerOf(t, first+second, Limits{}); ClassOf(err) != ClassWrapping {
				t.Errorf("a second assertion, %s: %v", name, err)
			}
		}
	}
}

func TestEveryKeyTokenCounts(t *testing.T) {
	key := func(i int) string {
		return fmt.Sprintf(`<x:EncryptedKey xmlns:x="%s"><x:EncryptionMethod Algorithm="urn:a"/><x:CipherData><x:CipherValue>AA==</x:CipherValue></x:CipherData></x:EncryptedKey>`, xmltree.XENC)
	}
	all := ""
	for i := range 4 {
		all += key(i)
	}
	if _, err := headerOf(t, all, Limits{EncryptedKeys: 2}); err != nil {
		t.Errorf("four keys: %v", err)
	}
	if _, err := headerOf(t, all+key(4), Limits{EncryptedKeys: 2}); ClassOf(err) != ClassLimit {
		t.Errorf("five keys: %v", err)
	}
	// One that cannot be read refuses the message, whether or not it is used.
	if _, err := headerOf(t, `<x:EncryptedKey xmlns:x="`+xmltree.XENC+`"/>`, Limits{}); err == nil {
		t.Error("a key without a value")
	}
}

// The message says once what must be known: each name, and who issued a token.
func TestNeedsAreNamedOnce(t *testing.T) {
	p, err := headerOf(t, `<wsse:UsernameToken><wsse:Username>a</wsse:Username><wsse:Password>b</wsse:Password></wsse:UsernameToken>`+
		`<x:Assertion Issuer="i" xmlns:x="`+xmltree.SAML11+`"/>`, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p.need(p.Needs()[0])
	want := []KeyRef{{Kind: KeyUser, Name: "a"}, {Kind: KeyIssuer, Name: "i"}}
	if got := p.Needs(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%v", got)
	}
	p, err = headerOf(t, `<x:EncryptedAssertion xmlns:x="`+xmltree.SAML20+`"/>`, Limits{})
	if err != nil || len(p.Needs()) != 1 || p.Needs()[0] != (KeyRef{Kind: KeyIssuer}) {
		t.Errorf("%v, %v", p.Needs(), err)
	}
	// A context's instance is part of its name, and must be readable.
	sct := `<x:SecurityContextToken xmlns:x="` + xmltree.SC13 + `"><x:Identifier>urn:a</x:Identifier>%s</x:SecurityContextToken>`
	for content, ok := range map[string]bool{
		"": true, "<x:Instance>7</x:Instance>": true,
		"<x:Instance>7<x:a/></x:Instance>":                     false,
		"<x:Instance>7</x:Instance><x:Instance>8</x:Instance>": false,
	} {
		p, err := headerOf(t, fmt.Sprintf(sct, content), Limits{})
		if (err == nil) != ok {
			t.Errorf("%s: %v", content, err)
		}
		if ok && (p.contexts[0].ref.Instance == "7") != (content != "") {
			t.Errorf("%s: %+v", content, p.contexts[0].ref)
		}
	}
}
