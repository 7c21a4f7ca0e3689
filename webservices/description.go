package webservices

import "crypto/x509"

// A SecurityDescription is WS_SECURITY_DESCRIPTION: the bindings, one for each
// token, whose set decides how a channel or listener is secured, and properties
// for all of them.
type SecurityDescription struct {
	SecurityBindings []SecurityBinding  // in any order
	Properties       []SecurityProperty // each at most once
}

// A SecurityProperty is WS_SECURITY_PROPERTY.
type SecurityProperty struct {
	ID    SecurityPropertyID // which property
	Value any                // of the type that the ID names
}

// A SecurityBindingProperty is WS_SECURITY_BINDING_PROPERTY.
type SecurityBindingProperty struct {
	ID    SecurityBindingPropertyID // which property
	Value any                       // of the type that the ID names
}

// A SecurityBinding is WS_SECURITY_BINDING: one of the nine types below, by
// pointer.
type SecurityBinding interface {
	// BindingType says which it is.
	BindingType() SecurityBindingType
	properties() []SecurityBindingProperty
}

// An SslTransport is WS_SSL_TRANSPORT_SECURITY_BINDING: TLS, on HTTP.
type SslTransport struct {
	Properties          []SecurityBindingProperty // of this binding
	LocalCertCredential CertCredential            // client certificate; nil is none, and so it is at a server
}

// A TcpSspiTransport is WS_TCP_SSPI_TRANSPORT_SECURITY_BINDING.
type TcpSspiTransport struct {
	Properties       []SecurityBindingProperty       // of this binding
	ClientCredential WindowsIntegratedAuthCredential // required of a client, and nil at a server
}

// A NamedPipeSspiTransport is WS_NAMEDPIPE_SSPI_TRANSPORT_SECURITY_BINDING.
type NamedPipeSspiTransport struct {
	Properties       []SecurityBindingProperty       // of this binding
	ClientCredential WindowsIntegratedAuthCredential // required of a client, and nil at a server
}

// An HttpHeaderAuth is WS_HTTP_HEADER_AUTH_SECURITY_BINDING: authentication by
// HTTP headers, to the service or to the proxy. Where a server in Windows asks the
// system about an account, a server here asks the binding's own functions, by many
// goroutines at once; S_OK alone is yes, and a failure is for the log.
type HttpHeaderAuth struct {
	Properties       []SecurityBindingProperty       // of this binding
	ClientCredential WindowsIntegratedAuthCredential // required of a client, and nil at a server
	// PasswordValidator is required of a server with the scheme BASIC, and nil
	// at a client. It should take as long for a name that does not exist.
	PasswordValidator func(state any, username, password string) HRESULT
	// DigestSecret is required of a server with the scheme DIGEST, and nil at a
	// client. It returns what is known of a user's password.
	DigestSecret func(state any, username, realm string) (HttpDigestSecret, HRESULT)
	// PasswordValidatorState is given to PasswordValidator and DigestSecret.
	PasswordValidatorState any
}

// A UsernameMessage is WS_USERNAME_MESSAGE_SECURITY_BINDING: name and password
// in the Security header.
type UsernameMessage struct {
	Properties       []SecurityBindingProperty // of this binding
	BindingUsage     MessageSecurityUsage      // WS_SUPPORTING_MESSAGE_SECURITY_USAGE
	ClientCredential UsernameCredential        // required of a client, and nil at a server
	// PasswordValidator is required of a server, and nil at a client. It is
	// asked for each message, by many goroutines at once; S_OK alone is yes. A
	// failure is for the log.
	PasswordValidator func(state any, username, password string) HRESULT
	// PasswordValidatorState is given to PasswordValidator.
	PasswordValidatorState any
}

// A KerberosApreqMessage is WS_KERBEROS_APREQ_MESSAGE_SECURITY_BINDING.
type KerberosApreqMessage struct {
	Properties       []SecurityBindingProperty       // of this binding
	BindingUsage     MessageSecurityUsage            // WS_SUPPORTING_MESSAGE_SECURITY_USAGE
	ClientCredential WindowsIntegratedAuthCredential // required of a client, and nil at a server
}

// An XmlTokenMessage is WS_XML_TOKEN_MESSAGE_SECURITY_BINDING: an issued token,
// and a signature if it has a key. The token is copied when a channel is
// created.
type XmlTokenMessage struct {
	Properties   []SecurityBindingProperty // of this binding
	BindingUsage MessageSecurityUsage      // WS_SUPPORTING_MESSAGE_SECURITY_USAGE
	XmlToken     *SecurityToken            // required
}

// A SamlMessage is WS_SAML_MESSAGE_SECURITY_BINDING. It is for servers: a
// client presents an assertion with an XmlTokenMessage.
type SamlMessage struct {
	Properties    []SecurityBindingProperty // of this binding
	BindingUsage  MessageSecurityUsage      // WS_SUPPORTING_MESSAGE_SECURITY_USAGE
	Authenticator *SamlAuthenticator        // required
}

// A SamlAuthenticator is WS_CERT_SIGNED_SAML_AUTHENTICATOR.
type SamlAuthenticator struct {
	// TrustedIssuerCerts are those of which any may have signed, whatever stands
	// as Issuer. Chain and validity are not looked at.
	TrustedIssuerCerts []*x509.Certificate
	// DecryptionCert is asked for while the listener is opened, for assertions
	// and proof keys that are encrypted for the service. It may be nil.
	DecryptionCert CertCredential
	// SamlValidator, if not nil, decides about a verified assertion; S_OK alone
	// is yes. It is called by many goroutines at once.
	SamlValidator func(state any, assertion *XMLBuffer) HRESULT
	// SamlValidatorState is given to SamlValidator.
	SamlValidatorState any
}

// A SecurityContextMessage is WS_SECURITY_CONTEXT_MESSAGE_SECURITY_BINDING:
// WS-SecureConversation.
type SecurityContextMessage struct {
	Properties   []SecurityBindingProperty // of this binding
	BindingUsage MessageSecurityUsage      // WS_SUPPORTING_MESSAGE_SECURITY_USAGE
	// BootstrapSecurityDescription secures the two messages that make the
	// context. It is complete in itself, and required.
	BootstrapSecurityDescription *SecurityDescription
}

// BindingType implements [SecurityBinding].
func (*SslTransport) BindingType() SecurityBindingType { return WS_SSL_TRANSPORT_SECURITY_BINDING_TYPE }

// BindingType implements [SecurityBinding].
func (*TcpSspiTransport) BindingType() SecurityBindingType {
	return WS_TCP_SSPI_TRANSPORT_SECURITY_BINDING_TYPE
}

// BindingType implements [SecurityBinding].
func (*NamedPipeSspiTransport) BindingType() SecurityBindingType {
	return WS_NAMEDPIPE_SSPI_TRANSPORT_SECURITY_BINDING_TYPE
}

// BindingType implements [SecurityBinding].
func (*HttpHeaderAuth) BindingType() SecurityBindingType {
	return WS_HTTP_HEADER_AUTH_SECURITY_BINDING_TYPE
}

// BindingType implements [SecurityBinding].
func (*UsernameMessage) BindingType() SecurityBindingType {
	return WS_USERNAME_MESSAGE_SECURITY_BINDING_TYPE
}

// BindingType implements [SecurityBinding].
func (*KerberosApreqMessage) BindingType() SecurityBindingType {
	return WS_KERBEROS_APREQ_MESSAGE_SECURITY_BINDING_TYPE
}

// BindingType implements [SecurityBinding].
func (*XmlTokenMessage) BindingType() SecurityBindingType {
	return WS_XML_TOKEN_MESSAGE_SECURITY_BINDING_TYPE
}

// BindingType implements [SecurityBinding].
func (*SamlMessage) BindingType() SecurityBindingType { return WS_SAML_MESSAGE_SECURITY_BINDING_TYPE }

// BindingType implements [SecurityBinding].
func (*SecurityContextMessage) BindingType() SecurityBindingType {
	return WS_SECURITY_CONTEXT_MESSAGE_SECURITY_BINDING_TYPE
}

func (b *SslTransport) properties() []SecurityBindingProperty           { return b.Properties }
func (b *TcpSspiTransport) properties() []SecurityBindingProperty       { return b.Properties }
func (b *NamedPipeSspiTransport) properties() []SecurityBindingProperty { return b.Properties }
func (b *HttpHeaderAuth) properties() []SecurityBindingProperty         { return b.Properties }
func (b *UsernameMessage) properties() []SecurityBindingProperty        { return b.Properties }
func (b *KerberosApreqMessage) properties() []SecurityBindingProperty   { return b.Properties }
func (b *XmlTokenMessage) properties() []SecurityBindingProperty        { return b.Properties }
func (b *SamlMessage) properties() []SecurityBindingProperty            { return b.Properties }
func (b *SecurityContextMessage) properties() []SecurityBindingProperty { return b.Properties }

// usage returns the usage of a message binding.
func usage(b SecurityBinding) (u MessageSecurityUsage, message bool) {
	switch b := b.(type) {
	case *UsernameMessage:
		return b.BindingUsage, true
	case *KerberosApreqMessage:
		return b.BindingUsage, true
	case *XmlTokenMessage:
		return b.BindingUsage, true
	case *SamlMessage:
		return b.BindingUsage, true
	case *SecurityContextMessage:
		return b.BindingUsage, true
	}
	return 0, false
}
