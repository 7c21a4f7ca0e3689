package wst

import (
	"strings"
	"testing"
	"time"

	"wstrust/internal/xmltree"
)

// Whatever is read as a request can be written, and is then read as the same
// request. Nothing panics.
func FuzzReadRequest(f *testing.F) {
	for _, v := range vectors(f, "rst-*.txtar") {
		f.Add([]byte(strings.TrimSpace(v.files["request.xml"])))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := xmltree.Parse(src, xmltree.Limits{})
		if err != nil {
			return
		}
		r, v, err := ReadRequest(d.Root(), Opener{})
		if err != nil {
			if class(err) != "format" {
				t.Fatalf("class %s: %v", class(err), err)
			}
			return
		}
		checkSecret(t, r.ClientEntropy, r.Entropy != ServerEntropy)
		r.WithSecondary()
		out, err := r.Write(v)
		if err != nil {
			t.Fatalf("cannot be written: %v\n%s", err, src)
		}
		d2, err := xmltree.Parse(out, xmltree.Limits{Bytes: len(out) + 1, Namespaces: 1 << 20})
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, src, out)
		}
		again, v2, err := ReadRequest(d2.Root(), Opener{})
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, src, out)
		}
		if a, b := describeRequest(r, v), describeRequest(again, v2); a != b {
			t.Fatalf("read\n%s\nand, written\n%s\n%s", a, b, out)
		}
	})
}

// The same for answers, of every version and action; and an exchange that
// takes one has a result that keeps the promises of Issued.
func FuzzReadResponse(f *testing.F) {
	for _, v := range vectors(f, "rstr-*.txtar") {
		x := []byte(strings.TrimSpace(v.files["answer.xml"]))
		for a := range byte(actions) {
			f.Add(x, a)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, choice byte) {
		d, err := xmltree.Parse(src, xmltree.Limits{})
		if err != nil {
			return
		}
		act := Action(choice % actions)
		mode := EntropyMode(choice / actions % 3)
		for _, v := range []Version{Trust13, Trust2005} {
			exchange(t, d.Root(), v, act, mode, choice&0x80 != 0)
			a, err := ReadResponse(d.Root(), v, act, Opener{})
			if err != nil {
				if class(err) != "format" {
					t.Fatalf("class %s: %v", class(err), err)
				}
				continue
			}
			out, err := a.Write(v, act)
			if err != nil {
				t.Fatalf("cannot be written: %v\n%s", err, src)
			}
			d2, err := xmltree.Parse(out, xmltree.Limits{Bytes: len(out) + 1, Namespaces: 1 << 20})
			if err != nil {
				t.Fatalf("%v\n%s\n%s", err, src, out)
			}
			again, err := ReadResponse(d2.Root(), v, act, Opener{})
			if err != nil {
				t.Fatalf("%v\n%s\n%s", err, src, out)
			}
			if a, b := describeResponse(a), describeResponse(again); a != b {
				t.Fatalf("read\n%s\nand, written\n%s\n%s", a, b, out)
			}
		}
	})
}

// describeResponse writes what is in a, by way of the result it could give.
func describeResponse(a *Response) string {
	i := &Issued{
		Token: a.Token, TokenType: a.TokenType, KeyType: a.KeyType, KeySize: a.KeySize, Proof: a.Proof,
		Attached: a.Attached, Unattached: a.Unattached, AppliesTo: a.AppliesTo,
		Created: a.Created.Truncate(time.Millisecond), Expires: a.Expires.Truncate(time.Millisecond),
		Status: a.Status, Cancelled: a.Cancelled,
	}
	return describeIssued(i) + strings.Join([]string{
		a.Context, a.BearerURI, string(a.ServerEntropy.Bytes()), a.ComputedKey, string(a.AppliesToXML), a.Addressing,
	}, "\n")
}

// exchange holds an answer against a request and checks what it came to.
func exchange(t *testing.T, answer xmltree.Elem, v Version, act Action, mode EntropyMode, lenient bool) {
	req := Request{Action: act, Context: "urn:uuid:0e4b7a52-8f0d-4c36-9a53-5d0c2f1e7b11", Entropy: mode}
	if act.targetName() != "" {
		req.Target = []byte(testToken)
	}
	n, err := New(req, v, Options{Lenient: lenient})
	if err != nil {
		return // cancelling with entropy
	}
	now := time.Date(2026, 1, 1, 0, 10, 0, 0, time.UTC)
	if _, err := n.Step(xmltree.Elem{}, now); err != nil {
		t.Fatal(err)
	}
	_, err = n.Step(answer, now)
	i := n.Issued()
	if (err == nil) != (i != nil) {
		t.Fatalf("%v, and a result: %t", err, i != nil)
	}
	if err != nil {
		if c := class(err); c != "format" && c != "mismatch" && c != "expired" {
			t.Fatalf("class %s: %v", c, err)
		}
		return
	}
	checkSecret(t, i.Proof, i.KeyType == Symmetric && act != Renew)
	if !i.Expires.IsZero() && now.After(i.Expires.Add(DefaultSkew)) {
		t.Fatal("an expired token")
	}
	if act.context() && act != CancelContext && i.Proof.IsZero() {
		t.Fatal("a context without a key")
	}
	if len(i.Token) != 0 {
		if _, err := xmltree.Parse(i.Token, xmltree.Limits{}); err != nil {
			t.Fatalf("the token does not stand alone: %v", err)
		}
	}
}

func checkSecret(t *testing.T, s Secret, needed bool) {
	if s.IsZero() && !needed {
		return
	}
	if why := weak(s.Bytes()); why != "" {
		t.Fatalf("secret: %s", why)
	}
}
