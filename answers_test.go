package wstrust_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wstrust"
	"wstrust/wstrusttest"
)

// relay changes what a real issuer answers, on its way to the client.
type relay struct {
	base   http.RoundTripper
	change func(status *int, header http.Header, body string) string
}

func (r relay) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	changed := r.change(&resp.StatusCode, resp.Header, string(body))
	resp.Body = io.NopCloser(strings.NewReader(changed))
	resp.ContentLength = int64(len(changed))
	return resp, nil
}

func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	inner, _, _ := strings.Cut(rest, to)
	return inner
}

// Each answer is a real one with one thing wrong. The error must be of the
// right kind, there must be no token, the channel must stay open, and no secret
// may be in the error.
func TestBadAnswers(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	earlier := "" // a whole answer to an earlier request
	for _, c := range []struct {
		name   string
		want   error
		change func(status *int, h http.Header, body string) string
	}{
		{"untouched", nil, func(_ *int, _ http.Header, b string) string { earlier = b; return b }},
		{"answer to an earlier request", wstrust.ErrFormat, func(_ *int, _ http.Header, b string) string { return earlier }},
		{"token of an earlier request", wstrust.ErrFormat, func(_ *int, _ http.Header, b string) string {
			id := func(s string) string { return between(s, "RelatesTo", "</") }
			return strings.Replace(earlier, id(earlier), id(b), 1)
		}},
		{"altered attribute", wstrust.ErrVerification, func(_ *int, _ http.Header, b string) string {
			return strings.Replace(b, ">alice<", ">mallory<", 1)
		}},
		{"signature removed", wstrust.ErrVerification, func(_ *int, _ http.Header, b string) string {
			sig := between(b, "<ds:Signature", "</ds:Signature>")
			return strings.Replace(b, "<ds:Signature"+sig+"</ds:Signature>", "", 1)
		}},
		{"timestamp removed", wstrust.ErrVerification, func(_ *int, _ http.Header, b string) string {
			stamp := between(b, "<wsu:Timestamp", "</wsu:Timestamp>")
			return strings.Replace(b, "<wsu:Timestamp"+stamp+"</wsu:Timestamp>", "", 1)
		}},
		{"stale timestamp", wstrust.ErrVerification, func(_ *int, _ http.Header, b string) string {
			stamp := between(b, "<wsu:Timestamp", "</wsu:Timestamp>")
			created := between(stamp, "<wsu:Created>", "</wsu:Created>")
			return strings.Replace(b, created, time.Now().Add(-11*time.Minute).UTC().Format("2006-01-02T15:04:05.000Z"), 1)
		}},
		{"two answers", wstrust.ErrFormat, func(_ *int, _ http.Header, b string) string {
			one := "<wst:RequestSecurityTokenResponse " + between(b, "<wst:RequestSecurityTokenResponse ", "</wst:RequestSecurityTokenResponse>") + "</wst:RequestSecurityTokenResponse>"
			return strings.Replace(b, one, one+strings.ReplaceAll(one, `ID="_`, `ID="_b`), 1)
		}},
		{"no collection", wstrust.ErrFormat, func(_ *int, _ http.Header, b string) string {
			return strings.ReplaceAll(b, "RequestSecurityTokenResponseCollection", "RequestSecurityTokenResponse")
		}},
		{"wrong action", wstrust.ErrFormat, func(_ *int, _ http.Header, b string) string {
			return strings.Replace(b, "RSTRC/IssueFinal", "RST/Issue", 1)
		}},
		{"HTML", wstrust.ErrFormat, func(_ *int, h http.Header, b string) string {
			h.Set("Content-Type", "text/html")
			return "<html><title>Sign in</title></html>"
		}},
		{"HTML that says it is SOAP", wstrust.ErrFormat, func(_ *int, _ http.Header, b string) string {
			return "<html><head><title>Sign in</title></head></html>"
		}},
		{"nothing", wstrust.ErrFormat, func(_ *int, _ http.Header, b string) string { return "" }},
		{"half of it", wstrust.ErrFormat, func(_ *int, _ http.Header, b string) string { return b[:len(b)/2] }},
		{"document type", wstrust.ErrFormat, func(_ *int, _ http.Header, b string) string {
			return `<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>` + b
		}},
		{"too deep", wstrust.ErrQuota, func(_ *int, _ http.Header, b string) string {
			return strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)
		}},
		{"too much", wstrust.ErrQuota, func(_ *int, _ http.Header, b string) string { return b + strings.Repeat(" ", 256<<10) }},
		{"redirect", wstrust.ErrFormat, func(s *int, h http.Header, b string) string {
			*s = 302
			h.Set("Location", "https://elsewhere.example/?secret=1")
			return ""
		}},
		{"forbidden", wstrust.ErrAccessDenied, func(s *int, h http.Header, b string) string {
			*s = 403
			h.Set("Content-Type", "text/plain")
			return "no"
		}},
		{"the request comes back", wstrust.ErrFormat, func(_ *int, _ http.Header, b string) string {
			return strings.ReplaceAll(strings.ReplaceAll(b, "RequestSecurityTokenResponseCollection", "RequestSecurityToken"), "RSTRC/IssueFinal", "RST/Issue")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := iss.Config(wstrust.Username(wstrusttest.User, wstrusttest.Password))
			cfg.HTTP = &http.Client{Transport: relay{&http.Transport{TLSClientConfig: cfg.TLS}, c.change}}
			ch, err := wstrust.Open(t.Context(), iss.URL, cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer ch.Close(context.Background())
			tok, err := ch.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: iss.ServiceURL, KeyType: wstrust.Bearer})
			if c.want == nil && err == nil {
				return
			}
			if !errors.Is(err, c.want) || tok != nil {
				t.Fatalf("got %v and %v, want %v", tok, err, c.want)
			}
			if _, ok := errors.AsType[*wstrust.Error](err); !ok {
				t.Errorf("%T is not an *Error", err)
			}
			if s := fmt.Sprintf("%v %+v", err, err); strings.Contains(s, `"pw"`) || strings.Contains(s, "secret=1") {
				t.Errorf("a secret is in %s", s)
			}
			if ch.State() != wstrust.StateOpen {
				t.Errorf("the channel is %s", ch.State())
			}
			t.Log(err)
		})
	}
}

func TestFaultFromIssuer(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	for name, c := range map[string]struct {
		binding wstrust.Binding
		to      string
		denied  bool
	}{
		"wrong password":  {wstrust.Username(wstrusttest.User, "guess"), iss.ServiceURL, true},
		"unknown user":    {wstrust.Username("nobody", "guess"), iss.ServiceURL, true},
		"unknown service": {wstrust.Username(wstrusttest.User, wstrusttest.Password), "https://unknown.invalid/", false},
	} {
		ch, err := wstrust.Open(t.Context(), iss.URL, iss.Config(c.binding))
		if err != nil {
			t.Fatal(err)
		}
		_, err = ch.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: c.to})
		f, ok := errors.AsType[*wstrust.Fault](err)
		if !ok || errors.Is(err, wstrust.ErrAccessDenied) != c.denied {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if f.Authenticated {
			t.Errorf("%s: an unsigned fault counts as authenticated", name)
		}
		if ch.State() != wstrust.StateOpen {
			t.Errorf("%s: the channel is %s", name, ch.State())
		}
	}
}

// A body without end must be given up at the limit, not read.
func TestEndlessAnswer(t *testing.T) {
	var sent atomic.Int64
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/soap+xml")
		chunk := bytes.Repeat([]byte("<a>"), 1<<14)
		for range 10 << 30 / len(chunk) {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}))
	defer srv.Close()
	ch, err := wstrust.Open(t.Context(), srv.URL, wstrust.Config{HTTP: srv.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.Call(t.Context(), "urn:x", nil, nil); !errors.Is(err, wstrust.ErrQuota) {
		t.Errorf("got %v", err)
	}
	srv.CloseClientConnections()
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("the server could send %d octets", n)
	}
}

func TestAbortStopsCalls(t *testing.T) {
	arrived := make(chan struct{}, 10)
	release := make(chan struct{})
	srv := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer srv.Close()
	defer close(release)
	ch, err := wstrust.Open(t.Context(), srv.URL, wstrust.Config{HTTP: srv.Client()})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- ch.Call(t.Context(), "urn:x", nil, nil) }()
	go func() {
		_, err := ch.RequestToken(t.Context(), wstrust.TokenRequest{})
		done <- err
	}()
	<-arrived
	<-arrived
	ch.Abort()
	for range 2 {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	}
	if ch.State() != wstrust.StateFaulted {
		t.Errorf("the channel is %s", ch.State())
	}

	// A deadline of one call leaves the channel open, and Close waits no longer
	// than it is told to.
	ch2, err := wstrust.Open(t.Context(), srv.URL, wstrust.Config{HTTP: srv.Client()})
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := ch2.Call(short, "urn:x", nil, nil); !errors.Is(err, context.DeadlineExceeded) || ch2.State() != wstrust.StateOpen {
		t.Errorf("got %v in state %s", err, ch2.State())
	}
	go func() { done <- ch2.Call(t.Context(), "urn:x", nil, nil) }()
	<-arrived
	<-arrived
	short2, cancel2 := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel2()
	if err := ch2.Close(short2); !errors.Is(err, context.DeadlineExceeded) || ch2.State() != wstrust.StateClosed {
		t.Errorf("close: %v in state %s", err, ch2.State())
	}
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the call that was open at close: %v", err)
	}
}

func TestTransportFailures(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	closed.Close()
	reset := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	}))
	reset.EnableHTTP2 = false
	defer reset.Close()
	trusted := &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	for name, c := range map[string]struct {
		to  wstrust.Address
		cfg wstrust.Config
	}{
		"nobody listens":                 {wstrust.Address{URL: "https://" + nobody}, wstrust.Config{}},
		"certificate nobody vouches for": {wstrust.Address{URL: srv.URL}, wstrust.Config{}},
		"certificate of another host":    {wstrust.Address{URL: srv.URL, ServerName: "sts.example.org"}, wstrust.Config{TLS: trusted}},
		"connection reset":               {wstrust.Address{URL: reset.URL}, wstrust.Config{TLS: trusted}},
		"not found":                      {wstrust.Address{URL: srv.URL}, wstrust.Config{TLS: trusted}},
	} {
		ch, err := wstrust.New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := ch.OpenTo(t.Context(), c.to); err != nil {
			t.Fatal(err)
		}
		err = ch.Call(t.Context(), "urn:x", nil, nil)
		if e, ok := errors.AsType[*wstrust.Error](err); !ok || e.Endpoint != c.to.URL || ch.State() != wstrust.StateOpen {
			t.Errorf("%s: got %v in state %s", name, err, ch.State())
			continue
		}
		if name == "certificate of another host" {
			if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
				t.Errorf("%s: got %v", name, err)
			}
		}
		t.Logf("%s: %v", name, err)
	}
}
