//go:build soak

package wstrust_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/service"
)

const soakPassword = "soak"

var soakModes = []string{"memory", "cache", "sealed"}

// What requests about contexts are counted under.
const (
	soakEstablish = iota
	soakRenew
	soakCancel
)

// A soak is the service of TestSoak, with one path for each mode, and what is
// known of its callers.
type soak struct {
	testing.TB
	srv    *httptest.Server
	client *http.Client

	marks      forgetful     // of replays, for the service before and after a restart
	shared     *cache.Memory // contexts, likewise
	generation atomic.Int32
	doors      atomic.Pointer[map[string]http.Handler]

	callers []caller
	taken   []atomic.Uint32 // by caller: the last question of his that was answered
	tickets chan struct{}
	busy    sync.WaitGroup // callers with a ticket
	done    sync.WaitGroup // callers
	start   time.Time
	told    time.Duration

	answered, failures, longest atomic.Int64
	busied                      atomic.Int64 // requests for contexts that there was no room for
	count                       [3]atomic.Int64
}

type soakGeneration struct{}

func newSoak(t testing.TB) *soak {
	s := &soak{TB: t, shared: cache.NewMemory(64 << 20), tickets: make(chan struct{})}
	s.marks.forget()
	s.restart()
	s.srv = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.srv.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, soakGeneration{}, s.generation.Load())
	}
	s.srv.StartTLS()
	roots := x509.NewCertPool()
	roots.AddCert(s.srv.Certificate())
	s.client = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, MaxConnsPerHost: 32, MaxIdleConnsPerHost: 32,
	}}
	s.start = time.Now()
	return s
}

// soakUsers has one password for everybody.
type soakUsers struct{}

func (soakUsers) Check(_ context.Context, _ string, shown service.Password) (bool, error) {
	return shown.Matches(soakPassword), nil
}

// restart has other Verifiers take over, which know what lies in the stores and
// the key of the seals. Those before finish what they have begun.
func (s *soak) restart() {
	storeKey, err := cache.NewKey("test", bytes.Repeat([]byte{7}, cache.KeySize))
	if err != nil {
		s.Fatal(err)
	}
	replay, err := cache.New(&s.marks, storeKey)
	if err != nil {
		s.Fatal(err)
	}
	shared, err := cache.New(s.shared, storeKey)
	if err != nil {
		s.Fatal(err)
	}
	sealKey, err := service.NewSealKey("test-1", bytes.Repeat([]byte{9}, 32))
	if err != nil {
		s.Fatal(err)
	}
	doors := map[string]http.Handler{}
	for _, mode := range soakModes {
		// The limits are the default ones, although all clients can come at once.
		c := &service.Contexts{Lifetime: 4 * soakRenewal, Rollover: soakRenewal}
		switch mode {
		case "cache":
			c.Cache = shared
		case "sealed":
			c.Seal = []service.SealKey{sealKey}
		}
		v := &service.Verifier{
			Audiences: []string{"urn:parlour"}, Users: soakUsers{}, Replay: replay, Contexts: c,
			MaxLatency: soakTTL, MaxSkew: soakTTL, // so that marks of replays come and go
		}
		if err := v.Check(); err != nil {
			s.Fatal(err)
		}
		doors["/"+mode] = v.Handler(s.answer)
	}
	s.doors.Store(&doors)
	s.generation.Add(1)
}

// serve hands a request to the service of now. Connections to those before are
// closed after their next answer.
func (s *soak) serve(w http.ResponseWriter, r *http.Request) {
	if r.Context().Value(soakGeneration{}) != s.generation.Load() {
		w.Header().Set("Connection", "close")
	}
	_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	for kind, action := range []string{"/RST/SCT", "/RST/SCT/Renew", "/RST/SCT/Cancel"} {
		if strings.HasSuffix(params["action"], action) {
			s.count[kind].Add(1)
		}
	}
	(*s.doors.Load())[r.URL.Path].ServeHTTP(&busyCounter{w, &s.busied}, r)
}

// A busyCounter counts answers that say that there is no room now.
type busyCounter struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (b *busyCounter) WriteHeader(status int) {
	if status == http.StatusServiceUnavailable {
		b.n.Add(1)
	}
	b.ResponseWriter.WriteHeader(status)
}

func (b *busyCounter) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// answer counts each question.
func (s *soak) answer(_ context.Context, m *service.Message) (any, error) {
	var q question
	if err := m.Decode(&q); err != nil {
		return nil, err
	}
	var id int
	var n uint32
	if _, err := fmt.Sscanf(q.N, "%d/%d", &id, &n); err != nil {
		return nil, err
	}
	if m.Context() == nil {
		s.wrong("question %s came under no context", q.N)
	}
	s.answered.Add(1)
	if last := s.taken[id].Swap(n); last != n-1 {
		s.wrong("question %s is answered, the last was %d", q.N, last)
	}
	return reply{N: q.N, Who: m.Principal().Name}, nil
}

// wrong reports what must not be; after a while it only counts.
func (s *soak) wrong(format string, a ...any) {
	if s.failures.Add(1) <= 20 {
		s.Errorf("%v: "+format, append([]any{time.Since(s.start).Round(time.Millisecond)}, a...)...)
	}
}

func (s *soak) slower(d time.Duration) {
	for {
		old := s.longest.Load()
		if int64(d) <= old || s.longest.CompareAndSwap(old, int64(d)) {
			return
		}
	}
}

// String says how far it is.
func (s *soak) String() string {
	return fmt.Sprintf("%d calls answered, %d went wrong, %d contexts asked for, %d times there was no room, %d renewals, %d cancellations, %d restarts, the longest call %v",
		s.answered.Load(), s.failures.Load(), s.count[soakEstablish].Load(), s.busied.Load(), s.count[soakRenew].Load(), s.count[soakCancel].Load(),
		s.generation.Load()-1, time.Duration(s.longest.Load()).Round(time.Millisecond))
}

// forgetful is a store that can be emptied. What it holds is no growth: it is
// there by design, until the messages expire.
type forgetful struct{ atomic.Pointer[cache.Memory] }

func (f *forgetful) forget() { f.Store(cache.NewMemory(256 << 20)) }

func (f *forgetful) Get(ctx context.Context, key string) ([]byte, error) {
	return f.Load().Get(ctx, key)
}

func (f *forgetful) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return f.Load().Put(ctx, key, value, ttl)
}

func (f *forgetful) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	return f.Load().Add(ctx, key, value, ttl)
}

func (f *forgetful) Delete(ctx context.Context, key string) error {
	return f.Load().Delete(ctx, key)
}

// A weight is what the process holds while nobody calls.
type weight struct {
	goroutines int
	heap       int64
	entries    int64 // in the store of contexts
	marks      int64 // of replays, which do not count
}

func (w weight) String() string {
	return fmt.Sprintf("%d goroutines, a heap of %d KiB without the %d marks of replays, %d entries in the store of contexts", w.goroutines, w.heap>>10, w.marks, w.entries)
}

// allowed is by how much the heap may be larger than when it was warm: by the
// marks of cancellations that the store of contexts has got, and some slack for
// maps and for what the runtime keeps.
func (w weight) allowed(warm weight) int64 {
	return 160<<10 + 320*max(w.entries-warm.entries, 0)
}

// weigh waits for all calls and connections to end. With want it gives
// goroutines time to become that few.
func (s *soak) weigh(want int) weight {
	s.busy.Wait()
	s.client.CloseIdleConnections()
	w := weight{goroutines: goroutines(want), entries: int64(s.shared.Len()), marks: int64(s.marks.Load().Len())}
	s.marks.forget()
	for range 3 { // pools are emptied by the second
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.heap = int64(m.HeapAlloc)
	return w
}

// goroutines counts them when they are not more than want, or when they have
// not become fewer for a while.
func goroutines(want int) int {
	n := runtime.NumGoroutine()
	for quiet := 0; n > want && quiet < 20; quiet++ {
		time.Sleep(50 * time.Millisecond)
		if now := runtime.NumGoroutine(); now < n {
			n, quiet = now, 0
		}
	}
	return n
}
