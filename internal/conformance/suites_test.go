package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/alg"
)

// A family is a kind of algorithm: its identifiers by the names of the page, and
// how a suite is asked about one.
type family struct {
	what   string
	names  []string
	uris   []string
	reads  func(s alg.Suite, uri string) bool
	writes func(s alg.Suite) []string // identifiers, where the suite chooses
}

const (
	dsig     = "http://www.w3.org/2000/09/xmldsig#"
	dsigMore = "http://www.w3.org/2001/04/xmldsig-more#"
	enc      = "http://www.w3.org/2001/04/xmlenc#"
)

func families(t *testing.T) []family {
	secret, err := alg.SecretKey(make1(32))
	if err != nil {
		t.Fatal(err)
	}
	rsaKey := modulus(t, 2048)
	var curves []alg.Key
	for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		k, err := ecdsa.GenerateKey(c, rand.Reader) // a test key
		if err != nil {
			t.Fatal(err)
		}
		key, err := alg.PublicKey(&k.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		curves = append(curves, key)
	}
	signs := func(s alg.Suite, uri string) bool {
		for _, k := range append([]alg.Key{secret, rsaKey}, curves...) {
			if _, err := s.NewVerifier(uri, k); err == nil {
				return true
			}
		}
		return false
	}
	signature := func(s alg.Suite) []string {
		var out []string
		for _, k := range append([]alg.Key{secret, rsaKey}, curves...) {
			if uri, err := s.SignatureURI(k); err == nil {
				out = append(out, uri)
			}
		}
		return out
	}
	one := func(f func(alg.Suite) string) func(alg.Suite) []string {
		return func(s alg.Suite) []string { return []string{f(s)} }
	}
	return []family{
		{
			what:   "digest",
			names:  []string{"SHA-256", "SHA-384", "SHA-512", "SHA-1", "MD5", "RIPEMD-160"},
			uris:   []string{alg.DigestSHA256, alg.DigestSHA384, alg.DigestSHA512, alg.DigestSHA1, dsigMore + "md5", enc + "ripemd160"},
			reads:  func(s alg.Suite, uri string) bool { _, err := s.Digest(uri); return err == nil },
			writes: one(alg.Suite.DigestURI),
		},
		{
			what: "signature",
			names: []string{
				"RSA-SHA256", "RSA-SHA384", "RSA-SHA512", "RSA-PSS-SHA256", "RSA-PSS-SHA384", "RSA-PSS-SHA512", "ECDSA-SHA256", "ECDSA-SHA384", "ECDSA-SHA512",
				"HMAC-SHA256", "HMAC-SHA384", "HMAC-SHA512", "RSA-SHA1", "RSA-PSS-SHA1", "ECDSA-SHA1", "HMAC-SHA1", "DSA-SHA1", "RSA-MD5", "HMAC-MD5",
			},
			uris: []string{
				alg.RSASHA256, alg.RSASHA384, alg.RSASHA512, alg.PSSSHA256, alg.PSSSHA384, alg.PSSSHA512, alg.ECDSASHA256, alg.ECDSASHA384, alg.ECDSASHA512,
				alg.HMACSHA256, alg.HMACSHA384, alg.HMACSHA512, alg.RSASHA1, alg.PSSSHA1, alg.ECDSASHA1, alg.HMACSHA1, dsig + "dsa-sha1", dsigMore + "rsa-md5", dsigMore + "hmac-md5",
			},
			reads: signs, writes: signature,
		},
		{
			what:   "block cipher",
			names:  []string{"AES-256-GCM", "AES-192-GCM", "AES-128-GCM", "AES-256-CBC", "AES-192-CBC", "AES-128-CBC", "Triple DES"},
			uris:   []string{alg.AES256GCM, alg.AES192GCM, alg.AES128GCM, alg.AES256CBC, alg.AES192CBC, alg.AES128CBC, enc + "tripledes-cbc"},
			reads:  func(s alg.Suite, uri string) bool { return s.Opens(uri) == nil },
			writes: one(alg.Suite.BlockCipherURI),
		},
		{
			what:  "key wrap",
			names: []string{"AES-256", "AES-192", "AES-128", "Triple DES"},
			uris:  []string{alg.WrapAES256, alg.WrapAES192, alg.WrapAES128, enc + "kw-tripledes"},
			reads: func(s alg.Suite, uri string) bool { return s.Wraps(uri) == nil },
		},
		{
			what:   "key transport",
			names:  []string{"RSA-OAEP 1.1", "RSA-OAEP", "RSA 1.5"},
			uris:   []string{alg.RSAOAEP1, alg.RSAOAEP, alg.RSA15},
			reads:  func(s alg.Suite, uri string) bool { return s.Transports(alg.Transport{URI: uri}) == nil },
			writes: one(alg.Suite.KeyTransportURI),
		},
		{
			what:  "canonical form",
			names: []string{"exclusive", "1.0", "1.1", "exclusive with comments", "1.0 with comments", "1.1 with comments"},
			uris: []string{
				"http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11",
				"http://www.w3.org/2001/10/xml-exc-c14n#WithComments", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments", "http://www.w3.org/2006/12/xml-c14n11#WithComments",
			},
			reads: alg.Suite.AllowsC14N,
		},
	}
}

var allSuites = []alg.Suite{
	alg.Modern, alg.Legacy, alg.Basic256, alg.Basic192, alg.Basic128, alg.Basic256Rsa15, alg.Basic192Rsa15, alg.Basic128Rsa15,
	alg.Basic256Sha256, alg.Basic192Sha256, alg.Basic128Sha256, alg.Basic256Sha256Rsa15, alg.Basic192Sha256Rsa15, alg.Basic128Sha256Rsa15,
}

// suiteTable asks each suite about each algorithm.
func suiteTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| kind | read by default | written by default | only with Legacy, or a suite that names it | never |\n| --- | --- | --- | --- | --- |\n")
	for _, f := range families(t) {
		var modern, legacy, never, written []string
		for i, uri := range f.uris {
			some := false
			for _, s := range allSuites {
				some = some || f.reads(s, uri)
			}
			switch {
			case f.reads("", uri) != f.reads(alg.Modern, uri):
				t.Errorf("%s: the empty suite is not Modern", uri)
			case f.reads(alg.Modern, uri):
				modern = append(modern, f.names[i])
			case some:
				legacy = append(legacy, f.names[i])
			default:
				never = append(never, f.names[i])
			}
			if f.writes == nil {
				continue
			}
			for _, w := range f.writes(alg.Modern) {
				if w == uri {
					written = append(written, f.names[i])
					break
				}
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.what, or(modern), or(written), or(legacy), or(never))
	}
	return b.String()
}

func or(list []string) string {
	if len(list) == 0 {
		return "–"
	}
	return strings.Join(list, ", ")
}
