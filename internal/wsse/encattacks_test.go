package wsse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

func encAttacks() []encAttack {
	asymmetric := Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert}
	cipherSigned := asymmetric
	cipherSigned.Order = EncryptThenSign
	rsa := x509Token(rsaUser(), RefDirect, 0)
	hidden := bodyIs("-body")
	list := []encAttack{
		// C6: a padding oracle needs a cipher that authenticates nothing.
		{name: "C6-cbc-plaintext-signed", suite: alg.Basic256, off: checkCipherSigned, class: ClassPolicy, fooled: hidden, make: func(t *testing.T) []byte {
			return write(t, alg.Basic256, asymmetric, rsa)
		}},
		{name: "C6-cbc-encrypted-signature", suite: alg.Basic256, off: checkCipherSigned, class: ClassPolicy, fooled: hidden, make: func(t *testing.T) []byte {
			p := asymmetric
			p.Encrypt |= PartSignature
			return write(t, alg.Basic256, p, rsa)
		}},
		{name: "C6-cbc-context", suite: alg.Basic256, off: checkCipherSigned, class: ClassPolicy, fooled: hidden, make: func(t *testing.T) []byte {
			return write(t, alg.Basic256, Protection{Sign: BodyTimestamp, Encrypt: PartBody}, contextIssued(t))
		}},
		{name: "C6-cbc-symmetric-derived", suite: alg.Basic256, off: checkCipherSigned, class: ClassPolicy, fooled: hidden, pol: Policy{TLS: true}, make: func(t *testing.T) []byte {
			return write(t, alg.Basic256, Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Symmetric: true, Derived: Derived2005}, user())
		}},
		{name: "C6-cbc-unsigned-over-TLS", suite: alg.Basic256, off: checkCipherSigned, class: ClassPolicy, pol: Policy{TLS: true}, fooled: hidden, make: func(t *testing.T) []byte {
			return write(t, alg.Basic256, Protection{Encrypt: PartBody, Recipient: service().cert}, user())
		}},
		{name: "C6-cbc-signed-by-anybody", suite: alg.Basic256, off: checkCipherSigned | checkKeyBound, class: ClassPolicy, pol: Policy{TLS: true}, fooled: hidden, make: func(t *testing.T) []byte {
			// Another's ciphertext, signed with a key of the attacker's own.
			victim := write(t, alg.Basic256, cipherSigned, rsa)
			p := Protection{Sign: BodyTimestamp, Encrypt: PartTimestamp, Recipient: service().cert, Symmetric: true, Order: EncryptThenSign}
			p.Encrypt = 0
			body := find(t, find(t, victim, anyBody), anyData)
			ek := bytes.Replace(find(t, victim, anyKey), []byte("</xenc:EncryptedKey>"), []byte(`<xenc:ReferenceList><xenc:DataReference URI="#`+idOf(t, body)+`"/></xenc:ReferenceList></xenc:EncryptedKey>`), 1)
			out := protected()
			out.Body = body
			msg, _, err := Protect(out, Options{Suite: alg.Basic256, Protection: &p, Tokens: []Token{user()}}, now)
			if err != nil {
				t.Fatal(err)
			}
			return swap(t, msg, endSecurity, append(ek, endSecurity...))
		}},

		// C8: one key, two algorithms.
		{name: "C8-rsa-two-transports", suite: alg.Legacy, off: checkOneUse, class: ClassAlgorithm, pol: Policy{TLS: true}, fooled: hidden, make: func(t *testing.T) []byte {
			msg := write(t, alg.Legacy, asymmetric, rsa)
			_, ek, ed := sealedFor(t, alg.Basic256Sha256Rsa15, "x", "<x:y xmlns:x='urn:h'/>", xmlenc.Element)
			_, _ = ek, ed
			key, err := alg.Legacy.NewSessionKey()
			if err != nil {
				t.Fatal(err)
			}
			ct, err := alg.Legacy.EncryptKey(alg.Transport{URI: alg.RSA15}, service().public(t), key.Secret())
			if err != nil {
				t.Fatal(err)
			}
			var d xmltree.Builder
			if err := xmlenc.Seal(&d, []byte(`<h:More xmlns:h="urn:h"/>`), xmlenc.Element, "ed-x", key, nil, alg.Legacy); err != nil {
				t.Fatal(err)
			}
			ek = []byte(`<xenc:EncryptedKey xmlns:xenc="` + xmltree.XENC + `"><xenc:EncryptionMethod Algorithm="` + alg.RSA15 + `"/><xenc:CipherData><xenc:CipherValue>` + base64Of(ct) +
				`</xenc:CipherValue></xenc:CipherData><xenc:ReferenceList><xenc:DataReference URI="#ed-x"/></xenc:ReferenceList></xenc:EncryptedKey>`)
			msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
			return swap(t, msg, `</s:Header>`, append(d.Bytes(), "</s:Header>"...))
		}},
		{name: "C8-aes-two-modes", suite: alg.Legacy, off: checkOneUse | checkCipherSigned, class: ClassPolicy, pol: Policy{TLS: true}, fooled: hidden, make: func(t *testing.T) []byte {
			return twoModes(t, false)
		}},
		{name: "C8-aes-two-modes-signed", suite: alg.Legacy, off: checkOneUse, class: ClassAlgorithm, pol: Policy{TLS: true}, make: func(t *testing.T) []byte {
			return twoModes(t, true)
		}},

		// C9: GCM with a nonce twice.
		{name: "C9-nonce-twice", off: checkOneUse, class: ClassDecrypt, pol: Policy{TLS: true}, fooled: bodyIs("forged"), make: func(t *testing.T) []byte {
			key, ek, _ := sealedFor(t, "", "a", "x", xmlenc.Content)
			ek = bytes.Replace(ek, []byte(`<xenc:DataReference URI="#ed-a"/>`), []byte(`<xenc:DataReference URI="#ed-a"/><xenc:DataReference URI="#ed-b"/>`), 1)
			nonce := random(12)
			out := protected()
			out.Headers = [][]byte{[]byte(`<h:H xmlns:h="urn:h">` + string(withNonce(t, key, nonce, "ed-b", "something")) + `</h:H>`)}
			out.Body = withNonce(t, key, nonce, "ed-a", `<o:Get xmlns:o="urn:orders">forged</o:Get>`)
			msg, _, err := Protect(out, Options{Tokens: []Token{user()}}, now)
			if err != nil {
				t.Fatal(err)
			}
			return swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
		}},

		// C11, C4: data and keys elsewhere.
		{name: "C11-cipher-reference", class: ClassFormat, make: func(t *testing.T) []byte {
			return swap(t, write(t, "", asymmetric, rsa), `<xenc:CipherData><xenc:CipherValue>[^<]*</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>`,
				[]byte(`<xenc:CipherData><xenc:CipherReference URI="http://127.0.0.1/x"/></xenc:CipherData></xenc:EncryptedData>`))
		}},
		{name: "C11-key-elsewhere", class: ClassFormat, make: func(t *testing.T) []byte {
			msg := write(t, "", asymmetric, rsa)
			data := find(t, msg, anyData)
			return bytes.Replace(msg, data, swap(t, data, `<ds:KeyInfo.*?</ds:KeyInfo>`, []byte(`<ds:KeyInfo xmlns:ds="`+xmltree.DS+`"><ds:RetrievalMethod URI="#x"/></ds:KeyInfo>`)), 1)
		}},

		// C12: another's EncryptedKey, other data.
		{name: "C12-own-data-unsigned", off: checkRequired, class: ClassPolicy, fooled: bodyIs("forged"), make: func(t *testing.T) []byte {
			p := asymmetric
			p.Sign, p.Encrypt = PartTimestamp, 0
			msg := write(t, "", p, rsa)
			_, ek, ed := sealedFor(t, "", "x", `<o:Get xmlns:o="urn:orders">forged</o:Get>`, xmlenc.Content)
			msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
			return swap(t, msg, anyBody, []byte("<s:Body>"+string(ed)+"</s:Body>"))
		}},
		{name: "C12-own-data-in-a-signed-body", class: ClassSignature, make: func(t *testing.T) []byte {
			msg := write(t, "", cipherSigned, rsa)
			key, ek, ed := sealedFor(t, "", "x", `<o:Get xmlns:o="urn:orders">forged</o:Get>`, xmlenc.Content)
			_ = key
			msg = swap(t, msg, anyList, nil)
			msg = swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
			return swap(t, msg, anyData, ed)
		}},
		{
			name: "C12-signed-cbc-other-key", suite: alg.Basic256, off: checkCipherSigned, class: ClassPolicy,
			fooled: func(ev *Evidence) bool {
				return ev.Body.Signed() && !bytes.Contains(ev.Body.Element().Raw(), []byte("pay"))
			},
			make: func(t *testing.T) []byte {
				// Header content of one block, signed as ciphertext by a sender
				// who does not sign the key; the attacker sends another key.
				return otherKey(t)
			},
		},
		{
			name: "C12-lifted-password", off: checkKeyBound, class: ClassPolicy,
			fooled: func(ev *Evidence) bool {
				return ev.Username != nil && ev.Username.Name == "alice" && bodyIs("forged")(ev)
			},
			make: liftedPassword,
		},
		{name: "C12-key-alone-is-nobody", off: checkMade, class: ClassPolicy, fooled: hidden, make: func(t *testing.T) []byte {
			return write(t, "", *Symmetric(service().cert))
		}},
		{name: "C12-listed-with-another-key", class: ClassWrapping, make: func(t *testing.T) []byte {
			msg := write(t, "", asymmetric, rsa)
			id := idOf(t, find(t, find(t, msg, anyBody), anyData))
			_, ek, _ := sealedFor(t, "", "x", "x", xmlenc.Content)
			msg = swap(t, msg, anyList, nil)
			return swap(t, msg, endTimestamp, append([]byte(endTimestamp), bytes.Replace(ek, []byte("#ed-x"), []byte("#"+id), 1)...))
		}},
	}
	list = append(list, shapeAttacks()...)
	list = append(list, moreAttacks()...)
	return append(list, derivedAttacks()...)
}

func idOf(t testing.TB, element []byte) string {
	t.Helper()
	return strings.Split(string(find(t, element, ` Id="[^"]*"`)), `"`)[1]
}

// twoModes encrypts the Body in GCM and a header in CBC under one key; signed, a
// signature over the ciphertext comes first.
func twoModes(t *testing.T, signed bool) []byte {
	t.Helper()
	key, ek, _ := sealedFor(t, "", "a", "x", xmlenc.Content)
	ek = bytes.Replace(ek, []byte(`<xenc:DataReference URI="#ed-a"/>`), []byte(`<xenc:DataReference URI="#ed-a"/><xenc:DataReference URI="#ed-b"/>`), 1)
	var a, b xmltree.Builder
	if err := xmlenc.Seal(&a, []byte(`<o:Get xmlns:o="urn:orders">`+secretWord+`-body</o:Get>`), xmlenc.Content, "ed-a", key, nil, ""); err != nil {
		t.Fatal(err)
	}
	if err := xmlenc.Seal(&b, []byte(`<h:More xmlns:h="urn:h"/>`), xmlenc.Content, "ed-b", key, nil, alg.Basic256); err != nil {
		t.Fatal(err)
	}
	out := protected()
	out.Headers = [][]byte{[]byte(`<h:H xmlns:h="urn:h" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="h">` + string(b.Bytes()) + `</h:H>`)}
	out.Body = a.Bytes()
	o := Options{Suite: alg.Legacy, Tokens: []Token{user()}}
	if signed {
		// The EncryptedKey is a token that the signature protects.
		named := withAttributes(ek, ` xmlns:wsu="`+xmltree.WSU+`" wsu:Id="signed-key"`)
		o.Tokens = []Token{x509Token(rsaUser(), RefDirect, 0), Issued{XML: named}}
		p := Protection{Sign: BodyTimestamp, AllHeaders: true}
		o.Protection = &p
		ek = nil
	}
	msg, _, err := Protect(out, o, now)
	if err != nil {
		t.Fatal(err)
	}
	if signed {
		// First the signature, then what it signs is opened.
		key := find(t, msg, anyKey)
		msg = bytes.Replace(msg, key, nil, 1)
		return swap(t, msg, endSecurity, append(key, endSecurity...))
	}
	return swap(t, msg, endTimestamp, append([]byte(endTimestamp), ek...))
}

// otherKey replaces the EncryptedKey of a Body that is signed as CBC ciphertext
// by one under which the same ciphertext means something else.
func otherKey(t *testing.T) []byte {
	t.Helper()
	key, ek, _ := sealedFor(t, alg.Basic256, "x", "x", xmlenc.Content)
	var d xmltree.Builder
	if err := xmlenc.Seal(&d, []byte("<p>pay</p>"), xmlenc.Content, "ed-x", key, nil, alg.Basic256); err != nil {
		t.Fatal(err)
	}
	out := protected()
	out.Body = d.Bytes()
	msg, _, err := Protect(out, Options{Suite: alg.Basic256, Tokens: []Token{x509Token(rsaUser(), RefDirect, BodyTimestamp)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	evil := emptied(t, d.Bytes())
	var b xmltree.Builder
	if err := xmlenc.SealKey(&b, evil, "", service().public(t), nil, []string{"ed-x"}, alg.Basic256); err != nil {
		t.Fatal(err)
	}
	_ = ek
	return swap(t, msg, endSecurity, append(b.Bytes(), endSecurity...))
}

// liftedPassword puts the encrypted username token of another's message on a
// message of the attacker's, who signs its ciphertext.
func liftedPassword(t *testing.T) []byte {
	t.Helper()
	victim := write(t, "", Protection{Sign: BodyTimestamp, Encrypt: PartToken, Recipient: service().cert, Symmetric: true}, user())
	token := find(t, victim, anyData)
	ek := swap(t, find(t, victim, anyKey), `</xenc:EncryptedKey>`, []byte(`<xenc:ReferenceList><xenc:DataReference URI="#`+idOf(t, token)+`"/></xenc:ReferenceList></xenc:EncryptedKey>`))

	w := &writer{expect: &Expect{}, out: outgoing().Prepared(), now: now}
	w.out.Body = []byte(`<o:Get xmlns:o="urn:orders">forged</o:Get>`)
	w.o.Protection = &Protection{Sign: BodyTimestamp, Recipient: service().cert, Symmetric: true}
	w.o.Protection.Encrypt = 0
	if err := w.plan(); err != nil {
		t.Fatal(err)
	}
	msg, err := w.write()
	if err != nil {
		t.Fatal(err)
	}
	// Its signature is made anew, over the stranger's ciphertext as well.
	unsigned := swap(t, msg, `<ds:Signature .*?</ds:Signature>`, token)
	root, err := parseOwn(unsigned)
	if err != nil {
		t.Fatal(err)
	}
	refs, err := w.references(&w.signers[0], root, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := xmltree.ByID(root, idOf(t, token))
	if err != nil {
		t.Fatal(err)
	}
	sig, err := xmldsig.Sign(w.signers[0].key, "", "", append(refs, xmldsig.Ref{ID: idOf(t, token), Elem: e}), w.signers[0].keyInfo)
	if err != nil {
		t.Fatal(err)
	}
	return swap(t, unsigned, endSecurity, bytes.Join([][]byte{sig, ek, []byte(endSecurity)}, nil))
}

// derivedAttacks are those on derived keys.
func derivedAttacks() []encAttack {
	length := fmt.Sprintf("<wsc:Length>%d</wsc:Length>", defaultLength)
	nonce := "<wsc:Nonce>{nonce}</wsc:Nonce>"
	type v struct {
		name, inside string
		d            derivation
		class        Class
		below        bool
	}
	var list []encAttack
	for _, c := range []v{
		{"offset-and-generation", "<wsc:Generation>0</wsc:Generation><wsc:Offset>0</wsc:Offset>" + length + nonce, derivation{}, ClassFormat, true},
		{"two-offsets", "<wsc:Offset>0</wsc:Offset><wsc:Offset>0</wsc:Offset>" + length + nonce, derivation{}, ClassFormat, true},
		{"huge-offset", "<wsc:Offset>4294967295</wsc:Offset>" + length + nonce, derivation{}, ClassLimit, true},
		{"huge-generation", "<wsc:Generation>2147483647</wsc:Generation>" + length + nonce, derivation{}, ClassLimit, true},
		{"negative-offset", "<wsc:Offset>-1</wsc:Offset>" + length + nonce, derivation{}, ClassFormat, true},
		{"generations", "<wsc:Generation>3</wsc:Generation>" + length + nonce, derivation{offset: 96}, ClassLimit, false},
		{"length-0", "<wsc:Length>0</wsc:Length>" + nonce, derivation{}, ClassLimit, true},
		{"length-huge", "<wsc:Length>2147483648</wsc:Length>" + nonce, derivation{}, ClassLimit, true},
		{"short-nonce", length + nonce, derivation{nonce: []byte("fifteen octets.")}, ClassFormat, false},
		{"no-nonce", length, derivation{nonce: []byte{}}, ClassFormat, false},
		{"long-nonce", length + nonce, derivation{nonce: bytes.Repeat([]byte{1}, 129)}, ClassFormat, false},
		{"long-label", length + "<wsc:Label>" + strings.Repeat("l", 129) + "</wsc:Label>" + nonce, derivation{label: strings.Repeat("l", 129)}, ClassLimit, false},
		{"properties", "<wsc:Properties><wsc:Label>x</wsc:Label></wsc:Properties>" + length + nonce, derivation{}, ClassFormat, true},
		{"two-versions", `<x:Length xmlns:x="` + xmltree.SC2005 + `">32</x:Length>` + nonce, derivation{}, ClassFormat, true},
		{"algorithm", length + nonce, derivation{}, ClassAlgorithm, true},
	} {
		a := encAttack{name: "T10-" + c.name, class: c.class, off: checkDerivation, fooled: bodyIs("-body"), make: func(t *testing.T) []byte {
			msg := underDerived(t, c.inside, c.d)
			if c.name == "algorithm" {
				msg = swap(t, msg, `wsu:Id="dk"`, []byte(`wsu:Id="dk" Algorithm="urn:x"`))
			}
			return msg
		}}
		if c.below {
			a.off = 0
		}
		list = append(list, a)
	}
	dk := func(id, from string) string {
		return `<wsc:DerivedKeyToken xmlns:wsc="` + xmltree.SC13 + `" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="` + id + `"><wsse:SecurityTokenReference><wsse:Reference URI="#` + from +
			`"/></wsse:SecurityTokenReference><wsc:Nonce>AAAAAAAAAAAAAAAAAAAAAA==</wsc:Nonce></wsc:DerivedKeyToken>`
	}
	for name, c := range map[string]struct {
		more  string
		class Class
	}{
		"cycle":             {dk("a", "b") + dk("b", "a"), ClassLimit},
		"self":              {dk("a", "a"), ClassLimit},
		"unknown-reference": {dk("a", "nothing"), ClassWrapping},
		"from-a-signature":  {dk("a", "ts"), ClassPolicy},
	} {
		list = append(list, encAttack{name: "T10-" + name, class: c.class, make: func(t *testing.T) []byte {
			msg := underDerived(t, length+nonce, derivation{})
			msg = swap(t, msg, endTimestamp, []byte(endTimestamp+c.more))
			// The signature is now said to be by that key.
			msg = swap(t, msg, `URI="#dk"`, []byte(`URI="#a"`))
			if name == "from-a-signature" {
				id := strings.Split(string(find(t, msg, `<wsu:Timestamp [^>]*wsu:Id="[^"]*"`)), `wsu:Id="`)[1]
				msg = bytes.Replace(msg, []byte("#ts\""), []byte("#"+id), 1)
			}
			return msg
		}})
	}
	return list
}
