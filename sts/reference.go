package sts

import (
	"crypto/x509"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// Identifiers from the SAML Token Profile 1.1 and SOAP Message Security 1.1.
const (
	wss10 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
	wss11 = "http://docs.oasis-open.org/wss/oasis-wss-"

	assertionID11  = wss11 + "saml-token-profile-1.0#SAMLAssertionID"
	assertionID20  = wss11 + "saml-token-profile-1.1#SAMLID"
	thumbprintSHA1 = wss11 + "soap-message-security-1.1#ThumbprintSHA1"
	base64Binary   = wss10 + "soap-message-security-1.0#Base64Binary"
)

// reference writes the wsse:SecurityTokenReference to an assertion: by its id,
// which works with the assertion in the same message and without.
func reference(v saml.Version, id string) []byte {
	valueType, tokenType := assertionID20, SAML20
	if v == saml.V11 {
		valueType, tokenType = assertionID11, SAML11
	}
	var b xmltree.Builder
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	b.Attr(xmltree.WSSE11, "TokenType", tokenType)
	b.Start(xmltree.WSSE, "KeyIdentifier")
	b.Attr("", "ValueType", valueType)
	b.Text(id)
	b.End()
	b.End()
	return b.Bytes()
}

// sealKey encrypts a proof key for a service.
func sealKey(secret []byte, to *x509.Certificate, suite alg.Suite) ([]byte, error) {
	session, err := alg.SecretKey(secret)
	if err != nil {
		return nil, err
	}
	key, err := alg.CertificateKey(to)
	if err != nil {
		return nil, err
	}
	keyInfo, err := byThumbprint(to)
	if err != nil {
		return nil, err
	}
	var b xmltree.Builder
	if err := xmlenc.SealKey(&b, session, "", key, keyInfo, nil, suite); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// sealAssertion makes a saml:EncryptedAssertion for a service.
func sealAssertion(assertion []byte, to *x509.Certificate, suite alg.Suite) ([]byte, error) {
	key, err := alg.CertificateKey(to)
	if err != nil {
		return nil, err
	}
	keyInfo, err := byThumbprint(to)
	if err != nil {
		return nil, err
	}
	var b xmltree.Builder
	b.Start(xmltree.SAML20, "EncryptedAssertion")
	if err := xmlenc.SealWith(&b, assertion, xmlenc.Element, "", key, keyInfo, suite); err != nil {
		return nil, err
	}
	b.End()
	return b.Bytes(), nil
}

// byThumbprint names a certificate in the way that every stack understands.
// The SHA-1 in it is a name and nothing else, so no suite has a say in it.
func byThumbprint(c *x509.Certificate) ([]byte, error) {
	sha1, err := alg.Legacy.Digest(alg.DigestSHA1)
	if err != nil {
		return nil, err
	}
	h := sha1()
	h.Write(c.Raw)
	var b xmltree.Builder
	b.Start(xmltree.DS, "KeyInfo")
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	b.Start(xmltree.WSSE, "KeyIdentifier")
	b.Attr("", "ValueType", thumbprintSHA1)
	b.Attr("", "EncodingType", base64Binary)
	b.Base64(h.Sum(nil))
	b.End()
	b.End()
	b.End()
	return b.Bytes(), nil
}
