package wst

import (
	"slices"

	"wstrust/internal/xmltree"
)

// Write returns the answer to an action as the element that goes into the
// body: RequestSecurityTokenResponse or, where the version wants that, a
// collection of one. The tokens in it are copied octet for octet.
func (a *Response) Write(v Version, act Action) ([]byte, error) {
	if act >= actions {
		return nil, misuse("unknown action %s", act)
	}
	if err := valid("Context", a.Context); err != nil {
		return nil, err
	}
	b := new(xmltree.Builder)
	trust := v.Namespace()
	collection := v.driver().collection[act]
	if collection {
		b.Start(trust, "RequestSecurityTokenResponseCollection")
	}
	b.Start(trust, "RequestSecurityTokenResponse")
	if a.Context != "" {
		b.Attr("", "Context", a.Context)
	}
	for _, part := range []func(*xmltree.Builder, Version) error{
		a.writeToken, a.writeProof, a.writeRest, a.writeStatus,
	} {
		if err := part(b, v); err != nil {
			return nil, err
		}
	}
	b.End()
	if collection {
		b.End()
	}
	return b.Bytes(), nil
}

func (a *Response) writeToken(b *xmltree.Builder, v Version) error {
	trust := v.Namespace()
	if err := text(b, trust, "TokenType", a.TokenType); err != nil {
		return err
	}
	for _, p := range []struct {
		local string
		x     []byte
	}{
		{"RequestedSecurityToken", a.Token},
		{"RequestedAttachedReference", a.Attached},
		{"RequestedUnattachedReference", a.Unattached},
	} {
		if err := wrapped(b, trust, p.local, p.x); err != nil {
			return err
		}
	}
	return writeAppliesTo(b, a.AppliesTo, a.AppliesToXML, a.Addressing)
}

func (a *Response) writeProof(b *xmltree.Builder, v Version) error {
	trust := v.Namespace()
	if !a.Proof.IsZero() && a.ComputedKey != "" {
		return misuse("both a proof key and a way to compute one")
	}
	if !a.Proof.IsZero() {
		typ := a.ProofType
		if typ == "" {
			typ = v.symmetricKey()
		}
		if typ != v.symmetricKey() && typ != v.nonce() {
			return misuse("a secret of type %s", clip(typ))
		}
		b.Start(trust, "RequestedProofToken")
		err := writeSecret(b, trust, typ, a.Proof, a.SealTo, a.Suite)
		b.End()
		if err != nil {
			return err
		}
	}
	if a.ComputedKey != "" {
		b.Start(trust, "RequestedProofToken")
		err := text(b, trust, "ComputedKey", a.ComputedKey)
		b.End()
		if err != nil {
			return err
		}
	}
	if a.ServerEntropy.IsZero() {
		return nil
	}
	b.Start(trust, "Entropy")
	defer b.End()
	return writeSecret(b, trust, v.nonce(), a.ServerEntropy, a.SealTo, a.Suite)
}

func (a *Response) writeRest(b *xmltree.Builder, v Version) error {
	trust := v.Namespace()
	if err := writeLifetime(b, trust, a.Created, a.Expires); err != nil {
		return err
	}
	if a.KeySize < 0 || a.KeySize > 999_999 {
		return misuse("KeySize %d", a.KeySize)
	}
	writeKeySize(b, trust, a.KeySize)
	uri := v.KeyTypeURI(a.KeyType)
	if a.KeyType == Bearer && a.BearerURI != "" {
		if !slices.Contains(v.driver().bearer, a.BearerURI) {
			return misuse("KeyType: %s is no spelling of bearer", clip(a.BearerURI))
		}
		uri = a.BearerURI
	}
	return text(b, trust, "KeyType", uri)
}

func (a *Response) writeStatus(b *xmltree.Builder, v Version) error {
	trust := v.Namespace()
	if s := a.Status; s != nil {
		code := s.Code
		if code == "" {
			code = v.statusCode(s.Valid)
		}
		if (code == v.statusCode(true)) != s.Valid {
			return misuse("Status: code %s does not say what Valid says", clip(code))
		}
		b.Start(trust, "Status")
		err := text(b, trust, "Code", code)
		if err == nil {
			err = text(b, trust, "Reason", s.Reason)
		}
		b.End()
		if err != nil {
			return err
		}
	}
	if a.Cancelled {
		b.Start(trust, "RequestedTokenCancelled")
		b.End()
	}
	return nil
}

// statusCode is the URI of a verdict.
func (v Version) statusCode(valid bool) string {
	if valid {
		return v.Namespace() + "/status/valid"
	}
	return v.Namespace() + "/status/invalid"
}
