package soap

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/damage"
	"wstrust/internal/xmltree"
)

var update = flag.Bool("update", false, "write what the reader says about damaged messages into testdata")

func readForDamage(doc string) (*Envelope, error) {
	d, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	return Read(d, func(space, local string) bool { return local == "Known" })
}

// TestDamagedEnvelopes breaks one thing at a time in messages with all
// addressing headers and holds what the reader says of each against testdata.
func TestDamagedEnvelopes(t *testing.T) {
	headers := func(a Addressing, reply string) string {
		return `<a:Action s:mustUnderstand="1">urn:a</a:Action><a:MessageID>urn:m</a:MessageID><a:To>urn:t</a:To>` +
			`<a:RelatesTo RelationshipType="` + reply + `">urn:r</a:RelatesTo><a:RelatesTo RelationshipType="a:Other">urn:o</a:RelatesTo>` +
			`<a:From><a:Address>urn:f</a:Address></a:From><a:ReplyTo><a:Address>` + a.Anonymous() + `</a:Address></a:ReplyTo><a:FaultTo><a:Address>` + a.Anonymous() + `</a:Address></a:FaultTo>` +
			`<x:Known s:mustUnderstand="true"/><x:Other s:mustUnderstand="0"/>`
	}
	for name, doc := range map[string]string{
		"damaged-12": `<s:Envelope xmlns:s="` + xmltree.SOAP12 + `" xmlns:a="` + xmltree.WSA10 + `" xmlns:x="urn:x"><s:Header>` + headers(A10, "http://www.w3.org/2005/08/addressing/reply") +
			`<x:Next s:role="` + xmltree.SOAP12 + `/role/next" s:mustUnderstand="false"/><x:Ours s:role="` + xmltree.SOAP12 + `/role/ultimateReceiver"/><x:Theirs s:role="urn:them" s:mustUnderstand="1"/></s:Header><s:Body><x:p/></s:Body></s:Envelope>`,
		"damaged-11": `<s:Envelope xmlns:s="` + xmltree.SOAP11 + `" xmlns:a="` + xmltree.WSA04 + `" xmlns:x="urn:x"><s:Header>` + headers(A04, "a:Reply") +
			`<x:Next s:actor="http://schemas.xmlsoap.org/soap/actor/next" s:mustUnderstand="false"/><x:Theirs s:actor="urn:them" s:mustUnderstand="1"/></s:Header><s:Body><x:p/></s:Body></s:Envelope>`,
	} {
		t.Run(name, func(t *testing.T) {
			damage.Check(t, "testdata/"+name+".txt", *update, doc, damage.Range{}, func(doc string) (string, error) {
				e, err := readForDamage(doc)
				if err != nil {
					return "", err
				}
				var b strings.Builder
				fmt.Fprintf(&b, "%v %v\n", e.Version, e.Addressing)
				for _, f := range []Field{e.Action, e.MessageID, e.To, e.RelatesTo, e.From, e.ReplyTo, e.FaultTo} {
					if f.OK() {
						fmt.Fprintf(&b, "%s %q\n", f.Elem.Local(), f.Value)
					}
				}
				for _, role := range []string{"", "urn:them"} {
					fmt.Fprintf(&b, "for %q:", role)
					for h := range e.Ours(role) {
						fmt.Fprintf(&b, " %s", h.Local())
					}
					b.WriteString("\n")
				}
				p, err := e.Payload()
				fmt.Fprintf(&b, "payload %v %v", p.OK(), err)
				return b.String(), nil
			})
		})
	}
}

// TestDamagedFaults does the same to faults, of which everything that can be
// read is read.
func TestDamagedFaults(t *testing.T) {
	for name, fault := range map[string]string{
		"damaged-fault-12": `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>x:One</s:Value><s:Subcode><s:Value>Two</s:Value></s:Subcode></s:Subcode></s:Code>` +
			`<s:Reason><s:Text xml:lang="de">nein</s:Text><s:Text xml:lang="en-GB">no</s:Text><s:Text xml:lang="en">never</s:Text></s:Reason><s:Node>urn:node</s:Node><s:Role>urn:role</s:Role><s:Detail><x:d/></s:Detail></s:Fault>`,
		"damaged-fault-11": `<s:Fault><faultcode>s:Client.Authentication</faultcode><faultstring>no</faultstring><faultactor>urn:actor</faultactor><detail><x:d/></detail><s:faultcode>s:Server</s:faultcode><x:faultcode>x:other</x:faultcode></s:Fault>`,
	} {
		ns := xmltree.SOAP12
		if strings.HasSuffix(name, "11") {
			ns = xmltree.SOAP11
		}
		doc := `<s:Envelope xmlns:s="` + ns + `" xmlns:x="urn:x"><s:Body>` + fault + `</s:Body></s:Envelope>`
		t.Run(name, func(t *testing.T) {
			damage.Check(t, "testdata/"+name+".txt", *update, doc, damage.Range{Under: "Body"}, func(doc string) (string, error) {
				e, err := readForDamage(doc)
				if err != nil {
					return "", err
				}
				f := e.Fault()
				if f == nil || !e.IsFault() {
					return fmt.Sprintf("no fault %v", e.IsFault()), nil
				}
				return fmt.Sprintf("code %v\nsubcodes %v\nmost specific %v\nreason %q\nactor %q\nnode %q\ndetail %v\nsender %v receiver %v", f.Code, f.Subcodes, f.Subcode(), f.Reason, f.Actor, f.Node, f.Detail.OK(), f.Is(Sender), f.Is(Receiver)), nil
			})
		})
	}
}
