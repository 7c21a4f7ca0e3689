package wsse

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// outline tells what a Security header holds, in its order: a signature with what
// it is over, and a list with how many things are encrypted.
func outline(t testing.TB, msg []byte) string {
	t.Helper()
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	root := d.Root()
	sec := root.First(root.Space(), "Header").First(xmltree.WSSE, "Security")
	if !sec.OK() {
		return "none"
	}
	var out []string
	for c := range sec.Children {
		name := c.Local()
		list := c
		switch name {
		case "Signature":
			var over []string
			for r := range c.First(xmltree.DS, "SignedInfo").Children {
				if !r.Is(xmltree.DS, "Reference") {
					continue
				}
				uri, _ := r.Attr("", "URI")
				what := "hidden"
				if e, err := xmltree.ByID(root, strings.TrimPrefix(uri, "#")); err == nil {
					what = e.Local()
				}
				over = append(over, what)
			}
			name += "(" + strings.Join(over, " ") + ")"
		case "EncryptedKey":
			list = c.First(xmltree.XENC, "ReferenceList")
			fallthrough
		case "ReferenceList":
			if n := countChildren(list); list.OK() {
				name += fmt.Sprintf("[%d]", n)
			}
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

// unlisted returns the ids of what is encrypted in a message and in no list, or in
// more than one. Keys of an assertion are none of the message's.
func unlisted(t testing.TB, msg []byte) (ids []string) {
	t.Helper()
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]int{}
	var walk func(e xmltree.Elem)
	walk = func(e xmltree.Elem) {
		if uri, ok := e.Attr("", "URI"); ok && e.Is(xmltree.XENC, "DataReference") {
			listed[strings.TrimPrefix(uri, "#")]++
		}
		if id, ok := e.Attr("", "Id"); ok && e.Is(xmltree.XENC, "EncryptedData") {
			ids = append(ids, id)
		}
		for c := range e.Children {
			walk(c)
		}
	}
	walk(d.Root())
	return slices.DeleteFunc(ids, func(id string) bool { return listed[id] == 1 })
}

// written is a message, and what is to stand in its header.
type written struct {
	name string
	o    Options
	want string
}

func writtenAlone(t testing.TB) []written {
	cert := x509Token(client(), RefDirect, 0)
	only := func(parts Parts) X509 { return x509Token(client(), RefDirect, parts) }
	less := contextIssued(t)
	less.Parts = PartTimestamp
	through := bearerToken(t)
	through.STRTransform = true
	unsent := contextUnsent(t)
	unsent.XML = contextIssued(t).XML
	return []written{
		{"nothing", Options{Timestamp: Never}, "none"},
		{"nothing, last", Options{Timestamp: Never, Layout: TimestampLast}, "none"},
		{"a Timestamp", Options{}, "Timestamp"},
		{"a Timestamp in a request", Options{Timestamp: RequestsOnly}, "Timestamp"},
		{"no Timestamp in an answer", Options{Timestamp: RequestsOnly, Reply: true}, "none"},
		{"no Timestamp with a token", Options{Timestamp: Never, Tokens: []Token{user()}}, "UsernameToken"},
		{"no Timestamp with a token, last", Options{Timestamp: Never, Layout: TimestampLast, Tokens: []Token{user()}}, "UsernameToken"},
		{"tokens and signature", Options{Tokens: []Token{user(), cert}}, "Timestamp BinarySecurityToken UsernameToken Signature(Timestamp To)"},
		{"tokens and signature, Timestamp last", Options{Layout: TimestampLast, Tokens: []Token{user(), cert}}, "BinarySecurityToken UsernameToken Signature(Timestamp To) Timestamp"},
		{"a signature without Timestamp", Options{Timestamp: Never, Tokens: []Token{only(PartBody)}}, "BinarySecurityToken Signature(Body)"},
		{"two that sign", Options{Tokens: []Token{only(BodyTimestamp | PartTo | PartAction), less}}, "Timestamp BinarySecurityToken SecurityContextToken Signature(Timestamp To Action Body) Signature(Timestamp)"},
		{"a confirmation alone", Options{Timestamp: Never, Confirms: new(Evidence)}, "SignatureConfirmation"},
		{"a token that nothing signs through its reference", Options{Tokens: []Token{through}}, "Timestamp Assertion"},
		{"the same beside a signature", Options{Tokens: []Token{through, cert}}, "Timestamp BinarySecurityToken Assertion Signature(Timestamp To)"},
		{"a token that the peer has", Options{Tokens: []Token{unsent}}, "Timestamp Signature(Timestamp)"},
	}
}

func writtenProtected(t testing.TB) []written {
	cert, other := x509Token(client(), RefDirect, 0), x509Token(rsaUser(), RefSKI, 0)
	holder := Issued{XML: build(t, saml.V20, issuer(), holderOf(client())), Key: client().key}
	to := service().cert
	two := []Token{cert, contextIssued(t)}
	const both, body, sig = BodyTimestamp, PartBody, PartSignature
	o := func(p Protection, tokens ...Token) Options { return Options{Protection: &p, Tokens: tokens} }
	late := func(p Protection, tokens ...Token) Options {
		p.Order = EncryptThenSign
		return o(p, tokens...)
	}
	never := func(o Options) Options { o.Timestamp = Never; return o }
	answer := func(o Options) Options {
		o.Reply, o.Confirms = true, &Evidence{signatures: [][]byte{[]byte("one"), []byte("two")}}
		return o
	}
	return []written{
		{"endorsed, tokens signed", o(Protection{Sign: both | PartToken}, two...), "Timestamp BinarySecurityToken SecurityContextToken Signature(Timestamp Body BinarySecurityToken SecurityContextToken) Signature(SecurityContextToken Signature)"},
		{"endorsed, tokens not signed", o(Protection{Sign: body}, two...), "Timestamp BinarySecurityToken SecurityContextToken Signature(Body) Signature(Signature)"},
		{"endorsed, no Timestamp", never(o(Protection{Sign: both}, cert, other)), "BinarySecurityToken Signature(Body) Signature(Signature)"},
		{"endorsed answer", answer(o(Protection{Sign: both}, cert, other)), "Timestamp BinarySecurityToken SignatureConfirmation SignatureConfirmation Signature(Timestamp Body SignatureConfirmation SignatureConfirmation) Signature(Signature)"},
		{"bearer", o(Protection{Sign: both}, user(), cert), "Timestamp BinarySecurityToken UsernameToken Signature(Timestamp Body UsernameToken)"},
		{"encrypted", o(Protection{Sign: both, Encrypt: body, Recipient: to}, cert), "Timestamp BinarySecurityToken EncryptedKey[1] Signature(Timestamp Body)"},
		{"encrypted, then signed", late(Protection{Sign: both, Encrypt: body, Recipient: to}, cert), "Timestamp EncryptedKey BinarySecurityToken Signature(Timestamp Body) ReferenceList[1]"},
		{"assertion, encrypted, then signed", late(Protection{Sign: both, Encrypt: body, Recipient: to}, holder), "Timestamp EncryptedKey Assertion Signature(Timestamp Body) ReferenceList[1]"},
		{"encrypted signature", o(Protection{Sign: both, Encrypt: body | sig, Recipient: to}, cert), "Timestamp BinarySecurityToken EncryptedKey[2] EncryptedData"},
		{"encrypted signature over ciphertext", late(Protection{Sign: both, Encrypt: body | sig, Recipient: to}, cert), "Timestamp EncryptedKey BinarySecurityToken ReferenceList[1] EncryptedData ReferenceList[1]"},
		{"encrypted for the recipient alone", never(o(Protection{Encrypt: body, Recipient: to})), "EncryptedKey[1]"},
		{"encrypted tokens and signature", o(Protection{Sign: both, Encrypt: PartToken | sig, Recipient: to}, cert, user()), "Timestamp BinarySecurityToken EncryptedKey[2] EncryptedData EncryptedData"},
		{"symmetric alone", never(o(Protection{Sign: body, Recipient: to, Symmetric: true})), "EncryptedKey Signature(Body)"},
		{"symmetric, endorsed", o(Protection{Sign: both | PartToken, Encrypt: body, Recipient: to, Symmetric: true}, cert), "Timestamp EncryptedKey BinarySecurityToken ReferenceList[1] Signature(Timestamp Body EncryptedKey BinarySecurityToken) Signature(BinarySecurityToken Signature)"},
		{"context", o(Protection{Sign: both, Encrypt: body, Derived: Derived13}, contextIssued(t)), "Timestamp SecurityContextToken DerivedKeyToken DerivedKeyToken ReferenceList[1] Signature(Timestamp Body)"},
		{"context, encrypted, then signed", late(Protection{Sign: both, Encrypt: body | sig, Derived: Derived13}, contextIssued(t)), "Timestamp SecurityContextToken DerivedKeyToken DerivedKeyToken ReferenceList[1] EncryptedData ReferenceList[1]"},
		{"answer with confirmations in the clear", answer(o(Protection{Sign: both, Encrypt: body}, contextIssued(t))), "Timestamp SecurityContextToken SignatureConfirmation SignatureConfirmation ReferenceList[1] Signature(Timestamp Body SignatureConfirmation SignatureConfirmation)"},
		{"answer with confirmations encrypted", answer(o(Protection{Sign: both, Encrypt: body | sig}, contextIssued(t))), "Timestamp SecurityContextToken ReferenceList[4] EncryptedData EncryptedData EncryptedData"},
		{"the same, then signed", answer(late(Protection{Sign: both, Encrypt: body | sig}, contextIssued(t))), "Timestamp SecurityContextToken ReferenceList[1] EncryptedData ReferenceList[3] EncryptedData EncryptedData"},
	}
}

// What stands in the header is what was asked for, in the order in which its readers
// need it: tokens and keys before what is made with them, and lists where what they
// list is next to be decrypted. Each signature is over what it was asked to be over,
// and over nothing else.
func TestWhatIsWritten(t *testing.T) {
	l := trust(client(), rsaUser())
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	l.contexts = map[string]alg.Key{"urn:ctx": secret(t)}
	l.Password = func(p Password) bool { return p.Matches([]byte(secretWord + "-password")) }
	for _, c := range append(writtenAlone(t), writtenProtected(t)...) {
		msg := protect(t, c.o)
		if got := outline(t, msg); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if ids := unlisted(t, msg); len(ids) != 0 {
			t.Errorf("%s: encrypted, and not in one list: %v\n%s", c.name, ids, msg)
		}
		if c.want == "none" {
			continue
		}
		off := checkRequired // which no signature without the Timestamp gets past
		if !strings.Contains(c.want, "Signature(") || strings.Contains(c.want, "Signature(Timestamp") {
			off = 0
		}
		if _, err := receive(t, msg, l, Policy{TLS: true, Anonymous: true}, now, off); err != nil {
			t.Errorf("%s: %v\n%s", c.name, err, msg)
		}
	}
}

// Where the Body is empty there is nothing in it to encrypt, and it is signed as it is.
func TestEmptyBody(t *testing.T) {
	out := outgoing()
	out.Body = nil
	for _, element := range []bool{false, true} {
		for _, order := range []Order{SignThenEncrypt, EncryptThenSign} {
			o := Options{Tokens: []Token{contextIssued(t)}, Protection: &Protection{Sign: BodyTimestamp, Encrypt: PartBody, BodyElement: element, Order: order}}
			msg, _, err := Protect(out, o, now)
			if err != nil {
				t.Fatal(err)
			}
			l := trust()
			l.contexts = map[string]alg.Key{"urn:ctx": secret(t)}
			ev, err := receive(t, msg, l, Policy{Encrypted: PartBody}, now, 0)
			if err != nil || !ev.Body.Signed() || countChildren(ev.Body.Element()) != 0 {
				t.Errorf("%v\n%s", err, msg)
			}
			if got, want := outline(t, msg), "Timestamp SecurityContextToken Signature(Timestamp Body)"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
}
