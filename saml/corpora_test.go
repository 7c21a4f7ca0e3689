package saml_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/corpora"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

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
	dir := corpora.Open(t)
	reasons := map[string]error{
		"unsigned":      saml.ErrUnsigned,
		"bad-digest":    alg.ErrSignature,
		"not-yet-valid": saml.ErrNotYetValid,
	}
	agreed := map[string]int{}
	for _, r := range dir.Rows(t, "saml") {
		t.Run(r.File, func(t *testing.T) {
			trusted := []*x509.Certificate{dir.Certificate(t, strings.TrimPrefix(r.Key, "cert:"))}
			now := r.Params["time"]
			if now == "" {
				now = r.Params["not-before"]
			}
			if now == "" {
				now = "2026-01-01T00:00:00Z"
			}
			at, err := time.Parse(time.RFC3339, now)
			if err != nil {
				t.Fatal(err)
			}
			d, err := xmltree.Parse(dir.Read(t, r.File), xmltree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := verifyResponse(d, trusted, alg.Legacy, at)
			switch r.Expected {
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
				if strings.HasSuffix(r.Params["sig"], "-sha1") {
					if _, err := verifyResponse(d, trusted, "", at); !errors.Is(err, alg.ErrAlgorithm) {
						t.Errorf("the default suite must refuse SHA-1, got %v", err)
					}
				}
			case "reject":
				want, ok := reasons[r.Params["reason"]]
				if !ok {
					t.Fatalf("unknown reason %q", r.Params["reason"])
				}
				if errors.Is(err, saml.ErrTrust) {
					// It names another signer. Look under the key of the row.
					err = signatureOnly(d, trusted[0])
				}
				if !errors.Is(err, want) {
					t.Fatalf("must be rejected as %s, got %v", r.Params["reason"], err)
				}
			default:
				t.Fatalf("expected %q", r.Expected)
			}
			agreed[r.Suite]++
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
