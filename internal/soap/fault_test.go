package soap

import (
	"testing"

	"wstrust/internal/xmltree"
)

func TestFaultsAreReadBack(t *testing.T) {
	sub := Name{"urn:codes&", "Bad"}
	wsse := Name{xmltree.WSSE, "InvalidSecurity"}
	for _, v := range []Version{V12, V11} {
		for _, f := range []Fault{
			{Code: Sender, Subcodes: []Name{wsse}, Reason: "a <b> & \x01c", Actor: "urn:me", DetailXML: []byte(`<d xmlns="urn:d"/>`)},
			{Code: Receiver, Reason: "x"},
			{Code: Sender, Subcodes: []Name{{"urn:outer", "O"}, sub}, Node: "urn:n"},
		} {
			octets := WriteFault(v, f)
			msg, err := Write(Outgoing{Version: v, Addressing: ANone, Body: octets}, Marks{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			e, err := Read(parse(t, string(msg)), nil)
			if err != nil {
				t.Fatalf("%v in %s", err, msg)
			}
			g := e.Fault()
			if g == nil || !e.IsFault() {
				t.Fatalf("no fault in %s", msg)
			}
			var want Name
			if n := len(f.Subcodes); n > 0 {
				want = f.Subcodes[n-1]
			}
			if g.Subcode() != want {
				t.Errorf("%v: subcode %v, want %v, in %s", v, g.Subcode(), want, octets)
			}
			if (v == V12 || len(f.Subcodes) == 0) && !g.Is(f.Code) {
				t.Errorf("%v: code %v, want %v", v, g.Code, f.Code)
			}
			if g.Actor != f.Actor || g.Detail.OK() != (f.DetailXML != nil) {
				t.Errorf("%v: actor %q, detail %v in %s", v, g.Actor, g.Detail.OK(), octets)
			}
			if f.Reason == "x" && g.Reason != "x" || len(f.Reason) > 1 && g.Reason != "a <b> & \uFFFDc" {
				t.Errorf("%v: reason %q", v, g.Reason)
			}
		}
	}
}

func TestForeignFaults(t *testing.T) {
	const head = `<s:Fault xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:q="urn:q">`
	for _, c := range []struct {
		xml    string
		sub    Name
		reason string
		sender bool
	}{
		{head + `<faultcode>s:Client.Authentication</faultcode><faultstring>no</faultstring></s:Fault>`, Name{}, "no", true},
		{head + `<faultcode>q:Failed</faultcode><faultstring/></s:Fault>`, Name{"urn:q", "Failed"}, "", false},
		{head + `<s:faultcode>s:Server</s:faultcode><s:faultstring>x</s:faultstring></s:Fault>`, Name{}, "x", false},
		{head + `<faultcode>nowhere:X</faultcode></s:Fault>`, Name{"", "X"}, "", false},
		{`<f:Fault xmlns:f="` + xmltree.SOAP12 + `"><f:Code><f:Value>f:Sender</f:Value></f:Code><f:Reason><f:Text xml:lang="de">nein</f:Text><f:Text xml:lang="en-GB">no</f:Text></f:Reason></f:Fault>`, Name{}, "no", true},
		{`<f:Fault xmlns:f="` + xmltree.SOAP12 + `"/>`, Name{}, "", false},
	} {
		f := ReadFault(parse(t, c.xml).Root())
		if f == nil {
			t.Fatalf("no fault in %s", c.xml)
		}
		if f.Subcode() != c.sub || f.Reason != c.reason || f.Is(Sender) != c.sender {
			t.Errorf("%s: %+v", c.xml, f)
		}
	}
	if ReadFault(parse(t, `<Fault xmlns="urn:x"/>`).Root()) != nil {
		t.Error("a foreign Fault was taken for SOAP's")
	}
}

func TestWireFaultTellsNothing(t *testing.T) {
	a := WireFault(refuse(ErrAddressing, xmltree.Elem{}, "secret"))
	b := WireFault(refuse(ErrFormat, xmltree.Elem{}, "other"))
	if a.Reason != b.Reason || a.Code != b.Code {
		t.Errorf("%+v and %+v differ", a, b)
	}
	if f := WireFault(refuse(ErrMustUnderstand, xmltree.Elem{}, "")); f.Code != MustUnderstand {
		t.Errorf("%+v", f)
	}
}
