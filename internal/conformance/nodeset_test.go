package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/corpora"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

const xpathURI = "http://www.w3.org/TR/1999/REC-xpath-19991116"

var (
	// All nodes of one element: an expression, or the filter of a transform.
	wholeElement = regexp.MustCompile(`^\s*(?:\(\s*//\.\s*\|\s*//@\*\s*\|\s*//namespace::\*\s*\)\s*\[)?\s*ancestor-or-self::(\w+):(\w+)\s*\]?\s*$`)
	byItsID      = regexp.MustCompile(`^#xpointer\(id\('([^']+)'\)\)$`)
	remark       = regexp.MustCompile(`(?s)<!--.*?-->`)
	selects      = map[string]string{"xpath": "XPath node set", "xpointer": "XPointer", "base64-transform": "base64 transform"}
)

// runNodeSet is a row whose node set an XPath or XPointer names. If it is all of
// one element, that is canonicalized and compared; else there is no way to ask for
// it. A signature that names it so is refused for its transform either way.
func runNodeSet(c corpus, d *xmltree.Doc, r row) (result, error) {
	if len(r.Needs) == 0 || selects[r.Needs[0]] == "" {
		return result{}, fmt.Errorf("needs %q, for which the page has no word", r.Needs)
	}
	if err := refusesSignature(d); err != nil {
		return result{}, err
	}
	e, err := wholly(c, d, r)
	if err != nil {
		return result{}, err
	}
	if !e.OK() {
		return outOfProfile(selects[r.Needs[0]]), nil
	}
	var out bytes.Buffer
	err = c14n.Write(&out, e, methodOf(r), xmltree.Elem{}, strings.Fields(r.Params["prefixes"]))
	if errors.Is(err, c14n.ErrMethod) && strings.Contains(err.Error(), "xml:base") {
		return outOfProfile("xml:base to be joined"), nil
	}
	if want := c.folder.Answer(c.t, r); err == nil && !bytes.Equal(out.Bytes(), want) {
		err = fmt.Errorf("canonical form differs\n got %q\nwant %q", out.Bytes(), want)
	}
	return agreed(), err
}

// refusesSignature: the signature of a document, if it has one, is refused.
func refusesSignature(d *xmltree.Doc) error {
	sig := find(d.Root(), xmltree.DS, "Signature")
	if !sig.OK() {
		return nil
	}
	key, err := alg.SecretKey([]byte("a test key: it is not asked for"))
	if err != nil {
		return err
	}
	if _, err := xmldsig.Verify(sig, key, alg.Legacy, nil); !errors.Is(err, alg.ErrAlgorithm) && !errors.Is(err, xmltree.ErrFormat) {
		return fmt.Errorf("a signature over a node set must be refused for its transform: %v", err)
	}
	return nil
}

// methodOf is the method of a row, or that of its last transform, or the one that
// a reference without one has.
func methodOf(r row) c14n.Method {
	uris := append(strings.Fields(r.Params["transforms"]), r.Params["method"])
	for i := len(uris) - 1; i >= 0; i-- {
		if m, ok := c14n.FromURI(uris[i]); ok {
			return m
		}
	}
	return c14n.C14N10
}

// wholly is the one element that the node set of a row is all of, or none.
func wholly(c corpus, d *xmltree.Doc, r row) (xmltree.Elem, error) {
	if m := byItsID.FindStringSubmatch(r.Params["uri"]); m != nil {
		return xmltree.ByID(d.Root(), m[1])
	}
	text, prefixes, err := expression(c, d, r)
	m := wholeElement.FindStringSubmatch(remark.ReplaceAllString(text, ""))
	if err != nil || m == nil {
		return xmltree.Elem{}, err
	}
	space, ok := prefixes(m[1])
	if !ok {
		return xmltree.Elem{}, fmt.Errorf("the prefix %s of an XPath is declared nowhere", m[1])
	}
	var found []xmltree.Elem
	var walk func(e xmltree.Elem)
	walk = func(e xmltree.Elem) {
		if e.Is(space, m[2]) {
			found = append(found, e)
			return
		}
		for c := range e.Children {
			walk(c)
		}
	}
	if walk(d.Root()); len(found) != 1 {
		return xmltree.Elem{}, fmt.Errorf("%d elements %s for one node set", len(found), m[2])
	}
	return found[0], nil
}

// expression is the XPath of a row: in a file, plain or as XML, or in the
// reference of the document's signature.
func expression(c corpus, d *xmltree.Doc, r row) (text string, prefixes func(string) (string, bool), err error) {
	inside := func(e xmltree.Elem) (string, func(string) (string, bool), error) {
		from, to := e.ContentRange()
		return string(e.Doc().Source()[from:to]), e.LookupNamespace, nil
	}
	switch file := r.Params["xpath"]; {
	case strings.HasSuffix(file, ".txt"):
		return string(c.read(file)), func(p string) (string, bool) { s, ok := r.Params["ns."+p]; return s, ok }, nil
	case file != "":
		x, err := xmltree.Parse(c.read(file), xmltree.Limits{})
		if err != nil {
			return "", nil, err
		}
		return inside(x.Root())
	case !strings.HasPrefix(r.Params["transforms"], xpathURI):
		return "", nil, nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(r.Params["reference"], "SignedInfo["), "]"))
	if err != nil {
		return "", nil, fmt.Errorf("reference %q: %w", r.Params["reference"], err)
	}
	for ref := range find(d.Root(), xmltree.DS, "SignedInfo").Children {
		if !ref.Is(xmltree.DS, "Reference") {
			continue
		}
		if n--; n < 0 {
			return inside(ref.First(xmltree.DS, "Transforms").First(xmltree.DS, "Transform").First(xmltree.DS, "XPath"))
		}
	}
	return "", nil, errors.New("no such reference")
}

// The signatures in documents with a DOCTYPE are refused with them. It says nothing
// that matters to what their references by id digest: with it cut out by hand
// these are more vectors.
func TestReferencesWithoutDoctype(t *testing.T) {
	c := corpus{t, corpora.Open(t)}
	compared := 0
	for _, r := range c.folder.Rows(t, "c14n") {
		id, bare := strings.CutPrefix(r.Params["uri"], "#")
		if m := byItsID.FindStringSubmatch(r.Params["uri"]); m != nil {
			id, bare = m[1], false
		}
		if !r.Need("doctype") || len(r.Needs) > 1 || id == "" {
			continue
		}
		d, err := xmltree.Parse(cutDoctype(c.read(r.File)), xmltree.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", r.File, err)
		}
		e, err := xmltree.ByID(d.Root(), id)
		if err != nil {
			t.Errorf("%s: %v", r.File, err)
			continue
		}
		m := methodOf(r)
		if bare && m == c14n.C14N10Comments { // a reference of this form leaves comments out, whatever comes next
			m = c14n.C14N10
		}
		var out bytes.Buffer
		if err := c14n.Write(&out, e, m, xmltree.Elem{}, nil); err != nil || !bytes.Equal(out.Bytes(), c.folder.Answer(t, r)) {
			t.Errorf("%s: %s: another canonical form: %v", r.File, r.Params["reference"], err)
			continue
		}
		compared++
	}
	if compared != 20 {
		t.Errorf("%d references, want 20", compared)
	}
}

// cutDoctype takes a document type declaration out.
func cutDoctype(src []byte) []byte {
	from := bytes.Index(src, []byte("<!DOCTYPE"))
	end := from + bytes.IndexByte(src[from:], '>')
	if bytes.IndexByte(src[from:end], '[') >= 0 {
		end = from + bytes.Index(src[from:], []byte("]>")) + 1
	}
	return append(bytes.Clone(src[:from]), src[end+1:]...)
}
