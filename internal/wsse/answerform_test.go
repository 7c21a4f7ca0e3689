package wsse

import (
	"strings"
	"testing"

	"wstrust/internal/xmltree"
)

// The answer is made in the form of the message: the same order of signing and
// encrypting, keys derived in the same way, and the same kind of context.
func TestAnswerKeepsTheForm(t *testing.T) {
	l := sharing(t)
	l.contexts["urn:ctx"] = secret(t)
	older := contextIssued(t)
	older.XML = []byte(strings.Replace(string(older.XML), xmltree.SC13, xmltree.SC2005, 1))
	for space, token := range map[string]Token{xmltree.SC13: contextIssued(t), xmltree.SC2005: older, "": sharedToken(t)} {
		for _, derived := range []Derivation{NotDerived, Derived13, Derived2005, Implied13} {
			for _, order := range []Order{SignThenEncrypt, EncryptThenSign} {
				for _, encrypt := range []Parts{0, PartBody, PartBody | PartSignature} {
					p := Protection{Sign: BodyTimestamp, Encrypt: encrypt, Derived: derived, Order: order}
					ev, err := receive(t, write(t, "", p, token), l, Policy{}, now, 0)
					if err != nil {
						t.Fatal(err)
					}
					want := order
					if encrypt == 0 {
						want = SignThenEncrypt // nothing was encrypted that could be signed
					}
					if b := ev.binding; b.derive != derived || b.order != want || b.space != space || !b.key.Equal(secret(t)) {
						t.Errorf("%v, derived %v, order %v, %v: derived %v, order %v, %s", space, derived, order, encrypt, b.derive, b.order, b.space)
					}
				}
			}
		}
	}
	// A message that is signed with a certificate has no key for its answer.
	ev, err := receive(t, write(t, "", Protection{Sign: BodyTimestamp}, x509Token(client(), RefDirect, 0)), trust(client()), Policy{}, now, 0)
	if err != nil || !ev.binding.key.IsZero() || ev.binding.ref != (KeyRef{}) {
		t.Errorf("%+v, %v", ev.binding.ref, err)
	}
}
