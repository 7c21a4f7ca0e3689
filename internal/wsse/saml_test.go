package wsse

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

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
	w := &writer{expect: &Expect{}, out: outgoing().Prepared(), o: Options{Tokens: []Token{tok}}, now: now}
	if err := w.plan(); err != nil {
		t.Fatal(err)
	}
	_ = d
	w.signers[0].keyInfo = xmldsig.X509KeyInfo(by.cert)
	msg, err := w.write()
	if err != nil {
		t.Fatal(err)
	}
	return msg
}
