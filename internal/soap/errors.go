package soap

import (
	"errors"
	"fmt"

	"wstrust/internal/xmltree"
)

// Reasons for which a message is refused. Test with [errors.Is]; the error
// itself is an [*Error], or an [*xmltree.Error] that wraps the same reasons of
// that package.
var (
	ErrFormat         = xmltree.ErrFormat // not a SOAP message as the version defines it
	ErrLimit          = xmltree.ErrLimit  // too many headers
	ErrVersion        = errors.New("unknown SOAP version")
	ErrMustUnderstand = errors.New("header not understood")
	ErrAddressing     = errors.New("addressing refused")
	ErrContentType    = errors.New("wrong content type")
	ErrReply          = errors.New("not the answer to this request")
)

// An Error is a refused message: what, where, why.
type Error struct {
	Path   string // element path; "" when the trouble is outside the XML
	Offset int    // of the element, in bytes; 0 when Path is ""
	Header Name   // the header that was not understood, for ErrMustUnderstand
	Msg    string
	Err    error // one of the values above
}

func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("soap: %v: %s", e.Err, e.Msg)
	}
	return fmt.Sprintf("soap: %s (byte %d): %v: %s", e.Path, e.Offset, e.Err, e.Msg)
}

func (e *Error) Unwrap() error { return e.Err }

func refuse(err error, at xmltree.Elem, format string, a ...any) *Error {
	e := &Error{Msg: fmt.Sprintf(format, a...), Err: err}
	if at.OK() {
		e.Path = at.Path()
		e.Offset, _ = at.Range()
	}
	return e
}

// quote bounds what is repeated of the peer's words.
func quote(s string) string {
	const most = 200
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}

// WireFault returns the fault that answers a message refused with err: the
// must-understand and version faults that SOAP prescribes, and one constant
// text for anything else.
func WireFault(err error) Fault {
	switch {
	case errors.Is(err, ErrMustUnderstand):
		return Fault{Code: MustUnderstand, Reason: "A required header was not understood."}
	case errors.Is(err, ErrVersion):
		return Fault{Code: VersionMismatch, Reason: "The SOAP version is not supported."}
	default:
		return Fault{Code: Sender, Reason: "The message was not accepted."}
	}
}
