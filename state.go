package wstrust

import "fmt"

// State is where a [Channel] is in its life. In WWSAPI: WS_CHANNEL_STATE.
type State uint8

// The states of a channel.
const (
	StateCreated State = iota
	StateOpening
	StateOpen
	StateFaulted
	StateClosing
	StateClosed
)

var stateNames = [...]string{"created", "opening", "open", "faulted", "closing", "closed"}

// String returns the state in one lower-case word.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

type event uint8

const (
	evOpen   event = iota // Open was called
	evOpened              // opening succeeded
	evFailed              // opening failed, or its context ended
	evAbort               // Abort was called
	evFault               // the channel became unusable
	evClose               // Close was called
	evClosed              // closing ended, with or without an error
	evReset               // Reset was called
)

// next is the whole state machine. An event that a state does not know leaves
// the state as it is and reports false.
func next(s State, e event) (State, bool) {
	switch s {
	case StateCreated:
		switch e {
		case evOpen:
			return StateOpening, true
		case evClose:
			return StateClosed, true
		case evReset, evAbort:
			return StateCreated, true
		}
	case StateOpening:
		switch e {
		case evOpened:
			return StateOpen, true
		case evFailed, evAbort:
			return StateCreated, true
		}
	case StateOpen:
		switch e {
		case evAbort, evFault:
			return StateFaulted, true
		case evClose:
			return StateClosing, true
		}
	case StateFaulted:
		switch e {
		case evClose:
			return StateClosing, true
		case evAbort, evFault:
			return StateFaulted, true
		}
	case StateClosing:
		switch e {
		case evClosed:
			return StateClosed, true
		case evAbort, evFault:
			return StateClosing, true
		}
	case StateClosed:
		switch e {
		case evClose, evAbort, evFault:
			return StateClosed, true
		case evReset:
			return StateCreated, true
		}
	}
	return s, false
}
