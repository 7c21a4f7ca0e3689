package wstrust_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/service"
)

// TestMain has this binary be a service if it is started as one, to be killed.
func TestMain(m *testing.M) {
	if text := os.Getenv(mortalErrand); text != "" {
		fmt.Fprintln(os.Stderr, live(text))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const mortalErrand = "WSTRUST_TEST_ERRAND"

// An errand is what a process needs to be the service.
type errand struct {
	Mode      string
	Store     string // URL of what outlives it
	Cert, Key []byte // DER
}

// live is the service as a process of its own. It says where it listens, and ends
// when it is killed or when whoever started it is gone.
func live(text string) error {
	var o errand
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	key, err := x509.ParseECPrivateKey(o.Key)
	if err != nil {
		return err
	}
	sealed := func(name string) *cache.Cache {
		k, _ := cache.NewKey("test", bytes.Repeat([]byte{7}, cache.KeySize))
		c, _ := cache.New(&farStore{o.Store + name}, k)
		return c
	}
	seal, err := service.NewSealKey("test", bytes.Repeat([]byte{9}, 32))
	if err != nil {
		return err
	}
	contexts := map[string]*service.Contexts{"memory": {}, "cache": {Cache: sealed("/contexts")}, "sealed": {Seal: []service.SealKey{seal}}}[o.Mode]
	v := &service.Verifier{Audiences: []string{"urn:parlour"}, Users: passwords{"alice": "pw"}, Replay: sealed("/marks"), Contexts: contexts}
	if err := v.Check(); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	srv := &http.Server{
		Handler: v.Handler(func(_ context.Context, m *service.Message) (any, error) {
			var q question
			if err := m.Decode(&q); err != nil {
				return nil, err
			}
			resp, err := http.Post(o.Store+"/answered?n="+q.N+"&context="+m.Context().ID, "", nil)
			if err != nil {
				return nil, err
			}
			return reply{N: q.N, Who: m.Principal().Name}, resp.Body.Close()
		}),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{o.Cert}, PrivateKey: key}}},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	return srv.ServeTLS(ln, "", "")
}

// A farStore is a store in the process of the test.
type farStore struct{ url string }

func (s *farStore) ask(ctx context.Context, verb, key string, value []byte, ttl time.Duration) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s?verb=%s&key=%s&ttl=%d", s.url, verb, key, ttl), bytes.NewReader(value))
	if err != nil {
		return 0, nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode == http.StatusInternalServerError {
		err = errors.New(string(got))
	}
	return resp.StatusCode, got, err
}

func (s *farStore) Get(ctx context.Context, key string) ([]byte, error) {
	status, value, err := s.ask(ctx, "get", key, nil, 0)
	if err == nil && status == http.StatusNotFound {
		err = cache.ErrNotFound
	}
	return value, err
}

func (s *farStore) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, _, err := s.ask(ctx, "put", key, value, ttl)
	return err
}

func (s *farStore) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	status, _, err := s.ask(ctx, "add", key, value, ttl)
	return status == http.StatusOK, err
}

func (s *farStore) Delete(ctx context.Context, key string) error {
	_, _, err := s.ask(ctx, "delete", key, nil, 0)
	return err
}

// A mortal is a service whose process is killed, and started again behind the
// same address.
type mortal struct {
	testing.TB
	errand errand
	stores map[string]*cache.Memory
	roots  *x509.CertPool
	front  net.Listener
	ops    *http.Server

	mu       sync.Mutex
	process  *exec.Cmd
	addr     string         // of the process; "" while there is none
	answered map[string]int // by question
	contexts []string       // each once, in their order
	kill     int            // at this operation on the stores, counted down
	after    bool           // when it is done, and before it is answered
	conns    map[net.Conn]struct{}
}

func newMortal(t testing.TB, mode string) *mortal {
	t.Helper()
	m := &mortal{TB: t, stores: map[string]*cache.Memory{"/contexts": cache.NewMemory(1 << 20), "/marks": cache.NewMemory(1 << 22)}, answered: map[string]int{}, conns: map[net.Conn]struct{}{}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	m.roots = x509.NewCertPool()
	m.roots.AddCert(leaf)
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	listen := func() net.Listener {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return ln
	}
	ops := listen()
	m.ops = &http.Server{Handler: http.HandlerFunc(m.operate), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go m.ops.Serve(ops)
	m.front = listen()
	go m.forward()
	m.errand = errand{mode, "http://" + ops.Addr().String(), der, keyDER}
	t.Cleanup(func() {
		m.front.Close()
		m.die()
		m.ops.Close()
	})
	m.start()
	return m
}

// start begins another process, and returns when it listens.
func (m *mortal) start() {
	m.Helper()
	text, err := json.Marshal(m.errand)
	if err != nil {
		m.Fatal(err)
	}
	p := exec.Command(os.Args[0])
	p.Env = append(os.Environ(), mortalErrand+"="+string(text))
	p.Stderr = m.Output()
	if _, err := p.StdinPipe(); err != nil {
		m.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		m.Fatal(err)
	}
	if err := p.Start(); err != nil {
		m.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		m.Fatalf("the service does not start: %v", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.process, m.addr = p, line[:len(line)-1]
}

// die kills the process, if it is not dead yet, and closes what its clients have of
// it.
func (m *mortal) die() {
	m.mu.Lock()
	p := m.process
	m.process, m.addr, m.kill = nil, "", 0
	for c := range m.conns {
		c.Close()
	}
	m.mu.Unlock()
	if p != nil {
		_ = p.Process.Kill()
		_ = p.Wait()
	}
}

// operate carries out an operation on a store, or kills the process over it.
func (m *mortal) operate(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if r.URL.Path == "/answered" {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.answered[q.Get("n")]++
		if c := q.Get("context"); len(m.contexts) == 0 || m.contexts[len(m.contexts)-1] != c {
			m.contexts = append(m.contexts, c)
		}
		return
	}
	value, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	m.mu.Lock()
	dies := m.kill == 1
	m.kill = max(m.kill-1, 0)
	p, after := m.process, m.after
	m.mu.Unlock()
	if dies && p != nil && !after {
		_ = p.Process.Kill()
		return
	}
	s, key := m.stores[r.URL.Path], q.Get("key")
	var nanoseconds int64
	_, _ = fmt.Sscan(q.Get("ttl"), &nanoseconds)
	ttl := time.Duration(nanoseconds)
	if ttl == 4*time.Second {
		ttl = 100 * time.Millisecond // a claim to a renewal, whose end is waited for
	}
	ctx, added := context.Background(), true // the operation goes on when its process is gone
	switch q.Get("verb") {
	case "get":
		value, err = s.Get(ctx, key)
	case "put":
		err = s.Put(ctx, key, value, ttl)
	case "add":
		added, err = s.Add(ctx, key, value, ttl)
	case "delete":
		err = s.Delete(ctx, key)
	}
	if dies && p != nil {
		_ = p.Process.Kill()
		return
	}
	switch {
	case errors.Is(err, cache.ErrNotFound):
		w.WriteHeader(http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case !added:
		w.WriteHeader(http.StatusConflict)
	case q.Get("verb") == "get":
		_, _ = w.Write(value)
	}
}

// forward passes connections on to the process of now.
func (m *mortal) forward() {
	for {
		client, err := m.front.Accept()
		if err != nil {
			return
		}
		m.mu.Lock()
		addr := m.addr
		m.conns[client] = struct{}{}
		m.mu.Unlock()
		go func() {
			defer func() {
				client.Close()
				m.mu.Lock()
				delete(m.conns, client)
				m.mu.Unlock()
			}()
			server, err := net.Dial("tcp", addr)
			if err != nil {
				return
			}
			defer server.Close()
			go func() {
				_, _ = io.Copy(server, client)
				server.Close()
			}()
			_, _ = io.Copy(client, server)
		}()
	}
}
