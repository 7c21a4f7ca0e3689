package wstrust

import (
	"context"
	"errors"
	"testing"
)

// The table of architecture section 6, cell by cell: each state against each
// event. A cell that is not named must refuse and change nothing.
func TestNext(t *testing.T) {
	type cell struct {
		s State
		e event
	}
	want := map[cell]State{
		{StateCreated, evOpen}:   StateOpening,
		{StateCreated, evClose}:  StateClosed,
		{StateCreated, evReset}:  StateCreated,
		{StateCreated, evAbort}:  StateCreated,
		{StateOpening, evOpened}: StateOpen,
		{StateOpening, evFailed}: StateCreated,
		{StateOpening, evAbort}:  StateCreated,
		{StateOpen, evAbort}:     StateFaulted,
		{StateOpen, evFault}:     StateFaulted,
		{StateOpen, evClose}:     StateClosing,
		{StateFaulted, evClose}:  StateClosing,
		{StateFaulted, evAbort}:  StateFaulted,
		{StateFaulted, evFault}:  StateFaulted,
		{StateClosing, evClosed}: StateClosed,
		{StateClosing, evAbort}:  StateClosing,
		{StateClosing, evFault}:  StateClosing,
		{StateClosed, evClose}:   StateClosed,
		{StateClosed, evAbort}:   StateClosed,
		{StateClosed, evFault}:   StateClosed,
		{StateClosed, evReset}:   StateCreated,
	}
	for s := StateCreated; s <= StateClosed; s++ {
		for e := evOpen; e <= evReset; e++ {
			got, ok := next(s, e)
			if w, legal := want[cell{s, e}]; ok != legal || legal && got != w || !legal && got != s {
				t.Errorf("%s, event %d: %s, %v", s, e, got, ok)
			}
		}
	}
}

func TestStates(t *testing.T) {
	ctx := t.Context()
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	at := func(want State) {
		t.Helper()
		if got := c.State(); got != want {
			t.Fatalf("state %s, want %s", got, want)
		}
	}
	wrong := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrState) {
			t.Errorf("%s: got %v, want ErrState", what, err)
		}
	}
	at(StateCreated)
	_, err = c.RequestToken(ctx, TokenRequest{})
	wrong("request on a created channel", err)
	wrong("call on a created channel", c.Call(ctx, "urn:x", nil, nil))

	for _, bad := range []string{"http://sts.example/", "ftp://x/", "https://", "https://u:p@sts.example/", "%", ""} {
		if err := c.Open(ctx, bad); !errors.Is(err, ErrConfig) {
			t.Errorf("open %q: got %v, want ErrConfig", bad, err)
		}
		at(StateCreated)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.Open(canceled, "https://sts.example/"); !errors.Is(err, context.Canceled) {
		t.Errorf("open with an ended context: %v", err)
	}
	at(StateCreated)

	if err := c.Open(ctx, "https://sts.example/"); err != nil {
		t.Fatal(err)
	}
	at(StateOpen)
	wrong("open twice", c.Open(ctx, "https://sts.example/"))
	wrong("reset of an open channel", c.Reset())
	at(StateOpen)
	c.Abort()
	at(StateFaulted)
	_, err = c.RequestToken(ctx, TokenRequest{})
	wrong("request on a faulted channel", err)
	if err := c.Close(ctx); err != nil {
		t.Error(err)
	}
	at(StateClosed)
	c.Abort()
	if err := c.Close(ctx); err != nil {
		t.Error(err)
	}
	at(StateClosed)
	wrong("open of a closed channel", c.Open(ctx, "https://sts.example/"))
	if err := c.Reset(); err != nil {
		t.Error(err)
	}
	at(StateCreated)
}
