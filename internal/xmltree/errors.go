package xmltree

import (
	"errors"
	"fmt"
	"strings"
)

// ErrFormat is wrapped by every error about a document that is not well
// formed, or not what its reader expected.
var ErrFormat = errors.New("invalid format")

// ErrLimit is wrapped by every error about a document that passes a limit.
var ErrLimit = errors.New("limit exceeded")

// An Error says what is wrong with a document, and where.
type Error struct {
	Path   string // of the innermost element that was open, such as /Envelope/Body
	Offset int    // in bytes from the start of the source
	Msg    string
	Err    error // ErrFormat or ErrLimit
}

func (e *Error) Error() string {
	return fmt.Sprintf("xmltree: %s (byte %d): %s", e.Path, e.Offset, e.Msg)
}

func (e *Error) Unwrap() error { return e.Err }

// fail reports an error at offset while node open is the innermost open one.
func (d *Doc) fail(err error, open int32, offset int, format string, a ...any) error {
	return &Error{Path: d.path(open), Offset: offset, Msg: fmt.Sprintf(format, a...), Err: err}
}

// path writes the local names from the root to node i. It is only used for
// errors, so that it may allocate; depth and names are cut to what helps.
func (d *Doc) path(i int32) string {
	if i <= 0 {
		return "/"
	}
	var names []string
	for ; i > 0; i = d.nodes[i].parent {
		name := string(d.localName(i))
		if len(name) > 64 {
			name = name[:64] + "…"
		}
		names = append(names, name)
		if len(names) == 64 {
			names = append(names, "…")
			break
		}
	}
	var b strings.Builder
	for k := len(names) - 1; k >= 0; k-- {
		b.WriteByte('/')
		b.WriteString(names[k])
	}
	return b.String()
}

// clip bounds what is quoted of a document in an error.
func clip(p []byte) string {
	const most = 64
	if len(p) > most {
		return fmt.Sprintf("%q…", p[:most])
	}
	return fmt.Sprintf("%q", p)
}
