package service_test

import (
	"crypto/x509"
	"net/http"
	"strings"
	"testing"

	"wstrust"
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
