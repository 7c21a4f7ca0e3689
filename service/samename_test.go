package service_test

import (
	"testing"

	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/saml"
)

// A user and the subject of an assertion that have one name are still two, wherever
// the context is kept that they established.
func TestUserAndSubjectOfOneName(t *testing.T) {
	eachMode(t, nil, func(t *testing.T, w *world) {
		subject := wsse.Issued{XML: w.assertion(func(b *saml.Build) { b.Subject.NameID = "alice" })}
		for _, tokens := range [][]wsse.Token{{subject, user("alice", "pw")}, {subject}} {
			want := ""
			if len(tokens) > 1 {
				want = "alice"
			}
			h := w.establish(wst.Trust13, wst.Request{}, tokens...)
			if p := w.accepted(request(), under(h)).Principal(); p.Name != "alice" || p.User != want {
				t.Errorf("%d tokens: %v, user %q", len(tokens), p, p.User)
			}
		}
	})
}
