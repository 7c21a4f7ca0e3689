package wsse

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// planX509 checks an X.509 token and writes the KeyInfo of its signature.
func (w *writer) planX509(s *signer, t X509) error {
	none := xmltree.Elem{}
	if len(t.Certificates) == 0 || slices.Contains(t.Certificates, nil) || !t.Key.IsPrivate() {
		return refuse(ClassPolicy, none, "an X.509 token needs a certificate and its private key")
	}
	if t.Chain && len(t.Certificates) > maxPath {
		return refuse(ClassLimit, none, "a path of %d certificates, and readers take %d", len(t.Certificates), maxPath)
	}
	cert := t.Certificates[0]
	pub, err := alg.CertificateKey(cert)
	if err != nil {
		return because(err, none, "X.509 token")
	}
	if !pub.Equal(t.Key) {
		return refuse(ClassAlgorithm, none, "the private key is not that of the certificate")
	}
	s.key, s.parts = t.Key, t.Parts
	switch {
	case t.Reference == RefDirect:
		s.id = w.id("x509", s.token)
		if t.STRTransform && w.signsToken(t.Parts) {
			s.str = w.id("str", s.token)
		}
	case t.STRTransform:
		return refuse(ClassPolicy, none, "only a token in the header can be signed through an STR-Transform")
	}
	s.keyInfo, err = w.certificateInfo(t, s.id)
	return err
}

// certificateInfo writes the KeyInfo that names a certificate in the way that t
// has it. Id is that of the token, for RefDirect.
func (w *writer) certificateInfo(t X509, id string) ([]byte, error) {
	none := xmltree.Elem{}
	cert := t.Certificates[0]
	switch t.Reference {
	case RefX509Data:
		certs := t.Certificates[:1]
		if t.Chain {
			certs = t.Certificates
		}
		return xmldsig.X509KeyInfo(certs...), nil
	case RefKeyValue:
		return xmldsig.KeyValue(cert.PublicKey)
	case RefSKI:
		if len(cert.SubjectKeyId) == 0 {
			return nil, refuse(ClassPolicy, none, "the certificate has no subject key identifier")
		}
	case RefThumbprint:
		if w.o.Version == V10 {
			return nil, refuse(ClassPolicy, none, "a thumbprint reference needs a header of version 1.1")
		}
	}
	var b xmltree.Builder
	b.Start(xmltree.DS, "KeyInfo")
	if t.Reference == RefKeyName {
		b.Elem(xmltree.DS, "KeyName", cert.Subject.String())
		b.End()
		return b.Bytes(), nil
	}
	if t.Reference == RefDirect {
		w.writeDirectReference(&b, t, id, "")
		b.End()
		return b.Bytes(), nil
	}
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	switch t.Reference {
	case RefSKI:
		writeKeyIdentifier(&b, typeSKI, cert.SubjectKeyId)
	case RefThumbprint:
		writeKeyIdentifier(&b, typeThumbprint, thumbprint(cert))
	case RefX509v3:
		writeKeyIdentifier(&b, typeX509v3, cert.Raw)
	case RefIssuerSerial:
		b.Start(xmltree.DS, "X509Data")
		b.Start(xmltree.DS, "X509IssuerSerial")
		b.Elem(xmltree.DS, "X509IssuerName", cert.Issuer.String())
		b.Elem(xmltree.DS, "X509SerialNumber", cert.SerialNumber.String())
		b.End()
		b.End()
	case RefEmbedded:
		b.Start(xmltree.WSSE, "Embedded")
		writeBST(&b, t, "")
		b.End()
	default:
		return nil, refuse(ClassPolicy, none, "unknown kind of reference %d", t.Reference)
	}
	b.End()
	b.End()
	return b.Bytes(), nil
}

// writeDirectReference writes the SecurityTokenReference to a certificate's token in
// the header; str is its own id, or "".
func (w *writer) writeDirectReference(b *xmltree.Builder, t X509, id, str string) {
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	if str != "" {
		b.Attr(xmltree.WSU, "Id", str)
	}
	// The Basic Security Profile 1.1 (R5215) demands the type of a path; its
	// peers check.
	if t.Chain && w.o.Version != V10 {
		b.Attr(xmltree.WSSE11, "TokenType", typePKIPath)
	}
	b.Start(xmltree.WSSE, "Reference")
	b.Attr("", "URI", "#"+id)
	b.Attr("", "ValueType", t.valueType())
	b.End()
	b.End()
}

// signsToken reports whether a token's own signature, whose Parts are given, is
// over the token.
func (w *writer) signsToken(own Parts) bool {
	if p := w.o.Protection; p != nil {
		own = p.Sign
	}
	return own&PartToken != 0
}

func certificates(c *x509.Certificate) []*x509.Certificate { return []*x509.Certificate{c} }

func writeKeyIdentifier(b *xmltree.Builder, valueType string, value []byte) {
	b.Start(xmltree.WSSE, "KeyIdentifier")
	b.Attr("", "ValueType", valueType)
	b.Attr("", "EncodingType", encodingBase64)
	b.Base64(value)
	b.End()
}

// thumbprint is the SHA-1 of a certificate. It only names it; the name comes
// from the specification, and a collision is met by refusing two matches.
func thumbprint(c *x509.Certificate) []byte {
	sum := alg.SHA1(c.Raw)
	return sum[:]
}

func (t *X509) valueType() string {
	if t.Chain {
		return typePKIPath
	}
	return typeX509v3
}

// writeBST writes a BinarySecurityToken: one certificate, or a path with the
// signer's certificate last, as X509PKIPathv1 has it.
func writeBST(b *xmltree.Builder, t X509, id string) {
	b.Start(xmltree.WSSE, "BinarySecurityToken")
	b.Attr("", "ValueType", t.valueType())
	b.Attr("", "EncodingType", encodingBase64)
	if id != "" {
		b.Attr(xmltree.WSU, "Id", id)
	}
	der := t.Certificates[0].Raw
	if t.Chain {
		path := make([]asn1.RawValue, len(t.Certificates))
		for i, c := range t.Certificates {
			path[len(path)-1-i] = asn1.RawValue{FullBytes: c.Raw}
		}
		der, _ = asn1.Marshal(path) // what is raw cannot fail
	}
	b.Base64(der)
	b.End()
}

// planIssued checks an issued token and writes the KeyInfo of its signature. It
// returns the token as it was read, zero for one that is not sent.
func (w *writer) planIssued(s *signer, t Issued) (root xmltree.Elem, err error) {
	none := xmltree.Elem{}
	if !t.Unsent {
		// A token is written as it is, so it must be one whole element.
		if err := w.token.Parse(t.XML, xmltree.Limits{}); err != nil {
			return none, because(err, none, "issued token")
		}
		root = w.token.Root()
		if from, to := root.Range(); from != 0 || to != len(t.XML) {
			return none, refuse(ClassFormat, none, "issued token: not just one element in UTF-8")
		}
	}
	if t.Key.IsZero() {
		if t.Unsent || t.Embedded {
			return none, refuse(ClassPolicy, none, "a token that signs nothing, and is not in the header: it would be nowhere")
		}
		return root, nil
	}
	if !t.Key.IsSecret() && !t.Key.IsPrivate() {
		return none, refuse(ClassAlgorithm, none, "a %v does not sign", t.Key)
	}
	s.key, s.parts = t.Key, t.Parts
	if t.Embedded {
		if !root.OK() || t.Attached != nil || t.STRTransform {
			return none, refuse(ClassPolicy, none, "an embedded token that is not sent, or that is referred to otherwise")
		}
		s.keyInfo = keyInfoWith(w.embedded(t, root))
		return root, nil
	}
	s.id = tokenID(root)
	if t.STRTransform && w.signsToken(t.Parts) {
		if t.Attached != nil {
			return none, refuse(ClassPolicy, none, "a token with a given reference cannot be signed through an STR-Transform")
		}
		s.str = w.id("str", s.token)
	}
	if t.Attached != nil {
		if err := w.reference.Parse(t.Attached, xmltree.Limits{}); err != nil {
			return none, because(err, none, "attached reference")
		}
		if !w.reference.Root().Is(xmltree.WSSE, "SecurityTokenReference") {
			return none, refuse(ClassFormat, none, "attached reference: not a SecurityTokenReference")
		}
		s.keyInfo = keyInfoWith(w.reference.Root().Standalone()) // without what may stand around it
		return root, nil
	}
	if !root.OK() {
		return none, refuse(ClassPolicy, none, "a token that is not sent needs a reference")
	}
	var b xmltree.Builder
	if err := w.writeIssuedReference(&b, root, ""); err != nil {
		return none, err
	}
	s.keyInfo = keyInfoWith(b.Bytes())
	return root, nil
}

// embedded is the SecurityTokenReference that a token stands in.
func (w *writer) embedded(t Issued, root xmltree.Elem) []byte {
	var b xmltree.Builder
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	if typ := samlType(root); typ != "" && w.o.Version != V10 {
		b.Attr(xmltree.WSSE11, "TokenType", typ)
	}
	b.Start(xmltree.WSSE, "Embedded")
	b.Raw(t.XML)
	b.End()
	b.End()
	return b.Bytes()
}

func samlType(e xmltree.Elem) string {
	switch {
	case e.Is(xmltree.SAML11, "Assertion"):
		return tokenSAML11
	case e.Is(xmltree.SAML20, "Assertion"):
		return tokenSAML20
	}
	return ""
}

// planShared writes the KeyInfo of a signature by a shared key: its name.
func (w *writer) planShared(s *signer, t Shared) error {
	none := xmltree.Elem{}
	if t.Name == "" || !xmltree.ValidText(t.Name) {
		return refuse(ClassFormat, none, "the name of a shared key is empty or has characters that XML cannot carry")
	}
	if !t.Key.IsSecret() {
		return refuse(ClassAlgorithm, none, "a %v as a shared key", t.Key)
	}
	s.key, s.parts = t.Key, t.Parts
	var b xmltree.Builder
	b.Start(xmltree.DS, "KeyInfo")
	b.Elem(xmltree.DS, "KeyName", t.Name)
	b.End()
	s.keyInfo = b.Bytes()
	w.know(sharedRef(t.Name), t.Key)
	return nil
}

func keyInfoWith(str []byte) []byte {
	var b xmltree.Builder
	b.Start(xmltree.DS, "KeyInfo")
	b.Raw(str)
	b.End()
	return b.Bytes()
}

// writeIssuedReference writes the SecurityTokenReference that a token calls
// for.
func (w *writer) writeIssuedReference(b *xmltree.Builder, root xmltree.Elem, id string) error {
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	if id != "" {
		b.Attr(xmltree.WSU, "Id", id)
	}
	name := tokenID(root)
	switch {
	case root.Is(xmltree.SAML11, "Assertion") && name != "":
		// The Basic Security Profile 1.1 (R6611) demands the type; its peers
		// check.
		if w.o.Version != V10 {
			b.Attr(xmltree.WSSE11, "TokenType", tokenSAML11)
		}
		writeNameIdentifier(b, typeSAML11ID, name)
	case root.Is(xmltree.SAML20, "Assertion") && name != "":
		if w.o.Version != V10 {
			b.Attr(xmltree.WSSE11, "TokenType", tokenSAML20)
		}
		writeNameIdentifier(b, typeSAML20ID, name)
	case name == "" && isContext(root):
		ref, err := readContext(root)
		if err != nil {
			return because(err, xmltree.Elem{}, "security context")
		}
		writeContextReference(b, ref, root.Space())
	case name != "":
		b.Start(xmltree.WSSE, "Reference")
		b.Attr("", "URI", "#"+name)
		if t := contextType(root.Space()); t != "" && root.Local() == "SecurityContextToken" {
			b.Attr("", "ValueType", t)
		} else if t, ok := root.Attr("", "ValueType"); ok && root.Is(xmltree.WSSE, "BinarySecurityToken") {
			b.Attr("", "ValueType", t)
		}
		b.End()
	default:
		return refuse(ClassPolicy, xmltree.Elem{}, "the token %s has no id, and no reference to it was given", shown(root.Local()))
	}
	b.End()
	return nil
}

// writeContextReference names a security context by its identifier.
func writeContextReference(b *xmltree.Builder, ref KeyRef, space string) {
	b.Start(xmltree.WSSE, "Reference")
	b.Attr("", "URI", ref.ID)
	b.Attr("", "ValueType", contextType(space))
	if ref.Instance != "" {
		b.Attr(space, "Instance", ref.Instance)
	}
	b.End()
}

func writeNameIdentifier(b *xmltree.Builder, valueType, value string) {
	b.Start(xmltree.WSSE, "KeyIdentifier")
	b.Attr("", "ValueType", valueType)
	b.Text(value)
	b.End()
}

// tokenID returns the id by which a token is referred to, "" if it has none.
func tokenID(e xmltree.Elem) string {
	switch {
	case e.Is(xmltree.SAML11, "Assertion"):
		id, _ := e.Attr("", "AssertionID")
		return id
	case e.Is(xmltree.SAML20, "Assertion"):
		id, _ := e.Attr("", "ID")
		return id
	}
	id, _ := e.Attr(xmltree.WSU, "Id")
	return id
}

func contextType(space string) string {
	switch space {
	case xmltree.SC2005:
		return typeSCT2005
	case xmltree.SC13:
		return typeSCT13
	}
	return ""
}
