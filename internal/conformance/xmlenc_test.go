package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// runEncryption opens what is encrypted and compares the octets, the key, or the
// document with the plaintext in its place.
func runEncryption(c corpus, r row) (result, error) {
	feature := func(name string, want error, word string) (result, error) {
		if _, err := decrypt(c, r, alg.Legacy); !errors.Is(err, want) {
			return result{}, fmt.Errorf("needs %s, which is refused by design: %v", name, err)
		}
		return outOfProfile(word), nil
	}
	switch {
	case r.Need("doctype"):
		return feature("doctype", xmltree.ErrFormat, "DOCTYPE")
	case r.Need("retrievalmethod"):
		return feature("retrievalmethod", xmlenc.ErrReference, "RetrievalMethod")
	case len(r.Needs) > 0:
		return result{}, fmt.Errorf("needs %q, for which the page has no word", r.Needs)
	}
	switch {
	case r.Expected == "refuse-algorithm":
		for _, s := range []alg.Suite{alg.Legacy, alg.Modern} {
			if _, err := decrypt(c, r, s); !errors.Is(err, alg.ErrAlgorithm) {
				return result{}, fmt.Errorf("%v: must be refused for its algorithm: %v", s, err)
			}
		}
		return outOfProfile(words(r.Params["reason"])), nil
	case r.Expected == "reject":
		got, err := decrypt(c, r, alg.Legacy)
		if err == nil || got != nil {
			return result{}, errors.New("must be rejected")
		}
		// A tag that is wrong is the one error of decryption. The other row
		// names Triple DES for a key wrap.
		if err != alg.ErrDecrypt && !errors.Is(err, alg.ErrAlgorithm) {
			return result{}, fmt.Errorf("rejected with another error: %v", err)
		}
		return agreed(), nil
	}
	want, err := compared(r, c.folder.Answer(c.t, r))
	if err != nil {
		return result{}, err
	}
	old, err := twice(func(s alg.Suite) error {
		got, err := decrypt(c, r, s)
		if err == nil && !bytes.Equal(got, want) {
			err = fmt.Errorf("%v: another plaintext: %q", s, got)
		}
		return err
	})
	return result{old: old}, err
}

func decrypt(c corpus, r row, s alg.Suite) ([]byte, error) {
	d, err := xmltree.Parse(c.read(r.File), xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	e := find(d.Root(), xmltree.XENC, "EncryptedData")
	if !e.OK() {
		key, err := decryptionKey(c, r, d.Root())
		if err != nil {
			return nil, err
		}
		k, err := xmlenc.OpenKey(d.Root(), key, s, 0)
		return k.Secret(), err
	}
	var plain []byte
	named, open := e, xmlenc.Open
	if ek := find(e, xmltree.XENC, "EncryptedKey"); ek.OK() {
		named, open = ek, xmlenc.OpenWith
	}
	key, err := decryptionKey(c, r, named)
	if err != nil {
		return nil, err
	}
	if plain, err = open(e, key, s); err != nil {
		return plain, err
	}
	from, to := e.Range()
	if r.Params["compare"] == "c14n-document" {
		return compared(r, slices.Concat(d.Source()[:from], plain, d.Source()[to:]))
	}
	return plain, nil
}

// compared is what is compared: octets, or the canonical form of a document.
func compared(r row, octets []byte) ([]byte, error) {
	if r.Params["compare"] != "c14n-document" {
		return octets, nil
	}
	d, err := xmltree.Parse(octets, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = c14n.WriteDocument(&b, d, c14n.C14N10, nil)
	return b.Bytes(), err
}

// decryptionKey builds the key of the row; of several it takes the one that the
// KeyInfo of e names. They are the published test keys of the suites.
func decryptionKey(c corpus, r row, e xmltree.Elem) (alg.Key, error) {
	form, file, _ := strings.Cut(r.Key, ":")
	switch form {
	case "pkcs8", "pem":
		return c.private(file), nil
	case "keys-xml":
	default:
		return alg.Key{}, fmt.Errorf("key %q", r.Key)
	}
	name, err := xmlenc.KeyInfo(e).One(xmltree.DS, "KeyName")
	if err != nil {
		return alg.Key{}, err
	}
	want, err := name.Token()
	if err != nil {
		return alg.Key{}, err
	}
	keys, err := xmltree.Parse(c.read(file), xmltree.Limits{})
	if err != nil {
		return alg.Key{}, err
	}
	for ki := range keys.Root().Children {
		if n, err := ki.First(xmltree.DS, "KeyName").Token(); err != nil || n != want {
			continue
		}
		for v := range ki.First(xmltree.DS, "KeyValue").Children {
			if v.Local() != "AESKeyValue" && v.Local() != "DESKeyValue" {
				continue
			}
			octets, err := v.Base64()
			if err != nil {
				return alg.Key{}, err
			}
			return alg.SecretKey(octets)
		}
	}
	return alg.Key{}, fmt.Errorf("no key named %q", want)
}
