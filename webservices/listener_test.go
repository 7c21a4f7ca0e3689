package webservices

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust/wstrusttest"
)

// A shop is a server as WWSAPI has it: a listener, and a channel that accepts,
// receives and answers until the listener is gone.
type shop struct {
	url      string
	root     ChannelProperty
	listener *Listener

	mu     sync.Mutex
	served int
}

// newShop starts a server over TLS, with whatever change does to it. answer gets
// each message that came.
func newShop(t *testing.T, sd *SecurityDescription, props []ListenerProperty, answer func(*shop, *Channel, *Message, XMLBuffer), change ...func(*httptest.Server)) *shop {
	t.Helper()
	ca := newTestCA(t)
	s := &shop{root: roots(ca.cert)}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.listener.ServeHTTP(w, r) }))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, nil)}}
	srv.Config.ErrorLog = discard()
	for _, f := range change {
		f(srv)
	}
	props = append(props, ListenerProperty{WS_LISTENER_PROPERTY_EX_LOGGER, slog.New(slog.NewTextHandler(t.Output(), nil))})
	var e Error
	if hr := CreateListener(WS_CHANNEL_TYPE_REPLY, WS_HTTP_CHANNEL_BINDING, props, sd, &s.listener, &e); hr != S_OK {
		t.Fatal(hr, e.Error())
	}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	s.url = srv.URL
	if hr := OpenListener(s.listener, srv.URL, nil, &e); hr != S_OK {
		t.Fatal(hr, e.Error())
	}
	if answer != nil {
		s.work(t, answer)
	}
	return s
}

// work serves until the listener is gone.
func (s *shop) work(t *testing.T, answer func(*shop, *Channel, *Message, XMLBuffer)) {
	t.Helper()
	var c *Channel
	var m *Message
	if hr := CreateChannelForListener(s.listener, nil, &c, nil); hr != S_OK {
		t.Fatal(hr)
	}
	if hr := CreateMessageForChannel(c, nil, &m, nil); hr != S_OK {
		t.Fatal(hr)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for AcceptChannel(s.listener, c, nil, nil) == S_OK {
			var body XMLBuffer
			if hr := ReceiveMessage(c, m, nil, WS_RECEIVE_REQUIRED_MESSAGE, &body, nil, nil, nil); hr != S_OK {
				t.Error(hr)
			}
			s.mu.Lock()
			s.served++
			s.mu.Unlock()
			answer(s, c, m, body)
			ResetMessage(m, nil)
			CloseChannel(c, nil, nil)
			ResetChannel(c, nil)
		}
	}()
	t.Cleanup(func() {
		AbortListener(s.listener, nil)
		<-done
		FreeMessage(m)
		FreeChannel(c)
		FreeListener(s.listener)
	})
}

func (s *shop) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

// call sends one message under a client's description, and returns the reply.
func (s *shop) call(t *testing.T, sd *SecurityDescription, e *Error) (string, HRESULT) {
	t.Helper()
	var reply XMLBuffer
	hr := RequestReply(open(t, s.url, sd, s.root), "urn:order", &XMLBuffer{`<order xmlns="urn:shop">1</order>`}, &reply, nil, e)
	return reply.XML, hr
}

// says answers each message with a property of it.
func tells(id MessagePropertyID) func(*shop, *Channel, *Message, XMLBuffer) {
	return func(_ *shop, c *Channel, m *Message, _ XMLBuffer) {
		text, hr := tell(m, id)
		if hr != S_OK {
			SendFaultMessageForError(c, nil, hr, WS_FULL_FAULT_DISCLOSURE, m, nil, nil)
			return
		}
		SendReplyMessage(c, nil, &XMLBuffer{`<is xmlns="urn:shop">` + text + `</is>`}, m, nil, nil)
	}
}

func tell(m *Message, id MessagePropertyID) (text string, hr HRESULT) {
	var e Error
	switch id {
	case WS_MESSAGE_PROPERTY_USERNAME, WS_MESSAGE_PROPERTY_HTTP_HEADER_AUTH_WINDOWS_TOKEN:
		hr = GetMessageProperty(m, id, &text, &e)
	case WS_MESSAGE_PROPERTY_ENCODED_CERT:
		var der []byte
		if hr = GetMessageProperty(m, id, &der, &e); hr == S_OK {
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				return err.Error(), S_OK
			}
			text = cert.Subject.CommonName
		}
	case WS_MESSAGE_PROPERTY_SAML_ASSERTION:
		var x *XMLBuffer
		if hr = GetMessageProperty(m, id, &x, &e); hr == S_OK {
			text = x.XML
		}
	case WS_MESSAGE_PROPERTY_SECURITY_CONTEXT:
		var sc *SecurityContext
		if hr = GetMessageProperty(m, id, &sc, &e); hr == S_OK {
			hr = GetSecurityContextProperty(sc, WS_SECURITY_CONTEXT_PROPERTY_IDENTIFIER, &text, &e)
		}
	}
	return text, hr
}

// byPassword is the binding of a server that takes what validator takes.
func byPassword(validator func(state any, username, password string) HRESULT) *UsernameMessage {
	return &UsernameMessage{BindingUsage: supporting, PasswordValidator: validator, PasswordValidatorState: "state"}
}

// onlyAlice takes one user.
func onlyAlice(state any, username, password string) HRESULT {
	if state == "state" && username == wstrusttest.User && password == wstrusttest.Password {
		return S_OK
	}
	return S_FALSE
}

func userWith(password string) *SecurityDescription {
	return describe(nil, &SslTransport{}, &UsernameMessage{
		BindingUsage: supporting, ClientCredential: &StringUsernameCredential{Username: wstrusttest.User, Password: password},
	})
}

// A server with a password validator: it is asked for each message, and who it
// does not take is refused before any channel.
func TestListenerUsername(t *testing.T) {
	var results sync.Map
	asked := 0
	s := newShop(t, describe(nil, &SslTransport{}, byPassword(func(state any, username, password string) HRESULT {
		asked++
		if hr, ok := results.Load(password); ok {
			return hr.(HRESULT)
		}
		return onlyAlice(state, username, password)
	})), nil, tells(WS_MESSAGE_PROPERTY_USERNAME))
	var e Error
	for range 2 {
		if got, hr := s.call(t, alice(), &e); hr != S_OK || got != `<is xmlns="urn:shop">alice</is>` {
			t.Fatal(hr, got, e.Error())
		}
	}
	if asked != 2 || s.count() != 2 {
		t.Errorf("asked %d times for %d messages", asked, s.count())
	}
	results.Store("failing", E_OUTOFMEMORY)
	results.Store("false", S_FALSE)
	results.Store("pending", WS_S_ASYNC)
	for _, password := range []string{"wrong", "failing", "false", "pending"} {
		if got, hr := s.call(t, userWith(password), &e); hr != WS_E_ENDPOINT_ACCESS_DENIED {
			t.Error(password, hr, got)
		}
	}
	// Without a token at all, and with another one.
	for name, sd := range map[string]*SecurityDescription{"TLS": overTLS(), "a context's": holding(testContext(t))} {
		if got, hr := s.call(t, sd, &e); hr != WS_E_ENDPOINT_ACCESS_DENIED {
			t.Error(name, hr, got)
		}
	}
	if s.count() != 2 {
		t.Error("a refused message reached a channel")
	}
	// No other property tells of the sender.
	for _, id := range []MessagePropertyID{WS_MESSAGE_PROPERTY_ENCODED_CERT, WS_MESSAGE_PROPERTY_SAML_ASSERTION, WS_MESSAGE_PROPERTY_SECURITY_CONTEXT} {
		s := newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), nil, tells(id))
		if _, hr := s.call(t, alice(), &e); hr != WS_E_ENDPOINT_FAULT_RECEIVED {
			t.Errorf("property %d: %v", id, hr)
		}
	}
}

// A server that demands certificates in TLS, and tells whose they are.
func TestListenerClientCertificate(t *testing.T) {
	clients := newTestCA(t)
	pool := x509.NewCertPool()
	pool.AddCert(clients.cert)
	ask := func(s *httptest.Server) { s.TLS.ClientAuth = tls.RequestClientCert }
	required := &SslTransport{Properties: []SecurityBindingProperty{{WS_SECURITY_BINDING_PROPERTY_REQUIRE_SSL_CLIENT_CERT, true}}}
	known := []ListenerProperty{{WS_LISTENER_PROPERTY_EX_ROOT_CERTIFICATES, pool}}
	cert := func(change func(*x509.Certificate)) *CustomCertCredential {
		own := clients.issue(t, func(c *x509.Certificate) {
			c.Subject.CommonName, c.ExtKeyUsage = "till 7", []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			if change != nil {
				change(c)
			}
		})
		return &CustomCertCredential{GetCert: func(any, *EndpointAddress) (*tls.Certificate, HRESULT) { return &own, S_OK }}
	}
	stranger := &CustomCertCredential{GetCert: func(any, *EndpointAddress) (*tls.Certificate, HRESULT) { return testCert(), S_OK }}
	server := &UsernameMessage{BindingUsage: supporting, PasswordValidator: onlyAlice, PasswordValidatorState: "state"}
	for name, c := range map[string]struct{ server, client []SecurityBinding }{
		"alone":           {[]SecurityBinding{required}, nil},
		"with a password": {[]SecurityBinding{required, server}, []SecurityBinding{user()}},
		"a password and":  {[]SecurityBinding{server, required}, []SecurityBinding{user()}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, describe(nil, c.server...), known, tells(WS_MESSAGE_PROPERTY_ENCODED_CERT), ask)
			with := func(own CertCredential) *SecurityDescription {
				return describe(nil, append([]SecurityBinding{&SslTransport{LocalCertCredential: own}}, c.client...)...)
			}
			var e Error
			if got, hr := s.call(t, with(cert(nil)), &e); hr != S_OK || !strings.Contains(got, "till 7") {
				t.Error(hr, got, e.Error())
			}
			for name, own := range map[string]CertCredential{
				"none": nil, "stranger": stranger,
				"for servers": cert(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }),
				"expired": cert(func(c *x509.Certificate) {
					c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
				}),
			} {
				if got, hr := s.call(t, with(own), &e); hr != WS_E_ENDPOINT_ACCESS_DENIED {
					t.Error(name, hr, got)
				}
			}
			if s.count() != 1 {
				t.Errorf("%d messages reached a channel", s.count())
			}
		})
	}
}

// The answer that a server sends is what the client gets.
func TestListenerReplies(t *testing.T) {
	own := &Fault{
		Code:    &FaultCode{Value: XMLQName{LocalName: "Sender"}, SubCode: &FaultCode{Value: XMLQName{LocalName: "NoSuchOrder", NS: "urn:shop"}}},
		Reasons: []FaultReason{{Text: "no such order", Lang: "en"}},
		Detail:  &XMLBuffer{`<detail><order xmlns="urn:shop">7</order></detail>`},
	}
	ours := &Fault{Code: &FaultCode{Value: XMLQName{LocalName: "Receiver"}}, Reasons: []FaultReason{{Text: "out of paper", Lang: "en"}}}
	var withFault, withOurs, withText Error
	SetFaultErrorProperty(&withOurs, WS_FAULT_ERROR_PROPERTY_FAULT, ours)
	SetFaultErrorProperty(&withFault, WS_FAULT_ERROR_PROPERTY_FAULT, own)
	AddErrorString(&withText, "the database is down")
	var do func(c *Channel, m *Message) HRESULT
	s := newShop(t, describe(nil, &SslTransport{}, byPassword(onlyAlice)), nil, func(_ *shop, c *Channel, m *Message, body XMLBuffer) {
		if body.XML != `<order xmlns="urn:shop">1</order>` {
			t.Error(body.XML)
		}
		if hr := do(c, m); hr != S_OK {
			t.Error(hr)
		}
	})
	send := func(c *Channel, m *Message, e *Error, d FaultDisclosure) HRESULT {
		return SendFaultMessageForError(c, e, WS_E_QUOTA_EXCEEDED, d, m, nil, nil)
	}
	for name, c := range map[string]struct {
		do     func(c *Channel, m *Message) HRESULT
		hr     HRESULT
		reply  string
		reason string
	}{
		"element": {func(c *Channel, m *Message) HRESULT {
			return SendReplyMessage(c, &MessageDescription{Action: "urn:done"}, &XMLBuffer{`<done xmlns="urn:shop"/>`}, m, nil, nil)
		}, S_OK, `<done xmlns="urn:shop"></done>`, ""},
		"nothing": {func(c *Channel, m *Message) HRESULT { return SendReplyMessage(c, nil, nil, m, nil, nil) }, S_OK, "", ""},
		"async": {func(c *Channel, m *Message) HRESULT {
			result := make(chan HRESULT)
			if hr := SendReplyMessage(c, nil, nil, m, &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { result <- hr }}, nil); hr != WS_S_ASYNC {
				return hr
			}
			return <-result
		}, S_OK, "", ""},
		"own fault":        {func(c *Channel, m *Message) HRESULT { return send(c, m, &withFault, WS_MINIMAL_FAULT_DISCLOSURE) }, WS_E_ENDPOINT_FAULT_RECEIVED, "", "no such order"},
		"fault of ours":    {func(c *Channel, m *Message) HRESULT { return send(c, m, &withOurs, WS_MINIMAL_FAULT_DISCLOSURE) }, WS_E_ENDPOINT_FAULT_RECEIVED, "", "out of paper"},
		"texts":            {func(c *Channel, m *Message) HRESULT { return send(c, m, &withText, WS_FULL_FAULT_DISCLOSURE) }, WS_E_ENDPOINT_FAULT_RECEIVED, "", "the database is down"},
		"texts, minimal":   {func(c *Channel, m *Message) HRESULT { return send(c, m, &withText, WS_MINIMAL_FAULT_DISCLOSURE) }, WS_E_ENDPOINT_FAULT_RECEIVED, "", "The service could not process the message."},
		"code":             {func(c *Channel, m *Message) HRESULT { return send(c, m, nil, WS_FULL_FAULT_DISCLOSURE) }, WS_E_ENDPOINT_FAULT_RECEIVED, "", WS_E_QUOTA_EXCEEDED.Error()},
		"closed, no reply": {func(c *Channel, m *Message) HRESULT { return CloseChannel(c, nil, nil) }, WS_E_ENDPOINT_FAULT_RECEIVED, "", "The message was accepted and could not be processed."},
		"aborted": {func(c *Channel, m *Message) HRESULT {
			hr := AbortChannel(c, nil)
			select {
			case <-m.arrival.answered: // at once, and not when the channel is closed
			case <-time.After(10 * time.Second):
				t.Error("the client still waits")
			}
			return hr
		}, WS_E_ENDPOINT_FAULT_RECEIVED, "", "The message was accepted and could not be processed."},
	} {
		t.Run(name, func(t *testing.T) {
			do = c.do
			var e Error
			got, hr := s.call(t, alice(), &e)
			if hr != c.hr || got != c.reply && !(c.reply != "" && strings.Contains(got, "done")) {
				t.Fatal(hr, got, e.Error())
			}
			if c.reason == "" {
				return
			}
			var f *Fault
			if GetFaultErrorProperty(&e, WS_FAULT_ERROR_PROPERTY_FAULT, &f); f == nil || f.Reasons[0].Text != c.reason {
				t.Fatalf("%+v", f)
			}
			if who := map[bool]string{true: "Sender", false: "Receiver"}[name == "own fault"]; f.Code.Value.LocalName != who {
				t.Errorf("the fault is the %s's", f.Code.Value.LocalName)
			}
			if name != "own fault" {
				return
			}
			if f.Code.SubCode == nil || f.Code.SubCode.Value != own.Code.SubCode.Value {
				t.Errorf("%+v", f.Code)
			}
			var x *XMLBuffer
			if hr := GetFaultErrorDetail(&e, &FaultDetailDescription{Element: XMLQName{LocalName: "order", NS: "urn:shop"}}, WS_READ_REQUIRED_VALUE, &x); hr != S_OK || !strings.Contains(x.XML, ">7<") {
				t.Error(hr, x)
			}
		})
	}
}

// How old a message may be, and how far its clock may be off, is the description's.
func TestListenerClocks(t *testing.T) {
	const latency, skew = WS_SECURITY_PROPERTY_MAX_ALLOWED_LATENCY, WS_SECURITY_PROPERTY_MAX_ALLOWED_CLOCK_SKEW
	for name, c := range map[string]struct {
		p  []SecurityProperty
		hr HRESULT
	}{
		"defaults":   {nil, S_OK},
		"no latency": {[]SecurityProperty{{latency, time.Duration(0)}}, S_OK}, // within the skew
		"no skew":    {[]SecurityProperty{{skew, time.Duration(0)}}, S_OK},    // within the latency
		"neither":    {[]SecurityProperty{{latency, time.Duration(0)}, {skew, time.Duration(0)}}, WS_E_ENDPOINT_ACCESS_DENIED},
	} {
		s := newShop(t, describe(c.p, &SslTransport{}, byPassword(onlyAlice)), nil, tells(WS_MESSAGE_PROPERTY_USERNAME))
		if _, hr := s.call(t, alice(), nil); hr != c.hr {
			t.Errorf("%s: %v, want %v", name, hr, c.hr)
		}
	}
}
