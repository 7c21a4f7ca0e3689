package webservices

// An event moves a channel from one state to another.
type event uint8

const (
	evOpen     event = iota // OpenChannel was called
	evOpened                // opening succeeded
	evFailed                // opening failed
	evAbort                 // AbortChannel was called
	evFault                 // the channel became unusable
	evClose                 // CloseChannel was called
	evClosed                // closing ended, with or without an error
	evReset                 // ResetChannel was called
	evAccept                // AcceptChannel was called
	evAccepted              // a message has come
)

// next is the state diagram of WS_CHANNEL. An event that a state does not know
// leaves the state as it is and reports false. A channel of a server is accepted
// where one of a client is opened; which of the two a channel is the functions
// know.
func next(s ChannelState, e event) (ChannelState, bool) {
	switch s {
	case WS_CHANNEL_STATE_CREATED:
		switch e {
		case evOpen:
			return WS_CHANNEL_STATE_OPENING, true
		case evAccept:
			return WS_CHANNEL_STATE_ACCEPTING, true
		case evClose:
			if closeUnopened {
				return WS_CHANNEL_STATE_CLOSED, true
			}
		case evReset, evAbort:
			return s, true
		}
	case WS_CHANNEL_STATE_OPENING:
		switch e {
		case evOpened:
			return WS_CHANNEL_STATE_OPEN, true
		case evFailed, evAbort:
			return WS_CHANNEL_STATE_CREATED, true
		}
	case WS_CHANNEL_STATE_ACCEPTING:
		switch e {
		case evAccepted:
			return WS_CHANNEL_STATE_OPEN, true
		case evFailed, evAbort:
			return WS_CHANNEL_STATE_CREATED, true
		}
	case WS_CHANNEL_STATE_OPEN:
		switch e {
		case evAbort, evFault:
			return WS_CHANNEL_STATE_FAULTED, true
		case evClose:
			return WS_CHANNEL_STATE_CLOSING, true
		}
	case WS_CHANNEL_STATE_FAULTED:
		switch e {
		case evAbort, evFault:
			return s, true
		case evClose:
			return WS_CHANNEL_STATE_CLOSING, true
		}
	case WS_CHANNEL_STATE_CLOSING:
		switch e {
		case evAbort, evFault:
			return s, true
		case evClosed:
			return WS_CHANNEL_STATE_CLOSED, true
		}
	case WS_CHANNEL_STATE_CLOSED:
		switch e {
		case evAbort, evClose, evFault:
			return s, true
		case evReset:
			return WS_CHANNEL_STATE_CREATED, true
		}
	}
	return s, false
}

// closeUnopened allows CloseChannel on a channel that was never opened.
// UNCONFIRMED: the diagram of states does, and the function's page does not.
const closeUnopened = true

// faultedCode answers an operation on a faulted channel. UNCONFIRMED: it might
// be WS_E_OBJECT_FAULTED; the general rule about states says this.
const faultedCode = WS_E_INVALID_OPERATION

// wrongState notes a call that the state does not allow.
func wrongState(s ChannelState, op string, e *Error) HRESULT {
	code := WS_E_INVALID_OPERATION
	if s == WS_CHANNEL_STATE_FAULTED {
		code = faultedCode
	}
	return e.fail(code, "%s: the channel is %s", op, stateNames[s])
}

var stateNames = [...]string{"created", "opening", "accepting", "open", "faulted", "closing", "closed"}
