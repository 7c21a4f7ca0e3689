package wsse

import (
	"bytes"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
)

// A prepared token makes the message that the token itself makes, and what
// cannot be presented is refused when it is prepared.
func TestPrepare(t *testing.T) {
	key, err := alg.SecretKey(bytes.Repeat([]byte{3}, 32))
	if err != nil {
		t.Fatal(err)
	}
	token := Issued{
		XML:      []byte(`<c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `" xmlns:u="` + xmltree.WSU + `" u:Id="sct"><c:Identifier>urn:uuid:1</c:Identifier></c:SecurityContextToken>`),
		Attached: []byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="#sct" ValueType="` + xmltree.SC13 + `/sct"/></o:SecurityTokenReference>`),
		Key:      key,
		Parts:    PartTimestamp | PartBody | PartToken,
	}
	ready, err := token.Prepare()
	if err != nil {
		t.Fatal(err)
	}
	if ready.prepared == nil {
		t.Fatal("nothing was prepared")
	}
	now := time.Now()
	var expects []*Expect
	for _, presented := range []Issued{token, ready} {
		octets, expect, err := Protect(soap.Outgoing{Action: "urn:a", To: "urn:b", Body: []byte("<x/>")}, Options{Tokens: []Token{presented}}, now)
		if err != nil {
			t.Fatal(err)
		}
		expects = append(expects, expect)
		d, err := xmltree.Parse(octets, xmltree.Limits{})
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
		ev, err := p.Verify(Credentials{Keys: map[KeyRef]alg.Key{{Kind: KeyContext, ID: "urn:uuid:1"}: key}}, Policy{}, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := ev.Signers[0].Covers; got != token.Parts {
			t.Errorf("covers %v", got)
		}
	}
	if len(expects[0].known) != 1 || len(expects[1].known) != 1 {
		t.Errorf("answers may use %d and %d keys", len(expects[0].known), len(expects[1].known))
	}
	for ref, k := range expects[0].known {
		if !expects[1].known[ref].Equal(k) {
			t.Errorf("%v is not known of the prepared token", ref)
		}
	}
	for name, bad := range map[string]Issued{
		"token":          {XML: []byte("<a>"), Attached: token.Attached, Key: key},
		"reference":      {XML: token.XML, Attached: []byte("<a/>"), Key: key},
		"two references": {XML: token.XML, Attached: append(bytes.Clone(token.Attached), token.Attached...), Key: key},
	} {
		if _, err := bad.Prepare(); err == nil {
			t.Errorf("%s: prepared", name)
		}
	}
	for name, same := range map[string]Issued{"bearer": {XML: token.XML, Attached: token.Attached}, "derived reference": {XML: token.XML, Key: key}} {
		if got, err := same.Prepare(); err != nil || got.prepared != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
