package soap

import "slices"

// Expect is what the answer to a request must show.
type Expect struct {
	Version    Version
	Addressing Addressing
	MessageID  string   // of the request
	Actions    []string // admitted; nil admits any
}

// CheckReply refuses an envelope that is not the answer to our request: with
// addressing, RelatesTo must name the request and the action be one of those
// admitted. A fault may come in either version, with any action and without
// RelatesTo, since it is only a hint; a RelatesTo that it has must be right.
func CheckReply(e *Envelope, want Expect) error {
	fault := e.IsFault()
	if e.Version != want.Version && !fault {
		return refuse(ErrReply, e.Root, "%v answer to a %v request", e.Version, want.Version)
	}
	if want.Addressing == ANone {
		return nil
	}
	if e.RelatesTo.OK() || !fault {
		switch {
		case !e.RelatesTo.OK():
			return refuse(ErrReply, e.Root, "no RelatesTo")
		case e.RelatesTo.Value != want.MessageID:
			return refuse(ErrReply, e.RelatesTo.Elem, "relates to %s, not to %s", quote(e.RelatesTo.Value), want.MessageID)
		}
	}
	if fault {
		return nil
	}
	if e.Addressing != want.Addressing {
		return refuse(ErrReply, e.Root, "%v in the answer to %v", e.Addressing, want.Addressing)
	}
	if want.Actions != nil && !slices.Contains(want.Actions, e.Action.Value) {
		return refuse(ErrReply, e.Root, "action %s is not expected", quote(e.Action.Value))
	}
	return nil
}
