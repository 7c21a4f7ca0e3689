package wsse

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// besideKey is an EncryptedAssertion with ciphertext of the caller's and, beside it,
// the key for the service, whose certificate it names.
func besideKey(t testing.TB, cipher string, key alg.Key, value []byte) []byte {
	t.Helper()
	var b xmltree.Builder
	b.Start(xmltree.SAML20, "EncryptedAssertion")
	b.Raw([]byte(`<xenc:EncryptedData xmlns:xenc="` + xmltree.XENC + `" Type="` + xmlenc.Element + `"><xenc:EncryptionMethod Algorithm="` + cipher + `"/><xenc:CipherData><xenc:CipherValue>` +
		base64Of(value) + `</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>`))
	if err := xmlenc.SealKey(&b, key, "", service().public(t), xmldsig.X509KeyInfo(service().cert), nil, ""); err != nil {
		t.Fatal(err)
	}
	b.End()
	return b.Bytes()
}

// What is wrong with an encrypted assertion shows before its key is used, or is the
// one error of decryption: also where the text is the assertion's, and the padding
// alone is wrong.
func TestEncryptedAssertionOpens(t *testing.T) {
	bearer := build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.Bearer})
	key := freshKey(t)
	sealedBy := func(uri string, plain []byte) []byte {
		value, err := alg.Legacy.Encrypt(uri, key.Secret(), plain)
		if err != nil {
			t.Fatal(err)
		}
		return besideKey(t, uri, key, value)
	}
	padded := func(wrong byte) []byte {
		block, err := aes.NewCipher(key.Secret())
		if err != nil {
			t.Fatal(err)
		}
		pad := aes.BlockSize - len(bearer)%aes.BlockSize
		value := append(make([]byte, aes.BlockSize), append(bytes.Clone(bearer), make([]byte, pad)...)...)
		value[len(value)-1] = byte(pad) + wrong
		cipher.NewCBCEncrypter(block, value[:aes.BlockSize]).CryptBlocks(value[aes.BlockSize:], value[aes.BlockSize:])
		return besideKey(t, alg.AES256CBC, key, value)
	}
	const other = `<x:Assertion xmlns:x="urn:x"/>`
	whole := sealedBy(alg.AES256GCM, bearer)
	for name, c := range map[string]struct {
		xml   []byte
		suite alg.Suite
		want  Class
	}{
		"in GCM":                          {whole, "", 0},
		"in CBC":                          {padded(0), alg.Legacy, 0},
		"in CBC, with a wrong padding":    {padded(16), alg.Legacy, ClassDecrypt},
		"in GCM, which the suite has not": {whole, alg.Basic256, ClassAlgorithm},
		"something else":                  {sealedBy(alg.AES256GCM, []byte(other)), "", ClassDecrypt},
		"nothing":                         {sealedBy(alg.AES256GCM, nil), "", ClassDecrypt},
		"no encrypted data":               {swap(t, whole, anyData, nil), "", ClassFormat},
		"two":                             {swap(t, whole, anyKey, find(t, whole, anyData)), "", ClassFormat},
		"no key":                          {swap(t, whole, anyKey, nil), "", ClassDecrypt},
	} {
		// The user alone would do, over TLS: what does not open is not passed over.
		msg := protect(t, Options{Tokens: []Token{user(), Issued{XML: c.xml}}})
		l := reader(t)
		l.Recipients = append([]Recipient{{Key: rsaUser().key, Certificate: rsaUser().cert}}, l.Recipients...)
		ev, err := receive(t, msg, l, Policy{TLS: true, Suite: c.suite}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (ev.Assertion == nil || ev.Confirmation != saml.Bearer) {
			t.Errorf("%s: %+v", name, ev.Assertion)
		}
	}
}

// An assertion that confirms its subject in no way that is understood is nobody's,
// whoever signs the message and whoever signed the assertion.
func TestUnknownConfirmation(t *testing.T) {
	novel := build(t, saml.V20, issuer(), saml.Confirmation{Method: "urn:x:cm:novel"})
	for name, tokens := range map[string][]Token{
		"alone":              {Issued{XML: novel}},
		"beside a user":      {user(), Issued{XML: novel}},
		"signed by a client": {x509Token(client(), RefDirect, 0), Issued{XML: novel}},
		"encrypted":          {Issued{XML: encryptedAssertion(t, novel, service(), true)}},
	} {
		msg := protect(t, Options{Tokens: tokens, Protection: &Protection{Sign: BodyTimestamp}})
		for _, vouchers := range [][]alg.Key{nil, {client().public(t)}} {
			l := reader(t)
			l.Vouchers = vouchers
			_, err := receive(t, msg, l, Policy{TLS: true}, now, 0)
			if ClassOf(err) != ClassPolicy {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A trusted sender's word is for what he signed as an assertion, whatever else is
// encrypted; it is none for ciphertext, and none for what is no good assertion.
func TestVouchedAssertion(t *testing.T) {
	plain := withoutSignature(t, build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.SenderVouches}))
	bad := bytes.Replace(plain, []byte(`Version="2.0"`), []byte(`Version="3.0"`), 1)
	l := reader(t)
	l.Vouchers = []alg.Key{rsaUser().public(t)}
	for name, c := range map[string]struct {
		xml     []byte
		encrypt Parts
		order   Order
		want    Class
	}{
		"in the clear":                       {plain, 0, SignThenEncrypt, 0},
		"beside a body encrypted afterwards": {plain, PartBody, SignThenEncrypt, 0},
		"beside a body encrypted before":     {plain, PartBody, EncryptThenSign, 0},
		"encrypted afterwards":               {plain, PartBody | PartToken, SignThenEncrypt, 0},
		"encrypted before":                   {plain, PartBody | PartToken, EncryptThenSign, ClassSignature},
		"of another version":                 {bad, 0, SignThenEncrypt, ClassFormat},
	} {
		p := Protection{Sign: BodyTimestamp, Encrypt: c.encrypt, Order: c.order, Recipient: service().cert}
		ev, err := receive(t, write(t, "", p, x509Token(rsaUser(), RefDirect, 0), Issued{XML: c.xml}), l, Policy{}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (ev.Assertion == nil || ev.Confirmation != saml.SenderVouches || ev.Assertion.Subject.NameID != "alice") {
			t.Errorf("%s: %+v", name, ev.Assertion)
		}
	}
}

// A user who signs with a key from the password, and a bearer assertion that the
// message's own signature binds: each is bound in its way.
func TestTwoTokensBound(t *testing.T) {
	asked := 0
	l := users(&asked, map[string]string{"alice": "pw"})
	for name, c := range map[string]struct {
		tokens []Token
		want   Class
	}{
		"both are signed":        {[]Token{x509Token(client(), RefDirect, 0), derivedUser("alice", "pw"), bearerToken(t)}, 0},
		"the user signs for all": {[]Token{derivedUser("alice", "pw"), bearerToken(t)}, 0},
	} {
		ev, err := receive(t, protect(t, Options{Tokens: c.tokens, Protection: &Protection{Sign: BodyTimestamp}}), l, Policy{}, now, 0)
		if ClassOf(err) != c.want || err == nil && (ev.Username == nil || ev.Assertion == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
