package webservices_test

import (
	"crypto/x509"
	"fmt"
	"strings"
	"testing"

	ws "wstrust/webservices"
	"wstrust/wstrusttest"
)

// A federation client in C, carried over line by line: it gets a token from its
// token service with a name and a password, and calls a service with it. The
// comments are the C program; docs/wwsapi.md explains the differences.
func federationClient(sts, service string, roots *x509.CertPool) (answer string, hr ws.HRESULT) {
	// HRESULT hr; WS_ERROR* error = NULL; WS_HEAP* heap = NULL;
	// WS_CHANNEL* stsChannel = NULL; WS_CHANNEL* channel = NULL; WS_SECURITY_TOKEN* token = NULL;
	var error *ws.Error
	var heap *ws.Heap
	var stsChannel, channel *ws.Channel
	var token *ws.SecurityToken

	// Exit: if (channel) { WsCloseChannel(channel, NULL, NULL); WsFreeChannel(channel); } ...
	defer func() {
		for _, c := range []*ws.Channel{channel, stsChannel} {
			if c != nil {
				ws.CloseChannel(c, nil, nil)
				ws.FreeChannel(c)
			}
		}
		ws.FreeSecurityToken(token)
		ws.FreeHeap(heap)
		if hr.Failed() {
			var text string
			ws.GetErrorString(error, 0, &text)
			answer = text
		}
		ws.FreeError(error)
	}()

	// hr = WsCreateError(NULL, 0, &error); if (FAILED(hr)) goto Exit;
	if hr = ws.CreateError(nil, &error); hr.Failed() {
		return
	}
	// hr = WsCreateHeap(2048, 512, NULL, 0, &heap, error);
	if hr = ws.CreateHeap(&heap, error); hr.Failed() {
		return
	}

	// WS_SSL_TRANSPORT_SECURITY_BINDING ssl = {{ WS_SSL_TRANSPORT_SECURITY_BINDING_TYPE }};
	ssl := ws.SslTransport{}
	// WS_STRING_USERNAME_CREDENTIAL credential = {{ WS_STRING_USERNAME_CREDENTIAL_TYPE }, username, password};
	credential := ws.StringUsernameCredential{Username: wstrusttest.User, Password: wstrusttest.Password}
	// WS_USERNAME_MESSAGE_SECURITY_BINDING username = {{ WS_USERNAME_MESSAGE_SECURITY_BINDING_TYPE }, WS_SUPPORTING_MESSAGE_SECURITY_USAGE, &credential.credential};
	username := ws.UsernameMessage{BindingUsage: ws.WS_SUPPORTING_MESSAGE_SECURITY_USAGE, ClientCredential: &credential}
	// WS_SECURITY_BINDING* stsBindings[] = { &ssl.binding, &username.binding };
	// WS_SECURITY_DESCRIPTION stsSecurity = { stsBindings, 2 };
	stsSecurity := ws.SecurityDescription{SecurityBindings: []ws.SecurityBinding{&ssl, &username}}

	// What Windows has in its certificate store is a property here.
	properties := []ws.ChannelProperty{{ID: ws.WS_CHANNEL_PROPERTY_EX_ROOT_CERTIFICATES, Value: roots}}

	// hr = WsCreateChannel(WS_CHANNEL_TYPE_REQUEST, WS_HTTP_CHANNEL_BINDING, NULL, 0, &stsSecurity, &stsChannel, error);
	if hr = ws.CreateChannel(ws.WS_CHANNEL_TYPE_REQUEST, ws.WS_HTTP_CHANNEL_BINDING, properties, &stsSecurity, &stsChannel, error); hr.Failed() {
		return
	}
	// WS_ENDPOINT_ADDRESS stsAddress = { WS_STRING_VALUE(L"https://…") };
	// hr = WsOpenChannel(stsChannel, &stsAddress, NULL, error);
	if hr = ws.OpenChannel(stsChannel, &ws.EndpointAddress{URL: sts}, nil, error); hr.Failed() {
		return
	}

	// WS_TRUST_VERSION version = WS_TRUST_VERSION_1_3; WS_SECURITY_KEY_TYPE keyType = WS_SECURITY_KEY_TYPE_SYMMETRIC; ...
	// WS_REQUEST_SECURITY_TOKEN_PROPERTY request[] = {
	//     { WS_REQUEST_SECURITY_TOKEN_PROPERTY_APPLIES_TO, &serviceAddress, sizeof(serviceAddress) }, ... };
	serviceAddress := ws.EndpointAddress{URL: service}
	request := []ws.RequestSecurityTokenProperty{
		{ID: ws.WS_REQUEST_SECURITY_TOKEN_PROPERTY_APPLIES_TO, Value: &serviceAddress},
		{ID: ws.WS_REQUEST_SECURITY_TOKEN_PROPERTY_TRUST_VERSION, Value: ws.WS_TRUST_VERSION_1_3},
		{ID: ws.WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_TYPE, Value: ws.WS_SECURITY_KEY_TYPE_SYMMETRIC},
		{ID: ws.WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_ENTROPY, Value: ws.WS_SECURITY_KEY_ENTROPY_MODE_COMBINED},
	}
	// hr = WsRequestSecurityToken(stsChannel, request, WsCountOf(request), &token, NULL, error);
	if hr = ws.RequestSecurityToken(stsChannel, request, &token, nil, error); hr.Failed() {
		return
	}
	// hr = WsGetSecurityTokenProperty(token, WS_SECURITY_TOKEN_PROPERTY_SYMMETRIC_KEY, &key, sizeof(key), heap, error);
	var key []byte
	if hr = ws.GetSecurityTokenProperty(token, ws.WS_SECURITY_TOKEN_PROPERTY_SYMMETRIC_KEY, &key, heap, error); hr.Failed() {
		return
	}

	// WS_XML_TOKEN_MESSAGE_SECURITY_BINDING tokenBinding = {{ WS_XML_TOKEN_MESSAGE_SECURITY_BINDING_TYPE }, WS_SUPPORTING_MESSAGE_SECURITY_USAGE, token};
	tokenBinding := ws.XmlTokenMessage{BindingUsage: ws.WS_SUPPORTING_MESSAGE_SECURITY_USAGE, XmlToken: token}
	// A service of today wants SHA-256, which no named suite of WWSAPI signs with:
	// WS_SECURITY_ALGORITHM_SUITE suite = { WS_SECURITY_ALGORITHM_DEFAULT, WS_SECURITY_ALGORITHM_DIGEST_SHA_256, ... };
	suite := ws.SecurityAlgorithmSuite{
		DigestAlgorithm:             ws.WS_SECURITY_ALGORITHM_DIGEST_SHA_256,
		SymmetricSignatureAlgorithm: ws.WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_256,
	}
	security := ws.SecurityDescription{
		SecurityBindings: []ws.SecurityBinding{&ssl, &tokenBinding},
		Properties:       []ws.SecurityProperty{{ID: ws.WS_SECURITY_PROPERTY_ALGORITHM_SUITE, Value: &suite}},
	}
	// hr = WsCreateChannel(..., &security, &channel, error);
	if hr = ws.CreateChannel(ws.WS_CHANNEL_TYPE_REQUEST, ws.WS_HTTP_CHANNEL_BINDING, properties, &security, &channel, error); hr.Failed() {
		return
	}
	// WsFreeSecurityToken(token); token = NULL;  /* the channel has a copy */
	ws.FreeSecurityToken(token)
	token = nil
	// hr = WsOpenChannel(channel, &serviceAddress, NULL, error);
	if hr = ws.OpenChannel(channel, &serviceAddress, nil, error); hr.Failed() {
		return
	}
	// hr = WsRequestReply(channel, requestMessage, ..., replyMessage, ..., NULL, error);
	var reply ws.XMLBuffer
	body := ws.XMLBuffer{XML: `<Echo xmlns="urn:wstrust:demo"><Text>from C</Text></Echo>`}
	if hr = ws.RequestReply(channel, wstrusttest.Action, &body, &reply, nil, error); hr.Failed() {
		return
	}
	return reply.XML, hr
}

func TestPortOfAFederationClient(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	roots := x509.NewCertPool()
	roots.AddCert(iss.CA())
	answer, hr := federationClient(iss.URL, iss.ServiceURL, roots)
	if hr != ws.S_OK || !strings.Contains(answer, "<Text>from C</Text>") || !strings.Contains(answer, "<Confirmation>holder-of-key</Confirmation>") {
		t.Fatal(hr, answer)
	}
	// A refusal comes out as the code and the text that C shows too.
	answer, hr = federationClient(iss.URL, "https://x.invalid/", roots)
	if !hr.Failed() || answer == "" {
		t.Error(hr, answer)
	}
}

func ExampleHRESULT() {
	hr := ws.WS_E_ENDPOINT_NOT_FOUND
	fmt.Println(hr, hr.Failed(), ws.WS_S_ASYNC.Failed())
	fmt.Printf("%08X\n", uint32(hr))
	// Output:
	// webservices: WS_E_ENDPOINT_NOT_FOUND: no such host, or nothing listens there true false
	// 803D000D
}
