package xmltree

import (
	"fmt"
	"strings"
	"testing"
)

// Canonical form leaves text alone where the parser says that nothing in it is
// to be escaped: it may say so only where that is true, and should where it is.
func TestWhatCanonicalFormMustEscape(t *testing.T) {
	const plain = "it's \"plain\"\t\n\uFFFD"
	for text, want := range map[string]bool{plain: false, "a>b": true, "a > long text b": true, "&lt;": true, "\r": true, "&amp;": true} {
		for _, doc := range []string{"<a>" + text + "<b/></a>", "<a>" + text + "</a>"} {
			// Text that is all there is in an element may be without a node.
			d := parse(t, doc).Doc()
			v, escape := d.Value(1)
			if v == nil {
				v, escape = d.Value(2)
			}
			if escape != want || len(v) == 0 {
				t.Errorf("%q: text %q, %v", doc, v, escape)
			}
		}
	}
	for value, want := range map[string]bool{`"it's > plain` + "\uFFFD\"": false, `'a"b'`: true, `'&lt;'`: true, "'\t'": true, "'\r'": true} {
		d := parse(t, "<a b="+value+"/>").Doc()
		if escape := d.TagAttr(0).Escape; escape != want {
			t.Errorf("value %s: %v", value, escape)
		}
	}
}

func TestNodesEnd(t *testing.T) {
	d := parse(t, "<!--c--><a>t<!--d--><b>u</b><c/></a><!--e-->").Doc()
	var got []int
	for i := range d.Nodes() {
		_, end, _ := d.Node(i)
		got = append(got, end)
	}
	// The document, c, a, t, d, b with u, c, e.
	if want := "[8 2 7 4 5 6 7 8]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestContentRanges(t *testing.T) {
	const doc = "<a><b>text</b><c x='y'/></a>"
	root := parse(t, doc)
	for local, want := range map[string]string{"b": "text", "c": ""} {
		from, to := root.First("", local).ContentRange()
		if doc[from:to] != want {
			t.Errorf("%s: %q", local, doc[from:to])
		}
	}
	if from, to := root.First("", "c").ContentRange(); from != to || from != strings.Index(doc, "</a>") {
		t.Errorf("the content of an empty tag is %d to %d", from, to)
	}
}

func TestPrefixNumbers(t *testing.T) {
	for _, n := range []int{2, 40} {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, " xmlns:p%d='u:%d'", i, i)
		}
		d := parse(t, "<a"+b.String()+"/>").Doc()
		for i := range n {
			name := fmt.Sprint("p", i)
			if k, ok := d.PrefixNumber(name); !ok || string(d.PrefixName(k)) != name {
				t.Errorf("of %d: %s: %d, %v", n, name, k, ok)
			}
		}
		if k, ok := d.PrefixNumber("xml"); k != 1 || !ok {
			t.Errorf("xml: %d, %v", k, ok)
		}
		if k, ok := d.PrefixNumber(""); k != 0 || !ok {
			t.Errorf("no prefix: %d, %v", k, ok)
		}
		if _, ok := d.PrefixNumber("q"); ok {
			t.Error("there is a prefix q")
		}
	}
}

func TestNothingIsTheZeroElem(t *testing.T) {
	root := parse(t, "<a><b/></a>")
	if Parent(root) != (Elem{}) || root.Left() != (Elem{}) {
		t.Error("something is around the root, or left out of it")
	}
	if b := root.First("", "b"); Parent(b) != root || root.Without(b).Left() != b {
		t.Error("the wrong element")
	}
	if uri, ok := root.LookupNamespace(""); uri != "" || !ok {
		t.Errorf("the default namespace: %q, %v", uri, ok)
	}
	if _, ok := root.LookupNamespace("p"); ok {
		t.Error("there is a prefix p")
	}
}

func TestTextBesideWhatIsLeftOut(t *testing.T) {
	root := parse(t, "<a>one <b/>text</a>")
	if _, err := root.Text(); err == nil {
		t.Error("text with an element inside is read")
	}
	if s, err := root.Without(root.First("", "b")).Text(); s != "one text" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
	if _, err := parse(t, "<a><b/></a>").Time(); err == nil || !strings.Contains(err.Error(), "an element inside a value") {
		t.Errorf("a time: %v", err)
	}
}
