package alg

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"io"
	"testing"
)

func TestEncryptThenDecrypt(t *testing.T) {
	for _, uri := range allCiphers {
		key := secret(t, CipherKeySize(uri)).Secret()
		for n := range 70 {
			plain := bytes.Repeat([]byte{byte(n)}, n)
			ct, err := Legacy.Encrypt(uri, key, plain)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Legacy.Decrypt(uri, key, ct)
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%s: %d octets: %x, %v", uri, n, got, err)
			}
			again, err := Legacy.Encrypt(uri, key, plain)
			if err != nil || bytes.Equal(ct[:12], again[:12]) {
				t.Fatalf("%s: the initialization vector repeats", uri)
			}
		}
	}
}

// The padding of CBC is ours to choose except for its last octet (.NET fills it
// at random), and a peer that wants PKCS #7 must be content with what we write.
func TestCBCPadding(t *testing.T) {
	key := secret(t, 16).Secret()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	iv := make([]byte, 16)
	seal := func(padded []byte) []byte {
		out := append(bytes.Clone(iv), padded...)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(out[16:], out[16:])
		return out
	}
	for last := range 256 {
		padded := []byte("0123456789abcdefRANDOMFILLER...?")
		padded[31] = byte(last)
		plain, err := Modern.Decrypt(AES128CBC, key, seal(padded))
		if last >= 1 && last <= 16 {
			if err != nil || string(plain) != string(padded[:32-last]) {
				t.Errorf("padding %d: %q, %v", last, plain, err)
			}
		} else if err != ErrDecrypt || string(plain) != string(padded[:31-(last+15)%16]) { // the text is to be read all the same
			t.Errorf("padding %d: %q, %v", last, plain, err)
		}
	}
	ct, err := Legacy.Encrypt(AES128CBC, key, []byte("abc"))
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 16)
	cipher.NewCBCDecrypter(block, ct[:16]).CryptBlocks(raw, ct[16:])
	if !bytes.Equal(raw, append([]byte("abc"), bytes.Repeat([]byte{13}, 13)...)) {
		t.Errorf("we pad as %x", raw)
	}
}

// C6, C9: whatever is wrong with a ciphertext, the error is the same value.
func TestOneErrorForEveryFailure(t *testing.T) {
	for _, uri := range allCiphers {
		key := secret(t, CipherKeySize(uri)).Secret()
		ct, err := Legacy.Encrypt(uri, key, make([]byte, 40))
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(ct) {
			if isGCM(uri) || n%16 != 0 || n < 32 {
				if plain, err := Legacy.Decrypt(uri, key, ct[:n]); err != ErrDecrypt || plain != nil {
					t.Errorf("%s cut to %d: %x, %v", uri, n, plain, err)
				}
			}
		}
		for bit := range 8 * len(ct) {
			b := bytes.Clone(ct)
			b[bit/8] ^= 1 << (bit % 8)
			if _, err := Legacy.Decrypt(uri, key, b); err != nil && err != ErrDecrypt || isGCM(uri) && err == nil {
				t.Errorf("%s bit %d: %v", uri, bit, err)
			}
		}
		for _, n := range []int{0, 1, 15, 17, 31, 33, 64} {
			if _, err := Legacy.Decrypt(uri, make([]byte, n), ct); !errors.Is(err, ErrKey) {
				t.Errorf("%s with a key of %d octets: %v", uri, n, err)
			}
			if _, err := Legacy.Encrypt(uri, make([]byte, n), ct); !errors.Is(err, ErrKey) {
				t.Errorf("%s with a key of %d octets: %v", uri, n, err)
			}
		}
	}
	for _, uri := range allWraps {
		kek, key := secret(t, WrapKeySize(uri)).Secret(), secret(t, 32).Secret()
		wrapped, err := Modern.WrapKey(uri, kek, key)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Modern.UnwrapKey(uri, kek, wrapped); err != nil || !bytes.Equal(got, key) {
			t.Errorf("%s: %x, %v", uri, got, err)
		}
		for n := range len(wrapped) {
			if _, err := Modern.UnwrapKey(uri, kek, wrapped[:n]); err != ErrDecrypt {
				t.Errorf("%s cut to %d: %v", uri, n, err)
			}
			b := bytes.Clone(wrapped)
			b[n] ^= 1
			if _, err := Modern.UnwrapKey(uri, kek, b); err != ErrDecrypt {
				t.Errorf("%s octet %d: %v", uri, n, err)
			}
		}
		for _, n := range []int{0, 8, 15, 17, 20} {
			if _, err := Modern.WrapKey(uri, kek, make([]byte, n)); !errors.Is(err, ErrKey) {
				t.Errorf("%s wraps %d octets: %v", uri, n, err)
			}
		}
	}
}

func TestKeyTransport(t *testing.T) {
	priv := private(t, testRSA())
	pub := public(t, testRSA().Public())
	key := secret(t, 32).Secret()
	var all []Transport
	for _, d := range append([]string{""}, allDigests...) {
		all = append(all, Transport{URI: RSAOAEP, DigestURI: d}, Transport{URI: RSAOAEP, DigestURI: d, MGFURI: MGF1SHA1, Params: []byte("label")})
		for _, m := range []string{"", MGF1SHA1, MGF1SHA224, MGF1SHA256, MGF1SHA384, MGF1SHA512} {
			all = append(all, Transport{URI: RSAOAEP1, DigestURI: d, MGFURI: m}, Transport{URI: RSAOAEP1, DigestURI: d, MGFURI: m, Params: []byte("label")})
		}
	}
	for _, tr := range all {
		ct, err := Modern.EncryptKey(tr, pub, key)
		if err != nil {
			t.Fatalf("%+v: %v", tr, err)
		}
		for _, size := range []int{0, 32} {
			tr.Size = size
			if got, err := Modern.DecryptKey(tr, priv, ct); err != nil || !bytes.Equal(got, key) {
				t.Errorf("%+v: %x, %v", tr, got, err)
			}
		}
		for name, change := range map[string]func(*Transport, *[]byte){
			"size":      func(tr *Transport, _ *[]byte) { tr.Size = 16 },
			"label":     func(tr *Transport, _ *[]byte) { tr.Params = []byte("other") },
			"flip":      func(_ *Transport, ct *[]byte) { (*ct)[100] ^= 1 },
			"short":     func(_ *Transport, ct *[]byte) { *ct = (*ct)[1:] },
			"long":      func(_ *Transport, ct *[]byte) { *ct = append([]byte{0}, *ct...) },
			"empty":     func(_ *Transport, ct *[]byte) { *ct = nil },
			"above n":   func(_ *Transport, ct *[]byte) { *ct = bytes.Repeat([]byte{0xff}, 256) },
			"all zeros": func(_ *Transport, ct *[]byte) { *ct = make([]byte, 256) },
		} {
			tr, ct := tr, bytes.Clone(ct)
			change(&tr, &ct)
			if got, err := Modern.DecryptKey(tr, priv, ct); err != ErrDecrypt || got != nil {
				t.Errorf("%+v: %s: %x, %v", tr, name, got, err)
			}
		}
	}
	for _, tr := range []Transport{
		{},
		{URI: RSA15, Size: 32},
		{URI: RSAOAEP, MGFURI: MGF1SHA256},
		{URI: RSAOAEP1, DigestURI: "http://www.w3.org/2001/04/xmldsig-more#md5"},
		{URI: RSAOAEP1, MGFURI: "http://www.w3.org/2009/xmlenc11#mgf1md5"},
		{URI: WrapAES256},
	} {
		if _, err := Modern.DecryptKey(tr, priv, nil); !errors.Is(err, ErrAlgorithm) || !errors.Is(Modern.Transports(tr), ErrAlgorithm) {
			t.Errorf("%+v: %v", tr, err)
		}
		if _, err := Modern.EncryptKey(tr, pub, key); !errors.Is(err, ErrAlgorithm) {
			t.Errorf("%+v: %v", tr, err)
		}
	}
	for _, tr := range []Transport{{URI: RSAOAEP, DigestURI: DigestSHA256}, {URI: RSAOAEP1}, {URI: RSA15, Size: 32}} {
		if !errors.Is(Basic256.Transports(tr), ErrAlgorithm) {
			t.Errorf("Basic256 admits %+v", tr)
		}
	}
	if !errors.Is(Basic256Rsa15.Transports(Transport{URI: RSAOAEP}), ErrAlgorithm) || Basic256Rsa15.Transports(Transport{URI: RSA15}) != nil {
		t.Error("Basic256Rsa15 is not RSA 1.5 only")
	}
	if !errors.Is(Legacy.Transports(Transport{URI: RSA15, DigestURI: DigestSHA1}), ErrAlgorithm) {
		t.Error("RSA 1.5 takes a digest")
	}
	for name, k := range map[string]Key{"public": pub, "ECDSA": private(t, testEC(t, elliptic.P256())), "secret": secret(t, 32), "none": {}, "sign-only": private(t, signOnly{testRSA()})} {
		if _, err := Modern.DecryptKey(Transport{URI: RSAOAEP}, k, make([]byte, 256)); !errors.Is(err, ErrKey) {
			t.Errorf("%s key decrypts: %v", name, err)
		}
	}
	if _, err := Modern.EncryptKey(Transport{URI: RSAOAEP}, pub, make([]byte, 15)); !errors.Is(err, ErrKey) {
		t.Errorf("15 octets are transported: %v", err)
	}
	if _, err := Modern.EncryptKey(Transport{URI: RSAOAEP}, pub, make([]byte, 256)); !errors.Is(err, ErrKey) {
		t.Errorf("256 octets are transported: %v", err)
	}
}

// A ciphertext is as long as the modulus, even where its first octet is zero and
// the number would be the same without it.
func TestCiphertextKeepsItsZeros(t *testing.T) {
	priv := private(t, testRSA())
	tr := Transport{URI: RSAOAEP}
	for range 10000 {
		ct, err := Modern.EncryptKey(tr, priv, bytes.Repeat([]byte{7}, 32))
		if err != nil {
			t.Fatal(err)
		}
		if ct[0] != 0 {
			continue
		}
		if _, err := Modern.DecryptKey(tr, priv, ct); err != nil {
			t.Fatal(err)
		}
		if _, err := Modern.DecryptKey(tr, priv, ct[1:]); err != ErrDecrypt {
			t.Errorf("without its zero: %v", err)
		}
		return
	}
	t.Fatal("no ciphertext begins with a zero")
}

// faultyDecrypter is a hardware module that says why it fails.
type faultyDecrypter struct {
	*rsa.PrivateKey
	answer []byte
	err    error
}

func (f faultyDecrypter) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) {
	return f.answer, f.err
}

// C7: whatever is wrong with an RSA 1.5 ciphertext, the outcome is a key of the
// right size and no error.
func TestImplicitRejection(t *testing.T) {
	priv := private(t, testRSA())
	tr := Transport{URI: RSA15, Size: 32}
	key := secret(t, 32).Secret()
	ct, err := Legacy.EncryptKey(tr, priv, key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Legacy.DecryptKey(tr, priv, ct); err != nil || !bytes.Equal(got, key) {
		t.Fatalf("%x, %v", got, err)
	}
	flipped := bytes.Clone(ct)
	flipped[0] ^= 1
	wrongSize := tr
	wrongSize.Size = 16
	module := func(answer []byte, err error) Key { return private(t, faultyDecrypter{testRSA(), answer, err}) }
	for name, c := range map[string]struct {
		tr Transport
		k  Key
		ct []byte
	}{
		"flipped": {tr, priv, flipped}, "empty": {tr, priv, nil}, "short": {tr, priv, ct[1:]}, "long": {tr, priv, append(bytes.Clone(ct), 0)},
		"zeros": {tr, priv, make([]byte, 256)}, "above n": {tr, priv, bytes.Repeat([]byte{0xff}, 256)}, "size": {wrongSize, priv, ct},
		"module fails": {tr, module(nil, errors.New("bad padding")), ct}, "module gives less": {tr, module(make([]byte, 5), nil), ct},
	} {
		a, err1 := Legacy.DecryptKey(c.tr, c.k, c.ct)
		b, err2 := Legacy.DecryptKey(c.tr, c.k, c.ct)
		if err1 != nil || err2 != nil || len(a) != c.tr.Size || bytes.Equal(a, b) || bytes.Equal(a, key) {
			t.Errorf("%s: %d octets, %v, %v, random=%v", name, len(a), err1, err2, !bytes.Equal(a, b))
		}
	}
	for _, size := range []int{0, 15, -1} {
		if _, err := Legacy.DecryptKey(Transport{URI: RSA15, Size: size}, priv, ct); !errors.Is(err, ErrKey) {
			t.Errorf("size %d: %v", size, err)
		}
	}
}
