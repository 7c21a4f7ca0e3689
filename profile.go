package wstrust

import (
	"fmt"
	"slices"
	"strings"

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
	case c.Versions.Addressing == Addressing200408:
		return fmt.Errorf("%w: WS-Addressing of 2004/08 is outside of MS-LWSSP", ErrConfig)
	case c.Header.Sign != 0:
		return fmt.Errorf("%w: MS-LWSSP fixes what is signed; leave Header.Sign empty", ErrConfig)
	case c.Protection != nil:
		return fmt.Errorf("%w: MS-LWSSP signs the Timestamp and encrypts nothing; leave Protection nil", ErrConfig)
	}
	return nil
}

// bearerKeyTypes are the spellings of the key type of tokens without proof that
// the profile has. Those of today's issuers for February 2005 are not among them.
var bearerKeyTypes = []string{
	"http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer",
	"http://docs.oasis-open.org/ws-sx/wstrust/200512/Bearer",
	"http://docs.oasis-open.org/wssx/wstrust/200512/Bearer",
}

// checkRequest refuses a request for which the profile has no words. What any
// version of WS-Trust makes of a request is looked at below.
func (p Profile) checkRequest(r *TokenRequest, c *Config) error {
	if p != LWSSP {
		return nil
	}
	switch {
	case r.OnBehalfOf != nil || r.ActAs != nil:
		return outside("a token for somebody else")
	case r.KeyType == Bearer && c.Versions.BearerKeyType == "" && c.Versions.Trust == Trust2005,
		r.KeyType == Bearer && c.Versions.BearerKeyType != "" && !slices.Contains(bearerKeyTypes, c.Versions.BearerKeyType):
		return fmt.Errorf("%w: MS-LWSSP has no key type for this bearer token; ask for a symmetric key, or with WS-Trust 1.3", ErrConfig)
	}
	for _, x := range append(slices.Clone(r.Parameters), r.Secondary...) {
		d, err := xmltree.Parse([]byte(x), xmltree.Limits{Bytes: len(x) + 1})
		if err != nil {
			return err
		}
		e := d.Root()
		trust := e.Space()
		if trust != xmltree.Trust2005 && trust != xmltree.Trust13 {
			continue
		}
		switch uri, _ := e.Token(); e.Local() {
		case "BinaryExchange":
			return outside("a negotiation of several legs")
		case "KeyType":
			if uri != xmltree.Trust2005+"/SymmetricKey" && uri != xmltree.Trust13+"/SymmetricKey" && !slices.Contains(bearerKeyTypes, uri) {
				return outside("key type " + quote(uri))
			}
		}
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
			switch {
			case t.Digest:
				return outside("a password digest")
			case t.Derive:
				return outside("a key of a password")
			}
			kind = "user name"
		case wsse.Issued:
			var err error
			if kind, err = lwsspToken(t); err != nil {
				return err
			}
		default: // a certificate, or a key under a name
			return outside("a token that is no user, no context and no assertion")
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
	return kind, lwsspReference(t, kind == "SAML")
}

const samlAssertionID = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID"

// lwsspReference looks at how a signature is going to name the token: an
// assertion by its id as key identifier, a context by a direct reference within
// the message. Without a reference from the issuer we write one like that.
func lwsspReference(t wsse.Issued, saml bool) error {
	if t.Unsent || t.Embedded || t.STRTransform {
		return outside("a token that is not in the header")
	}
	if t.Attached == nil {
		return nil
	}
	d, err := xmltree.Parse(t.Attached, xmltree.Limits{Bytes: len(t.Attached) + 1})
	if err != nil {
		return err
	}
	var to xmltree.Elem
	n := 0
	for c := range d.Root().Children {
		to = c
		n++
	}
	value, _ := to.Attr("", "ValueType")
	uri, _ := to.Attr("", "URI")
	switch {
	case n != 1 || !d.Root().Is(xmltree.WSSE, "SecurityTokenReference"):
		return outside("a reference that names its token in another way, or in several")
	case saml && !(to.Is(xmltree.WSSE, "KeyIdentifier") && value == samlAssertionID):
		return outside("an assertion that is not named by its id")
	case !saml && !(to.Is(xmltree.WSSE, "Reference") && strings.HasPrefix(uri, "#")):
		return outside("a context that is not named within the message")
	}
	return nil
}

func outside(what string) error {
	return fmt.Errorf("%w: %s is outside of MS-LWSSP", ErrConfig, what)
}

// checkAnswer holds the headers of an answer against the profile: the Security
// header has at most a Timestamp, and none is encrypted.
func (p Profile) checkAnswer(env *soap.Envelope) error {
	if p != LWSSP {
		return nil
	}
	if hidesHeaders(env) {
		return fmt.Errorf("%w: an encrypted header in an answer, and MS-LWSSP encrypts nothing", ErrVerification)
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
