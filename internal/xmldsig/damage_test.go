package xmldsig

import (
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/damage"
	"wstrust/internal/xmltree"
)

var update = flag.Bool("update", false, "write what the reader says about damaged documents into testdata")

// TestDamagedSignature breaks one thing at a time in a signature with all that
// a signature may have, and holds every refusal, its reason and its place
// against testdata. What is still accepted may be accepted: the KeyInfo and
// the Object are not signed.
func TestDamagedSignature(t *testing.T) {
	const (
		open  = `<r xmlns:u="` + xmltree.WSU + `" u:Id="r"><a u:Id="a">1</a><s:SecurityTokenReference xmlns:s="` + xmltree.WSSE + `" u:Id="s"/><token>t</token>`
		close = `</r>`
	)
	root := parse(t, open+close)
	resolver := func(str xmltree.Elem) (xmltree.Elem, error) {
		return xmltree.Parent(str).First("", "token"), nil
	}
	refs := []Ref{
		{ID: "r", Elem: root, Enveloped: true, Prefixes: []string{"p", "q"}},
		{ID: "a", Elem: root.First("", "a")},
		{ID: "s", Elem: root.First("", "token"), STR: root.First(xmltree.WSSE, "SecurityTokenReference")},
	}
	signed, err := Sign(testSecret, alg.Modern, "sig", refs, []byte(`<ds:KeyInfo><ds:KeyName>k</ds:KeyName></ds:KeyInfo><ds:Object>o</ds:Object>`))
	if err != nil {
		t.Fatal(err)
	}
	doc := open + string(signed) + close
	verdict := func(doc string) (string, error) {
		d, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
		if err != nil {
			return "", err
		}
		sig := find(d.Root(), "Signature")
		if !sig.OK() {
			return "no signature", nil
		}
		all, err := Verify(sig, testSecret, alg.Modern, resolver)
		var names []string
		for _, s := range all {
			names = append(names, s.Element().Path())
		}
		return strings.Join(names, " "), err
	}
	damage.Check(t, "testdata/damaged-signature.txt", *update, doc, damage.Range{Under: "Signature"}, verdict)
}

// TestDamagedPSS does the same to the parameters of RSASSA-PSS. No value is
// right, so a line says either what is wrong with the parameters or that they
// were taken and the value is wrong.
func TestDamagedPSS(t *testing.T) {
	const mgf = `<p:MaskGenerationFunction Algorithm="` + mgf1URI + `"><DigestMethod Algorithm="` + alg.DigestSHA384 + `"/></p:MaskGenerationFunction>`
	doc := `<r><a Id="a"/>` + signature(`<SignedInfo>`+canonExc+`<SignatureMethod Algorithm="`+pssURI+`"><p:RSAPSSParams xmlns:p="`+moreURI+`"><DigestMethod Algorithm="`+alg.DigestSHA384+`"/>`+
		mgf+`<p:SaltLength>48</p:SaltLength><p:TrailerField>1</p:TrailerField></p:RSAPSSParams></SignatureMethod>`+strings.Replace(ref("a", exc), "DIGEST(a)", "AAAA", 1)+`</SignedInfo><SignatureValue>AAAA</SignatureValue>`) + `</r>`
	key, err := alg.PublicKey(rsaKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	damage.Check(t, "testdata/damaged-pss.txt", *update, doc, damage.Range{Under: "SignatureMethod"}, func(doc string) (string, error) {
		d, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
		if err != nil {
			return "", err
		}
		_, err = Verify(find(d.Root(), "Signature"), key, alg.Modern, nil)
		if errors.Is(err, alg.ErrSignature) {
			return "but for the value", nil
		}
		return "", err
	})
}

// TestDamagedKeyInfo does the same to a KeyInfo with every form of hint.
func TestDamagedKeyInfo(t *testing.T) {
	point := p256Key().PublicKey
	octets, err := point.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	rsaValue := `<RSAKeyValue><Modulus>` + base64Of(new(big.Int).Lsh(big.NewInt(3), 2000).Bytes()) + `</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>`
	ecValue := `<e:ECKeyValue xmlns:e="` + xmltree.DSIG11 + `"><e:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/><e:PublicKey>` + base64Of(octets) + `</e:PublicKey></e:ECKeyValue>`
	for name, value := range map[string]string{"rsa": rsaValue, "ec": ecValue} {
		doc := `<KeyInfo xmlns="` + xmltree.DS + `"><X509Data><X509Certificate>MAA=</X509Certificate><X509IssuerSerial><X509IssuerName>CN=i</X509IssuerName><X509SerialNumber>7</X509SerialNumber></X509IssuerSerial>` +
			`<X509SKI>AQI=</X509SKI><X509SubjectName>CN=s</X509SubjectName></X509Data><KeyName>k</KeyName><KeyValue>` + value + `</KeyValue>` +
			`<s:SecurityTokenReference xmlns:s="` + xmltree.WSSE + `"/><x:EncryptedKey xmlns:x="` + xmltree.XENC + `"/></KeyInfo>`
		t.Run(name, func(t *testing.T) {
			damage.Check(t, "testdata/damaged-keyinfo-"+name+".txt", *update, doc, damage.Range{}, func(doc string) (string, error) {
				d, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
				if err != nil {
					return "", err
				}
				h, err := ReadKeyInfo(d.Root())
				return fmt.Sprintf("certificates %x\nissuer %q\nserial %v\nski %x\nsubject %q\nname %q\nkey %T\nstr %v\nencrypted %v", h.DER, h.IssuerName, h.Serial, h.SKI, h.SubjectName, h.KeyName, h.Public, h.STR.OK(), h.EncryptedKey.OK()), err
			})
		})
	}
}

func base64Of(octets []byte) string { return base64.StdEncoding.EncodeToString(octets) }
