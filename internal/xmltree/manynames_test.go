package xmltree

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Prefixes and declarations have numbers of 16 bits, and whatever the limits say no
// document has more: the last that are let in are still told apart.
func TestMostNames(t *testing.T) {
	const attributes, namespaces = 1 << 14, 1 << 15
	declare := func(from, to int) string {
		var b strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, " xmlns:p%d='u:%d'", i, i)
		}
		return b.String()
	}
	read := func(first, second int, inside string) (Elem, error) {
		d, err := Parse([]byte("<r><a"+declare(0, first)+"><b"+declare(first, first+second)+">"+inside+"</b></a></r>"),
			Limits{Bytes: 8 << 20, Attributes: 1 << 20, Namespaces: 1 << 20})
		if err != nil {
			return Elem{}, err
		}
		return d.Root().First("", "a").First("", "b"), nil
	}
	const last = namespaces - 1
	b, err := read(attributes, attributes, fmt.Sprintf("<p%d:c><p0:d>t</p0:d></p%d:c><e/>", last, last))
	if err != nil {
		t.Fatal(err)
	}
	c := b.First(fmt.Sprintf("u:%d", last), "c")
	if d := c.First("u:0", "d"); c.Prefix() != fmt.Sprintf("p%d", last) || d.Prefix() != "p0" {
		t.Errorf("%q and in it %q", c.Prefix(), d.Prefix())
	}
	for _, i := range []int{0, attributes - 1, attributes, last} {
		if uri, ok := b.First("", "e").LookupNamespace(fmt.Sprintf("p%d", i)); !ok || uri != fmt.Sprintf("u:%d", i) {
			t.Errorf("p%d is %q", i, uri)
		}
	}
	for name, c := range map[string]struct {
		first, second int
		inside        string
	}{
		"attributes":   {attributes + 1, 0, ""},
		"declarations": {attributes, attributes, "<e xmlns:one='u:more'/>"},
	} {
		if _, err := read(c.first, c.second, c.inside); !errors.Is(err, ErrLimit) {
			t.Errorf("one more of the %s: %v", name, err)
		}
	}
	// A tag whose prefixes nothing declares is refused, however many they are.
	var undeclared strings.Builder
	for i := range attributes {
		fmt.Fprintf(&undeclared, " q%d:a=''", i)
	}
	if _, err := read(attributes, attributes, "<e"+undeclared.String()+"/>"); !errors.Is(err, ErrFormat) {
		t.Errorf("prefixes that are not declared: %v", err)
	}
}
