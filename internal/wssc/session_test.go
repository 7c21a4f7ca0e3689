package wssc

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wst"
)

// noon is when things happen here.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func key(t testing.TB, fill byte) alg.Key {
	t.Helper()
	b := make([]byte, 32)
	for i := range b {
		b[i] = fill
	}
	k, err := alg.SecretKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// held is a context of one hour from noon.
func held(t testing.TB, n byte) *Held {
	t.Helper()
	h := &Held{ID: "urn:a", Key: key(t, n), From: noon, Till: noon.Add(time.Hour)}
	if n > 1 {
		h.Instance = fmt.Sprint("urn:", n)
	}
	return h
}

// A session told step by step: each line is what is asked or reported at a
// minute past noon, and what must come of it.
func TestSession(t *testing.T) {
	a, b, c := held(t, 1), held(t, 2), held(t, 3)
	other := held(t, 4)
	other.ID = "urn:b"
	type line struct {
		at   float64
		do   string // next, got, failed, refused
		h    *Held
		code Code
		step Step
		want *Held // of next
		yes  bool  // of failed and refused
	}
	next := func(at float64, step Step, want *Held) line { return line{at: at, do: "next", step: step, want: want} }
	got := func(at float64, h *Held) line { return line{at: at, do: "got", h: h} }
	failed := func(at float64, again bool) line { return line{at: at, do: "failed", yes: again} }
	denied := func(at float64, again bool) line { return line{at: at, do: "denied", yes: again} }
	refused := func(h *Held, code Code, again bool) line { return line{do: "refused", h: h, code: code, yes: again} }
	for name, s := range map[string]struct {
		plan  Plan
		lines []line
	}{
		"established once": {lines: []line{next(0, DoEstablish, nil), next(0, Wait, nil), got(0, a), next(0, Send, a), next(47, Send, a)}},
		"renewed at four fifths": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), next(47.9, Send, a), next(48, DoRenew, a), next(48, Send, a), got(48, b), next(49, Send, b),
		}},
		"renewed at the interval": {plan: Plan{Interval: 10 * time.Minute}, lines: []line{
			next(0, DoEstablish, nil), got(0, a), next(9, Send, a), next(10, DoRenew, a), got(10, b), next(19, Send, b), next(20, DoRenew, b),
		}},
		"an interval past the end": {plan: Plan{Interval: 2 * time.Hour}, lines: []line{next(0, DoEstablish, nil), got(0, a), next(48, DoRenew, a)}},
		"never renewed":            {plan: Plan{Never: true}, lines: []line{next(0, DoEstablish, nil), got(0, a), next(48, DoEstablish, nil), next(48, Send, a), got(48, other), next(48, Send, other)}},
		"nobody else waits for a failure": {lines: []line{
			next(0, DoEstablish, nil), failed(0, false), next(0, DoEstablish, nil), denied(0, false), next(0, DoEstablish, nil),
		}},
		"renewal not answered": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), next(48, DoRenew, a), failed(48, true), next(48, Send, a), next(48.1, Send, a), next(48.2, DoRenew, a),
		}},
		"renewal not answered until the end": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), next(59.9, DoRenew, a), failed(60, false), next(60, DoEstablish, nil),
		}},
		"renewal refused": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), next(48, DoRenew, a), denied(48, true), next(48, DoEstablish, nil), next(48, Send, a), got(48, other), next(48, Send, other),
		}},
		"renewal and bootstrap refused": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), next(48, DoRenew, a), denied(48, true), next(48, DoEstablish, nil), denied(48, true), next(48, Send, a), next(48.2, DoEstablish, nil),
		}},
		"over": {lines: []line{next(0, DoEstablish, nil), got(0, a), next(60, DoEstablish, nil), next(60, Wait, nil)}},
		"forgotten": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), refused(a, BadContextToken, true), next(0, DoEstablish, nil), next(0, Wait, nil),
			refused(a, BadContextToken, true), got(0, other), refused(a, BadContextToken, true), next(0, Send, other),
		}},
		"forgotten while it is renewed": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), next(48, DoRenew, a), refused(a, BadContextToken, true), next(48, Wait, nil), denied(48, true), next(48, DoEstablish, nil),
		}},
		"renewed meanwhile": {lines: []line{next(0, DoEstablish, nil), got(0, a), next(48, DoRenew, a), got(48, b), refused(a, BadContextToken, true), next(48, Send, b)}},
		"renewal needed": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), refused(a, RenewNeeded, true), next(1, DoRenew, a), next(1, Wait, nil), got(1, b), next(1, Send, b),
		}},
		"renewal needed and not answered": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), refused(a, RenewNeeded, true), next(1, DoRenew, a), failed(1, false), next(1, DoRenew, a),
		}},
		"renewal needed and refused": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), refused(a, RenewNeeded, true), next(1, DoRenew, a), denied(1, true), next(1, DoEstablish, nil), next(1, Wait, nil),
		}},
		"other faults": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), refused(a, 0, false), refused(a, UnableToRenew, false), refused(a, InvalidRequest, false), next(0, Send, a),
		}},
		"renewed twice": {lines: []line{
			next(0, DoEstablish, nil), got(0, a), next(48, DoRenew, a), got(48, b), refused(b, RenewNeeded, true), next(49, DoRenew, b), got(49, c), next(49, Send, c),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s2 := &Session{Plan: s.plan}
			var renewing *Held
			for i, l := range s.lines {
				now := noon.Add(time.Duration(l.at * float64(time.Minute)))
				switch l.do {
				case "next":
					step, h := s2.Next(now)
					if step != l.step || h != l.want {
						t.Fatalf("line %d: step %d with %v, want %d with %v", i, step, h, l.step, l.want)
					}
					if step == DoRenew || step == DoEstablish {
						renewing = h
					}
				case "got":
					l.h.From, l.h.Till = now, now.Add(time.Hour)
					if err := s2.Established(l.h, renewing, now); err != nil {
						t.Fatalf("line %d: %v", i, err)
					}
				case "failed", "denied":
					if again := s2.Failed(l.do == "denied", now); again != l.yes {
						t.Fatalf("line %d: again is %v", i, again)
					}
				case "refused":
					if again := s2.Refused(l.h, l.code, now); again != l.yes {
						t.Fatalf("line %d: again is %v", i, again)
					}
				}
			}
		})
	}
}

// Answers are accepted under the context that messages are sent under, and for
// the rollover interval under those before it, however they were replaced.
func TestSessionRollover(t *testing.T) {
	const rollover = 5 * time.Minute
	a, b, c := held(t, 1), held(t, 2), held(t, 3)
	c.ID = "urn:b"
	s := &Session{Plan: Plan{Rollover: rollover}}
	accepted := func(at time.Duration, want ...*Held) {
		t.Helper()
		for _, h := range []*Held{a, b, c} {
			key, ok := s.Key(h.ID, h.Instance, noon.Add(at))
			if ok != slices.Contains(want, h) || ok && !key.Equal(h.Key) {
				t.Errorf("at %v, under %v: %v", at, h, ok)
			}
		}
		if _, ok := s.Key("urn:a", "urn:4", noon.Add(at)); ok {
			t.Error("under one that there never was")
		}
	}
	accepted(0)
	s.Next(noon)
	_ = s.Established(a, nil, noon)
	accepted(0, a)
	s.Next(noon.Add(48 * time.Minute))
	accepted(48*time.Minute, a)
	if err := s.Established(b, a, noon.Add(49*time.Minute)); err != nil {
		t.Fatal(err)
	}
	accepted(49*time.Minute, a, b)
	accepted(49*time.Minute+rollover-1, a, b)
	accepted(49*time.Minute+rollover, b)
	s.Refused(b, BadContextToken, noon.Add(51*time.Minute)) // forgotten: another takes its place
	accepted(51*time.Minute, a, b)
	s.Next(noon.Add(51 * time.Minute))
	_ = s.Established(c, nil, noon.Add(52*time.Minute))
	accepted(52*time.Minute, a, b, c)
	accepted(51*time.Minute+rollover, c)
	s.Next(noon.Add(99 * time.Minute))
	if len(s.former) != 0 {
		t.Errorf("%d contexts are kept that are over", len(s.former))
	}
	s.Next(noon.Add(100 * time.Minute))
	accepted(200*time.Minute, c) // it has ended, and nothing is in its place yet
	for i := range 2 * maxFormer {
		s.Refused(s.current, BadContextToken, noon)
		h := held(t, byte(10+i))
		_ = s.Established(h, nil, noon)
	}
	if len(s.former) > maxFormer {
		t.Errorf("%d former contexts are kept", len(s.former))
	}
}

// What a renewal brings must be a renewed context.
func TestSessionRenewedBy(t *testing.T) {
	a := held(t, 1)
	for name, change := range map[string]func(h *Held){
		"identifier": func(h *Held) { h.ID = "urn:b" },
		"instance":   func(h *Held) { h.Instance = "" },
		"key":        func(h *Held) { h.Key = a.Key },
	} {
		s := new(Session)
		s.Next(noon)
		if err := s.Established(a, nil, noon); err != nil {
			t.Fatal(err)
		}
		s.Next(noon.Add(50 * time.Minute))
		b := held(t, 2)
		change(b)
		if err := s.Established(b, a, noon); !errors.Is(err, ErrRenewed) {
			t.Errorf("%s: %v", name, err)
		}
		if again := s.Failed(true, noon.Add(50*time.Minute)); !again {
			t.Errorf("%s: no replacement", name)
		}
		if step, _ := s.Next(noon.Add(50 * time.Minute)); step != DoEstablish {
			t.Errorf("%s: step %d", name, step)
		}
	}
}

// A clock that is off makes no context over before it has begun.
func TestSessionClocks(t *testing.T) {
	for name, c := range map[string]struct {
		now        time.Time
		from, till time.Time
		renew      time.Duration // after now; 0: never
	}{
		"alike":          {noon, noon, noon.Add(time.Hour), 48 * time.Minute},
		"ours is ahead":  {noon.Add(2 * time.Hour), noon, noon.Add(time.Hour), 48 * time.Minute},
		"ours is behind": {noon.Add(-2 * time.Hour), noon, noon.Add(time.Hour), 48 * time.Minute},
		"a little ahead": {noon.Add(10 * time.Minute), noon, noon.Add(time.Hour), 40 * time.Minute},
		"no beginning":   {noon, time.Time{}, noon.Add(time.Hour), 48 * time.Minute},
		"no end":         {noon, noon, time.Time{}, 0},
		"over":           {noon, time.Time{}, noon.Add(-time.Hour), 0},
		"no life":        {noon, noon, noon, 0},
	} {
		s := new(Session)
		s.Next(c.now)
		h := held(t, 1)
		h.From, h.Till = c.from, c.till
		if err := s.Established(h, nil, c.now); err != nil {
			t.Fatal(err)
		}
		if step, _ := s.Next(c.now); step != Send {
			t.Errorf("%s: step %d at once", name, step)
		}
		if c.renew == 0 {
			if step, _ := s.Next(c.now.Add(1000 * time.Hour)); step != Send {
				t.Errorf("%s: step %d much later", name, step)
			}
			continue
		}
		if step, _ := s.Next(c.now.Add(c.renew - time.Second)); step != Send {
			t.Errorf("%s: step %d before it is due", name, step)
		}
		if step, _ := s.Next(c.now.Add(c.renew)); step != DoRenew {
			t.Errorf("%s: step %d when it is due", name, step)
		}
	}
}

func TestSessionClose(t *testing.T) {
	a := held(t, 1)
	s := new(Session)
	if h := s.Close(noon); h != nil {
		t.Error("something to cancel before anything was established")
	}
	if step, _ := s.Next(noon); step != Closed {
		t.Errorf("step %d", step)
	}
	s = new(Session)
	s.Next(noon)
	_ = s.Established(a, nil, noon)
	if h := s.Close(noon.Add(time.Minute)); h != a {
		t.Errorf("to cancel: %v", h)
	}
	if h := s.Close(noon.Add(time.Minute)); h != nil {
		t.Error("cancelled twice")
	}
	if s.Refused(a, BadContextToken, noon) || s.Failed(true, noon) {
		t.Error("a closed session goes on")
	}
	s = new(Session)
	s.Next(noon)
	_ = s.Established(a, nil, noon)
	if h := s.Close(noon.Add(2 * time.Hour)); h != nil {
		t.Error("what is over needs no cancelling")
	}
}

func TestNewHeld(t *testing.T) {
	token := Token{ID: "urn:a", Instance: "urn:b", WSUID: "x"}
	issued := func(tok Token) *wst.Issued {
		octets := tok.Write()
		return &wst.Issued{Token: octets, Element: root(t, octets), Proof: wst.NewSecret(key(t, 9).Secret())}
	}
	h, err := NewHeld(issued(token))
	if err != nil || h.ID != "urn:a" || h.Instance != "urn:b" || h.Attached != nil || string(h.Unattached) != string(token.Unattached()) {
		t.Errorf("%+v, %v", h, err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s %d", h, h, *h, *h, *h); strings.Contains(text, "SecurityContextToken") || strings.Contains(text, "9 9") {
		t.Errorf("prints %s", text)
	}
	token.WSUID = ""
	if h, err = NewHeld(issued(token)); err != nil || string(h.Attached) != string(token.Unattached()) {
		t.Errorf("without an id: %+v, %v", h, err)
	}
	i := issued(token)
	i.Proof = wst.Secret{}
	if _, err := NewHeld(i); err == nil {
		t.Error("a context without a key")
	}
	i = issued(token)
	i.Element = root(t, []byte(`<x/>`))
	if _, err := NewHeld(i); err == nil {
		t.Error("another token")
	}
}
