package alg

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"math/big"
	"slices"
	"testing"

	"wstrust/internal/testkeys"
)

// FuzzDecrypt: there is one error, and what decrypts is what the ciphers of the
// standard library make of it, cut as XML Encryption says. A key that unwraps
// wraps to the same octets.
func FuzzDecrypt(f *testing.F) {
	key := testkeys.Secret(1, 32)
	for i, uri := range allCiphers {
		ct, err := Legacy.Encrypt(uri, key[:CipherKeySize(uri)], []byte("plain text of some length"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), ct)
	}
	for i, uri := range allWraps {
		ct, err := Modern.WrapKey(uri, key[:WrapKeySize(uri)], testkeys.Secret(2, 16))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), ct)
	}
	f.Fuzz(func(t *testing.T, i uint8, ct []byte) {
		uri := allCiphers[int(i)%len(allCiphers)]
		plain, err := Modern.Decrypt(uri, key[:CipherKeySize(uri)], ct)
		want, ok := reference(t, uri, key[:CipherKeySize(uri)], ct)
		if err != nil && err != ErrDecrypt || (err == nil) != ok || ok && !bytes.Equal(plain, want) {
			t.Fatalf("%s: %q, %v; the standard library says %q, %v", uri, plain, err, want, ok)
		}
		if isGCM(uri) && err != nil && plain != nil {
			t.Fatalf("%s: text that nobody vouches for", uri)
		}
		wrap := allWraps[int(i)%len(allWraps)]
		kek := key[:WrapKeySize(wrap)]
		if k, err := Modern.UnwrapKey(wrap, kek, ct); err == nil {
			if again, err := Modern.WrapKey(wrap, kek, k); err != nil || !bytes.Equal(again, ct) {
				t.Fatalf("unwraps to what does not wrap to it: %v", err)
			}
		} else if err != ErrDecrypt {
			t.Fatal(err)
		}
	})
}

// reference decrypts in another way than the package.
func reference(t *testing.T, uri string, key, ct []byte) (plain []byte, ok bool) {
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	if isGCM(uri) {
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			t.Fatal(err)
		}
		plain, err = aead.Open(nil, nil, ct, nil)
		return plain, err == nil
	}
	if len(ct) < 32 || len(ct)%16 != 0 {
		return nil, false
	}
	for at := 16; at < len(ct); at += 16 {
		one := make([]byte, 16)
		block.Decrypt(one, ct[at:at+16])
		for i := range one {
			plain = append(plain, one[i]^ct[at-16+i])
		}
	}
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > 16 {
		return nil, false
	}
	return plain[:len(plain)-pad], true
}

// FuzzDecryptKey: a transported key that does not open is the one error, or with
// RSA 1.5 a random key and no error; and one that opens does so each time.
func FuzzDecryptKey(f *testing.F) {
	key := private(f, testkeys.RSA(1))
	transports := []Transport{
		{URI: RSA15, Size: 32}, {URI: RSAOAEP}, {URI: RSAOAEP1, DigestURI: DigestSHA256, MGFURI: MGF1SHA256}, {URI: RSAOAEP, Params: []byte("label"), Size: 16},
	}
	for i, tr := range transports {
		ct, err := Legacy.EncryptKey(tr, public(f, testkeys.RSA(1).Public()), testkeys.Secret(1, max(tr.Size, 16)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), ct)
	}
	f.Fuzz(func(t *testing.T, i uint8, ct []byte) {
		tr := transports[int(i)%len(transports)]
		a, err := Legacy.DecryptKey(tr, key, ct)
		b, again := Legacy.DecryptKey(tr, key, ct)
		switch {
		case tr.URI == RSA15 && (err != nil || again != nil || len(a) != tr.Size || len(b) != tr.Size):
			t.Fatalf("%d octets, %v; %d octets, %v", len(a), err, len(b), again)
		case tr.URI == RSA15: // which of the two it was may not be told
		case err != again || err != nil && (err != ErrDecrypt || a != nil) || !bytes.Equal(a, b) || err == nil && tr.Size != 0 && len(a) != tr.Size:
			t.Fatalf("%x, %v; %x, %v", a, err, b, again)
		}
	})
}

// FuzzECDSAValue: whatever verifies, verifies too as the two integers that it
// spells.
func FuzzECDSAValue(f *testing.F) {
	ec := testkeys.EC(elliptic.P256(), 1)
	k := public(f, ec.Public())
	msg := []byte("message")
	good := mustSign(f, Modern, ECDSASHA256, private(f, ec), msg)
	f.Add(good)
	f.Add(slices.Insert(bytes.Clone(good), 32, 0)) // the same numbers with zeros before them
	f.Add(slices.Insert(bytes.Clone(good), 0, 0))
	f.Add(make([]byte, 64))
	f.Add(bytes.Repeat([]byte{0xff}, 132))
	digest := sha256.Sum256(msg)
	f.Fuzz(func(t *testing.T, value []byte) {
		v, err := Modern.NewVerifier(ECDSASHA256, k)
		if err != nil {
			t.Fatal(err)
		}
		v.Write(msg)
		ok := v.Verify(value) == nil
		want := len(value) == 64 &&
			ecdsa.Verify(&ec.PublicKey, digest[:], new(big.Int).SetBytes(value[:32]), new(big.Int).SetBytes(value[32:]))
		if ok != want {
			t.Fatalf("%x: %v, crypto/ecdsa says %v", value, ok, want)
		}
	})
}
