package webservices

import (
	"crypto/tls"
	"fmt"
	"io"
)

// A CertCredential is WS_CERT_CREDENTIAL: one of the three types below.
type CertCredential interface {
	// CertCredentialType says which it is.
	CertCredentialType() CertCredentialType
}

// A SubjectNameCertCredential is WS_SUBJECT_NAME_CERT_CREDENTIAL. There are no
// certificate stores here: opening a channel with it gives WS_E_NOT_SUPPORTED.
type SubjectNameCertCredential struct {
	StoreLocation uint32 // of the store
	StoreName     string // of the store
	SubjectName   string // of the certificate
}

// A ThumbprintCertCredential is WS_THUMBPRINT_CERT_CREDENTIAL. There are no
// certificate stores here: opening a channel with it gives WS_E_NOT_SUPPORTED.
type ThumbprintCertCredential struct {
	StoreLocation uint32 // of the store
	StoreName     string // of the store
	Thumbprint    string // of the certificate
}

// A CustomCertCredential is WS_CUSTOM_CERT_CREDENTIAL.
type CustomCertCredential struct {
	// GetCert is called while the channel is opened and returns the client
	// certificate with its key. It should not take long.
	GetCert func(state any, address *EndpointAddress) (*tls.Certificate, HRESULT)
	// GetCertState is given to GetCert.
	GetCertState any
	// IssuerListNotification, if not nil, is told of the issuers that the
	// server takes certificates of, as DER names.
	IssuerListNotification func(state any, issuers [][]byte) HRESULT
	// IssuerListNotificationState is given to IssuerListNotification.
	IssuerListNotificationState any
}

// CertCredentialType implements [CertCredential].
func (*SubjectNameCertCredential) CertCredentialType() CertCredentialType {
	return WS_SUBJECT_NAME_CERT_CREDENTIAL_TYPE
}

// CertCredentialType implements [CertCredential].
func (*ThumbprintCertCredential) CertCredentialType() CertCredentialType {
	return WS_THUMBPRINT_CERT_CREDENTIAL_TYPE
}

// CertCredentialType implements [CertCredential].
func (*CustomCertCredential) CertCredentialType() CertCredentialType {
	return WS_CUSTOM_CERT_CREDENTIAL_TYPE
}

// A UsernameCredential is WS_USERNAME_CREDENTIAL; StringUsernameCredential is
// the only type.
type UsernameCredential interface {
	// UsernameCredentialType says which it is.
	UsernameCredentialType() UsernameCredentialType
}

// A StringUsernameCredential is WS_STRING_USERNAME_CREDENTIAL.
type StringUsernameCredential struct {
	Username string // not empty
	Password string // copied when a channel is created, like the name
}

// UsernameCredentialType implements [UsernameCredential].
func (*StringUsernameCredential) UsernameCredentialType() UsernameCredentialType {
	return WS_STRING_USERNAME_CREDENTIAL_TYPE
}

// String names the user only.
func (c StringUsernameCredential) String() string {
	return fmt.Sprintf("credential of user %q", c.Username)
}

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (c StringUsernameCredential) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// A WindowsIntegratedAuthCredential is WS_WINDOWS_INTEGRATED_AUTH_CREDENTIAL:
// one of the three types below.
type WindowsIntegratedAuthCredential interface {
	// WindowsIntegratedAuthCredentialType says which it is.
	WindowsIntegratedAuthCredentialType() WindowsIntegratedAuthCredentialType
}

// A StringWindowsIntegratedAuthCredential is
// WS_STRING_WINDOWS_INTEGRATED_AUTH_CREDENTIAL. It serves Basic and Digest too.
type StringWindowsIntegratedAuthCredential struct {
	Username string // not empty
	Password string // copied when a channel is created, like the name
	Domain   string // put before the name with a backslash, if not empty
}

// A DefaultWindowsIntegratedAuthCredential is
// WS_DEFAULT_WINDOWS_INTEGRATED_AUTH_CREDENTIAL: whoever is logged on, which is
// the Negotiator's business.
type DefaultWindowsIntegratedAuthCredential struct{}

// An OpaqueWindowsIntegratedAuthCredential is
// WS_OPAQUE_WINDOWS_INTEGRATED_AUTH_CREDENTIAL. OpaqueAuthIdentity is for the
// Negotiator, which knows what it is.
type OpaqueWindowsIntegratedAuthCredential struct {
	OpaqueAuthIdentity any
}

// WindowsIntegratedAuthCredentialType implements
// [WindowsIntegratedAuthCredential].
func (*StringWindowsIntegratedAuthCredential) WindowsIntegratedAuthCredentialType() WindowsIntegratedAuthCredentialType {
	return WS_STRING_WINDOWS_INTEGRATED_AUTH_CREDENTIAL_TYPE
}

// WindowsIntegratedAuthCredentialType implements
// [WindowsIntegratedAuthCredential].
func (*DefaultWindowsIntegratedAuthCredential) WindowsIntegratedAuthCredentialType() WindowsIntegratedAuthCredentialType {
	return WS_DEFAULT_WINDOWS_INTEGRATED_AUTH_CREDENTIAL_TYPE
}

// WindowsIntegratedAuthCredentialType implements
// [WindowsIntegratedAuthCredential].
func (*OpaqueWindowsIntegratedAuthCredential) WindowsIntegratedAuthCredentialType() WindowsIntegratedAuthCredentialType {
	return WS_OPAQUE_WINDOWS_INTEGRATED_AUTH_CREDENTIAL_TYPE
}

// String names the user only.
func (c StringWindowsIntegratedAuthCredential) String() string {
	return fmt.Sprintf("credential of user %q", c.Username)
}

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (c StringWindowsIntegratedAuthCredential) Format(f fmt.State, _ rune) {
	io.WriteString(f, c.String())
}

// A CertificateValidationCallbackContext is
// WS_CERTIFICATE_VALIDATION_CALLBACK_CONTEXT.
type CertificateValidationCallbackContext struct {
	// Callback is told of the server's certificate, in DER, before anything
	// is sent over a connection; with it, each message has a connection of
	// its own. A failure ends the call with that code.
	Callback func(cert []byte, state any) HRESULT
	// State is given to Callback.
	State any
}
