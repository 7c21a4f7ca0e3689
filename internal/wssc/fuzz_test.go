package wssc

import (
	"bytes"
	"testing"
	"time"

	"wstrust/internal/corpora"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

// FuzzRecord: whatever octets are, reading them does no harm, and what was read is
// written as it was.
func FuzzRecord(f *testing.F) {
	r := (&Record{Current: *context(f, "")}).Renewed(*context(f, "urn:1"), noon, time.Minute)
	octets, _ := r.AppendBinary(nil)
	f.Add(octets)
	f.Fuzz(func(t *testing.T, octets []byte) {
		r, err := ReadRecord(octets)
		if err != nil {
			return
		}
		again, _ := r.AppendBinary(nil)
		back, err := ReadRecord(again)
		if err != nil || !same(&back.Current, &r.Current) || len(back.Former) != len(r.Former) {
			t.Fatalf("%v was written and read as %v, %v", r, back, err)
		}
		for i := range r.Former {
			if !same(&back.Former[i].Context, &r.Former[i].Context) || !back.Former[i].Until.Equal(r.Former[i].Until) {
				t.Fatalf("former instance %d was read as %v", i, back.Former[i])
			}
		}
	})
}

// FuzzCookie: a cookie opens to the context that was sealed into it, for its own
// scope and name, and nothing else opens.
func FuzzCookie(f *testing.F) {
	r, c := ring(f, seal(f, "a", 1)), context(f, "urn:1")
	cookie, err := r.Seal("orders", c)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cookie, "orders", "urn:a", "urn:1")
	f.Fuzz(func(t *testing.T, cookie []byte, scope, id, instance string) {
		got, ok := r.Open(cookie, scope, id, instance)
		if ok && (!same(&got, c) || scope != "orders" || id != c.ID || instance != c.Instance) {
			t.Fatalf("opened for %q, %q, %q: %v", scope, id, instance, got)
		}
	})
}

// FuzzToken: whatever is read is written so that it is read as the same again.
func FuzzToken(f *testing.F) {
	f.Add([]byte(Token{ID: "urn:a", Instance: "urn:b", Cookie: []byte("cookie"), WSUID: "x"}.Write()))
	f.Add([]byte(Token{Version: wst.Trust2005, ID: "urn:a"}.Write()))
	for _, doc := range corpora.Documents(f, 4<<10, "token") {
		f.Add(bytes.TrimSpace(doc))
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		d, err := xmltree.Parse(octets, xmltree.Limits{})
		if err != nil {
			return
		}
		one, err := ReadToken(d.Root())
		if err != nil {
			return
		}
		two, err := ReadToken(root(t, one.Write()))
		if err != nil || one.ID != two.ID || one.Instance != two.Instance || one.WSUID != two.WSUID || !bytes.Equal(one.Cookie, two.Cookie) || one.Version != two.Version {
			t.Fatalf("%+v was written and read as %+v, %v", one, two, err)
		}
		target, err := ReadTarget(one.Unattached(), one.Version)
		if err == nil && !target.Means(one) {
			t.Fatalf("%+v does not mean %+v", target, one)
		}
	})
}
