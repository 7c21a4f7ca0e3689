package wst

import (
	"errors"
	"slices"

	"wstrust/internal/xmltree"
)

// Elements of a response that are understood, in the order of the constants.
// Others are passed over: the schema is open, and issuers repeat much of the
// request.
var responseNames = []string{
	"TokenType", "KeyType", "KeySize", "RequestedSecurityToken", "RequestedAttachedReference",
	"RequestedUnattachedReference", "RequestedProofToken", "Entropy", "Lifetime", "Status",
	"RequestedTokenCancelled",
}

const (
	aTokenType = iota
	aKeyType
	aKeySize
	aToken
	aAttached
	aUnattached
	aProof
	aEntropy
	aLifetime
	aStatus
	aCancelled
)

// ReadResponse reads the answer to action act, as a client receives it. Keys
// and entropy that came encrypted are opened with open.
//
// The container must be the one that version and action ask for and hold
// exactly one response, which holds at most one token. Secrets outside of 16
// to 64 octets, or all zero, a key size that no key can have, a lifetime that
// ends before it begins, and elements that are present twice are refused; so
// is another leg of a negotiation. All such errors wrap [ErrFormat].
func ReadResponse(body xmltree.Elem, v Version, act Action, open Opener) (*Response, error) {
	rstr, err := unwrap(body, v, act)
	if err != nil {
		return nil, err
	}
	a := new(Response)
	a.at.container, a.at.rstr = body, rstr
	a.Context, _ = rstr.Attr("", "Context")
	found, err := arrange(rstr, v.Namespace(), responseNames, func(e xmltree.Elem) error {
		switch {
		case isAppliesTo(e):
			return once(&a.at.appliesTo, e)
		case e.Space() == v.Namespace() && slices.Contains(legs, e.Local()):
			return e.Errorf("the issuer asks for another leg (%s); this is not offered", e.Local())
		case e.Is(v.Namespace(), "RequestSecurityTokenResponse"), e.Is(v.Namespace(), "RequestSecurityTokenResponseCollection"):
			return e.Errorf("a response inside a response")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.at.tokenType, a.at.keyType, a.at.keySize = found[aTokenType], found[aKeyType], found[aKeySize]
	a.at.proof, a.at.entropy, a.at.lifetime = found[aProof], found[aEntropy], found[aLifetime]
	for _, part := range []func(Version, []xmltree.Elem) error{
		a.readKind, a.readToken, a.readStatus,
		func(v Version, found []xmltree.Elem) error { return a.readProof(v, found, open) },
	} {
		if err := part(v, found); err != nil {
			a.Clear()
			return nil, err
		}
	}
	return a, nil
}

// legs are the elements with which an issuer goes on negotiating.
var legs = []string{"BinaryExchange", "SignChallenge", "SignChallengeResponse", "Authenticator", "KeyExchangeToken", "RequestKET"}

// unwrap returns the one response in body.
func unwrap(body xmltree.Elem, v Version, act Action) (xmltree.Elem, error) {
	const collection, single = "RequestSecurityTokenResponseCollection", "RequestSecurityTokenResponse"
	if !body.OK() {
		return body, errors.Join(errors.New("wst: no message"), ErrFormat)
	}
	if act >= actions {
		return body, misuse("unknown action %s", act)
	}
	switch d := v.driver(); {
	case body.Is(d.trust, single) && d.bare[act]:
		return body, nil
	case body.Is(d.trust, collection) && d.wrapped[act]:
		rstr, err := only(body)
		if err == nil && !rstr.Is(d.trust, single) {
			err = rstr.Errorf("%s where a response should be", clip(rstr.Local()))
		}
		return rstr, err
	}
	return body, body.Errorf("%s in namespace %s is not the container of an answer to %s in version %s",
		clip(body.Local()), clip(body.Space()), act, v)
}

// readKind reads what is said about token and key.
func (a *Response) readKind(v Version, found []xmltree.Elem) (err error) {
	if a.TokenType, err = token(found[aTokenType]); err != nil {
		return err
	}
	if e := found[aKeyType]; e.OK() {
		var uri string
		if a.KeyType, uri, err = v.keyType(e); err != nil {
			return err
		}
		if a.KeyType == Bearer && uri != v.KeyTypeURI(Bearer) {
			a.BearerURI = uri
		}
	}
	if a.KeySize, err = number(found[aKeySize]); err != nil {
		return err
	}
	if e := found[aKeySize]; e.OK() && (a.KeySize < MinKeyBits || a.KeySize > maxPublicBits) {
		return e.Errorf("a key of %d bits", a.KeySize)
	}
	a.AppliesTo, a.AppliesToXML, a.Addressing, err = readAppliesTo(a.at.appliesTo)
	return err
}

// readToken takes out the token and the references to it.
func (a *Response) readToken(_ Version, found []xmltree.Elem) (err error) {
	if e := found[aToken]; e.OK() {
		if a.Element, err = only(e); err != nil {
			return err
		}
		a.Token = a.Element.Standalone()
	}
	for _, f := range []struct {
		to *[]byte
		i  int
	}{{&a.Attached, aAttached}, {&a.Unattached, aUnattached}} {
		e := found[f.i]
		if !e.OK() {
			continue
		}
		str, err := only(e)
		if err != nil {
			return err
		}
		if !str.Is(xmltree.WSSE, "SecurityTokenReference") {
			return str.Errorf("%s where a reference should be", clip(str.Local()))
		}
		*f.to = str.Standalone()
	}
	a.Created, a.Expires, err = lifetime(found[aLifetime])
	return err
}

func (a *Response) readStatus(v Version, found []xmltree.Elem) (err error) {
	if e := found[aCancelled]; e.OK() {
		a.Cancelled = true
	}
	e := found[aStatus]
	if !e.OK() {
		return nil
	}
	a.Status = new(Status)
	code, err := e.One(v.Namespace(), "Code")
	if err != nil {
		return err
	}
	if a.Status.Code, err = token(code); err != nil {
		return err
	}
	a.Status.Valid = a.Status.Code == v.statusCode(true)
	reason, err := e.Maybe(v.Namespace(), "Reason")
	if err != nil || !reason.OK() {
		return err
	}
	a.Status.Reason, err = reason.Text()
	return err
}

// readProof reads the three forms of a proof key.
func (a *Response) readProof(v Version, found []xmltree.Elem, open Opener) error {
	bits := a.KeySize
	if !goodKeyBits(bits) {
		bits = 0
	}
	if e := found[aProof]; e.OK() {
		c, err := only(e)
		if err != nil {
			return err
		}
		if c.Is(v.Namespace(), "ComputedKey") {
			a.ComputedKey, err = token(c)
		} else {
			a.Proof, a.ProofType, err = readSecret(v, c, open, bits)
		}
		if err != nil {
			return err
		}
	}
	var err error
	a.ServerEntropy, _, err = readEntropy(v, found[aEntropy], open, bits)
	return err
}
