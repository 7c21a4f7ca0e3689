package webservices

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// The state diagram, cell by cell. "-" is a wrong state.
func TestStateTable(t *testing.T) {
	const (
		C, O, A, P, F, G, X = WS_CHANNEL_STATE_CREATED, WS_CHANNEL_STATE_OPENING, WS_CHANNEL_STATE_ACCEPTING,
			WS_CHANNEL_STATE_OPEN, WS_CHANNEL_STATE_FAULTED, WS_CHANNEL_STATE_CLOSING, WS_CHANNEL_STATE_CLOSED
		no ChannelState = 99
	)
	//                          open opened failed abort fault close closed reset accept accepted
	for from, row := range map[ChannelState][10]ChannelState{
		C: {O, no, no, C, no, X, no, C, A, no},
		O: {no, P, C, C, no, no, no, no, no, no},
		A: {no, no, C, C, no, no, no, no, no, P},
		P: {no, no, no, F, F, G, no, no, no, no},
		F: {no, no, no, F, F, G, no, no, no, no},
		G: {no, no, no, G, G, no, X, no, no, no},
		X: {no, no, no, X, X, X, no, C, no, no},
	} {
		for e, want := range row {
			got, ok := next(from, event(e))
			if want == no {
				if ok || got != from {
					t.Errorf("%s, event %d: %s", stateNames[from], e, stateNames[got])
				}
			} else if !ok || got != want {
				t.Errorf("%s, event %d: %s, want %s", stateNames[from], e, stateNames[got], stateNames[want])
			}
		}
	}
}

// in brings a channel into a state, by calls. release lets what hangs go on.
func in(t *testing.T, want ChannelState) (c *Channel, release func()) {
	t.Helper()
	hang := make(chan struct{})
	done := make(chan struct{})
	answer := issues(proof05)
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, m rst) {
		<-hang
		answer(w, r, m)
	})
	sd := alice()
	if want == WS_CHANNEL_STATE_OPENING {
		sd.SecurityBindings[0].(*SslTransport).LocalCertCredential = &CustomCertCredential{GetCert: slowCert(hang)}
	}
	c = create(t, sd, f.root())
	to := &EndpointAddress{URL: f.URL}
	ac := &AsyncContext{Callback: func(HRESULT, CallbackModel, any) { close(done) }}
	open := func() {
		if hr := OpenChannel(c, to, nil, nil); hr != S_OK {
			t.Fatal(hr)
		}
	}
	switch want {
	case WS_CHANNEL_STATE_CREATED:
		close(done)
	case WS_CHANNEL_STATE_OPENING:
		if hr := OpenChannel(c, to, ac, nil); hr != WS_S_ASYNC {
			t.Fatal(hr)
		}
	case WS_CHANNEL_STATE_OPEN:
		open()
		close(done)
	case WS_CHANNEL_STATE_FAULTED:
		open()
		AbortChannel(c, nil)
		close(done)
	case WS_CHANNEL_STATE_CLOSING:
		open()
		var token *SecurityToken
		if hr := RequestSecurityToken(c, nil, &token, &AsyncContext{Callback: func(HRESULT, CallbackModel, any) {}}, nil); hr != WS_S_ASYNC {
			t.Fatal(hr)
		}
		if hr := CloseChannel(c, ac, nil); hr != WS_S_ASYNC {
			t.Fatal(hr)
		}
	case WS_CHANNEL_STATE_CLOSED:
		CloseChannel(c, nil, nil)
		close(done)
	}
	if got := state(t, c); got != want {
		t.Fatalf("%s, want %s", stateNames[got], stateNames[want])
	}
	return c, func() {
		close(hang)
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Error("nobody was called back")
		}
	}
}

// Every call in every state a client can be in.
func TestCallsInStates(t *testing.T) {
	const (
		C, O, P, F, G, X = WS_CHANNEL_STATE_CREATED, WS_CHANNEL_STATE_OPENING, WS_CHANNEL_STATE_OPEN,
			WS_CHANNEL_STATE_FAULTED, WS_CHANNEL_STATE_CLOSING, WS_CHANNEL_STATE_CLOSED
		ok, bad = S_OK, WS_E_INVALID_OPERATION
	)
	type result struct {
		hr    HRESULT
		after ChannelState
	}
	calls := []struct {
		name string
		call func(c *Channel, e *Error) HRESULT
		want map[ChannelState]result
	}{
		{"open", func(c *Channel, e *Error) HRESULT {
			return OpenChannel(c, &EndpointAddress{URL: "https://127.0.0.1:1/"}, nil, e)
		}, map[ChannelState]result{C: {ok, P}, O: {bad, O}, P: {bad, P}, F: {bad, F}, G: {bad, G}, X: {bad, X}}},
		{"open badly", func(c *Channel, e *Error) HRESULT {
			return OpenChannel(c, &EndpointAddress{URL: "ftp://x/"}, nil, e)
		}, map[ChannelState]result{C: {WS_E_INVALID_ENDPOINT_URL, C}, O: {bad, O}, P: {bad, P}, F: {bad, F}, G: {bad, G}, X: {bad, X}}},
		{"abort", AbortChannel, map[ChannelState]result{C: {ok, C}, O: {ok, C}, P: {ok, F}, F: {ok, F}, G: {ok, G}, X: {ok, X}}},
		{
			"close", func(c *Channel, e *Error) HRESULT { return CloseChannel(c, nil, e) },
			map[ChannelState]result{C: {ok, X}, O: {bad, O}, P: {ok, X}, F: {ok, X}, G: {bad, G}, X: {ok, X}},
		},
		{"reset", ResetChannel, map[ChannelState]result{C: {ok, C}, O: {bad, O}, P: {bad, P}, F: {bad, F}, G: {bad, G}, X: {ok, C}}},
		{"request token", func(c *Channel, e *Error) HRESULT {
			var token *SecurityToken
			return RequestSecurityToken(c, []RequestSecurityTokenProperty{{99, nil}}, &token, nil, e)
		}, map[ChannelState]result{C: {bad, C}, O: {bad, O}, P: {E_INVALIDARG, P}, F: {bad, F}, G: {bad, G}, X: {bad, X}}},
		{
			"request reply", func(c *Channel, e *Error) HRESULT { return RequestReply(c, "", nil, nil, nil, e) },
			map[ChannelState]result{C: {E_INVALIDARG, C}, O: {E_INVALIDARG, O}, P: {E_INVALIDARG, P}, F: {E_INVALIDARG, F}, G: {E_INVALIDARG, G}, X: {E_INVALIDARG, X}},
		},
		{"set a timeout", func(c *Channel, e *Error) HRESULT {
			return SetChannelProperty(c, WS_CHANNEL_PROPERTY_SEND_TIMEOUT, uint32(1), e)
		}, map[ChannelState]result{C: {ok, C}, O: {ok, O}, P: {ok, P}, F: {ok, F}, G: {ok, G}, X: {ok, X}}},
		{"set another property", func(c *Channel, e *Error) HRESULT {
			return SetChannelProperty(c, WS_CHANNEL_PROPERTY_ENVELOPE_VERSION, WS_ENVELOPE_VERSION_SOAP_1_1, e)
		}, map[ChannelState]result{C: {E_INVALIDARG, C}, O: {E_INVALIDARG, O}, P: {E_INVALIDARG, P}, F: {E_INVALIDARG, F}, G: {E_INVALIDARG, G}, X: {E_INVALIDARG, X}}},
	}
	for _, k := range calls {
		for from, want := range k.want {
			t.Run(fmt.Sprintf("%s when %s", k.name, stateNames[from]), func(t *testing.T) {
				c, release := in(t, from)
				var e Error
				if hr := k.call(c, &e); hr != want.hr {
					t.Errorf("%v, want %v: %v", hr, want.hr, e.Error())
				}
				if got := state(t, c); got != want.after {
					t.Errorf("%s, want %s", stateNames[got], stateNames[want.after])
				}
				release()
			})
		}
	}
	// RequestReply in a wrong state, with good arguments.
	c := create(t, nil)
	if hr := RequestReply(c, "urn:x", nil, nil, nil, nil); hr != WS_E_INVALID_OPERATION {
		t.Error(hr)
	}
}

// A freed channel is of no use.
func TestFreedChannel(t *testing.T) {
	c := create(t, nil)
	FreeChannel(c)
	FreeChannel(c)
	FreeChannel(nil)
	for name, hr := range map[string]HRESULT{
		"open":  OpenChannel(c, &EndpointAddress{URL: "http://127.0.0.1:1/"}, nil, nil),
		"close": CloseChannel(c, nil, nil),
		"reset": ResetChannel(c, nil),
	} {
		if hr != WS_E_INVALID_OPERATION {
			t.Error(name, hr)
		}
	}
}

// Aborting while it opens makes the opening fail, and the channel can be opened
// again at once.
func TestAbortWhileOpening(t *testing.T) {
	hang := make(chan struct{})
	sd := alice()
	var first atomic.Bool
	first.Store(true)
	sd.SecurityBindings[0].(*SslTransport).LocalCertCredential = &CustomCertCredential{GetCert: func(state any, a *EndpointAddress) (cert *certificate, hr HRESULT) {
		if first.Swap(false) {
			<-hang
		}
		return testCert(), S_OK
	}}
	c := create(t, sd)
	result := make(chan HRESULT, 1)
	var e Error
	to := &EndpointAddress{URL: "https://127.0.0.1:1/"}
	if hr := OpenChannel(c, to, &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { result <- hr }}, &e); hr != WS_S_ASYNC {
		t.Fatal(hr)
	}
	for first.Load() {
		time.Sleep(time.Millisecond)
	}
	AbortChannel(c, nil)
	if s := state(t, c); s != WS_CHANNEL_STATE_CREATED {
		t.Error(stateNames[s])
	}
	// It can be opened at once, while the first opening still hangs; when that
	// ends it must not disturb the second.
	if hr := OpenChannel(c, to, nil, nil); hr != S_OK {
		t.Error(hr)
	}
	second := c.session
	close(hang)
	if hr := <-result; hr != WS_E_OPERATION_ABORTED || e.code != hr {
		t.Error(hr, e.Error())
	}
	if s := state(t, c); s != WS_CHANNEL_STATE_OPEN || c.session != second {
		t.Error(stateNames[s])
	}
}
