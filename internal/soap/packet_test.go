package soap

import (
	"errors"
	"strings"
	"testing"
)

func TestContentTypes(t *testing.T) {
	for _, c := range []struct {
		in   string
		want MediaType
		err  error
	}{
		{"text/xml; charset=utf-8", MediaType{V11, "utf-8", ""}, nil},
		{`Application/SOAP+XML;CHARSET="UTF-8" ; action="urn:a;b"`, MediaType{V12, "utf-8", "urn:a;b"}, nil},
		{"application/soap+xml; action=http://x/y; charset=utf-8", MediaType{V12, "", ""}, nil}, // unquoted, not a token: parameters are lost, the type is not
		{"text/xml", MediaType{V11, "", ""}, nil},
		{"text/html; charset=utf-8", MediaType{}, ErrContentType},
		{"multipart/related; type=\"application/xop+xml\"", MediaType{}, ErrContentType},
		{"", MediaType{}, ErrContentType},
		{"text/xml; charset=utf-7", MediaType{}, ErrContentType},
		{"application/soap+xml; action=a; action=b", MediaType{}, ErrContentType},
	} {
		got, err := ParseContentType(c.in)
		if !errors.Is(err, c.err) || err == nil && got != c.want {
			t.Errorf("%q: %+v, %v; want %+v, %v", c.in, got, err, c.want, c.err)
		}
	}
	_, err := ParseContentType("text/html")
	if err == nil || !strings.Contains(err.Error(), `"text/html"`) {
		t.Errorf("the error does not say what came: %v", err)
	}
}

func TestPacketRoundTrip(t *testing.T) {
	for _, v := range []Version{V11, V12} {
		for _, action := range []string{"urn:x", `urn:"quoted\`, "", "urn:a\r\nX-Injected: 1"} {
			p := NewPacket(v, action, nil)
			if strings.ContainsAny(p.ContentType+p.SOAPAction, "\r\n") {
				t.Fatalf("a line break in %+v", p)
			}
			gv, ga, err := p.Read()
			if err != nil || gv != v || ga != strings.NewReplacer("\r", "", "\n", "").Replace(action) {
				t.Errorf("%v %q came back as %v %q, %v", v, action, gv, ga, err)
			}
		}
	}
}

func TestPacketContradictions(t *testing.T) {
	for _, p := range []Packet{
		{ContentType: `application/soap+xml; action="urn:a"`, SOAPAction: `"urn:b"`},
		{ContentType: "text/xml; charset=utf-8", Body: []byte{0xFE, 0xFF}},
		{ContentType: "text/xml; charset=utf-16", Body: []byte("<x/>")},
	} {
		if _, _, err := p.Read(); err == nil {
			t.Errorf("%+v was accepted", p)
		}
	}
}

func TestCheckPacket(t *testing.T) {
	msg := envelope(`<a:Action>urn:a</a:Action>`, "")
	e, err := Read(parse(t, msg), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		p   Packet
		err error
	}{
		{Packet{ContentType: "application/soap+xml"}, nil},
		{Packet{ContentType: `application/soap+xml; action="urn:a"`}, nil},
		{Packet{ContentType: "application/soap+xml", SOAPAction: "urn:a"}, nil},
		{Packet{ContentType: `application/soap+xml; action="urn:b"`}, ErrAddressing},
		{Packet{ContentType: "application/soap+xml", SOAPAction: `"urn:b"`}, ErrAddressing},
		{Packet{ContentType: "text/xml", SOAPAction: `"urn:a"`}, ErrContentType},
	} {
		got, err := e.CheckPacket(c.p)
		if !errors.Is(err, c.err) || err == nil && got != "urn:a" {
			t.Errorf("%+v: %q, %v; want %v", c.p, got, err, c.err)
		}
	}
}

func TestCheckReply(t *testing.T) {
	want := Expect{Version: V12, Addressing: A10, MessageID: "u:1", Actions: []string{"u:ok"}}
	fault := `<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code></s:Fault>`
	for _, c := range []struct {
		name, headers, body string
		ok                  bool
	}{
		{"right", `<a:RelatesTo>u:1</a:RelatesTo><a:Action>u:ok</a:Action>`, "<x:y/>", true},
		{"our own request", `<a:MessageID>u:1</a:MessageID><a:Action>u:ok</a:Action>`, "<x:y/>", false},
		{"other request", `<a:RelatesTo>u:2</a:RelatesTo><a:Action>u:ok</a:Action>`, "<x:y/>", false},
		{"other action", `<a:RelatesTo>u:1</a:RelatesTo><a:Action>u:no</a:Action>`, "<x:y/>", false},
		{"no action", `<a:RelatesTo>u:1</a:RelatesTo>`, "<x:y/>", false},
		{"other addressing", `<b:RelatesTo>u:1</b:RelatesTo><b:Action>u:ok</b:Action>`, "<x:y/>", false},
		{"no addressing", ``, "<x:y/>", false},
		{"fault", ``, fault, true},
		{"fault of another request", `<a:RelatesTo>u:2</a:RelatesTo>`, fault, false},
	} {
		e, err := Read(parse(t, envelope(c.headers, c.body)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckReply(e, want); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrReply) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
