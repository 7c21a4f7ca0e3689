package webservices

import (
	"encoding/base64"
	"fmt"
	"strings"

	"wstrust"
	"wstrust/internal/xmltree"
)

// An EndpointAddress is WS_ENDPOINT_ADDRESS. Only URL is required; it is in its
// escaped form.
type EndpointAddress struct {
	URL        string           // empty is the anonymous address, to which no channel opens
	Headers    *XMLBuffer       // reference parameters, sent as headers
	Extensions *XMLBuffer       // other children of the endpoint reference; never sent as headers
	Identity   EndpointIdentity // whom to expect there; nil says nothing
}

// An EndpointIdentity is WS_ENDPOINT_IDENTITY: one of the six types below.
type EndpointIdentity interface {
	// IdentityType says which it is.
	IdentityType() EndpointIdentityType
	write() string
}

// A DNSEndpointIdentity is WS_DNS_ENDPOINT_IDENTITY: the host name that the
// server's certificate must be for, in place of the URL's.
type DNSEndpointIdentity struct {
	DNS string // host name
}

// A UPNEndpointIdentity is WS_UPN_ENDPOINT_IDENTITY.
type UPNEndpointIdentity struct {
	UPN string // user principal name
}

// An SPNEndpointIdentity is WS_SPN_ENDPOINT_IDENTITY.
type SPNEndpointIdentity struct {
	SPN string // service principal name
}

// An RSAEndpointIdentity is WS_RSA_ENDPOINT_IDENTITY. Modulus and Exponent are
// big-endian.
type RSAEndpointIdentity struct {
	Modulus, Exponent []byte
}

// A CertEndpointIdentity is WS_CERT_ENDPOINT_IDENTITY.
type CertEndpointIdentity struct {
	RawCertificateData []byte // DER
}

// An UnknownEndpointIdentity is WS_UNKNOWN_ENDPOINT_IDENTITY.
type UnknownEndpointIdentity struct {
	Element *XMLBuffer // the child of the Identity element
}

// identityNamespace is that of the Identity element in endpoint references.
// UNCONFIRMED: the one that other Microsoft stacks use.
const identityNamespace = "http://schemas.xmlsoap.org/ws/2006/02/addressingidentity"

// certIdentityChecksServer says that RSA and CERT identities are held against
// the certificate of a TLS server. UNCONFIRMED: the documents tell of DNS only;
// not to check would be to connect to somebody whom the address excludes.
const certIdentityChecksServer = true

// maxAddress bounds an address in octets, as WsOpenChannel does.
const maxAddress = 65536

// IdentityType implements [EndpointIdentity].
func (DNSEndpointIdentity) IdentityType() EndpointIdentityType { return WS_ENDPOINT_IDENTITY_TYPE_DNS }

// IdentityType implements [EndpointIdentity].
func (UPNEndpointIdentity) IdentityType() EndpointIdentityType { return WS_ENDPOINT_IDENTITY_TYPE_UPN }

// IdentityType implements [EndpointIdentity].
func (SPNEndpointIdentity) IdentityType() EndpointIdentityType { return WS_ENDPOINT_IDENTITY_TYPE_SPN }

// IdentityType implements [EndpointIdentity].
func (RSAEndpointIdentity) IdentityType() EndpointIdentityType { return WS_ENDPOINT_IDENTITY_TYPE_RSA }

// IdentityType implements [EndpointIdentity].
func (CertEndpointIdentity) IdentityType() EndpointIdentityType {
	return WS_ENDPOINT_IDENTITY_TYPE_CERT
}

// IdentityType implements [EndpointIdentity].
func (UnknownEndpointIdentity) IdentityType() EndpointIdentityType {
	return WS_ENDPOINT_IDENTITY_TYPE_UNKNOWN
}

func (i DNSEndpointIdentity) write() string { return tagged("Dns", i.DNS) }
func (i UPNEndpointIdentity) write() string { return tagged("Upn", i.UPN) }
func (i SPNEndpointIdentity) write() string { return tagged("Spn", i.SPN) }

func (i RSAEndpointIdentity) write() string {
	b64 := base64.StdEncoding.EncodeToString
	return `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `"><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>` + b64(i.Modulus) +
		`</ds:Modulus><ds:Exponent>` + b64(i.Exponent) + `</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>`
}

func (i CertEndpointIdentity) write() string {
	return `<ds:KeyInfo xmlns:ds="` + xmltree.DS + `"><ds:X509Data><ds:X509Certificate>` +
		base64.StdEncoding.EncodeToString(i.RawCertificateData) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
}

func (i UnknownEndpointIdentity) write() string { return i.Element.XML }

func tagged(name, text string) string {
	return "<" + name + ` xmlns="` + identityNamespace + `">` + escape(text) + "</" + name + ">"
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#xD;").Replace(s)
}

// check reports what is wrong with an address that is going to be written.
func (a *EndpointAddress) check() error {
	if a.size() > maxAddress {
		return fmt.Errorf("the address has more than %d octets", maxAddress)
	}
	if !xmltree.ValidText(a.URL) {
		return fmt.Errorf("the URL has characters that XML cannot carry")
	}
	if _, err := a.Headers.elements(); err != nil {
		return fmt.Errorf("headers of the address: %w", err)
	}
	if _, err := a.Extensions.elements(); err != nil {
		return fmt.Errorf("extensions of the address: %w", err)
	}
	if i, ok := a.Identity.(UnknownEndpointIdentity); ok {
		if _, err := i.Element.one(); err != nil {
			return fmt.Errorf("identity of the address: %w", err)
		}
	}
	return nil
}

func (a *EndpointAddress) size() int {
	n := len(a.URL)
	for _, b := range []*XMLBuffer{a.Headers, a.Extensions} {
		if b != nil {
			n += len(b.XML)
		}
	}
	return n
}

// plain reports whether the address is a URL and nothing else.
func (a *EndpointAddress) plain() bool {
	return a.Headers == nil && a.Extensions == nil && a.Identity == nil
}

// reference writes the address as an EndpointReference: the address, then the
// reference parameters, the other children, and the identity. In the version
// of 2004, ReferenceProperties, which are an extension, come before the
// parameters.
func (a *EndpointAddress) reference(v AddressingVersion) (wstrust.XML, error) {
	if err := a.check(); err != nil {
		return "", err
	}
	ns := addressingNamespace(v)
	extensions, _ := a.Extensions.elements() // checked above
	var b strings.Builder
	b.WriteString(`<a:EndpointReference xmlns:a="` + ns + `"><a:Address>` + escape(a.URL) + `</a:Address>`)
	if v == WS_ADDRESSING_VERSION_0_9 {
		for len(extensions) > 0 && isElement(extensions[0], ns, "ReferenceProperties") {
			b.WriteString(string(extensions[0]))
			extensions = extensions[1:]
		}
	}
	if a.Headers != nil {
		b.WriteString("<a:ReferenceParameters>" + a.Headers.XML + "</a:ReferenceParameters>")
	}
	for _, x := range extensions {
		if isElement(x, ns, "Address") || isElement(x, ns, "ReferenceParameters") || isElement(x, identityNamespace, "Identity") {
			return "", fmt.Errorf("extensions of the address repeat what has a field of its own")
		}
		b.WriteString(string(x))
	}
	if a.Identity != nil {
		b.WriteString(`<i:Identity xmlns:i="` + identityNamespace + `">` + a.Identity.write() + "</i:Identity>")
	}
	b.WriteString("</a:EndpointReference>")
	return wstrust.XML(b.String()), nil
}

// addressingNamespace is that of endpoint references. Without addressing
// headers it is that of 1.0.
func addressingNamespace(v AddressingVersion) string {
	if v == WS_ADDRESSING_VERSION_0_9 {
		return xmltree.WSA04
	}
	return xmltree.WSA10
}

func isElement(x wstrust.XML, space, local string) bool {
	d, err := xmltree.Parse([]byte(x), xmltree.Limits{Bytes: len(x) + 1})
	return err == nil && d.Root().Is(space, local)
}

// ReadEndpointAddressExtension is WsReadEndpointAddressExtension without its
// reader: it looks in the extensions of address for the address of the
// endpoint's metadata and stores it. The first that is there wins. Errors are
// E_INVALIDARG, and WS_E_INVALID_FORMAT if there is none or it cannot be read;
// with WS_READ_OPTIONAL_POINTER, nil is stored if there is none.
func ReadEndpointAddressExtension(address *EndpointAddress, t EndpointAddressExtensionType, option ReadOption, value **EndpointAddress, e *Error) HRESULT {
	if address == nil || value == nil || t != WS_ENDPOINT_ADDRESS_EXTENSION_TYPE_METADATA_ADDRESS ||
		option < WS_READ_REQUIRED_VALUE || option > WS_READ_OPTIONAL_POINTER {
		return e.fail(E_INVALIDARG, "ReadEndpointAddressExtension: an argument is wrong")
	}
	all, err := address.Extensions.elements()
	if err != nil {
		return e.because(WS_E_INVALID_FORMAT, err)
	}
	const mex = "http://schemas.xmlsoap.org/ws/2004/09/mex"
	for _, x := range all {
		d, err := xmltree.Parse([]byte(x), xmltree.Limits{Bytes: len(x) + 1})
		if err != nil {
			return e.because(WS_E_INVALID_FORMAT, err)
		}
		at := d.Root()
		if !at.Is(xmltree.WSA10, "Metadata") {
			continue
		}
		for _, name := range []string{"Metadata", "MetadataSection", "MetadataReference"} {
			at = at.First(mex, name)
		}
		if url := said(at.First(xmltree.WSA10, "Address")); url != "" {
			*value = &EndpointAddress{URL: url}
			return S_OK
		}
	}
	if option != WS_READ_OPTIONAL_POINTER {
		return e.fail(WS_E_INVALID_FORMAT, "ReadEndpointAddressExtension: the address does not say where its metadata is")
	}
	*value = nil
	return S_OK
}
