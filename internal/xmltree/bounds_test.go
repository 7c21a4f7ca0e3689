package xmltree

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every number of a time at its bounds, and each separator.
func TestTimeBounds(t *testing.T) {
	const good = "2026-01-02T03:04:05Z"
	for i := range good {
		for _, with := range []byte{'/', ':', 'x', ' ', '-', 'T', '0' - 1, '9' + 1} {
			if good[i] == with {
				continue
			}
			if got, err := ParseTime(good[:i] + string(with) + good[i+1:]); err == nil {
				t.Errorf("%q at %d: %v", with, i, got)
			}
		}
	}
	for _, s := range []string{
		"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "2026-01-02T03:04:05+14:00", "2026-01-02T03:04:05-13:59", "2026-01-02T03:04:05.000000000+00:00",
		"2026-01-02T23:59:59Z", "2000-02-29T00:00:00Z", "2026-12-31T00:00:00Z",
	} {
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseTime(s); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"2026-01-02T03:04:05+14:01", "2026-01-02T03:04:05+13:60", "2026-01-02T03:04:05+00:60", "2026-01-02T03:04:05*00:00", "2026-01-02T03:04:05+0:000", "2026-01-02T03:04:05+00:0x", "2026-01-02T03:04:05+0x:00",
		"2026-01-02T24:00:00Z", "2026-01-02T00:60:00Z", "2026-01-02T00:00:60Z", "2026-00-02T03:04:05Z", "2026-01-00T03:04:05Z", "2026-01-32T03:04:05Z", "1900-02-29T00:00:00Z",
		"2026-01-02T03:04:05.1", "2026-01-02T03:04:05.", "2026-01-02T03:04:05.1/Z", "2026-01-02T03:04:05.1:Z", "2026-01-02T03:04:05Y",
		"2026-01-02T03:04:05.000000000+00:00 ", "2026-01-02T03:04:05.00000000000000000000Z",
	} {
		if got, err := ParseTime(s); err == nil {
			t.Errorf("%s: %v", s, got)
		}
	}
	if _, err := parse(t, "<a><b/></a>").Time(); err == nil {
		t.Error("an element is a time")
	}
	if _, err := parse(t, "<a>2026-01-02</a>").Time(); err == nil || !strings.Contains(err.Error(), `"2026-01-02"`) || !strings.Contains(err.Error(), "time zone") {
		t.Errorf("the error does not say what was wrong: %v", err)
	}
}

func TestNamespaceURIs(t *testing.T) {
	for uri, ok := range map[string]bool{
		"a:": true, "z:": true, "A:": true, "Z:": true, "urn:x": true, "a0:": true, "a9:": true, "a+:": true, "a-:": true, "a.:": true, "aZz:x": true,
		":": false, ":a": false, "0:": false, "9a:": false, "+a:": false, "-a:": false, ".a:": false, "a/:": false, "a;:": false, "a,:": false, "a@:": false, "a[:": false, "a`:": false, "a{:": false, "a": false, "a b:": false, "é:": false, "#a": false,
	} {
		if _, err := Parse([]byte(`<p:a xmlns:p="`+uri+`"/>`), Limits{}); (err == nil) != ok {
			t.Errorf("%q: %v", uri, err)
		}
	}
}

// Identifiers, wherever some reader would see one.
func TestWhereIDsStand(t *testing.T) {
	carriers := []string{DS, XENC, XENC11, DSIG11, SAML11, SAMLP11, SAML20, SAMLP20, WSSE, WSSE11, SOAP11, SOAP12, Trust13, Trust2005}
	for _, ns := range carriers {
		if err := UniqueIDs(parse(t, `<a xmlns:p="`+ns+`" p:Id="i"/>`)); err == nil {
			t.Errorf("an identifier in %s", ns)
		}
	}
	for _, ns := range []string{"urn:x", XSI, WSA10, EXCC14N, WSU} {
		if err := UniqueIDs(parse(t, `<a xmlns:p="`+ns+`" p:Id="i"/>`)); err != nil {
			t.Errorf("%s: %v", ns, err)
		}
	}
	// An identifier twice is refused, where it is one by its specification.
	typed := map[string][]string{
		"Id": {DS, XENC, XENC11, DSIG11}, "ID": {SAML20, SAMLP20}, "AssertionID": {SAML11},
	}
	for _, name := range []string{"Id", "ID", "id", "iD", "AssertionID", "Assertionid", "assertionID"} {
		for _, ns := range append([]string{"urn:x", WSSE}, carriers...) {
			e := parse(t, `<r xmlns:p="`+ns+`"><p:a `+name+`="i"/><p:b `+name+`="i"/></r>`)
			want := slices.Contains(typed[name], ns)
			if err := UniqueIDs(e); (err != nil) != want {
				t.Errorf("%s on elements of %s: %v", name, ns, err)
			}
			_, err := ByID(e, "i")
			if err == nil {
				t.Errorf("%s twice on elements of %s is found", name, ns)
			}
			one, err := ByID(parse(t, `<r xmlns:p="`+ns+`"><p:a `+name+`="i"/></r>`), "i")
			if known := name != "Assertionid" && name != "assertionID"; known != (err == nil && one.Local() == "a") {
				t.Errorf("%s on an element of %s: %v", name, ns, err)
			}
		}
	}
	for attr, want := range map[string]bool{`xml:id`: true, `xml:Id`: false, `u:Id`: true, `u:id`: true, `x:Id`: false} {
		e := parse(t, `<r xmlns:u="`+WSU+`" xmlns:x="urn:x"><a `+attr+`="i"/><b `+attr+`="i"/></r>`)
		if err := UniqueIDs(e); (err != nil) != want {
			t.Errorf("%s twice: %v", attr, err)
		}
		one := parse(t, `<r xmlns:u="`+WSU+`" xmlns:x="urn:x"><a `+attr+`="i"/></r>`)
		if _, err := ByID(one, "i"); (err == nil) != want {
			t.Errorf("%s: %v", attr, err)
		}
	}
	// Also where there are so many that they are looked up and not compared.
	for _, n := range []int{1, 2, 15, 16, 17, 40} {
		for _, last := range []string{"fresh", "i0"} {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, `<a u:Id="i%d"/><b id="n"/>`, i)
			}
			e := parse(t, `<r xmlns:u="`+WSU+`">`+b.String()+`<c u:Id="`+last+`"/></r>`)
			if err := UniqueIDs(e); (err != nil) != (last == "i0") {
				t.Errorf("%d identifiers and %s: %v", n, last, err)
			}
		}
	}
}

// A Doc that is used again has nothing left of what was in it, however many
// names and identifiers there were, and whether or not it could be read.
func TestReuseOfLargeDocuments(t *testing.T) {
	large := func(n int, more string) string {
		var b strings.Builder
		b.WriteString(`<r xmlns:u="` + WSU + `"`)
		for i := range n {
			fmt.Fprintf(&b, ` xmlns:p%d="urn:%d"`, i, i)
		}
		b.WriteString(">")
		for i := range n {
			fmt.Fprintf(&b, `<p%d:e u:Id="i%d" p%d:a="&lt;"/>`, i, i, i)
		}
		return b.String() + more + "</r>"
	}
	docs := []string{large(40, ""), large(3, ""), `<a><p5:b/></a>`, `<a xmlns:p20="urn:other"><p20:b/></a>`, large(40, `<x u:Id="i1"/>`), `<a xmlns="urn:39"/>`, large(17, "<"), `<a Id="i3"/>`, large(20, "")}
	var d Doc
	for range 2 {
		for _, doc := range docs {
			fresh, wantErr := Parse([]byte(doc), Limits{})
			err := d.Parse([]byte(doc), Limits{})
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%.60s: reused %v, fresh %v", doc, err, wantErr)
			}
			if err != nil {
				if d.Root().OK() || len(d.Source()) != 0 || d.Nodes() != 0 {
					t.Fatalf("%.60s: something is left", doc)
				}
				continue
			}
			if got, want := dump(d.Root()), dump(fresh.Root()); got != want {
				t.Fatalf("reused: %s\nfresh:  %s", got, want)
			}
			if fmt.Sprint(UniqueIDs(d.Root())) != fmt.Sprint(UniqueIDs(fresh.Root())) {
				t.Fatalf("%.60s: identifiers: %v", doc, UniqueIDs(d.Root()))
			}
			for _, id := range []string{"i0", "i3", "i39"} {
				_, err := ByID(d.Root(), id)
				_, want := ByID(fresh.Root(), id)
				if fmt.Sprint(err) != fmt.Sprint(want) {
					t.Fatalf("%.60s: %s: %v, fresh %v", doc, id, err, want)
				}
			}
			for _, prefix := range []string{"", "xml", "p0", "p2", "p16", "p39", "none"} {
				n, ok := d.PrefixNumber(prefix)
				m, want := fresh.PrefixNumber(prefix)
				if n != m || ok != want || ok && string(d.PrefixName(n)) != prefix {
					t.Fatalf("%.60s: prefix %q: %d %v, fresh %d %v", doc, prefix, n, ok, m, want)
				}
			}
		}
	}
	secret := []byte(`<a>x&amp;y</a>`)
	if err := d.Parse(secret, Limits{}); err != nil {
		t.Fatal(err)
	}
	side := d.side
	d.Wipe()
	if d.Root().OK() || slices.ContainsFunc(side[:cap(side)], func(c byte) bool { return c != 0 }) {
		t.Error("something is left after Wipe")
	}
}

// Limits cannot be switched off.
func TestDefaultLimits(t *testing.T) {
	name := strings.Repeat("n", 8<<10)
	if _, err := Parse([]byte("<"+name+"/>"), Limits{}); err != nil {
		t.Error(err)
	}
	if _, err := Parse([]byte("<"+name+"n/>"), Limits{}); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
	if _, err := Parse([]byte("<a>1</a>"), Limits{Bytes: 8}); err != nil {
		t.Error(err)
	}
}

// Errors name the place, in bounds.
func TestErrorsAreBounded(t *testing.T) {
	long := strings.Repeat("n", 65)
	_, err := Parse([]byte("<"+long+"><"+long[:64]+">&</"+long+">"), Limits{})
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Path != "/"+long[:64]+"…/"+long[:64] {
		t.Errorf("%v", err)
	}
	for _, n := range []int{63, 64, 65} {
		deep := strings.Repeat("<a>", n)
		_, err := Parse([]byte(deep+"&"), Limits{Depth: 100})
		e, ok := errors.AsType[*Error](err)
		want := strings.Repeat("/a", min(n, 64))
		if n >= 64 {
			want = "/…" + want
		}
		if !ok || e.Path != want || e.Offset != len(deep) {
			t.Errorf("%d deep: %v", n, err)
		}
	}
	if got := clip([]byte(long[:64])); got != `"`+long[:64]+`"` {
		t.Error(got)
	}
	if got := clip([]byte(long)); got != `"`+long[:64]+`"…` {
		t.Error(got)
	}
	if (Elem{}).Path() != "/" {
		t.Error((Elem{}).Path())
	}
	inner := parse(t, "<a><b/></a>").First("", "b")
	e, ok = errors.AsType[*Error](inner.Errorf("m"))
	if !ok || e.Path != "/a/b" || e.Offset != 3 {
		t.Errorf("%+v", e)
	}
	e, ok = errors.AsType[*Error](Elem{}.Errorf("m"))
	if !ok || e.Path != "/" || e.Offset != 0 {
		t.Errorf("%+v", e)
	}
}

// Readers of elements, at their edges.
func TestElemEdges(t *testing.T) {
	e := parse(t, `<a xmlns:p="urn:x" p:k="1" j="2"><b k="3"/><c/>t<d>x<!--y--></d><d/><e> </e><f>1<![CDATA[2]]>3</f><g>%</g><h><!--c--></h></a>`)
	if v, ok := e.Attr("", "k"); ok {
		t.Errorf("k without a namespace: %q", v)
	}
	if v, ok := e.Attr("urn:x", "j"); ok {
		t.Errorf("j in a namespace: %q", v)
	}
	if v, ok := e.Attr("urn:x", "k"); !ok || v != "1" {
		t.Errorf("k: %q", v)
	}
	if v, ok := e.First("", "c").Attr("", "k"); ok {
		t.Errorf("the attribute of another element: %q", v)
	}
	if v, ok := (Elem{}).Attr("", "k"); ok || v != "" {
		t.Error("no element has an attribute")
	}
	if _, err := e.One("", "d"); err == nil {
		t.Error("one of two")
	}
	if _, err := e.Maybe("", "d"); err == nil {
		t.Error("perhaps one of two")
	}
	if _, err := e.One("", "z"); err == nil {
		t.Error("one of none")
	}
	if s, err := e.First("", "f").Text(); err != nil || s != "123" {
		t.Errorf("%q, %v", s, err)
	}
	for _, name := range []string{"d", "h"} {
		if s, err := e.First("", name).Text(); err == nil {
			t.Errorf("%s: a comment inside: %q", name, s)
		}
		if err := e.First("", name).Empty(); err == nil {
			t.Errorf("%s: a comment inside, and empty", name)
		}
		if s, err := e.First("", name).Token(); err == nil {
			t.Errorf("%s: a comment inside: %q", name, s)
		}
		if p, err := e.First("", name).Base64(); err == nil {
			t.Errorf("%s: a comment inside: %x", name, p)
		}
	}
	for name, empty := range map[string]bool{"b": true, "c": true, "e": true, "f": false, "g": false} {
		if err := e.First("", name).Empty(); (err == nil) != empty {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s, err := (Elem{}).Text(); err == nil || s != "" {
		t.Error("no element has text")
	}
	if e.OnlyElements() == nil {
		t.Error("text between elements")
	}
	if got, ok := DecodeBase64([]byte(" QU\n JD ")); !ok || string(got) != "ABC" {
		t.Errorf("%q %v", got, ok)
	}
	n := 0
	for range e.Attrs {
		n++
		break
	}
	for range e.Children {
		n++
		break
	}
	for range (Elem{}).Children {
		n++
	}
	if n != 2 {
		t.Errorf("%d steps", n)
	}
}

// What is inside, outside, before and after an element, with and without a part
// left out.
func TestContains(t *testing.T) {
	r := parse(t, `<r><a><b><c/></b><d/></a><e/></r>`)
	all := map[string]Elem{"r": r}
	var walk func(e Elem)
	walk = func(e Elem) {
		all[e.Local()] = e
		for c := range e.Children {
			walk(c)
		}
	}
	walk(r)
	for name, inside := range map[string]string{"r": "rabcde", "a": "abcd", "b": "bc", "c": "c", "d": "d", "e": "e"} {
		for x, e := range all {
			if got := all[name].Contains(e); got != strings.Contains(inside, x) {
				t.Errorf("%s contains %s: %v", name, x, got)
			}
			left := all[name].Without(all["b"])
			if got, want := left.Contains(e), strings.Contains(inside, x) && !strings.Contains("bc", x); got != want && strings.Contains("ra", name) {
				t.Errorf("%s without b contains %s: %v", name, x, got)
			}
		}
	}
	other := parse(t, `<r><a/></r>`)
	if r.Contains(other) || r.Contains(Elem{}) || (Elem{}).Contains(r) || (Elem{}).Contains(Elem{}) || r.Same(other) || r.Same(all["a"]) || !r.Same(r.Without(all["a"])) {
		t.Error("another document's elements")
	}
	if got := r.Without(other.First("", "a")); got.Left().OK() {
		t.Error("what is not in it is left out")
	}
	if r.Left().OK() || !r.Without(all["e"]).Left().Same(all["e"]) {
		t.Error("what was left out")
	}
	if Parent(r).OK() || !Parent(all["c"]).Same(all["b"]) {
		t.Error("parents")
	}
	p := parse(t, `<a xmlns="urn:d" xmlns:p="urn:p"><b xmlns="" xmlns:q="urn:q"/></a>`)
	for prefix, want := range map[string]string{"": "", "p": "urn:p", "q": "urn:q", "xml": XML} {
		if got, ok := p.First("", "b").LookupNamespace(prefix); !ok || got != want {
			t.Errorf("%q: %q %v", prefix, got, ok)
		}
	}
	for prefix, want := range map[string]bool{"": true, "q": false, "none": false} {
		if _, ok := p.LookupNamespace(prefix); ok != want {
			t.Errorf("%q: %v", prefix, ok)
		}
	}
}

// Namespaces in the order of their octets, those with a number and the others.
func TestCompareSpace(t *testing.T) {
	d := parse(t, `<a xmlns:a="urn:a" xmlns:b="urn:b" xmlns:c="`+DS+`" xmlns:d="`+SOAP12+`" xmlns:e="z:z" xmlns:f="`+XSI+`"/>`).Doc()
	var numbers []int32
	for k := 1; k < len(d.decls); k++ {
		_, space, _ := d.Decl(k)
		numbers = append(numbers, space)
	}
	for _, a := range numbers {
		for _, b := range numbers {
			want := strings.Compare(string(d.AppendSpace(nil, a)), string(d.AppendSpace(nil, b)))
			if got := d.CompareSpace(a, b); got != want {
				t.Errorf("%s and %s: %d", d.AppendSpace(nil, a), d.AppendSpace(nil, b), got)
			}
		}
	}
}

// Texts that look like the end of a CDATA section, and are not.
func TestBracketsInText(t *testing.T) {
	for text, ok := range map[string]bool{
		"]]>": false, "x]]>": false, "]]]>": false, "&lt;]]>": false, "]]&gt;": true, "]>": true, "x]>": true, "]x>": true, "] ]>": true, ">]]": true, "&lt;]x>": true, "&lt;x]>": true, "]&lt;]>": true, "]]\r>": true,
		"12345678]]>": false, "12345678]x>": true, "12345678x]>": true, "123456]]>": false, "1234567]]>": false,
	} {
		if _, err := Parse([]byte("<a>"+text+"</a>"), Limits{}); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Attributes of two letters that are no spelling of "id".
func TestNoIDs(t *testing.T) {
	for _, name := range []string{"xd", "ix", "di", "ii", "dd", "i", "d", "idd", "a", "AssertionId"} {
		if e, err := ByID(parse(t, `<r `+name+`="i"/>`), "i"); err == nil {
			t.Errorf("%s: found %s", name, e.Path())
		}
	}
}

// Each way in which UTF-16 and UTF-8 can be broken says what is broken, and where.
func TestBrokenEncodings(t *testing.T) {
	for name, c := range map[string]struct {
		src    string
		says   string
		offset int
	}{
		"odd":                 {"\xFE\xFF\x00<\x00", "odd number", 3},
		"odd, little":         {"\xFF\xFE<\x00a", "odd number", 3},
		"high at the end":     {"\xFE\xFF\x00<\xD8\x00", "lone surrogate 0xd800", 2},
		"high, then a letter": {"\xFE\xFF\xD8\x00\x00a", "lone surrogate 0xd800", 0},
		"low alone":           {"\xFE\xFF\xDC\x00\x00a", "lone surrogate 0xdc00", 0},
		"two high":            {"\xFE\xFF\xD8\x00\xD8\x00", "lone surrogate 0xd800", 0},
		"UTF-8 cut":           {"<a>\xe2\x82", "malformed UTF-8", 3},
		"UTF-8, after U+FFFD": {"<a>\ufffd\xff</a>", "malformed UTF-8", 6},
	} {
		_, err := Parse([]byte(c.src), Limits{})
		e, ok := errors.AsType[*Error](err)
		if !ok || !strings.Contains(e.Msg, c.says) || e.Offset != c.offset {
			t.Errorf("%s: %v", name, err)
		}
	}
	for src, want := range map[string]string{"\xFE\xFF\x00<\x00a\x00>\xD8\x3D\xDE\x00\x00<\x00/\x00a\x00>": "\U0001F600", "\xFF\xFE<\x00a\x00>\x00\x3D\xD8\x00\xDE<\x00/\x00a\x00>\x00": "\U0001F600"} {
		d, err := Parse([]byte(src), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := d.Root().Text(); got != want {
			t.Errorf("%q", got)
		}
	}
}

// What stands alone takes along what it needs of the declarations around it,
// and nothing else.
func TestStandaloneTakesWhatItNeeds(t *testing.T) {
	for doc, want := range map[string]string{
		`<r xmlns:p="u:p" xmlns:q="u:q"><e/></r>`:                                               `<e/>`,
		`<r xmlns:p="u:p" xmlns:q="u:q"><e p:a="1"/></r>`:                                       `<e xmlns:p="u:p" p:a="1"/>`,
		`<r xmlns:p="u:p"><e xmlns:p="u:o" p:a="1"/></r>`:                                       `<e xmlns:p="u:o" p:a="1"/>`,
		`<r xmlns:p="u:p"><e><x xmlns:p="u:o"><p:y/></x></e></r>`:                               `<e><x xmlns:p="u:o"><p:y/></x></e>`,
		`<r xmlns:p="u:p"><e><x xmlns:p="u:o"/><p:y/></e></r>`:                                  `<e xmlns:p="u:p"><x xmlns:p="u:o"/><p:y/></e>`,
		`<r xmlns="u:d"><e xmlns=""/></r>`:                                                      `<e xmlns=""/>`,
		`<r xmlns="u:d"><e/></r>`:                                                               `<e xmlns="u:d"/>`,
		`<r xmlns="u:d" xmlns:p="u:p"><p:e/></r>`:                                               `<p:e xmlns:p="u:p"/>`,
		`<q xmlns="u:d"><r xmlns=""><e/></r></q>`:                                               `<e/>`,
		`<r xmlns:p="u:p"><e t=" p:name "/></r>`:                                                `<e xmlns:p="u:p" t=" p:name "/>`,
		`<r xmlns:p="u:p"><e> p:name </e></r>`:                                                  `<e xmlns:p="u:p"> p:name </e>`,
		`<r xmlns:p="u:p"><e>:name x:y</e></r>`:                                                 `<e>:name x:y</e>`,
		`<r xmlns:p="u:p" xmlns="u:d" xmlns:o="u:o"><o:e PrefixList=" p #default x "/></r>`:     `<o:e xmlns:o="u:o" xmlns="u:d" xmlns:p="u:p" PrefixList=" p #default x "/>`,
		`<r xmlns:p="u:p" xmlns:o="u:o"><o:e OtherList="x p"/></r>`:                             `<o:e xmlns:o="u:o" OtherList="x p"/>`,
		`<r xmlns:p="u:p"><e Algorithm="http://www.w3.org/2006/12/xml-c14n11"/></r>`:            `<e xmlns:p="u:p" Algorithm="http://www.w3.org/2006/12/xml-c14n11"/>`,
		`<r xmlns:p="u:p"><e Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/></r>`: `<e xmlns:p="u:p" Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>`,
		`<r xmlns:p="u:p"><e Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></r>`:         `<e Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>`,
		`<r xmlns:p="u:p"><e Other="http://www.w3.org/2006/12/xml-c14n11"/></r>`:                `<e Other="http://www.w3.org/2006/12/xml-c14n11"/>`,
		`<r xmlns:p="u:p"><e a="1"/>t<x Algorithm="http://www.w3.org/2006/12/xml-c14n11"/></r>`: `<e a="1"/>`,
		`<r xmlns:p="u:p"><e a="1"/><!--c--></r>`:                                               `<e a="1"/>`,
		`<r xmlns:p="u:&quot;&amp;&lt;&#9;"><p:e/></r>`:                                         `<p:e xmlns:p="u:&quot;&amp;&lt;&#x9;"/>`,
		`<r xml:lang="x"><e xml:lang="y"/></r>`:                                                 `<e xml:lang="y"/>`,
	} {
		root := parse(t, doc)
		e := root
		for e.Local() != "e" {
			for c := range e.Children {
				e = c
				break
			}
		}
		if got := string(e.Standalone()); got != want {
			t.Errorf("%s:\n%s, want\n%s", doc, got, want)
		}
	}
	if got := string(parse(t, `<a xmlns="u:d"/>`).Standalone()); got != `<a xmlns="u:d"/>` {
		t.Error(got)
	}
}
