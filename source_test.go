package wstrust

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wstrust/cache"
)

// An issuerFunc stands for an issuer where only the Source is under test; the
// channel is tested against the real one.
type issuerFunc func(ctx context.Context, req TokenRequest) (*Token, error)

func (f issuerFunc) RequestToken(ctx context.Context, req TokenRequest) (*Token, error) {
	return f(ctx, req)
}
func (issuerFunc) Identity() string { return "test" }

func tokenFor(n int64, life time.Duration) *Token {
	now := time.Now()
	t := &Token{xml: fmt.Appendf(nil, "<t>%d</t>", n), keyType: Bearer}
	if life > 0 {
		t.from, t.till = now, now.Add(life)
	}
	return t
}

func TestSourceRefreshesEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		s := &Source{Issuer: issuerFunc(func(context.Context, TokenRequest) (*Token, error) {
			return tokenFor(asked.Add(1), time.Hour), nil
		})}
		for _, step := range []struct {
			after time.Duration
			asked int64
		}{{0, 1}, {30 * time.Minute, 1}, {14 * time.Minute, 1}, {4 * time.Minute, 2}, {10 * time.Minute, 2}} {
			time.Sleep(step.after)
			if _, err := s.Token(t.Context()); err != nil {
				t.Fatal(err)
			}
			if asked.Load() != step.asked {
				t.Fatalf("after %v more: asked %d times, want %d", step.after, asked.Load(), step.asked)
			}
		}
	})
}

func TestSourceOneRequestForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		s := &Source{Issuer: issuerFunc(func(context.Context, TokenRequest) (*Token, error) {
			n := asked.Add(1)
			time.Sleep(time.Second)
			return tokenFor(n, time.Hour), nil
		})}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if _, err := s.Token(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		time.Sleep(time.Microsecond)
		if _, err := s.Token(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a caller waited past its own deadline: %v", err)
		}
		wg.Wait()
		if asked.Load() != 1 {
			t.Errorf("asked %d times", asked.Load())
		}
	})
}

func TestSourceLeaderGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		s := &Source{Issuer: issuerFunc(func(ctx context.Context, _ TokenRequest) (*Token, error) {
			n := asked.Add(1)
			select {
			case <-time.After(time.Second):
				return tokenFor(n, time.Hour), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		go s.Token(ctx)
		synctest.Wait()
		if _, err := s.Token(t.Context()); err != nil {
			t.Errorf("the waiter failed with the leader: %v", err)
		}
	})
}

func TestSourceKeepsTheOldOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		down := errors.New("issuer is down")
		s := &Source{Issuer: issuerFunc(func(context.Context, TokenRequest) (*Token, error) {
			if asked.Add(1) > 1 {
				return nil, down
			}
			return tokenFor(1, time.Hour), nil
		})}
		first, err := s.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(55 * time.Minute)
		for range 10 {
			if got, err := s.Token(t.Context()); err != nil || got != first {
				t.Fatalf("the old token is valid for 5 minutes more, got %v, %v", got, err)
			}
		}
		if asked.Load() != 2 {
			t.Errorf("asked %d times at once", asked.Load())
		}
		time.Sleep(5*time.Minute + time.Second)
		if got, err := s.Token(t.Context()); !errors.Is(err, down) || got != nil {
			t.Errorf("an expired token was given out: %v, %v", got, err)
		}
	})
}

func TestSourceDoesNotInsist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		s := &Source{Issuer: issuerFunc(func(context.Context, TokenRequest) (*Token, error) {
			asked.Add(1)
			return nil, &Error{Op: "request token", Err: &Fault{Code: "Sender", Subcode: "FailedAuthentication"}}
		})}
		for range 20 {
			if _, err := s.Token(t.Context()); !errors.Is(err, ErrAccessDenied) {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if asked.Load() != 1 {
			t.Errorf("asked %d times with a password that is wrong", asked.Load())
		}
		time.Sleep(30 * time.Second)
		s.Token(t.Context())
		if asked.Load() != 2 {
			t.Errorf("asked %d times after the pause", asked.Load())
		}
	})
}

func TestSourceWithoutLifetime(t *testing.T) {
	var asked atomic.Int64
	s := &Source{Issuer: issuerFunc(func(context.Context, TokenRequest) (*Token, error) {
		return tokenFor(asked.Add(1), 0), nil
	})}
	for range 3 {
		if _, err := s.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if asked.Load() != 3 {
		t.Errorf("asked %d times, a token without lifetime serves once", asked.Load())
	}
}

func TestSourceSharedCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, err := cache.NewKey("k", make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		shared, err := cache.New(cache.NewMemory(1<<20), key)
		if err != nil {
			t.Fatal(err)
		}
		var asked atomic.Int64
		issuer := issuerFunc(func(_ context.Context, req TokenRequest) (*Token, error) {
			n := asked.Add(1)
			time.Sleep(2 * time.Second)
			return tokenFor(n, time.Hour), nil
		})
		var wg sync.WaitGroup
		for range 50 {
			s := &Source{Issuer: issuer, Request: TokenRequest{AppliesTo: "urn:a"}, Cache: shared}
			wg.Go(func() {
				if _, err := s.Token(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if asked.Load() != 1 {
			t.Errorf("fifty processes asked %d times", asked.Load())
		}
		other := &Source{Issuer: issuer, Request: TokenRequest{AppliesTo: "urn:b"}, Cache: shared}
		if _, err := other.Token(t.Context()); err != nil || asked.Load() != 2 {
			t.Errorf("another request got the shared token: asked %d times, %v", asked.Load(), err)
		}
	})
}

// A field that is missing from the cache name would hand one request's token to
// another. Whoever adds a field fails here.
func TestSourceNameHasEveryField(t *testing.T) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{
		"Action": Renew, "AppliesTo": "x", "AppliesToReference": XML("<x/>"), "TokenType": "x", "KeyType": Bearer, "KeySize": 128, "Entropy": ClientEntropy,
		"UseKey": crypto.Signer(k), "UseKeyCertificate": &x509.Certificate{Raw: []byte("x")},
		"Existing": tokenFor(1, 0), "OnBehalfOf": tokenFor(1, 0), "ActAs": tokenFor(1, 0),
		"Claims": []Claim{{URI: "x"}}, "Lifetime": time.Hour, "Parameters": []XML{"<x/>"}, "Secondary": []XML{"<x/>"},
	}
	issuer := issuerFunc(nil)
	seen := map[string]string{(&Source{Issuer: issuer}).name(): "nothing"}
	typ := reflect.TypeFor[TokenRequest]()
	for i := range typ.NumField() {
		f := typ.Field(i).Name
		v, ok := values[f]
		if !ok {
			t.Fatalf("field %s is not in this test", f)
		}
		s := &Source{Issuer: issuer}
		reflect.ValueOf(&s.Request).Elem().Field(i).Set(reflect.ValueOf(v))
		name := s.name()
		if was, twice := seen[name]; twice {
			t.Errorf("a request with %s has the name of one with %s", f, was)
		}
		seen[name] = f
	}
	for _, f := range []string{"URI", "Value"} {
		s := &Source{Issuer: issuer, Request: TokenRequest{Claims: []Claim{{}}}}
		before := s.name()
		reflect.ValueOf(&s.Request.Claims[0]).Elem().FieldByName(f).SetString("y")
		if s.name() == before {
			t.Errorf("claim %s is not in the name", f)
		}
	}
}

func TestSourceHitCosts(t *testing.T) {
	s := &Source{Issuer: issuerFunc(func(context.Context, TokenRequest) (*Token, error) { return tokenFor(1, time.Hour), nil })}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		if _, err := s.Token(ctx); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a token at hand", n)
	}
}

func BenchmarkSourceHit(b *testing.B) {
	s := &Source{Issuer: issuerFunc(func(context.Context, TokenRequest) (*Token, error) { return tokenFor(1, time.Hour), nil })}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Token(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
