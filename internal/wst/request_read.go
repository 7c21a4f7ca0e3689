package wst

import (
	"errors"

	"wstrust/internal/xmltree"
)

// Elements of a request that are understood, in the order of the constants.
var requestNames = []string{
	"TokenType", "RequestType", "Claims", "Entropy", "ComputedKeyAlgorithm", "KeySize", "KeyType", "UseKey",
	"Lifetime", "OnBehalfOf", "SignatureAlgorithm", "EncryptionAlgorithm", "CanonicalizationAlgorithm",
	"Renewing", "Delegatable", "Forwardable", "RenewTarget", "ValidateTarget", "CancelTarget",
	"SecondaryParameters",
}

const (
	qTokenType = iota
	qRequestType
	qClaims
	qEntropy
	qComputedKeyAlgorithm
	qKeySize
	qKeyType
	qUseKey
	qLifetime
	qOnBehalfOf
	qSignatureAlgorithm
	qEncryptionAlgorithm
	qCanonicalizationAlgorithm
	qRenewing
	qDelegatable
	qForwardable
	qRenewTarget
	qValidateTarget
	qCancelTarget
	qSecondaryParameters
)

// ReadRequest reads a RequestSecurityToken, as an issuer receives it. The
// namespace tells the version; a request that uses an element of 1.4 is of
// that version. Entropy that came encrypted is opened with open.
//
// Nothing is said about whether the request should be granted, and nothing in
// it is to be trusted because it could be read: OnBehalfOf and ActAs hold
// tokens that the caller must verify, Target likewise, and UseKey a key whose
// possession the caller must see proven.
//
// An element that is present twice, a key size that no key can have, entropy
// outside of 16 to 64 octets and a message that is not exactly one request
// are errors that wrap [ErrFormat].
func ReadRequest(body xmltree.Elem, open Opener) (*Request, Version, error) {
	if !body.OK() {
		return nil, 0, errors.Join(errors.New("wst: no message"), ErrFormat)
	}
	v, ok := versionOf(body.Space())
	if !ok || body.Local() != "RequestSecurityToken" {
		return nil, 0, body.Errorf("%s in namespace %s is not a request for a token", clip(body.Local()), clip(body.Space()))
	}
	r := new(Request)
	r.Context, _ = body.Attr("", "Context")
	var appliesTo, actAs xmltree.Elem
	found, err := arrange(body, v.Namespace(), requestNames, func(e xmltree.Elem) error {
		switch {
		case isAppliesTo(e):
			return once(&appliesTo, e)
		case e.Is(xmltree.Trust14, "ActAs"):
			return once(&actAs, e)
		}
		r.Parameters = append(r.Parameters, e.Standalone())
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	if actAs.OK() && v == Trust13 {
		v = Trust14
	}
	if r.AppliesTo, r.AppliesToXML, r.Addressing, err = readAppliesTo(appliesTo); err != nil {
		return nil, 0, err
	}
	if r.ActAs, err = child(actAs); err != nil {
		return nil, 0, err
	}
	for _, part := range []func(Version, xmltree.Elem, []xmltree.Elem) error{
		r.readWishes, r.readSecondary, r.readRest, r.readAction,
		func(v Version, _ xmltree.Elem, found []xmltree.Elem) error { return r.readKey(v, found, open) },
	} {
		if err := part(v, body, found); err != nil {
			r.Clear()
			return nil, 0, err
		}
	}
	return r, v, nil
}

// once remembers e, which must be the first of its name.
func once(seen *xmltree.Elem, e xmltree.Elem) error {
	if seen.OK() {
		return e.Errorf("%s occurs twice", e.Local())
	}
	*seen = e
	return nil
}

// readWishes reads what may also stand among secondary parameters.
func (r *Request) readWishes(v Version, _ xmltree.Elem, found []xmltree.Elem) (err error) {
	for _, f := range []struct {
		to *string
		i  int
	}{
		{&r.TokenType, qTokenType},
		{&r.ComputedKey, qComputedKeyAlgorithm},
		{&r.SignatureAlgorithm, qSignatureAlgorithm},
		{&r.EncryptionAlgorithm, qEncryptionAlgorithm},
		{&r.CanonicalizationAlgorithm, qCanonicalizationAlgorithm},
	} {
		if *f.to, err = token(found[f.i]); err != nil {
			return err
		}
	}
	if e := found[qKeyType]; e.OK() {
		var uri string
		if r.KeyType, uri, err = v.keyType(e); err != nil {
			return err
		}
		if r.KeyType == Bearer && uri != v.KeyTypeURI(Bearer) {
			r.BearerURI = uri
		}
	}
	if e := found[qClaims]; e.OK() {
		if !knownDialect(e) {
			r.Parameters = append(r.Parameters, e.Standalone())
		} else if err := r.readClaims(e); err != nil {
			return err
		}
	}
	if r.KeySize, err = number(found[qKeySize]); err != nil {
		return err
	}
	if e := found[qKeySize]; e.OK() {
		secret := r.KeyType == Symmetric || r.KeyType == KeyTypeUnspecified && !found[qUseKey].OK()
		if secret && !goodKeyBits(r.KeySize) || r.KeySize == 0 || r.KeySize > maxPublicBits {
			return e.Errorf("a %s key of %d bits", r.KeyType, r.KeySize)
		}
	}
	return nil
}

// readSecondary keeps the secondary parameters as they are, and reads those
// that an issuer falls back on.
func (r *Request) readSecondary(v Version, _ xmltree.Elem, found []xmltree.Elem) error {
	e := found[qSecondaryParameters]
	if !e.OK() || v == Trust2005 {
		if e.OK() { // February 2005 does not know the element
			r.Parameters = append(r.Parameters, e.Standalone())
		}
		return nil
	}
	for c := range e.Children {
		r.Secondary = append(r.Secondary, c.Standalone())
	}
	in, err := arrange(e, v.Namespace(), requestNames, func(xmltree.Elem) error { return nil })
	if err != nil {
		return err
	}
	s := new(Request)
	if err := s.readWishes(v, e, in); err != nil {
		return err
	}
	r.secondary = s
	return nil
}

// readRest reads lifetime, delegation and renewal.
func (r *Request) readRest(_ Version, _ xmltree.Elem, found []xmltree.Elem) (err error) {
	if r.Created, r.Expires, err = lifetime(found[qLifetime]); err != nil {
		return err
	}
	if r.OnBehalfOf, err = child(found[qOnBehalfOf]); err != nil {
		return err
	}
	if r.Delegatable, err = truthOf(found[qDelegatable]); err != nil {
		return err
	}
	if r.Forwardable, err = truthOf(found[qForwardable]); err != nil {
		return err
	}
	if e := found[qRenewing]; e.OK() {
		allow, err := boolean(e, "Allow")
		if err != nil {
			return err
		}
		ok, err := boolean(e, "OK")
		if err != nil {
			return err
		}
		r.Renewing = &Renewing{Disallow: allow != nil && !*allow, OK: ok != nil && *ok}
	}
	return r.readUseKey(found[qUseKey])
}

// readAction finds out what is asked for, and its target. A request about a
// security context is told by the context's token type, or by its target.
func (r *Request) readAction(v Version, body xmltree.Elem, found []xmltree.Elem) error {
	e := found[qRequestType]
	if !e.OK() {
		return body.Errorf("no RequestType in it")
	}
	uri, err := e.Token()
	if err != nil {
		return err
	}
	r.Action = actions
	for a := Issue; a <= Cancel; a++ {
		if uri == v.RequestType(a) {
			r.Action = a
		}
	}
	var target xmltree.Elem
	for i := qRenewTarget; i <= qCancelTarget; i++ {
		if requestNames[i] == r.Action.targetName() {
			target = found[i]
		} else if found[i].OK() {
			return found[i].Errorf("%s in a request of type %s", requestNames[i], clip(uri))
		}
	}
	switch r.Action {
	case actions:
		return e.Errorf("request type %s is not offered", clip(uri))
	case Issue:
		if r.TokenType == v.ContextTokenType() {
			r.Action = NewContext
		}
		return nil
	}
	if !target.OK() {
		if v.optionalTarget(r.Action) {
			return nil
		}
		return body.Errorf("no %s in it", r.Action.targetName())
	}
	inner, err := only(target)
	if err != nil {
		return err
	}
	r.Target = inner.Standalone()
	if r.TokenType == v.ContextTokenType() || v.namesContext(inner) {
		switch r.Action {
		case Renew:
			r.Action = RenewContext
		case Cancel:
			r.Action = CancelContext
		}
	}
	return nil
}

// namesContext reports whether e is a security context token or a reference
// that says it leads to one.
func (v Version) namesContext(e xmltree.Elem) bool {
	if e.Is(v.ContextNamespace(), "SecurityContextToken") {
		return true
	}
	if !e.Is(xmltree.WSSE, "SecurityTokenReference") {
		return false
	}
	t, _ := e.First(xmltree.WSSE, "Reference").Attr("", "ValueType")
	return t == v.ContextTokenType()
}

// readKey reads the client's entropy. Its type tells the mode: a symmetric
// key, the default, is the key; a nonce is one half of one, and so is what
// came encrypted together with an algorithm to compute with.
func (r *Request) readKey(v Version, found []xmltree.Elem, open Opener) error {
	e := found[qEntropy]
	if !e.OK() {
		return nil
	}
	s, typ, err := readEntropy(v, e, open, r.KeySize)
	if err != nil {
		return err
	}
	r.ClientEntropy, r.Entropy = s, ClientEntropy
	if typ == v.nonce() || typ == "" && r.ComputedKey != "" {
		r.Entropy = CombinedEntropy
	}
	return nil
}
