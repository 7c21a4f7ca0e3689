package alg

import (
	"bytes"
	"encoding/hex"
	"path"
	"testing"

	"wstrust/internal/corpora"
)

func TestPSHA1Corpus(t *testing.T) {
	dir := corpora.Open(t)
	var file struct {
		Vectors []struct {
			Name                                 string
			IssuerEntropy, RequestorEntropy, Key []byte
			KeySizeBits                          int
		}
	}
	n := 0
	for _, r := range dir.Rows(t, "kdf") {
		if path.Base(r.File) != "psha1.json" {
			continue // the UsernameToken digest is no key derivation
		}
		dir.JSON(t, r.File, &file)
		for _, v := range file.Vectors {
			if v.Name != r.Params["vector"] {
				continue
			}
			n++
			got := PSHA1(v.RequestorEntropy, v.IssuerEntropy, v.KeySizeBits/8)
			if !bytes.Equal(got, v.Key) {
				t.Errorf("%s: vector %s disagrees", r.File, v.Name)
			}
		}
	}
	if n != 6 {
		t.Errorf("%d vectors, want 6", n)
	}
	t.Logf("kdf: agreed %d", n)
}

// A published vector of the TLS 1.2 pseudorandom function, which is P_SHA256
// with the label in front of the seed.
func TestPSHA256(t *testing.T) {
	secret, _ := hex.DecodeString("9bbe436ba940f017b17652849a71db35")
	seed, _ := hex.DecodeString("a0ba9f936cda311827a6f796ffd5198c")
	want, _ := hex.DecodeString("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a" +
		"6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab" +
		"4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66")
	if got := PSHA256(secret, append([]byte("test label"), seed...), len(want)); !bytes.Equal(got, want) {
		t.Errorf("got %x", got)
	}
}

func TestDerivationLengths(t *testing.T) {
	secret, seed := []byte("secret"), []byte("seed")
	for name, f := range map[string]func(_, _ []byte, _ int) []byte{"P_SHA1": PSHA1, "P_SHA256": PSHA256} {
		long := f(secret, seed, 200)
		for n := -1; n <= 200; n++ {
			got := f(secret, seed, n)
			if len(got) != max(n, 0) || cap(got) != len(got) || !bytes.Equal(got, long[:max(n, 0)]) {
				t.Fatalf("%s: %d octets: %x", name, n, got)
			}
		}
	}
}
