package wstrust

import (
	"fmt"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// A Profile says how closely a channel keeps to a published profile of the
// specifications, in what it sends and in what it takes.
type Profile uint8

// The profiles.
const (
	// Interoperable sends what the specifications allow and takes what
	// today's issuers send.
	Interoperable Profile = iota
	// LWSSP is MS-LWSSP, the lightweight web services security profile, to the
	// letter: what it does not allow is not sent, and what it forbids is
	// refused, although some real issuers send that. By its product notes 5
	// and 6 these are the action RSTRC/IssueFinal and two of the three
	// spellings of the bearer key type.
	LWSSP
)

// checkProfile refuses a Config that the profile has no room for.
func (c *Config) checkProfile() error {
	switch {
	case c.Profile > LWSSP:
		return fmt.Errorf("%w: profile %d does not exist", ErrConfig, c.Profile)
	case c.Profile != LWSSP:
		return nil
	case c.Versions.Trust == Trust14:
		return fmt.Errorf("%w: WS-Trust 1.4 is outside of MS-LWSSP", ErrConfig)
	case c.Header.Sign != 0:
		return fmt.Errorf("%w: MS-LWSSP fixes what is signed; leave Header.Sign empty", ErrConfig)
	}
	return nil
}

// checkTokens refuses tokens that may not stand in a Security header of the
// profile: password digests, certificates, private keys, assertions without a
// secret key, SAML 2.0, and two of a kind.
func (p Profile) checkTokens(tokens []wsse.Token) error {
	if p != LWSSP {
		return nil
	}
	have := make(map[string]bool)
	for _, t := range tokens {
		kind := ""
		switch t := t.(type) {
		case wsse.Username:
			if t.Digest {
				return outside("a password digest")
			}
			kind = "user name"
		case wsse.Issued:
			var err error
			if kind, err = lwsspToken(t); err != nil {
				return err
			}
		default:
			return outside("an X.509 token")
		}
		if have[kind] {
			return outside("a second " + kind + " token")
		}
		have[kind] = true
	}
	return nil
}

func lwsspToken(t wsse.Issued) (kind string, err error) {
	d, err := xmltree.Parse(t.XML, xmltree.Limits{Bytes: len(t.XML) + 1})
	if err != nil {
		return "", err
	}
	e := d.Root()
	switch {
	case e.Is(xmltree.SAML11, "Assertion"):
		kind = "SAML"
	case e.Local() == "SecurityContextToken" && (e.Space() == xmltree.SC13 || e.Space() == xmltree.SC2005):
		kind = "security context"
	default:
		return "", outside("a token " + quote(e.Local()))
	}
	switch {
	case t.Key.IsZero():
		return "", outside("a " + kind + " token without a proof key")
	case !t.Key.IsSecret():
		return "", outside("a signature by a private key")
	}
	return kind, nil
}

func outside(what string) error {
	return fmt.Errorf("%w: %s is outside of MS-LWSSP", ErrConfig, what)
}

// checkAnswer holds the Security header of an answer against the profile: at
// most a Timestamp, and nothing else.
func (p Profile) checkAnswer(env *soap.Envelope) error {
	if p != LWSSP {
		return nil
	}
	for h := range env.Ours("") {
		if !h.Is(xmltree.WSSE, "Security") {
			continue
		}
		for child := range h.Children {
			if !child.Is(xmltree.WSU, "Timestamp") {
				return fmt.Errorf("%w: %s in the Security header of an answer, where MS-LWSSP has a Timestamp only", ErrVerification, quote(child.Local()))
			}
		}
	}
	return nil
}

// Algorithms are the algorithms of a suite of the caller's own. A list says
// what is admitted; its first is written. In WWSAPI:
// WS_SECURITY_ALGORITHM_SUITE.
type Algorithms struct {
	Canonicalization []string // URIs
	Digests          []string // URIs
	HMAC             []string // URIs of signature methods with a secret key
	Signatures       []string // URIs of signature methods with a private key
	KeyTransport     []string // URIs, RSA

	// SecretBits and RSABits are the least and the most bits of secret keys
	// and of RSA keys.
	SecretBits, RSABits [2]int
}

// Suite returns the suite, which is a value like the named ones: equal
// algorithms make equal suites. Errors wrap [ErrConfig], for an algorithm that
// this module does not have and for bounds that hold no key.
func (a Algorithms) Suite() (Suite, error) {
	s, err := alg.Custom(alg.Choice{
		C14N: a.Canonicalization, Digests: a.Digests, HMAC: a.HMAC, Signatures: a.Signatures,
		Transports: a.KeyTransport, SecretBits: a.SecretBits, RSABits: a.RSABits,
	})
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return Suite(s), nil
}
