package service_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/wsse"
	"wstrust/service"
)

// sharedWith is a SharedKeys with keys in memory.
type sharedWith map[string][]byte

func (s sharedWith) Key(_ context.Context, name string) ([]byte, error) {
	if name == "broken" {
		return s["orders 2026"], errors.New("vault is sealed")
	}
	return s[name], nil
}

// Whoever signs with a key that the service has under the name is accepted, as the
// principal of that name.
func TestSharedKeys(t *testing.T) {
	secret := bytes.Repeat([]byte("k"), 32)
	named := func(name string, secret []byte, parts wsse.Parts) wsse.Shared {
		key, err := alg.SecretKey(secret)
		if err != nil {
			t.Fatal(err)
		}
		return wsse.Shared{Name: name, Key: key, Parts: parts | wsse.PartTimestamp}
	}
	alice := pair(t, p256(t), "alice", nil, func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "alice"} })
	bob := pair(t, p256(t), "bob", nil, nil)
	keys := sharedWith{"orders 2026": secret, "short": secret[:8], "zero": make([]byte, 32), "CN=alice": secret}
	w := newWorld(t, func(w *world) {
		w.v.SharedKeys = keys
		w.v.KnownClients = []*x509.Certificate{alice.Leaf, bob.Leaf}
		w.v.Addresses = []string{audience}
		w.v.Require = wsse.PartTimestamp
	})
	p := w.accepted(request(), named("orders 2026", secret, wsse.PartBody)).Principal()
	if p.Kind != service.Shared || p.Name != "orders 2026" || !p.ProofOfPossession || p.Key != nil || p.String() != `shared key "orders 2026"` {
		t.Errorf("%v: %+v", p, p)
	}
	w.accepted(request(), named("orders 2026", secret, wsse.PartTo))
	w.wantOrder(w.send(request(), wsse.Options{
		Tokens:     []wsse.Token{named("orders 2026", secret, 0)},
		Protection: &wsse.Protection{Sign: wsse.PartBody | wsse.PartTimestamp, Derived: wsse.Derived13},
	}))

	// A user beside it is who sent the message.
	if p := w.accepted(request(), user("alice", "pw"), named("orders 2026", secret, wsse.PartBody)).Principal(); p.Kind != service.User {
		t.Errorf("a user with a shared key: %v", p)
	}

	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{named("orders 2026", secret, 0)}}), "policy") // for whom?
	other := bytes.Repeat([]byte("x"), 32)
	for name, class := range map[string]string{"orders 2026": "signature", "orders 2025": "trust", "broken": "trust", "short": "trust", "zero": "trust", "CN=alice": "trust"} {
		key := secret
		if name == "orders 2026" {
			key = other
		}
		w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{named(name, key, wsse.PartBody)}}), class)
		if name == "broken" && !bytes.Contains([]byte(w.lastLine()), []byte("vault is sealed")) {
			t.Errorf("the log does not say why: %s", w.lastLine())
		}
	}

	// A certificate is known by its name as well, unless a secret key has the same.
	byName := func(c tls.Certificate) wsse.Token {
		return wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c), Reference: wsse.RefKeyName, Parts: wsse.PartBody | wsse.PartTimestamp}
	}
	if p := w.accepted(request(), byName(bob)).Principal(); p.Kind != service.Certificate {
		t.Errorf("a certificate by its name: %v", p)
	}
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{byName(alice)}}), "trust")
	w.v.SharedKeys = nil
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{named("orders 2026", secret, wsse.PartBody)}}), "trust")
}

// A service may know nobody but those with whom it shares a key.
func TestSharedKeysAlone(t *testing.T) {
	v := service.Verifier{Audiences: []string{audience}, Replay: newWorld(t, nil).v.Replay, SharedKeys: sharedWith{}}
	if err := v.Check(); err != nil {
		t.Error(err)
	}
	v.SharedKeys, v.Decrypt = nil, []tls.Certificate{}
	if err := v.Check(); !errors.Is(err, service.ErrConfig) {
		t.Errorf("nobody is known: %v", err)
	}
}
