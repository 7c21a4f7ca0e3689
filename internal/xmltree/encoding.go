package xmltree

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// decode returns the document as UTF-8 without a byte-order mark, and the
// encoding that the mark announced ("UTF-8", "UTF-16" or "" without one).
// Without a mark only UTF-8 is read: guessing is how two readers of one
// message come to differ.
func decode(src []byte) (out []byte, mark string, err error) {
	switch {
	case bytes.HasPrefix(src, []byte{0xEF, 0xBB, 0xBF}):
		src, mark = src[3:], "UTF-8"
	case bytes.HasPrefix(src, []byte{0xFE, 0xFF}):
		src, err = decode16(src[2:], binary.BigEndian)
		mark = "UTF-16"
	case bytes.HasPrefix(src, []byte{0xFF, 0xFE}):
		src, err = decode16(src[2:], binary.LittleEndian)
		mark = "UTF-16"
	}
	if err != nil {
		return nil, "", err
	}
	if !utf8.Valid(src) {
		at := 0
		for at < len(src) {
			r, n := utf8.DecodeRune(src[at:])
			if r == utf8.RuneError && n <= 1 {
				break
			}
			at += n
		}
		return nil, "", &Error{Path: "/", Offset: at, Msg: "malformed UTF-8", Err: ErrFormat}
	}
	return src, mark, nil
}

func decode16(src []byte, order binary.ByteOrder) ([]byte, error) {
	if len(src)%2 != 0 {
		return nil, &Error{Path: "/", Offset: len(src), Msg: "odd number of octets in UTF-16", Err: ErrFormat}
	}
	out := make([]byte, 0, len(src))
	for i := 0; i < len(src); i += 2 {
		r := rune(order.Uint16(src[i:]))
		if utf16.IsSurrogate(r) {
			if i+4 > len(src) {
				return nil, surrogate(i, r)
			}
			pair := utf16.DecodeRune(r, rune(order.Uint16(src[i+2:])))
			if pair == utf8.RuneError {
				return nil, surrogate(i, r)
			}
			r = pair
			i += 2
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}

func surrogate(at int, r rune) error {
	return &Error{Path: "/", Offset: at, Msg: fmt.Sprintf("lone surrogate %#x", r), Err: ErrFormat}
}
