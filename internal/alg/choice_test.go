package alg

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// everything is a choice of all that can be chosen.
func everything() Choice {
	return Choice{
		C14N: []string{modern.c14n[0]}, Digests: []string{DigestSHA1, DigestSHA256, DigestSHA384, DigestSHA512},
		HMAC:       []string{HMACSHA256, HMACSHA1, HMACSHA384, HMACSHA512},
		Signatures: []string{RSASHA256, RSASHA1, RSASHA384, RSASHA512, ECDSASHA1, ECDSASHA256, ECDSASHA384, ECDSASHA512},
		Transports: []string{RSAOAEP, RSA15}, SecretBits: [2]int{1, 512}, RSABits: [2]int{1, 1 << 20},
	}
}

// A suite of a caller's own admits what was chosen, writes the first of each,
// and nothing else makes one.
func TestCustomSuites(t *testing.T) {
	s, err := Custom(everything())
	if err != nil || !s.Valid() {
		t.Fatal(err)
	}
	p := s.profile()
	if p.rsaBits != [2]int{1024, 16384} || p.secretBits != [2]int{minSecretBytes * 8, 512} {
		t.Errorf("bounds %v %v", p.rsaBits, p.secretBits)
	}
	if !slices.Equal(p.digests, everything().Digests) || !slices.Equal(p.transports, everything().Transports) || p.hmac != HMACSHA256 || p.rsa != RSASHA256 || s.DigestURI() != DigestSHA1 {
		t.Errorf("%+v", p)
	}
	if tr := s.KeyTransport(); tr.URI != RSAOAEP || tr.DigestURI != DigestSHA1 {
		t.Errorf("%+v", tr)
	}
	c := everything()
	c.Transports = []string{RSA15}
	if s, err := Custom(c); err != nil || s.KeyTransport().URI != RSA15 || s.KeyTransport().DigestURI != "" {
		t.Errorf("%+v, %v", s.KeyTransport(), err)
	}
	for name, change := range map[string]func(*Choice){
		"no canonical form":     func(c *Choice) { c.C14N = nil },
		"no digest":             func(c *Choice) { c.Digests = nil },
		"no HMAC":               func(c *Choice) { c.HMAC = nil },
		"no signature":          func(c *Choice) { c.Signatures = nil },
		"no transport":          func(c *Choice) { c.Transports = nil },
		"foreign form":          func(c *Choice) { c.C14N = append(c.C14N, "urn:x") },
		"foreign digest":        func(c *Choice) { c.Digests = append(c.Digests, "urn:x") },
		"foreign HMAC":          func(c *Choice) { c.HMAC = append(c.HMAC, RSASHA256) },
		"foreign signature":     func(c *Choice) { c.Signatures = append(c.Signatures, HMACSHA256) },
		"foreign transport":     func(c *Choice) { c.Transports = append(c.Transports, RSAOAEP1) },
		"another list inside":   func(c *Choice) { c.Digests = []string{DigestSHA1 + "|" + HMACSHA1} },
		"secret bounds swapped": func(c *Choice) { c.SecretBits = [2]int{512, 256} },
		"secret bound of 0":     func(c *Choice) { c.SecretBits = [2]int{0, 256} },
		"secrets too short":     func(c *Choice) { c.SecretBits = [2]int{1, minSecretBytes*8 - 1} },
		"RSA bounds swapped":    func(c *Choice) { c.RSABits = [2]int{4096, 2048} },
		"negative RSA bound":    func(c *Choice) { c.RSABits = [2]int{-1, 2048} },
		"RSA too short":         func(c *Choice) { c.RSABits = [2]int{512, 1023} },
	} {
		c := everything()
		change(&c)
		if s, err := Custom(c); !errors.Is(err, ErrAlgorithm) || s != "" {
			t.Errorf("%s: %q, %v", name, s, err)
		}
	}
	for name, change := range map[string]func(*Choice){
		"secrets as short as can be": func(c *Choice) { c.SecretBits = [2]int{minSecretBytes * 8, minSecretBytes * 8} },
		"RSA as short as can be":     func(c *Choice) { c.RSABits = [2]int{1024, 1024} },
	} {
		c := everything()
		change(&c)
		if _, err := Custom(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	text := string(s)
	for _, bad := range []string{customPrefix, strings.TrimPrefix(text, customPrefix), text + "x|", strings.TrimSuffix(text, "|"), strings.Replace(text, "|512|", "|x|", 1), strings.ToUpper(text)} {
		if _, err := Suite(bad).Digest(DigestSHA1); !errors.Is(err, ErrAlgorithm) || Suite(bad).Valid() {
			t.Errorf("%q is a suite: %v", bad, err)
		}
	}
}

// Session keys are fresh, of the cipher's size, and not zeros.
func TestSessionKeysAreFresh(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range []Suite{Modern, Basic256, Basic192, Basic128} {
		for range 4 {
			k, err := s.NewSessionKey()
			if err != nil || len(k.Secret()) != CipherKeySize(s.BlockCipherURI()) || bytes.Count(k.Secret(), []byte{0}) == len(k.Secret()) || seen[string(k.Secret())] {
				t.Fatalf("%s: %x, %v", s, len(k.Secret()), err)
			}
			seen[string(k.Secret())] = true
		}
	}
	if _, err := Suite("none").NewSessionKey(); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("a suite that is none: %v", err)
	}
}

// A union reads what any of its suites reads, of every kind of algorithm.
func TestUnionOfEveryKind(t *testing.T) {
	u, err := Union(Modern, Basic256Rsa15, Legacy)
	if err != nil {
		t.Fatal(err)
	}
	got := u.profile()
	for _, s := range []Suite{Modern, Basic256Rsa15, Legacy} {
		p := s.profile()
		for name, lists := range map[string][2][]string{
			"c14n": {got.c14n, p.c14n}, "digests": {got.digests, p.digests}, "signatures": {got.signatures, p.signatures}, "opens": {got.opens, p.opens},
			"wraps": {got.wraps, p.wraps}, "transports": {got.transports, p.transports}, "oaep": {got.oaep, p.oaep}, "masks": {got.masks, p.masks},
		} {
			for i, uri := range lists[0] {
				if slices.Contains(lists[0][i+1:], uri) {
					t.Errorf("%s: %s twice", name, uri)
				}
			}
			for _, uri := range lists[1] {
				if !slices.Contains(lists[0], uri) {
					t.Errorf("%s: %s of %s is missing", name, uri, s)
				}
			}
		}
		if got.rsaBits[0] > p.rsaBits[0] || got.rsaBits[1] < p.rsaBits[1] || got.secretBits[0] > p.secretBits[0] || got.secretBits[1] < p.secretBits[1] {
			t.Errorf("bounds %v %v", got.rsaBits, got.secretBits)
		}
	}
	own, err := Custom(everything())
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []Suite{"Modern+", "+Modern", "Modern+x", "x+Modern", "+", "Modern+" + own} {
		if bad.Valid() {
			t.Errorf("%q is a suite", bad)
		}
	}
}
