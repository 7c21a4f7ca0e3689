package main

import (
	"strings"
	"testing"
)

func TestMaskXML(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"nothing to hide", `<a x="1">  <b/>&amp;<!-- c --></a>`, ""},
		{"password", `<a><Password Type="x">hunter2</Password></a>`, `<a><Password Type="x">********</Password></a>`},
		{"whatever the prefix", `<w:Password xmlns:w="urn:other">a<b/>c</w:Password>`, `<w:Password xmlns:w="urn:other">********</w:Password>`},
		{"keys", `<a><BinarySecret>AA==</BinarySecret><CipherValue>BB==</CipherValue></a>`, `<a><BinarySecret>********</BinarySecret><CipherValue>********</CipherValue></a>`},
		{"an empty one", `<a><Password/><Password></Password></a>`, ""},
		{
			"a token's signature and not the message's",
			`<a><SignatureValue>AA==</SignatureValue><s:Assertion xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion"><SignatureValue>BB==</SignatureValue></s:Assertion></a>`,
			`<a><SignatureValue>AA==</SignatureValue><s:Assertion xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion"><SignatureValue>********</SignatureValue></s:Assertion></a>`,
		},
		{
			"of SAML 1.1 too",
			`<s:Assertion xmlns:s="urn:oasis:names:tc:SAML:1.0:assertion"><x><SignatureValue>BB==</SignatureValue></x></s:Assertion>`,
			`<s:Assertion xmlns:s="urn:oasis:names:tc:SAML:1.0:assertion"><x><SignatureValue>********</SignatureValue></x></s:Assertion>`,
		},
		{
			"certificates are no secrets",
			`<a><BinarySecurityToken ValueType="http://x#X509v3">AA==</BinarySecurityToken><BinarySecurityToken ValueType="http://x#Kerberosv5_AP_REQ">BB==</BinarySecurityToken></a>`,
			`<a><BinarySecurityToken ValueType="http://x#X509v3">AA==</BinarySecurityToken><BinarySecurityToken ValueType="http://x#Kerberosv5_AP_REQ">********</BinarySecurityToken></a>`,
		},
	} {
		want := test.want
		if want == "" {
			want = test.in
		}
		if got, ok := maskXML([]byte(test.in)); !ok || string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, want)
		}
	}
	if got, ok := maskXML([]byte("Password: hunter2")); ok || len(got) > 0 {
		t.Errorf("what is not XML is shown: %s", got)
	}
}

func TestRedact(t *testing.T) {
	u := &ui{}
	secret := `p"ä<s>s wörd` + "\u202e"
	u.keep([]byte(secret))
	u.keep([]byte("abc"))
	for _, form := range []string{secret, `p\"ä<s>s wörd\u202e`, "p&#34;ä&lt;s&gt;s wörd\u202e"} {
		if got := u.redact("x " + form + " y"); got != "x "+masked+" y" {
			t.Errorf("%q became %q", form, got)
		}
	}
	// Three letters are in half of all words.
	if got := u.redact("abc"); got != "abc" {
		t.Errorf("got %q", got)
	}
}

func TestErrorsStayOnOneLine(t *testing.T) {
	var out strings.Builder
	u := &ui{err: &out}
	if got := u.report(fail(exitPolicy, "do\nthat", "a\nb\x1b[31mc%s", strings.Repeat("é", 2000))); got != exitPolicy {
		t.Errorf("exit status %d", got)
	}
	said := out.String()
	if n := strings.Count(said, "\n"); n > 3 || strings.Contains(said, "\x1b") || len(said) > 1300 {
		t.Errorf("%d lines, %d octets: %.100q", n, len(said), said)
	}
	if !strings.HasPrefix(said, "wst: error: a b\uFFFD[31mcé") {
		t.Errorf("%.100q", said)
	}
}
