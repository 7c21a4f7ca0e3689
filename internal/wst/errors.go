package wst

import (
	"errors"
	"fmt"

	"wstrust/internal/xmltree"
)

// ErrFormat is wrapped by every error about a message that is not what its
// specification asks for. It is the same value as [xmltree.ErrFormat].
var ErrFormat = xmltree.ErrFormat

// ErrMismatch is wrapped by every error about an answer that is well formed
// and does not fit its request.
var ErrMismatch = errors.New("answer does not fit the request")

// ErrExpired is wrapped by the error about an issued token whose lifetime was
// over when it arrived.
var ErrExpired = errors.New("issued token has expired")

// ErrRequest is wrapped by every error about a [Request] or [Response] that
// the caller filled in a way that cannot be written.
var ErrRequest = errors.New("request cannot be written")

// ErrState is returned by [Negotiation.Step] when it is called out of turn.
var ErrState = errors.New("wst: negotiation is over or out of turn")

// An Error is an answer that was refused, and the element that was the reason.
type Error struct {
	Path   string // of the element, such as /Envelope/Body/RequestSecurityTokenResponse
	Offset int    // of the element, in bytes from the start of the document
	Msg    string
	Err    error // ErrMismatch or ErrExpired
}

func (e *Error) Error() string {
	return fmt.Sprintf("wst: %s (byte %d): %s: %v", e.Path, e.Offset, e.Msg, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// refuse is the error about element e, wrapping kind.
func refuse(kind error, e xmltree.Elem, format string, a ...any) error {
	from, _ := e.Range()
	return &Error{Path: e.Path(), Offset: from, Msg: fmt.Sprintf(format, a...), Err: kind}
}

func mismatch(e xmltree.Elem, format string, a ...any) error {
	return refuse(ErrMismatch, e, format, a...)
}

func misuse(format string, a ...any) error {
	return fmt.Errorf("wst: "+format+": %w", append(a, ErrRequest)...)
}

// clip bounds what is quoted of a peer's value in an error.
func clip(s string) string {
	const most = 96
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
