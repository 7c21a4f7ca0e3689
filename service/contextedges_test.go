package service_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/soap"
	"wstrust/internal/wssc"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
	"wstrust/saml"
	"wstrust/service"
)

// Who speaks of no context is not told of one, whatever is wrong with his message;
// and who signed under one is told what is wrong, if that is something else.
func TestRefusedForAnotherReason(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Contexts = &service.Contexts{} })
	token := forged(t, "urn:uuid:1", "", secret(t, 1), nil).XML
	alice := user("alice", "pw")
	w.refused(w.send(request(), wsse.Options{}), "policy")
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{alice}, Timestamp: wsse.Never}), "policy")
	aside := request()
	aside.Headers = [][]byte{fmt.Appendf(nil, `<x:H xmlns:x="urn:x">%s</x:H>`, token)}
	w.refused(w.send(aside, wsse.Options{}), "policy")
	w.accepted(aside, alice)
	old := protect(t, request(), wsse.Options{Tokens: []wsse.Token{alice, wsse.Issued{XML: token}}}, time.Now().Add(-time.Hour))
	w.refused(w.post(soap.NewPacket(soap.V12, action, old)), "expired")

	h := w.establish(wst.Trust13, wst.Request{}, alice)
	w.v.Require = service.Body
	w.refused(w.try(under(h)), "policy")

	// Where contexts are not served, a token of one is like any other.
	w = newWorld(t, nil)
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{alice, wsse.Issued{XML: token}}}), "policy")
}

// Without Contexts a request for one is a message like another.
func TestContextRequestToAnother(t *testing.T) {
	w := newWorld(t, nil)
	out := request()
	out.Action = wst.Trust13.RequestAction(wst.NewContext)
	w.accepted(out, user("alice", "pw"))
}

// The fault about a context has the version of the token, the class of what was
// wrong is in the log, and only too many contexts are a reason to try again.
func TestContextFaults(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		for v, space := range map[wst.Version]string{wst.Trust2005: xmltree.SC2005, wst.Trust13: xmltree.SC13} {
			h := w.establish(v, wst.Request{}, user("alice", "pw"))
			if err := w.v.RevokeContext(t.Context(), h.ID); err != nil {
				t.Fatal(err)
			}
			a := w.try(under(h))
			w.bad(a, wssc.BadContextToken)
			if got := a.env.Fault().Subcode().Space; got != space {
				t.Errorf("%v: a fault of %s", v, got)
			}
			if !strings.Contains(w.lastLine(), "class=trust ") || a.header.Get("Retry-After") != "" {
				t.Errorf("Retry-After %q, log: %s", a.header.Get("Retry-After"), w.lastLine())
			}
		}
		h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		_, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.NewContext}, under(h))
		w.bad(a, wssc.InvalidRequest)
		if f := a.env.Fault(); a.status != http.StatusInternalServerError || !f.Is(soap.Sender) || a.header.Get("Retry-After") != "" {
			t.Errorf("status %d: %s", a.status, a.octets)
		}
		// What stands behind the context in the header counts as well.
		c := pair(t, p256(t), "client", &w.ca, nil)
		w.accepted(request(), under(h), wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c)})
	})
}

// A context that has ended must be renewed, whatever token comes with it.
func TestContextEndedBesideToken(t *testing.T) {
	eachMode(t, func(c *service.Contexts) { c.Lifetime, c.Rollover = 300*time.Millisecond, time.Hour }, func(t *testing.T, w *world) {
		t.Parallel()
		token := wsse.Issued{XML: w.assertion(nil)}
		h := w.establish(wst.Trust13, wst.Request{}, token)
		time.Sleep(time.Until(h.Till) + 10*time.Millisecond)
		w.bad(w.send(request(), wsse.Options{Tokens: []wsse.Token{token, under(h)}}), wssc.RenewNeeded)
	})
}

// The token that belongs to a signature is found among others: of another context, of
// another instance, and of the same name in a header that is none of ours.
func TestContextAmongOthers(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		first := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		second := w.establish(wst.Trust13, wst.Request{}, user("böb", "ß€"))
		renewed := w.renew(first, wst.Request{})
		for _, pair := range [][2]*wssc.Held{{first, second}, {second, first}, {first, renewed}, {renewed, first}} {
			m := w.accepted(request(), under(pair[0]), under(pair[1]))
			if c := m.Context(); c.ID != pair[0].ID || c.Instance != pair[0].Instance {
				t.Errorf("under %+v, want %v", c, pair[0])
			}
		}
		other := forged(t, first.ID, "", secret(t, 1), []byte("of somebody else")).XML
		octets := protect(t, request(), wsse.Options{Tokens: []wsse.Token{under(first)}}, time.Now())
		octets = bytes.Replace(octets, []byte("<s:Header>"), fmt.Appendf(nil, `<s:Header><x:H xmlns:x="urn:x">%s</x:H>`, other), 1)
		w.wantOrder(w.post(soap.NewPacket(soap.V12, action, octets)))
	})
}

// A context that a message names without its token is the one that it can cancel.
func TestContextNamedAndCancelled(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Contexts = &service.Contexts{} })
	h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
	named := wsse.Issued{Key: h.Key, Attached: h.Unattached, Unsent: true}
	if done, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.CancelContext, Target: h.Unattached}, named); done == nil {
		t.Errorf("refused: %s", a.octets)
	}
}

// What has passed but for the skew of clocks is good for a message, and for no
// context; and who has more to say than a token holds gets none.
func TestContextNotGranted(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		passed := wsse.Issued{XML: w.assertion(func(b *saml.Build) {
			b.Conditions.NotBefore, b.Conditions.NotOnOrAfter = time.Now().Add(-time.Hour), time.Now().Add(-time.Minute)
		})}
		w.accepted(request(), passed)
		_, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.NewContext}, passed)
		w.bad(a, wssc.RequestFailed)

		long := wsse.Issued{XML: w.assertion(func(b *saml.Build) { b.Attributes[0].Values[0] = strings.Repeat("x", 11<<10) })}
		got, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.NewContext}, long)
		if w.v.Contexts.Seal == nil {
			w.hold(got, a)
		} else {
			w.bad(a, wssc.RequestFailed)
		}
	})
}

// The order of Audiences does not matter to contexts, and whose subject it is does.
func TestContextScopeAndOwner(t *testing.T) {
	seal := []service.SealKey{sealKey(t, "k", 1)}
	here := newWorld(t, func(w *world) {
		w.v.Contexts = &service.Contexts{Seal: seal}
		w.v.Audiences = []string{"urn:a", "urn:b"}
	})
	there := newWorld(t, func(w *world) {
		w.v.Contexts = &service.Contexts{Seal: seal}
		w.v.Audiences = []string{"urn:b", "urn:a"}
	})
	there.accepted(request(), under(here.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))))

	w := newWorld(t, func(w *world) {
		w.v.Contexts = &service.Contexts{MaxPerPrincipal: 1}
		w.v.Issuers = append(w.v.Issuers, service.Issuer{Name: "urn:second", Certificates: w.v.Issuers[0].Certificates})
	})
	for _, issuer := range []string{issuer, "urn:second"} {
		carol := wsse.Issued{XML: w.assertion(func(b *saml.Build) { b.Issuer = issuer })}
		w.establish(wst.Trust13, wst.Request{}, carol)
		_, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.NewContext}, carol)
		w.busy(a)
	}
}

func TestContextsOfABrokenVerifier(t *testing.T) {
	k := sealKey(t, "k", 1)
	v := &service.Verifier{Contexts: &service.Contexts{Seal: []service.SealKey{k, sealKey(t, "k", 2)}}}
	if err := v.RevokeContext(t.Context(), "urn:x"); !errors.Is(err, service.ErrConfig) {
		t.Errorf("revoke: %v", err)
	}
	w := newWorld(t, nil)
	w.v.Contexts = &service.Contexts{MaxPerPrincipal: -1}
	if err := w.v.Check(); !errors.Is(err, service.ErrConfig) {
		t.Errorf("a negative bound: %v", err)
	}
}

// nth is a store of which the nth question after it was armed fails, or comes too
// late: what was there is gone.
type nth struct {
	cache.Store
	mu   sync.Mutex
	left int
	err  error
	puts int
	add  func(ttl time.Duration) (refuse bool) // asked at each Add
}

func (n *nth) Get(ctx context.Context, key string) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.left--; n.left == 0 {
		return nil, n.err
	}
	return n.Store.Get(ctx, key)
}

func (n *nth) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.puts++
	return n.Store.Put(ctx, key, value, ttl)
}

func (n *nth) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if n.add != nil && n.add(ttl) {
		return false, nil
	}
	return n.Store.Add(ctx, key, value, ttl)
}

// A renewal asks its store several times. Whichever question has no answer, or that
// the context is gone, the renewal is not granted; and where the last says that
// nobody knows of a revocation, the context ends.
func TestContextRenewalQuestions(t *testing.T) {
	const revoked = 4 // the questions before are for the context that signed, and, twice, for the one to be renewed
	for question := 1; question <= revoked; question++ {
		for _, err := range []error{errMood, cache.ErrNotFound} {
			if question == revoked && err != errMood {
				continue // as it should be
			}
			t.Run(fmt.Sprint(question, " ", err), func(t *testing.T) {
				store := &nth{Store: cache.NewMemory(1 << 20), err: err}
				w := newWorld(t, func(w *world) { w.v.Contexts = &service.Contexts{Cache: newReplay(t, store)} })
				h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
				store.mu.Lock()
				store.left = question
				store.mu.Unlock()
				_, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: h.Unattached}, under(h))
				if err == errMood {
					if !a.env.IsFault() || !strings.Contains(w.lastLine(), errMood.Error()) {
						t.Errorf("%s\nlog: %s", a.octets, w.log)
					}
				} else {
					w.bad(a, wssc.BadContextToken)
				}
				if question == revoked {
					w.bad(w.try(under(h)), wssc.BadContextToken)
				} else {
					w.accepted(request(), under(h))
				}
			})
		}
	}
}

// Where another has the claim to a renewal nothing is written, for as long as it
// takes, and a client that goes away waits no longer.
func TestContextRenewalClaimed(t *testing.T) {
	const claim = 4 * time.Second
	store := &nth{Store: cache.NewMemory(1 << 20)}
	w := newWorld(t, func(w *world) { w.v.Contexts = &service.Contexts{Cache: newReplay(t, store)} })
	h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
	asked, early := 0, 0
	before := store.puts
	store.add = func(ttl time.Duration) bool {
		if ttl != claim {
			return false
		}
		asked++
		early += store.puts - before
		return asked < 4
	}
	h = w.renew(h, wst.Request{})
	if asked != 4 || early != 0 {
		t.Errorf("asked %d times for the claim, written %d times without", asked, early)
	}

	ctx, cancel := context.WithCancel(t.Context())
	store.add = func(ttl time.Duration) bool {
		if ttl == claim {
			cancel()
		}
		return ttl == claim
	}
	out := soap.Outgoing{Action: wst.Trust13.RequestAction(wst.RenewContext), To: audience, Body: mustWrite(t, wst.Request{Action: wst.RenewContext, Target: h.Unattached})}
	octets := protect(t, out, wsse.Options{Tokens: []wsse.Token{under(h)}}, time.Now())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, audience, bytes.NewReader(octets))
	r.Header.Set("Content-Type", soap.V12.ContentType(out.Action))
	rec := httptest.NewRecorder()
	w.v.Handler(w.call).ServeHTTP(rec, r)
	if rec.Code != http.StatusInternalServerError || !strings.Contains(w.lastLine(), context.Canceled.Error()) {
		t.Errorf("status %d, log: %s", rec.Code, w.lastLine())
	}
}

// noDelete is a store that forgets nothing when it is told to.
type noDelete struct{ between }

func (*noDelete) Delete(context.Context, string) error { return errMood }

// A revocation that comes in the middle of a renewal holds, in a sealed context; and
// in a cached one that cannot be deleted any more the renewal fails at least.
func TestContextRevokedMeanwhile(t *testing.T) {
	marks := &nth{Store: cache.NewMemory(1 << 20)}
	w := newWorld(t, func(w *world) {
		w.v.Contexts = &service.Contexts{Seal: []service.SealKey{sealKey(t, "k", 1)}}
		w.v.Replay = newReplay(t, marks)
	})
	h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
	marks.add = func(ttl time.Duration) bool {
		if ttl > time.Hour { // the mark of the old instance
			if err := w.v.RevokeContext(context.Background(), h.ID); err != nil {
				t.Error(err)
			}
		}
		return false
	}
	_, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: h.Unattached}, under(h))
	w.bad(a, wssc.BadContextToken)

	store := &noDelete{between{Store: cache.NewMemory(1 << 20)}}
	w = newWorld(t, func(w *world) { w.v.Contexts = &service.Contexts{Cache: newReplay(t, store)} })
	h = w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
	revoke := func() { // says that it failed, and leaves its mark
		if err := w.v.RevokeContext(context.Background(), h.ID); err == nil {
			t.Error("revoked without being deleted")
		}
	}
	store.do.Store(&revoke)
	_, a = w.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: h.Unattached}, under(h))
	if f := a.env.Fault(); f == nil || !strings.Contains(w.lastLine(), errMood.Error()) {
		t.Errorf("%s\nlog: %s", a.octets, w.lastLine())
	}
}
