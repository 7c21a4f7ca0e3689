package attack

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// document is the list of attacks for people.
var document = filepath.Join("..", "..", "docs", "attacks.md")

// TestDocument holds docs/attacks.md against what there is: each row has its
// section and its count, and no more is promised.
func TestDocument(t *testing.T) {
	octets, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	text := string(octets)
	count := map[string]int{}
	var order []string
	for _, a := range suite(theWorld()) {
		if count[a.row] == 0 {
			order = append(order, a.row)
		}
		count[a.row]++
	}
	slices.SortFunc(order, func(a, b string) int { return rank(a) - rank(b) })

	stated, total := map[string]int{}, 0
	for _, m := range regexp.MustCompile(`(?m)^\| ([WCPT]\d+) \| (\d+) \|$`).FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[2])
		stated[m[1]] = n
	}
	var table strings.Builder
	for _, row := range order {
		total += count[row]
		fmt.Fprintf(&table, "| %s | %d |\n", row, count[row])
		if stated[row] != count[row] {
			t.Errorf("%s: the document says %d cases, there are %d", row, stated[row], count[row])
		}
		if !regexp.MustCompile(`(?m)^\| ` + row + ` \| [^|]+ \| [^|]+ \| ` + "`Attack/" + row + "`").MatchString(text) {
			t.Errorf("%s has cases and no line that describes it", row)
		}
		delete(stated, row)
	}
	for row := range stated {
		t.Errorf("the document counts cases of %s, of which there are none", row)
	}
	if !strings.Contains(text, fmt.Sprintf("| all | %d |", total)) {
		t.Errorf("the document does not say that there are %d cases", total)
	}
	if total < 400 {
		t.Errorf("%d cases, fewer than 400", total)
	}
	for _, row := range allRows() {
		if count[row] == 0 && !regexp.MustCompile(`(?m)^\| `+row+` \| `).MatchString(text) {
			t.Errorf("%s has neither cases nor a reason why", row)
		}
	}
	if t.Failed() {
		t.Logf("the table should be:\n| row | cases |\n|---|---|\n%s| all | %d |", &table, total)
	}
}

// TestDocumentNamesTests: every test that the document names is one.
func TestDocumentNamesTests(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	err = filepath.WalkDir(filepath.Join("..", ".."), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(source, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(string(text), -1) {
		if !there[name] {
			t.Errorf("%s is no test", name)
		}
	}
}

// allRows are the rows of the catalogue.
func allRows() (out []string) {
	for _, part := range []struct {
		letter string
		n      int
	}{{"W", 29}, {"C", 17}, {"P", 16}, {"T", 20}} {
		for i := range part.n {
			out = append(out, fmt.Sprintf("%s%d", part.letter, i+1))
		}
	}
	return out
}

func rank(row string) int { return slices.Index(allRows(), row) }
