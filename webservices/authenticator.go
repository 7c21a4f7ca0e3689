package webservices

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"

	"wstrust/cache"
	"wstrust/service"
)

// passwordUsers asks a PasswordValidator, for each message that comes.
type passwordUsers struct {
	validator func(state any, username, password string) HRESULT
	state     any
}

// Check implements [service.Users]. The validator is asked for passwords only:
// the profile has no digests of them.
func (u passwordUsers) Check(_ context.Context, name string, p service.Password) (bool, error) {
	password, ok := p.Text()
	if !ok {
		return false, nil
	}
	return verdict(u.validator(u.state, name, password))
}

// believe has v accept what the authenticator vouches for. As in Windows an
// issuer is known by its certificates, whatever its name is.
func (a *SamlAuthenticator) believe(v *service.Verifier) error {
	v.Issuers = []service.Issuer{{AnyName: true, Certificates: a.TrustedIssuerCerts}}
	custom, ok := a.DecryptionCert.(*CustomCertCredential)
	if !ok {
		return nil
	}
	own, hr := custom.GetCert(custom.GetCertState, &EndpointAddress{URL: v.Audiences[0]})
	switch {
	case hr.Failed():
		return &codeError{hr, errors.New("the certificate callback fails")}
	case own == nil:
		return &codeError{WS_E_SECURITY_SYSTEM_FAILURE, errors.New("the certificate callback returns no certificate")}
	}
	v.Decrypt = []tls.Certificate{*own}
	return nil
}

// valid asks the SamlValidator, if there is one, about a verified assertion.
func (a *SamlAuthenticator) valid(assertion service.XML) bool {
	return a.SamlValidator == nil || a.SamlValidator(a.SamlValidatorState, &XMLBuffer{XML: string(assertion)}) == S_OK
}

// replayLimit is about a thousand messages a second, each remembered for as long
// as it is accepted.
const replayLimit = 256 << 20

// newReplayCache remembers messages in this process.
func newReplayCache() (*cache.Cache, error) {
	secret := make([]byte, cache.KeySize)
	rand.Read(secret) // never fails: it ends the process instead
	key, err := cache.NewKey("process", secret)
	if err != nil {
		return nil, err
	}
	return cache.New(cache.NewMemory(replayLimit), key)
}
