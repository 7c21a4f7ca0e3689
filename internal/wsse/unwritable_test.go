package wsse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// refused wants Protect to refuse, and to give nothing that could be sent.
func refused(t testing.TB, name string, out soap.Outgoing, o Options, want Class) {
	t.Helper()
	msg, expect, err := Protect(out, o, now)
	if err == nil {
		t.Errorf("%s: written\n%s", name, msg)
	} else if ClassOf(err) != want || msg != nil || expect != nil {
		t.Errorf("%s: %v, %d octets", name, err, len(msg))
	}
}

var orders = []Order{SignThenEncrypt, EncryptThenSign}

// What is wrong in one place is refused, whatever else the message has that is right.
func TestWrongAmongRight(t *testing.T) {
	say := func(password string) Username {
		return Username{Name: "alice", Password: func() []byte { return []byte(password) }}
	}
	cert := x509Token(client(), RefSKI, 0)
	through := bearerToken(t)
	through.STRTransform = true
	nameless := Issued{XML: []byte(`<x:T xmlns:x="urn:x"/>`), STRTransform: true}
	for _, order := range orders {
		for _, encrypt := range []Parts{0, PartBody, PartBody | PartToken} {
			p := &Protection{Sign: BodyTimestamp, Encrypt: encrypt, Recipient: service().cert, Order: order}
			about := fmt.Sprintf("%d %v: ", order, encrypt)
			refused(t, about+"a password", outgoing(), Options{Tokens: []Token{cert, say("\x00")}, Protection: p}, ClassFormat)
			refused(t, about+"a password before another", outgoing(), Options{Tokens: []Token{cert, say("\x00"), say("good")}, Protection: p}, ClassFormat)
			refused(t, about+"a password before a reference", outgoing(), Options{Tokens: []Token{cert, say("\x00"), through}, Protection: p}, ClassFormat)
			refused(t, about+"a token without a name", outgoing(), Options{Tokens: []Token{cert, nameless}, Protection: p}, ClassPolicy)
			refused(t, about+"a token without a name before others", outgoing(), Options{Tokens: []Token{cert, nameless, through, say("good")}, Protection: p}, ClassPolicy)
			out := outgoing()
			out.Body = []byte("<a>")
			refused(t, about+"a Body that is no XML", out, Options{Tokens: []Token{cert}, Protection: p}, ClassFormat)
			out = outgoing()
			out.To = "urn:\x00"
			refused(t, about+"an address", out, Options{Tokens: []Token{cert}, Protection: p}, ClassFormat)
		}
	}
	out := outgoing()
	out.To = "urn:\x00"
	refused(t, "an address of a message without tokens", out, Options{}, ClassFormat)
	out = outgoing()
	out.Body = []byte("<a>")
	refused(t, "a Body that is no XML, without a Protection", out, Options{Tokens: []Token{cert}}, ClassFormat)
}

// Two things of one identifier cannot be signed, since a reader would not know which of
// them is: not where one of them is looked for, and not where others that can are
// looked for after it. The sender is told which.
func TestAmbiguousIdentifiers(t *testing.T) {
	header := func(id string) []byte {
		return []byte(`<h:H xmlns:h="urn:h" xmlns:u="` + xmltree.WSU + `" u:Id="` + id + `"/>`)
	}
	ambiguous := func(name string, out soap.Outgoing, o Options) {
		t.Helper()
		refused(t, name, out, o, ClassFormat)
		if _, _, err := Protect(out, o, now); err != nil && !strings.Contains(err.Error(), "identifier") {
			t.Errorf("%s: %v", name, err)
		}
	}
	cert := x509Token(client(), RefSKI, 0)
	bearer := func(through bool) Token {
		token := bearerToken(t)
		token.STRTransform = through
		return token
	}
	holder := Issued{XML: build(t, saml.V20, issuer(), holderOf(client())), Key: client().key, Parts: BodyTimestamp | PartToken}
	holderThrough := holder
	holderThrough.STRTransform = true
	for _, order := range orders {
		p := &Protection{Sign: BodyTimestamp, AllHeaders: true, Order: order}
		out := outgoing()
		for _, ids := range [][]string{{"a", "a"}, {"a", "a", "b"}, {"b", "a", "a"}} {
			out.Headers = nil
			for _, id := range ids {
				out.Headers = append(out.Headers, header(id))
			}
			ambiguous(fmt.Sprintf("headers %v, %d", ids, order), out, Options{Tokens: []Token{cert}, Protection: p})
			ambiguous(fmt.Sprintf("headers %v and a token, %d", ids, order), out, Options{Tokens: []Token{cert, bearer(true)}, Protection: p})
		}
		out = outgoing()
		out.Headers = [][]byte{header("a"), header("b")}
		for _, tokens := range [][]Token{{cert}, {cert, bearer(true), bearer(false)}} {
			o := Options{Tokens: tokens, Protection: p}
			if _, _, err := Protect(out, o, now); err != nil {
				t.Errorf("set-up error: %v", err)
			}
			bad := out
			bad.Body = []byte(`<o:Get xmlns:o="urn:orders" id="a"/>`)
			ambiguous(fmt.Sprintf("an identifier of the Body, %d", order), bad, o)
			bad = out
			bad.Headers = [][]byte{header("a"), header("")}
			refused(t, fmt.Sprintf("an empty one, %d", order), bad, o, ClassFormat)
		}
		for _, through := range []bool{false, true} {
			twice := bearer(through)
			for _, tokens := range [][]Token{{cert, twice, twice}, {cert, twice, twice, bearer(through)}, {cert, bearer(through), twice, twice}} {
				ambiguous(fmt.Sprintf("%d tokens, two of one name, %v, %d", len(tokens), through, order), outgoing(), Options{Tokens: tokens, Protection: p})
			}
		}
		own := *p
		own.Sign |= PartToken
		ambiguous("the token of the key", outgoing(), Options{Tokens: []Token{holder, Issued{XML: holder.XML}}, Protection: &own})
		ambiguous("the same through its reference", outgoing(), Options{Tokens: []Token{holderThrough, Issued{XML: holder.XML}}, Protection: &own})
	}
	ambiguous("the token of the key, by its Parts", outgoing(), Options{Tokens: []Token{holder, Issued{XML: holder.XML}}})
	ambiguous("the same through its reference", outgoing(), Options{Tokens: []Token{holderThrough, Issued{XML: holder.XML}}})
}

// What has no identifier cannot be signed, and is not left unsigned: unless it is
// ciphertext by then, which has one.
func TestTokenWithoutIdentifier(t *testing.T) {
	token := Issued{XML: []byte(`<x:Token xmlns:x="urn:x">` + secretWord + `</x:Token>`)}
	for _, order := range orders {
		for _, encrypt := range []Parts{PartBody, PartBody | PartToken} {
			o := Options{Tokens: []Token{contextIssued(t), token}, Protection: &Protection{Sign: BodyTimestamp, Encrypt: encrypt, Order: order}}
			if order == SignThenEncrypt || encrypt&PartToken == 0 {
				refused(t, fmt.Sprintf("%v, %d", encrypt, order), outgoing(), o, ClassPolicy)
				continue
			}
			msg := protect(t, o)
			if got, want := outline(t, msg), "Timestamp SecurityContextToken Signature(Timestamp Body EncryptedData) ReferenceList[2] EncryptedData"; got != want || bytes.Contains(msg, []byte(secretWord)) {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
	// Without a signature over the message there is nothing to be bound by.
	if msg := protect(t, Options{Tokens: []Token{token}}); !bytes.Contains(msg, token.XML) {
		t.Errorf("no token in\n%s", msg)
	}
}

// No more references are written than readers take.
func TestTooManyReferences(t *testing.T) {
	out := outgoing()
	for i := range 31 {
		out.Headers = append(out.Headers, fmt.Appendf(nil, `<h:H%d xmlns:h="urn:h"/>`, i))
	}
	for _, order := range orders {
		o := Options{Tokens: []Token{contextIssued(t)}, Protection: &Protection{Sign: BodyTimestamp, Encrypt: PartBody, AllHeaders: true, Order: order}}
		refused(t, "31 headers, Body and Timestamp", out, o, ClassLimit)
		less := out
		less.Headers = out.Headers[:28]
		if _, _, err := Protect(less, o, now); err != nil {
			t.Errorf("30 references: %v", err)
		}
	}
}

// Whatever is to be encrypted with a key that is not for the cipher is not sent: each
// part by itself, and in both orders.
func TestCipherOfAnotherSize(t *testing.T) {
	for name, c := range map[string]Protection{
		"Body":          {Encrypt: PartBody},
		"Body, element": {Encrypt: PartBody, BodyElement: true},
		"Timestamp":     {Encrypt: PartTimestamp},
		"To":            {Encrypt: PartTo},
		"a header":      {EncryptHeaders: []soap.Name{{Space: "urn:h", Local: "Tenant"}}},
		"tokens":        {Encrypt: PartToken},
		"signature":     {Encrypt: PartSignature},
	} {
		for _, order := range orders {
			p := c
			p.Sign, p.Order, p.Cipher = BodyTimestamp, order, alg.AES128GCM
			refused(t, fmt.Sprintf("%s, %d", name, order), protected(), Options{Tokens: []Token{sharedToken(t), user()}, Protection: &p}, ClassAlgorithm)
			p.Cipher = alg.AES256GCM
			if _, _, err := Protect(protected(), Options{Tokens: []Token{sharedToken(t), user()}, Protection: &p}, now); err != nil {
				t.Errorf("%s, %d: %v", name, order, err)
			}
		}
	}
}

// A way to send the key that nobody knows is refused wherever the key stands.
func TestKeyTransportThatIsNone(t *testing.T) {
	for _, order := range orders {
		for _, symmetric := range []bool{false, true} {
			p := &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: service().cert, Order: order, Symmetric: symmetric, Transport: alg.Transport{URI: "urn:none"}}
			refused(t, fmt.Sprintf("%d %v", order, symmetric), outgoing(), Options{Tokens: []Token{x509Token(client(), RefSKI, 0)}, Protection: p}, ClassAlgorithm)
			refused(t, fmt.Sprintf("%d %v, and a token that is good", order, symmetric), outgoing(), Options{Tokens: []Token{x509Token(client(), RefSKI, 0), user()}, Protection: p}, ClassAlgorithm)
		}
	}
}

// A token without a key stands in the header or nowhere: it is not left out because the
// options say that it stands elsewhere.
func TestTokenThatWouldBeLeftOut(t *testing.T) {
	cert := x509Token(client(), RefSKI, 0)
	for _, token := range []Issued{
		{XML: bearerToken(t).XML, Embedded: true},
		{XML: bearerToken(t).XML, Embedded: true, STRTransform: true},
		{XML: bearerToken(t).XML, Unsent: true},
		{XML: bearerToken(t).XML, Unsent: true, STRTransform: true},
	} {
		for _, p := range []*Protection{nil, {Sign: PartBody}} {
			refused(t, "a bearer token", outgoing(), Options{Timestamp: Never, Tokens: []Token{token, cert}, Protection: p}, ClassPolicy)
			refused(t, "a bearer token", outgoing(), Options{Tokens: []Token{cert, token}, Protection: p}, ClassPolicy)
		}
	}
}
