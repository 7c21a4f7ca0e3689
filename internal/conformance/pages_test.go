package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wstrust/internal/corpora"
)

// security are the pages whose promises name tests and each other.
var security = []string{"SECURITY.md", "docs/threat-model.md", "docs/attacks.md", "docs/conformance.md", "docs/defaults.md"}

var (
	testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")
	pageLink = regexp.MustCompile(`\]\(([^)#]+\.md)(#[^)]*)?\)`)
)

// TestPages holds that every test that a page names is there, and every page.
func TestPages(t *testing.T) {
	root := corpora.Repository(t)
	have := testsOf(t, root)
	for _, page := range security {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testName.FindAllStringSubmatch(string(text), -1) {
			if !have[m[1]] {
				t.Errorf("%s names the test %s, and there is none", page, m[1])
			}
		}
		for _, m := range pageLink.FindAllStringSubmatch(string(text), -1) {
			to, err := os.ReadFile(filepath.Join(root, filepath.Dir(page), m[1]))
			if err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
				continue
			}
			if m[2] != "" && !hasHeading(string(to), m[2][1:]) {
				t.Errorf("%s links to %s%s, which has no such heading", page, m[1], m[2])
			}
		}
	}
}

// hasHeading reports whether a page has the heading of an anchor.
func hasHeading(page, anchor string) bool {
	for line := range strings.Lines(page) {
		if title, ok := strings.CutPrefix(strings.TrimSpace(line), "## "); ok {
			if strings.ReplaceAll(strings.ToLower(title), " ", "-") == anchor {
				return true
			}
		}
	}
	return false
}

// testsOf finds the tests of all modules of the repository.
func testsOf(t *testing.T, root string) map[string]bool {
	t.Helper()
	have := map[string]bool{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				have[fn.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return have
}
