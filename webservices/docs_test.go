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

// docs/wwsapi.md lists every constant with its value, every function, and every
// point that is UNCONFIRMED by the name of its constant or its file.
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
	_, unconfirmed, _ := strings.Cut(docs, "## UNCONFIRMED")
	unconfirmed, _, _ = strings.Cut(unconfirmed, "\n## ")
	files, _ := filepath.Glob("*.go")
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() && d.Name.Name != "NewSecurityContext" && !strings.Contains(docs, "Ws"+d.Name.Name) {
					t.Errorf("function Ws%s is not in docs/wwsapi.md", d.Name.Name)
				}
				if strings.Contains(d.Doc.Text(), "UNCONFIRMED") && !strings.Contains(unconfirmed, "`"+d.Name.Name+"`") {
					t.Errorf("%s: %s is UNCONFIRMED and not listed", name, d.Name.Name)
				}
			case *ast.GenDecl:
				if !strings.Contains(d.Doc.Text(), "UNCONFIRMED") {
					continue
				}
				listed := d.Tok == token.IMPORT
				for _, s := range d.Specs {
					if v, ok := s.(*ast.ValueSpec); ok && strings.Contains(unconfirmed, "`"+v.Names[0].Name+"`") {
						listed = true
					}
				}
				if !listed {
					t.Errorf("%s: a constant that is UNCONFIRMED is not listed", name)
				}
			}
		}
	}
}
