package webservices

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wstrust/internal/httpauth"
	"wstrust/wstrusttest"
)

const (
	basicAuth, digestAuth = WS_HTTP_HEADER_AUTH_SCHEME_BASIC, WS_HTTP_HEADER_AUTH_SCHEME_DIGEST
	headerUser            = WS_MESSAGE_PROPERTY_HTTP_HEADER_AUTH_WINDOWS_TOKEN
)

// byHeader is the binding of a server that asks for HTTP authentication.
func byHeader(s HTTPHeaderAuthScheme, validator func(any, string, string) HRESULT, secret func(any, string, string) (HttpDigestSecret, HRESULT), more ...bindingProp) *HttpHeaderAuth {
	return &HttpHeaderAuth{
		Properties:        append(more, bindingProp{WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_SCHEME, s}),
		PasswordValidator: validator, DigestSecret: secret, PasswordValidatorState: "state",
	}
}

func secretOfAlice(state any, username, _ string) (HttpDigestSecret, HRESULT) {
	if state != "state" || username != wstrusttest.User {
		return HttpDigestSecret{Password: "never looked at"}, S_FALSE
	}
	return HttpDigestSecret{Password: wstrusttest.Password}, S_OK
}

// byAlice is the binding of a client in HTTP.
func byAlice(s HTTPHeaderAuthScheme, username, password string) *HttpHeaderAuth {
	return &HttpHeaderAuth{
		Properties:       []bindingProp{{WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_SCHEME, s}},
		ClientCredential: &StringWindowsIntegratedAuthCredential{Username: username, Password: password},
	}
}

// aliceBy is her whole description.
func aliceBy(s HTTPHeaderAuthScheme) *SecurityDescription {
	return withHeader(byAlice(s, wstrusttest.User, wstrusttest.Password))
}

// Client and server of WWSAPI agree on each set of schemes, and the server tells
// who the user is. A wrong password, an unknown user, and no header at all have
// the codes of WWSAPI, and reach no channel.
func TestListenerHeaderAuth(t *testing.T) {
	wants := map[HTTPHeaderAuthScheme]HRESULT{basicAuth: WS_E_SERVER_REQUIRES_BASIC_AUTH, digestAuth: WS_E_SERVER_REQUIRES_DIGEST_AUTH, basicAuth | digestAuth: WS_E_SERVER_REQUIRES_DIGEST_AUTH}
	for offered, required := range wants {
		s := newShop(t, withHeader(byHeader(offered, onlyAlice, secretOfAlice)), nil, tells(headerUser))
		served := 0
		for spoken := range wants {
			t.Run(fmt.Sprintf("%d to %d", spoken, offered), func(t *testing.T) {
				ok, denied := S_OK, WS_E_ENDPOINT_ACCESS_DENIED
				if spoken&offered == 0 {
					ok, denied = required, required
				}
				c := open(t, s.url, aliceBy(spoken), s.root)
				for range 3 { // a nonce is used again
					var reply XMLBuffer
					var e Error
					hr := RequestReply(c, "urn:order", &XMLBuffer{`<order xmlns="urn:shop">1</order>`}, &reply, nil, &e)
					if hr != ok || ok == S_OK && reply.XML != `<is xmlns="urn:shop">alice</is>` {
						t.Fatalf("%v, want %v: %s %v", hr, ok, reply.XML, e.Error())
					}
					if hr == S_OK {
						served++
					}
				}
				for name, h := range map[string]*HttpHeaderAuth{
					"wrong password": byAlice(spoken, wstrusttest.User, "wrong"),
					"unknown user":   byAlice(spoken, "mallory", wstrusttest.Password),
					"their password": byAlice(spoken, "mallory", "never looked at"),
				} {
					if got, hr := s.call(t, withHeader(h), nil); hr != denied {
						t.Errorf("%s: %v, want %v: %s", name, hr, denied, got)
					}
				}
			})
		}
		for name, sd := range map[string]*SecurityDescription{"TLS": overTLS(), "in the message": alice()} {
			if _, hr := s.call(t, sd, nil); hr != required {
				t.Errorf("offered %d, %s: %v, want %v", offered, name, hr, required)
			}
		}
		if s.count() != served {
			t.Errorf("offered %d: %d messages reached a channel, and %d were good", offered, s.count(), served)
		}
	}
}

// What the functions of a binding return: S_OK alone is yes.
func TestListenerHeaderVerdicts(t *testing.T) {
	verdict := S_OK
	s := newShop(t, withHeader(byHeader(basicAuth|digestAuth, func(any, string, string) HRESULT { return verdict }, func(_ any, _, realm string) (HttpDigestSecret, HRESULT) {
		if realm != "the shop" {
			t.Errorf("realm %q", realm)
		}
		return HttpDigestSecret{Password: wstrusttest.Password}, verdict
	}, bindingProp{WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_DIGEST_REALM, "the shop"})), nil, tells(headerUser))
	for _, verdict = range []HRESULT{S_OK, S_FALSE, WS_S_ASYNC, E_OUTOFMEMORY} {
		for _, scheme := range []HTTPHeaderAuthScheme{basicAuth, digestAuth} {
			want := WS_E_ENDPOINT_ACCESS_DENIED
			if verdict == S_OK {
				want = S_OK
			}
			if _, hr := s.call(t, aliceBy(scheme), nil); hr != want {
				t.Errorf("%v by scheme %d: %v", verdict, scheme, hr)
			}
		}
	}
}

const plainOrder = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><order xmlns="urn:shop">1</order></s:Body></s:Envelope>`

// Any HTTP client can authenticate, and what a refused one is told is the same
// for a wrong password and for a user who does not exist.
func TestListenerHeaderOfAnyClient(t *testing.T) {
	var log bytes.Buffer
	s := newShop(t, withHeader(byHeader(basicAuth|digestAuth, onlyAlice, secretOfAlice, bindingProp{WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_DIGEST_DOMAIN, "/a"})), nil, tells(headerUser))
	s.listener.values[WS_LISTENER_PROPERTY_EX_LOGGER] = slog.New(slog.NewTextHandler(&log, nil))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.root.Value.(*x509.CertPool)}}}
	defer client.CloseIdleConnections()
	post := func(change func(*http.Request)) (*http.Response, string) {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(plainOrder))
		r.Header.Set("Content-Type", "text/xml; charset=utf-8")
		r.Header.Set("SOAPAction", `"urn:order"`)
		change(r)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(body)
	}
	basic := func(user, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(user, password) }
	}
	if resp, body := post(basic(wstrusttest.User, wstrusttest.Password)); resp.StatusCode != 200 || !strings.Contains(body, ">alice<") {
		t.Error(resp.Status, body)
	}
	constant := func(change func(*http.Request)) string {
		resp, body := post(change)
		all := resp.Header.Values("Www-Authenticate")
		if resp.StatusCode != 401 || len(all) != 3 || !strings.Contains(all[0], `Digest realm="127.0.0.1"`) || !strings.Contains(all[0], `domain="/a"`) || !strings.Contains(all[2], `Basic realm="127.0.0.1"`) {
			t.Errorf("%v %q", resp.Status, all)
		}
		resp.Header.Del("Date")
		resp.Header["Www-Authenticate"] = nil
		for _, c := range all {
			before, after, _ := strings.Cut(c, "nonce=")
			_, after, _ = strings.Cut(after, `",`)
			resp.Header.Add("Www-Authenticate", before+after)
		}
		return fmt.Sprint(resp.Header, body)
	}
	nothing := constant(func(*http.Request) {})
	for name, change := range map[string]func(*http.Request){
		"wrong password": basic(wstrusttest.User, "geheim"), "unknown user": basic("mallory", "geheim"),
		"another scheme": func(r *http.Request) { r.Header.Set("Authorization", "Bearer geheim") },
		"no method":      func(r *http.Request) { r.Method, r.Body, r.ContentLength = http.MethodGet, nil, 0 },
	} {
		if got := constant(change); got != nothing {
			t.Errorf("%s: %s, and without a header %s", name, got, nothing)
		}
	}
	if text := log.String(); strings.Contains(text, "geheim") || !strings.Contains(text, "mallory") || strings.Contains(text, "no credential") {
		t.Error(text)
	}
	// A header of Digest is good once.
	var sent string
	a := &httpauth.Auth{Schemes: httpauth.Digest, Name: wstrusttest.User, Password: func() string { return wstrusttest.Password }}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(plainOrder))
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `"urn:order"`)
	resp, err := a.Do(r, func(r *http.Request) (*http.Response, error) {
		sent = r.Header.Get("Authorization")
		return client.Do(r)
	})
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	if resp, _ := post(func(r *http.Request) { r.Header.Set("Authorization", sent) }); resp.StatusCode != 401 || !strings.Contains(resp.Header.Get("Www-Authenticate"), "stale=true") {
		t.Error("a header came twice:", resp.Status, resp.Header)
	}
	if s.count() != 2 {
		t.Errorf("%d messages reached a channel", s.count())
	}
}

// Without TLS, where both sides say that they mean it.
func TestListenerHeaderInTheClear(t *testing.T) {
	plainly := []SecurityProperty{level(WS_PROTECTION_LEVEL_NONE)}
	s := &shop{root: roots(newTestCA(t).cert)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.listener.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	if hr := CreateListener(WS_CHANNEL_TYPE_REPLY, WS_HTTP_CHANNEL_BINDING, nil, describe(plainly, byHeader(digestAuth, nil, secretOfAlice)), &s.listener, nil); hr != S_OK {
		t.Fatal(hr)
	}
	if hr := OpenListener(s.listener, srv.URL, nil, nil); hr != S_OK {
		t.Fatal(hr)
	}
	s.work(t, tells(headerUser))
	if got, hr := s.call(t, describe(plainly, byAlice(digestAuth, wstrusttest.User, wstrusttest.Password)), nil); hr != S_OK || !strings.Contains(got, ">alice<") {
		t.Error(hr, got)
	}
	if _, hr := s.call(t, describe(plainly, byAlice(digestAuth, wstrusttest.User, "wrong")), nil); hr != WS_E_ENDPOINT_ACCESS_DENIED {
		t.Error(hr)
	}
	if _, hr := s.call(t, nil, nil); hr != WS_E_SERVER_REQUIRES_DIGEST_AUTH {
		t.Error(hr)
	}
}

// HTTP authentication and a token, of different users: both are demanded, and both
// are told.
func TestListenerHeaderAndToken(t *testing.T) {
	header := byHeader(basicAuth, func(_ any, username, password string) HRESULT {
		if username == "proxy" && password == "open" {
			return S_OK
		}
		return S_FALSE
	}, nil)
	both := func(_ *shop, c *Channel, m *Message, _ XMLBuffer) {
		outer, _ := tell(m, headerUser)
		inner, _ := tell(m, WS_MESSAGE_PROPERTY_USERNAME)
		SendReplyMessage(c, nil, &XMLBuffer{`<is xmlns="urn:shop">` + outer + " for " + inner + `</is>`}, m, nil, nil)
	}
	own := byAlice(basicAuth, "proxy", "open")
	t.Run("username", func(t *testing.T) {
		s := newShop(t, withHeader(header, byPassword(onlyAlice)), nil, both)
		if got, hr := s.call(t, alice(own), nil); hr != S_OK || got != `<is xmlns="urn:shop">proxy for alice</is>` {
			t.Error(hr, got)
		}
		for name, c := range map[string]struct {
			sd   *SecurityDescription
			want HRESULT
		}{
			"header alone":                 {withHeader(own), WS_E_ENDPOINT_ACCESS_DENIED},
			"token alone":                  {alice(), WS_E_SERVER_REQUIRES_BASIC_AUTH},
			"header with the other's name": {alice(byAlice(basicAuth, wstrusttest.User, wstrusttest.Password)), WS_E_ENDPOINT_ACCESS_DENIED},
		} {
			if got, hr := s.call(t, c.sd, nil); hr != c.want {
				t.Errorf("%s: %v, want %v: %s", name, hr, c.want, got)
			}
		}
		if s.count() != 1 {
			t.Errorf("%d messages reached a channel", s.count())
		}
	})
	t.Run("context", func(t *testing.T) {
		s := newShop(t, withHeader(header, &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: withHeader(header, byPassword(onlyAlice))}), nil, tells(headerUser))
		client := func(outer, boot SecurityBinding) *SecurityDescription {
			return withHeader(outer, &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: alice(boot)})
		}
		wrong := byAlice(basicAuth, "proxy", "shut")
		if got, hr := s.call(t, client(own, own), nil); hr != S_OK || !strings.Contains(got, ">proxy<") {
			t.Error(hr, got)
		}
		for name, sd := range map[string]*SecurityDescription{"outer": client(wrong, own), "bootstrap": client(own, wrong)} {
			if got, hr := s.call(t, sd, nil); hr != WS_E_ENDPOINT_ACCESS_DENIED {
				t.Error(name, hr, got)
			}
		}
	})
}

// What is known of a password is not printed.
func TestHttpDigestSecretPrintsNothing(t *testing.T) {
	s := HttpDigestSecret{"geheim", "geheim", "geheim"}
	if text := fmt.Sprintf("%v %+v %#v %s %q %x", s, s, s, &s, s, s); strings.Contains(text, "geheim") || strings.Contains(text, "67656865696d") {
		t.Error(text)
	}
}
