package webservices

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wstrust/internal/httpauth"
)

// A Negotiator makes the tokens of Negotiate and NTLM, which Windows has of
// SSPI. It is given to a channel with [WS_CHANNEL_PROPERTY_EX_NEGOTIATOR], and
// must be safe for concurrent use.
type Negotiator = httpauth.Negotiator

// A NegotiatorExchange is one authentication by a Negotiator.
type NegotiatorExchange = httpauth.Exchange

// A transport carries the messages of an open channel: it is the
// http.RoundTripper below the root package.
type transport struct {
	base     *http.Transport
	timeouts func() timeouts
	redirect func() redirects
	most     int64          // octets of a message that is sent
	server   *httpauth.Auth // nil: no authentication
	proxy    *httpauth.Auth
}

// maxRedirects bounds the redirects of one message.
const maxRedirects = 5

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.ContentLength > t.most {
		return nil, &codeError{WS_E_QUOTA_EXCEEDED, fmt.Errorf("the message has %d octets, and %d may be sent", req.ContentLength, t.most)}
	}
	first := req.URL
	for hop := 0; ; hop++ {
		resp, err := t.authenticated(req, sameOrigin(first, req.URL))
		if err != nil {
			return nil, err
		}
		next, err := t.redirect().next(resp, req.URL)
		if err != nil || next == nil {
			if err != nil {
				resp.Body.Close()
				return nil, err
			}
			return resp, nil
		}
		resp.Body.Close()
		if hop == maxRedirects {
			return nil, &codeError{WS_E_QUOTA_EXCEEDED, fmt.Errorf("more than %d redirects", maxRedirects)}
		}
		if req, err = moved(req, next); err != nil {
			return nil, err
		}
	}
}

// authenticated sends one message and does what HTTP authentication asks for.
func (t *transport) authenticated(req *http.Request, server bool) (*http.Response, error) {
	send := t.tunnelled
	if t.proxy != nil && req.URL.Scheme == "http" {
		send = func(r *http.Request) (*http.Response, error) { return t.proxy.Do(r, t.tunnelled) }
	}
	var resp *http.Response
	var err error
	if t.server != nil && server {
		resp, err = t.server.Do(req, send)
	} else {
		resp, err = send(req)
	}
	if err != nil {
		return nil, err
	}
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized || s == http.StatusProxyAuthRequired:
		resp.Body.Close()
		return nil, httpauth.Refused(s, resp.Header)
	case (s == http.StatusBadGateway || s == http.StatusGatewayTimeout) && req.URL.Scheme == "http" && t.viaProxy(req) && !soapAnswer(resp):
		resp.Body.Close()
		return nil, &proxyError{status: s}
	}
	return resp, nil
}

func soapAnswer(resp *http.Response) bool {
	c := resp.Header.Get("Content-Type")
	return strings.HasPrefix(c, "text/xml") || strings.HasPrefix(c, "application/soap+xml")
}

func (t *transport) viaProxy(req *http.Request) bool {
	if t.base.Proxy == nil {
		return false
	}
	u, err := t.base.Proxy(req)
	return err == nil && u != nil
}

// A proxyError is a proxy that does not let a connection through.
type proxyError struct {
	status int
	header http.Header
}

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy answers with HTTP status %d (%s)", e.status, http.StatusText(e.status))
}

// tunnelled sends one request; where a proxy wants authentication before it
// opens a tunnel, the tunnel is asked for again.
func (t *transport) tunnelled(req *http.Request) (*http.Response, error) {
	tried := t.proxy != nil && t.proxy.Ready()
	for leg := 0; ; leg++ {
		r := req
		if leg > 0 && req.GetBody != nil {
			body, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			r = req.Clone(req.Context())
			r.Body = body
		}
		resp, err := t.timed(r)
		refused, ok := errors.AsType[*proxyError](err)
		if !ok || refused.status != http.StatusProxyAuthRequired {
			return resp, err
		}
		if t.proxy == nil {
			return nil, httpauth.Refused(refused.status, refused.header)
		}
		retry, err := t.proxy.Connected(&http.Response{StatusCode: refused.status, Header: refused.header}, tried)
		if err != nil {
			return nil, err
		}
		if !retry || leg > 2 {
			return nil, httpauth.Refused(refused.status, refused.header)
		}
		tried = true
	}
}

// newTransport makes the connections of a channel to one endpoint.
func newTransport(v channelValues, tlsConfig *tls.Config, fresh bool) *transport {
	t := &transport{most: int64(v.of(WS_CHANNEL_PROPERTY_MAX_BUFFERED_MESSAGE_SIZE).(uint32))}
	network := map[IPVersion]string{WS_IP_VERSION_4: "tcp4", WS_IP_VERSION_6: "tcp6", WS_IP_VERSION_AUTO: "tcp"}[v.of(WS_CHANNEL_PROPERTY_IP_VERSION).(IPVersion)]
	dialer := &net.Dialer{KeepAlive: 30 * time.Second}
	t.base = &http.Transport{
		TLSClientConfig:    tlsConfig,
		DisableCompression: true, // so that a small answer cannot grow past the limit
		IdleConnTimeout:    90 * time.Second,
		DisableKeepAlives:  fresh,
		MaxConnsPerHost:    connections(v.of(WS_CHANNEL_PROPERTY_MAX_HTTP_SERVER_CONNECTIONS).(uint32)),
		// HTTP/1.1 only, as WWSAPI; NTLM authenticates a connection.
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
		Proxy:        v.proxy(),
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, addr)
		},
		GetProxyConnectHeader: func(_ context.Context, _ *url.URL, target string) (http.Header, error) {
			if t.proxy == nil {
				return nil, nil
			}
			return t.proxy.Connect(target), nil
		},
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode != http.StatusOK {
				return &proxyError{resp.StatusCode, resp.Header}
			}
			return nil
		},
	}
	return t
}

func connections(n uint32) int {
	if n == INFINITE {
		return 0
	}
	return int(min(n, 1<<16))
}

// authenticate gives the transport its HTTP authentication.
func (t *transport) authenticate(auths []*headerAuth, n Negotiator) {
	for _, h := range auths {
		a := &httpauth.Auth{Schemes: h.schemes, Proxy: h.proxy, Name: h.name, Password: h.password, Negotiator: n}
		if h.proxy {
			t.proxy = a
		} else {
			t.server = a
		}
	}
}
