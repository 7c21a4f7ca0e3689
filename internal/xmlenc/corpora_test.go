package xmlenc

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

type row struct{ suite, file, expected, key, params string }

func (r row) has(param string) bool { return slices.Contains(strings.Split(r.params, ";"), param) }

// corpora finds the known-answer corpora, which lie beside the repository and
// are never copied into it, and the rows that are about encryption.
func corpora(t *testing.T) (root string, rows []row) {
	t.Helper()
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
	root = filepath.Join(dir, "..", "shared", "corpora")
	data, err := os.ReadFile(filepath.Join(root, "index.tsv"))
	if err != nil {
		t.Skip("known-answer corpora not found at ../shared/corpora, skipped")
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if !strings.HasPrefix(line, "#") && len(f) >= 6 && f[1] == "xmlenc" {
			rows = append(rows, row{f[0], f[2], f[3], f[4], f[5]})
		}
	}
	if len(rows) == 0 {
		t.Fatal("the index has no rows of kind xmlenc")
	}
	return root, rows
}

type count struct{ agreed, byDesign, disagreed int }

// TestCorpora runs every encryption row under Legacy, because most of them use
// RSA 1.5 or keys of 1024 bits, and then under Modern, which must refuse those by
// algorithm or key and give the same answer for the others.
func TestCorpora(t *testing.T) {
	root, rows := corpora(t)
	counts := map[string]*count{}
	var strict struct{ agreed, refused int }
	for _, r := range rows {
		c := counts[r.suite]
		if c == nil {
			c = &count{}
			counts[r.suite] = c
		}
		got, err := decryptRow(t, root, r, alg.Legacy)
		switch {
		case strings.Contains(r.params, "needs="):
			// DOCTYPE, RetrievalMethod and CipherReference are refused.
			var e *xmltree.Error
			byParser := r.has("needs=doctype") && errors.As(err, &e) && errors.Is(err, xmltree.ErrFormat)
			byUs := !r.has("needs=doctype") && errors.Is(err, ErrReference)
			if byParser || byUs {
				c.byDesign++
			} else {
				c.disagreed++
				t.Errorf("%s: %s: needs a feature that is refused by design, got %v", r.suite, r.file, err)
			}
			continue
		case r.expected == "refuse-algorithm" && errors.Is(err, alg.ErrAlgorithm) && got == nil,
			r.expected == "reject" && err != nil && got == nil,
			strings.HasPrefix(r.expected, "bytes:") && err == nil && bytes.Equal(got, answer(t, root, r)):
			c.agreed++
		default:
			c.disagreed++
			t.Errorf("%s: %s: expected %s, got %d octets, %v", r.suite, r.file, r.expected, len(got), err)
			continue
		}
		if r.suite == "xmlsec-nist-gcm" && r.expected == "reject" && err != alg.ErrDecrypt {
			t.Errorf("%s: a bad tag is not the one error: %v", r.file, err)
		}

		modern, err := decryptRow(t, root, r, alg.Modern)
		switch {
		case err == nil && bytes.Equal(modern, got), r.expected == "reject" && err != nil:
			strict.agreed++
		case errors.Is(err, alg.ErrAlgorithm), errors.Is(err, alg.ErrKey):
			strict.refused++
			old := strings.Contains(r.params, "rsa-1_5") || r.expected == "refuse-algorithm" || r.suite == "mono"
			if !old {
				t.Errorf("%s: %s: Modern refuses it: %v", r.suite, r.file, err)
			}
		default:
			t.Errorf("%s: %s: Modern gives another answer: %v", r.suite, r.file, err)
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
	root, rows := corpora(t)
	opened, refused := 0, 0
	for _, r := range rows {
		if !r.has("needs=doctype") {
			continue
		}
		doc, err := xmltree.Parse(cutDoctype(t, readFile(t, root, r.file)), xmltree.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", r.file, err)
		}
		e := find(doc.Root(), "EncryptedData")
		var plain []byte
		switch ek := find(e, "EncryptedKey"); {
		case ek.OK():
			plain, err = OpenWith(e, keyFor(t, root, r, ek), alg.Legacy)
		case r.has("needs=retrievalmethod"): // its key stands elsewhere in the document
			plain, err = OpenWith(e, alg.Key{}, alg.Legacy)
		default:
			plain, err = Open(e, keyFor(t, root, r, e), alg.Legacy)
		}
		want := error(nil)
		switch {
		case r.expected == "refuse-algorithm":
			want = alg.ErrAlgorithm
		case r.has("needs=cipher-reference"), r.has("needs=retrievalmethod"):
			want = ErrReference
		}
		if want != nil {
			refused++
			if !errors.Is(err, want) || plain != nil {
				t.Errorf("%s: want %v, got %v", r.file, want, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", r.file, err)
			continue
		}
		opened++
		from, to := e.Range()
		got := canonical(t, slices.Concat(doc.Source()[:from], plain, doc.Source()[to:]))
		answer := canonical(t, cutDoctype(t, readFile(t, root, strings.TrimPrefix(r.expected, "bytes:"))))
		if !bytes.Equal(got, answer) {
			t.Errorf("%s: the plaintext differs", r.file)
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
	root, _ := corpora(t)
	doc, err := xmltree.Parse(readFile(t, root, "node-saml/valid/response.root-signed.assertion-unsigned-encrypted.xml"), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e := find(doc.Root(), "EncryptedData")
	k := keyFor(t, root, row{key: "pkcs8:node-saml/testshib-encryption-pvk.pem"}, e)
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
func decryptRow(t *testing.T, root string, r row, s alg.Suite) ([]byte, error) {
	t.Helper()
	src := readFile(t, root, r.file)
	doc, err := xmltree.Parse(src, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	e := find(doc.Root(), "EncryptedData")
	if !e.OK() {
		k, err := OpenKey(doc.Root(), keyFor(t, root, r, doc.Root()), s, 0)
		return k.Secret(), err
	}
	var plain []byte
	if ek := find(e, "EncryptedKey"); ek.OK() {
		plain, err = OpenWith(e, keyFor(t, root, r, ek), s)
	} else {
		plain, err = Open(e, keyFor(t, root, r, e), s)
	}
	if err != nil || !r.has("compare=c14n-document") {
		return plain, err
	}
	from, to := e.Range()
	return canonical(t, slices.Concat(doc.Source()[:from], plain, doc.Source()[to:])), nil
}

func answer(t *testing.T, root string, r row) []byte {
	t.Helper()
	want := readFile(t, root, strings.TrimPrefix(r.expected, "bytes:"))
	if r.has("compare=c14n-document") {
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
func keyFor(t *testing.T, root string, r row, e xmltree.Elem) alg.Key {
	t.Helper()
	form, file, _ := strings.Cut(r.key, ":")
	data := readFile(t, root, file)
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
		t.Fatalf("%s: unknown key form %q", r.file, form)
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
				t.Fatalf("%s: key %s: %v", r.file, n, err)
			}
			return k
		}
	}
	t.Fatalf("%s: no key named %s", r.file, want)
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

func readFile(t *testing.T, root, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
