package webservices

import (
	"errors"
	"fmt"

	"wstrust"
	"wstrust/internal/httpauth"
)

// A headerAuth is an HttpHeaderAuth binding that was checked and copied.
type headerAuth struct {
	schemes httpauth.Scheme
	proxy   bool
	name    string
	// A closure, since fmt prints what a field holds.
	password func() string
}

// Sentences about what is not there (yet).
const (
	noKerberos = "Kerberos AP-REQ tokens are not available yet: use UsernameMessage or XmlTokenMessage"
	noTCP      = "the transport TCP with SSPI is not available yet: use HTTP"
	noPipe     = "named pipes are not available: use HTTP"
	noUDP      = "the transport UDP is not available: use HTTP"
	noCustom   = "custom transports are not available: use HTTP"
	noPassport = "the scheme PASSPORT is not available"
	noStore    = "there is no certificate store here: use CustomCertCredential"
)

// binding takes one checked binding in.
func (s *security) binding(b SecurityBinding, v bindingValues, transport ChannelBinding) error {
	switch b := b.(type) {
	case *SslTransport:
		s.ssl = readTLS(v, b.LocalCertCredential)
		switch c := b.LocalCertCredential.(type) {
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
	case *TcpSspiTransport:
		s.miss(noTCP)
		return checkSSPI(b.ClientCredential, v, true)
	case *NamedPipeSspiTransport:
		s.miss(noPipe)
		return checkSSPI(b.ClientCredential, v, false)
	case *HttpHeaderAuth:
		s.header(b, v)
	case *UsernameMessage:
		if b.PasswordValidator != nil || b.PasswordValidatorState != nil {
			return errors.New("PasswordValidator is for servers")
		}
		c, ok := b.ClientCredential.(*StringUsernameCredential)
		if !ok || c == nil || c.Username == "" {
			return errors.New("UsernameMessage needs a ClientCredential with a name")
		}
		s.message(wstrust.Username(c.Username, c.Password))
	case *KerberosApreqMessage:
		s.messages++
		s.miss(noKerberos)
		return checkWindows(b.ClientCredential)
	case *XmlTokenMessage:
		return s.token(b)
	case *SecurityContextMessage:
		return s.context(b, v, transport)
	default:
		return fmt.Errorf("binding %T is not for clients", b)
	}
	return nil
}

func (s *security) message(b wstrust.Binding) {
	s.messages++
	s.config.Bindings = append(s.config.Bindings, b)
}

// miss notes what is missing; the first sentence stays.
func (s *security) miss(sentence string) {
	if s.missing == "" {
		s.missing = sentence
	}
}

// token presents a copy of a token.
func (s *security) token(b *XmlTokenMessage) error {
	if b.XmlToken == nil || b.XmlToken.token == nil {
		return errors.New("XmlTokenMessage needs a token that was not freed")
	}
	t, err := b.XmlToken.token.Copy()
	if err != nil {
		return err
	}
	s.owned = append(s.owned, t)
	if t.KeyType() != wstrust.Bearer && s.config.Header.Timestamp == wstrust.TimestampNever {
		return errors.New("the token's key signs the timestamp, and TIMESTAMP_USAGE is NEVER")
	}
	s.message(wstrust.XMLToken(t))
	return nil
}

func (s *security) header(b *HttpHeaderAuth, v bindingValues) {
	scheme := v.scheme()
	if scheme == WS_HTTP_HEADER_AUTH_SCHEME_PASSPORT {
		s.miss(noPassport)
	}
	h := &headerAuth{
		schemes: httpauth.Scheme(scheme &^ WS_HTTP_HEADER_AUTH_SCHEME_PASSPORT),
		proxy:   v.of(WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_TARGET) == WS_HTTP_HEADER_AUTH_TARGET_PROXY,
	}
	if c, ok := b.ClientCredential.(*StringWindowsIntegratedAuthCredential); ok {
		h.name = c.Username
		if c.Domain != "" {
			h.name = c.Domain + `\` + c.Username
		}
		password := c.Password
		h.password = func() string { return password }
	}
	s.auths = append(s.auths, h)
}

func checkWindows(c WindowsIntegratedAuthCredential) error {
	if isNil(c) {
		return errors.New("a ClientCredential is required")
	}
	if c, ok := c.(*StringWindowsIntegratedAuthCredential); ok && c.Username == "" {
		return errors.New("the user name is empty")
	}
	return nil
}

// checkSSPI checks a transport binding of SSPI. NTLM cannot authenticate the
// server; REQUIRE_SERVER_AUTH is true by default on TCP and false on pipes.
func checkSSPI(c WindowsIntegratedAuthCredential, v bindingValues, tcp bool) error {
	require, given := v[WS_SECURITY_BINDING_PROPERTY_REQUIRE_SERVER_AUTH].(bool)
	if !given {
		require = tcp
	}
	if require && v.of(WS_SECURITY_BINDING_PROPERTY_WINDOWS_INTEGRATED_AUTH_PACKAGE) == WS_WINDOWS_INTEGRATED_AUTH_PACKAGE_NTLM {
		return errors.New("NTLM does not authenticate the server: set REQUIRE_SERVER_AUTH to false")
	}
	return checkWindows(c)
}

// context checks a security context binding and its bootstrap.
func (s *security) context(b *SecurityContextMessage, v bindingValues, transport ChannelBinding) error {
	if b.BootstrapSecurityDescription == nil {
		return errors.New("SecurityContextMessage needs a BootstrapSecurityDescription")
	}
	if s.config.Header.Timestamp == wstrust.TimestampNever {
		return errors.New("the context's key signs the timestamp, and TIMESTAMP_USAGE is NEVER")
	}
	credentials := 0
	for _, inner := range b.BootstrapSecurityDescription.SecurityBindings {
		switch inner.(type) {
		case *KerberosApreqMessage, *XmlTokenMessage, *UsernameMessage:
			credentials++
		case *SecurityContextMessage:
			return errors.New("a security context cannot make a security context")
		}
	}
	if credentials == 0 {
		return errors.New("the bootstrap needs a KerberosApreqMessage, XmlTokenMessage or UsernameMessage")
	}
	boot, err := readSecurity(b.BootstrapSecurityDescription, transport)
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	s.owned = append(s.owned, boot.owned...)
	s.miss(boot.missing)
	return s.converse(boot, v)
}
