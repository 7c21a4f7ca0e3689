package conformance

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/corpora"
)

var update = flag.Bool("update", false, "write what was counted into docs/conformance.md")

// A result is how one row went. There is no third kind: a row either agrees, or
// is refused for a reason that the page names. Everything else fails the test.
type result struct {
	reason string // "" if the row agrees
	// old says that the row was accepted with the Legacy suite, for its
	// algorithms or keys, and that the default suite refused it.
	old bool
}

func agreed() result { return result{} }

func outOfProfile(reason string) result { return result{reason: reason} }

// runners run the rows of a kind. An error is a disagreement.
var runners = map[string]func(corpus, row) (result, error){
	"c14n":   runC14N,
	"dsig":   runSignature,
	"xmlenc": runEncryption,
	"saml":   runAssertion,
	"token":  runToken,
	"kdf":    runDerivation,
}

// notOffered are the kinds for which there is no code to run.
var notOffered = []string{"policy", "mex"}

// A tally counts the rows of one suite and kind.
type tally struct {
	rows, agreed, old int
	refused           map[string]int
	notes             []string // of vectors that are neither
	missing           bool
}

// TestConformance runs every row of the index, through whatever lets a caller
// come closest to it, and holds the counts against docs/conformance.md.
func TestConformance(t *testing.T) {
	c := corpus{t, corpora.Open(t)}
	counts := map[[2]string]*tally{}
	vectors := map[string]*tally{}
	for _, r := range c.folder.Rows(t, "") {
		n := counts[[2]string{r.Suite, r.Kind}]
		if n == nil {
			n = &tally{refused: map[string]int{}, missing: slices.Contains(notOffered, r.Kind)}
			counts[[2]string{r.Suite, r.Kind}] = n
		}
		n.rows++
		if n.missing {
			continue
		}
		if r.Kind == "wycheproof" {
			if err := runWycheproof(c, r, vectors); err != nil {
				t.Errorf("%s: %v", r.File, err)
				continue
			}
			n.agreed++
			continue
		}
		run := runners[r.Kind]
		if run == nil {
			t.Errorf("%s: no runner for kind %q", r.File, r.Kind)
			continue
		}
		got, err := run(c, r)
		if err != nil {
			t.Errorf("%s: %s: %s: %v", r.Suite, r.Kind, r.File, err)
			continue
		}
		if got.old {
			n.old++
		}
		if got.reason != "" {
			n.refused[got.reason]++
			continue
		}
		n.agreed++
	}
	hold(t, "conformance.md", "rows", rowTable(counts))
	hold(t, "conformance.md", "vectors", vectorTable(vectors))
}

func rowTable(counts map[[2]string]*tally) string {
	var b strings.Builder
	b.WriteString("| suite | kind | rows | agreed | refused as out of profile | why | agreed with Legacy, refused by default |\n")
	b.WriteString("| --- | --- | ---: | ---: | ---: | --- | ---: |\n")
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b [2]string) int {
		return strings.Compare(a[1]+" "+a[0], b[1]+" "+b[0])
	})
	var all, without tally
	refused := 0
	for _, k := range keys {
		n := counts[k]
		if n.missing {
			fmt.Fprintf(&b, "| %s | %s | %d | – | – | not offered yet: no code reads it | – |\n", k[0], k[1], n.rows)
			without.rows += n.rows
			continue
		}
		sum, why := n.why()
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %s | %d |\n", k[0], k[1], n.rows, n.agreed, sum, why, n.old)
		all.rows, all.agreed, all.old = all.rows+n.rows, all.agreed+n.agreed, all.old+n.old
		refused += sum
	}
	fmt.Fprintf(&b, "| **all that was run** | | **%d** | **%d** | **%d** | | **%d** |\n", all.rows, all.agreed, refused, all.old)
	fmt.Fprintf(&b, "| **not offered yet** | | **%d** | – | – | | – |\n", without.rows)
	return b.String()
}

func vectorTable(counts map[string]*tally) string {
	var b strings.Builder
	b.WriteString("| operation | vectors | agreed | refused as out of profile | why |\n")
	b.WriteString("| --- | ---: | ---: | ---: | --- |\n")
	var all tally
	refused := 0
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		n := counts[k]
		sum, why := n.why()
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %s |\n", k, n.rows, n.agreed, sum, why)
		all.rows, all.agreed, refused = all.rows+n.rows, all.agreed+n.agreed, refused+sum
	}
	fmt.Fprintf(&b, "| **all** | **%d** | **%d** | **%d** | |\n", all.rows, all.agreed, refused)
	return b.String()
}

// why lists the reasons, the most frequent first.
func (n *tally) why() (sum int, list string) {
	reasons := slices.SortedFunc(maps.Keys(n.refused), func(a, b string) int {
		if d := n.refused[b] - n.refused[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for i, r := range reasons {
		sum += n.refused[r]
		reasons[i] = fmt.Sprintf("%d %s", n.refused[r], r)
	}
	return sum, strings.Join(append(reasons, n.notes...), ", ")
}

// hold compares a counted part of a page with what stands between its marks or,
// with -update, writes it there.
func hold(t *testing.T, page, part, want string) {
	t.Helper()
	if t.Failed() {
		t.Logf("docs/%s is not compared: rows disagree", page)
		return
	}
	file := filepath.Join(corpora.Repository(t), "docs", page)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	from, to := "<!-- counted: "+part+" -->\n", "<!-- end -->"
	head, rest, ok := strings.Cut(string(data), from)
	got, tail, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("docs/%s has no part %q", page, part)
	}
	if got == want {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+from+want+to+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("docs/%s is not what was counted; go test ./internal/conformance -update writes it. Counted:\n%s", page, want)
}

// twice runs an operation as an old peer needs it and as it is by default. ok is
// what must hold of the first.
func twice(run func(alg.Suite) error) (old bool, err error) {
	if err := run(alg.Legacy); err != nil {
		return false, err
	}
	err = run(alg.Modern)
	if errors.Is(err, alg.ErrAlgorithm) || errors.Is(err, alg.ErrKey) {
		return true, nil
	}
	return false, err
}
