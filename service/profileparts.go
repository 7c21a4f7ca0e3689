package service

import (
	"slices"
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
)

// A keyName is how a signature of the profile names its key: the wsu:Id of a
// token, or the AssertionID of an assertion.
type keyName struct {
	id        string
	assertion bool
}

// What signatures of the profile may be made of.
var (
	profileC14N    = []string{xmltree.EXCC14N, xmltree.EXCC14N + "WithComments"}
	profileDigests = []string{alg.DigestSHA1, alg.DigestSHA256, alg.DigestSHA384, alg.DigestSHA512}
	// Windows has none of the signatures by private keys that the profile
	// allows too, by its product note 1.
	profileSignatures = []string{alg.HMACSHA1, alg.HMACSHA256, alg.HMACSHA384, alg.HMACSHA512}
)

// checkSignature is about a signature in the header: over the Timestamp alone, by
// a key that is named in one of two ways.
func checkSignature(s xmltree.Elem, stamp string) (keyName, error) {
	have := map[string]xmltree.Elem{}
	for c := range s.Children {
		if c.Space() != xmltree.DS || !slices.Contains([]string{"SignedInfo", "SignatureValue", "KeyInfo"}, c.Local()) || have[c.Local()].OK() {
			return keyName{}, outside(c, "a signature is one SignedInfo, one SignatureValue and one KeyInfo")
		}
		have[c.Local()] = c
	}
	if len(have) != 3 {
		return keyName{}, outside(s, "a signature is one SignedInfo, one SignatureValue and one KeyInfo")
	}
	if err := checkSignedInfo(have["SignedInfo"], stamp); err != nil {
		return keyName{}, err
	}
	return checkKeyInfo(have["KeyInfo"])
}

func checkSignedInfo(info xmltree.Elem, stamp string) error {
	references := 0
	for c := range info.Children {
		algorithm, _ := c.Attr("", "Algorithm")
		switch c.Local() {
		case "CanonicalizationMethod":
			if !slices.Contains(profileC14N, algorithm) {
				return outside(c, "canonicalization %q", limited(algorithm))
			}
		case "SignatureMethod":
			if !slices.Contains(profileSignatures, algorithm) {
				return outside(c, "signature method %q", limited(algorithm))
			}
			if c.First(xmltree.DS, "HMACOutputLength").OK() {
				return outside(c, "a shortened HMAC")
			}
		case "Reference":
			references++
			if err := checkReference(c, stamp); err != nil {
				return err
			}
		}
	}
	if references == 0 {
		return outside(info, "a signature over nothing")
	}
	return nil
}

func checkReference(r xmltree.Elem, stamp string) error {
	uri, _ := r.Attr("", "URI")
	if stamp == "" || uri != "#"+stamp {
		return outside(r, "%q is signed, where only the Timestamp may be", limited(uri))
	}
	digest, _ := r.First(xmltree.DS, "DigestMethod").Attr("", "Algorithm")
	if !slices.Contains(profileDigests, digest) {
		return outside(r, "digest %q", limited(digest))
	}
	n := 0
	for t := range r.First(xmltree.DS, "Transforms").Children {
		n++
		if algorithm, _ := t.Attr("", "Algorithm"); !slices.Contains(profileC14N, algorithm) {
			return outside(t, "transform %q", limited(algorithm))
		}
	}
	if n != 1 {
		return outside(r, "%d transforms, where there is one", n)
	}
	return nil
}

const samlAssertionID = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID"

func checkKeyInfo(info xmltree.Elem) (keyName, error) {
	reference, err := only(info)
	if err != nil || !reference.Is(xmltree.WSSE, "SecurityTokenReference") {
		return keyName{}, outside(info, "a KeyInfo has one SecurityTokenReference and nothing else")
	}
	to, err := only(reference)
	if err != nil {
		return keyName{}, outside(reference, "a reference names one thing in one way")
	}
	switch {
	case to.Is(xmltree.WSSE, "Reference"):
		uri, _ := to.Attr("", "URI")
		if id, ok := strings.CutPrefix(uri, "#"); ok && id != "" {
			return keyName{id: id}, nil
		}
		return keyName{}, outside(to, "%q is not a reference to a token of this message", limited(uri))
	case to.Is(xmltree.WSSE, "KeyIdentifier"):
		value, _ := to.Attr("", "ValueType")
		id, err := to.Token()
		if value == samlAssertionID && err == nil {
			return keyName{id, true}, nil
		}
		return keyName{}, outside(to, "a key identifier of type %q", limited(value))
	}
	return keyName{}, outside(to, "a reference by %s", limited(to.Local()))
}

// only returns the one child of an element.
func only(e xmltree.Elem) (child xmltree.Elem, err error) {
	for c := range e.Children {
		if child.OK() {
			return child, outside(e, "more than one child")
		}
		child = c
	}
	if !child.OK() {
		return child, outside(e, "no child")
	}
	return child, nil
}

// checkBody is about what is asked for, where that is a token: one request, for a
// token with a secret key or for a context, in one leg.
func checkBody(env *soap.Envelope, context bool) error {
	n := 0
	for c := range env.Body.Children {
		n++
		if c.Is(xmltree.XENC, "EncryptedData") {
			return outside(c, "an encrypted body")
		}
		if !slices.Contains(trustSpaces, c.Space()) {
			continue
		}
		if c.Local() != "RequestSecurityToken" {
			return outside(c, "%s where a request should be", limited(c.Local()))
		}
		if n > 1 {
			return outside(c, "a second request")
		}
		if err := checkRequest(c, context); err != nil {
			return err
		}
	}
	return nil
}

// keyTypes are the types of keys that tokens may have, of whichever version the
// request is. The last three are spellings of one: no key at all.
var keyTypes = []string{
	xmltree.Trust2005 + "/SymmetricKey",
	xmltree.Trust13 + "/SymmetricKey",
	"http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer",
	"http://docs.oasis-open.org/ws-sx/wstrust/200512/Bearer",
	"http://docs.oasis-open.org/wssx/wstrust/200512/Bearer",
}

func checkRequest(r xmltree.Elem, context bool) error {
	trust := r.Space()
	typ, _ := r.First(trust, "TokenType").Token()
	action, _ := r.First(trust, "RequestType").Token()
	forContext := typ == xmltree.SC13+"/sct" || typ == xmltree.SC2005+"/sct" || action != trust+"/Issue"
	for c := range r.Children {
		switch text, _ := c.Token(); c.Local() {
		case "KeyType":
			if !slices.Contains(keyTypes, text) {
				return outside(c, "key type %q", limited(text))
			}
		case "BinaryExchange":
			return outside(c, "a negotiation of several legs")
		case "AppliesTo":
			if forContext {
				return outside(c, "a context for another service")
			}
		case "Entropy":
			secret, err := only(c)
			if err != nil || !secret.Is(trust, "BinarySecret") {
				return outside(c, "entropy is one BinarySecret")
			}
			if kind, given := secret.Attr("", "Type"); given && kind != trust+"/Nonce" && kind != trust+"/SymmetricKey" {
				return outside(secret, "a secret of type %q", limited(kind))
			}
		}
	}
	switch action {
	case trust + "/Issue":
	case trust + "/Renew", trust + "/Cancel":
		if !context {
			return outside(r, "a request about a context, which the header does not have")
		}
	default:
		return outside(r, "request type %q", limited(action))
	}
	return nil
}
