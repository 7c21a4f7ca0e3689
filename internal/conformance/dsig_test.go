package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// errNoKey is a key of a kind that there is none of here, as DSA.
var errNoKey = errors.New("no key of that kind")

// runSignature verifies every signature of a document.
func runSignature(c corpus, r row) (result, error) {
	run := func(s alg.Suite) error { return verifySignatures(c, r, s) }
	switch r.Expected {
	case "refuse-algorithm":
		for _, s := range []alg.Suite{alg.Legacy, alg.Modern} {
			if err := run(s); !errors.Is(err, alg.ErrAlgorithm) {
				return result{}, fmt.Errorf("%v: must be refused for its algorithm: %v", s, err)
			}
		}
		return outOfProfile(words(r.Params["reason"])), nil
	case "reject":
		err := run(alg.Legacy)
		if err == nil {
			return result{}, errors.New("must be rejected")
		}
		want := signatureReasons[r.Params["reason"]]
		if strings.Contains(r.Params["digest"], "md5") { // refused for that before anything is computed
			want = alg.ErrAlgorithm
		}
		if want == nil || !errors.Is(err, want) {
			return result{}, fmt.Errorf("must be rejected as %s: %v", r.Params["reason"], err)
		}
		return agreed(), nil
	case "accept":
	default:
		return result{}, fmt.Errorf("expected %q", r.Expected)
	}
	reason := ""
	switch {
	case r.Need("xpointer"):
		reason = "XPointer"
	case r.Params["hmac-output-length"] != "":
		reason = "truncated HMAC"
	case len(r.Needs) > 0:
		return result{}, fmt.Errorf("needs %q, for which the page has no word", r.Needs)
	}
	if reason != "" {
		if err := run(alg.Legacy); !errors.Is(err, alg.ErrAlgorithm) {
			return result{}, fmt.Errorf("must be refused for its algorithm: %v", err)
		}
		return outOfProfile(reason), nil
	}
	if err := verifyOctets(c, r, alg.Legacy, flipValue(c.read(r.File))); !errors.Is(err, alg.ErrSignature) {
		return result{}, fmt.Errorf("with a bit of its value flipped: %v", err)
	}
	old, err := twice(run)
	if sha1 := strings.Contains(r.Params["sig"]+r.Params["digest"], "sha1"); err == nil && sha1 != old {
		err = fmt.Errorf("SHA-1 is in it: %v; refused by the default suite: %v", sha1, old)
	}
	return result{old: old}, err
}

// signatureReasons are the errors that rejected rows must have. A truncated HMAC
// and a reference out of the document are refused before any mathematics.
var signatureReasons = map[string]error{
	"bad-digest":          alg.ErrSignature,
	"bad-signature-value": alg.ErrSignature,
	"hmac-truncated-40":   alg.ErrAlgorithm,
	"external-uri":        alg.ErrAlgorithm,
}

func words(reason string) string {
	if w, ok := map[string]string{"3des": "Triple DES", "xslt": "XSLT", "xpath": "XPath transform", "weak-hash": "MD5 or RIPEMD-160"}[reason]; ok {
		return w
	}
	return reason
}

// flipValue changes a bit of the first signature value. The rows that are about
// a wrong value also name MD5, and so are refused before it is looked at.
func flipValue(src []byte) []byte {
	at := bytes.Index(src, []byte("SignatureValue"))
	at += bytes.IndexByte(src[at:], '>') + 1
	for src[at] <= ' ' {
		at++
	}
	if src[at] == 'A' {
		src[at] = 'B'
	} else {
		src[at] = 'A'
	}
	return src
}

func verifySignatures(c corpus, r row, s alg.Suite) error {
	return verifyOctets(c, r, s, c.read(r.File))
}

func verifyOctets(c corpus, r row, s alg.Suite, src []byte) error {
	d, err := xmltree.Parse(src, xmltree.Limits{})
	if err != nil {
		return err
	}
	sigs := signatures(d.Root())
	if len(sigs) == 0 {
		return errors.New("no signature in the file")
	}
	for _, sig := range sigs {
		key, err := signatureKey(c, r, sig)
		if err != nil && !errors.Is(err, errNoKey) {
			return err
		}
		if _, err := xmldsig.Verify(sig, key, s, nil); err != nil {
			return err
		}
	}
	return nil
}

// signatures returns every signature that is not inside another one.
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

func signatureKey(c corpus, r row, sig xmltree.Elem) (alg.Key, error) {
	form, file, _ := strings.Cut(r.Key, ":")
	switch form {
	case "hmac":
		// The keys of these suites are too short to be keys here. HMAC fills a
		// key up with zeros, so that these are the same keys.
		return alg.SecretKey(slices.Concat(c.read(file), make([]byte, 16)))
	case "cert":
		key, err := alg.CertificateKey(c.certificate(file))
		if errors.Is(err, alg.ErrKey) {
			return alg.Key{}, errNoKey
		}
		return key, err
	case "keyinfo":
		ki, err := xmldsig.KeyInfo(sig)
		if err != nil {
			return alg.Key{}, err
		}
		h, err := xmldsig.ReadKeyInfo(ki)
		if err != nil {
			return alg.Key{}, err
		}
		return alg.PublicKey(h.Public)
	case "keys-xml": // these rows must be refused before any key is asked for
		return alg.SecretKey([]byte("a test key: it is not asked for"))
	}
	return alg.Key{}, fmt.Errorf("key %q", r.Key)
}
