package rig

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/service"
	"wstrust/sts"
)

// The user of every issuer of ours.
const (
	User     = "alice"
	Password = "correct horse"
)

// Anywhere is the audience of a token for which nobody named a service.
const Anywhere = "urn:wstrust:interop:anywhere"

// An Issuer is ours: the package sts over TLS on loopback.
type Issuer struct {
	URL    string
	CA     *Authority // of its TLS certificate, and of clients' certificates
	Signer Identity
	Name   string

	mu      sync.Mutex
	actions map[string]int
}

// Asked is how many requests came with an action.
func (i *Issuer) Asked(action string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.actions[action]
}

// note counts the actions of requests on their way to the issuer.
func (i *Issuer) note(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action := strings.Trim(r.Header.Get("SOAPAction"), `"`)
		if _, p, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && p["action"] != "" {
			action = p["action"]
		}
		i.mu.Lock()
		i.actions[action]++
		i.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// An IssuerConfig says what is particular about an issuer.
type IssuerConfig struct {
	Signer         Identity           // made anew if zero, RSA
	RelyingParties []sts.RelyingParty // all are served if empty
	Lifetime       time.Duration
	SignAnswers    bool // and demand that signed requests have the body signed
}

// Users is the one user there is.
type Users struct{}

// Check implements [service.Users].
func (Users) Check(_ context.Context, name string, p service.Password) (bool, error) {
	return p.Matches(Password) && name == User, nil
}

// NewIssuer starts an issuer. It speaks every version of WS-Trust at one address.
func NewIssuer(t testing.TB, ca *Authority, c IssuerConfig) *Issuer {
	t.Helper()
	if c.Signer.Cert == nil {
		c.Signer = ca.RSA(t, "our signer")
	}
	iss := &Issuer{CA: ca, Signer: c.Signer, Name: "urn:wstrust:interop:ours", actions: map[string]int{}}
	server := httptest.NewUnstartedServer(nil)
	iss.URL = "https://localhost:" + port(server.Listener.Addr()) + "/trust"
	replay := NewReplay(t)
	clients := x509.NewCertPool()
	clients.AddCert(ca.Cert)
	verifier := &service.Verifier{
		Audiences: []string{iss.URL},
		Addresses: []string{iss.URL},
		Users:     Users{},
		ClientCAs: clients,
		Issuers:   []service.Issuer{{Name: iss.Name, Certificates: []*x509.Certificate{c.Signer.Cert}}},
		Replay:    replay,
		Logger:    Logger(t),
	}
	if c.SignAnswers {
		signer := c.Signer.TLS()
		verifier.Signer = &signer
		verifier.Require = service.Body
	}
	server.Config.Handler = iss.note(&sts.Server{
		Name:           iss.Name,
		Signer:         c.Signer.TLS(),
		Verifier:       verifier,
		RelyingParties: c.RelyingParties,
		Lifetime:       c.Lifetime,
		Decide:         decide,
	})
	server.Config.ErrorLog = slog.NewLogLogger(Logger(t).Handler(), slog.LevelInfo)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{ca.RSA(t, "localhost").TLS()}, ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	return iss
}

// decide gives everybody the token asked for.
func decide(_ context.Context, who *service.Principal, req *sts.Request) (*sts.Grant, error) {
	g := &sts.Grant{Subject: who.Name}
	if req.OnBehalfOf != nil {
		g.Subject = req.OnBehalfOf.Name
	}
	if req.AppliesTo == "" {
		g.Audience = Anywhere
	}
	return g, nil
}

// NewReplay makes a store for what was seen.
func NewReplay(t testing.TB) *cache.Cache {
	t.Helper()
	key, err := cache.NewKey("test", []byte("a test key of thirty-two octets!"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := cache.New(cache.NewMemory(1<<20), key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TLS is the identity as crypto/tls wants it.
func (id Identity) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{id.Cert.Raw}, PrivateKey: id.Key, Leaf: id.Cert}
}

// Trust is a TLS configuration that trusts the authority alone.
func (a *Authority) Trust() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(a.Cert)
	return &tls.Config{RootCAs: roots}
}

// Client is an HTTP client that trusts the authority alone.
func (a *Authority) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: a.Trust()}, Timeout: 30 * time.Second}
}

func port(a net.Addr) string {
	s := a.String()
	return s[strings.LastIndexByte(s, ':')+1:]
}

// Logger logs into the test, as long as it runs.
func Logger(t testing.TB) *slog.Logger {
	w := &testWriter{t: t}
	t.Cleanup(w.stop)
	return slog.New(slog.NewTextHandler(w, nil))
}

type testWriter struct {
	mu   sync.Mutex
	t    testing.TB
	over bool
}

func (w *testWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.t.Log(strings.TrimRight(string(p), "\n"))
	}
	return len(p), nil
}

func (w *testWriter) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}
