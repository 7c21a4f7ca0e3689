package xmldsig

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// corpora returns the folder of known answers beside the repository, or skips.
func corpora(t testing.TB) string {
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
	dir = filepath.Join(dir, "..", "shared", "corpora")
	if _, err := os.Stat(filepath.Join(dir, "index.tsv")); err != nil {
		t.Skip("known-answer corpora not found at ../shared/corpora, skipped")
	}
	return dir
}

type row struct {
	suite, file, expected, key string
	params                     map[string]string
}

func rows(t testing.TB, dir, kind string) []row {
	index, err := os.ReadFile(filepath.Join(dir, "index.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var out []row
	for line := range strings.Lines(string(index)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(f) < 6 || f[1] != kind {
			continue
		}
		r := row{suite: f[0], file: f[2], expected: f[3], key: f[4], params: map[string]string{}}
		for p := range strings.SplitSeq(f[5], ";") {
			k, v, _ := strings.Cut(p, "=")
			r.params[k] = v
		}
		out = append(out, r)
	}
	return out
}

func loadCertificate(t testing.TB, path string) *x509.Certificate {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := pem.Decode(data); b != nil {
		data = b.Bytes
	}
	c, err := x509.ParseCertificate(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// keyOf makes the key that a row names. A key of a kind we do not have (DSA)
// is the zero Key.
func keyOf(t testing.TB, dir string, r row, sig xmltree.Elem) alg.Key {
	form, file, _ := strings.Cut(r.key, ":")
	var key alg.Key
	var err error
	switch form {
	case "hmac":
		var secret []byte
		if secret, err = os.ReadFile(filepath.Join(dir, file)); err == nil {
			// The keys of these suites are too short for us. HMAC fills a key
			// up with zeros, so that these are the same keys.
			key, err = alg.SecretKey(append(secret, make([]byte, 16)...))
		}
	case "cert":
		key, err = alg.CertificateKey(loadCertificate(t, filepath.Join(dir, file)))
	case "keyinfo":
		var ki xmltree.Elem
		if ki, err = KeyInfo(sig); err == nil {
			var h Hint
			if h, err = ReadKeyInfo(ki); err == nil {
				key, err = alg.PublicKey(h.Public)
			}
		}
	case "keys-xml": // these rows must be refused before any key is asked for
		key, err = alg.SecretKey([]byte("any key of sixteen octets or more"))
	default:
		t.Fatalf("key %q", r.key)
	}
	if err != nil {
		if errors.Is(err, alg.ErrKey) {
			return alg.Key{}
		}
		t.Fatal(err)
	}
	return key
}

// signatures returns every ds:Signature that is not inside another one.
func signatures(e xmltree.Elem) []xmltree.Elem {
	if e.Is(xmltree.DS, "Signature") {
		return []xmltree.Elem{e}
	}
	var out []xmltree.Elem
	for c := range e.Children {
		out = append(out, signatures(c)...)
	}
	return out
}

// verifyFile verifies every signature of a document.
func verifyFile(t testing.TB, dir string, r row, suite alg.Suite) error {
	src, err := os.ReadFile(filepath.Join(dir, r.file))
	if err != nil {
		t.Fatal(err)
	}
	d, err := xmltree.Parse(src, xmltree.Limits{})
	if err != nil {
		return err
	}
	sigs := signatures(d.Root())
	if len(sigs) == 0 {
		t.Fatal("no signature in the file")
	}
	for _, sig := range sigs {
		got, err := Verify(sig, keyOf(t, dir, r, sig), suite, nil)
		if err != nil {
			return err
		}
		checkSigned(t, got)
	}
	return nil
}

func TestCorpora(t *testing.T) {
	dir := corpora(t)
	agreed, byDesign := map[string]int{}, map[string]int{}
	for _, r := range rows(t, dir, "dsig") {
		t.Run(r.file, func(t *testing.T) {
			err := verifyFile(t, dir, r, alg.Legacy)
			old := strings.HasSuffix(r.params["sig"], "-sha1") || strings.Contains(r.params["digest"], "sha1")
			switch {
			case r.params["needs"] != "" || r.params["hmac-output-length"] != "" || strings.Contains(r.params["sig"], "dsa"):
				if !errors.Is(err, alg.ErrAlgorithm) && !errors.Is(err, xmltree.ErrFormat) {
					t.Errorf("a feature that is refused by design: got %v", err)
				}
				if r.expected == "accept" {
					byDesign[r.suite]++
					return
				}
				agreed[r.suite]++
			case r.expected == "accept":
				if err != nil {
					t.Fatalf("must be accepted: %v", err)
				}
				agreed[r.suite]++
			case r.expected == "refuse-algorithm":
				if !errors.Is(err, alg.ErrAlgorithm) {
					t.Fatalf("must be refused for its algorithm, got %v", err)
				}
				agreed[r.suite]++
			case r.expected == "reject":
				if err == nil {
					t.Fatal("must be rejected")
				}
				if r.params["reason"] == "bad-digest" || r.params["reason"] == "bad-signature-value" {
					if !errors.Is(err, alg.ErrSignature) && !errors.Is(err, alg.ErrAlgorithm) {
						t.Fatalf("rejected, but not for its signature: %v", err)
					}
				}
				agreed[r.suite]++
			default:
				t.Fatalf("expected %q", r.expected)
			}
			if r.expected == "accept" && old {
				if err := verifyFile(t, dir, r, alg.Modern); !errors.Is(err, alg.ErrAlgorithm) {
					t.Errorf("the default suite must refuse the algorithm, got %v", err)
				}
			}
		})
	}
	t.Logf("agreed %v, refused by design %v", agreed, byDesign)
}
