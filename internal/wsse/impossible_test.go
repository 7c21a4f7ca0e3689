package wsse

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// strange is a certificate of a key that nothing here can use.
func strange(t testing.TB) *x509.Certificate {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "strange"}}
	der, err := x509.CreateCertificate(nil, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// What cannot be written as it is asked for is not written at all, least of all with
// less protection, and the error says what is wrong.
func TestImpossibleOptions(t *testing.T) {
	assertion := build(t, saml.V20, issuer(), sealed(t, secret(t)))
	token := func(xml string) Issued { return Issued{XML: []byte(xml), Key: secret(t)} }
	nameless := func(space string) Issued { return token(`<a:Assertion xmlns:a="` + space + `"/>`) }
	context := func(inner string) Issued {
		return token(`<c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `">` + inner + `</c:SecurityContextToken>`)
	}
	attached := func(b []byte) Issued { return Issued{XML: assertion, Key: secret(t), Attached: b} }
	certificate := func(change func(*X509)) X509 {
		x := x509Token(client(), RefDirect, 0)
		change(&x)
		return x
	}
	unnamed := *client().cert
	unnamed.SubjectKeyId = nil
	deep := refTo(strings.Repeat("<o:a>", 63) + strings.Repeat("</o:a>", 63))
	deeper := refTo(strings.Repeat("<o:a>", 64) + strings.Repeat("</o:a>", 64))
	through := attached(attachedTo(assertion))
	through.STRTransform = true
	unseen := holderToken(t)
	unseen.Unsent = true
	public, err := alg.PublicKey(client().cert.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	signed := Protection{Sign: BodyTimestamp}
	sealing := func(p Protection) Protection {
		p.Sign, p.Encrypt = BodyTimestamp, PartBody
		return p
	}
	for name, c := range map[string]struct {
		token Token
		p     Protection
		old   bool // a header of version 1.0
		want  Class
		says  string
		is    error
	}{
		"a symmetric protection for nobody":       {user(), Protection{Sign: BodyTimestamp, Symmetric: true}, false, ClassPolicy, "symmetric protection without a recipient", nil},
		"the same, and another key":               {sharedToken(t), sealing(Protection{Symmetric: true}), false, ClassPolicy, "symmetric protection without a recipient", nil},
		"encrypted for a key that cannot":         {x509Token(client(), RefDirect, 0), sealing(Protection{Recipient: strange(t)}), false, ClassAlgorithm, "recipient", alg.ErrKey},
		"the same, with a shared key":             {sharedToken(t), sealing(Protection{Recipient: strange(t)}), false, ClassAlgorithm, "recipient", alg.ErrKey},
		"an unknown cipher":                       {user(), sealing(Protection{Recipient: service().cert, Cipher: "urn:x"}), false, ClassAlgorithm, `"urn:x"`, nil},
		"a recipient by thumbprint, in 1.0":       {user(), sealing(Protection{Recipient: service().cert, RecipientReference: RefThumbprint}), true, ClassPolicy, "version 1.1", nil},
		"a recipient without its key identifier":  {user(), sealing(Protection{Recipient: strange(t), RecipientReference: RefSKI}), false, ClassAlgorithm, "recipient", alg.ErrKey},
		"a recipient in an unknown way":           {user(), sealing(Protection{Recipient: service().cert, RecipientReference: 99}), false, ClassPolicy, "99", nil},
		"encrypted with a private key":            {x509Token(client(), RefDirect, 0), sealing(Protection{}), false, ClassPolicy, "nothing to encrypt with", nil},
		"the same, derived":                       {x509Token(client(), RefDirect, 0), sealing(Protection{Derived: Derived13}), false, ClassPolicy, "nothing to encrypt with", nil},
		"encrypted with no key":                   {user(), sealing(Protection{}), false, ClassPolicy, "nothing to encrypt with", nil},
		"encrypted with a key beyond reach":       {sharedToken(t), sealing(Protection{Derived: Derived13, DerivedKeys: DerivedKeys{Generation: 4, Length: 16}}), false, ClassPolicy, "derived keys", nil},
		"signed with a key that is too small":     {sharedToken(t), sealing(Protection{Derived: Derived13, DerivedKeys: DerivedKeys{Length: 8}}), false, ClassPolicy, "derived keys", nil},
		"derived from a key that is too far":      {attached(deep), Protection{Sign: BodyTimestamp, Derived: Derived13}, false, ClassLimit, "deeper", xmltree.ErrLimit},
		"a reference that is too deep":            {attached(deeper), signed, false, ClassLimit, "attached reference", xmltree.ErrLimit},
		"a reference that is no XML":              {attached([]byte("<o:")), signed, false, ClassFormat, "attached reference", xmltree.ErrFormat},
		"a reference that is another element":     {attached([]byte("<o/>")), signed, false, ClassFormat, "SecurityTokenReference", nil},
		"through a reference that is given":       {through, Protection{Sign: BodyTimestamp | PartToken}, false, ClassPolicy, "STR-Transform", nil},
		"neither sent nor referred to":            {unseen, signed, false, ClassPolicy, "not sent", nil},
		"embedded, and through a reference":       {Issued{XML: assertion, Key: secret(t), Embedded: true, STRTransform: true}, signed, false, ClassPolicy, "embedded token", nil},
		"an assertion without an id":              {nameless(xmltree.SAML20), signed, false, ClassPolicy, "has no id", nil},
		"an assertion of 1.1 without an id":       {nameless(xmltree.SAML11), signed, false, ClassPolicy, "has no id", nil},
		"a context without an identifier":         {context(""), signed, false, ClassFormat, "security context", nil},
		"a context with two":                      {context("<c:Identifier>a</c:Identifier><c:Identifier>b</c:Identifier>"), signed, false, ClassFormat, "security context", nil},
		"a token without an id":                   {token("<x/>"), signed, false, ClassPolicy, `"x" has no id`, nil},
		"a public key":                            {Issued{XML: assertion, Key: public}, signed, false, ClassAlgorithm, "does not sign", nil},
		"a certificate with the public key":       {certificate(func(x *X509) { x.Key = public }), signed, false, ClassPolicy, "private key", nil},
		"a certificate with a secret":             {certificate(func(x *X509) { x.Key = secret(t) }), signed, false, ClassPolicy, "private key", nil},
		"a certificate without a key":             {certificate(func(x *X509) { x.Key = alg.Key{} }), signed, false, ClassPolicy, "private key", nil},
		"a certificate with another's key":        {certificate(func(x *X509) { x.Key = mallory().key }), signed, false, ClassAlgorithm, "not that of the certificate", nil},
		"no certificate":                          {certificate(func(x *X509) { x.Certificates = nil }), signed, false, ClassPolicy, "needs a certificate", nil},
		"a path with a gap":                       {certificate(func(x *X509) { x.Certificates, x.Chain = append(x.Certificates, nil), true }), signed, false, ClassPolicy, "needs a certificate", nil},
		"a path that is too long":                 {certificate(func(x *X509) { x.Certificates, x.Chain = slices.Repeat(x.Certificates, maxPath+1), true }), signed, false, ClassLimit, "9 certificates", nil},
		"a certificate of a strange key":          {certificate(func(x *X509) { x.Certificates[0] = strange(t) }), signed, false, ClassAlgorithm, "X.509 token", alg.ErrKey},
		"a certificate named in an unknown way":   {certificate(func(x *X509) { x.Reference = 99 }), signed, false, ClassPolicy, "99", nil},
		"a certificate by thumbprint, in 1.0":     {certificate(func(x *X509) { x.Reference = RefThumbprint }), signed, true, ClassPolicy, "version 1.1", nil},
		"a certificate by an identifier it lacks": {certificate(func(x *X509) { x.Certificates[0], x.Reference = &unnamed, RefSKI }), signed, false, ClassPolicy, "no subject key identifier", nil},
		"a named certificate through a reference": {certificate(func(x *X509) { x.Reference, x.STRTransform = RefSKI, true }), signed, false, ClassPolicy, "STR-Transform", nil},
	} {
		o := Options{Tokens: []Token{c.token}, Protection: &c.p}
		if c.old {
			o.Version = V10
		}
		msg, x, err := Protect(protected(), o, now)
		switch {
		case ClassOf(err) != c.want || msg != nil || x != nil:
			t.Errorf("%s: %v", name, err)
		case !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is):
			t.Errorf("%s: %v, want it to say %s", name, err, c.says)
		case strings.Contains(err.Error(), "0123456789abcdef") || strings.Contains(err.Error(), secretWord):
			t.Errorf("%s: a secret in %v", name, err)
		}
	}
}

// A header block that cannot be read is refused also where nobody signs it, for
// nothing could be told of its name.
func TestImpossibleHeaders(t *testing.T) {
	for _, tokens := range [][]Token{{sharedToken(t)}, {user()}, nil} {
		for _, bad := range []string{"", "text", "<h>", `<h:H/>`, `<h/><h/>`} {
			out := outgoing()
			out.Headers = [][]byte{[]byte(`<h:H xmlns:h="urn:h"/>`), []byte(bad)}
			msg, _, err := Protect(out, Options{Tokens: tokens, Protection: &Protection{Sign: BodyTimestamp, AllHeaders: true}}, now)
			if ClassOf(err) != ClassFormat || !strings.Contains(err.Error(), "header") || msg != nil {
				t.Errorf("%q with %d tokens: %v", bad, len(tokens), err)
			}
		}
	}
}
