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
	"sync/atomic"
	"testing"

	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
	"wstrust/interop/awkward"
	"wstrust/interop/rig"
)

// How many documents one xmllint process reads. Starting a process costs more than
// reading a few hundred documents.
const batch = 1000

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

const (
	limitDepth     = 400
	limitNamespace = 10_000
)

// setting is a number that the environment may set to repeat a run, or make it another.
func setting(t *testing.T, name string, usual uint64) uint64 {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return usual
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func seed(t *testing.T) uint64 { return setting(t, "WST_INTEROP_SEED", 20260915) }

// TestAgainstXmllint is the differential test: for each document each method gives the
// octets that libxml2 gives.
func TestAgainstXmllint(t *testing.T) {
	xmllint := rig.Program(t, "xmllint")
	seed, documents := seed(t), setting(t, "WST_INTEROP_DOCUMENTS", 100_000)
	documents -= documents % batch
	var (
		wg           sync.WaitGroup
		equal, quiet atomic.Uint64
		firsts       = make(chan uint64)
	)
	for range runtime.GOMAXPROCS(0) {
		l := &linter{program: xmllint, dir: t.TempDir()}
		wg.Go(func() {
			for first := range firsts {
				e, q := l.compare(t, seed, first)
				equal.Add(e)
				quiet.Add(q)
			}
		})
	}
	for n := uint64(0); n < documents && !t.Failed(); n += batch {
		firsts <- n
	}
	close(firsts)
	wg.Wait()
	if equal.Load() != documents*uint64(len(methods)) || quiet.Load() < documents {
		t.Errorf("compared %d forms, %d of them without comments too; want %d and at least %d", equal.Load(), quiet.Load(), documents*uint64(len(methods)), documents)
	}
	t.Logf("counted: %d documents, %d canonical forms equal to libxml2's, %d of them also without comments (seed %d)", documents, equal.Load(), quiet.Load(), seed)
}

// A linter asks xmllint about documents, in a folder of its own.
type linter struct{ program, dir string }

// compare canonicalizes one batch by both, and returns the number of equal forms. Where
// a document has no comments its forms without them must be the same.
func (l *linter) compare(t *testing.T, seed, first uint64) (equal, quiet uint64) {
	g := awkward.New(seed, first)
	var docs [][]byte
	var calm []bool // no comments inside
	for range batch {
		docs, calm = append(docs, g.Document()), append(calm, !g.Comments())
	}
	names, err := l.write(docs)
	if err != nil {
		t.Error(err)
		return 0, 0
	}
	for _, m := range methods {
		if !l.agree(t, m.flag, m.comments, names, docs) {
			return equal, quiet
		}
		equal += uint64(len(docs))
		for i, doc := range docs {
			if !calm[i] {
				continue
			}
			with, err1 := canonical(doc, m.comments)
			without, err2 := canonical(doc, m.without)
			if err1 != nil || err2 != nil || !bytes.Equal(with, without) {
				t.Errorf("no comments in it, and two forms by %s: %v, %v: %.2000q", m.flag, err1, err2, doc)
				return equal, quiet
			}
			quiet++
		}
	}
	return equal, quiet
}

// write gives each document a file.
func (l *linter) write(docs [][]byte) (names []string, err error) {
	for i, doc := range docs {
		name := fmt.Sprint(i, ".xml")
		if err := os.WriteFile(filepath.Join(l.dir, name), doc, 0o600); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// agree reports whether xmllint writes for all documents what we write. It writes the
// forms one after the other, with nothing between, so that only where all of it
// differs each document is looked at alone.
func (l *linter) agree(t *testing.T, flag string, m c14n.Method, names []string, docs [][]byte) bool {
	forms := make([][]byte, len(docs))
	for i, doc := range docs {
		var err error
		if forms[i], err = canonical(doc, m); err != nil {
			t.Errorf("%s: %v\n%.2000q", flag, err, doc)
			return false
		}
	}
	out, said, err := l.run(flag, names...)
	if err == nil && bytes.Equal(out, bytes.Join(forms, nil)) {
		return true
	}
	t.Errorf("%s: %v: %.600s", flag, err, said)
	for i, name := range names {
		out, said, err := l.run(flag, name)
		switch at := apart(forms[i], out); {
		case err != nil:
			t.Errorf("%s: libxml2 refuses what we accept: %v: %.600s\n%.2000q", flag, err, said, docs[i])
		case at >= 0:
			t.Errorf("%s: differs from octet %d\nours    %.80q\nxmllint %.80q\ndocument %.2000q", flag, at, forms[i][max(0, at-20):], out[max(0, at-20):], docs[i])
		default:
			continue
		}
		return false
	}
	return false
}

// apart is where two forms differ first, -1 for nowhere.
func apart(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return at
}

func (l *linter) run(flag string, names ...string) (out []byte, said string, err error) {
	var complaints bytes.Buffer
	cmd := exec.Command(l.program, append([]string{"--nonet", flag}, names...)...)
	cmd.Dir, cmd.Stderr = l.dir, &complaints
	out, err = cmd.Output()
	return out, complaints.String(), err
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
