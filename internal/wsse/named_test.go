package wsse

import (
	"encoding/asn1"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

func parsed(t testing.TB, text string) xmltree.Elem {
	t.Helper()
	d, err := xmltree.Parse([]byte(text), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

// The type that a reference gives a token is one of those of its kind, and of no
// other kind.
func TestTypesOfTokens(t *testing.T) {
	all := []string{typeX509v3, typePKIPath, tokenSAML11, typeSAML11ID, tokenSAML20, typeSAML20ID, typeEncryptedKey, typeSCT2005, typeSCT13, xmltree.SC13 + "/dk", xmltree.SC2005 + "/dk", typeUsername, "urn:x"}
	for token, fits := range map[string][]string{
		`<a:BinarySecurityToken xmlns:a="` + xmltree.WSSE + `" ValueType="` + typeX509v3 + `"/>`: {typeX509v3},
		`<a:Assertion xmlns:a="` + xmltree.SAML11 + `"/>`:                                        {tokenSAML11, typeSAML11ID},
		`<a:Assertion xmlns:a="` + xmltree.SAML20 + `"/>`:                                        {tokenSAML20, typeSAML20ID},
		`<a:EncryptedKey xmlns:a="` + xmltree.XENC + `"/>`:                                       {typeEncryptedKey},
		`<a:SecurityContextToken xmlns:a="` + xmltree.SC2005 + `"/>`:                             {typeSCT2005},
		`<a:SecurityContextToken xmlns:a="` + xmltree.SC13 + `"/>`:                               {typeSCT13},
		`<a:DerivedKeyToken xmlns:a="` + xmltree.SC13 + `"/>`:                                    {xmltree.SC13 + "/dk"},
		`<a:UsernameToken xmlns:a="` + xmltree.WSSE + `"/>`:                                      {typeUsername},
		`<a:Other xmlns:a="` + xmltree.WSSE + `"/>`:                                              all, // refused as a token
	} {
		for _, v := range all {
			want := strings.Contains(" "+strings.Join(fits, " ")+" ", " "+v+" ")
			if got := hasType(parsed(t, token), v); got != want {
				t.Errorf("%s is %s: %v", token, v, got)
			}
		}
	}
}

// A certificate path is a sequence of sequences, one at least and maxPath at most,
// with nothing behind it.
func TestCertificatePaths(t *testing.T) {
	der := func(v any) []byte {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	path := func(n int) []byte {
		var all []asn1.RawValue
		for range n {
			all = append(all, asn1.RawValue{FullBytes: client().cert.Raw})
		}
		return der(all)
	}
	foreign := der([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: asn1.TagSequence, IsCompound: true}})
	for name, c := range map[string]struct {
		der  []byte
		want Class
	}{
		"one":             {path(1), 0},
		"as many as may":  {path(maxPath), 0},
		"one more":        {path(maxPath + 1), ClassLimit},
		"none":            {path(0), ClassFormat},
		"something after": {append(path(1), 5, 0), ClassFormat},
		"no sequence":     {der(7), ClassFormat},
		"a number in it":  {der([]int{7}), ClassFormat},
		"another class":   {foreign, ClassFormat},
		"cut off":         {path(1)[:40], ClassFormat},
	} {
		ref, err := readBST(parsed(t, `<a:BinarySecurityToken xmlns:a="`+xmltree.WSSE+`" ValueType="`+typePKIPath+`">`+base64Of(c.der)+`</a:BinarySecurityToken>`))
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && ref.Certificate != string(client().cert.Raw) {
			t.Errorf("%s: %v", name, ref)
		}
	}
}

// What names a key must name something.
func TestEmptyNames(t *testing.T) {
	x509 := func(inner string) string {
		return `<a:X509Data xmlns:a="` + xmltree.DS + `">` + inner + `</a:X509Data>`
	}
	serial := func(n string) string {
		return x509(`<a:X509IssuerSerial><a:X509IssuerName>CN=a</a:X509IssuerName><a:X509SerialNumber>` + n + `</a:X509SerialNumber></a:X509IssuerSerial>`)
	}
	for inner, want := range map[string]Class{
		`<a:KeyName xmlns:a="` + xmltree.DS + `">n</a:KeyName>`:       0,
		`<a:KeyName xmlns:a="` + xmltree.DS + `"/>`:                   ClassFormat,
		`<a:KeyName xmlns:a="` + xmltree.DS + `">n<a:b/></a:KeyName>`: ClassFormat,
		x509(`<a:X509Certificate>AA==</a:X509Certificate>`):           0,
		x509(`<a:X509Certificate/>`):                                  ClassFormat,
		x509(`<a:X509Certificate>!</a:X509Certificate>`):              ClassFormat,
		x509(``):                         ClassFormat,
		serial(strings.Repeat("1", 100)): 0,
		serial(strings.Repeat("1", 101)): ClassFormat,
		serial("0x1"):                    ClassFormat,
		`<a:Reference xmlns:a="` + xmltree.WSSE + `"/>`:                        ClassFormat,
		`<a:Reference xmlns:a="` + xmltree.WSSE + `" URI="#"/>`:                ClassFormat,
		`<a:Reference xmlns:a="` + xmltree.WSSE + `" URI="urn:x"/>`:            ClassPolicy,
		`<a:Embedded xmlns:a="` + xmltree.WSSE + `"/>`:                         ClassFormat,
		`<a:Embedded xmlns:a="` + xmltree.WSSE + `"><a:X/><a:X/></a:Embedded>`: ClassFormat,
	} {
		_, err := new(Pending).reference(parsed(t, `<a:SecurityTokenReference xmlns:a="`+xmltree.WSSE+`">`+inner+`</a:SecurityTokenReference>`))
		if ClassOf(err) != want {
			t.Errorf("%s: %v", inner, err)
		}
	}
	s, err := x509Data(parsed(t, serial("007")))
	if err != nil || s.ref.Serial != "7" || s.ref.IssuerName != "CN=a" {
		t.Errorf("%+v, %v", s.ref, err)
	}
}

// A key that the caller gives for a reference is the one that it names.
func TestGivenKeyIsTheOneNamed(t *testing.T) {
	bare := func(id identity) alg.Key {
		k, err := alg.PublicKey(id.cert.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	sent := KeyRef{Kind: KeyCertificate, Certificate: string(client().cert.Raw)}
	broken := KeyRef{Kind: KeyCertificate, Certificate: "x"}
	named := KeyRef{Kind: KeyNamed, Thumbprint: string(thumbprint(client().cert))}
	for _, c := range []struct {
		ref  KeyRef
		key  alg.Key
		good bool
	}{
		{sent, client().public(t), true},
		{sent, bare(client()), true},
		{sent, rsaUser().public(t), false},
		{sent, bare(rsaUser()), false},
		{sent, secret(t), false},
		{broken, client().public(t), false},
		{named, client().public(t), true},
		{named, bare(rsaUser()), true}, // who gives a key without a certificate says that it is the one
		{named, rsaUser().public(t), false},
		{named, secret(t), false},
	} {
		if err := c.ref.check(c.key); (err == nil) != c.good {
			t.Errorf("%v for %v: %v", c.key, c.ref, err)
		}
	}
	// The key that a reference carries itself.
	for _, c := range []struct {
		ref KeyRef
		ok  bool
	}{
		{sent, true},
		{broken, false},
		{named, false},
		{KeyRef{Kind: KeyNamed, PublicKey: "x"}, false},
		{KeyRef{Kind: KeyUser, PublicKey: "x"}, false},
		{KeyRef{Kind: KeyNamed}, false},
	} {
		if key, ok := c.ref.own(); ok != c.ok || ok == key.IsZero() || ok && !key.Equal(client().public(t)) {
			t.Errorf("%v carries %v, %v", c.ref, key, ok)
		}
	}
}
