package service_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
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

func sealKey(t testing.TB, id string, fill byte) service.SealKey {
	t.Helper()
	k, err := service.NewSealKey(id, bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// eachMode runs a test with contexts in each of their places. change, if not
// nil, changes them.
func eachMode(t *testing.T, change func(*service.Contexts), test func(t *testing.T, w *world)) {
	t.Helper()
	for mode, c := range map[string]*service.Contexts{
		"memory": {},
		"cache":  {Cache: newReplay(t, cache.NewMemory(1<<20))},
		"sealed": {Seal: []service.SealKey{sealKey(t, "test", 3)}},
	} {
		if change != nil {
			change(c)
		}
		t.Run(mode, func(t *testing.T) {
			test(t, newWorld(t, func(w *world) { w.v.Contexts = c }))
		})
	}
}

// negotiate asks for something about a context, and returns what came of it or
// the answer that refuses it.
func (w *world) negotiate(v wst.Version, req wst.Request, tokens ...wsse.Token) (*wst.Issued, answer) {
	w.Helper()
	n, err := wst.New(req, v, wst.Options{})
	if err != nil {
		w.Fatal(err)
	}
	body, err := n.Step(xmltree.Elem{}, time.Now())
	if err != nil {
		w.Fatal(err)
	}
	a := w.send(soap.Outgoing{Action: n.RequestAction(), To: audience, Body: body}, wsse.Options{Tokens: tokens})
	if a.env.IsFault() {
		return nil, a
	}
	payload, err := a.env.Payload()
	if err != nil {
		w.Fatal(err)
	}
	if _, err := n.Step(payload, time.Now()); err != nil {
		w.Fatalf("%v\n%s", err, a.octets)
	}
	if a.env.Action.Value != v.ReplyAction(req.Action) {
		w.Errorf("the answer's action is %s", a.env.Action.Value)
	}
	return n.Issued(), a
}

// establish asks for a context and must get one.
func (w *world) establish(v wst.Version, req wst.Request, tokens ...wsse.Token) *wssc.Held {
	w.Helper()
	req.Action = wst.NewContext
	return w.hold(w.negotiate(v, req, tokens...))
}

// renew renews a context and must get another instance.
func (w *world) renew(h *wssc.Held, req wst.Request) *wssc.Held {
	w.Helper()
	req.Action, req.Target = wst.RenewContext, h.Unattached
	return w.hold(w.negotiate(h.Version, req, under(h)))
}

func (w *world) hold(i *wst.Issued, a answer) *wssc.Held {
	w.Helper()
	if i == nil {
		w.Fatalf("refused: %s\nlog: %s", a.octets, w.log)
	}
	h, err := wssc.NewHeld(i)
	if err != nil {
		w.Fatal(err)
	}
	return h
}

// under is the token that puts a message under a context.
func under(h *wssc.Held) wsse.Issued {
	return wsse.Issued{XML: h.Token, Key: h.Key, Attached: h.Attached}
}

// bad checks that an answer is a fault of that code.
func (w *world) bad(a answer, code wssc.Code) {
	w.Helper()
	f := a.env.Fault()
	if f == nil {
		w.Fatalf("accepted: %s", a.octets)
	}
	sub := f.Subcode()
	if got := wssc.CodeOf(sub.Space, sub.Local); got != code || f.Reason != code.Reason() || f.Detail.OK() {
		w.Fatalf("want the fault of %v: %s\nlog: %s", &wssc.Error{Code: code}, a.octets, w.lastLine())
	}
}

func (w *world) try(h wsse.Token) answer {
	return w.send(request(), wsse.Options{Tokens: []wsse.Token{h}})
}

// A context, its renewal and its end, in both versions and with every kind of
// entropy.
func TestContext(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		for _, v := range []wst.Version{wst.Trust13, wst.Trust2005, wst.Trust14} {
			for _, e := range []wst.EntropyMode{wst.ServerEntropy, wst.ClientEntropy, wst.CombinedEntropy} {
				before := len(w.seen)
				h := w.establish(v, wst.Request{Entropy: e, KeySize: 128}, user("alice", "pw"))
				if h.Instance != "" || len(h.Key.Secret()) != 16 {
					t.Errorf("%v %v: instance %q, a key of %d octets", v, e, h.Instance, len(h.Key.Secret()))
				}
				if life := h.Till.Sub(h.From); life != 15*time.Hour {
					t.Errorf("%v: a lifetime of %v", v, life)
				}
				m := w.accepted(request(), under(h))
				c := m.Context()
				if c == nil || c.ID != h.ID || c.Instance != "" || c.Expires.UnixMilli() != h.Till.UnixMilli() || c.Assertion != "" {
					t.Errorf("%v: the message's context is %+v", v, c)
				}
				if p := m.Principal(); p.Kind != service.User || p.Name != "alice" || p.ProofOfPossession {
					t.Errorf("%v: the message is from %v", v, p)
				}
				if signed, _ := protected(m); signed != service.Timestamp {
					t.Errorf("%v: signed is %v", v, signed)
				}
				next := w.renew(h, wst.Request{Entropy: e})
				if next.ID != h.ID || next.Instance == "" || next.Key.Equal(h.Key) {
					t.Errorf("%v: renewed: %v, which was %v", v, next, h)
				}
				w.accepted(request(), under(next))
				w.accepted(request(), under(h)) // within the rollover
				if n := len(w.seen) - before; n != 3 {
					t.Errorf("%v: the handler saw %d messages, 3 were for it", v, n)
				}
				done, a := w.negotiate(v, wst.Request{Action: wst.CancelContext, Target: next.Unattached}, under(next))
				if done == nil || !done.Cancelled {
					t.Fatalf("%v: not cancelled: %s", v, a.octets)
				}
				w.bad(w.try(under(next)), wssc.BadContextToken)
				w.bad(w.try(under(h)), wssc.BadContextToken)
			}
		}
	})
}

// Who established a context is who its messages are from, wherever it is kept.
func TestContextPrincipal(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		alice := pair(t, p256(t), "alice", &w.ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(20 * time.Minute) })
		bearer := w.assertion(func(b *saml.Build) { b.Conditions.NotOnOrAfter = time.Now().Add(10 * time.Minute) })
		holder := w.assertion(func(b *saml.Build) {
			b.Subject.Confirmations = []saml.Confirmation{{Kind: saml.HolderOfKey, Public: alice.PrivateKey.(crypto.Signer).Public()}}
		})
		for _, c := range []struct {
			name  string
			token wsse.Token
			tls   []tls.Certificate
			life  time.Duration // less than the default
		}{
			{name: "user", token: user("alice", "pw")},
			{name: "assertion", token: wsse.Issued{XML: bearer}, life: 10 * time.Minute},
			{name: "holder of key", token: wsse.Issued{XML: holder, Key: private(t, alice)}, life: time.Hour},
			{name: "certificate", token: wsse.X509{Certificates: []*x509.Certificate{alice.Leaf}, Key: private(t, alice)}, life: 20 * time.Minute},
			{name: "TLS certificate", tls: []tls.Certificate{alice}, life: 20 * time.Minute},
		} {
			t.Run(c.name, func(t *testing.T) {
				outer := w.TB
				w.TB, w.tls = t, c.tls
				defer func() { w.TB = outer }()
				var tokens []wsse.Token
				if c.token != nil {
					tokens = append(tokens, c.token)
				}
				want := w.accepted(request(), tokens...).Principal()
				h := w.establish(wst.Trust13, wst.Request{}, tokens...)
				w.tls = nil
				m := w.accepted(request(), under(h))
				got := m.Principal()
				if got.Kind != want.Kind || got.Name != want.Name || got.ProofOfPossession != want.ProofOfPossession || got.Assertion != nil {
					t.Errorf("%+v, want %+v", got, want)
				}
				if (want.Certificate == nil) != (got.Certificate == nil) || want.Certificate != nil && !got.Certificate.Equal(want.Certificate) {
					t.Errorf("certificate %v, want %v", got.Certificate, want.Certificate)
				}
				if key, ok := want.Key.(interface{ Equal(crypto.PublicKey) bool }); ok != (got.Key != nil) || ok && !key.Equal(got.Key) {
					t.Errorf("key %v, want %v", got.Key, want.Key)
				}
				if roles := got.Attribute("urn:role"); len(roles) != len(want.Attribute("urn:role")) {
					t.Errorf("roles %q", roles)
				}
				if sealed := w.v.Contexts.Seal != nil; (m.Context().Assertion != "") != (want.Assertion != nil && !sealed) {
					t.Errorf("assertion %.60q", m.Context().Assertion)
				}
				got.Name = "mallory" // a handler's own business
				if again := w.accepted(request(), under(h)).Principal(); again.Name != want.Name {
					t.Errorf("the next message is from %v", again)
				}
				if life := time.Until(h.Till); c.life != 0 && life > c.life {
					t.Errorf("the context lasts %v, what it was established with %v", life, c.life)
				}
				// Peers renew with what they established it with, and the context.
				next, a := w.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: h.Unattached}, append(tokens, under(h))...)
				if c.life != 0 { // it lasts as long as it may
					w.bad(a, wssc.UnableToRenew)
				} else if next == nil {
					t.Errorf("not renewed: %s", a.octets)
				}
			})
		}
	})
}

// A process that is started again goes on with what lies in the cache, or in
// the tokens; and one that has the new key in front still opens the old.
func TestContextSurvives(t *testing.T) {
	store := newReplay(t, cache.NewMemory(1<<20))
	a, b := sealKey(t, "a", 1), sealKey(t, "b", 2)
	for name, c := range map[string]struct {
		before, after *service.Contexts
		lost          bool
	}{
		"memory":      {&service.Contexts{}, &service.Contexts{}, true},
		"cache":       {&service.Contexts{Cache: store}, &service.Contexts{Cache: store}, false},
		"sealed":      {&service.Contexts{Seal: []service.SealKey{a}}, &service.Contexts{Seal: []service.SealKey{a}}, false},
		"new key":     {&service.Contexts{Seal: []service.SealKey{a}}, &service.Contexts{Seal: []service.SealKey{b, a}}, false},
		"dropped key": {&service.Contexts{Seal: []service.SealKey{a}}, &service.Contexts{Seal: []service.SealKey{b}}, true},
		"same id":     {&service.Contexts{Seal: []service.SealKey{a}}, &service.Contexts{Seal: []service.SealKey{sealKey(t, "a", 2)}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			before := newWorld(t, func(w *world) { w.v.Contexts = c.before })
			h := before.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
			after := newWorld(t, func(w *world) { w.v.Contexts = c.after })
			if c.lost {
				after.bad(after.try(under(h)), wssc.BadContextToken)
				return
			}
			after.accepted(request(), under(h))
			after.accepted(request(), under(after.renew(h, wst.Request{})))
		})
	}
}

// A service of another name knows nothing of a context, even if it shares cache
// or keys.
func TestContextOfAnotherService(t *testing.T) {
	store := newReplay(t, cache.NewMemory(1<<20))
	own := &service.Contexts{}
	for name, c := range map[string][2]*service.Contexts{
		"memory": {own, own},
		"cache":  {{Cache: store}, {Cache: store}},
		"sealed": {{Seal: []service.SealKey{sealKey(t, "k", 1)}}, {Seal: []service.SealKey{sealKey(t, "k", 1)}}},
	} {
		t.Run(name, func(t *testing.T) {
			here := newWorld(t, func(w *world) { w.v.Contexts = c[0] })
			there := newWorld(t, func(w *world) { w.v.Contexts = c[1]; w.v.Audiences = []string{"urn:elsewhere"} })
			h := here.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
			here.accepted(request(), under(h))
			there.bad(there.try(under(h)), wssc.BadContextToken)
			if err := there.v.RevokeContext(t.Context(), h.ID); err != nil {
				t.Error(err)
			}
			here.accepted(request(), under(h))
		})
	}
}

func TestContextsConfig(t *testing.T) {
	k := sealKey(t, "k", 1)
	for name, c := range map[string]*service.Contexts{
		"both":        {Cache: newReplay(t, cache.NewMemory(1)), Seal: []service.SealKey{k}},
		"negative":    {Lifetime: -1},
		"same key id": {Seal: []service.SealKey{k, sealKey(t, "k", 2)}},
		"empty key":   {Seal: []service.SealKey{{}}},
	} {
		v := &service.Verifier{Audiences: []string{"urn:x"}, Users: people{}, Replay: newReplay(t, cache.NewMemory(1)), Contexts: c}
		if err := v.Check(); !errors.Is(err, service.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	v := &service.Verifier{}
	if err := v.RevokeContext(t.Context(), "urn:x"); !errors.Is(err, service.ErrConfig) {
		t.Errorf("revoke without contexts: %v", err)
	}
}

// A message may name its context without carrying the token, unless the context
// is in it.
func TestContextNamed(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		h := w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		named := wsse.Issued{Key: h.Key, Attached: h.Unattached, Unsent: true}
		if w.v.Contexts.Seal != nil {
			w.bad(w.try(named), wssc.BadContextToken)
			return
		}
		if m := w.accepted(request(), named); m.Principal().Name != "alice" || m.Context().ID != h.ID {
			t.Errorf("from %v under %+v", m.Principal(), m.Context())
		}
		named.Key = secret(t, 1)
		w.bad(w.try(named), wssc.BadContextToken)
	})
}

// What Admit refuses is not granted, and its reason is for the log.
func TestContextAdmit(t *testing.T) {
	eachMode(t, func(c *service.Contexts) {
		c.Admit = func(_ context.Context, m *service.Message) error {
			if m.Principal().Name != "alice" || strings.HasSuffix(m.Action(), "/Renew") {
				return errors.New("no more for " + m.Principal().Name)
			}
			return nil
		}
	}, func(t *testing.T, w *world) {
		_, a := w.ask("böb", "ß€")
		w.bad(a, wssc.RequestFailed)
		if !strings.Contains(w.log.String(), "no more for böb") {
			t.Errorf("the log does not say why: %s", w.log)
		}
		h := w.hold(w.ask("alice", "pw"))
		_, a = w.negotiate(wst.Trust13, wst.Request{Action: wst.RenewContext, Target: h.Unattached}, under(h))
		w.bad(a, wssc.RequestFailed)
		w.accepted(request(), under(h))
		w.cancel(h)
	})
}
