package conformance

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const (
	localID   = "uuid-9c90d2c7-c82f-4c63-9b28-fc24479ee3a7-2" // what the rows refer to
	derivedID = "uuid:urn:abc"
)

// runToken reads one token or reference, as it is, in the Security header of a
// message made around it.
func runToken(c corpus, r row) (result, error) {
	src := string(bytes.TrimSpace(c.read(r.File)))
	switch {
	case r.Params["form"] == "BinarySecret":
		return shortSecret(src, r)
	case r.Params["form"] == "EncryptedKey":
		return encryptedKey(c, src, r)
	case strings.Contains(src, "DerivedKeyToken"):
		return derivedKey(c, src, r)
	case strings.Contains(src, "SecurityContextToken"):
		return contextToken(src, r)
	case strings.Contains(src, "UsernameToken"):
		return rejected(r, wsse.ClassFormat, readHeader(src))
	case strings.Contains(src, "BinarySecurityToken"):
		return reference(c, r, src, `<o:SecurityTokenReference xmlns:o="`+xmltree.WSSE+`"><o:Reference URI="#urn:x509:1"/></o:SecurityTokenReference>`)
	case r.Params["form"] == "Reference" && r.Params["valuetype"] == "":
		return reference(c, r, certificateToken(c, localID), src)
	}
	return reference(c, r, "", src)
}

// rejected is a row that must be refused with that class of error.
func rejected(r row, class wsse.Class, err error) (result, error) {
	if r.Expected != "reject" {
		return result{}, fmt.Errorf("expected %q", r.Expected)
	}
	if wsse.ClassOf(err) != class {
		return result{}, fmt.Errorf("must be rejected, as %v: %v", class, err)
	}
	return agreed(), nil
}

// envelope is a message with a fresh timestamp and these elements in its
// Security header.
func envelope(header ...string) []byte {
	created := noon.Format("2006-01-02T15:04:05Z")
	return []byte(`<s:Envelope xmlns:s="` + xmltree.SOAP12 + `"><s:Header><o:Security xmlns:o="` + xmltree.WSSE + `" s:mustUnderstand="1">` +
		`<u:Timestamp xmlns:u="` + xmltree.WSU + `" u:Id="time"><u:Created>` + created + `</u:Created></u:Timestamp>` +
		strings.Join(header, "") + `</o:Security></s:Header><s:Body/></s:Envelope>`)
}

func readMessage(octets []byte) (*wsse.Pending, error) {
	d, err := xmltree.Parse(octets, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	env, err := soap.Read(d, wsse.Understood)
	if err != nil {
		return nil, err
	}
	return wsse.Read(env, "")
}

func readHeader(header ...string) error {
	_, err := readMessage(envelope(header...))
	return err
}

// reference reads what key a SecurityTokenReference means, in the KeyInfo of a
// signature in a header that has token.
func reference(c corpus, r row, token, str string) (result, error) {
	signature := `<ds:Signature xmlns:ds="` + xmltree.DS + `"><ds:SignedInfo/><ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo>` + str + `</ds:KeyInfo></ds:Signature>`
	p, err := readMessage(envelope(token, signature))
	if r.Expected == "reject" {
		return rejected(r, wsse.ClassPolicy, err)
	}
	if err != nil {
		return result{}, err
	}
	if len(p.Needs()) != 1 {
		return result{}, fmt.Errorf("%d keys are needed", len(p.Needs()))
	}
	got := p.Needs()[0]
	value, err := base64.StdEncoding.DecodeString(r.Params["value"])
	if err != nil {
		return result{}, err
	}
	ok := false
	switch {
	case r.Params["resolves-to"] != "":
		want := c.certificate(strings.TrimPrefix(r.Params["resolves-to"], "cert:"))
		other := c.certificate("node-saml/cert.pem")
		chosen, err := got.Select([]*x509.Certificate{other, want})
		ok = err == nil && chosen.Equal(want)
	case r.Params["valuetype"] == "EncryptedKeySHA1":
		ok = got.Kind == wsse.KeyEncrypted && got.ID == string(value)
	case r.Params["valuetype"] == "ThumbprintSHA1":
		ok = got.Kind == wsse.KeyNamed && got.Thumbprint == string(value)
	case strings.HasSuffix(r.Params["valuetype"], "/sct"):
		ok = got.Kind == wsse.KeyContext && got.ID == r.Params["uri"]
	case r.Params["uri"] == "#"+localID:
		ok = got.Kind == wsse.KeyCertificate && got.Certificate == string(c.certificate("mono/test.cert.pem").Raw)
	}
	if !ok {
		return result{}, fmt.Errorf("it is taken for %v", got)
	}
	return agreed(), nil
}

func certificateToken(c corpus, id string) string {
	der := c.certificate("mono/test.cert.pem").Raw
	return `<o:BinarySecurityToken xmlns:o="` + xmltree.WSSE + `" xmlns:u="` + xmltree.WSU + `" u:Id="` + id +
		`" ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3">` + base64.StdEncoding.EncodeToString(der) + `</o:BinarySecurityToken>`
}

// shortSecret is a BinarySecret of 64 bits. It is read, and no key here.
func shortSecret(src string, r row) (result, error) {
	d, err := xmltree.Parse([]byte(`<t:RequestSecurityToken xmlns:t="`+wst.Trust2005.Namespace()+`">`+
		`<t:RequestType>`+wst.Trust2005.Namespace()+`/Issue</t:RequestType><t:Entropy>`+src+`</t:Entropy></t:RequestSecurityToken>`), xmltree.Limits{})
	if err != nil {
		return result{}, err
	}
	octets, err := find(d.Root(), wst.Trust2005.Namespace(), "BinarySecret").Base64()
	if err != nil || hex.EncodeToString(octets) != r.Params["value-hex"] {
		return result{}, fmt.Errorf("%x, %v", octets, err)
	}
	if _, _, err := wst.ReadRequest(d.Root(), wst.Opener{}); !errors.Is(err, xmltree.ErrFormat) {
		return result{}, fmt.Errorf("%d octets were taken for entropy: %v", len(octets), err)
	}
	return outOfProfile("key below 128 bits"), nil
}

// encryptedKey is read as far as the private key, which is not public: a key
// that is not the right one must fail in the decryption and not before.
func encryptedKey(c corpus, src string, r row) (result, error) {
	d, err := xmltree.Parse([]byte(src), xmltree.Limits{})
	if err != nil {
		return result{}, err
	}
	h, err := xmldsig.ReadKeyInfo(xmlenc.KeyInfo(d.Root()))
	if err != nil {
		return result{}, err
	}
	if uri, _ := h.STR.First(xmltree.WSSE, "Reference").Attr("", "URI"); uri != r.Params["key-reference"] {
		return result{}, fmt.Errorf("it refers to %q", uri)
	}
	if uri, _ := d.Root().First(xmltree.XENC, "EncryptionMethod").Attr("", "Algorithm"); !strings.HasSuffix(uri, r.Params["algorithm"]) {
		return result{}, fmt.Errorf("algorithm %q", uri)
	}
	if _, err := xmlenc.OpenKey(d.Root(), c.private("mono/test.key.pem"), alg.Legacy, 0); !errors.Is(err, alg.ErrDecrypt) {
		return result{}, fmt.Errorf("opened with another key: %v", err)
	}
	return agreed(), readHeader(certificateToken(c, localID), src)
}

// contextToken is a token for a context that is known, or is not.
func contextToken(src string, r row) (result, error) {
	secret := alg.Key{}
	key, err := alg.SecretKey(bytes.Repeat([]byte("test key"), 4))
	if err != nil {
		return result{}, err
	}
	if r.Expected == "accept" {
		secret = key
	}
	ref := wsse.KeyRef{Kind: wsse.KeyContext, ID: "urn:unique-id:securitycontext:1"}
	ev, err := signedBy(key, "#urn:securitycontext:1", wsse.Credentials{Keys: map[wsse.KeyRef]alg.Key{ref: secret}}, src)
	if r.Expected == "reject" {
		return rejected(r, wsse.ClassTrust, err)
	}
	if err == nil && (ev.Context == nil || ev.Context.ID != r.Params["identifier"]) {
		err = fmt.Errorf("the context is %v", ev.Context)
	}
	return agreed(), err
}

// derivedKey derives from a key that is in the message, encrypted for us: the
// signature verifies only if offset, length and nonce were read as they stand.
func derivedKey(c corpus, src string, r row) (result, error) {
	own, err := rsa.GenerateKey(rand.Reader, 2048) // a test key
	if err != nil {
		return result{}, err
	}
	private, err := alg.PrivateKey(own)
	if err != nil {
		return result{}, err
	}
	public, err := alg.PublicKey(&own.PublicKey)
	if err != nil {
		return result{}, err
	}
	root, err := alg.SecretKey(bytes.Repeat([]byte("test key"), 4))
	if err != nil {
		return result{}, err
	}
	var b xmltree.Builder
	if err := xmlenc.SealKey(&b, root, derivedID, public, nil, nil, alg.Modern); err != nil {
		return result{}, err
	}
	known, class := string(b.Bytes()), wsse.ClassPolicy
	cred := wsse.Credentials{Recipients: []wsse.Recipient{{Key: private}}}
	switch r.Params["reason"] {
	case "unresolved-reference":
		known, class = "", wsse.ClassWrapping
	case "reference-type-mismatch": // that the certificate is trusted changes nothing
		known = certificateToken(c, derivedID)
		cert := c.certificate("mono/test.cert.pem")
		trusted, err := alg.CertificateKey(cert)
		if err != nil {
			return result{}, err
		}
		cred.Keys = map[wsse.KeyRef]alg.Key{{Kind: wsse.KeyCertificate, Certificate: string(cert.Raw)}: trusted}
	}
	length, offset := 24, 0
	nonce, err := base64.StdEncoding.DecodeString("BIUeTKeOhR5HeE646ZyA+w==")
	if r.Expected == "accept" {
		length, _ = strconv.Atoi(r.Params["length"])
		offset, _ = strconv.Atoi(r.Params["offset"])
		nonce, err = base64.StdEncoding.DecodeString(r.Params["nonce"])
	}
	if err != nil {
		return result{}, err
	}
	const label = "WS-SecureConversationWS-SecureConversation" // of both, where the token has none
	key, err := alg.SecretKey(alg.PSHA1(root.Secret(), append([]byte(label), nonce...), offset+length)[offset:])
	if err != nil {
		return result{}, err
	}
	_, err = signedBy(key, "#_1", cred, known, src)
	if r.Expected == "reject" {
		if r.Params["reason"] == "reference-type-mismatch" && wsse.ClassOf(err) == wsse.ClassAlgorithm {
			class = wsse.ClassAlgorithm // a public key where a secret one is needed says the same
		}
		return rejected(r, class, err)
	}
	return agreed(), err
}

// signedBy makes a message with these elements in its header and a signature by
// key over its timestamp, which names its key by uri, and verifies it.
func signedBy(key alg.Key, uri string, cred wsse.Credentials, header ...string) (*wsse.Evidence, error) {
	octets := envelope(header...)
	d, err := xmltree.Parse(octets, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	keyInfo := `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `"><o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="` + uri + `"/></o:SecurityTokenReference></ds:KeyInfo>`
	sig, err := xmldsig.Sign(key, alg.Modern, "", []xmldsig.Ref{{ID: "time", Elem: find(d.Root(), xmltree.WSU, "Timestamp")}}, []byte(keyInfo))
	if err != nil {
		return nil, err
	}
	p, err := readMessage(envelope(append(header, string(sig))...))
	if err != nil {
		return nil, err
	}
	return p.Verify(cred, wsse.Policy{TLS: true, RequireTimestamp: true, Anonymous: true}, noon)
}
