package wsse

import (
	"errors"
	"fmt"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// A Class says what kind of refusal an error is. It is for logs and tests; the
// peer is told the same in every case.
type Class uint8

// The classes.
const (
	ClassProtocol  Class = iota + 1 // SOAP or addressing rules, headers twice, wrong answer
	ClassFormat                     // not what the schema or a value's type demands
	ClassLimit                      // more than we take
	ClassWrapping                   // structure that could make two readers look at two nodes
	ClassSignature                  // a signature is missing from a token, or does not verify
	ClassAlgorithm                  // algorithm or kind of key not admitted
	ClassExpired                    // timestamps out of the window
	ClassReplay                     // seen before, or our own message
	ClassPolicy                     // well made, but less than is required
	ClassTrust                      // key, issuer, user or context that is not trusted
	ClassDecrypt                    // any failure to decrypt
)

var classNames = [...]string{
	ClassProtocol: "protocol", ClassFormat: "format", ClassLimit: "limit", ClassWrapping: "wrapping", ClassSignature: "signature",
	ClassAlgorithm: "algorithm", ClassExpired: "expired", ClassReplay: "replay", ClassPolicy: "policy", ClassTrust: "trust", ClassDecrypt: "decrypt",
}

// String returns the class as vectors name it, in lower case.
func (c Class) String() string {
	if int(c) < len(classNames) && c != 0 {
		return classNames[c]
	}
	return "unknown"
}

// An Error is a refused message: its class, and where the trouble is.
type Error struct {
	Class  Class
	Path   string // of the element; "" when there is none
	Offset int    // of the element in the source, in bytes
	Msg    string
	Err    error // what a lower layer said; nil if the refusal is ours
}

func (e *Error) Error() string {
	s := "wsse: "
	if e.Path != "" {
		s += e.Path + ": "
	}
	s += e.Class.String() + ": " + e.Msg
	if e.Err != nil {
		if e.Msg != "" {
			s += ": "
		}
		s += e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// refuse makes an error of our own about element at, which may be zero.
func refuse(c Class, at xmltree.Elem, format string, a ...any) error {
	e := &Error{Class: c, Msg: fmt.Sprintf(format, a...)}
	if at.OK() {
		e.Path = at.Path()
		e.Offset, _ = at.Range()
	}
	return e
}

// because gives the error of a lower layer its class and, if it has none, a
// place.
func because(err error, at xmltree.Elem, what string) error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	e := &Error{Class: ClassOf(err), Msg: what, Err: err}
	if at.OK() {
		e.Path = at.Path()
		e.Offset, _ = at.Range()
	}
	return e
}

// ClassOf returns the class of any error that reading a message gave, also of
// those that soap, xmltree, xmldsig and saml return by themselves. An error of
// no known kind is of ClassProtocol; nil has class 0.
func ClassOf(err error) Class {
	if err == nil {
		return 0
	}
	if own, ok := errors.AsType[*Error](err); ok {
		return own.Class
	}
	for _, k := range [...]struct {
		err   error
		class Class
	}{
		{xmldsig.ErrWrapping, ClassWrapping},
		{alg.ErrDecrypt, ClassDecrypt},
		{alg.ErrAlgorithm, ClassAlgorithm},
		{alg.ErrKey, ClassAlgorithm},
		{alg.ErrSignature, ClassSignature},
		{saml.ErrUnsigned, ClassSignature},
		{xmldsig.ErrTrust, ClassTrust},
		{saml.ErrTrust, ClassTrust},
		{saml.ErrExpired, ClassExpired},
		{saml.ErrNotYetValid, ClassExpired},
		{saml.ErrAudience, ClassPolicy},
		{saml.ErrCondition, ClassPolicy},
		{soap.ErrMustUnderstand, ClassProtocol},
		{soap.ErrVersion, ClassProtocol},
		{soap.ErrAddressing, ClassProtocol},
		{soap.ErrContentType, ClassProtocol},
		{soap.ErrReply, ClassProtocol},
		{xmltree.ErrLimit, ClassLimit},
		{xmltree.ErrFormat, ClassFormat},
	} {
		if errors.Is(err, k.err) {
			return k.class
		}
	}
	return ClassProtocol
}

// WireFault returns the fault that answers a refused message. SOAP's own two
// are kept; everything else is one constant, whatever the reason was: the
// peer must not learn which check failed.
func WireFault(err error) soap.Fault {
	if errors.Is(err, soap.ErrMustUnderstand) || errors.Is(err, soap.ErrVersion) {
		return soap.WireFault(err)
	}
	return soap.Fault{
		Code:     soap.Sender,
		Subcodes: []soap.Name{{Space: xmltree.WSSE, Local: "FailedAuthentication"}},
		Reason:   "The message could not be authenticated.",
	}
}

// shown bounds what is repeated of the peer's words.
func shown(s string) string {
	const most = 100
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
