package webservices

import (
	"testing"
	"time"

	"wstrust"
)

// The defaults of a security description, as the core gets them.
func TestSecurityDefaults(t *testing.T) {
	s, err := readSecurity(alice(), WS_HTTP_CHANNEL_BINDING)
	if err != nil {
		t.Fatal(err)
	}
	want := wstrust.Header{
		Timestamp: wstrust.TimestampAlways, Layout: wstrust.LayoutStrict,
		TTL: 5 * time.Minute, MaxLatency: 5 * time.Minute, MaxSkew: 5 * time.Minute,
	}
	if s.config.Header != want || s.config.Suite != wstrust.Basic256 || s.config.Versions.Security != wstrust.Security11 || s.keys != (keyRange{256, 256}) {
		t.Errorf("%+v %v %v", s.config.Header, s.config.Suite, s.keys)
	}
	// Kerberos makes it BASIC128, unless the caller names a suite.
	kerberos := &KerberosApreqMessage{BindingUsage: WS_SUPPORTING_MESSAGE_SECURITY_USAGE, ClientCredential: &DefaultWindowsIntegratedAuthCredential{}}
	sd := &SecurityDescription{SecurityBindings: []SecurityBinding{&SslTransport{}, kerberos}}
	if s, err = readSecurity(sd, WS_HTTP_CHANNEL_BINDING); err != nil || s.config.Suite != wstrust.Basic128 {
		t.Error(s.config.Suite, err)
	}
	sd.Properties = []SecurityProperty{{WS_SECURITY_PROPERTY_ALGORITHM_SUITE_NAME, WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC192}}
	if s, err = readSecurity(sd, WS_HTTP_CHANNEL_BINDING); err != nil || s.config.Suite != wstrust.Basic192 {
		t.Error(s.config.Suite, err)
	}
	// Without a message binding there is no Security header.
	if s, err = readSecurity(overTLS(), WS_HTTP_CHANNEL_BINDING); err != nil || s.config.Header.Timestamp != wstrust.TimestampNever {
		t.Error(s.config.Header, err)
	}
}

func TestBindingDefaults(t *testing.T) {
	for id, want := range map[SecurityBindingPropertyID]any{
		WS_SECURITY_BINDING_PROPERTY_REQUIRE_SSL_CLIENT_CERT:               false,
		WS_SECURITY_BINDING_PROPERTY_WINDOWS_INTEGRATED_AUTH_PACKAGE:       WS_WINDOWS_INTEGRATED_AUTH_PACKAGE_SPNEGO,
		WS_SECURITY_BINDING_PROPERTY_ALLOW_ANONYMOUS_CLIENTS:               false,
		WS_SECURITY_BINDING_PROPERTY_ALLOWED_IMPERSONATION_LEVEL:           uint32(1),
		WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_SCHEME:               WS_HTTP_HEADER_AUTH_SCHEME_NEGOTIATE,
		WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_TARGET:               WS_HTTP_HEADER_AUTH_TARGET_SERVICE,
		WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_KEY_ENTROPY_MODE:     WS_SECURITY_KEY_ENTROPY_MODE_COMBINED,
		WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_PENDING_CONTEXTS: uint32(100),
		WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_ACTIVE_CONTEXTS:  uint32(1000),
		WS_SECURITY_BINDING_PROPERTY_SECURE_CONVERSATION_VERSION:           WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005,
		WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_SUPPORT_RENEW:        true,
		WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_RENEWAL_INTERVAL:     10 * time.Hour,
		WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_ROLLOVER_INTERVAL:    5 * time.Minute,
		WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE:               WS_CERT_FAILURE_REVOCATION_OFFLINE,
		WS_SECURITY_BINDING_PROPERTY_DISABLE_CERT_REVOCATION_CHECK:         false,
		WS_SECURITY_BINDING_PROPERTY_DISALLOWED_SECURE_PROTOCOLS:           WS_SECURE_PROTOCOL_SSL2 | WS_SECURE_PROTOCOL_SSL3 | WS_SECURE_PROTOCOL_TLS1_0 | WS_SECURE_PROTOCOL_TLS1_1,
	} {
		if got := (bindingValues{}).of(id); got != want {
			t.Errorf("property %d is %v, want %v", id, got, want)
		}
	}
}

// The entropy of a request and that of a context differ by default.
func TestRequestDefaults(t *testing.T) {
	r, err := readRequest(nil, channelValues{}, keyRange{256, 256})
	if err != nil {
		t.Fatal(err)
	}
	if r.request.Action != wstrust.Issue || r.request.Entropy != wstrust.ServerEntropy || r.request.KeyType != wstrust.KeyTypeUnspecified ||
		r.request.KeySize != 0 || r.dialect != (dialect{trust: wstrust.Trust2005, headers: 64}) || r.wantsKey {
		t.Errorf("%+v %+v", r.request, r.dialect)
	}
	s, err := readSecurity(&SecurityDescription{SecurityBindings: []SecurityBinding{&SslTransport{}, &SecurityContextMessage{
		BindingUsage: WS_SUPPORTING_MESSAGE_SECURITY_USAGE, BootstrapSecurityDescription: alice(),
	}}}, WS_HTTP_CHANNEL_BINDING)
	if err != nil {
		t.Fatal(err)
	}
	if c := s.conversation.config; c.Entropy != wstrust.ContextCombinedEntropy || c.Version != wstrust.Conversation2005 || c.NoRenewal || c.RenewalInterval != 10*time.Hour || c.KeySize != 0 {
		t.Errorf("%+v", c)
	}
}
