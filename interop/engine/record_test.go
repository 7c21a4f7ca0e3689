package engine

import (
	"os"
	"strings"
	"testing"
)

// record writes the table of kinds into docs/interop.md, between its marks.
func record(t *testing.T, rows string) {
	t.Helper()
	const file, begin, end = "../../docs/interop.md", "<!-- engine: begin -->\n", "<!-- engine: end -->\n"
	octets, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	text := string(octets)
	if text == "" {
		text = "# Interoperation\n\nWhat `interop/run.sh` has held against other software.\n"
	}
	if !strings.Contains(text, begin) {
		text = strings.TrimRight(text, "\n") + "\n\n## WSS4J\n\nKinds of messages exchanged with the engine of WSS4J 3.0.5, which enforces what it does by default. The run writes this table.\n\n" + begin + end
	}
	head, rest, _ := strings.Cut(text, begin)
	_, tail, _ := strings.Cut(rest, end)
	text = head + begin + "| kind | direction | verdict |\n|---|---|---|\n" + rows + end + tail
	if text == string(octets) {
		return
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
