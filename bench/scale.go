package main

import (
	"errors"
	"strconv"
	"strings"

	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// Sizes between which the time per octet must stay about the same.
const (
	rowSmall = "parse + exclusive C14N, 100 KB"
	rowLarge = "parse + exclusive C14N, 10 MB"
	small    = 100 << 10
	large    = 10 << 20
)

// oursScale reads collections: the same work over much more of it.
func oursScale(in *input) ([]contender, error) {
	var list []contender
	for _, s := range []struct {
		row  string
		size int
	}{{rowSmall, small}, {rowLarge, large}} {
		var (
			src []byte
			doc *xmltree.Doc
			lim xmltree.Limits
		)
		out := new(sink)
		list = append(list, contender{
			row: s.row, who: whoOurs,
			before: func() error {
				src, doc = collection(in.assertion, s.size), new(xmltree.Doc)
				lim = xmltree.Limits{Bytes: len(src), Elements: len(src) / 16, Namespaces: len(src) / 1000}
				return doc.Parse(src, lim)
			},
			after: func() { src, doc = nil, nil },
			op: func() error {
				if err := doc.Parse(src, lim); err != nil {
					return err
				}
				out.n = 0
				if err := c14n.Write(out, doc.Root(), c14n.Exclusive, xmltree.Elem{}, nil); err != nil {
					return err
				}
				if out.n < len(src)/2 {
					return errors.New("most of the document is missing")
				}
				return nil
			},
		})
	}
	return list, nil
}

// collection repeats an assertion, each with an id of its own, up to a size.
func collection(assertion []byte, size int) []byte {
	one := string(assertion)
	const id = `_b41ef3c6-6d0e-4e4b-8d5f-2f9a6a1c7e10`
	var b strings.Builder
	b.WriteString("<Collection>")
	for i := 0; b.Len() < size; i++ {
		b.WriteString(strings.ReplaceAll(one, id, "_"+strconv.Itoa(1e9+i)))
	}
	b.WriteString("</Collection>")
	return []byte(b.String())
}
