package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// A tracer looks at each exchange. It notes what the peer's clock says, and
// tells, with -v, that the exchange took place, and with -vv the messages too,
// their secrets masked.
type tracer struct {
	ui   *ui
	next http.RoundTripper
}

func (t *tracer) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.trace(r)
	if err == nil {
		t.ui.ahead = 0
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			t.ui.ahead = time.Until(date)
		}
	}
	return resp, err
}

func (t *tracer) trace(r *http.Request) (*http.Response, error) {
	if t.ui.verbose == 0 {
		return t.next.RoundTrip(r)
	}
	t.ui.fact("POST %s", r.URL.Redacted())
	if t.ui.verbose >= 2 {
		body, err := copyBody(r)
		if err != nil {
			return nil, err
		}
		t.ui.message(">", body, r.Header.Get("Content-Type"))
	}
	start := time.Now()
	resp, err := t.next.RoundTrip(r)
	took := time.Since(start).Round(time.Millisecond)
	if err != nil {
		t.ui.fact("no answer after %v", took)
		return nil, err
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	t.ui.fact("HTTP %d, %.80q, after %v", resp.StatusCode, kind, took)
	if s := resp.TLS; s != nil && len(s.PeerCertificates) > 0 {
		c := s.PeerCertificates[0]
		t.ui.fact("%s, certificate of %q, until %s", tls.VersionName(s.Version), c.Subject.String(), clock(c.NotAfter))
	}
	if t.ui.verbose >= 2 {
		resp.Body = &tapped{ReadCloser: resp.Body, tracer: t, kind: resp.Header.Get("Content-Type")}
	}
	return resp, nil
}

// copyBody reads the body of a request without using it up.
func copyBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	data, err := io.ReadAll(r.Body)
	r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(data))
	return data, err
}

// A tapped body shows what was read of it when it is closed. It is the reader
// who bounds how much that is.
type tapped struct {
	io.ReadCloser
	tracer *tracer
	kind   string
	seen   bytes.Buffer
	closed bool
}

func (b *tapped) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.seen.Len() < maxFile {
		b.seen.Write(p[:n])
	}
	return n, err
}

func (b *tapped) Close() error {
	if !b.closed {
		b.closed = true
		b.tracer.ui.message("<", b.seen.Bytes(), b.kind)
	}
	return b.ReadCloser.Close()
}

// message shows a message with its secrets masked.
func (u *ui) message(arrow string, body []byte, kind string) {
	shown, ok := maskXML(body)
	if !ok {
		// Whatever it is, secrets cannot be told apart in it.
		start := u.redact(string(body[:min(len(body), 4096)]))
		u.say("%s %d octets of %.80q that are not XML, beginning with %.200q", arrow, len(body), kind, start)
		return
	}
	for line := range strings.Lines(string(shown)) {
		fmt.Fprintf(u.err, "wst: %s %s\n", arrow, printable(u.redact(strings.TrimRight(line, "\r\n"))))
	}
}

// errDryRun ends an exchange that must not take place.
var errDryRun = errors.New("dry run: nothing was sent")

// A dryRun keeps the first message in place of sending it.
type dryRun struct{ message []byte }

func (d *dryRun) RoundTrip(r *http.Request) (*http.Response, error) {
	data, err := copyBody(r)
	if err != nil {
		return nil, err
	}
	d.message = data
	return nil, errDryRun
}
