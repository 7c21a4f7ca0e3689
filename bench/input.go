package main

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
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"text/template"
	"time"
)

// input is what every benchmark of a run reads. It is made anew by each run,
// with keys that live as long, and without a line of the code under test.
type input struct {
	now    time.Time
	key    *rsa.PrivateKey
	cert   *x509.Certificate
	ecKey  *ecdsa.PrivateKey
	ecCert *x509.Certificate
	signed        // RSA-2048, SHA-256, enveloped, exclusive C14N
	ec     signed // the same with P-256
}

// signed is one assertion, the message it comes in, and what a verifier of it
// hashes and checks.
type signed struct {
	assertion                    []byte
	answer                       []byte // SOAP 1.2, RSTR collection of WS-Trust 1.3
	token, signedInfo, signature []byte
}

func newInput(now time.Time) (*input, error) {
	in := &input{now: now}
	var err error
	if in.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	if in.cert, err = certificate(in.key, now); err != nil {
		return nil, err
	}
	if in.ecKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	if in.ecCert, err = certificate(in.ecKey, now); err != nil {
		return nil, err
	}
	if in.signed, err = newSigned(in.key, in.cert, now); err != nil {
		return nil, err
	}
	in.ec, err = newSigned(in.ecKey, in.ecCert, now)
	return in, err
}

func newSigned(key crypto.Signer, cert *x509.Certificate, now time.Time) (s signed, err error) {
	a, err := etreeAssertion(key, cert, "_b41ef3c6-6d0e-4e4b-8d5f-2f9a6a1c7e10", now)
	if err != nil {
		return s, err
	}
	if s.assertion, err = serialize(a); err != nil {
		return s, err
	}
	if s.token, s.signedInfo, s.signature, err = octets(s.assertion); err != nil {
		return s, err
	}
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		// goxmldsig writes ECDSA values as DER, which no one else reads.
		plain, err := rs(s.signature, 32)
		if err != nil {
			return s, err
		}
		s.assertion = replaceText(s.assertion, s.signature, plain)
	}
	s.answer, err = soapAnswer(soap12, s.assertion, now, relation)
	return s, err
}

// rs turns a DER ECDSA signature into the two numbers side by side, each of
// size octets, as XML Signature writes it.
func rs(der []byte, size int) ([]byte, error) {
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &v); err != nil {
		return nil, err
	}
	out := make([]byte, 2*size)
	v.R.FillBytes(out[:size])
	v.S.FillBytes(out[size:])
	return out, nil
}

// replaceText puts one base64 text in the place of another.
func replaceText(doc, was, is []byte) []byte {
	enc := base64.StdEncoding.EncodeToString
	return bytes.Replace(doc, []byte(enc(was)), []byte(enc(is)), 1)
}

// certificate makes a self-signed certificate of the size that issuers use.
func certificate(key crypto.Signer, now time.Time) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(0x5eed),
		Subject:      pkix.Name{CommonName: "ADFS Signing - sts.example.com (a benchmark's test key)"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "ADFS Signing - sts.example.com (a benchmark's test key)"}},
		key.Public(), key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

const (
	soap11 = "http://schemas.xmlsoap.org/soap/envelope/"
	soap12 = "http://www.w3.org/2003/05/soap-envelope"
)

var answerForm = template.Must(template.New("answer").Parse(`<s:Envelope xmlns:s="{{.SOAP}}" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"><s:Header>` +
	`<a:Action s:mustUnderstand="1">http://docs.oasis-open.org/ws-sx/ws-trust/200512/RSTRC/IssueFinal</a:Action><a:RelatesTo>{{.RelatesTo}}</a:RelatesTo>` +
	`<o:Security s:mustUnderstand="1" xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><u:Timestamp u:Id="_0"><u:Created>{{.Created}}</u:Created><u:Expires>{{.Till}}</u:Expires></u:Timestamp></o:Security>` +
	`</s:Header><s:Body><trust:RequestSecurityTokenResponseCollection xmlns:trust="http://docs.oasis-open.org/ws-sx/ws-trust/200512"><trust:RequestSecurityTokenResponse>` +
	`<trust:Lifetime><u:Created>{{.Created}}</u:Created><u:Expires>{{.Expires}}</u:Expires></trust:Lifetime>` +
	`<trust:RequestedSecurityToken>{{.Token}}</trust:RequestedSecurityToken>` +
	`<trust:TokenType>http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0</trust:TokenType>` +
	`<trust:KeyType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer</trust:KeyType>` +
	`</trust:RequestSecurityTokenResponse></trust:RequestSecurityTokenResponseCollection></s:Body></s:Envelope>`))

// soapAnswer is an issuer's answer that holds the assertion as it is.
func soapAnswer(soap string, assertion []byte, now time.Time, relatesTo string) ([]byte, error) {
	const form = "2006-01-02T15:04:05.000Z"
	var b bytes.Buffer
	err := answerForm.Execute(&b, map[string]string{
		"SOAP": soap, "RelatesTo": relatesTo, "Token": string(assertion),
		"Created": now.UTC().Format(form), "Till": now.UTC().Add(5 * time.Minute).Format(form),
		"Expires": now.UTC().Add(time.Hour).Format(form),
	})
	return b.Bytes(), err
}

func (in *input) String() string {
	return fmt.Sprintf("a SOAP 1.2 answer of %d octets that holds a SAML 2.0 assertion of %d, RSA-2048 and SHA-256, exclusive C14N, %d attributes, X509 KeyInfo",
		len(in.answer), len(in.assertion), len(attributes))
}

func pemKey(key crypto.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}

func pemCert(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}
