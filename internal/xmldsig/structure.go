package xmldsig

import (
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// read takes the signature apart along the schema of XML Signature, over the
// child axis only, and checks every algorithm it names. Nothing is searched
// for: a second SignedInfo or DigestValue, wherever it stands, is in the way
// of what the schema has there (attacks W19 to W21).
func (v *verification) read() error {
	if !v.sig.Is(xmltree.DS, "Signature") {
		return refuse(v.sig, xmltree.ErrFormat, "not a ds:Signature element")
	}
	if err := v.sig.OnlyElements(); err != nil {
		return wrap(v.sig, "signature", err)
	}
	const start, info, value, keyInfo, object = 0, 1, 2, 3, 4
	state := start
	for c := range v.sig.Children {
		switch {
		case state == start && c.Is(xmltree.DS, "SignedInfo"):
			state, v.info = info, c
		case state == info && c.Is(xmltree.DS, "SignatureValue"):
			state = value
			octets, err := c.Base64()
			if err != nil {
				return wrap(c, "signature value", err)
			}
			if len(octets) == 0 {
				return refuse(c, xmltree.ErrFormat, "empty signature value")
			}
			v.value = octets
		case state == value && c.Is(xmltree.DS, "KeyInfo"):
			state = keyInfo
		case state >= value && c.Is(xmltree.DS, "Object"):
			state = object
		default:
			return unexpected(c)
		}
	}
	if state < value {
		return refuse(v.sig, ErrWrapping, "no SignedInfo and SignatureValue")
	}
	return v.readSignedInfo()
}

func (v *verification) readSignedInfo() error {
	if err := v.info.OnlyElements(); err != nil {
		return wrap(v.info, "SignedInfo", err)
	}
	const start, canon, method, references = 0, 1, 2, 3
	state, children := start, 0
	for range v.info.Children {
		children++
	}
	v.refs = make([]reference, 0, max(0, min(children-2, v.most)))
	for c := range v.info.Children {
		switch {
		case state == start && c.Is(xmltree.DS, "CanonicalizationMethod"):
			state = canon
			m, prefixes, err := v.readCanonicalization(c)
			if err != nil {
				return err
			}
			v.canon, v.prefixes = m, prefixes
		case state == canon && c.Is(xmltree.DS, "SignatureMethod"):
			state = method
			if err := v.readSignatureMethod(c); err != nil {
				return err
			}
		case state >= method && c.Is(xmltree.DS, "Reference"):
			state = references
			if err := v.readReference(c); err != nil {
				return err
			}
		default:
			return unexpected(c)
		}
	}
	if state < references {
		return refuse(v.info, ErrWrapping, "SignedInfo lacks a method or a reference")
	}
	return nil
}

// readCanonicalization reads a CanonicalizationMethod, or a Transform that is
// a canonical form, with its prefix list.
func (v *verification) readCanonicalization(e xmltree.Elem) (c14n.Method, []string, error) {
	uri, err := algorithm(e)
	if err != nil {
		return 0, nil, err
	}
	m, ok := c14n.FromURI(uri)
	if !ok || !v.suite.AllowsC14N(uri) {
		return 0, nil, refuse(e, alg.ErrAlgorithm, "canonicalization %s is not supported", shown(uri))
	}
	prefixes, err := readPrefixes(e, m)
	return m, prefixes, err
}

// readPrefixes reads the optional ec:InclusiveNamespaces of an exclusive
// canonical form; no other child may stand there.
func readPrefixes(e xmltree.Elem, m c14n.Method) (prefixes []string, err error) {
	seen := false
	for c := range e.Children {
		if seen || !m.Exclusive() || !c.Is(xmltree.EXCC14N, "InclusiveNamespaces") {
			return nil, unexpected(c)
		}
		seen = true
		for g := range c.Children {
			return nil, unexpected(g)
		}
		list, ok := c.Attr("", "PrefixList")
		if !ok {
			return nil, refuse(c, xmltree.ErrFormat, "no PrefixList")
		}
		prefixes = strings.Fields(list)
		if len(prefixes) > maxPrefixes {
			return nil, refuse(c, xmltree.ErrLimit, "%d prefixes in a PrefixList, the limit is %d", len(prefixes), maxPrefixes)
		}
	}
	return prefixes, nil
}

// algorithm reads the Algorithm attribute.
func algorithm(e xmltree.Elem) (string, error) {
	uri, ok := e.AttrOctets("", "Algorithm")
	if !ok {
		return "", refuse(e, xmltree.ErrFormat, "no Algorithm")
	}
	for _, common := range commonURIs {
		if common == string(uri) {
			return common, nil
		}
	}
	return string(uri), nil
}

// commonURIs are the identifiers that need not be copied out of a message.
var commonURIs = [...]string{
	c14n.Exclusive.URI(), envelopedURI, alg.DigestSHA256, alg.RSASHA256, alg.HMACSHA256, alg.ECDSASHA256,
	alg.DigestSHA1, alg.RSASHA1, alg.HMACSHA1, c14n.C14N10.URI(),
}

func unexpected(e xmltree.Elem) error {
	return refuse(e, ErrWrapping, "element has no place here")
}
