package alg

import (
	"errors"
	"slices"
	"testing"
)

func TestUnionAdmitsWhatEitherDoesAndWritesTheFirst(t *testing.T) {
	u, err := Union("", Basic256Rsa15, Modern)
	if err != nil || !u.Valid() || u.String() != "Modern+Basic256Rsa15" {
		t.Fatalf("%q, %v", u, err)
	}
	p, m, b := u.profile(), &modern, profiles[Basic256Rsa15]
	for _, c := range []struct {
		what       string
		u, m, b, w []string // w: what alone may be written
	}{
		{"c14n", p.c14n, m.c14n, b.c14n, nil},
		{"digests", p.digests, m.digests, b.digests, m.digests[:1]},
		{"signatures", p.signatures, m.signatures, b.signatures, nil},
		{"opens", p.opens, m.opens, b.opens, nil},
		{"wraps", p.wraps, m.wraps, b.wraps, nil},
		{"transports", p.transports, m.transports, b.transports, nil},
		{"oaep", p.oaep, m.oaep, b.oaep, nil},
		{"masks", p.masks, m.masks, b.masks, nil},
	} {
		for _, uri := range slices.Concat(c.m, c.b) {
			if !slices.Contains(c.u, uri) {
				t.Errorf("%s: %s is missing", c.what, uri)
			}
		}
		for _, uri := range c.u {
			if !slices.Contains(c.m, uri) && !slices.Contains(c.b, uri) {
				t.Errorf("%s: %s is in neither", c.what, uri)
			}
		}
		if c.w != nil && c.u[0] != c.w[0] {
			t.Errorf("%s: %s is written", c.what, c.u[0])
		}
	}
	if p.hmac != m.hmac || p.rsa != m.rsa || p.transport.URI != m.transport.URI || !slices.Equal(p.seals, m.seals) {
		t.Error("it does not write what Modern writes")
	}
	if p.rsaBits != [2]int{1024, 8192} || p.secretBits != [2]int{128, 512} {
		t.Error("sizes", p.rsaBits, p.secretBits)
	}
}

func TestUnionLeavesItsPartsAlone(t *testing.T) {
	before := len(modern.signatures)
	u, err := Union(Modern, Legacy)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Digest(DigestSHA1); err != nil {
		t.Error(err)
	}
	if _, err := Modern.Digest(DigestSHA1); !errors.Is(err, ErrAlgorithm) || len(modern.signatures) != before {
		t.Error("Modern has changed")
	}
}

func TestUnionOfUnknown(t *testing.T) {
	for _, names := range [][]Suite{{}, {"Rot13"}, {Modern, "TripleDes"}, {"Modern+Legacy"}} {
		if u, err := Union(names...); !errors.Is(err, ErrAlgorithm) {
			t.Errorf("%q: %q, %v", names, u, err)
		}
	}
	for _, s := range []Suite{"+", "Modern+", "+Legacy", "Modern+Rot13", "Rot13+Modern", "Modern++Legacy", "custom|+Modern"} {
		// An empty name is Modern's other one, and stands in no union.
		if s.Valid() {
			t.Errorf("%q is valid", s)
		}
		if _, err := s.Digest(DigestSHA256); err == nil {
			t.Errorf("%q admits something", s)
		}
	}
}
