package service_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/saml"
	"wstrust/service"
)

// Whoever stands before the Handler may say whom the HTTP request is of. Such a
// message needs no token; what it has beside must be good all the same.
func TestHTTPUser(t *testing.T) {
	name := "bob"
	w := newWorld(t, func(w *world) { w.v.HTTPUser = func(context.Context) string { return name } })
	out := request()
	is := func(m *service.Message, kind service.Kind, user, of string) {
		t.Helper()
		if p := m.Principal(); p.Kind != kind || p.Name != of || p.User != user || p.ProofOfPossession {
			t.Errorf("%v, user %q, and want %v %q, user %q", p, p.User, kind, of, user)
		}
	}
	octets, err := soap.Write(out, soap.Marks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain := soap.NewPacket(out.Version, out.Action, octets)
	if a := w.post(plain); a.env.IsFault() {
		t.Fatalf("%s\n%s", a.octets, w.log)
	}
	is(w.seen[0], service.User, "bob", "bob")
	if w.seen[0].User() != "" || w.seen[0].Assertion() != nil {
		t.Error("a message without a token has one")
	}
	is(w.accepted(out), service.User, "bob", "bob") // a Timestamp alone
	is(w.accepted(out, user("alice", "pw")), service.User, "alice", "alice")
	is(w.accepted(out, wsse.Issued{XML: w.assertion(nil)}), service.Token, "", "carol")
	w.refused(w.send(out, wsse.Options{Tokens: []wsse.Token{user("alice", "wrong")}}), "trust")
	old := protect(t, out, wsse.Options{}, time.Now().Add(-time.Hour))
	w.isRefusal(w.post(soap.NewPacket(out.Version, out.Action, old)))
	w.isRefusal(w.send(out, wsse.Options{Timestamp: wsse.Never, Tokens: []wsse.Token{user("alice", "pw")}}))
	name = ""
	w.isRefusal(w.post(plain))
	w.isRefusal(w.send(out, wsse.Options{}))
	// It is enough for a Verifier, and a Verifier has it or not.
	alone := &service.Verifier{Audiences: []string{"urn:x"}, Replay: w.v.Replay}
	if err := alone.Check(); !errors.Is(err, service.ErrConfig) {
		t.Error(err)
	}
	alone.HTTPUser = w.v.HTTPUser
	if err := alone.Check(); err != nil {
		t.Error(err)
	}
}

// A message with a password and an assertion tells both, and so does a context
// that it establishes.
func TestTwoTokens(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		both := []wsse.Token{user("alice", "pw"), wsse.Issued{XML: w.assertion(nil)}}
		m := w.accepted(request(), both...)
		if p := m.Principal(); p.Kind != service.Token || p.Name != "carol" || p.User != "alice" || m.User() != "alice" || m.Assertion() == nil || m.Assertion() != p.Assertion {
			t.Errorf("%v, %q, %q", p, p.User, m.User())
		}
		h := w.establish(wst.Trust13, wst.Request{}, both...)
		m = w.accepted(request(), under(h))
		if p := m.Principal(); p.Name != "carol" || p.User != "alice" || m.User() != "" || m.Assertion() != nil {
			t.Errorf("under the context: %v, %q, %q, %v", p, p.User, m.User(), m.Assertion())
		}
		// Tokens beside the context's signature are the message's own.
		m = w.accepted(request(), under(h), user("böb", "ß€"))
		if m.Principal().Name != "carol" || m.User() != "böb" || m.Context() == nil {
			t.Errorf("%v, %q", m.Principal(), m.User())
		}
		m = w.accepted(request(), under(h), wsse.Issued{XML: w.assertion(func(b *saml.Build) { b.Subject.NameID = "dora" })})
		if a := m.Assertion(); a == nil || a.Subject.NameID != "dora" || m.Principal().Name != "carol" {
			t.Errorf("%v", a)
		}
		for name, change := range map[string]func(*saml.Build){
			"expired": func(b *saml.Build) {
				b.Conditions.NotBefore, b.Conditions.NotOnOrAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
			},
			"for another": func(b *saml.Build) { b.Conditions.Audiences = [][]string{{"urn:other"}} },
		} {
			t.Log(name)
			w.isRefusal(w.send(request(), wsse.Options{Tokens: []wsse.Token{under(h), wsse.Issued{XML: w.assertion(change)}}}))
		}
		once := wsse.Issued{XML: w.assertion(func(b *saml.Build) { b.Conditions.OneTimeUse = true })}
		w.accepted(request(), under(h), once)
		w.isRefusal(w.send(request(), wsse.Options{Tokens: []wsse.Token{under(h), once}}))
		// Of kind User, Name and User are one, wherever the context was.
		h = w.establish(wst.Trust13, wst.Request{}, user("alice", "pw"))
		if p := w.accepted(request(), under(h)).Principal(); p.User != "alice" || p.Name != "alice" {
			t.Errorf("%v, %q", p, p.User)
		}
	})
}
