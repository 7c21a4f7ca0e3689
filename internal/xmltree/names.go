package xmltree

// The namespaces of the specifications this module speaks. They stand in one
// place because the parser knows them by number and the [Builder] by prefix.
const (
	XML   = "http://www.w3.org/XML/1998/namespace"
	XMLNS = "http://www.w3.org/2000/xmlns/"
	XSI   = "http://www.w3.org/2001/XMLSchema-instance"
	XS    = "http://www.w3.org/2001/XMLSchema"

	SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
	SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
	WSA10  = "http://www.w3.org/2005/08/addressing"
	WSA04  = "http://schemas.xmlsoap.org/ws/2004/08/addressing"

	WSSE   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	WSU    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	WSSE11 = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"

	DS      = "http://www.w3.org/2000/09/xmldsig#"
	DSIG11  = "http://www.w3.org/2009/xmldsig11#"
	XENC    = "http://www.w3.org/2001/04/xmlenc#"
	XENC11  = "http://www.w3.org/2009/xmlenc11#"
	EXCC14N = "http://www.w3.org/2001/10/xml-exc-c14n#"

	Trust2005 = "http://schemas.xmlsoap.org/ws/2005/02/trust"
	Trust13   = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
	Trust14   = "http://docs.oasis-open.org/ws-sx/ws-trust/200802"
	SC2005    = "http://schemas.xmlsoap.org/ws/2005/02/sc"
	SC13      = "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512"

	SAML11  = "urn:oasis:names:tc:SAML:1.0:assertion"
	SAMLP11 = "urn:oasis:names:tc:SAML:1.0:protocol"
	SAML20  = "urn:oasis:names:tc:SAML:2.0:assertion"
	SAMLP20 = "urn:oasis:names:tc:SAML:2.0:protocol"

	WSP      = "http://schemas.xmlsoap.org/ws/2004/09/policy"
	WSP12    = "http://www.w3.org/ns/ws-policy"
	Auth     = "http://docs.oasis-open.org/wsfed/authorization/200706"
	Identity = "http://schemas.xmlsoap.org/ws/2005/05/identity"
)

// known lists the namespaces that have a number and a prefix. The number of a
// namespace is its index; 0 is "no namespace". SOAP 1.1 and 1.2, both trust
// and both SAML versions share a prefix, since no document mixes them.
var known = [...]struct{ uri, prefix string }{
	0: {"", ""},
	1: {XML, "xml"},
	2: {XMLNS, "xmlns"},
	{XSI, "xsi"},
	{XS, "xs"},
	{SOAP11, "s"},
	{SOAP12, "s"},
	{WSA10, "wsa"},
	{WSA04, "wsa"},
	{WSSE, "wsse"},
	{WSU, "wsu"},
	{WSSE11, "wsse11"},
	{DS, "ds"},
	{DSIG11, "dsig11"},
	{XENC, "xenc"},
	{XENC11, "xenc11"},
	{EXCC14N, "ec"},
	{Trust2005, "wst"},
	{Trust13, "wst"},
	{Trust14, "wst14"},
	{SC2005, "wsc"},
	{SC13, "wsc"},
	{SAML11, "saml"},
	{SAMLP11, "samlp"},
	{SAML20, "saml"},
	{SAMLP20, "samlp"},
	{WSP, "wsp"},
	{WSP12, "wsp"},
	{Auth, "auth"},
	{Identity, "wsid"},
}

// Numbers of the namespaces that the parser itself must recognise.
const (
	spaceNone  = 0
	spaceXML   = 1
	spaceXMLNS = 2
)

// knownNumber finds a known namespace by its octets, without allocating.
func knownNumber(uri []byte) (int32, bool) {
	for i := 1; i < len(known); i++ {
		if u := known[i].uri; len(u) == len(uri) && u == string(uri) {
			return int32(i), true
		}
	}
	return 0, false
}

// prefixOf returns the prefix that the builder writes for a namespace, or ""
// when the table has none.
func prefixOf(uri string) string {
	for i := 1; i < len(known); i++ {
		if known[i].uri == uri {
			return known[i].prefix
		}
	}
	return ""
}
