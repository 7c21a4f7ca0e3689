package wst

import (
	"slices"

	"wstrust/internal/xmltree"
)

// Write returns the RequestSecurityToken element, able to stand alone. It
// checks what would make the message malformed, with errors that wrap
// [ErrRequest]; whether the choices go together is [New]'s business.
//
// The order of elements is that of the examples in MS-LWSSP where those show
// one. The rest is UNCONFIRMED for WWSAPI; the schema leaves it open.
func (r *Request) Write(v Version) ([]byte, error) {
	if r.Action >= actions {
		return nil, misuse("unknown action %s", r.Action)
	}
	secondary, err := r.inline(v)
	if err != nil {
		return nil, err
	}
	if err := valid("Context", r.Context); err != nil {
		return nil, err
	}
	b := new(xmltree.Builder)
	trust := v.Namespace()
	b.Start(trust, "RequestSecurityToken")
	if r.Context != "" {
		b.Attr("", "Context", r.Context)
	}
	if err := text(b, trust, "TokenType", r.TokenType); err != nil {
		return nil, err
	}
	b.Elem(trust, "RequestType", v.RequestType(r.Action))
	for _, part := range []func(*xmltree.Builder, Version) error{
		func(b *xmltree.Builder, _ Version) error {
			return writeAppliesTo(b, r.AppliesTo, r.AppliesToXML, r.Addressing)
		},
		func(b *xmltree.Builder, _ Version) error { return r.writeClaims(b, trust) },
		r.writeKey,
		r.writeParties,
		r.writeExtras,
	} {
		if err := part(b, v); err != nil {
			return nil, err
		}
	}
	if err := r.writeTarget(b, v); err != nil {
		return nil, err
	}
	for _, p := range slices.Concat(r.Parameters, secondary) {
		if err := raw(b, "Parameters", p); err != nil {
			return nil, err
		}
	}
	if len(r.Secondary) != 0 && v != Trust2005 {
		b.Start(trust, "SecondaryParameters")
		for _, p := range r.Secondary {
			if err := raw(b, "Secondary", p); err != nil {
				return nil, err
			}
		}
		b.End()
	}
	b.End()
	return b.Bytes(), nil
}

// writeKey writes what is said about the proof key.
func (r *Request) writeKey(b *xmltree.Builder, v Version) error {
	trust := v.Namespace()
	if err := r.writeEntropy(b, v); err != nil {
		return err
	}
	if err := text(b, trust, "ComputedKeyAlgorithm", r.ComputedKey); err != nil {
		return err
	}
	if r.KeySize < 0 || r.KeySize > 999_999 {
		return misuse("KeySize %d", r.KeySize)
	}
	writeKeySize(b, trust, r.KeySize)
	uri := v.KeyTypeURI(r.KeyType)
	if r.KeyType == Bearer && r.BearerURI != "" {
		if !slices.Contains(v.driver().bearer, r.BearerURI) {
			return misuse("KeyType: %s is no spelling of bearer", clip(r.BearerURI))
		}
		uri = r.BearerURI
	}
	if err := text(b, trust, "KeyType", uri); err != nil {
		return err
	}
	return r.writeUseKey(b, trust)
}

// writeEntropy writes the client's contribution. Its type tells the issuer
// what to do with it: a nonce goes into P_SHA1, a symmetric key is the key.
func (r *Request) writeEntropy(b *xmltree.Builder, v Version) error {
	if r.Entropy == ServerEntropy {
		if !r.ClientEntropy.IsZero() {
			return misuse("entropy of the client in mode %s", r.Entropy)
		}
		return nil
	}
	typ := v.nonce()
	if r.Entropy == ClientEntropy {
		typ = v.symmetricKey()
	}
	b.Start(v.Namespace(), "Entropy")
	defer b.End()
	return writeSecret(b, v.Namespace(), typ, r.ClientEntropy, r.SealTo, r.Suite)
}

// writeParties writes the lifetime and on whose behalf the token is.
func (r *Request) writeParties(b *xmltree.Builder, v Version) error {
	trust := v.Namespace()
	if r.Lifetime != 0 && r.Created.IsZero() && r.Expires.IsZero() {
		return misuse("Lifetime: a length without a beginning")
	}
	if err := writeLifetime(b, trust, r.Created, r.Expires); err != nil {
		return err
	}
	if err := wrapped(b, trust, "OnBehalfOf", r.OnBehalfOf); err != nil {
		return err
	}
	return wrapped(b, xmltree.Trust14, "ActAs", r.ActAs)
}

// writeExtras writes the algorithms and what may be done with the token.
func (r *Request) writeExtras(b *xmltree.Builder, v Version) error {
	trust := v.Namespace()
	for _, a := range []struct{ local, uri string }{
		{"SignatureAlgorithm", r.SignatureAlgorithm},
		{"EncryptionAlgorithm", r.EncryptionAlgorithm},
		{"CanonicalizationAlgorithm", r.CanonicalizationAlgorithm},
	} {
		if err := text(b, trust, a.local, a.uri); err != nil {
			return err
		}
	}
	if n := r.Renewing; n != nil {
		b.Start(trust, "Renewing")
		if n.Disallow {
			b.Attr("", "Allow", "false")
		}
		if n.OK {
			b.Attr("", "OK", "true")
		}
		b.End()
	}
	for _, f := range []struct {
		local string
		value *bool
	}{{"Delegatable", r.Delegatable}, {"Forwardable", r.Forwardable}} {
		if f.value != nil && *f.value {
			b.Elem(trust, f.local, "true")
		} else if f.value != nil {
			b.Elem(trust, f.local, "false")
		}
	}
	return nil
}

// targetName is the element in which an action's target stands, "" for none.
func (a Action) targetName() string {
	switch a.verb() {
	case Renew:
		return "RenewTarget"
	case Validate:
		return "ValidateTarget"
	case Cancel:
		return "CancelTarget"
	}
	return ""
}

func (r *Request) writeTarget(b *xmltree.Builder, v Version) error {
	name := r.Action.targetName()
	if name == "" {
		if len(r.Target) != 0 {
			return misuse("a target with action %s", r.Action)
		}
		return nil
	}
	if len(r.Target) == 0 && !v.optionalTarget(r.Action) {
		return misuse("no target for action %s", r.Action)
	}
	return wrapped(b, v.Namespace(), name, r.Target)
}

// optionalTarget reports whether a request may lack its target: the schema of
// February 2005 has no ValidateTarget, and the token to be validated may stand
// in the Security header.
func (v Version) optionalTarget(a Action) bool { return v == Trust2005 && a == Validate }

// inline returns the secondary parameters that February 2005 has after
// Parameters. One that the request has already is left out: what the caller
// said himself wins. An element among Parameters that the request already has
// is the caller's mistake.
func (r *Request) inline(v Version) ([][]byte, error) {
	have := r.names(v)
	for _, p := range r.Parameters {
		e, err := element("Parameters", p)
		if err != nil {
			return nil, err
		}
		n := name(e)
		if !parametersMayRepeat && slices.Contains(have, n) && (n.space != v.Namespace() || slices.Contains(requestNames, n.local)) {
			return nil, misuse("Parameters: %s stands in the request already", e.Local())
		}
		if n.space == v.Namespace() {
			have = append(have, n)
		}
	}
	if v != Trust2005 {
		return nil, nil
	}
	var extra [][]byte
	for _, p := range r.Secondary {
		e, err := element("Secondary", p)
		if err != nil {
			return nil, err
		}
		n := name(e)
		if slices.Contains(have, n) {
			if !explicitWins {
				return nil, misuse("Secondary: %s stands in the request already", e.Local())
			}
			continue
		}
		extra = append(extra, p)
		if n.space == v.Namespace() {
			have = append(have, n)
		}
	}
	return extra, nil
}

type expandedName struct{ space, local string }

func name(e xmltree.Elem) expandedName { return expandedName{e.Space(), e.Local()} }

// names are the elements that the fields of r produce.
func (r *Request) names(v Version) []expandedName {
	trust := v.Namespace()
	list := []expandedName{{trust, "RequestType"}}
	for _, f := range []struct {
		set   bool
		space string
		local string
	}{
		{r.TokenType != "", trust, "TokenType"},
		{r.AppliesTo != "" || len(r.AppliesToXML) != 0, xmltree.WSP, "AppliesTo"},
		{r.AppliesTo != "" || len(r.AppliesToXML) != 0, xmltree.WSP12, "AppliesTo"},
		{len(r.Claims) != 0, trust, "Claims"},
		{r.Entropy != ServerEntropy, trust, "Entropy"},
		{r.ComputedKey != "", trust, "ComputedKeyAlgorithm"},
		{r.KeySize != 0, trust, "KeySize"},
		{r.KeyType != KeyTypeUnspecified, trust, "KeyType"},
		{r.UseKeyCert != nil || r.UseKey != nil || len(r.UseKeyXML) != 0, trust, "UseKey"},
		{!r.Created.IsZero() || !r.Expires.IsZero(), trust, "Lifetime"},
		{len(r.OnBehalfOf) != 0, trust, "OnBehalfOf"},
		{len(r.ActAs) != 0, xmltree.Trust14, "ActAs"},
		{r.SignatureAlgorithm != "", trust, "SignatureAlgorithm"},
		{r.EncryptionAlgorithm != "", trust, "EncryptionAlgorithm"},
		{r.CanonicalizationAlgorithm != "", trust, "CanonicalizationAlgorithm"},
		{r.Renewing != nil, trust, "Renewing"},
		{r.Delegatable != nil, trust, "Delegatable"},
		{r.Forwardable != nil, trust, "Forwardable"},
		{v != Trust2005 && len(r.Secondary) != 0, trust, "SecondaryParameters"},
		{r.Action.targetName() != "", trust, r.Action.targetName()},
	} {
		if f.set {
			list = append(list, expandedName{f.space, f.local})
		}
	}
	return list
}
