package webservices

import (
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// An asynchronous call calls back once, not before it has returned, with the
// Error filled and the token stored.
func TestAsync(t *testing.T) {
	f := newFake(t, issues(proof05))
	c := open(t, f.URL, alice(), f.root(), ChannelProperty{WS_CHANNEL_PROPERTY_ASYNC_CALLBACK_MODEL, WS_SHORT_CALLBACK})
	const calls = 50
	var wg sync.WaitGroup
	var count atomic.Int32
	for range calls {
		wg.Add(1)
		var token *SecurityToken
		var inside sync.Mutex // held while the call is under way
		ac := &AsyncContext{CallbackState: "mine", Callback: func(hr HRESULT, model CallbackModel, state any) {
			inside.Lock() // deadlocks if it is the calling goroutine
			defer inside.Unlock()
			defer wg.Done()
			count.Add(1)
			if hr != S_OK || token == nil || model != WS_SHORT_CALLBACK || state != "mine" {
				t.Errorf("%v, %v, %v, %v", hr, token, model, state)
			}
		}}
		inside.Lock()
		hr := RequestSecurityToken(c, nil, &token, ac, nil)
		ac.Callback, ac.CallbackState = nil, nil // it is the caller's again
		inside.Unlock()
		if hr != WS_S_ASYNC {
			t.Fatal(hr)
		}
	}
	wg.Wait()
	if count.Load() != calls {
		t.Errorf("%d callbacks", count.Load())
	}
	bad := newFake(t, says(500, "text/plain", "no"))
	failing := open(t, bad.URL, alice(), bad.root())
	// Failures too, of every function that takes a context.
	for name, call := range map[string]func(ac *AsyncContext, e *Error) HRESULT{
		"open": func(ac *AsyncContext, e *Error) HRESULT {
			return OpenChannel(create(t, nil), &EndpointAddress{URL: "https://x/"}, ac, e)
		},
		"reply": func(ac *AsyncContext, e *Error) HRESULT { return RequestReply(failing, "urn:x", nil, nil, ac, e) },
	} {
		done := make(chan HRESULT, 2)
		var e Error
		if hr := call(&AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { done <- hr }}, &e); hr != WS_S_ASYNC {
			t.Fatal(name, hr)
		}
		if hr := <-done; !hr.Failed() || e.code != hr || e.strings == nil {
			t.Errorf("%s: %v, %v", name, hr, e.Error())
		}
	}
	closed := make(chan HRESULT, 1)
	if hr := CloseChannel(c, &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { closed <- hr }}, nil); hr != WS_S_ASYNC {
		t.Fatal(hr)
	}
	if hr := <-closed; hr != S_OK || state(t, c) != WS_CHANNEL_STATE_CLOSED {
		t.Error(hr)
	}
}

// A channel is aborted and closed while many call, and nothing is left behind.
func TestNothingIsLeftBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	func() {
		answer := issues(proof05)
		f := newFake(t, func(w http.ResponseWriter, r *http.Request, m rst) {
			time.Sleep(time.Millisecond)
			answer(w, r, m)
		})
		defer f.Close()
		for round := range 4 {
			c := create(t, alice(), f.root())
			for range 2 {
				if hr := OpenChannel(c, &EndpointAddress{URL: f.URL}, nil, nil); hr != S_OK {
					t.Fatal(hr)
				}
				var wg sync.WaitGroup
				for range 8 {
					wg.Go(func() {
						for {
							var token *SecurityToken
							switch hr := RequestSecurityToken(c, nil, &token, nil, nil); hr {
							case S_OK:
								FreeSecurityToken(token)
							case WS_E_OPERATION_ABORTED, WS_E_INVALID_OPERATION:
								return
							default:
								t.Error(hr)
								return
							}
						}
					})
				}
				time.Sleep(5 * time.Millisecond)
				if round%2 == 0 {
					AbortChannel(c, nil)
				}
				if hr := CloseChannel(c, nil, nil); hr != S_OK {
					t.Error(hr)
				}
				wg.Wait()
				if hr := ResetChannel(c, nil); hr != S_OK {
					t.Error(hr)
				}
			}
			FreeChannel(c)
		}
	}()
	for range 100 {
		if runtime.NumGoroutine() <= before+2 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

// CLOSE_TIMEOUT bounds the wait for calls under way.
func TestCloseTimeout(t *testing.T) {
	f := newFake(t, func(_ http.ResponseWriter, r *http.Request, _ rst) { <-r.Context().Done() })
	c := open(t, f.URL, alice(), f.root())
	var token *SecurityToken
	result := make(chan HRESULT, 1)
	RequestSecurityToken(c, nil, &token, &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { result <- hr }}, nil)
	if hr := SetChannelProperty(c, WS_CHANNEL_PROPERTY_CLOSE_TIMEOUT, uint32(50), nil); hr != S_OK {
		t.Fatal(hr)
	}
	var e Error
	if hr := CloseChannel(c, nil, &e); hr != WS_E_OPERATION_TIMED_OUT || !strings.Contains(e.Error(), "closing") {
		t.Error(hr, e.Error())
	}
	if hr := <-result; hr != WS_E_OPERATION_ABORTED {
		t.Error(hr)
	}
	if s := state(t, c); s != WS_CHANNEL_STATE_CLOSED {
		t.Error(stateNames[s])
	}
}
