package xmldsig

import (
	"hash"
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// Transforms that are not canonical forms.
const (
	envelopedURI = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	strURI       = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform"
)

// A reference is one ds:Reference: what it says, and what it was found to name.
type reference struct {
	elem      xmltree.Elem
	uri       string
	enveloped bool
	isSTR     bool
	method    c14n.Method
	prefixes  []string
	digestURI string
	newHash   func() hash.Hash
	digest    []byte

	named  xmltree.Elem // the element the URI names
	target xmltree.Elem // what is digested: named, without the signature if enveloped, or the token
	left   xmltree.Elem // the enveloped signature
	str    xmltree.Elem // named, if the reference went through an STR-Transform
}

func (v *verification) readReference(e xmltree.Elem) error {
	if len(v.refs) == v.most {
		return refuse(e, xmltree.ErrLimit, "more than %d references", v.most)
	}
	if err := e.OnlyElements(); err != nil {
		return wrap(e, "reference", err)
	}
	uri, ok := e.Attr("", "URI")
	if !ok {
		return refuse(e, alg.ErrAlgorithm, "a reference without URI names nothing here")
	}
	r := reference{elem: e, uri: uri, method: c14n.C14N10}
	const start, transforms, method, value = 0, 1, 2, 3
	state := start
	for c := range e.Children {
		switch {
		case state == start && c.Is(xmltree.DS, "Transforms"):
			state = transforms
			if err := v.readTransforms(&r, c); err != nil {
				return err
			}
		case state <= transforms && c.Is(xmltree.DS, "DigestMethod"):
			state = method
			var err error
			if r.digestURI, err = algorithm(c); err != nil {
				return err
			}
			for g := range c.Children {
				return unexpected(g)
			}
			if r.newHash, err = v.suite.Digest(r.digestURI); err != nil {
				return wrap(c, "digest method", err)
			}
		case state == method && c.Is(xmltree.DS, "DigestValue"):
			state = value
			var err error
			if r.digest, err = c.Base64(); err != nil {
				return wrap(c, "digest value", err)
			}
		default:
			return unexpected(c)
		}
	}
	if state != value {
		return refuse(e, ErrWrapping, "no digest method and value")
	}
	v.refs = append(v.refs, r)
	return nil
}

// readTransforms reads the closed list of transforms. Their order must make
// sense without a second parse: enveloped-signature can only come first, and a
// canonical form or an STR-Transform, which make octets, only last. So two
// transforms are the most a reference can have.
func (v *verification) readTransforms(r *reference, e xmltree.Elem) error {
	some, octets := false, false
	for c := range e.Children {
		if !c.Is(xmltree.DS, "Transform") {
			return unexpected(c)
		}
		some = true
		uri, err := algorithm(c)
		if err != nil {
			return err
		}
		if octets {
			return refuse(c, alg.ErrAlgorithm, "transform %s after one that makes octets", shown(uri))
		}
		switch uri {
		case envelopedURI:
			if r.enveloped {
				return refuse(c, alg.ErrAlgorithm, "second enveloped-signature transform")
			}
			for g := range c.Children {
				return unexpected(g)
			}
			r.enveloped = true
		case strURI:
			if r.enveloped || v.str == nil {
				return refuse(c, alg.ErrAlgorithm, "STR-Transform is not supported here")
			}
			r.isSTR, octets = true, true
			if r.method, r.prefixes, err = v.readSTRParameters(c); err != nil {
				return err
			}
		default:
			octets = true
			if r.method, r.prefixes, err = v.readCanonicalization(c); err != nil {
				return err
			}
		}
	}
	if !some {
		return refuse(e, ErrWrapping, "no transform in Transforms")
	}
	return nil
}

// readSTRParameters reads wsse:TransformationParameters with the one
// ds:CanonicalizationMethod that an STR-Transform must be given.
func (v *verification) readSTRParameters(e xmltree.Elem) (c14n.Method, []string, error) {
	params, err := only(e, xmltree.WSSE, "TransformationParameters")
	if err != nil {
		return 0, nil, err
	}
	method, err := only(params, xmltree.DS, "CanonicalizationMethod")
	if err != nil {
		return 0, nil, err
	}
	return v.readCanonicalization(method)
}

// only returns the one child of e, which must have the name given.
func only(e xmltree.Elem, space, local string) (found xmltree.Elem, err error) {
	for c := range e.Children {
		if found.OK() || !c.Is(space, local) {
			return xmltree.Elem{}, unexpected(c)
		}
		found = c
	}
	if !found.OK() {
		return xmltree.Elem{}, refuse(e, xmltree.ErrFormat, "no %s", local)
	}
	return found, nil
}

// resolve finds the element of each reference. Ids must be unique over the
// whole document, not only the ones that are asked for: another reader may ask
// for the others (attacks W9, W12).
func (v *verification) resolve() error {
	if err := xmltree.UniqueIDs(v.sig); err != nil {
		return ambiguous(v.sig, "identifiers", err)
	}
	for i := range v.refs {
		r := &v.refs[i]
		if err := v.name(r); err != nil {
			return err
		}
		for j := range v.refs[:i] {
			if v.refs[j].named.Same(r.named) {
				return refuse(r.elem, ErrWrapping, "two references to %s", shownURI(r.uri))
			}
		}
		r.target = r.named
		switch {
		case r.enveloped && r.named.Contains(v.sig):
			// The transform leaves out the signature that holds it. Deeper
			// down, an element between the two could be swapped (attack W29).
			if !xmltree.Parent(v.sig).Same(r.named) {
				return refuse(r.elem, ErrWrapping, "enveloped signature is not a child of %s", shownURI(r.uri))
			}
			r.left, r.target = v.sig, r.named.Without(v.sig)
		case r.isSTR:
			if !r.named.Is(xmltree.WSSE, "SecurityTokenReference") {
				return refuse(r.elem, ErrWrapping, "STR-Transform of %s, which is not a SecurityTokenReference", shownURI(r.uri))
			}
			token, err := v.str(r.named)
			if err != nil {
				return wrap(r.elem, "token of "+shownURI(r.uri), err)
			}
			if !token.OK() {
				return refuse(r.elem, ErrWrapping, "no token for %s", shownURI(r.uri))
			}
			r.str, r.target = r.named, token
		}
	}
	return nil
}

// name finds the element that the reference's URI names. Same-document
// references leave comments out by XML Signature's reference processing model,
// so the canonical forms with comments come down to those without.
func (v *verification) name(r *reference) error {
	switch r.method {
	case c14n.C14N10Comments:
		r.method = c14n.C14N10
	case c14n.C14N11Comments:
		r.method = c14n.C14N11
	case c14n.ExclusiveComments:
		r.method = c14n.Exclusive
	}
	if r.uri == "" {
		parent := xmltree.Parent(v.sig)
		if !r.enveloped || !parent.OK() || xmltree.Parent(parent).OK() {
			return refuse(r.elem, ErrWrapping, "a reference to the whole document needs the signature enveloped in its root")
		}
		r.named = parent
		return nil
	}
	id, ok := strings.CutPrefix(r.uri, "#")
	if !ok || id == "" || strings.ContainsAny(id, "()") {
		return refuse(r.elem, alg.ErrAlgorithm, "reference %s: only ids in this document are followed", shown(r.uri))
	}
	e, err := xmltree.ByID(v.sig, id)
	if err != nil {
		return ambiguous(r.elem, "reference "+shownURI(r.uri), err)
	}
	r.named = e
	return nil
}
