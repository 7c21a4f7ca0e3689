package webservices

import (
	"crypto/tls"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"wstrust/internal/reveal"
)

// How long a timeout is, by what was given. The timeouts themselves are in
// errors.tsv.
func TestTimeouts(t *testing.T) {
	const id = WS_CHANNEL_PROPERTY_CONNECT_TIMEOUT
	for _, c := range []struct {
		v    channelValues
		want int64 // ms
	}{
		{channelValues{}, 30000},
		{channelValues{id: INFINITE}, 0},
		{channelValues{id: uint32(7)}, 7},
		{channelValues{WS_CHANNEL_PROPERTY_ENABLE_TIMEOUTS: false}, 0},
		{channelValues{WS_CHANNEL_PROPERTY_ENABLE_TIMEOUTS: false, id: uint32(7)}, 7},
	} {
		if got := c.v.timeout(id).Milliseconds(); got != c.want {
			t.Errorf("%v: %d ms, want %d", c.v, got, c.want)
		}
	}
}

// MAX_BUFFERED_MESSAGE_SIZE is for both directions.
func TestMessageSize(t *testing.T) {
	f := newFake(t, issues(proof05))
	c := open(t, f.URL, alice(), f.root())
	var e Error
	body := &XMLBuffer{"<a>" + strings.Repeat("x", 65536) + "</a>"}
	if hr := RequestReply(c, "urn:x", body, nil, nil, &e); hr != WS_E_QUOTA_EXCEEDED || f.count() != 0 {
		t.Error(hr, e.Error(), f.count())
	}
	if s := state(t, c); s != WS_CHANNEL_STATE_OPEN {
		t.Error(stateNames[s])
	}
}

// TLS: disallowed versions, a client certificate, a server that refuses it, and
// the callback for each message.
func TestTLSSettings(t *testing.T) {
	ca := newTestCA(t)
	answer := issues(proof05)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (&fake{answer: answer}).ServeHTTP(w, r) })
	ask := func(t *testing.T, url string, ssl *SslTransport) (HRESULT, string) {
		sd := alice()
		sd.SecurityBindings[0] = ssl
		c := open(t, url, sd, roots(ca.cert))
		var token *SecurityToken
		var e Error
		hr := RequestSecurityToken(c, nil, &token, nil, &e)
		if hr == S_OK {
			hr = RequestSecurityToken(c, nil, &token, nil, &e)
		}
		return hr, e.Error()
	}
	old := serverTLS(t, ca.issue(t, nil), handler)
	old.TLS.MaxVersion = tls.VersionTLS12
	no12 := SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_DISALLOWED_SECURE_PROTOCOLS, WS_SECURE_PROTOCOL_TLS1_2}
	if hr, text := ask(t, old.URL, &SslTransport{Properties: []SecurityBindingProperty{no12}}); hr != WS_E_SECURITY_VERIFICATION_FAILURE {
		t.Error(hr, text)
	}
	if hr, text := ask(t, old.URL, &SslTransport{}); hr != S_OK {
		t.Error(hr, text)
	}
	ancient := serverTLS(t, ca.issue(t, nil), handler)
	ancient.TLS.MinVersion, ancient.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	all := SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_DISALLOWED_SECURE_PROTOCOLS, SecureProtocol(0)}
	if hr, text := ask(t, ancient.URL, &SslTransport{Properties: []SecurityBindingProperty{all}}); hr != WS_E_SECURITY_VERIFICATION_FAILURE {
		t.Error(hr, text)
	}
	strict := serverTLS(t, ca.issue(t, nil), handler)
	strict.TLS.ClientAuth = tls.RequireAnyClientCert
	// In TLS 1.3 the server refuses after our side of the handshake is over. Now and
	// then we are still writing the request then, and see the connection go first.
	hr, text := ask(t, strict.URL, &SslTransport{})
	for n := 0; hr == WS_E_ENDPOINT_DISCONNECTED && n < 20; n++ {
		hr, text = ask(t, strict.URL, &SslTransport{})
	}
	if hr != WS_E_ENDPOINT_ACCESS_DENIED {
		t.Error(hr, text)
	}
	listed := 0
	mine := &CustomCertCredential{
		GetCertState:           "s",
		GetCert:                func(state any, a *EndpointAddress) (*tls.Certificate, HRESULT) { return testCert(), S_OK },
		IssuerListNotification: func(any, [][]byte) HRESULT { listed++; return S_OK },
	}
	if hr, text := ask(t, strict.URL, &SslTransport{LocalCertCredential: mine}); hr != S_OK || listed == 0 {
		t.Error(hr, text, listed)
	}
	var seen atomic.Int32
	each := &CertificateValidationCallbackContext{State: 7, Callback: func(cert []byte, state any) HRESULT {
		if len(cert) == 0 || state != 7 {
			t.Error(len(cert), state)
		}
		seen.Add(1)
		return S_OK
	}}
	if hr, text := ask(t, old.URL, &SslTransport{Properties: []SecurityBindingProperty{{WS_SECURITY_BINDING_PROPERTY_CERTIFICATE_VALIDATION_CALLBACK_CONTEXT, each}}}); hr != S_OK || seen.Load() != 2 {
		t.Error(hr, text, seen.Load())
	}
	// A callback that fails keeps the channel from being opened.
	mine.GetCert = func(any, *EndpointAddress) (*tls.Certificate, HRESULT) { return nil, 0x80004005 }
	sd := alice()
	sd.SecurityBindings[0] = &SslTransport{LocalCertCredential: mine}
	if hr := OpenChannel(create(t, sd), &EndpointAddress{URL: old.URL}, nil, nil); hr != 0x80004005 {
		t.Error(hr)
	}
}

// The versions of SOAP and addressing, on the wire.
func TestVersionsOnTheWire(t *testing.T) {
	for env, space := range map[EnvelopeVersion]string{WS_ENVELOPE_VERSION_SOAP_1_1: "http://schemas.xmlsoap.org/soap/envelope/", WS_ENVELOPE_VERSION_SOAP_1_2: "http://www.w3.org/2003/05/soap-envelope"} {
		for addr, wsa := range map[AddressingVersion]string{WS_ADDRESSING_VERSION_0_9: "http://schemas.xmlsoap.org/ws/2004/08/addressing", WS_ADDRESSING_VERSION_1_0: "http://www.w3.org/2005/08/addressing", WS_ADDRESSING_VERSION_TRANSPORT: ""} {
			f := newFake(t, says(500, "text/plain", "enough"))
			c := open(t, f.URL, alice(), f.root(), ChannelProperty{WS_CHANNEL_PROPERTY_ENVELOPE_VERSION, env}, ChannelProperty{WS_CHANNEL_PROPERTY_ADDRESSING_VERSION, addr})
			var token *SecurityToken
			RequestSecurityToken(c, nil, &token, nil, nil)
			m := f.last(t)
			if !strings.Contains(m.raw, space) || wsa != "" && !strings.Contains(m.raw, wsa) || wsa == "" && strings.Contains(m.raw, "/addressing") {
				t.Errorf("%d, %d: %s", env, addr, m.raw)
			}
			if soap11 := env == WS_ENVELOPE_VERSION_SOAP_1_1; (m.headers.Get("SOAPAction") != "") != soap11 || strings.HasPrefix(m.headers.Get("Content-Type"), "text/xml") != soap11 {
				t.Errorf("%v", m.headers)
			}
		}
	}
}

// A credential for one host does not follow a redirect to another.
func TestCredentialsStayAtHome(t *testing.T) {
	plain := envelope(issued05, "", rstr05(proof05))
	other := newFake(t, says(200, soap12, plain))
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ rst) {
		w.Header().Set("Location", other.URL)
		w.WriteHeader(307)
	})
	root := f.root()
	yes := &HTTPRedirectCallbackContext{Callback: func(any, string, string) HRESULT { return S_OK }}
	c := open(t, f.URL, withHeader(schemes(WS_HTTP_HEADER_AUTH_SCHEME_BASIC)), root, ChannelProperty{WS_CHANNEL_PROPERTY_HTTP_REDIRECT_CALLBACK_CONTEXT, yes})
	request(t, c)
	if f.last(t).headers.Get("Authorization") != basicAlice || other.last(t).headers.Get("Authorization") != "" {
		t.Error("the credential was sent to another host, or not to its own")
	}
}

// A freed channel has overwritten its copies of keys, those of the bootstrap
// too.
func TestFreedChannelForgetsKeys(t *testing.T) {
	sd := holding(testContext(t))
	sd.SecurityBindings = append(sd.SecurityBindings, &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: holding(testContext(t))})
	c := create(t, sd)
	owned := c.security.owned
	if len(owned) != 2 {
		t.Fatal(len(owned))
	}
	FreeChannel(c)
	for _, token := range owned {
		if k := token.SymmetricKey(reveal.Permit{}); len(k) != 32 || string(k) != string(make([]byte, 32)) {
			t.Error("a key is left")
		}
	}
}
