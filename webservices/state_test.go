package webservices

import (
	"sync/atomic"
	"testing"
	"time"
)

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
