package conformance

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"wstrust/internal/alg"
)

// A group is a group of vectors that share what they are about.
type group struct {
	Type           string
	IvSize         int
	TagSize        int
	Sha, MgfSha    string
	SLen           int
	PublicKey      string `json:"publicKeyDer"`
	KeyDer         string // of the group that generates signatures
	Pkcs8          string `json:"privateKeyPkcs8"`
	Tests          []vector
	Algorithm      string `json:"-"`
	private        alg.Key
	public         alg.Key
	publicProblem  error
	publicFinished bool
}

type vector struct {
	TcID                                   int
	Comment, Result                        string
	Flags                                  []string
	Key, Iv, Aad, Msg, Ct, Tag, Sig, Label string
}

func (v vector) valid() bool { return v.Result == "valid" }

// errDisagrees is a vector with another outcome than it must have.
var errDisagrees = errors.New("disagrees")

// runWycheproof runs every vector of a file, and counts by operation.
func runWycheproof(c corpus, r row, counts map[string]*tally) error {
	var file struct {
		Groups []group `json:"testGroups"`
	}
	if err := json.Unmarshal(c.read(r.File), &file); err != nil {
		return err
	}
	n := 0
	for i := range file.Groups {
		g := &file.Groups[i]
		g.Algorithm = r.Params["algorithm"]
		op, ok := operations[g.Type]
		if !ok {
			return fmt.Errorf("unknown group %q", g.Type)
		}
		count := counts[op.name]
		if count == nil {
			count = &tally{refused: map[string]int{}}
			counts[op.name] = count
		}
		for _, v := range g.Tests {
			n++
			count.rows++
			reason, err := op.run(g, v)
			switch {
			case err != nil:
				return fmt.Errorf("vector %d (%s, %s): %w", v.TcID, v.Comment, v.Result, err)
			case reason == saltOfOurs:
				count.notes = append(count.notes, reason)
			case reason != "":
				count.refused[reason]++
			default:
				count.agreed++
			}
		}
	}
	if want := r.Params["vectors"]; want != strconv.Itoa(n) {
		return fmt.Errorf("%d vectors, the index says %s", n, want)
	}
	return nil
}

// An operation runs one vector. A reason is why a vector that is valid, or that
// is about something there is no form for, is refused by design.
type operation struct {
	name string
	run  func(*group, vector) (reason string, err error)
}

var operations = map[string]operation{
	"IndCpaTest":          {"AES-CBC", runCBC},
	"AeadTest":            {"AES-GCM", runGCM},
	"KeywrapTest":         {"AES key wrap", runWrap},
	"MacTest":             {"HMAC", runHMAC},
	"RsaesOaepDecrypt":    {"RSA-OAEP", runOAEP},
	"RsaesPkcs1Decrypt":   {"RSA PKCS #1 v1.5 decryption", runRSA15},
	"RsassaPkcs1Verify":   {"RSA PKCS #1 v1.5 signature", runRSASignature},
	"RsassaPkcs1Generate": {"RSA PKCS #1 v1.5 signature", runRSASignature},
	"RsassaPssVerify":     {"RSASSA-PSS", runPSS},
	"EcdsaP1363Verify":    {"ECDSA", runECDSA},
}

func must(ok bool) error {
	if ok {
		return nil
	}
	return errDisagrees
}

// bin decodes the hexadecimal of a vector; what is none is no vector's fault.
func bin(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic("vectors: " + err.Error())
	}
	return b
}

// runCBC: the vectors expect the padding of PKCS #7. That of XML Encryption has
// a last octet that counts and others that may be anything, so that a vector
// may be well padded here: then it must give just what is before the padding.
func runCBC(_ *group, v vector) (string, error) {
	key, iv, ct := bin(v.Key), bin(v.Iv), bin(v.Ct)
	uri := map[int]string{16: alg.AES128CBC, 24: alg.AES192CBC, 32: alg.AES256CBC}[len(key)]
	plain, err := alg.Modern.Decrypt(uri, key, slices.Concat(iv, ct))
	if v.valid() {
		return "", must(err == nil && bytes.Equal(plain, bin(v.Msg)))
	}
	if err != nil {
		return "", must(err == alg.ErrDecrypt)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	raw := make([]byte, len(ct))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(raw, ct)
	pad := int(raw[len(raw)-1])
	return "padding of XML Encryption, not of PKCS #7", must(pad >= 1 && pad <= 16 && bytes.Equal(plain, raw[:len(raw)-pad]))
}

// runGCM: XML Encryption has a nonce of 96 bits, a tag of 128 and no additional
// data, so anything else must be refused, valid or not.
func runGCM(g *group, v vector) (string, error) {
	key := bin(v.Key)
	uri := map[int]string{16: alg.AES128GCM, 24: alg.AES192GCM, 32: alg.AES256GCM}[len(key)]
	plain, err := alg.Modern.Decrypt(uri, key, slices.Concat(bin(v.Iv), bin(v.Ct), bin(v.Tag)))
	if !v.valid() {
		return "", must(err == alg.ErrDecrypt)
	}
	switch {
	case g.IvSize != 96:
		return "nonce not of 96 bits", must(err == alg.ErrDecrypt)
	case g.TagSize != 128:
		return "tag not of 128 bits", must(err == alg.ErrDecrypt)
	case v.Aad != "":
		return "additional data", must(err == alg.ErrDecrypt)
	}
	return "", must(err == nil && bytes.Equal(plain, bin(v.Msg)))
}

func runWrap(_ *group, v vector) (string, error) {
	kek := bin(v.Key)
	uri := map[int]string{16: alg.WrapAES128, 24: alg.WrapAES192, 32: alg.WrapAES256}[len(kek)]
	key, err := alg.Modern.UnwrapKey(uri, kek, bin(v.Ct))
	switch v.Result {
	case "valid":
		wrapped, err2 := alg.Modern.WrapKey(uri, kek, bin(v.Msg))
		return "", must(err == nil && bytes.Equal(key, bin(v.Msg)) && err2 == nil && bytes.Equal(wrapped, bin(v.Ct)))
	case "acceptable":
		return shortKey, must(err == alg.ErrDecrypt && len(bin(v.Msg)) < 16)
	}
	return "", must(err == alg.ErrDecrypt)
}

const shortKey = "key below 128 bits"

func runHMAC(g *group, v vector) (string, error) {
	uri := map[string]string{"HMACSHA1": alg.HMACSHA1, "HMACSHA256": alg.HMACSHA256, "HMACSHA384": alg.HMACSHA384, "HMACSHA512": alg.HMACSHA512}[g.Algorithm]
	full := map[string]int{"HMACSHA1": 160, "HMACSHA256": 256, "HMACSHA384": 384, "HMACSHA512": 512}[g.Algorithm]
	key, err := alg.SecretKey(bin(v.Key))
	if err != nil {
		return shortKey, must(len(bin(v.Key)) < 16 && errors.Is(err, alg.ErrKey))
	}
	err = verify(uri, key, bin(v.Msg), bin(v.Tag))
	switch {
	case !v.valid():
		return "", must(err == alg.ErrSignature)
	case g.TagSize < full:
		return "truncated HMAC", must(err == alg.ErrSignature)
	}
	return "", must(err == nil)
}

func verify(uri string, key alg.Key, msg, value []byte) error {
	v, err := alg.Legacy.NewVerifier(uri, key)
	if err != nil {
		return err
	}
	v.Write(msg)
	return v.Verify(value)
}

// verifier reads the public key of a group once.
func (g *group) verifier() (alg.Key, error) {
	if !g.publicFinished {
		der := g.PublicKey
		if der == "" {
			der = g.KeyDer
		}
		pub, err := x509.ParsePKIXPublicKey(bin(der))
		if err == nil {
			g.public, err = alg.PublicKey(pub)
		}
		g.publicProblem, g.publicFinished = err, true
	}
	return g.public, g.publicProblem
}

func runRSASignature(g *group, v vector) (string, error) {
	return runSigned(g, v, map[string]string{"SHA-1": alg.RSASHA1, "SHA-256": alg.RSASHA256, "SHA-384": alg.RSASHA384, "SHA-512": alg.RSASHA512}[g.Sha])
}

func runECDSA(g *group, v vector) (string, error) {
	return runSigned(g, v, map[string]string{"SHA-1": alg.ECDSASHA1, "SHA-256": alg.ECDSASHA256, "SHA-384": alg.ECDSASHA384, "SHA-512": alg.ECDSASHA512}[g.Sha])
}

// runSigned: "acceptable" are signatures with an old hash, which Legacy takes,
// and those whose DigestInfo lacks its NULL, which nothing takes.
func runSigned(g *group, v vector, uri string) (string, error) {
	if uri == "" {
		return "hash without an identifier here", nil
	}
	key, err := g.verifier()
	if err != nil {
		return "", must(v.Result == "invalid")
	}
	err = verify(uri, key, bin(v.Msg), bin(v.Sig))
	switch {
	case v.Result == "acceptable" && slices.Contains(v.Flags, "MissingNull"):
		return "DigestInfo without NULL", must(err == alg.ErrSignature)
	case v.Result == "invalid":
		return "", must(err == alg.ErrSignature)
	}
	return "", must(err == nil)
}

const saltOfOurs = "1 accepted: about another length of salt, and made with ours"

// runPSS: the identifiers without parameters fix the mask hash and the length of
// the salt. A signature made with others must not verify under the fixed ones. A
// vector that is about the length of the salt may be made with ours, and is then
// a good signature here.
func runPSS(g *group, v vector) (string, error) {
	uri := map[string]string{"SHA-1": alg.PSSSHA1, "SHA-256": alg.PSSSHA256, "SHA-384": alg.PSSSHA384, "SHA-512": alg.PSSSHA512}[g.Sha]
	if uri == "" {
		return "hash without an identifier here", nil
	}
	key, err := g.verifier()
	if err != nil {
		return "", must(v.Result == "invalid")
	}
	err = verify(uri, key, bin(v.Msg), bin(v.Sig))
	size := map[string]int{"SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64}[g.Sha]
	switch {
	case err == nil && v.Result == "invalid" && g.SLen != size:
		return saltOfOurs, nil
	case g.MgfSha != g.Sha:
		return "another hash in the mask", must(err == alg.ErrSignature)
	case g.SLen != size:
		return "another length of salt", must(err == alg.ErrSignature)
	case v.valid():
		return "", must(err == nil)
	}
	return "", must(err == alg.ErrSignature)
}

// opener reads the private key of a group once: checking one costs more than
// using it. The keys are the published test keys of the suite.
func (g *group) opener() (alg.Key, error) {
	if !g.private.IsZero() {
		return g.private, nil
	}
	p, err := x509.ParsePKCS8PrivateKey(bin(g.Pkcs8))
	if err != nil {
		return alg.Key{}, err
	}
	g.private, err = alg.PrivateKey(p.(crypto.Signer))
	return g.private, err
}

// runOAEP: what decrypts to fewer than 16 octets is no key and is refused.
func runOAEP(g *group, v vector) (string, error) {
	tr := alg.Transport{
		URI:       alg.RSAOAEP1,
		DigestURI: map[string]string{"SHA-1": alg.DigestSHA1, "SHA-256": alg.DigestSHA256, "SHA-384": alg.DigestSHA384, "SHA-512": alg.DigestSHA512}[g.Sha],
		MGFURI:    map[string]string{"SHA-1": alg.MGF1SHA1, "SHA-224": alg.MGF1SHA224, "SHA-256": alg.MGF1SHA256, "SHA-384": alg.MGF1SHA384, "SHA-512": alg.MGF1SHA512}[g.MgfSha],
		Params:    bin(v.Label),
	}
	if tr.DigestURI == "" {
		return "hash without an identifier here", nil
	}
	priv, err := g.opener()
	if err != nil {
		return "", err
	}
	key, err := alg.Modern.DecryptKey(tr, priv, bin(v.Ct))
	switch {
	case !v.valid():
		return "", must(err == alg.ErrDecrypt)
	case len(bin(v.Msg)) < 16:
		return shortKey, must(err == alg.ErrDecrypt)
	case err != nil || !bytes.Equal(key, bin(v.Msg)):
		return "", errDisagrees
	}
	if tr.MGFURI == alg.MGF1SHA1 { // the older identifier must say the same
		tr.URI, tr.MGFURI = alg.RSAOAEP, ""
		key, err = alg.Modern.DecryptKey(tr, priv, bin(v.Ct))
	}
	return "", must(err == nil && bytes.Equal(key, bin(v.Msg)))
}

// runRSA15: an invalid ciphertext gives a random key, another one each time, and
// so does a message that is too short to be a key.
func runRSA15(g *group, v vector) (string, error) {
	priv, err := g.opener()
	if err != nil {
		return "", err
	}
	tr := alg.Transport{URI: alg.RSA15, Size: max(len(bin(v.Msg)), 16)}
	if _, err := alg.Modern.DecryptKey(tr, priv, bin(v.Ct)); !errors.Is(err, alg.ErrAlgorithm) {
		return "", fmt.Errorf("the default suite takes RSA 1.5: %w", err)
	}
	key, err := alg.Legacy.DecryptKey(tr, priv, bin(v.Ct))
	again, err2 := alg.Legacy.DecryptKey(tr, priv, bin(v.Ct))
	if err != nil || err2 != nil || len(key) != tr.Size {
		return "", errDisagrees
	}
	random := !bytes.Equal(key, again)
	switch {
	case !v.valid():
		return "", must(random)
	case len(bin(v.Msg)) < 16:
		return shortKey, must(random)
	}
	return "", must(!random && bytes.Equal(key, bin(v.Msg)))
}
