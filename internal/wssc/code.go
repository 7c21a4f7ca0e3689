package wssc

import (
	"wstrust/internal/wst"
)

// A Code is what a service says of a context that it does not accept.
type Code uint8

// The codes. The first five are WS-SecureConversation's, the next two WS-Trust's.
// The last is WCF's: the specifications have no word for it, and its clients
// know it.
const (
	BadContextToken         Code = iota + 1 // the context is not known, or not proven
	UnsupportedContextToken                 // it asks for what is not offered
	UnknownDerivationSource                 // a derived key without a known source
	RenewNeeded                             // it has expired, and can be renewed
	UnableToRenew                           // it cannot be renewed
	InvalidRequest                          // the request makes no sense
	RequestFailed                           // the request was understood and is not granted
	ServerTooBusy                           // there is no room for it now; later there may be
)

// Name returns the name of the fault subcode in version v.
func (c Code) Name(v Version) (space, local string) {
	switch c {
	case UnsupportedContextToken:
		return v.ContextNamespace(), "UnsupportedContextToken"
	case UnknownDerivationSource:
		return v.ContextNamespace(), "UnknownDerivationSource"
	case RenewNeeded:
		return v.ContextNamespace(), "RenewNeeded"
	case UnableToRenew:
		return v.ContextNamespace(), "UnableToRenew"
	case InvalidRequest:
		return v.Namespace(), "InvalidRequest"
	case RequestFailed:
		return v.Namespace(), "RequestFailed"
	case ServerTooBusy:
		return cookieSpace, "ServerTooBusy"
	}
	return v.ContextNamespace(), "BadContextToken"
}

// Reason returns the constant text that goes with the code, from the tables of
// error codes in the specifications where they have one.
func (c Code) Reason() string {
	switch c {
	case UnsupportedContextToken:
		return "Not all of the values associated with the security context token are supported."
	case UnknownDerivationSource:
		return "The specified source for the derivation is unknown."
	case RenewNeeded:
		return "The provided context token has expired."
	case UnableToRenew:
		return "The specified context token could not be renewed."
	case InvalidRequest:
		return "The request was invalid or malformed."
	case RequestFailed:
		return "The specified request failed."
	case ServerTooBusy:
		return "There are too many security contexts. Please try again later."
	}
	return "The requested context elements are insufficient or unsupported."
}

// CodeOf returns the code that a fault subcode stands for, 0 for one of other
// specifications. Both versions are understood in both: a service that has
// forgotten a context need not know of which version it was.
func CodeOf(space, local string) Code {
	for _, v := range [...]Version{wst.Trust13, wst.Trust2005} {
		for c := BadContextToken; c <= ServerTooBusy; c++ {
			if s, l := c.Name(v); s == space && l == local {
				return c
			}
		}
	}
	return 0
}

// An Error is a request or context that a service does not accept, and what it
// says to the peer. Err is for the log.
type Error struct {
	Code Code
	Err  error
}

func (e *Error) Error() string {
	_, local := e.Code.Name(wst.Trust13)
	if e.Err == nil {
		return "wssc: " + local
	}
	return "wssc: " + local + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }
