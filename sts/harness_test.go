package sts_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust"
	"wstrust/cache"
	"wstrust/internal/soap"
	"wstrust/internal/testkeys"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/saml"
	"wstrust/service"
	"wstrust/sts"
)

const (
	name   = "https://sts.example.com/"
	orders = "https://orders.example.com/"
	secret = "https://secret.example.com/"
	role   = "http://schemas.example.com/claims/role"
)

// A world is an issuer behind TLS, for tests.
type world struct {
	testing.TB
	s      *sts.Server
	srv    *httptest.Server
	rp     tls.Certificate
	client tls.Certificate
	log    *lockedBuffer
	asked  []*sts.Request
	grant  func(*service.Principal, *sts.Request) (*sts.Grant, error)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type people map[string]string

func (p people) Check(_ context.Context, name string, shown service.Password) (bool, error) {
	password, known := p[name]
	return shown.Matches(password) && known, nil
}

func certificate(t testing.TB, key crypto.Signer, name string) tls.Certificate {
	t.Helper()
	return testkeys.Pair(key, name, nil, nil)
}

func p256(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newWorld(t testing.TB, change func(*world)) *world {
	t.Helper()
	w := &world{TB: t, log: new(lockedBuffer), rp: certificate(t, testkeys.RSA(1), "orders"), client: certificate(t, p256(t), "client")}
	signer := certificate(t, p256(t), "signer")
	roots := x509.NewCertPool()
	roots.AddCert(w.client.Leaf)
	cacheKey, err := cache.NewKey("test", bytes.Repeat([]byte{1}, cache.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	replay, err := cache.New(cache.NewMemory(1<<20), cacheKey)
	if err != nil {
		t.Fatal(err)
	}
	w.s = &sts.Server{
		Name:   name,
		Signer: signer,
		Verifier: &service.Verifier{
			Audiences: []string{name},
			Users:     people{"alice": "pw"},
			ClientCAs: roots,
			Issuers:   []service.Issuer{{Name: name, Certificates: []*x509.Certificate{signer.Leaf}}},
			Replay:    replay,
			Logger:    slog.New(slog.NewTextHandler(w.log, nil)),
		},
		RelyingParties: []sts.RelyingParty{
			{Address: orders, Certificate: w.rp.Leaf},
			{Address: secret, Certificate: w.rp.Leaf, Encrypt: true},
			{Address: "urn:plain"},
		},
	}
	w.grant = func(who *service.Principal, _ *sts.Request) (*sts.Grant, error) {
		return &sts.Grant{Subject: who.Name, Attributes: []saml.Attribute{{Name: role, Values: []string{"doctor"}}}}, nil
	}
	w.s.Decide = func(_ context.Context, who *service.Principal, req *sts.Request) (*sts.Grant, error) {
		w.asked = append(w.asked, req)
		return w.grant(who, req)
	}
	if change != nil {
		change(w)
	}
	w.srv = httptest.NewTLSServer(w.s)
	t.Cleanup(w.srv.Close)
	return w
}

// channel opens a client's channel to the issuer.
func (w *world) channel(v wstrust.Versions, b wstrust.Binding) *wstrust.Channel {
	w.Helper()
	ch, err := wstrust.Open(context.Background(), w.srv.URL, wstrust.Config{
		Bindings: []wstrust.Binding{b}, Versions: v, HTTP: w.srv.Client(),
	})
	if err != nil {
		w.Fatal(err)
	}
	return ch
}

func (w *world) alice() *wstrust.Channel {
	w.Helper()
	return w.channel(wstrust.Versions{}, wstrust.Username("alice", "pw"))
}

func (w *world) token(req wstrust.TokenRequest) *wstrust.Token {
	w.Helper()
	tok, err := w.alice().RequestToken(context.Background(), req)
	if err != nil {
		w.Fatalf("%v\n%s", err, w.log)
	}
	return tok
}

// read verifies a token as the relying party does.
func (w *world) read(tok *wstrust.Token, audience string) *saml.Assertion {
	w.Helper()
	a, err := saml.Verify([]byte(tok.XML()), []*x509.Certificate{w.s.Signer.Leaf}, "", saml.Checks{Now: time.Now(), Audiences: []string{audience}})
	if err != nil {
		w.Fatalf("%v\n%s", err, tok.XML())
	}
	return a
}

// raw posts a message as other programs write it and returns the answer.
func (w *world) raw(contentType, soapAction, body string) (status int, octets string, env *soap.Envelope) {
	w.Helper()
	r, err := http.NewRequest(http.MethodPost, w.srv.URL, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if soapAction != "" {
		r.Header.Set("SOAPAction", soapAction)
	}
	resp, err := w.srv.Client().Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	d, err := xmltree.Parse(all, xmltree.Limits{})
	if err != nil {
		w.Fatalf("no XML: %s", all)
	}
	env, err = soap.Read(d, wsse.Understood)
	if err != nil {
		w.Fatalf("no SOAP: %s", all)
	}
	return resp.StatusCode, string(all), env
}
