package saml_test

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// token is a signed bearer assertion for audience urn:rp.
func token(t testing.TB, v saml.Version, change func(*saml.Build)) string {
	t.Helper()
	b := saml.Build{
		Version:      v,
		ID:           "_orig",
		Issuer:       "urn:issuer",
		IssueInstant: noon,
		Subject:      saml.Subject{NameID: "alice", Confirmations: []saml.Confirmation{{Kind: saml.Bearer}}},
		Conditions:   saml.Conditions{NotBefore: noon, NotOnOrAfter: noon.Add(time.Hour), Audiences: [][]string{{"urn:rp"}}},
		Attributes:   []saml.Attribute{{Name: "role", Values: []string{"user"}}},
	}
	if change != nil {
		change(&b)
	}
	return string(must(b.XML(must(saml.SigningKey(p256Key())), []*x509.Certificate{p256Cert()}, "")))
}

var rp = saml.Checks{Now: noon, Audiences: []string{"urn:rp"}}

func trusted() []*x509.Certificate { return []*x509.Certificate{rsaCert(), p256Cert()} }

func TestCheck(t *testing.T) {
	hour := time.Hour
	for _, c := range []struct {
		name   string
		change func(*saml.Build)
		checks saml.Checks
		want   error
	}{
		{"good", nil, rp, nil},
		{"good, among others", nil, saml.Checks{Now: noon, Audiences: []string{"urn:x", "urn:rp"}}, nil},
		{"no time given", nil, saml.Checks{Audiences: rp.Audiences}, saml.ErrCondition},
		{"within the skew before", nil, saml.Checks{Now: noon.Add(-5 * time.Minute), Audiences: rp.Audiences}, nil},
		{"before the skew", nil, saml.Checks{Now: noon.Add(-5*time.Minute - time.Millisecond), Audiences: rp.Audiences}, saml.ErrNotYetValid},
		{"within the skew after", nil, saml.Checks{Now: noon.Add(hour + 5*time.Minute - time.Millisecond), Audiences: rp.Audiences}, nil},
		{"after the skew", nil, saml.Checks{Now: noon.Add(hour + 5*time.Minute), Audiences: rp.Audiences}, saml.ErrExpired},
		{"last moment without skew", nil, saml.Checks{Now: noon.Add(hour - time.Millisecond), Skew: -1, Audiences: rp.Audiences}, nil},
		{"at NotOnOrAfter without skew", nil, saml.Checks{Now: noon.Add(hour), Skew: -1, Audiences: rp.Audiences}, saml.ErrExpired},
		{"at NotBefore without skew", nil, saml.Checks{Now: noon, Skew: -1, Audiences: rp.Audiences}, nil},
		{"before NotBefore without skew", nil, saml.Checks{Now: noon.Add(-time.Millisecond), Skew: -1, Audiences: rp.Audiences}, saml.ErrNotYetValid},
		{"issued in the future", func(b *saml.Build) { b.IssueInstant = noon.Add(6 * time.Minute) }, rp, saml.ErrNotYetValid},
		{"never valid", func(b *saml.Build) { b.Conditions.NotBefore = noon.Add(hour) }, rp, saml.ErrCondition},
		{"no times", func(b *saml.Build) { b.Conditions.NotBefore, b.Conditions.NotOnOrAfter = time.Time{}, time.Time{} }, rp, nil},

		{"T5 other audience", nil, saml.Checks{Now: noon, Audiences: []string{"urn:other"}}, saml.ErrAudience},
		{"T5 prefix", nil, saml.Checks{Now: noon, Audiences: []string{"urn:r"}}, saml.ErrAudience},
		{"T5 longer", nil, saml.Checks{Now: noon, Audiences: []string{"urn:rp/"}}, saml.ErrAudience},
		{"T5 case", nil, saml.Checks{Now: noon, Audiences: []string{"urn:RP"}}, saml.ErrAudience},
		{"T5 no restriction", func(b *saml.Build) { b.Conditions.Audiences = nil }, rp, saml.ErrAudience},
		{"T5 no audience given", nil, saml.Checks{Now: noon}, saml.ErrAudience},
		{"any audience", nil, saml.Checks{Now: noon, InsecureAnyAudience: true}, nil},
		{"any audience, no restriction", func(b *saml.Build) { b.Conditions.Audiences = nil }, saml.Checks{Now: noon, InsecureAnyAudience: true}, nil},
		{"one of two restrictions", func(b *saml.Build) { b.Conditions.Audiences = [][]string{{"urn:rp"}, {"urn:x"}} }, rp, saml.ErrAudience},
		{"both restrictions", func(b *saml.Build) { b.Conditions.Audiences = [][]string{{"urn:y", "urn:rp"}, {"urn:rp"}} }, rp, nil},

		{"confirmation expired", confirm(saml.Confirmation{Kind: saml.Bearer, NotOnOrAfter: noon.Add(-hour)}), rp, saml.ErrExpired},
		{"confirmation not yet valid", confirm(saml.Confirmation{Kind: saml.Bearer, NotBefore: noon.Add(hour)}), rp, saml.ErrNotYetValid},
		{"recipient", confirm(saml.Confirmation{Kind: saml.Bearer, Recipient: "urn:me"}), saml.Checks{Now: noon, Audiences: rp.Audiences, Recipient: "urn:me"}, nil},
		{"other recipient", confirm(saml.Confirmation{Kind: saml.Bearer, Recipient: "urn:me"}), saml.Checks{Now: noon, Audiences: rp.Audiences, Recipient: "urn:you"}, saml.ErrCondition},
	} {
		_, err := saml.Verify([]byte(token(t, saml.V20, c.change)), trusted(), "", c.checks)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if c.want == saml.ErrExpired && !strings.Contains(err.Error(), c.checks.Now.Format(time.RFC3339)) {
			t.Errorf("%s: %v lacks our clock", c.name, err)
		}
	}
}

func confirm(c saml.Confirmation) func(*saml.Build) {
	return func(b *saml.Build) { b.Subject.Confirmations = []saml.Confirmation{c} }
}

// resigned changes an assertion before it is signed, so that what is wrong with
// it is not its signature.
func resigned(t testing.TB, v saml.Version, from, to string) string {
	t.Helper()
	doc := token(t, v, nil)
	start := strings.Index(doc, "<ds:Signature")
	end := strings.Index(doc, "</ds:Signature>") + len("</ds:Signature>")
	unsigned := doc[:start] + doc[end:]
	if !strings.Contains(unsigned, from) {
		t.Fatalf("no %q in %s", from, unsigned)
	}
	unsigned = strings.Replace(unsigned, from, to, 1)
	d, err := xmltree.Parse([]byte(unsigned), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	sig, err := xmldsig.Sign(must(saml.SigningKey(p256Key())), "", "", []xmldsig.Ref{{ID: "_orig", Elem: d.Root(), Enveloped: true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := len(unsigned) - len("</saml:Assertion>")
	if v == saml.V20 {
		at = strings.Index(unsigned, "</saml:Issuer>") + len("</saml:Issuer>")
	}
	return unsigned[:at] + string(sig) + unsigned[at:]
}

// An honest signer's malformed assertions, and some that are unusual and fine.
func TestRead(t *testing.T) {
	bearer := `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>`
	hok := `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"><saml:SubjectConfirmationData>%</saml:SubjectConfirmationData></saml:SubjectConfirmation>`
	keyInfo := `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `">%</ds:KeyInfo>`
	value := string(must(xmldsig.KeyValue(userKey().Public())))
	value = value[strings.Index(value, "<ds:KeyValue"):strings.Index(value, "</ds:KeyInfo")]
	statement := token(t, saml.V11, nil)
	statement = statement[strings.Index(statement, "<saml:AttributeStatement"):strings.Index(statement, "<ds:Signature")]
	hok11 := func(pub crypto.PublicKey) string {
		return strings.Replace(strings.Replace(statement, ":bearer<", ":holder-of-key<", 1), `</saml:SubjectConfirmation>`, string(must(xmldsig.KeyValue(pub)))+`</saml:SubjectConfirmation>`, 1)
	}
	in := func(outer, inner string) string { return strings.Replace(outer, "%", inner, 1) }
	for _, c := range []struct {
		name     string
		v        saml.Version
		from, to string
		want     error
	}{
		{"untouched", saml.V20, `alice`, `alice`, nil},
		{"untouched", saml.V11, `alice`, `alice`, nil},
		{"advice", saml.V20, `<saml:AttributeStatement>`, `<saml:Advice><x/></saml:Advice><saml:AttributeStatement>`, nil},
		{"structured value", saml.V20, `>user<`, `><x>user</x><`, nil},
		{"white space around an audience", saml.V20, `>urn:rp<`, "> urn:rp\n<", nil},
		{"name after the confirmation", saml.V20, `<saml:NameID>alice</saml:NameID>` + bearer, bearer + `<saml:NameID>alice</saml:NameID>`, nil},

		{"W27 comment in the name", saml.V20, `alice`, `ali<!-- -->ce`, xmltree.ErrFormat},
		{"W27 comment in the name", saml.V11, `alice`, `ali<!-- -->ce`, xmltree.ErrFormat},
		{"W27 comment in the issuer", saml.V20, `urn:issuer`, `urn:<!-- -->issuer`, xmltree.ErrFormat},
		{"W27 comment in the audience", saml.V20, `>urn:rp<`, `>urn:rp<!-- -->.evil<`, xmltree.ErrFormat},
		{"W27 comment in the audience", saml.V11, `>urn:rp<`, `>urn:rp<!-- -->.evil<`, xmltree.ErrFormat},
		{"W27 comment in a value", saml.V20, `>user<`, `>us<!-- -->er<`, xmltree.ErrFormat},
		{"W27 element in the name", saml.V20, `alice`, `<b>alice</b>`, xmltree.ErrFormat},
		{"T17 unknown condition", saml.V20, `</saml:Conditions>`, `<saml:Condition/></saml:Conditions>`, saml.ErrCondition},
		{"T17 foreign condition", saml.V20, `</saml:Conditions>`, `<x/></saml:Conditions>`, saml.ErrCondition},
		{"T17 condition of the other version", saml.V20, `</saml:Conditions>`, `<saml:DoNotCacheCondition/></saml:Conditions>`, saml.ErrCondition},
		{"T17 unknown condition", saml.V11, `</saml:Conditions>`, `<saml:Condition/></saml:Conditions>`, saml.ErrCondition},
		{"T17 proxy restriction in 1.1", saml.V11, `</saml:Conditions>`, `<saml:ProxyRestriction/></saml:Conditions>`, saml.ErrCondition},
		{"proxy restriction", saml.V20, `</saml:Conditions>`, `<saml:ProxyRestriction Count="2"/></saml:Conditions>`, nil},
		{"proxy restriction twice", saml.V20, `</saml:Conditions>`, `<saml:ProxyRestriction/><saml:ProxyRestriction/></saml:Conditions>`, xmltree.ErrFormat},
		{"proxy count", saml.V20, `</saml:Conditions>`, `<saml:ProxyRestriction Count="-1"/></saml:Conditions>`, xmltree.ErrFormat},
		{"no proxy count", saml.V20, `</saml:Conditions>`, `<saml:ProxyRestriction Count=""/></saml:Conditions>`, xmltree.ErrFormat},
		{"empty restriction", saml.V20, `<saml:Audience>urn:rp</saml:Audience>`, ``, xmltree.ErrFormat},
		{"empty audience", saml.V20, `>urn:rp<`, `> <`, xmltree.ErrFormat},
		{"foreign element among audiences", saml.V20, `<saml:Audience>`, `<x/><saml:Audience>`, xmltree.ErrFormat},
		{"text in conditions", saml.V20, `<saml:AudienceRestriction>`, `x<saml:AudienceRestriction>`, xmltree.ErrFormat},
		{"conditions twice", saml.V20, `</saml:Conditions>`, `</saml:Conditions><saml:Conditions/>`, xmltree.ErrFormat},
		{"conditions before the subject", saml.V20, `<saml:Subject>`, `<saml:Conditions/><saml:Subject>`, xmltree.ErrFormat},
		{"statement before the conditions", saml.V20, `<saml:Conditions`, `<saml:AttributeStatement/><saml:Conditions`, xmltree.ErrFormat},
		{"empty issuer", saml.V20, `urn:issuer`, ``, xmltree.ErrFormat},
		{"holder of two keys", saml.V20, bearer, in(hok, in(keyInfo, value+`<ds:X509Data><ds:X509Certificate>`+base64.StdEncoding.EncodeToString(p256Cert().Raw)+`</ds:X509Certificate></ds:X509Data>`)), xmltree.ErrFormat},
		{"holder of one key, said twice", saml.V20, bearer, in(hok, in(keyInfo, value+`<ds:X509Data><ds:X509Certificate>`+base64.StdEncoding.EncodeToString(userCert().Raw)+`</ds:X509Certificate></ds:X509Data>`)), nil},
		{"subject twice", saml.V20, `</saml:Subject>`, `</saml:Subject><saml:Subject/>`, xmltree.ErrFormat},
		{"name twice", saml.V20, bearer, bearer + `<saml:NameID>bob</saml:NameID>`, xmltree.ErrFormat},
		{"empty name", saml.V20, `alice`, ``, xmltree.ErrFormat},
		{"issuer twice", saml.V20, `</saml:Issuer>`, `</saml:Issuer><saml:Issuer>b</saml:Issuer>`, xmltree.ErrFormat},
		{"foreign child", saml.V20, `</saml:Subject>`, `</saml:Subject><x/>`, xmltree.ErrFormat},
		{"W7 assertion as a child", saml.V20, `</saml:Subject>`, `</saml:Subject><saml:Assertion/>`, xmltree.ErrFormat},
		{"text", saml.V20, `</saml:Subject>`, `</saml:Subject>x`, xmltree.ErrFormat},
		{"version 2.1", saml.V20, `Version="2.0"`, `Version="2.1"`, xmltree.ErrFormat},
		{"version 1.0", saml.V11, `MinorVersion="1"`, `MinorVersion="0"`, xmltree.ErrFormat},
		{"time without a zone", saml.V20, `NotOnOrAfter="2026-01-02T13:00:00.000Z"`, `NotOnOrAfter="2026-01-02T13:00:00.000"`, xmltree.ErrFormat},
		{"no time", saml.V20, `IssueInstant="2026-01-02T12:00:00.000Z"`, ``, xmltree.ErrFormat},
		{"no issuer", saml.V11, `Issuer="urn:issuer"`, ``, xmltree.ErrFormat},
		{"no method", saml.V20, ` Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"`, ``, xmltree.ErrFormat},
		{"holder of no key", saml.V20, bearer, in(hok, ``), xmltree.ErrFormat},
		{"holder of a key we do not know", saml.V20, bearer, in(hok, in(keyInfo, `<ds:KeyName>k</ds:KeyName>`)), xmltree.ErrFormat},
		{"holder of one of two keys", saml.V20, bearer, in(hok, strings.Repeat(in(keyInfo, encryptedKey), 2)), xmltree.ErrFormat},
		{"holder of an encrypted key", saml.V20, bearer, in(hok, in(keyInfo, encryptedKey)), nil},
		{"no statement", saml.V11, statement, ``, xmltree.ErrFormat},
		{"confirmation without a method", saml.V11, `<saml:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:bearer</saml:ConfirmationMethod>`, ``, xmltree.ErrFormat},
		{"one subject twice", saml.V11, statement, hok11(userKey().Public()) + hok11(userKey().Public()), nil},
		{"one name, two keys", saml.V11, statement, hok11(userKey().Public()) + hok11(p256Key().Public()), xmltree.ErrFormat},
		{"two subjects", saml.V11, `<saml:AttributeStatement>`, `<saml:AuthenticationStatement AuthenticationMethod="a" AuthenticationInstant="2026-01-02T12:00:00Z"><saml:Subject><saml:NameIdentifier>bob</saml:NameIdentifier></saml:Subject></saml:AuthenticationStatement><saml:AttributeStatement>`, xmltree.ErrFormat},
		{"statement without a subject", saml.V11, `<saml:AttributeStatement>`, `<saml:AuthenticationStatement/><saml:AttributeStatement>`, xmltree.ErrFormat},
	} {
		_, err := saml.Verify([]byte(resigned(t, c.v, c.from, c.to)), trusted(), "", rp)
		if !errors.Is(err, c.want) {
			t.Errorf("%v %s: got %v, want %v", c.v, c.name, err, c.want)
		}
	}
}

func TestOneTimeUseIsShown(t *testing.T) {
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		a, err := saml.Verify([]byte(token(t, v, func(b *saml.Build) { b.Conditions.OneTimeUse = true })), trusted(), "", rp)
		if err != nil || !a.Conditions.OneTimeUse {
			t.Errorf("%v: %+v %v", v, a, err)
		}
	}
}

// The classical wrappings of SAML (W1 to W9, W18), each with a signature that
// is good over the original. Whoever asks for the assertion at the place where
// an application looks must never get the forged one.
func TestWrapping(t *testing.T) {
	orig := token(t, saml.V20, nil)
	start := strings.Index(orig, "<ds:Signature")
	end := strings.Index(orig, "</ds:Signature>") + len("</ds:Signature>")
	sig, bare := orig[start:end], orig[:start]+orig[end:]
	evil := strings.NewReplacer("_orig", "_evil", "alice", "mallory").Replace(bare)
	evilSame := strings.Replace(bare, "alice", "mallory", 1)
	after := func(doc, at, what string) string { return strings.Replace(doc, at, at+what, 1) }
	inSig := func(what string) string { return strings.Replace(sig, "</ds:Signature>", what+"</ds:Signature>", 1) }
	const issuer = "</saml:Issuer>"

	// The signature is good, and it does not matter where among the children
	// it stands: what is read is what was digested, without it.
	for _, doc := range []string{orig, strings.Replace(bare, "</saml:Assertion>", sig+"</saml:Assertion>", 1)} {
		a, err := saml.Verify([]byte(doc), trusted(), "", rp)
		if err != nil || a.Subject.NameID != "alice" {
			t.Fatal(err)
		}
		plain := must(xmltree.Parse([]byte(doc), xmltree.Limits{})).Root()
		signed := must(xmldsig.Verify(plain.First(xmltree.DS, "Signature"), must(alg.CertificateKey(p256Cert())), "", nil))
		b := must(saml.FromCovered(signed[0], plain))
		if a.Element().First(xmltree.DS, "Signature").OK() || b.Element().First(xmltree.DS, "Signature").OK() {
			t.Error("the element shows the signature that was not digested")
		}
	}
	for _, c := range []struct {
		name, doc string
		want      error
	}{
		{"W3 forged before the signed", `<r>` + evil + orig + `</r>`, saml.ErrUnsigned},
		{"W9 forged before the signed, same id", `<r>` + evilSame + orig + `</r>`, saml.ErrUnsigned},
		{"W9 same id, forged carries a signature too", `<r>` + after(evilSame, issuer, sig) + orig + `</r>`, xmldsig.ErrWrapping},
		{"W4 forged around the signed", `<r>` + strings.Replace(evil, "</saml:Assertion>", orig+"</saml:Assertion>", 1) + `</r>`, saml.ErrUnsigned},
		{"W5 signature in the forged, original after", `<r>` + after(evil, issuer, sig) + bare + `</r>`, xmldsig.ErrWrapping},
		{"W5 signature in the forged, signed original after", `<r>` + after(evil, issuer, sig) + orig + `</r>`, alg.ErrSignature},
		{"W6 original in the signature of the forged", `<r>` + after(evil, issuer, inSig(bare)) + `</r>`, xmldsig.ErrWrapping},
		{"W8 original in an object of the signature", `<r>` + after(evil, issuer, inSig("<ds:Object>"+bare+"</ds:Object>")) + `</r>`, xmldsig.ErrWrapping},
		{"W7 original in the advice of the forged", `<r>` + after(strings.Replace(evil, "<saml:AttributeStatement>", "<saml:Advice>"+bare+"</saml:Advice><saml:AttributeStatement>", 1), issuer, sig) + `</r>`, xmldsig.ErrWrapping},
		{"W2 forged with a signature beside it", `<r>` + evil + sig + `</r>`, saml.ErrUnsigned},
		{"W18 signature left out", `<r>` + bare + `</r>`, saml.ErrUnsigned},
		{"W18 two signatures", `<r>` + after(orig, issuer, sig) + `</r>`, xmldsig.ErrWrapping},
		{"signature deeper", `<r>` + strings.Replace(bare, "<saml:AttributeStatement>", "<saml:Advice>"+sig+"</saml:Advice><saml:AttributeStatement>", 1) + `</r>`, saml.ErrUnsigned},
		{"name altered", `<r>` + strings.Replace(orig, "alice", "mallory", 1) + `</r>`, alg.ErrSignature},
	} {
		d, err := xmltree.Parse([]byte(c.doc), xmltree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := saml.VerifyElem(d.Root().First(xmltree.SAML20, "Assertion"), trusted(), "")
		if !errors.Is(err, c.want) || a != nil {
			t.Errorf("%s: got %+v, %v, want %v", c.name, a, err, c.want)
		}
	}
}

// A signature by someone else, with a certificate of one's own enclosed (C3).
func TestTrust(t *testing.T) {
	doc := []byte(token(t, saml.V20, nil))
	noKeyInfo := []byte(resigned(t, saml.V20, "alice", "alice"))
	key := must(saml.SigningKey(userKey()))
	b := saml.Build{ID: "_orig", Issuer: "urn:issuer", IssueInstant: noon, Subject: saml.Subject{NameID: "alice"}, Conditions: saml.Conditions{Audiences: [][]string{{"urn:rp"}}}}
	own := must(b.XML(key, []*x509.Certificate{userCert()}, ""))
	claims := must(b.XML(key, []*x509.Certificate{p256Cert()}, "")) // encloses the trusted one
	silent := must(b.XML(key, nil, ""))
	crossed := must(b.XML(must(saml.SigningKey(p256Key())), []*x509.Certificate{userCert()}, ""))
	many := make([]*x509.Certificate, 8, 9)
	for i := range many {
		many[i] = certificate(userKey(), "another", int64(100+i))
	}
	for _, c := range []struct {
		name    string
		doc     []byte
		trusted []*x509.Certificate
		want    error
	}{
		{"selected by its certificate", doc, trusted(), nil},
		{"no key information", noKeyInfo, trusted(), nil},
		{"no key information, one trusted", noKeyInfo, []*x509.Certificate{p256Cert()}, nil},
		{"no key information, another one trusted", noKeyInfo, []*x509.Certificate{userCert()}, alg.ErrSignature},
		{"no key information, trusted one too far down", noKeyInfo, append(many, p256Cert()), alg.ErrSignature},
		{"C3 own certificate", own, trusted(), saml.ErrTrust},
		{"C3 own key, trusted certificate", claims, trusted(), alg.ErrKey},
		{"C3 no key information", silent, trusted(), alg.ErrSignature},
		{"nobody is trusted", doc, nil, saml.ErrTrust},
		{"nobody is trusted, no key information", noKeyInfo, nil, saml.ErrTrust},
		{"selected by its certificate, signed by another trusted one", crossed, append(trusted(), userCert()), alg.ErrKey},
	} {
		a, err := saml.Verify(c.doc, c.trusted, "", rp)
		if !errors.Is(err, c.want) && !(c.want == alg.ErrKey && errors.Is(err, alg.ErrSignature)) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && !a.Signer.Equal(p256Cert()) {
			t.Errorf("%s: signer %v", c.name, a.Signer.Subject)
		}
	}
	if _, err := saml.Verify(doc, trusted(), alg.Basic256, rp); !errors.Is(err, alg.ErrAlgorithm) {
		t.Errorf("suite without the algorithm: %v", err)
	}
	if _, err := saml.Verify([]byte("<a/>"), trusted(), "", rp); !errors.Is(err, xmltree.ErrFormat) {
		t.Errorf("no assertion: %v", err)
	}
	if _, err := saml.FromSigned(xmldsig.Signed{}); !errors.Is(err, saml.ErrUnsigned) {
		t.Errorf("the zero Signed: %v", err)
	}
}

// An assertion inside a signed message, which the sender vouches for.
func TestFromCovered(t *testing.T) {
	bare := resigned(t, saml.V20, "alice", "alice")
	start, end := strings.Index(bare, "<ds:Signature"), strings.Index(bare, "</ds:Signature>")+len("</ds:Signature>")
	bare = bare[:start] + bare[end:]
	msg := `<m><b Id="b">` + bare + `</b><c>` + strings.Replace(bare, "_orig", "_other", 1) + `</c>`
	d := must(xmltree.Parse([]byte(msg+`</m>`), xmltree.Limits{}))
	sig := must(xmldsig.Sign(must(saml.SigningKey(userKey())), "", "", []xmldsig.Ref{{ID: "b", Elem: d.Root().First("", "b")}}, nil))
	d = must(xmltree.Parse([]byte(msg+string(sig)+`</m>`), xmltree.Limits{}))
	signed, err := xmldsig.Verify(d.Root().First(xmltree.DS, "Signature"), must(alg.PublicKey(userKey().Public())), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := saml.FromCovered(signed[0], d.Root().First("", "b").First(xmltree.SAML20, "Assertion"))
	if err != nil || a.Subject.NameID != "alice" || a.Signer != nil {
		t.Errorf("%+v %v", a, err)
	}
	if _, err := saml.FromCovered(signed[0], d.Root().First("", "c").First(xmltree.SAML20, "Assertion")); !errors.Is(err, saml.ErrUnsigned) {
		t.Errorf("outside what is signed: %v", err)
	}
	if _, err := saml.FromSigned(signed[0]); !errors.Is(err, xmltree.ErrFormat) {
		t.Errorf("what is signed is no assertion: %v", err)
	}
}

func TestEncrypted(t *testing.T) {
	d := must(xmltree.Parse([]byte(`<saml:EncryptedAssertion xmlns:saml="`+xmltree.SAML20+`"><x:EncryptedData xmlns:x="`+xmltree.XENC+`"/></saml:EncryptedAssertion>`), xmltree.Limits{}))
	data, ok, err := saml.Encrypted(d.Root())
	if !ok || err != nil || !data.Is(xmltree.XENC, "EncryptedData") {
		t.Error(ok, err)
	}
	if _, ok, _ := saml.Encrypted(data); ok {
		t.Error("anything is an encrypted assertion")
	}
}

func TestReadUnverified(t *testing.T) {
	u, err := saml.ReadUnverified([]byte(strings.Replace(token(t, saml.V20, nil), "alice", "mallory", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if u.Subject.NameID != "mallory" || !u.Signed || !u.Signer.Equal(p256Cert()) || u.SignatureMethod != alg.ECDSASHA256 || u.DigestMethod != alg.DigestSHA256 || u.Canonicalization != xmltree.EXCC14N || u.Attributes[0].Values[0] != "user" {
		t.Errorf("%+v", u)
	}
	if _, err := saml.ReadUnverified([]byte("<a/>")); err == nil {
		t.Error("anything is an assertion")
	}
}
