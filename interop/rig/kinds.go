package rig

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
)

// Accepted is what is noted of a kind that the other side accepted.
const Accepted = "accepted"

// Kinds is a table of what was tried with peers, in both directions.
type Kinds struct {
	Ours, Theirs string // headings of the two directions
	rows         []kindRow
}

type kindRow struct{ peer, name, ours, theirs string }

// Found notes what became of a kind, in one direction or both; "" says nothing of
// it. Nothing is noted of a test that failed.
func (k *Kinds) Found(t testing.TB, peer, name, ours, theirs string) {
	if t.Failed() {
		return
	}
	for i := range k.rows {
		if r := &k.rows[i]; r.peer == peer && r.name == name {
			r.ours, r.theirs = cmp.Or(ours, r.ours), cmp.Or(theirs, r.theirs)
			return
		}
	}
	k.rows = append(k.rows, kindRow{peer, name, ours, theirs})
}

// Fill notes why our side makes no more kinds of a peer than it does.
func (k *Kinds) Fill(peer string, ours func(name string) string) {
	for i := range k.rows {
		if r := &k.rows[i]; r.peer == peer && r.ours == "" {
			r.ours = ours(r.name)
		}
	}
}

// Table is the table as it stands in a page, and how many kinds each side accepts
// of the other.
func (k *Kinds) Table() (table string, ours, theirs int) {
	var b strings.Builder
	fmt.Fprintf(&b, "| | kind | %s | %s |\n| --- | --- | --- | --- |\n", k.Ours, k.Theirs)
	last := ""
	for _, r := range k.rows {
		peer := r.peer
		if peer == last {
			peer = ""
		}
		last = r.peer
		if r.ours == Accepted {
			ours++
		}
		if r.theirs == Accepted {
			theirs++
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", peer, r.name, cmp.Or(r.ours, "–"), cmp.Or(r.theirs, "–"))
	}
	return b.String(), ours, theirs
}
