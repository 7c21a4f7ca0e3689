package xmldsig

import (
	"encoding/base64"
	"fmt"
	"hash"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// A Ref is one element that [Sign] signs. It is digested in exclusive
// canonical form.
type Ref struct {
	ID        string       // of Elem (of STR if that is set); "" for the root element, which must be Enveloped
	Elem      xmltree.Elem // what is digested
	Enveloped bool         // the signature will be put inside Elem, as its child
	Prefixes  []string     // InclusiveNamespaces PrefixList: prefixes that only values use
	STR       xmltree.Elem // if set: an STR-Transform of this reference, and Elem is its token
}

// Namespace declarations and elements as SignedInfo's canonical form has them.
const (
	declDS    = ` xmlns:ds="` + xmltree.DS + `"`
	infoOpen  = `<ds:SignedInfo` + declDS + `>`
	infoBare  = `<ds:SignedInfo>`
	infoClose = `</ds:SignedInfo>`
)

// Sign signs the elements of refs and returns a ds:Signature element that
// declares what it needs, to be put into the document by the caller: where it
// is inserted changes nothing, since exclusive canonical form is used
// throughout. For an Enveloped reference the place must be a child of the
// element.
//
// id, if not "", becomes the Id of the signature; keyInfo, if not nil, is one
// ds:KeyInfo element. Ids must be plain ASCII names. Method and digest are the
// suite's for that kind of key.
func Sign(key alg.Key, suite alg.Suite, id string, refs []Ref, keyInfo []byte) ([]byte, error) {
	if len(refs) == 0 || len(refs) > DefaultReferences {
		return nil, fmt.Errorf("xmldsig: sign: %d references, 1 to %d can be signed: %w", len(refs), DefaultReferences, xmltree.ErrLimit)
	}
	if id != "" && !plainName(id) {
		return nil, fmt.Errorf("xmldsig: sign: id %s is not a plain name: %w", shown(id), xmltree.ErrFormat)
	}
	method, err := suite.SignatureURI(key)
	if err != nil {
		return nil, err
	}
	signer, err := suite.NewSigner(method, key)
	if err != nil {
		return nil, err
	}
	digestURI := suite.DigestURI()
	newHash, err := suite.Digest(digestURI)
	if err != nil {
		return nil, err
	}
	// SignedInfo is written in canonical form at once: the octets signed and
	// the octets sent differ only in the declaration, which the Signature
	// element carries.
	info := make([]byte, 0, 512+640*len(refs))
	info = append(info, infoOpen...)
	canonical := suite.C14NURI()
	info = append(info, `<ds:CanonicalizationMethod Algorithm="`...)
	info = append(info, canonical...)
	info = append(info, `"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="`...)
	info = append(info, method...)
	info = append(info, `"></ds:SignatureMethod>`...)
	h := newHash()
	for i := range refs {
		if info, err = appendReference(info, &refs[i], canonical, digestURI, h); err != nil {
			return nil, err
		}
		for j := range refs[:i] {
			if refs[j].ID == refs[i].ID {
				return nil, fmt.Errorf("xmldsig: sign: two references to %s: %w", shown(refs[i].ID), ErrWrapping)
			}
		}
	}
	info = append(info, infoClose...)
	if _, err := signer.Write(info); err != nil {
		return nil, err
	}
	value, err := signer.Sign()
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(info)+len(keyInfo)+base64.StdEncoding.EncodedLen(len(value))+256)
	out = append(out, `<ds:Signature`+declDS...)
	if id != "" {
		out = append(out, ` Id="`...)
		out = append(out, id...)
		out = append(out, '"')
	}
	out = append(out, '>')
	out = append(out, infoBare...)
	out = append(out, info[len(infoOpen):]...)
	out = append(out, `<ds:SignatureValue>`...)
	out = base64.StdEncoding.AppendEncode(out, value)
	out = append(out, `</ds:SignatureValue>`...)
	out = append(out, keyInfo...)
	return append(out, `</ds:Signature>`...), nil
}

// appendReference digests one element and writes its ds:Reference.
func appendReference(out []byte, r *Ref, canonical, digestURI string, h hash.Hash) ([]byte, error) {
	named := r.Elem
	isSTR := r.STR.OK()
	if isSTR {
		named = r.STR
	}
	switch {
	case !r.Elem.OK():
		return nil, fmt.Errorf("xmldsig: sign: no element for reference %s: %w", shown(r.ID), xmltree.ErrFormat)
	case isSTR && r.Enveloped:
		return nil, refuse(named, ErrWrapping, "sign: an STR-Transform cannot be enveloped")
	case r.ID == "":
		if !r.Enveloped || xmltree.Parent(named).OK() {
			return nil, refuse(named, ErrWrapping, "sign: a reference without id must be the root with the signature enveloped")
		}
	case !plainName(r.ID) || !hasID(named, r.ID):
		return nil, refuse(named, xmltree.ErrFormat, "sign: %s is not an id of this element, or not a plain name", shown(r.ID))
	}
	for _, p := range r.Prefixes {
		if p != "#default" && !plainName(p) {
			return nil, refuse(named, xmltree.ErrFormat, "sign: prefix %s is not a plain name", shown(p))
		}
	}
	h.Reset()
	var err error
	if isSTR {
		err = c14n.WriteSTR(h, r.Elem, c14n.Exclusive, r.Prefixes)
	} else {
		err = c14n.Write(h, r.Elem, c14n.Exclusive, xmltree.Elem{}, r.Prefixes)
	}
	if err != nil {
		return nil, err
	}
	out = append(out, `<ds:Reference URI="`...)
	if r.ID != "" {
		out = append(out, '#')
		out = append(out, r.ID...)
	}
	out = append(out, `"><ds:Transforms>`...)
	if r.Enveloped {
		out = append(out, `<ds:Transform Algorithm="`+envelopedURI+`"></ds:Transform>`...)
	}
	if isSTR {
		out = append(out, `<ds:Transform Algorithm="`+strURI+`"><wsse:TransformationParameters xmlns:wsse="`+xmltree.WSSE+`">`...)
		out = appendExclusive(out, "CanonicalizationMethod", canonical, r.Prefixes)
		out = append(out, `</wsse:TransformationParameters></ds:Transform>`...)
	} else {
		out = appendExclusive(out, "Transform", canonical, r.Prefixes)
	}
	out = append(out, `</ds:Transforms><ds:DigestMethod Algorithm="`...)
	out = append(out, digestURI...)
	out = append(out, `"></ds:DigestMethod><ds:DigestValue>`...)
	var sum [64]byte
	out = base64.StdEncoding.AppendEncode(out, h.Sum(sum[:0]))
	return append(out, `</ds:DigestValue></ds:Reference>`...), nil
}

// appendExclusive writes an element that names exclusive canonical form.
func appendExclusive(out []byte, local, canonical string, prefixes []string) []byte {
	out = append(out, `<ds:`...)
	out = append(out, local...)
	out = append(out, ` Algorithm="`...)
	out = append(out, canonical...)
	out = append(out, `">`...)
	if len(prefixes) > 0 {
		out = append(out, `<ec:InclusiveNamespaces xmlns:ec="`+xmltree.EXCC14N+`" PrefixList="`...)
		for i, p := range prefixes {
			if i > 0 {
				out = append(out, ' ')
			}
			out = append(out, p...)
		}
		out = append(out, `"></ec:InclusiveNamespaces>`...)
	}
	out = append(out, `</ds:`...)
	out = append(out, local...)
	return append(out, '>')
}

// hasID reports whether an id-typed attribute of e has the value given.
func hasID(e xmltree.Elem, id string) bool {
	for a := range e.Attrs {
		if a.Value != id {
			continue
		}
		switch a.Space {
		case "":
			switch a.Local {
			case "Id", "ID", "id", "AssertionID":
				return true
			}
		case xmltree.WSU:
			if a.Local == "Id" {
				return true
			}
		case xmltree.XML:
			if a.Local == "id" {
				return true
			}
		}
	}
	return false
}
