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

// TestAgainstXmllint is the differential test. WST_INTEROP_SEED repeats a run.
func TestAgainstXmllint(t *testing.T) {
	xmllint := rig.Program(t, "xmllint")
	seed := uint64(20260915)
	if s := os.Getenv("WST_INTEROP_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
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
	dir, err := os.MkdirTemp(t.TempDir(), "batch")
	if err != nil {
		t.Error(err)
		return 0, 0
	}
	defer os.RemoveAll(dir)
	between := filepath.Join(dir, "between.xml")
	if err := os.WriteFile(between, []byte(separator), 0o600); err != nil {
		t.Error(err)
		return 0, 0
	}
	g := awkward.New(seed, first)
	var docs [][]byte
	var calm []bool // no comments inside
	var files []string
	for i := range batch {
		doc := g.Document()
		file := filepath.Join(dir, fmt.Sprint(i, ".xml"))
		if err := os.WriteFile(file, doc, 0o600); err != nil {
			t.Error(err)
			return 0, 0
		}
		docs, calm = append(docs, doc), append(calm, !g.Comments())
		files = append(files, file, between)
	}
	for _, m := range methods {
		var complaints bytes.Buffer
		cmd := exec.Command(xmllint, append([]string{"--nonet", m.flag}, files...)...)
		cmd.Stderr = &complaints
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s %s: %v: %.600s", xmllint, m.flag, err, complaints.Bytes())
			return equal, quiet
		}
		forms := bytes.Split(out, []byte(separatorOut))
		if len(forms) != batch+1 {
			t.Errorf("xmllint %s wrote %d forms for %d documents: %.600s", m.flag, len(forms)-1, batch, complaints.Bytes())
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
