package service_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/testkeys"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/saml"
	"wstrust/service"
)

const (
	audience = "https://orders.example.com/"
	issuer   = "https://sts.example.com/"
	action   = "urn:orders/Get"
)

func pair(t testing.TB, key crypto.Signer, name string, parent *tls.Certificate, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	return testkeys.Pair(key, name, parent, change)
}

func p256(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rsa2048(testing.TB) crypto.Signer { return testkeys.RSA(1) }

func private(t testing.TB, c tls.Certificate) alg.Key {
	t.Helper()
	k, err := alg.PrivateKey(c.PrivateKey.(crypto.Signer))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// people is a Users with passwords in the clear.
type people map[string]string

func (p people) Check(_ context.Context, name string, shown service.Password) (bool, error) {
	if name == "broken" {
		return true, errors.New("directory is down")
	}
	password, known := p[name]
	return shown.Matches(password) && known, nil
}

// A world is a service behind TLS, and all that its clients may have.
type world struct {
	testing.TB
	v      *service.Verifier
	srv    *httptest.Server
	log    *lockedBuffer
	ca     tls.Certificate
	signer tls.Certificate // of the issuer
	own    tls.Certificate // of the service
	store  *cache.Memory
	tls    []tls.Certificate // what the client shows in the handshake
	call   func(context.Context, *service.Message) (any, error)
	seen   []*service.Message
}

// lockedBuffer is a log that the server writes and the test reads.
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

type getOrder struct {
	XMLName xml.Name `xml:"urn:orders GetOrder"`
	ID      string
}

type order struct {
	XMLName xml.Name `xml:"urn:orders Order"`
	ID      string
	For     string
}

// newWorld starts a service. change, if not nil, changes its Verifier.
func newWorld(t testing.TB, change func(*world)) *world {
	t.Helper()
	w := &world{TB: t, log: new(lockedBuffer), store: cache.NewMemory(1 << 20)}
	w.ca = pair(t, p256(t), "test CA", nil, nil)
	w.signer = pair(t, p256(t), "test signer", &w.ca, nil)
	w.own = pair(t, rsa2048(t), "test service", &w.ca, nil)
	pool := x509.NewCertPool()
	pool.AddCert(w.ca.Leaf)
	w.v = &service.Verifier{
		Audiences: []string{"urn:orders", audience},
		Issuers:   []service.Issuer{{Name: issuer, Certificates: []*x509.Certificate{w.signer.Leaf}}},
		Users:     people{"alice": "pw", "böb": "ß€"},
		ClientCAs: pool,
		Decrypt:   []tls.Certificate{w.own},
		Replay:    newReplay(t, w.store),
		Logger:    slog.New(slog.NewTextHandler(w.log, nil)),
	}
	w.call = func(_ context.Context, m *service.Message) (any, error) {
		var in getOrder
		if err := m.Decode(&in); err != nil {
			return nil, err
		}
		return order{ID: in.ID, For: m.Principal().Name}, nil
	}
	if change != nil {
		change(w)
	}
	w.srv = httptest.NewUnstartedServer(w.v.Handler(func(ctx context.Context, m *service.Message) (any, error) {
		w.seen = append(w.seen, m)
		return w.call(ctx, m)
	}))
	w.srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	w.srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	w.srv.StartTLS()
	t.Cleanup(w.srv.Close)
	return w
}

func newReplay(t testing.TB, s cache.Store) *cache.Cache {
	t.Helper()
	key, err := cache.NewKey("test", bytes.Repeat([]byte{1}, cache.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	c, err := cache.New(s, key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// request is a good message, to be changed.
func request() soap.Outgoing {
	return soap.Outgoing{Action: action, To: audience, Body: []byte(`<GetOrder xmlns="urn:orders"><ID>42</ID></GetOrder>`)}
}

func user(name, password string) wsse.Username {
	return wsse.Username{Name: name, Password: func() []byte { return []byte(password) }}
}

func protect(t testing.TB, out soap.Outgoing, o wsse.Options, now time.Time) []byte {
	t.Helper()
	octets, _, err := wsse.Protect(out, o, now)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// assertion builds a bearer assertion by the world's issuer, with changes.
func (w *world) assertion(change func(*saml.Build)) []byte {
	w.Helper()
	now := time.Now()
	b := saml.Build{
		Issuer:       issuer,
		IssueInstant: now,
		Subject:      saml.Subject{NameID: "carol", Confirmations: []saml.Confirmation{{Kind: saml.Bearer}}},
		Conditions:   saml.Conditions{NotBefore: now, NotOnOrAfter: now.Add(time.Hour), Audiences: [][]string{{audience}}},
		Attributes:   []saml.Attribute{{Name: "urn:role", Values: []string{"doctor", "owner"}}},
	}
	if change != nil {
		change(&b)
	}
	x, err := b.XML(private(w, w.signer), []*x509.Certificate{w.signer.Leaf}, "")
	if err != nil {
		w.Fatal(err)
	}
	return x
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	octets []byte
	env    *soap.Envelope
}

// post sends a packet and reads the answer, which must be a SOAP message.
func (w *world) post(p soap.Packet) answer {
	w.Helper()
	r, err := http.NewRequest(http.MethodPost, w.srv.URL, bytes.NewReader(p.Body))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Content-Type", p.ContentType)
	if p.SOAPAction != "" {
		r.Header.Set("SOAPAction", p.SOAPAction)
	}
	return w.do(r)
}

func (w *world) do(r *http.Request) answer {
	w.Helper()
	tr := w.srv.Client().Transport.(*http.Transport).Clone()
	tr.TLSClientConfig.Certificates = w.tls
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	octets, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	d, err := xmltree.Parse(octets, xmltree.Limits{})
	if err != nil {
		w.Fatalf("the answer is no XML: %v\n%s", err, octets)
	}
	env, err := soap.Read(d, wsse.Understood)
	if err != nil {
		w.Fatalf("the answer is no SOAP message: %v\n%s", err, octets)
	}
	return answer{resp.StatusCode, resp.Header, octets, env}
}

// send protects a message, sends it and returns the answer.
func (w *world) send(out soap.Outgoing, o wsse.Options) answer {
	w.Helper()
	return w.post(soap.NewPacket(out.Version, out.Action, protect(w, out, o, time.Now())))
}

// accepted sends a message that must be accepted, and returns what the service
// saw of it.
func (w *world) accepted(out soap.Outgoing, tokens ...wsse.Token) *service.Message {
	w.Helper()
	before := len(w.seen)
	a := w.send(out, wsse.Options{Tokens: tokens})
	w.wantOrder(a)
	if len(w.seen) != before+1 {
		w.Fatalf("the handler was called %d times", len(w.seen)-before)
	}
	return w.seen[before]
}

func (w *world) wantOrder(a answer) {
	w.Helper()
	if a.status != http.StatusOK || !strings.Contains(string(a.octets), "<ID>42</ID>") {
		w.Fatalf("status %d: %s\nlog: %s", a.status, a.octets, w.log)
	}
}

// refused checks that an answer is the constant refusal, and that the log says
// why: class is what it must say.
func (w *world) refused(a answer, class string) {
	w.Helper()
	w.isRefusal(a)
	if log := w.lastLine(); !strings.Contains(log, "class="+class+" ") {
		w.Fatalf("refused for another reason than %s: %s", class, log)
	}
	if id := a.header.Get("Wstrust-Correlation-Id"); id == "" || !strings.Contains(w.lastLine(), id) {
		w.Fatalf("correlation id %q is not in the log: %s", id, w.lastLine())
	}
}

func (w *world) isRefusal(a answer) {
	w.Helper()
	f := a.env.Fault()
	if f == nil {
		w.Fatalf("accepted: %s", a.octets)
	}
	if f.Subcode().Local != "FailedAuthentication" || f.Reason != "The message could not be authenticated." || f.Detail.OK() {
		w.Fatalf("not the constant fault: %s", a.octets)
	}
}

func (w *world) lastLine() string {
	lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
	return lines[len(lines)-1]
}
