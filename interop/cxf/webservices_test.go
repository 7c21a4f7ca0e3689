package cxf

import (
	"crypto/tls"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wstrust/interop/rig"
	ws "wstrust/webservices"
)

// contextDoors are CXF's doors with security contexts, and what they speak.
var contextDoors = map[string]ws.SecureConversationVersion{
	"Context": ws.WS_SECURE_CONVERSATION_VERSION_1_3, "Context2005": ws.WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005,
}

// sha256 is the suite of those doors. No named suite of WWSAPI signs with SHA-256.
var sha256 = []ws.SecurityProperty{{ID: ws.WS_SECURITY_PROPERTY_ALGORITHM_SUITE, Value: &ws.SecurityAlgorithmSuite{
	DigestAlgorithm:             ws.WS_SECURITY_ALGORITHM_DIGEST_SHA_256,
	SymmetricSignatureAlgorithm: ws.WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_256,
}}}

// overTLS is a description for WWSAPI with one message binding.
func overTLS(message ws.SecurityBinding) *ws.SecurityDescription {
	return &ws.SecurityDescription{SecurityBindings: []ws.SecurityBinding{&ws.SslTransport{}, message}, Properties: sha256}
}

// contexts is the binding of security contexts, of either side.
func contexts(boot ws.SecurityBinding, version ws.SecureConversationVersion, p ...ws.SecurityBindingProperty) *ws.SecurityContextMessage {
	return &ws.SecurityContextMessage{
		BindingUsage: ws.WS_SUPPORTING_MESSAGE_SECURITY_USAGE, BootstrapSecurityDescription: overTLS(boot),
		Properties: append(p, ws.SecurityBindingProperty{ID: ws.WS_SECURITY_BINDING_PROPERTY_SECURE_CONVERSATION_VERSION, Value: version}),
	}
}

// testWindowsContext has a client as WWSAPI has it converse with CXF's service, in
// both versions. What goes over the wire is the profile MS-LWSSP, which signs the
// timestamp alone. CXF takes that for messages and renewals; of a cancellation it wants
// the body signed, so that closing the channel reports a fault.
func (s *stage) testWindowsContext(t *testing.T) {
	password := &ws.UsernameMessage{
		BindingUsage:     ws.WS_SUPPORTING_MESSAGE_SECURITY_USAGE,
		ClientCredential: &ws.StringUsernameCredential{Username: rig.User, Password: rig.Password},
	}
	roots := []ws.ChannelProperty{{ID: ws.WS_CHANNEL_PROPERTY_EX_ROOT_CERTIFICATES, Value: s.ca.Trust().RootCAs}}
	for door, version := range contextDoors {
		for name, renewal := range map[string]time.Duration{"default": 10 * time.Hour, "renewed": time.Millisecond} {
			t.Run(door+" "+name, func(t *testing.T) {
				sd := overTLS(contexts(password, version, ws.SecurityBindingProperty{ID: ws.WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_RENEWAL_INTERVAL, Value: renewal}))
				var c *ws.Channel
				var e ws.Error
				if hr := ws.CreateChannel(ws.WS_CHANNEL_TYPE_REQUEST, ws.WS_HTTP_CHANNEL_BINDING, roots, sd, &c, &e); hr != ws.S_OK {
					t.Fatal(e.Error())
				}
				defer ws.FreeChannel(c)
				if hr := ws.OpenChannel(c, &ws.EndpointAddress{URL: s.svc[door]}, nil, &e); hr != ws.S_OK {
					t.Fatal(e.Error())
				}
				for i := range 5 {
					text := fmt.Sprintf("call %d", i)
					in, err := xml.Marshal(greet{Name: text})
					if err != nil {
						t.Fatal(err)
					}
					var reply ws.XMLBuffer
					if hr := ws.RequestReply(c, greetAction, &ws.XMLBuffer{XML: string(in)}, &reply, nil, &e); hr != ws.S_OK {
						t.Fatalf("%s: %v", text, e.Error())
					}
					var got greeting
					if err := xml.Unmarshal([]byte(reply.XML), &got); err != nil || got.Text != "hello "+text || got.Caller != rig.User {
						t.Errorf("%s: the service answered %s", text, reply.XML)
					}
					time.Sleep(2 * time.Millisecond)
				}
				if hr := ws.CloseChannel(c, nil, &e); hr != ws.WS_E_ENDPOINT_FAULT_RECEIVED {
					t.Errorf("close: %v: %v", hr, e.Error())
				}
			})
		}
	}
}

// testWindowsService has CXF's client agree on a context with a server as WWSAPI has it.
func (s *stage) testWindowsService(t *testing.T) {
	svc := map[string]string{}
	var tasks []task
	for door, version := range contextDoors {
		svc[door] = s.serveWindows(t, door, version)
		tasks = append(tasks, withoutIssuer(door, svc))
	}
	for _, a := range s.ask(t, tasks) {
		if a.Error != "" || a.Text != "hello "+a.Task || a.Caller != rig.User {
			t.Errorf("%s: %+v", a.Task, a)
		}
	}
}

// serveWindows starts such a server, which says what CXF's own says.
func (s *stage) serveWindows(t *testing.T, door string, version ws.SecureConversationVersion) (url string) {
	t.Helper()
	sd := overTLS(contexts(&ws.UsernameMessage{
		BindingUsage: ws.WS_SUPPORTING_MESSAGE_SECURITY_USAGE,
		PasswordValidator: func(_ any, username, password string) ws.HRESULT {
			if username == rig.User && password == rig.Password {
				return ws.S_OK
			}
			return ws.S_FALSE
		},
	}, version))
	var l *ws.Listener
	var e ws.Error
	logged := []ws.ListenerProperty{{ID: ws.WS_LISTENER_PROPERTY_EX_LOGGER, Value: rig.Logger(t)}}
	if hr := ws.CreateListener(ws.WS_CHANNEL_TYPE_REPLY, ws.WS_HTTP_CHANNEL_BINDING, logged, sd, &l, &e); hr != ws.S_OK {
		t.Fatal(e.Error())
	}
	mux := http.NewServeMux()
	mux.Handle("/greeter/"+door, l)
	server := httptest.NewUnstartedServer(mux)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{s.ca.RSA(t, "localhost").TLS()}}
	server.StartTLS()
	t.Cleanup(server.Close)
	url = "https://localhost" + server.URL[strings.LastIndexByte(server.URL, ':'):] + "/greeter/" + door
	if hr := ws.OpenListener(l, url, nil, &e); hr != ws.S_OK {
		t.Fatal(e.Error())
	}
	var c *ws.Channel
	if hr := ws.CreateChannelForListener(l, nil, &c, &e); hr != ws.S_OK {
		t.Fatal(e.Error())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ws.AcceptChannel(l, c, nil, nil) == ws.S_OK {
			greetOnce(t, c)
			ws.CloseChannel(c, nil, nil)
			ws.ResetChannel(c, nil)
		}
	}()
	t.Cleanup(func() {
		ws.AbortListener(l, nil)
		<-done
		ws.FreeChannel(c)
		ws.FreeListener(l)
	})
	return url
}

// greetOnce answers one message with the name of whoever made its context.
func greetOnce(t *testing.T, c *ws.Channel) {
	var e ws.Error
	var m ws.Message
	var body ws.XMLBuffer
	var sc *ws.SecurityContext
	var caller string
	var in greet
	hr := ws.ReceiveMessage(c, &m, []ws.MessageDescription{{Action: greetAction, BodyElement: ws.XMLQName{LocalName: "Greet", NS: "urn:wstrust:interop:greeter"}}}, ws.WS_RECEIVE_REQUIRED_MESSAGE, &body, nil, nil, &e)
	if hr == ws.S_OK {
		hr = ws.GetMessageProperty(&m, ws.WS_MESSAGE_PROPERTY_SECURITY_CONTEXT, &sc, &e)
	}
	if hr == ws.S_OK {
		hr = ws.GetSecurityContextProperty(sc, ws.WS_SECURITY_CONTEXT_PROPERTY_USERNAME, &caller, &e)
	}
	if err := xml.Unmarshal([]byte(body.XML), &in); err != nil || hr != ws.S_OK {
		t.Error(err, e.Error())
		return
	}
	out, err := xml.Marshal(greeting{Text: "hello " + in.Name, Caller: caller})
	if err != nil {
		t.Error(err)
		return
	}
	if hr := ws.SendReplyMessage(c, &ws.MessageDescription{Action: greetAction + "Response"}, &ws.XMLBuffer{XML: string(out)}, &m, nil, &e); hr != ws.S_OK {
		t.Error(e.Error())
	}
}
