package xmltree

import (
	"errors"
	"testing"
	"time"
)

func parse(t testing.TB, s string) Elem {
	t.Helper()
	d, err := Parse([]byte(s), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

func TestChildren(t *testing.T) {
	r := parse(t, `<r xmlns="urn:r" xmlns:p="urn:p"><a>1</a> <p:a>2</p:a><!-- --><a>3</a></r>`)
	if _, err := r.One("urn:r", "a"); !errors.Is(err, ErrFormat) {
		t.Errorf("One of two: %v", err)
	}
	if c, err := r.One("urn:p", "a"); err != nil || c.Prefix() != "p" {
		t.Errorf("One: %v", err)
	}
	if c, err := r.Maybe("urn:p", "b"); err != nil || c.OK() {
		t.Errorf("Maybe of none: %v", err)
	}
	if _, err := r.One("urn:p", "b"); !errors.Is(err, ErrFormat) {
		t.Errorf("One of none: %v", err)
	}
	if err := r.OnlyElements(); err != nil {
		t.Error(err)
	}
	if err := parse(t, `<r>x<a/></r>`).OnlyElements(); err == nil {
		t.Error("text between elements was let through")
	}
	var none Elem
	if none.OK() || none.Is("", "") || none.First("", "a").OK() {
		t.Error("the zero Elem is something")
	}
}

func TestText(t *testing.T) {
	for s, want := range map[string]string{
		`<a>x</a>`: "x", `<a></a>`: "", `<a/>`: "", `<a>x<![CDATA[y]]>z</a>`: "xyz", `<a>&lt;</a>`: "<",
	} {
		if got, err := parse(t, s).Text(); got != want || err != nil {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{`<a>admin<!-- -->.evil</a>`, `<a>x<b/></a>`, `<a><!----></a>`} {
		if got, err := parse(t, s).Text(); err == nil {
			t.Errorf("%s: read as %q", s, got)
		}
	}
}

func TestBase64(t *testing.T) {
	for _, s := range []string{"AAEC", " AA\n EC ", ""} {
		if _, err := parse(t, "<a>"+s+"</a>").Base64(); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"AAE", "AB==", "AAA_", "AA-A", "AAEC=", "A===", "AAEC!"} {
		if got, err := parse(t, "<a>"+s+"</a>").Base64(); err == nil {
			t.Errorf("%q: read as %x", s, got)
		}
	}
}

func TestTime(t *testing.T) {
	for s, want := range map[string]time.Time{
		"2026-01-02T03:04:05Z":           time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		"2026-01-02T03:04:05.123Z":       time.Date(2026, 1, 2, 3, 4, 5, 123e6, time.UTC),
		"2026-01-02T03:04:05.1234567Z":   time.Date(2026, 1, 2, 3, 4, 5, 123456700, time.UTC),
		"2026-01-02T03:04:05+02:00":      time.Date(2026, 1, 2, 1, 4, 5, 0, time.UTC),
		" 2026-01-02T03:04:05.5-14:00\n": time.Date(2026, 1, 2, 17, 4, 5, 5e8, time.UTC),
		"2024-02-29T00:00:00Z":           time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
	} {
		got, err := parse(t, "<a>"+s+"</a>").Time()
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
		if back, err := ParseTime(FormatTime(want)); err != nil || !back.Equal(want.Truncate(time.Millisecond)) {
			t.Errorf("%q: round trip %v, %v", s, back, err)
		}
	}
	for _, s := range []string{
		"2026-01-02T03:04:05", "2026-1-02T03:04:05Z", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "2026-01-02T24:00:00Z",
		"2026-01-02T03:04:60Z", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1234567890Z",
		"2026-01-02T03:04:05+15:00", "2026-01-02T03:04:05+0200", "+2026-01-02T03:04:05Z", "-2026-01-02T03:04:05Z", "2026-13-02T03:04:05Z", "", "Z",
		"12026-01-02T03:04:05Z", "2026-01-02T03:04:05z", "2026-01-02T03:04:05ZZ",
	} {
		if got, err := ParseTime(s); err == nil {
			t.Errorf("%q: read as %v", s, got)
		}
	}
}

func TestIDs(t *testing.T) {
	const ns = ` xmlns:wsu="` + WSU + `" xmlns:ds="` + DS + `" xmlns:s2="` + SAML20 + `" xmlns:p="` + SAMLP20 + `" `
	ok := parse(t, `<r`+ns+`><a wsu:Id="one"/><ds:Object Id="two"/><s2:Assertion ID="three"/><x id="1"/><x id="1"/><y xml:id="four"/></r>`)
	for _, id := range []string{"one", "two", "three", "four"} {
		if _, err := ByID(ok, id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	for _, id := range []string{"1", "five", ""} {
		if e, err := ByID(ok, id); err == nil {
			t.Errorf("%q: found %s", id, e.Path())
		}
	}
	for _, s := range []string{
		`<r` + ns + `><a wsu:Id="one"/><b wsu:Id="one"/></r>`,
		`<r` + ns + `><a wsu:Id="one"/><s2:Assertion ID="one"/></r>`,
		`<r` + ns + `><a wsu:Id="one" id="one"/></r>`,
		`<r` + ns + `><a wsu:Id="one"/><b Id="one"/></r>`,
		`<r` + ns + `><a wsu:Id="one"/><b ID="one"/></r>`,
		`<r` + ns + `><a xmlns:q="urn:q" q:id="one"/></r>`,
		`<r` + ns + `><p:Response ID="one" p:ID="two"/></r>`,
		`<r` + ns + `><a wsu:Id="two"/><b wsu:Id="two"/><c wsu:Id="one"/></r>`,
	} {
		if e, err := ByID(parse(t, s), "one"); err == nil {
			t.Errorf("%s: found %s", s, e.Path())
		}
	}
}

func TestWithout(t *testing.T) {
	r := parse(t, `<r><a>1</a><b><c/></b><d/></r>`)
	b := r.First("", "b")
	v := r.Without(b)
	for c := range v.Children {
		if c.Local() == "b" {
			t.Error("the left-out child is there")
		}
	}
	if !v.Contains(v.First("", "a")) || v.Contains(b) || v.Contains(b.First("", "c")) || !v.Same(r) {
		t.Error("Contains or Same is wrong")
	}
	if r.First("", "a").Contains(r) {
		t.Error("a child contains its parent")
	}
}

func TestStandalone(t *testing.T) {
	const exc = `<T Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>`
	for _, c := range []struct{ name, src, want string }{
		{"nothing needed", `<r xmlns:p="urn:p"><a>x</a></r>`, `<a>x</a>`},
		{"own prefix", `<r xmlns:p="urn:p" xmlns:q="urn:q"><p:a>x</p:a></r>`, `<p:a xmlns:p="urn:p">x</p:a>`},
		{"default", `<r xmlns="urn:r"><a/></r>`, `<a xmlns="urn:r"/>`},
		{"default undone", `<r xmlns="urn:r"><a xmlns=""><b/></a></r>`, `<a xmlns=""><b/></a>`},
		{"attribute", `<r xmlns:p="urn:p"><a p:b="1"/></r>`, `<a xmlns:p="urn:p" p:b="1"/>`},
		{"declared inside too", `<r xmlns:p="urn:p"><a><p:b xmlns:p="urn:q"/><p:c/></a></r>`, `<a xmlns:p="urn:p"><p:b xmlns:p="urn:q"/><p:c/></a>`},
		{"declared inside only", `<r xmlns:p="urn:p"><a><p:b xmlns:p="urn:q"/></a></r>`, `<a><p:b xmlns:p="urn:q"/></a>`},
		{"name in a value", `<r xmlns:xs="urn:xs"><a t="xs:string"/></r>`, `<a xmlns:xs="urn:xs" t="xs:string"/>`},
		{"name in text", `<r xmlns:w="urn:w"><a>w:Fault</a></r>`, `<a xmlns:w="urn:w">w:Fault</a>`},
		{"listed", `<r xmlns:p="urn:p"><a><i PrefixList="p"/>` + exc + `</a></r>`, `<a xmlns:p="urn:p"><i PrefixList="p"/>` + exc + `</a>`},
		{"hidden outer", `<r xmlns:p="urn:p"><s xmlns:p="urn:q"><p:a/></s></r>`, `<p:a xmlns:p="urn:q"/>`},
		{"escaped", `<r xmlns:p="urn:p?a&amp;b"><p:a/></r>`, `<p:a xmlns:p="urn:p?a&amp;b"/>`},
		{"inclusive signature", `<r xmlns:p="urn:p"><a><T Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/></a><b/></r>`, `<a xmlns:p="urn:p"><T Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/></a>`},
	} {
		e := parse(t, c.src)
		for !e.Is(e.Space(), "a") {
			for k := range e.Children {
				e = k
				break
			}
		}
		if got := string(e.Standalone()); got != c.want {
			t.Errorf("%s: got  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestBuilder(t *testing.T) {
	var b Builder
	b.Start(SOAP12, "Envelope")
	b.Start(SOAP12, "Body")
	b.Attr(WSU, "Id", "a\"<\n&")
	b.Elem(Trust13, "TokenType", "x<y>&\r")
	at := b.Len()
	b.Raw([]byte(`<raw/>`))
	b.Start(Trust2005, "Lifetime")
	b.Elem(Trust13, "Inner", "")
	b.End()
	b.Start("", "plain")
	b.Base64([]byte{0, 1, 2})
	b.End()
	b.End()
	b.End()
	const want = `<s:Envelope xmlns:s="` + SOAP12 + `"><s:Body xmlns:wsu="` + WSU + `" wsu:Id="a&quot;&lt;&#xA;&amp;"><wst:TokenType xmlns:wst="` + Trust13 + `">x&lt;y&gt;&amp;&#xD;</wst:TokenType><raw/><wst:Lifetime xmlns:wst="` + Trust2005 + `"><wst:Inner xmlns:wst="` + Trust13 + `"></wst:Inner></wst:Lifetime><plain>AAEC</plain></s:Body></s:Envelope>`
	if got := string(b.Bytes()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if string(b.Bytes()[at:at+6]) != "<raw/>" {
		t.Error("Len is not where the next child stands")
	}
	r := parse(t, string(b.Bytes()))
	if v, _ := r.First(SOAP12, "Body").Attr(WSU, "Id"); v != "a\"<\n&" {
		t.Errorf("attribute %q", v)
	}
	if s, _ := r.First(SOAP12, "Body").First(Trust13, "TokenType").Text(); s != "x<y>&\r" {
		t.Errorf("text %q", s)
	}
	for s, want := range map[string]bool{"ok\t\n\r€😀": true, "\x00": false, "\x1b": false, "a\xffb": false, "\uffff": false, "\ufffd": true, "\xef": false, "a\xef\xbf": false} {
		if ValidText(s) != want {
			t.Errorf("ValidText(%q) = %v", s, !want)
		}
	}
}

// Attributes with a namespace, and those that are named, are no others.
func TestOtherAttr(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		{`<a/>`, ""},
		{`<a Id="1" Type="2"/>`, ""},
		{`<a xmlns="urn:a" xmlns:p="urn:p" p:MimeType="" xml:lang="en" Id="1"/>`, ""},
		{`<a Id="1" MimeType="2" Encoding="3"/>`, "MimeType"},
		{`<a id="1"/>`, "id"},
		{`<a><b MimeType="2"/></a>`, ""},
	} {
		d, err := Parse([]byte(c.doc), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Root().OtherAttr("Id", "Type"); got != c.want {
			t.Errorf("%s: %q, not %q", c.doc, got, c.want)
		}
	}
}

// Where an element begins it is found, and nowhere else is anything.
func TestAt(t *testing.T) {
	for _, doc := range []string{
		`<?xml version="1.0"?><a> <b/><b x="1">t<c/><!-- <d/> --><e><f/></e></b><![CDATA[<g/>]]><h></h></a>`,
		`<a><b/><b>t<c/><!----><e><f/></e></b><h/></a><!-- -->`,
		`<!-- --><a/>`,
	} {
		d, err := Parse([]byte(doc), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		begins := map[int]Elem{}
		var walk func(e Elem)
		walk = func(e Elem) {
			from, _ := e.Range()
			begins[from] = e
			for c := range e.Children {
				walk(c)
			}
		}
		walk(d.Root())
		for at := -1; at <= len(doc)+1; at++ {
			if e := d.At(at); e != begins[at] {
				t.Errorf("%s: at %d: %v", doc, at, e.Path())
			}
		}
	}
	if new(Doc).At(0).OK() {
		t.Error("an element of nothing")
	}
}
