package rig

import (
	"os"
	"strings"
	"testing"
)

// Page holds what was counted against its place in a page, between the lines
// "<!-- counted: name -->" and "<!-- end -->", or writes it there.
func Page(t testing.TB, file, name, counted string, update bool) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	from, to := "<!-- counted: "+name+" -->\n", "<!-- end -->"
	head, rest, ok := strings.Cut(string(data), from)
	got, tail, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for %q", file, name)
	}
	if got == counted {
		return
	}
	if !update {
		t.Errorf("%s is not what was counted; -update writes it. Counted:\n%s", file, counted)
		return
	}
	if err := os.WriteFile(file, []byte(head+from+counted+to+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}
