package wsse

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

func x509Token(id identity, ref Reference, parts Parts) X509 {
	return X509{Certificates: []*x509.Certificate{id.cert}, Key: id.key, Reference: ref, Parts: parts}
}

func TestX509EveryReference(t *testing.T) {
	for ref := RefDirect; ref <= RefX509Data; ref++ {
		for _, id := range []identity{client(), rsaUser()} {
			for _, v := range []soap.Version{soap.V12, soap.V11} {
				for _, a := range []soap.Addressing{soap.A10, soap.A04, soap.ANone} {
					t.Run(fmt.Sprintf("%d %v %v %v", ref, id.key, v, a), func(t *testing.T) {
						out := outgoing()
						out.Version, out.Addressing = v, a
						parts := PartTimestamp | PartBody | PartAddressing
						msg, _, err := Protect(out, Options{Tokens: []Token{x509Token(id, ref, parts)}}, now)
						if err != nil {
							t.Fatal(err)
						}
						ev, err := receive(t, msg, trust(mallory(), id, issuer()), Policy{Required: PartBody | PartAddressing}, now, 0)
						if err != nil {
							t.Fatalf("%v\n%s", err, msg)
						}
						if ev.Certificate == nil || !ev.Certificate.Equal(id.cert) {
							t.Fatalf("certificate %v", ev.Certificate)
						}
						if !ev.Body.Signed() || !ev.Timestamp.Signed() || len(ev.Replays) != 1 {
							t.Fatalf("evidence %+v", ev)
						}
						if to, err := ev.To.Text(); a != soap.ANone && (err != nil || to != serviceURL || !ev.To.Signed() || !ev.Action.Signed() || !ev.MessageID.Signed() || !ev.ReplyTo.Signed()) {
							t.Fatalf("addressing: %q, %v", to, err)
						}
						if p, err := ev.Body.Payload(); err != nil || !p.Is("urn:orders", "Get") {
							t.Fatalf("payload: %v", err)
						}
						// Nobody else's certificate does.
						_, err = receive(t, msg, trust(mallory(), issuer()), Policy{}, now, 0)
						wantClass(t, err, ClassTrust)
					})
				}
			}
		}
	}
}

func TestX509Chain(t *testing.T) {
	tok := x509Token(client(), RefDirect, 0)
	tok.Certificates = append(tok.Certificates, issuer().cert)
	tok.Chain = true
	msg := protect(t, Options{Tokens: []Token{tok}})
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	env, err := soap.Read(d, Understood)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Read(env, "")
	if err != nil {
		t.Fatal(err)
	}
	leaf, chain, err := p.Needs()[0].Certificates()
	if err != nil || !leaf.Equal(client().cert) || len(chain) != 1 || !chain[0].Equal(issuer().cert) {
		t.Fatalf("%v, %v, %v", leaf, chain, err)
	}
	if _, err := p.Verify(trust(client()).answer(t, p), Policy{TLS: true}, now); err != nil {
		t.Fatal(err)
	}
}

func TestDefaultPartsAreThoseOfWWSAPI(t *testing.T) {
	for _, c := range []struct {
		name string
		tok  Token
		want Parts
	}{
		{"asymmetric", x509Token(client(), RefDirect, 0), PartTimestamp | PartTo},
		{"symmetric", contextIssued(t), PartTimestamp},
	} {
		l := trust(client())
		l.contexts = map[string]alg.Key{"urn:ctx": secret(t)}
		ev, err := receive(t, protect(t, Options{Tokens: []Token{c.tok}}), l, Policy{TLS: true}, now, 0)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := ev.Signers[0].Covers &^ PartToken; got != c.want {
			t.Errorf("%s: covers %v, want %v", c.name, got, c.want)
		}
		if !ev.Body.TransportOnly() || !ev.Action.TransportOnly() {
			t.Errorf("%s: body or action is not transport only", c.name)
		}
	}
}

func contextIssued(t testing.TB) Issued {
	return Issued{XML: []byte(`<c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `" xmlns:u="` + xmltree.WSU + `" u:Id="_sct"><c:Identifier>urn:ctx</c:Identifier></c:SecurityContextToken>`), Key: secret(t)}
}

func TestContext(t *testing.T) {
	unsent := Issued{
		Key: secret(t), Unsent: true,
		Attached: []byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="urn:ctx" ValueType="` + typeSCT13 + `"/></o:SecurityTokenReference>`),
	}
	l := trust()
	l.contexts = map[string]alg.Key{"urn:ctx": secret(t)}
	for _, tok := range []Token{contextIssued(t), unsent} {
		msg := protect(t, Options{Tokens: []Token{tok}})
		ev, err := receive(t, msg, l, Policy{TLS: true}, now, 0)
		if err != nil {
			t.Fatalf("%v\n%s", err, msg)
		}
		if ev.Context == nil || ev.Context.ID != "urn:ctx" || ev.Certificate != nil {
			t.Fatalf("%+v", ev)
		}
		_, err = receive(t, msg, trust(), Policy{TLS: true}, now, 0)
		wantClass(t, err, ClassTrust)
	}
	// A context token alone proves nothing.
	bare := contextIssued(t)
	bare.Key = alg.Key{}
	_, err := receive(t, protect(t, Options{Tokens: []Token{bare}}), l, Policy{TLS: true, Anonymous: true}, now, 0)
	wantClass(t, err, ClassPolicy)
	// A public key does for no context, nor a secret for a certificate (C2).
	l.contexts = map[string]alg.Key{"urn:ctx": client().public(t)}
	_, err = receive(t, protect(t, Options{Tokens: []Token{contextIssued(t)}}), l, Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassAlgorithm)
}

func TestUsername(t *testing.T) {
	password := func() []byte { return []byte("correct <horse> & ü") }
	l := trust()
	l.Password = func(p Password) bool { return p.Name() == "alice" && p.Matches(password()) }
	for _, digest := range []bool{false, true} {
		ok := Username{Name: "alice", Password: password, Digest: digest}
		ev, err := receive(t, protect(t, Options{Tokens: []Token{ok}}), l, Policy{TLS: true}, now, 0)
		if err != nil {
			t.Fatal(err)
		}
		if ev.Username == nil || ev.Username.Name != "alice" || ev.Username.Digest != digest || (len(ev.Replays) == 1) != digest {
			t.Fatalf("%+v", ev)
		}
		for _, bad := range []Username{
			{Name: "alice", Password: func() []byte { return []byte("wrong") }, Digest: digest},
			{Name: "bob", Password: password, Digest: digest},
		} {
			_, err := receive(t, protect(t, Options{Tokens: []Token{bad}}), l, Policy{TLS: true}, now, 0)
			wantClass(t, err, ClassTrust)
			if strings.Contains(err.Error(), bad.Name) || strings.Contains(err.Error(), "horse") {
				t.Errorf("the error tells who it was: %v", err)
			}
		}
		// Without TLS and without a signature a token could be put on anything.
		_, err = receive(t, protect(t, Options{Tokens: []Token{ok}}), l, Policy{}, now, 0)
		wantClass(t, err, ClassPolicy)
		// A signature by somebody over everything but the token does not bind it either.
		l2 := l
		l2.certs = []*x509.Certificate{client().cert}
		_, err = receive(t, protect(t, Options{Tokens: []Token{ok, x509Token(client(), RefDirect, PartBody|PartTimestamp)}}), l2, Policy{}, now, 0)
		wantClass(t, err, ClassPolicy)
		_, err = receive(t, protect(t, Options{Tokens: []Token{ok}}), trust(), Policy{TLS: true}, now, 0)
		wantClass(t, err, ClassTrust)
		// The digest has a time of its own.
		if digest {
			msg := bytes.Replace(protect(t, Options{Tokens: []Token{ok}, Timestamp: Never}), []byte("<s:Header>"), []byte("<s:Header>"), 1)
			_, err = receive(t, msg, l, Policy{TLS: true}, now.Add(11*time.Minute), 0)
			wantClass(t, err, ClassExpired)
		}
	}
	if _, _, err := Protect(outgoing(), Options{Tokens: []Token{Username{Name: "a\x00"}}}, now); ClassOf(err) != ClassFormat {
		t.Errorf("control character in a name: %v", err)
	}
}

func TestDigestKnownAnswer(t *testing.T) {
	// Composed by hand from the definition in the Username Token Profile:
	// SHA-1("nonce12345" + "2026-01-01T00:00:00Z" + "secret").
	got := digest([]byte("nonce12345"), "2026-01-01T00:00:00Z", []byte("secret"))
	h := newSHA1()
	h.Write([]byte("nonce123452026-01-01T00:00:00Zsecret"))
	if !bytes.Equal(got, h.Sum(nil)) {
		t.Errorf("%x", got)
	}
}

func holderOf(id identity) saml.Confirmation {
	return saml.Confirmation{Kind: saml.HolderOfKey, Public: id.cert.PublicKey}
}

func sealed(t testing.TB, key alg.Key) saml.Confirmation {
	t.Helper()
	to := service().public(t)
	// The key information names the service's certificate by thumbprint, as
	// WCF does.
	ki := keyInfoWith([]byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:KeyIdentifier ValueType="` + typeThumbprint + `">` + base64Of(thumbprint(service().cert)) + `</o:KeyIdentifier></o:SecurityTokenReference>`))
	var b xmltree.Builder
	if err := xmlenc.SealKey(&b, key, "", to, ki, nil, ""); err != nil {
		t.Fatal(err)
	}
	return saml.Confirmation{Kind: saml.HolderOfKey, EncryptedKey: b.Bytes()}
}

func base64Of(p []byte) string {
	var b xmltree.Builder
	b.Start("", "x")
	b.Base64(p)
	b.End()
	return strings.TrimSuffix(strings.TrimPrefix(string(b.Bytes()), "<x>"), "</x>")
}

func TestSAML(t *testing.T) {
	bearer := saml.Confirmation{Kind: saml.Bearer}
	certConf := saml.Confirmation{Kind: saml.HolderOfKey, Certificate: client().cert}
	signed := PartTimestamp | PartBody | PartTo
	for _, v := range []saml.Version{saml.V11, saml.V20} {
		for _, c := range []struct {
			name string
			tok  Issued
			want saml.Kind
		}{
			{"bearer", Issued{XML: build(t, v, issuer(), bearer)}, saml.Bearer},
			{"public key", Issued{XML: build(t, v, issuer(), holderOf(client())), Key: client().key, Parts: signed}, saml.HolderOfKey},
			{"certificate", Issued{XML: build(t, v, issuer(), certConf), Key: client().key, Parts: signed | PartToken}, saml.HolderOfKey},
			{"symmetric", Issued{XML: build(t, v, issuer(), sealed(t, secret(t))), Key: secret(t)}, saml.HolderOfKey},
			{"symmetric, str-transform", Issued{XML: build(t, v, issuer(), sealed(t, secret(t))), Key: secret(t), Parts: PartTimestamp | PartToken, STRTransform: true}, saml.HolderOfKey},
			{"either, unproved", Issued{XML: build(t, v, issuer(), holderOf(client()), bearer)}, saml.Bearer},
		} {
			for _, hv := range []Version{V11, V10} {
				t.Run(fmt.Sprintf("%v %s %d", v, c.name, hv), func(t *testing.T) {
					l := trust()
					l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
					msg := protect(t, Options{Tokens: []Token{c.tok}, Version: hv})
					if !bytes.Contains(msg, c.tok.XML) {
						t.Fatal("the token's octets are not in the message")
					}
					if hv == V10 && bytes.Contains(msg, []byte(xmltree.WSSE11)) {
						t.Fatalf("version 1.1 in a 1.0 header: %s", msg)
					}
					tokenType := map[saml.Version]string{saml.V11: tokenSAML11, saml.V20: tokenSAML20}[v]
					if has := bytes.Contains(msg, []byte(`wsse11:TokenType="`+tokenType+`"`)); has != (hv == V11 && !c.tok.Key.IsZero()) {
						t.Fatalf("token type in the reference: %v\n%s", has, msg)
					}
					ev, err := receive(t, msg, l, Policy{TLS: true}, now, 0)
					if err != nil {
						t.Fatalf("%v\n%s", err, msg)
					}
					if ev.Assertion == nil || ev.Assertion.Subject.NameID != "alice" || ev.Confirmation != c.want || ev.Certificate != nil {
						t.Fatalf("%+v", ev)
					}
					if want := c.tok.Parts&PartToken != 0; len(ev.Signers) > 0 && (ev.Signers[0].Covers&PartToken != 0) != want {
						t.Fatalf("token covered: %v", ev.Signers[0].Covers)
					}
					// Another issuer's signature, or our issuer's under another name.
					l.Issuers = map[string][]*x509.Certificate{issuerName: {mallory().cert}, "urn:other": {issuer().cert}}
					_, err = receive(t, msg, l, Policy{TLS: true}, now, 0)
					wantClass(t, err, ClassTrust)
				})
			}
		}
	}
}

func TestHolderOfKeyWithOwnCertificate(t *testing.T) {
	// The signature names the certificate, not the assertion; the key is
	// trusted because the assertion vouches for it.
	for _, ref := range []Reference{RefDirect, RefKeyValue, RefX509v3} {
		tok := Issued{XML: build(t, saml.V20, issuer(), holderOf(client()))}
		msg := protect(t, Options{Tokens: []Token{tok, x509Token(client(), ref, 0)}})
		ev, err := receive(t, msg, trust(), Policy{TLS: true}, now, 0)
		if err != nil {
			t.Fatal(err)
		}
		if ev.Confirmation != saml.HolderOfKey || ev.Certificate != nil {
			t.Fatalf("%+v", ev)
		}
	}
}

func TestHolderOfKeyUnproved(t *testing.T) {
	other, err := alg.SecretKey([]byte("another secret, another secret.."))
	if err != nil {
		t.Fatal(err)
	}
	pub := build(t, saml.V20, issuer(), holderOf(client()))
	sym := build(t, saml.V20, issuer(), sealed(t, secret(t)))
	for _, c := range []struct {
		name string
		toks []Token
		pol  Policy
		want Class
	}{
		{"as bearer", []Token{Issued{XML: pub}}, Policy{TLS: true}, ClassPolicy},
		{"symmetric as bearer", []Token{Issued{XML: sym}}, Policy{TLS: true}, ClassPolicy},
		{"other key", []Token{Issued{XML: pub, Key: mallory().key}}, Policy{TLS: true}, ClassSignature},
		{"other secret", []Token{Issued{XML: sym, Key: other}}, Policy{TLS: true}, ClassSignature},
		{"trusted stranger signs", []Token{Issued{XML: pub}, x509Token(mallory(), RefDirect, PartTimestamp|PartBody)}, Policy{TLS: true}, ClassPolicy},
		{"holder signs too little", []Token{Issued{XML: pub, Key: client().key, Parts: PartTimestamp}, x509Token(mallory(), RefDirect, PartTimestamp|PartBody)}, Policy{TLS: true, Required: PartBody}, ClassPolicy},
	} {
		l := trust(mallory())
		l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
		_, err := receive(t, protect(t, Options{Tokens: c.toks}), l, c.pol, now, 0)
		t.Run(c.name, func(t *testing.T) { wantClass(t, err, c.want) })
		if c.want == ClassPolicy {
			if _, err := receive(t, protect(t, Options{Tokens: c.toks}), l, c.pol, now, checkHolder|checkRequired); err != nil {
				t.Errorf("%s: not an attack, the weakened verifier refuses it too: %v", c.name, err)
			}
		}
	}
	// Without our private key the proof key stays closed.
	_, err = receive(t, protect(t, Options{Tokens: []Token{Issued{XML: sym, Key: secret(t)}}}), trust(), Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassDecrypt)
}

// encryptedAssertion seals an assertion for the service as issuers do.
func encryptedAssertion(t testing.TB, assertion []byte, to identity, named bool) []byte {
	t.Helper()
	var ki []byte
	if named {
		ki = xmldsig.X509KeyInfo(to.cert)
	}
	var b xmltree.Builder
	b.Start(xmltree.SAML20, "EncryptedAssertion")
	if err := xmlenc.SealWith(&b, assertion, xmlenc.Element, "", to.public(t), ki, ""); err != nil {
		t.Fatal(err)
	}
	b.End()
	return b.Bytes()
}

func attachedTo(assertion []byte) []byte {
	d, _ := xmltree.Parse(assertion, xmltree.Limits{})
	return []byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:KeyIdentifier ValueType="` + typeSAML20ID + `">` + tokenID(d.Root()) + `</o:KeyIdentifier></o:SecurityTokenReference>`)
}

func TestEncryptedAssertion(t *testing.T) {
	inner := build(t, saml.V20, issuer(), holderOf(client()))
	bearer := build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.Bearer})
	ours := Recipient{Key: service().key, Certificate: service().cert}
	other := Recipient{Key: rsaUser().key, Certificate: rsaUser().cert}
	for _, named := range []bool{true, false} {
		l := trust()
		l.Recipients = []Recipient{ours}
		if named {
			l.Recipients = []Recipient{other, ours}
		}
		for _, tok := range []Issued{
			{XML: encryptedAssertion(t, inner, service(), named), Key: client().key, Attached: attachedTo(inner)},
			{XML: encryptedAssertion(t, bearer, service(), named)},
		} {
			ev, err := receive(t, protect(t, Options{Tokens: []Token{tok}}), l, Policy{TLS: true}, now, 0)
			if err != nil {
				t.Fatal(err)
			}
			if ev.Assertion.Subject.NameID != "alice" {
				t.Fatalf("%+v", ev.Assertion)
			}
		}
		msg := protect(t, Options{Tokens: []Token{Issued{XML: encryptedAssertion(t, bearer, rsaUser(), named)}}})
		l.Recipients = []Recipient{ours}
		_, err := receive(t, msg, l, Policy{TLS: true}, now, 0)
		wantClass(t, err, ClassDecrypt)
		l.Recipients = nil
		_, err = receive(t, msg, l, Policy{TLS: true}, now, 0)
		wantClass(t, err, ClassDecrypt)
		l.Recipients = []Recipient{ours}
		_, err = receive(t, protect(t, Options{Tokens: []Token{Issued{XML: encryptedAssertion(t, []byte("<not><xml>"), service(), named)}}}), l, Policy{TLS: true}, now, 0)
		wantClass(t, err, ClassDecrypt)
	}
}

func TestSenderVouches(t *testing.T) {
	conf := saml.Confirmation{Kind: saml.SenderVouches}
	all := PartBody | PartTimestamp | PartToken
	for _, c := range []struct {
		name  string
		strip bool
		conf  saml.Confirmation
		parts Parts
		by    identity
		vouch bool
		want  Class // 0: accepted
	}{
		{"signed by its issuer", false, conf, all, client(), true, 0},
		{"sender's own word", true, conf, all, client(), true, 0},
		{"sender may not vouch", false, conf, all, client(), false, ClassTrust},
		{"own word, may not vouch", true, conf, all, client(), false, ClassSignature},
		{"body not signed", false, conf, PartTimestamp | PartToken, client(), true, ClassTrust},
		{"own word, body not signed", true, conf, PartTimestamp | PartToken, client(), true, ClassSignature},
		{"assertion not signed", false, conf, PartTimestamp | PartBody, client(), true, ClassTrust},
		{"own word is bearer", true, saml.Confirmation{Kind: saml.Bearer}, all, client(), true, ClassSignature},
	} {
		for _, str := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, " ", str), func(t *testing.T) {
				a := build(t, saml.V20, issuer(), c.conf)
				if c.strip {
					a = withoutSignature(t, a)
				}
				// The token is written as Issued; the signature is X.509's. The
				// header is put together here because the vouched token is not
				// the signer's own.
				msg := vouched(t, a, c.by, c.parts, str)
				l := trust(client())
				if c.vouch {
					l.Vouchers = []alg.Key{client().public(t)}
				} else {
					l.Vouchers = []alg.Key{mallory().public(t)}
				}
				ev, err := receive(t, msg, l, Policy{}, now, 0)
				if c.parts&PartBody == 0 { // allowed by TLS only
					ev, err = receive(t, msg, l, Policy{TLS: true}, now, 0)
				}
				if c.want != 0 {
					wantClass(t, err, c.want)
					return
				}
				if err != nil {
					t.Fatalf("%v\n%s", err, msg)
				}
				if ev.Confirmation != saml.SenderVouches || ev.Assertion.Subject.NameID != "alice" || (ev.Assertion.Signer == nil) != c.strip {
					t.Fatalf("%+v", ev)
				}
			})
		}
	}
}

func withoutSignature(t testing.TB, x []byte) []byte {
	t.Helper()
	d, err := xmltree.Parse(x, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	from, to := d.Root().First(xmltree.DS, "Signature").Range()
	return append(bytes.Clone(x[:from]), x[to:]...)
}

// vouched writes a message whose X.509 signature covers an assertion beside it.
func vouched(t testing.TB, assertion []byte, by identity, parts Parts, str bool) []byte {
	t.Helper()
	d, err := xmltree.Parse(assertion, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	tok := Issued{XML: assertion, Key: by.key, Parts: parts, STRTransform: str}
	w := &writer{out: outgoing().Prepared(), o: Options{Tokens: []Token{tok}}, now: now}
	if err := w.plan(); err != nil {
		t.Fatal(err)
	}
	_ = d
	w.signers[0].keyInfo = xmldsig.X509KeyInfo(by.cert)
	msg, err := soap.Write(w.out, w.marks, w.header)
	if err != nil {
		t.Fatal(err)
	}
	sigs, err := w.sign(msg)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{msg[:w.offset], sigs[0], msg[w.offset:]}, nil)
}

func TestPossession(t *testing.T) {
	user := Username{Name: "alice", Password: func() []byte { return []byte("pw") }}
	l := trust()
	l.Password = func(p Password) bool { return p.Matches([]byte("pw")) }
	all := PartTimestamp | PartBody | PartTo
	for _, ref := range []Reference{RefDirect, RefKeyValue, RefX509Data} {
		msg := protect(t, Options{Tokens: []Token{user, x509Token(mallory(), ref, all)}})
		_, err := receive(t, msg, l, Policy{TLS: true}, now, 0)
		wantClass(t, err, ClassTrust)
		ev, err := receive(t, msg, l, Policy{TLS: true, Possession: true}, now, 0)
		if err != nil {
			t.Fatal(err)
		}
		s := ev.Signers[0]
		if ev.Username == nil || ev.Certificate != nil || !ev.Body.TransportOnly() || !ev.Timestamp.TransportOnly() || !s.Possession || s.Required || s.Holder || !s.Key.Equal(mallory().key) {
			t.Fatalf("%+v, %+v", ev, s)
		}
		// It is nobody, and its signature is no protection.
		alone := protect(t, Options{Tokens: []Token{x509Token(mallory(), ref, all)}})
		for _, pol := range []Policy{
			{TLS: true},
			{},
			{Anonymous: true},
			{TLS: true, Anonymous: true, Required: PartBody},
		} {
			pol.Possession = true
			_, err = receive(t, alone, l, pol, now, 0)
			wantClass(t, err, ClassPolicy)
		}
		hok := Issued{XML: build(t, saml.V20, issuer(), holderOf(client()))}
		_, err = receive(t, protect(t, Options{Tokens: []Token{hok, x509Token(mallory(), ref, all)}}), l, Policy{TLS: true, Possession: true}, now, 0)
		wantClass(t, err, ClassPolicy)
		// Without the timestamp it could be an old one.
		_, err = receive(t, protect(t, Options{Tokens: []Token{user, x509Token(mallory(), ref, PartBody)}}), l, Policy{TLS: true, Possession: true}, now, 0)
		wantClass(t, err, ClassPolicy)
	}
	// A key that is only named cannot prove itself.
	_, err := receive(t, protect(t, Options{Tokens: []Token{user, x509Token(mallory(), RefSKI, all)}}), l, Policy{TLS: true, Possession: true}, now, 0)
	wantClass(t, err, ClassTrust)
}
