package saml_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
	"wstrust/saml"
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

// A finding is what a response was found to hold.
type finding struct {
	signatures, assertions, encrypted int
	checked                           []*saml.Assertion
}

// verifyResponse verifies every signature of a SAML response, wherever it
// stands, and reads every assertion through the signature that covers it.
func verifyResponse(d *xmltree.Doc, trusted []*x509.Certificate, suite saml.Suite, now time.Time) (f finding, err error) {
	root := d.Root()
	var whole xmldsig.Signed
	if sig := root.First(xmltree.DS, "Signature"); sig.OK() {
		key, err := alg.CertificateKey(trusted[0])
		if err != nil {
			return f, err
		}
		signed, err := xmldsig.Verify(sig, key, suite, nil)
		if err != nil {
			return f, err
		}
		if len(signed) != 1 || !signed[0].Element().Same(root) {
			return f, errors.New("the response's signature is over something else")
		}
		f.signatures++
		whole = signed[0]
	}
	return f, f.walk(root, whole, trusted, suite, now)
}

func (f *finding) walk(e xmltree.Elem, whole xmldsig.Signed, trusted []*x509.Certificate, suite saml.Suite, now time.Time) error {
	for c := range e.Children {
		if _, ok, err := saml.Encrypted(c); ok {
			if err != nil {
				return err
			}
			f.encrypted++
			continue
		}
		if !saml.Is(c) {
			if err := f.walk(c, whole, trusted, suite, now); err != nil {
				return err
			}
			continue
		}
		f.assertions++
		if sig := c.First(xmltree.DS, "Signature"); sig.OK() && xmltree.Parent(c).Is(xmltree.SAML20, "Advice") {
			// Advice may be signed together with other advice, which is good
			// XML Signature and not what a SAML signature is.
			if err := f.advice(c, sig, trusted, suite); err != nil {
				return err
			}
			continue
		}
		a, err := saml.VerifyElem(c, trusted, suite)
		switch {
		case err == nil:
			f.signatures++
		case errors.Is(err, saml.ErrUnsigned) && whole.Covers(c):
			if a, err = saml.FromCovered(whole, c); err != nil {
				return err
			}
		case errors.Is(err, saml.ErrUnsigned) && xmltree.Parent(c).Is(xmltree.SAML20, "Advice"):
			continue // advice that no one vouches for, and no one reads
		default:
			return err
		}
		if err := a.Check(saml.Checks{Now: now, InsecureAnyAudience: true}); err != nil {
			return err
		}
		f.checked = append(f.checked, a)
		if err := f.walk(c, whole, trusted, suite, now); err != nil {
			return err
		}
	}
	return nil
}

func (f *finding) advice(e, sig xmltree.Elem, trusted []*x509.Certificate, suite saml.Suite) error {
	key, err := alg.CertificateKey(trusted[0])
	if err != nil {
		return err
	}
	signed, err := xmldsig.Verify(sig, key, suite, nil)
	if err != nil {
		return err
	}
	f.signatures++
	if !signed[0].Element().Same(e) {
		return errors.New("the signature of the advice is not over it")
	}
	if _, err := saml.FromSigned(signed[0]); err != nil {
		return err
	}
	if _, err := saml.VerifyElem(e, trusted, suite); len(signed) > 1 && !errors.Is(err, xmldsig.ErrWrapping) {
		return fmt.Errorf("a signature over several elements is taken for an assertion's own: %v", err)
	}
	return nil
}

func TestCorpora(t *testing.T) {
	dir := corpora(t)
	index, err := os.ReadFile(filepath.Join(dir, "index.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]error{
		"unsigned":      saml.ErrUnsigned,
		"bad-digest":    alg.ErrSignature,
		"not-yet-valid": saml.ErrNotYetValid,
	}
	agreed := map[string]int{}
	for line := range strings.Lines(string(index)) {
		row := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(row) < 6 || row[1] != "saml" {
			continue
		}
		suite, file, expected, key := row[0], row[2], row[3], row[4]
		params := map[string]string{}
		for p := range strings.SplitSeq(row[5], ";") {
			k, v, _ := strings.Cut(p, "=")
			params[k] = v
		}
		t.Run(file, func(t *testing.T) {
			trusted := []*x509.Certificate{loadCertificate(t, filepath.Join(dir, strings.TrimPrefix(key, "cert:")))}
			src, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			now := params["time"]
			if now == "" {
				now = params["not-before"]
			}
			if now == "" {
				now = "2026-01-01T00:00:00Z"
			}
			at, err := time.Parse(time.RFC3339, now)
			if err != nil {
				t.Fatal(err)
			}
			d, err := xmltree.Parse(src, xmltree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := verifyResponse(d, trusted, alg.Legacy, at)
			switch expected {
			case "accept":
				if err != nil {
					t.Fatalf("must be accepted: %v", err)
				}
				if got.signatures == 0 || got.assertions+got.encrypted == 0 {
					t.Fatalf("nothing was verified: %+v", got)
				}
				for _, a := range got.checked {
					if a.Issuer == "" || a.Subject.NameID == "" && !a.Subject.EncryptedID.OK() {
						t.Errorf("issuer %q, name %q", a.Issuer, a.Subject.NameID)
					}
				}
				if strings.HasSuffix(params["sig"], "-sha1") {
					if _, err := verifyResponse(d, trusted, "", at); !errors.Is(err, alg.ErrAlgorithm) {
						t.Errorf("the default suite must refuse SHA-1, got %v", err)
					}
				}
			case "reject":
				want, ok := reasons[params["reason"]]
				if !ok {
					t.Fatalf("unknown reason %q", params["reason"])
				}
				if errors.Is(err, saml.ErrTrust) {
					// It names another signer. Look under the key of the row.
					err = signatureOnly(d, trusted[0])
				}
				if !errors.Is(err, want) {
					t.Fatalf("must be rejected as %s, got %v", params["reason"], err)
				}
			default:
				t.Fatalf("expected %q", expected)
			}
			agreed[suite]++
		})
	}
	t.Logf("agreed %v", agreed)
}

func signatureOnly(d *xmltree.Doc, c *x509.Certificate) error {
	key, err := alg.CertificateKey(c)
	if err != nil {
		return err
	}
	_, err = xmldsig.Verify(d.Root().First(xmltree.SAML20, "Assertion").First(xmltree.DS, "Signature"), key, alg.Legacy, nil)
	return err
}

func loadCertificate(t testing.TB, path string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := pem.Decode(data)
	if b == nil {
		t.Fatalf("%s holds no certificate", path)
	}
	c, err := x509.ParseCertificate(b.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
