package wsse

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// refTo is a SecurityTokenReference with this in it.
func refTo(inner string) []byte {
	return []byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `">` + inner + `</o:SecurityTokenReference>`)
}

func byDigest(digest []byte) []byte {
	return refTo(`<o:KeyIdentifier ValueType="` + typeEncryptedKeySHA1 + `">` + base64Of(digest) + `</o:KeyIdentifier>`)
}

// A digest means the EncryptedKey of the header that it is of, whichever that is, or
// one of an earlier message, and nothing else that is encrypted.
func TestEncryptedKeyByItsDigest(t *testing.T) {
	var keys [3]alg.Key // the last one is not in the message
	var tokens [3]Issued
	var names [3]KeyRef
	for i := range keys {
		keys[i] = freshKey(t)
		var b xmltree.Builder
		if err := xmlenc.SealKey(&b, keys[i], "", service().public(t), nil, nil, ""); err != nil {
			t.Fatal(err)
		}
		tokens[i] = Issued{XML: b.Bytes()}
		var err error
		if names[i], err = encryptedKeyRef(parsed(t, string(b.Bytes()))); err != nil {
			t.Fatal(err)
		}
	}
	l := trust()
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	l.contexts = map[string]alg.Key{names[2].ID: keys[2]}
	for i := range keys {
		by := Issued{Key: keys[i], Unsent: true, Attached: byDigest([]byte(names[i].ID)), Parts: BodyTimestamp}
		for _, order := range [][]Token{{tokens[0], tokens[1], by}, {tokens[1], tokens[0], by}} {
			msg := protect(t, Options{Tokens: order})
			ev, err := receive(t, msg, l, Policy{Anonymous: true}, now, 0)
			if err != nil {
				t.Errorf("key %d: %v", i, err)
			} else if s := ev.Signers[0]; s.Made != (i < 2) || s.Ref != names[i] || !ev.Body.Signed() {
				t.Errorf("key %d: %+v", i, s)
			}
		}
	}
	// The digest of a ciphertext that is data is that of a key of some other message.
	data := `<x:EncryptedData xmlns:x="` + xmltree.XENC + `"><d:KeyInfo xmlns:d="` + xmltree.DS + `"><d:KeyName>n</d:KeyName></d:KeyInfo><x:CipherData><x:CipherValue>AAAA</x:CipherValue></x:CipherData></x:EncryptedData>`
	ref, err := encryptedKeyRef(parsed(t, data))
	if err != nil {
		t.Fatal(err)
	}
	p, err := headerOf(t, data+signedBy(string(byDigest([]byte(ref.ID)))), Limits{})
	if err != nil || !slices.Contains(p.Needs(), ref) {
		t.Errorf("%v, %v", p.Needs(), err)
	}
}

// signedBy is a signature of that key information, which need not be good.
func signedBy(info string) string {
	return `<d:Signature xmlns:d="` + xmltree.DS + `"><d:SignedInfo/><d:SignatureValue>AA==</d:SignatureValue><d:KeyInfo>` + info + `</d:KeyInfo></d:Signature>`
}

// An assertion is the one that a signature means: by its identifier where it is
// encrypted, and where it stands in the reference of another signature. Its issuer is
// all that must be known.
func TestSignaturesThatShareAnAssertion(t *testing.T) {
	l := trust()
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	sym := build(t, saml.V20, issuer(), sealed(t, secret(t)))
	pub := build(t, saml.V20, issuer(), holderOf(client()))
	direct := refTo(`<o:Reference URI="#` + tokenID(parsed(t, string(pub))) + `"/>`)
	hidden := encryptedAssertion(t, pub, service(), true)
	other := attachedTo(build(t, saml.V20, issuer(), sealed(t, secret(t))))
	context := contextIssued(t).XML // its id is _sct
	holder := Issued{XML: sym, Key: secret(t), Embedded: true, Parts: PartTimestamp}
	again := func(ref []byte) Issued {
		return Issued{Key: secret(t), Unsent: true, Attached: ref, Parts: BodyTimestamp}
	}
	issued := KeyRef{Kind: KeyIssuer, Name: issuerName}
	for name, c := range map[string]struct {
		tokens []Token
		needs  []KeyRef
		good   bool
	}{
		"in the header":                   {[]Token{Issued{XML: sym, Key: secret(t), Parts: BodyTimestamp}}, []KeyRef{issued}, true},
		"in another reference":            {[]Token{holder, again(attachedTo(sym))}, []KeyRef{issued}, true},
		"in the header, another is named": {[]Token{Issued{XML: sym, Key: secret(t), Attached: other, Parts: BodyTimestamp}}, []KeyRef{issued, {Kind: KeyAssertion}}, false},
		"something that is none":          {[]Token{Issued{XML: context, Key: secret(t), Attached: refTo(`<o:KeyIdentifier ValueType="` + typeSAML20ID + `">_sct</o:KeyIdentifier>`), Parts: BodyTimestamp}}, []KeyRef{{Kind: KeyAssertion}}, false},
		"another than in it":              {[]Token{holder, again(other)}, []KeyRef{issued, {Kind: KeyAssertion}}, false},
		"encrypted, by its id":            {[]Token{Issued{XML: hidden, Key: client().key, Attached: attachedTo(pub), Parts: BodyTimestamp}}, []KeyRef{{Kind: KeyIssuer}}, true},
		"encrypted, by a reference":       {[]Token{Issued{XML: hidden, Key: client().key, Attached: direct, Parts: BodyTimestamp}}, []KeyRef{{Kind: KeyIssuer}}, true},
		"encrypted, another is named":     {[]Token{Issued{XML: hidden, Key: client().key, Attached: other, Parts: BodyTimestamp}}, []KeyRef{{Kind: KeyIssuer}}, false},
	} {
		msg := protect(t, Options{Tokens: c.tokens})
		p, err := reading(t, string(msg), Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		needs := slices.Clone(p.Needs())
		for i := range needs {
			if needs[i].Kind == KeyAssertion {
				needs[i].ID = ""
			}
		}
		if !slices.Equal(needs, c.needs) {
			t.Errorf("%s: needs %v", name, needs)
		}
		ev, err := receive(t, msg, l, Policy{}, now, 0)
		switch {
		case !c.good && (err == nil || ClassOf(err) != ClassTrust):
			t.Errorf("%s: %v", name, err)
		case c.good && (err != nil || ev.Confirmation != saml.HolderOfKey || !ev.Body.Signed()):
			t.Errorf("%s: %v\n%s", name, err, msg)
		}
	}
}

// The password proves the user whose token is in the header, and no other element that
// a signature refers to.
func TestOnlyTheUserTokenIsTheUsers(t *testing.T) {
	asked := 0
	l := users(&asked, map[string]string{"alice": "pw"})
	salt := "\x01123456789abcdef"
	key, err := passwordKey([]byte("pw"), []byte(salt), 1000)
	if err != nil {
		t.Fatal(err)
	}
	token := func(id string) string {
		return `<wsse:UsernameToken xmlns:wsse="` + xmltree.WSSE + `" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="` + id + `"><wsse:Username>alice</wsse:Username>` +
			`<w:Salt xmlns:w="` + xmltree.WSSE11 + `">` + base64Of([]byte(salt)) + `</w:Salt></wsse:UsernameToken>`
	}
	confirmation := `<w:SignatureConfirmation xmlns:w="` + xmltree.WSSE11 + `" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="c"/>`
	for name, c := range map[string]struct {
		ref  string
		want Class
	}{
		"the token":            {`<o:Reference URI="#u"/>`, 0},
		"another element":      {`<o:Reference URI="#c"/>`, ClassPolicy},
		"one in the reference": {`<o:Embedded>` + token("v") + `</o:Embedded>`, ClassPolicy},
	} {
		tok := Issued{Key: key, XML: []byte(token("u")), Attached: refTo(c.ref), Parts: BodyTimestamp | PartToken}
		msg := protect(t, Options{Tokens: []Token{tok, Issued{XML: []byte(confirmation)}}})
		ev, err := receive(t, msg, l, Policy{TLS: true}, now, 0)
		if ClassOf(err) != c.want || err == nil && ev.Username == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A reference through which a token is signed is one of ours: not one in the key
// information of something else in the header, nor in a signature that is not there.
func TestReferencesOfOthers(t *testing.T) {
	bst := `<o:BinarySecurityToken xmlns:o="` + xmltree.WSSE + `" xmlns:u="` + xmltree.WSU + `" u:Id="b" ValueType="` + typeX509v3 + `">` + base64Of(client().cert.Raw) + `</o:BinarySecurityToken>`
	str := `<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `" xmlns:u="` + xmltree.WSU + `" u:Id="r"><o:Reference URI="#b"/></o:SecurityTokenReference>`
	info := `<d:KeyInfo xmlns:d="` + xmltree.DS + `">` + str + `</d:KeyInfo>`
	key := strings.Replace(strings.Replace(anRSAKey, "%", "AAAA", 1), `<x:CipherData>`, info+`<x:CipherData>`, 1)
	for name, c := range map[string]struct {
		inside, after string
		want          Class
	}{
		"in the header":              {bst + str, "", 0},
		"in an encrypted key":        {bst + key, "", ClassWrapping},
		"in a signature outside":     {bst, `<d:Signature xmlns:d="` + xmltree.DS + `">` + info + `</d:Signature>`, ClassWrapping},
		"in key information outside": {bst, info, ClassWrapping},
	} {
		msg := rewritten(t, client(), c.inside, string(keyInfoWith(refTo(`<o:Reference URI="#b"/>`))), func(sec xmltree.Elem) []xmldsig.Ref {
			return []xmldsig.Ref{{ID: "r", Elem: sec.First(xmltree.WSSE, "BinarySecurityToken"), STR: parsed(t, str)}}
		})
		msg = bytes.Replace(msg, []byte(endSecurity), []byte(endSecurity+c.after), 1)
		ev, err := receive(t, msg, trust(client()), Policy{}, now, 0)
		if ClassOf(err) != c.want || (err == nil) != (c.want == 0) || err == nil && len(ev.Signers) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// References that say too little, or the same in two ways, name no key.
func TestReferencesThatNameNothing(t *testing.T) {
	serial := `<d:X509IssuerSerial><d:X509IssuerName>CN=a</d:X509IssuerName><d:X509SerialNumber>1</d:X509SerialNumber></d:X509IssuerSerial>`
	x509 := func(inner string) string { return `<d:X509Data>` + inner + `</d:X509Data>` }
	for name, inner := range map[string]string{
		"an assertion without a name":      `<o:KeyIdentifier ValueType="` + typeSAML20ID + `"> </o:KeyIdentifier>`,
		"an old assertion without a name":  `<o:KeyIdentifier ValueType="` + typeSAML11ID + `"/>`,
		"an assertion with two names":      `<o:KeyIdentifier ValueType="` + typeSAML20ID + `">a<o:b/></o:KeyIdentifier>`,
		"an identifier that is no base64":  `<o:KeyIdentifier ValueType="` + typeSKI + `">!</o:KeyIdentifier>`,
		"a serial and no certificate":      x509(serial + `<d:X509Certificate/>`),
		"no certificate and a serial":      x509(`<d:X509Certificate/>` + serial),
		"a serial and a broken one":        x509(serial + `<d:X509Certificate>!</d:X509Certificate>`),
		"a context without an identifier":  `<o:Embedded><c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `"/></o:Embedded>`,
		"a context of an empty identifier": `<o:Embedded><c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `"><c:Identifier/></c:SecurityContextToken></o:Embedded>`,
		"a context of two instances":       `<o:Embedded><c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `"><c:Identifier>i</c:Identifier><c:Instance>1</c:Instance><c:Instance>2</c:Instance></c:SecurityContextToken></o:Embedded>`,
	} {
		if _, err := headerOf(t, signedBy(string(refTo(inner))), Limits{}); err == nil || ClassOf(err) != ClassFormat {
			t.Errorf("%s: %v", name, err)
		}
	}
}
