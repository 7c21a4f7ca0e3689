package wsse

import (
	"bytes"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

const clearUser = `<wsse:UsernameToken xmlns:wsse="` + xmltree.WSSE + `" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="u"><wsse:Username>alice</wsse:Username><wsse:Password>` + secretWord + `-password</wsse:Password></wsse:UsernameToken>`

// withIDs is a message without a signature whose Timestamp is named "stamp" and whose
// Body is named "body".
func withIDs(t testing.TB) []byte {
	t.Helper()
	msg := protect(t, Options{})
	msg = swap(t, msg, `<s:Body`, []byte(`<s:Body xmlns:u="`+xmltree.WSU+`" u:Id="body"`))
	return swap(t, msg, `<wsu:Timestamp`, []byte(`<wsu:Timestamp wsu:Id="stamp"`))
}

// Whoever puts a signature of his before the sender's gets no answer either where the
// sender is known by a context, or as one who vouches; and a token over TLS that nobody
// signs does not make the signers strangers to the message.
func TestAnswerIsForWhoIsKnown(t *testing.T) {
	insider := makeIdentity("insider", 79, benchRSA())
	shared := freshKey(t)
	l := reader(t)
	l.certs = append(l.certs, insider.cert)
	l.contexts["of an insider"] = shared
	l.Vouchers = []alg.Key{rsaUser().public(t)}
	rsa := x509Token(rsaUser(), RefDirect, 0)
	first := func(msg []byte, key alg.Key, info []byte, more ...string) []byte {
		ids := append(more, stampID(t, msg), wsuIDOf(t, msg, `<s:Body[^>]*`))
		return behind(t, msg, endTimestamp, signatureOver(t, msg, key, "", info, ids...))
	}

	p := Protection{Sign: BodyTimestamp | PartToken, Encrypt: PartBody, Recipient: service().cert}
	assertion := build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.SenderVouches})
	id, _ := parsed(t, string(assertion)).Attr("", "ID")
	msg := first(write(t, "", p, rsa, Issued{XML: assertion}), insider.key, xmldsig.X509KeyInfo(insider.cert), id)
	ev, err := receive(t, msg, l, Policy{}, now, 0)
	if err != nil || ev.Confirmation != saml.SenderVouches || len(ev.Signers) != 2 || !ev.Signers[0].Required {
		t.Fatalf("%+v, %v", ev, err)
	}
	if o, ok, err := ev.Answer(Options{}); err != nil || !ok || !ev.Certificate.Equal(rsaUser().cert) || !o.Protection.Recipient.Equal(rsaUser().cert) {
		t.Errorf("to one who vouches: %+v, %v", o.Protection, err)
	}

	msg = first(write(t, "", Protection{Sign: BodyTimestamp, Encrypt: PartBody}, contextIssued(t)), shared, named("of an insider"))
	ev, err = receive(t, msg, l, Policy{}, now, 0)
	if err != nil || ev.Context == nil || len(ev.Signers) != 2 || !ev.Signers[0].Required {
		t.Fatalf("%+v, %v", ev, err)
	}
	if o, ok, err := ev.Answer(Options{}); err != nil || !ok || !o.Tokens[0].(Issued).Key.Equal(secret(t)) || ev.binding.ref != *ev.Context {
		t.Errorf("in a context: %+v, %v", o, err)
	}

	p.Sign = BodyTimestamp
	msg = behind(t, write(t, "", p, rsa), endTimestamp, []byte(clearUser))
	ev, err = receive(t, msg, l, Policy{TLS: true}, now, 0)
	if err != nil || ev.Username == nil || !ev.UsernameToken.TransportOnly() {
		t.Fatalf("%+v, %v", ev, err)
	}
	if o, ok, err := ev.Answer(Options{}); err != nil || !ok || !o.Protection.Recipient.Equal(rsaUser().cert) {
		t.Errorf("beside a token that nobody signs: %+v, %v", o.Protection, err)
	}
}

// Where the sender's signature is over another one, that is the message's: its key
// protects the answer, be it a key that was sent or a certificate's.
func TestAnswerIsUnderTheEndorsedKey(t *testing.T) {
	rsa := x509Token(rsaUser(), RefDirect, 0)
	p := Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Symmetric: true}
	ev, err := receive(t, write(t, "", p, rsa), reader(t), Policy{}, now, 0)
	if err != nil || len(ev.Signers) != 2 || !ev.Signers[0].Made || !ev.Certificate.Equal(rsaUser().cert) {
		t.Fatalf("%+v, %v", ev, err)
	}
	if o, ok, err := ev.Answer(Options{}); err != nil || !ok || o.Protection.Recipient != nil || !o.Tokens[0].(Issued).Key.Equal(ev.Signers[0].root) {
		t.Errorf("a key that was sent: %+v, %v", o, err)
	}

	holder := makeIdentity("holder", 80, benchRSA())
	held := Issued{XML: build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.HolderOfKey, Certificate: holder.cert}), Key: holder.key}
	p.Symmetric = false
	ev, err = receive(t, write(t, "", p, rsa, held), reader(t), Policy{}, now, 0)
	if err != nil || ev.Confirmation != saml.HolderOfKey || len(ev.Signers) != 2 || ev.Signers[0].Holder || ev.Signers[1].Covers&PartSignature == 0 {
		t.Fatalf("%+v, %v", ev, err)
	}
	if o, ok, err := ev.Answer(Options{}); err != nil || !ok || !o.Protection.Recipient.Equal(rsaUser().cert) {
		t.Errorf("a certificate that a holder endorses: %+v, %v", o.Protection, err)
	}

	// A key that signs less than is required protected nothing, though a signature over
	// all is over that one too.
	own := freshKey(t)
	var ek xmltree.Builder
	if err := xmlenc.SealKey(&ek, own, "ek-own", service().public(t), nil, nil, ""); err != nil {
		t.Fatal(err)
	}
	msg := behind(t, withIDs(t), endTimestamp, ek.Bytes())
	part := bytes.Replace(signatureOver(t, msg, own, "", keyOf("ek-own"), "stamp"), []byte("<ds:Signature "), []byte(`<ds:Signature Id="part" `), 1)
	msg = behind(t, msg, `</xenc:EncryptedKey>`, part)
	msg = behind(t, msg, `</ds:Signature>`, rsaUser().over(t, msg, "stamp", "body", "part"))
	ev, err = receive(t, msg, reader(t), Policy{}, now, 0)
	if err != nil || len(ev.Signers) != 2 || ev.Signers[0].Required || !ev.Signers[1].Required {
		t.Fatalf("%+v, %v", ev, err)
	}
	if o, ok, err := ev.Answer(Options{}); err != nil || ok {
		t.Errorf("a key that signed the Timestamp: %+v, %v", o, err)
	}
}

// Of two who sign the user's token and all that is required, the first is the sender.
func TestFirstSignerOfTheToken(t *testing.T) {
	l := reader(t)
	for _, ids := range [][2]identity{{client(), rsaUser()}, {rsaUser(), client()}} {
		msg := behind(t, withIDs(t), endTimestamp, []byte(clearUser))
		sigs := append(ids[0].over(t, msg, "stamp", "body", "u"), ids[1].over(t, msg, "stamp", "body", "u")...)
		ev, err := receive(t, behind(t, msg, `</wsse:UsernameToken>`, sigs), l, Policy{}, now, 0)
		if err != nil || len(ev.UsernameToken.SignedBy()) != 2 || !ev.Certificate.Equal(ids[0].cert) {
			t.Errorf("%+v, %v", ev, err)
		}
	}
}

// The message is in a context only if the context's key signs all that is required.
func TestContextOfSomeIsNotTheMessages(t *testing.T) {
	for _, c := range []struct {
		ids []string
		is  bool
	}{{[]string{"stamp"}, false}, {[]string{"stamp", "body"}, true}} {
		msg := behind(t, withIDs(t), endTimestamp, contextIssued(t).XML)
		byContext := signatureOver(t, msg, secret(t), "", referring("_sct"), c.ids...)
		msg = behind(t, msg, `</c:SecurityContextToken>`, byContext, rsaUser().over(t, msg, "stamp", "body"))
		ev, err := receive(t, msg, reader(t), Policy{}, now, 0)
		if err != nil || (ev.Context != nil) != c.is || !ev.Certificate.Equal(rsaUser().cert) {
			t.Errorf("over %q: %+v, %v", c.ids, ev, err)
		}
	}
}

// Where messages come without TLS as well, a token that was encrypted counts over TLS
// only under a signature that knew it: anybody may have its ciphertext. One in the clear
// has not been seen by anybody else.
func TestSealedTokensNeedASignature(t *testing.T) {
	p := Protection{Sign: BodyTimestamp, Encrypt: PartToken, Recipient: service().cert, Symmetric: true}
	both := Policy{TLS: true, Sealed: true}
	for name, token := range map[string]Token{"password": user(), "bearer assertion": bearerToken(t)} {
		victim := write(t, "", p, token)
		data, key := ciphertextOf(t, victim, victim)
		lifted := swap(t, protect(t, Options{}), endSecurity, bytes.Join([][]byte{key, data, []byte(endSecurity)}, nil))
		for how, c := range map[string]struct {
			msg  []byte
			pol  Policy
			want Class
		}{
			"lifted":                      {lifted, both, ClassPolicy},
			"lifted, where there is TLS":  {lifted, Policy{TLS: true}, 0},
			"signed by its key":           {victim, both, 0},
			"in the clear":                {protect(t, Options{Tokens: []Token{token}}), both, 0},
			"in the clear, without TLS":   {protect(t, Options{Tokens: []Token{token}}), Policy{Sealed: true}, ClassPolicy},
			"signed by its key, in clear": {victim, Policy{Sealed: true}, 0},
		} {
			ev, err := receive(t, c.msg, reader(t), c.pol, now, 0)
			if ClassOf(err) != c.want || err == nil && ev.Username == nil && ev.Confirmation != saml.Bearer {
				t.Errorf("%s, %s: %v", name, how, err)
			}
		}
	}
}
