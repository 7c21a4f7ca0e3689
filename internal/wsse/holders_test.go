package wsse

import (
	"crypto/x509"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// An assertion is by whoever its issuer's name is entrusted to, or any name is; and
// the name that its certificates are looked for under is the one that it has.
func TestIssuersByName(t *testing.T) {
	bearer := saml.Confirmation{Kind: saml.Bearer}
	named := func(name string) []byte {
		b := saml.Build{
			Version: saml.V20, Issuer: name, IssueInstant: now,
			Subject: saml.Subject{NameID: "alice", Confirmations: []saml.Confirmation{bearer}},
		}
		x, err := b.XML(issuer().key, []*x509.Certificate{issuer().cert}, "")
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	ours, other := []*x509.Certificate{issuer().cert}, []*x509.Certificate{mallory().cert}
	for name, c := range map[string]struct {
		xml  []byte
		from map[string][]*x509.Certificate
		want Class
	}{
		"by its name":               {named("urn:sts"), map[string][]*x509.Certificate{"urn:sts": ours}, 0},
		"by any name":               {named("urn:sts"), map[string][]*x509.Certificate{"": ours}, 0},
		"by any name, and another":  {named("urn:sts"), map[string][]*x509.Certificate{"": ours, "urn:sts": other}, 0},
		"by another name":           {named("urn:sts"), map[string][]*x509.Certificate{"urn:other": ours, "": other}, ClassTrust},
		"by almost its name":        {named(" urn:sts"), map[string][]*x509.Certificate{"urn:sts": ours}, ClassWrapping},
		"by almost its name, twice": {named(" urn:sts"), map[string][]*x509.Certificate{"": ours}, ClassWrapping},
	} {
		l := trust()
		l.Issuers = c.from
		ev, err := receive(t, protect(t, Options{Tokens: []Token{Issued{XML: c.xml}}}), l, Policy{TLS: true}, now, 0)
		if ClassOf(err) != c.want || err == nil && ev.Assertion.Subject.NameID != "alice" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One that is encrypted and that nobody signed is no sender's to vouch for, and is not
// passed over because there are senders who may vouch.
func TestEncryptedAssertionIsSigned(t *testing.T) {
	plain := withoutSignature(t, build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.SenderVouches}))
	sealed := Issued{XML: encryptedAssertion(t, plain, service(), true)}
	l := reader(t)
	for _, l.Vouchers = range [][]alg.Key{nil, {rsaUser().public(t)}} {
		msg := protect(t, Options{Tokens: []Token{x509Token(rsaUser(), RefDirect, BodyTimestamp), sealed}})
		_, err := receive(t, msg, l, Policy{TLS: true}, now, 0)
		wantClass(t, err, ClassSignature)
	}
}

// The holder of the key that an assertion confirms is known by it however the
// signature names it, whether or not the key is trusted for itself as well.
func TestHolderByAnyName(t *testing.T) {
	pair := makeIdentity("twin", 31, benchRSA())
	sameKey := makeIdentity("other twin", 32, benchRSA())
	for _, conf := range []saml.Confirmation{holderOf(pair), {Kind: saml.HolderOfKey, Certificate: pair.cert}} {
		token := Issued{XML: build(t, saml.V20, issuer(), conf)}
		for name, c := range map[string]struct {
			signer  X509
			trusted []identity
			want    Class // where only the key is confirmed, and not the certificate
			cert    Class
		}{
			"with its certificate":             {x509Token(pair, RefDirect, BodyTimestamp), nil, 0, 0},
			"with its key":                     {x509Token(pair, RefKeyValue, BodyTimestamp), nil, 0, 0},
			"by the name of its certificate":   {x509Token(pair, RefSKI, BodyTimestamp), nil, ClassTrust, 0},
			"by another's name":                {x509Token(sameKey, RefSKI, BodyTimestamp), nil, ClassTrust, ClassTrust},
			"with the certificate of another":  {x509Token(mallory(), RefDirect, BodyTimestamp), nil, ClassTrust, ClassTrust},
			"trusted, with its certificate":    {x509Token(pair, RefDirect, BodyTimestamp), []identity{pair}, 0, 0},
			"trusted, by its name":             {x509Token(pair, RefSKI, BodyTimestamp), []identity{pair}, 0, 0},
			"somebody else's, who is trusted":  {x509Token(mallory(), RefDirect, BodyTimestamp), []identity{mallory()}, ClassPolicy, ClassPolicy},
			"somebody else's, trusted by name": {x509Token(mallory(), RefSKI, BodyTimestamp), []identity{mallory()}, ClassPolicy, ClassPolicy},
		} {
			want := c.want
			if conf.Certificate != nil {
				want = c.cert
			}
			msg := protect(t, Options{Tokens: []Token{token, c.signer}})
			ev, err := receive(t, msg, trust(c.trusted...), Policy{TLS: true}, now, 0)
			if ClassOf(err) != want {
				t.Errorf("%s: %v", name, err)
			}
			if err == nil && (ev.Confirmation != saml.HolderOfKey || !ev.Signers[0].Holder || ev.Certificate != nil) {
				t.Errorf("%s: %v, %+v", name, ev.Confirmation, ev.Signers[0])
			}
		}
	}
}

// The key of the holder is looked for only where a signature could prove it: an
// assertion that its bearer may show as well is not refused for a key that is
// encrypted for somebody else.
func TestHolderKeyIsOpenedForSignatures(t *testing.T) {
	either := build(t, saml.V20, issuer(), sealed(t, secret(t)), saml.Confirmation{Kind: saml.Bearer})
	l := trust(client())
	ev, err := receive(t, protect(t, Options{Tokens: []Token{Issued{XML: either}}}), l, Policy{TLS: true}, now, 0)
	if err != nil || ev.Confirmation != saml.Bearer {
		t.Errorf("%+v, %v", ev, err)
	}
	_, err = receive(t, protect(t, Options{Tokens: []Token{Issued{XML: either, Key: secret(t)}}}), l, Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassDecrypt)
	// Bearer alone has no key, whoever signs beside it.
	ev, err = receive(t, protect(t, Options{Tokens: []Token{bearerToken(t), x509Token(client(), RefDirect, BodyTimestamp)}}), l, Policy{TLS: true}, now, 0)
	if err != nil || ev.Confirmation != saml.Bearer || ev.Signers[0].Holder {
		t.Errorf("%+v, %v", ev, err)
	}
}

// Which of our keys something is for: every way to name its certificate is understood,
// and what says nothing that can be understood is for the only one that there is.
func TestNamesOfOurKeys(t *testing.T) {
	ours, other := Recipient{service().key, service().cert}, Recipient{rsaUser().key, rsaUser().cert}
	str := func(inner string) string {
		return `<w:SecurityTokenReference xmlns:w="` + xmltree.WSSE + `" xmlns:d="` + xmltree.DS + `">` + inner + `</w:SecurityTokenReference>`
	}
	for name, c := range map[string]struct {
		info string
		says bool
	}{
		"its certificate":          {str(`<w:KeyIdentifier ValueType="` + typeX509v3 + `">` + base64Of(service().cert.Raw) + `</w:KeyIdentifier>`), true},
		"its key identifier":       {str(`<w:KeyIdentifier ValueType="` + typeSKI + `">` + base64Of(service().cert.SubjectKeyId) + `</w:KeyIdentifier>`), true},
		"its name":                 {`<d:KeyName xmlns:d="` + xmltree.DS + `">service</d:KeyName>`, true},
		"an empty name":            {str(`<d:KeyName/>`), false},
		"its certificate, derived": {strings.Replace(str(`<w:KeyIdentifier ValueType="`+typeX509v3+`">`+base64Of(service().cert.Raw)+`</w:KeyIdentifier>`), " ", ` xmlns:c="`+xmltree.SC13+`" c:Nonce="!" `, 1), false},
		"something to be found":    {`<d:RetrievalMethod xmlns:d="` + xmltree.DS + `" URI="#x"/>`, false},
		"nothing":                  {``, false},
	} {
		key := parsed(t, strings.Replace(anRSAKey, `<x:CipherData>`, `<d:KeyInfo xmlns:d="`+xmltree.DS+`">`+c.info+`</d:KeyInfo><x:CipherData>`, 1))
		v := verifierWith(nil)
		v.sec = key // where references are looked up
		v.states = []state{{sec: key}}
		v.cred.Recipients = []Recipient{ours}
		if got, err := v.recipient(key); err != nil || !got.Equal(ours.Key) {
			t.Errorf("%s, the only one: %v", name, err)
		}
		v.cred.Recipients = []Recipient{other, ours}
		got, err := v.recipient(key)
		if c.says && (err != nil || !got.Equal(ours.Key)) || !c.says && ClassOf(err) != ClassDecrypt {
			t.Errorf("%s, one of two: %v", name, err)
		}
	}
	// Who looks after the service is told what it lacks.
	key := parsed(t, strings.Replace(anRSAKey, `<x:CipherData>`, `<d:KeyInfo xmlns:d="`+xmltree.DS+`"><d:KeyName>client</d:KeyName></d:KeyInfo><x:CipherData>`, 1))
	for says, own := range map[string][]Recipient{"no key to decrypt with": nil, "another key than ours": {ours}} {
		v := verifierWith(nil)
		v.cred.Recipients = own
		if _, err := v.recipient(key); ClassOf(err) != ClassDecrypt || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}
