// Package c14n compares internal/c14n with libxml2, document by document.
package c14n

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
	"wstrust/interop/awkward"
	"wstrust/interop/rig"
)

// The documents of one run, and how many of them one xmllint process reads. Starting a
// process costs more than reading a few hundred documents.
const (
	documents = 24_000
	batch     = 400
)

// How xmllint is asked, and the method of ours that must agree. It always keeps comments.
var methods = []struct {
	flag     string
	comments c14n.Method
	without  c14n.Method
}{
	{"--c14n", c14n.C14N10Comments, c14n.C14N10},
	{"--c14n11", c14n.C14N11Comments, c14n.C14N11},
	{"--exc-c14n", c14n.ExclusiveComments, c14n.Exclusive},
}

// The document between two others on the command line. Nothing generated looks like it.
const (
	separator      = "<between-documents/>"
	separatorOut   = "<between-documents></between-documents>"
	limitDepth     = 400
	limitNamespace = 10_000
)

// seed chooses the documents. WST_INTEROP_SEED repeats a run, or makes it another.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := os.Getenv("WST_INTEROP_SEED")
	if s == "" {
		return 20260915
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAgainstXmllint is the differential test.
func TestAgainstXmllint(t *testing.T) {
	xmllint := rig.Program(t, "xmllint")
	seed := seed(t)
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		compared int
		quiet    int
		gate     = make(chan struct{}, runtime.GOMAXPROCS(0))
	)
	for n := 0; n < documents; n += batch {
		wg.Add(1)
		gate <- struct{}{}
		go func() {
			defer wg.Done()
			defer func() { <-gate }()
			c, q := compare(t, xmllint, seed, uint64(n))
			mu.Lock()
			compared, quiet = compared+c, quiet+q
			mu.Unlock()
		}()
	}
	wg.Wait()
	if compared != documents*len(methods) || quiet < documents {
		t.Errorf("compared %d forms, %d of them without comments too; want %d and at least %d", compared, quiet, documents*len(methods), documents)
	}
	t.Logf("counted: %d documents, %d canonical forms equal to libxml2's, %d of them also without comments (seed %d)", documents, compared, quiet, seed)
}

// compare writes one batch, canonicalizes it by both, and returns the number of equal forms.
func compare(t *testing.T, xmllint string, seed, first uint64) (equal, quiet int) {
	g := awkward.New(seed, first)
	var docs [][]byte
	var calm []bool // no comments inside
	for range batch {
		docs, calm = append(docs, g.Document()), append(calm, !g.Comments())
	}
	for _, m := range methods {
		forms, complaints, err := xmllintForms(t, xmllint, m.flag, docs)
		if err != nil {
			t.Errorf("%s %s: %v: %.600s", xmllint, m.flag, err, complaints)
			return equal, quiet
		}
		for i, doc := range docs {
			if !check(t, doc, m.flag, m.comments, forms[i], first+uint64(i)) {
				continue
			}
			equal++
			if calm[i] && check(t, doc, m.flag, m.without, forms[i], first+uint64(i)) {
				quiet++
			}
		}
	}
	return equal, quiet
}

// xmllintForms has one process canonicalize the documents. The form of one that it
// refuses is empty, and err is set.
func xmllintForms(t *testing.T, xmllint, flag string, docs [][]byte) (forms [][]byte, complaints string, err error) {
	dir, err := os.MkdirTemp(t.TempDir(), "batch")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(dir)
	between := filepath.Join(dir, "between.xml")
	if err := os.WriteFile(between, []byte(separator), 0o600); err != nil {
		return nil, "", err
	}
	args := []string{"--nonet", flag}
	for i, doc := range docs {
		file := filepath.Join(dir, fmt.Sprint(i, ".xml"))
		if err := os.WriteFile(file, doc, 0o600); err != nil {
			return nil, "", err
		}
		args = append(args, file, between)
	}
	var said bytes.Buffer
	cmd := exec.Command(xmllint, args...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	forms = bytes.Split(out, []byte(separatorOut))
	if len(forms) != len(docs)+1 {
		return make([][]byte, len(docs)), said.String(), fmt.Errorf("%d forms for %d documents, and %v", len(forms)-1, len(docs), err)
	}
	return forms, said.String(), err
}

func check(t *testing.T, doc []byte, flag string, m c14n.Method, want []byte, n uint64) bool {
	got, err := canonical(doc, m)
	if err != nil {
		t.Errorf("document %d, %s: %v\n%.2000q", n, flag, err, doc)
		return false
	}
	if bytes.Equal(got, want) {
		return true
	}
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	t.Errorf("document %d, %s: differs from octet %d\nours    %.80q\nxmllint %.80q\ndocument %.2000q", n, flag, at, got[max(0, at-20):], want[max(0, at-20):], doc)
	return false
}

func canonical(doc []byte, m c14n.Method) ([]byte, error) {
	d, err := xmltree.Parse(doc, xmltree.Limits{Depth: limitDepth, Namespaces: limitNamespace})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := c14n.WriteDocument(&out, d, m, nil); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
