// Package conformance holds tests only: they keep docs/conformance.md and
// docs/defaults.md true.
package conformance

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// repository returns the folder of go.mod.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}

// A row is one line of the index of known answers.
type row struct {
	suite, kind, file, expected, key string
	params                           map[string]string
	needs                            []string // features that may be refused by design
}

// A corpus is the folder of known answers beside the repository.
type corpus struct {
	t    *testing.T
	root string
}

// corpora returns the known answers and their index, or skips.
func corpora(t *testing.T) (corpus, []row) {
	t.Helper()
	c := corpus{t, filepath.Join(repository(t), "..", "shared", "corpora")}
	data, err := os.ReadFile(filepath.Join(c.root, "index.tsv"))
	if err != nil {
		t.Skip("known-answer corpora not found at ../shared/corpora, skipped")
	}
	var rows []row
	header := true
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if header {
			header = false
			continue
		}
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) < 6 {
			t.Fatalf("index: a line of %d columns: %q", len(f), line)
		}
		r := row{suite: f[0], kind: f[1], file: f[2], expected: f[3], key: f[4], params: map[string]string{}}
		for p := range strings.SplitSeq(f[5], ";") {
			switch name, value, _ := strings.Cut(p, "="); name {
			case "needs":
				r.needs = append(r.needs, value)
			default:
				r.params[name] = value
			}
		}
		rows = append(rows, r)
	}
	return c, rows
}

func (r row) need(feature string) bool { return slices.Contains(r.needs, feature) }

func (c corpus) read(file string) []byte {
	c.t.Helper()
	data, err := os.ReadFile(filepath.Join(c.root, filepath.FromSlash(file)))
	if err != nil {
		c.t.Fatal(err)
	}
	return data
}

// answer is the file that a row of expectation bytes: names.
func (c corpus) answer(r row) []byte {
	c.t.Helper()
	file, ok := strings.CutPrefix(r.expected, "bytes:")
	if !ok {
		c.t.Fatalf("%s: expected %q", r.file, r.expected)
	}
	return c.read(file)
}

func (c corpus) certificate(file string) *x509.Certificate {
	c.t.Helper()
	data := c.read(file)
	if b, _ := pem.Decode(data); b != nil {
		data = b.Bytes
	}
	cert, err := x509.ParseCertificate(data)
	if err != nil {
		c.t.Fatalf("%s: %v", file, err)
	}
	return cert
}

// private reads a private key in PEM. These are published test keys.
func (c corpus) private(file string) alg.Key {
	c.t.Helper()
	b, _ := pem.Decode(c.read(file))
	if b == nil {
		c.t.Fatalf("%s: no PEM", file)
	}
	p, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if b.Type == "RSA PRIVATE KEY" {
		p, err = x509.ParsePKCS1PrivateKey(b.Bytes)
	}
	if err != nil {
		c.t.Fatalf("%s: %v", file, err)
	}
	key, err := alg.PrivateKey(p.(crypto.Signer))
	if err != nil {
		c.t.Fatalf("%s: %v", file, err)
	}
	return key
}

// find returns the first element of that name in document order.
func find(e xmltree.Elem, space, local string) xmltree.Elem {
	if e.Is(space, local) {
		return e
	}
	for c := range e.Children {
		if f := find(c, space, local); f.OK() {
			return f
		}
	}
	return xmltree.Elem{}
}
