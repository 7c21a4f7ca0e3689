package webservices

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// A RevocationCheck says whether the certificates of a server were revoked, as
// Windows asks its own service: it is told of a connection whose VerifiedChains
// are those that were found. It returns nil if they are known to be good, an
// error that wraps [CRYPT_E_REVOCATION_OFFLINE] if that cannot be known, and any
// other if one was revoked, which no setting ignores. The method
// VerifyConnection of a Checker of package wstrust/revocation is such a function;
// its field InsecureUnknown is what REVOCATION_OFFLINE is here.
type RevocationCheck func(cs tls.ConnectionState) error

// tlsSettings are what an SslTransport binding asks for.
type tlsSettings struct {
	ignore       CertFailure
	noRevocation bool
	disallowed   SecureProtocol
	callback     *CertificateValidationCallbackContext
	credential   CertCredential
}

func readTLS(v bindingValues, c CertCredential) *tlsSettings {
	return &tlsSettings{
		ignore:       v.of(WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE).(CertFailure),
		noRevocation: v.of(WS_SECURITY_BINDING_PROPERTY_DISABLE_CERT_REVOCATION_CHECK).(bool),
		disallowed:   v.of(WS_SECURITY_BINDING_PROPERTY_DISALLOWED_SECURE_PROTOCOLS).(SecureProtocol),
		callback:     v.of(WS_SECURITY_BINDING_PROPERTY_CERTIFICATE_VALIDATION_CALLBACK_CONTEXT).(*CertificateValidationCallbackContext),
		credential:   c,
	}
}

// A codeError is an error that has its code already.
type codeError struct {
	code HRESULT
	err  error
}

func (e *codeError) Error() string { return e.err.Error() }

// Unwrap returns the code and the reason.
func (e *codeError) Unwrap() []error { return []error{e.code, e.err} }

// client makes the TLS configuration for one endpoint. The standard check of
// the server's certificate is replaced by [tlsSettings.verify], which knows
// which failures to let pass; it runs for every connection, resumed ones too.
func (s *tlsSettings) client(name string, identity EndpointIdentity, roots *x509.CertPool, own *tls.Certificate, revoked RevocationCheck) *tls.Config {
	c := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         name,
		InsecureSkipVerify: true, // verify does it
		VerifyConnection: func(cs tls.ConnectionState) error {
			return s.verify(cs, name, identity, roots, revoked, time.Now())
		},
	}
	if s.disallowed&WS_SECURE_PROTOCOL_TLS1_2 != 0 {
		c.MinVersion = tls.VersionTLS13
	}
	custom, _ := s.credential.(*CustomCertCredential)
	if own == nil {
		return c
	}
	c.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if custom != nil && custom.IssuerListNotification != nil {
			if hr := custom.IssuerListNotification(custom.IssuerListNotificationState, info.AcceptableCAs); hr.Failed() {
				return nil, &codeError{hr, errors.New("the issuer list callback refuses")}
			}
		}
		return own, nil
	}
	return c
}

// verify checks the certificate of a server: chain, validity, usage, name,
// revocation, whatever of them is not to be ignored, then the identity of the
// address and the application's callback. The first failure is the error.
func (s *tlsSettings) verify(cs tls.ConnectionState, name string, identity EndpointIdentity, roots *x509.CertPool, revoked RevocationCheck, now time.Time) error {
	chain := cs.PeerCertificates
	if len(chain) == 0 {
		return &codeError{CERT_E_UNTRUSTEDROOT, errors.New("the server shows no certificate")}
	}
	if s.ignore&WS_CERT_FAILURE_INVALID_DATE != 0 {
		chain = slices.Clone(chain)
		for i := range chain {
			chain[i] = timeless(chain[i])
		}
	}
	leaf := chain[0]
	opts := x509.VerifyOptions{
		Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	if s.ignore&WS_CERT_FAILURE_WRONG_USAGE != 0 {
		opts.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	}
	if s.ignore&WS_CERT_FAILURE_UNTRUSTED_ROOT != 0 {
		// The chain must still be one: its last certificate is believed.
		opts.Roots = x509.NewCertPool()
		opts.Roots.AddCert(chain[len(chain)-1])
	}
	var err error
	if cs.VerifiedChains, err = leaf.Verify(opts); err != nil {
		return &codeError{certCode(err), err}
	}
	if s.ignore&WS_CERT_FAILURE_CN_MISMATCH == 0 {
		if err := leaf.VerifyHostname(name); err != nil {
			return &codeError{CERT_E_CN_NO_MATCH, err}
		}
	}
	if err := s.checkRevocation(cs, revoked); err != nil {
		return err
	}
	if err := isServer(leaf, identity); err != nil {
		return &codeError{WS_E_SECURITY_VERIFICATION_FAILURE, err}
	}
	if s.callback != nil {
		if hr := s.callback.Callback(bytes.Clone(leaf.Raw), s.callback.State); hr.Failed() {
			return &codeError{hr, errors.New("the certificate validation callback refuses the server's certificate")}
		}
	}
	return nil
}

// revokedCode is for a certificate that was revoked. UNCONFIRMED: no function's
// page names a code for it.
const revokedCode = WS_E_SECURITY_VERIFICATION_FAILURE

// checkRevocation asks whether the certificates were revoked. Without anybody to
// ask it cannot be known: nothing passes for checked that was not, unless the
// application ignores just that, as it does by default.
func (s *tlsSettings) checkRevocation(cs tls.ConnectionState, revoked RevocationCheck) error {
	if s.noRevocation {
		return nil
	}
	err := fmt.Errorf("%w: nobody is there to be asked: set EX_REVOCATION_CHECK, ignore REVOCATION_OFFLINE, or disable the check", CRYPT_E_REVOCATION_OFFLINE)
	if revoked != nil {
		err = revoked(cs)
	}
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, CRYPT_E_REVOCATION_OFFLINE):
		return &codeError{revokedCode, err}
	case s.ignore&WS_CERT_FAILURE_REVOCATION_OFFLINE != 0:
		return nil
	}
	return &codeError{CRYPT_E_REVOCATION_OFFLINE, err}
}

// timeless is a copy of a certificate that is always valid. Its signature is
// over the octets, which stay, so that all else is still verified.
func timeless(c *x509.Certificate) *x509.Certificate {
	out := *c
	out.NotBefore, out.NotAfter = time.Time{}, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	return &out
}

// certCode is the code for what is wrong with a chain.
func certCode(err error) HRESULT {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		switch invalid.Reason {
		case x509.Expired:
			return CERT_E_EXPIRED
		case x509.IncompatibleUsage:
			return CERT_E_WRONG_USAGE
		}
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return CERT_E_UNTRUSTEDROOT
	}
	return WS_E_SECURITY_VERIFICATION_FAILURE
}

// isServer holds the certificate against an RSA or CERT identity.
func isServer(leaf *x509.Certificate, identity EndpointIdentity) error {
	if !certIdentityChecksServer {
		return nil
	}
	switch i := identity.(type) {
	case CertEndpointIdentity:
		if !bytes.Equal(leaf.Raw, i.RawCertificateData) {
			return errors.New("the server's certificate is not that of the address")
		}
	case RSAEndpointIdentity:
		key, ok := leaf.PublicKey.(*rsa.PublicKey)
		if !ok || key.N.Cmp(new(big.Int).SetBytes(i.Modulus)) != 0 || big.NewInt(int64(key.E)).Cmp(new(big.Int).SetBytes(i.Exponent)) != 0 {
			return errors.New("the server's key is not that of the address")
		}
	}
	return nil
}

// own asks for the client certificate.
func (s *tlsSettings) own(to *EndpointAddress) (*tls.Certificate, error) {
	custom, ok := s.credential.(*CustomCertCredential)
	if !ok {
		return nil, nil
	}
	cert, hr := custom.GetCert(custom.GetCertState, to)
	switch {
	case hr.Failed():
		return nil, &codeError{hr, fmt.Errorf("the certificate callback fails")}
	case cert == nil || len(cert.Certificate) == 0:
		return nil, &codeError{WS_E_SECURITY_SYSTEM_FAILURE, errors.New("the certificate callback returns no certificate")}
	}
	return cert, nil
}
