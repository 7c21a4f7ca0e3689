package saml_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/testkeys"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// Test keys and certificates, the same in each process.
var (
	rsaKey  = sync.OnceValue(func() *rsa.PrivateKey { return testkeys.RSA(1) })
	p256Key = sync.OnceValue(func() *ecdsa.PrivateKey { return testkeys.EC(elliptic.P256(), 1) })
	userKey = sync.OnceValue(func() *ecdsa.PrivateKey { return testkeys.EC(elliptic.P384(), 1) })

	rsaCert  = sync.OnceValue(func() *x509.Certificate { return certificate(rsaKey(), "issuer RSA", 1) })
	p256Cert = sync.OnceValue(func() *x509.Certificate { return certificate(p256Key(), "issuer P-256", 2) })
	userCert = sync.OnceValue(func() *x509.Certificate { return certificate(userKey(), "user", 3) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func certificate(key crypto.Signer, name string, serial int64) *x509.Certificate {
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Unix(1<<33, 0),
	}
	return testkeys.Certificate(tmpl, key)
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// full is an assertion with everything that the version has.
func full(v saml.Version) saml.Build {
	b := saml.Build{
		Version:      v,
		ID:           "_full",
		Issuer:       `https://sts.example/<&">`,
		IssueInstant: noon,
		Subject: saml.Subject{
			NameID:        " alice & \r\n\t<bob> ",
			Format:        "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
			NameQualifier: `q"`,
		},
		Conditions: saml.Conditions{
			NotBefore:    noon,
			NotOnOrAfter: noon.Add(time.Hour),
			Audiences:    [][]string{{"https://a.example/", "https://b.example/"}, {"urn:group"}},
			OneTimeUse:   true,
		},
		Attributes: []saml.Attribute{
			{Name: "roles", Values: []string{"admin", "", "ünï <x> ]]&gt;"}},
			{Name: "empty"},
			{Name: "group", Values: []string{"one"}},
			{Name: "role", Values: []string{"two", "three"}},
		},
		Authn: []saml.AuthnStatement{{Class: "urn:class", Instant: noon.Add(-time.Minute), Address: "10.0.0.1"}},
	}
	if v == saml.V11 {
		for i := range b.Attributes {
			b.Attributes[i].Namespace = "urn:claims"
		}
		return b
	}
	b.Subject.SPNameQualifier, b.Subject.SPProvidedID = "sp", "spid"
	b.Conditions.Proxy = &saml.ProxyRestriction{Count: 0, Audiences: []string{"urn:proxy"}}
	b.Attributes[0].Format, b.Attributes[0].FriendlyName = "urn:format", "friendly"
	b.Authn[0].SessionIndex, b.Authn[0].SessionNotOnOrAfter = "s1", noon.Add(2*time.Hour)
	b.Authn[0].Authorities = []string{"urn:idp"}
	return b
}

const encryptedKey = `<xenc:EncryptedKey xmlns:xenc="` + xmltree.XENC + `"><xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>`

func TestRoundTrip(t *testing.T) {
	confirmations := map[string][]saml.Confirmation{
		"none":        nil,
		"bearer":      {{Kind: saml.Bearer}},
		"certificate": {{Kind: saml.HolderOfKey, Certificate: userCert()}},
		"public key":  {{Kind: saml.HolderOfKey, Public: userKey().Public()}},
		"RSA key":     {{Kind: saml.HolderOfKey, Public: rsaKey().Public()}},
		"symmetric":   {{Kind: saml.HolderOfKey, EncryptedKey: []byte(encryptedKey)}},
		"vouched":     {{Kind: saml.SenderVouches}},
		"other":       {{Method: "urn:method"}},
		"two":         {{Kind: saml.Bearer}, {Kind: saml.HolderOfKey, Public: userKey().Public()}},
	}
	signers := map[string]struct {
		key  crypto.Signer
		cert *x509.Certificate
	}{"RSA": {rsaKey(), rsaCert()}, "P-256": {p256Key(), p256Cert()}}
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		for name, conf := range confirmations {
			for signerName, signer := range signers {
				t.Run(v.String()+"/"+name+"/"+signerName, func(t *testing.T) {
					b := full(v)
					b.Subject.Confirmations = conf
					if v == saml.V20 && name == "bearer" {
						b.Subject.Confirmations = []saml.Confirmation{{Kind: saml.Bearer, NotBefore: noon, NotOnOrAfter: noon.Add(time.Minute), Recipient: "https://a.example/acs", InResponseTo: "_req", Address: "10.0.0.2"}}
					}
					doc, err := b.XML(must(saml.SigningKey(signer.key)), []*x509.Certificate{signer.cert}, "")
					if err != nil {
						t.Fatal(err)
					}
					checks := saml.Checks{Now: noon, Audiences: []string{"urn:group", "https://b.example/"}}
					a, err := saml.Verify(doc, []*x509.Certificate{userCert(), signer.cert}, "", checks)
					if err != nil {
						t.Fatalf("%v\n%s", err, doc)
					}
					sameAssertion(t, b, a)
					if !a.Signer.Equal(signer.cert) {
						t.Error("wrong signer")
					}
					if !bytes.HasPrefix(doc, []byte(`<saml:Assertion xmlns:saml="`+v.Namespace()+`"`)) {
						t.Errorf("start tag: %.80s", doc)
					}
					if _, err := saml.Verify(doc, []*x509.Certificate{userCert()}, "", checks); !errors.Is(err, saml.ErrTrust) {
						t.Errorf("without trust: %v", err)
					}
				})
			}
		}
	}
}

func sameAssertion(t *testing.T, b saml.Build, a *saml.Assertion) {
	t.Helper()
	if a.Version != b.Version || a.ID != b.ID || a.Issuer != b.Issuer || !a.IssueInstant.Equal(b.IssueInstant) {
		t.Errorf("head: %v %q %q %v", a.Version, a.ID, a.Issuer, a.IssueInstant)
	}
	if !reflect.DeepEqual(a.Conditions, b.Conditions) {
		t.Errorf("conditions: %+v, built %+v", a.Conditions, b.Conditions)
	}
	if !reflect.DeepEqual(a.Attributes, b.Attributes) {
		t.Errorf("attributes: %+v, built %+v", a.Attributes, b.Attributes)
	}
	if !reflect.DeepEqual(a.Authn, b.Authn) {
		t.Errorf("authentication: %+v, built %+v", a.Authn, b.Authn)
	}
	got, want := a.Subject, b.Subject
	if len(got.Confirmations) != len(want.Confirmations) {
		t.Fatalf("%d confirmations, built %d", len(got.Confirmations), len(want.Confirmations))
	}
	for i := range want.Confirmations {
		g, w := got.Confirmations[i], want.Confirmations[i]
		if g.Kind != w.Kind || w.Method != "" && g.Method != w.Method || g.Method == "" {
			t.Errorf("confirmation %v %q, built %v %q", g.Kind, g.Method, w.Kind, w.Method)
		}
		if w.Certificate != nil {
			if !w.Certificate.Equal(g.Certificate) {
				t.Error("another certificate")
			}
			w.Public = w.Certificate.PublicKey
		}
		if (w.Public == nil) != (g.Public == nil) || w.Public != nil && !w.Public.(interface{ Equal(crypto.PublicKey) bool }).Equal(g.Public) {
			t.Errorf("public key %T, built %T", g.Public, w.Public)
		}
		if !bytes.Equal(g.EncryptedKey, w.EncryptedKey) || g.EncryptedKeyElement().OK() != (w.EncryptedKey != nil) {
			t.Errorf("encrypted key %q, built %q", g.EncryptedKey, w.EncryptedKey)
		}
		if !g.NotBefore.Equal(w.NotBefore) || !g.NotOnOrAfter.Equal(w.NotOnOrAfter) || g.Recipient != w.Recipient || g.InResponseTo != w.InResponseTo || g.Address != w.Address {
			t.Errorf("confirmation data %+v, built %+v", g, w)
		}
		if _, ok := a.HolderOfKey(); ok != has(want, saml.HolderOfKey) {
			t.Error("HolderOfKey")
		}
		if a.Bearer() != has(want, saml.Bearer) || a.SenderVouches() != has(want, saml.SenderVouches) {
			t.Error("Bearer or SenderVouches")
		}
	}
	got.Confirmations, want.Confirmations = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("subject %+v, built %+v", got, want)
	}
	if len(b.Subject.Confirmations) == 0 && a.Bearer() {
		t.Error("bearer without a confirmation")
	}
}

func has(s saml.Subject, k saml.Kind) bool {
	for _, c := range s.Confirmations {
		if c.Kind == k {
			return true
		}
	}
	return false
}

// The elements stand in the order of the schemas, with the signature after the
// issuer in 2.0 and last in 1.1.
func TestSchemaOrder(t *testing.T) {
	for v, want := range map[saml.Version]string{
		saml.V20: "Issuer Signature Subject Conditions AuthnStatement AttributeStatement",
		saml.V11: "Conditions AuthenticationStatement AttributeStatement Signature",
	} {
		doc := must(full(v).XML(must(saml.SigningKey(p256Key())), nil, ""))
		var got []string
		for c := range must(xmltree.Parse(doc, xmltree.Limits{})).Root().Children {
			got = append(got, c.Local())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v: %v", v, got)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	key := must(saml.SigningKey(p256Key()))
	for name, change := range map[string]func(*saml.Build){
		"no issuer":                func(b *saml.Build) { b.Issuer = "" },
		"no time":                  func(b *saml.Build) { b.IssueInstant = time.Time{} },
		"no subject":               func(b *saml.Build) { b.Subject = saml.Subject{} },
		"unknown version":          func(b *saml.Build) { b.Version = 7 },
		"id with a quote":          func(b *saml.Build) { b.ID = `a"b` },
		"id of digits":             func(b *saml.Build) { b.ID = `123` },
		"control character":        func(b *saml.Build) { b.Attributes[0].Values = []string{"a\x00b"} },
		"control character, name":  func(b *saml.Build) { b.Subject.NameID = "a\x0bb" },
		"malformed UTF-8":          func(b *saml.Build) { b.Issuer = "a\xff" },
		"attribute without a name": func(b *saml.Build) { b.Attributes[0].Name = "" },
		"empty restriction":        func(b *saml.Build) { b.Conditions.Audiences = [][]string{{}} },
		"unknown condition":        func(b *saml.Build) { b.Conditions.Unknown = []string{"x"} },
		"no key":                   func(b *saml.Build) { b.Subject.Confirmations = []saml.Confirmation{{Kind: saml.HolderOfKey}} },
		"two keys": func(b *saml.Build) {
			b.Subject.Confirmations = []saml.Confirmation{{Kind: saml.HolderOfKey, Certificate: userCert(), EncryptedKey: []byte(encryptedKey)}}
		},
		"bearer with a key": func(b *saml.Build) {
			b.Subject.Confirmations = []saml.Confirmation{{Kind: saml.Bearer, Certificate: userCert()}}
		},
		"no method": func(b *saml.Build) { b.Subject.Confirmations = []saml.Confirmation{{}} },
		"malformed sealed": func(b *saml.Build) {
			b.Subject.Confirmations = []saml.Confirmation{{Kind: saml.HolderOfKey, EncryptedKey: []byte("<a>")}}
		},
	} {
		b := full(saml.V20)
		change(&b)
		if out, err := b.XML(key, nil, ""); err == nil {
			t.Errorf("%s: built %s", name, out)
		}
	}
	b := full(saml.V11)
	b.Conditions.Proxy = &saml.ProxyRestriction{}
	if _, err := b.XML(key, nil, ""); err == nil {
		t.Error("SAML 1.1 with a proxy restriction")
	}
	b = full(saml.V11)
	b.Attributes, b.Authn = nil, nil
	if _, err := b.XML(key, nil, ""); err == nil {
		t.Error("SAML 1.1 without a statement")
	}
	b = full(saml.V11)
	hok := saml.Confirmation{Kind: saml.HolderOfKey, Public: userKey().Public()}
	b.Subject.Confirmations = []saml.Confirmation{hok, hok}
	if _, err := b.XML(key, nil, ""); err == nil {
		t.Error("SAML 1.1 with two keys")
	}
	if _, err := full(saml.V20).XML(must(alg.PublicKey(p256Key().Public())), nil, ""); !errors.Is(err, alg.ErrKey) {
		t.Errorf("signed with a public key: %v", err)
	}
}

func TestNewID(t *testing.T) {
	a, b := saml.NewID(), saml.NewID()
	if a == b || len(a) != 33 || a[0] != '_' {
		t.Errorf("%s %s", a, b)
	}
}
