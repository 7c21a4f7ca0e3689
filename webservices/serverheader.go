package webservices

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"wstrust/internal/httpauth"
)

// An HttpDigestSecret is what a server knows of a user's password for Digest. The
// zero value is no user.
type HttpDigestSecret struct {
	Password string // the password itself; of no use where there is a hash
	// SHA256 and MD5 are hashes of "name:realm:password" in hexadecimal, by which
	// a server need not have passwords. The client chooses between the two.
	SHA256, MD5 string
}

// String tells nothing.
func (HttpDigestSecret) String() string { return "secret for Digest" }

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (s HttpDigestSecret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// A serverHeader is an HttpHeaderAuth binding of a server that was checked and
// copied.
type serverHeader struct {
	auth   HttpHeaderAuth
	values bindingValues
}

// checkServerHeader checks the schemes of a server, and that there is what
// decides about each of them.
func checkServerHeader(scheme HTTPHeaderAuthScheme, h *HttpHeaderAuth) error {
	switch {
	case scheme&(WS_HTTP_HEADER_AUTH_SCHEME_NONE|WS_HTTP_HEADER_AUTH_SCHEME_PASSPORT) != 0:
		return errors.New("the schemes NONE and PASSPORT are for clients")
	case !isNil(h.ClientCredential):
		return errors.New(clientCredential)
	case scheme&WS_HTTP_HEADER_AUTH_SCHEME_BASIC != 0 && h.PasswordValidator == nil:
		return errors.New("HttpHeaderAuth with the scheme BASIC needs a PasswordValidator")
	case scheme&WS_HTTP_HEADER_AUTH_SCHEME_DIGEST != 0 && h.DigestSecret == nil:
		return errors.New("HttpHeaderAuth with the scheme DIGEST needs a DigestSecret")
	}
	return nil
}

func (v bindingValues) scheme() HTTPHeaderAuthScheme {
	return v.of(WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_SCHEME).(HTTPHeaderAuthScheme)
}

// server makes what authenticates the requests to a URL.
func (h *serverHeader) server(address string) *httpauth.Server {
	realm := func(id SecurityBindingPropertyID) string {
		if s := h.values.of(id).(string); s != "" {
			return s
		}
		return defaultRealm(address)
	}
	return &httpauth.Server{
		Schemes:      httpauth.Scheme(h.values.scheme()),
		BasicRealm:   realm(WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_BASIC_REALM),
		DigestRealm:  realm(WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_DIGEST_REALM),
		DigestDomain: h.values.of(WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_DIGEST_DOMAIN).(string),
		Check:        h.check,
		Secret:       h.secret,
	}
}

// defaultRealm is the realm of a server that names none: the host of its URL.
// UNCONFIRMED: the default is not documented, and a challenge must have one.
func defaultRealm(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (h *serverHeader) check(_ context.Context, name, password string) (bool, error) {
	return verdict(h.auth.PasswordValidator(h.auth.PasswordValidatorState, name, password))
}

func (h *serverHeader) secret(_ context.Context, name, realm string) (httpauth.Secret, error) {
	s, hr := h.auth.DigestSecret(h.auth.PasswordValidatorState, name, realm)
	yes, err := verdict(hr)
	if !yes {
		s = HttpDigestSecret{}
	}
	return httpauth.Secret(s), err
}

// verdict is what a callback has decided: S_OK alone is yes.
func verdict(hr HRESULT) (bool, error) {
	if hr.Failed() {
		return false, hr
	}
	return hr == S_OK, nil
}

// authenticated asks for HTTP authentication, where the description has it. It
// reports false if the request was answered.
func (l *Listener) authenticated(w http.ResponseWriter, r *http.Request, a *arrival) bool {
	auth := a.open.auth
	if auth == nil {
		return true
	}
	var err error
	if a.user, err = auth.Authenticate(r); err == nil {
		return true
	}
	a.user = ""
	// That a client asks first, or again, is how the schemes work.
	if !errors.Is(err, httpauth.ErrMissing) && !errors.Is(err, httpauth.ErrStale) {
		l.refused(r, err)
	}
	auth.Challenge(w.Header(), err)
	http.Error(w, "", http.StatusUnauthorized)
	return false
}
