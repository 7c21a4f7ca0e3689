package wsse

import (
	"testing"

	"wstrust/internal/soap"
)

// Where an element begins it is found, by looking it up as by looking for it, and
// nowhere else is anything.
func TestElementAtEachOctet(t *testing.T) {
	root := parsed(t, `<?xml version="1.0"?><a> <b/><b x="1">t<c/><!-- <d/> --><e><f/></e></b><![CDATA[<g/>]]><h></h></a>`)
	s := state{env: &soap.Envelope{Root: root}}
	found := 0
	for at := -1; at <= len(root.Doc().Source()); at++ {
		e := s.elementAt(at)
		if !e.Same(elementAt(root, at)) {
			t.Errorf("at %d: %v", at, e.OK())
		}
		if e.OK() {
			found++
			if from, _ := e.Range(); from != at {
				t.Errorf("at %d: %s", at, e.Path())
			}
		}
	}
	if found != 7 {
		t.Errorf("%d elements", found)
	}
}
