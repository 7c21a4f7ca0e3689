package wsse

import (
	"bytes"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// That one signature of a key was verified while the message was opened says nothing
// of another one of the same key. The attacker has a message in which somebody signs
// Timestamp and To. He adds a signature whose value is no value, by the same
// certificate, and lays everything out so that Timestamp and Body stand in the
// second form of the message where To and Timestamp stand in the first.
func TestSignatureStandsForNoOther(t *testing.T) {
	const suite = alg.Basic256
	good, _, err := Protect(outgoing(), Options{Suite: suite, Tokens: []Token{x509Token(rsaUser(), RefX509v3, 0)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	own, err := suite.NewSessionKey()
	if err != nil {
		t.Fatal(err)
	}
	var ek xmltree.Builder
	if err := xmlenc.SealKey(&ek, own, "ek", service().public(t), nil, nil, suite); err != nil {
		t.Fatal(err)
	}
	byOwn := keyInfoWith([]byte(`<wsse:SecurityTokenReference xmlns:wsse="` + xmltree.WSSE + `"><wsse:Reference URI="#ek"/></wsse:SecurityTokenReference>`))
	header := func(id, data string) string {
		var b xmltree.Builder
		if err := xmlenc.Seal(&b, []byte("x"), xmlenc.Content, data, own, byOwn, suite); err != nil {
			t.Fatal(err)
		}
		return `<h:H xmlns:h="urn:h" xmlns:wsu="` + xmltree.WSU + `" wsu:Id="` + id + `">` + string(b.Bytes()) + `</h:H>`
	}
	part := func(expr string) string { return string(find(t, good, expr)) }
	to, stamp, signature := part(`<wsa:To .*?</wsa:To>`), part(`<wsu:Timestamp.*?</wsu:Timestamp>`), part(`<ds:Signature .*?</ds:Signature>`)
	bad := strings.Replace(signature, base64Of(signatureValue(good)), base64Of(make([]byte, 256)), 1)
	first, second := header("h1", "ed1"), header("h2", "ed2")
	overFirst, overSecond := "", ""
	message := func(first, pad, bad string) []byte {
		return []byte(part(`<s:Envelope.*?<s:Header>`) + first + to + `<h:Pad xmlns:h="urn:h">` + pad + `</h:Pad>` + second +
			part(`<wsa:Action .*</wsa:MessageID>`) + part(`<wsse:Security.*?>`) + signature + stamp + string(ek.Bytes()) + overFirst +
			string(referenceList([]string{"ed1"})) + bad + overSecond + string(referenceList([]string{"ed2"})) +
			endSecurity + `</s:Header><s:Body><o:Get xmlns:o="urn:orders">forged</o:Get></s:Body></s:Envelope>`)
	}
	sign := func(msg []byte, ids ...string) string {
		return string(signatureOver(t, msg, own, suite, byOwn, ids...))
	}
	ts := stampID(t, good)
	draft := message(first, "", bad)
	overFirst, overSecond = sign(draft, ts, "h1"), sign(draft, ts, "h2")
	// To is as far before the Timestamp as that is before the Body, and by just as
	// much is the first header block shorter once it is decrypted.
	draft = message(first, "", bad)
	at := func(what string) int { return bytes.Index(draft, []byte(what)) }
	far := at("<s:Body>") - at(stamp)
	pad := strings.Repeat("p", far-(at(stamp)-at(to)))
	spaces := strings.Repeat(" ", far-(len(find(t, []byte(first), anyData))-len("x")))
	first = strings.Replace(first, "</xenc:CipherValue>", spaces+"</xenc:CipherValue>", 1)
	overFirst = sign(message(first, pad, bad), ts, "h1")
	for name, c := range map[string]struct {
		bad  string
		want Class
	}{
		"a wrong value":  {bad, ClassSignature},
		"a second time":  {signature, 0},
		"not even there": {"", 0},
	} {
		_, err := receive(t, message(first, pad, c.bad), reader(t), Policy{Suite: suite, TLS: true}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	ev, err := receive(t, message(first, pad, bad), reader(t), Policy{Suite: suite}, now, 0)
	if err == nil {
		t.Fatalf("forged body %s by %v", ev.Body.Element().Raw(), ev.Certificate.Subject)
	}
}

// An element is followed from the form of the message that it is of, and from no other:
// at the same octet of another there may be anything.
func TestElementsOfOtherForms(t *testing.T) {
	msg := write(t, "", Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Order: EncryptThenSign}, x509Token(rsaUser(), RefDirect, 0))
	p, err := reading(t, string(msg), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Open(reader(t).answer(t, p), Policy{}); err != nil || len(p.states) != 2 {
		t.Fatal(err)
	}
	first, last := p.states[0].env.Root.First(xmltree.SOAP12, "Header"), p.env.Header
	if got := p.final(0, first); !got.Same(last) {
		t.Error("the header of the first form is not that of the last")
	}
	if got := p.final(0, last); got.OK() {
		t.Errorf("the header of the last form is %s, followed from the first", got.Path())
	}
	if got := p.final(1, last); !got.Same(last) {
		t.Error("the header of the last form is not itself")
	}
}
