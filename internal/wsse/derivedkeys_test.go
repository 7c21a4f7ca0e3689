package wsse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// Every way to write derived keys is read, and means what it says.
func TestDerivedKeys(t *testing.T) {
	l := trust()
	l.contexts = map[string]alg.Key{"urn:ctx": secret(t)}
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	options := map[string]DerivedKeys{
		"<wsc:Offset>0</wsc:Offset>":               {},
		"<wsc:Offset>64</wsc:Offset>":              {Offset: maxOffset},
		"<wsc:Generation>2</wsc:Generation>":       {Generation: 2},
		"<wsc:Label>orders &amp; more</wsc:Label>": {Label: "orders & more"},
		"<wsc:Length>64</wsc:Length>":              {Length: maxDerivedLength},
		"<wsc:Length>16</wsc:Length>":              {Length: minDerivedLength, Nonce: maxDerivedNonce},
		"":                                         {Inline: true, Label: strings.Repeat("l", maxLabel), Offset: 7, Length: 20, Nonce: 33},
	}
	for want, o := range options {
		for _, how := range []Derivation{Derived13, Derived2005} {
			for _, tok := range []Token{contextIssued(t), nil} {
				for _, order := range []Order{SignThenEncrypt, EncryptThenSign} {
					p := &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Derived: how, DerivedKeys: o, Order: order}
					var tokens []Token
					pol := Policy{Encrypted: PartBody, Anonymous: true}
					if tok == nil {
						p.Symmetric, p.Recipient = true, service().cert
					} else {
						tokens = []Token{tok}
					}
					name := fmt.Sprintf("%+v %d %v %d", o, how, tok == nil, order)
					msg := protect(t, Options{Tokens: tokens, Protection: p})
					if !bytes.Contains(msg, []byte(want)) || bytes.Count(msg, []byte("<wsc:DerivedKeyToken")) != 2 {
						t.Errorf("%s: no %q, or not two tokens in\n%s", name, want, msg)
					}
					if named := bytes.Contains(msg, []byte("#dks-")); named == o.Inline {
						t.Errorf("%s: token in the header: %v", name, named)
					}
					if ev, err := receive(t, msg, l, pol, now, 0); err != nil || !ev.Body.Signed() || ev.Body.Encrypted() == nil {
						t.Errorf("%s: %v\n%s", name, err, msg)
					}
				}
			}
		}
	}
}

// The key of generation n is the n-th piece as long as itself, and that at an offset
// begins there.
func TestDerivedKeyPieces(t *testing.T) {
	base := secret(t)
	nonce := bytes.Repeat([]byte("n"), 16)
	d := derivation{label: "l", nonce: nonce, length: 64}
	whole, err := d.key(base)
	if err != nil {
		t.Fatal(err)
	}
	for _, xml := range []string{"<c:Generation>2</c:Generation>", "<c:Offset>32</c:Offset>"} {
		doc, err := xmltree.Parse([]byte(`<c:DerivedKeyToken xmlns:c="`+xmltree.SC13+`"><o:SecurityTokenReference xmlns:o="`+xmltree.WSSE+`"/>`+xml+
			`<c:Length>16</c:Length><c:Label>l</c:Label><c:Nonce>`+base64Of(nonce)+`</c:Nonce></c:DerivedKeyToken>`), xmltree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := new(Pending).readDerived(doc.Root())
		if err != nil {
			t.Fatal(err)
		}
		key, err := got.key(base)
		if err != nil || !bytes.Equal(key.Secret(), whole.Secret()[32:48]) {
			t.Errorf("%s: another key, %v", xml, err)
		}
	}
}

func TestDerivedKeysThatCannotBeWritten(t *testing.T) {
	for _, c := range []struct {
		how Derivation
		o   DerivedKeys
	}{
		{Derived13, DerivedKeys{Offset: maxOffset + 1}},
		{Derived13, DerivedKeys{Offset: -1}},
		{Derived13, DerivedKeys{Generation: 3}}, // 96 octets on
		{Derived13, DerivedKeys{Generation: -1}},
		{Derived13, DerivedKeys{Generation: 1, Offset: 1}},
		{Derived13, DerivedKeys{Label: strings.Repeat("l", maxLabel+1)}},
		{Derived13, DerivedKeys{Label: "\x01"}},
		{Derived13, DerivedKeys{Nonce: minDerivedNonce - 1}},
		{Derived13, DerivedKeys{Nonce: maxDerivedNonce + 1}},
		{Derived13, DerivedKeys{Nonce: -1}},
		{Derived13, DerivedKeys{Length: minDerivedLength - 1}},
		{Derived13, DerivedKeys{Length: maxDerivedLength + 1}},
		{Implied13, DerivedKeys{Label: "l"}},
		{Implied13, DerivedKeys{Offset: 1}},
		{Implied13, DerivedKeys{Generation: 1}},
		{Implied13, DerivedKeys{Inline: true}},
	} {
		o := Options{Tokens: []Token{contextIssued(t)}, Protection: &Protection{Sign: BodyTimestamp, Derived: c.how, DerivedKeys: c.o}}
		if _, _, err := Protect(outgoing(), o, now); err == nil || ClassOf(err) != ClassPolicy {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// A context token without an Id is named by its identifier.
func TestContextWithoutID(t *testing.T) {
	l := trust()
	l.contexts = map[string]alg.Key{"urn:ctx": secret(t)}
	for _, sc := range []string{xmltree.SC13, xmltree.SC2005} {
		tok := Issued{Key: secret(t), XML: []byte(`<c:SecurityContextToken xmlns:c="` + sc + `"><c:Identifier>urn:ctx</c:Identifier><c:Instance>urn:2</c:Instance></c:SecurityContextToken>`)}
		for _, how := range []Derivation{NotDerived, Derived13} {
			msg := protect(t, Options{Tokens: []Token{tok}, Protection: &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Derived: how}})
			ev, err := receive(t, msg, l, Policy{}, now, 0)
			if err != nil {
				t.Fatalf("%v\n%s", err, msg)
			}
			if ev.Context == nil || ev.Context.Instance != "urn:2" || ev.Signers[0].Covers&PartToken != 0 {
				t.Errorf("%+v", ev.Context)
			}
		}
	}
}
