package conformance

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// runAssertion verifies every signature of a SAML response, reads every
// assertion through the signature that covers it, and opens what is encrypted
// where the row has the key.
func runAssertion(c corpus, r row) (result, error) {
	at, err := verificationTime(r)
	if err != nil {
		return result{}, err
	}
	file, ok := strings.CutPrefix(r.Key, "cert:")
	if !ok {
		return result{}, fmt.Errorf("key %q", r.Key)
	}
	run := func(s alg.Suite) error {
		d, err := xmltree.Parse(c.read(r.File), xmltree.Limits{})
		if err != nil {
			return err
		}
		resp := response{suite: s, now: at, trusted: []*x509.Certificate{c.certificate(file)}}
		if form, file, _ := strings.Cut(r.Params["decrypt"], ":"); form == "pkcs8" {
			resp.key = c.private(file)
		}
		if err := resp.verify(d.Root()); err != nil {
			return err
		}
		if resp.signatures == 0 || resp.assertions+resp.encrypted == 0 {
			return errors.New("nothing was verified")
		}
		if !resp.key.IsZero() && resp.opened != resp.encrypted {
			return fmt.Errorf("%d of %d encrypted assertions were opened", resp.opened, resp.encrypted)
		}
		return nil
	}
	switch r.Expected {
	case "accept":
		old, err := twice(run)
		if sha1 := strings.HasSuffix(r.Params["sig"], "-sha1"); err == nil && sha1 && !old {
			err = errors.New("the default suite takes SHA-1")
		}
		return result{old: old}, err
	case "reject":
		err := run(alg.Legacy)
		if errors.Is(err, saml.ErrTrust) { // it names another signer: look under the key of the row
			err = underKey(c, r, file)
		}
		want := map[string]error{"unsigned": saml.ErrUnsigned, "bad-digest": alg.ErrSignature, "not-yet-valid": saml.ErrNotYetValid}[r.Params["reason"]]
		if want == nil || !errors.Is(err, want) {
			return result{}, fmt.Errorf("must be rejected as %s: %v", r.Params["reason"], err)
		}
		return agreed(), nil
	}
	return result{}, fmt.Errorf("expected %q", r.Expected)
}

func verificationTime(r row) (time.Time, error) {
	for _, name := range []string{"time", "not-before"} {
		if s := r.Params[name]; s != "" {
			return time.Parse(time.RFC3339, s)
		}
	}
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), nil
}

func underKey(c corpus, r row, file string) error {
	d, err := xmltree.Parse(c.read(r.File), xmltree.Limits{})
	if err != nil {
		return err
	}
	key, err := alg.CertificateKey(c.certificate(file))
	if err != nil {
		return err
	}
	for _, sig := range signatures(d.Root()) {
		if _, err := xmldsig.Verify(sig, key, alg.Legacy, nil); err != nil {
			return err
		}
	}
	return nil
}

// A response is a SAML response being verified.
type response struct {
	suite   alg.Suite
	now     time.Time
	trusted []*x509.Certificate
	key     alg.Key // to open encrypted assertions; zero if the row has none

	signatures, assertions, encrypted, opened int
}

func (f *response) verify(root xmltree.Elem) error {
	var whole xmldsig.Signed
	if sig := root.First(xmltree.DS, "Signature"); sig.OK() {
		signed, err := f.signature(sig)
		if err != nil {
			return err
		}
		if len(signed) != 1 || !signed[0].Element().Same(root) {
			return errors.New("the signature of the response is over something else")
		}
		whole = signed[0]
	}
	return f.walk(root, whole)
}

func (f *response) signature(sig xmltree.Elem) ([]xmldsig.Signed, error) {
	key, err := alg.CertificateKey(f.trusted[0])
	if err != nil {
		return nil, err
	}
	f.signatures++
	return xmldsig.Verify(sig, key, f.suite, nil)
}

func (f *response) walk(e xmltree.Elem, whole xmldsig.Signed) error {
	for c := range e.Children {
		var err error
		switch data, ok, sealed := saml.Encrypted(c); {
		case ok && sealed != nil:
			err = sealed
		case ok:
			err = f.open(data)
		case !saml.Is(c):
			err = f.walk(c, whole)
		case xmltree.Parent(c).Is(xmltree.SAML20, "Advice"):
			err = f.advice(c)
		default:
			err = f.assertion(c, whole)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *response) assertion(e xmltree.Elem, whole xmldsig.Signed) error {
	f.assertions++
	a, err := saml.VerifyElem(e, f.trusted, f.suite)
	switch {
	case err == nil:
		f.signatures++
	case errors.Is(err, saml.ErrUnsigned) && whole.Covers(e):
		a, err = saml.FromCovered(whole, e)
	}
	if err != nil {
		return err
	}
	if err := a.Check(saml.Checks{Now: f.now, InsecureAnyAudience: true}); err != nil {
		return err
	}
	if a.Issuer == "" || a.Subject.NameID == "" && !a.Subject.EncryptedID.OK() {
		return fmt.Errorf("issuer %q, subject %q", a.Issuer, a.Subject.NameID)
	}
	return f.walk(e, whole)
}

// advice may be signed together with other advice, which is good XML Signature
// and not what a SAML signature is; or not at all, and then no one reads it.
func (f *response) advice(e xmltree.Elem) error {
	sig := e.First(xmltree.DS, "Signature")
	if !sig.OK() {
		return nil
	}
	f.assertions++
	signed, err := f.signature(sig)
	if err != nil {
		return err
	}
	if _, err := saml.FromSigned(signed[0]); err != nil {
		return err
	}
	if _, err := saml.VerifyElem(e, f.trusted, f.suite); len(signed) > 1 && !errors.Is(err, xmldsig.ErrWrapping) {
		return fmt.Errorf("a signature over several elements is taken for an assertion's own: %v", err)
	}
	return nil
}

// open decrypts an assertion. The one there is cannot be read further: an error
// of its origin has left one of its times without a meaning.
func (f *response) open(data xmltree.Elem) error {
	f.encrypted++
	if f.key.IsZero() {
		return nil
	}
	plain, err := xmlenc.OpenWith(data, f.key, f.suite)
	if err != nil {
		return err
	}
	e, err := xmlenc.ReadElement(data, plain, xmltree.Limits{})
	if err != nil {
		return err
	}
	if !saml.Is(e) {
		return errors.New("no assertion inside")
	}
	f.opened++
	if name, err := find(e, xmltree.SAML20, "Issuer").Token(); err != nil || name == "" {
		return fmt.Errorf("issuer %q: %v", name, err)
	}
	return nil
}
