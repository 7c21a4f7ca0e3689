package wst

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wstrust/internal/xmltree"
)

// corpora finds the known answers beside the repository.
func corpora(t *testing.T) string {
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
	c := filepath.Join(dir, "..", "shared", "corpora")
	if _, err := os.Stat(filepath.Join(c, "index.tsv")); errors.Is(err, os.ErrNotExist) {
		t.Skip("known-answer corpora not found at ../shared/corpora, skipped")
	}
	return c
}

// row is one line of the index.
type row struct {
	file, expected string
	params         map[string]string
}

func rows(t *testing.T, dir, kind string) []row {
	data, err := os.ReadFile(filepath.Join(dir, "index.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var all []row
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		f := strings.Split(sc.Text(), "\t")
		if len(f) < 6 || f[1] != kind {
			continue
		}
		r := row{file: f[2], expected: f[3], params: map[string]string{}}
		for _, p := range strings.Split(f[5], ";") {
			k, v, _ := strings.Cut(p, "=")
			r.params[k] = v
		}
		all = append(all, r)
	}
	return all
}

// The rows about a BinarySecret: it parses to the octets that are said. The
// one there is has 8 octets, which no key and no entropy may have here.
func TestCorporaBinarySecret(t *testing.T) {
	dir := corpora(t)
	seen := 0
	for _, r := range rows(t, dir, "token") {
		if r.params["form"] != "BinarySecret" {
			continue
		}
		seen++
		want, err := hex.DecodeString(r.params["value-hex"])
		if err != nil || r.expected != "accept" {
			t.Fatalf("%s: %s %v", r.file, r.expected, err)
		}
		src, err := os.ReadFile(filepath.Join(dir, r.file))
		if err != nil {
			t.Fatal(err)
		}
		e := root(t, string(src))
		v, ok := versionOf(e.Space())
		if !ok {
			t.Fatalf("%s: namespace %s", r.file, e.Space())
		}
		got, typ, err := binarySecret(v, e)
		if err != nil || !bytes.Equal(got, want) || typ != "" {
			t.Errorf("%s: %x %q %v, want %x", r.file, got, typ, err, want)
		}
		if _, _, err := readSecret(v, e, Opener{}, 0); len(want) < MinKeyBits/8 && class(err) != "format" {
			t.Errorf("%s: %d octets were taken for a key: %v", r.file, len(want), err)
		}
	}
	if seen == 0 {
		t.Error("no row about a BinarySecret")
	}
}

// The computed keys of other programs, through a whole exchange.
func TestCorporaComputedKeys(t *testing.T) {
	dir := corpora(t)
	data, err := os.ReadFile(filepath.Join(dir, "kdf", "psha1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Name                            string
			IssuerEntropy, RequestorEntropy []byte
			KeySizeBits                     int
			Key                             []byte
		}
	}
	if err := json.Unmarshal(data, &file); err != nil || len(file.Vectors) == 0 {
		t.Fatalf("%d vectors, %v", len(file.Vectors), err)
	}
	for _, k := range file.Vectors {
		for _, v := range []Version{Trust13, Trust2005} {
			n, err := New(Request{
				KeyType: Symmetric, Entropy: CombinedEntropy, KeySize: k.KeySizeBits, ClientEntropy: NewSecret(k.RequestorEntropy),
			}, v, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.Step(xmltree.Elem{}, noon); err != nil {
				t.Fatal(err)
			}
			a := Response{
				Context: n.Context(), Token: []byte(testToken), ComputedKey: v.PSHA1(),
				ServerEntropy: NewSecret(k.IssuerEntropy), KeySize: k.KeySizeBits,
			}
			out, err := a.Write(v, Issue)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.Step(root(t, string(out)), noon); err != nil {
				t.Fatalf("%s: %v", k.Name, err)
			}
			if got := n.Issued().Proof.Bytes(); !bytes.Equal(got, k.Key) {
				t.Errorf("%s: %x, want %x", k.Name, got, k.Key)
			}
		}
	}
}
