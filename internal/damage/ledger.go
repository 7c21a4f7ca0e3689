package damage

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Check damages doc in every way and holds what verdict says against a file:
// the error, or what was read, in lines of which the file shows those that
// differ from what the undamaged document says. The undamaged document must be accepted. Where
// update is set the file is written instead; whoever does that reads the
// difference, above all each line that says "accepted".
func Check(t testing.TB, file string, update bool, doc string, r Range, verdict func(doc string) (string, error)) {
	t.Helper()
	good, err := verdict(doc)
	if err != nil {
		t.Fatalf("before the damage: %v\n%s", err, doc)
	}
	var (
		lines = []string{"accepted: " + strings.ReplaceAll(good, "\n", "; ")}
		at    string
		said  []string              // about the element at at, in order
		whats = map[string]string{} // by what was said
	)
	flush := func() {
		for _, s := range said {
			lines = append(lines, at+": "+whats[s]+" | "+s)
		}
		said, whats = nil, map[string]string{}
	}
	r.each(doc, func(path, what, changed string) {
		if path != at {
			flush()
			at = path
		}
		s := "accepted as before"
		switch got, err := verdict(changed); {
		case err != nil:
			s = strings.Join(strings.Fields(err.Error()), " ")
		case got != good:
			s = "accepted: " + changes(good, got)
		}
		if whats[s] != "" {
			whats[s] += ", "
		} else {
			said = append(said, s)
		}
		whats[s] += what
	})
	flush()
	compare(t, file, update, lines)
}

// changes are the lines that only one of two has, or has more often.
func changes(before, after string) string {
	var out []string
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	rest := slices.Clone(is)
	for _, line := range was {
		if i := slices.Index(rest, line); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		} else {
			out = append(out, "-"+line)
		}
	}
	for _, line := range rest {
		out = append(out, "+"+line)
	}
	if out == nil {
		return "in another order"
	}
	return strings.Join(out, "; ")
}

func compare(t testing.TB, file string, update bool, got []string) {
	t.Helper()
	if len(got) < 10 {
		t.Fatalf("only %d lines: nothing was damaged", len(got))
	}
	if update {
		if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; -update writes it", err)
	}
	want := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s: not any more: %s", file, line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s: new: %s", file, line)
		}
	}
}
