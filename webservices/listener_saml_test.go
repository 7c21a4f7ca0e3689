package webservices

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"strings"
	"testing"

	"wstrust/wstrusttest"
)

// bySAML is the binding of a server that takes what iss signed.
func bySAML(iss *wstrusttest.STS, change func(*SamlAuthenticator)) *SamlMessage {
	a := &SamlAuthenticator{TrustedIssuerCerts: []*x509.Certificate{iss.Signer()}}
	if change != nil {
		change(a)
	}
	return &SamlMessage{BindingUsage: supporting, Authenticator: a}
}

// issued asks iss for a token.
func issued(t *testing.T, iss *wstrusttest.STS, props ...RequestSecurityTokenProperty) *SecurityToken {
	t.Helper()
	return request(t, open(t, iss.URL, alice(), roots(iss.CA())), append(props, trust(WS_TRUST_VERSION_1_3))...)
}

// A server that takes assertions: those of its issuer and for it, with the proof
// of their key, or without one; the validator has the last word.
func TestListenerSAML(t *testing.T) {
	iss, other := wstrusttest.NewSTS(t), wstrusttest.NewSTS(t)
	verdict, asked := S_OK, 0
	s := newShop(t, describe(nil, &SslTransport{}, bySAML(iss, func(a *SamlAuthenticator) {
		// The proof key is encrypted for the service.
		own := iss.Verifier(t, "urn:any").Decrypt[0]
		a.DecryptionCert = &CustomCertCredential{GetCert: func(any, *EndpointAddress) (*tls.Certificate, HRESULT) { return &own, S_OK }}
		a.SamlValidatorState = 7
		a.SamlValidator = func(state any, assertion *XMLBuffer) HRESULT {
			if asked++; state != 7 || !strings.Contains(assertion.XML, "Assertion") {
				t.Error(state, assertion.XML)
			}
			return verdict
		}
	})), nil, func(s *shop, c *Channel, m *Message, body XMLBuffer) {
		if hr := GetMessageProperty(m, WS_MESSAGE_PROPERTY_USERNAME, new(string), nil); hr != E_INVALIDARG {
			t.Error("an assertion is a user name", hr)
		}
		tells(WS_MESSAGE_PROPERTY_SAML_ASSERTION)(s, c, m, body)
	})
	symmetric, bearer := keyType(WS_SECURITY_KEY_TYPE_SYMMETRIC), keyType(WS_SECURITY_KEY_TYPE_NONE)
	for name, token := range map[string]*SecurityToken{"symmetric": issued(t, iss, symmetric, appliesTo(s.url)), "bearer": issued(t, iss, bearer, appliesTo(s.url))} {
		var e Error
		got, hr := s.call(t, holding(token), &e)
		if hr != S_OK {
			t.Fatal(name, hr, e.Error())
		}
		// What the server sees is what the issuer made, signature and all.
		var is struct {
			Assertion struct {
				Inner string `xml:",innerxml"`
			}
		}
		var x *XMLBuffer
		GetSecurityTokenProperty(token, WS_SECURITY_TOKEN_PROPERTY_SERIALIZED_XML, &x, nil, nil)
		if err := xml.Unmarshal([]byte(got), &is); err != nil || is.Assertion.Inner == "" || !strings.Contains(x.XML, is.Assertion.Inner) || !strings.Contains(is.Assertion.Inner, "SignatureValue") {
			t.Errorf("%s: %v\n%s\n%s", name, err, got, x.XML)
		}
	}
	if asked != 2 {
		t.Errorf("the validator was asked %d times", asked)
	}
	for name, sd := range map[string]*SecurityDescription{
		"of another issuer":   holding(issued(t, other, symmetric, appliesTo(s.url))),
		"for another service": holding(issued(t, iss, symmetric, appliesTo("https://other.example/"))),
		"a password":          alice(),
		"nothing":             overTLS(),
	} {
		if got, hr := s.call(t, sd, nil); hr != WS_E_ENDPOINT_ACCESS_DENIED {
			t.Error(name, hr, got)
		}
	}
	if asked != 2 || s.count() != 2 {
		t.Errorf("asked %d times, %d messages reached a channel", asked, s.count())
	}
	// What the validator refuses is refused with the very fault of the Verifier.
	fault := func(sd *SecurityDescription) string {
		var e Error
		if _, hr := s.call(t, sd, &e); hr != WS_E_ENDPOINT_ACCESS_DENIED || e.fault == nil {
			t.Fatal(hr, e.Error())
		}
		return e.fault.Code.SubCode.Value.NS + " " + e.fault.Code.SubCode.Value.LocalName + " " + e.fault.Reasons[0].Text
	}
	want := fault(overTLS())
	for _, verdict = range []HRESULT{S_FALSE, E_OUTOFMEMORY} {
		if got := fault(holding(issued(t, iss, symmetric, appliesTo(s.url)))); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if s.count() != 2 {
		t.Error("a message that the validator refused reached a channel")
	}
}

// The names under which a service is known are those of its listener.
func TestListenerURLs(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	s := newShop(t, describe(nil, &SslTransport{}, bySAML(iss, nil)), []ListenerProperty{{WS_LISTENER_PROPERTY_EX_URLS, []string{"https://shop.example/", "https://shop.test/"}}}, tells(WS_MESSAGE_PROPERTY_SAML_ASSERTION))
	bearer := keyType(WS_SECURITY_KEY_TYPE_NONE)
	// The URL in To is not one of them.
	if _, hr := s.call(t, holding(issued(t, iss, bearer, appliesTo("https://shop.example/"))), nil); hr != WS_E_ENDPOINT_ACCESS_DENIED {
		t.Error(hr)
	}
	for address, hr := range map[string]HRESULT{
		"https://+:443/shop": S_OK, "https://shop.example/": S_OK, "http://shop.example/": WS_E_INVALID_ENDPOINT_URL, "shop": WS_E_INVALID_ENDPOINT_URL, "": WS_E_INVALID_ENDPOINT_URL,
	} {
		CloseListener(s.listener, nil, nil)
		ResetListener(s.listener, nil)
		if got := OpenListener(s.listener, address, nil, nil); got != hr {
			t.Errorf("%q: %v, want %v", address, got, hr)
		}
	}
	var l *Listener
	if hr := CreateListener(WS_CHANNEL_TYPE_REPLY, WS_HTTP_CHANNEL_BINDING, nil, describe(nil, &SslTransport{}, bySAML(iss, nil)), &l, nil); hr != S_OK {
		t.Fatal(hr)
	}
	defer FreeListener(l)
	for _, address := range []string{"https://+:443/shop", "https://*/"} {
		if hr := OpenListener(l, address, nil, nil); hr != E_INVALIDARG {
			t.Errorf("a service without a name: %v", hr)
		}
	}
}

// With the strict profile a server takes what MS-LWSSP has: no bearer assertions
// among them, and no SAML 2.0, which are taken otherwise.
func TestListenerStrict(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	saml11 := prop{WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_TYPE, "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1"}
	bearer := keyType(WS_SECURITY_KEY_TYPE_NONE)
	for strict, want := range map[bool]HRESULT{true: WS_E_ENDPOINT_ACCESS_DENIED, false: S_OK} {
		p := []ListenerProperty{{WS_LISTENER_PROPERTY_EX_STRICT_PROFILE, strict}}
		s := newShop(t, describe(nil, &SslTransport{}, bySAML(iss, nil)), p, tells(WS_MESSAGE_PROPERTY_SAML_ASSERTION))
		for name, token := range map[string]*SecurityToken{
			"bearer": issued(t, iss, bearer, saml11, appliesTo(s.url)),
			"2.0":    issued(t, iss, bearer, appliesTo(s.url)),
		} {
			if _, hr := s.call(t, holding(token), nil); hr != want {
				t.Errorf("strict %v, %s: %v", strict, name, hr)
			}
		}
		s = newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), p, tells(WS_MESSAGE_PROPERTY_USERNAME))
		if _, hr := s.call(t, alice(), nil); hr != S_OK {
			t.Errorf("strict %v, a password: %v", strict, hr)
		}
	}
}
