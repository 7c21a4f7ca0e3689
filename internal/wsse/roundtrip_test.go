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
	if typed := `wsse11:TokenType="` + typePKIPath + `"`; !bytes.Contains(msg, []byte(typed)) {
		t.Errorf("the reference does not say that it is to a path: %s", msg)
	} else if old := protect(t, Options{Tokens: []Token{tok}, Version: V10}); bytes.Contains(old, []byte(typed)) {
		t.Errorf("version 1.1 in a 1.0 header: %s", old)
	}
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
