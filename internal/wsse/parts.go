package wsse

import "strings"

// Parts is a set of parts of a message.
type Parts uint16

// The parts. PartToken is the token whose key signs.
const (
	PartTimestamp Parts = 1 << iota
	PartBody
	PartTo
	PartAction
	PartMessageID
	PartRelatesTo
	PartReplyTo
	PartFrom
	PartFaultTo
	PartToken
	PartSignature // to be encrypted; signed by an endorsing token

	// PartAddressing is every addressing header that the message has.
	PartAddressing = PartTo | PartAction | PartMessageID | PartRelatesTo | PartReplyTo | PartFrom | PartFaultTo
)

var partNames = [...]string{"timestamp", "body", "to", "action", "message-id", "relates-to", "reply-to", "from", "fault-to", "token", "signature"}

// String lists the parts, comma separated.
func (p Parts) String() string {
	var names []string
	for i, n := range partNames {
		if p&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, ",")
}
