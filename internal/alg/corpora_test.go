package alg

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpora finds the known-answer corpora, which lie beside the repository and
// are never copied into it.
func corpora(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
	root := filepath.Join(dir, "..", "shared", "corpora")
	if _, err := os.Stat(filepath.Join(root, "index.tsv")); err != nil {
		t.Skip("known-answer corpora not found at ../shared/corpora, skipped")
	}
	return root
}

// A row is one line of the index.
type row struct{ suite, kind, file, expected, key, params string }

func index(t *testing.T, root, kind string) []row {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "index.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(f) < 6 || f[1] != kind {
			continue
		}
		rows = append(rows, row{f[0], f[1], f[2], f[3], f[4], f[5]})
	}
	if len(rows) == 0 {
		t.Fatalf("the index has no rows of kind %s", kind)
	}
	return rows
}

func (r row) param(name string) string {
	for p := range strings.SplitSeq(r.params, ";") {
		if v, ok := strings.CutPrefix(p, name+"="); ok {
			return v
		}
	}
	return ""
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
