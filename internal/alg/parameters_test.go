package alg

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"testing"
)

// Our OAEP with each mask is that of crypto/rsa with the same one: that we read
// what we write would not show a mask that is another's.
func TestMasksAreThoseOfTheStandardLibrary(t *testing.T) {
	priv := private(t, testRSA())
	key := secret(t, 32).Secret()
	for uri, h := range map[string]crypto.Hash{
		"": crypto.SHA1, MGF1SHA1: crypto.SHA1, MGF1SHA224: crypto.SHA224, MGF1SHA256: crypto.SHA256, MGF1SHA384: crypto.SHA384, MGF1SHA512: crypto.SHA512,
	} {
		digest, digestHash := DigestSHA256, crypto.SHA256
		if h == crypto.SHA256 {
			digest, digestHash = DigestSHA512, crypto.SHA512
		}
		opts := &rsa.OAEPOptions{Hash: digestHash, MGFHash: h}
		ct, err := rsa.EncryptOAEPWithOptions(rand.Reader, &testRSA().PublicKey, key, opts)
		if err != nil {
			t.Fatal(err)
		}
		tr := Transport{URI: RSAOAEP1, DigestURI: digest, MGFURI: uri}
		if got, err := Modern.DecryptKey(tr, priv, ct); err != nil || !bytes.Equal(got, key) {
			t.Errorf("%q: %x, %v", uri, got, err)
		}
	}
}

func TestTransportTakesNothingItDoesNotUse(t *testing.T) {
	for _, tr := range []Transport{
		{URI: RSA15, DigestURI: DigestSHA1}, {URI: RSA15, MGFURI: MGF1SHA1}, {URI: RSA15, Params: []byte{}},
	} {
		if !errors.Is(Legacy.Transports(tr), ErrAlgorithm) {
			t.Errorf("RSA 1.5 takes %+v", tr)
		}
	}
	if ct, err := Modern.EncryptKey(Transport{URI: RSAOAEP, Size: 16}, public(t, testRSA().Public()), bytes.Repeat([]byte{7}, 32)); !errors.Is(err, ErrKey) {
		t.Errorf("32 octets are transported as 16: %x, %v", ct, err)
	}
	if got := Basic256.KeyTransport(); got.URI != RSAOAEP || got.DigestURI != DigestSHA1 {
		t.Errorf("Basic256 writes %+v", got)
	}
}

// A module that answers although it failed, or that takes a ciphertext which is
// not as long as the modulus, does not get its answer through.
func TestImplicitRejectionOfAnswers(t *testing.T) {
	answer := bytes.Repeat([]byte{7}, 32)
	tr := Transport{URI: RSA15, Size: 32}
	for name, c := range map[string]struct {
		err  error
		size int
		want bool
	}{
		"right": {nil, 256, true}, "failed": {errors.New("bad padding"), 256, false}, "short": {nil, 255, false}, "long": {nil, 257, false},
	} {
		got, err := Legacy.DecryptKey(tr, private(t, faultyDecrypter{testRSA(), answer, c.err}), make([]byte, c.size))
		if err != nil || len(got) != 32 || bytes.Equal(got, answer) != c.want {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
}

// A key encryption key of another size that AES takes is not the method's.
func TestSizeOfKeyEncryptionKeys(t *testing.T) {
	key := secret(t, 32).Secret()
	sizes := map[string]int{WrapAES128: 16, WrapAES192: 24, WrapAES256: 32}
	for uri, size := range sizes {
		for _, n := range []int{0, 8, 16, 24, 32, 40} {
			kek := bytes.Repeat([]byte{7}, n)
			out, err := Modern.WrapKey(uri, kek, key)
			if ok := n == size; ok != (err == nil) || !ok && !errors.Is(err, ErrKey) {
				t.Errorf("%s with %d octets: %x, %v", uri, n, out, err)
			}
			if _, err := Modern.UnwrapKey(uri, kek, make([]byte, 40)); n != size && !errors.Is(err, ErrKey) {
				t.Errorf("%s with %d octets unwraps: %v", uri, n, err)
			}
		}
	}
}

func TestAuthenticates(t *testing.T) {
	for uri, want := range map[string]bool{
		AES128GCM: true, AES192GCM: true, AES256GCM: true, AES128CBC: false, AES192CBC: false, AES256CBC: false, WrapAES256: false, "": false,
	} {
		if Authenticates(uri) != want {
			t.Errorf("%q: %v", uri, !want)
		}
	}
}

func TestResetOfAnHMAC(t *testing.T) {
	k := secret(t, 32)
	h := method{familyHMAC, crypto.SHA256}.start(k)
	fresh := h.Sum(nil)
	h.Write([]byte("octets"))
	if bytes.Equal(h.Sum(nil), fresh) {
		t.Error("what is written makes no difference")
	}
	h.Reset()
	if !bytes.Equal(h.Sum(nil), fresh) {
		t.Error("something is left after Reset")
	}
}
