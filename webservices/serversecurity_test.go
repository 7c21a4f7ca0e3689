package webservices

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"wstrust/service"
)

// Descriptions of servers: what is legal, and what of it can be opened here.
func TestServerDescriptions(t *testing.T) {
	const (
		http, tcp, udp, pipe, custom = WS_HTTP_CHANNEL_BINDING, WS_TCP_CHANNEL_BINDING, WS_UDP_CHANNEL_BINDING, WS_NAMEDPIPE_CHANNEL_BINDING, WS_CUSTOM_CHANNEL_BINDING
		no, missing                  = E_INVALIDARG, WS_E_NOT_SUPPORTED
		basic                        = WS_HTTP_HEADER_AUTH_SCHEME_BASIC
	)
	ca := newTestCA(t)
	ssl, password := &SslTransport{}, byPassword(onlyAlice)
	sslWith := func(p ...SecurityBindingProperty) *SslTransport { return &SslTransport{Properties: p} }
	saml := &SamlMessage{BindingUsage: supporting, Authenticator: &SamlAuthenticator{TrustedIssuerCerts: []*x509.Certificate{ca.cert}}}
	samlWith := func(change func(*SamlAuthenticator)) *SamlMessage {
		a := *saml.Authenticator
		change(&a)
		return &SamlMessage{BindingUsage: supporting, Authenticator: &a}
	}
	own := ca.issue(t, nil)
	kerberos := &KerberosApreqMessage{BindingUsage: supporting}
	boot := describe(nil, ssl, password)
	contexts := func(boot *SecurityDescription, p ...SecurityBindingProperty) *SecurityContextMessage {
		return &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: boot, Properties: p}
	}
	headers := func(p ...SecurityBindingProperty) *HttpHeaderAuth { return &HttpHeaderAuth{Properties: p} }
	inBasic, inDigest := byHeader(basic, onlyAlice, nil), byHeader(WS_HTTP_HEADER_AUTH_SCHEME_DIGEST, nil, secretOfAlice)
	plainly := []SecurityProperty{level(WS_PROTECTION_LEVEL_NONE)}
	property := func(id SecurityPropertyID, v any) *SecurityDescription {
		return describe([]SecurityProperty{{id, v}}, ssl, password)
	}
	bp := func(id SecurityBindingPropertyID, v any) SecurityBindingProperty {
		return SecurityBindingProperty{id, v}
	}
	for _, c := range []struct {
		name            string
		transport       ChannelBinding
		sd              *SecurityDescription
		created, opened HRESULT
	}{
		{"no security", http, nil, S_OK, missing},
		{"nothing but TLS", http, describe(nil, ssl), S_OK, missing},
		{"username", http, describe(nil, ssl, password), S_OK, S_OK},
		{"saml", http, describe(nil, ssl, saml), S_OK, S_OK},
		{"contexts", http, describe(nil, ssl, contexts(boot)), S_OK, S_OK},
		{"contexts by saml", http, describe(nil, ssl, contexts(describe(nil, ssl, saml))), S_OK, S_OK},
		{"kerberos", http, describe(nil, ssl, kerberos), S_OK, missing},
		{"contexts by kerberos", http, describe(nil, ssl, contexts(describe(nil, ssl, kerberos))), S_OK, missing},
		{"header", http, describe(nil, ssl, inBasic), S_OK, S_OK},
		{"header digest", http, describe(nil, ssl, inDigest), S_OK, S_OK},
		{"header both", http, describe(nil, ssl, byHeader(basic|WS_HTTP_HEADER_AUTH_SCHEME_DIGEST, onlyAlice, secretOfAlice)), S_OK, S_OK},
		{"header negotiate", http, describe(nil, ssl, headers()), S_OK, missing},
		{"header NTLM", http, describe(nil, ssl, byHeader(WS_HTTP_HEADER_AUTH_SCHEME_NTLM, nil, nil)), S_OK, missing},
		{"header basic and NTLM", http, describe(nil, ssl, byHeader(basic|WS_HTTP_HEADER_AUTH_SCHEME_NTLM, onlyAlice, nil)), S_OK, missing},
		{"header basic without a validator", http, describe(nil, ssl, byHeader(basic, nil, secretOfAlice)), no, 0},
		{"header digest without a secret", http, describe(nil, ssl, byHeader(WS_HTTP_HEADER_AUTH_SCHEME_DIGEST, onlyAlice, nil)), no, 0},
		{"two headers", http, describe(nil, ssl, inBasic, inDigest), no, 0},
		{"header, timestamps never", http, describe([]SecurityProperty{{WS_SECURITY_PROPERTY_TIMESTAMP_USAGE, WS_SECURITY_TIMESTAMP_USAGE_NEVER}}, ssl, inBasic), S_OK, S_OK},
		{"header and username", http, describe(nil, ssl, inBasic, password), S_OK, S_OK},
		{"header and kerberos", http, describe(nil, ssl, inBasic, kerberos), S_OK, missing},
		{"username and saml", http, describe(nil, ssl, password, saml), S_OK, S_OK},
		{"username and kerberos", http, describe(nil, ssl, password, kerberos), S_OK, missing},
		{"contexts and the same username", http, describe(nil, ssl, contexts(boot), password), S_OK, S_OK},
		{"contexts and another username", http, describe(nil, ssl, contexts(boot), byPassword(onlyAlice)), S_OK, missing},
		{"contexts and saml", http, describe(nil, ssl, contexts(boot), saml), S_OK, S_OK},
		{"contexts by saml, and the same", http, describe(nil, ssl, contexts(describe(nil, ssl, saml)), saml), S_OK, S_OK},
		{"contexts by saml, and another", http, describe(nil, ssl, contexts(describe(nil, ssl, saml)), samlWith(func(*SamlAuthenticator) {})), S_OK, missing},
		{"contexts by two", http, describe(nil, ssl, contexts(describe(nil, ssl, password, saml))), S_OK, S_OK},
		{"contexts by a header", http, describe(nil, ssl, inBasic, contexts(describe(nil, ssl, inBasic))), no, 0},
		{"contexts and the same header", http, describe(nil, ssl, inBasic, contexts(describe(nil, ssl, inBasic, password))), S_OK, S_OK},
		{"contexts and a header", http, describe(nil, ssl, inBasic, contexts(boot)), S_OK, missing},
		{"contexts and a header in the bootstrap", http, describe(nil, ssl, contexts(describe(nil, ssl, inBasic, password))), S_OK, missing},
		{"contexts and another header", http, describe(nil, ssl, inBasic, contexts(describe(nil, ssl, inDigest, password))), S_OK, missing},
		{"tcp", tcp, describe(nil, &TcpSspiTransport{Properties: []SecurityBindingProperty{bp(WS_SECURITY_BINDING_PROPERTY_ALLOW_ANONYMOUS_CLIENTS, true)}}), S_OK, missing},
		{"tcp username", tcp, describe(nil, &TcpSspiTransport{}, password), S_OK, missing},
		{"pipe", pipe, describe(nil, &NamedPipeSspiTransport{}), S_OK, missing},
		{"custom", custom, nil, S_OK, missing},
		{"udp", udp, nil, S_OK, missing},

		// Without protection by the transport: on HTTP, and only if it is said.
		{"plain username", http, describe(nil, password), no, 0},
		{"plain username, deliberately", http, describe(plainly, password), S_OK, S_OK},
		{"plain saml, deliberately", http, describe(plainly, saml), S_OK, S_OK},
		{"plain contexts, deliberately", http, describe(plainly, contexts(describe(plainly, password))), S_OK, S_OK},
		{"plain contexts, half deliberately", http, describe(plainly, contexts(describe(nil, password))), no, 0},
		{"plain kerberos, deliberately", http, describe(plainly, kerberos), S_OK, missing},
		{"plain header", http, describe(nil, headers()), no, 0},
		{"plain header, deliberately", http, describe(plainly, inBasic), S_OK, S_OK},
		{"tcp username alone", tcp, describe(plainly, password), no, 0},
		{"udp username", udp, describe(plainly, password), no, 0},
		{"custom username", custom, describe(plainly, password), no, 0},
		{"pipe username", pipe, describe(nil, &NamedPipeSspiTransport{}, password), no, 0},

		// What a server has not, and a client has.
		{"XML token", http, describe(nil, ssl, &XmlTokenMessage{BindingUsage: supporting, XmlToken: testContext(t)}), no, 0},
		{"certificate", http, describe(nil, &SslTransport{LocalCertCredential: &ThumbprintCertCredential{}}, password), no, 0},
		{"user's credential", http, describe(nil, ssl, user()), no, 0},
		{"kerberos credential", http, describe(nil, ssl, &KerberosApreqMessage{BindingUsage: supporting, ClientCredential: named()}), no, 0},
		{"header credential", http, describe(nil, ssl, schemes(basic)), no, 0},
		{"sspi credential", tcp, describe(nil, &TcpSspiTransport{ClientCredential: named()}), no, 0},
		{"header to a proxy", http, describe(nil, ssl, headers(toProxy())), no, 0},
		{"header none", http, describe(nil, ssl, headers(bp(WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_SCHEME, WS_HTTP_HEADER_AUTH_SCHEME_NONE))), no, 0},
		{"header passport", http, describe(nil, ssl, headers(bp(WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_SCHEME, WS_HTTP_HEADER_AUTH_SCHEME_PASSPORT))), no, 0},
		{"failures to ignore", http, describe(nil, sslWith(bp(WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE, CertFailure(0))), password), no, 0},
		{"no revocation", http, describe(nil, sslWith(bp(WS_SECURITY_BINDING_PROPERTY_DISABLE_CERT_REVOCATION_CHECK, true)), password), no, 0},
		{"server's authentication", tcp, describe(nil, &TcpSspiTransport{Properties: []SecurityBindingProperty{bp(WS_SECURITY_BINDING_PROPERTY_REQUIRE_SERVER_AUTH, true)}}), no, 0},

		// What it must have.
		{"no validator", http, describe(nil, ssl, &UsernameMessage{BindingUsage: supporting}), no, 0},
		{"no authenticator", http, describe(nil, ssl, &SamlMessage{BindingUsage: supporting}), no, 0},
		{"no issuer", http, describe(nil, ssl, samlWith(func(a *SamlAuthenticator) { a.TrustedIssuerCerts = nil })), no, 0},
		{"an issuer that is nil", http, describe(nil, ssl, samlWith(func(a *SamlAuthenticator) { a.TrustedIssuerCerts = []*x509.Certificate{nil} })), no, 0},
		{"key of a store", http, describe(nil, ssl, samlWith(func(a *SamlAuthenticator) { a.DecryptionCert = &SubjectNameCertCredential{} })), S_OK, missing},
		{"key that is nil", http, describe(nil, ssl, samlWith(func(a *SamlAuthenticator) { a.DecryptionCert = (*ThumbprintCertCredential)(nil) })), no, 0},
		{"key without a callback", http, describe(nil, ssl, samlWith(func(a *SamlAuthenticator) { a.DecryptionCert = &CustomCertCredential{} })), no, 0},
		{"key that fails", http, describe(nil, ssl, samlWith(func(a *SamlAuthenticator) { a.DecryptionCert = key(nil, 0x80004005) })), S_OK, 0x80004005},
		{"key that is none", http, describe(nil, ssl, samlWith(func(a *SamlAuthenticator) { a.DecryptionCert = key(nil, S_OK) })), S_OK, WS_E_SECURITY_SYSTEM_FAILURE},
		{"key that does not decrypt", http, describe(nil, ssl, samlWith(func(a *SamlAuthenticator) { a.DecryptionCert = key(&own, S_OK) })), S_OK, no},
		{"usage 0", http, describe(nil, ssl, &SamlMessage{Authenticator: saml.Authenticator}), no, 0},
		{"two of a kind", http, describe(nil, ssl, password, password), no, 0},
		{"certificates of nobody", http, describe(nil, sslWith(bp(WS_SECURITY_BINDING_PROPERTY_REQUIRE_SSL_CLIENT_CERT, true)), password), no, 0},
		{"contexts of nothing", http, describe(nil, ssl, contexts(nil)), no, 0},
		{"contexts by TLS", http, describe(nil, ssl, contexts(describe(nil, ssl))), no, 0},
		{"contexts by contexts", http, describe(nil, ssl, contexts(describe(nil, ssl, contexts(boot)))), no, 0},
		{"contexts by a client", http, describe(nil, ssl, contexts(alice())), no, 0},
		{"contexts by other transport", http, describe(nil, ssl, contexts(describe(plainly, password))), S_OK, missing},
		{"contexts by another suite", http, describe(nil, ssl, contexts(describe([]SecurityProperty{{WS_SECURITY_PROPERTY_ALGORITHM_SUITE_NAME, WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128}}, ssl, password))), S_OK, missing},
		{"no pending contexts", http, describe(nil, ssl, contexts(boot, bp(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_PENDING_CONTEXTS, uint32(0)))), no, 0},
		{"no active contexts", http, describe(nil, ssl, contexts(boot, bp(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_ACTIVE_CONTEXTS, uint32(0)))), no, 0},
		{"contexts for no time", http, describe(nil, ssl, contexts(boot, bp(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_RENEWAL_INTERVAL, time.Duration(0)))), no, 0},

		// Properties of all.
		{"level that TLS has not", http, describe([]SecurityProperty{level(WS_PROTECTION_LEVEL_SIGN)}, ssl, password), no, 0},
		{"extended protection", http, property(WS_SECURITY_PROPERTY_EXTENDED_PROTECTION_POLICY, WS_EXTENDED_PROTECTION_POLICY_ALWAYS), S_OK, S_OK},
		{"extended protection 4", http, property(WS_SECURITY_PROPERTY_EXTENDED_PROTECTION_POLICY, ExtendedProtectionPolicy(4)), no, 0},
		{"scenario", http, property(WS_SECURITY_PROPERTY_EXTENDED_PROTECTION_SCENARIO, WS_EXTENDED_PROTECTION_SCENARIO_TERMINATED_SSL), S_OK, S_OK},
		{"scenario 0", http, property(WS_SECURITY_PROPERTY_EXTENDED_PROTECTION_SCENARIO, ExtendedProtectionScenario(0)), no, 0},
		{"identities", http, property(WS_SECURITY_PROPERTY_SERVICE_IDENTITIES, []string{"host/x"}), S_OK, S_OK},
		{"identities in one", http, property(WS_SECURITY_PROPERTY_SERVICE_IDENTITIES, "host/x"), no, 0},
		{"timestamps never", http, property(WS_SECURITY_PROPERTY_TIMESTAMP_USAGE, WS_SECURITY_TIMESTAMP_USAGE_NEVER), S_OK, missing},
		{"timestamps of requests", http, property(WS_SECURITY_PROPERTY_TIMESTAMP_USAGE, WS_SECURITY_TIMESTAMP_USAGE_REQUESTS_ONLY), S_OK, S_OK},
		{"property 13", http, property(13, uint32(0)), no, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind := serverTypes[c.transport]
			var l *Listener
			var e Error
			if hr := CreateListener(kind, c.transport, nil, c.sd, &l, &e); hr != c.created || (l != nil) != (hr == S_OK) {
				t.Fatalf("created %v, want %v: %v", hr, c.created, e.Error())
			}
			if c.created != S_OK {
				return
			}
			defer FreeListener(l)
			url := "http://shop.test/"
			if l.security.ssl {
				url = "https://shop.test/"
			}
			if hr := OpenListener(l, url, nil, &e); hr != c.opened {
				t.Errorf("opened %v, want %v: %v", hr, c.opened, e.Error())
			}
			if c.opened == missing && (len(e.strings) != 1 || strings.Count(e.strings[0], ":") < 1) {
				t.Errorf("no clear sentence: %v", e.strings)
			}
		})
	}
}

func key(c *tls.Certificate, hr HRESULT) *CustomCertCredential {
	return &CustomCertCredential{GetCert: func(any, *EndpointAddress) (*tls.Certificate, HRESULT) { return c, hr }}
}

func TestListenerTypes(t *testing.T) {
	for kind := ChannelType(0); kind < 20; kind++ {
		for b := WS_HTTP_CHANNEL_BINDING; b <= WS_NAMEDPIPE_CHANNEL_BINDING+1; b++ {
			var l *Listener
			hr := CreateListener(kind, b, nil, nil, &l, nil)
			if want := b <= WS_NAMEDPIPE_CHANNEL_BINDING && (serverTypes[b] == kind || b == WS_CUSTOM_CHANNEL_BINDING); (hr == S_OK) != want {
				t.Errorf("type %d on %d: %v", kind, b, hr)
			}
			if hr != S_OK {
				continue
			}
			var gotKind ChannelType
			var gotBinding ChannelBinding
			GetListenerProperty(l, WS_LISTENER_PROPERTY_CHANNEL_TYPE, &gotKind, nil)
			GetListenerProperty(l, WS_LISTENER_PROPERTY_CHANNEL_BINDING, &gotBinding, nil)
			if gotKind != kind || gotBinding != b {
				t.Errorf("type %d on %d reads as %d on %d", kind, b, gotKind, gotBinding)
			}
		}
	}
}

// Properties of a listener: defaults, and what it does not take.
func TestListenerProperties(t *testing.T) {
	var l *Listener
	if hr := CreateListener(WS_CHANNEL_TYPE_REPLY, WS_HTTP_CHANNEL_BINDING, nil, nil, &l, nil); hr != S_OK {
		t.Fatal(hr)
	}
	var model CallbackModel
	var timeout, size uint32
	GetListenerProperty(l, WS_LISTENER_PROPERTY_ASYNC_CALLBACK_MODEL, &model, nil)
	GetListenerProperty(l, WS_LISTENER_PROPERTY_CLOSE_TIMEOUT, &timeout, nil)
	GetListenerProperty(l, WS_LISTENER_PROPERTY_EX_MAX_BUFFERED_MESSAGE_SIZE, &size, nil)
	if model != WS_LONG_CALLBACK || timeout != 5000 || size != 65536 {
		t.Error(model, timeout, size)
	}
	for id := range ListenerPropertyID(18) {
		if hr := GetListenerProperty(l, id, new(complex64), nil); hr != E_INVALIDARG {
			t.Errorf("property %d into another type: %v", id, hr)
		}
	}
	secret, err := service.NewSealKey("k", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	contexts := overContexts(describe(nil, &SslTransport{}, byPassword(onlyAlice)))
	replay, _ := newReplayCache()
	for name, c := range map[string]struct {
		p               []ListenerProperty
		created, opened HRESULT
	}{
		"state":       {[]ListenerProperty{{WS_LISTENER_PROPERTY_STATE, WS_LISTENER_STATE_OPEN}}, E_INVALIDARG, 0},
		"unknown":     {[]ListenerProperty{{17, uint32(0)}}, E_INVALIDARG, 0},
		"TCP":         {[]ListenerProperty{{WS_LISTENER_PROPERTY_LISTEN_BACKLOG, uint32(5)}}, E_INVALIDARG, 0},
		"type":        {[]ListenerProperty{{WS_LISTENER_PROPERTY_CLOSE_TIMEOUT, 5}}, E_INVALIDARG, 0},
		"twice":       {[]ListenerProperty{{WS_LISTENER_PROPERTY_CLOSE_TIMEOUT, uint32(5)}, {WS_LISTENER_PROPERTY_CLOSE_TIMEOUT, uint32(5)}}, E_INVALIDARG, 0},
		"model 2":     {[]ListenerProperty{{WS_LISTENER_PROPERTY_ASYNC_CALLBACK_MODEL, CallbackModel(2)}}, E_INVALIDARG, 0},
		"no message":  {[]ListenerProperty{{WS_LISTENER_PROPERTY_EX_MAX_BUFFERED_MESSAGE_SIZE, uint32(0)}}, E_INVALIDARG, 0},
		"shared":      {[]ListenerProperty{{WS_LISTENER_PROPERTY_EX_CONTEXT_CACHE, replay}, {WS_LISTENER_PROPERTY_EX_REPLAY_CACHE, replay}}, S_OK, S_OK},
		"sealed":      {[]ListenerProperty{{WS_LISTENER_PROPERTY_EX_CONTEXT_SEAL, []service.SealKey{secret}}}, S_OK, S_OK},
		"both":        {[]ListenerProperty{{WS_LISTENER_PROPERTY_EX_CONTEXT_CACHE, replay}, {WS_LISTENER_PROPERTY_EX_CONTEXT_SEAL, []service.SealKey{secret}}}, S_OK, E_INVALIDARG},
		"a URL of ''": {[]ListenerProperty{{WS_LISTENER_PROPERTY_EX_URLS, []string{""}}}, S_OK, E_INVALIDARG},
	} {
		var l *Listener
		if hr := CreateListener(WS_CHANNEL_TYPE_REPLY, WS_HTTP_CHANNEL_BINDING, c.p, contexts, &l, nil); hr != c.created {
			t.Errorf("%s: created %v, want %v", name, hr, c.created)
		} else if hr == S_OK {
			if hr := OpenListener(l, "https://shop.test/", nil, nil); hr != c.opened {
				t.Errorf("%s: opened %v, want %v", name, hr, c.opened)
			}
			FreeListener(l)
		}
	}
}
