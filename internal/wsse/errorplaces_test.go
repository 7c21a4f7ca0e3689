package wsse

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
)

// Every class has a name of its own, and what is no class has none.
func TestNamesOfClasses(t *testing.T) {
	seen := map[string]bool{}
	for c := ClassProtocol; c <= ClassDecrypt; c++ {
		if s := c.String(); s == "" || s == "unknown" || seen[s] {
			t.Errorf("class %d is %q", c, s)
		}
		seen[c.String()] = true
	}
	for _, c := range []Class{0, ClassDecrypt + 1, ClassDecrypt + 2, 255} {
		if c.String() != "unknown" {
			t.Errorf("class %d is %q", c, c)
		}
	}
}

// An error says where in the message the trouble is: the path of the element and the
// octet that it begins at, whoever found it, and why.
func TestErrorsSayWhere(t *testing.T) {
	for name, c := range map[string]struct {
		what  string // in the Security header
		path  string
		class Class
		is    error
	}{
		"an element of our own refusal":  {`<x:y xmlns:x="urn:x"/>`, "/y", ClassPolicy, nil},
		"one that may stand there":       {`<x:DerivedKeyToken xmlns:x="` + xmltree.SC13 + `"/>`, "/DerivedKeyToken", ClassFormat, nil},
		"found by those who read keys":   {`<x:EncryptedKey xmlns:x="` + xmltree.XENC + `"/>`, "/EncryptedKey", ClassFormat, xmltree.ErrFormat},
		"found by those who read tokens": {`<c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `"/>`, "/SecurityContextToken", ClassFormat, xmltree.ErrFormat},
	} {
		msg := protect(t, Options{})
		bad := strings.Replace(string(msg), endSecurity, c.what+endSecurity, 1)
		_, err := receive(t, []byte(bad), trust(), Policy{TLS: true, Anonymous: true}, now, 0)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Class != c.class || e.Path != "/Envelope/Header/Security"+c.path || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e.Offset != strings.Index(bad, c.what) {
			t.Errorf("%s: at octet %d, want %d", name, e.Offset, strings.Index(bad, c.what))
		}
		if s := err.Error(); !strings.Contains(s, c.class.String()) || !strings.Contains(s, e.Path) {
			t.Errorf("%s: %s", name, s)
		}
	}
	// One without a place has none, and one that has its place keeps it.
	here := parsed(t, "<a> <b/></a>").First("", "b")
	own := refuse(ClassTrust, here, "own")
	for _, c := range []struct {
		err  error
		want Error
		says string
	}{
		{refuse(ClassLimit, xmltree.Elem{}, "n %d", 1), Error{Class: ClassLimit, Msg: "n 1"}, "wsse: limit: n 1"},
		{because(alg.ErrDecrypt, xmltree.Elem{}, "w"), Error{Class: ClassDecrypt, Msg: "w", Err: alg.ErrDecrypt}, "wsse: decrypt: w: " + alg.ErrDecrypt.Error()},
		{because(alg.ErrDecrypt, here, "w"), Error{Class: ClassDecrypt, Path: "/a/b", Offset: 4, Msg: "w", Err: alg.ErrDecrypt}, "wsse: /a/b: decrypt: w: " + alg.ErrDecrypt.Error()},
		{because(alg.ErrDecrypt, here, ""), Error{Class: ClassDecrypt, Path: "/a/b", Offset: 4, Err: alg.ErrDecrypt}, "wsse: /a/b: decrypt: " + alg.ErrDecrypt.Error()},
		{because(own, xmltree.Elem{}, "w"), Error{Class: ClassTrust, Path: "/a/b", Offset: 4, Msg: "own"}, "wsse: /a/b: trust: own"},
		{because(fmt.Errorf("outer: %w", own), xmltree.Elem{}, "w"), Error{Class: ClassTrust, Path: "/a/b", Offset: 4, Msg: "own"}, "wsse: /a/b: trust: own"},
	} {
		if e, ok := c.err.(*Error); !ok || *e != c.want || e.Error() != c.says {
			t.Errorf("%+v, want %+v", c.err, c.want)
		}
	}
}

// The peer is told what SOAP demands in two cases, and in all others the same,
// whatever the error was and however deep.
func TestWireFaultTellsNothing(t *testing.T) {
	constant := soap.Fault{
		Code: soap.Sender, Subcodes: []soap.Name{{Space: xmltree.WSSE, Local: "FailedAuthentication"}},
		Reason: "The message could not be authenticated.",
	}
	for _, c := range []struct {
		err  error
		want soap.Fault
	}{
		{soap.ErrMustUnderstand, soap.WireFault(soap.ErrMustUnderstand)},
		{soap.ErrVersion, soap.WireFault(soap.ErrVersion)},
		{soap.ErrAddressing, constant},
		{soap.ErrReply, constant},
		{xmltree.ErrFormat, constant},
		{alg.ErrDecrypt, constant},
		{errors.New("anything"), constant},
		{refuse(ClassTrust, xmltree.Elem{}, "user name or password is wrong"), constant},
		{nil, constant},
	} {
		for _, err := range []error{c.err, fmt.Errorf("outer: %w", c.err), because(c.err, xmltree.Elem{}, "what")} {
			if c.err == nil {
				err = nil
			}
			if got := WireFault(err); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%v: %+v", err, got)
			}
		}
	}
	if f := WireFault(soap.ErrMustUnderstand); f.Code != soap.MustUnderstand {
		t.Errorf("%+v", f)
	}
	if f := WireFault(soap.ErrVersion); f.Code != soap.VersionMismatch {
		t.Errorf("%+v", f)
	}
}

// Of the peer's words an error repeats a hundred octets, in quotes.
func TestErrorsRepeatLittle(t *testing.T) {
	for n, want := range map[int]string{
		0:      `""`,
		99:     `"` + strings.Repeat("a", 99) + `"`,
		100:    `"` + strings.Repeat("a", 100) + `"`,
		101:    `"` + strings.Repeat("a", 100) + `"…`,
		100000: `"` + strings.Repeat("a", 100) + `"…`,
	} {
		if got := shown(strings.Repeat("a", n)); got != want {
			t.Errorf("%d octets: %s", n, got)
		}
	}
	if got := shown("a\n\x00\""); got != `"a\n\x00\""` {
		t.Error(got)
	}
}

// The text of an endpoint reference is its address, wherever in it that stands; other
// parts are their own text.
func TestTextOfAPart(t *testing.T) {
	const a10 = ` xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:x="urn:x"`
	for xml, want := range map[string]string{
		`<a:To` + a10 + `> urn:b </a:To>`:                                                                                        "urn:b",
		`<a:ReplyTo` + a10 + `><a:Address> urn:b </a:Address></a:ReplyTo>`:                                                       "urn:b",
		`<a:ReplyTo` + a10 + `><a:Address>urn:b</a:Address><a:Metadata>urn:m</a:Metadata></a:ReplyTo>`:                           "urn:b",
		`<a:ReplyTo` + a10 + `><a:Metadata>urn:m</a:Metadata><a:Address>urn:b</a:Address></a:ReplyTo>`:                           "urn:b",
		`<a:ReplyTo` + a10 + `><x:Address>urn:x</x:Address><a:Address>urn:b</a:Address><a:Address>urn:c</a:Address></a:ReplyTo>`: "urn:b",
		`<a:ReplyTo` + a10 + `><x:Address>urn:x</x:Address></a:ReplyTo>`:                                                         "",
		`<a:ReplyTo` + a10 + `><a:Address><x:b/></a:Address></a:ReplyTo>`:                                                        "",
	} {
		got, err := (&Part{elem: parsed(t, xml)}).Text()
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", xml, got, err)
		}
	}
	if s, err := (*Part)(nil).Text(); s != "" || err != nil {
		t.Errorf("nothing: %q, %v", s, err)
	}
}
