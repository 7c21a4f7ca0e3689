package webservices

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The exchange is broken off at every step, and at every octet of the answer
// where that is quick: the token variable keeps its value, the channel is open
// or faulted, and what was said before counts for nothing.
func TestTokenIsUntouched(t *testing.T) {
	good := envelope(issued05, "{security}", rstr05(proof05+lifetime05))
	cut := 0
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, m rst) {
		text := fill(good, m)
		if cut > len(text) {
			cut = len(text)
		}
		w.Header().Set("Content-Type", soap12)
		fmt.Fprint(w, text[:cut])
	})
	c := open(t, f.URL, alice(), f.root())
	before := testContext(t)
	token := before
	ok := 0
	for cut = 0; ok == 0; cut += 23 {
		at := cut
		hr := RequestSecurityToken(c, nil, &token, nil, nil)
		if hr == S_OK {
			ok++
			if token == before {
				t.Error("success without a token")
			}
			continue
		}
		if token != before {
			t.Fatalf("the token was written after %d octets: %v", at, hr)
		}
		if s := state(t, c); s != WS_CHANNEL_STATE_OPEN && s != WS_CHANNEL_STATE_FAULTED {
			t.Fatal(stateNames[s])
		}
		if cut > 10_000 {
			t.Fatal("never good")
		}
	}

	// Steps before the answer, and an abort in each.
	for _, step := range []string{"dial", "handshake", "request", "header", "body"} {
		t.Run(step, func(t *testing.T) {
			reached := make(chan struct{}, 8)
			release := make(chan struct{})
			defer close(release)
			url, root := stall(t, step, reached, release)
			c := open(t, url, alice(), root)
			token := before
			result := make(chan HRESULT, 1)
			var e Error
			hr := RequestSecurityToken(c, nil, &token, &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { result <- hr }}, &e)
			if hr != WS_S_ASYNC {
				t.Fatal(hr)
			}
			select {
			case <-reached:
			case <-time.After(10 * time.Second):
				t.Fatal("never got there")
			}
			AbortChannel(c, nil)
			select {
			case hr = <-result:
			case <-time.After(10 * time.Second):
				t.Fatal("the abort does not end the call")
			}
			if hr != WS_E_OPERATION_ABORTED || token != before {
				t.Errorf("%v: %v", hr, e.Error())
			}
			if s := state(t, c); s != WS_CHANNEL_STATE_FAULTED {
				t.Error(stateNames[s])
			}
			if hr := RequestSecurityToken(c, nil, &token, nil, nil); hr != faultedCode {
				t.Error(hr)
			}
			if hr := CloseChannel(c, nil, nil); hr != S_OK {
				t.Error(hr)
			}
		})
	}
}

// stall is a peer that gets stuck in one step of an exchange.
func stall(t testing.TB, step string, reached chan<- struct{}, release <-chan struct{}) (url string, root ChannelProperty) {
	t.Helper()
	wait := func() {
		reached <- struct{}{}
		<-release
	}
	switch step {
	case "dial", "handshake":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		if step == "dial" { // the connection is taken, and nothing is read
			go func() {
				if c, err := l.Accept(); err == nil {
					defer c.Close()
					wait()
				}
			}()
		} else {
			go func() {
				if c, err := l.Accept(); err == nil {
					defer c.Close()
					c.Read(make([]byte, 1)) // the ClientHello begins
					wait()
				}
			}()
		}
		return "https://" + l.Addr().String() + "/", roots(newTestCA(t).cert)
	}
	ca := newTestCA(t)
	if step == "request" { // the handshake is done, and the request is not read
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, nil)}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			if c, err := l.Accept(); err == nil {
				defer c.Close()
				if c.(*tls.Conn).Handshake() == nil {
					wait()
				}
			}
		}()
		return "https://" + l.Addr().String() + "/", roots(ca.cert)
	}
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, m rst) {
		if step == "body" {
			w.Header().Set("Content-Type", soap12)
			fmt.Fprint(w, strings.Repeat(" ", 10))
			_ = http.NewResponseController(w).Flush()
		}
		wait()
	})
	return f.URL, f.root()
}
