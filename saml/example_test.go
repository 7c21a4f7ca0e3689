package saml_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log"
	"math/big"
	"time"

	"wstrust/saml"
)

// issuer makes a key and a certificate that are good for an example only.
func issuer() (saml.Key, *x509.Certificate) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example STS"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	key, err := saml.SigningKey(private)
	if err != nil {
		log.Fatal(err)
	}
	return key, certificate
}

// An issuer makes a bearer assertion, and the service it is for reads it.
func Example() {
	key, certificate := issuer()
	now := time.Now()
	token, err := saml.Build{
		Issuer:       "https://sts.example.com/",
		IssueInstant: now,
		Subject: saml.Subject{
			NameID:        "alice@example.com",
			Confirmations: []saml.Confirmation{{Kind: saml.Bearer}},
		},
		Conditions: saml.Conditions{
			NotBefore:    now,
			NotOnOrAfter: now.Add(time.Hour),
			Audiences:    [][]string{{"https://orders.example.com/"}},
		},
		Attributes: []saml.Attribute{{Name: "role", Values: []string{"buyer"}}},
	}.XML(key, []*x509.Certificate{certificate}, "")
	if err != nil {
		log.Fatal(err)
	}

	trusted := []*x509.Certificate{certificate}
	a, err := saml.Verify(token, trusted, "", saml.Checks{
		Now:       time.Now(),
		Audiences: []string{"https://orders.example.com/"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.Subject.NameID, a.Attribute("role"), "bearer:", a.Bearer())
	// Output: alice@example.com [buyer] bearer: true
}

// A token for one service is of no use at another.
func ExampleVerify_audience() {
	key, certificate := issuer()
	token, err := saml.Build{
		Version:      saml.V11,
		Issuer:       "https://sts.example.com/",
		IssueInstant: time.Now(),
		Subject:      saml.Subject{NameID: "alice", Confirmations: []saml.Confirmation{{Kind: saml.Bearer}}},
		Conditions:   saml.Conditions{NotOnOrAfter: time.Now().Add(time.Hour), Audiences: [][]string{{"https://orders.example.com/"}}},
		Authn:        []saml.AuthnStatement{{Class: "urn:oasis:names:tc:SAML:1.0:am:password", Instant: time.Now()}},
	}.XML(key, []*x509.Certificate{certificate}, "")
	if err != nil {
		log.Fatal(err)
	}
	_, err = saml.Verify(token, []*x509.Certificate{certificate}, "", saml.Checks{
		Now:       time.Now(),
		Audiences: []string{"https://billing.example.com/"},
	})
	fmt.Println(errors.Is(err, saml.ErrAudience))
	fmt.Println(err)
	// Output:
	// true
	// saml: check: it is for "https://orders.example.com/", we are "https://billing.example.com/": assertion is not for this audience
}

// A holder-of-key assertion names the key that its presenter must prove.
func ExampleBuild_holderOfKey() {
	key, certificate := issuer()
	_, user := issuer()
	token, err := saml.Build{
		Issuer:       "https://sts.example.com/",
		IssueInstant: time.Now(),
		Subject: saml.Subject{
			NameID:        "alice",
			Confirmations: []saml.Confirmation{{Kind: saml.HolderOfKey, Certificate: user}},
		},
		Conditions: saml.Conditions{NotOnOrAfter: time.Now().Add(time.Hour), Audiences: [][]string{{"urn:orders"}}},
	}.XML(key, []*x509.Certificate{certificate}, "")
	if err != nil {
		log.Fatal(err)
	}
	a, err := saml.Verify(token, []*x509.Certificate{certificate}, "", saml.Checks{Now: time.Now(), Audiences: []string{"urn:orders"}})
	if err != nil {
		log.Fatal(err)
	}
	holder, ok := a.HolderOfKey()
	fmt.Println(ok, holder.Certificate.Equal(user), "bearer:", a.Bearer())
	// Output: true true bearer: false
}
