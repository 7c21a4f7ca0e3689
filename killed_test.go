package wstrust_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"wstrust"
)

// A recorder keeps every message that goes out.
type recorder struct {
	base http.RoundTripper
	sent []*http.Request // with GetBody
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	again := req.Clone(context.Background())
	again.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.sent = append(r.sent, again)
	out := req.Clone(req.Context())
	out.Body, out.GetBody = io.NopCloser(bytes.NewReader(body)), nil // sent once, whatever becomes of it
	return r.base.RoundTrip(out)
}

// open opens a channel to the service, whose requests are recorded.
func (m *mortal) open(c wstrust.ContextConfig) (*wstrust.Channel, *recorder) {
	m.Helper()
	rec := &recorder{base: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: m.roots, ServerName: "localhost"}}}
	cfg := conversing(c)
	cfg.HTTP = &http.Client{Transport: rec}
	ch, err := wstrust.Open(context.Background(), "https://"+m.front.Addr().String(), cfg)
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() {
		ch.Abort()
		rec.base.(*http.Transport).CloseIdleConnections()
	})
	return ch, rec
}

// restart kills the process and begins another.
func (m *mortal) restart(rec *recorder) {
	m.Helper()
	m.die()
	rec.base.(*http.Transport).CloseIdleConnections()
	m.start()
}

// replay sends messages once more, and returns how many were not refused.
func (m *mortal) replay(rec *recorder, sent []*http.Request) (taken int) {
	m.Helper()
	for _, r := range sent {
		r.Body, _ = r.GetBody()
		resp, err := rec.base.RoundTrip(r)
		if err != nil {
			m.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			taken++
		}
	}
	return taken
}

// A service whose process is killed and started again: with contexts in a shared
// store, and with sealed ones, the conversation goes on; in memory the client
// authenticates once more. Nothing that was sent to the first is taken by the
// second.
func TestKilled(t *testing.T) {
	for _, mode := range []string{"memory", "cache", "sealed"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			m := newMortal(t, mode)
			ch, rec := m.open(wstrust.ContextConfig{})
			for life := range 3 {
				for i := range 3 {
					if err := ask(t.Context(), ch, fmt.Sprint(life, "/", i)); err != nil {
						t.Fatalf("life %d, question %d: %v", life, i, err)
					}
				}
				if life < 2 {
					m.restart(rec)
				}
			}
			if n := m.replay(rec, rec.sent); n != 0 {
				t.Errorf("%d of %d messages are taken twice", n, len(rec.sent))
			}
			if err := ch.Close(t.Context()); err != nil {
				t.Error(err)
			}
			want := map[string]int{"memory": 3, "cache": 1, "sealed": 1}[mode]
			if len(m.contexts) != want {
				t.Errorf("questions came under %d contexts, want %d", len(m.contexts), want)
			}
			if len(rec.sent) < 9+want+1 {
				t.Errorf("%d messages for nine questions", len(rec.sent))
			}
			m.once(9, 9)
		})
	}
}

// once checks that each question was answered once at most, and how many were.
func (m *mortal) once(least, most int) {
	m.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for n, times := range m.answered {
		if times != 1 {
			m.Errorf("question %s was answered %d times", n, times)
		}
	}
	if len(m.answered) < least || len(m.answered) > most {
		m.Errorf("%d questions were answered, want %d to %d", len(m.answered), least, most)
	}
}

// The process is killed before and after each operation on the stores that a
// question and the renewal before it take. What the client was not told it does
// not ask again; the conversation goes on in the next process; and no message is
// taken twice, by whichever process.
func TestKilledAtEveryOperation(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("modes", func(t *testing.T) {
		for _, mode := range []string{"cache", "sealed"} {
			t.Run(mode, func(t *testing.T) {
				t.Parallel()
				m := newMortal(t, mode)
				asked, told, killed := 0, 0, 0
				for at := 1; ; at++ {
					reached := true
					for _, after := range []bool{false, true} {
						ch, rec := m.open(wstrust.ContextConfig{RenewalInterval: time.Nanosecond})
						question := func() error {
							asked++
							err := ask(t.Context(), ch, fmt.Sprint(asked))
							if err == nil {
								told++
							}
							return err
						}
						if err := question(); err != nil {
							t.Fatal(err)
						}
						first, context := len(rec.sent), m.context()
						m.mu.Lock()
						m.kill, m.after = at, after
						m.mu.Unlock()
						err := question()
						m.mu.Lock()
						reached = m.kill == 0
						m.mu.Unlock()
						if !reached {
							break
						}
						killed++
						if errors.As(err, new(*wstrust.Fault)) || errors.Is(err, wstrust.ErrVerification) || ch.State() != wstrust.StateOpen {
							t.Errorf("killed at operation %d: %v, the channel is %v", at, err, ch.State())
						}
						m.restart(rec)
						last := rec.sent[first:]
						m.replay(rec, last) // the one under way may be taken now
						if n := m.replay(rec, last); n != 0 {
							t.Errorf("killed at operation %d: %d of %d messages are taken twice", at, n, len(last))
						}
						if err := question(); err != nil {
							t.Fatalf("killed at operation %d, after that: %v", at, err)
						}
						if now := m.context(); now != context {
							t.Errorf("killed at operation %d: the conversation does not go on: context %s was %s", at, now, context)
						}
						if err := ch.Close(t.Context()); err != nil {
							t.Error(err)
						}
					}
					if !reached {
						break
					}
				}
				m.once(told, asked)
				t.Logf("killed %d times; %d questions, %d answers", killed, asked, told)
				if killed < 16 {
					t.Errorf("killed %d times, and there are eight operations at least", killed)
				}
			})
		}
	})
	http.DefaultClient.CloseIdleConnections()
	if now := settle(before); now > before {
		t.Errorf("%d goroutines, %d before", now, before)
	}
}

// context returns the one that the last question came under.
func (m *mortal) context() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.contexts[len(m.contexts)-1]
}

// settle counts goroutines when they are not more than want, or do not become
// fewer.
func settle(want int) int {
	n := runtime.NumGoroutine()
	for quiet := 0; n > want && quiet < 50; quiet++ {
		time.Sleep(20 * time.Millisecond)
		if now := runtime.NumGoroutine(); now < n {
			n, quiet = now, 0
		}
	}
	return n
}
