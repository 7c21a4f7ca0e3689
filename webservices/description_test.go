package webservices

import (
	"strings"
	"testing"
	"time"
)

const supporting = WS_SUPPORTING_MESSAGE_SECURITY_USAGE

func named() *StringWindowsIntegratedAuthCredential {
	return &StringWindowsIntegratedAuthCredential{Username: "alice", Password: "pw"}
}

func user() *UsernameMessage {
	return &UsernameMessage{BindingUsage: supporting, ClientCredential: &StringUsernameCredential{Username: "alice", Password: "pw"}}
}

func schemes(s HTTPHeaderAuthScheme, p ...SecurityBindingProperty) *HttpHeaderAuth {
	return &HttpHeaderAuth{ClientCredential: named(), Properties: append(p, SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_SCHEME, s})}
}

func toProxy() SecurityBindingProperty {
	return SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_TARGET, WS_HTTP_HEADER_AUTH_TARGET_PROXY}
}

func level(l ProtectionLevel) SecurityProperty {
	return SecurityProperty{WS_SECURITY_PROPERTY_TRANSPORT_PROTECTION_LEVEL, l}
}

func describe(p []SecurityProperty, b ...SecurityBinding) *SecurityDescription {
	return &SecurityDescription{SecurityBindings: b, Properties: p}
}

// Which bindings go together, and with which transport (§4.2), and what then
// happens when the channel is opened.
func TestCombinations(t *testing.T) {
	const http, tcp, udp, pipe, custom = WS_HTTP_CHANNEL_BINDING, WS_TCP_CHANNEL_BINDING, WS_UDP_CHANNEL_BINDING, WS_NAMEDPIPE_CHANNEL_BINDING, WS_CUSTOM_CHANNEL_BINDING
	const no, missing = E_INVALIDARG, WS_E_NOT_SUPPORTED
	const basic, digest, ntlm, negotiate, none, passport = WS_HTTP_HEADER_AUTH_SCHEME_BASIC, WS_HTTP_HEADER_AUTH_SCHEME_DIGEST, WS_HTTP_HEADER_AUTH_SCHEME_NTLM,
		WS_HTTP_HEADER_AUTH_SCHEME_NEGOTIATE, WS_HTTP_HEADER_AUTH_SCHEME_NONE, WS_HTTP_HEADER_AUTH_SCHEME_PASSPORT
	kerberos := &KerberosApreqMessage{BindingUsage: supporting, ClientCredential: &DefaultWindowsIntegratedAuthCredential{}}
	sspi := &TcpSspiTransport{ClientCredential: named()}
	pipes := &NamedPipeSspiTransport{ClientCredential: named()}
	token := &XmlTokenMessage{BindingUsage: supporting, XmlToken: testContext(t)}
	freed := testContext(t)
	FreeSecurityToken(freed)
	ssl := &SslTransport{}
	saml := &SamlMessage{BindingUsage: supporting, Authenticator: &SamlAuthenticator{}}
	context := func(boot *SecurityDescription, p ...SecurityBindingProperty) *SecurityContextMessage {
		return &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: boot, Properties: p}
	}
	boot := describe(nil, ssl, user())
	property := func(id SecurityPropertyID, v any) *SecurityDescription {
		return describe([]SecurityProperty{{id, v}}, ssl, user())
	}
	binding := func(id SecurityBindingPropertyID, v any) *SecurityDescription {
		return describe(nil, &SslTransport{Properties: []SecurityBindingProperty{{id, v}}})
	}
	for _, c := range []struct {
		name      string
		transport ChannelBinding
		sd        *SecurityDescription
		created   HRESULT
		opened    HRESULT
	}{
		{"http", http, nil, S_OK, S_OK},
		{"http, nothing in the description", http, describe(nil), S_OK, S_OK},
		{"http ssl", http, describe(nil, ssl), S_OK, S_OK},
		{"http ssl header", http, describe(nil, ssl, schemes(basic)), S_OK, S_OK},
		{"http ssl username", http, describe(nil, ssl, user()), S_OK, S_OK},
		{"http username ssl", http, describe(nil, user(), ssl), S_OK, S_OK},
		{"http ssl kerberos", http, describe(nil, ssl, kerberos), S_OK, missing},
		{"http ssl token", http, describe(nil, ssl, token), S_OK, S_OK},
		{"http ssl two tokens", http, describe(nil, ssl, token, token), S_OK, S_OK},
		{"http ssl username token", http, describe(nil, ssl, user(), token), S_OK, S_OK},
		{"http ssl context", http, describe(nil, ssl, context(boot)), S_OK, S_OK},
		{"http ssl context by kerberos", http, describe(nil, ssl, context(describe(nil, ssl, kerberos))), S_OK, missing},
		{"http ssl context by token", http, describe(nil, ssl, context(describe(nil, ssl, token))), S_OK, S_OK},
		{"tcp", tcp, nil, S_OK, missing},
		{"tcp sspi", tcp, describe(nil, sspi), S_OK, missing},
		{"tcp sspi username", tcp, describe(nil, sspi, user()), S_OK, missing},
		{"tcp sspi kerberos", tcp, describe(nil, sspi, kerberos), S_OK, missing},
		{"tcp sspi context", tcp, describe(nil, sspi, context(describe(nil, sspi, user()))), S_OK, missing},
		{"pipe", pipe, nil, S_OK, missing},
		{"pipe sspi", pipe, describe(nil, pipes), S_OK, missing},
		{"udp", udp, nil, S_OK, missing},
		{"custom", custom, nil, S_OK, missing},
		{"custom, described", custom, describe(nil), no, 0},
		{"udp ssl", udp, describe(nil, ssl), no, 0},
		{"udp username", udp, describe(nil, user()), no, 0},
		{"pipe username", pipe, describe(nil, pipes, user()), no, 0},
		{"pipe token", pipe, describe(nil, pipes, token), no, 0},
		{"pipe ssl", pipe, describe(nil, ssl), no, 0},
		{"tcp ssl", tcp, describe(nil, ssl), no, 0},
		{"tcp header", tcp, describe([]SecurityProperty{level(WS_PROTECTION_LEVEL_NONE)}, schemes(basic)), no, 0},
		{"tcp pipe", tcp, describe(nil, pipes), no, 0},
		{"tcp username alone", tcp, describe(nil, user()), no, 0},
		{"http sspi", http, describe(nil, sspi), no, 0},
		{"http pipe", http, describe(nil, pipes), no, 0},
		{"http username", http, describe(nil, user()), no, 0},
		{"http username, deliberately", http, describe([]SecurityProperty{level(WS_PROTECTION_LEVEL_NONE)}, user()), no, 0},
		{"http token", http, describe([]SecurityProperty{level(WS_PROTECTION_LEVEL_NONE)}, token), no, 0},
		{"http kerberos", http, describe(nil, kerberos), no, 0},
		{"http context", http, describe(nil, context(boot)), no, 0},
		{"http header", http, describe(nil, schemes(basic)), no, 0},
		{"http header, deliberately", http, describe([]SecurityProperty{level(WS_PROTECTION_LEVEL_NONE)}, schemes(basic)), S_OK, S_OK},
		{"http header, signed", http, describe([]SecurityProperty{level(WS_PROTECTION_LEVEL_SIGN)}, schemes(basic)), no, 0},
		{"two ssl", http, describe(nil, ssl, ssl), no, 0},
		{"two usernames", http, describe(nil, ssl, user(), user()), no, 0},
		{"two kerberos", http, describe(nil, ssl, kerberos, kerberos), no, 0},
		{"two contexts", http, describe(nil, ssl, context(boot), context(boot)), no, 0},
		{"saml at a client", http, describe(nil, ssl, saml), no, 0},
		{"nil binding", http, describe(nil, nil), no, 0},
		{"nil pointer", http, describe(nil, (*SslTransport)(nil)), no, 0},
		{"usage 0", http, describe(nil, ssl, &UsernameMessage{ClientCredential: &StringUsernameCredential{Username: "a"}}), no, 0},
		{"usage 2", http, describe(nil, ssl, &XmlTokenMessage{BindingUsage: 2, XmlToken: testContext(t)}), no, 0},
		{"no credential", http, describe(nil, ssl, &UsernameMessage{BindingUsage: supporting}), no, 0},
		{"no name", http, describe(nil, ssl, &UsernameMessage{BindingUsage: supporting, ClientCredential: &StringUsernameCredential{}}), no, 0},
		{"nil credential", http, describe(nil, ssl, &UsernameMessage{BindingUsage: supporting, ClientCredential: (*StringUsernameCredential)(nil)}), no, 0},
		{"a validator at a client", http, describe(nil, ssl, &UsernameMessage{BindingUsage: supporting, ClientCredential: user().ClientCredential, PasswordValidator: func(any, string, string) HRESULT { return 0 }}), no, 0},
		{"kerberos without", http, describe(nil, ssl, &KerberosApreqMessage{BindingUsage: supporting}), no, 0},
		{"sspi without", tcp, describe(nil, &TcpSspiTransport{}), no, 0},
		{"no token", http, describe(nil, ssl, &XmlTokenMessage{BindingUsage: supporting}), no, 0},
		{"freed token", http, describe(nil, ssl, &XmlTokenMessage{BindingUsage: supporting, XmlToken: freed}), no, 0},
		{"keyed token, no timestamps", http, describe([]SecurityProperty{{WS_SECURITY_PROPERTY_TIMESTAMP_USAGE, WS_SECURITY_TIMESTAMP_USAGE_NEVER}}, ssl, token), no, 0},
		{"context, no timestamps", http, describe([]SecurityProperty{{WS_SECURITY_PROPERTY_TIMESTAMP_USAGE, WS_SECURITY_TIMESTAMP_USAGE_NEVER}}, ssl, context(boot)), no, 0},
		{"context without bootstrap", http, describe(nil, ssl, context(nil)), no, 0},
		{"context by TLS alone", http, describe(nil, ssl, context(describe(nil, ssl))), no, 0},
		{"context by an unprotected user", http, describe(nil, ssl, context(describe(nil, user()))), no, 0},
		{"context by a context", http, describe(nil, ssl, context(describe(nil, ssl, user(), context(boot)))), no, 0},
		{"context with a bad bootstrap", http, describe(nil, ssl, context(describe(nil, ssl, user(), user()))), no, 0},
		{"context of 100 bits", http, describe(nil, ssl, context(boot, SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_KEY_SIZE, uint32(100)})), no, 0},
		{"context of 256 bits", http, describe(nil, ssl, context(boot, SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_KEY_SIZE, uint32(256)})), S_OK, S_OK},
		{"context with limits of a server", http, describe(nil, ssl, context(boot, SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_ACTIVE_CONTEXTS, uint32(1)})), no, 0},
		{"certificate of a store", http, describe(nil, &SslTransport{LocalCertCredential: &ThumbprintCertCredential{}}), S_OK, missing},
		{"certificate without a callback", http, describe(nil, &SslTransport{LocalCertCredential: &CustomCertCredential{}}), no, 0},

		{"passport", http, describe(nil, ssl, schemes(passport)), S_OK, missing},
		{"passport and basic", http, describe(nil, ssl, schemes(passport|basic)), no, 0},
		{"no scheme", http, describe(nil, ssl, schemes(0)), no, 0},
		{"a scheme nobody knows", http, describe(nil, ssl, schemes(64)), no, 0},
		{"many schemes", http, describe(nil, ssl, schemes(none|basic|digest|ntlm|negotiate)), S_OK, S_OK},
		{"proxy", http, describe(nil, ssl, schemes(basic, toProxy())), S_OK, S_OK},
		{"proxy and service", http, describe(nil, ssl, schemes(basic, toProxy()), schemes(digest)), S_OK, S_OK},
		{"two to the service", http, describe(nil, ssl, schemes(basic), schemes(digest)), no, 0},
		{"two to the proxy", http, describe(nil, ssl, schemes(basic, toProxy()), schemes(digest, toProxy())), no, 0},
		{"two schemes to the proxy", http, describe(nil, ssl, schemes(basic|digest, toProxy())), no, 0},
		{"none to the proxy", http, describe(nil, ssl, schemes(none, toProxy())), no, 0},
		{"passport to the proxy", http, describe(nil, ssl, schemes(passport, toProxy())), no, 0},
		{"basic for whoever is logged on", http, describe(nil, ssl, &HttpHeaderAuth{ClientCredential: &DefaultWindowsIntegratedAuthCredential{}, Properties: schemes(basic).Properties}), no, 0},
		{"negotiate for whoever is logged on", http, describe(nil, ssl, &HttpHeaderAuth{ClientCredential: &DefaultWindowsIntegratedAuthCredential{}}), S_OK, S_OK},
		{"header with a validator", http, describe(nil, ssl, &HttpHeaderAuth{ClientCredential: named(), Properties: schemes(basic).Properties, PasswordValidator: onlyAlice}), no, 0},
		{"header with a secret", http, describe(nil, ssl, &HttpHeaderAuth{ClientCredential: named(), Properties: schemes(basic).Properties, DigestSecret: secretOfAlice}), no, 0},
		{"header with a state", http, describe(nil, ssl, &HttpHeaderAuth{ClientCredential: named(), Properties: schemes(basic).Properties, PasswordValidatorState: 1}), no, 0},
		{"header without a credential", http, describe(nil, ssl, &HttpHeaderAuth{}), no, 0},

		{"NTLM that authenticates the server", tcp, describe(nil, &TcpSspiTransport{ClientCredential: named(), Properties: []SecurityBindingProperty{{WS_SECURITY_BINDING_PROPERTY_WINDOWS_INTEGRATED_AUTH_PACKAGE, WS_WINDOWS_INTEGRATED_AUTH_PACKAGE_NTLM}}}), no, 0},
		{"NTLM that does not", tcp, describe(nil, &TcpSspiTransport{ClientCredential: named(), Properties: []SecurityBindingProperty{{WS_SECURITY_BINDING_PROPERTY_WINDOWS_INTEGRATED_AUTH_PACKAGE, WS_WINDOWS_INTEGRATED_AUTH_PACKAGE_NTLM}, {WS_SECURITY_BINDING_PROPERTY_REQUIRE_SERVER_AUTH, false}}}), S_OK, missing},
		{"NTLM on a pipe", pipe, describe(nil, &NamedPipeSspiTransport{ClientCredential: named(), Properties: []SecurityBindingProperty{{WS_SECURITY_BINDING_PROPERTY_WINDOWS_INTEGRATED_AUTH_PACKAGE, WS_WINDOWS_INTEGRATED_AUTH_PACKAGE_NTLM}}}), S_OK, missing},

		{"level that TLS has not", http, describe([]SecurityProperty{level(WS_PROTECTION_LEVEL_SIGN)}, ssl), no, 0},
		{"level 9", http, property(WS_SECURITY_PROPERTY_TRANSPORT_PROTECTION_LEVEL, ProtectionLevel(9)), no, 0},
		{"suite twice", http, describe([]SecurityProperty{{WS_SECURITY_PROPERTY_ALGORITHM_SUITE_NAME, WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128}, {WS_SECURITY_PROPERTY_ALGORITHM_SUITE, &SecurityAlgorithmSuite{}}}, ssl), no, 0},
		{"suite 13", http, property(WS_SECURITY_PROPERTY_ALGORITHM_SUITE_NAME, SecurityAlgorithmSuiteName(13)), no, 0},
		{"no suite", http, property(WS_SECURITY_PROPERTY_ALGORITHM_SUITE, (*SecurityAlgorithmSuite)(nil)), no, 0},
		{"suite by value", http, property(WS_SECURITY_PROPERTY_ALGORITHM_SUITE, SecurityAlgorithmSuite{}), no, 0},
		{"latency in milliseconds", http, property(WS_SECURITY_PROPERTY_MAX_ALLOWED_LATENCY, 300000), no, 0},
		{"latency none", http, property(WS_SECURITY_PROPERTY_MAX_ALLOWED_LATENCY, time.Duration(0)), S_OK, S_OK},
		{"skew below none", http, property(WS_SECURITY_PROPERTY_MAX_ALLOWED_CLOCK_SKEW, -time.Second), no, 0},
		{"validity none", http, property(WS_SECURITY_PROPERTY_TIMESTAMP_VALIDITY_DURATION, time.Duration(0)), no, 0},
		{"usage of timestamps 4", http, property(WS_SECURITY_PROPERTY_TIMESTAMP_USAGE, SecurityTimestampUsage(4)), no, 0},
		{"layout 5", http, property(WS_SECURITY_PROPERTY_SECURITY_HEADER_LAYOUT, SecurityHeaderLayout(5)), no, 0},
		{"header version 3", http, property(WS_SECURITY_PROPERTY_SECURITY_HEADER_VERSION, SecurityHeaderVersion(3)), no, 0},
		{"of a server", http, property(WS_SECURITY_PROPERTY_EXTENDED_PROTECTION_POLICY, WS_EXTENDED_PROTECTION_POLICY_NEVER), no, 0},
		{"property 13", http, property(13, uint32(0)), no, 0},
		{"twice", http, describe([]SecurityProperty{level(WS_PROTECTION_LEVEL_NONE), level(WS_PROTECTION_LEVEL_NONE)}, ssl), no, 0},
		{"of another binding", http, binding(WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_SCHEME, basic), no, 0},
		{"of a server's binding", http, binding(WS_SECURITY_BINDING_PROPERTY_REQUIRE_SSL_CLIENT_CERT, true), no, 0},
		{"binding property 24", http, binding(24, true), no, 0},
		{"failures 32", http, binding(WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE, CertFailure(32)), no, 0},
		{"failures as a number", http, binding(WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE, 1), no, 0},
		{"protocols", http, binding(WS_SECURITY_BINDING_PROPERTY_DISALLOWED_SECURE_PROTOCOLS, WS_SECURE_PROTOCOL_TLS1_2), S_OK, S_OK},
		{"callback without", http, binding(WS_SECURITY_BINDING_PROPERTY_CERTIFICATE_VALIDATION_CALLBACK_CONTEXT, &CertificateValidationCallbackContext{}), no, 0},
		{"binding property of no kind", http, binding(WS_SECURITY_BINDING_PROPERTY_DISABLE_CERT_REVOCATION_CHECK, nil), no, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind := clientTypes[c.transport]
			if kind == 0 {
				kind = WS_CHANNEL_TYPE_REQUEST
			}
			var ch *Channel
			var e Error
			if hr := CreateChannel(kind, c.transport, nil, c.sd, &ch, &e); hr != c.created || (ch != nil) != (hr == S_OK) {
				t.Fatalf("created %v, want %v: %v", hr, c.created, e.Error())
			}
			if c.created != S_OK {
				return
			}
			defer FreeChannel(ch)
			url := "http://127.0.0.1:1/"
			if c.sd != nil && ch.security.ssl != nil {
				url = strings.Replace(url, "http", "https", 1)
			}
			if hr := OpenChannel(ch, &EndpointAddress{URL: url}, nil, &e); hr != c.opened {
				t.Errorf("opened %v, want %v: %v", hr, c.opened, e.Error())
			}
			if c.opened == missing && (len(e.strings) != 1 || !strings.Contains(e.strings[0], "available") && !strings.Contains(e.strings[0], "no certificate store")) {
				t.Errorf("no clear sentence: %v", e.strings)
			}
		})
	}
}

func TestChannelTypes(t *testing.T) {
	for kind := ChannelType(0); kind < 20; kind++ {
		for b := WS_HTTP_CHANNEL_BINDING; b <= WS_NAMEDPIPE_CHANNEL_BINDING+1; b++ {
			var ch *Channel
			hr := CreateChannel(kind, b, nil, nil, &ch, nil)
			if want := b <= WS_NAMEDPIPE_CHANNEL_BINDING && (clientTypes[b] == kind || b == WS_CUSTOM_CHANNEL_BINDING); (hr == S_OK) != want {
				t.Errorf("type %d on %d: %v", kind, b, hr)
			}
			FreeChannel(ch)
		}
	}
	if hr := CreateChannel(WS_CHANNEL_TYPE_REQUEST, WS_HTTP_CHANNEL_BINDING, nil, nil, nil, nil); hr != E_INVALIDARG {
		t.Error(hr)
	}
}

// Addresses that cannot be opened.
func TestIllegalAddresses(t *testing.T) {
	for _, c := range []struct {
		a  EndpointAddress
		sd *SecurityDescription
		hr HRESULT
	}{
		{EndpointAddress{URL: ""}, overTLS(), WS_E_INVALID_ENDPOINT_URL},
		{EndpointAddress{URL: "x"}, overTLS(), WS_E_INVALID_ENDPOINT_URL},
		{EndpointAddress{URL: "https:///p"}, overTLS(), WS_E_INVALID_ENDPOINT_URL},
		{EndpointAddress{URL: "https://a:b@x/"}, overTLS(), WS_E_INVALID_ENDPOINT_URL},
		{EndpointAddress{URL: "http://x/"}, overTLS(), WS_E_INVALID_ENDPOINT_URL},
		{EndpointAddress{URL: "https://x/"}, nil, WS_E_INVALID_ENDPOINT_URL},
		{EndpointAddress{URL: "net.tcp://x/"}, nil, WS_E_INVALID_ENDPOINT_URL},
		{EndpointAddress{URL: "https://x/" + strings.Repeat("a", 65536)}, overTLS(), WS_E_QUOTA_EXCEEDED},
		{EndpointAddress{URL: "https://x/", Headers: &XMLBuffer{"<a>"}}, overTLS(), E_INVALIDARG},
		{EndpointAddress{URL: "https://x/", Headers: &XMLBuffer{`<a xmlns="urn:a"/>`}}, overTLS(), S_OK},
		{EndpointAddress{URL: "https://x/", Identity: UnknownEndpointIdentity{&XMLBuffer{""}}}, overTLS(), E_INVALIDARG},
	} {
		ch := create(t, c.sd)
		var e Error
		if hr := OpenChannel(ch, &c.a, nil, &e); hr != c.hr {
			t.Errorf("%.30s: %v, want %v: %v", c.a.URL, hr, c.hr, e.Error())
		}
	}
	if hr := OpenChannel(create(t, nil), nil, nil, nil); hr != E_INVALIDARG {
		t.Error(hr)
	}
}
