package alg

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"path"
	"slices"
	"strconv"
	"testing"

	"wstrust/internal/corpora"
)

type wycheproof struct {
	Groups []struct {
		Type      string
		IvSize    int
		TagSize   int
		Sha       string
		MgfSha    string
		SLen      int
		PublicKey string `json:"publicKeyDer"`
		KeyDer    string // of the group that generates signatures
		Pkcs8     string `json:"privateKeyPkcs8"`
		Tests     []vector
	} `json:"testGroups"`
}

type vector struct {
	TcID                                   int
	Comment, Result                        string
	Flags                                  []string
	Key, Iv, Aad, Msg, Ct, Tag, Sig, Label string
}

// A verdict says how a vector went. Three outcomes are no failure: we agree; we
// refuse what the vector holds valid, by a rule that the comment at the rule
// names; or the vector is about something this package has no form for.
type verdict int

const (
	agreed verdict = iota
	byDesign
	disagreed
)

func agree(ok bool) verdict {
	if ok {
		return agreed
	}
	return disagreed
}

// TestWycheproof runs every vector of every file. The keys are the published test
// keys of that suite.
func TestWycheproof(t *testing.T) {
	dir := corpora.Open(t)
	var files, total int
	var sum [3]int
	for _, r := range dir.Rows(t, "wycheproof") {
		files++
		t.Run(path.Base(r.File), func(t *testing.T) {
			var w wycheproof
			dir.JSON(t, r.File, &w)
			var count [3]int
			n := 0
			for _, g := range w.Groups {
				for _, v := range g.Tests {
					n++
					var got verdict
					switch g.Type {
					case "IndCpaTest":
						got = checkCBC(t, v)
					case "KeywrapTest":
						got = checkWrap(t, v)
					case "AeadTest":
						got = checkGCM(t, g.IvSize, g.TagSize, v)
					case "MacTest":
						got = checkHMAC(t, r.Params["algorithm"], g.TagSize, v)
					case "RsaesOaepDecrypt":
						got = checkOAEP(t, g.Pkcs8, g.Sha, g.MgfSha, v)
					case "RsaesPkcs1Decrypt":
						got = check15(t, g.Pkcs8, v)
					case "RsassaPssVerify":
						got = checkPSS(t, g.PublicKey, g.Sha, g.MgfSha, g.SLen, v)
					case "RsassaPkcs1Verify":
						got = checkSignature(t, familyRSA, g.PublicKey, g.Sha, v)
					case "RsassaPkcs1Generate":
						got = checkSignature(t, familyRSA, g.KeyDer, g.Sha, v)
					case "EcdsaP1363Verify":
						got = checkSignature(t, familyECDSA, g.PublicKey, g.Sha, v)
					default:
						t.Fatalf("unknown group type %q", g.Type)
					}
					count[got]++
					if got == disagreed {
						t.Errorf("%s: vector %d (%s, %s) disagrees", r.File, v.TcID, v.Comment, v.Result)
					}
				}
			}
			if want := r.Params["vectors"]; want != strconv.Itoa(n) {
				t.Errorf("%d vectors, the index says %s", n, want)
			}
			t.Logf("agreed %d, refused by design %d, disagreed %d", count[agreed], count[byDesign], count[disagreed])
			for i := range count {
				sum[i] += count[i]
			}
			total += n
		})
	}
	t.Logf("%d files, %d vectors: agreed %d, refused by design %d, disagreed %d", files, total, sum[agreed], sum[byDesign], sum[disagreed])
}

// checkCBC: Wycheproof expects the padding of PKCS #7, XML Encryption looks at
// the last octet only. A vector that is invalid there and well padded here must
// give exactly the plaintext before that padding.
func checkCBC(t *testing.T, v vector) verdict {
	key, iv, ct := unhex(t, v.Key), unhex(t, v.Iv), unhex(t, v.Ct)
	uri := map[int]string{16: AES128CBC, 24: AES192CBC, 32: AES256CBC}[len(key)]
	plain, err := Modern.Decrypt(uri, key, append(bytes.Clone(iv), ct...))
	if v.Result == "valid" {
		return agree(err == nil && bytes.Equal(plain, unhex(t, v.Msg)))
	}
	if err != nil {
		return agree(err == ErrDecrypt)
	}
	block, _ := aes.NewCipher(key)
	raw := make([]byte, len(ct))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(raw, ct)
	pad := int(raw[len(raw)-1])
	if pad >= 1 && pad <= 16 && bytes.Equal(plain, raw[:len(raw)-pad]) {
		return byDesign
	}
	return disagreed
}

// checkGCM: XML Encryption has a nonce of 96 bits, a tag of 128 and no
// additional data. With additional data the tag cannot fit, so even a valid
// vector must be refused.
func checkGCM(t *testing.T, ivSize, tagSize int, v vector) verdict {
	key := unhex(t, v.Key)
	uri := map[int]string{16: AES128GCM, 24: AES192GCM, 32: AES256GCM}[len(key)]
	value := append(append(unhex(t, v.Iv), unhex(t, v.Ct)...), unhex(t, v.Tag)...)
	plain, err := Modern.Decrypt(uri, key, value)
	if ivSize != 96 || tagSize != 128 || v.Aad != "" {
		if v.Result == "valid" && err == ErrDecrypt {
			return byDesign
		}
		return agree(err == ErrDecrypt)
	}
	if v.Result == "valid" {
		return agree(err == nil && bytes.Equal(plain, unhex(t, v.Msg)))
	}
	return agree(err == ErrDecrypt)
}

// checkWrap: keys below 128 bits ("acceptable" there) are refused here, and so
// are valid ones that are no multiple of 64 bits; there are none.
func checkWrap(t *testing.T, v vector) verdict {
	kek := unhex(t, v.Key)
	uri := map[int]string{16: WrapAES128, 24: WrapAES192, 32: WrapAES256}[len(kek)]
	key, err := Modern.UnwrapKey(uri, kek, unhex(t, v.Ct))
	switch v.Result {
	case "valid":
		wrapped, werr := Modern.WrapKey(uri, kek, unhex(t, v.Msg))
		return agree(err == nil && bytes.Equal(key, unhex(t, v.Msg)) && werr == nil && bytes.Equal(wrapped, unhex(t, v.Ct)))
	case "acceptable":
		if err == ErrDecrypt && len(unhex(t, v.Msg)) < minSecretBytes {
			return byDesign
		}
		return disagreed
	}
	return agree(err == ErrDecrypt)
}

// checkHMAC: truncated tags and keys below 128 bits are refused.
func checkHMAC(t *testing.T, algorithm string, tagSize int, v vector) verdict {
	uri := map[string]string{"HMACSHA1": HMACSHA1, "HMACSHA256": HMACSHA256, "HMACSHA384": HMACSHA384, "HMACSHA512": HMACSHA512}[algorithm]
	key, err := SecretKey(unhex(t, v.Key))
	if err != nil {
		if len(v.Key) < 2*minSecretBytes && errors.Is(err, ErrKey) {
			return byDesign
		}
		return disagreed
	}
	err = verify(t, Legacy, uri, key, unhex(t, v.Msg), unhex(t, v.Tag))
	if v.Result != "valid" {
		return agree(err == ErrSignature)
	}
	if tagSize < 8*methodOf(uri).hash.Size() {
		if err == ErrSignature {
			return byDesign
		}
		return disagreed
	}
	return agree(err == nil)
}

var shaNames = map[string]crypto.Hash{"SHA-1": crypto.SHA1, "SHA-224": crypto.SHA224, "SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512}

// signatureURI finds the identifier by what it stands for; "" when the hash has
// none that any suite admits, such as SHA-224.
func signatureURI(f family, sha string) string {
	for _, uri := range legacy.signatures {
		if m := methodOf(uri); m.family == f && m.hash == shaNames[sha] {
			return uri
		}
	}
	return ""
}

// checkSignature: "acceptable" RSA vectors are those with an old hash, which the
// Legacy suite takes, and those whose DigestInfo lacks its NULL, which must be
// refused.
func checkSignature(t *testing.T, f family, spki, sha string, v vector) verdict {
	uri := signatureURI(f, sha)
	if uri == "" {
		return byDesign
	}
	pub, err := x509.ParsePKIXPublicKey(unhex(t, spki))
	if err != nil {
		return agree(v.Result == "invalid")
	}
	key, err := PublicKey(pub)
	if err != nil {
		return agree(v.Result == "invalid" && errors.Is(err, ErrKey))
	}
	err = verify(t, Legacy, uri, key, unhex(t, v.Msg), unhex(t, v.Sig))
	switch {
	case v.Result == "acceptable" && slices.Contains(v.Flags, "MissingNull"):
		if err == ErrSignature {
			return byDesign
		}
		return disagreed
	case v.Result == "valid" || v.Result == "acceptable":
		return agree(err == nil)
	}
	return agree(err == ErrSignature)
}

// checkPSS: the identifiers without parameters fix the mask hash and the length
// of the salt. Other parameters have no identifier, and a signature made with
// them must not verify under the fixed ones.
func checkPSS(t *testing.T, spki, sha, mgf string, salt int, v vector) verdict {
	uri := signatureURI(familyPSS, sha)
	pub, err := x509.ParsePKIXPublicKey(unhex(t, spki))
	if err != nil {
		t.Fatal(err)
	}
	key, err := PublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	err = verify(t, Legacy, uri, key, unhex(t, v.Msg), unhex(t, v.Sig))
	if mgf != sha || salt != shaNames[sha].Size() {
		// Vectors about a salt of the wrong length may well carry ours.
		if err == ErrSignature || v.Result == "invalid" {
			return byDesign
		}
		return disagreed
	}
	if v.Result == "valid" {
		return agree(err == nil)
	}
	return agree(err == ErrSignature)
}

// checkOAEP: what decrypts to fewer than 16 octets is no key, and DecryptKey must
// refuse it; whether the padding is right is asked below that rule.
func checkOAEP(t *testing.T, pkcs8, sha, mgf string, v vector) verdict {
	digest := map[string]string{"SHA-1": DigestSHA1, "SHA-256": DigestSHA256, "SHA-384": DigestSHA384, "SHA-512": DigestSHA512}[sha]
	mask := map[string]string{"SHA-1": MGF1SHA1, "SHA-256": MGF1SHA256, "SHA-384": MGF1SHA384, "SHA-512": MGF1SHA512}[mgf]
	tr := Transport{URI: RSAOAEP1, DigestURI: digest, MGFURI: mask, Params: unhex(t, v.Label)}
	priv := pkcs8Key(t, pkcs8)
	ct, msg := unhex(t, v.Ct), unhex(t, v.Msg)

	opts, err := Modern.oaep(tr)
	if err != nil {
		t.Fatal(err)
	}
	raw, rawErr := decryptOAEP(priv.signer().(crypto.Decrypter), ct, len(ct)*8 == priv.Bits(), opts)
	key, err := Modern.DecryptKey(tr, priv, ct)
	if v.Result != "valid" {
		return agree(rawErr == ErrDecrypt && err == ErrDecrypt)
	}
	if rawErr != nil || !bytes.Equal(raw, msg) {
		return disagreed
	}
	if len(msg) < minSecretBytes {
		return agree(err == ErrDecrypt)
	}
	if err != nil || !bytes.Equal(key, msg) {
		return disagreed
	}
	if mask == MGF1SHA1 { // the older identifier must say the same
		tr.URI, tr.MGFURI = RSAOAEP, ""
		key, err = Modern.DecryptKey(tr, priv, ct)
	}
	return agree(err == nil && bytes.Equal(key, msg))
}

// check15: an invalid ciphertext gives a random key, another one each time. So
// does a message that is too short to be a key.
func check15(t *testing.T, pkcs8 string, v vector) verdict {
	priv := pkcs8Key(t, pkcs8)
	ct, msg := unhex(t, v.Ct), unhex(t, v.Msg)
	tr := Transport{URI: RSA15, Size: max(len(msg), minSecretBytes)}
	key, err := Legacy.DecryptKey(tr, priv, ct)
	again, err2 := Legacy.DecryptKey(tr, priv, ct)
	if err != nil || err2 != nil || len(key) != tr.Size {
		return disagreed
	}
	random := !bytes.Equal(key, again)
	if v.Result != "valid" {
		return agree(random)
	}
	if len(msg) < minSecretBytes {
		if random {
			return byDesign
		}
		return disagreed
	}
	return agree(!random && bytes.Equal(key, msg))
}

// pkcs8Keys keeps what was parsed: checking a private key costs more than using it.
var pkcs8Keys = map[string]Key{}

func pkcs8Key(t *testing.T, der string) Key {
	t.Helper()
	if k, ok := pkcs8Keys[der]; ok {
		return k
	}
	p, err := x509.ParsePKCS8PrivateKey(unhex(t, der))
	if err != nil {
		t.Fatal(err)
	}
	k, err := PrivateKey(p.(crypto.Signer))
	if err != nil {
		t.Fatal(err)
	}
	pkcs8Keys[der] = k
	return k
}

func verify(t *testing.T, s Suite, uri string, k Key, msg, value []byte) error {
	t.Helper()
	v, err := s.NewVerifier(uri, k)
	if err != nil {
		t.Fatalf("%s under %v: %v", uri, k, err)
	}
	v.Write(msg)
	return v.Verify(value)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
