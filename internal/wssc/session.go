package wssc

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wst"
)

// A Held is a security context as its client has it: the token, octet for
// octet, and the key. It is not changed once made.
type Held struct {
	Version      Version
	ID, Instance string
	Key          alg.Key
	Token        []byte // the SecurityContextToken, able to stand alone
	Attached     []byte // the reference for messages that carry it; nil: derived from its wsu:Id
	Unattached   []byte // the reference for messages that do not
	From, Till   time.Time
}

// NewHeld takes over what a service issued: a token with a symmetric key.
func NewHeld(i *wst.Issued) (*Held, error) {
	t, err := ReadToken(i.Element)
	if err != nil {
		return nil, err
	}
	if i.Proof.IsZero() {
		return nil, errors.New("wssc: a context without a key")
	}
	key, err := alg.SecretKey(i.Proof.Bytes())
	if err != nil {
		return nil, err
	}
	h := &Held{
		Version: t.Version, ID: t.ID, Instance: t.Instance, Key: key,
		Token: i.Token, Attached: i.Attached, Unattached: i.Unattached, From: i.Created, Till: i.Expires,
	}
	if h.Unattached == nil {
		h.Unattached = t.Unattached()
	}
	if h.Attached == nil && t.WSUID == "" {
		h.Attached = h.Unattached // there is no other way to refer to it
	}
	return h, nil
}

// Format implements [fmt.Formatter], so that no verb reaches the token, which
// may hold more than its name.
func (h Held) Format(f fmt.State, _ rune) {
	io.WriteString(f, fmt.Sprintf("security context %s, instance %s, until %s", shown(h.ID), shown(h.Instance), when(h.Till)))
}

// A Plan says how a [Session] renews.
type Plan struct {
	Never    bool          // a new context in place of renewing one
	Interval time.Duration // from one renewal to the next; four fifths of the lifetime if zero or longer than that
	Rollover time.Duration // how long answers under a context are accepted after another has taken its place
}

// A Step is what a client has to do before it can send a message.
type Step uint8

// The steps.
const (
	Send        Step = iota // nothing: the context is good
	Wait                    // until somebody else has done what he does
	DoEstablish             // with the bootstrap credentials
	DoRenew                 // the context, with its key
	Closed                  // there is no conversation
)

// A Session is the client's side of a conversation: a state machine that
// decides, and neither waits nor sends. Its caller calls [Session.Next] before
// each message and does as it says; of all callers one at a time is told to
// establish or renew, and must report by Established or Failed. After a message
// was refused, Refused says whether to send it once more. It is not safe for
// concurrent use: a lock around each call is all it needs.
type Session struct {
	Plan Plan

	current *Held
	former  []former  // the latest first
	ends    time.Time // of current, by our clock; zero: not known
	renewAt time.Time // zero: never
	stale   bool      // current must be renewed before it is used again
	replace bool      // current cannot be renewed: make a new one
	doing   Step      // what somebody is at
	closed  bool
}

// A former is a context that another has taken the place of: answers to what
// was sent before that come under it.
type former struct {
	id, instance string
	key          alg.Key
	until        time.Time
}

// pause is how long a renewal that failed is not tried again, as long as the
// context is still good.
const pause = 10 * time.Second

// Next returns what to do now, and with Send and DoRenew with which context.
// With DoRenew of a context that is still good, others go on sending with it.
func (s *Session) Next(now time.Time) (Step, *Held) {
	if s.closed {
		return Closed, nil
	}
	s.prune(now)
	good := s.good(now)
	due := s.current != nil && (s.stale || !s.renewAt.IsZero() && !now.Before(s.renewAt))
	switch {
	case s.doing != Send && !s.Blocked(now):
		return Send, s.current
	case s.doing != Send:
		return Wait, nil
	case !good || due && (s.replace || s.Plan.Never):
		s.doing = DoEstablish
		return DoEstablish, nil
	case due:
		s.doing = DoRenew
		return DoRenew, s.current
	}
	return Send, s.current
}

// good reports whether the context has not ended.
func (s *Session) good(now time.Time) bool {
	return s.current != nil && (s.ends.IsZero() || now.Before(s.ends))
}

// ErrRenewed says that what came of a renewal is not a renewed context.
var ErrRenewed = errors.New("wssc: not a renewed context")

// Established takes over what DoEstablish or DoRenew brought. A renewed context
// must have the identifier of the one that was renewed, another instance and
// another key: errors wrap [ErrRenewed] and leave the step to be reported as
// failed.
func (s *Session) Established(h, renewed *Held, now time.Time) error {
	if renewed != nil {
		switch {
		case h.ID != renewed.ID:
			return fmt.Errorf("%w: identifier %s in place of %s", ErrRenewed, shown(h.ID), shown(renewed.ID))
		case h.Instance == renewed.Instance:
			return fmt.Errorf("%w: the instance is the same", ErrRenewed)
		case h.Key.Equal(renewed.Key):
			return fmt.Errorf("%w: the key is the same", ErrRenewed)
		}
	}
	s.doing = Send
	if s.closed {
		return nil
	}
	s.retire(now)
	s.current, s.stale, s.replace = h, false, false
	s.ends = h.end(now)
	s.renewAt = s.Plan.next(s.ends, now)
	return nil
}

// retire has the current context be a former one.
func (s *Session) retire(now time.Time) {
	s.prune(now)
	if c := s.current; c != nil {
		s.former = s.former[:min(len(s.former), maxFormer-1)]
		s.former = slices.Insert(s.former, 0, former{c.ID, c.Instance, c.Key, now.Add(s.Plan.Rollover)})
	}
	s.current = nil
}

// prune forgets former contexts that no answer may come under any more. The
// oldest, which stand last, are over first.
func (s *Session) prune(now time.Time) {
	n := len(s.former)
	for n > 0 && !now.Before(s.former[n-1].until) {
		n--
	}
	if clear(s.former[n:]); n == 0 {
		s.former = nil
	} else {
		s.former = s.former[:n]
	}
}

// Key returns the key of a context under which an answer may come now: of the
// current one, and for Plan.Rollover of those before it.
func (s *Session) Key(id, instance string, now time.Time) (alg.Key, bool) {
	if c := s.current; c != nil && c.ID == id && c.Instance == instance {
		return c.Key, true
	}
	for _, f := range s.former {
		if f.id == id && f.instance == instance && now.Before(f.until) {
			return f.key, true
		}
	}
	return alg.Key{}, false
}

// Blocked reports whether no message can be sent before somebody has
// established or renewed a context.
func (s *Session) Blocked(now time.Time) bool { return !s.good(now) || s.stale }

// end returns when a context that has just been issued ends by our clock. The
// service's may be off: with ours ahead of it by more than the lifetime, the
// context would seem to be over at once.
func (h *Held) end(now time.Time) time.Time {
	end := h.Till
	if !h.Till.IsZero() && !h.From.IsZero() {
		end = now.Add(h.Till.Sub(h.From))
		if h.Till.After(now) && h.Till.Before(end) {
			end = h.Till
		}
	}
	if !end.After(now) {
		return time.Time{}
	}
	return end
}

// next is when a context that ends then is to be renewed.
func (p Plan) next(ends, now time.Time) time.Time {
	var at time.Time
	if !ends.IsZero() {
		at = now.Add(ends.Sub(now) / 5 * 4)
	}
	if p.Interval > 0 {
		if i := now.Add(p.Interval); at.IsZero() || i.Before(at) {
			at = i
		}
	}
	return at
}

// Failed reports that the step failed; refused says that the service refused
// it, and did not only fail to answer. It returns whether the caller should ask
// Next again: a context that cannot be renewed is replaced, and one that is
// still good serves meanwhile.
func (s *Session) Failed(refused bool, now time.Time) (again bool) {
	step := s.doing
	s.doing = Send
	if s.closed {
		return false
	}
	if step == DoRenew && refused {
		s.replace = true
		s.renewAt = now
		return true
	}
	if !s.Blocked(now) {
		wait := pause
		if !s.ends.IsZero() {
			wait = min(wait, s.ends.Sub(now)/2)
		}
		s.renewAt = now.Add(wait)
		return true
	}
	return false
}

// Refused reports that a message under h was refused with that code, and
// returns whether it is worth sending it once more: the service has forgotten
// the context, or wants it renewed, and did not take the message.
func (s *Session) Refused(h *Held, code Code, now time.Time) (again bool) {
	switch {
	case s.closed || code != BadContextToken && code != RenewNeeded:
		return false
	case s.current != h: // there is a newer one already
		return true
	case code == BadContextToken:
		s.retire(now)
		return true
	}
	s.stale = true
	return true
}

// Close ends the conversation and returns the context that is to be cancelled,
// nil if there is none.
func (s *Session) Close(now time.Time) *Held {
	h := s.current
	if s.closed || !s.good(now) {
		h = nil
	}
	s.closed, s.current = true, nil
	return h
}
