package wstrust

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wstrust/internal/httpx"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// A Transport is an http.RoundTripper that secures the SOAP message in each
// request, so that a client made by a WSDL generator needs no change: give its
// http.Client this transport. The message's own headers and body are kept as
// they are; a Security header is added, and the answer is verified before the
// client sees it.
//
// Errors of RoundTrip are *[Error]; a SOAP fault is no error of the transport:
// it is handed to the client, whose business it is.
type Transport struct {
	// Source gives the token to present. It goes after Config.Bindings; nil
	// presents those alone.
	Source TokenSource
	// Config says how messages are secured: bindings, algorithms, header and
	// limits. Its Versions.SOAP and Versions.Addressing are those of the
	// client's message; its HTTP and TLS are not used.
	Config Config
	// Origin, "https://host" or "https://host:port", is the only one that gets
	// the token. Requests to others are refused.
	Origin string
	// Present, if set, puts the token on the request in place of the SOAP
	// header, for services that take it in an HTTP header. It needs Source.
	Present func(*http.Request, *Token) error
	// Base sends the request; nil is [http.DefaultTransport]. Certificate
	// authorities and client certificates are its business.
	Base http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	const op = "call"
	to := endpoint{url: req.URL}
	if req.Body != nil {
		defer req.Body.Close()
	}
	if err := t.allowed(req.URL); err != nil {
		return nil, failed(op, to, 0, 0, err)
	}
	if t.Present != nil {
		return t.present(req)
	}
	octets, expect, err := t.secure(req)
	if err != nil {
		return nil, failed(op, to, 0, 0, err)
	}
	out := req.Clone(req.Context())
	out.Body = io.NopCloser(bytes.NewReader(octets))
	out.GetBody = nil
	out.ContentLength = int64(len(octets))
	out.TransferEncoding = nil
	resp, err := t.base().RoundTrip(out)
	if err != nil {
		return nil, failed(op, to, 0, 0, err)
	}
	if err := t.checkAnswer(resp, expect); err != nil {
		resp.Body.Close()
		return nil, failed(op, to, 0, resp.StatusCode, err)
	}
	return resp, nil
}

// allowed refuses any origin but the configured one: a redirect must not carry
// a token away.
func (t *Transport) allowed(u *url.URL) error {
	o, err := url.Parse(t.Origin)
	if err != nil || o.Host == "" || strings.TrimSuffix(o.Path, "/") != "" || o.RawQuery != "" || o.User != nil {
		return fmt.Errorf("%w: Transport.Origin must be like https://host", ErrConfig)
	}
	if !strings.EqualFold(o.Scheme, u.Scheme) || !strings.EqualFold(hostPort(o), hostPort(u)) {
		return fmt.Errorf("%w: %s is not the origin that gets the token", ErrConfig, quote(u.Scheme+"://"+u.Host))
	}
	if u.Scheme != "https" && !t.Config.InsecurePlaintext {
		return fmt.Errorf("%w: the origin is not https; use it, or set InsecurePlaintext", ErrConfig)
	}
	return t.Config.check()
}

func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "http" {
		return u.Host + ":80"
	}
	return u.Host + ":443"
}

// present lets the caller put the token where the service wants it.
func (t *Transport) present(req *http.Request) (*http.Response, error) {
	to := endpoint{url: req.URL}
	if t.Source == nil {
		return nil, failed("call", to, 0, 0, fmt.Errorf("%w: Transport.Present needs a Source", ErrConfig))
	}
	token, err := t.Source.Token(req.Context())
	if err != nil {
		return nil, failed("call", to, 0, 0, err)
	}
	out := req.Clone(req.Context())
	if err := t.Present(out, token); err != nil {
		return nil, failed("call", to, 0, 0, err)
	}
	resp, err := t.base().RoundTrip(out)
	if err != nil {
		return nil, failed("call", to, 0, 0, err)
	}
	return resp, nil
}

// secure reads the client's envelope and writes it again with a Security
// header.
func (t *Transport) secure(req *http.Request) ([]byte, *wsse.Expect, error) {
	if req.Body == nil {
		return nil, nil, fmt.Errorf("%w: the request has no SOAP message", ErrConfig)
	}
	limit := t.Config.Limits.WithDefaults().MessageBytes
	body, err := io.ReadAll(io.LimitReader(req.Body, int64(limit)+1))
	if err != nil {
		return nil, nil, err
	}
	if len(body) > limit {
		return nil, nil, fmt.Errorf("%w: the request is larger than %d octets", ErrQuota, limit)
	}
	out, err := outgoing(body, t.Config.Limits.Tree())
	if err != nil {
		return nil, nil, fmt.Errorf("%w: the request is not a SOAP message to be secured: %w", ErrConfig, err)
	}
	cfg := t.Config
	if t.Source != nil {
		cfg.Bindings = append(cfg.Bindings[:len(cfg.Bindings):len(cfg.Bindings)], IssuedToken(t.Source))
	}
	tokens, err := cfg.tokens(req.Context(), nil)
	if err != nil {
		return nil, nil, err
	}
	return wsse.Protect(out, cfg.options(tokens), time.Now())
}

// outgoing takes a client's envelope apart.
func outgoing(message []byte, lim xmltree.Limits) (soap.Outgoing, error) {
	d, err := xmltree.Parse(message, lim)
	if err != nil {
		return soap.Outgoing{}, err
	}
	env, err := soap.Read(d, func(string, string) bool { return true })
	if err != nil {
		return soap.Outgoing{}, err
	}
	out := soap.Outgoing{
		Version: env.Version, Addressing: env.Addressing,
		Action: env.Action.Value, To: env.To.Value, MessageID: env.MessageID.Value, RelatesTo: env.RelatesTo.Value,
	}
	for h := range env.Header.Children {
		switch {
		case h.Is(xmltree.WSSE, "Security"):
			return out, h.Errorf("it has a Security header already")
		case h.Same(env.Action.Elem), h.Same(env.To.Elem), h.Same(env.MessageID.Elem), h.Same(env.RelatesTo.Elem), h.Same(env.ReplyTo.Elem):
		default:
			out.Headers = append(out.Headers, h.Standalone())
		}
	}
	if env.Body.Empty() == nil {
		return out, nil
	}
	content, err := env.Payload()
	if err != nil {
		return out, err
	}
	out.Body = content.Standalone()
	return out, nil
}

// checkAnswer verifies the answer and leaves its octets in resp for the client,
// with what was encrypted in the clear.
func (t *Transport) checkAnswer(resp *http.Response, expect *wsse.Expect) error {
	reply, err := httpx.Answer(resp, int64(t.Config.Limits.WithDefaults().MessageBytes))
	if err != nil {
		return err
	}
	evidence, err := t.Config.verify(new(xmltree.Doc), reply, expect, time.Now())
	var body []byte
	if err == nil {
		body = evidence.Envelope.Root.Doc().Source() // the client cannot decrypt
	} else if fault, ok := errors.AsType[*Fault](err); ok {
		body = []byte(fault.Message)
	} else {
		return err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return nil
}

func (t *Transport) base() http.RoundTripper {
	if t.Base != nil {
		return t.Base
	}
	return http.DefaultTransport
}
