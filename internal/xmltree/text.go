package xmltree

import (
	"bytes"
	"encoding/base64"
)

// Text returns the character data of e. A child element or a comment inside is
// an *[Error]: two readers that join the pieces differently would see two
// different values.
func (e Elem) Text() (string, error) {
	p, err := e.TextOctets()
	return string(p), err
}

// TextOctets is Text without a copy where the text is one piece. The slice must
// not be modified.
func (e Elem) TextOctets() ([]byte, error) {
	if e.i == 0 {
		return nil, e.Errorf("element is missing")
	}
	d := e.d
	one := d.valueOf(e.i)
	var joined []byte
	for i := e.i + 1; i < d.nodes[e.i].end; i = d.nodes[i].end {
		n := &d.nodes[i]
		switch {
		case i == e.skip:
			continue
		case n.kind == kindElement:
			return nil, e.Errorf("an element inside a value")
		case n.kind == kindComment:
			return nil, e.Errorf("a comment inside a value")
		}
		piece := d.valueOf(i)
		switch {
		case joined != nil:
			joined = append(joined, piece...)
		case one == nil:
			one = piece
		default:
			joined = append(append(make([]byte, 0, len(one)+len(piece)), one...), piece...)
		}
	}
	if joined != nil {
		return joined, nil
	}
	return one, nil
}

// Token is Text without the white space at both ends, for URIs, identifiers and
// numbers.
func (e Elem) Token() (string, error) {
	p, err := e.TextOctets()
	return string(trim(p)), err
}

// Empty reports an *[Error] unless e has no child elements and no text but
// white space.
func (e Elem) Empty() error {
	p, err := e.TextOctets()
	if err != nil {
		return err
	}
	if len(trim(p)) != 0 {
		return e.Errorf("text in an element that should be empty")
	}
	return nil
}

// OnlyElements reports an *[Error] if e has text other than white space between
// its child elements. Comments are let through.
func (e Elem) OnlyElements() error {
	d := e.d
	text := len(trim(d.valueOf(e.i))) != 0
	for i := e.i + 1; i < d.nodes[e.i].end; i = d.nodes[i].end {
		text = text || d.nodes[i].kind == kindText && len(trim(d.valueOf(i))) != 0
	}
	if text {
		return e.Errorf("text between elements")
	}
	return nil
}

// Base64 decodes the text of e. White space is skipped; a foreign character,
// missing padding or padding bits that are not zero are an *[Error], since one
// value must have one spelling.
func (e Elem) Base64() ([]byte, error) { return e.Base64In(nil) }

// Base64In is Base64 with the result in room, from its beginning and up to its
// capacity, if that is enough.
func (e Elem) Base64In(room []byte) ([]byte, error) {
	p, err := e.TextOctets()
	if err != nil {
		return nil, err
	}
	out, ok := decodeBase64(p, room)
	if !ok {
		return nil, e.Errorf("malformed base64")
	}
	return out, nil
}

// DecodeBase64 is the decoding of [Elem.Base64].
func DecodeBase64(p []byte) (out []byte, ok bool) { return decodeBase64(p, nil) }

func decodeBase64(p, room []byte) (out []byte, ok bool) {
	p = trim(p)
	clean := p
	// The decoder itself leaves out line ends.
	if bytes.IndexByte(p, ' ') >= 0 || bytes.IndexByte(p, '\t') >= 0 {
		clean = make([]byte, 0, len(p))
		for _, c := range p {
			if !isSpace(c) {
				clean = append(clean, c)
			}
		}
	}
	n := base64.StdEncoding.DecodedLen(len(clean))
	if n <= cap(room) {
		out = room[:n]
	} else {
		out = make([]byte, n)
	}
	n, err := base64.StdEncoding.Strict().Decode(out, clean)
	return out[:n], err == nil
}

func trim(p []byte) []byte {
	for len(p) > 0 && isSpace(p[0]) {
		p = p[1:]
	}
	for len(p) > 0 && isSpace(p[len(p)-1]) {
		p = p[:len(p)-1]
	}
	return p
}
