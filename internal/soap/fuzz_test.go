package soap

import (
	"testing"

	"wstrust/internal/xmltree"
)

// FuzzRead: what Read accepts has its Body as the last child of the root, no two
// of one addressing header for us, and only anonymous places to answer to.
func FuzzRead(f *testing.F) {
	f.Add(envelope(`<a:Action s:mustUnderstand="1">u:x</a:Action><a:To>u:y</a:To>`, "<x:y/>"))
	f.Add(envelope("", `<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code></s:Fault>`))
	f.Add(string(WriteFault(V11, Fault{Code: Sender})))
	f.Add(envelope("", `</s:Body><s:Body>`))
	f.Add(envelope(`<a:To>u:x</a:To><a:To>u:y</a:To>`, `</s:Body><x:y/><s:Body>`))
	f.Add(envelope(`<a:ReplyTo><a:Address>http://inside/</a:Address></a:ReplyTo>`, ""))
	f.Fuzz(func(t *testing.T, s string) {
		d, err := xmltree.Parse([]byte(s), xmltree.Limits{})
		if err != nil {
			return
		}
		e, err := Read(d, nil)
		if err != nil {
			return
		}
		var last xmltree.Elem
		for c := range e.Root.Children {
			last = c
		}
		if last != e.Body || xmltree.Parent(e.Body) != d.Root() {
			t.Fatalf("body is %s", e.Body.Path())
		}
		for h := range e.Ours("") {
			if h.Is(e.Addressing.Namespace(), "To") && e.Addressing != ANone && h != e.To.Elem {
				t.Fatalf("two To headers")
			}
		}
		if e.ReplyTo.OK() && !e.RelatesTo.OK() && e.ReplyTo.Value != e.Addressing.Anonymous() {
			t.Fatalf("reply to %q", e.ReplyTo.Value)
		}
		e.Fault()
	})
}
