// Package corpora finds and reads the known answers of others for tests. They
// lie beside the repository in ../shared/corpora and are never copied into it,
// so that a test which needs them skips where they are not.
package corpora

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A Folder is the folder of known answers. The names of its files are relative
// to it, with slashes, as the index has them.
type Folder string

// Open returns the folder, or skips the test.
func Open(t testing.TB) Folder {
	t.Helper()
	f, ok := find(t)
	if !ok {
		t.Skip("known-answer corpora not found at ../shared/corpora, skipped")
	}
	return f
}

// A Row is one line of the index: a file, and what must come of it.
type Row struct {
	Suite, Kind, File string
	Expected          string            // accept, reject, refuse-algorithm, bytes:FILE
	Key               string            // FORM or FORM:FILE
	Params            map[string]string // all but needs
	Needs             []string          // features that may be left out on purpose
}

// Need reports whether the row needs a feature that may be left out on purpose.
func (r Row) Need(feature string) bool { return slices.Contains(r.Needs, feature) }

// Rows returns the rows of a kind, of which there is at least one; of all kinds
// for "".
func (f Folder) Rows(t testing.TB, kind string) []Row {
	t.Helper()
	var rows []Row
	header := true
	for line := range strings.Lines(string(f.Read(t, "index.tsv"))) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if header {
			header = false
			continue
		}
		columns := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if len(columns) < 6 {
			t.Fatalf("the index has a line of %d columns: %q", len(columns), line)
		}
		if kind != "" && columns[1] != kind {
			continue
		}
		r := Row{Suite: columns[0], Kind: columns[1], File: columns[2], Expected: columns[3], Key: columns[4], Params: map[string]string{}}
		for p := range strings.SplitSeq(columns[5], ";") {
			if name, value, _ := strings.Cut(p, "="); name == "needs" {
				r.Needs = append(r.Needs, value)
			} else {
				r.Params[name] = value
			}
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		t.Fatalf("the index has no row of kind %q", kind)
	}
	return rows
}

// Read returns the octets of a file.
func (f Folder) Read(t testing.TB, file string) []byte {
	t.Helper()
	octets, err := os.ReadFile(filepath.Join(string(f), filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// Answer returns the octets of the file that a row names as the right result.
func (f Folder) Answer(t testing.TB, r Row) []byte {
	t.Helper()
	file, ok := strings.CutPrefix(r.Expected, "bytes:")
	if !ok {
		t.Fatalf("%s: no answer in %q", r.File, r.Expected)
	}
	return f.Read(t, file)
}

// JSON reads a file of vectors.
func (f Folder) JSON(t testing.TB, file string, into any) {
	t.Helper()
	if err := json.Unmarshal(f.Read(t, file), into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// Certificate reads a certificate in PEM or DER.
func (f Folder) Certificate(t testing.TB, file string) *x509.Certificate {
	t.Helper()
	octets := f.Read(t, file)
	if b, _ := pem.Decode(octets); b != nil {
		octets = b.Bytes
	}
	c, err := x509.ParseCertificate(octets)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return c
}

// PrivateKey reads a private key in PEM. All of them are published test keys.
func (f Folder) PrivateKey(t testing.TB, file string) crypto.Signer {
	t.Helper()
	b, _ := pem.Decode(f.Read(t, file))
	if b == nil {
		t.Fatalf("%s: no PEM in it", file)
	}
	key, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if b.Type == "RSA PRIVATE KEY" {
		key, err = x509.ParsePKCS1PrivateKey(b.Bytes)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return key.(crypto.Signer)
}

// Repository returns the folder of go.mod.
func Repository(t testing.TB) string {
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

// Documents returns the files of the rows of some kinds, up to a size, as seeds
// of a fuzz target; none where the folder is not, as fuzzing goes on without.
func Documents(t testing.TB, size int, kinds ...string) [][]byte {
	t.Helper()
	f, ok := find(t)
	if !ok {
		return nil
	}
	var docs [][]byte
	seen := map[string]bool{}
	for _, kind := range kinds {
		for _, r := range f.Rows(t, kind) {
			if octets := f.Read(t, r.File); len(octets) <= size && !seen[r.File] {
				docs = append(docs, octets)
				seen[r.File] = true
			}
		}
	}
	return docs
}

func find(t testing.TB) (f Folder, ok bool) {
	t.Helper()
	root := filepath.Join(Repository(t), "..", "shared", "corpora")
	_, err := os.Stat(filepath.Join(root, "index.tsv"))
	return Folder(root), err == nil
}
