package xmltree

import "unicode/utf8"

// Classes of octets inside text and attribute values. An octet of class 0
// needs no look.
const (
	cText  uint8 = iota
	cLT          // <
	cAmp         // &
	cCR          // carriage return
	cGT          // >
	cQuote       // "
	cApos        // '
	cSpace       // tab and line feed: plain in text, normalised in values
	cEF          // first octet of U+F000…U+FFFF, where U+FFFE and U+FFFF are forbidden
	cBad         // characters that XML 1.0 forbids
)

var charClass = func() (t [256]uint8) {
	for i := range 0x20 {
		t[i] = cBad
	}
	t['\t'], t['\n'], t['\r'] = cSpace, cSpace, cCR
	t['<'], t['>'], t['&'], t['"'], t['\''] = cLT, cGT, cAmp, cQuote, cApos
	t[0xEF] = cEF
	return t
}()

// Bits of nameClass.
const (
	nameStart uint8 = 1 << iota // may begin a name; the colon is left out
	nameRest                    // may continue one
)

var nameClass = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-32] = nameStart|nameRest, nameStart|nameRest
	}
	t['_'] = nameStart | nameRest
	for c := '0'; c <= '9'; c++ {
		t[c] = nameRest
	}
	t['-'], t['.'] = nameRest, nameRest
	return t
}()

// nameRune is NameStartChar (start) or NameChar of XML 1.0 section 2.3 for
// characters outside ASCII.
func nameRune(r rune, start bool) bool {
	switch {
	case r >= 0xC0 && r <= 0xD6, r >= 0xD8 && r <= 0xF6, r >= 0xF8 && r <= 0x2FF,
		r >= 0x370 && r <= 0x37D, r >= 0x37F && r <= 0x1FFF, r >= 0x200C && r <= 0x200D,
		r >= 0x2070 && r <= 0x218F, r >= 0x2C00 && r <= 0x2FEF, r >= 0x3001 && r <= 0xD7FF,
		r >= 0xF900 && r <= 0xFDCF, r >= 0xFDF0 && r <= 0xFFFD, r >= 0x10000 && r <= 0xEFFFF:
		return true
	case start:
		return false
	}
	return r == 0xB7 || r >= 0x300 && r <= 0x36F || r >= 0x203F && r <= 0x2040
}

// xmlRune is the production Char of XML 1.0 section 2.2, for character
// references; literal octets are checked by class.
func xmlRune(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r >= 0xD800 && r <= 0xDFFF, r == 0xFFFE, r == 0xFFFF:
		return false
	}
	return r <= utf8.MaxRune
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
