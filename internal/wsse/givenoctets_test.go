package wsse

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// The header blocks that the caller gives are signed by ids of the message; the
// caller's own octets stay as they are, for the next message and for others that are
// written at the same time.
func TestHeadersOfTheCallerStayAsTheyAre(t *testing.T) {
	named := []byte(`<h:Named xmlns:h="urn:h" xmlns:u="` + xmltree.WSU + `" u:Id="mine"/>`)
	one, two := []byte(`<h:One xmlns:h="urn:h">1</h:One>`), []byte(`<h:Two xmlns:h="urn:h"/>`)
	for name, headers := range map[string][][]byte{
		"none has an id":      {one, two},
		"the first has an id": {named, one, two},
		"the last has an id":  {one, named},
		"all have":            {named},
	} {
		out := outgoing()
		out.Headers = slices.Clone(headers)
		for range 2 {
			msg, _, err := Protect(out, Options{Tokens: []Token{sharedToken(t)}, Protection: &Protection{Sign: BodyTimestamp, AllHeaders: true}}, now)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(out.Headers, headers, bytes.Equal) {
				t.Fatalf("%s: they became %s", name, bytes.Join(out.Headers, nil))
			}
			ev, err := receive(t, msg, sharing(t), Policy{}, now, 0)
			if err != nil || len(ev.Headers) != len(headers) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Of the further header blocks those are signed that are named, by their whole names.
func TestSignedHeadersAreThoseNamed(t *testing.T) {
	block := func(space, local string) []byte { return []byte(`<h:` + local + ` xmlns:h="` + space + `"/>`) }
	out := outgoing()
	out.Headers = [][]byte{block("urn:h", "A"), block("urn:h", "B"), block("urn:i", "A"), block("urn:h", "C")}
	for _, c := range []struct {
		names []soap.Name
		all   bool
		want  string
	}{
		{nil, false, ""},
		{[]soap.Name{{Space: "urn:h", Local: "A"}}, false, "{urn:h}A"},
		{[]soap.Name{{Space: "urn:i", Local: "A"}, {Space: "urn:h", Local: "C"}}, false, "{urn:i}A {urn:h}C"},
		{[]soap.Name{{Space: "urn:h", Local: "D"}, {Space: "", Local: "B"}}, false, ""},
		{[]soap.Name{{Space: "urn:h", Local: "A"}}, true, "{urn:h}A {urn:h}B {urn:i}A {urn:h}C"},
	} {
		p := &Protection{Sign: BodyTimestamp, SignHeaders: c.names, AllHeaders: c.all}
		msg, _, err := Protect(out, Options{Tokens: []Token{sharedToken(t)}, Protection: p}, now)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := receive(t, msg, sharing(t), Policy{}, now, 0)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range ev.Headers {
			got = append(got, soap.Name{Space: h.Element().Space(), Local: h.Element().Local()}.String())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%v, all %v: %s, want %s", c.names, c.all, s, c.want)
		}
	}
}

// A reference that the caller gives is written as an element of the message, without
// what stood around it in its own document.
func TestGivenReferenceStandsAlone(t *testing.T) {
	l := trust()
	l.contexts = map[string]alg.Key{"urn:ctx": secret(t)}
	str := string(contextUnsent(t).Attached)
	for name, attached := range map[string]string{
		"alone":                  str,
		"behind a declaration":   `<?xml version="1.0" encoding="utf-8"?>` + str,
		"behind a comment":       `<!-- - -->` + str,
		"between white space":    "\r\n" + str + "\r\n",
		"behind the UTF-8 mark":  "\xef\xbb\xbf" + str,
		"in UTF-16":              utf16Of(str),
		"in UTF-16, declaration": utf16Of(`<?xml version="1.0" encoding="utf-16"?>` + str),
	} {
		for _, derived := range []Derivation{NotDerived, Derived13, Implied13} {
			token := contextUnsent(t)
			token.Attached = []byte(attached)
			ready, err := token.Prepare()
			if err != nil {
				t.Fatal(err)
			}
			for _, sent := range []Token{token, ready} {
				msg := protect(t, Options{Tokens: []Token{sent}, Protection: &Protection{Sign: BodyTimestamp, Derived: derived}})
				if bytes.Contains(msg, []byte("<!--")) || bytes.Contains(msg, []byte("\xef\xbb\xbf")) {
					t.Errorf("%s: %s", name, msg)
				}
				if ev, err := receive(t, msg, l, Policy{}, now, 0); err != nil || ev.Context == nil {
					t.Errorf("%s, derived %d: %v", name, derived, err)
				}
			}
		}
	}
}

func utf16Of(s string) string {
	b := []byte{0xff, 0xfe}
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return string(b)
}

// A token is written as it is, signed by its issuer or not, so that it must be one
// element and nothing else, in the encoding of the message.
func TestTokenIsOneElement(t *testing.T) {
	xml := string(build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.Bearer}))
	good := Issued{XML: []byte(xml)}
	if _, err := receive(t, protect(t, Options{Tokens: []Token{good}}), trust(), Policy{TLS: true}, now, 0); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"a declaration":         `<?xml version="1.0"?>` + xml,
		"a comment before":      "<!-- -->" + xml,
		"white space before":    "\n" + xml,
		"a comment behind":      xml + "<!-- -->",
		"white space behind":    xml + "\n",
		"two elements":          xml + xml,
		"a mark of the UTF-8":   "\xef\xbb\xbf" + xml,
		"a mark of the UTF-16":  utf16Of(xml),
		"nothing":               "",
		"half of it":            xml[:len(xml)/2],
		"a tag behind":          xml + "</x>",
		"text that is no token": "token",
	} {
		for _, key := range []alg.Key{{}, secret(t), client().key} {
			msg, x, err := Protect(outgoing(), Options{Tokens: []Token{Issued{XML: []byte(bad), Key: key}}}, now)
			if ClassOf(err) != ClassFormat || msg != nil || x != nil {
				t.Errorf("%s, %v: %v", name, key, err)
			}
		}
	}
}
