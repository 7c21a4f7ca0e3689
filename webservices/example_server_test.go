package webservices_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	ws "wstrust/webservices"
	"wstrust/wstrusttest"
)

// A server in C that takes the assertions of one issuer, carried over line by
// line. It answers two requests. The comments are the C program; its listener is
// the handler of the http.Server that stands for http.sys.
func federationServer(address string, issuer *x509.Certificate, own *tls.Certificate, ready chan<- http.Handler) (text string, hr ws.HRESULT) {
	// HRESULT hr; WS_ERROR* error = NULL; WS_LISTENER* listener = NULL; WS_CHANNEL* channel = NULL; WS_MESSAGE* request = NULL;
	var error *ws.Error
	var listener *ws.Listener
	var channel *ws.Channel
	var request *ws.Message

	// Exit: if (channel) { WsCloseChannel(channel, NULL, NULL); WsFreeChannel(channel); } ...
	defer func() {
		if channel != nil {
			ws.CloseChannel(channel, nil, nil)
			ws.FreeChannel(channel)
		}
		ws.FreeMessage(request)
		if listener != nil {
			ws.CloseListener(listener, nil, nil)
			ws.FreeListener(listener)
		}
		if hr.Failed() {
			ws.GetErrorString(error, 0, &text)
		}
		ws.FreeError(error)
	}()

	// hr = WsCreateError(NULL, 0, &error); if (FAILED(hr)) goto Exit;
	if hr = ws.CreateError(nil, &error); hr.Failed() {
		return
	}
	// WS_SSL_TRANSPORT_SECURITY_BINDING ssl = {{ WS_SSL_TRANSPORT_SECURITY_BINDING_TYPE }};
	ssl := ws.SslTransport{}
	// WS_CERT_SIGNED_SAML_AUTHENTICATOR authenticator = {{ WS_CERT_SIGNED_SAML_AUTHENTICATOR_TYPE }, &issuer, 1, own};
	authenticator := ws.SamlAuthenticator{
		TrustedIssuerCerts: []*x509.Certificate{issuer},
		DecryptionCert:     &ws.CustomCertCredential{GetCert: func(any, *ws.EndpointAddress) (*tls.Certificate, ws.HRESULT) { return own, ws.S_OK }},
	}
	// WS_SAML_MESSAGE_SECURITY_BINDING saml = {{ WS_SAML_MESSAGE_SECURITY_BINDING_TYPE }, WS_SUPPORTING_MESSAGE_SECURITY_USAGE, &authenticator.authenticator};
	saml := ws.SamlMessage{BindingUsage: ws.WS_SUPPORTING_MESSAGE_SECURITY_USAGE, Authenticator: &authenticator}
	// WS_SECURITY_BINDING* bindings[] = { &ssl.binding, &saml.binding }; WS_SECURITY_DESCRIPTION security = { bindings, 2 };
	security := ws.SecurityDescription{SecurityBindings: []ws.SecurityBinding{&ssl, &saml}}

	// hr = WsCreateListener(WS_CHANNEL_TYPE_REPLY, WS_HTTP_CHANNEL_BINDING, NULL, 0, &security, &listener, error);
	if hr = ws.CreateListener(ws.WS_CHANNEL_TYPE_REPLY, ws.WS_HTTP_CHANNEL_BINDING, nil, &security, &listener, error); hr.Failed() {
		return
	}
	// hr = WsOpenListener(listener, &address, NULL, error);
	if hr = ws.OpenListener(listener, address, nil, error); hr.Failed() {
		return
	}
	// In C: http.sys, to which netsh has added the certificate and the URL.
	ready <- listener

	// hr = WsCreateChannelForListener(listener, NULL, 0, &channel, error);
	if hr = ws.CreateChannelForListener(listener, nil, &channel, error); hr.Failed() {
		return
	}
	// hr = WsCreateMessageForChannel(channel, NULL, 0, &request, error);
	if hr = ws.CreateMessageForChannel(channel, nil, &request, error); hr.Failed() {
		return
	}
	// WS_MESSAGE_DESCRIPTION echo = { &echoAction, &echoElement }; const WS_MESSAGE_DESCRIPTION* descriptions[] = { &echo };
	descriptions := []ws.MessageDescription{{Action: wstrusttest.Action, BodyElement: ws.XMLQName{LocalName: "Echo", NS: "urn:wstrust:demo"}}}
	// WS_MESSAGE_DESCRIPTION done = { &doneAction, &doneElement };
	done := ws.MessageDescription{Action: "urn:done", BodyElement: ws.XMLQName{LocalName: "Done", NS: "urn:wstrust:demo"}}

	// for (int i = 0; i < 2; i++)
	for range 2 {
		// hr = WsAcceptChannel(listener, channel, NULL, error); if (FAILED(hr)) goto Exit;
		if hr = ws.AcceptChannel(listener, channel, nil, error); hr.Failed() {
			return
		}
		// hr = WsReceiveMessage(channel, request, descriptions, 1, WS_RECEIVE_REQUIRED_MESSAGE, WS_READ_REQUIRED_POINTER, heap, &body, sizeof(body), NULL, NULL, error);
		var body ws.XMLBuffer
		hr = ws.ReceiveMessage(channel, request, descriptions, ws.WS_RECEIVE_REQUIRED_MESSAGE, &body, nil, nil, error)
		// if (SUCCEEDED(hr)) hr = WsGetMessageProperty(request, WS_MESSAGE_PROPERTY_SAML_ASSERTION, &assertion, sizeof(assertion), error);
		var assertion *ws.XMLBuffer
		if !hr.Failed() {
			hr = ws.GetMessageProperty(request, ws.WS_MESSAGE_PROPERTY_SAML_ASSERTION, &assertion, error)
		}
		if hr.Failed() {
			// hr = WsSendFaultMessageForError(channel, reply, error, hr, WS_FULL_FAULT_DISCLOSURE, request, NULL, error); WsResetError(error);
			hr = ws.SendFaultMessageForError(channel, error, hr, ws.WS_FULL_FAULT_DISCLOSURE, request, nil, error)
			ws.ResetError(error)
		} else {
			text = assertion.XML
			// hr = WsSendReplyMessage(channel, reply, &done, WS_WRITE_REQUIRED_VALUE, &answer, sizeof(answer), request, NULL, error);
			answer := ws.XMLBuffer{XML: `<Done xmlns="urn:wstrust:demo"/>`}
			hr = ws.SendReplyMessage(channel, &done, &answer, request, nil, error)
		}
		// if (FAILED(hr)) goto Exit;
		if hr.Failed() {
			return
		}
		// WsResetMessage(request, error); WsCloseChannel(channel, NULL, error); WsResetChannel(channel, error);
		ws.ResetMessage(request, error)
		ws.CloseChannel(channel, nil, error)
		ws.ResetChannel(channel, error)
	}
	return
}

func TestPortOfAFederationServer(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	own := iss.Verifier(t, "urn:any").Decrypt[0] // proof keys are encrypted for it
	var listener http.Handler
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { listener.ServeHTTP(w, r) }))
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(iss.CA())
	roots.AddCert(server.Certificate())
	type result struct {
		text string
		hr   ws.HRESULT
	}
	ended, ready := make(chan result, 1), make(chan http.Handler, 1)
	go func() {
		text, hr := federationServer(server.URL, iss.Signer(), &own, ready)
		ended <- result{text, hr}
	}()
	listener = <-ready

	for range 2 {
		if answer, hr := federationClient(iss.URL, server.URL, roots); hr != ws.S_OK || !strings.Contains(answer, "Done") {
			t.Error(hr, answer)
		}
	}
	if got := <-ended; got.hr != ws.S_OK || !strings.Contains(got.text, wstrusttest.Issuer) || !strings.Contains(got.text, wstrusttest.User) {
		t.Error(got.hr, got.text)
	}
	// One that cannot be opened: the code and the text come out.
	if text, hr := federationServer("ftp://x/", iss.Signer(), &own, ready); hr != ws.WS_E_INVALID_ENDPOINT_URL || text == "" {
		t.Error(hr, text)
	}
}
