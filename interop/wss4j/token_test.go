package wss4j

import (
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wsse"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/interop/rig"
	"wstrust/saml"
)

func (s *stage) confirmations(*testing.T) []kind {
	service := s.token("service", wsse.RefDirect)
	sealed := wsse.Protection{Sign: bodyStamp, Encrypt: wsse.PartBody | wsse.PartSignature, Recipient: s.ids["client"].Cert}
	signs := wsse.Protection{Sign: bodyStamp}
	one := signed(s.token("client", wsse.RefDirect))
	two := &wsse.Options{Tokens: []wsse.Token{s.token("client", wsse.RefDirect), s.token("second", wsse.RefDirect)}, Protection: &signs}
	asks := do("timestamp sign")
	answers := do("timestamp confirm sign", "sign.by", "service", "sign.parts", "body timestamp confirmation")
	kinds := []kind{
		{
			name: "of one signature", answerOurs: confirms(asks, wsse.Options{Tokens: []wsse.Token{service}, Protection: &signs}), answerTheir: confirmed(one, answers),
		},
		{
			name: "of two signatures", answerOurs: confirms(do("timestamp sign endorse", "endorse.by", "second"), wsse.Options{Tokens: []wsse.Token{service}, Protection: &signs}),
			answerTheir: confirmed(two, answers),
		},
		{
			name: "of one signature, encrypted", encrypt: wsse.PartBody, answerOurs: confirms(asks, wsse.Options{Tokens: []wsse.Token{service}, Protection: &sealed}),
			answerTheir: confirmed(one, answers.with("do", "timestamp confirm sign encrypt", "enc.to", "client", "enc.parts", "body confirmation")),
		},
	}
	for i := range kinds {
		kinds[i].sign = bodyStamp
		if kinds[i].encrypt == 0 {
			kinds[i].has = []string{"SignatureConfirmation"}
		}
	}
	return kinds
}

// confirms has WSS4J ask and us confirm its signatures.
func confirms(ask request, o wsse.Options) func(*testing.T, *stage, *kind) ([]byte, request) {
	return func(t *testing.T, s *stage, k *kind) ([]byte, request) {
		t.Helper()
		k.out.RelatesTo = ""
		msg := s.make(t, k, ask)
		ev, err := s.receive(msg, wsse.Policy{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		o.Confirms, o.Reply = ev, true
		k.out.RelatesTo = "urn:uuid:the-request"
		answer, _, err := wsse.Protect(k.outgoing(), o, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		values := strings.Fields(s.check(t, k, msg, nil).Values)
		k.find = func(t *testing.T, f finding) {
			t.Helper()
			findsSigned("SignatureConfirmation")(t, f)
			got := strings.Fields(f.Confirmed)
			slices.Sort(got)
			slices.Sort(values)
			if len(values) == 0 || !slices.Equal(got, values) {
				t.Errorf("WSS4J finds %d confirmations of its %d signatures, or others", len(got), len(values))
			}
		}
		return answer, request{"as": "client"}
	}
}

// confirmed has us ask and WSS4J confirm our signatures.
func confirmed(o *wsse.Options, answer request) func(*testing.T, *stage, *kind) ([]byte, wsse.Policy) {
	return func(t *testing.T, s *stage, k *kind) ([]byte, wsse.Policy) {
		t.Helper()
		k.out.RelatesTo = ""
		msg, expect, err := wsse.Protect(k.outgoing(), *o, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		f := s.check(t, k, msg, nil)
		if f.Error != "" {
			t.Fatal(f.Error)
		}
		k.out.RelatesTo = expect.Reply.MessageID
		pol := k.policy()
		pol.Reply, pol.Confirmed = expect, true
		// Without a confirmation, or with another's, it is refused.
		for _, values := range []string{"", base64.StdEncoding.EncodeToString([]byte("somebody else's signature"))} {
			if _, err := s.receive(s.make(t, k, answer.with("values", values)), pol, nil); err == nil {
				t.Errorf("accepted with the confirmation %q", values)
			}
		}
		return s.make(t, k, answer.with("values", f.Values)), pol
	}
}

func (s *stage) users(*testing.T) []kind {
	user := func(digest bool) func(*testing.T, *wsse.Evidence) {
		return func(t *testing.T, ev *wsse.Evidence) {
			t.Helper()
			if ev.Username == nil || ev.Username.Name != rig.User || ev.Username.Digest != digest {
				t.Errorf("user %+v", ev.Username)
			}
		}
	}
	find := func(t *testing.T, f finding) {
		t.Helper()
		if f.User != rig.User {
			t.Errorf("WSS4J finds the user %q", f.User)
		}
	}
	client := s.token("client", wsse.RefDirect)
	var kinds []kind
	for _, digest := range []bool{false, true} {
		name, q := "text", []string{}
		if digest {
			name, q = "digest", []string{"digest", ""}
		}
		kinds = append(kinds,
			kind{name: name + ", over TLS", tls: true, ours: &wsse.Options{Tokens: []wsse.Token{alice(digest)}}, their: do("timestamp user", q...), seen: user(digest), find: find, has: []string{"#Password"}},
			kind{
				name: name + ", signed with the message", sign: bodyStamp, ours: &wsse.Options{Tokens: []wsse.Token{client, alice(digest)}, Protection: &wsse.Protection{Sign: bodyStamp}},
				their: do("timestamp user sign", "sign.parts", "body timestamp user").with(q...), seen: user(digest), find: find,
			})
	}
	derived := alice(false)
	derived.Derive = true
	their := func(steps string, more ...string) request {
		return do(steps, "user.iterations", "1000").with(more...)
	}
	all := wsse.PartBody | wsse.PartSignature
	for _, k := range []kind{
		{
			name: "a key from the password, over TLS", tls: true, sign: wsse.PartTimestamp, ours: &wsse.Options{Tokens: []wsse.Token{derived}},
			their: their("timestamp user sign", "sign.by", "key", "sign.parts", "timestamp user"),
		},
		{
			name: "a key from the password, signed with the message", sign: bodyStamp, ours: signed(derived),
			their: their("timestamp user sign", "sign.by", "key", "sign.parts", "body timestamp user"),
		},
		{
			name: "keys derived from the password's, signed and encrypted", sign: bodyStamp, encrypt: all, has: []string{"DerivedKeyToken"},
			ours:  &wsse.Options{Tokens: []wsse.Token{derived}, Protection: &wsse.Protection{Sign: bodyStamp, Encrypt: all, Derived: wsse.Derived13}},
			their: their("timestamp user sign encrypt", "sign.by", "key", "sign.parts", "body timestamp user", "enc.by", "key", "enc.parts", "body signature", "derived", "13"),
		},
		{
			name: "a key from the password, endorsing", sign: bodyStamp, ours: &wsse.Options{Tokens: []wsse.Token{client, derived}, Protection: &wsse.Protection{Sign: bodyStamp}},
			their: their("timestamp user sign endorse", "endorse.by", "key", "endorse.parts", "signature user"),
		},
	} {
		k.user, k.find, k.has = true, find, append(k.has, "Salt>", "Iteration>")
		k.seen = func(t *testing.T, ev *wsse.Evidence) {
			t.Helper()
			if ev.Username == nil || ev.Username.Name != rig.User || !ev.Username.Derived {
				t.Errorf("user %+v", ev.Username)
			}
		}
		kinds = append(kinds, k)
	}
	return kinds
}

// assertion is an assertion of the issuer about alice.
func (s *stage) assertion(t *testing.T, v saml.Version, c saml.Confirmation) []byte {
	t.Helper()
	now := time.Now()
	id := s.ids["issuer"]
	x, err := saml.Build{
		Version: v, Issuer: issuerName, IssueInstant: now,
		Subject:    saml.Subject{NameID: "alice", Confirmations: []saml.Confirmation{c}},
		Conditions: saml.Conditions{NotBefore: now, NotOnOrAfter: now.Add(time.Hour), Audiences: [][]string{{serviceURL}}},
		Attributes: []saml.Attribute{{Name: "role", Namespace: "urn:ns", Values: []string{"clerk"}}},
	}.XML(id.key, []*x509.Certificate{id.Cert}, "")
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// proof is a symmetric key and the confirmation that holds it, encrypted for the service.
func (s *stage) proof(t *testing.T) (alg.Key, saml.Confirmation) {
	t.Helper()
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := alg.SecretKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	service := s.ids["service"].Cert
	thumbprint := sha1.Sum(service.Raw)
	var b xmltree.Builder
	info := `<d:KeyInfo xmlns:d="` + xmltree.DS + `"><o:SecurityTokenReference xmlns:o="` + xmltree.WSSE +
		`"><o:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"` +
		` EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary">` +
		base64.StdEncoding.EncodeToString(thumbprint[:]) + `</o:KeyIdentifier></o:SecurityTokenReference></d:KeyInfo>`
	if err := xmlenc.SealKey(&b, key, "", public(service), []byte(info), nil, ""); err != nil {
		t.Fatal(err)
	}
	return key, saml.Confirmation{Kind: saml.HolderOfKey, EncryptedKey: b.Bytes()}
}

func (s *stage) assertions(t *testing.T) []kind {
	client := s.ids["client"]
	key, proof := s.proof(t)
	var kinds []kind
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		issued := func(c saml.Confirmation, key alg.Key) wsse.Issued {
			return wsse.Issued{XML: s.assertion(t, v, c), Key: key}
		}
		version := strings.TrimPrefix(v.String(), "SAML ")
		their := func(kind, steps string, more ...string) request {
			return do(steps, "saml", kind, "saml.version", version).with(more...)
		}
		add := func(confirmation saml.Kind, k kind) {
			k.name = v.String() + ", " + k.name
			k.seen = func(t *testing.T, ev *wsse.Evidence) {
				t.Helper()
				if ev.Assertion == nil || ev.Assertion.Subject.NameID != "alice" || ev.Confirmation != confirmation {
					t.Errorf("confirmation %v, assertion %+v", ev.Confirmation, ev.Assertion)
				}
			}
			kinds = append(kinds, k)
		}
		const withAssertion = "timestamp saml sign"
		none := alg.Key{}
		bearer := issued(saml.Confirmation{Kind: saml.Bearer}, none)
		all := wsse.PartBody | wsse.PartSignature
		add(saml.Bearer, kind{name: "bearer, over TLS", tls: true, ours: &wsse.Options{Tokens: []wsse.Token{bearer}}, their: their("bearer", "timestamp saml")})
		add(saml.Bearer, kind{
			name: "bearer, signed with the message", sign: bodyStamp, ours: &wsse.Options{Tokens: []wsse.Token{s.token("client", wsse.RefDirect), bearer}, Protection: &wsse.Protection{Sign: bodyStamp}},
			their: their("bearer", withAssertion, "early", "", "sign.parts", "body timestamp assertion"), find: findsSigned("Assertion"),
		})
		add(saml.HolderOfKey, kind{
			name: "holder of key, certificate", sign: bodyStamp, ours: signed(issued(saml.Confirmation{Kind: saml.HolderOfKey, Certificate: client.Cert}, client.key)),
			their: their("certificate", withAssertion, "sign.ref", "saml"),
		})
		add(saml.HolderOfKey, kind{
			name: "holder of key, embedded in the reference", sign: bodyStamp, has: []string{"Embedded>"}, notOurs: "made, but it reads no embedded tokens",
			their: their("certificate", withAssertion, "sign.ref", "embedded-saml"),
		})
		add(saml.HolderOfKey, kind{
			name: "holder of key, public key", sign: bodyStamp, ours: signed(issued(saml.Confirmation{Kind: saml.HolderOfKey, Public: client.Cert.PublicKey}, client.key)),
			their: their("public", withAssertion, "sign.ref", "saml"),
		})
		add(saml.HolderOfKey, kind{
			name: "holder of key, signed by its certificate's own token", sign: bodyStamp,
			ours: &wsse.Options{
				Tokens:     []wsse.Token{s.token("client", wsse.RefDirect), issued(saml.Confirmation{Kind: saml.HolderOfKey, Certificate: client.Cert}, none)},
				Protection: &wsse.Protection{Sign: bodyStamp},
			},
			their: their("certificate", withAssertion, "early", "", "sign.parts", "body timestamp assertion"),
		})
		add(saml.HolderOfKey, kind{
			name: "holder of key, symmetric", sign: bodyStamp, ours: signed(issued(proof, key)), their: their("symmetric", withAssertion, "sign.by", "key"),
		})
		add(saml.HolderOfKey, kind{
			name: "holder of key, symmetric, signed and encrypted with derived keys", sign: bodyStamp, encrypt: all, has: []string{"DerivedKeyToken"},
			ours:  &wsse.Options{Tokens: []wsse.Token{issued(proof, key)}, Protection: &wsse.Protection{Sign: bodyStamp, Encrypt: all, Derived: wsse.Derived13}},
			their: their("symmetric", "timestamp saml sign encrypt", "derived", "13", "enc.parts", "body signature", "sign.by", "key", "enc.by", "key"),
		})
		str := issued(proof, key)
		str.STRTransform, str.Parts = true, bodyStamp|wsse.PartToken
		add(saml.HolderOfKey, kind{
			name: "holder of key, symmetric, signed by STR-Transform", sign: bodyStamp, has: []string{"#STR-Transform"}, find: findsSigned("Assertion"),
			ours: &wsse.Options{Tokens: []wsse.Token{str}}, their: their("symmetric", withAssertion, "early", "", "sign.by", "key", "sign.parts", "body timestamp token"),
		})
		vouched := issued(saml.Confirmation{Kind: saml.SenderVouches}, none)
		through := vouched
		through.STRTransform = true
		add(saml.SenderVouches, kind{
			name: "sender vouches, by id", sign: bodyStamp, ours: &wsse.Options{Tokens: []wsse.Token{s.token("client", wsse.RefDirect), vouched}, Protection: &wsse.Protection{Sign: bodyStamp}},
			their: their("vouched-direct", withAssertion, "early", "", "sign.parts", "body timestamp assertion"), find: findsSigned("Assertion"),
		})
		add(saml.SenderVouches, kind{
			name: "sender vouches, by STR-Transform", sign: bodyStamp, has: []string{"#STR-Transform"}, ours: &wsse.Options{Tokens: []wsse.Token{s.token("client", wsse.RefDirect), through}, Protection: &wsse.Protection{Sign: bodyStamp}},
			their: their("vouched", "timestamp saml vouch"),
		})
		if v == saml.V20 {
			add(saml.Bearer, kind{
				name: "bearer, encrypted with the body", sign: bodyStamp, encrypt: wsse.PartBody | wsse.PartToken,
				ours:  s.sealed(wsse.Protection{Encrypt: wsse.PartBody | wsse.PartToken}, bearer),
				their: their("bearer", "timestamp saml sign encrypt", "early", "", "sign.parts", "body timestamp assertion", "enc.parts", "body assertion"), find: findsEncrypted("Assertion"),
			})
		}
	}
	return kinds
}
