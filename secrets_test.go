package wstrust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/reveal"
)

// No verb may print a password, a key or a token, wherever the value sits in
// what is printed.
func TestSecretsDoNotPrint(t *testing.T) {
	const password, secret, assertion = "correct horse", "0123456789abcdef-the-proof-key", "<assertion>who-I-am</assertion>"
	tok, err := ParseToken(assertion, SymmetricKey([]byte(secret)))
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Bindings: []Binding{Username("alice", password), XMLToken(tok)}}
	ch, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	req := TokenRequest{OnBehalfOf: tok, Existing: tok}
	for _, v := range []any{tok, *tok, cfg, &cfg, ch, req, &req, Username("alice", password), SymmetricKey([]byte(secret)), Static(tok), &Source{Request: req}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			s := fmt.Sprintf(verb, v)
			for _, hidden := range []string{password, secret, "who-I-am", fmt.Sprintf("%x", password), fmt.Sprintf("%x", secret), fmt.Sprintf("%d", []byte(password)), strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]")} {
				if strings.Contains(s, hidden) {
					t.Errorf("%s of a %T prints a secret: %s", verb, v, s)
				}
			}
		}
	}
}

func TestMarshalToken(t *testing.T) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]Key{"bearer": {}, "symmetric": SymmetricKey([]byte("0123456789abcdef")), "public": SignerKey(signer)} {
		tok, err := ParseToken(`<a xmlns="urn:x"> &#13;</a>`, key)
		if err != nil {
			t.Fatal(err)
		}
		tok.from, tok.till = time.Unix(1e9, 0).UTC(), time.Unix(2e9, 0).UTC()
		tok.attached, tok.unattached, tok.appliesTo, tok.typ = []byte("<r/>"), []byte("<u/>"), "urn:to", "urn:type"
		data, err := tok.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back Token
		if err := back.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		from, till := back.Validity()
		if back.XML() != tok.XML() || back.Type() != "urn:type" || back.AppliesTo() != "urn:to" || back.KeyType() != tok.KeyType() ||
			!from.Equal(tok.from) || !till.Equal(tok.till) || back.AttachedReference() != "<r/>" || back.UnattachedReference() != "<u/>" ||
			string(back.SymmetricKey(reveal.Permit{})) != string(tok.SymmetricKey(reveal.Permit{})) {
			t.Errorf("%s: came back as %v", name, &back)
		}
		with, err := back.WithKey(SignerKey(signer))
		if (err == nil) != (name == "public") || err == nil && with.key.Public() == nil {
			t.Errorf("%s: with the key: %v", name, err)
		}
		for i := range data {
			bad := append([]byte(nil), data[:i]...)
			if new(Token).UnmarshalBinary(bad) == nil {
				t.Errorf("%s: %d of %d octets were read", name, i, len(data))
			}
		}
	}
}

func TestParseToken(t *testing.T) {
	for _, x := range []XML{"", "x", "<a>", "<a/><b/>", "<!DOCTYPE a><a/>", "<p:a/>"} {
		if _, err := ParseToken(x, Key{}); !errors.Is(err, ErrConfig) {
			t.Errorf("%q: %v", x, err)
		}
	}
	for _, k := range []Key{SymmetricKey(nil), SymmetricKey(make([]byte, 15)), SymmetricKey(make([]byte, 65)), SignerKey(nil)} {
		if _, err := ParseToken("<a/>", k); !errors.Is(err, ErrConfig) {
			t.Errorf("a key that is none: %v", err)
		}
	}
	old, err := ParseToken("<a/>", Key{})
	if err != nil {
		t.Fatal(err)
	}
	old.till = time.Now().Add(-time.Second)
	if _, err := Static(old).Token(t.Context()); !errors.Is(err, ErrTokenExpired) {
		t.Errorf("an expired token: %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	rsa1, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"suite":                   {Suite: "Basic512"},
		"trust version":           {Versions: Versions{Trust: 9}},
		"SOAP version":            {Versions: Versions{SOAP: 9}},
		"addressing":              {Versions: Versions{Addressing: 9}},
		"security version":        {Versions: Versions{Security: 9}},
		"timestamp":               {Header: Header{Timestamp: 9}},
		"layout":                  {Header: Header{Layout: 9}},
		"negative age":            {Header: Header{TTL: -1}},
		"nil binding":             {Bindings: []Binding{nil}},
		"no user":                 {Bindings: []Binding{Username("", "x")}},
		"two users":               {Bindings: []Binding{Username("a", "x"), Username("b", "x")}},
		"empty certificate":       {Bindings: []Binding{Certificate(tls.Certificate{})}},
		"garbage for certificate": {Bindings: []Binding{Certificate(tls.Certificate{Certificate: [][]byte{{1}}, PrivateKey: rsa1})}},
		"nil token":               {Bindings: []Binding{XMLToken(nil)}},
		"nil source":              {Bindings: []Binding{IssuedToken(nil)}},
	} {
		if _, err := New(c); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(Config{Suite: Suite(alg.Basic256Sha256Rsa15)}); err != nil {
		t.Error(err)
	}
}

// What contradicts itself is refused before anything is sent.
func TestRequestIsChecked(t *testing.T) {
	ch, err := Open(t.Context(), "https://127.0.0.1:1/", Config{})
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := ParseToken("<a/>", Key{})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]TokenRequest{
		"action":                {Action: 99},
		"renew nothing":         {Action: Renew},
		"issue with existing":   {Existing: tok},
		"key for bearer":        {KeyType: Bearer, UseKey: signer},
		"size of bearer":        {KeyType: Bearer, KeySize: 256},
		"entropy for bearer":    {KeyType: Bearer, Entropy: CombinedEntropy},
		"odd size":              {KeyType: Symmetric, KeySize: 129},
		"small size":            {KeyType: Symmetric, KeySize: 64},
		"huge size":             {KeyType: Symmetric, KeySize: 1 << 31},
		"negative lifetime":     {Lifetime: -1},
		"parameter":             {Parameters: []XML{"<a><b></a>"}},
		"two elements":          {Secondary: []XML{"<a/><b/>"}},
		"unknown key type":      {KeyType: 9},
		"unknown entropy":       {Entropy: 9},
		"context as bearer key": {Action: NewContext, KeyType: Bearer},
	} {
		if _, err := ch.RequestToken(t.Context(), r); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
