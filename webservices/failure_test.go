package webservices

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"wstrust"
	"wstrust/wstrusttest"
)

// A failure is a peer that goes wrong, and what comes of it.
type failure struct {
	name string
	want HRESULT
	url  string // instead of a fake
	// answer is the fake's.
	answer func(w http.ResponseWriter, r *http.Request, m rst)
	sd     *SecurityDescription
	props  []ChannelProperty
}

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
func closedPort(t *testing.T, scheme string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return scheme + "://" + l.Addr().String() + "/"
}

func timeout(id ChannelPropertyID, ms uint32) ChannelProperty { return ChannelProperty{id, ms} }

// Every row of the tables from causes to codes, by a peer that really fails.
func TestFailures(t *testing.T) {
	good := envelope(issued05, "{security}", rstr05(proof05))
	status := func(n int, h ...string) func(http.ResponseWriter, *http.Request, rst) {
		return func(w http.ResponseWriter, _ *http.Request, _ rst) {
			for i := 0; i+1 < len(h); i += 2 {
				w.Header().Add(h[i], h[i+1])
			}
			w.WriteHeader(n)
			fmt.Fprint(w, "an error page")
		}
	}
	stamped := func(created, expires string) func(http.ResponseWriter, *http.Request, rst) {
		return says(200, soap12, envelope(issued05, `<o:Security><u:Timestamp><u:Created>`+created+`</u:Created><u:Expires>`+expires+`</u:Expires></u:Timestamp></o:Security>`, rstr05(proof05)))
	}
	list := []failure{
		// Sockets.
		{name: "closed port", want: WS_E_ENDPOINT_NOT_FOUND, url: closedPort(t, "https")},
		{name: "no such host", want: WS_E_ENDPOINT_NOT_FOUND, url: "https://does-not-exist.invalid/"},
		{name: "reset before the answer", want: WS_E_ENDPOINT_DISCONNECTED, answer: hijack(func(c net.Conn) {
			if tc, ok := c.(*tls.Conn); ok {
				_ = tc.NetConn().(*net.TCPConn).SetLinger(0) // close sends a reset
				tc.NetConn().Close()
			}
		})},
		{name: "end before the answer", want: WS_E_ENDPOINT_DISCONNECTED, answer: hijack(func(net.Conn) {})},
		{name: "end within the answer", want: WS_E_ENDPOINT_DISCONNECTED, answer: hijack(func(c net.Conn) {
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\n<s:Envelope", soap12)
		})},
		{
			name: "slow to answer", want: WS_E_OPERATION_TIMED_OUT, props: []ChannelProperty{timeout(WS_CHANNEL_PROPERTY_RECEIVE_RESPONSE_TIMEOUT, 50)},
			answer: func(_ http.ResponseWriter, r *http.Request, _ rst) { <-r.Context().Done() },
		},
		{
			name: "slow to finish", want: WS_E_OPERATION_TIMED_OUT, props: []ChannelProperty{timeout(WS_CHANNEL_PROPERTY_RECEIVE_TIMEOUT, 50)},
			answer: func(w http.ResponseWriter, r *http.Request, _ rst) {
				w.Header().Set("Content-Type", soap12)
				fmt.Fprint(w, "<s:Envelope")
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			},
		},
		{
			name: "drips", want: WS_E_OPERATION_TIMED_OUT, props: []ChannelProperty{timeout(WS_CHANNEL_PROPERTY_RECEIVE_TIMEOUT, 80)},
			answer: func(w http.ResponseWriter, r *http.Request, _ rst) {
				w.Header().Set("Content-Type", soap12)
				for r.Context().Err() == nil {
					fmt.Fprint(w, " ")
					_ = http.NewResponseController(w).Flush()
					time.Sleep(10 * time.Millisecond)
				}
			},
		},
		{name: "no HTTP", want: WS_E_OTHER, answer: hijack(func(c net.Conn) { fmt.Fprint(c, "SSH-2.0-OpenSSH\r\n") })},

		// HTTP.
		{name: "403", want: WS_E_ENDPOINT_ACCESS_DENIED, answer: status(403)},
		{name: "404", want: WS_E_ENDPOINT_NOT_FOUND, answer: status(404)},
		{name: "410", want: WS_E_ENDPOINT_NOT_FOUND, answer: status(410)},
		{name: "408", want: WS_E_ENDPOINT_FAILURE, answer: status(408)},
		{name: "413", want: WS_E_QUOTA_EXCEEDED, answer: status(413)},
		{name: "415", want: WS_E_ENDPOINT_FAILURE, answer: status(415)},
		{name: "418", want: WS_E_ENDPOINT_FAILURE, answer: status(418)},
		{name: "429", want: WS_E_ENDPOINT_TOO_BUSY, answer: status(429)},
		{name: "500 without a fault", want: WS_E_ENDPOINT_FAILURE, answer: status(500)},
		{name: "502 without a proxy", want: WS_E_ENDPOINT_FAILURE, answer: status(502)},
		{name: "503", want: WS_E_ENDPOINT_NOT_AVAILABLE, answer: status(503)},
		{name: "503 for a while", want: WS_E_ENDPOINT_TOO_BUSY, answer: status(503, "Retry-After", "10")},
		{name: "redirect", want: WS_E_INVALID_FORMAT, answer: status(302, "Location", "https://elsewhere.invalid/")},
		{name: "202", want: WS_E_INVALID_FORMAT, answer: func(w http.ResponseWriter, _ *http.Request, _ rst) { w.WriteHeader(202) }},
		{name: "HTML", want: WS_E_INVALID_FORMAT, answer: says(200, "text/html", "<html>")},
		{name: "401", want: WS_E_ENDPOINT_ACCESS_DENIED, answer: status(401)},
		{name: "401 Basic", want: WS_E_SERVER_REQUIRES_BASIC_AUTH, answer: status(401, "WWW-Authenticate", `Basic realm="x"`)},
		{name: "401 Digest", want: WS_E_SERVER_REQUIRES_DIGEST_AUTH, answer: status(401, "WWW-Authenticate", `Digest realm="x", nonce="n"`)},
		{name: "401 NTLM", want: WS_E_SERVER_REQUIRES_NTLM_AUTH, answer: status(401, "WWW-Authenticate", "NTLM")},
		{name: "401 Negotiate", want: WS_E_SERVER_REQUIRES_NEGOTIATE_AUTH, answer: status(401, "WWW-Authenticate", "Basic realm=x", "WWW-Authenticate", "Negotiate")},

		// What is in the answer.
		{name: "too large", want: WS_E_QUOTA_EXCEEDED, answer: says(200, soap12, good+strings.Repeat(" ", 65536))},
		{name: "not XML", want: WS_E_INVALID_FORMAT, answer: says(200, soap12, "hello")},
		{name: "not SOAP", want: WS_E_INVALID_FORMAT, answer: says(200, soap12, "<a/>")},
		{name: "a DOCTYPE", want: WS_E_INVALID_FORMAT, answer: says(200, soap12, "<!DOCTYPE a>"+good)},
		{name: "another message's answer", want: WS_E_INVALID_FORMAT, answer: says(200, soap12, strings.Replace(good, "{MessageID}", "urn:uuid:other", 1))},
		{name: "another action", want: WS_E_INVALID_FORMAT, answer: says(200, soap12, strings.Replace(good, issued05, "urn:other", 1))},
		{name: "another Context", want: WS_E_INVALID_FORMAT, answer: says(200, soap12, strings.Replace(good, "{Context}", "urn:uuid:other", 1))},
		{name: "no token", want: WS_E_INVALID_FORMAT, answer: says(200, soap12, strings.Replace(good, "RequestedSecurityToken>", "Nothing>", 2))},
		{name: "two answers", want: WS_E_INVALID_FORMAT, answer: says(200, soap12, envelope(issued05, "{security}", rstr05(proof05)+rstr05(proof05)))},
		{name: "a collection in 2005", want: WS_E_INVALID_FORMAT, answer: says(200, soap12, envelope(issued05, "{security}", `<t:RequestSecurityTokenResponseCollection xmlns:t="{wst05}">`+rstr05(proof05)+`</t:RequestSecurityTokenResponseCollection>`))},
		{name: "the request", want: WS_E_INVALID_FORMAT, answer: func(w http.ResponseWriter, r *http.Request, m rst) { says(200, soap12, m.raw)(w, r, m) }},
		{name: "a key of another type", want: WS_E_INVALID_FORMAT, answer: issues(`<t:KeyType xmlns:t="{wst05}">{wst05}/PublicKey</t:KeyType>`)},
		{name: "an issued token that is over", want: WS_E_SECURITY_TOKEN_EXPIRED, answer: issues(proof05 + `<t:Lifetime><u:Created xmlns:u="{wsu}">{-1h}</u:Created><u:Expires xmlns:u="{wsu}">{-55m}</u:Expires></t:Lifetime>`)},
		{name: "no Security header", want: WS_E_SECURITY_VERIFICATION_FAILURE, answer: says(200, soap12, envelope(issued05, "", rstr05(proof05)))},
		{name: "no Timestamp", want: WS_E_SECURITY_VERIFICATION_FAILURE, answer: says(200, soap12, envelope(issued05, "<o:Security/>", rstr05(proof05)))},
		{name: "an old Timestamp", want: WS_E_SECURITY_VERIFICATION_FAILURE, answer: stamped("{-1h}", "{-55m}")},
		{name: "a Timestamp of the future", want: WS_E_SECURITY_VERIFICATION_FAILURE, answer: stamped("{1h}", "2099-01-01T00:00:00Z")},

		// Faults.
		{name: "wst:InvalidRequest", want: WS_E_ENDPOINT_FAULT_RECEIVED, answer: says(500, soap12, envelope("urn:f", "{security}", fault("{wst05}", "InvalidRequest")))},
		{name: "wsc:BadContextToken", want: WS_E_ENDPOINT_FAULT_RECEIVED, answer: says(500, soap12, envelope("urn:f", "{security}", fault("{wsc05}", "BadContextToken")))},
		{name: "a known name in a strange namespace", want: WS_E_ENDPOINT_FAULT_RECEIVED, answer: says(500, soap12, envelope("urn:f", "{security}", fault("urn:x", "FailedAuthentication")))},
		{name: "a fault with status 400", want: WS_E_ENDPOINT_FAULT_RECEIVED, answer: says(400, soap12, envelope("urn:f", "{security}", fault("urn:x", "y")))},
		{name: "a fault of SOAP 1.1", want: WS_E_ENDPOINT_ACCESS_DENIED, answer: says(500, "text/xml", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode xmlns:o="{wsse}">o:FailedAuthentication</faultcode><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>`)},
		{name: "an unsecured fault that is not recognised", want: WS_E_SECURITY_VERIFICATION_FAILURE, answer: says(500, soap12, envelope("urn:f", "", fault("{wst05}", "InvalidRequest")))},
		{name: "an unsecured fault that is recognised", want: WS_E_ENDPOINT_ACCESS_DENIED, answer: says(500, soap12, envelope("urn:f", "", fault("{wsse}", "FailedAuthentication")))},
		{name: "an unsecured fault, allowed", want: WS_E_ENDPOINT_FAULT_RECEIVED, props: []ChannelProperty{{WS_CHANNEL_PROPERTY_ALLOW_UNSECURED_FAULTS, true}}, answer: says(500, soap12, envelope("urn:f", "", fault("{wst05}", "InvalidRequest")))},
		{name: "a recognised fault, and faults are no errors", want: WS_E_ENDPOINT_FAULT_RECEIVED, props: []ChannelProperty{{WS_CHANNEL_PROPERTY_FAULTS_AS_ERRORS, false}}, answer: says(500, soap12, envelope("urn:f", "{security}", fault("{wsse}", "FailedAuthentication")))},
		{name: "the same, unsecured", want: WS_E_SECURITY_VERIFICATION_FAILURE, props: []ChannelProperty{{WS_CHANNEL_PROPERTY_FAULTS_AS_ERRORS, false}}, answer: says(500, soap12, envelope("urn:f", "", fault("{wsse}", "FailedAuthentication")))},
	}
	for _, row := range faultCodes {
		spaces := row.spaces
		if spaces == nil {
			spaces = []string{"urn:any"}
		}
		for _, s := range spaces {
			list = append(list, failure{name: s + " " + row.local, want: row.code, answer: says(500, soap12, envelope("urn:f", "{security}", fault(s, row.local)))})
		}
	}
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) { check(t, c) })
	}
}

// check runs one failure: the code, the error, the token variable, the state.
func check(t *testing.T, c failure) {
	t.Helper()
	url, props := c.url, c.props
	if c.answer != nil {
		f := newFake(t, c.answer)
		url, props = f.URL, append(props, f.root())
	}
	sd := c.sd
	if sd == nil {
		sd = alice()
	}
	ch := open(t, url, sd, props...)
	before := &SecurityToken{}
	token := before
	var e Error
	hr := RequestSecurityToken(ch, nil, &token, nil, &e)
	if hr != c.want {
		t.Errorf("%v, want %v: %v", hr, c.want, e.Error())
	}
	if token != before {
		t.Error("the token variable was written")
	}
	if !errors.Is(&e, hr) {
		t.Errorf("errors.Is does not find %v", hr)
	}
	var n uint32
	if GetErrorProperty(&e, WS_ERROR_PROPERTY_STRING_COUNT, &n); n == 0 {
		t.Error("no text")
	}
	if strings.Contains(e.Error(), wstrusttest.Password+`"`) || strings.Contains(e.Error(), key256) {
		t.Error("a secret is in the error")
	}
	if s := state(t, ch); s != WS_CHANNEL_STATE_OPEN {
		t.Errorf("state %s", stateNames[s])
	}
	// Whatever it was, another call may be tried.
	if hr := RequestSecurityToken(ch, nil, &token, nil, nil); hr == S_OK || hr == WS_E_INVALID_OPERATION {
		t.Errorf("the second call: %v", hr)
	}
}

// Failures of TLS. Each server has a certificate with something wrong.
func TestTLSFailures(t *testing.T) {
	ca, stranger := newTestCA(t), newTestCA(t)
	past := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	}
	wrongHost := func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"other.example"}, nil }
	wrongUse := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }
	const (
		cn, date, root, use, offline = WS_CERT_FAILURE_CN_MISMATCH, WS_CERT_FAILURE_INVALID_DATE, WS_CERT_FAILURE_UNTRUSTED_ROOT,
			WS_CERT_FAILURE_WRONG_USAGE, WS_CERT_FAILURE_REVOCATION_OFFLINE
		idIgnore = WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE
	)
	answer := issues(proof05)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (&fake{answer: answer}).ServeHTTP(w, r) })
	for _, c := range []struct {
		name   string
		by     *testCA
		change func(*x509.Certificate)
		props  []SecurityBindingProperty
		want   HRESULT
	}{
		{"good", ca, nil, nil, S_OK},
		{"another host", ca, wrongHost, nil, CERT_E_CN_NO_MATCH},
		{"another host, ignored", ca, wrongHost, []SecurityBindingProperty{{idIgnore, cn | offline}}, S_OK},
		{"expired", ca, past, nil, CERT_E_EXPIRED},
		{"expired, ignored", ca, past, []SecurityBindingProperty{{idIgnore, date | offline}}, S_OK},
		{"untrusted", stranger, nil, nil, CERT_E_UNTRUSTEDROOT},
		{"untrusted, ignored", stranger, nil, []SecurityBindingProperty{{idIgnore, root | offline}}, S_OK},
		{"wrong usage", ca, wrongUse, nil, CERT_E_WRONG_USAGE},
		{"wrong usage, ignored", ca, wrongUse, []SecurityBindingProperty{{idIgnore, use | offline}}, S_OK},
		// Ignoring one failure does not ignore another.
		{"untrusted, and the host is ignored", stranger, wrongHost, []SecurityBindingProperty{{idIgnore, cn | offline}}, CERT_E_UNTRUSTEDROOT},
		{"another host, and the root is ignored", stranger, wrongHost, []SecurityBindingProperty{{idIgnore, root | offline}}, CERT_E_CN_NO_MATCH},
		{"expired, and the root is ignored", stranger, past, []SecurityBindingProperty{{idIgnore, root | offline}}, CERT_E_EXPIRED},
		{"wrong usage, and the date is ignored", ca, wrongUse, []SecurityBindingProperty{{idIgnore, date | offline}}, CERT_E_WRONG_USAGE},
		// Revocation is not looked up here, and that is not hidden.
		{"revocation must be looked up", ca, nil, []SecurityBindingProperty{{idIgnore, CertFailure(0)}}, CRYPT_E_REVOCATION_OFFLINE},
		{"revocation need not be looked up", ca, nil, []SecurityBindingProperty{{idIgnore, CertFailure(0)}, {WS_SECURITY_BINDING_PROPERTY_DISABLE_CERT_REVOCATION_CHECK, true}}, S_OK},
		{"the callback refuses", ca, nil, []SecurityBindingProperty{{
			WS_SECURITY_BINDING_PROPERTY_CERTIFICATE_VALIDATION_CALLBACK_CONTEXT,
			&CertificateValidationCallbackContext{Callback: func([]byte, any) HRESULT { return 0x80004005 }},
		}}, 0x80004005},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := serverTLS(t, c.by.issue(t, c.change), handler)
			sd := alice()
			sd.SecurityBindings[0] = &SslTransport{Properties: c.props}
			ch := open(t, srv.URL, sd, roots(ca.cert))
			var token *SecurityToken
			var e Error
			if hr := RequestSecurityToken(ch, nil, &token, nil, &e); hr != c.want {
				t.Errorf("%v, want %v: %v", hr, c.want, e.Error())
			}
		})
	}
}

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
