package service_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"

	"wstrust"
	"wstrust/internal/alg"
	"wstrust/internal/wsse"
	"wstrust/service"
)

// A user whose password signs is a user as one is who sends it, from our own client
// to our own service.
func TestUsernameKey(t *testing.T) {
	w := newWorld(t, nil)
	call := func(user, password string, p *wstrust.Protection) ([]byte, error) {
		log := &wire{base: w.srv.Client().Transport}
		ch, err := wstrust.Open(t.Context(), w.srv.URL, wstrust.Config{
			Bindings: []wstrust.Binding{wstrust.UsernameKey(user, password)}, Protection: p,
			HTTP: &http.Client{Transport: log}, PeerCertificates: []*x509.Certificate{w.own.Leaf},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer ch.Close(t.Context())
		var out order
		err = ch.Call(t.Context(), action, getOrder{ID: "4711"}, &out)
		return log.sent, err
	}
	insecure := wstrust.ProtectBodyTimestamp()
	insecure.InsecureAnswers = true // the answer cannot be under a key that only the request has
	for _, p := range []*wstrust.Protection{nil, insecure} {
		w.seen = nil
		sent, err := call("böb", "ß€", p)
		if err != nil {
			t.Fatalf("%v\nlog: %s", err, w.log)
		}
		if !strings.Contains(string(sent), "Iteration>") || strings.Contains(string(sent), "ß€") {
			t.Errorf("not a key from the password, or the password itself\n%s", sent)
		}
		if who := w.seen[0].Principal(); who.Kind != service.User || who.Name != "böb" {
			t.Errorf("principal %v", who)
		}
		if signed := len(w.seen[0].Protected()[service.Body].SignedBy) > 0; signed != (p != nil) {
			t.Errorf("body signed: %v", signed)
		}
		for _, c := range [][2]string{{"böb", "wrong"}, {"alice", "ß€"}, {"nobody", "pw"}, {"nobody", ""}} {
			before := len(w.seen)
			if _, err := call(c[0], c[1], p); err == nil || len(w.seen) != before {
				t.Errorf("%q is let in", c)
			}
			if !strings.Contains(w.lastLine(), "class=trust") {
				t.Errorf("%q: %s", c, w.lastLine())
			}
		}
	}
}

// A signature by the key of a password says whom the message is for, or what is in
// it, or another service could pass it on.
func TestUsernameKeyIsBoundToUs(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Addresses = []string{audience} })
	alice := func(parts wsse.Parts) wsse.Token {
		return wsse.Username{Name: "alice", Password: func() []byte { return []byte("pw") }, Derive: true, Parts: parts}
	}
	w.accepted(request(), alice(wsse.PartTimestamp|wsse.PartTo))
	w.accepted(request(), alice(wsse.BodyTimestamp))
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{alice(wsse.PartTimestamp)}}), "policy")
	mallory := pair(t, p256(t), "mallory", &w.ca, nil)
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{
		alice(wsse.PartTimestamp),
		wsse.X509{Certificates: []*x509.Certificate{mallory.Leaf}, Key: private(t, mallory), Parts: wsse.BodyTimestamp | wsse.PartTo},
	}}), "policy")
	w.accepted(request(), user("alice", "pw")) // the password itself is for whoever gets it

	// Our own client does so unasked.
	w.v.Addresses[0] = w.srv.URL
	ch, err := wstrust.Open(t.Context(), w.srv.URL, wstrust.Config{Bindings: []wstrust.Binding{wstrust.UsernameKey("alice", "pw")}, HTTP: w.srv.Client()})
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close(t.Context())
	if err := ch.Call(t.Context(), action, getOrder{ID: "4711"}, new(order)); err != nil {
		t.Errorf("%v\nlog: %s", err, w.log)
	}
}

// Whose key signs is who sent the message, whatever certificate TLS showed; and that
// is not the one whose possession counts.
func TestSharedKeyBeforeTLS(t *testing.T) {
	key, err := alg.SecretKey([]byte("a test key of thirty-two octets."))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(w *world) { w.v.SharedKeys = sharedWith{"orders": key.Secret()} })
	w.tls = []tls.Certificate{pair(t, p256(t), "gateway", &w.ca, nil)}
	p := w.accepted(request(), wsse.Shared{Name: "orders", Key: key}).Principal()
	if p.Kind != service.Shared || p.Name != "orders" || !p.ProofOfPossession || p.Certificate != nil || p.Key != nil {
		t.Errorf("%+v", p)
	}
}
