package wsse

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// shape is an element as its names, attributes, and what is in it; random ids are X.
func shape(e xmltree.Elem) string {
	var attrs, inside []string
	for a := range e.Attrs {
		value, _ := e.Attr(a.Space, a.Local)
		attrs = append(attrs, " "+a.Local+"="+value)
	}
	slices.Sort(attrs)
	for c := range e.Children {
		inside = append(inside, shape(c))
	}
	if inside == nil {
		text, _ := e.Token()
		inside = []string{text}
	}
	return ids.ReplaceAllString("<"+e.Local()+strings.Join(attrs, "")+">"+strings.Join(inside, "")+"</>", "X")
}

var ids = regexp.MustCompile(`\b[a-z]+[0-9]*-[0-9a-f]{16}\b`)

// keyInfoOf is how the signature of a message names its key.
func keyInfoOf(t testing.TB, o Options) string {
	t.Helper()
	sig := security(t, protect(t, o)).First(xmltree.DS, "Signature")
	return strings.TrimSuffix(strings.TrimPrefix(shape(sig.First(xmltree.DS, "KeyInfo")), "<KeyInfo>"), "</>")
}

func inReference(attrs, inside string) string {
	return "<SecurityTokenReference" + attrs + ">" + inside + "</>"
}

func inBase64(valueType string, octets []byte) string {
	return inReference("", "<KeyIdentifier EncodingType="+encodingBase64+" ValueType="+valueType+">"+base64.StdEncoding.EncodeToString(octets)+"</>")
}

// A signature names the certificate of its key in the form that is asked for, and in
// no other.
func TestFormsOfCertificates(t *testing.T) {
	cert := client().cert
	in64 := base64.StdEncoding.EncodeToString
	chain := []*x509.Certificate{cert, issuer().cert, mallory().cert}
	path, err := asn1.Marshal([]asn1.RawValue{{FullBytes: mallory().cert.Raw}, {FullBytes: issuer().cert.Raw}, {FullBytes: cert.Raw}})
	if err != nil {
		t.Fatal(err)
	}
	direct := func(valueType string) string { return "<Reference URI=#X ValueType=" + valueType + "></>" }
	token := func(id, valueType string, octets []byte) string {
		return "<BinarySecurityToken EncodingType=" + encodingBase64 + id + " ValueType=" + valueType + ">" + in64(octets) + "</>"
	}
	data := func(certs ...*x509.Certificate) string {
		s := "<X509Data>"
		for _, c := range certs {
			s += "<X509Certificate>" + in64(c.Raw) + "</>"
		}
		return s + "</>"
	}
	serial := "<X509Data><X509IssuerSerial><X509IssuerName>" + cert.Issuer.String() + "</><X509SerialNumber>" + cert.SerialNumber.String() + "</></></>"
	point, err := cert.PublicKey.(interface{ Bytes() ([]byte, error) }).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	value := "<KeyValue><ECKeyValue><NamedCurve URI=urn:oid:1.2.840.10045.3.1.7></><PublicKey>" + in64(point) + "</></></>"
	none, v3, whole := "", token(" Id=X", typeX509v3, cert.Raw), token(" Id=X", typePKIPath, path)
	for _, c := range []struct {
		ref    Reference
		chain  bool
		form   string
		header string // the token in the header
	}{
		{RefDirect, false, inReference("", direct(typeX509v3)), v3},
		{RefDirect, true, inReference(" TokenType="+typePKIPath, direct(typePKIPath)), whole},
		{RefSKI, false, inBase64(typeSKI, cert.SubjectKeyId), none},
		{RefSKI, true, inBase64(typeSKI, cert.SubjectKeyId), none},
		{RefThumbprint, false, inBase64(typeThumbprint, thumbprint(cert)), none},
		{RefX509v3, false, inBase64(typeX509v3, cert.Raw), none},
		{RefIssuerSerial, false, inReference("", serial), none},
		{RefEmbedded, false, inReference("", "<Embedded>"+token("", typeX509v3, cert.Raw)+"</>"), none},
		{RefEmbedded, true, inReference("", "<Embedded>"+token("", typePKIPath, path)+"</>"), none},
		{RefKeyName, false, "<KeyName>" + cert.Subject.String() + "</>", none},
		{RefKeyValue, false, value, none},
		{RefX509Data, false, data(cert), none},
		{RefX509Data, true, data(chain...), none},
	} {
		token := X509{Certificates: chain, Key: client().key, Reference: c.ref, Chain: c.chain}
		for _, v := range []Version{V11, V10} {
			if v == V10 && c.ref == RefThumbprint {
				continue
			}
			want := c.form
			if v == V10 {
				want = strings.Replace(want, " TokenType="+typePKIPath, "", 1)
			}
			o := Options{Tokens: []Token{token}, Version: v}
			if got := keyInfoOf(t, o); got != want {
				t.Errorf("reference %d, chain %v, version %d:\n%s\nwant\n%s", c.ref, c.chain, v, got, want)
			}
			got := ""
			if bst := security(t, protect(t, o)).First(xmltree.WSSE, "BinarySecurityToken"); bst.OK() {
				got = shape(bst)
			}
			if got != c.header {
				t.Errorf("reference %d, chain %v: the header has %s\nwant\n%s", c.ref, c.chain, got, c.header)
			}
		}
	}
}

// A signature names an issued token as its kind demands: an assertion by its
// identifier, a context in another message by its own, anything else by the id of the
// element, with the value type that the token has or none.
func TestFormsOfIssuedTokens(t *testing.T) {
	assertion := func(v saml.Version) string { return string(build(t, v, issuer(), sealed(t, secret(t)))) }
	v20, v11 := assertion(saml.V20), assertion(saml.V11)
	named := func(xml, valueType string) string {
		return "<KeyIdentifier ValueType=" + valueType + ">" + tokenID(parsed(t, xml)) + "</>"
	}
	token := func(space, local, attrs, inside string) string {
		return `<x:` + local + ` xmlns:x="` + space + `" xmlns:u="` + xmltree.WSU + `"` + attrs + `>` + inside + `</x:` + local + `>`
	}
	context := func(space, attrs, inside string) string {
		return token(space, "SecurityContextToken", attrs, "<x:Identifier>urn:ctx</x:Identifier>"+inside)
	}
	const id, typed = ` u:Id="mine"`, ` ValueType="urn:type"`
	mine := "<Reference URI=#mine></>"
	for name, c := range map[string]struct{ xml, tokenType, form string }{
		"an assertion":                {v20, tokenSAML20, named(v20, typeSAML20ID)},
		"an assertion of version 1.1": {v11, tokenSAML11, named(v11, typeSAML11ID)},
		"a context":                   {context(xmltree.SC13, "", ""), "", "<Reference URI=urn:ctx ValueType=" + typeSCT13 + "></>"},
		"a context of 2005":           {context(xmltree.SC2005, "", ""), "", "<Reference URI=urn:ctx ValueType=" + typeSCT2005 + "></>"},
		"an instance":                 {context(xmltree.SC13, "", "<x:Instance>i</x:Instance>"), "", "<Reference Instance=i URI=urn:ctx ValueType=" + typeSCT13 + "></>"},
		"a context with an id":        {context(xmltree.SC13, id, ""), "", "<Reference URI=#mine ValueType=" + typeSCT13 + "></>"},
		"one of 2005 with an id":      {context(xmltree.SC2005, id, ""), "", "<Reference URI=#mine ValueType=" + typeSCT2005 + "></>"},
		"a context of another sort":   {context("urn:x", id, ""), "", mine},
		"another token of the sort":   {token(xmltree.SC13, "Token", id, ""), "", mine},
		"a binary token":              {token(xmltree.WSSE, "BinarySecurityToken", id+typed, "AA=="), "", "<Reference URI=#mine ValueType=urn:type></>"},
		"a binary token of no type":   {token(xmltree.WSSE, "BinarySecurityToken", id, "AA=="), "", mine},
		"another token with a type":   {token(xmltree.WSSE, "Token", id+typed, ""), "", mine},
		"a binary token elsewhere":    {token("urn:x", "BinarySecurityToken", id+typed, ""), "", mine},
		"an assertion elsewhere":      {token("urn:x", "Assertion", id+` ID="other" AssertionID="other"`, ""), "", mine},
	} {
		for _, v := range []Version{V11, V10} {
			attrs := ""
			if v == V11 && c.tokenType != "" {
				attrs = " TokenType=" + c.tokenType
			}
			issued := Issued{XML: []byte(c.xml), Key: secret(t)}
			want := inReference(attrs, c.form)
			if got := keyInfoOf(t, Options{Tokens: []Token{issued}, Version: v}); got != want {
				t.Errorf("%s, version %d:\n%s\nwant\n%s", name, v, got, want)
			}
			issued.Embedded = true
			want = inReference(attrs, "<Embedded>"+shape(parsed(t, c.xml))+"</>")
			if got := keyInfoOf(t, Options{Tokens: []Token{issued}, Version: v}); got != want {
				t.Errorf("%s, embedded, version %d:\n%s\nwant\n%s", name, v, got, want)
			}
		}
	}
	if got, want := keyInfoOf(t, Options{Tokens: []Token{sharedToken(t)}}), fmt.Sprintf("<KeyName>%s</>", sharedName); got != want {
		t.Errorf("a shared key: %s", got)
	}
}

// What is encrypted names the EncryptedKey, and that the recipient's certificate in the
// form that is asked for, or in one that its version of the header has.
func TestFormsOfRecipients(t *testing.T) {
	cert := service().cert
	serial := "<SecurityTokenReference><X509Data><X509IssuerSerial><X509IssuerName>" + cert.Issuer.String() + "</><X509SerialNumber>" + cert.SerialNumber.String() + "</></></></>"
	byPrint := inBase64(typeThumbprint, thumbprint(cert))
	for _, c := range []struct {
		ref    Reference
		v      Version
		form   string
		signed bool // with the same key
	}{
		{RefDirect, V11, byPrint, false},
		{RefDirect, V11, byPrint, true},
		{RefDirect, V10, serial, false},
		{RefDirect, V10, serial, true},
		{RefThumbprint, V11, byPrint, false},
		{RefIssuerSerial, V11, serial, false},
		{RefSKI, V11, inBase64(typeSKI, cert.SubjectKeyId), true},
		{RefSKI, V10, inBase64(typeSKI, cert.SubjectKeyId), false},
		{RefX509v3, V10, inBase64(typeX509v3, cert.Raw), false},
	} {
		p := &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Recipient: cert, RecipientReference: c.ref, Symmetric: c.signed}
		o := Options{Protection: p, Version: c.v, Tokens: []Token{x509Token(client(), RefIssuerSerial, 0)}}
		sec := security(t, protect(t, o))
		root := sec.Doc().Root()
		if got := shape(sec.First(xmltree.XENC, "EncryptedKey").First(xmltree.DS, "KeyInfo")); got != "<KeyInfo>"+c.form+"</>" {
			t.Errorf("reference %d, version %d:\n%s\nwant\n%s", c.ref, c.v, got, c.form)
		}
		want := "<KeyInfo>" + inReference(" TokenType="+typeEncryptedKey, "<Reference URI=#X ValueType="+typeEncryptedKey+"></>") + "</>"
		if c.v == V10 {
			want = "<KeyInfo>" + inReference("", "<Reference URI=#X></>") + "</>"
		}
		named := []xmltree.Elem{root.First(root.Space(), "Body").First(xmltree.XENC, "EncryptedData").First(xmltree.DS, "KeyInfo")}
		if c.signed {
			named = append(named, sec.First(xmltree.DS, "Signature").First(xmltree.DS, "KeyInfo"))
		}
		for _, ki := range named {
			if got := shape(ki); got != want {
				t.Errorf("reference %d, version %d: the key is named\n%s\nwant\n%s", c.ref, c.v, got, want)
			}
		}
	}
}
