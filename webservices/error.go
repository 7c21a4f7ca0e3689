package webservices

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"syscall"

	"wstrust"
)

// An Error is WS_ERROR: what is known about a failure besides its [HRESULT].
// Every function takes one, which may be nil. It is not changed by success;
// failures add to it, the innermost first. It must not be used by two calls at
// once.
//
// An Error is a Go error too: [errors.Is] finds in it the HRESULT of the last
// failure, and the errors of package wstrust behind it.
type Error struct {
	code     HRESULT
	cause    error
	strings  []string
	original uint32
	langID   uint16
	used     bool // something was added: the language is fixed

	fault  *Fault
	action string
	header *XMLBuffer
}

// An ErrorProperty is WS_ERROR_PROPERTY.
type ErrorProperty struct {
	ID    ErrorPropertyID // which property
	Value any             // of the type that the ID names
}

// defaultLangID is that of the texts here: English, United States.
const defaultLangID = 0x0409

// CreateError is WsCreateError. The only property that may be given is LANGID.
func CreateError(props []ErrorProperty, e **Error) HRESULT {
	if e == nil {
		return E_INVALIDARG
	}
	out := &Error{langID: defaultLangID}
	seen := map[ErrorPropertyID]bool{}
	for _, p := range props {
		if p.ID != WS_ERROR_PROPERTY_LANGID || seen[p.ID] {
			return E_INVALIDARG
		}
		seen[p.ID] = true
		if hr := SetErrorProperty(out, p.ID, p.Value); hr != S_OK {
			return hr
		}
	}
	*e = out
	return S_OK
}

// ResetError is WsResetError: the Error is as new.
func ResetError(e *Error) HRESULT {
	if e == nil {
		return E_INVALIDARG
	}
	*e = Error{langID: e.lang()}
	return S_OK
}

// FreeError is WsFreeError. It does nothing.
func FreeError(*Error) {}

// CopyError is WsCopyError. It copies all but the language.
func CopyError(from, to *Error) HRESULT {
	if from == nil || to == nil {
		return E_INVALIDARG
	}
	lang := to.lang()
	*to = *from
	to.strings, to.langID = slices.Clone(from.strings), lang
	return S_OK
}

// AddErrorString is WsAddErrorString. The last that is added comes first.
func AddErrorString(e *Error, text string) HRESULT {
	if e == nil {
		return E_INVALIDARG
	}
	e.used = true
	e.strings = append([]string{text}, e.strings...)
	return S_OK
}

// GetErrorString is WsGetErrorString. The texts quote what the peer said, and
// nothing in them is to be trusted.
func GetErrorString(e *Error, index uint32, text *string) HRESULT {
	if e == nil || text == nil {
		return E_INVALIDARG
	}
	all := e.texts()
	if uint64(index) >= uint64(len(all)) {
		return E_INVALIDARG
	}
	*text = all[index]
	return S_OK
}

// texts are the strings and, after them, that of the original error.
func (e *Error) texts() []string {
	if e.original == 0 {
		return e.strings
	}
	return append(slices.Clone(e.strings), fmt.Sprintf("original error %d (0x%08X)", e.original, e.original))
}

// GetErrorProperty is WsGetErrorProperty. value is a pointer to the type that
// the property has.
func GetErrorProperty(e *Error, id ErrorPropertyID, value any) HRESULT {
	if e == nil {
		return E_INVALIDARG
	}
	switch id {
	case WS_ERROR_PROPERTY_STRING_COUNT:
		return store(value, uint32(len(e.texts())))
	case WS_ERROR_PROPERTY_ORIGINAL_ERROR_CODE:
		return store(value, e.original)
	case WS_ERROR_PROPERTY_LANGID:
		return store(value, e.lang())
	}
	return E_INVALIDARG
}

// SetErrorProperty is WsSetErrorProperty. LANGID may be set as long as the Error
// is new or reset.
func SetErrorProperty(e *Error, id ErrorPropertyID, value any) HRESULT {
	if e == nil {
		return E_INVALIDARG
	}
	switch v := value.(type) {
	case uint32:
		if id == WS_ERROR_PROPERTY_ORIGINAL_ERROR_CODE {
			e.original, e.used = v, true
			return S_OK
		}
	case uint16:
		if id == WS_ERROR_PROPERTY_LANGID && v != 0 {
			if e.used {
				return WS_E_INVALID_OPERATION
			}
			e.langID = v
			return S_OK
		}
	}
	return E_INVALIDARG
}

func (e *Error) lang() uint16 {
	if e.langID == 0 {
		return defaultLangID // a zero Error is good too
	}
	return e.langID
}

// store writes a value through a pointer of its type.
func store(to, value any) HRESULT {
	p := reflect.ValueOf(to)
	if p.Kind() != reflect.Pointer || p.IsNil() || p.Elem().Type() != reflect.TypeOf(value) {
		return E_INVALIDARG
	}
	p.Elem().Set(reflect.ValueOf(value))
	return S_OK
}

// Error returns all texts in one line, the last failure first.
func (e *Error) Error() string {
	s := "webservices: " + e.code.String()
	if len(e.strings) > 0 {
		s += ": " + strings.Join(e.strings, ": ")
	}
	return s
}

// Unwrap returns the HRESULT and what lies behind it.
func (e *Error) Unwrap() []error {
	var all []error
	if e.code.Failed() {
		all = append(all, e.code)
	}
	if e.cause != nil {
		all = append(all, e.cause)
	}
	return all
}

// fail notes a failure of our own and returns its code. e may be nil.
func (e *Error) fail(code HRESULT, format string, a ...any) HRESULT {
	if e != nil {
		e.code, e.cause = code, nil
		AddErrorString(e, fmt.Sprintf(format, a...))
	}
	return code
}

// because notes a failure that has a reason and returns its code.
func (e *Error) because(code HRESULT, err error) HRESULT {
	if e == nil {
		return code
	}
	e.code, e.cause = code, err
	AddErrorString(e, err.Error())
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		e.original = uint32(errno)
	}
	if f, ok := errors.AsType[*wstrust.Fault](err); ok {
		e.fault, e.action, e.header = readFault(f)
	}
	return code
}
