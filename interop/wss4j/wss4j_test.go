// Package wss4j holds this project against WSS4J itself, with no stack around either: every
// kind of protected message in both directions, and each with one octet changed. The table
// of kinds is in docs/interop.md.
package wss4j

import (
	"strings"
	"testing"
	"time"

	"wstrust/internal/wsse"
)

func TestWSS4J(t *testing.T) {
	s := newStage(t)
	kinds := s.kinds(t)
	names := map[string]bool{}
	done := make([]row, len(kinds))
	for i := range kinds {
		k := &kinds[i]
		if names[k.String()] {
			t.Fatalf("two kinds are called %q", k)
		}
		names[k.String()] = true
		done[i] = row{group: k.group, name: k.name, ours: k.notOurs, their: k.notTheir}
		if k.ours != nil || k.answerOurs != nil {
			if k.notOurs != "" {
				t.Fatalf("%s: made, and not", k)
			}
			if t.Run("Ours/"+k.String(), func(t *testing.T) { s.testOurs(t, k) }) {
				done[i].ours = "accepted"
			}
		} else if k.notOurs == "" {
			t.Errorf("%s: no reason why we do not make it", k)
		}
		if k.their != nil || k.answerTheir != nil {
			if k.notTheir != "" {
				t.Fatalf("%s: made, and not", k)
			}
			if t.Run("Theirs/"+k.String(), func(t *testing.T) { s.testTheirs(t, k) }) {
				done[i].their = "accepted"
			}
		} else if k.notTheir == "" {
			t.Errorf("%s: no reason why WSS4J does not make it", k)
		}
	}
	t.Run("Unproved", s.testUnproved)
	s.page(t, done)
}

// testOurs has WSS4J check what we make.
func (s *stage) testOurs(t *testing.T, k *kind) {
	var msg []byte
	var q request
	if k.answerOurs != nil {
		msg, q = k.answerOurs(t, s, k)
	} else {
		var err error
		o := *k.ours
		o.Suite = k.suite
		if msg, _, err = wsse.Protect(k.outgoing(), o, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	k.holds(t, msg)
	s.unlike(t, k, "ours", msg)
	f := s.check(t, k, msg, q)
	if f.Error != "" || !f.OK {
		t.Fatalf("WSS4J refuses it: %s\n%s", f.Error, msg)
	}
	k.wants(t, f, msg)
	if k.find != nil {
		k.find(t, f)
	}
	if t.Failed() {
		t.Logf("%s\n%s", describe(f), msg)
	}
	for where, m := range k.altered(t, msg) {
		if f := s.check(t, k, m, q); f.Error == "" {
			t.Errorf("WSS4J accepts it with another %s\n%s", where, m)
		} else if !strings.HasPrefix(f.Error, "WSSecurityException") {
			t.Errorf("with another %s, WSS4J does not come as far as refusing: %s", where, f.Error)
		}
	}
}

// testTheirs checks what WSS4J makes.
func (s *stage) testTheirs(t *testing.T, k *kind) {
	var msg []byte
	pol := k.policy()
	if k.answerTheir != nil {
		msg, pol = k.answerTheir(t, s, k)
	} else {
		msg = s.make(t, k, k.their)
	}
	k.holds(t, msg)
	s.unlike(t, k, "theirs", msg)
	ev, err := s.receive(msg, pol, k.secret)
	if err != nil {
		self := s.check(t, k, msg, nil)
		t.Fatalf("we refuse it: %v\nWSS4J says: %v %s\n%s", err, self.OK, self.Error, msg)
	}
	if p, err := ev.Body.Payload(); err != nil || !p.Is("urn:orders", "Get") {
		t.Errorf("body: %v", err)
	}
	if k.sign&wsse.PartBody != 0 && !ev.Body.Signed() {
		t.Error("the body is not signed")
	}
	if k.seen != nil {
		k.seen(t, ev)
	}
	if t.Failed() {
		t.Logf("%s", msg)
	}
	for where, m := range k.altered(t, msg) {
		if _, err := s.receive(m, pol, k.secret); err == nil {
			t.Errorf("we accept it with another %s\n%s", where, m)
		} else if c := wsse.ClassOf(err); c != wsse.ClassSignature && c != wsse.ClassDecrypt && c != wsse.ClassTrust {
			t.Errorf("with another %s, the reason is another: %v", where, err)
		}
	}
}
