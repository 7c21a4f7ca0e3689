package xmlenc

import (
	"bytes"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// ReadElement reads what [Open] or [OpenWith] found in data as the one element
// that the Type [Element] promises; no Type at all promises it too. The element
// is read as if it stood where data stands, so that prefixes declared around data
// are in force, which issuers take for granted. The document that it belongs to
// holds it, the start and end tags around data, and nothing else.
//
// Octets that are not exactly one element are [alg.ErrDecrypt]: with a cipher that
// authenticates nothing, that is what a failed decryption mostly looks like, and
// a peer must not learn the difference. Another Type is an [*xmltree.Error].
func ReadElement(data xmltree.Elem, plain []byte, lim xmltree.Limits) (xmltree.Elem, error) {
	if typ, _ := data.Attr("", "Type"); typ != Element && typ != "" {
		return xmltree.Elem{}, data.Errorf("the type %.128q is not that of an element", typ)
	}
	var around []xmltree.Elem // innermost first
	for p := xmltree.Parent(data); p.OK(); p = xmltree.Parent(p) {
		around = append(around, p)
	}
	var src []byte
	for i := range around {
		src = append(src, startTag(around[len(around)-1-i])...)
	}
	plain = bytes.Trim(plain, " \t\r\n")
	from := len(src)
	src = append(src, plain...)
	for _, p := range around {
		src = append(src, "</"...)
		if prefix := p.Prefix(); prefix != "" {
			src = append(append(src, prefix...), ':')
		}
		src = append(append(src, p.Local()...), '>')
	}

	d, err := xmltree.Parse(src, lim)
	if err != nil {
		return xmltree.Elem{}, alg.ErrDecrypt
	}
	e := d.Root()
	for range around {
		e = firstChild(e)
	}
	// The plaintext could close the tags around it and open others. Then no
	// element begins and ends exactly where the plaintext does.
	if !e.OK() || len(plain) == 0 {
		return xmltree.Elem{}, alg.ErrDecrypt
	}
	if begin, end := e.Range(); begin != from || end != from+len(plain) {
		return xmltree.Elem{}, alg.ErrDecrypt
	}
	return e, nil
}

func startTag(e xmltree.Elem) []byte {
	from, _ := e.Range()
	content, _ := e.ContentRange()
	return e.Raw()[:content-from]
}

func firstChild(e xmltree.Elem) xmltree.Elem {
	for c := range e.Children {
		return c
	}
	return xmltree.Elem{}
}
