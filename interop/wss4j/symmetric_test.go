package wss4j

import (
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// withKey is a request to sign and encrypt with one symmetric key.
func withKey(steps string, more ...string) request {
	return do(steps, "sign.by", "key", "enc.by", "key").with(more...)
}

func (s *stage) symmetric(*testing.T) []kind {
	ours := func(derived wsse.Derivation, encrypt wsse.Parts) *wsse.Options {
		return &wsse.Options{
			Tokens:     []wsse.Token{alice(false)},
			Protection: &wsse.Protection{Sign: bodyStamp, Encrypt: encrypt, Recipient: s.ids["service"].Cert, Symmetric: true, Derived: derived},
		}
	}
	piece := func(d wsse.DerivedKeys) *wsse.Options {
		o := ours(wsse.Derived13, wsse.PartBody|wsse.PartSignature|wsse.PartToken)
		o.Protection.DerivedKeys = d
		return o
	}
	signs := func(more ...string) request {
		return withKey("timestamp user session sign", "sign.parts", "body timestamp user").with(more...)
	}
	both := func(more ...string) request {
		return withKey("timestamp user session sign encrypt", "sign.parts", "body timestamp user", "enc.parts", "body user signature").with(more...)
	}
	all := wsse.PartBody | wsse.PartSignature | wsse.PartToken
	kinds := []kind{
		{name: "signed with the encrypted key", tls: true, ours: ours(wsse.NotDerived, 0), their: signs()},
		{name: "signed and encrypted with the encrypted key", encrypt: all, ours: ours(wsse.NotDerived, all), their: both()},
		{name: "signed with a derived key of 1.3", tls: true, ours: ours(wsse.Derived13, 0), their: signs("derived", "13"), has: []string{"DerivedKeyToken", xmltree.SC13}},
		{name: "signed and encrypted with derived keys of 1.3", encrypt: all, ours: ours(wsse.Derived13, all), their: both("derived", "13"), has: []string{"DerivedKeyToken", xmltree.SC13}},
		{name: "signed and encrypted with derived keys of 2005/02", encrypt: all, ours: ours(wsse.Derived2005, all), their: both("derived", "2005"), has: []string{"DerivedKeyToken", xmltree.SC2005}},
		{
			name: "derived keys at an offset", encrypt: all, ours: piece(wsse.DerivedKeys{Offset: 24}), has: []string{"Offset>24<"},
			notTheir: "not made: it writes offset 0",
		},
		{name: "derived keys of another label", encrypt: all, ours: piece(wsse.DerivedKeys{Label: "orders"}), has: []string{"Label>orders<"}, notTheir: "not made: it writes no labels"},
		{name: "derived keys of another length", encrypt: all, ours: piece(wsse.DerivedKeys{Length: 20, Nonce: 64}), their: both("derived", "13", "derived.length", "20"), has: []string{"Length>20<"}},
		{name: "derived keys of a generation", encrypt: all, notOurs: "made, but it takes every generation for the first", notTheir: "not made: it writes offsets"},
		{name: "derived keys in KeyInfo, without an id", notOurs: "made, but it reads references only", notTheir: "not made: it writes derived keys into the header"},
		{name: "signed and encrypted with implied derived keys", notOurs: "made, but it reads derived keys from tokens only", notTheir: "not made: it writes derived keys as tokens only"},
		{name: "answered with the request's key, by its SHA-1", encrypt: wsse.PartBody, has: []string{"#EncryptedKeySHA1"}, answerOurs: answerWithKey(both()), answerTheir: answeredWithKey(ours(wsse.NotDerived, all))},
		{
			name: "answered with keys derived from the request's", encrypt: wsse.PartBody, has: []string{"#EncryptedKeySHA1", "DerivedKeyToken"},
			answerOurs: answerWithKey(both("derived", "13")), answerTheir: answeredWithKey(ours(wsse.Derived13, all), "derived", "13"),
		},
	}
	for i := range kinds {
		kinds[i].sign = bodyStamp
	}
	return kinds
}

// answerWithKey has WSS4J ask and us answer with the key that it made.
func answerWithKey(ask request) func(*testing.T, *stage, *kind) ([]byte, request) {
	return func(t *testing.T, s *stage, k *kind) ([]byte, request) {
		t.Helper()
		msg := s.make(t, k, ask)
		ev, err := s.receive(msg, wsse.Policy{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		o, ok, err := ev.Answer(wsse.Options{Reply: true})
		if err != nil || !ok {
			t.Fatalf("no answer with the same key: %v", err)
		}
		k.out.RelatesTo = "urn:uuid:the-request"
		answer, _, err := wsse.Protect(k.outgoing(), o, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		f := s.check(t, k, msg, nil)
		if f.SecretID == "" {
			t.Fatalf("WSS4J does not find its key: %+v", f)
		}
		return answer, request{"as": "client", "secret": f.Secret, "secret_id": f.SecretID}
	}
}

// answeredWithKey has us ask and WSS4J answer with the key that we made.
func answeredWithKey(o *wsse.Options, more ...string) func(*testing.T, *stage, *kind) ([]byte, wsse.Policy) {
	return func(t *testing.T, s *stage, k *kind) ([]byte, wsse.Policy) {
		t.Helper()
		k.out.RelatesTo = ""
		msg, expect, err := wsse.Protect(k.outgoing(), *o, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		f := s.check(t, k, msg, nil)
		if f.SecretID == "" {
			t.Fatalf("WSS4J does not find our key: %+v", f)
		}
		k.out.RelatesTo = expect.Reply.MessageID
		q := withKey("timestamp sign encrypt", "enc.parts", "body signature", "sha1", "", "secret", f.Secret, "secret_id", f.SecretID).with(more...)
		pol := k.policy()
		pol.Reply = expect
		return s.make(t, k, q), pol
	}
}

func (s *stage) contexts(t *testing.T) []kind {
	secret := randomSecret()
	key, err := alg.SecretKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	token := func(space string) wsse.Issued {
		return wsse.Issued{Key: key, XML: []byte(`<c:SecurityContextToken xmlns:c="` + space + `" xmlns:u="` + xmltree.WSU + `" u:Id="sct"><c:Identifier>` + contextID + `</c:Identifier></c:SecurityContextToken>`)}
	}
	unsent := wsse.Issued{Key: key, Unsent: true, Attached: []byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="` + contextID +
		`" ValueType="` + xmltree.SC13 + `/sct"/></o:SecurityTokenReference>`)}
	ours := func(tok wsse.Token, p wsse.Protection) *wsse.Options {
		p.Sign = bodyStamp
		return &wsse.Options{Tokens: []wsse.Token{tok}, Protection: &p}
	}
	const signs, both = "timestamp context sign", "timestamp context sign encrypt"
	all := wsse.PartBody | wsse.PartSignature
	whole := []string{"enc.parts", "body signature"}
	kinds := []kind{
		{name: "signed, 1.3", ours: ours(token(xmltree.SC13), wsse.Protection{}), their: withKey(signs, "context", "13"), has: []string{xmltree.SC13, alg.HMACSHA256}},
		{name: "signed, 2005/02", ours: ours(token(xmltree.SC2005), wsse.Protection{}), their: withKey(signs, "context", "2005"), has: []string{xmltree.SC2005, alg.HMACSHA256}},
		{name: "signed and encrypted, 1.3", encrypt: all, ours: ours(token(xmltree.SC13), wsse.Protection{Encrypt: all}), their: withKey(both, "context", "13").with(whole...)},
		{name: "signed with a derived key, 1.3", ours: ours(token(xmltree.SC13), wsse.Protection{Derived: wsse.Derived13}), their: withKey(signs, "context", "13", "derived", "13"), has: []string{"DerivedKeyToken"}},
		{
			name: "signed and encrypted with derived keys, 1.3", encrypt: all, ours: ours(token(xmltree.SC13), wsse.Protection{Encrypt: all, Derived: wsse.Derived13}),
			their: withKey(both, "context", "13", "derived", "13").with(whole...), has: []string{"DerivedKeyToken"},
		},
		{
			name: "signed and encrypted with derived keys, 2005/02", encrypt: all, ours: ours(token(xmltree.SC2005), wsse.Protection{Encrypt: all, Derived: wsse.Derived2005}),
			their: withKey(both, "context", "2005", "derived", "2005").with(whole...), has: []string{"DerivedKeyToken", xmltree.SC2005},
		},
		{
			name: "the token without an id, signed", has: []string{xmltree.SC13},
			ours:     ours(wsse.Issued{Key: key, XML: []byte(`<c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `"><c:Identifier>` + contextID + `</c:Identifier></c:SecurityContextToken>`)}, wsse.Protection{}),
			notTheir: "not made: it writes an id",
		},
		{name: "the token not sent, signed", ours: ours(unsent, wsse.Protection{}), their: withKey(signs, "context", "13", "unsent", "")},
		{
			name: "the token not sent, derived keys", encrypt: all, ours: ours(unsent, wsse.Protection{Encrypt: all, Derived: wsse.Derived13}),
			their: withKey(both, "context", "13", "derived", "13", "unsent", "").with(whole...),
		},
	}
	for i := range kinds {
		k := &kinds[i]
		k.sign, k.secret = bodyStamp, secret
		k.seen = func(t *testing.T, ev *wsse.Evidence) {
			if ev.Context == nil || ev.Context.ID != contextID {
				t.Errorf("context %v", ev.Context)
			}
		}
	}
	return kinds
}

func (s *stage) endorsing(t *testing.T) []kind {
	two := func(t *testing.T, ev *wsse.Evidence) {
		t.Helper()
		if len(ev.Signers) != 2 {
			t.Errorf("%d signers", len(ev.Signers))
		}
	}
	sct := s.contexts(t)[0]
	second := s.token("second", wsse.RefDirect)
	secret := func(o *wsse.Options) *wsse.Options {
		out := *o
		out.Tokens = append([]wsse.Token{o.Tokens[0]}, second)
		return &out
	}
	endorse := []string{"endorse.by", "second", "endorse.ref", "direct"}
	kinds := []kind{
		{
			name: "a second certificate", ours: &wsse.Options{Tokens: []wsse.Token{s.token("client", wsse.RefDirect), second}, Protection: &wsse.Protection{Sign: bodyStamp}},
			their: do("timestamp sign endorse", endorse...),
		},
		{
			name: "a second certificate, encrypted body and signatures", encrypt: wsse.PartBody | wsse.PartSignature,
			ours: s.sealed(wsse.Protection{Encrypt: wsse.PartBody | wsse.PartSignature}, second), notTheir: "not made: our driver of it encrypts one signature",
		},
		{
			name: "a certificate over a symmetric signature", encrypt: wsse.PartBody,
			ours: &wsse.Options{Tokens: []wsse.Token{second}, Protection: &wsse.Protection{
				Sign: bodyStamp, Encrypt: wsse.PartBody, Recipient: s.ids["service"].Cert, Symmetric: true, Derived: wsse.Derived13,
			}},
			their: withKey("timestamp session sign endorse encrypt", endorse...).with("derived", "13"),
		},
		{name: "a certificate over a security context's signature", secret: sct.secret, ours: secret(sct.ours), their: sct.their.with(endorse...).with("do", "timestamp context sign endorse")},
	}
	for i := range kinds {
		k := &kinds[i]
		k.sign, k.seen, k.find = bodyStamp, two, findsSigned("Signature")
	}
	return kinds
}
