// Package wstrusttest starts token issuers and services inside tests, as
// net/http/httptest does for HTTP.
//
//	iss := wstrusttest.NewSTS(t)
//	ch, err := wstrust.Open(t.Context(), iss.URL, iss.Config(wstrust.Username("alice", "pw")))
//
// The issuer is the real one of package sts, over TLS on a loopback port: it
// verifies what it is sent, and what it issues is signed anew each time. So a
// client that does something wrong fails here as it would fail elsewhere.
package wstrusttest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wstrust"
	"wstrust/internal/devsts"
	"wstrust/service"
)

// The user that an issuer knows if [Options] names none.
const (
	User     = "alice"
	Password = "pw"
)

// Options change what [NewSTSWith] starts.
type Options struct {
	Users     map[string]string // passwords by name; nil is User with Password
	Key       string            // "p256" (if empty) or "rsa": the key that signs the tokens
	Audiences []string          // if not empty, the only services that tokens are issued for
	Logger    *slog.Logger      // nil logs to t
}

// An STS is a running token issuer.
type STS struct {
	URL        string // WS-Trust 1.3 and 1.4
	URL2005    string // WS-Trust February 2005
	ServiceURL string // a service that answers to tokens of this issuer: see [Action]

	state *devsts.State
}

// Action is that of the service at [STS.ServiceURL]. It answers an Echo element
// with a Text in it, both in the namespace "urn:wstrust:demo", by an
// EchoResponse with the same Text and the Caller's name.
const Action = devsts.Action

// Issuer is the name of every issuer here, as it stands in the assertions.
const Issuer = devsts.Issuer

// NewSTS starts an issuer that knows one user, [User], and one client
// certificate, [STS.ClientCertificate]. It grants what is asked for: any
// service except hosts that end in ".invalid", any claim, and delegation for
// anybody whose token is shown. It ends with the test.
func NewSTS(t testing.TB) *STS {
	t.Helper()
	return NewSTSWith(t, Options{})
}

// NewSTSWith is NewSTS with options.
func NewSTSWith(t testing.TB, o Options) *STS {
	t.Helper()
	if o.Users == nil {
		o.Users = map[string]string{User: Password}
	}
	if o.Key == "" {
		o.Key = "p256"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	dir := t.TempDir()
	users := filepath.Join(dir, "test-users")
	var lines bytes.Buffer
	for name, password := range o.Users {
		fmt.Fprintf(&lines, "%s:%s\n", name, password)
	}
	if err := os.WriteFile(users, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	state, err := devsts.Open(devsts.Options{
		Dir: dir, Key: o.Key, UsersFile: users, Audiences: o.Audiences, Logger: o.Logger, InsecureFastPasswords: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	ln := listen(t)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- state.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("wstrusttest: %v", err)
		}
	})
	ready := state.Ready(devsts.Base(ln.Addr()))
	return &STS{URL: ready.Trust13, URL2005: ready.Trust2005, ServiceURL: ready.Service, state: state}
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// Config returns a configuration with these bindings that trusts the issuer and
// the services of this test, and takes only tokens that the issuer signed.
func (s *STS) Config(bindings ...wstrust.Binding) wstrust.Config {
	roots := x509.NewCertPool()
	roots.AddCert(s.state.CA())
	return wstrust.Config{
		Bindings:     bindings,
		TLS:          &tls.Config{RootCAs: roots},
		TokenSigners: []*x509.Certificate{s.state.Signer()},
	}
}

// ClientCertificate returns a certificate, with its key, that the issuer
// accepts: as an X.509 signature and in the TLS handshake.
func (s *STS) ClientCertificate() tls.Certificate { return s.state.Client() }

// CA returns the authority behind all certificates of this test.
func (s *STS) CA() *x509.Certificate { return s.state.CA() }

// Signer returns the certificate that the issuer signs tokens with.
func (s *STS) Signer() *x509.Certificate { return s.state.Signer() }

// Verifier returns the Verifier of a service that is reached at the given URLs
// and accepts tokens of this issuer for them. It may be changed before it is
// used.
func (s *STS) Verifier(t testing.TB, urls ...string) *service.Verifier {
	t.Helper()
	replay, err := devsts.NewReplay()
	if err != nil {
		t.Fatal(err)
	}
	return &service.Verifier{
		Audiences: urls,
		Addresses: urls,
		Issuers:   []service.Issuer{{Name: Issuer, Certificates: []*x509.Certificate{s.state.Signer()}}},
		Decrypt:   []tls.Certificate{s.state.Service()},
		Replay:    replay,
		Logger:    slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

// A Service is a running service.
type Service struct {
	URL string // and the AppliesTo for it
}

// NewService starts a service that answers only to tokens of s, with what
// handle returns; nil handle is the one of [STS.ServiceURL]. It ends with the
// test.
func NewService(t testing.TB, s *STS, handle func(context.Context, *service.Message) (any, error)) *Service {
	t.Helper()
	if handle == nil {
		handle = devsts.Echo
	}
	ln := listen(t)
	url := devsts.Base(ln.Addr()) + "/"
	v := s.Verifier(t, devsts.LoopbackNames(url)...)
	srv := &http.Server{
		Handler:           v.Handler(handle),
		TLSConfig:         s.state.ServerTLS(),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(v.Logger.Handler(), slog.LevelDebug),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.ServeTLS(ln, "", "") // always http.ErrServerClosed or the listener's end
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return &Service{URL: url}
}
