package wsse

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/testkeys"
)

// renamed is a certificate that somebody made for a key of its own, in a name of
// his choice.
func renamed(t testing.TB, id identity, key crypto.Signer) identity {
	t.Helper()
	out := makeIdentity("the administrator", 99, key)
	if !out.key.Equal(id.key) || out.cert.Equal(id.cert) {
		t.Fatal("set-up error: not another certificate of that key")
	}
	return out
}

// answering verifies a message, and gives one key for all that it names.
func answering(t testing.TB, msg []byte, key alg.Key, pol Policy) (*Evidence, error) {
	t.Helper()
	p, err := reading(t, string(msg), Limits{})
	if err != nil {
		return nil, err
	}
	c := Credentials{Keys: map[KeyRef]alg.Key{}}
	for _, r := range p.Needs() {
		c.Keys[r] = key
	}
	return p.Verify(c, pol, now)
}

// The sender's certificate is the one that is trusted, and not one that he has made
// for the same key. Only where the caller trusts the key alone is it that of the
// message.
func TestCertificateOfTheSender(t *testing.T) {
	vain := renamed(t, rsaUser(), testkeys.RSA(1))
	bare, err := alg.PublicKey(rsaUser().cert.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sends identity
		how   Reference
		key   alg.Key
		want  *x509.Certificate
	}{
		"the trusted one is sent":               {rsaUser(), RefDirect, rsaUser().public(t), rsaUser().cert},
		"another one is sent":                   {vain, RefDirect, rsaUser().public(t), rsaUser().cert},
		"the key is trusted, and one is sent":   {vain, RefDirect, bare, vain.cert},
		"the key is trusted, and one is named":  {rsaUser(), RefSKI, bare, nil},
		"the trusted one is named by its print": {rsaUser(), RefThumbprint, rsaUser().public(t), rsaUser().cert},
	} {
		ev, err := answering(t, protect(t, Options{Tokens: []Token{x509Token(c.sends, c.how, 0)}}), c.key, Policy{TLS: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := ev.Certificate; (got == nil) != (c.want == nil) || got != nil && !got.Equal(c.want) {
			t.Errorf("%s: the sender is %v", name, got)
		}
	}
}

// Nobody shows that he has a key of a kind that makes no signatures here: an Ed25519
// certificate, and an RSA key that is none.
func TestKeysOfNoUse(t *testing.T) {
	_, private, err := ed25519.GenerateKey(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "edwards"}, NotBefore: now, NotAfter: now}
	der, err := x509.CreateCertificate(nil, tmpl, tmpl, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := x509.MarshalPKIXPublicKey(rsaUser().cert.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate := `<ds:X509Data><ds:X509Certificate>` + base64Of(der) + `</ds:X509Certificate></ds:X509Data>`
	even := `<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>` + base64Of(bytes.Repeat([]byte{0x80}, 256)) + `</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>`
	for name, info := range map[string]string{"Ed25519": certificate, "an even modulus": even} {
		msg := rewritten(t, client(), "", `<ds:KeyInfo>`+info+`</ds:KeyInfo>`, nil)
		_, err := receive(t, msg, trust(client()), Policy{TLS: true, Possession: true, Anonymous: true}, now, 0)
		if ClassOf(err) != ClassTrust || err == nil {
			t.Errorf("%s: %v", name, err)
		}
		p, err := reading(t, string(msg), Limits{})
		if err != nil || len(p.Needs()) != 1 {
			t.Fatalf("%s: %v", name, err)
		}
		if key, ok := p.Needs()[0].own(); ok || !key.IsZero() {
			t.Errorf("%s: a key, %v", name, key)
		}
	}
	// Only what is named by its public key is that key.
	for kind := KeyCertificate; kind <= KeyKerberos; kind++ {
		key, ok := KeyRef{Kind: kind, PublicKey: string(pub)}.own()
		if ok != (kind == KeyNamed) || ok && !key.Equal(rsaUser().key) {
			t.Errorf("kind %d: %v, %v", kind, key, ok)
		}
	}
}

// A trusted certificate answers for what names one, and for nothing else.
func TestCertificatesAnswerForNames(t *testing.T) {
	for kind := KeyKind(0); kind <= KeyKerberos; kind++ {
		r := KeyRef{Kind: kind, Certificate: string(client().cert.Raw), Thumbprint: string(thumbprint(client().cert))}
		err := r.check(client().public(t))
		if good := kind == KeyCertificate || kind == KeyNamed; good != (err == nil) || err != nil && ClassOf(err) != ClassTrust {
			t.Errorf("kind %d: %v", kind, err)
		}
	}
}

// What of a signature marks a message that was seen: all of it where the rest cannot
// be changed by others, so that two messages do not pass for one.
func TestMarkOfASignature(t *testing.T) {
	value := []byte("0123456789abcdef")
	for want, keys := range map[string][]alg.Key{
		string(value):     {secret(t), rsaUser().key, rsaUser().public(t)},
		string(value[:8]): {client().key, client().public(t)},
	} {
		for _, k := range keys {
			if got := fixedPart(k, value); !bytes.Equal(got, []byte(want)) {
				t.Errorf("%v: %q", k, got)
			}
		}
	}
}
