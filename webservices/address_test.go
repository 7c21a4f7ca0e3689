package webservices

import (
	"strings"
	"testing"
)

func TestReferences(t *testing.T) {
	const wsa04, wsa10 = "http://schemas.xmlsoap.org/ws/2004/08/addressing", "http://www.w3.org/2005/08/addressing"
	props := `<a:ReferenceProperties xmlns:a="` + wsa04 + `"><p xmlns="urn:p"/></a:ReferenceProperties>`
	for name, c := range map[string]struct {
		a    EndpointAddress
		v    AddressingVersion
		want []string // in this order
	}{
		"0.9":     {EndpointAddress{URL: "https://x/", Headers: &XMLBuffer{`<h xmlns="urn:h"/>`}, Extensions: &XMLBuffer{props + `<e xmlns="urn:e"/>`}}, WS_ADDRESSING_VERSION_0_9, []string{wsa04, "<a:Address>https://x/<", "ReferenceProperties", "ReferenceParameters", "urn:h", "urn:e"}},
		"1.0":     {EndpointAddress{URL: "https://x/?a&b", Extensions: &XMLBuffer{`<e xmlns="urn:e"/>`}, Identity: UPNEndpointIdentity{"a@b"}}, WS_ADDRESSING_VERSION_1_0, []string{wsa10, "https://x/?a&amp;b", "urn:e", identityNamespace, ">a@b</Upn>"}},
		"none":    {EndpointAddress{URL: "https://x/", Identity: SPNEndpointIdentity{"host/<x>"}}, WS_ADDRESSING_VERSION_TRANSPORT, []string{wsa10, "host/&lt;x&gt;</Spn>"}},
		"RSA":     {EndpointAddress{URL: "https://x/", Identity: RSAEndpointIdentity{[]byte{1}, []byte{1, 0, 1}}}, WS_ADDRESSING_VERSION_1_0, []string{"<ds:Modulus>AQ==<", "<ds:Exponent>AQAB<"}},
		"CERT":    {EndpointAddress{URL: "https://x/", Identity: CertEndpointIdentity{[]byte{1}}}, WS_ADDRESSING_VERSION_1_0, []string{"<ds:X509Certificate>AQ==<"}},
		"unknown": {EndpointAddress{URL: "https://x/", Identity: UnknownEndpointIdentity{&XMLBuffer{`<u xmlns="urn:u"/>`}}}, WS_ADDRESSING_VERSION_1_0, []string{":Identity", "urn:u"}},
	} {
		x, err := c.a.reference(c.v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		rest := string(x)
		for _, want := range c.want {
			_, after, ok := strings.Cut(rest, want)
			if !ok {
				t.Errorf("%s: no %s, or not in its place, in %s", name, want, x)
			}
			rest = after
		}
		if _, err := (&XMLBuffer{string(x)}).one(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	types := map[EndpointIdentityType]bool{}
	for _, i := range []EndpointIdentity{DNSEndpointIdentity{}, UPNEndpointIdentity{}, SPNEndpointIdentity{}, RSAEndpointIdentity{}, CertEndpointIdentity{}, UnknownEndpointIdentity{}} {
		types[i.IdentityType()] = true
	}
	if len(types) != 6 {
		t.Error(types)
	}
}

func TestReadEndpointAddressExtension(t *testing.T) {
	meta := func(url string) string {
		return `<a:Metadata xmlns:a="http://www.w3.org/2005/08/addressing"><wsx:Metadata xmlns:wsx="http://schemas.xmlsoap.org/ws/2004/09/mex"><wsx:MetadataSection><wsx:MetadataReference><a:Address>` + url + `</a:Address></wsx:MetadataReference></wsx:MetadataSection></wsx:Metadata></a:Metadata>`
	}
	const metadata, required, optional = WS_ENDPOINT_ADDRESS_EXTENSION_TYPE_METADATA_ADDRESS, WS_READ_REQUIRED_POINTER, WS_READ_OPTIONAL_POINTER
	for name, c := range map[string]struct {
		extensions string
		option     ReadOption
		hr         HRESULT
		url        string
	}{
		"there":          {`<e xmlns="urn:e"/>` + meta("https://m/"), required, S_OK, "https://m/"},
		"first":          {meta("https://m/1") + meta("https://m/2"), required, S_OK, "https://m/1"},
		"missing":        {`<e xmlns="urn:e"/>`, required, WS_E_INVALID_FORMAT, ""},
		"may be missing": {"", optional, S_OK, ""},
		"broken":         {"<a>", optional, WS_E_INVALID_FORMAT, ""},
		"bad option":     {meta("https://m/"), 0, E_INVALIDARG, ""},
	} {
		var got *EndpointAddress
		hr := ReadEndpointAddressExtension(&EndpointAddress{URL: "https://x/", Extensions: &XMLBuffer{c.extensions}}, metadata, c.option, &got, nil)
		if hr != c.hr || (got != nil) != (c.url != "") || got != nil && got.URL != c.url {
			t.Errorf("%s: %v, %+v", name, hr, got)
		}
	}
}

func TestErrorObjects(t *testing.T) {
	var e, other *Error
	if CreateError([]ErrorProperty{{WS_ERROR_PROPERTY_LANGID, uint16(1031)}}, &e) != S_OK || CreateError(nil, &other) != S_OK {
		t.Fatal("not created")
	}
	for _, bad := range [][]ErrorProperty{{{WS_ERROR_PROPERTY_STRING_COUNT, uint32(1)}}, {{WS_ERROR_PROPERTY_LANGID, uint16(0)}}, {{WS_ERROR_PROPERTY_LANGID, 1}}, {{WS_ERROR_PROPERTY_LANGID, uint16(1)}, {WS_ERROR_PROPERTY_LANGID, uint16(1)}}} {
		if CreateError(bad, &e) != E_INVALIDARG {
			t.Errorf("%+v was taken", bad)
		}
	}
	var lang uint16
	var n, code uint32
	if GetErrorProperty(e, WS_ERROR_PROPERTY_LANGID, &lang) != S_OK || lang != 1031 {
		t.Error(lang)
	}
	AddErrorString(e, "inner")
	AddErrorString(e, "outer")
	if SetErrorProperty(e, WS_ERROR_PROPERTY_LANGID, uint16(1)) != WS_E_INVALID_OPERATION {
		t.Error("the language of an error with texts was set")
	}
	SetErrorProperty(e, WS_ERROR_PROPERTY_ORIGINAL_ERROR_CODE, uint32(5))
	GetErrorProperty(e, WS_ERROR_PROPERTY_STRING_COUNT, &n)
	GetErrorProperty(e, WS_ERROR_PROPERTY_ORIGINAL_ERROR_CODE, &code)
	if n != 3 || code != 5 {
		t.Error(n, code)
	}
	for i, want := range []string{"outer", "inner", "original error 5"} {
		var s string
		if GetErrorString(e, uint32(i), &s) != S_OK || !strings.HasPrefix(s, want) {
			t.Errorf("%d: %q", i, s)
		}
	}
	if GetErrorString(e, 3, new(string)) != E_INVALIDARG || GetErrorString(e, 0, nil) != E_INVALIDARG {
		t.Error("a text that is not there")
	}
	SetFaultErrorProperty(e, WS_FAULT_ERROR_PROPERTY_FAULT, &Fault{})
	SetFaultErrorProperty(e, WS_FAULT_ERROR_PROPERTY_ACTION, "urn:a")
	SetFaultErrorProperty(e, WS_FAULT_ERROR_PROPERTY_HEADER, &XMLBuffer{"<h/>"})
	if SetFaultErrorProperty(e, WS_FAULT_ERROR_PROPERTY_ACTION, 1) != E_INVALIDARG {
		t.Error("an action that is no string")
	}
	if CopyError(e, other) != S_OK || len(other.strings) != 2 || other.fault == nil || other.lang() != defaultLangID {
		t.Errorf("%+v", other)
	}
	ResetError(e)
	GetErrorProperty(e, WS_ERROR_PROPERTY_STRING_COUNT, &n)
	if n != 0 || e.lang() != 1031 || len(other.strings) != 2 {
		t.Error(n, e.lang())
	}
	for name, hr := range map[string]HRESULT{
		"create": CreateError(nil, nil), "reset": ResetError(nil), "add": AddErrorString(nil, ""), "copy": CopyError(nil, e), "get": GetErrorProperty(nil, 0, &n),
		"set": SetErrorProperty(nil, 0, n), "fault": GetFaultErrorProperty(nil, 0, &n), "detail": GetFaultErrorDetail(e, nil, 0, nil),
	} {
		if hr != E_INVALIDARG {
			t.Error(name, hr)
		}
	}
	FreeError(e)
	var none *Error
	if none.fail(E_INVALIDARG, "x") != E_INVALIDARG {
		t.Error("no Error, no code")
	}
}
