package wstrust

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"wstrust/internal/httpx"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// Errors a program may want to act on. Test with [errors.Is].
var (
	// ErrTokenExpired: a token, ours or one that was presented, is out of its
	// validity. In WWSAPI: WS_E_SECURITY_TOKEN_EXPIRED.
	ErrTokenExpired = errors.New("token expired")
	// ErrVerification: security data of the peer does not verify, or is not
	// trusted. In WWSAPI: WS_E_SECURITY_VERIFICATION_FAILURE.
	ErrVerification = errors.New("verification failed")
	// ErrFormat: the peer's data is not what the protocol demands, or not what
	// was asked for. In WWSAPI: WS_E_INVALID_FORMAT.
	ErrFormat = errors.New("invalid format")
	// ErrQuota: a size or count passes a limit. In WWSAPI:
	// WS_E_QUOTA_EXCEEDED.
	ErrQuota = errors.New("quota exceeded")
	// ErrAccessDenied: the peer refuses this user or key. In WWSAPI:
	// WS_E_ENDPOINT_ACCESS_DENIED.
	ErrAccessDenied = errors.New("access denied")
	// ErrState: the channel is not in a state for this call. In WWSAPI:
	// WS_E_INVALID_OPERATION.
	ErrState = errors.New("wrong channel state")
	// ErrSecurity: our own side of the security does not work: a key that
	// cannot sign, or one that the suite does not admit. In WWSAPI:
	// WS_E_SECURITY_SYSTEM_FAILURE.
	ErrSecurity = errors.New("cannot secure the message")
	// ErrConfig: a Config or TokenRequest contradicts itself; nothing was sent.
	// In WWSAPI: E_INVALIDARG.
	ErrConfig = errors.New("invalid configuration")
)

// An Error is a failed operation and where it failed. In WWSAPI: WS_ERROR.
type Error struct {
	Op       string // "open", "request token", "call"
	Endpoint string // URL without query; "" if there is none yet
	Leg      int    // of the negotiation, from 1; 0 where there is none
	Status   int    // of the HTTP answer, if there was one
	Err      error  // wraps one of the Err values, a *Fault, or the transport's error
}

// Error says what failed, where and why, in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("wstrust: ")
	b.WriteString(e.Op)
	if e.Endpoint != "" {
		b.WriteString(" " + e.Endpoint)
	}
	if e.Leg > 0 {
		b.WriteString(": leg " + strconv.Itoa(e.Leg))
	}
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// A Fault is what the peer said, as opposed to what we concluded. All of it is
// the peer's words. In WWSAPI: WS_FAULT.
type Fault struct {
	Code          string // "Sender" or "Receiver", also for SOAP 1.1; "" where that has only Subcode
	Subcode       string // most specific local name, such as FailedAuthentication; "" if none
	Space         string // namespace of Subcode
	Reason        string // for people
	Detail        XML    // the content of the detail element, "" if none
	Authenticated bool   // the fault arrived under verified security

	// Unverified is why the security of the message that carried the fault
	// does not verify; nil if it does.
	Unverified error
	// Message is that message as it came. Nothing in it is verified.
	Message XML
}

// Error quotes the peer.
func (f *Fault) Error() string {
	name := f.Code
	switch {
	case name == "":
		name = f.Subcode
	case f.Subcode != "":
		name += "/" + f.Subcode
	}
	return fmt.Sprintf("the peer answers with fault %s: %s", quote(name), quote(f.Reason))
}

// Is reports whether the fault is one of the Err values: FailedAuthentication
// and its like are [ErrAccessDenied]; ExpiredData, MessageExpired and
// RenewNeeded are [ErrTokenExpired].
func (f *Fault) Is(target error) bool {
	switch f.Subcode {
	case "FailedAuthentication", "FailedCheck", "AccessDenied", "InvalidSecurityToken":
		return target == ErrAccessDenied
	case "ExpiredData", "MessageExpired", "RenewNeeded":
		return target == ErrTokenExpired
	}
	return false
}

func newFault(f *soap.Fault, authenticated bool) *Fault {
	sub := f.Subcode()
	out := &Fault{
		Code: f.Code.Local, Subcode: sub.Local, Space: sub.Space,
		Reason: f.Reason, Authenticated: authenticated,
	}
	if sub == f.Code { // SOAP 1.1 has one code
		out.Code = ""
	}
	if f.Detail.OK() {
		out.Detail = XML(f.Detail.Standalone())
	}
	return out
}

// classify gives an error of a lower layer the Err value that callers test
// for. What has one already, or is none of theirs, stays as it is.
func classify(err error) error {
	for _, known := range []error{ErrTokenExpired, ErrVerification, ErrFormat, ErrQuota, ErrAccessDenied, ErrState, ErrSecurity, ErrConfig} {
		if errors.Is(err, known) {
			return err
		}
	}
	switch {
	case errors.Is(err, httpx.ErrTooLarge), errors.Is(err, xmltree.ErrLimit):
		return fmt.Errorf("%w: %w", ErrQuota, err)
	case errors.Is(err, wst.ErrExpired), errors.Is(err, saml.ErrExpired):
		return fmt.Errorf("%w: %w", ErrTokenExpired, err)
	case errors.Is(err, wst.ErrRequest):
		return fmt.Errorf("%w: %w", ErrConfig, err)
	case is[*wsse.Error](err), wsse.ClassOf(err) == wsse.ClassSignature, wsse.ClassOf(err) == wsse.ClassTrust,
		wsse.ClassOf(err) == wsse.ClassWrapping, wsse.ClassOf(err) == wsse.ClassAlgorithm, wsse.ClassOf(err) == wsse.ClassDecrypt,
		wsse.ClassOf(err) == wsse.ClassExpired, wsse.ClassOf(err) == wsse.ClassPolicy:
		return fmt.Errorf("%w: %w", ErrVerification, err)
	case is[*wst.Error](err), is[*xmltree.Error](err), is[*soap.Error](err), errors.Is(err, wst.ErrMismatch), errors.Is(err, httpx.ErrEmpty):
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if status, ok := errors.AsType[*httpx.StatusError](err); ok {
		switch {
		case status.Status == 401, status.Status == 403, status.Status == 407:
			return fmt.Errorf("%w: %w", ErrAccessDenied, err)
		case status.Status < 400:
			return fmt.Errorf("%w: %w", ErrFormat, err)
		}
	}
	return err
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// quote bounds what is repeated of a peer's words.
func quote(s string) string {
	const most = 300
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
