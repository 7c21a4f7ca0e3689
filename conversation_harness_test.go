package wstrust_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wstrust"
	"wstrust/cache"
	"wstrust/service"
)

// A parlour is a service that holds conversations, behind real TLS. It can be
// restarted: the same address, another Verifier.
type parlour struct {
	testing.TB
	srv     *httptest.Server
	replay  *cache.Cache
	users   passwords // alice alone if nil
	make    func() *service.Contexts
	handler atomic.Value // http.Handler
	v       *service.Verifier

	mu       sync.Mutex
	requests []string       // bodies, in the order of their arrival
	answered map[string]int // how often each question was answered
	contexts []string       // identifier and instance of each answered question
	hold     func(body string)
}

type question struct {
	XMLName xml.Name `xml:"urn:parlour Ask"`
	N       string
}

type reply struct {
	XMLName xml.Name `xml:"urn:parlour AskResponse"`
	N       string
	Who     string
}

type passwords map[string]string

func (p passwords) Check(_ context.Context, name string, shown service.Password) (bool, error) {
	pw, ok := p[name]
	return shown.Matches(pw) && ok, nil
}

// newParlour starts one. make makes the Contexts of each Verifier.
func newParlour(t testing.TB, make func() *service.Contexts) *parlour {
	t.Helper()
	p := &parlour{TB: t, make: make, replay: newCache(t), answered: map[string]int{}}
	p.srv = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	p.srv.StartTLS()
	t.Cleanup(p.srv.Close)
	p.restart()
	return p
}

func newCache(t testing.TB) *cache.Cache {
	t.Helper()
	key, err := cache.NewKey("test", bytes.Repeat([]byte{7}, cache.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	c, err := cache.New(cache.NewMemory(16<<20), key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// restart forgets whatever the service held in memory.
func (p *parlour) restart() {
	users := p.users
	if users == nil {
		users = passwords{"alice": "pw"}
	}
	v := &service.Verifier{
		Audiences: []string{"urn:parlour"},
		Users:     users,
		Replay:    p.replay,
		Contexts:  p.make(),
		Logger:    slog.New(slog.NewTextHandler(p.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if err := v.Check(); err != nil {
		p.Fatal(err)
	}
	p.mu.Lock()
	p.v = v
	p.mu.Unlock()
	p.handler.Store(v.Handler(p.answer))
}

func (p *parlour) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.requests = append(p.requests, string(body))
	hold := p.hold
	p.mu.Unlock()
	if hold != nil {
		hold(string(body))
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.handler.Load().(http.Handler).ServeHTTP(w, r)
}

func (p *parlour) answer(_ context.Context, m *service.Message) (any, error) {
	var q question
	if err := m.Decode(&q); err != nil {
		return nil, err
	}
	under := "none"
	if c := m.Context(); c != nil {
		under = c.ID + " " + c.Instance
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answered[q.N]++
	p.contexts = append(p.contexts, under)
	return reply{N: q.N, Who: m.Principal().Name}, nil
}

// holding calls f with each request before it is served.
func (p *parlour) holding(f func(body string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = f
}

// count returns how many requests with that end of an action came.
func (p *parlour) count(action string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, r := range p.requests {
		if strings.Contains(r, "/"+action+"</wsa:Action>") {
			n++
		}
	}
	return n
}

// instances returns the contexts that questions came under, each once.
func (p *parlour) instances() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.contexts {
		if len(all) == 0 || all[len(all)-1] != c {
			all = append(all, c)
		}
	}
	return all
}

// config is what a client of the parlour needs, with these bindings.
func (p *parlour) config(bindings ...wstrust.Binding) wstrust.Config {
	roots := x509.NewCertPool()
	roots.AddCert(p.srv.Certificate())
	return wstrust.Config{
		Bindings: bindings,
		// Few connections for many callers: TLS handshakes are not what is tested.
		HTTP: &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots}, MaxConnsPerHost: 16, MaxIdleConnsPerHost: 16,
		}},
	}
}

func (p *parlour) open(cfg wstrust.Config) *wstrust.Channel {
	p.Helper()
	ch, err := wstrust.Open(context.Background(), p.srv.URL, cfg)
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() {
		ch.Abort()
		cfg.HTTP.CloseIdleConnections()
	})
	return ch
}

func ask(ctx context.Context, ch *wstrust.Channel, n string) error {
	var r reply
	if err := ch.Call(ctx, "urn:parlour:ask", question{N: n}, &r); err != nil {
		return err
	}
	if r.N != n || r.Who != "alice" {
		return fmt.Errorf("asked %s as alice, answered %s to %s", n, r.N, r.Who)
	}
	return nil
}

// asks asks n questions, one after the other.
func (p *parlour) asks(ch *wstrust.Channel, name string, n int) {
	p.Helper()
	for i := range n {
		if err := ask(context.Background(), ch, fmt.Sprint(name, i)); err != nil {
			p.Fatalf("%s %d: %v", name, i, err)
		}
	}
}

// once checks that n questions were answered, and none of them twice.
func (p *parlour) once(n int) {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for q, times := range p.answered {
		if times != 1 {
			p.Errorf("question %s was answered %d times", q, times)
		}
	}
	if len(p.answered) != n {
		p.Errorf("%d questions were answered, of %d", len(p.answered), n)
	}
}

// The three places where contexts are kept.
func modes(t testing.TB) map[string]func() *service.Contexts {
	shared := newCache(t)
	key, err := service.NewSealKey("test-1", bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]func() *service.Contexts{
		"memory": func() *service.Contexts { return &service.Contexts{} },
		"cache":  func() *service.Contexts { return &service.Contexts{Cache: shared} },
		"sealed": func() *service.Contexts { return &service.Contexts{Seal: []service.SealKey{key}} },
	}
}

func alice() wstrust.Binding { return wstrust.Username("alice", "pw") }

// short is a context's life in tests that wait for its renewal.
const short = 80 * time.Millisecond
