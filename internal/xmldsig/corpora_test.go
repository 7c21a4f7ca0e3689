package xmldsig

import (
	"errors"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/corpora"
	"wstrust/internal/xmltree"
)

// keyOf makes the key that a row names. A key of a kind we do not have (DSA)
// is the zero Key.
func keyOf(t testing.TB, dir corpora.Folder, r corpora.Row, sig xmltree.Elem) alg.Key {
	form, file, _ := strings.Cut(r.Key, ":")
	var key alg.Key
	var err error
	switch form {
	case "hmac":
		// The keys of these suites are too short for us. HMAC fills a key up
		// with zeros, so that these are the same keys.
		key, err = alg.SecretKey(append(dir.Read(t, file), make([]byte, 16)...))
	case "cert":
		key, err = alg.CertificateKey(dir.Certificate(t, file))
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
		t.Fatalf("key %q", r.Key)
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
func verifyFile(t testing.TB, dir corpora.Folder, r corpora.Row, suite alg.Suite) error {
	d, err := xmltree.Parse(dir.Read(t, r.File), xmltree.Limits{})
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
	dir := corpora.Open(t)
	agreed, byDesign := map[string]int{}, map[string]int{}
	for _, r := range dir.Rows(t, "dsig") {
		t.Run(r.File, func(t *testing.T) {
			err := verifyFile(t, dir, r, alg.Legacy)
			old := strings.HasSuffix(r.Params["sig"], "-sha1") || strings.Contains(r.Params["digest"], "sha1")
			switch {
			case len(r.Needs) > 0 || r.Params["hmac-output-length"] != "" || strings.Contains(r.Params["sig"], "dsa"):
				if !errors.Is(err, alg.ErrAlgorithm) && !errors.Is(err, xmltree.ErrFormat) {
					t.Errorf("a feature that is refused by design: got %v", err)
				}
				if r.Expected == "accept" {
					byDesign[r.Suite]++
					return
				}
				agreed[r.Suite]++
			case r.Expected == "accept":
				if err != nil {
					t.Fatalf("must be accepted: %v", err)
				}
				agreed[r.Suite]++
			case r.Expected == "refuse-algorithm":
				if !errors.Is(err, alg.ErrAlgorithm) {
					t.Fatalf("must be refused for its algorithm, got %v", err)
				}
				agreed[r.Suite]++
			case r.Expected == "reject":
				if err == nil {
					t.Fatal("must be rejected")
				}
				if r.Params["reason"] == "bad-digest" || r.Params["reason"] == "bad-signature-value" {
					if !errors.Is(err, alg.ErrSignature) && !errors.Is(err, alg.ErrAlgorithm) {
						t.Fatalf("rejected, but not for its signature: %v", err)
					}
				}
				agreed[r.Suite]++
			default:
				t.Fatalf("expected %q", r.Expected)
			}
			if r.Expected == "accept" && old {
				if err := verifyFile(t, dir, r, alg.Modern); !errors.Is(err, alg.ErrAlgorithm) {
					t.Errorf("the default suite must refuse the algorithm, got %v", err)
				}
			}
		})
	}
	t.Logf("agreed %v, refused by design %v", agreed, byDesign)
}
