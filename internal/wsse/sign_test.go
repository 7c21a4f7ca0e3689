package wsse

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"fmt"
	"math/big"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// endorse adds a signature over the first signature of the header.
func endorse(t testing.TB, msg []byte, by identity) []byte {
	t.Helper()
	msg = bytes.Replace(msg, []byte("<ds:Signature "), []byte(`<ds:Signature Id="main" `), 1)
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := xmltree.ByID(d.Root(), "main")
	if err != nil {
		t.Fatal(err)
	}
	sig, err := xmldsig.Sign(by.key, "", "", []xmldsig.Ref{{ID: "main", Elem: e}}, xmldsig.X509KeyInfo(by.cert))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Replace(msg, []byte("</wsse:Security>"), append(sig, "</wsse:Security>"...), 1)
}

// rewritten signs a good message anew with other key information and, besides
// the timestamp and the body, with further references.
func rewritten(t testing.TB, id identity, inside, keyInfo string, more func(sec xmltree.Elem) []xmldsig.Ref) []byte {
	t.Helper()
	offset := 0
	w := &writer{expect: &Expect{}, out: outgoing().Prepared(), o: Options{Tokens: []Token{x509Token(id, RefX509v3, PartTimestamp|PartBody)}}, now: now}
	if err := w.plan(); err != nil {
		t.Fatal(err)
	}
	msg, err := soap.Write(w.out, w.marks, func(b *xmltree.Builder) {
		b.Start(xmltree.WSSE, "Security")
		w.writeTimestamp(b)
		b.Raw([]byte(inside))
		offset = b.Len()
		b.End()
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	root := d.Root()
	head := root.First(xmltree.SOAP12, "Header")
	sec := head.First(xmltree.WSSE, "Security")
	refs, err := w.references(&w.signers[0], root, nil)
	if err != nil {
		t.Fatal(err)
	}
	if more != nil {
		refs = append(refs, more(sec)...)
	}
	sig, err := xmldsig.Sign(id.key, "", "", refs, []byte(keyInfo))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{msg[:offset], sig, msg[offset:]}, nil)
}

// The shape of WSS4J: the token is signed through the reference in the
// signature's own key information.
func TestTokenSignedThroughItsKeyInfo(t *testing.T) {
	bst := `<wsse:BinarySecurityToken xmlns:wsse="` + xmltree.WSSE + `" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="X509-1" ValueType="` + typeX509v3 + `" EncodingType="` + encodingBase64 + `">` + base64Of(client().cert.Raw) + `</wsse:BinarySecurityToken>`
	str := `<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="STR-1"><wsse:Reference URI="#X509-1" ValueType="` + typeX509v3 + `"/></wsse:SecurityTokenReference>`
	d, err := xmltree.Parse([]byte(str), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	msg := rewritten(t, client(), bst, `<ds:KeyInfo>`+str+`</ds:KeyInfo>`, func(sec xmltree.Elem) []xmldsig.Ref {
		return []xmldsig.Ref{{ID: "STR-1", Elem: sec.First(xmltree.WSSE, "BinarySecurityToken"), STR: d.Root()}}
	})
	ev, err := receive(t, msg, trust(client()), Policy{Required: PartToken}, now, 0)
	if err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	if ev.Signers[0].Covers != PartTimestamp|PartBody|PartToken {
		t.Errorf("covers %v", ev.Signers[0].Covers)
	}
}

// An ECDSA signature has a twin that anybody can compute. It verifies, and is
// the same message all the same.
func TestReplayWithTheOtherSignatureValue(t *testing.T) {
	msg := protect(t, Options{Tokens: []Token{x509Token(client(), 0, PartTimestamp|PartBody)}})
	first, err := receive(t, msg, trust(client()), Policy{}, now, 0)
	if err != nil {
		t.Fatal(err)
	}
	value := signatureValue(msg)
	n := elliptic.P256().Params().N
	s := new(big.Int).Sub(n, new(big.Int).SetBytes(value[32:]))
	twin := append(bytes.Clone(value[:32]), s.FillBytes(make([]byte, 32))...)
	msg = bytes.Replace(msg, []byte(base64Of(value)), []byte(base64Of(twin)), 1)
	second, err := receive(t, msg, trust(client()), Policy{}, now, 0)
	if err != nil {
		t.Fatalf("set-up error: the twin does not verify: %v", err)
	}
	if first.Replays[0] != second.Replays[0] {
		t.Error("the twin counts as another message")
	}
}

func TestSignedHeaders(t *testing.T) {
	out := `<h:H xmlns:h="urn:h" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="h1">1</h:H>`
	other := `<h:H xmlns:h="urn:h" xmlns:s="` + xmltree.SOAP12 + `" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="h2" s:role="urn:other">1</h:H>`
	ki := string(xmldsig.X509KeyInfo(client().cert))
	msg := rewritten(t, client(), "", ki, func(sec xmltree.Elem) []xmldsig.Ref {
		var refs []xmldsig.Ref
		for id, x := range map[string]string{"h1": out, "h2": other} {
			d, err := xmltree.Parse([]byte(x), xmltree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			refs = append(refs, xmldsig.Ref{ID: id, Elem: d.Root()})
		}
		return refs
	})
	msg = bytes.Replace(msg, []byte("</wsse:Security>"), []byte("</wsse:Security>"+out+other), 1)
	ev, err := receive(t, msg, trust(client()), Policy{}, now, 0)
	if err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	if len(ev.Headers) != 1 || !ev.Headers[0].Signed() {
		t.Fatalf("%d signed headers for us, want 1", len(ev.Headers))
	}
	if id, _ := ev.Headers[0].Element().Attr(xmltree.WSU, "Id"); id != "h1" {
		t.Errorf("header %s", id)
	}
}

// The shape of zeep: issuer and serial with the certificate beside them.
func TestIssuerSerialWithCertificate(t *testing.T) {
	serial := `<ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial>`
	cert := `<ds:X509Certificate>` + base64Of(client().cert.Raw) + `</ds:X509Certificate>`
	for _, data := range []string{serial + cert, cert} {
		ki := `<ds:KeyInfo><wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><ds:X509Data>` + data + `</ds:X509Data></wsse:SecurityTokenReference></ds:KeyInfo>`
		if _, err := receive(t, rewritten(t, client(), "", ki, nil), trust(client()), Policy{}, now, 0); err != nil {
			t.Error(err)
		}
	}
	for _, data := range []string{"", serial + serial, cert + cert, `<ds:X509CRL>AA==</ds:X509CRL>`} {
		ki := `<ds:KeyInfo><wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><ds:X509Data>` + data + `</ds:X509Data></wsse:SecurityTokenReference></ds:KeyInfo>`
		if _, err := receive(t, rewritten(t, client(), "", ki, nil), trust(client()), Policy{}, now, 0); err == nil {
			t.Errorf("accepted %s", data)
		}
	}
}

// Flipping any bit of a signed part, of its signature or of its key
// information never verifies.
func TestFlipAnyBit(t *testing.T) {
	parts := PartTimestamp | PartBody | PartTo | PartAction | PartToken
	msg := protect(t, Options{Tokens: []Token{x509Token(client(), RefDirect, parts)}})
	pol := Policy{Required: parts}
	l := trust(client())
	ev, err := receive(t, msg, l, pol, now, 0)
	if err != nil {
		t.Fatal(err)
	}
	type span struct {
		name     string
		from, to int
	}
	var spans []span
	add := func(name string, e xmltree.Elem) {
		from, to := e.Range()
		spans = append(spans, span{name, from, to})
	}
	add("body", ev.Body.Element())
	add("timestamp", ev.Timestamp.Element())
	add("to", ev.To.Element())
	add("action", ev.Action.Element())
	for e := range xmltree.Parent(ev.Timestamp.Element()).Children {
		if e.Is(xmltree.WSSE, "BinarySecurityToken") {
			add("token", e)
		}
		if e.Is(xmltree.DS, "Signature") {
			add("SignedInfo", e.First(xmltree.DS, "SignedInfo"))
			add("SignatureValue", e.First(xmltree.DS, "SignatureValue"))
		}
	}
	flips, parsed := 0, 0
	for _, s := range spans {
		for i := s.from; i < s.to; i++ {
			for bit := range 8 {
				bad := bytes.Clone(msg)
				bad[i] ^= 1 << bit
				flips++
				if _, err := xmltree.Parse(bad, xmltree.Limits{}); err == nil {
					parsed++
				}
				if _, err := receive(t, bad, l, pol, now, 0); err == nil {
					t.Fatalf("%s: byte %d changed from %q to %q and it verifies", s.name, i, msg[i], bad[i])
				}
			}
		}
	}
	if parsed < 1000 {
		t.Errorf("only %d of %d changed messages were well formed", parsed, flips)
	}
}

func BenchmarkContext(b *testing.B) {
	out := outgoing()
	out.Body = []byte(fmt.Sprintf(`<o:Get xmlns:o="urn:orders"><o:ID>%s</o:ID></o:Get>`, bytes.Repeat([]byte("x"), 1000)))
	o := Options{Tokens: []Token{contextIssued(b)}}
	b.Run("protect", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := Protect(out, o, now); err != nil {
				b.Fatal(err)
			}
		}
	})
	msg, _, err := Protect(out, o, now)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("verify", func(b *testing.B) {
		benchmarkVerify(b, msg, Credentials{Keys: map[KeyRef]alg.Key{{Kind: KeyContext, ID: "urn:ctx"}: secret(b)}})
	})
	x, _, err := Protect(out, Options{Tokens: []Token{x509Token(rsaUser(), RefDirect, PartTimestamp|PartBody)}}, now)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("verify RSA", func(b *testing.B) {
		benchmarkVerify(b, x, Credentials{Keys: map[KeyRef]alg.Key{{Kind: KeyCertificate, Certificate: string(rsaUser().cert.Raw)}: rsaUser().public(b)}})
	})
	// What the cryptography of that message alone costs.
	key, info := rsaUser().public(b), bytes.Repeat([]byte("i"), 1500)
	signer, err := alg.Modern.NewSigner(alg.RSASHA256, rsaUser().key)
	if err != nil {
		b.Fatal(err)
	}
	signer.Write(info)
	value, err := signer.Sign()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("floor RSA", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v, err := alg.Modern.NewVerifier(alg.RSASHA256, key)
			if err != nil {
				b.Fatal(err)
			}
			v.Write(info)
			sha256.Sum256(out.Body)
			if v.Verify(value) != nil {
				b.Fatal("floor does not verify")
			}
		}
	})
	b.Logf("messages of %d and %d octets", len(msg), len(x))
}

func benchmarkVerify(b *testing.B, msg []byte, c Credentials) {
	b.ReportAllocs()
	var d xmltree.Doc
	for b.Loop() {
		if err := d.Parse(msg, xmltree.Limits{}); err != nil {
			b.Fatal(err)
		}
		env, err := soap.Read(&d, Understood)
		if err != nil {
			b.Fatal(err)
		}
		p, err := Read(env, "")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Verify(c, Policy{TLS: true}, now); err != nil {
			b.Fatal(err)
		}
	}
}
