// Package sts is a token issuer: WS-Trust February 2005, 1.3 and 1.4 over
// SOAP 1.1 and 1.2, SAML 1.1 and 2.0 assertions, and one function that decides.
//
// An issuer is a service whose messages happen to ask for tokens. So a
// [Server] receives with a [service.Verifier], which settles who is asking and
// what of the message may be believed, and adds three things: it reads the
// request, lets [Server.Decide] say what is granted, and builds and signs the
// assertion.
//
// The version of an answer is that of its request, which the namespace of the
// request tells: one Server, at one URL or several, speaks all versions.
package sts

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"wstrust/saml"
	"wstrust/service"
)

// A Server is a token issuer, and an http.Handler. It must not be changed once
// it serves.
type Server struct {
	// Name is the Issuer in the assertions; a URI, usually.
	Name string
	// Signer signs assertions: RSA, or ECDSA on P-256, P-384 or P-521. Its
	// first certificate is sent along so that verifiers can select it.
	Signer tls.Certificate
	// Verifier says who may ask. Its Audiences are names of this issuer.
	Verifier *service.Verifier
	// Decide says what is granted: the only policy there is. See [Grant].
	Decide func(ctx context.Context, who *service.Principal, req *Request) (*Grant, error)

	// RelyingParties are the services that tokens are issued for. If there are
	// any, a request for another one is refused with InvalidScope, unless one
	// has the Address [Any].
	RelyingParties []RelyingParty

	// Lifetime of a token where neither request nor grant say one; an hour if
	// zero. MaxLifetime bounds what a request can ask for; 8 hours if zero.
	Lifetime, MaxLifetime time.Duration

	// Suite are the algorithms that are written. Empty is Modern.
	Suite service.Suite

	once    sync.Once
	handler http.Handler
	config  error
	key     saml.Key
	leaf    *x509.Certificate
}

// A RelyingParty is a service that tokens are issued for.
type RelyingParty struct {
	// Address is what AppliesTo must name, letter for letter, and the audience
	// of the assertion.
	Address string
	// Certificate is the service's, with an RSA key. Symmetric proof keys are
	// encrypted for it; without it, no token with such a key can be had.
	Certificate *x509.Certificate
	// Encrypt encrypts the whole assertion for Certificate. SAML 2.0 only.
	Encrypt bool
}

// Any is the Address of a RelyingParty that stands for every service that has
// none of its own.
const Any = "*"

const (
	defaultLifetime    = time.Hour
	defaultMaxLifetime = 8 * time.Hour
)

// ErrConfig is wrapped by errors about a Server that cannot work.
var ErrConfig = errors.New("sts: configuration")

// Check reports what is wrong with the configuration, or nil. A Server with a
// wrong configuration refuses every request.
func (s *Server) Check() error {
	_, _, err := s.prepare()
	return err
}

func (s *Server) prepare() (key saml.Key, leaf *x509.Certificate, err error) {
	wrong := func(format string, a ...any) (saml.Key, *x509.Certificate, error) {
		return saml.Key{}, nil, fmt.Errorf("%w: %s", ErrConfig, fmt.Sprintf(format, a...))
	}
	if s.Name == "" {
		return wrong("Name is empty")
	}
	if s.Verifier == nil || s.Decide == nil {
		return wrong("Verifier and Decide are needed")
	}
	if err := s.Verifier.Check(); err != nil {
		return saml.Key{}, nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if !s.Suite.Valid() {
		return wrong("unknown algorithm suite %q", string(s.Suite))
	}
	if s.Lifetime < 0 || s.MaxLifetime < 0 || s.lifetime() > s.maxLifetime() {
		return wrong("Lifetime %v and MaxLifetime %v", s.lifetime(), s.maxLifetime())
	}
	for _, p := range s.RelyingParties {
		if p.Address == "" || p.Encrypt && p.Certificate == nil {
			return wrong("relying party %q needs an address and, to encrypt, a certificate", p.Address)
		}
	}
	signer, ok := s.Signer.PrivateKey.(crypto.Signer)
	if !ok || len(s.Signer.Certificate) == 0 {
		return wrong("Signer is not a certificate with a key that signs")
	}
	if leaf, err = x509.ParseCertificate(s.Signer.Certificate[0]); err != nil {
		return wrong("Signer: %v", err)
	}
	if key, err = saml.SigningKey(signer); err != nil {
		return wrong("Signer: %v", err)
	}
	return key, leaf, nil
}

// ServeHTTP answers one request for a token.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(func() {
		if s.key, s.leaf, s.config = s.prepare(); s.config != nil {
			s.log().Error("issuer refuses every request", "err", s.config)
			s.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "", http.StatusInternalServerError)
			})
			return
		}
		s.handler = s.Verifier.Handler(s.answer)
	})
	s.handler.ServeHTTP(w, r)
}

func (s *Server) log() *slog.Logger {
	if s.Verifier != nil && s.Verifier.Logger != nil {
		return s.Verifier.Logger
	}
	return slog.New(slog.DiscardHandler)
}

func (s *Server) lifetime() time.Duration {
	if s.Lifetime > 0 {
		return s.Lifetime
	}
	return defaultLifetime
}

func (s *Server) maxLifetime() time.Duration {
	if s.MaxLifetime > 0 {
		return s.MaxLifetime
	}
	return max(defaultMaxLifetime, s.Lifetime)
}

// party finds the relying party for an address. ok is false if there is a list
// and the address is not on it.
func (s *Server) party(address string) (p RelyingParty, ok bool) {
	for _, name := range []string{address, Any} {
		i := slices.IndexFunc(s.RelyingParties, func(p RelyingParty) bool { return p.Address == name })
		if i >= 0 && (name != Any || address != Any) {
			p = s.RelyingParties[i]
			p.Address = address
			return p, true
		}
	}
	return RelyingParty{Address: address}, len(s.RelyingParties) == 0
}

// open reports whether tokens are issued for anybody.
func (s *Server) open() bool {
	return len(s.RelyingParties) == 0 || slices.ContainsFunc(s.RelyingParties, func(p RelyingParty) bool { return p.Address == Any })
}
