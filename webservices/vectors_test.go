package webservices

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A row is one line of a file of vectors: its fields by the names of the
// columns, and where it stands.
type row struct {
	file  string
	line  int
	field map[string]string
}

// at names the row in messages.
func (r row) at() string { return r.file + ":" + strconv.Itoa(r.line) }

// vectorRows reads testdata/vectors/NAME: lines of fields between tabs, of
// which the first names the columns. Lines that begin with # are comments, and
// fields at the end of a line that are not there are empty.
func vectorRows(t testing.TB, name string) []row {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	var columns []string
	var out []row
	n := 0
	for line := range strings.Lines(string(src)) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if columns == nil {
			columns = fields
			continue
		}
		if len(fields) > len(columns) {
			t.Fatalf("%s:%d: %d fields, and there are %d columns", name, n, len(fields), len(columns))
		}
		r := row{name, n, map[string]string{}}
		for i, f := range fields {
			r.field[columns[i]] = strings.TrimSpace(f)
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		t.Fatalf("%s: no vectors", name)
	}
	return out
}

// result reads the name of a code, or its number.
func result(t testing.TB, name string) HRESULT {
	t.Helper()
	for _, c := range codes {
		if c.name == name {
			return c.code
		}
	}
	n, err := strconv.ParseUint(name, 0, 32)
	if err != nil {
		t.Fatalf("%q is no code", name)
	}
	return HRESULT(n)
}

// A constant of this package, of an enumeration.
type constant struct {
	typ   string
	value uint32
}

// enumerations reads the constants that have a type of this package from its
// source, by their names. What is in none of the files cannot be forgotten by
// the vectors: it is not there at all.
func enumerations(t testing.TB) map[string]constant {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]constant{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.ValueSpec)
			if !ok || len(s.Values) != 1 {
				return true
			}
			typ, ok := s.Type.(*ast.Ident)
			lit, isLit := s.Values[0].(*ast.BasicLit)
			if ok && isLit && lit.Kind == token.INT && ast.IsExported(s.Names[0].Name) {
				n, err := strconv.ParseUint(lit.Value, 0, 32)
				if err != nil {
					t.Fatal(err)
				}
				out[s.Names[0].Name] = constant{typ.Name, uint32(n)}
			}
			return true
		})
	}
	if len(out) < 250 {
		t.Fatalf("only %d constants were found", len(out))
	}
	return out
}

// ofType are the constants of one type.
func ofType(all map[string]constant, typ string) map[string]uint32 {
	out := map[string]uint32{}
	for name, c := range all {
		if c.typ == typ {
			out[name] = c.value
		}
	}
	return out
}
