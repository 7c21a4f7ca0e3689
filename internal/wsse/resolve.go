package wsse

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"strings"

	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// A source is where the key of a signature comes from: a key reference to be
// answered by the caller, or the subject of the message's assertion.
type source struct {
	ref KeyRef

	assertion bool
	id        string // of the assertion

	token xmltree.Elem // in our Security header; zero if the key is only named

	encrypted xmltree.Elem // the EncryptedKey that holds it; ref is its KeyEncrypted
	derived   *derivation
	base      *source // what it is derived from; nil: what derived names
	space     string  // of a security context
}

// resolve follows a SecurityTokenReference, inside this message only.
func (p *Pending) resolve(str xmltree.Elem) (source, error) {
	s, err := p.reference(str)
	if err != nil {
		return source{}, err
	}
	d, err := p.implied(str)
	if err != nil || d == nil {
		return s, err
	}
	base := s // so that only a base is moved to the heap
	return source{derived: d, base: &base, token: s.token}, nil
}

func (p *Pending) reference(str xmltree.Elem) (source, error) {
	if err := str.OnlyElements(); err != nil {
		return source{}, err
	}
	var e xmltree.Elem
	for c := range str.Children {
		if e.OK() {
			return source{}, refuse(ClassFormat, str, "more than one reference")
		}
		e = c
	}
	switch {
	case !e.OK():
		return source{}, refuse(ClassFormat, str, "empty reference")
	case e.Is(xmltree.WSSE, "Reference"):
		return p.direct(e)
	case e.Is(xmltree.WSSE, "KeyIdentifier"):
		return p.keyIdentifier(e)
	case e.Is(xmltree.WSSE, "Embedded"):
		var token xmltree.Elem
		for c := range e.Children {
			if token.OK() {
				return source{}, refuse(ClassFormat, e, "more than one embedded token")
			}
			token = c
		}
		if !token.OK() {
			return source{}, refuse(ClassFormat, e, "no embedded token")
		}
		if saml.Is(token) {
			if err := p.adopt(token, e); err != nil {
				return source{}, err
			}
		}
		s, err := p.tokenSource(token, e)
		s.token = xmltree.Elem{} // it is not one of the header's
		return s, err
	case e.Is(xmltree.DS, "X509Data"):
		return x509Data(e)
	case e.Is(xmltree.DS, "KeyName"):
		name, err := e.Token()
		if err == nil && name == "" {
			err = refuse(ClassFormat, e, "empty key name")
		}
		return source{ref: KeyRef{Kind: KeyNamed, KeyName: name}}, err
	default:
		return source{}, refuse(ClassPolicy, e, "reference of kind %s is not supported", shown(e.Local()))
	}
}

// direct follows a wsse:Reference. The token must stand in the Security header
// that is being read: anywhere else it is somebody else's.
func (p *Pending) direct(e xmltree.Elem) (source, error) {
	octets, _ := e.AttrOctets("", "URI")
	valueType, _ := e.AttrOctets("", "ValueType")
	octets, local := bytes.CutPrefix(octets, []byte("#"))
	uri := string(octets) // or what is after the #
	switch {
	case uri == "":
		return source{}, refuse(ClassFormat, e, "reference without URI")
	case !local && (string(valueType) == typeSCT2005 || string(valueType) == typeSCT13):
		ref := KeyRef{Kind: KeyContext, ID: uri}
		space := strings.TrimSuffix(string(valueType), "/sct")
		ref.Instance, _ = e.Attr(space, "Instance")
		return source{ref: ref, space: space}, nil
	case !local:
		return source{}, refuse(ClassPolicy, e, "reference to %s is not followed", shown(uri))
	}
	sec := p.secOf(e)
	if !sec.OK() {
		return source{}, refuse(ClassWrapping, e, "reference to %s from outside of the message", shown(uri))
	}
	token, err := xmltree.ByID(sec, uri)
	if err != nil {
		if p.encrypted.OK() {
			return source{assertion: true, id: uri}, nil // known when it is opened
		}
		out := because(err, e, "reference").(*Error)
		out.Class = ClassWrapping
		return source{}, out
	}
	if !xmltree.Parent(token).Same(sec) {
		return source{}, refuse(ClassWrapping, e, "token %s is not in this Security header", shown(uri))
	}
	if len(valueType) != 0 && !hasType(token, string(valueType)) {
		return source{}, refuse(ClassPolicy, e, "value type %s is not that of the token", shown(string(valueType)))
	}
	return p.tokenSource(token, e)
}

// hasType reports whether a token is of the type that a reference gives it. A
// reader that went by the type would look for another token.
func hasType(token xmltree.Elem, valueType string) bool {
	switch {
	case token.Is(xmltree.WSSE, "BinarySecurityToken"):
		own, _ := token.Attr("", "ValueType")
		return valueType == own
	case token.Is(xmltree.SAML11, "Assertion"):
		return valueType == tokenSAML11 || valueType == typeSAML11ID
	case token.Is(xmltree.SAML20, "Assertion"):
		return valueType == tokenSAML20 || valueType == typeSAML20ID
	case token.Is(xmltree.XENC, "EncryptedKey"):
		return valueType == typeEncryptedKey
	case isContext(token):
		return valueType == contextType(token.Space())
	case isDerived(token):
		return valueType == token.Space()+derivedTokenSuffix
	case token.Is(xmltree.WSSE, "UsernameToken"):
		return valueType == typeUsername
	}
	return true // one that tokenSource refuses
}

// tokenSource is the key of a token, which e means.
func (p *Pending) tokenSource(token, e xmltree.Elem) (source, error) {
	switch {
	case token.Is(xmltree.WSSE, "BinarySecurityToken"):
		ref, err := readBST(token)
		return source{ref: ref, token: token}, err
	case saml.Is(token):
		return source{assertion: true, id: tokenID(token), token: token}, nil
	case isContext(token):
		ref, err := readContext(token)
		return source{ref: ref, token: token, space: token.Space()}, err
	case token.Is(xmltree.XENC, "EncryptedKey"):
		ref, err := p.encryptedKeyRef(token)
		return source{ref: ref, encrypted: token, token: token}, err
	case isDerived(token):
		d, err := p.readDerived(token)
		return source{derived: d, token: token}, err
	case p.password.derives() && token.Is(xmltree.WSSE, "UsernameToken") && xmltree.Parent(token).Same(p.secOf(token)):
		// There is one at most, whatever form of the message this one stands in.
		return source{ref: KeyRef{Kind: KeyUser, Name: p.password.name}, token: token}, nil
	}
	return source{}, refuse(ClassPolicy, e, "token %s cannot be referred to", shown(token.Local()))
}

// adopt takes an assertion that is embedded in a reference for the one of the
// message, as if it stood in the header: there is one at most. Other forms of the
// message than the last were read when they were the last.
func (p *Pending) adopt(token, e xmltree.Elem) error {
	switch {
	case !p.secOf(e).Contains(e):
		return refuse(ClassWrapping, e, "an assertion outside of this Security header")
	case p.assertion.OK() && (p.assertion.Same(token) || p.assertion.Doc() != token.Doc()):
		return nil
	case token.Doc() != p.sec.Doc():
		return nil
	}
	return p.assertionToken(token)
}

func (p *Pending) keyIdentifier(e xmltree.Elem) (source, error) {
	valueType, _ := e.AttrOctets("", "ValueType")
	switch string(valueType) {
	case typeSAML11ID, typeSAML20ID:
		id, err := e.Token()
		if err != nil {
			return source{}, err
		}
		if id == "" {
			return source{}, refuse(ClassFormat, e, "empty key identifier")
		}
		s := source{assertion: true, id: id}
		for c := range p.secOf(e).Children {
			if saml.Is(c) && tokenID(c) == id {
				s.token = c
				return s, nil
			}
		}
		if p.assertion.OK() && tokenID(p.assertion) == id {
			return s, nil // it is embedded in another reference
		}
		if p.encrypted.OK() {
			return s, nil
		}
		// It is not in the message, so that whoever made it must be known.
		return source{ref: KeyRef{Kind: KeyAssertion, ID: id}}, nil
	case typeSKI, typeThumbprint, typeX509v3, typeEncryptedKeySHA1, typeKerberosSHA1:
	default:
		return source{}, refuse(ClassPolicy, e, "key identifier of type %s is not supported", shown(string(valueType)))
	}
	if t, ok := e.AttrOctets("", "EncodingType"); ok && string(t) != encodingBase64 {
		return source{}, refuse(ClassFormat, e, "encoding %s", shown(string(t)))
	}
	value, err := e.Base64()
	if err != nil {
		return source{}, err
	}
	ref := KeyRef{Kind: KeyNamed}
	switch {
	case len(value) == 0:
		return source{}, refuse(ClassFormat, e, "empty key identifier")
	case string(valueType) == typeSKI:
		ref.SubjectKeyID = string(value)
	case string(valueType) == typeThumbprint:
		ref.Thumbprint = string(value)
	case string(valueType) == typeKerberosSHA1:
		ref = KeyRef{Kind: KeyKerberos, ID: string(value)}
	case string(valueType) == typeEncryptedKeySHA1:
		ref = KeyRef{Kind: KeyEncrypted, ID: string(value)}
		for c := range p.secOf(e).Children {
			if !c.Is(xmltree.XENC, "EncryptedKey") {
				continue
			}
			if own, err := p.encryptedKeyRef(c); err == nil && own == ref {
				return source{ref: ref, encrypted: c, token: c}, nil
			}
		}
	default:
		ref = KeyRef{Kind: KeyCertificate, Certificate: string(value)}
	}
	return source{ref: ref}, nil
}

// x509Data reads a ds:X509Data inside a token reference. The standard has only
// X509IssuerSerial there; some peers send the certificate with it, and then
// that is what they mean.
func x509Data(e xmltree.Elem) (source, error) {
	if err := e.OnlyElements(); err != nil {
		return source{}, err
	}
	ref := KeyRef{Kind: KeyNamed}
	for c := range e.Children {
		var err error
		switch {
		case c.Is(xmltree.DS, "X509IssuerSerial") && ref.Serial == "":
			err = ref.readIssuerSerial(c)
		case c.Is(xmltree.DS, "X509Certificate") && ref.Certificate == "":
			var der []byte
			if der, err = c.Base64(); err == nil && len(der) == 0 {
				err = refuse(ClassFormat, c, "empty certificate")
			}
			ref.Certificate = string(der)
		default:
			err = refuse(ClassPolicy, c, "%s is not supported here", shown(c.Local()))
		}
		if err != nil {
			return source{}, err
		}
	}
	switch {
	case ref.Certificate != "":
		return source{ref: KeyRef{Kind: KeyCertificate, Certificate: ref.Certificate}}, nil
	case ref.Serial == "":
		return source{}, refuse(ClassFormat, e, "empty")
	}
	return source{ref: ref}, nil
}

func (r *KeyRef) readIssuerSerial(e xmltree.Elem) error {
	for _, f := range [...]struct {
		local string
		into  *string
	}{{"X509IssuerName", &r.IssuerName}, {"X509SerialNumber", &r.Serial}} {
		c, err := e.One(xmltree.DS, f.local)
		if err == nil {
			*f.into, err = c.Token()
		}
		if err != nil {
			return err
		}
		if *f.into == "" {
			return refuse(ClassFormat, c, "empty")
		}
	}
	// Serial numbers have at most 20 octets (RFC 5280); some issuers overdo it.
	n, ok := new(big.Int).SetString(r.Serial, 10)
	if !ok || len(r.Serial) > 100 {
		return refuse(ClassFormat, e, "serial number %s", shown(r.Serial))
	}
	r.Serial = n.String()
	return nil
}

// readBST reads an X.509 BinarySecurityToken.
func readBST(e xmltree.Elem) (KeyRef, error) {
	ref := KeyRef{Kind: KeyCertificate}
	if t, ok := e.Attr("", "EncodingType"); ok && t != encodingBase64 {
		return ref, refuse(ClassFormat, e, "encoding %s", shown(t))
	}
	der, err := e.Base64()
	if err != nil {
		return ref, err
	}
	if len(der) == 0 {
		return ref, refuse(ClassFormat, e, "empty token")
	}
	switch t, _ := e.Attr("", "ValueType"); t {
	case typeX509v3:
		ref.Certificate = string(der)
	case typePKIPath:
		var path []asn1.RawValue
		rest, err := asn1.Unmarshal(der, &path)
		if err != nil || len(rest) > 0 || len(path) == 0 {
			return ref, refuse(ClassFormat, e, "malformed certificate path")
		}
		if len(path) > maxPath {
			return ref, refuse(ClassLimit, e, "more than %d certificates", maxPath)
		}
		for _, c := range path {
			if c.Class != asn1.ClassUniversal || c.Tag != asn1.TagSequence {
				return ref, refuse(ClassFormat, e, "malformed certificate path")
			}
		}
		last := len(path) - 1
		ref.Certificate = string(path[last].FullBytes)
		for i := last - 1; i >= 0; i-- {
			ref.Chain += string(path[i].FullBytes)
		}
	default:
		return ref, refuse(ClassPolicy, e, "binary token of type %s is not supported", shown(t))
	}
	return ref, nil
}

// tokenOf finds the token that an STR-Transform is about. It goes the same way
// as the key of a signature, so that the token digested is the token used. The
// reference itself must be ours too.
func (p *Pending) tokenOf(str xmltree.Elem) (xmltree.Elem, error) {
	if !xmltree.Parent(str).Same(p.secOf(str)) && !p.inSignature(str) {
		return xmltree.Elem{}, refuse(ClassWrapping, str, "reference outside of this Security header")
	}
	s, err := p.resolve(str)
	if err != nil {
		return xmltree.Elem{}, err
	}
	if !s.token.OK() {
		return xmltree.Elem{}, refuse(ClassPolicy, str, "the token is not in the message")
	}
	return s.token, nil
}

// inSignature reports whether str is the token reference in the KeyInfo of one
// of our signatures.
func (p *Pending) inSignature(str xmltree.Elem) bool {
	ki := xmltree.Parent(str)
	if !ki.Is(xmltree.DS, "KeyInfo") {
		return false
	}
	return xmltree.Parent(ki).Is(xmltree.DS, "Signature") && xmltree.Parent(xmltree.Parent(ki)).Same(p.secOf(str))
}
