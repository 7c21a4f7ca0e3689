package webservices

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"wstrust/cache"
	"wstrust/service"
)

// A serverSecurity is a description of a server that was checked and copied. It
// becomes a [service.Verifier], which does the work.
type serverSecurity struct {
	level         ProtectionLevel
	ssl           bool
	roots         *x509.CertPool  // of the certificates that clients must have in TLS; nil: they need none
	revoked       RevocationCheck // of these; nil: not asked
	suite         service.Suite
	latency, skew time.Duration
	bindings      map[SecurityBindingType]SecurityBinding // as they were given
	// Each of these, if not nil, must be satisfied.
	header   *serverHeader
	users    service.Users
	saml     *SamlAuthenticator
	contexts *serverContexts
	missing  string // what keeps the listener from being opened: one sentence
}

// serverContexts is a SecurityContextMessage binding of a server.
type serverContexts struct {
	boot               *serverSecurity
	version            SecureConversationVersion
	renewable          bool
	lifetime, rollover time.Duration
	pending, active    int
}

// Sentences about what a server has not.
const (
	noSender     = "a listener that authenticates nobody is not available: it would be a plain http.Handler"
	noNegotiate  = "the schemes NEGOTIATE and NTLM are not available at a server, which has no accounts of Windows: set HTTP_HEADER_AUTH_SCHEME to BASIC or DIGEST"
	noOtherToken = "a description with SecurityContextMessage and its bootstrap both have a binding of one type: it must be the same one, by pointer"
	noBareHeader = "messages without a timestamp are not accepted here: TIMESTAMP_USAGE must not be NEVER"
	noOtherBoot  = "the bootstrap must have the transport security, the HttpHeaderAuth (by pointer) and the algorithm suite of its description"
)

// serverSecurityRules are the properties that only servers have. They are about
// the authentication of Windows, and are taken without effect.
var serverSecurityRules = map[SecurityPropertyID]securityRule{
	WS_SECURITY_PROPERTY_EXTENDED_PROTECTION_POLICY: {WS_EXTENDED_PROTECTION_POLICY_WHEN_SUPPORTED, func(v any) bool {
		return between(v.(ExtendedProtectionPolicy), WS_EXTENDED_PROTECTION_POLICY_NEVER, WS_EXTENDED_PROTECTION_POLICY_ALWAYS)
	}},
	WS_SECURITY_PROPERTY_EXTENDED_PROTECTION_SCENARIO: {WS_EXTENDED_PROTECTION_SCENARIO_BOUND_SERVER, func(v any) bool {
		return between(v.(ExtendedProtectionScenario), WS_EXTENDED_PROTECTION_SCENARIO_BOUND_SERVER, WS_EXTENDED_PROTECTION_SCENARIO_TERMINATED_SSL)
	}},
	WS_SECURITY_PROPERTY_SERVICE_IDENTITIES: {[]string(nil), func(any) bool { return true }},
}

// readServerSecurity checks a description of a server completely.
func readServerSecurity(sd *SecurityDescription, transport ChannelBinding, v listenerValues) (*serverSecurity, error) {
	s := &serverSecurity{level: WS_PROTECTION_LEVEL_NONE, bindings: map[SecurityBindingType]SecurityBinding{}}
	if sd == nil {
		s.miss(noSender)
		return s, nil
	}
	values, err := readSecurityProperties(sd, serverSecurityRules)
	if err != nil {
		return nil, err
	}
	level, given := values[WS_SECURITY_PROPERTY_TRANSPORT_PROTECTION_LEVEL].(ProtectionLevel)
	if transport == WS_CUSTOM_CHANNEL_BINDING {
		return nil, errors.New("a custom transport takes no security description")
	}
	if err := combine(sd, transport, level, given, true); err != nil {
		return nil, err
	}
	var common security
	if err := common.properties(sd, values); err != nil {
		return nil, err
	}
	s.suite, s.latency, s.skew = service.Suite(common.config.Suite), common.config.Header.MaxLatency, common.config.Header.MaxSkew
	for i, b := range sd.SecurityBindings {
		s.bindings[b.BindingType()] = b
		bv, err := readBindingProperties(b, true)
		if err == nil {
			err = s.binding(b, bv, transport, v)
		}
		if err != nil {
			return nil, fmt.Errorf("binding %d: %w", i, err)
		}
	}
	if s.ssl {
		s.level = WS_PROTECTION_LEVEL_SIGN_AND_ENCRYPT
		if given {
			s.level = level
		}
	}
	if values[WS_SECURITY_PROPERTY_TIMESTAMP_USAGE] == WS_SECURITY_TIMESTAMP_USAGE_NEVER && s.tokens() {
		s.miss(noBareHeader)
	}
	if !s.tokens() && s.header == nil && s.roots == nil {
		s.miss(noSender)
	}
	return s, s.checkBootstrap()
}

// tokens reports whether messages must have tokens.
func (s *serverSecurity) tokens() bool {
	_, kerberos := s.bindings[WS_KERBEROS_APREQ_MESSAGE_SECURITY_BINDING_TYPE]
	return kerberos || s.users != nil || s.saml != nil || s.contexts != nil
}

// miss notes what is missing; the first sentence stays.
func (s *serverSecurity) miss(sentence string) {
	if s.missing == "" {
		s.missing = sentence
	}
}

// binding takes one checked binding in.
func (s *serverSecurity) binding(b SecurityBinding, v bindingValues, transport ChannelBinding, lv listenerValues) error {
	switch b := b.(type) {
	case *SslTransport:
		if !isNil(b.LocalCertCredential) {
			return errors.New("the server's certificate is that of its http.Server: LocalCertCredential must be nil")
		}
		s.ssl = true
		if v.of(WS_SECURITY_BINDING_PROPERTY_REQUIRE_SSL_CLIENT_CERT).(bool) {
			s.roots = lv.of(WS_LISTENER_PROPERTY_EX_ROOT_CERTIFICATES).(*x509.CertPool)
			s.revoked = lv.of(WS_LISTENER_PROPERTY_EX_REVOCATION_CHECK).(RevocationCheck)
			if s.roots == nil {
				return errors.New("REQUIRE_SSL_CLIENT_CERT needs EX_ROOT_CERTIFICATES, those of the clients")
			}
		}
		return nil
	case *TcpSspiTransport:
		s.miss(noTCP)
		return noCredential(b.ClientCredential)
	case *NamedPipeSspiTransport:
		s.miss(noPipe)
		return noCredential(b.ClientCredential)
	case *HttpHeaderAuth:
		if v.scheme()&(WS_HTTP_HEADER_AUTH_SCHEME_NEGOTIATE|WS_HTTP_HEADER_AUTH_SCHEME_NTLM) != 0 {
			s.miss(noNegotiate)
		}
		s.header = &serverHeader{auth: *b, values: v}
	case *UsernameMessage:
		if !isNil(b.ClientCredential) {
			return errors.New(clientCredential)
		}
		if b.PasswordValidator == nil {
			return errors.New("UsernameMessage needs a PasswordValidator")
		}
		s.users = passwordUsers{b.PasswordValidator, b.PasswordValidatorState}
	case *KerberosApreqMessage:
		s.miss(noKerberos)
		return noCredential(b.ClientCredential)
	case *SamlMessage:
		return s.authenticator(b.Authenticator)
	case *SecurityContextMessage:
		return s.context(b, v, transport, lv)
	default:
		return fmt.Errorf("binding %T is not for servers", b)
	}
	return nil
}

func noCredential(c WindowsIntegratedAuthCredential) error {
	if !isNil(c) {
		return errors.New(clientCredential)
	}
	return nil
}

// authenticator copies what decides about assertions. Issuers sign as they do,
// whatever suite the messages have, so that a named suite is widened by
// SHA-256 and better; a suite of the caller's own says itself what it takes.
func (s *serverSecurity) authenticator(a *SamlAuthenticator) error {
	if a == nil || len(a.TrustedIssuerCerts) == 0 || slices.Contains(a.TrustedIssuerCerts, nil) {
		return errors.New("SamlMessage needs an Authenticator with TrustedIssuerCerts")
	}
	switch c := a.DecryptionCert.(type) {
	case *SubjectNameCertCredential, *ThumbprintCertCredential:
		if isNil(c) {
			return errors.New("the certificate credential is a nil pointer")
		}
		s.miss(noStore)
	case *CustomCertCredential:
		if c == nil || c.GetCert == nil {
			return errors.New("CustomCertCredential needs GetCert")
		}
	}
	own := *a
	own.TrustedIssuerCerts = slices.Clone(a.TrustedIssuerCerts)
	s.saml = &own
	if wider := s.suite + "+Modern"; wider.Valid() {
		s.suite = wider
	}
	return nil
}

// context checks a security context binding and its bootstrap.
func (s *serverSecurity) context(b *SecurityContextMessage, v bindingValues, transport ChannelBinding, lv listenerValues) error {
	if b.BootstrapSecurityDescription == nil {
		return errors.New("SecurityContextMessage needs a BootstrapSecurityDescription")
	}
	for _, inner := range b.BootstrapSecurityDescription.SecurityBindings {
		if _, again := inner.(*SecurityContextMessage); again {
			return errors.New("a security context cannot make a security context")
		}
	}
	boot, err := readServerSecurity(b.BootstrapSecurityDescription, transport, lv)
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	s.miss(boot.missing)
	lifetime, given := v[WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_RENEWAL_INTERVAL].(time.Duration)
	if !given {
		lifetime = serverRenewalInterval
	}
	s.contexts = &serverContexts{
		boot:      boot,
		version:   v.of(WS_SECURITY_BINDING_PROPERTY_SECURE_CONVERSATION_VERSION).(SecureConversationVersion),
		renewable: v.of(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_SUPPORT_RENEW).(bool),
		lifetime:  lifetime,
		rollover:  v.of(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_ROLLOVER_INTERVAL).(time.Duration),
		pending:   int(v.of(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_PENDING_CONTEXTS).(uint32)),
		active:    int(v.of(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_ACTIVE_CONTEXTS).(uint32)),
	}
	return nil
}

// checkBootstrap compares the two descriptions of a security context, for which
// one Verifier stands.
func (s *serverSecurity) checkBootstrap() error {
	if s.contexts == nil {
		return nil
	}
	boot := s.contexts.boot
	if !boot.tokens() {
		return errors.New("the bootstrap needs a KerberosApreqMessage, SamlMessage or UsernameMessage")
	}
	plain := func(s service.Suite) string { named, _, _ := strings.Cut(string(s), "+"); return named }
	const header = WS_HTTP_HEADER_AUTH_SECURITY_BINDING_TYPE
	if boot.ssl != s.ssl || (boot.roots == nil) != (s.roots == nil) || boot.bindings[header] != s.bindings[header] || plain(boot.suite) != plain(s.suite) {
		s.miss(noOtherBoot)
	}
	for _, t := range []SecurityBindingType{WS_USERNAME_MESSAGE_SECURITY_BINDING_TYPE, WS_SAML_MESSAGE_SECURITY_BINDING_TYPE} {
		if own, both := boot.bindings[t]; both && s.bindings[t] != nil && s.bindings[t] != own {
			s.miss(noOtherToken)
		}
	}
	if boot.saml != nil {
		s.suite = boot.suite // the wider one
	}
	return nil
}

// certified returns the certificate that a client must show in TLS, in DER. It
// must be for clients, of one of the roots, and known not to be revoked if that
// is to be asked.
func (s *serverSecurity) certified(cs *tls.ConnectionState) (cert []byte, err error) {
	if s.roots == nil {
		return nil, nil
	}
	if cs == nil || len(cs.PeerCertificates) == 0 {
		return nil, errors.New("webservices: the client shows no certificate")
	}
	between := x509.NewCertPool()
	for _, c := range cs.PeerCertificates[1:] {
		between.AddCert(c)
	}
	verified, leaf := *cs, cs.PeerCertificates[0]
	verified.VerifiedChains, err = leaf.Verify(x509.VerifyOptions{
		Roots: s.roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err == nil && s.revoked != nil {
		err = s.revoked(verified)
	}
	return leaf.Raw, err
}

// verifier makes what verifies the messages to a service of these URLs.
func (s *serverSecurity) verifier(urls []string, v listenerValues) (*service.Verifier, error) {
	out := &service.Verifier{
		Audiences: urls, Addresses: urls,
		Replay: v.of(WS_LISTENER_PROPERTY_EX_REPLAY_CACHE).(*cache.Cache),
		Suite:  s.suite, MaxLatency: s.latency, MaxSkew: s.skew,
		Limits: service.Limits{MessageBytes: int(v.of(WS_LISTENER_PROPERTY_EX_MAX_BUFFERED_MESSAGE_SIZE).(uint32))},
		Logger: v.of(WS_LISTENER_PROPERTY_EX_LOGGER).(*slog.Logger),
	}
	if v.of(WS_LISTENER_PROPERTY_EX_STRICT_PROFILE).(bool) {
		out.Profile = service.LWSSP
	}
	if out.Replay == nil {
		var err error
		if out.Replay, err = newReplayCache(); err != nil {
			return nil, err
		}
	}
	out.Users = s.users
	saml := s.saml
	if c := s.contexts; c != nil {
		if out.Users == nil {
			out.Users = c.boot.users
		}
		if saml == nil {
			saml = c.boot.saml
		}
		out.Contexts = &service.Contexts{
			Cache:    v.of(WS_LISTENER_PROPERTY_EX_CONTEXT_CACHE).(*cache.Cache),
			Seal:     slices.Clone(v.of(WS_LISTENER_PROPERTY_EX_CONTEXT_SEAL).([]service.SealKey)),
			Lifetime: c.lifetime, Rollover: c.rollover, MaxPending: c.pending, MaxActive: c.active, MaxPerPrincipal: c.active,
			Admit: c.admit,
		}
	}
	switch {
	case s.tokens(): // the rest supports them
	case s.header != nil:
		out.HTTPUser = func(ctx context.Context) string { return ctx.Value(arrivalKey{}).(*arrival).user }
	default:
		out.ClientCAs = s.roots
	}
	if saml != nil {
		if err := saml.believe(out); err != nil {
			return nil, err
		}
	}
	return out, nil
}
