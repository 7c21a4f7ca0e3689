package wsse

import (
	"bytes"
	"fmt"
	"testing"

	"wstrust/internal/alg"
)

var ciphers = []string{alg.AES128GCM, alg.AES192GCM, alg.AES256GCM, alg.AES128CBC, alg.AES192CBC, alg.AES256CBC}

func sealing6(t testing.TB, suite alg.Suite, p Protection, tokens ...Token) ([]byte, error) {
	t.Helper()
	p.Sign, p.Encrypt, p.Recipient = BodyTimestamp, PartBody, service().cert
	msg, _, err := Protect(protected(), Options{Suite: suite, Tokens: tokens, Protection: &p}, now)
	return msg, err
}

// Every block cipher, with the key for the recipient, the recipient's and derived.
func TestWrittenCiphers(t *testing.T) {
	l := trust(client())
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	for _, uri := range ciphers {
		for name, p := range map[string]Protection{
			"asymmetric":        {},
			"symmetric":         {Symmetric: true},
			"symmetric derived": {Symmetric: true, Derived: Derived13},
		} {
			p.Cipher, p.Order = uri, EncryptThenSign // which CBC must be
			suite := alg.Legacy
			if alg.Authenticates(uri) {
				suite = alg.Modern
			}
			msg, err := sealing6(t, suite, p, x509Token(client(), RefThumbprint, 0))
			if err != nil {
				t.Fatalf("%s %s: %v", uri, name, err)
			}
			if !bytes.Contains(msg, []byte(uri)) || bytes.Contains(msg, []byte(secretWord+"-body")) {
				t.Errorf("not encrypted with %s", uri)
			}
			ev, err := receive(t, msg, l, Policy{Suite: suite, Encrypted: PartBody}, now, 0)
			if err != nil || ev.Body.Encrypted().Algorithm != uri {
				t.Errorf("%s %s: %v", uri, name, err)
			}
		}
	}
}

// Every digest and mask of OAEP, and parameters.
func TestWrittenKeyTransports(t *testing.T) {
	l := trust(client())
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	transports := []alg.Transport{{URI: alg.RSA15}, {URI: alg.RSAOAEP}, {URI: alg.RSAOAEP1}, {URI: alg.RSAOAEP1, DigestURI: alg.DigestSHA256, Params: []byte("orders")}}
	for _, digest := range []string{alg.DigestSHA1, alg.DigestSHA256, alg.DigestSHA384, alg.DigestSHA512} {
		transports = append(transports, alg.Transport{URI: alg.RSAOAEP, DigestURI: digest})
		for _, mask := range []string{alg.MGF1SHA1, alg.MGF1SHA224, alg.MGF1SHA256, alg.MGF1SHA384, alg.MGF1SHA512} {
			transports = append(transports, alg.Transport{URI: alg.RSAOAEP1, DigestURI: digest, MGFURI: mask})
		}
	}
	for _, tr := range transports {
		suite := alg.Modern
		if tr.URI == alg.RSA15 {
			suite = alg.Legacy
		}
		msg, err := sealing6(t, suite, Protection{Transport: tr}, x509Token(client(), RefThumbprint, 0))
		if err != nil {
			t.Fatalf("%+v: %v", tr, err)
		}
		for _, want := range []string{tr.URI, tr.DigestURI, tr.MGFURI} {
			if !bytes.Contains(msg, []byte(`Algorithm="`+want)) {
				t.Errorf("%+v: no %s in\n%s", tr, want, msg)
			}
		}
		if _, err := receive(t, msg, l, Policy{Suite: suite, Encrypted: PartBody}, now, 0); err != nil {
			t.Errorf("%+v: %v", tr, err)
		}
	}
}

// What a suite does not write is not written because it is named.
func TestCiphersAreTheSuites(t *testing.T) {
	tok := x509Token(client(), RefThumbprint, 0)
	for i, p := range []Protection{
		{Cipher: alg.AES256CBC},
		{Cipher: "urn:none"},
		{Transport: alg.Transport{URI: alg.RSA15}},
		{Transport: alg.Transport{URI: "urn:none"}},
		{Transport: alg.Transport{URI: alg.RSAOAEP1, DigestURI: "urn:none"}},
		{Transport: alg.Transport{URI: alg.RSAOAEP1, MGFURI: "urn:none"}},
	} {
		if _, err := sealing6(t, alg.Modern, p, tok); ClassOf(err) != ClassAlgorithm || err == nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	// A key that is given must be that of the cipher.
	o := Options{Tokens: []Token{sharedToken(t)}, Protection: &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Cipher: alg.AES128GCM}}
	if _, _, err := Protect(outgoing(), o, now); err == nil {
		t.Error(fmt.Errorf("a key of 256 bits with AES-128"))
	}
}
