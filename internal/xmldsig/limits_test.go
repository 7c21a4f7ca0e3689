package xmldsig

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// Names that look alike and are not; names that are the same written otherwise.
func TestNameIs(t *testing.T) {
	der := func(rdns ...[]pkix.AttributeTypeAndValue) []byte {
		var seq pkix.RDNSequence
		for _, rdn := range rdns {
			seq = append(seq, rdn)
		}
		return must(asn1.Marshal(seq))
	}
	cn := func(v any) pkix.AttributeTypeAndValue {
		return pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: v}
	}
	ou := func(v any) pkix.AttributeTypeAndValue {
		return pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 11}, Value: v}
	}
	set := func(tvs ...pkix.AttributeTypeAndValue) []pkix.AttributeTypeAndValue { return tvs }
	two := der(set(cn("a")), set(ou("b")))
	for _, c := range []struct {
		written string
		der     []byte
		want    bool
	}{
		{"CN=a,OU=b", two, true},
		{"OU=b,CN=a", two, true},
		{"CN=a", two, false},
		{"CN=b,OU=a", two, false},
		{"CN=a,OU=b,OU=b", two, false},
		{"CN=a+OU=b", two, false},
		{"CN=a+OU=b", der(set(cn("a"), ou("b"))), true},
		{"OU=b+CN=a", der(set(cn("a"), ou("b"))), true},
		{"OU=b+CN=a", der(set(ou("b"), cn("a"))), true},
		{"CN=a", nil, false},
		{"CN=a", append(der(set(cn("a"))), 0), false},
		{"CN=a", []byte("CN=a"), false},
		{"", der(), false},
		{"CN=", der(), false},
		{"CN=7", der(set(cn(7))), false}, // not a string: what it is compared with is anybody's guess
		{"CN=", der(set(cn(7))), false},
		{"CN", der(), false},
		{"no name", two, false},
	} {
		if got := nameIs(c.written, c.der); got != c.want {
			t.Errorf("%q against %x: %v", c.written, c.der, got)
		}
	}
	for in, want := range map[string]string{
		" CN =  a":                        "2.5.4.3=a",
		"CN= \t\"a\" ":                    "2.5.4.3=a",
		"CN= #0C0161 ":                    "2.5.4.3=a",
		"CN=#0C0161,O=b":                  "2.5.4.3=a|2.5.4.10=b",
		`CN=a\4`:                          "2.5.4.3=a4",
		`CN=a\41`:                         "2.5.4.3=aa", // folded
		`CN=a\4,O=b`:                      "2.5.4.3=a4|2.5.4.10=b",
		`CN=a"b`:                          `2.5.4.3=a"b`,
		`CN="a,b;c+d"`:                    "2.5.4.3=a,b;c+d",
		"CN=" + strings.Repeat("a", 4093): "2.5.4.3=" + strings.Repeat("a", 4093),
	} {
		got, ok := parseName(in)
		var parts []string
		for _, rdn := range got {
			parts = append(parts, strings.Join(rdn, "+"))
		}
		if s := strings.Join(parts, "|"); !ok || s != want {
			t.Errorf("%.50q is read as %.50q %v", in, s, ok)
		}
	}
	for _, bad := range []string{"=a", "oid.=a", "CN=#", "CN=#0C01", "CN=#0C016100", "CN=#020107", "CN=#0C0161x", `CN="a" b`, `CN="a"xO=b`, "CN=" + strings.Repeat("a", 4094)} {
		if got, ok := parseName(bad); ok {
			t.Errorf("%.50q is read as %q", bad, got)
		}
	}
}

// What is shown of a peer's words has a bound, and only plain names are bare.
func TestShownURIs(t *testing.T) {
	for in, want := range map[string]string{
		"#a":                                "#a",
		"#aZ_azAZ-.09":                      "#aZ_azAZ-.09",
		"#_":                                "#_",
		"#":                                 `"#"`,
		"":                                  `""`,
		"a":                                 `"a"`,
		"xa":                                `"xa"`,
		"#9":                                `"#9"`,
		"#-a":                               `"#-a"`,
		"#.a":                               `"#.a"`,
		"#a/":                               `"#a/"`,
		"#a:":                               `"#a:"`,
		"#a@":                               `"#a@"`,
		"#a[":                               `"#a["`,
		"#a`":                               "\"#a`\"",
		"#a{":                               `"#a{"`,
		"#aé":                               `"#aé"`,
		"#" + strings.Repeat("a", 95):       "#" + strings.Repeat("a", 95),
		"#" + strings.Repeat("a", 96):       `"#` + strings.Repeat("a", 95) + `"…`,
		"http://" + strings.Repeat("a", 89): `"http://` + strings.Repeat("a", 89) + `"`,
	} {
		if got := shownURI(in); got != want {
			t.Errorf("%q is shown as %s", in, got)
		}
	}
}

func TestKeyInfoLimits(t *testing.T) {
	serial := func(n int) string {
		return `<X509Data><X509IssuerSerial><X509IssuerName>CN=i</X509IssuerName><X509SerialNumber>` + strings.Repeat("9", n) + `</X509SerialNumber></X509IssuerSerial></X509Data>`
	}
	rsaKey := func(modulus, exponent *big.Int) string {
		return `<KeyValue><RSAKeyValue><Modulus>` + base64Of(modulus.Bytes()) + `</Modulus><Exponent>` + base64Of(exponent.Bytes()) + `</Exponent></RSAKeyValue></KeyValue>`
	}
	bits := func(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n-1) }
	certs := func(n int) string {
		return `<X509Data>` + strings.Repeat(`<X509Certificate>MAA=</X509Certificate>`, n) + `</X509Data>`
	}
	for _, c := range []struct {
		name, xml string
		want      error
	}{
		{"serial of 100 digits", serial(100), nil},
		{"serial of 101 digits", serial(101), xmltree.ErrFormat},
		{"modulus of 16384 bits", rsaKey(bits(16384), big.NewInt(3)), nil},
		{"modulus of 16385 bits", rsaKey(bits(16385), big.NewInt(3)), alg.ErrKey},
		{"exponent 2", rsaKey(bits(2048), big.NewInt(2)), alg.ErrKey},
		{"exponent 2^31-1", rsaKey(bits(2048), big.NewInt(1<<31-1)), nil},
		{"exponent 2^31", rsaKey(bits(2048), big.NewInt(1<<31)), alg.ErrKey},
		{"exponent of 65 bits that ends in 3", rsaKey(bits(2048), new(big.Int).Add(bits(65), big.NewInt(3))), alg.ErrKey},
		{"16 certificates", certs(16), nil},
		{"17 certificates", certs(17), xmltree.ErrLimit},
	} {
		if _, err := ReadKeyInfo(keyInfo(t, c.xml)); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	h := Hint{DER: [][]byte{[]byte("no certificate")}}
	if certs, err := h.Certificates(); err == nil {
		t.Errorf("%d certificates of something else", len(certs))
	}
	// What was malformed is no certificate, though what is left of it might be read.
	h, err := ReadKeyInfo(keyInfo(t, `<X509Data><X509Certificate>MAA=*</X509Certificate></X509Data>`))
	if err == nil || len(h.DER) != 0 {
		t.Errorf("%x, %v", h.DER, err)
	}
}

// Keys that XML has no name for are not written.
func TestKeyValueRefuses(t *testing.T) {
	p224 := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	//lint:ignore SA1019 nothing else makes a key that is no point of its curve
	off := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	for name, key := range map[string]any{"P-224": p224.Public(), "no point of the curve": off, "no key": "key"} {
		if out, err := KeyValue(key); !errors.Is(err, alg.ErrKey) {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
}

// A hint that says nothing selects nothing, whatever the certificates lack.
func TestSelectWithoutAWord(t *testing.T) {
	nameless := certificate(t, p256Key(), 1, pkix.Name{}, nil)
	bare := &x509.Certificate{}
	for _, h := range []Hint{{}, {Serial: big.NewInt(0)}, {Serial: big.NewInt(1), IssuerName: "CN="}, {Public: p256Key().Public()}} {
		if got, err := Select(h, []*x509.Certificate{nil, bare}); !errors.Is(err, ErrTrust) {
			t.Errorf("%+v selects %v, %v", h, got, err)
		}
	}
	if got, err := Select(Hint{}, []*x509.Certificate{nameless}); !errors.Is(err, ErrTrust) {
		t.Errorf("nothing said selects %v, %v", got.Subject, err)
	}
}

func TestMoreStructure(t *testing.T) {
	inf := info(ref("a", exc))
	many := strings.TrimSpace(strings.Repeat("p ", 64))
	for _, c := range []struct {
		name, doc, says string
		want            error
	}{
		{"object instead of a value", `<r><a Id="a"/>` + signature(inf+`<Object/>`) + `</r>`, "no place", ErrWrapping},
		{"truncation", `<r><a Id="a"/>` + strings.Replace(sig(ref("a", exc)), methodMAC, strings.Replace(methodMAC, "/>", "><HMACOutputLength>256</HMACOutputLength></SignatureMethod>", 1), 1) + `</r>`, "truncated", alg.ErrAlgorithm},
		{"parent of the signature, not enveloped", `<r Id="r"><a/>` + sig(ref("r", exc)) + `</r>`, "", alg.ErrSignature},
		{"64 prefixes", `<r><a Id="a"/>` + sig(ref("a", strings.Replace(exc, "/>", `><e:InclusiveNamespaces xmlns:e="`+xmltree.EXCC14N+`" PrefixList="`+many+`"/></Transform>`, 1))) + `</r>`, "", nil},
		{"xml:base to be joined for a reference", `<r xml:base="urn:b"><a Id="a"/>` + sig(ref("a", strings.Replace(exc, xmltree.EXCC14N, "http://www.w3.org/2006/12/xml-c14n11", 1))) + `</r>`, "canonical form of #a", nil},
		{"xml:base to be joined for SignedInfo", `<r xml:base="urn:b"><a Id="a"/>` + strings.Replace(sig(ref("a", exc)), canonExc, `<CanonicalizationMethod Algorithm="http://www.w3.org/2006/12/xml-c14n11"/>`, 1) + `</r>`, "canonical form of SignedInfo", nil},
	} {
		_, err := Verify(find(parse(t, forge(t, c.doc)), "Signature"), testSecret, "", nil)
		if c.want != nil && !errors.Is(err, c.want) || (err == nil) != (c.want == nil && c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if v, err := Value(parse(t, `<Signature xmlns="`+xmltree.DS+`"/>`)); err == nil {
		t.Errorf("value %x of a signature without", v)
	}
}

// Each form of id that the verifier finds can be signed, and no other attribute
// is one.
func TestSignedIDs(t *testing.T) {
	for attr, isID := range map[string]bool{
		`Id="i"`: true, `ID="i"`: true, `id="i"`: true, `AssertionID="i"`: true, `xml:id="i"`: true, `u:Id="i"`: true,
		`iD="i"`: false, `Assertionid="i"`: false, `u:ID="i"`: false, `u:id="i"`: false, `xml:lang="i"`: false, `x:Id="i"`: false, `x:id="i"`: false, `Id="j"`: false,
	} {
		doc := `<r xmlns:u="` + xmltree.WSU + `" xmlns:x="urn:x"><e ` + attr + `/>`
		sig, err := Sign(testSecret, "", "", []Ref{{ID: "i", Elem: parse(t, doc+"</r>").First("", "e")}}, nil)
		if (err == nil) != isID {
			t.Errorf("%s: %v", attr, err)
		}
		if err != nil {
			continue
		}
		if _, err := Verify(find(parse(t, doc+string(sig)+"</r>"), "Signature"), testSecret, "", nil); err != nil {
			t.Errorf("%s: %v", attr, err)
		}
	}
}

// The octets that Sign writes around its references.
func TestSignWrites(t *testing.T) {
	many := `<r>`
	for i := range 31 {
		many += fmt.Sprintf(`<e Id="e%d"/>`, i)
	}
	root := parse(t, many+`</r>`)
	var refs []Ref
	for e := range root.Children {
		id, _ := e.Attr("", "Id")
		refs = append(refs, Ref{ID: id, Elem: e})
	}
	if _, err := Sign(testSecret, "", "", refs, nil); !errors.Is(err, xmltree.ErrLimit) {
		t.Errorf("31 references: %v", err)
	}
	sig, err := Sign(testSecret, "", "", refs[:30], nil)
	if err != nil || !bytes.HasPrefix(sig, []byte(`<ds:Signature xmlns:ds="`+xmltree.DS+`"><ds:SignedInfo>`)) {
		t.Errorf("30 references, no id: %.80s, %v", sig, err)
	}
	refs[0].Prefixes = []string{"a", "b", "#default"}
	sig, err = Sign(testSecret, "", "the-id", refs[:1], nil)
	if err != nil || !bytes.HasPrefix(sig, []byte(`<ds:Signature xmlns:ds="`+xmltree.DS+`" Id="the-id"><ds:SignedInfo>`)) || !bytes.Contains(sig, []byte(`PrefixList="a b #default"`)) {
		t.Errorf("%s, %v", sig, err)
	}
	refs[0].Prefixes = make([]string, 65)
	for i := range refs[0].Prefixes {
		refs[0].Prefixes[i] = "p"
	}
	if sig, err := Sign(testSecret, "", "", refs[:1], nil); err == nil {
		t.Errorf("65 prefixes: %s", sig)
	}
	refs[0].Prefixes = []string{""}
	if sig, err := Sign(testSecret, "", "", refs[:1], nil); !errors.Is(err, xmltree.ErrFormat) {
		t.Errorf("a prefix without a name: %s, %v", sig, err)
	}
	if sig, err := Sign(testSecret, "no such suite", "", refs[1:2], nil); err == nil {
		t.Errorf("a suite that is none: %s", sig)
	}
	if sig, err := Sign(alg.Key{}, "", "", refs[1:2], nil); !errors.Is(err, alg.ErrKey) {
		t.Errorf("no key: %s, %v", sig, err)
	}
	if sig, err := Sign(must(alg.PrivateKey(brokenSigner{rsaKey()})), "", "", refs[1:2], nil); err == nil {
		t.Errorf("a device that does not sign: %s", sig)
	}
}

// brokenSigner is a key in a device that is gone.
type brokenSigner struct{ *rsa.PrivateKey }

func (brokenSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("the device is gone")
}

// A writer that fails is heard, with and without an STR-Transform.
func TestOctetsFail(t *testing.T) {
	root := parse(t, `<r Id="r"/>`)
	boom := errors.New("boom")
	for _, s := range []Signed{{elem: root, method: c14n.Exclusive}, {elem: root, method: c14n.Exclusive, str: root}} {
		if err := s.Octets(failing{boom}); !errors.Is(err, boom) {
			t.Errorf("%v", err)
		}
		if s.IsSTR() != s.str.OK() || s.Token().OK() != s.str.OK() || s.STR().OK() != s.str.OK() {
			t.Errorf("a token of %+v", s)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Another limit on references is another limit, and none is the usual one.
func TestVerifyWithin(t *testing.T) {
	doc := `<r><a Id="a"/><b Id="b"/>` + sig(ref("a", exc)+ref("b", exc)) + `</r>`
	for limit, want := range map[int]error{-1: nil, 0: nil, 1: xmltree.ErrLimit, 2: nil} {
		_, err := VerifyWithin(find(parse(t, forge(t, doc)), "Signature"), testSecret, "", nil, limit)
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}
