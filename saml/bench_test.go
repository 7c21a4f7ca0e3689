package saml_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// answer is a response of an issuer, about 6.7 KB, with a SAML 2.0 assertion
// of eight attributes under an RSA-2048 signature.
func answer(t testing.TB) (message, assertion []byte) {
	b := saml.Build{
		Issuer:       "https://sts.example.com/services/trust",
		IssueInstant: noon,
		Subject: saml.Subject{
			NameID:        "alice@example.com",
			Format:        "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
			Confirmations: []saml.Confirmation{{Kind: saml.Bearer, NotOnOrAfter: noon.Add(time.Hour), Recipient: "https://orders.example.com/soap"}},
		},
		Conditions: saml.Conditions{NotBefore: noon, NotOnOrAfter: noon.Add(time.Hour), Audiences: [][]string{{"urn:rp"}}},
		Authn:      []saml.AuthnStatement{{Class: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", Instant: noon}},
	}
	for i := range 8 {
		b.Attributes = append(b.Attributes, saml.Attribute{
			Name:   fmt.Sprintf("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/attribute-%d", i),
			Format: "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
			Values: []string{fmt.Sprintf("value %d of an attribute", i), "another value of it, some forty octets long"},
		})
	}
	assertion = must(b.XML(must(saml.SigningKey(rsaKey())), []*x509.Certificate{rsaCert()}, ""))
	const head = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">http://docs.oasis-open.org/ws-sx/ws-trust/200512/RSTRC/IssueFinal</a:Action><a:RelatesTo>urn:uuid:00000000-0000-0000-0000-000000000000</a:RelatesTo></s:Header><s:Body><trust:RequestSecurityTokenResponseCollection xmlns:trust="http://docs.oasis-open.org/ws-sx/ws-trust/200512"><trust:RequestSecurityTokenResponse><trust:Lifetime><wsu:Created xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">2026-01-02T12:00:00.000Z</wsu:Created></trust:Lifetime><trust:RequestedSecurityToken>`
	const tail = `</trust:RequestedSecurityToken><trust:TokenType>http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0</trust:TokenType><trust:RequestType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue</trust:RequestType></trust:RequestSecurityTokenResponse></trust:RequestSecurityTokenResponseCollection></s:Body></s:Envelope>`
	return append(append([]byte(head), assertion...), tail...), assertion
}

func inside(e xmltree.Elem) xmltree.Elem {
	for !saml.Is(e) {
		var last xmltree.Elem
		for c := range e.Children {
			if c.Local() != "Header" && c.Local() != "Lifetime" && !last.OK() {
				last = c
			}
		}
		e = last
	}
	return e
}

// BenchmarkVerify is an answer from its octets to the checked assertion; the
// floor is the cryptography in it.
func BenchmarkVerify(b *testing.B) {
	message, _ := answer(b)
	certs := []*x509.Certificate{p256Cert(), rsaCert()}
	var d xmltree.Doc
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Parse(message, xmltree.Limits{}); err != nil {
			b.Fatal(err)
		}
		a, err := saml.VerifyElem(inside(d.Root()), certs, "")
		if err != nil {
			b.Fatal(err)
		}
		if err := a.Check(rp); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFloor(b *testing.B) {
	_, assertion := answer(b)
	info := make([]byte, 700)
	sum := sha256.Sum256(info)
	value := must(rsaKey().Sign(nil, sum[:], crypto.SHA256))
	b.ReportAllocs()
	for b.Loop() {
		sha256.Sum256(assertion)
		sum := sha256.Sum256(info)
		if err := rsa.VerifyPKCS1v15(&rsaKey().PublicKey, crypto.SHA256, sum[:], value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuildP256(b *testing.B) {
	key := must(saml.SigningKey(p256Key()))
	certs := []*x509.Certificate{p256Cert()}
	build := full(saml.V20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := build.XML(key, certs, ""); err != nil {
			b.Fatal(err)
		}
	}
}
