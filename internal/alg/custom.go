package alg

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Choice is what a suite of a caller's own admits. The first of each list is
// written.
type Choice struct {
	C14N, Digests, HMAC, Signatures, Transports []string // identifiers

	SecretBits, RSABits [2]int // least and most
}

// customPrefix begins the suites that carry their own algorithms. Their text is
// their whole meaning, so they need no registry and compare like other suites.
const customPrefix = "custom|"

// Custom returns the suite that admits the choice. An identifier that this
// package does not have, or that would end in the text of another list, and
// bounds that hold no key are [ErrAlgorithm].
func Custom(c Choice) (Suite, error) {
	lists := [...]struct {
		what  string
		have  []string
		known func(uri string) bool
	}{
		{"canonicalization", c.C14N, func(u string) bool { return slices.Contains(modern.c14n, u) }},
		{"digest", c.Digests, func(u string) bool { return digestOf(u) != 0 }},
		{"HMAC", c.HMAC, func(u string) bool { return slices.Contains([]string{HMACSHA1, HMACSHA256, HMACSHA384, HMACSHA512}, u) }},
		{"signature", c.Signatures, func(u string) bool {
			return slices.Contains([]string{RSASHA1, RSASHA256, RSASHA384, RSASHA512, ECDSASHA1, ECDSASHA256, ECDSASHA384, ECDSASHA512}, u)
		}},
		{"key transport", c.Transports, func(u string) bool { return u == RSA15 || u == RSAOAEP }},
	}
	var b strings.Builder
	b.WriteString(customPrefix)
	for _, l := range lists {
		if len(l.have) == 0 {
			return "", fmt.Errorf("%w: custom suite without a %s algorithm", ErrAlgorithm, l.what)
		}
		for _, uri := range l.have {
			if !l.known(uri) {
				return "", fmt.Errorf("%w: %s %q is not available", ErrAlgorithm, l.what, clip(uri))
			}
		}
		b.WriteString(strings.Join(l.have, " ") + "|")
	}
	for _, n := range [...]int{c.SecretBits[0], c.SecretBits[1], c.RSABits[0], c.RSABits[1]} {
		b.WriteString(strconv.Itoa(n) + "|")
	}
	s := Suite(b.String())
	if _, ok := s.custom(); !ok {
		return "", fmt.Errorf("%w: key sizes %v and %v of a custom suite", ErrAlgorithm, c.SecretBits, c.RSABits)
	}
	return s, nil
}

// custom reads the text of a suite that [Custom] made.
func (s Suite) custom() (*profile, bool) {
	text, ok := strings.CutPrefix(string(s), customPrefix)
	if !ok {
		return nil, false
	}
	f := strings.Split(text, "|")
	if len(f) != 10 {
		return nil, false
	}
	var n [4]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(f[5+i]); err != nil || n[i] < 1 {
			return nil, false
		}
	}
	if n[0] > n[1] || n[2] > n[3] || n[1] < minSecretBytes*8 || n[3] < 1024 {
		return nil, false
	}
	hmac, signatures := strings.Fields(f[2]), strings.Fields(f[3])
	p := &profile{
		c14n: strings.Fields(f[0]), digests: strings.Fields(f[1]), signatures: slices.Concat(hmac, signatures),
		hmac: first(hmac), rsa: first(signatures), transports: strings.Fields(f[4]),
		seals: modern.opens, opens: modern.opens, wraps: modern.wraps,
		oaep: []string{DigestSHA1}, masks: []string{MGF1SHA1},
		// However wide the caller's bounds are, a huge modulus must not buy time.
		rsaBits:    [2]int{max(n[2], 1024), min(n[3], 16384)},
		secretBits: [2]int{max(n[0], minSecretBytes*8), n[1]},
	}
	p.transport.URI = first(p.transports)
	if p.transport.URI == RSAOAEP {
		p.transport.DigestURI = DigestSHA1
	}
	return p, true
}
