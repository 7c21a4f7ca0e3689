package damage

import (
	"iter"
	"os"
	"strings"
	"testing"
)

// Check asks verdict about every case and holds the answers against a file, a
// line each: the error, or what was read. Where update is set it writes the file instead: whoever does that
// reads the difference, above all each line that says "accepted".
func Check(t testing.TB, file string, update bool, cases iter.Seq2[string, string], verdict func(doc string) (string, error)) {
	t.Helper()
	var got []string
	for name, doc := range cases {
		said, err := verdict(doc)
		if err != nil {
			said = err.Error()
		} else {
			said = "accepted " + said
		}
		got = append(got, name+": "+strings.Join(strings.Fields(said), " "))
	}
	if len(got) == 0 {
		t.Fatal("no cases")
	}
	text := strings.Join(got, "\n") + "\n"
	if update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; -update writes it", err)
	}
	want := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Fatalf("missing: %s", want[i])
		case i >= len(want):
			t.Fatalf("new: %s; -update adds it", got[i])
		case got[i] != want[i]:
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}
