package wsse

import (
	"bytes"
	"fmt"
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
