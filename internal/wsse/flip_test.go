package wsse

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// seen is what a message made its reader believe.
func seen(ev *Evidence) map[string]string {
	out := map[string]string{}
	for name, p := range map[string]*Part{
		"body": ev.Body, "timestamp": ev.Timestamp, "to": ev.To, "action": ev.Action, "id": ev.MessageID, "reply-to": ev.ReplyTo,
	} {
		if p.Signed() {
			out[name] = canonicalOf(p.Element())
		}
	}
	for _, h := range ev.Headers {
		out[h.Element().Local()] = canonicalOf(h.Element())
	}
	if ev.Username != nil {
		out["user"] = ev.Username.Name
	}
	if ev.Assertion != nil {
		out["assertion"] = ev.Assertion.ID + ev.Assertion.Subject.NameID
	}
	if ev.Certificate != nil {
		out["certificate"] = string(ev.Certificate.Raw)
	}
	return out
}

func canonicalOf(e xmltree.Elem) string {
	var b bytes.Buffer
	if err := c14n.Write(&b, e, c14n.Exclusive, xmltree.Elem{}, nil); err != nil {
		return "error"
	}
	return b.String()
}

// policy demands what the message has.
func (k kind) policy() Policy {
	p := k.o.Protection
	return Policy{
		Required: p.Sign &^ (PartToken | PartSignature), SignedHeaders: p.SignHeaders, RequireTimestamp: true,
		TLS: p.Order == EncryptThenSign && p.Encrypt&PartToken != 0,
	}
}

// One flipped bit anywhere in a protected message is refused, or changes nothing
// that the reader may believe.
func TestFlippedBits(t *testing.T) {
	all := kinds(t)
	each := 12
	if testing.Short() {
		each = 2
	}
	refused, harmless := 0, 0
	for i, k := range all {
		rnd := rand.New(rand.NewPCG(1, uint64(i)))
		msg, _, err := Protect(k.out, k.o, now)
		if err != nil {
			t.Fatal(err)
		}
		pol := k.policy()
		ev, err := receive(t, msg, k.trust, pol, now, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := seen(ev)
		for range each {
			m := bytes.Clone(msg)
			at := rnd.IntN(len(m))
			m[at] ^= 1 << rnd.IntN(8)
			ev, err := receive(t, m, k.trust, pol, now, 0)
			if err != nil {
				refused++
				if ClassOf(err) == 0 {
					t.Fatalf("%s: no class: %v", k.name, err)
				}
				continue
			}
			harmless++
			got := seen(ev)
			for name, value := range got {
				if w, ok := want[name]; !ok || w != value {
					t.Fatalf("%s: bit at %d: %s is now %q, was %q\n%s", k.name, at, name, value, w, m)
				}
			}
		}
	}
	t.Logf("%d messages, %d flips refused, %d without effect", len(all), refused, harmless)
	if harmless*3 > refused {
		t.Errorf("only %d of %d flips were refused", refused, refused+harmless)
	}
}
