package alg

import (
	"bytes"
	"encoding/hex"
	"path/filepath"
	"testing"
)

func TestPSHA1Corpus(t *testing.T) {
	root := corpora(t)
	var file struct {
		Vectors []struct {
			Name, IssuerEntropy, RequestorEntropy, Key string
			KeySizeBits                                int
		}
	}
	n := 0
	for _, r := range index(t, root, "kdf") {
		if filepath.Base(r.file) != "psha1.json" {
			continue // the UsernameToken digest is no key derivation
		}
		readJSON(t, filepath.Join(root, r.file), &file)
		for _, v := range file.Vectors {
			if v.Name != r.param("vector") {
				continue
			}
			n++
			got := PSHA1(unbase64(t, v.RequestorEntropy), unbase64(t, v.IssuerEntropy), v.KeySizeBits/8)
			if !bytes.Equal(got, unbase64(t, v.Key)) {
				t.Errorf("%s: vector %s disagrees", r.file, v.Name)
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
