package webservices

import "fmt"

// An HRESULT is what every function returns. It implements error, so that
// [errors.Is] finds it in an [Error], but a successful one is no error:
// ask [HRESULT.Failed], or compare with [S_OK].
type HRESULT uint32

// The success codes.
const (
	S_OK       HRESULT = 0          // done
	S_FALSE    HRESULT = 1          // done, and the answer is no
	WS_S_ASYNC HRESULT = 0x003D0000 // the callback will be called with the result
	WS_S_END   HRESULT = 0x003D0001 // there is nothing more to read
)

// The failure codes of WWSAPI, with the values of its header file. (The
// reference page of return values prints other values for about half of them,
// and swaps two; see docs/wwsapi.md.)
const (
	WS_E_INVALID_FORMAT                 HRESULT = 0x803D0000 // data is not what it should be
	WS_E_OBJECT_FAULTED                 HRESULT = 0x803D0001 // the object is unusable since an earlier error
	WS_E_NUMERIC_OVERFLOW               HRESULT = 0x803D0002 // an arithmetic overflow
	WS_E_INVALID_OPERATION              HRESULT = 0x803D0003 // the object is not in a state for this call
	WS_E_OPERATION_ABORTED              HRESULT = 0x803D0004 // AbortChannel stopped the operation
	WS_E_ENDPOINT_ACCESS_DENIED         HRESULT = 0x803D0005 // the peer denies access
	WS_E_OPERATION_TIMED_OUT            HRESULT = 0x803D0006 // a time-out property expired
	WS_E_OPERATION_ABANDONED            HRESULT = 0x803D0007 // the caller gave up, the work goes on
	WS_E_QUOTA_EXCEEDED                 HRESULT = 0x803D0008 // a size or count passes a limit
	WS_E_NO_TRANSLATION_AVAILABLE       HRESULT = 0x803D0009 // no text in the language asked for
	WS_E_SECURITY_VERIFICATION_FAILURE  HRESULT = 0x803D000A // the peer's security data cannot be verified
	WS_E_ADDRESS_IN_USE                 HRESULT = 0x803D000B // the local address is taken
	WS_E_ADDRESS_NOT_AVAILABLE          HRESULT = 0x803D000C // the local address is of no use here
	WS_E_ENDPOINT_NOT_FOUND             HRESULT = 0x803D000D // no such host, or nothing listens there
	WS_E_ENDPOINT_NOT_AVAILABLE         HRESULT = 0x803D000E // the peer says that it is out of service
	WS_E_ENDPOINT_FAILURE               HRESULT = 0x803D000F // the peer says that it could not process
	WS_E_ENDPOINT_UNREACHABLE           HRESULT = 0x803D0010 // no way leads to the peer
	WS_E_ENDPOINT_ACTION_NOT_SUPPORTED  HRESULT = 0x803D0011 // the peer does not know the action
	WS_E_ENDPOINT_TOO_BUSY              HRESULT = 0x803D0012 // the peer is overloaded
	WS_E_ENDPOINT_FAULT_RECEIVED        HRESULT = 0x803D0013 // a fault came; it is in the Error
	WS_E_ENDPOINT_DISCONNECTED          HRESULT = 0x803D0014 // the connection was lost
	WS_E_PROXY_FAILURE                  HRESULT = 0x803D0015 // the HTTP proxy failed
	WS_E_PROXY_ACCESS_DENIED            HRESULT = 0x803D0016 // the HTTP proxy denies access
	WS_E_NOT_SUPPORTED                  HRESULT = 0x803D0017 // not available on this platform
	WS_E_PROXY_REQUIRES_BASIC_AUTH      HRESULT = 0x803D0018 // the proxy wants Basic
	WS_E_PROXY_REQUIRES_DIGEST_AUTH     HRESULT = 0x803D0019 // the proxy wants Digest
	WS_E_PROXY_REQUIRES_NTLM_AUTH       HRESULT = 0x803D001A // the proxy wants NTLM
	WS_E_PROXY_REQUIRES_NEGOTIATE_AUTH  HRESULT = 0x803D001B // the proxy wants Negotiate
	WS_E_SERVER_REQUIRES_BASIC_AUTH     HRESULT = 0x803D001C // the server wants Basic
	WS_E_SERVER_REQUIRES_DIGEST_AUTH    HRESULT = 0x803D001D // the server wants Digest
	WS_E_SERVER_REQUIRES_NTLM_AUTH      HRESULT = 0x803D001E // the server wants NTLM
	WS_E_SERVER_REQUIRES_NEGOTIATE_AUTH HRESULT = 0x803D001F // the server wants Negotiate
	WS_E_INVALID_ENDPOINT_URL           HRESULT = 0x803D0020 // the URL is of no use for this
	WS_E_OTHER                          HRESULT = 0x803D0021 // an error without a code of its own
	WS_E_SECURITY_TOKEN_EXPIRED         HRESULT = 0x803D0022 // the server says that the token has expired
	WS_E_SECURITY_SYSTEM_FAILURE        HRESULT = 0x803D0023 // a local security component failed
)

// Failure codes of Windows that WWSAPI returns too.
const (
	E_INVALIDARG               HRESULT = 0x80070057 // an argument is wrong; never said of anything remote
	E_OUTOFMEMORY              HRESULT = 0x8007000E // no memory; never returned here
	CERT_E_EXPIRED             HRESULT = 0x800B0101 // the server's certificate is out of its validity
	CERT_E_UNTRUSTEDROOT       HRESULT = 0x800B0109 // its chain does not end in a trusted root
	CERT_E_CN_NO_MATCH         HRESULT = 0x800B010F // it is of another host
	CERT_E_WRONG_USAGE         HRESULT = 0x800B0110 // it is not for servers
	CRYPT_E_REVOCATION_OFFLINE HRESULT = 0x80092013 // whether it is revoked could not be asked
)

// Codes of the structured exceptions that Windows raises where a program uses
// WWSAPI wrongly. Go has panics for that; these are never returned.
const (
	WS_EXCEPTION_CODE_USAGE_FAILURE    HRESULT = 0xC03D0000 // the program is wrong
	WS_EXCEPTION_CODE_INTERNAL_FAILURE HRESULT = 0xC03D0001 // the library is wrong
)

// Failed reports whether h is a failure: FAILED(hr) in C.
func (h HRESULT) Failed() bool { return h&0x80000000 != 0 }

// String returns the code's name, or its number in hexadecimal.
func (h HRESULT) String() string {
	for _, c := range codes {
		if c.code == h {
			return c.name
		}
	}
	return fmt.Sprintf("0x%08X", uint32(h))
}

// Error returns the code's name and what it means.
func (h HRESULT) Error() string {
	for _, c := range codes {
		if c.code == h {
			return "webservices: " + c.name + ": " + c.text
		}
	}
	return "webservices: " + h.String()
}

// codes are the names and meanings of all codes.
var codes = [...]struct {
	code       HRESULT
	name, text string
}{
	{S_OK, "S_OK", "done"},
	{S_FALSE, "S_FALSE", "done, and the answer is no"},
	{WS_S_ASYNC, "WS_S_ASYNC", "the callback will be called with the result"},
	{WS_S_END, "WS_S_END", "there is nothing more to read"},
	{WS_E_INVALID_FORMAT, "WS_E_INVALID_FORMAT", "data is not what it should be"},
	{WS_E_OBJECT_FAULTED, "WS_E_OBJECT_FAULTED", "the object is unusable since an earlier error"},
	{WS_E_NUMERIC_OVERFLOW, "WS_E_NUMERIC_OVERFLOW", "an arithmetic overflow"},
	{WS_E_INVALID_OPERATION, "WS_E_INVALID_OPERATION", "the object is not in a state for this call"},
	{WS_E_OPERATION_ABORTED, "WS_E_OPERATION_ABORTED", "AbortChannel stopped the operation"},
	{WS_E_ENDPOINT_ACCESS_DENIED, "WS_E_ENDPOINT_ACCESS_DENIED", "the peer denies access"},
	{WS_E_OPERATION_TIMED_OUT, "WS_E_OPERATION_TIMED_OUT", "a time-out property expired"},
	{WS_E_OPERATION_ABANDONED, "WS_E_OPERATION_ABANDONED", "the caller gave up, the work goes on"},
	{WS_E_QUOTA_EXCEEDED, "WS_E_QUOTA_EXCEEDED", "a size or count passes a limit"},
	{WS_E_NO_TRANSLATION_AVAILABLE, "WS_E_NO_TRANSLATION_AVAILABLE", "no text in the language asked for"},
	{WS_E_SECURITY_VERIFICATION_FAILURE, "WS_E_SECURITY_VERIFICATION_FAILURE", "the peer's security data cannot be verified"},
	{WS_E_ADDRESS_IN_USE, "WS_E_ADDRESS_IN_USE", "the local address is taken"},
	{WS_E_ADDRESS_NOT_AVAILABLE, "WS_E_ADDRESS_NOT_AVAILABLE", "the local address is of no use here"},
	{WS_E_ENDPOINT_NOT_FOUND, "WS_E_ENDPOINT_NOT_FOUND", "no such host, or nothing listens there"},
	{WS_E_ENDPOINT_NOT_AVAILABLE, "WS_E_ENDPOINT_NOT_AVAILABLE", "the peer says that it is out of service"},
	{WS_E_ENDPOINT_FAILURE, "WS_E_ENDPOINT_FAILURE", "the peer says that it could not process"},
	{WS_E_ENDPOINT_UNREACHABLE, "WS_E_ENDPOINT_UNREACHABLE", "no way leads to the peer"},
	{WS_E_ENDPOINT_ACTION_NOT_SUPPORTED, "WS_E_ENDPOINT_ACTION_NOT_SUPPORTED", "the peer does not know the action"},
	{WS_E_ENDPOINT_TOO_BUSY, "WS_E_ENDPOINT_TOO_BUSY", "the peer is overloaded"},
	{WS_E_ENDPOINT_FAULT_RECEIVED, "WS_E_ENDPOINT_FAULT_RECEIVED", "a fault came; it is in the Error"},
	{WS_E_ENDPOINT_DISCONNECTED, "WS_E_ENDPOINT_DISCONNECTED", "the connection was lost"},
	{WS_E_PROXY_FAILURE, "WS_E_PROXY_FAILURE", "the HTTP proxy failed"},
	{WS_E_PROXY_ACCESS_DENIED, "WS_E_PROXY_ACCESS_DENIED", "the HTTP proxy denies access"},
	{WS_E_NOT_SUPPORTED, "WS_E_NOT_SUPPORTED", "not available on this platform"},
	{WS_E_PROXY_REQUIRES_BASIC_AUTH, "WS_E_PROXY_REQUIRES_BASIC_AUTH", "the proxy wants Basic"},
	{WS_E_PROXY_REQUIRES_DIGEST_AUTH, "WS_E_PROXY_REQUIRES_DIGEST_AUTH", "the proxy wants Digest"},
	{WS_E_PROXY_REQUIRES_NTLM_AUTH, "WS_E_PROXY_REQUIRES_NTLM_AUTH", "the proxy wants NTLM"},
	{WS_E_PROXY_REQUIRES_NEGOTIATE_AUTH, "WS_E_PROXY_REQUIRES_NEGOTIATE_AUTH", "the proxy wants Negotiate"},
	{WS_E_SERVER_REQUIRES_BASIC_AUTH, "WS_E_SERVER_REQUIRES_BASIC_AUTH", "the server wants Basic"},
	{WS_E_SERVER_REQUIRES_DIGEST_AUTH, "WS_E_SERVER_REQUIRES_DIGEST_AUTH", "the server wants Digest"},
	{WS_E_SERVER_REQUIRES_NTLM_AUTH, "WS_E_SERVER_REQUIRES_NTLM_AUTH", "the server wants NTLM"},
	{WS_E_SERVER_REQUIRES_NEGOTIATE_AUTH, "WS_E_SERVER_REQUIRES_NEGOTIATE_AUTH", "the server wants Negotiate"},
	{WS_E_INVALID_ENDPOINT_URL, "WS_E_INVALID_ENDPOINT_URL", "the URL is of no use for this"},
	{WS_E_OTHER, "WS_E_OTHER", "an error without a code of its own"},
	{WS_E_SECURITY_TOKEN_EXPIRED, "WS_E_SECURITY_TOKEN_EXPIRED", "the server says that the token has expired"},
	{WS_E_SECURITY_SYSTEM_FAILURE, "WS_E_SECURITY_SYSTEM_FAILURE", "a local security component failed"},
	{E_INVALIDARG, "E_INVALIDARG", "an argument is wrong; never said of anything remote"},
	{E_OUTOFMEMORY, "E_OUTOFMEMORY", "no memory; never returned here"},
	{CERT_E_EXPIRED, "CERT_E_EXPIRED", "the server's certificate is out of its validity"},
	{CERT_E_UNTRUSTEDROOT, "CERT_E_UNTRUSTEDROOT", "its chain does not end in a trusted root"},
	{CERT_E_CN_NO_MATCH, "CERT_E_CN_NO_MATCH", "it is of another host"},
	{CERT_E_WRONG_USAGE, "CERT_E_WRONG_USAGE", "it is not for servers"},
	{CRYPT_E_REVOCATION_OFFLINE, "CRYPT_E_REVOCATION_OFFLINE", "whether it is revoked could not be asked"},
	{WS_EXCEPTION_CODE_USAGE_FAILURE, "WS_EXCEPTION_CODE_USAGE_FAILURE", "the program is wrong"},
	{WS_EXCEPTION_CODE_INTERNAL_FAILURE, "WS_EXCEPTION_CODE_INTERNAL_FAILURE", "the library is wrong"},
}
