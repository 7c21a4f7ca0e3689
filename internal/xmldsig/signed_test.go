package xmldsig

import (
	"bytes"
	"testing"

	"wstrust/internal/xmltree"
)

// checkSigned holds the promise of Signed: what was digested, parsed again,
// reads as the element that was handed out.
func checkSigned(t testing.TB, list []Signed) {
	t.Helper()
	for _, s := range list {
		var b bytes.Buffer
		if err := s.Octets(&b); err != nil {
			t.Fatal(err)
		}
		d, err := xmltree.Parse(b.Bytes(), xmltree.Limits{Bytes: b.Len() + 1})
		if err != nil {
			t.Fatalf("canonical form does not parse: %v\n%s", err, b.Bytes())
		}
		if !s.Covers(s.Element()) {
			t.Fatal("the element is not covered")
		}
		sameTree(t, s, d.Root(), s.Element())
	}
}

// sameTree compares names, attributes and text of two elements.
func sameTree(t testing.TB, s Signed, a, b xmltree.Elem) {
	t.Helper()
	if a.Space() != b.Space() || a.Local() != b.Local() {
		t.Fatalf("%s: digested {%s}%s, read {%s}%s", b.Path(), a.Space(), a.Local(), b.Space(), b.Local())
	}
	if !s.Covers(b) {
		t.Fatalf("%s is not covered", b.Path())
	}
	attrs := func(e xmltree.Elem) map[[2]string]string {
		out := map[[2]string]string{}
		for at := range e.Attrs {
			out[[2]string{at.Space, at.Local}] = at.Value
		}
		return out
	}
	aa, ab := attrs(a), attrs(b)
	for k, v := range ab {
		if aa[k] != v {
			t.Fatalf("%s: attribute %v: digested %q, read %q", b.Path(), k, aa[k], v)
		}
	}
	for k := range aa {
		// Inclusive forms bring xml: attributes down to the apex.
		if _, ok := ab[k]; !ok && k[0] != xmltree.XML {
			t.Fatalf("%s: attribute %v was digested but is not read", b.Path(), k)
		}
	}
	var ca, cb []xmltree.Elem
	for c := range a.Children {
		ca = append(ca, c)
	}
	for c := range b.Children {
		cb = append(cb, c)
	}
	if len(ca) != len(cb) {
		t.Fatalf("%s: digested %d children, read %d", b.Path(), len(ca), len(cb))
	}
	for i := range ca {
		sameTree(t, s, ca[i], cb[i])
	}
	ta, erra := a.Text()
	tb, errb := b.Text()
	if errb == nil && (erra != nil || ta != tb) {
		t.Fatalf("%s: digested text %q (%v), read %q", b.Path(), ta, erra, tb)
	}
}
