package webservices

import (
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"syscall"

	"wstrust"
	"wstrust/internal/httpauth"
	"wstrust/internal/httpx"
)

// The tables from causes to codes. What Windows maps to what is not documented
// beyond the descriptions of the codes. Every row has a test that produces the
// real failure.

// faultCodes are the faults that are recognised, UNCONFIRMED, by the local name of any of
// their codes and the namespaces it may be in; "" is any namespace. Every other
// fault is WS_E_ENDPOINT_FAULT_RECEIVED.
var faultCodes = []struct {
	local  string
	spaces []string
	code   HRESULT
}{
	{"ActionNotSupported", addressingSpaces, WS_E_ENDPOINT_ACTION_NOT_SUPPORTED},
	{"DestinationUnreachable", addressingSpaces, WS_E_ENDPOINT_NOT_FOUND},
	{"EndpointUnavailable", addressingSpaces, WS_E_ENDPOINT_NOT_AVAILABLE},
	{"FailedAuthentication", append([]string{spaceWSSE}, trustSpaces...), WS_E_ENDPOINT_ACCESS_DENIED},
	{"RenewNeeded", contextSpaces, WS_E_SECURITY_TOKEN_EXPIRED},
	{"ExpiredData", trustSpaces, WS_E_SECURITY_TOKEN_EXPIRED},
	{"MessageExpired", []string{spaceWSSE, spaceWSU}, WS_E_SECURITY_TOKEN_EXPIRED},
	{"ServerTooBusy", nil, WS_E_ENDPOINT_TOO_BUSY},
}

// Namespaces of fault codes.
const (
	spaceWSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	spaceWSU  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
)

var (
	addressingSpaces = []string{"http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing"}
	trustSpaces      = []string{"http://schemas.xmlsoap.org/ws/2005/02/trust", "http://docs.oasis-open.org/ws-sx/ws-trust/200512"}
	contextSpaces    = []string{"http://schemas.xmlsoap.org/ws/2005/02/sc", "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512"}
)

// statusCodes are the HTTP statuses of answers that are not SOAP, UNCONFIRMED. Those that
// are not here are WS_E_ENDPOINT_FAILURE from 400 up, and below that
// WS_E_INVALID_FORMAT. 401 and 407 are in refusalCode, and 502 and 504 of a
// proxy in proxyCodes.
var statusCodes = map[int]HRESULT{
	403: WS_E_ENDPOINT_ACCESS_DENIED,
	404: WS_E_ENDPOINT_NOT_FOUND,
	408: WS_E_ENDPOINT_FAILURE,
	410: WS_E_ENDPOINT_NOT_FOUND,
	413: WS_E_QUOTA_EXCEEDED,
	415: WS_E_ENDPOINT_FAILURE,
	429: WS_E_ENDPOINT_TOO_BUSY,
	500: WS_E_ENDPOINT_FAILURE,
	503: WS_E_ENDPOINT_NOT_AVAILABLE, // WS_E_ENDPOINT_TOO_BUSY with Retry-After
}

// proxyCodes are the HTTP statuses with which a proxy refuses, UNCONFIRMED. Those that are
// not here are WS_E_PROXY_FAILURE.
var proxyCodes = map[int]HRESULT{
	403: WS_E_PROXY_ACCESS_DENIED,
	502: WS_E_PROXY_FAILURE,
	503: WS_E_PROXY_FAILURE,
	504: WS_E_PROXY_FAILURE,
}

// requires are the codes of peers that want another scheme, those of servers
// first. UNCONFIRMED when they come.
var requires = map[httpauth.Scheme][2]HRESULT{
	httpauth.Basic:     {WS_E_SERVER_REQUIRES_BASIC_AUTH, WS_E_PROXY_REQUIRES_BASIC_AUTH},
	httpauth.Digest:    {WS_E_SERVER_REQUIRES_DIGEST_AUTH, WS_E_PROXY_REQUIRES_DIGEST_AUTH},
	httpauth.NTLM:      {WS_E_SERVER_REQUIRES_NTLM_AUTH, WS_E_PROXY_REQUIRES_NTLM_AUTH},
	httpauth.Negotiate: {WS_E_SERVER_REQUIRES_NEGOTIATE_AUTH, WS_E_PROXY_REQUIRES_NEGOTIATE_AUTH},
}

// socketCodes are the errors of the system, UNCONFIRMED. The numbers are those of Winsock,
// which package syscall does not name on Windows.
var socketCodes = []struct {
	errnos []syscall.Errno
	code   HRESULT
}{
	{[]syscall.Errno{syscall.ECONNREFUSED, 10061}, WS_E_ENDPOINT_NOT_FOUND},
	{[]syscall.Errno{syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN, 10051, 10065, 10050, 10064}, WS_E_ENDPOINT_UNREACHABLE},
	{[]syscall.Errno{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, 10054, 10053}, WS_E_ENDPOINT_DISCONNECTED},
	{[]syscall.Errno{syscall.EADDRINUSE, 10048}, WS_E_ADDRESS_IN_USE},
	{[]syscall.Errno{syscall.EADDRNOTAVAIL, 10049}, WS_E_ADDRESS_NOT_AVAILABLE},
	{[]syscall.Errno{syscall.ETIMEDOUT, 10060}, WS_E_ENDPOINT_UNREACHABLE}, // the system gave up, not a property
}

// causeCodes are what the core concludes, UNCONFIRMED. The first that fits counts.
var causeCodes = []struct {
	cause error
	code  HRESULT
}{
	{wstrust.ErrState, WS_E_INVALID_OPERATION},
	{wstrust.ErrSecurity, WS_E_SECURITY_SYSTEM_FAILURE},
	{wstrust.ErrConfig, E_INVALIDARG},
	{wstrust.ErrQuota, WS_E_QUOTA_EXCEEDED},
	{wstrust.ErrVerification, WS_E_SECURITY_VERIFICATION_FAILURE},
	{wstrust.ErrTokenExpired, WS_E_SECURITY_TOKEN_EXPIRED},
	{httpauth.ErrNoNegotiator, WS_E_NOT_SUPPORTED},
	{httpauth.ErrUnasked, WS_E_SECURITY_VERIFICATION_FAILURE},
}

// codeOf finds the code of a failure. What is nowhere in the tables is
// WS_E_OTHER, with its original in the Error.
func codeOf(err error) HRESULT {
	if errors.Is(err, errAborted) || errors.Is(err, context.Canceled) {
		return WS_E_OPERATION_ABORTED
	}
	if _, late := errors.AsType[*timeoutError](err); late {
		return WS_E_OPERATION_TIMED_OUT
	}
	if own, ok := errors.AsType[*codeError](err); ok {
		return own.code
	}
	if f, ok := errors.AsType[*wstrust.Fault](err); ok {
		code, _ := faultCode(f)
		return code
	}
	if r, ok := errors.AsType[*httpauth.Refusal](err); ok {
		return refusalCode(r)
	}
	if p, ok := errors.AsType[*proxyError](err); ok {
		if code, ok := proxyCodes[p.status]; ok {
			return code
		}
		return WS_E_PROXY_FAILURE
	}
	if s, ok := errors.AsType[*httpx.StatusError](err); ok {
		return statusCode(s)
	}
	for _, row := range causeCodes {
		if errors.Is(err, row.cause) {
			return row.code
		}
	}
	if errors.Is(err, wstrust.ErrFormat) {
		return WS_E_INVALID_FORMAT
	}
	return networkCode(err)
}

// faultCode finds the code of a fault, and whether it is one that is
// recognised. The most specific code counts first.
func faultCode(f *wstrust.Fault) (HRESULT, bool) {
	out, _, _ := readFault(f)
	var names []XMLQName
	for c := out.Code; c != nil; c = c.SubCode {
		names = append([]XMLQName{c.Value}, names...)
	}
	for _, n := range names {
		for _, row := range faultCodes {
			if n.LocalName != row.local {
				continue
			}
			if row.spaces == nil {
				return row.code, true
			}
			for _, s := range row.spaces {
				if n.NS == s {
					return row.code, true
				}
			}
		}
	}
	return WS_E_ENDPOINT_FAULT_RECEIVED, false
}

func refusalCode(r *httpauth.Refusal) HRESULT {
	which, denied := 0, WS_E_ENDPOINT_ACCESS_DENIED
	if r.Status == 407 {
		which, denied = 1, WS_E_PROXY_ACCESS_DENIED
	}
	if codes, ok := requires[r.Wants]; ok && !r.Denied {
		return codes[which]
	}
	return denied
}

func statusCode(s *httpx.StatusError) HRESULT {
	code, ok := statusCodes[s.Status]
	switch {
	case s.Status == 503 && s.RetryAfter != "":
		return WS_E_ENDPOINT_TOO_BUSY
	case ok:
		return code
	case s.Status >= 400:
		return WS_E_ENDPOINT_FAILURE
	}
	return WS_E_INVALID_FORMAT
}

// networkCode is about names, sockets and TLS.
func networkCode(err error) HRESULT {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		return WS_E_PROXY_FAILURE
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return WS_E_ENDPOINT_NOT_FOUND
	}
	if _, ok := errors.AsType[*net.AddrError](err); ok { // the host has no address of the IP version asked for
		return WS_E_ENDPOINT_NOT_FOUND
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		for _, row := range socketCodes {
			for _, e := range row.errnos {
				if e == errno {
					return row.code
				}
			}
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return alertCode(op.Err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return WS_E_ENDPOINT_DISCONNECTED
	}
	if _, ok := errors.AsType[*handshakeError](err); ok {
		return WS_E_SECURITY_VERIFICATION_FAILURE
	}
	return WS_E_OTHER
}

// alertCode tells a refusal of our certificate, or of our having none, from
// other failures of TLS. What crypto/tls has for an alert of the peer is a
// number without a public type.
func alertCode(alert error) HRESULT {
	if v := reflect.ValueOf(alert); v.Kind() == reflect.Uint8 {
		switch v.Uint() {
		case 40, 70, 71, 112: // handshake_failure, protocol_version, insufficient_security, unrecognized_name
			return WS_E_SECURITY_VERIFICATION_FAILURE
		}
	}
	return WS_E_ENDPOINT_ACCESS_DENIED
}
