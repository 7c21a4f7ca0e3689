package xmldsig

import (
	"errors"
	"fmt"

	"wstrust/internal/xmltree"
)

// ErrWrapping is wrapped by every refusal of a structure that could make a
// verifier look at another node than the reader does: ids that are not unique,
// an enveloped signature that is not a child of what it signs, children that
// the schema of ds:Signature does not have.
var ErrWrapping = errors.New("signature wrapping")

// ErrTrust is wrapped by [Select] when there is not exactly one trusted
// certificate that fits.
var ErrTrust = errors.New("no single trusted certificate fits")

// An Error says why a signature was refused, and where in the document.
type Error struct {
	Path   string // of the element, such as /Envelope/Header/Security/Signature
	Offset int    // in bytes from the start of the source
	Msg    string
	Err    error // alg.ErrAlgorithm, alg.ErrKey, alg.ErrSignature, ErrWrapping, ErrTrust, xmltree.ErrFormat or xmltree.ErrLimit
}

func (e *Error) Error() string { return "xmldsig: " + e.Path + ": " + e.Msg }

func (e *Error) Unwrap() error { return e.Err }

// refuse makes an Error of the given kind at element e.
func refuse(e xmltree.Elem, kind error, format string, a ...any) error {
	from, _ := e.Range()
	return &Error{Path: e.Path(), Offset: from, Msg: fmt.Sprintf(format, a...), Err: kind}
}

// wrap gives an error of another package a place, and keeps its kind. What
// already has a place keeps it.
func wrap(e xmltree.Elem, what string, err error) error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	if at, ok := errors.AsType[*xmltree.Error](err); ok {
		return &Error{Path: at.Path, Offset: at.Offset, Msg: what + ": " + at.Msg, Err: err}
	}
	from, _ := e.Range()
	return &Error{Path: e.Path(), Offset: from, Msg: what + ": " + err.Error(), Err: err}
}

// ambiguous is a wrapping refusal for what xmltree found.
func ambiguous(e xmltree.Elem, what string, err error) error {
	out := wrap(e, what, err).(*Error)
	out.Err = both{ErrWrapping, out.Err}
	return out
}

// both is two kinds of one error; the first decides its class.
type both [2]error

func (b both) Error() string   { return b[0].Error() + ": " + b[1].Error() }
func (b both) Unwrap() []error { return b[:] }

// shown is how a value the peer sent appears in an error.
func shown(s string) string {
	const most = 96
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}

// shownURI writes a same-document reference bare when it is a plain name, as
// people write it, and quoted otherwise.
func shownURI(uri string) string {
	if len(uri) > 1 && len(uri) <= 96 && uri[0] == '#' && plainName(uri[1:]) {
		return uri
	}
	return shown(uri)
}

// plainName reports whether s is an NCName of ASCII letters, digits, '-', '_'
// and '.': the ids this module writes, which need no escaping anywhere.
func plainName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}
