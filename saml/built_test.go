package saml_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// TestBuiltOctets holds what is written for each optional field, alone in an
// assertion that has nothing else, against testdata: nothing is forgotten, and
// nothing is written that was not asked for.
func TestBuiltOctets(t *testing.T) {
	one := func(c saml.Confirmation) func(*saml.Build) {
		return func(b *saml.Build) { b.Subject.Confirmations = []saml.Confirmation{c} }
	}
	var lines []string
	for _, c := range []struct {
		name   string
		change func(*saml.Build)
	}{
		{"nothing else", func(*saml.Build) {}},
		{"no name", func(b *saml.Build) {
			b.Subject = saml.Subject{Confirmations: []saml.Confirmation{{Kind: saml.SenderVouches}}}
		}},
		{"not before", func(b *saml.Build) { b.Conditions.NotBefore = noon }},
		{"not on or after", func(b *saml.Build) { b.Conditions.NotOnOrAfter = noon }},
		{"audience", func(b *saml.Build) { b.Conditions.Audiences = [][]string{{"urn:a"}} }},
		{"once", func(b *saml.Build) { b.Conditions.OneTimeUse = true }},
		{"proxy", func(b *saml.Build) { b.Conditions.Proxy = &saml.ProxyRestriction{Count: -1} }},
		{"proxy with count", func(b *saml.Build) { b.Conditions.Proxy = &saml.ProxyRestriction{Count: 1} }},
		{"attribute", func(b *saml.Build) {
			b.Authn, b.Attributes = nil, []saml.Attribute{{Name: "n", Namespace: "ns", Values: []string{"v"}}}
		}},
		{"authentication", func(b *saml.Build) { b.Authn = []saml.AuthnStatement{{Class: "urn:c", Instant: noon}} }},
		{"address", func(b *saml.Build) { b.Authn = []saml.AuthnStatement{{Address: "10.0.0.1"}} }},
		{"confirmation until", one(saml.Confirmation{Kind: saml.Bearer, NotOnOrAfter: noon})},
		{"confirmation from", one(saml.Confirmation{Kind: saml.Bearer, NotBefore: noon})},
		{"confirmation for a recipient", one(saml.Confirmation{Kind: saml.Bearer, Recipient: "urn:r"})},
		{"confirmation in response", one(saml.Confirmation{Kind: saml.Bearer, InResponseTo: "_r"})},
		{"confirmation for an address", one(saml.Confirmation{Kind: saml.Bearer, Address: "10.0.0.1"})},
		{"confirmations of two kinds", func(b *saml.Build) {
			b.Subject.Confirmations = []saml.Confirmation{{Kind: saml.HolderOfKey, EncryptedKey: []byte(encryptedKey)}, {Kind: saml.Bearer}}
		}},
	} {
		for _, v := range []saml.Version{saml.V20, saml.V11} {
			b := saml.Build{Version: v, ID: "_i", Issuer: "urn:i", IssueInstant: noon, Subject: saml.Subject{NameID: "alice"}, Authn: []saml.AuthnStatement{{}}}
			c.change(&b)
			if v == saml.V11 && b.Conditions.Proxy != nil {
				continue
			}
			doc, err := b.XML(must(saml.SigningKey(p256Key())), nil, "")
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			before, rest, _ := strings.Cut(string(doc), "<ds:Signature")
			_, after, _ := strings.Cut(rest, "</ds:Signature>")
			if strings.Contains(rest, "KeyInfo") && !strings.Contains(after, "KeyInfo") {
				t.Errorf("%s: key information without a certificate", c.name)
			}
			lines = append(lines, v.String()+" "+c.name+": "+before+"[signature]"+after)
		}
	}
	const file = "testdata/built.txt"
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.Split(string(must(os.ReadFile(file))), "\n")
	for i, line := range lines {
		if line != want[i] {
			t.Errorf("got  %s\nwant %s", line, want[i])
		}
	}
}

// A key that cannot be written is an error, not an assertion without it.
func TestBuildRefusesKeysItCannotWrite(t *testing.T) {
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		b := full(v)
		b.Subject.Confirmations = []saml.Confirmation{{Kind: saml.HolderOfKey, Public: "no key"}}
		if doc, err := b.XML(must(saml.SigningKey(p256Key())), nil, ""); err == nil {
			t.Errorf("%v: built %s", v, doc)
		}
	}
}

// Methods are those of the assertion's own version; another version's is one
// that nobody here knows.
func TestMethodsOfTheOtherVersion(t *testing.T) {
	for v, uri := range map[saml.Version]string{
		saml.V11: "urn:oasis:names:tc:SAML:2.0:cm:bearer",
		saml.V20: "urn:oasis:names:tc:SAML:1.0:cm:bearer",
	} {
		a, err := saml.Verify([]byte(token(t, v, confirm(saml.Confirmation{Method: uri}))), trusted(), "", rp)
		if err != nil {
			t.Fatal(err)
		}
		if k := a.Subject.Confirmations[0].Kind; k != saml.OtherKind {
			t.Errorf("%v: %s is %v", v, uri, k)
		}
	}
}

// What one version calls a condition is unknown in the other, and what is not
// understood makes the assertion worth nothing.
func TestConditionsOfTheOtherVersion(t *testing.T) {
	for _, c := range []struct {
		v         saml.Version
		condition string
	}{
		{saml.V20, `<saml:AudienceRestrictionCondition><saml:Audience>urn:rp</saml:Audience></saml:AudienceRestrictionCondition>`},
		{saml.V20, `<saml:DoNotCacheCondition/>`},
		{saml.V11, `<saml:AudienceRestriction><saml:Audience>urn:rp</saml:Audience></saml:AudienceRestriction>`},
		{saml.V11, `<saml:OneTimeUse/>`},
		{saml.V11, `<saml:ProxyRestriction Count="1"/>`},
	} {
		u := must(saml.ReadUnverified([]byte(resigned(t, c.v, "</saml:Conditions>", c.condition+"</saml:Conditions>"))))
		if len(u.Conditions.Unknown) != 1 || len(u.Conditions.Audiences) != 1 || u.Conditions.OneTimeUse || u.Conditions.Proxy != nil {
			t.Errorf("%v: %s is read as %+v", c.v, c.condition, u.Conditions)
		}
	}
}

func TestProxyCounts(t *testing.T) {
	for count, want := range map[string]int{"0": 0, "9": 9, "190": 190, "999999999": 999999999} {
		u, err := saml.ReadUnverified([]byte(resigned(t, saml.V20, "</saml:Conditions>", `<saml:ProxyRestriction Count="`+count+`"/></saml:Conditions>`)))
		if err != nil || u.Conditions.Proxy.Count != want {
			t.Errorf("%s: %+v, %v", count, u, err)
		}
	}
	for _, count := range []string{"-1", "1:", "1/", "1 ", "1000000000", "99999999999999999999"} {
		if _, err := saml.ReadUnverified([]byte(resigned(t, saml.V20, "</saml:Conditions>", `<saml:ProxyRestriction Count="`+count+`"/></saml:Conditions>`))); err == nil {
			t.Errorf("%q is a count", count)
		}
	}
}

// Each kind of statement of SAML 1.1 has its own children and none of the others.
func TestStatementsKeepToTheirChildren(t *testing.T) {
	const subject = `<saml:Subject><saml:NameIdentifier>alice</saml:NameIdentifier></saml:Subject>`
	children := map[string]string{
		"AttributeStatement":             `<saml:Attribute AttributeName="n" AttributeNamespace="ns"><saml:AttributeValue>v</saml:AttributeValue></saml:Attribute>`,
		"AuthenticationStatement":        `<saml:AuthorityBinding/>`,
		"AuthorizationDecisionStatement": `<saml:Evidence/>`,
		"SubjectStatement":               "",
	}
	more := map[string]string{"SubjectLocality": `<saml:SubjectLocality/>`, "Action": `<saml:Action/>`}
	for statement, own := range children {
		doc := func(child string) []byte {
			return []byte(`<saml:Assertion xmlns:saml="` + xmltree.SAML11 + `" MajorVersion="1" MinorVersion="1" AssertionID="_i" Issuer="i" IssueInstant="2026-01-02T12:00:00Z"><saml:` + statement + `>` + subject + child + `</saml:` + statement + `></saml:Assertion>`)
		}
		if _, err := saml.ReadUnverified(doc(own)); err != nil {
			t.Errorf("%s with %s: %v", statement, own, err)
		}
		for other, child := range children {
			if _, err := saml.ReadUnverified(doc(child)); err == nil && child != "" && child != own {
				t.Errorf("%s with what a %s has", statement, other)
			}
		}
		for name, child := range more {
			_, err := saml.ReadUnverified(doc(child))
			if belongs := name == "SubjectLocality" && statement == "AuthenticationStatement" || name == "Action" && statement == "AuthorizationDecisionStatement"; belongs != (err == nil) {
				t.Errorf("%s with %s: %v", statement, name, err)
			}
		}
	}
}

// A holder's certificate is the first one, and every key must be one.
func TestHolderKeys(t *testing.T) {
	doc := token(t, saml.V20, confirm(saml.Confirmation{Kind: saml.HolderOfKey, Certificate: userCert()}))
	from, to := strings.Index(doc, "<ds:X509Certificate>"), strings.Index(doc, "</ds:X509Certificate>")+len("</ds:X509Certificate>")
	signature := strings.Index(doc, "</ds:Signature>")
	if from < signature { // the signer's comes first; the holder's is the next
		from = signature + strings.Index(doc[signature:], "<ds:X509Certificate>")
		to = signature + strings.Index(doc[signature:], "</ds:X509Certificate>") + len("</ds:X509Certificate>")
	}
	with := func(certs string) (*saml.Unverified, error) {
		return saml.ReadUnverified([]byte(doc[:from] + certs + doc[to:]))
	}
	u, err := with(doc[from:to] + `<ds:X509Certificate>MAA=</ds:X509Certificate>`)
	if err != nil || !u.Subject.Confirmations[0].Certificate.Equal(userCert()) {
		t.Errorf("the second certificate is not one, and nobody asked for it: %v", err)
	}
	for _, bad := range []string{`<ds:X509Certificate>MAA=</ds:X509Certificate>`, `<ds:X509Certificate>*</ds:X509Certificate>`} {
		if _, err := with(bad); err == nil {
			t.Errorf("%s is a certificate", bad)
		}
	}
}

// A certificate that is none spoils the key beside it; what a confirmation says
// about whom it is for is looked over.
func TestConfirmationsOf20(t *testing.T) {
	doc := func(confirmation string) []byte {
		return []byte(`<saml:Assertion xmlns:saml="` + xmltree.SAML20 + `" xmlns:ds="` + xmltree.DS + `" Version="2.0" ID="_i" IssueInstant="2026-01-02T12:00:00Z"><saml:Issuer>i</saml:Issuer><saml:Subject>` + confirmation + `</saml:Subject></saml:Assertion>`)
	}
	const key = `<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>//8=</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>`
	holder := func(keyInfo string) string {
		return `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"><saml:SubjectConfirmationData><ds:KeyInfo>` + keyInfo + `</ds:KeyInfo></saml:SubjectConfirmationData></saml:SubjectConfirmation>`
	}
	for confirmation, ok := range map[string]bool{
		holder(key): true,
		holder(key + `<ds:X509Data><ds:X509Certificate>MAA=</ds:X509Certificate></ds:X509Data>`):                                          false,
		holder(key + `<ds:RetrievalMethod/>`):                                                                                             false,
		`<saml:SubjectConfirmation Method="urn:m"><saml:NameID>n</saml:NameID></saml:SubjectConfirmation>`:                                true,
		`<saml:SubjectConfirmation Method="urn:m"><saml:NameID>n<x/></saml:NameID></saml:SubjectConfirmation>`:                            false,
		`<saml:SubjectConfirmation Method="urn:m"><saml:EncryptedID><x/></saml:EncryptedID></saml:SubjectConfirmation>`:                   true,
		`<saml:SubjectConfirmation Method="urn:m"><saml:BaseID><x/></saml:BaseID></saml:SubjectConfirmation>`:                             true,
		`<saml:SubjectConfirmation Method="urn:m"><saml:BaseID/><saml:EncryptedID/></saml:SubjectConfirmation>`:                           false,
		`<saml:SubjectConfirmation Method="urn:m"><saml:OtherID/></saml:SubjectConfirmation>`:                                             false,
		`<saml:SubjectConfirmation Method="urn:m"><saml:SubjectConfirmationData/><saml:NameID>n</saml:NameID></saml:SubjectConfirmation>`: false,
	} {
		if _, err := saml.ReadUnverified(doc(confirmation)); (err == nil) != ok {
			t.Errorf("%s: %v", confirmation, err)
		}
	}
}

// Without key information, every trusted certificate is tried, those of kinds
// that sign nothing here as well.
func TestTrustedCertificatesAreTried(t *testing.T) {
	doc := []byte(resigned(t, saml.V20, "alice", "alice"))
	_, seed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other := certificate(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), "other", 7)
	strange := certificate(seed, "strange", 8)
	for _, c := range []struct {
		trusted []*x509.Certificate
		want    error
	}{
		{[]*x509.Certificate{other, p256Cert()}, nil},
		{[]*x509.Certificate{strange, rsaCert(), other, p256Cert()}, nil},
		{[]*x509.Certificate{other}, alg.ErrSignature},
		{[]*x509.Certificate{strange}, alg.ErrKey},
	} {
		a, err := saml.Verify(doc, c.trusted, "", rp)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%d trusted: %v", len(c.trusted), err)
		}
		if err == nil && !a.Signer.Equal(p256Cert()) {
			t.Errorf("signed by %v", a.Signer.Subject)
		}
	}
}

// Statements about one subject agree in its key, too.
func TestSubjectsDifferInTheirKeys(t *testing.T) {
	subject := func(key string) string {
		return `<saml:SubjectStatement><saml:Subject><saml:NameIdentifier>alice</saml:NameIdentifier><saml:SubjectConfirmation><saml:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:holder-of-key</saml:ConfirmationMethod>` + key + `</saml:SubjectConfirmation></saml:Subject></saml:SubjectStatement>`
	}
	keyOf := func(c saml.Confirmation) string {
		doc := token(t, saml.V20, confirm(c))
		after := doc[strings.Index(doc, "</ds:Signature>"):]
		return after[strings.Index(after, "<ds:KeyInfo"):strings.Index(after, "</saml:SubjectConfirmationData>")]
	}
	sealed := keyOf(saml.Confirmation{Kind: saml.HolderOfKey, EncryptedKey: []byte(encryptedKey)})
	public := keyOf(saml.Confirmation{Kind: saml.HolderOfKey, Public: userKey().Public()})
	keys := []string{
		sealed, strings.Replace(sealed, "AAAA", "AAAB", 1), public,
		keyOf(saml.Confirmation{Kind: saml.HolderOfKey, Public: rsaKey().Public()}),
	}
	for i, a := range keys {
		for j, b := range keys {
			_, err := saml.ReadUnverified([]byte(`<saml:Assertion xmlns:saml="` + xmltree.SAML11 + `" MajorVersion="1" MinorVersion="1" AssertionID="_i" Issuer="i" IssueInstant="2026-01-02T12:00:00Z">` + subject(a) + subject(b) + `</saml:Assertion>`))
			if (err == nil) != (i == j) {
				t.Errorf("subjects with keys %d and %d: %v", i, j, err)
			}
		}
	}
}

// Windows with one end only are windows all the same.
func TestOpenWindows(t *testing.T) {
	for _, c := range []struct {
		name          string
		from, until   time.Time
		accepted, say string
	}{
		{"from the past on", noon.Add(-time.Hour), time.Time{}, "yes", ""},
		{"from the future on", noon.Add(time.Hour), time.Time{}, "no", "our clock says 2026-01-02T12:00:00Z"},
		{"until the future", time.Time{}, noon.Add(time.Hour), "yes", ""},
		{"until the past", time.Time{}, noon.Add(-time.Hour), "no", "valid until 2026-01-02T11:00:00Z"},
	} {
		doc := token(t, saml.V20, func(b *saml.Build) { b.Conditions.NotBefore, b.Conditions.NotOnOrAfter = c.from, c.until })
		_, err := saml.Verify([]byte(doc), trusted(), "", rp)
		if (err == nil) != (c.accepted == "yes") || err != nil && !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// A recipient that nobody asks about, and one that the assertion leaves open.
	doc := token(t, saml.V20, confirm(saml.Confirmation{Kind: saml.Bearer}))
	asked := rp
	asked.Recipient = "urn:me"
	if _, err := saml.Verify([]byte(doc), trusted(), "", asked); err != nil {
		t.Errorf("no recipient is named: %v", err)
	}
}

func TestNamesOfVersions(t *testing.T) {
	if saml.V20.String() != "SAML 2.0" || saml.V11.String() != "SAML 1.1" {
		t.Error(saml.V20, saml.V11)
	}
}

// The values of one attribute only; nothing for a name that is not there.
func TestAttributesByName(t *testing.T) {
	a := must(saml.Verify([]byte(token(t, saml.V20, func(b *saml.Build) {
		b.Attributes = []saml.Attribute{{Name: "a", Values: []string{"1"}}, {Name: "b", Values: []string{"2"}}, {Name: "a", Values: []string{"3"}}}
	})), trusted(), "", rp))
	if got := strings.Join(a.Attribute("a"), ","); got != "1,3" {
		t.Errorf("a is %s", got)
	}
	if got := a.Attribute("c"); len(got) != 0 {
		t.Errorf("c is %q", got)
	}
}

// An EncryptedAssertion has one EncryptedData; one without, or with two, is
// still called one, so that nobody takes it for something else.
func TestEncryptedAssertionWithoutData(t *testing.T) {
	data := `<x:EncryptedData xmlns:x="` + xmltree.XENC + `"/>`
	for _, inside := range []string{"", data + data} {
		d := must(xmltree.Parse([]byte(`<saml:EncryptedAssertion xmlns:saml="`+xmltree.SAML20+`">`+inside+`</saml:EncryptedAssertion>`), xmltree.Limits{}))
		if _, ok, err := saml.Encrypted(d.Root()); !ok || err == nil {
			t.Errorf("%q: %v, %v", inside, ok, err)
		}
	}
}

// What cannot be parsed is not read, and a signature that no key information
// explains is shown without a signer.
func TestUnverifiedIsBearable(t *testing.T) {
	if u, err := saml.ReadUnverified([]byte("<a")); err == nil {
		t.Errorf("read %+v", u)
	}
	doc := token(t, saml.V20, nil)
	from, to := strings.Index(doc, "<ds:KeyInfo"), strings.Index(doc, "</ds:KeyInfo>")+len("</ds:KeyInfo>")
	const wrap = `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `">%</ds:KeyInfo>`
	for _, inside := range []string{"", "<ds:KeyName>k</ds:KeyName>", "<ds:RetrievalMethod/>", "<ds:X509Data><ds:X509Certificate>MAA=</ds:X509Certificate></ds:X509Data>", "none at all"} {
		keyInfo := strings.Replace(wrap, "%", inside, 1)
		if inside == "none at all" {
			keyInfo = ""
		}
		u, err := saml.ReadUnverified([]byte(doc[:from] + keyInfo + doc[to:]))
		if err != nil || u.Signer != nil || !u.Signed || u.SignatureMethod != alg.ECDSASHA256 {
			t.Errorf("%s: %+v, %v", keyInfo, u, err)
		}
	}
}
