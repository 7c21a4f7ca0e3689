package attack

import (
	"slices"
	"testing"

	"wstrust/internal/soap"
)

// wrappings are the generators of the rows W.
var wrappings = []func(*world) []*attack{
	wResponses, wAssertions, w10, w11, w12, w13, w14, w15, w16, w16messages, w16opened, w17, w18, w19to22, w19more, w22part, w23, w24, w25, w26, w27, w27instructions, w28, w29,
}

// rows are the generators of all cases, in the order of the document.
var rows = append(slices.Clone(wrappings),
	c1c2, c3c4, c5, c10, c14, c15, c16, c17, oracles, opened, encryption,
	documents, floods, nested, forms,
	addresses, replays, times, tokens, sharedKeys, answers, reflections, misbehaviours, delegations)

// suite makes all cases anew, with new keys and identifiers.
func suite(w *world) []*attack {
	var all []*attack
	for _, make := range rows {
		all = append(all, make(w)...)
	}
	return all
}

// TestAttack runs every case. Their names begin with the row of the table in
// docs/attacks.md.
func TestAttack(t *testing.T) {
	w := theWorld()
	seen := map[string]bool{}
	for _, a := range suite(w) {
		if seen[a.id()] {
			t.Fatalf("two cases are called %s", a.id())
		}
		seen[a.id()] = true
		t.Run(a.row+"/"+a.id(), func(t *testing.T) { a.run(t, w) })
	}
}

var versions = []soap.Version{soap.V12, soap.V11}
