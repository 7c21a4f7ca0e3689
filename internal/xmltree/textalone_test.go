package xmltree

import (
	"errors"
	"testing"
)

// Text that is all there is in an element is text to every reader, as it is beside
// a node of another kind.
func TestTextAlone(t *testing.T) {
	for _, c := range []struct {
		content       string
		text          string
		mixed, filled bool // it is no white space
	}{
		{"x", "x", true, true},
		{" x\n", " x\n", true, true},
		{"a>b", "a>b", true, true},
		{"\n\t ", "\n\t ", false, false},
		{"&#32;", " ", false, false},
		{"&#120;", "x", true, true},
		{"\r\n", "\n", false, false},
		{"x\r", "x\n", true, true},
		{"<![CDATA[x]]>", "x", true, true},
		{"<![CDATA[]]>", "", false, false},
		{"<![CDATA[]]>x", "x", true, true},
		{"x<![CDATA[]]>", "x", true, true},
		{"", "", false, false},
	} {
		e := parse(t, "<r><a/><e>"+c.content+"</e>y</r>").First("", "e")
		if got, err := e.Text(); got != c.text || err != nil {
			t.Errorf("%q is read as %q, %v", c.content, got, err)
		}
		if err := e.OnlyElements(); errors.Is(err, ErrFormat) != c.mixed {
			t.Errorf("%q as elements only: %v", c.content, err)
		}
		if err := e.Empty(); errors.Is(err, ErrFormat) != c.filled {
			t.Errorf("%q as empty: %v", c.content, err)
		}
		for child := range e.Children {
			t.Errorf("%q has the child %s", c.content, child.Local())
		}
	}
}
