package corpora

import "testing"

// The index is read whole: the README beside it says how many rows there are of
// some suites, and each names a file that is there.
func TestRows(t *testing.T) {
	f := Open(t)
	suites := map[string]int{}
	for _, r := range f.Rows(t, "") {
		suites[r.Suite]++
		f.Read(t, r.File)
	}
	for suite, want := range map[string]int{"libxml2-c14n": 73, "wycheproof": 50, "wss4j-policy": 72, "node-saml": 15, "xmlsec-nist-gcm": 180} {
		if suites[suite] != want {
			t.Errorf("%s: %d rows, want %d", suite, suites[suite], want)
		}
	}
	if got := len(f.Rows(t, "wycheproof")); got != 50 {
		t.Errorf("%d rows of a kind, want 50", got)
	}
}
