package soap

import (
	"errors"
	"os"
	"strings"
	"testing"

	"wstrust/internal/xmltree"
)

// TestWrittenOctets holds messages and faults with each of their parts alone
// against testdata: nothing is forgotten, nothing is written unasked.
func TestWrittenOctets(t *testing.T) {
	const head, body = `<x:h xmlns:x="urn:x"/>`, `<x:p xmlns:x="urn:x"/>`
	security := func(b *xmltree.Builder) { b.Start(xmltree.WSSE, "Security"); b.End() }
	all := Marks{"body", "action", "id", "relates", "to", "reply"}
	var lines []string
	for _, c := range []struct {
		name string
		o    Outgoing
		m    Marks
		sec  func(*xmltree.Builder)
	}{
		{"nothing", Outgoing{Addressing: ANone}, Marks{}, nil},
		{"body", Outgoing{Addressing: ANone, Body: []byte(body)}, all, nil},
		{"header", Outgoing{Addressing: ANone, Headers: [][]byte{[]byte(head), []byte(head)}}, Marks{}, nil},
		{"security", Outgoing{Addressing: ANone}, Marks{}, security},
		{"no addressing field", Outgoing{}, all, nil},
		{"action", Outgoing{Action: "urn:a"}, Marks{}, nil},
		{"id", Outgoing{MessageID: "urn:m"}, Marks{}, nil},
		{"relates", Outgoing{RelatesTo: "urn:r"}, Marks{}, nil},
		{"reply", Outgoing{ReplyTo: "urn:p"}, Marks{}, nil},
		{"to", Outgoing{To: "urn:t"}, Marks{}, nil},
		{"all", Outgoing{Action: "urn:a", MessageID: "urn:m", RelatesTo: "urn:r", ReplyTo: "urn:p", To: "urn:t", Headers: [][]byte{[]byte(head)}, Body: []byte(body)}, all, security},
		{"all, the other versions", Outgoing{Version: V11, Addressing: A04, Action: "urn:a", MessageID: "urn:m", RelatesTo: "urn:r", ReplyTo: "urn:p", To: "urn:t", Headers: [][]byte{[]byte(head)}, Body: []byte(body)}, all, security},
	} {
		out, err := Write(c.o, c.m, c.sec)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, c.name+": "+string(out))
	}
	foreign := Name{"urn:codes", "Bad"}
	for _, c := range []struct {
		name string
		f    Fault
	}{
		{"sender", Fault{Code: Sender, Reason: "r"}},
		{"receiver", Fault{Code: Receiver}},
		{"version", Fault{Code: VersionMismatch}},
		{"must understand", Fault{Code: MustUnderstand}},
		{"1.1 code", Fault{Code: Name{xmltree.SOAP11, "Client"}}},
		{"no namespace", Fault{Code: Name{"", "Local"}}},
		{"foreign", Fault{Code: foreign}},
		{"subcodes", Fault{Code: Sender, Subcodes: []Name{foreign, {xmltree.WSSE, "InvalidSecurity"}}}},
		{"actor", Fault{Code: Sender, Actor: "urn:actor"}},
		{"node", Fault{Code: Sender, Node: "urn:node"}},
		{"detail", Fault{Code: Sender, DetailXML: []byte(body)}},
		{"unprintable", Fault{Code: Sender, Reason: "a\x01b", Actor: "\x02", Node: "\x03"}},
	} {
		for _, v := range []Version{V11, V12} {
			lines = append(lines, v.String()+" fault, "+c.name+": "+string(WriteFault(v, c.f)))
		}
	}
	const file = "testdata/written.txt"
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(string(data), "\n")
	for i, line := range lines {
		if line != want[i] {
			t.Errorf("got  %s\nwant %s", line, want[i])
		}
	}
}

// What is filled in is what was left open, and nothing where the version has
// no such header.
func TestPrepared(t *testing.T) {
	given := Outgoing{MessageID: "urn:m", ReplyTo: "urn:p"}
	if got := given.Prepared(); got.MessageID != "urn:m" || got.ReplyTo != "urn:p" {
		t.Errorf("given: %+v", got)
	}
	if got := (Outgoing{}).Prepared(); !strings.HasPrefix(got.MessageID, "urn:uuid:") || got.ReplyTo != A10.Anonymous() {
		t.Errorf("a request: %+v", got)
	}
	if got := (Outgoing{RelatesTo: "urn:r"}).Prepared(); got.MessageID == "" || got.ReplyTo != "" {
		t.Errorf("an answer: %+v", got)
	}
	if got := (Outgoing{Addressing: A04}).Prepared(); got.ReplyTo != A04.Anonymous() {
		t.Errorf("2004: %+v", got)
	}
	given.Addressing = ANone
	if got := given.Prepared(); got.MessageID != "" || got.ReplyTo != "" {
		t.Errorf("without addressing: %+v", got)
	}
	if ANone.Namespace() != "" || ANone.Anonymous() != "" {
		t.Error("no addressing has a namespace or an address")
	}
}

func TestMostHeaders(t *testing.T) {
	o := Outgoing{Addressing: ANone}
	for range 58 {
		o.Headers = append(o.Headers, []byte(`<x:h xmlns:x="urn:x"/>`))
	}
	out, err := Write(o, Marks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(parse(t, string(out)), nil); err != nil {
		t.Error(err)
	}
	o.Headers = append(o.Headers, o.Headers[0])
	if _, err := Write(o, Marks{}, nil); !errors.Is(err, ErrLimit) {
		t.Errorf("59 headers: %v", err)
	}
	if _, err := Read(parse(t, envelope(strings.Repeat("<x:y/>", 64), "")), nil); err != nil {
		t.Errorf("64 headers: %v", err)
	}
}

// Actions come back as they went out, whatever quotes and escapes a peer uses.
func TestActionsAreUnquoted(t *testing.T) {
	for in, want := range map[string]string{
		`"urn:a"`: "urn:a", " \t\"urn:a\" ": "urn:a", `urn:a`: "urn:a", `"urn:a`: `"urn:a`, `urn:a"`: `urn:a"`,
		`"`: `"`, `""`: "", `"a\"b\\c"`: `a"b\c`, `"a\"`: `a\`, `"\"`: `\`, `"\a"`: "a", `a\b`: `a\b`,
	} {
		if got := unquoteAction(in); got != want {
			t.Errorf("%s is read as %s, want %s", in, got, want)
		}
	}
	if got := quoteAction("a\x1fb\x7fc\"d\\e f"); got != `"abc\"d\\e f"` {
		t.Errorf("written as %s", got)
	}
	for v, want := range map[Version]Packet{
		V11: {ContentType: "text/xml; charset=utf-8", SOAPAction: `""`},
		V12: {ContentType: "application/soap+xml; charset=utf-8"},
	} {
		if got := NewPacket(v, "", nil); got.ContentType != want.ContentType || got.SOAPAction != want.SOAPAction {
			t.Errorf("%v without an action: %+v", v, got)
		}
	}
}

func TestCharsets(t *testing.T) {
	little, big := []byte{0xFF, 0xFE}, []byte{0xFE, 0xFF}
	for _, c := range []struct {
		charset string
		body    []byte
		ok      bool
	}{
		{"", nil, true},
		{"", little, true},
		{"", big, true},
		{"UTF-8", nil, true},
		{"utf8", nil, true},
		{"us-ascii", nil, true},
		{"utf-16", little, true},
		{"utf-16", big, true},
		{"utf-16", nil, false},
		{"utf-8", little, false},
		{"utf-8", big, false},
		{"us-ascii", little, false},
		{"latin1", nil, false},
	} {
		typ := "text/xml"
		if c.charset != "" {
			typ += "; charset=" + c.charset
		}
		v, _, err := Packet{ContentType: typ, Body: c.body}.Read()
		if (err == nil) != c.ok || err == nil && v != V11 || err != nil && !errors.Is(err, ErrContentType) {
			t.Errorf("%q with %x: %v, %v", c.charset, c.body, v, err)
		}
	}
	for _, typ := range []string{"", "text", "text/xml; charset", "; charset=utf-8"} {
		_, _, err := Packet{ContentType: typ}.Read()
		if typ == "text/xml; charset" {
			continue // a parameter without a value; the type is clear
		}
		if !errors.Is(err, ErrContentType) {
			t.Errorf("content type %q: %v", typ, err)
		}
	}
	if _, _, err := (Packet{}).Read(); err == nil || !strings.Contains(err.Error(), "no content type") {
		t.Errorf("none at all: %v", err)
	}
	if _, _, err := (Packet{ContentType: "text/;"}).Read(); err == nil || !strings.Contains(err.Error(), "malformed") {
		t.Errorf("malformed: %v", err)
	}
	if _, action, err := (Packet{ContentType: `application/soap+xml; action="urn:a"`, SOAPAction: `"urn:a"`}).Read(); err != nil || action != "urn:a" {
		t.Errorf("the action twice: %q, %v", action, err)
	}
}

// A message without wsa:Action has the action that stands outside, and one
// whose headers do not make sense has none.
func TestCheckPacketWithoutAction(t *testing.T) {
	e, err := Read(parse(t, envelope("", "")), nil)
	if err != nil {
		t.Fatal(err)
	}
	action, err := e.CheckPacket(Packet{ContentType: `application/soap+xml; action="urn:a"`})
	if err != nil || action != "urn:a" {
		t.Errorf("%q, %v", action, err)
	}
	if _, err := e.CheckPacket(Packet{ContentType: `application/soap+xml; action="urn:a"`, SOAPAction: "urn:b"}); !errors.Is(err, ErrAddressing) {
		t.Errorf("two actions outside: %v", err)
	}
}

// Relations of 2004 are qualified names, of 2005 URIs.
func TestRelations(t *testing.T) {
	for rel, want := range map[string]string{
		`<b:RelatesTo RelationshipType=" b:Reply ">u:r</b:RelatesTo>`:                                                           "u:r",
		`<b:RelatesTo RelationshipType="x:Reply">u:r</b:RelatesTo>`:                                                             "",
		`<b:RelatesTo RelationshipType="b:Other">u:r</b:RelatesTo>`:                                                             "",
		`<RelatesTo xmlns="` + xmltree.WSA04 + `" RelationshipType="Reply">u:r</RelatesTo>`:                                     "u:r",
		`<b:RelatesTo RelationshipType="Reply">u:r</b:RelatesTo>`:                                                               "",
		`<b:RelatesTo RelationshipType="nowhere:Reply">u:r</b:RelatesTo>`:                                                       "refused",
		`<a:RelatesTo RelationshipType=" http://www.w3.org/2005/08/addressing/reply ">u:r</a:RelatesTo>`:                        "u:r",
		`<a:RelatesTo RelationshipType="a:Reply">u:r</a:RelatesTo>`:                                                             "",
		`<a:RelatesTo RelationshipType="nowhere:Reply">u:r</a:RelatesTo>`:                                                       "",
		`<b:RelatesTo>u:r</b:RelatesTo><b:ReplyTo><b:Address>http://www.w3.org/2005/08/addressing/none</b:Address></b:ReplyTo>`: "refused",
		`<a:RelatesTo>u:r</a:RelatesTo><a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/none</a:Address></a:ReplyTo>`: "u:r",
	} {
		e, err := Read(parse(t, envelope(rel, "")), nil)
		got := "refused"
		if err == nil {
			got = e.RelatesTo.Value
		}
		if got != want {
			t.Errorf("%s: %q, want %q (%v)", rel, got, want, err)
		}
	}
}

// An answer in another version of SOAP is none, unless it is a fault; without
// addressing there is nothing to hold it against; any action will do if the
// caller names none.
func TestAnswersOfOtherVersions(t *testing.T) {
	soap11 := `<s:Envelope xmlns:s="` + xmltree.SOAP11 + `" xmlns:a="` + xmltree.WSA10 + `"><s:Header><a:RelatesTo>u:1</a:RelatesTo></s:Header><s:Body>`
	for _, c := range []struct {
		name, msg string
		want      Expect
		ok        bool
	}{
		{"other version", soap11 + `</s:Body></s:Envelope>`, Expect{Version: V12, Addressing: ANone}, false},
		{"other version, addressed", soap11 + `</s:Body></s:Envelope>`, Expect{Version: V12, MessageID: "u:1"}, false},
		{"fault of the other version", soap11 + `<s:Fault/></s:Body></s:Envelope>`, Expect{Version: V12, Addressing: ANone}, true},
		{"no addressing", soap11 + `</s:Body></s:Envelope>`, Expect{Version: V11, Addressing: ANone, MessageID: "u:2"}, true},
		{"any action", soap11 + `</s:Body></s:Envelope>`, Expect{Version: V11, MessageID: "u:1"}, true},
		{"no action admitted", soap11 + `</s:Body></s:Envelope>`, Expect{Version: V11, MessageID: "u:1", Actions: []string{}}, false},
		{"fault, no relation", strings.Replace(soap11, "<a:RelatesTo>u:1</a:RelatesTo>", "", 1) + `<s:Fault/></s:Body></s:Envelope>`, Expect{Version: V11, MessageID: "u:1"}, true},
		{"no relation, and none asked for", strings.Replace(soap11, "<a:RelatesTo>u:1</a:RelatesTo>", "<a:To>u:t</a:To>", 1) + `</s:Body></s:Envelope>`, Expect{Version: V11, MessageID: ""}, false},
		{"no relation", strings.Replace(soap11, "<a:RelatesTo>u:1</a:RelatesTo>", "", 1) + `</s:Body></s:Envelope>`, Expect{Version: V11, MessageID: ""}, false},
	} {
		e, err := Read(parse(t, c.msg), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckReply(e, c.want); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrReply) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Roles mean something in their own version of SOAP only.
func TestRolesOfTheOtherVersion(t *testing.T) {
	const next11, next12 = "http://schemas.xmlsoap.org/soap/actor/next", xmltree.SOAP12 + "/role/next"
	for _, c := range []struct {
		ns, attr, role string
		must           bool // refused when it must be understood
	}{
		{xmltree.SOAP12, "role", next12, true},
		{xmltree.SOAP12, "role", next11, false},
		{xmltree.SOAP12, "role", xmltree.SOAP12 + "/role/ultimateReceiver", true},
		{xmltree.SOAP12, "role", "", true},
		{xmltree.SOAP12, "actor", "urn:them", true},
		{xmltree.SOAP11, "actor", next11, true},
		{xmltree.SOAP11, "actor", next12, false},
		{xmltree.SOAP11, "actor", xmltree.SOAP12 + "/role/ultimateReceiver", false},
		{xmltree.SOAP11, "actor", "", true},
		{xmltree.SOAP11, "role", "urn:them", true},
	} {
		msg := `<s:Envelope xmlns:s="` + c.ns + `"><s:Header><x:h xmlns:x="urn:x" s:mustUnderstand="1" s:` + c.attr + `="` + c.role + `"/></s:Header><s:Body/></s:Envelope>`
		_, err := Read(parse(t, msg), nil)
		if errors.Is(err, ErrMustUnderstand) != c.must {
			t.Errorf("%s: %v", msg, err)
		}
		if refused, ok := errors.AsType[*Error](err); ok && refused.Header != (Name{"urn:x", "h"}) {
			t.Errorf("%s: header %v", msg, refused.Header)
		}
	}
	for _, soap := range []string{xmltree.SOAP11, xmltree.SOAP12} {
		if _, err := Read(parse(t, envelope(`<q:y xmlns:q="`+soap+`"/>`, "")), nil); !errors.Is(err, ErrFormat) {
			t.Errorf("an element of %s as a header: %v", soap, err)
		}
	}
}

// Headers that are called as those of addressing are, elsewhere, are none; a
// relation of another kind is understood and says nothing.
func TestForeignAddressing(t *testing.T) {
	e, err := Read(parse(t, envelope(`<x:Action>urn:a</x:Action><x:To>urn:t</x:To><a:RelatesTo s:mustUnderstand="1" RelationshipType="urn:other">urn:r</a:RelatesTo>`, "")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if e.Action.OK() || e.To.OK() || e.RelatesTo.OK() || e.Addressing != ANone {
		t.Errorf("%+v", e)
	}
	if _, err := Read(parse(t, envelope(`<x:Action s:mustUnderstand="1">urn:a</x:Action>`, "")), nil); !errors.Is(err, ErrMustUnderstand) {
		t.Errorf("%v", err)
	}
}

func TestOursStopsWhenTold(t *testing.T) {
	e, err := Read(parse(t, envelope("<x:a/><x:b/>", "")), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range e.Ours("") {
		n++
		break
	}
	bare, err := Read(parse(t, `<s:Envelope xmlns:s="`+xmltree.SOAP12+`"><s:Body/></s:Envelope>`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range bare.Ours("") {
		n++
	}
	if n != 1 {
		t.Errorf("%d headers", n)
	}
}

// Faults that are badly made are read as far as they go.
func TestUnreadableFaults(t *testing.T) {
	const head = `<f:Fault xmlns:f="` + xmltree.SOAP12 + `">`
	deep := strings.Repeat("<f:Subcode><f:Value>f:S</f:Value>", 9) + strings.Repeat("</f:Subcode>", 9)
	if f := ReadFault(parse(t, head+`<f:Code><f:Value>f:Sender</f:Value>`+deep+`</f:Code></f:Fault>`).Root()); len(f.Subcodes) != 8 || !f.Is(Sender) {
		t.Errorf("%d subcodes", len(f.Subcodes))
	}
	for _, c := range []struct {
		inside string
		want   Fault
	}{
		{`<f:Code><f:Value><x/></f:Value></f:Code>`, Fault{}},
		{`<f:Code/>`, Fault{}},
		{`<f:Reason><f:Text xml:lang="de">a</f:Text><f:Text xml:lang="fr">b</f:Text></f:Reason>`, Fault{Reason: "a"}},
		{`<f:Reason><f:Text xml:lang="de">a</f:Text><f:Text xml:lang="EN">b</f:Text></f:Reason>`, Fault{Reason: "b"}},
		{`<f:Node>n</f:Node><f:Role>r</f:Role>`, Fault{Node: "n", Actor: "r"}},
	} {
		f := ReadFault(parse(t, head+c.inside+`</f:Fault>`).Root())
		if f.Code != c.want.Code || f.Reason != c.want.Reason || f.Node != c.want.Node || f.Actor != c.want.Actor || len(f.Subcodes) > 0 || f.Detail.OK() {
			t.Errorf("%s: %+v", c.inside, f)
		}
	}
	// A code that cannot be read is none, whatever the default namespace.
	if f := ReadFault(parse(t, `<Fault xmlns="`+xmltree.SOAP12+`"><Code><Value><x/></Value></Code></Fault>`).Root()); f.Code != (Name{}) {
		t.Errorf("code %v", f.Code)
	}
	// Two elements in the Body are no fault, although the first is one.
	e, err := Read(parse(t, envelope("", `<s:Fault/><s:Fault/>`)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if e.IsFault() || e.Fault() != nil {
		t.Error("two faults are a fault")
	}
	if f := (&Fault{Code: Name{xmltree.SOAP11, "Server.Busy"}}); !f.Is(Receiver) || f.Is(Sender) {
		t.Error("Server is Receiver")
	}
	if f := (&Fault{Code: Name{xmltree.SOAP11, "MustUnderstand"}}); f.Is(Receiver) || !f.Is(MustUnderstand) {
		t.Error("MustUnderstand is itself")
	}
	if f := WireFault(refuse(ErrFormat, xmltree.Elem{}, "")); f.Code != Sender {
		t.Errorf("%+v", f)
	}
	if f := WireFault(refuse(ErrVersion, xmltree.Elem{}, "")); f.Code != VersionMismatch {
		t.Errorf("%+v", f)
	}
}

// The peer's words are repeated up to a bound; an error without a place names
// none.
func TestErrorTexts(t *testing.T) {
	for n, want := range map[int]string{200: strings.Repeat("x", 200) + `"`, 201: strings.Repeat("x", 200) + `"…`} {
		if got := quote(strings.Repeat("x", n)); got != `"`+want {
			t.Errorf("%d octets: %s", n, got)
		}
	}
	if got := (&Error{Msg: "m", Err: ErrFormat}).Error(); got != "soap: "+ErrFormat.Error()+": m" {
		t.Error(got)
	}
}

// Another limit on headers is another limit, and none is the usual one.
func TestReadWithin(t *testing.T) {
	for limit, want := range map[int]error{-1: nil, 0: nil, 1: ErrLimit, 2: nil} {
		_, err := ReadWithin(parse(t, envelope("<x:a/><x:b/>", "")), nil, limit)
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}
