package xmlenc

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/testkeys"
	"wstrust/internal/xmltree"
)

var testRSA = sync.OnceValue(func() *rsa.PrivateKey { return testkeys.RSA(1) })

func privateKey(t testing.TB) alg.Key {
	t.Helper()
	k, err := alg.PrivateKey(testRSA())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func publicKey(t testing.TB) alg.Key {
	t.Helper()
	k, err := alg.PublicKey(testRSA().Public())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func secretKey(t testing.TB, n int) alg.Key {
	t.Helper()
	b := make([]byte, n)
	rand.Read(b)
	k, err := alg.SecretKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func parse(t testing.TB, src string) xmltree.Elem {
	t.Helper()
	d, err := xmltree.Parse([]byte(src), xmltree.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return d.Root()
}

func built(t testing.TB, write func(b *xmltree.Builder) error) string {
	t.Helper()
	var b xmltree.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return string(b.Bytes())
}

var suites = []alg.Suite{
	alg.Modern, alg.Legacy, alg.Basic256, alg.Basic192, alg.Basic128, alg.Basic256Rsa15, alg.Basic192Rsa15, alg.Basic128Rsa15,
	alg.Basic256Sha256, alg.Basic192Sha256, alg.Basic128Sha256, alg.Basic256Sha256Rsa15, alg.Basic192Sha256Rsa15, alg.Basic128Sha256Rsa15,
}

const hint = `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:KeyName>a key</ds:KeyName></ds:KeyInfo>`

func TestSealThenOpen(t *testing.T) {
	plain := []byte(`<secret xmlns="urn:x">Grüße</secret>`)
	for _, s := range suites {
		session, err := s.NewSessionKey()
		if err != nil {
			t.Fatal(err)
		}
		data := built(t, func(b *xmltree.Builder) error { return Seal(b, plain, Element, "d1", session, []byte(hint), s) })
		e := parse(t, data)
		if got, err := Open(e, session, s); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: %q, %v", s, got, err)
		}
		if id, _ := e.Attr("", "Id"); id != "d1" || !KeyInfo(e).First(xmltree.DS, "KeyName").OK() {
			t.Errorf("%s: wrote %s", s, data)
		}
		value, err := CipherValue(e)
		if err != nil || len(value) < len(plain) {
			t.Errorf("%s: CipherValue: %v", s, err)
		}

		kek, err := s.NewSessionKey()
		if err != nil {
			t.Fatal(err)
		}
		size := len(session.Secret())
		for _, p := range []struct{ to, from alg.Key }{{publicKey(t), privateKey(t)}, {kek, kek}} {
			ek := built(t, func(b *xmltree.Builder) error {
				return SealKey(b, session, "k1", p.to, []byte(hint), []string{"d1", "d2"}, s)
			})
			got, err := OpenKey(parse(t, ek), p.from, s, size)
			if err != nil || !got.Equal(session) {
				t.Errorf("%s to %v: %v, %v", s, p.to, got, err)
			}
			// The other size is a failure; with RSA 1.5 it is a random key.
			got, err = OpenKey(parse(t, ek), p.from, s, size^8)
			if err != alg.ErrDecrypt && (err != nil || !strings.HasSuffix(string(s), "Rsa15") || p.from.IsSecret() || got.Equal(session)) {
				t.Errorf("%s to %v: another size gives %v, %v", s, p.to, got, err)
			}

			with := built(t, func(b *xmltree.Builder) error { return SealWith(b, plain, Content, "", p.to, []byte(hint), s) })
			e := parse(t, with)
			if got, err := OpenWith(e, p.from, s); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s to %v: %q, %v\n%s", s, p.to, got, err, with)
			}
			if strings.Contains(with, base64.StdEncoding.EncodeToString(plain)) {
				t.Errorf("%s: the plaintext is in %s", s, with)
			}

			// Data and key side by side, as SAML 2.0 has them.
			beside := parse(t, "<a>"+ek+data+ek+"<b/></a>")
			if got, err := OpenWith(beside.First(xmltree.XENC, "EncryptedData"), p.from, s); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s to %v, key beside: %q, %v", s, p.to, got, err)
			}
		}
	}
}

func TestSealRefuses(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := alg.PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	k20, k32 := secretKey(t, 20), secretKey(t, 32)
	for name, f := range map[string]func(b *xmltree.Builder) error{
		"size of no cipher":  func(b *xmltree.Builder) error { return Seal(b, nil, "", "", k20, nil, alg.Modern) },
		"public session key": func(b *xmltree.Builder) error { return Seal(b, nil, "", "", publicKey(t), nil, alg.Modern) },
		"no session key":     func(b *xmltree.Builder) error { return Seal(b, nil, "", "", alg.Key{}, nil, alg.Modern) },
		"to nobody":          func(b *xmltree.Builder) error { return SealKey(b, k32, "", alg.Key{}, nil, nil, alg.Modern) },
		"to ECDSA":           func(b *xmltree.Builder) error { return SealKey(b, k32, "", ecKey, nil, nil, alg.Modern) },
		"under 160 bits":     func(b *xmltree.Builder) error { return SealKey(b, k32, "", k20, nil, nil, alg.Modern) },
		"wrapping a public":  func(b *xmltree.Builder) error { return SealKey(b, publicKey(t), "", k32, nil, nil, alg.Modern) },
		"with ECDSA":         func(b *xmltree.Builder) error { return SealWith(b, nil, "", "", ecKey, nil, alg.Modern) },
	} {
		var b xmltree.Builder
		if err := f(&b); !errors.Is(err, alg.ErrKey) || b.Len() != 0 {
			t.Errorf("%s: %v, wrote %d octets", name, err, b.Len())
		}
	}
	var b xmltree.Builder
	if err := SealWith(&b, nil, "", "", publicKey(t), nil, "no suite"); !errors.Is(err, alg.ErrAlgorithm) || b.Len() != 0 {
		t.Errorf("unknown suite: %v", err)
	}
}

const (
	encData = `<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Id="D">` +
		`METHOD INFO DATA</xenc:EncryptedData>`
	encKey = `<xenc:EncryptedKey xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Id="K">` +
		`METHOD INFO DATA</xenc:EncryptedKey>`
	gcm    = `<xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>`
	value  = `<xenc:CipherData><xenc:CipherValue>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA</xenc:CipherValue></xenc:CipherData>`
	keyRef = `<ds:KeyInfo><ds:KeyName>k</ds:KeyName></ds:KeyInfo>`
)

func fill(template, method, info, data string) string {
	return strings.NewReplacer("METHOD", method, "INFO", info, "DATA", data).Replace(template)
}

func method(uri, inside string) string {
	return `<xenc:EncryptionMethod Algorithm="` + uri + `">` + inside + `</xenc:EncryptionMethod>`
}

// Elements that are not as the schema has them, or that point elsewhere, are
// refused before the key is looked at: the key here is none.
func TestReadRefuses(t *testing.T) {
	format := xmltree.ErrFormat
	sha1 := `<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>`
	params := `<xenc:OAEPparams>AAAA</xenc:OAEPparams>`
	mgf := `<xenc11:MGF Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha1"/>`
	cases := []struct {
		name, src string
		want      error
	}{
		{"good data", fill(encData, gcm, keyRef, value), alg.ErrKey},
		{"good data with all", strings.Replace(fill(encData, gcm, "", value+`<xenc:EncryptionProperties/>`), `Id="D"`, `Id="D" Type="t" MimeType="m" Encoding="e"`, 1), alg.ErrKey},
		{"comments", fill(encData, gcm, "<!-- c -->", value), alg.ErrKey},
		{"good key size", fill(encData, method(alg.AES256GCM, `<xenc:KeySize> 256 </xenc:KeySize>`), "", value), alg.ErrKey},
		{"foreign attribute", strings.Replace(fill(encData, gcm, "", value), `Id="D"`, `Id="D" xmlns:u="urn:u" u:Id="x"`, 1), alg.ErrKey},
		{"good key", fill(encKey, method(alg.RSAOAEP, sha1+params), keyRef, value), alg.ErrKey},
		{"good key, other order", fill(encKey, method(alg.RSAOAEP1, mgf+params+sha1+`<xenc:KeySize>2048</xenc:KeySize>`), keyRef, value), alg.ErrKey},
		{"good key with all", strings.Replace(fill(encKey, method(alg.WrapAES256, `<xenc:KeySize>256</xenc:KeySize>`), "", value+`<xenc:EncryptionProperties/><xenc:ReferenceList/><xenc:CarriedKeyName/>`), `Id="K"`, `Id="K" Recipient="r"`, 1), alg.ErrKey},

		{"no method", fill(encData, "", "", value), format},
		{"no data", fill(encData, gcm, "", ""), format},
		{"two methods", fill(encData, gcm+gcm, "", value), format},
		{"two key infos", fill(encData, gcm, keyRef+keyRef, value), format},
		{"two data", fill(encData, gcm, "", value+value), format},
		{"order", fill(encData, "", value, gcm), format},
		{"text inside", fill(encData, gcm, "text", value), format},
		{"unknown child", fill(encData, gcm, "<x/>", value), format},
		{"unknown attribute", strings.Replace(fill(encData, gcm, "", value), `Id="D"`, `id="D"`, 1), format},
		{"key children on data", fill(encData, gcm, "", value+`<xenc:ReferenceList/>`), format},
		{"recipient on data", strings.Replace(fill(encData, gcm, "", value), `Id="D"`, `Recipient="D"`, 1), format},
		{"method without algorithm", fill(encData, `<xenc:EncryptionMethod/>`, "", value), format},
		{"method with an empty algorithm", fill(encData, method("", ""), "", value), format},
		{"method with attribute", fill(encData, strings.Replace(gcm, "Algorithm", `x="" Algorithm`, 1), "", value), format},
		{"method with text", fill(encData, method(alg.AES256GCM, "256"), "", value), format},
		{"wrong key size", fill(encData, method(alg.AES256GCM, `<xenc:KeySize>128</xenc:KeySize>`), "", value), format},
		{"key size in words", fill(encData, method(alg.AES256GCM, `<xenc:KeySize>large</xenc:KeySize>`), "", value), format},
		{"key size 0", fill(encKey, method(alg.RSAOAEP, `<xenc:KeySize>0</xenc:KeySize>`), "", value), format},
		{"key size overflow", fill(encData, method(alg.AES256GCM, `<xenc:KeySize>18446744073709551872</xenc:KeySize>`), "", value), format},
		{"two key sizes", fill(encData, method(alg.AES256GCM, `<xenc:KeySize>256</xenc:KeySize><xenc:KeySize>256</xenc:KeySize>`), "", value), format},
		{"parameters on a cipher", fill(encData, method(alg.AES256GCM, sha1), "", value), format},
		{"parameters on a wrap", fill(encKey, method(alg.WrapAES256, params), "", value), format},
		{"parameters on RSA 1.5", fill(encKey, method(alg.RSA15, sha1), "", value), format},
		{"mask on rsa-oaep-mgf1p", fill(encKey, method(alg.RSAOAEP, mgf), "", value), format},
		{"two digests", fill(encKey, method(alg.RSAOAEP, sha1+sha1), "", value), format},
		{"two parameters", fill(encKey, method(alg.RSAOAEP, params+params), "", value), format},
		{"two masks", fill(encKey, method(alg.RSAOAEP1, mgf+mgf), "", value), format},
		{"digest with content", fill(encKey, method(alg.RSAOAEP, `<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"><x/></ds:DigestMethod>`), "", value), format},
		{"digest without algorithm", fill(encKey, method(alg.RSAOAEP, `<ds:DigestMethod/>`), "", value), format},
		{"bad parameters", fill(encKey, method(alg.RSAOAEP, `<xenc:OAEPparams>A</xenc:OAEPparams>`), "", value), format},
		{"empty CipherData", fill(encData, gcm, "", `<xenc:CipherData/>`), format},
		{"text in CipherData", fill(encData, gcm, "", `<xenc:CipherData>AAAA</xenc:CipherData>`), format},
		{"two values", fill(encData, gcm, "", `<xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData>`), format},
		{"more in CipherData", fill(encData, gcm, "", `<xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue><x/></xenc:CipherData>`), format},
		{"element in the value", fill(encData, gcm, "", `<xenc:CipherData><xenc:CipherValue>AA<x/>AA</xenc:CipherValue></xenc:CipherData>`), format},
		{"bad base64", fill(encData, gcm, "", `<xenc:CipherData><xenc:CipherValue>AAA*</xenc:CipherValue></xenc:CipherData>`), format},
		{"another element", `<x/>`, format},
		{"another namespace", strings.ReplaceAll(fill(encData, gcm, "", value), xmltree.XENC, "urn:x"), format},

		{"CipherReference (C11)", fill(encData, gcm, "", `<xenc:CipherData><xenc:CipherReference URI="file:///etc/passwd"/></xenc:CipherData>`), ErrReference},
		{"both", fill(encData, gcm, "", `<xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue><xenc:CipherReference URI="#x"/></xenc:CipherData>`), ErrReference},
		{"RetrievalMethod (C4)", fill(encData, gcm, `<ds:KeyInfo><ds:RetrievalMethod URI="#K"/></ds:KeyInfo>`, value), ErrReference},
		{"RetrievalMethod of a key", fill(encKey, method(alg.RSAOAEP, ""), `<ds:KeyInfo><ds:KeyName/><ds:RetrievalMethod URI="#K"/></ds:KeyInfo>`, value), ErrReference},
		{"KeyInfoReference", fill(encKey, method(alg.RSAOAEP, ""), `<ds:KeyInfo><k:KeyInfoReference xmlns:k="http://www.w3.org/2009/xmldsig11#" URI="#K"/></ds:KeyInfo>`, value), ErrReference},

		{"Triple DES", fill(encData, method(xmltree.XENC+"tripledes-cbc", ""), "", value), alg.ErrAlgorithm},
		{"Triple DES with a key size", fill(encData, method(xmltree.XENC+"tripledes-cbc", `<xenc:KeySize>192</xenc:KeySize>`), "", value), alg.ErrAlgorithm},
		{"wrap as a cipher", fill(encData, method(alg.WrapAES256, ""), "", value), alg.ErrAlgorithm},
		{"cipher as a wrap", fill(encKey, method(alg.AES256CBC, ""), "", value), alg.ErrAlgorithm},
		{"Triple DES wrap", fill(encKey, method(xmltree.XENC+"kw-tripledes", ""), "", value), alg.ErrAlgorithm},
		{"RSA 1.5 in Modern", fill(encKey, method(alg.RSA15, ""), "", value), alg.ErrAlgorithm},
		{"unknown digest", fill(encKey, method(alg.RSAOAEP, `<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"/>`), "", value), alg.ErrAlgorithm},
		{"unknown mask", fill(encKey, method(alg.RSAOAEP1, `<xenc11:MGF Algorithm="urn:x"/>`), "", value), alg.ErrAlgorithm},
		{"key agreement", fill(encData, gcm, `<ds:KeyInfo><xenc:AgreementMethod/></ds:KeyInfo>`, value), alg.ErrAlgorithm},
	}
	for _, c := range cases {
		e := parse(t, c.src)
		s := alg.Modern
		if strings.Contains(c.name, "on RSA 1.5") {
			s = alg.Legacy
		}
		var out []byte
		var err error
		if e.Local() == "EncryptedKey" {
			var k alg.Key
			k, err = OpenKey(e, alg.Key{}, s, 32)
			out = k.Secret()
		} else {
			out, err = Open(e, alg.Key{}, s)
		}
		if !errors.Is(err, c.want) || out != nil {
			t.Errorf("%s: want %v, got %v", c.name, c.want, err)
		}
		if c.want == ErrReference && !errors.Is(err, format) {
			t.Errorf("%s: a reference is a wrong format too: %v", c.name, err)
		}
	}
	if _, err := Open(xmltree.Elem{}, alg.Key{}, alg.Modern); !errors.Is(err, format) {
		t.Errorf("no element: %v", err)
	}
	if _, err := OpenKey(xmltree.Elem{}, alg.Key{}, alg.Modern, 0); !errors.Is(err, format) {
		t.Errorf("no element: %v", err)
	}
	if _, err := CipherValue(xmltree.Elem{}); !errors.Is(err, format) {
		t.Errorf("no element: %v", err)
	}
	if KeyInfo(xmltree.Elem{}).OK() {
		t.Error("a KeyInfo out of nothing")
	}
}

// Which EncryptedKey is taken, and that there is never a second try.
func TestOpenWithFindsOneKey(t *testing.T) {
	s := alg.Modern
	session, err := s.NewSessionKey()
	if err != nil {
		t.Fatal(err)
	}
	key := func(refs ...string) string {
		return built(t, func(b *xmltree.Builder) error { return SealKey(b, session, "", publicKey(t), nil, refs, s) })
	}
	data := func(id, info string) string {
		if info != "" {
			info = `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">` + info + `</ds:KeyInfo>`
		}
		return built(t, func(b *xmltree.Builder) error { return Seal(b, []byte("x"), "", id, session, []byte(info), s) })
	}
	ek := key()
	for _, c := range []struct {
		name, src string
		ok        bool
	}{
		{"inside", data("", ek), true},
		{"inside, other hints", data("", "<ds:KeyName>n</ds:KeyName>"+ek), true},
		{"inside, another beside", data("", ek) + key(), true},
		{"inside, named", data("D", key("A", "D")), true},
		{"beside", data("", "") + ek, true},
		{"beside, named", data("D", "") + key("D"), true},
		{"beside, then others", data("", "") + ek + "<y/>" + ek, true},
		{"none", data("", ""), false},
		{"two inside", data("", ek+ek), false},
		{"two beside", data("", "") + ek + ek, false},
		{"before", ek + data("", ""), false},
		{"not next", data("", "") + "<y/>" + ek, false},
		{"for other data (C12)", data("D", key("E")), false},
		{"for other data, beside", data("D", "") + key("E"), false},
		{"for data without id", data("", key("D")), false},
		{"for data without id, by no id", data("", key("")), false},
		{"for nothing", data("D", strings.Replace(ek, "</xenc:EncryptedKey>", "<xenc:ReferenceList/></xenc:EncryptedKey>", 1)), false},
		{"for a key of that id", data("D", strings.Replace(key("D"), "DataReference", "KeyReference", 1)), false},
		{"deeper", data("", "<x>"+ek+"</x>"), false},
	} {
		root := parse(t, "<a>"+c.src+"</a>")
		plain, err := OpenWith(root.First(xmltree.XENC, "EncryptedData"), privateKey(t), s)
		if c.ok && (err != nil || string(plain) != "x") || !c.ok && !errors.Is(err, xmltree.ErrFormat) {
			t.Errorf("%s: %q, %v", c.name, plain, err)
		}
	}
	// As the root of a document nothing is beside it.
	if _, err := OpenWith(parse(t, data("", "")), privateKey(t), s); !errors.Is(err, xmltree.ErrFormat) {
		t.Errorf("alone: %v", err)
	}
}

// The suite is asked about both elements before the private key is used.
func TestOpenWithAsksTheSuiteFirst(t *testing.T) {
	with := built(t, func(b *xmltree.Builder) error {
		return SealWith(b, []byte("x"), "", "", publicKey(t), nil, alg.Basic256Rsa15)
	})
	if _, err := OpenWith(parse(t, with), alg.Key{}, alg.Basic256Rsa15); !errors.Is(err, alg.ErrKey) {
		t.Fatalf("without a key: %v", err)
	}
	for _, s := range []alg.Suite{alg.Modern, alg.Basic256, alg.Basic128Rsa15, "no suite"} {
		if _, err := OpenWith(parse(t, with), alg.Key{}, s); !errors.Is(err, alg.ErrAlgorithm) {
			t.Errorf("%s: %v", s, err)
		}
	}
	if plain, err := OpenWith(parse(t, with), privateKey(t), alg.Legacy); err != nil || string(plain) != "x" {
		t.Errorf("Legacy: %q, %v", plain, err)
	}
}

// C6, C7: whatever is done to the octets, the error is one value. With RSA 1.5
// and CBC a random key may give a plausible padding, one time in sixteen; the
// octets are then random.
func TestOneErrorForEveryFailure(t *testing.T) {
	plain := []byte("a plaintext that takes a few blocks to encrypt")
	for _, s := range []alg.Suite{alg.Modern, alg.Basic256, alg.Basic256Rsa15} {
		with := built(t, func(b *xmltree.Builder) error { return SealWith(b, plain, "", "", publicKey(t), nil, s) })
		e := parse(t, with)
		values := [2]string{}
		for i, el := range []xmltree.Elem{find(e, "EncryptedKey"), e} {
			v, err := CipherValue(el)
			if err != nil {
				t.Fatal(err)
			}
			values[i] = base64.StdEncoding.EncodeToString(v)
		}
		for i, old := range values {
			octets, _ := base64.StdEncoding.DecodeString(old)
			for n := range 60 {
				changed := bytes.Clone(octets)
				switch {
				case n < 40:
					changed[n*len(octets)/40] ^= byte(1 + n)
				case n < 50:
					changed = changed[:len(changed)*(n-40)/10]
				default:
					changed = append(changed, make([]byte, n-49)...)
				}
				src := strings.Replace(with, old, base64.StdEncoding.EncodeToString(changed), 1)
				got, err := OpenWith(parse(t, src), privateKey(t), s)
				garbage := err == nil && s != alg.Modern && !bytes.Equal(got, plain)
				if err != alg.ErrDecrypt && !garbage {
					t.Fatalf("%s: value %d, change %d: %q, %v", s, i, n, got, err)
				}
			}
		}
	}
}

func BenchmarkOpenWith(b *testing.B) {
	plain := make([]byte, 6<<10)
	for _, s := range []alg.Suite{alg.Modern, alg.Basic256} {
		b.Run(string(s), func(b *testing.B) {
			e := parse(b, built(b, func(x *xmltree.Builder) error { return SealWith(x, plain, Element, "", publicKey(b), nil, s) }))
			k := privateKey(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := OpenWith(e, k, s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("session key", func(b *testing.B) {
		session := secretKey(b, 32)
		e := parse(b, built(b, func(x *xmltree.Builder) error { return Seal(x, plain, Element, "", session, nil, alg.Modern) }))
		b.SetBytes(int64(len(plain)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Open(e, session, alg.Modern); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSealWith(b *testing.B) {
	plain := make([]byte, 6<<10)
	to := publicKey(b)
	b.ReportAllocs()
	for b.Loop() {
		var x xmltree.Builder
		if err := SealWith(&x, plain, Element, "", to, nil, alg.Modern); err != nil {
			b.Fatal(err)
		}
	}
}
