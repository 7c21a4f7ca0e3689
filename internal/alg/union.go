package alg

import (
	"fmt"
	"slices"
	"strings"
)

// Union returns the suite that admits for reading what any of the named suites
// admits, and writes what the first of them writes. Its name is theirs, with a +
// between them. A name that is not one of the constants is [ErrAlgorithm]: a
// suite of [Custom] states its whole choice by itself.
func Union(suites ...Suite) (Suite, error) {
	names := make([]string, 0, len(suites))
	for _, s := range suites {
		if _, ok := profiles[s]; !ok {
			return "", fmt.Errorf("%w: there is no suite %q", ErrAlgorithm, clip(string(s)))
		}
		if name := s.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "", fmt.Errorf("%w: a union of no suites", ErrAlgorithm)
	}
	return Suite(strings.Join(names, unionMark)), nil
}

const unionMark = "+"

// union reads the name of a suite that [Union] made.
func (s Suite) union() (*profile, bool) {
	name, rest, ok := strings.Cut(string(s), unionMark)
	if !ok {
		return nil, false
	}
	first := profiles[Suite(name)]
	if first == nil || name == "" {
		return nil, false
	}
	u := *first
	for name := range strings.SplitSeq(rest, unionMark) {
		p := profiles[Suite(name)]
		if p == nil || name == "" {
			return nil, false
		}
		// What is written stands in front of each list and stays there.
		u.c14n = both(u.c14n, p.c14n)
		u.digests = both(u.digests, p.digests)
		u.signatures = both(u.signatures, p.signatures)
		u.opens = both(u.opens, p.opens)
		u.wraps = both(u.wraps, p.wraps)
		u.transports = both(u.transports, p.transports)
		u.oaep = both(u.oaep, p.oaep)
		u.masks = both(u.masks, p.masks)
		u.rsaBits = wider(u.rsaBits, p.rsaBits)
		u.secretBits = wider(u.secretBits, p.secretBits)
	}
	return &u, true
}

// both returns a new list: the lists of profiles are shared.
func both(a, b []string) []string {
	out := slices.Clone(a)
	for _, uri := range b {
		if !slices.Contains(out, uri) {
			out = append(out, uri)
		}
	}
	return out
}

func wider(a, b [2]int) [2]int { return [2]int{min(a[0], b[0]), max(a[1], b[1])} }
