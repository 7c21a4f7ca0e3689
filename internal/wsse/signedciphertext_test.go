package wsse

import (
	"bytes"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// signatureOver signs what the ids name in a message.
func signatureOver(t testing.TB, msg []byte, key alg.Key, suite alg.Suite, keyInfo []byte, ids ...string) []byte {
	t.Helper()
	sec := security(t, msg)
	var refs []xmldsig.Ref
	for _, id := range ids {
		e, err := xmltree.ByID(sec, id)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, xmldsig.Ref{ID: id, Elem: e})
	}
	sig, err := xmldsig.Sign(key, suite, "", refs, keyInfo)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// over is signatureOver with the key of a certificate.
func (i identity) over(t testing.TB, msg []byte, ids ...string) []byte {
	t.Helper()
	return signatureOver(t, msg, i.key, "", xmldsig.X509KeyInfo(i.cert), ids...)
}

// stampID returns the id of the Timestamp.
func stampID(t testing.TB, msg []byte) string {
	t.Helper()
	return strings.Split(string(find(t, find(t, msg, `<wsu:Timestamp [^>]*`), `wsu:Id="[^"]*"`)), `"`)[1]
}

// behind puts pieces behind what an expression finds.
func behind(t testing.TB, msg []byte, expr string, pieces ...[]byte) []byte {
	t.Helper()
	return swap(t, msg, expr, append(find(t, msg, expr), bytes.Join(pieces, nil)...))
}

// A header block is among the signed ones by those signatures that are over it and
// by trusted keys: one that only shows that somebody has a key protects nothing.
func TestHeaderBlocksAreTheirSigners(t *testing.T) {
	out := outgoing()
	for _, name := range []string{"a", "b"} {
		out.Headers = append(out.Headers, []byte(`<h:`+name+` xmlns:h="urn:h" xmlns:wsu="`+xmltree.WSU+`" wsu:Id="`+name+`"/>`))
	}
	msg, _, err := Protect(out, Options{Tokens: []Token{user(), x509Token(rsaUser(), RefDirect, BodyTimestamp)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	ts := stampID(t, msg)
	msg = swap(t, msg, endSecurity, bytes.Join([][]byte{client().over(t, msg, ts, "a"), mallory().over(t, msg, ts, "a", "b"), []byte(endSecurity)}, nil))
	_, err = receive(t, msg, reader(t), Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassTrust)
	ev, err := receive(t, msg, reader(t), Policy{TLS: true, Possession: true}, now, 0)
	if err != nil || len(ev.Headers) != 1 || !ev.Headers[0].Element().Is("urn:h", "a") {
		t.Fatalf("%+v, %v", ev, err)
	}
	if s := ev.Headers[0].SignedBy(); len(s) != 1 || !s[0].Certificate.Equal(client().cert) {
		t.Errorf("signed by %d, the first %+v", len(s), s[0])
	}
}

// A signature may be over ciphertext that is all of a part, and then says nothing
// about what was in it. One over ciphertext inside of a part, or over an element in
// a part, is refused before anything is digested.
func TestSignedCiphertext(t *testing.T) {
	const payload = `<o:Get xmlns:o="urn:orders">hidden</o:Get>`
	_, ek, content := sealedFor(t, "", "x", payload, xmlenc.Content)
	_, ekElem, element := sealedFor(t, "", "x", payload, xmlenc.Element)
	inHeader := func(data []byte) string { return `<h:H xmlns:h="urn:h">` + string(data) + `</h:H>` }
	clear := `<o:Get xmlns:o="urn:orders" Id="ed-x">in the clear</o:Get>`
	for name, c := range map[string]struct {
		ek           []byte
		header, body string
		want         Class
	}{
		"all of the body":              {ek, "", string(content), 0},
		"all of a header block":        {ek, inHeader(content), payload, 0},
		"in an element of the body":    {ek, "", `<o:Get xmlns:o="urn:orders">` + string(content) + `</o:Get>`, ClassWrapping},
		"in a header block's element":  {ek, `<h:G xmlns:h="urn:h">` + inHeader(content) + `</h:G>`, payload, ClassWrapping},
		"an element of the body":       {ekElem, "", string(element), ClassWrapping},
		"no ciphertext, in the body":   {nil, "", clear, ClassWrapping},
		"no ciphertext, in the header": {nil, inHeader([]byte(clear)), payload, ClassWrapping},
	} {
		out := outgoing()
		out.Headers, out.Body = [][]byte{[]byte(c.header)}, []byte(c.body)
		if c.header == "" {
			out.Headers = nil
		}
		msg, _, err := Protect(out, Options{Tokens: []Token{x509Token(rsaUser(), RefDirect, PartTimestamp)}}, now)
		if err != nil {
			t.Fatal(err)
		}
		sig := client().over(t, msg, stampID(t, msg), "ed-x")
		ev, err := receive(t, behind(t, msg, endTimestamp, sig, c.ek), reader(t), Policy{TLS: true}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (ev.Signers[0].Covers != PartTimestamp || len(ev.Headers) != 0 || ev.Body.Signed()) {
			t.Errorf("%s: covers %v and %d header blocks", name, ev.Signers[0].Covers, len(ev.Headers))
		}
		// With a wrong value it is the place that is complained of, or else the value.
		sig = swap(t, sig, `<ds:SignatureValue>[^<]{8}`, []byte("<ds:SignatureValue>AAAAAAAA"))
		_, err = receive(t, behind(t, msg, endTimestamp, sig, c.ek), reader(t), Policy{TLS: true}, now, 0)
		early := c.want
		if name == "an element of the body" || c.want == 0 {
			early = ClassSignature // that its content has no such place is seen once it is open
		}
		if ClassOf(err) != early {
			t.Errorf("%s, and a wrong value: %v", name, err)
		}
	}
}

// Whoever signs a part that has ciphertext in it, however deep, says something about
// that only if he has its key. What is in the clear in the same message is not
// doubted for it.
func TestSignersOfCiphertext(t *testing.T) {
	p := Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Symmetric: true, BodyElement: true}
	victim := write(t, "", p, user())
	data, key := ciphertextOf(t, victim, find(t, victim, anyBody))
	for name, body := range map[string]string{
		"the element in the body": string(data),
		"an element deeper":       `<o:Get xmlns:o="urn:orders"><o:More>` + string(data) + `</o:More></o:Get>`,
	} {
		own := Protection{Sign: BodyTimestamp, Recipient: service().cert, Symmetric: true}
		out := protected()
		out.Body = []byte(body)
		msg, _, err := Protect(out, Options{Protection: &own, Tokens: []Token{user()}}, now)
		if err != nil {
			t.Fatal(err)
		}
		msg = swap(t, msg, endSecurity, append(key, endSecurity...))
		if ev, err := receive(t, msg, reader(t), Policy{}, now, checkKeyBound); err != nil || !bodyIs("-body")(ev) {
			t.Fatalf("set-up error: the weakened verifier is not fooled: %v", err)
		}
		_, err = receive(t, msg, reader(t), Policy{}, now, 0)
		if ClassOf(err) != ClassPolicy {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A password in the clear is bound by a signature over it and over a Body that the
	// signer has sealed for us.
	msg := write(t, "", Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Order: EncryptThenSign}, x509Token(rsaUser(), RefDirect, 0), user())
	if ev, err := receive(t, msg, reader(t), Policy{}, now, 0); err != nil || ev.Username == nil || len(ev.UsernameToken.SignedBy()) != 1 {
		t.Errorf("a password beside ciphertext: %v", err)
	}
	// One that is ciphertext to the signer is not his to vouch for, also over TLS.
	victim = write(t, "", Protection{Sign: BodyTimestamp, Encrypt: PartToken, Recipient: service().cert, Symmetric: true}, user())
	data, key = ciphertextOf(t, victim, victim)
	named := withAttributes(data, ` xmlns:wsu="`+xmltree.WSU+`" wsu:Id="lifted"`)
	msg = write(t, "", Protection{Sign: BodyTimestamp}, x509Token(rsaUser(), RefDirect, 0), Issued{XML: named})
	ev, err := receive(t, swap(t, msg, endSecurity, append(key, endSecurity...)), reader(t), Policy{TLS: true}, now, 0)
	if err != nil || ev.Username == nil || !ev.UsernameToken.TransportOnly() {
		t.Errorf("somebody else's password: %+v, %v", ev, err)
	}
}

// Content that is encrypted inside of an element leaves the element itself for all to
// see: the Body is then not encrypted.
func TestEncryptedInside(t *testing.T) {
	_, ek, data := sealedFor(t, "", "x", `<o:ID>42</o:ID>`, xmlenc.Content)
	out := outgoing()
	out.Body = []byte(`<o:Get xmlns:o="urn:orders" price="7">` + string(data) + `</o:Get>`)
	msg, _, err := Protect(out, Options{Tokens: []Token{x509Token(rsaUser(), RefDirect, BodyTimestamp)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	msg = swap(t, msg, endSecurity, append(ek, endSecurity...))
	ev, err := receive(t, msg, reader(t), Policy{}, now, 0)
	if err != nil || ev.Encrypted != 0 || ev.Body.Encrypted() != nil {
		t.Errorf("%+v, %v", ev, err)
	}
	_, err = receive(t, msg, reader(t), Policy{Encrypted: PartBody}, now, 0)
	wantClass(t, err, ClassPolicy)
	// Of a Body that was encrypted, and in it an element once more, it is told how the
	// Body was.
	key, ek, _ := sealedFor(t, "", "x", "x", xmlenc.Content)
	inner := sealedBy(t, key, keyOf("ek-x"), "ed-y", `<o:Get xmlns:o="urn:orders"/>`, xmlenc.Element)
	out.Body = sealedBy(t, key, nil, "ed-x", string(inner), xmlenc.Content)
	if msg, _, err = Protect(out, Options{Tokens: []Token{x509Token(rsaUser(), RefDirect, BodyTimestamp)}}, now); err != nil {
		t.Fatal(err)
	}
	msg = swap(t, msg, endSecurity, bytes.Join([][]byte{ek, referenceList([]string{"ed-y"}), []byte(endSecurity)}, nil))
	if ev, err = receive(t, msg, reader(t), Policy{Encrypted: PartBody}, now, 0); err != nil || !ev.Body.Encrypted().Content {
		t.Errorf("twice: %+v, %v", ev, err)
	}
}

// The answer is signed before it is encrypted unless it was ciphertext that the
// message's signature is over: that of a signature does not count, nor does it that
// something was encrypted beside what is signed.
func TestOrderOfTheAnswer(t *testing.T) {
	rsa := x509Token(rsaUser(), RefDirect, 0)
	p := Protection{Sign: BodyTimestamp, Encrypt: PartBody | PartSignature, Recipient: service().cert}
	endorsed := write(t, "", p, rsa)
	sig := find(t, endorsed[bytes.Index(endorsed, []byte("</xenc:EncryptedKey>")):], anyData)
	endorsed = behind(t, endorsed, endTimestamp, client().over(t, endorsed, stampID(t, endorsed), idOf(t, sig)))
	beside := p
	beside.Sign, beside.Encrypt, beside.Order = PartTimestamp, PartBody, EncryptThenSign
	over := beside
	over.Sign = BodyTimestamp
	for name, c := range map[string]struct {
		msg  []byte
		want Order
	}{
		"the ciphertext of a signature": {endorsed, SignThenEncrypt},
		"beside it":                     {write(t, "", beside, rsa), SignThenEncrypt},
		"the ciphertext of the body":    {write(t, "", over, rsa), EncryptThenSign},
	} {
		ev, err := receive(t, c.msg, reader(t), Policy{TLS: true}, now, 0)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, c.msg)
			continue
		}
		if ev.Encrypted&PartBody == 0 || ev.binding.order != c.want {
			t.Errorf("%s: order %v", name, ev.binding.order)
		}
	}
}
