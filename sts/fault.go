package sts

import (
	"errors"

	"wstrust/internal/wst"
	"wstrust/service"
)

// A code is a fault code of WS-Trust with the text that goes with it.
type code struct{ name, reason string }

// The codes, from the table of error codes in WS-Trust.
func invalidRequest() code { return code{"InvalidRequest", "The request was invalid or malformed."} }
func requestFailed() code  { return code{"RequestFailed", "The specified request failed."} }
func invalidScope() code   { return code{"InvalidScope", "The request scope is invalid or unsupported."} }

func invalidTimeRange() code {
	return code{"InvalidTimeRange", "The requested time range is invalid or unsupported."}
}
func failedAuthentication() code { return code{"FailedAuthentication", "Authentication failed."} }

// A refusal is a request that was understood by whom it came from and is not
// granted. cause is for the log.
type refusal struct {
	code  code
	cause error
}

func (r *refusal) Error() string { return "sts: " + r.code.name + ": " + r.cause.Error() }
func (r *refusal) Unwrap() error { return r.cause }

func refuse(c code, cause error) error { return &refusal{c, cause} }

// faultFor turns an error into what the peer sees: the code and its constant
// text. What was wrong in detail is in the log.
func faultFor(v wst.Version, err error) *service.Fault {
	if f, ok := errors.AsType[*service.Fault](err); ok {
		return f
	}
	c := requestFailed()
	switch r, ok := errors.AsType[*refusal](err); {
	case ok:
		c = r.code
	case errors.Is(err, ErrInvalidScope):
		c = invalidScope()
	case errors.Is(err, ErrInvalidRequest):
		c = invalidRequest()
	}
	return &service.Fault{Namespace: v.Namespace(), Code: c.name, Reason: c.reason}
}
