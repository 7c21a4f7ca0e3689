package webservices

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// docs/wwsapi.md lists every constant with its value, and every function.
func TestDocsAreComplete(t *testing.T) {
	src, err := os.ReadFile("../docs/wwsapi.md")
	if err != nil {
		t.Fatal(err)
	}
	docs := string(src)
	for name, value := range constants(t) {
		if !strings.HasPrefix(name, "WS_") && !strings.HasPrefix(name, "E_") && !strings.HasPrefix(name, "CERT_") && !strings.HasPrefix(name, "S_") && !strings.HasPrefix(name, "CRYPT_") {
			continue
		}
		_, line, ok := strings.Cut(docs, "\n| "+name+" | ")
		if line, _, _ = strings.Cut(line, " "); !ok || line != fmt.Sprint(value) && line != fmt.Sprintf("0x%08X", value) && line != fmt.Sprintf("0x%X", value) {
			t.Errorf("%s = %d is not in docs/wwsapi.md, or with another value (%s)", name, value, line)
		}
	}
	files, _ := filepath.Glob("*.go")
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, d := range parse(t, name).Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() && f.Name.Name != "NewSecurityContext" && !strings.Contains(docs, "Ws"+f.Name.Name) {
				t.Errorf("function Ws%s is not in docs/wwsapi.md", f.Name.Name)
			}
		}
	}
}

// What is UNCONFIRMED in the code is in the table of docs/wwsapi.md, by its name
// and with a reason, and the table has nothing else.
func TestUnconfirmedChoices(t *testing.T) {
	src, err := os.ReadFile("../docs/wwsapi.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(src), "## UNCONFIRMED")
	table, _, _ = strings.Cut(table, "\n## ")
	listed := map[string]bool{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.Contains(cells[3], "`") {
			continue
		}
		if strings.TrimSpace(cells[4]) == "" {
			t.Errorf("without a reason: %s", line)
		}
		for i, name := range strings.Split(cells[3], "`") {
			if i%2 == 1 && !strings.Contains(name, "/") {
				listed[name] = true
			}
		}
	}
	marked := map[string]bool{}
	for _, pattern := range []string{"*.go", "../internal/wst/*.go", "../*.go"} {
		files, _ := filepath.Glob(pattern)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			found := 0
			for _, d := range parse(t, name).Decls {
				found += markedIn(d, marked)
			}
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(src), "UNCONFIRMED"); n != found {
				t.Errorf("%s: UNCONFIRMED stands %d times, and %d times at a declaration", name, n, found)
			}
		}
	}
	for name := range marked {
		if !listed[name] {
			t.Errorf("%s is UNCONFIRMED, and not in the table", name)
		}
	}
	for name := range listed {
		if !marked[name] {
			t.Errorf("%s is in the table, and not UNCONFIRMED in the code", name)
		}
	}
}

// markedIn notes the names that a declaration marks, and returns how many marks
// it has.
func markedIn(d ast.Decl, marked map[string]bool) (found int) {
	const mark = "UNCONFIRMED"
	switch d := d.(type) {
	case *ast.FuncDecl:
		if found = strings.Count(d.Doc.Text(), mark); found > 0 {
			marked[d.Name.Name] = true
		}
	case *ast.GenDecl:
		all := strings.Count(d.Doc.Text(), mark)
		found = all
		for _, s := range d.Specs {
			v, ok := s.(*ast.ValueSpec)
			if !ok {
				continue
			}
			own := strings.Count(v.Doc.Text(), mark)
			found += own
			if own > 0 || all > 0 {
				marked[v.Names[0].Name] = true
			}
		}
	}
	return found
}

func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
