package xmlenc

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/corpora"
	"wstrust/internal/xmltree"
)

type count struct{ agreed, byDesign, disagreed int }

// TestCorpora runs every encryption row under Legacy, because most of them use
// RSA 1.5 or keys of 1024 bits, and then under Modern, which must refuse those by
// algorithm or key and give the same answer for the others.
func TestCorpora(t *testing.T) {
	dir := corpora.Open(t)
	counts := map[string]*count{}
	var strict struct{ agreed, refused int }
	for _, r := range dir.Rows(t, "xmlenc") {
		c := counts[r.Suite]
		if c == nil {
			c = &count{}
			counts[r.Suite] = c
		}
		got, err := decryptRow(t, dir, r, alg.Legacy)
		switch {
		case len(r.Needs) > 0:
			// DOCTYPE, RetrievalMethod and CipherReference are refused.
			var e *xmltree.Error
			byParser := r.Need("doctype") && errors.As(err, &e) && errors.Is(err, xmltree.ErrFormat)
			byUs := !r.Need("doctype") && errors.Is(err, ErrReference)
			if byParser || byUs {
				c.byDesign++
			} else {
				c.disagreed++
				t.Errorf("%s: %s: needs a feature that is refused by design, got %v", r.Suite, r.File, err)
			}
			continue
		case r.Expected == "refuse-algorithm" && errors.Is(err, alg.ErrAlgorithm) && got == nil,
			r.Expected == "reject" && err != nil && got == nil,
			strings.HasPrefix(r.Expected, "bytes:") && err == nil && bytes.Equal(got, answer(t, dir, r)):
			c.agreed++
		default:
			c.disagreed++
			t.Errorf("%s: %s: expected %s, got %d octets, %v", r.Suite, r.File, r.Expected, len(got), err)
			continue
		}
		if r.Suite == "xmlsec-nist-gcm" && r.Expected == "reject" && err != alg.ErrDecrypt {
			t.Errorf("%s: a bad tag is not the one error: %v", r.File, err)
		}

		modern, err := decryptRow(t, dir, r, alg.Modern)
		switch {
		case err == nil && bytes.Equal(modern, got), r.Expected == "reject" && err != nil:
			strict.agreed++
		case errors.Is(err, alg.ErrAlgorithm), errors.Is(err, alg.ErrKey):
			strict.refused++
			old := strings.Contains(r.Params["enc"], "rsa-1_5") || r.Expected == "refuse-algorithm" || r.Suite == "mono"
			if !old {
				t.Errorf("%s: %s: Modern refuses it: %v", r.Suite, r.File, err)
			}
		default:
			t.Errorf("%s: %s: Modern gives another answer: %v", r.Suite, r.File, err)
		}
	}
	for suite, c := range counts {
		t.Logf("%s: agreed %d, refused by design %d, disagreed %d", suite, c.agreed, c.byDesign, c.disagreed)
	}
	t.Logf("the same rows under Modern: agreed %d, refused by algorithm or key %d", strict.agreed, strict.refused)
}

// The Merlin files are refused for their DOCTYPE, which says nothing that matters
// to decryption. With it taken out by hand they are more vectors.
func TestCorporaWithoutDoctype(t *testing.T) {
	dir := corpora.Open(t)
	opened, refused := 0, 0
	for _, r := range dir.Rows(t, "xmlenc") {
		if !r.Need("doctype") {
			continue
		}
		doc, err := xmltree.Parse(cutDoctype(t, dir.Read(t, r.File)), xmltree.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", r.File, err)
		}
		e := find(doc.Root(), "EncryptedData")
		var plain []byte
		switch ek := find(e, "EncryptedKey"); {
		case ek.OK():
			plain, err = OpenWith(e, keyFor(t, dir, r, ek), alg.Legacy)
		case r.Need("retrievalmethod"): // its key stands elsewhere in the document
			plain, err = OpenWith(e, alg.Key{}, alg.Legacy)
		default:
			plain, err = Open(e, keyFor(t, dir, r, e), alg.Legacy)
		}
		want := error(nil)
		switch {
		case r.Expected == "refuse-algorithm":
			want = alg.ErrAlgorithm
		case r.Need("cipher-reference"), r.Need("retrievalmethod"):
			want = ErrReference
		}
		if want != nil {
			refused++
			if !errors.Is(err, want) || plain != nil {
				t.Errorf("%s: want %v, got %v", r.File, want, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", r.File, err)
			continue
		}
		opened++
		from, to := e.Range()
		got := canonical(t, slices.Concat(doc.Source()[:from], plain, doc.Source()[to:]))
		answer := canonical(t, cutDoctype(t, dir.Answer(t, r)))
		if !bytes.Equal(got, answer) {
			t.Errorf("%s: the plaintext differs", r.File)
		}
	}
	t.Logf("without DOCTYPE: opened %d, refused %d", opened, refused)
}

func cutDoctype(t *testing.T, src []byte) []byte {
	t.Helper()
	from := bytes.Index(src, []byte("<!DOCTYPE"))
	if from < 0 {
		return src
	}
	end := bytes.IndexByte(src[from:], '>')
	if sub := bytes.Index(src[from:], []byte("]>")); bytes.IndexByte(src[from:from+end], '[') >= 0 {
		end = sub + 1
	}
	return slices.Concat(src[:from], src[from+end+1:])
}

// An assertion as a Shibboleth issuer encrypted it. The key is a published test
// key.
func TestEncryptedAssertion(t *testing.T) {
	dir := corpora.Open(t)
	doc, err := xmltree.Parse(dir.Read(t, "node-saml/valid/response.root-signed.assertion-unsigned-encrypted.xml"), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e := find(doc.Root(), "EncryptedData")
	k := keyFor(t, dir, corpora.Row{Key: "pkcs8:node-saml/testshib-encryption-pvk.pem"}, e)
	plain, err := OpenWith(e, k, alg.Modern)
	if err != nil {
		t.Fatal(err)
	}
	// Its prefixes are declared outside the EncryptedData.
	inner, err := ReadElement(e, plain, xmltree.Limits{})
	if err != nil || !inner.Is(xmltree.SAML20, "Assertion") {
		t.Errorf("found %s, %v", inner.Path(), err)
	}
}

// decryptRow gives what the row compares: the octets, the key, or the canonical
// form of the document with the plaintext in place.
func decryptRow(t *testing.T, dir corpora.Folder, r corpora.Row, s alg.Suite) ([]byte, error) {
	t.Helper()
	src := dir.Read(t, r.File)
	doc, err := xmltree.Parse(src, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	e := find(doc.Root(), "EncryptedData")
	if !e.OK() {
		k, err := OpenKey(doc.Root(), keyFor(t, dir, r, doc.Root()), s, 0)
		return k.Secret(), err
	}
	var plain []byte
	if ek := find(e, "EncryptedKey"); ek.OK() {
		plain, err = OpenWith(e, keyFor(t, dir, r, ek), s)
	} else {
		plain, err = Open(e, keyFor(t, dir, r, e), s)
	}
	if err != nil || r.Params["compare"] != "c14n-document" {
		return plain, err
	}
	from, to := e.Range()
	return canonical(t, slices.Concat(doc.Source()[:from], plain, doc.Source()[to:])), nil
}

func answer(t *testing.T, dir corpora.Folder, r corpora.Row) []byte {
	t.Helper()
	want := dir.Answer(t, r)
	if r.Params["compare"] == "c14n-document" {
		return canonical(t, want)
	}
	return want
}

func canonical(t *testing.T, src []byte) []byte {
	t.Helper()
	doc, err := xmltree.Parse(src, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c14n.WriteDocument(&b, doc, c14n.C14N10, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// keyFor builds the key of the row; among several it takes the one that the
// KeyInfo of e names. The keys are the published test keys of the suites. A row
// that must be refused may name a key we cannot even build, as one for Triple
// DES: any key serves there.
func keyFor(t *testing.T, dir corpora.Folder, r corpora.Row, e xmltree.Elem) alg.Key {
	t.Helper()
	form, file, _ := strings.Cut(r.Key, ":")
	data := dir.Read(t, file)
	if form == "pkcs8" {
		block, _ := pem.Decode(data)
		p, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if block.Type == "RSA PRIVATE KEY" {
			p, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		}
		if err != nil {
			t.Fatal(err)
		}
		k, err := alg.PrivateKey(p.(crypto.Signer))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	if form != "keys-xml" {
		t.Fatalf("%s: unknown key form %q", r.File, form)
	}
	name, err := KeyInfo(e).One(xmltree.DS, "KeyName")
	if err != nil {
		t.Fatal(err)
	}
	want, err := name.Token()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := xmltree.Parse(data, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for ki := range keys.Root().Children {
		n, err := ki.First(xmltree.DS, "KeyName").Token()
		if err != nil || n != want {
			continue
		}
		for v := range ki.First(xmltree.DS, "KeyValue").Children {
			if v.Local() != "AESKeyValue" && v.Local() != "DESKeyValue" {
				continue
			}
			b, err := v.Base64()
			if err != nil {
				t.Fatal(err)
			}
			k, err := alg.SecretKey(b)
			if err != nil {
				t.Fatalf("%s: key %s: %v", r.File, n, err)
			}
			return k
		}
	}
	t.Fatalf("%s: no key named %s", r.File, want)
	return alg.Key{}
}

func find(e xmltree.Elem, local string) xmltree.Elem {
	if e.Is(xmltree.XENC, local) {
		return e
	}
	for c := range e.Children {
		if f := find(c, local); f.OK() {
			return f
		}
	}
	return xmltree.Elem{}
}
