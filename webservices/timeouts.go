package webservices

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// INFINITE is a timeout that never comes, and a number without a bound.
const INFINITE uint32 = 0xFFFFFFFF

// timeouts are those of one message; 0 is infinite.
type timeouts struct{ resolve, connect, send, response, receive time.Duration }

// A timeoutError is a timeout of the channel that expired.
type timeoutError struct {
	phase string
	after time.Duration
}

func (e *timeoutError) Error() string { return fmt.Sprintf("%s took longer than %v", e.phase, e.after) }

// Timeout marks the error as a timeout for package net.
func (e *timeoutError) Timeout() bool { return true }

// A watch cancels a message whose present phase takes too long.
type watch struct {
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
	over  bool
	shake bool // the TLS handshake failed
}

// shook notes how the TLS handshake ended.
func (w *watch) shook(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shake = err != nil
}

func (w *watch) handshake() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shake
}

// A handshakeError is a failed TLS handshake, for whatever reason.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "TLS handshake: " + e.err.Error() }

// Unwrap returns the reason.
func (e *handshakeError) Unwrap() error { return e.err }

// enter begins a phase. Without a bound nothing is watched.
func (w *watch) enter(phase string, bound time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	if bound > 0 && !w.over {
		w.timer = time.AfterFunc(bound, func() { w.cancel(&timeoutError{phase, bound}) })
	}
}

// end stops watching, also phases that a connection attempt left behind still
// enters.
func (w *watch) end() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.enter("", 0)
	w.cancel(nil)
}

// timed sends one request within the timeouts of the channel, as they are now.
func (t *transport) timed(req *http.Request) (*http.Response, error) {
	limits := t.timeouts()
	ctx, cancel := context.WithCancelCause(req.Context())
	w := &watch{cancel: cancel}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { w.enter("resolving the name", limits.resolve) },
		ConnectStart:      func(string, string) { w.enter("connecting", limits.connect) },
		TLSHandshakeStart: func() { w.enter("the TLS handshake", limits.connect) },
		TLSHandshakeDone:  func(_ tls.ConnectionState, err error) { w.shook(err) },
		GotConn:           func(httptrace.GotConnInfo) { w.enter("sending", limits.send) },
		WroteRequest:      func(httptrace.WroteRequestInfo) { w.enter("waiting for the answer", limits.response) },
	})
	resp, err := t.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		w.end()
		err = expired(ctx, err)
		if w.handshake() {
			err = &handshakeError{err}
		}
		return nil, err
	}
	w.enter("receiving", limits.receive)
	resp.Body = &timedBody{resp.Body, ctx, w}
	return resp, nil
}

// expired returns the timeout, if it was one that ended ctx.
func expired(ctx context.Context, err error) error {
	if late, ok := context.Cause(ctx).(*timeoutError); ok {
		return late
	}
	return err
}

// A timedBody is a body that is watched until it is closed. The time for all of
// it counts: a peer that sends an octet now and then does not hold us.
type timedBody struct {
	io.ReadCloser
	ctx context.Context
	w   *watch
}

// Read implements [io.Reader]. An end that comes after the timeout, or after an
// abort, is none: hanging up makes some peers end their answer properly.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if cause := context.Cause(b.ctx); err != nil && cause != nil {
		err = cause
	}
	return n, err
}

// Close implements [io.Closer].
func (b *timedBody) Close() error {
	err := b.ReadCloser.Close()
	b.w.end()
	return err
}
