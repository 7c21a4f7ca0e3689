package xmltree

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Limits that are raised beyond what a node can number stay below it.
func TestWidestLimits(t *testing.T) {
	raised := Limits{Bytes: 1 << 30, Elements: 1 << 30, Attributes: 1 << 30, Namespaces: 1 << 30}
	attributes := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const most = 1 << 15 // declarations, in elements of half as many
	half := attributes(most/2, " xmlns:p%d='u:p'")
	for name, c := range map[string]struct {
		doc  string
		want error
	}{
		"as many declarations as there may be": {"<a" + half + "><b" + half + "/></a>", nil},
		"one more":                             {"<a" + half + "><b" + half + "><c xmlns='u:c'/></b></a>", ErrLimit},
		"as many attributes as there may be":   {"<a" + attributes(most/2, " a%d=''") + "/>", nil},
		"one more attribute":                   {"<a" + attributes(most/2+1, " a%d=''") + "/>", ErrLimit},
		"as many prefixes, not declared":       {"<a" + half + "><b" + attributes(most/2, " q%d:a=''") + "/></a>", ErrFormat},
	} {
		d, err := Parse([]byte(c.doc), raised)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if e := d.Root(); e.Local() != "a" || e.Space() != "" || len(e.Raw()) != len(c.doc) {
			t.Errorf("%s: %s in %q, %d octets", name, e.Local(), e.Space(), len(e.Raw()))
		}
	}

	// The numbers of the last prefixes are right.
	doc := "<p0:a" + half + "><p16383:b" + strings.ReplaceAll(half, "xmlns:p", "xmlns:q") + "><q16383:c/></p16383:b><p1:d/></p0:a>"
	d, err := Parse([]byte(doc), raised)
	if err != nil {
		t.Fatal(err)
	}
	b := d.Root().First("u:p", "b")
	c := b.First("u:p", "c")
	if d.Root().Prefix() != "p0" || b.Prefix() != "p16383" || c.Prefix() != "q16383" || d.Root().First("u:p", "d").Prefix() != "p1" {
		t.Errorf("%s, %s, %s", d.Root().Prefix(), b.Prefix(), c.Prefix())
	}
	for prefix, ok := range map[string]bool{"q0": true, "q16383": true, "p0": true, "q16384": false} {
		if uri, found := c.LookupNamespace(prefix); found != ok || ok && uri != "u:p" {
			t.Errorf("%s is %q", prefix, uri)
		}
	}
	if _, found := d.Root().First("u:p", "d").LookupNamespace("q0"); found {
		t.Error("q0 is declared beside its element")
	}
}
