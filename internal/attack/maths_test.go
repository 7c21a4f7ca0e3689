package attack

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	_ "crypto/md5" // an algorithm that some cases are about
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // likewise
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// The mathematics of signatures, from package c14n and the standard library
// alone. The independent check, the weak double and the handmade signatures
// stand on it; nothing of xmldsig or alg is used but names of algorithms.

const (
	excC14N   = "http://www.w3.org/2001/10/xml-exc-c14n#"
	enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	strURI    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform"

	digestMD5 = "http://www.w3.org/2001/04/xmldsig-more#md5"
	rsaMD5    = "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"
)

// canon is the canonical form of an element.
func canon(e xmltree.Elem, method string, prefixes []string, except xmltree.Elem) ([]byte, error) {
	m, ok := c14n.FromURI(strings.TrimSuffix(strings.TrimSuffix(method, "WithComments"), "#WithComments"))
	if !ok {
		if m, ok = c14n.FromURI(method); !ok {
			return nil, fmt.Errorf("no canonical form %q", method)
		}
	}
	var b bytes.Buffer
	err := c14n.Write(&b, e, m, except, prefixes)
	return b.Bytes(), err
}

// hashes are the digests that some verifier somewhere takes.
var hashes = map[string]crypto.Hash{
	digestMD5: crypto.MD5, alg.DigestSHA1: crypto.SHA1, alg.DigestSHA256: crypto.SHA256, alg.DigestSHA384: crypto.SHA384, alg.DigestSHA512: crypto.SHA512,
}

func digest(uri string, octets []byte) ([]byte, error) {
	h, ok := hashes[uri]
	if !ok {
		return nil, fmt.Errorf("no digest %q", uri)
	}
	return sum(h, octets), nil
}

func sum(h crypto.Hash, octets []byte) []byte {
	d := h.New()
	d.Write(octets)
	return d.Sum(nil)
}

// A scheme is a signature method.
type scheme struct {
	kind string // "rsa", "ecdsa", "hmac"
	hash crypto.Hash
}

var schemes = map[string]scheme{
	alg.RSASHA256: {"rsa", crypto.SHA256}, alg.RSASHA512: {"rsa", crypto.SHA512}, alg.RSASHA1: {"rsa", crypto.SHA1}, rsaMD5: {"rsa", crypto.MD5},
	alg.ECDSASHA256: {"ecdsa", crypto.SHA256}, alg.ECDSASHA1: {"ecdsa", crypto.SHA1},
	alg.HMACSHA256: {"hmac", crypto.SHA256}, alg.HMACSHA1: {"hmac", crypto.SHA1},
}

// verifyValue checks a signature value. The key is a crypto.PublicKey or the
// octets of a secret.
func verifyValue(method string, key any, octets, value []byte) error {
	s, ok := schemes[method]
	if !ok {
		return fmt.Errorf("no signature method %q", method)
	}
	good := false
	switch k := key.(type) {
	case *rsa.PublicKey:
		good = s.kind == "rsa" && rsa.VerifyPKCS1v15(k, s.hash, sum(s.hash, octets), value) == nil
	case *ecdsa.PublicKey:
		if half := len(value) / 2; s.kind == "ecdsa" && len(value) > 0 && len(value)%2 == 0 {
			good = ecdsa.Verify(k, sum(s.hash, octets), new(big.Int).SetBytes(value[:half]), new(big.Int).SetBytes(value[half:]))
		}
	case []byte:
		m := hmac.New(s.hash.New, k)
		m.Write(octets)
		good = s.kind == "hmac" && hmac.Equal(m.Sum(nil), value)
	}
	if !good {
		return errors.New("signature value does not verify")
	}
	return nil
}

// signValue makes a signature value with a private key or a secret.
func signValue(method string, key any, octets []byte) []byte {
	s := schemes[method]
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return must(rsa.SignPKCS1v15(rand.Reader, k, s.hash, sum(s.hash, octets)))
	case *ecdsa.PrivateKey:
		r, t, err := ecdsa.Sign(rand.Reader, k, sum(s.hash, octets))
		if err != nil {
			panic(err)
		}
		size := (k.Params().BitSize + 7) / 8
		out := make([]byte, 2*size)
		r.FillBytes(out[:size])
		t.FillBytes(out[size:])
		return out
	case []byte:
		m := hmac.New(s.hash.New, k)
		m.Write(octets)
		return m.Sum(nil)
	}
	panic("no such key")
}

// methodFor is the method that goes with a key, with SHA-256.
func methodFor(key any) string {
	switch key.(type) {
	case *rsa.PrivateKey, *rsa.PublicKey:
		return alg.RSASHA256
	case *ecdsa.PrivateKey, *ecdsa.PublicKey:
		return alg.ECDSASHA256
	}
	return alg.HMACSHA256
}

func b64(p []byte) string { return base64.StdEncoding.EncodeToString(p) }

// A ref is one ds:Reference of a handmade signature.
type ref struct {
	uri        string
	transforms string // the Transform elements; "" is exclusive canonical form
	method     string // digest; SHA-256 if empty
	digest     []byte
	digestXML  string // in place of the text of DigestValue
}

func transform(uri string, inside ...string) string {
	return `<ds:Transform Algorithm="` + uri + `">` + strings.Join(inside, "") + `</ds:Transform>`
}

func (r ref) xml() string {
	if r.transforms == "" {
		r.transforms = transform(excC14N)
	}
	if r.method == "" {
		r.method = alg.DigestSHA256
	}
	if r.digestXML == "" {
		r.digestXML = b64(r.digest)
	}
	return `<ds:Reference URI="` + r.uri + `"><ds:Transforms>` + r.transforms + `</ds:Transforms><ds:DigestMethod Algorithm="` + r.method + `"/><ds:DigestValue>` +
		r.digestXML + `</ds:DigestValue></ds:Reference>`
}

// refTo makes a reference to an element by its id, with its own digest.
func refTo(e xmltree.Elem) ref {
	return ref{uri: "#" + id(e), digest: sum(crypto.SHA256, must(canon(e, excC14N, nil, xmltree.Elem{})))}
}

// A handmade signature is one that our library would not make.
type handmade struct {
	canon   string // of SignedInfo; exclusive if empty
	method  string // that of the key if empty
	within  string // content of SignatureMethod
	refs    []ref
	key     any
	keyInfo string
	tail    string              // behind KeyInfo
	value   func([]byte) []byte // makes the signature value out of what is to be signed; the key does if nil
	before  string              // in front of SignedInfo
}

func (h handmade) xml() string {
	if h.canon == "" {
		h.canon = excC14N
	}
	if h.method == "" {
		h.method = methodFor(h.key)
	}
	info := `<ds:SignedInfo xmlns:ds="` + xmltree.DS + `"><ds:CanonicalizationMethod Algorithm="` + h.canon + `"/><ds:SignatureMethod Algorithm="` + h.method + `">` + h.within + `</ds:SignatureMethod>`
	for _, r := range h.refs {
		info += r.xml()
	}
	info += `</ds:SignedInfo>`
	octets := []byte(nil)
	if c, err := canon(parse([]byte(info)).Root(), h.canon, nil, xmltree.Elem{}); err == nil {
		octets = c
	}
	if h.value == nil {
		h.value = func(p []byte) []byte { return signValue(h.method, h.key, p) }
	}
	return `<ds:Signature xmlns:ds="` + xmltree.DS + `">` + h.before + info + `<ds:SignatureValue>` + b64(h.value(octets)) + `</ds:SignatureValue>` + h.keyInfo + h.tail + `</ds:Signature>`
}

// A claim is what one ds:Signature says, read by its first children of each
// name and nothing more.
type claim struct {
	sig, info     xmltree.Elem
	canon, method string
	prefixes      []string
	value         []byte
	refs          []claimedRef
}

type claimedRef struct {
	elem       xmltree.Elem
	uri        string
	enveloped  bool
	str        bool
	xpath      string
	canon      string
	prefixes   []string
	transforms []string
	method     string
	digest     []byte
}

func algorithm(e xmltree.Elem) string { a, _ := e.Attr("", "Algorithm"); return a }

// readClaim reads a signature; info is the SignedInfo to believe.
func readClaim(sig, info xmltree.Elem) claim {
	c := claim{sig: sig, info: info}
	m := child(info, "CanonicalizationMethod")
	c.canon, c.prefixes = algorithm(m), prefixList(m)
	c.method = algorithm(child(info, "SignatureMethod"))
	c.value = text64(child(sig, "SignatureValue"))
	for r := range info.Children {
		if r.Local() == "Reference" {
			c.refs = append(c.refs, readClaimedRef(r))
		}
	}
	return c
}

func readClaimedRef(r xmltree.Elem) claimedRef {
	out := claimedRef{elem: r, canon: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"}
	out.uri, _ = r.Attr("", "URI")
	for t := range child(r, "Transforms").Children {
		uri := algorithm(t)
		out.transforms = append(out.transforms, uri)
		switch {
		case uri == enveloped:
			out.enveloped = true
		case uri == strURI:
			out.str = true
			m := child(child(t, "TransformationParameters"), "CanonicalizationMethod")
			out.canon, out.prefixes = algorithm(m), prefixList(m)
		case strings.Contains(uri, "c14n"):
			out.canon, out.prefixes = uri, prefixList(t)
		case child(t, "XPath").OK():
			out.xpath = loose(child(t, "XPath"))
		}
	}
	out.method = algorithm(child(r, "DigestMethod"))
	out.digest = text64(child(r, "DigestValue"))
	return out
}

func prefixList(e xmltree.Elem) []string {
	list, _ := child(e, "InclusiveNamespaces").Attr("", "PrefixList")
	return strings.Fields(list)
}

// loose is the text of an element without what is not text in it.
func loose(e xmltree.Elem) string {
	if !e.OK() {
		return ""
	}
	var out strings.Builder
	rest := e.Raw()
	from, to := e.ContentRange()
	start, _ := e.Range()
	if from == to {
		return ""
	}
	rest = rest[from-start : to-start]
	for len(rest) > 0 {
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			rest = rest[bytes.Index(rest, []byte("-->"))+3:]
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			end := bytes.Index(rest, []byte("]]>"))
			out.Write(rest[9:end])
			rest = rest[end+3:]
		case rest[0] == '<':
			rest = rest[bytes.IndexByte(rest, '>')+1:]
		default:
			out.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	return strings.TrimSpace(out.String())
}

// text64 decodes base64 as generously as decoders do.
func text64(e xmltree.Elem) []byte {
	s := strings.Map(func(r rune) rune {
		switch r {
		case '-':
			return '+'
		case '_':
			return '/'
		}
		if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", r) {
			return r
		}
		return -1
	}, loose(e))
	out, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return out
}
