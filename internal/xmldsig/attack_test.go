package xmldsig

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

var digestMark = regexp.MustCompile(`DIGEST\(([^)]*)\)`)

// forge makes a document whose signature is mathematically good, whatever its
// structure: each DIGEST(id) becomes the SHA-256 of the first element with that
// id, without its ds:Signature children, in exclusive canonical form, and VALUE
// the HMAC over the first SignedInfo, both computed here and not by the code
// under test. So a refusal is one of structure.
func forge(t *testing.T, doc string) string {
	t.Helper()
	root := parse(t, doc)
	doc = digestMark.ReplaceAllStringFunc(doc, func(m string) string {
		e := byAnyID(root, digestMark.FindStringSubmatch(m)[1])
		if !e.OK() {
			t.Fatalf("no element for %s", m)
		}
		return sum(t, sha256.New(), e)
	})
	mac := hmac.New(sha256.New, testSecret.Secret())
	return strings.Replace(doc, "VALUE", sum(t, mac, find(parse(t, doc), "SignedInfo")), 1)
}

func sum(t *testing.T, h interface {
	Write([]byte) (int, error)
	Sum([]byte) []byte
}, e xmltree.Elem,
) string {
	var b bytes.Buffer
	if err := c14n.Write(&b, e, c14n.Exclusive, e.First(xmltree.DS, "Signature"), nil); err != nil {
		t.Fatal(err)
	}
	h.Write(b.Bytes())
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func byAnyID(e xmltree.Elem, id string) xmltree.Elem {
	for a := range e.Attrs {
		if strings.EqualFold(a.Local, "id") && a.Value == id {
			return e
		}
	}
	for c := range e.Children {
		if f := byAnyID(c, id); f.OK() {
			return f
		}
	}
	return xmltree.Elem{}
}

// Parts of a signature.
const (
	canonExc  = `<CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>`
	methodMAC = `<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/>`
	exc       = `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>`
	env       = `<Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>`
	sha256M   = `<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>`
	value     = `<SignatureValue>VALUE</SignatureValue>`
)

func ref(id, transforms string) string { return refURI("#"+id, id, transforms) }

func refURI(uri, digest, transforms string) string {
	return `<Reference URI="` + uri + `"><Transforms>` + transforms + `</Transforms>` + sha256M + `<DigestValue>DIGEST(` + digest + `)</DigestValue></Reference>`
}

func info(refs string) string {
	return `<SignedInfo>` + canonExc + methodMAC + refs + `</SignedInfo>`
}

func signature(children string) string {
	return `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">` + children + `</Signature>`
}

func sig(refs string) string { return signature(info(refs) + value) }

const wsu = ` xmlns:u="` + xmltree.WSU + `"`

func TestStructure(t *testing.T) {
	many := func(n int) string {
		var parts, refs strings.Builder
		for i := range n {
			fmt.Fprintf(&parts, `<p u:Id="p%d"/>`, i)
			refs.WriteString(ref(fmt.Sprintf("p%d", i), exc))
		}
		return `<r` + wsu + `>` + parts.String() + sig(refs.String()) + `</r>`
	}
	two := `<r` + wsu + `><a u:Id="a">1</a><b u:Id="b">2</b>%s</r>`
	in := func(s string) string { return fmt.Sprintf(two, s) }
	inf := info(ref("a", exc))
	for _, c := range []struct {
		name, doc string
		want      error // nil: must verify
	}{
		{"detached", in(sig(ref("a", exc))), nil},
		{"two references", in(sig(ref("a", exc) + ref("b", exc))), nil},
		{"enveloped by id", `<r` + wsu + ` u:Id="r"><a/>` + sig(ref("r", env+exc)) + `</r>`, nil},
		{"enveloped in the root", `<r` + wsu + ` u:Id="r"><a/>` + sig(refURI("", "r", env+exc)) + `</r>`, nil},
		{"enveloped, not last", `<r` + wsu + ` u:Id="r">` + sig(ref("r", env+exc)) + `<a/></r>`, nil},
		{"enveloping", signature(info(ref("o", exc)) + value + `<Object Id="o"><x>1</x></Object>`), nil},
		{"reference with Id and Type", in(sig(strings.Replace(ref("a", exc), "<Reference ", `<Reference Id="q" Type="urn:t" `, 1))), nil},
		{"comments method", in(sig(ref("a", `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"/>`))), nil},
		{"comments under the exclusive method with comments", `<r><a Id="a">1<!-- c --></a>` + sig(ref("a", `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"/>`)) + `</r>`, nil},
		{"comments under the inclusive method with comments", `<r><a Id="a">1<!-- c --></a>` + sig(ref("a", `<Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"/>`)) + `</r>`, nil},
		{"30 references", many(30), nil},
		{"P7 1000 transforms", in(sig(ref("a", strings.Repeat(exc, 1000)))), alg.ErrAlgorithm},
		{"31 references", many(31), xmltree.ErrLimit},

		{"W12 id twice", `<r` + wsu + `><a u:Id="a">1</a><x><a u:Id="a">2</a></x>` + sig(ref("a", exc)) + `</r>`, ErrWrapping},
		{"W12 id twice, other spelling", `<r` + wsu + `><a u:Id="a">1</a><x xml:id="a"/>` + sig(ref("a", exc)) + `</r>`, ErrWrapping},
		{"W12 id twice, plain", `<r` + wsu + `><a u:Id="a">1</a><x Id="a"/>` + sig(ref("a", exc)) + `</r>`, ErrWrapping},
		{"W12 other id twice", `<r` + wsu + `><a u:Id="a">1</a><x u:Id="b"/><y u:Id="b"/>` + sig(ref("a", exc)) + `</r>`, ErrWrapping},
		{"W12 other id twice, whole document", `<r` + wsu + ` u:Id="r"><x u:Id="b"/><y u:Id="b"/>` + sig(refURI("", "r", env+exc)) + `</r>`, ErrWrapping},
		{"W25 id in a foreign namespace", `<r` + wsu + ` xmlns:p="` + xmltree.SAMLP20 + `"><a u:Id="a">1</a><x p:ID="a"/>` + sig(ref("a", exc)) + `</r>`, ErrWrapping},
		{"no such id", in(strings.Replace(sig(ref("a", exc)), `URI="#a"`, `URI="#c"`, 1)), ErrWrapping},

		{"W19 second SignedInfo after", in(signature(inf + info(ref("b", exc)) + value)), ErrWrapping},
		{"W19 second SignedInfo at the end", in(signature(inf + value + info(ref("b", exc)))), ErrWrapping},
		{"W19 SignedInfo in an object", in(signature(value + `<Object>` + inf + `</Object>`)), ErrWrapping},
		{"W19 SignedInfo in another element", in(signature(`<x xmlns="">` + inf + `</x>` + value)), ErrWrapping},
		{"W19 value before SignedInfo", in(signature(value + inf)), ErrWrapping},
		{"W19 second value", in(signature(inf + value + `<SignatureValue>AAAA</SignatureValue>`)), ErrWrapping},
		{"second KeyInfo", in(signature(inf + value + `<KeyInfo><KeyName>a</KeyName></KeyInfo><KeyInfo><KeyName>b</KeyName></KeyInfo>`)), ErrWrapping},
		{"KeyInfo after an object", in(signature(inf + value + `<Object/><KeyInfo><KeyName>b</KeyName></KeyInfo>`)), ErrWrapping},
		{"foreign child of Signature", in(signature(inf + value + `<x xmlns="urn:x"/>`)), ErrWrapping},
		{"no value", in(signature(inf)), ErrWrapping},
		{"no SignedInfo", in(`<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>` + `<x>` + inf + `</x>`), ErrWrapping},
		{"text in Signature", in(signature(inf + "x" + value)), xmltree.ErrFormat},
		{"text in SignedInfo", in(signature(`<SignedInfo>x` + canonExc + methodMAC + ref("a", exc) + `</SignedInfo>` + value)), xmltree.ErrFormat},
		{"methods in the other order", in(signature(`<SignedInfo>` + methodMAC + canonExc + ref("a", exc) + `</SignedInfo>` + value)), ErrWrapping},
		{"canonicalization twice", in(signature(`<SignedInfo>` + canonExc + canonExc + methodMAC + ref("a", exc) + `</SignedInfo>` + value)), ErrWrapping},
		{"no method", in(signature(`<SignedInfo>` + canonExc + ref("a", exc) + `</SignedInfo>` + value)), ErrWrapping},
		{"digest method twice", in(strings.Replace(sig(ref("a", exc)), sha256M, sha256M+sha256M, 1)), ErrWrapping},
		{"65 prefixes", in(sig(ref("a", strings.Replace(exc, "/>", `><e:InclusiveNamespaces xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="`+strings.Repeat("p ", 65)+`"/></Transform>`, 1)))), xmltree.ErrLimit},
		{"method twice", in(signature(`<SignedInfo>` + canonExc + methodMAC + methodMAC + ref("a", exc) + `</SignedInfo>` + value)), ErrWrapping},
		{"no reference", in(sig("")), ErrWrapping},
		{"foreign child of SignedInfo", in(sig(ref("a", exc) + `<x xmlns="urn:x"/>`)), ErrWrapping},
		{"object in SignedInfo", in(sig(ref("a", exc) + `<Object/>`)), ErrWrapping},
		{"reference before the method", in(signature(`<SignedInfo>` + canonExc + ref("a", exc) + methodMAC + `</SignedInfo>` + value)), ErrWrapping},

		{"W20 comment before the digest", in(strings.Replace(sig(ref("a", exc)), "<DigestValue>", "<DigestValue><!--X-->", 1)), xmltree.ErrFormat},
		{"W20 comment in the value", in(strings.Replace(sig(ref("a", exc)), "VALUE", "VALUE<!--X-->", 1)), xmltree.ErrFormat},
		{"W20 element in the digest", in(strings.Replace(sig(ref("a", exc)), "<DigestValue>", "<DigestValue><x/>", 1)), xmltree.ErrFormat},
		{"W21 second digest", in(strings.Replace(sig(ref("a", exc)), "</Reference>", "<DigestValue>DIGEST(b)</DigestValue></Reference>", 1)), ErrWrapping},
		{"W21 digest before the method", in(strings.Replace(sig(ref("a", exc)), sha256M, "<DigestValue>DIGEST(b)</DigestValue>"+sha256M, 1)), ErrWrapping},
		{"W21 digest inside the method", in(strings.Replace(sig(ref("a", exc)), sha256M, strings.Replace(sha256M, "/>", "><DigestValue>DIGEST(b)</DigestValue></DigestMethod>", 1), 1)), ErrWrapping},
		{"W21 digest inside a transform", in(sig(ref("a", strings.Replace(exc, "/>", "><DigestValue>DIGEST(b)</DigestValue></Transform>", 1)))), ErrWrapping},
		{"W21 digest inside enveloped", `<r` + wsu + ` u:Id="r">` + sig(ref("r", strings.Replace(env, "/>", "><DigestValue>AAAA</DigestValue></Transform>", 1)+exc)) + `</r>`, ErrWrapping},
		{"transforms after the digest method", in(sig(`<Reference URI="#a">` + sha256M + `<Transforms>` + exc + `</Transforms><DigestValue>DIGEST(a)</DigestValue></Reference>`)), ErrWrapping},
		{"transforms twice", in(sig(strings.Replace(ref("a", exc), sha256M, `<Transforms>`+exc+`</Transforms>`+sha256M, 1))), ErrWrapping},
		{"no transform in Transforms", in(sig(ref("a", ""))), ErrWrapping},
		{"foreign element in Transforms", in(sig(ref("a", `<x xmlns="urn:x"/>`))), ErrWrapping},
		{"no digest", in(sig(`<Reference URI="#a">` + sha256M + `</Reference>`)), ErrWrapping},
		{"W22 two references to one element", in(sig(ref("a", exc) + ref("a", exc))), ErrWrapping},
		{"W22 second reference does not match", in(sig(ref("a", exc) + refURI("#b", "a", exc))), alg.ErrSignature},
		{"W22 first reference does not match", in(sig(refURI("#b", "a", exc) + ref("a", exc))), alg.ErrSignature},
		{"W29 signature nested deeper", `<r` + wsu + ` u:Id="r"><x>` + sig(ref("r", env+exc)) + `</x></r>`, ErrWrapping},
		{"W29 whole document, signature nested deeper", `<r` + wsu + ` u:Id="r"><x>` + sig(refURI("", "r", env+exc)) + `</x></r>`, ErrWrapping},
		{"W29 enveloped two levels up", `<r` + wsu + `><y u:Id="y"><x><z>` + sig(ref("y", env+exc)) + `</z></x></y></r>`, ErrWrapping},
		{"enveloped transform that leaves nothing out", in(sig(ref("a", env+exc))), nil},
		{"whole document, not enveloped", `<r` + wsu + ` u:Id="r"><a/>` + sig(refURI("", "r", exc)) + `</r>`, ErrWrapping},
		{"whole document is the signature", signature(info(refURI("", "o", env+exc)) + value + `<Object Id="o"/>`), ErrWrapping},

		{"external reference", in(sig(refURI("http://localhost/x", "a", exc))), alg.ErrAlgorithm},
		{"file reference", in(sig(refURI("file:///etc/passwd", "a", exc))), alg.ErrAlgorithm},
		{"relative reference", in(sig(refURI("a.xml", "a", exc))), alg.ErrAlgorithm},
		{"reference with path and id", in(sig(refURI("x#a", "a", exc))), alg.ErrAlgorithm},
		{"XPointer", in(sig(refURI("#xpointer(id('a'))", "a", exc))), alg.ErrAlgorithm},
		{"XPointer to the root", `<r` + wsu + ` u:Id="r"><a/>` + sig(refURI("#xpointer(/)", "r", env+exc)) + `</r>`, alg.ErrAlgorithm},
		{"empty fragment", in(sig(refURI("#", "a", exc))), alg.ErrAlgorithm},
		{"no URI", in(strings.Replace(sig(ref("a", exc)), ` URI="#a"`, "", 1)), alg.ErrAlgorithm},

		{"P7 canonical form, then enveloped", `<r` + wsu + ` u:Id="r">` + sig(ref("r", exc+env)) + `</r>`, alg.ErrAlgorithm},
		{"P7 canonical form twice", in(sig(ref("a", exc+exc))), alg.ErrAlgorithm},
		{"P7 enveloped twice", `<r` + wsu + ` u:Id="r">` + sig(ref("r", env+env)) + `</r>`, alg.ErrAlgorithm},
		{"P7 XSLT", in(sig(ref("a", `<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>`))), alg.ErrAlgorithm},
		{"P7 XPath", in(sig(ref("a", `<Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><XPath>1</XPath></Transform>`))), alg.ErrAlgorithm},
		{"P7 XPath filter 2", in(sig(ref("a", `<Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"/>`))), alg.ErrAlgorithm},
		{"P7 base64", in(sig(ref("a", `<Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/>`))), alg.ErrAlgorithm},
		{"STR-Transform without a resolver", in(sig(ref("a", `<Transform Algorithm="`+strURI+`"/>`))), alg.ErrAlgorithm},
		{"transform without a name", in(sig(ref("a", `<Transform/>`))), xmltree.ErrFormat},
		{"prefix list for an inclusive form", in(sig(ref("a", `<Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"><e:InclusiveNamespaces xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="a"/></Transform>`))), ErrWrapping},
		{"prefix list twice", in(sig(ref("a", strings.Replace(exc, "/>", strings.Repeat(`><e:InclusiveNamespaces xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList=""/`, 2)+`></Transform>`, 1)))), ErrWrapping},
		{"prefix list without a list", in(sig(ref("a", strings.Replace(exc, "/>", `><e:InclusiveNamespaces xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#"/></Transform>`, 1)))), xmltree.ErrFormat},
		{"empty prefix list", in(sig(ref("a", strings.Replace(exc, "/>", `><e:InclusiveNamespaces xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList=" "/></Transform>`, 1)))), nil},

		{"C1 truncation", in(strings.Replace(sig(ref("a", exc)), methodMAC, strings.Replace(methodMAC, "/>", "><HMACOutputLength>256</HMACOutputLength></SignatureMethod>", 1), 1)), alg.ErrAlgorithm},
		{"parameters of the method", in(strings.Replace(sig(ref("a", exc)), methodMAC, strings.Replace(methodMAC, "/>", `><x xmlns="urn:x"/></SignatureMethod>`, 1), 1)), alg.ErrAlgorithm},
		{"C5 MD5", in(strings.Replace(sig(ref("a", exc)), sha256M, `<DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"/>`, 1)), alg.ErrAlgorithm},
		{"C5 SHA-1", in(strings.Replace(sig(ref("a", exc)), sha256M, `<DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>`, 1)), alg.ErrAlgorithm},
		{"C5 HMAC with SHA-1", in(strings.Replace(sig(ref("a", exc)), "xmldsig-more#hmac-sha256", "xmldsig-more#hmac-md5", 1)), alg.ErrAlgorithm},
		{"C16 empty value", in(strings.Replace(sig(ref("a", exc)), "VALUE", "", 1)), xmltree.ErrFormat},
		{"C16 zeros", in(strings.Replace(sig(ref("a", exc)), "VALUE", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 1)), alg.ErrSignature},
		{"C16 empty digest", in(strings.Replace(sig(ref("a", exc)), "DIGEST(a)", "", 1)), alg.ErrSignature},
		{"C17 unknown canonicalization", in(strings.Replace(sig(ref("a", exc)), canonExc, `<CanonicalizationMethod Algorithm="urn:x"/>`, 1)), alg.ErrAlgorithm},
		{"P14 URL alphabet", in(strings.Replace(sig(ref("a", exc)), "DIGEST(a)", "____________________________________________", 1)), xmltree.ErrFormat},
		{"P14 padding bits", in(strings.Replace(sig(ref("a", exc)), "DIGEST(a)", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", 1)), xmltree.ErrFormat},
		{"not a signature", `<r><Signature/></r>`, xmltree.ErrFormat},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := c.doc
			if strings.Contains(doc, "SignedInfo") {
				doc = forge(t, doc)
			}
			got, err := Verify(find(parse(t, doc), "Signature"), testSecret, "", nil)
			if !errors.Is(err, c.want) {
				t.Fatalf("got error %v, want %v\n%s", err, c.want, doc)
			}
			if err != nil {
				if got != nil {
					t.Error("an error and elements")
				}
				if at, ok := errors.AsType[*Error](err); !ok || !strings.HasPrefix(at.Path, "/r") && !strings.HasPrefix(at.Path, "/Signature") {
					t.Errorf("the error does not say where: %v", err)
				}
				return
			}
			checkSigned(t, got)
		})
	}
}

// Each reference is digested by its own method, in any order.
func TestDigestMethods(t *testing.T) {
	root := parse(t, `<r><a Id="a">1</a></r>`)
	sum512 := sum(t, sha512.New(), find(root, "a"))
	want := strings.NewReplacer("xmlenc#sha256", "xmlenc#sha512", "DIGEST(a)", sum512).Replace(ref("a", exc))
	for _, refs := range []string{want + ref("b", exc), ref("b", exc) + want, ref("b", exc) + want + ref("c", exc)} {
		doc := forge(t, `<r><a Id="a">1</a><b Id="b">2</b><c Id="c">3</c>`+sig(refs)+`</r>`)
		if _, err := Verify(find(parse(t, doc), "Signature"), testSecret, "", nil); err != nil {
			t.Error(err)
		}
	}
}

// A suite that admits only the exclusive form admits it alone, for SignedInfo
// and for references.
func TestSuiteBindsCanonicalization(t *testing.T) {
	key := must(alg.SecretKey(make32(7)))
	const inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	root := parse(t, `<r Id="r"/>`)
	doc := `<r Id="r">` + string(must(Sign(key, alg.Basic256, "", []Ref{{ID: "r", Elem: root, Enveloped: true}}, nil))) + `</r>`
	if _, err := Verify(find(parse(t, doc), "Signature"), key, alg.Basic256, nil); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2} {
		bad := strings.Replace(doc, xmltree.EXCC14N, inclusive, n)
		if n == 2 {
			bad = strings.Replace(bad, inclusive, xmltree.EXCC14N, 1)
		}
		if _, err := Verify(find(parse(t, bad), "Signature"), key, alg.Basic256, nil); !errors.Is(err, alg.ErrAlgorithm) {
			t.Errorf("inclusive form in place %d: %v", n, err)
		}
	}
}

// What an STR-Transform names must be a SecurityTokenReference, and an
// enveloped signature has no part in it.
func TestSTRTransformIsOfAnSTR(t *testing.T) {
	params := `<Transform Algorithm="` + strURI + `"><o:TransformationParameters xmlns:o="` + xmltree.WSSE + `">` + strings.Replace(canonExc, "/>", "></CanonicalizationMethod>", 1) + `</o:TransformationParameters></Transform>`
	resolve := func(xmltree.Elem) (xmltree.Elem, error) { panic("asked for a token") }
	for name, c := range map[string]struct {
		doc  string
		want error
	}{
		"not an STR":    {`<r><a Id="a">1</a>` + sig(ref("a", params)) + `</r>`, ErrWrapping},
		"enveloped":     {`<r Id="a">` + sig(ref("a", env+params)) + `</r>`, alg.ErrAlgorithm},
		"no parameters": {`<r><a Id="a">1</a>` + sig(ref("a", `<Transform Algorithm="`+strURI+`"/>`)) + `</r>`, xmltree.ErrFormat},
		"then another":  {`<r><a Id="a">1</a>` + sig(ref("a", params+exc)) + `</r>`, alg.ErrAlgorithm},
	} {
		if _, err := Verify(find(parse(t, forge(t, c.doc)), "Signature"), testSecret, "", resolve); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A Manifest is signed as the element it is; what it lists is not covered (W28).
func TestManifestIsNoCoverage(t *testing.T) {
	root := parse(t, forge(t, `<r`+wsu+`><a u:Id="a">1</a>`+signature(info(strings.Replace(ref("m", exc), "<Reference", `<Reference Type="http://www.w3.org/2000/09/xmldsig#Manifest"`, 1))+value+
		`<Object><Manifest Id="m">`+strings.Replace(ref("a", exc), "DIGEST(a)", "AAAA", 1)+`</Manifest></Object>`)+`</r>`))
	got, err := Verify(find(root, "Signature"), testSecret, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || !got[0].Covers(find(root, "Manifest")) || got[0].Covers(find(root, "a")) {
		t.Error("a manifest covers what it lists")
	}
}

// RSASSA-PSS with parameters comes down to the methods without.
func TestPSSParameters(t *testing.T) {
	const open = `<SignatureMethod Algorithm="http://www.w3.org/2007/05/xmldsig-more#rsa-pss"`
	const more = ` xmlns:p="http://www.w3.org/2007/05/xmldsig-more#"`
	key := must(alg.PublicKey(rsaKey().Public()))
	for _, c := range []struct {
		params string
		want   error
	}{
		// All come to the signature value, which is no good; what is looked at
		// is whether they come that far.
		{`/>`, alg.ErrSignature},
		{`><p:RSAPSSParams` + more + `/></SignatureMethod>`, alg.ErrSignature},
		{`><p:RSAPSSParams` + more + `>` + sha256M + `<p:MaskGenerationFunction Algorithm="http://www.w3.org/2007/05/xmldsig-more#MGF1">` + sha256M + `</p:MaskGenerationFunction><p:SaltLength>32</p:SaltLength><p:TrailerField>1</p:TrailerField></p:RSAPSSParams></SignatureMethod>`, alg.ErrSignature},
		{`><p:RSAPSSParams` + more + `><p:SaltLength>20</p:SaltLength></p:RSAPSSParams></SignatureMethod>`, alg.ErrAlgorithm},
		{`><p:RSAPSSParams` + more + `><p:SaltLength>x</p:SaltLength></p:RSAPSSParams></SignatureMethod>`, xmltree.ErrFormat},
		{`><p:RSAPSSParams` + more + `><p:TrailerField>2</p:TrailerField></p:RSAPSSParams></SignatureMethod>`, alg.ErrAlgorithm},
		{`><p:RSAPSSParams` + more + `><p:MaskGenerationFunction Algorithm="urn:x"/></p:RSAPSSParams></SignatureMethod>`, alg.ErrAlgorithm},
		{`><p:RSAPSSParams` + more + `><DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#sha384"/></p:RSAPSSParams></SignatureMethod>`, alg.ErrAlgorithm},
		{`><p:RSAPSSParams` + more + `/><p:RSAPSSParams` + more + `/></SignatureMethod>`, ErrWrapping},
		{`><p:RSAPSSParams` + more + `><p:SaltLength>32</p:SaltLength>` + sha256M + `</p:RSAPSSParams></SignatureMethod>`, ErrWrapping},
	} {
		doc := `<r` + wsu + `><a u:Id="a">1</a>` + strings.Replace(sig(ref("a", exc)), methodMAC, open+c.params, 1) + `</r>`
		doc = forge(t, doc)
		if _, err := Verify(find(parse(t, doc), "Signature"), key, "", nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.params, err)
		}
	}
}
