package webservices

import (
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"wstrust"
)

// fault is a SOAP 1.2 fault with a subcode.
func fault(space, local string) string {
	return `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:q="` + space + `">q:` + local + `</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">the peer's words</s:Text></s:Reason></s:Fault>`
}

// hijack lets a fake do anything to its connection.
func hijack(do func(c net.Conn)) func(http.ResponseWriter, *http.Request, rst) {
	return func(w http.ResponseWriter, _ *http.Request, _ rst) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		do(c)
		c.Close()
	}
}

// closedPort is a URL at which nobody listens.
func closedPort(t testing.TB, scheme string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return scheme + "://" + l.Addr().String() + "/"
}

func timeout(id ChannelPropertyID, ms uint32) ChannelProperty { return ChannelProperty{id, ms} }

// The name in the certificate is compared with the DNS identity of the address
// if it has one, and RSA and CERT identities with the certificate.
func TestIdentities(t *testing.T) {
	ca := newTestCA(t)
	cert := ca.issue(t, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"sts.example"}, nil })
	other := ca.issue(t, nil)
	answer := issues(proof05)
	srv := serverTLS(t, cert, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (&fake{answer: answer}).ServeHTTP(w, r) }))
	local := serverTLS(t, other, srv.Config.Handler)
	for name, c := range map[string]struct {
		url string
		id  EndpointIdentity
		hr  HRESULT
	}{
		"none":         {srv.URL, nil, CERT_E_CN_NO_MATCH},
		"right DNS":    {srv.URL, DNSEndpointIdentity{"sts.example"}, S_OK},
		"wrong DNS":    {srv.URL, DNSEndpointIdentity{"other.example"}, CERT_E_CN_NO_MATCH},
		"DNS replaces": {local.URL, DNSEndpointIdentity{"sts.example"}, CERT_E_CN_NO_MATCH},
		"SPN":          {local.URL, SPNEndpointIdentity{"host/x"}, S_OK},
		"right CERT":   {local.URL, CertEndpointIdentity{other.Certificate[0]}, S_OK},
		"wrong CERT":   {local.URL, CertEndpointIdentity{cert.Certificate[0]}, WS_E_SECURITY_VERIFICATION_FAILURE},
		"wrong RSA":    {local.URL, RSAEndpointIdentity{[]byte{1}, []byte{1, 0, 1}}, WS_E_SECURITY_VERIFICATION_FAILURE},
	} {
		t.Run(name, func(t *testing.T) {
			ch := create(t, alice(), roots(ca.cert))
			if hr := OpenChannel(ch, &EndpointAddress{URL: c.url, Identity: c.id}, nil, nil); hr != S_OK {
				t.Fatal(hr)
			}
			var token *SecurityToken
			var e Error
			if hr := RequestSecurityToken(ch, nil, &token, nil, &e); hr != c.hr {
				t.Errorf("%v, want %v: %v", hr, c.hr, e.Error())
			}
		})
	}
}

// What the fault said is in the Error, whole, as the peer's words.
func TestFaultInError(t *testing.T) {
	f := newFake(t, says(500, soap12, strings.Replace(envelope("urn:the:action", "{security}",
		`<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value xmlns:q="urn:q">q:Outer</s:Value><s:Subcode><s:Value xmlns:p="urn:p">p:Inner</s:Value></s:Subcode></s:Subcode></s:Code>`+
			`<s:Reason><s:Text xml:lang="de">nein</s:Text><s:Text xml:lang="en">no</s:Text></s:Reason><s:Node>urn:node</s:Node><s:Role>urn:role</s:Role><s:Detail><d xmlns="urn:d">detail</d></s:Detail></s:Fault>`),
		"</s:Header>", `<h xmlns="urn:h"/></s:Header>`, 1)))
	ch := open(t, f.URL, alice(), f.root())
	var token *SecurityToken
	var e *Error
	if hr := CreateError(nil, &e); hr != S_OK {
		t.Fatal(hr)
	}
	if hr := RequestSecurityToken(ch, nil, &token, nil, e); hr != WS_E_ENDPOINT_FAULT_RECEIVED {
		t.Fatal(hr, e)
	}
	var got *Fault
	var action string
	var header *XMLBuffer
	if hr := GetFaultErrorProperty(e, WS_FAULT_ERROR_PROPERTY_FAULT, &got); hr != S_OK || got == nil {
		t.Fatal(hr)
	}
	GetFaultErrorProperty(e, WS_FAULT_ERROR_PROPERTY_ACTION, &action)
	GetFaultErrorProperty(e, WS_FAULT_ERROR_PROPERTY_HEADER, &header)
	c := got.Code
	if c.Value != (XMLQName{"Receiver", "http://www.w3.org/2003/05/soap-envelope"}) || c.SubCode.Value != (XMLQName{"Outer", "urn:q"}) || c.SubCode.SubCode.Value != (XMLQName{"Inner", "urn:p"}) || c.SubCode.SubCode.SubCode != nil {
		t.Errorf("codes %+v", c)
	}
	if len(got.Reasons) != 2 || got.Reasons[0] != (FaultReason{"nein", "de"}) || got.Node != "urn:node" || got.Actor != "urn:role" || action != "urn:the:action" {
		t.Errorf("%+v %s", got, action)
	}
	if header == nil || !strings.Contains(header.XML, "urn:h") || strings.Contains(header.XML, "Security") {
		t.Error(header)
	}
	var detail *XMLBuffer
	d := &FaultDetailDescription{Element: XMLQName{"d", "urn:d"}}
	if hr := GetFaultErrorDetail(e, d, WS_READ_REQUIRED_VALUE, &detail); hr != S_OK || !strings.Contains(detail.XML, ">detail<") {
		t.Error(hr, detail)
	}
	d.Action = "urn:another"
	if hr := GetFaultErrorDetail(e, d, WS_READ_REQUIRED_VALUE, &detail); hr != WS_E_INVALID_FORMAT {
		t.Error(hr)
	}
	if hr := GetFaultErrorDetail(e, d, WS_READ_OPTIONAL_POINTER, &detail); hr != S_OK || detail != nil {
		t.Error(hr)
	}
	if _, ok := errors.AsType[*wstrust.Fault](error(e)); !ok {
		t.Error("the core's fault is not behind the Error")
	}
	ResetError(e)
	if GetFaultErrorProperty(e, WS_FAULT_ERROR_PROPERTY_FAULT, &got); got != nil {
		t.Error("the fault is still there after ResetError")
	}
}
