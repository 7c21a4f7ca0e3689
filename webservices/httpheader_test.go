package webservices

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"wstrust/internal/httpauth"
)

// withHeader is TLS with HTTP authentication.
func withHeader(h ...SecurityBinding) *SecurityDescription {
	return &SecurityDescription{SecurityBindings: append([]SecurityBinding{&SslTransport{}}, h...)}
}

const basicAlice = "Basic YWxpY2U6cHc=" // alice:pw

// HTTP authentication to the service.
func TestHeaderAuth(t *testing.T) {
	plain := envelope(issued05, "", rstr05(proof05))
	for _, c := range []struct {
		name  string
		sd    *SecurityDescription
		offer string
		right string // prefix of the header that is let in; "*" is anything
		want  HRESULT
	}{
		{"basic", withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_BASIC)), "Basic realm=x", basicAlice, S_OK},
		{"basic refused", withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_BASIC)), "Basic realm=x", "never", WS_E_ENDPOINT_ACCESS_DENIED},
		{"basic, and digest wanted", withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_BASIC)), `Digest realm="x", nonce="n"`, "never", WS_E_SERVER_REQUIRES_DIGEST_AUTH},
		{"digest", withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_DIGEST)), `Digest realm="x", nonce="n", qop="auth"`, `Digest username="alice"`, S_OK},
		{"digest refused", withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_DIGEST)), `Digest realm="x", nonce="n"`, "never", WS_E_ENDPOINT_ACCESS_DENIED},
		{"digest, and NTLM wanted", withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_DIGEST)), "NTLM", "never", WS_E_SERVER_REQUIRES_NTLM_AUTH},
		{"either", withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_DIGEST | WS_HTTP_HEADER_AUTH_SCHEME_BASIC)), "Basic realm=x", basicAlice, S_OK},
		{"nobody asks", withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_DIGEST)), "", "*", WS_E_SECURITY_VERIFICATION_FAILURE},
		{"nobody asks, which will do", withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_DIGEST | WS_HTTP_HEADER_AUTH_SCHEME_NONE)), "", "*", S_OK},
		{"none", withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_NONE)), "", "*", S_OK},
		{"negotiate without a negotiator", withHeader(&HttpHeaderAuth{ClientCredential: named()}), "Negotiate", "never", WS_E_NOT_SUPPORTED},
		{
			"domain", withHeader(&HttpHeaderAuth{ClientCredential: &StringWindowsIntegratedAuthCredential{Username: "alice", Password: "pw", Domain: "D"}, Properties: schemes(WS_HTTP_HEADER_AUTH_SCHEME_BASIC).Properties}),
			"Basic realm=x", "Basic " + base64.StdEncoding.EncodeToString([]byte(`D\alice:pw`)), S_OK,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, r *http.Request, m rst) {
				if got := r.Header.Get("Authorization"); c.right == "*" || strings.HasPrefix(got, c.right) {
					says(200, soap12, plain)(w, r, m)
					return
				} else if got == "" && m.raw != "" {
					t.Error("the message was sent without authentication")
				}
				w.Header().Set("WWW-Authenticate", c.offer)
				w.WriteHeader(401)
			})
			ch := open(t, f.URL, c.sd, f.root())
			var token *SecurityToken
			var e Error
			if hr := RequestSecurityToken(ch, nil, &token, nil, &e); hr != c.want {
				t.Errorf("%v, want %v: %v", hr, c.want, e.Error())
			}
		})
	}
}

// A Negotiator makes the tokens.
type negotiator struct{ began atomic.Int32 }

func (n *negotiator) Begin(_ context.Context, scheme, host string) (httpauth.Exchange, error) {
	n.began.Add(1)
	if scheme != "NTLM" || host != "127.0.0.1" {
		return nil, fmt.Errorf("%s to %s", scheme, host)
	}
	return &exchange{}, nil
}

type exchange struct{ leg int }

func (x *exchange) Next([]byte) ([]byte, error) {
	x.leg++
	return []byte{byte(x.leg)}, nil
}

func TestNegotiator(t *testing.T) {
	plain := envelope(issued05, "", rstr05(proof05))
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, m rst) {
		switch r.Header.Get("Authorization") {
		case "NTLM AQ==":
			w.Header().Set("WWW-Authenticate", "NTLM AAAA")
			w.WriteHeader(401)
		case "NTLM Ag==":
			says(200, soap12, plain)(w, r, m)
		default:
			t.Errorf("%q", r.Header.Get("Authorization"))
		}
	})
	n := new(negotiator)
	ch := open(t, f.URL, withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_NTLM)), f.root(), ChannelProperty{WS_CHANNEL_PROPERTY_EX_NEGOTIATOR, n})
	request(t, ch)
	if n.began.Load() != 1 {
		t.Error(n.began.Load())
	}
}

// A proxy that opens tunnels, and forwards plain requests, to whom it likes.
type proxy struct {
	right  string
	status int
	header http.Header
	seen   atomic.Int32
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.seen.Add(1)
	if p.status != 0 && !(p.right != "" && strings.HasPrefix(r.Header.Get("Proxy-Authorization"), p.right)) {
		for k, v := range p.header {
			w.Header()[k] = v
		}
		w.WriteHeader(p.status)
		return
	}
	if r.Method != http.MethodConnect {
		r.RequestURI = ""
		r.Header.Del("Proxy-Authorization")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			w.WriteHeader(502)
			return
		}
		defer resp.Body.Close()
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
		return
	}
	up, err := net.Dial("tcp", r.Host)
	if err != nil {
		w.WriteHeader(502)
		return
	}
	down, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	fmt.Fprint(down, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		defer down.Close()
		_, _ = io.Copy(down, up)
	}()
	go func() {
		defer up.Close()
		_, _ = io.Copy(up, bufio.NewReader(down))
	}()
}

func through(url string) []ChannelProperty {
	return []ChannelProperty{
		{WS_CHANNEL_PROPERTY_HTTP_PROXY_SETTING_MODE, WS_HTTP_PROXY_SETTING_MODE_CUSTOM},
		{WS_CHANNEL_PROPERTY_CUSTOM_HTTP_PROXY, &CustomHTTPProxy{Servers: strings.TrimPrefix(url, "http://")}},
	}
}

// What a proxy can do to a message, with and without TLS.
func TestProxies(t *testing.T) {
	f := newFake(t, says(200, soap12, envelope(issued05, "", rstr05(proof05))))
	bare := httptest.NewServer(f)
	t.Cleanup(bare.Close)
	offers := func(c string) http.Header { return http.Header{"Proxy-Authenticate": {c}} }
	basic, digest := schemes(WS_HTTP_HEADER_AUTH_SCHEME_BASIC, toProxy()), schemes(WS_HTTP_HEADER_AUTH_SCHEME_DIGEST, toProxy())
	for _, c := range []struct {
		name string
		p    *proxy // nil: a closed port
		auth *HttpHeaderAuth
		want HRESULT
	}{
		{"open", &proxy{}, nil, S_OK},
		{"not there", nil, nil, WS_E_PROXY_FAILURE},
		{"403", &proxy{status: 403}, nil, WS_E_PROXY_ACCESS_DENIED},
		{"502", &proxy{status: 502}, nil, WS_E_PROXY_FAILURE},
		{"504", &proxy{status: 504}, nil, WS_E_PROXY_FAILURE},
		{"407 basic", &proxy{status: 407, header: offers("Basic realm=p")}, nil, WS_E_PROXY_REQUIRES_BASIC_AUTH},
		{"407 digest", &proxy{status: 407, header: offers(`Digest realm="p", nonce="n"`)}, nil, WS_E_PROXY_REQUIRES_DIGEST_AUTH},
		{"407 NTLM", &proxy{status: 407, header: offers("NTLM")}, nil, WS_E_PROXY_REQUIRES_NTLM_AUTH},
		{"407 negotiate", &proxy{status: 407, header: offers("Negotiate")}, nil, WS_E_PROXY_REQUIRES_NEGOTIATE_AUTH},
		{"407", &proxy{status: 407}, nil, WS_E_PROXY_ACCESS_DENIED},
		{"basic", &proxy{status: 407, right: basicAlice, header: offers("Basic realm=p")}, basic, S_OK},
		{"basic refused", &proxy{status: 407, header: offers("Basic realm=p")}, basic, WS_E_PROXY_ACCESS_DENIED},
		{"basic, and digest wanted", &proxy{status: 407, header: offers(`Digest realm="p", nonce="n"`)}, basic, WS_E_PROXY_REQUIRES_DIGEST_AUTH},
		{"digest", &proxy{status: 407, right: `Digest username="alice"`, header: offers(`Digest realm="p", nonce="n", qop="auth"`)}, digest, S_OK},
		{"digest refused", &proxy{status: 407, header: offers(`Digest realm="p", nonce="n"`)}, digest, WS_E_PROXY_ACCESS_DENIED},
	} {
		for _, tunnel := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, tunnel %v", c.name, tunnel), func(t *testing.T) {
				proxyURL := closedPort(t, "http")
				if c.p != nil {
					srv := httptest.NewServer(c.p)
					defer srv.Close()
					proxyURL = srv.URL
				}
				sd, to := withHeader(), f.URL
				if !tunnel {
					sd, to = describe(nil), bare.URL
				}
				if c.auth != nil {
					sd.SecurityBindings = append(sd.SecurityBindings, c.auth)
					if !tunnel {
						sd.Properties = []SecurityProperty{level(WS_PROTECTION_LEVEL_NONE)}
					}
				}
				want := c.want
				if !tunnel && c.name == "403" {
					want = WS_E_ENDPOINT_ACCESS_DENIED // nothing tells who denies
				}
				ch := open(t, to, sd, append(through(proxyURL), f.root())...)
				var token *SecurityToken
				var e Error
				if hr := RequestSecurityToken(ch, nil, &token, nil, &e); hr != want {
					t.Errorf("%v, want %v: %v", hr, want, e.Error())
				}
				if hr := RequestSecurityToken(ch, nil, &token, nil, &e); hr != want {
					t.Errorf("again: %v, want %v: %v", hr, want, e.Error())
				}
			})
		}
	}
}

// Whom a custom proxy is for, and that AUTO asks the system's, if there is one.
func TestProxySettings(t *testing.T) {
	p := &CustomHTTPProxy{Servers: "http=plain:80; https=secure:81", Bypass: "*.example.com;<local>;10.*"}
	if err := p.check(); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"https://sts.test/": "http://secure:81", "http://sts.test/": "http://plain:80", "https://a.example.com/": "", "https://A.EXAMPLE.com/": "",
		"https://host/": "", "https://10.1.2.3/": "", "https://example.com/": "http://secure:81",
	} {
		u, _ := url.Parse(in)
		got, err := p.find(&http.Request{URL: u})
		if err != nil || got == nil && want != "" || got != nil && got.String() != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, bad := range []*CustomHTTPProxy{{}, {Servers: "a:b@c:1"}, {Servers: "https=x:1/path"}, {Servers: "x:1", Bypass: "["}} {
		if bad.check() == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	f := newFake(t, says(200, soap12, envelope(issued05, "", rstr05(proof05))))
	px := &proxy{}
	srv := httptest.NewServer(px)
	defer srv.Close()
	u, _ := url.Parse(srv.URL)
	system := ChannelProperty{WS_CHANNEL_PROPERTY_EX_SYSTEM_PROXY, SystemProxy(func(*http.Request) (*url.URL, error) { return u, nil })}
	request(t, open(t, f.URL, overTLS(), f.root(), system))
	if px.seen.Load() != 1 {
		t.Error("AUTO does not ask the system")
	}
	request(t, open(t, f.URL, overTLS(), f.root(), system, ChannelProperty{WS_CHANNEL_PROPERTY_HTTP_PROXY_SETTING_MODE, WS_HTTP_PROXY_SETTING_MODE_NONE}))
	if px.seen.Load() != 1 {
		t.Error("NONE asks the system")
	}
}

// Redirects and cookies.
func TestRedirectsAndCookies(t *testing.T) {
	plain := envelope(issued05, "", rstr05(proof05))
	other := newFake(t, says(200, soap12, plain))
	var f *fake
	f = newFake(t, func(w http.ResponseWriter, r *http.Request, m rst) {
		switch r.URL.Path {
		case "/here":
			w.Header().Set("Location", f.URL+"/there")
			w.WriteHeader(307)
		case "/away":
			w.Header().Set("Location", other.URL+"/")
			w.WriteHeader(307)
		case "/down":
			w.Header().Set("Location", strings.Replace(f.URL, "https", "http", 1))
			w.WriteHeader(307)
		case "/round":
			w.Header().Set("Location", "/round")
			w.WriteHeader(308)
		default:
			if c, err := r.Cookie("seen"); err == nil {
				w.Header().Set("X-Cookie", c.Value)
			}
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes", Secure: true})
			says(200, soap12, plain)(w, r, m)
		}
	})
	both := f.root()
	both.Value.(interface{ AddCert(*x509.Certificate) }).AddCert(other.Certificate())
	follow := ChannelProperty{WS_CHANNEL_PROPERTY_ENABLE_HTTP_REDIRECT, true}
	ask := func(hr HRESULT) ChannelProperty {
		return ChannelProperty{WS_CHANNEL_PROPERTY_HTTP_REDIRECT_CALLBACK_CONTEXT, &HTTPRedirectCallbackContext{State: 1, Callback: func(state any, from, to string) HRESULT {
			if state != 1 || !strings.HasPrefix(from, f.URL) || to == from {
				t.Error(state, from, to)
			}
			return hr
		}}}
	}
	for _, c := range []struct {
		path  string
		props []ChannelProperty
		want  HRESULT
	}{
		{"/here", nil, WS_E_INVALID_FORMAT},
		{"/here", []ChannelProperty{follow}, S_OK},
		{"/away", []ChannelProperty{follow}, WS_E_INVALID_FORMAT},
		{"/down", []ChannelProperty{follow}, WS_E_INVALID_FORMAT},
		{"/round", []ChannelProperty{follow}, WS_E_QUOTA_EXCEEDED},
		{"/away", []ChannelProperty{ask(S_OK)}, S_OK},
		{"/down", []ChannelProperty{ask(S_OK)}, WS_E_INVALID_FORMAT},
		{"/here", []ChannelProperty{ask(S_FALSE), follow}, WS_E_INVALID_FORMAT},
		{"/here", []ChannelProperty{ask(0x80004005)}, 0x80004005},
	} {
		ch := open(t, f.URL+c.path, overTLS(), append(c.props, both)...)
		var token *SecurityToken
		var e Error
		if hr := RequestSecurityToken(ch, nil, &token, nil, &e); hr != c.want {
			t.Errorf("%s: %v, want %v: %v", c.path, hr, c.want, e.Error())
		}
	}
	for mode, want := range map[CookieMode]string{WS_AUTO_COOKIE_MODE: "seen=yes", WS_MANUAL_COOKIE_MODE: ""} {
		ch := open(t, f.URL+"/cookie", overTLS(), f.root(), ChannelProperty{WS_CHANNEL_PROPERTY_COOKIE_MODE, mode})
		request(t, ch)
		request(t, ch)
		if got := f.last(t).headers.Get("Cookie"); got != want {
			t.Errorf("mode %d: %q", mode, got)
		}
	}
}
