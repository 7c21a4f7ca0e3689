package wss4j

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of kinds into docs/interop.md")

// The least number of kinds in each direction.
const least = 40

// A row is one kind, and what became of it in each direction.
type row struct{ group, name, ours, their string }

// page holds the table of kinds in docs/interop.md against what ran or, with -update,
// writes it there.
func (s *stage) page(t *testing.T, rows []row) {
	var b strings.Builder
	ours, their := 0, 0
	fmt.Fprintf(&b, "| | kind of message | we make it: WSS4J | WSS4J makes it: we |\n| --- | --- | --- | --- |\n")
	last := ""
	for _, r := range rows {
		group := r.group
		if group == last {
			group = ""
		}
		last = r.group
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", group, r.name, r.ours, r.their)
		if r.ours == "accepted" {
			ours++
		}
		if r.their == "accepted" {
			their++
		}
	}
	fmt.Fprintf(&b, "\n%d kinds. We make %d that WSS4J %s accepts; WSS4J makes %d that we accept.\n", len(rows), ours, s.version, their)
	t.Logf("counted: WSS4J %s accepts %d kinds of ours, we accept %d of its, of %d", s.version, ours, their, len(rows))
	if t.Failed() {
		t.Log("docs/interop.md is not compared: kinds disagree, or were left out")
		return
	}
	if ours < least || their < least {
		t.Errorf("fewer than %d kinds", least)
	}
	const file, from, to = "../../docs/interop.md", "<!-- counted: kinds -->\n", "<!-- end -->"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), from)
	got, tail, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the kinds", file)
	}
	if got == b.String() {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+from+b.String()+to+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("docs/interop.md is not what was counted; go test ./wss4j -update in interop writes it. Counted:\n%s", b.String())
}
