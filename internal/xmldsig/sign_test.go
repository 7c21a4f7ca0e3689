package xmldsig

import (
	"bytes"
	"crypto"
	"errors"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

const envelope = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:u="` + xmltree.WSU + `" xmlns:x="urn:x"><s:Header><u:Timestamp u:Id="ts"><u:Created>2026-01-01T00:00:00.000Z</u:Created></u:Timestamp><SIG/></s:Header><s:Body u:Id="body"><a xmlns="urn:a" t="x:q">text &amp; more</a></s:Body></s:Envelope>`

func TestSignVerify(t *testing.T) {
	private := func(s crypto.Signer) alg.Key { return must(alg.PrivateKey(s)) }
	public := func(s crypto.Signer) alg.Key { return must(alg.PublicKey(s.Public())) }
	for _, c := range []struct {
		name         string
		sign, verify alg.Key
		suite        alg.Suite
	}{
		{"RSA", private(rsaKey()), public(rsaKey()), alg.Modern},
		{"RSA-SHA1", private(rsaKey()), public(rsaKey()), alg.Basic256},
		{"P-256", private(p256Key()), public(p256Key()), alg.Modern},
		{"P-384", private(p384Key()), public(p384Key()), alg.Modern},
		{"P-521", private(p521Key()), public(p521Key()), alg.Modern},
		{"HMAC", testSecret, testSecret, alg.Modern},
		{"HMAC-SHA1", must(alg.SecretKey(make32(7))), must(alg.SecretKey(make32(7))), alg.Basic256},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := parse(t, strings.Replace(envelope, "<SIG/>", "", 1))
			refs := []Ref{
				{ID: "ts", Elem: find(root, "Timestamp")},
				{ID: "body", Elem: find(root, "Body"), Prefixes: []string{"x", "#default"}},
			}
			sig, err := Sign(c.sign, c.suite, "sig-1", refs, []byte(`<ds:KeyInfo xmlns:ds="`+xmltree.DS+`"><ds:KeyName>k</ds:KeyName></ds:KeyInfo>`))
			if err != nil {
				t.Fatal(err)
			}
			doc := strings.Replace(envelope, "<SIG/>", string(sig), 1)
			root = parse(t, doc)
			got, err := Verify(find(root, "Signature"), c.verify, c.suite, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkSigned(t, got)
			if len(got) != 2 || !got[0].Element().Same(find(root, "Timestamp")) || !got[1].Element().Same(find(root, "Body")) {
				t.Fatal("not the elements that were signed, in their order")
			}
			if !got[1].Covers(find(root, "a")) || got[1].Covers(find(root, "Created")) || got[0].Covers(root) {
				t.Error("coverage is not the subtree")
			}
			// One letter of the body.
			bad := parse(t, strings.Replace(doc, "more</a>", "mora</a>", 1))
			if _, err := Verify(find(bad, "Signature"), c.verify, c.suite, nil); !errors.Is(err, alg.ErrSignature) || !strings.Contains(err.Error(), "digest of #body does not match") {
				t.Errorf("altered body: %v", err)
			}
			// The prefix that only a value uses, which the prefix list keeps.
			bad = parse(t, strings.Replace(doc, `xmlns:x="urn:x"`, `xmlns:x="urn:y"`, 1))
			if _, err := Verify(find(bad, "Signature"), c.verify, c.suite, nil); !errors.Is(err, alg.ErrSignature) {
				t.Errorf("altered namespace of a listed prefix: %v", err)
			}
			// One letter of SignedInfo.
			bad = parse(t, strings.Replace(doc, `URI="#ts"`, `URI="#body"`, 1))
			if _, err := Verify(find(bad, "Signature"), c.verify, c.suite, nil); err == nil {
				t.Error("altered SignedInfo verifies")
			}
		})
	}
}

func make32(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func TestOtherKeyDoesNotVerify(t *testing.T) {
	doc := signedRoot(t, `<r Id="r"><v/>`, must(alg.PrivateKey(rsaKey())))
	sig := find(parse(t, doc), "Signature")
	for name, want := range map[string]error{"secret": alg.ErrKey, "P-256": alg.ErrKey, "none": alg.ErrKey} {
		key := map[string]alg.Key{"secret": testSecret, "P-256": must(alg.PublicKey(p256Key().Public())), "none": {}}[name]
		if _, err := Verify(sig, key, alg.Modern, nil); !errors.Is(err, want) {
			t.Errorf("%s key: %v", name, err)
		}
	}
	// The public key of an RSA certificate as an HMAC secret (attack C2).
	doc = signedRoot(t, `<r Id="r"><v/>`, testSecret)
	if _, err := Verify(find(parse(t, doc), "Signature"), must(alg.PublicKey(rsaKey().Public())), alg.Modern, nil); !errors.Is(err, alg.ErrKey) {
		t.Errorf("HMAC method with an RSA key: %v", err)
	}
}

// signedRoot signs a root element, given without its end tag, with an
// enveloped signature as the last child.
func signedRoot(t testing.TB, open string, key alg.Key) string {
	t.Helper()
	name := open[1:strings.IndexAny(open, " >")]
	root := parse(t, open+"</"+name+">")
	id, _ := root.Attr("", "Id")
	sig, err := Sign(key, alg.Modern, "", []Ref{{ID: id, Elem: root, Enveloped: true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return open + string(sig) + "</" + name + ">"
}

func TestEnveloped(t *testing.T) {
	for _, open := range []string{`<r Id="r"><v>1</v>`, `<r><v>1</v>`} {
		root := parse(t, signedRoot(t, open, testSecret))
		got, err := Verify(find(root, "Signature"), testSecret, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		checkSigned(t, got)
		s := got[0]
		if !s.Element().Same(root) || !s.Covers(find(root, "v")) {
			t.Error("does not cover the root")
		}
		if s.Covers(find(root, "Signature")) || s.Covers(find(root, "SignedInfo")) {
			t.Error("covers the signature that was left out")
		}
		if s.Element().First(xmltree.DS, "Signature").OK() {
			t.Error("the view shows the signature that was left out")
		}
	}
}

func TestSTRTransform(t *testing.T) {
	const doc = `<h xmlns:o="` + xmltree.WSSE + `" xmlns:u="` + xmltree.WSU + `"><token u:Id="tok">t</token><o:SecurityTokenReference u:Id="str"><o:Reference URI="#tok"/></o:SecurityTokenReference><SIG/></h>`
	root := parse(t, strings.Replace(doc, "<SIG/>", "", 1))
	sig, err := Sign(testSecret, "", "", []Ref{{ID: "str", STR: find(root, "SecurityTokenReference"), Elem: find(root, "token")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed := strings.Replace(doc, "<SIG/>", string(sig), 1)
	resolver := func(to string) STRResolver {
		return func(str xmltree.Elem) (xmltree.Elem, error) { return find(xmltree.Parent(str), to), nil }
	}
	root = parse(t, signed)
	got, err := Verify(find(root, "Signature"), testSecret, "", resolver("token"))
	if err != nil {
		t.Fatal(err)
	}
	s := got[0]
	if !s.IsSTR() || !s.Token().Same(find(root, "token")) || !s.STR().Same(find(root, "SecurityTokenReference")) || !s.Covers(find(root, "token")) {
		t.Error("not the token that was digested")
	}
	if s.Covers(find(root, "SecurityTokenReference")) {
		t.Error("covers the reference, which was not digested")
	}
	if _, err := Verify(find(root, "Signature"), testSecret, "", nil); !errors.Is(err, alg.ErrAlgorithm) {
		t.Errorf("no resolver: %v", err)
	}
	if _, err := Verify(find(root, "Signature"), testSecret, "", resolver("Reference")); !errors.Is(err, alg.ErrSignature) {
		t.Errorf("other token: %v", err)
	}
	if _, err := Verify(find(root, "Signature"), testSecret, "", resolver("nothing")); !errors.Is(err, ErrWrapping) {
		t.Errorf("no token: %v", err)
	}
	boom := errors.New("boom")
	if _, err := Verify(find(root, "Signature"), testSecret, "", func(xmltree.Elem) (xmltree.Elem, error) { return xmltree.Elem{}, boom }); !errors.Is(err, boom) {
		t.Errorf("resolver fails: %v", err)
	}
	// The reference names something that is not an STR.
	if _, err := Verify(find(parse(t, strings.Replace(signed, `u:Id="tok"`, `u:Id="str"`, 1)), "Signature"), testSecret, "", resolver("token")); !errors.Is(err, ErrWrapping) {
		t.Errorf("id moved to the token: %v", err)
	}
}

func TestSignRefuses(t *testing.T) {
	root := parse(t, `<r Id="r"><c Id="c"/><d Id="a&lt;b"/></r>`)
	child := find(root, "c")
	pub := must(alg.PublicKey(rsaKey().Public()))
	for name, c := range map[string]struct {
		key  alg.Key
		id   string
		refs []Ref
		want error
	}{
		"no reference":         {testSecret, "", nil, xmltree.ErrLimit},
		"31 references":        {testSecret, "", make([]Ref, 31), xmltree.ErrLimit},
		"no element":           {testSecret, "", []Ref{{ID: "r"}}, xmltree.ErrFormat},
		"other id":             {testSecret, "", []Ref{{ID: "x", Elem: root}}, xmltree.ErrFormat},
		"id to be escaped":     {testSecret, "", []Ref{{ID: "a<b", Elem: find(root, "d")}}, xmltree.ErrFormat},
		"own id to be escaped": {testSecret, `x" y="`, []Ref{{ID: "r", Elem: root}}, xmltree.ErrFormat},
		"prefix with a quote":  {testSecret, "", []Ref{{ID: "r", Elem: root, Prefixes: []string{`a"`}}}, xmltree.ErrFormat},
		"root not enveloped":   {testSecret, "", []Ref{{Elem: root}}, ErrWrapping},
		"child without id":     {testSecret, "", []Ref{{Elem: child, Enveloped: true}}, ErrWrapping},
		"same element twice":   {testSecret, "", []Ref{{ID: "c", Elem: child}, {ID: "c", Elem: child}}, ErrWrapping},
		"enveloped STR":        {testSecret, "", []Ref{{ID: "c", STR: child, Elem: root, Enveloped: true}}, ErrWrapping},
		"public key":           {pub, "", []Ref{{ID: "c", Elem: child}}, alg.ErrKey},
	} {
		if _, err := Sign(c.key, "", c.id, c.refs, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValueAndKeyInfo(t *testing.T) {
	sig := find(parse(t, signedRoot(t, `<r Id="r">`, testSecret)), "Signature")
	if v, err := Value(sig); err != nil || len(v) != 32 {
		t.Errorf("value %x, %v", v, err)
	}
	if ki, err := KeyInfo(sig); err != nil || ki.OK() {
		t.Errorf("key info of a signature without: %v", err)
	}
	if (Signed{}).Covers(sig) || (Signed{}).Element().OK() || (Signed{}).Octets(&bytes.Buffer{}) == nil {
		t.Error("the zero Signed covers something")
	}
}
