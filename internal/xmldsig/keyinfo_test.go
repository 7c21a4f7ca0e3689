package xmldsig

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

func keyInfo(t testing.TB, children string) xmltree.Elem {
	t.Helper()
	return parse(t, `<KeyInfo xmlns="`+xmltree.DS+`" xmlns:d="`+xmltree.DSIG11+`" xmlns:o="`+xmltree.WSSE+`" xmlns:x="`+xmltree.XENC+`">`+children+`</KeyInfo>`)
}

func TestKeyValueRoundTrip(t *testing.T) {
	for _, key := range []crypto.Signer{rsaKey(), p256Key(), p384Key(), p521Key()} {
		out, err := KeyValue(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		h, err := ReadKeyInfo(parse(t, string(out)))
		if err != nil {
			t.Fatal(err)
		}
		if !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(h.Public) {
			t.Errorf("%T comes back as another key", key)
		}
	}
	if _, err := KeyValue("no key"); !errors.Is(err, alg.ErrKey) {
		t.Error(err)
	}
}

func TestReadKeyInfo(t *testing.T) {
	cert := certificate(t, p256Key(), 7, pkix.Name{CommonName: "a"}, []byte{1, 2, 3})
	h, err := ReadKeyInfo(parse(t, string(X509KeyInfo(cert, cert))))
	if err != nil || len(h.DER) != 2 || !bytes.Equal(h.DER[0], cert.Raw) {
		t.Fatalf("%+v %v", h, err)
	}
	if certs, err := h.Certificates(); err != nil || !certs[1].Equal(cert) {
		t.Error(err)
	}
	h, err = ReadKeyInfo(keyInfo(t, `<KeyName> k </KeyName><X509Data><X509IssuerSerial><X509IssuerName>CN=a</X509IssuerName><X509SerialNumber> 340282366920938463463374607431768211456 </X509SerialNumber></X509IssuerSerial><X509SKI>AQID</X509SKI><X509SubjectName>CN=b</X509SubjectName><X509CRL>AAAA</X509CRL></X509Data><MgmtData>x</MgmtData><o:SecurityTokenReference/><x:EncryptedKey/>`))
	if err != nil {
		t.Fatal(err)
	}
	if h.KeyName != "k" || h.IssuerName != "CN=a" || h.Serial.BitLen() != 129 || !bytes.Equal(h.SKI, []byte{1, 2, 3}) || h.SubjectName != "CN=b" || !h.STR.OK() || !h.EncryptedKey.OK() {
		t.Errorf("%+v", h)
	}
	rsaValue := string(must(KeyValue(rsaKey().Public())))
	rsaValue = rsaValue[strings.Index(rsaValue, "<ds:KeyValue"):strings.Index(rsaValue, "</ds:KeyInfo")]
	rsaValue = strings.ReplaceAll(rsaValue, "ds:", "")
	offCurve := base64.StdEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...))
	for name, c := range map[string]struct {
		xml  string
		want error
	}{
		"C4 RetrievalMethod":     {`<RetrievalMethod URI="http://localhost/"/>`, alg.ErrAlgorithm},
		"C4 KeyInfoReference":    {`<d:KeyInfoReference URI="#a"/>`, alg.ErrAlgorithm},
		"key name twice":         {`<KeyName>a</KeyName><KeyName>b</KeyName>`, xmltree.ErrFormat},
		"key name with comment":  {`<KeyName>a<!-- -->b</KeyName>`, xmltree.ErrFormat},
		"STR twice":              {`<o:SecurityTokenReference/><o:SecurityTokenReference/>`, xmltree.ErrFormat},
		"SKI twice":              {`<X509Data><X509SKI>AQID</X509SKI></X509Data><X509Data><X509SKI>AQID</X509SKI></X509Data>`, xmltree.ErrFormat},
		"empty SKI":              {`<X509Data><X509SKI/></X509Data>`, xmltree.ErrFormat},
		"subject twice":          {`<X509Data><X509SubjectName>CN=a</X509SubjectName><X509SubjectName>CN=b</X509SubjectName></X509Data>`, xmltree.ErrFormat},
		"issuer without serial":  {`<X509Data><X509IssuerSerial><X509IssuerName>CN=a</X509IssuerName></X509IssuerSerial></X509Data>`, xmltree.ErrFormat},
		"serial in letters":      {`<X509Data><X509IssuerSerial><X509IssuerName>CN=a</X509IssuerName><X509SerialNumber>0x1</X509SerialNumber></X509IssuerSerial></X509Data>`, xmltree.ErrFormat},
		"serial without end":     {`<X509Data><X509IssuerSerial><X509IssuerName>CN=a</X509IssuerName><X509SerialNumber>` + strings.Repeat("1", 101) + `</X509SerialNumber></X509IssuerSerial></X509Data>`, xmltree.ErrFormat},
		"certificate not base64": {`<X509Data><X509Certificate>*</X509Certificate></X509Data>`, xmltree.ErrFormat},
		"17 certificates":        {`<X509Data>` + strings.Repeat(`<X509Certificate>AAAA</X509Certificate>`, 17) + `</X509Data>`, xmltree.ErrLimit},
		"key value twice":        {rsaValue + rsaValue, xmltree.ErrFormat},
		"empty key value":        {`<KeyValue/>`, xmltree.ErrFormat},
		"DSA":                    {`<KeyValue><DSAKeyValue/></KeyValue>`, alg.ErrAlgorithm},
		"huge exponent":          {`<KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>////////////</Exponent></RSAKeyValue></KeyValue>`, alg.ErrKey},
		"exponent one":           {`<KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQ==</Exponent></RSAKeyValue></KeyValue>`, alg.ErrKey},
		"unknown curve":          {`<KeyValue><d:ECKeyValue><d:NamedCurve URI="urn:oid:1.2"/><d:PublicKey>BAAA</d:PublicKey></d:ECKeyValue></KeyValue>`, alg.ErrAlgorithm},
		"point not on the curve": {`<KeyValue><d:ECKeyValue><d:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/><d:PublicKey>` + offCurve + `</d:PublicKey></d:ECKeyValue></KeyValue>`, alg.ErrKey},
	} {
		if _, err := ReadKeyInfo(keyInfo(t, c.xml)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadKeyInfo(parse(t, "<KeyInfo/>")); !errors.Is(err, xmltree.ErrFormat) {
		t.Error(err)
	}
}

func TestSelect(t *testing.T) {
	name := pkix.Name{CommonName: "Signer, One", Organization: []string{"Örg  A"}, Country: []string{"DE"}}
	a := certificate(t, rsaKey(), 1, name, []byte{1})
	b := certificate(t, p256Key(), 2, pkix.Name{CommonName: "b"}, []byte{2})
	sameSKI := certificate(t, p384Key(), 3, pkix.Name{CommonName: "c"}, []byte{1})
	sameKey := certificate(t, rsaKey(), 4, pkix.Name{CommonName: "d"}, []byte{4})
	trusted := []*x509.Certificate{a, b}
	serial := func(s string, n int) string {
		return fmt.Sprintf(`<X509Data><X509IssuerSerial><X509IssuerName>%s</X509IssuerName><X509SerialNumber>%d</X509SerialNumber></X509IssuerSerial></X509Data>`, s, n)
	}
	x509data := func(c *x509.Certificate) string {
		return `<X509Data><X509Certificate>` + base64.StdEncoding.EncodeToString(c.Raw) + `</X509Certificate></X509Data>`
	}
	for _, c := range []struct {
		name, xml string
		trusted   []*x509.Certificate
		want      *x509.Certificate
	}{
		{"certificate", x509data(b), trusted, b},
		{"certificate that is trusted twice", x509data(b), []*x509.Certificate{b, a, b}, b},
		{"C3 certificate that is not trusted", x509data(sameSKI), trusted, nil},
		{"C3 other certificate of a trusted key", x509data(sameKey), trusted, nil},
		{"chain", x509data(sameSKI) + x509data(a), trusted, a},
		{"chain of two trusted", x509data(b) + x509data(a), trusted, nil},
		{"issuer and serial", serial(`CN=Signer\, One,O=Örg A,C=DE`, 1), trusted, a},
		{"issuer and serial, quoted", serial(`CN="Signer, One", O=örg a , C=de`, 1), trusted, a},
		{"issuer and serial, forward", serial(`C=DE, O=Örg A, CN=Signer\, One`, 1), trusted, a},
		{"issuer and serial, escaped octets", serial(`CN=Signer\2C One,O=\C3\96rg A,C=DE`, 1), trusted, a},
		{"issuer and other serial", serial(`CN=Signer\, One,O=Örg A,C=DE`, 2), trusted, nil},
		{"serial of another issuer", serial(`CN=b`, 1), trusted, nil},
		{"part of the issuer", serial(`CN=Signer\, One,O=Örg A`, 1), trusted, nil},
		{"SKI", `<X509Data><X509SKI>Ag==</X509SKI></X509Data>`, trusted, b},
		{"C15 SKI of two", `<X509Data><X509SKI>AQ==</X509SKI></X509Data>`, []*x509.Certificate{a, sameSKI}, nil},
		{"SKI and certificate that differ", `<X509Data><X509SKI>Ag==</X509SKI></X509Data>` + x509data(a), trusted, nil},
		{"subject", `<X509Data><X509SubjectName>2.5.4.3=b</X509SubjectName></X509Data>`, trusted, b},
		{"key value", keyValueXML(t, p256Key().Public()), trusted, b},
		{"key value of two certificates", keyValueXML(t, rsaKey().Public()), []*x509.Certificate{a, sameKey}, nil},
		{"C3 key value that is not trusted", keyValueXML(t, p521Key().Public()), trusted, nil},
		{"key name", `<KeyName>b</KeyName>`, trusted, b},
		{"key name that is a name", `<KeyName>CN=b</KeyName>`, trusted, b},
		{"key name beside a certificate", `<KeyName>any</KeyName>` + x509data(b), trusted, b},
		{"unknown key name", `<KeyName>any</KeyName>`, trusted, nil},
		{"nothing", ``, trusted, nil},
		{"nothing, one trusted", ``, []*x509.Certificate{b}, nil},
		{"no trusted", x509data(b), nil, nil},
	} {
		h, err := ReadKeyInfo(keyInfo(t, c.xml))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		got, err := Select(h, c.trusted)
		if got != c.want {
			t.Errorf("%s: selected %v", c.name, got)
		}
		if (err == nil) != (c.want != nil) || err != nil && !errors.Is(err, ErrTrust) {
			t.Errorf("%s: %v", c.name, err)
		}
		if h.Selects() != (c.xml != "") {
			t.Errorf("%s: Selects() = %v", c.name, h.Selects())
		}
	}
}

func keyValueXML(t testing.TB, pub crypto.PublicKey) string {
	switch pub.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey:
	default:
		t.Fatalf("%T", pub)
	}
	s := string(must(KeyValue(pub)))
	s = s[strings.Index(s, "<ds:KeyValue"):strings.Index(s, "</ds:KeyInfo")]
	return strings.NewReplacer("ds:", "", "dsig11:", "d:", "xmlns:dsig11", "xmlns:d").Replace(s)
}

func TestParseName(t *testing.T) {
	for _, c := range []struct {
		in   string
		want string // "" if malformed
	}{
		{`CN=a`, `2.5.4.3=a`},
		{`cn = a b , O=c`, `2.5.4.3=a b|2.5.4.10=c`},
		{`CN=a+OU=b;O=c`, `2.5.4.11=b+2.5.4.3=a|2.5.4.10=c`},
		{`CN=a\+b`, `2.5.4.3=a+b`},
		{`CN="a,b"`, `2.5.4.3=a,b`},
		{`CN="a\"b" , C=d`, `2.5.4.3=a"b|2.5.4.6=d`},
		{`CN=#0C0161`, `2.5.4.3=a`},
		{`OID.2.5.4.3=a`, `2.5.4.3=a`},
		{`E=x@y,emailAddress=z`, `1.2.840.113549.1.9.1=x@y|1.2.840.113549.1.9.1=z`},
		{``, ``},
		{`CN`, ``},
		{`foo=a`, ``},
		{`CN="a`, ``},
		{`CN="a"b`, ``},
		{`CN=a\`, ``},
		{`CN=#zz`, ``},
		{`CN=a,`, ``},
		{"CN=\xff", ``},
		{strings.Repeat("CN=a,", 1000) + "CN=a", ``},
	} {
		got, ok := parseName(c.in)
		var parts []string
		for _, rdn := range got {
			parts = append(parts, strings.Join(rdn, "+"))
		}
		if s := strings.Join(parts, "|"); ok != (c.want != "") || ok && s != c.want {
			t.Errorf("%q: %q %v", c.in, s, ok)
		}
	}
}
