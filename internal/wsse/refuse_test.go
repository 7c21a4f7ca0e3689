package wsse

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// stamped writes a message whose signed timestamp holds the given elements.
func stamped(t testing.TB, content string) []byte {
	t.Helper()
	offset := 0
	w := &writer{expect: &Expect{}, out: outgoing().Prepared(), o: Options{Tokens: []Token{x509Token(client(), RefX509v3, PartTimestamp)}}, now: now}
	if err := w.plan(); err != nil {
		t.Fatal(err)
	}
	msg, err := soap.Write(w.out, w.marks, func(b *xmltree.Builder) {
		b.Start(xmltree.WSSE, "Security")
		b.Start(xmltree.WSU, "Timestamp")
		b.Attr(xmltree.WSU, "Id", "ts"+w.suffix)
		b.Text("")
		b.Raw([]byte(strings.NewReplacer("<C>", "<wsu:Created>", "</C>", "</wsu:Created>", "<E>", "<wsu:Expires>", "</E>", "</wsu:Expires>").Replace(content)))
		b.End()
		offset = b.Len()
		b.End()
	})
	if err != nil {
		t.Fatal(err)
	}
	root, err := parseOwn(msg)
	if err != nil {
		t.Fatal(err)
	}
	sigs, err := w.sign(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{msg[:offset], sigs[0], msg[offset:]}, nil)
}

func TestTimestamps(t *testing.T) {
	at := func(d time.Duration) string { return xmltree.FormatTime(now.Add(d)) }
	ce := func(c, e time.Duration) string { return "<C>" + at(c) + "</C><E>" + at(e) + "</E>" }
	const m = time.Minute
	for _, c := range []struct {
		name, content string
		want          Class
	}{
		{"now", ce(0, 5*m), 0},
		{"at the edge of latency and skew", ce(-10*m, 0), 0},
		{"at the edge of skew", ce(5*m, 9*m), 0},
		{"expired within skew", ce(-9*m, -5*m), 0},
		{"no Expires", "<C>" + at(0) + "</C>", 0},
		{"with offset", "<C>" + now.In(time.FixedZone("", 7200)).Format("2006-01-02T15:04:05.0000000-07:00") + "</C>", 0},
		{"too old", ce(-10*m-time.Millisecond, 5*m), ClassExpired},
		{"expired", ce(-9*m, -5*m-time.Millisecond), ClassExpired},
		{"from the future", ce(5*m+time.Millisecond, 10*m), ClassExpired},
		{"expires before it is created", ce(0, -m), ClassExpired},
		{"expires when it is created", ce(0, 0), ClassExpired},
		{"year 9999", "<C>" + at(0) + "</C><E>9999-12-31T23:59:59Z</E>", ClassExpired},
		{"year 9999 from the start", "<C>9999-12-31T23:59:58Z</C><E>9999-12-31T23:59:59Z</E>", ClassExpired},
		{"no Expires and old", "<C>" + at(-11*m) + "</C>", ClassExpired},
		{"no Created", "<E>" + at(m) + "</E>", ClassFormat},
		{"empty", "", ClassFormat},
		{"no zone", "<C>2026-05-04T12:30:15</C>", ClassFormat},
		{"leap second", "<C>2026-05-04T12:30:60Z</C>", ClassFormat},
		{"many digits", "<C>2026-05-04T12:30:15." + strings.Repeat("0", 1000) + "Z</C>", ClassFormat},
		{"comment", "<C>" + at(0)[:10] + "<!-- -->" + at(0)[10:] + "</C>", ClassFormat},
		{"two Created", "<C>" + at(-time.Hour) + "</C><C>" + at(0) + "</C>", ClassFormat},
		{"order", "<E>" + at(m) + "</E><C>" + at(0) + "</C>", ClassFormat},
		{"text", "x" + ce(0, m), ClassFormat},
	} {
		t.Run(c.name, func(t *testing.T) {
			ev, err := receive(t, stamped(t, c.content), trust(client()), Policy{TLS: true}, now, 0)
			if c.want != 0 {
				wantClass(t, err, c.want)
				if c.want == ClassExpired && (!strings.Contains(err.Error(), xmltree.FormatTime(now)) && !strings.Contains(err.Error(), "valid from") && !strings.Contains(err.Error(), "before it was created")) {
					t.Errorf("the error does not carry both clocks: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			// Once it need not be remembered, it is no longer accepted.
			until := ev.Replays[0].Until
			if _, err := receive(t, stamped(t, c.content), trust(client()), Policy{TLS: true}, until, 0); err != nil {
				t.Errorf("refused while it has to be remembered: %v", err)
			}
			_, err = receive(t, stamped(t, c.content), trust(client()), Policy{TLS: true}, until.Add(time.Millisecond), 0)
			wantClass(t, err, ClassExpired)
		})
	}
}

func TestSkewAndLatencyAreTheCallers(t *testing.T) {
	msg := protect(t, Options{})
	for _, c := range []struct {
		pol  Policy
		off  time.Duration
		want Class
	}{
		{Policy{MaxSkew: -1, MaxLatency: time.Second}, -time.Millisecond, ClassExpired},
		{Policy{MaxSkew: -1, MaxLatency: time.Second}, time.Second, 0},
		{Policy{MaxSkew: -1, MaxLatency: time.Second}, time.Second + time.Millisecond, ClassExpired},
		{Policy{MaxSkew: time.Hour}, 65 * time.Minute, 0},
		{Policy{MaxSkew: time.Hour}, -time.Hour, 0},
	} {
		c.pol.TLS, c.pol.Anonymous = true, true
		_, err := receive(t, msg, trust(), c.pol, now.Add(c.off), 0)
		if ClassOf(err) != c.want {
			t.Errorf("%+v, %v: %v", c.pol, c.off, err)
		}
	}
}

func TestAnonymous(t *testing.T) {
	msg := protect(t, Options{})
	_, err := receive(t, msg, trust(), Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassPolicy)
	_, err = receive(t, msg, trust(), Policy{Anonymous: true}, now, 0)
	wantClass(t, err, ClassPolicy) // no TLS: body and timestamp must be signed
	ev, err := receive(t, msg, trust(), Policy{TLS: true, Anonymous: true}, now, 0)
	if err != nil || !ev.Body.TransportOnly() || ev.Body.Signed() || ev.From != nil {
		t.Fatalf("%+v, %v", ev, err)
	}
	_, err = receive(t, msg, trust(), Policy{TLS: true, Anonymous: true, Required: PartAction}, now, 0)
	wantClass(t, err, ClassPolicy)
	// Without any header.
	bare := protect(t, Options{Timestamp: Never})
	if bytes.Contains(bare, []byte("Security")) {
		t.Fatalf("an empty header was written: %s", bare)
	}
	if _, err := receive(t, bare, trust(), Policy{TLS: true, Anonymous: true}, now, 0); err != nil {
		t.Fatal(err)
	}
	_, err = receive(t, bare, trust(), Policy{TLS: true, Anonymous: true, RequireTimestamp: true}, now, 0)
	wantClass(t, err, ClassPolicy)
	var p *Part
	if p.Element().OK() || p.Signed() || p.TransportOnly() || p.SignedBy() != nil {
		t.Error("a nil part claims something")
	}
	if _, err := p.Payload(); err == nil {
		t.Error("a nil part has a payload")
	}
}

func TestHeaderRefuses(t *testing.T) {
	bst := `<wsse:BinarySecurityToken xmlns:wsu="` + xmltree.WSU + `" wsu:Id="%s" ValueType="` + typeX509v3 + `">` + base64Of(client().cert.Raw) + `</wsse:BinarySecurityToken>`
	ut := `<wsse:UsernameToken><wsse:Username>a</wsse:Username><wsse:Password>b</wsse:Password></wsse:UsernameToken>`
	var nine strings.Builder
	for i := range 9 {
		fmt.Fprintf(&nine, bst, fmt.Sprint("b", i))
	}
	str := func(inner string) string {
		return `<ds:Signature xmlns:ds="` + xmltree.DS + `"><ds:SignedInfo/><ds:SignatureValue>AA==</ds:SignatureValue><ds:KeyInfo>` + inner + `</ds:KeyInfo></ds:Signature>`
	}
	ref := func(inner string) string {
		return str(`<wsse:SecurityTokenReference>` + inner + `</wsse:SecurityTokenReference>`)
	}
	for _, c := range []struct {
		name, content string
		want          Class
	}{
		{"two timestamps", `<wsu:Timestamp xmlns:wsu="` + xmltree.WSU + `"><wsu:Created>2026-05-04T12:30:15Z</wsu:Created></wsu:Timestamp>`, ClassFormat},
		{"two user names", ut + ut, ClassPolicy},
		{"text", "text", ClassFormat},
		{"unknown element", `<x:y xmlns:x="urn:x"/>`, ClassPolicy},
		{"encrypted data", `<x:EncryptedData xmlns:x="` + xmltree.XENC + `"/>`, ClassFormat},
		{"nine tokens", nine.String(), ClassLimit},
		{"nine signatures", strings.Repeat(ref(`<wsse:KeyIdentifier ValueType="`+typeSKI+`">AA==</wsse:KeyIdentifier>`), 9), ClassLimit},
		{"same id", fmt.Sprintf(bst+bst, "b", "b"), ClassWrapping},
		{"no key information", strings.Replace(str(""), "<ds:KeyInfo></ds:KeyInfo>", "", 1), ClassFormat},
		{"empty key information", str(""), ClassPolicy},
		{"retrieval method", str(`<ds:RetrievalMethod URI="http://169.254.169.254/"/>`), ClassAlgorithm},
		{"token elsewhere", ref(`<wsse:Reference URI="http://169.254.169.254/"/>`), ClassPolicy},
		{"reference to nothing", ref(`<wsse:Reference URI="#nothing"/>`), ClassWrapping},
		{"reference without URI", ref(`<wsse:Reference/>`), ClassFormat},
		{"reference to #", ref(`<wsse:Reference URI="#"/>`), ClassFormat},
		{"reference to a user name", strings.Replace(ut, "<wsse:UsernameToken>", `<wsse:UsernameToken xmlns:wsu="`+xmltree.WSU+`" wsu:Id="u">`, 1) + ref(`<wsse:Reference URI="#u"/>`), ClassPolicy},
		{"two references", ref(`<wsse:KeyIdentifier ValueType="` + typeSKI + `">AA==</wsse:KeyIdentifier><wsse:KeyIdentifier ValueType="` + typeSKI + `">AA==</wsse:KeyIdentifier>`), ClassFormat},
		{"empty reference", ref(``), ClassFormat},
		{"reference and key value", str(`<wsse:SecurityTokenReference><ds:KeyName>x</ds:KeyName></wsse:SecurityTokenReference><ds:KeyName>y</ds:KeyName>`), ClassFormat},
		{"unknown identifier", ref(`<wsse:KeyIdentifier ValueType="urn:x">AA==</wsse:KeyIdentifier>`), ClassPolicy},
		{"empty identifier", ref(`<wsse:KeyIdentifier ValueType="` + typeSKI + `"></wsse:KeyIdentifier>`), ClassFormat},
		{"identifier in hexadecimal", ref(`<wsse:KeyIdentifier ValueType="` + typeSKI + `" EncodingType="urn:hex">AA==</wsse:KeyIdentifier>`), ClassFormat},
		{"assertion that is not there", ref(`<wsse:KeyIdentifier ValueType="` + typeSAML20ID + `">_x</wsse:KeyIdentifier>`), ClassTrust},
		{"serial in letters", ref(`<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=a</ds:X509IssuerName><ds:X509SerialNumber>x</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>`), ClassFormat},
		{"token type", strings.Replace(fmt.Sprintf(bst, "b"), typeX509v3, "urn:x", 1) + ref(`<wsse:Reference URI="#b"/>`), ClassPolicy},
		{"bad path", strings.Replace(fmt.Sprintf(bst, "b"), typeX509v3, typePKIPath, 1) + ref(`<wsse:Reference URI="#b"/>`), ClassFormat},
		{"user name without password", `<wsse:UsernameToken><wsse:Username>a</wsse:Username></wsse:UsernameToken>`, ClassPolicy},
		{"digest without nonce", `<wsse:UsernameToken><wsse:Username>a</wsse:Username><wsse:Password Type="` + passwordDigest + `">AAAAAAAAAAAAAAAAAAAAAAAAAAA=</wsse:Password></wsse:UsernameToken>`, ClassFormat},
		{"comment in the name", `<wsse:UsernameToken><wsse:Username>admin<!-- -->@x</wsse:Username><wsse:Password>b</wsse:Password></wsse:UsernameToken>`, ClassFormat},
		{"two passwords", strings.Replace(ut, "</wsse:Password>", "</wsse:Password><wsse:Password>c</wsse:Password>", 1), ClassFormat},
		{"short nonce", strings.Replace(ut, "</wsse:UsernameToken>", "<wsse:Nonce>AAAA</wsse:Nonce></wsse:UsernameToken>", 1), ClassFormat},
	} {
		t.Run(c.name, func(t *testing.T) {
			msg := protect(t, Options{Tokens: []Token{Username{Name: "a"}}})
			i := bytes.Index(msg, []byte("<wsse:UsernameToken>"))
			j := bytes.Index(msg, []byte("</wsse:Security>"))
			msg = bytes.Join([][]byte{msg[:i], []byte(c.content), msg[j:]}, nil)
			_, err := receive(t, msg, trust(client()), Policy{TLS: true, Anonymous: true}, now, 0)
			wantClass(t, err, c.want)
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Path == "" {
				t.Errorf("no path in %v", err)
			}
		})
	}
}

func TestProtectRefuses(t *testing.T) {
	pub := client().public(t)
	for _, c := range []struct {
		name string
		o    Options
		want Class
	}{
		{"signature without timestamp", Options{Timestamp: Never, Tokens: []Token{x509Token(client(), 0, 0)}}, ClassPolicy},
		{"public key", Options{Tokens: []Token{Issued{XML: []byte("<x/>"), Key: pub}}}, ClassAlgorithm},
		{"foreign key", Options{Tokens: []Token{X509{Certificates: []*x509.Certificate{client().cert}, Key: mallory().key}}}, ClassAlgorithm},
		{"no certificate", Options{Tokens: []Token{X509{Key: client().key}}}, ClassPolicy},
		{"unknown suite", Options{Suite: "x"}, ClassAlgorithm},
		{"two elements", Options{Tokens: []Token{Issued{XML: []byte("<x/><y/>")}}}, ClassFormat},
		{"no id", Options{Tokens: []Token{Issued{XML: []byte("<x/>"), Key: secret(t)}}}, ClassPolicy},
		{"thumbprint in 1.0", Options{Version: V10, Tokens: []Token{x509Token(client(), RefThumbprint, 0)}}, ClassPolicy},
		{"nothing to sign", Options{Tokens: []Token{x509Token(client(), 0, PartRelatesTo)}}, ClassPolicy},
		{"token of a reference without one", Options{Tokens: []Token{x509Token(client(), RefSKI, PartTimestamp|PartToken)}}, ClassPolicy},
		{"suite of other keys", Options{Suite: alg.Basic256, Tokens: []Token{x509Token(client(), 0, 0)}}, ClassAlgorithm},
		{"nil token", Options{Tokens: []Token{nil}}, ClassPolicy},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Protect(outgoing(), c.o, now)
			wantClass(t, err, c.want)
		})
	}
}

func TestLayouts(t *testing.T) {
	for _, c := range []struct {
		layout Layout
		want   string
	}{
		{Strict, "Timestamp BinarySecurityToken UsernameToken Signature"},
		{TimestampLast, "BinarySecurityToken UsernameToken Signature Timestamp"},
	} {
		msg := protect(t, Options{Layout: c.layout, Tokens: []Token{x509Token(client(), 0, 0), Username{Name: "a", Password: func() []byte { return []byte("b") }}}})
		d, err := xmltree.Parse(msg, xmltree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for e := range d.Root().First(xmltree.SOAP12, "Header").First(xmltree.WSSE, "Security").Children {
			got = append(got, e.Local())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: %v", c.layout, got)
		}
		l := trust(client())
		l.Password = func(p Password) bool { return p.Matches([]byte("b")) }
		if _, err := receive(t, msg, l, Policy{TLS: true}, now, 0); err != nil {
			t.Error(err)
		}
	}
	if msg := protect(t, Options{Timestamp: RequestsOnly, Reply: true}); bytes.Contains(msg, []byte("Timestamp")) {
		t.Error("a timestamp in an answer that should have none")
	}
	if msg := protect(t, Options{Timestamp: RequestsOnly}); !bytes.Contains(msg, []byte("Timestamp")) {
		t.Error("no timestamp in a request")
	}
}

func TestActor(t *testing.T) {
	msg := protect(t, Options{Actor: "urn:gateway"})
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	env, err := soap.Read(d, Understood)
	if err != nil {
		t.Fatal(err)
	}
	for actor, want := range map[string]bool{"": false, "urn:gateway": true, "urn:other": false} {
		p, err := Read(env, actor)
		if err != nil || p.Present() != want {
			t.Errorf("actor %q: present %v, %v", actor, p.Present(), err)
		}
	}
}

func TestReply(t *testing.T) {
	req, x, err := Protect(outgoing(), Options{Tokens: []Token{x509Token(client(), 0, PartTimestamp|PartBody)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(o Options, confirm ...string) []byte {
		out := soap.Outgoing{Action: action + "Response", RelatesTo: x.Reply.MessageID, Body: []byte(`<o:Got xmlns:o="urn:orders"/>`)}
		o.Reply = true
		msg, _, err := Protect(out, o, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range confirm {
			msg = bytes.Replace(msg, []byte("</wsse:Security>"), []byte(`<k:SignatureConfirmation xmlns:k="`+xmltree.WSSE11+`"`+c+`/></wsse:Security>`), 1)
		}
		return msg
	}
	tls := Policy{TLS: true, Reply: x}
	ours := ` Value="` + base64Of(x.signatures[0]) + `"`
	signedBy := Options{Tokens: []Token{x509Token(service(), RefThumbprint, PartTimestamp|PartBody|PartAddressing)}}
	for _, c := range []struct {
		name string
		msg  []byte
		l    lenient
		pol  Policy
		want Class
	}{
		{"no header", answer(Options{Timestamp: Never}), trust(), tls, 0},
		{"timestamp", answer(Options{}), trust(), tls, 0},
		{"no timestamp, though required", answer(Options{Timestamp: Never}), trust(), Policy{TLS: true, Reply: x, RequireTimestamp: true}, ClassPolicy},
		{"signed", answer(signedBy), trust(service()), Policy{Reply: x, Required: PartBody | PartAddressing}, 0},
		{"signed by a stranger", answer(signedBy), trust(mallory()), Policy{Reply: x}, ClassTrust},
		{"not signed and no TLS", answer(Options{}), trust(), Policy{Reply: x}, ClassPolicy},
		{"confirmed", answer(Options{}, ours), trust(), tls, 0},
		{"nothing confirmed", answer(Options{}, ""), trust(), tls, 0},
		{"another's signature confirmed", answer(Options{}, ` Value="AAAA"`), trust(), tls, ClassProtocol},
		{"our request", req, trust(client()), tls, ClassReplay},
	} {
		ev, err := receive(t, c.msg, c.l, c.pol, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && ev.Body == nil {
			t.Errorf("%s: no body", c.name)
		}
	}
}

func TestEndorsing(t *testing.T) {
	// The main signature covers timestamp and body, a second one covers the
	// first: both sign the body.
	msg := protect(t, Options{Tokens: []Token{x509Token(client(), 0, PartTimestamp|PartBody)}})
	msg = endorse(t, msg, issuer())
	ev, err := receive(t, msg, trust(client(), issuer()), Policy{Required: PartBody}, now, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(ev.Body.SignedBy()) != 2 || !ev.Signers[1].Required || ev.Signers[0].ID != "main" || ev.Signers[1].ID != "" {
		t.Fatalf("%+v", ev.Signers)
	}
}

func TestWireFaultIsOne(t *testing.T) {
	want := soap.WriteFault(soap.V12, WireFault(nil))
	for c := ClassProtocol; c <= ClassDecrypt; c++ {
		got := soap.WriteFault(soap.V12, WireFault(&Error{Class: c, Msg: "secret", Path: "/x"}))
		if !bytes.Equal(got, want) {
			t.Errorf("%v: %s", c, got)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	msg := protect(t, Options{Tokens: []Token{Username{Name: "alice", Password: func() []byte { return []byte("hunter2") }}}})
	d, _ := xmltree.Parse(msg, xmltree.Limits{})
	env, err := soap.Read(d, Understood)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Read(env, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprintf("%+v", p.password), fmt.Sprintf("%#v", p.password), fmt.Sprintf("%v", Username{Password: func() []byte { return []byte("hunter2") }}), fmt.Sprintf("%+v", Issued{Key: secret(t)})} {
		if strings.Contains(s, "hunter2") || strings.Contains(s, "104 117 110") || strings.Contains(s, "0123456789abcdef") {
			t.Errorf("printed: %s", s)
		}
	}
}

func TestSelectRefusesTwo(t *testing.T) {
	// Two trusted certificates with one key identifier (C15).
	a, b := ecIdentity("twin", 21)(), ecIdentity("twin", 22)()
	msg := protect(t, Options{Tokens: []Token{x509Token(a, RefSKI, 0)}})
	_, err := receive(t, msg, trust(a, b), Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassTrust)
	if _, err := receive(t, msg, trust(a), Policy{TLS: true}, now, 0); err != nil {
		t.Error(err)
	}
}

func TestKeysOfTheCallerAreChecked(t *testing.T) {
	// A caller who answers a need with the wrong key makes nobody trusted.
	for _, ref := range []Reference{RefDirect, RefSKI, RefThumbprint, RefIssuerSerial} {
		msg := protect(t, Options{Tokens: []Token{x509Token(mallory(), ref, 0)}})
		d, _ := xmltree.Parse(msg, xmltree.Limits{})
		env, _ := soap.Read(d, Understood)
		p, err := Read(env, "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Verify(Credentials{Keys: map[KeyRef]alg.Key{p.Needs()[0]: client().public(t)}}, Policy{TLS: true}, now)
		wantClass(t, err, ClassTrust)
		_, err = p.Verify(Credentials{Keys: map[KeyRef]alg.Key{p.Needs()[0]: secret(t)}}, Policy{TLS: true}, now)
		wantClass(t, err, ClassAlgorithm)
	}
}

func TestUnsignedAssertion(t *testing.T) {
	a := withoutSignature(t, build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.Bearer}))
	_, err := receive(t, protect(t, Options{Tokens: []Token{Issued{XML: a}}}), trust(), Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassSignature)
}

func TestUnsignedAddressingNeedsTLS(t *testing.T) {
	msg := protect(t, Options{Tokens: []Token{x509Token(client(), 0, PartTimestamp|PartBody)}})
	ev, err := receive(t, msg, trust(client()), Policy{}, now, 0)
	if err != nil {
		t.Fatal(err)
	}
	if ev.To != nil || ev.Action != nil || !ev.Body.Signed() {
		t.Errorf("parts that nothing protects: %+v", ev)
	}
}

func TestEverySignatureCountsForSomething(t *testing.T) {
	// One good signature does not excuse another that is over nothing of the
	// message: it may have been cut out of an older one.
	msg := protect(t, Options{Tokens: []Token{
		x509Token(client(), 0, PartTimestamp|PartBody),
		x509Token(issuer(), 0, PartToken),
	}})
	_, err := receive(t, msg, trust(client(), issuer()), Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassPolicy)
}

func TestEncryptedAssertionIsTheOneReferredTo(t *testing.T) {
	inner := build(t, saml.V20, issuer(), holderOf(client()))
	other := build(t, saml.V20, issuer(), holderOf(client()))
	l := trust()
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	msg := protect(t, Options{Tokens: []Token{Issued{XML: encryptedAssertion(t, inner, service(), true), Key: client().key, Attached: attachedTo(other)}}})
	_, err := receive(t, msg, l, Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassTrust)

	// W16: an element outside has the id of the assertion inside.
	d, err := xmltree.Parse(inner, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	out := outgoing()
	out.Headers = [][]byte{[]byte(`<x:X xmlns:x="urn:x" xmlns:u="` + xmltree.WSU + `" u:Id="` + tokenID(d.Root()) + `"/>`)}
	msg, _, err = Protect(out, Options{Tokens: []Token{Issued{XML: encryptedAssertion(t, inner, service(), true), Key: client().key, Attached: attachedTo(inner)}}}, now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = receive(t, msg, l, Policy{TLS: true}, now, 0)
	wantClass(t, err, ClassWrapping)
	if _, err := receive(t, msg, l, Policy{TLS: true}, now, checkIDs); err != nil {
		t.Errorf("not an attack: the weakened verifier refuses it too: %v", err)
	}
}

func TestVoucherSignsAllThatIsRequired(t *testing.T) {
	a := build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.SenderVouches})
	msg := vouched(t, a, client(), PartBody|PartTimestamp|PartToken, false)
	// A second signer covers more, but is not trusted to vouch.
	l := trust(client())
	l.Vouchers = []alg.Key{client().public(t)}
	if _, err := receive(t, msg, l, Policy{}, now, 0); err != nil {
		t.Fatal(err)
	}
	_, err := receive(t, msg, l, Policy{Required: PartTo}, now, 0)
	wantClass(t, err, ClassTrust)
}
