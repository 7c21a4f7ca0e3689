package c14n_test

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"wstrust/internal/c14n"
	"wstrust/internal/corpora"
	"wstrust/internal/xmltree"
)

// TestCorpora runs every c14n row of the known-answer index. A row whose input
// needs what is refused by design (DOCTYPE, XPath node sets, processing
// instructions) must be refused, and is counted apart.
func TestCorpora(t *testing.T) {
	dir := corpora.Open(t)
	type count struct{ agreed, byDesign int }
	suites := map[string]*count{}
	for _, row := range dir.Rows(t, "c14n") {
		n := suites[row.Suite]
		if n == nil {
			n = new(count)
			suites[row.Suite] = n
		}
		want := dir.Answer(t, row)
		got, err := canonical(dir.Read(t, row.File), row)
		switch {
		case errors.Is(err, errByDesign):
			n.byDesign++
		case err != nil:
			t.Errorf("%s %s: %v", row.Suite, row.File, err)
		case !bytes.Equal(got, want):
			t.Errorf("%s %s (%s): canonical form differs\n got %q\nwant %q", row.Suite, row.File, row.Params["method"], got, want)
		default:
			n.agreed++
		}
	}
	for suite, n := range suites {
		t.Logf("%-24s %3d agreed, %3d refused by design", suite, n.agreed, n.byDesign)
	}
}

var errByDesign = errors.New("refused by design")

// canonical finds what the row canonicalizes. A row counts as refused by design
// only where the document itself is refused or the index marks the need.
func canonical(src []byte, row corpora.Row) ([]byte, error) {
	_, body, _ := bytes.Cut(src, []byte("?>"))
	refused := row.Need("doctype") || bytes.Contains(src, []byte("<!DOCTYPE")) || bytes.Contains(body, []byte("<?"))
	d, err := xmltree.Parse(latin1(src), xmltree.Limits{Bytes: 16 << 20})
	if err != nil && refused {
		return nil, errByDesign
	}
	if err != nil {
		return nil, err
	}
	if refused {
		return nil, errors.New("a document type declaration or processing instruction was accepted")
	}
	selects := row.Params["nodeset"] != "" || row.Params["same-as-element"] != "" || row.Params["subtree"] != ""
	if !selects && (row.Need("xpath") || row.Need("xpointer") || row.Need("base64-transform")) {
		return nil, errByDesign // there is no way to ask for such a node set
	}
	m, ok := c14n.FromURI(row.Params["method"])
	if !ok {
		return nil, errors.New("unknown method " + row.Params["method"])
	}
	prefixes := strings.Fields(row.Params["prefixes"])
	var out bytes.Buffer
	switch {
	case row.Params["nodeset"] == "document":
		err = c14n.WriteDocument(&out, d, m, prefixes)
	case row.Params["same-as-element"] != "":
		err = c14n.Write(&out, byPosition(d, row.Params["same-as-element"]), m, xmltree.Elem{}, prefixes)
	case row.Params["subtree"] != "":
		err = c14n.Write(&out, byName(d.Root(), row.Params["subtree"]), m, xmltree.Elem{}, prefixes)
	default:
		err = errors.New("the row names nothing that is supported and needs nothing that is refused")
	}
	return out.Bytes(), err
}

// latin1 recodes a document in ISO-8859-1, which the parser refuses by design,
// so that the canonicalizer is tested on what it says all the same.
func latin1(src []byte) []byte {
	if head, body, ok := bytes.Cut(src, []byte("?>")); ok && bytes.Contains(head, []byte("ISO-8859-1")) {
		var out []byte
		for _, c := range body {
			out = utf8.AppendRune(out, rune(c))
		}
		return out
	}
	return src
}

func byPosition(d *xmltree.Doc, path string) xmltree.Elem {
	e := d.Root()
	for i, s := range strings.Split(strings.Trim(path, "/"), "/") {
		n, err := strconv.Atoi(s)
		if err != nil || i == 0 && n != 1 {
			panic("position " + path)
		}
		if i == 0 {
			continue
		}
		for c := range e.Children {
			if n--; n == 0 {
				e = c
				break
			}
		}
	}
	return e
}

func byName(e xmltree.Elem, name string) xmltree.Elem {
	space, local, _ := strings.Cut(strings.TrimPrefix(name, "{"), "}")
	if e.Is(space, local) {
		return e
	}
	for c := range e.Children {
		if found := byName(c, name); found.OK() {
			return found
		}
	}
	return xmltree.Elem{}
}
