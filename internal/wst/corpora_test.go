package wst

import (
	"bytes"
	"encoding/hex"
	"testing"

	"wstrust/internal/corpora"
	"wstrust/internal/xmltree"
)

// The rows about a BinarySecret: it parses to the octets that are said. The
// one there is has 8 octets, which no key and no entropy may have here.
func TestCorporaBinarySecret(t *testing.T) {
	dir := corpora.Open(t)
	seen := 0
	for _, r := range dir.Rows(t, "token") {
		if r.Params["form"] != "BinarySecret" {
			continue
		}
		seen++
		want, err := hex.DecodeString(r.Params["value-hex"])
		if err != nil || r.Expected != "accept" {
			t.Fatalf("%s: %s %v", r.File, r.Expected, err)
		}
		e := root(t, string(dir.Read(t, r.File)))
		v, ok := versionOf(e.Space())
		if !ok {
			t.Fatalf("%s: namespace %s", r.File, e.Space())
		}
		got, typ, err := binarySecret(v, e)
		if err != nil || !bytes.Equal(got, want) || typ != "" {
			t.Errorf("%s: %x %q %v, want %x", r.File, got, typ, err, want)
		}
		if _, _, err := readSecret(v, e, Opener{}, 0); len(want) < MinKeyBits/8 && class(err) != "format" {
			t.Errorf("%s: %d octets were taken for a key: %v", r.File, len(want), err)
		}
	}
	if seen == 0 {
		t.Error("no row about a BinarySecret")
	}
}

// The computed keys of other programs, through a whole exchange.
func TestCorporaComputedKeys(t *testing.T) {
	dir := corpora.Open(t)
	var file struct {
		Vectors []struct {
			Name                            string
			IssuerEntropy, RequestorEntropy []byte
			KeySizeBits                     int
			Key                             []byte
		}
	}
	dir.JSON(t, "kdf/psha1.json", &file)
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
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
