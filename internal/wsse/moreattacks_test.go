package wsse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// ciphertextOf takes what of another's message an attacker would use again: one
// EncryptedData, and the EncryptedKey with a list that names it.
func ciphertextOf(t testing.TB, victim, from []byte) (data, key []byte) {
	t.Helper()
	data = find(t, from, anyData)
	key = find(t, victim, anyKey)
	if i := bytes.Index(key, []byte("<xenc:ReferenceList>")); i >= 0 {
		key = append(bytes.Clone(key[:i]), "</xenc:EncryptedKey>"...)
	}
	list := `<xenc:ReferenceList><xenc:DataReference URI="#` + idOf(t, data) + `"/></xenc:ReferenceList></xenc:EncryptedKey>`
	return data, bytes.Replace(key, []byte("</xenc:EncryptedKey>"), []byte(list), 1)
}

func moreAttacks() []encAttack {
	rsa := x509Token(rsaUser(), RefDirect, 0)
	token := Protection{Sign: BodyTimestamp, Encrypt: PartToken, Recipient: service().cert, Symmetric: true}
	return []encAttack{
		{
			name: "C12-lifted-password-by-somebody-trusted", off: checkKeyBound, class: ClassPolicy,
			fooled: func(ev *Evidence) bool { return ev.Username != nil && ev.Username.Name == "alice" }, make: func(t *testing.T) []byte {
				// He signs her ciphertext with a key that is trusted, and cannot read it.
				victim := write(t, "", token, user())
				data, key := ciphertextOf(t, victim, victim)
				named := withAttributes(data, ` xmlns:wsu="`+xmltree.WSU+`" wsu:Id="lifted"`)
				msg := write(t, "", Protection{Sign: BodyTimestamp}, rsa, Issued{XML: named})
				return swap(t, msg, endSecurity, append(key, endSecurity...))
			},
		},
		{name: "C12-lifted-body", off: checkKeyBound, class: ClassPolicy, fooled: bodyIs("-body"), make: func(t *testing.T) []byte {
			// Her Body, signed as ciphertext with a key of the attacker's, who is somebody else.
			p := Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Symmetric: true}
			victim := write(t, "", p, user())
			data, key := ciphertextOf(t, victim, find(t, victim, anyBody))
			p.Encrypt = 0
			out := protected()
			out.Body = data
			msg, _, err := Protect(out, Options{Protection: &p, Tokens: []Token{user()}}, now)
			if err != nil {
				t.Fatal(err)
			}
			return swap(t, msg, endSecurity, append(key, endSecurity...))
		}},
		{name: "C6-cbc-signature-over-less", suite: alg.Basic256, off: checkCipherSigned, class: ClassPolicy, pol: Policy{TLS: true}, fooled: bodyIs("-body"), make: func(t *testing.T) []byte {
			return write(t, alg.Basic256, Protection{Sign: PartTimestamp, Encrypt: PartBody, Recipient: service().cert, Symmetric: true, Order: EncryptThenSign}, user())
		}},
		{name: "C6-cbc-signed-by-a-stranger", suite: alg.Basic256, off: checkCipherSigned, class: ClassPolicy, pol: Policy{TLS: true, Possession: true}, fooled: bodyIs("-body"), make: func(t *testing.T) []byte {
			stranger := makeIdentity("stranger", 77, benchRSA())
			return write(t, alg.Basic256, Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Order: EncryptThenSign}, x509Token(stranger, RefDirect, 0), user())
		}},
		{name: "C12-wrapped-under-a-made-key", off: checkMade, class: ClassPolicy, fooled: bodyIs("-body"), make: func(t *testing.T) []byte {
			outer, err := alg.Suite("").NewSessionKey()
			if err != nil {
				t.Fatal(err)
			}
			inner, err := alg.Suite("").NewSessionKey()
			if err != nil {
				t.Fatal(err)
			}
			var a, b xmltree.Builder
			if err := xmlenc.SealKey(&a, outer, "outer", service().public(t), nil, nil, ""); err != nil {
				t.Fatal(err)
			}
			str := []byte(`<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="#outer"/></wsse:SecurityTokenReference>`)
			if err := xmlenc.SealKey(&b, inner, "", outer, keyInfoWith(str), nil, ""); err != nil {
				t.Fatal(err)
			}
			named := func(b *xmltree.Builder, id string) []byte {
				return withAttributes(b.Bytes(), ` xmlns:wsu="`+xmltree.WSU+`" wsu:Id="`+id+`"`)
			}
			return write(t, "", Protection{Sign: BodyTimestamp}, Issued{XML: named(&b, "inner"), Key: inner}, Issued{XML: named(&a, "signed")})
		}},
		{name: "C13-many-in-two-lists", class: ClassLimit, pol: Policy{TLS: true}, make: func(t *testing.T) []byte { return manyData(t, 33, 2) }},
		{name: "C13-many-keys", class: ClassLimit, pol: Policy{TLS: true}, make: func(t *testing.T) []byte { return manyData(t, defaultEncryptedKeys+1, defaultEncryptedKeys+1) }},
		{name: "C13-header-for-another-role", class: ClassWrapping, make: func(t *testing.T) []byte {
			msg := secondHeader(t, `<h:A xmlns:h="urn:h"/>`)
			return swap(t, msg, `<w:EncryptedHeader`, []byte(`<w:EncryptedHeader xmlns:s="`+xmltree.SOAP12+`" s:role="urn:other"`))
		}},
		{name: "C13-header-in-the-body", class: ClassWrapping, pol: Policy{TLS: true}, make: func(t *testing.T) []byte {
			_, ek, ed := sealedFor(t, "", "x", `<h:A xmlns:h="urn:h"/>`, xmlenc.Element)
			msg := write(t, "", Protection{Sign: PartTimestamp}, rsa)
			msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
			return swap(t, msg, anyBody, []byte(`<s:Body><w:EncryptedHeader xmlns:w="`+xmltree.WSSE11+`">`+string(ed)+`</w:EncryptedHeader></s:Body>`))
		}},
		{name: "C13-in-an-assertion", off: checkSplice, class: ClassWrapping, pol: Policy{TLS: true}, make: func(t *testing.T) []byte {
			_, ek, ed := sealedFor(t, "", "x", `<h:A xmlns:h="urn:h"/>`, xmlenc.Element)
			msg := write(t, "", Protection{Sign: PartTimestamp}, rsa)
			msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
			return swap(t, msg, anyBody, []byte(`<s:Body><a:Assertion xmlns:a="`+xmltree.SAML20+`">`+string(ed)+`</a:Assertion></s:Body>`))
		}},
		{name: "C13-ciphertext-in-ciphertext", class: ClassPolicy, make: func(t *testing.T) []byte {
			_, _, inner := sealedFor(t, "", "y", `<h:A xmlns:h="urn:h"/>`, xmlenc.Element)
			_, ek, ed := sealedFor(t, "", "x", string(inner), xmlenc.Element)
			msg := write(t, "", Protection{Sign: BodyTimestamp}, rsa)
			return swap(t, msg, endTimestamp, bytes.Join([][]byte{[]byte(endTimestamp), ed, ek}, nil))
		}},
		{name: "T10-many", class: ClassLimit, make: func(t *testing.T) []byte {
			var more strings.Builder
			for i := range 2 * defaultEncryptedKeys {
				fmt.Fprintf(&more, `<wsc:DerivedKeyToken xmlns:wsc="%s" xmlns:wsu="%s" wsu:Id="m%d"><wsse:SecurityTokenReference><wsse:Reference URI="#_sct"/></wsse:SecurityTokenReference><wsc:Nonce>AAAAAAAAAAAAAAAAAAAAAA==</wsc:Nonce></wsc:DerivedKeyToken>`, xmltree.SC13, xmltree.WSU, i)
			}
			return swap(t, underDerived(t, "<wsc:Nonce>{nonce}</wsc:Nonce>", derivation{}), endTimestamp, []byte(endTimestamp+more.String()))
		}},
		{name: "T10-offset-of-64-bits", class: ClassLimit, make: func(t *testing.T) []byte {
			return underDerived(t, "<wsc:Offset>18446744073709551615</wsc:Offset><wsc:Nonce>{nonce}</wsc:Nonce>", derivation{})
		}},
	}
}

// manyData encrypts n header elements under lists keys.
func manyData(t testing.TB, n, lists int) []byte {
	t.Helper()
	out := protected()
	var keys []byte
	per := (n + lists - 1) / lists
	for l := range lists {
		key, ek, _ := sealedFor(t, "", fmt.Sprint("k", l), "x", xmlenc.Content)
		var refs, data strings.Builder
		for i := l * per; i < min(n, (l+1)*per); i++ {
			var b xmltree.Builder
			if err := xmlenc.Seal(&b, []byte("x"), xmlenc.Content, fmt.Sprint("d", i), key, nil, ""); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&refs, `<xenc:DataReference URI="#d%d"/>`, i)
			fmt.Fprintf(&data, `<h:D>%s</h:D>`, b.Bytes())
		}
		keys = append(keys, bytes.Replace(ek, fmt.Appendf(nil, `<xenc:DataReference URI="#ed-k%d"/>`, l), []byte(refs.String()), 1)...)
		out.Headers = append(out.Headers, []byte(`<h:H xmlns:h="urn:h">`+data.String()+`</h:H>`))
	}
	msg, _, err := Protect(out, Options{Tokens: []Token{user()}}, now)
	if err != nil {
		t.Fatal(err)
	}
	return swap(t, msg, endTimestamp, append([]byte(endTimestamp), keys...))
}

// What the policy wants signed or encrypted, and what is only half encrypted.
func TestPolicyOfParts(t *testing.T) {
	rsa := x509Token(rsaUser(), RefDirect, 0)
	tenant := []soap.Name{{Space: "urn:h", Local: "Tenant"}}
	msg := write(t, "", Protection{Sign: BodyTimestamp}, rsa)
	for _, p := range []Policy{{SignedHeaders: tenant}, {EncryptedHeaders: tenant}, {Encrypted: PartBody}, {Encrypted: PartSignature}} {
		_, err := receive(t, msg, reader(t), p, now, 0)
		wantClass(t, err, ClassPolicy)
	}
	absent := []soap.Name{{Space: "urn:h", Local: "Absent"}}
	if _, err := receive(t, msg, reader(t), Policy{SignedHeaders: absent, EncryptedHeaders: absent, Encrypted: PartToken}, now, 0); err != nil {
		t.Errorf("headers that are not there: %v", err)
	}
	// A Body of which one element is encrypted and one is not.
	_, ek, ed := sealedFor(t, "", "x", `<h:A xmlns:h="urn:h"/>`, xmlenc.Element)
	half := swap(t, write(t, "", Protection{Sign: PartTimestamp}, rsa), endTimestamp, append([]byte(endTimestamp), ek...))
	half = swap(t, half, anyBody, []byte(`<s:Body>`+string(ed)+`<h:B xmlns:h="urn:h"/></s:Body>`))
	ev, err := receive(t, half, reader(t), Policy{TLS: true}, now, 0)
	if err != nil || ev.Body.Encrypted() != nil || ev.Encrypted&PartBody != 0 {
		t.Errorf("half a Body: %v", err)
	}
	// One token of two.
	two := write(t, "", Protection{Sign: BodyTimestamp, Encrypt: PartToken, Recipient: service().cert}, rsa, user())
	bearer := bearerToken(t)
	ev, err = receive(t, swap(t, two, endSecurity, append(bearer.XML, endSecurity...)), reader(t), Policy{TLS: true}, now, 0)
	if err != nil || ev.Encrypted&PartToken != 0 {
		t.Errorf("one token of two: %v", err)
	}
	// A public key is no context's.
	l := reader(t)
	l.contexts["urn:ctx"] = client().public(t)
	_, err = receive(t, write(t, "", Protection{Sign: BodyTimestamp}, contextIssued(t)), l, Policy{}, now, 0)
	wantClass(t, err, ClassAlgorithm)
	// A password that is signed in the clear and then encrypted is bound.
	ev, err = receive(t, two, reader(t), Policy{}, now, 0)
	if err != nil || ev.Username == nil {
		t.Errorf("password signed, then encrypted: %v", err)
	}
}

// Derived keys and tokens without an Id stand in the key information itself.
func TestKeysInKeyInfo(t *testing.T) {
	d := derivation{label: "my label", nonce: bytes.Repeat([]byte{3}, 16), offset: 32, length: 32}
	key, err := d.key(secret(t))
	if err != nil {
		t.Fatal(err)
	}
	sct := `<wsc:SecurityContextToken xmlns:wsc="` + xmltree.SC13 + `"><wsc:Identifier>urn:ctx</wsc:Identifier></wsc:SecurityContextToken>`
	dkt := `<wsc:DerivedKeyToken xmlns:wsc="` + xmltree.SC13 + `"><wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Embedded>` + sct + `</wsse:Embedded></wsse:SecurityTokenReference>` +
		`<wsc:Generation>1</wsc:Generation><wsc:Length>32</wsc:Length><wsc:Label>my label</wsc:Label><wsc:Nonce>` + base64Of(d.nonce) + `</wsc:Nonce></wsc:DerivedKeyToken>`
	embedded := `<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Embedded>` + dkt + `</wsse:Embedded></wsse:SecurityTokenReference>`
	for _, inside := range []string{dkt, embedded} {
		w := &writer{expect: &Expect{}, out: protected().Prepared(), o: Options{Tokens: []Token{Issued{Key: key, Unsent: true, Attached: contextUnsent(t).Attached, Parts: BodyTimestamp}}}, now: now}
		if err := w.plan(); err != nil {
			t.Fatal(err)
		}
		w.signers[0].keyInfo = []byte(`<ds:KeyInfo>` + inside + `</ds:KeyInfo>`)
		msg, err := w.write()
		if err != nil {
			t.Fatal(err)
		}
		ev, err := receive(t, msg, reader(t), Policy{}, now, 0)
		if err != nil || ev.Context == nil || ev.Context.ID != "urn:ctx" {
			t.Fatalf("%v\n%s", err, msg)
		}
	}
}

// Confirmations that are missing, loose, or of another request.
func TestConfirmationsRefused(t *testing.T) {
	signed := Options{Protection: AsymmetricSign(), Tokens: []Token{x509Token(rsaUser(), RefDirect, 0)}}
	unsigned := Options{Tokens: []Token{user()}}
	for name, c := range map[string]struct {
		request Options
		inside  func(value string) string
		tls     bool
		ok      bool
	}{
		"in a signed answer's header, itself not signed": {signed, func(v string) string {
			return `<w:SignatureConfirmation xmlns:w="` + xmltree.WSSE11 + `" Value="` + v + `"/>`
		}, false, false},
		"the same over TLS": {signed, func(v string) string {
			return `<w:SignatureConfirmation xmlns:w="` + xmltree.WSSE11 + `" Value="` + v + `"/>`
		}, true, true},
		"that there was no signature":                      {signed, func(string) string { return `<w:SignatureConfirmation xmlns:w="` + xmltree.WSSE11 + `"/>` }, true, false},
		"none, of a request without signatures":            {unsigned, func(string) string { return "" }, true, false},
		"loose, of a request without signatures":           {unsigned, func(string) string { return `<w:SignatureConfirmation xmlns:w="` + xmltree.WSSE11 + `"/>` }, false, false},
		"over TLS, of a request without signatures":        {unsigned, func(string) string { return `<w:SignatureConfirmation xmlns:w="` + xmltree.WSSE11 + `"/>` }, true, true},
		"of a signature, and the request had no signature": {unsigned, func(string) string { return `<w:SignatureConfirmation xmlns:w="` + xmltree.WSSE11 + `" Value="AAAA"/>` }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, x, err := Protect(outgoing(), c.request, now)
			if err != nil {
				t.Fatal(err)
			}
			value := ""
			if len(x.signatures) > 0 {
				value = base64Of(x.signatures[0])
			}
			reply, _, err := Protect(soap.Outgoing{Action: "urn:a", RelatesTo: x.Reply.MessageID, Body: outgoing().Body},
				Options{Protection: AsymmetricSign(), Tokens: []Token{x509Token(service(), RefDirect, 0)}}, now)
			if err != nil {
				t.Fatal(err)
			}
			reply = swap(t, reply, endTimestamp, []byte(endTimestamp+c.inside(value)))
			_, err = receive(t, reply, trust(service()), Policy{TLS: c.tls, Reply: x, Confirmed: true}, now, 0)
			if c.ok != (err == nil) {
				t.Fatalf("%v", err)
			}
			if !c.ok {
				wantClass(t, err, ClassProtocol)
			}
		})
	}
	// What an answer relates to may come out of ciphertext.
	_, x, err := Protect(outgoing(), signed, now)
	if err != nil {
		t.Fatal(err)
	}
	p := Protection{Sign: BodyTimestamp | PartRelatesTo, Encrypt: PartRelatesTo, Recipient: rsaUser().cert}
	l := trust(service())
	l.Recipients = []Recipient{{Key: rsaUser().key, Certificate: rsaUser().cert}}
	for id, ok := range map[string]bool{x.Reply.MessageID: true, "urn:uuid:other": false} {
		reply, _, err := Protect(soap.Outgoing{Action: "urn:a", RelatesTo: id, Body: outgoing().Body}, Options{Protection: &p, Tokens: []Token{x509Token(service(), RefDirect, 0)}}, now)
		if err != nil {
			t.Fatal(err)
		}
		x.Reply.Actions = []string{"urn:a"}
		if _, err = receive(t, reply, l, Policy{Reply: x}, now, 0); ok != (err == nil) {
			t.Errorf("relates to %s: %v", id, err)
		}
	}
}
