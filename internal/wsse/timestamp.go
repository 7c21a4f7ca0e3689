package wsse

import (
	"time"

	"wstrust/internal/xmltree"
)

// maxTTL is the longest validity a peer's Timestamp may claim. Whoever writes
// more means "for ever", which a message is not.
const maxTTL = 24 * time.Hour

// A stamp is a wsu:Timestamp as read.
type stamp struct {
	elem             xmltree.Elem
	created, expires time.Time // expires is zero if absent
}

// readTimestamp reads a Timestamp: Created, then Expires if it is there, and
// nothing else.
func readTimestamp(e xmltree.Elem) (stamp, error) {
	s := stamp{elem: e}
	if err := e.OnlyElements(); err != nil {
		return s, err
	}
	var err error
	for c := range e.Children {
		switch {
		case c.Is(xmltree.WSU, "Created") && s.created.IsZero():
			s.created, err = readTime(c)
		case c.Is(xmltree.WSU, "Expires") && !s.created.IsZero() && s.expires.IsZero():
			s.expires, err = readTime(c)
		default:
			return s, refuse(ClassFormat, c, "not expected in a timestamp")
		}
		if err != nil {
			return s, err
		}
	}
	if s.created.IsZero() {
		return s, refuse(ClassFormat, e, "no creation time")
	}
	return s, nil
}

// readTime reads a time that was set: the zero time, which stands for none here and
// which programs write that have none, is long past.
func readTime(e xmltree.Elem) (time.Time, error) {
	t, err := e.Time()
	if err == nil && t.IsZero() {
		err = refuse(ClassExpired, e, "the first instant of the year 1: its writer has set no time")
	}
	return t, err
}

// check refuses a timestamp that is not valid now. What it lets through it
// would not let through after until, so a replay need not be remembered longer.
func (s *stamp) check(latency, skew time.Duration, now time.Time) (until time.Time, err error) {
	const clock = "2006-01-02T15:04:05.000Z"
	show := func(t time.Time) string { return t.UTC().Format(clock) }
	until = s.created.Add(latency + skew)
	switch {
	case !s.expires.IsZero() && !s.expires.After(s.created):
		err = refuse(ClassExpired, s.elem, "expires %s, before it was created %s", show(s.expires), show(s.created))
	case !s.expires.IsZero() && s.expires.Sub(s.created) > maxTTL:
		err = refuse(ClassExpired, s.elem, "valid from %s to %s, longer than %v", show(s.created), show(s.expires), maxTTL)
	case s.created.After(now.Add(skew)):
		err = refuse(ClassExpired, s.elem, "created %s, our clock says %s, skew allowed %v", show(s.created), show(now), skew)
	case now.After(until):
		err = refuse(ClassExpired, s.elem, "created %s, our clock says %s, latency allowed %v and skew %v", show(s.created), show(now), latency, skew)
	case !s.expires.IsZero() && now.After(s.expires.Add(skew)):
		err = refuse(ClassExpired, s.elem, "expired %s, our clock says %s, skew allowed %v", show(s.expires), show(now), skew)
	}
	if !s.expires.IsZero() {
		if e := s.expires.Add(skew); e.Before(until) {
			until = e
		}
	}
	return until, err
}
