// Package httpx is the one place that speaks HTTP: it carries a SOAP packet to
// a peer and its answer back, and decides which answers are SOAP at all.
package httpx

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wstrust/internal/soap"
)

// Errors of an exchange that are not the transport's own.
var (
	// ErrTooLarge: the message passes the limit. Nothing past it was read.
	ErrTooLarge = errors.New("message is larger than the limit")
	// ErrEmpty: the answer has no body.
	ErrEmpty = errors.New("answer is empty")
)

// A StatusError is an answer that is not SOAP: a proxy's page, a redirect, an
// HTML form. What it quotes are the peer's words.
type StatusError struct {
	Status      int
	ContentType string
	Location    string // of a redirect
	Scheme      string // of WWW-Authenticate or Proxy-Authenticate: "Negotiate", "Basic" …
	RetryAfter  string
	Start       string // of the body, at most 120 octets
}

func (e *StatusError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP status %d", e.Status)
	if text := http.StatusText(e.Status); text != "" {
		fmt.Fprintf(&b, " (%s)", text)
	}
	switch {
	case e.Location != "":
		fmt.Fprintf(&b, ": redirect to %s, which is not followed", clip(e.Location))
	case e.Scheme != "":
		fmt.Fprintf(&b, ": the server wants HTTP %s authentication", clip(e.Scheme))
	case e.ContentType != "":
		fmt.Fprintf(&b, ": the answer is %s and not SOAP", clip(e.ContentType))
	default:
		b.WriteString(": the answer is not SOAP")
	}
	if e.Start != "" && e.Location == "" {
		fmt.Fprintf(&b, "; it begins %q", e.Start)
	}
	return b.String()
}

func clip(s string) string {
	if len(s) > 200 {
		return fmt.Sprintf("%q…", s[:200])
	}
	return fmt.Sprintf("%q", s)
}

// NewClient returns a client of its own connections: no redirects, no cookies,
// no proxy from the environment, no compression (so that a small answer cannot
// grow past the limit), TLS 1.2 or later. cfg may be nil.
func NewClient(cfg *tls.Config) *http.Client {
	if cfg == nil {
		cfg = &tls.Config{}
	} else {
		cfg = cfg.Clone()
	}
	if cfg.MinVersion == 0 {
		cfg.MinVersion = tls.VersionTLS12
	}
	return &http.Client{
		Transport: &http.Transport{
			TLSClientConfig:       cfg,
			DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   15 * time.Second,
			ResponseHeaderTimeout: 60 * time.Second,
			IdleConnTimeout:       90 * time.Second,
			MaxIdleConnsPerHost:   64,
			DisableCompression:    true,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: noRedirect,
	}
}

// WithoutRedirects returns a copy of a caller's client that follows no
// redirect: the request carries credentials for one host.
func WithoutRedirects(c *http.Client) *http.Client {
	own := *c
	own.CheckRedirect = noRedirect
	return &own
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// A Reply is an answer that is SOAP by its content type.
type Reply struct {
	Status int
	Packet soap.Packet
	TLS    *tls.ConnectionState // nil over plain HTTP

	RetryAfter time.Duration // what the answer says of it; 0 if nothing or no number of seconds
}

// Exchange posts a packet and reads the answer, at most limit octets of it.
// Errors are the transport's, *[StatusError], [ErrTooLarge] or [ErrEmpty]; with
// an error the Reply still tells Status if an answer came.
func Exchange(ctx context.Context, client *http.Client, to *url.URL, out soap.Packet, limit int64) (Reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(out.Body))
	if err != nil {
		return Reply{}, err
	}
	req.Header.Set("Content-Type", out.ContentType)
	if out.SOAPAction != "" {
		// The header's case matters to some peers; Set would write Soapaction.
		req.Header["SOAPAction"] = []string{out.SOAPAction}
	}
	req.Header.Set("Accept", "application/soap+xml, text/xml")
	resp, err := client.Do(req)
	if err != nil {
		return Reply{}, err
	}
	defer resp.Body.Close()
	return Answer(resp, limit)
}

// Answer reads a response, at most limit octets of it. It does not close the
// body.
func Answer(resp *http.Response, limit int64) (Reply, error) {
	reply := Reply{Status: resp.StatusCode, TLS: resp.TLS, RetryAfter: retryAfter(resp.Header)}
	if !isSOAP(resp) {
		return reply, notSOAP(resp)
	}
	if resp.ContentLength > limit {
		return reply, ErrTooLarge
	}
	body, err := readAll(resp.Body, resp.ContentLength, limit)
	if err != nil {
		return reply, err
	}
	if len(body) == 0 {
		return reply, ErrEmpty
	}
	reply.Packet = soap.Packet{ContentType: resp.Header.Get("Content-Type"), Body: body}
	return reply, nil
}

// retryAfter reads Retry-After. A date, which it may be as well, is as good as the
// clocks are, and passed over.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// isSOAP admits what SOAP may answer with: success, or a fault with a status
// that says so. The reader of the message decides the rest.
func isSOAP(resp *http.Response) bool {
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return false
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusProxyAuthRequired:
		return false
	}
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return false
	}
	return media == "text/xml" || media == "application/soap+xml"
}

func notSOAP(resp *http.Response) error {
	e := &StatusError{
		Status:      resp.StatusCode,
		ContentType: resp.Header.Get("Content-Type"),
		RetryAfter:  resp.Header.Get("Retry-After"),
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e.Location = resp.Header.Get("Location")
		if u, err := url.Parse(e.Location); err == nil {
			u.RawQuery, u.User, u.Fragment = "", nil, "" // they may hold what nobody should log
			e.Location = u.String()
		}
	}
	challenge := resp.Header.Get("WWW-Authenticate")
	if resp.StatusCode == http.StatusProxyAuthRequired {
		challenge = resp.Header.Get("Proxy-Authenticate")
	}
	e.Scheme, _, _ = strings.Cut(challenge, " ")
	var start [120]byte
	n, _ := io.ReadFull(resp.Body, start[:])
	e.Start = strings.Join(strings.Fields(strings.ToValidUTF8(string(start[:n]), "")), " ")
	if n == 0 && resp.StatusCode < 300 {
		return fmt.Errorf("HTTP status %d: %w", e.Status, ErrEmpty)
	}
	return e
}

// readAll reads a body of at most limit octets.
func readAll(r io.Reader, length, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	if length > 0 {
		buf.Grow(int(length) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, ErrTooLarge
	}
	return buf.Bytes(), nil
}
