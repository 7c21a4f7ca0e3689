package soap

import (
	"errors"
	"strings"
	"testing"

	"wstrust/internal/xmltree"
)

func parse(t testing.TB, s string) *xmltree.Doc {
	t.Helper()
	d, err := xmltree.Parse([]byte(s), xmltree.Limits{})
	if err != nil {
		t.Fatalf("parse %s: %v", s, err)
	}
	return d
}

// envelope writes a SOAP 1.2 message with these headers and this body.
func envelope(headers, body string) string {
	return `<s:Envelope xmlns:s="` + xmltree.SOAP12 + `" xmlns:a="` + xmltree.WSA10 + `" xmlns:b="` + xmltree.WSA04 + `" xmlns:x="urn:x">` +
		`<s:Header>` + headers + `</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
}

func TestReadRefuses(t *testing.T) {
	soap11 := `<s:Envelope xmlns:s="` + xmltree.SOAP11 + `" xmlns:x="urn:x">`
	for _, c := range []struct {
		name, msg string
		want      error
	}{
		{"html", `<html/>`, ErrFormat},
		{"other version", `<Envelope xmlns="urn:soap"/>`, ErrVersion},
		{"no body", `<s:Envelope xmlns:s="` + xmltree.SOAP12 + `"/>`, ErrFormat},
		{"two bodies", soap11 + `<s:Body/><s:Body/></s:Envelope>`, ErrFormat},
		{"two headers", soap11 + `<s:Header/><s:Header/><s:Body/></s:Envelope>`, ErrFormat},
		{"header after body", soap11 + `<s:Body/><s:Header/></s:Envelope>`, ErrFormat},
		{"element after body", soap11 + `<s:Body/><x:y/></s:Envelope>`, ErrFormat},
		{"body of the other version", soap11 + `<Body xmlns="` + xmltree.SOAP12 + `"/></s:Envelope>`, ErrFormat},
		{"text in envelope", soap11 + `text<s:Body/></s:Envelope>`, ErrFormat},
		{"cdata in envelope", soap11 + `<![CDATA[x]]><s:Body/></s:Envelope>`, ErrFormat},
		{"text in header", envelope("text", ""), ErrFormat},
		{"text in body", envelope("", "<x:y/>text"), ErrFormat},
		{"header without namespace", envelope("<y/>", ""), ErrFormat},
		{"body as header", envelope("<s:Body/>", ""), ErrFormat},
		{"must understand", envelope(`<x:y s:mustUnderstand="1"/>`, ""), ErrMustUnderstand},
		{"must understand true", envelope(`<x:y s:mustUnderstand="true"/>`, ""), ErrMustUnderstand},
		{"must understand next", envelope(`<a:To s:mustUnderstand="1" s:role="`+xmltree.SOAP12+`/role/next">u:x</a:To>`, ""), ErrMustUnderstand},
		{"must understand ultimate", envelope(`<x:y s:mustUnderstand="1" s:role="`+xmltree.SOAP12+`/role/ultimateReceiver"/>`, ""), ErrMustUnderstand},
		{"must understand maybe", envelope(`<x:y s:mustUnderstand="maybe"/>`, ""), ErrFormat},
		{"must understand misspelt addressing", envelope(`<a:messageID s:mustUnderstand="1">u:x</a:messageID>`, ""), ErrMustUnderstand},
		{"two actions", envelope(`<a:Action>u:x</a:Action><a:Action>u:x</a:Action>`, ""), ErrAddressing},
		{"two tos", envelope(`<a:To>u:x</a:To><x:z/><a:To>u:y</a:To>`, ""), ErrAddressing},
		{"two versions", envelope(`<a:To>u:x</a:To><b:Action>u:y</b:Action>`, ""), ErrAddressing},
		{"empty action", envelope(`<a:Action> </a:Action>`, ""), ErrAddressing},
		{"comment in action", envelope(`<a:Action>u:x<!-- -->y</a:Action>`, ""), ErrFormat},
		{"reply elsewhere", envelope(`<a:ReplyTo><a:Address>http://169.254.169.254/</a:Address></a:ReplyTo>`, ""), ErrAddressing},
		{"faults elsewhere", envelope(`<a:FaultTo><a:Address>gopher://x/</a:Address></a:FaultTo>`, ""), ErrAddressing},
		{"reply to the other version's anonymous", envelope(`<a:ReplyTo><a:Address>`+A04.Anonymous()+`</a:Address></a:ReplyTo>`, ""), ErrAddressing},
		{"reply to none", envelope(`<a:ReplyTo><a:Address>`+noneAddress+`</a:Address></a:ReplyTo>`, ""), ErrAddressing},
		{"two addresses", envelope(`<a:ReplyTo><a:Address>`+A10.Anonymous()+`</a:Address><a:Address>http://x/</a:Address></a:ReplyTo>`, ""), ErrFormat},
		{"two relations", envelope(`<a:RelatesTo>u:x</a:RelatesTo><a:RelatesTo RelationshipType="http://www.w3.org/2005/08/addressing/reply">u:y</a:RelatesTo>`, ""), ErrAddressing},
		{"65 headers", envelope(strings.Repeat("<x:y/>", 65), ""), ErrLimit},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(parse(t, c.msg), nil)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestReadAccepts(t *testing.T) {
	e, err := Read(parse(t, envelope(
		`<!-- c --><a:Action s:mustUnderstand="1"> u:act </a:Action><a:messageID>u:odd</a:messageID>`+
			`<a:To s:role="urn:other">u:elsewhere</a:To><a:To s:role="">u:here</a:To>`+
			`<a:RelatesTo RelationshipType="urn:other">u:0</a:RelatesTo><a:RelatesTo>u:1</a:RelatesTo>`+
			`<a:ReplyTo><a:Address>`+noneAddress+`</a:Address></a:ReplyTo>`+
			`<a:FaultTo><a:Address>`+A10.Anonymous()+`</a:Address></a:FaultTo>`+
			`<x:sec s:mustUnderstand="1"/><x:z s:mustUnderstand="1" s:role="urn:other"/>`+
			strings.Repeat("<x:y/>", 53), "<x:pay/>")),
		func(space, local string) bool { return space == "urn:x" && local == "sec" })
	if err != nil {
		t.Fatal(err)
	}
	if e.Action.Value != "u:act" || e.MessageID.OK() || e.To.Value != "u:here" || e.RelatesTo.Value != "u:1" || e.Addressing != A10 || e.Version != V12 {
		t.Fatalf("read %+v", e)
	}
	p, err := e.Payload()
	if err != nil || !p.Is("urn:x", "pay") {
		t.Fatalf("payload %v, %v", p.Path(), err)
	}
	n := 0
	for range e.Ours("urn:other") {
		n++
	}
	if n != 2 {
		t.Fatalf("%d headers for the other role, want 2", n)
	}
}

func TestPayloadIsOne(t *testing.T) {
	for _, body := range []string{"", "<x:y/><x:y/>"} {
		e, err := Read(parse(t, envelope("", body)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Payload(); !errors.Is(err, ErrFormat) {
			t.Fatalf("body %q: %v", body, err)
		}
	}
}

func TestAddressing04RelationIsResolvedInPlace(t *testing.T) {
	e, err := Read(parse(t, envelope(`<b:RelatesTo xmlns:r="`+xmltree.WSA04+`" RelationshipType="r:Reply">u:1</b:RelatesTo>`, "")), nil)
	if err != nil || e.RelatesTo.Value != "u:1" || e.Addressing != A04 {
		t.Fatalf("%+v, %v", e, err)
	}
	e, err = Read(parse(t, envelope(`<b:RelatesTo xmlns:r="urn:x" RelationshipType="r:Reply">u:1</b:RelatesTo>`, "")), nil)
	if err != nil || e.RelatesTo.OK() {
		t.Fatalf("foreign relation taken for a reply: %+v, %v", e, err)
	}
}

func TestWriteIsReadBack(t *testing.T) {
	for _, v := range []Version{V12, V11} {
		for _, a := range []Addressing{A10, A04, ANone} {
			o := Outgoing{
				Version: v, Addressing: a, Action: "urn:a&b", To: "https://x/?a=1&b=<2>",
				Headers: [][]byte{[]byte(`<r:p xmlns:r="urn:r">1</r:p>`)}, Body: []byte(`<y xmlns="urn:y"/>`),
			}.Prepared()
			msg, err := Write(o, Marks{Body: "b1", To: "t1"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			e, err := Read(parse(t, string(msg)), nil)
			if err != nil {
				t.Fatalf("%v %v: %v in %s", v, a, err, msg)
			}
			if e.Version != v || e.Addressing != a {
				t.Fatalf("%v %v came back as %v %v", v, a, e.Version, e.Addressing)
			}
			if id, _ := e.Body.Attr(xmltree.WSU, "Id"); id != "b1" {
				t.Fatalf("body id %q in %s", id, msg)
			}
			if a == ANone {
				continue
			}
			if e.Action.Value != o.Action || e.To.Value != o.To || e.MessageID.Value != o.MessageID || e.ReplyTo.Value != a.Anonymous() || e.RelatesTo.OK() {
				t.Fatalf("%v %v: read %+v", v, a, e)
			}
			if id, _ := e.To.Elem.Attr(xmltree.WSU, "Id"); id != "t1" {
				t.Fatalf("To id %q in %s", id, msg)
			}
			if p := e.To.Elem; !strings.Contains(string(p.Raw()), `mustUnderstand="1"`) {
				t.Fatalf("To is not mustUnderstand: %s", p.Raw())
			}
		}
	}
	if _, err := Write(Outgoing{Action: "a\x00b"}, Marks{}, nil); !errors.Is(err, ErrFormat) {
		t.Fatalf("control character: %v", err)
	}
	if _, err := Write(Outgoing{Headers: make([][]byte, 59)}, Marks{}, nil); !errors.Is(err, ErrLimit) {
		t.Fatalf("59 headers: %v", err)
	}
}

func TestMessageIDsAreVersion4(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		id := NewMessageID()
		if len(id) != 45 || id[:9] != "urn:uuid:" || id[9+14] != '4' || !strings.ContainsRune("89ab", rune(id[9+19])) || seen[id] {
			t.Fatalf("bad or repeated id %q", id)
		}
		seen[id] = true
	}
}
