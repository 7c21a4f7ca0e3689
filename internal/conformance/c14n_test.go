package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// runC14N compares canonical octets. What the parser refuses by design must be
// refused by it.
func runC14N(c corpus, r row) (result, error) {
	src := c.read(r.File)
	_, body, _ := bytes.Cut(src, []byte("?>"))
	doctype := bytes.Contains(src, []byte("<!DOCTYPE"))
	if doctype != r.Need("doctype") && r.Need("doctype") {
		return result{}, errors.New("the index says doctype, and there is none")
	}
	d, err := xmltree.Parse(utf8Of(src), xmltree.Limits{Bytes: 16 << 20})
	switch {
	case doctype || bytes.Contains(body, []byte("<?")):
		if !errors.Is(err, xmltree.ErrFormat) {
			return result{}, fmt.Errorf("a document that is refused by design: %v", err)
		}
		if doctype {
			return outOfProfile("DOCTYPE"), nil
		}
		return outOfProfile("processing instruction"), nil
	case err != nil:
		return result{}, err
	}
	m, known := c14n.FromURI(r.Params["method"])
	prefixes := strings.Fields(r.Params["prefixes"])
	var out bytes.Buffer
	switch {
	case r.Params["nodeset"] != "document" && r.Params["same-as-element"] == "" && r.Params["subtree"] == "":
		return runNodeSet(c, d, r)
	case !known:
		err = fmt.Errorf("unknown method %q", r.Params["method"])
	case r.Params["nodeset"] == "document":
		err = c14n.WriteDocument(&out, d, m, prefixes)
	case r.Params["same-as-element"] != "":
		var e xmltree.Elem
		if e, err = byPosition(d, r.Params["same-as-element"]); err == nil {
			err = c14n.Write(&out, e, m, xmltree.Elem{}, prefixes)
		}
	default:
		space, local, _ := strings.Cut(strings.TrimPrefix(r.Params["subtree"], "{"), "}")
		err = c14n.Write(&out, find(d.Root(), space, local), m, xmltree.Elem{}, prefixes)
	}
	if err != nil {
		return result{}, err
	}
	if want := c.folder.Answer(c.t, r); !bytes.Equal(out.Bytes(), want) {
		return result{}, fmt.Errorf("canonical form differs\n got %q\nwant %q", out.Bytes(), want)
	}
	return agreed(), nil
}

// utf8Of recodes a document in ISO-8859-1, which the parser refuses by design,
// so that the canonical form is tested on what it says all the same.
func utf8Of(src []byte) []byte {
	head, body, ok := bytes.Cut(src, []byte("?>"))
	if !ok || !bytes.Contains(head, []byte("ISO-8859-1")) {
		return src
	}
	var out []byte
	for _, c := range body {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

// byPosition follows child-element positions from the root, which is /1.
func byPosition(d *xmltree.Doc, path string) (xmltree.Elem, error) {
	steps := strings.Split(strings.Trim(path, "/"), "/")
	e := d.Root()
	for _, s := range steps[1:] {
		n, err := strconv.Atoi(s)
		if err != nil {
			return e, err
		}
		var child xmltree.Elem
		for c := range e.Children {
			if n--; n == 0 {
				child = c
			}
		}
		if e = child; !e.OK() {
			return e, fmt.Errorf("no element at %s", path)
		}
	}
	return e, nil
}
