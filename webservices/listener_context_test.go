package webservices

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust/service"
	"wstrust/wstrusttest"
)

type bindingProp = SecurityBindingProperty

// overContexts is a server's description of security contexts.
func overContexts(boot *SecurityDescription, p ...SecurityBindingProperty) *SecurityDescription {
	return describe(nil, &SslTransport{}, &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: boot, Properties: p})
}

// A notebook keeps the security contexts of the messages that came.
type notebook struct {
	mu  sync.Mutex
	all []*SecurityContext
}

func (n *notebook) answer(_ *shop, c *Channel, m *Message, _ XMLBuffer) {
	var sc *SecurityContext
	if hr := GetMessageProperty(m, WS_MESSAGE_PROPERTY_SECURITY_CONTEXT, &sc, nil); hr != S_OK {
		SendFaultMessageForError(c, nil, hr, WS_FULL_FAULT_DISCLOSURE, m, nil, nil)
		return
	}
	n.mu.Lock()
	n.all = append(n.all, sc)
	n.mu.Unlock()
	SendReplyMessage(c, nil, nil, m, nil, nil)
}

// ids are the identifiers of the contexts, one for each message.
func (n *notebook) ids(t *testing.T) (ids []string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, sc := range n.all {
		var id string
		if hr := GetSecurityContextProperty(sc, WS_SECURITY_CONTEXT_PROPERTY_IDENTIFIER, &id, nil); hr != S_OK || id == "" {
			t.Error(hr, id)
		}
		ids = append(ids, id)
	}
	return ids
}

// last is the context of the last message.
func (n *notebook) last() *SecurityContext {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[len(n.all)-1]
}

func talk(t *testing.T, c *Channel) HRESULT {
	t.Helper()
	var e Error
	hr := RequestReply(c, "urn:x", nil, nil, nil, &e)
	if hr.Failed() {
		t.Log(e.Error())
	}
	return hr
}

// Client and server of WWSAPI agree on contexts, in both versions, bootstrapped by a
// password and by an assertion. The server revokes one: the client's next call is
// refused with a fault, on which it establishes another, and loses nothing.
func TestListenerContexts(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	for name, v := range map[string]SecureConversationVersion{"2005": WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005, "1.3": WS_SECURE_CONVERSATION_VERSION_1_3} {
		for how, saml := range map[string]bool{"password": false, "assertion": true} {
			t.Run(name+" "+how, func(t *testing.T) {
				version := bindingProp{WS_SECURITY_BINDING_PROPERTY_SECURE_CONVERSATION_VERSION, v}
				boot, clientBoot := describe(nil, &SslTransport{}, byPassword(onlyAlice)), alice()
				if saml {
					boot = describe(nil, &SslTransport{}, bySAML(iss, nil))
				}
				var book notebook
				s := newShop(t, overContexts(boot, version), nil, book.answer)
				if saml {
					clientBoot = holding(issued(t, iss, keyType(WS_SECURITY_KEY_TYPE_NONE), appliesTo(s.url)))
				}
				c := open(t, s.url, describe(nil, &SslTransport{}, &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: clientBoot, Properties: []bindingProp{version}}), s.root)
				for range 3 {
					if hr := talk(t, c); hr != S_OK {
						t.Fatal(hr)
					}
				}
				ids := book.ids(t)
				if len(ids) != 3 || ids[0] != ids[1] || ids[1] != ids[2] {
					t.Fatalf("%q", ids)
				}
				var user string
				var assertion *XMLBuffer
				userHR := GetSecurityContextProperty(book.last(), WS_SECURITY_CONTEXT_PROPERTY_USERNAME, &user, nil)
				samlHR := GetSecurityContextProperty(book.last(), WS_SECURITY_CONTEXT_PROPERTY_SAML_ASSERTION, &assertion, nil)
				if saml && (userHR != E_INVALIDARG || samlHR != S_OK || !strings.Contains(assertion.XML, "Assertion")) || !saml && (userHR != S_OK || user != wstrusttest.User || samlHR != E_INVALIDARG) {
					t.Error(userHR, user, samlHR, assertion)
				}
				if hr := RevokeSecurityContext(book.last(), nil); hr != S_OK {
					t.Fatal(hr)
				}
				if hr := talk(t, c); hr != S_OK {
					t.Error(hr)
				}
				if got := book.ids(t); len(got) != 4 || got[3] == ids[0] {
					t.Errorf("the revoked context is still in use: %q", got)
				}
				// Revoked again: there is nothing to revoke, and no error.
				if hr := RevokeSecurityContext(book.all[0], nil); hr != S_OK {
					t.Error(hr)
				}
				// A message by what bootstraps, without a context, is refused.
				if _, hr := s.call(t, clientBoot, nil); hr != WS_E_ENDPOINT_ACCESS_DENIED {
					t.Error("the context is not demanded", hr)
				}
			})
		}
	}
}

// A client that cannot make another context sees the fault of a revoked one.
func TestListenerRevokedByHand(t *testing.T) {
	var book notebook
	s := newShop(t, overContexts(describe(nil, &SslTransport{}, byPassword(onlyAlice))), nil, book.answer)
	sct := request(t, open(t, s.url, alice(), s.root), prop{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_NEW_CONTEXT}, entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED))
	c := open(t, s.url, holding(sct), s.root)
	if hr := talk(t, c); hr != S_OK {
		t.Fatal(hr)
	}
	RevokeSecurityContext(book.last(), nil)
	var e Error
	if hr := RequestReply(c, "urn:x", nil, nil, nil, &e); hr != WS_E_ENDPOINT_FAULT_RECEIVED || e.fault == nil || e.fault.Code.SubCode.Value.LocalName != "BadContextToken" {
		t.Error(hr, e.Error())
	}
	if st := state(t, c); st != WS_CHANNEL_STATE_OPEN {
		t.Error(stateNames[st])
	}
}

// The properties of a server's context binding take effect.
func TestListenerContextProperties(t *testing.T) {
	boot := func() *SecurityDescription { return describe(nil, &SslTransport{}, byPassword(onlyAlice)) }
	client := func(p ...bindingProp) *SecurityDescription { return conversing(p...) }
	newContext := func(t *testing.T, s *shop) (*SecurityToken, HRESULT) {
		t.Helper()
		var token *SecurityToken
		hr := RequestSecurityToken(open(t, s.url, alice(), s.root), []prop{{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_NEW_CONTEXT}, entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED)}, &token, nil, nil)
		return token, hr
	}
	t.Run("pending", func(t *testing.T) {
		var book notebook
		s := newShop(t, overContexts(boot(), bindingProp{WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_PENDING_CONTEXTS, uint32(1)}), nil, book.answer)
		first, hr := newContext(t, s)
		if hr != S_OK {
			t.Fatal(hr)
		}
		if _, hr := newContext(t, s); hr != WS_E_ENDPOINT_TOO_BUSY {
			t.Error("a second pending context", hr)
		}
		// The first is used, and pends no more.
		if hr := talk(t, open(t, s.url, holding(first), s.root)); hr != S_OK {
			t.Error(hr)
		}
		if _, hr := newContext(t, s); hr != S_OK {
			t.Error(hr)
		}
	})
	t.Run("active", func(t *testing.T) {
		var book notebook
		s := newShop(t, overContexts(boot(), bindingProp{WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_ACTIVE_CONTEXTS, uint32(1)}), nil, book.answer)
		c := open(t, s.url, client(), s.root)
		if hr := talk(t, c); hr != S_OK {
			t.Fatal(hr)
		}
		if _, hr := newContext(t, s); hr != WS_E_ENDPOINT_TOO_BUSY {
			t.Error("a second context", hr)
		}
		CloseChannel(c, nil, nil) // cancels
		if _, hr := newContext(t, s); hr != S_OK {
			t.Error(hr)
		}
	})
	t.Run("lifetime", func(t *testing.T) {
		var book notebook
		for interval, want := range map[time.Duration]time.Duration{0: 15 * time.Hour, time.Hour: time.Hour} {
			var p []bindingProp
			if interval != 0 {
				p = []bindingProp{{WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_RENEWAL_INTERVAL, interval}}
			}
			s := newShop(t, overContexts(boot(), p...), nil, book.answer)
			token, hr := newContext(t, s)
			if hr != S_OK {
				t.Fatal(hr)
			}
			var from, till time.Time
			GetSecurityTokenProperty(token, WS_SECURITY_TOKEN_PROPERTY_VALID_FROM_TIME, &from, nil, nil)
			GetSecurityTokenProperty(token, WS_SECURITY_TOKEN_PROPERTY_VALID_TILL_TIME, &till, nil, nil)
			if till.Sub(from) != want {
				t.Errorf("%v, want %v", till.Sub(from), want)
			}
		}
	})
	t.Run("rollover", func(t *testing.T) {
		// After a renewal the old token is good for the interval, and no longer.
		for interval, want := range map[time.Duration]HRESULT{time.Hour: S_OK, time.Nanosecond: WS_E_ENDPOINT_FAULT_RECEIVED} {
			var book notebook
			s := newShop(t, overContexts(boot(), bindingProp{WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_ROLLOVER_INTERVAL, interval}), nil, book.answer)
			old, hr := newContext(t, s)
			if hr != S_OK {
				t.Fatal(hr)
			}
			c := open(t, s.url, holding(old), s.root) // has a copy
			if hr := talk(t, c); hr != S_OK {
				t.Fatal(hr)
			}
			request(t, open(t, s.url, alice(), s.root), prop{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_RENEW_CONTEXT}, prop{idExisting, old}, entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED))
			if hr := talk(t, c); hr != want {
				t.Errorf("%v: %v, want %v", interval, hr, want)
			}
		}
	})
	t.Run("version", func(t *testing.T) {
		// A server speaks one version. It is the one of February 2005 unless it says else.
		const v2005, v13 = WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005, WS_SECURE_CONVERSATION_VERSION_1_3
		for _, c := range []struct {
			server, client SecureConversationVersion
			hr             HRESULT
		}{{0, v2005, S_OK}, {0, v13, WS_E_ENDPOINT_FAULT_RECEIVED}, {v2005, v13, WS_E_ENDPOINT_FAULT_RECEIVED}, {v13, v2005, WS_E_ENDPOINT_FAULT_RECEIVED}, {v13, v13, S_OK}} {
			var book notebook
			var p []bindingProp
			if c.server != 0 {
				p = []bindingProp{{WS_SECURITY_BINDING_PROPERTY_SECURE_CONVERSATION_VERSION, c.server}}
			}
			s := newShop(t, overContexts(boot(), p...), nil, book.answer)
			if hr := talk(t, open(t, s.url, client(bindingProp{WS_SECURITY_BINDING_PROPERTY_SECURE_CONVERSATION_VERSION, c.client}), s.root)); hr != c.hr {
				t.Errorf("server %d, client %d: %v", c.server, c.client, hr)
			}
		}
	})
	t.Run("renewal", func(t *testing.T) {
		for support, want := range map[bool]HRESULT{true: S_OK, false: WS_E_ENDPOINT_FAULT_RECEIVED} {
			var book notebook
			s := newShop(t, overContexts(boot(), bindingProp{WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_SUPPORT_RENEW, support}), nil, book.answer)
			old, hr := newContext(t, s)
			if hr != S_OK {
				t.Fatal(hr)
			}
			var token *SecurityToken
			hr = RequestSecurityToken(open(t, s.url, alice(), s.root), []prop{{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_RENEW_CONTEXT}, {idExisting, old}, entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED)}, &token, nil, nil)
			if hr != want {
				t.Errorf("support %v: %v", support, hr)
			}
			if support {
				continue
			}
			// The old one was not harmed, and a client that wants to renew makes another.
			if hr := talk(t, open(t, s.url, holding(old), s.root)); hr != S_OK {
				t.Error(hr)
			}
			c := open(t, s.url, client(bindingProp{WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_RENEWAL_INTERVAL, time.Millisecond}), s.root)
			for range 3 {
				time.Sleep(2 * time.Millisecond)
				if hr := talk(t, c); hr != S_OK {
					t.Error(hr)
				}
			}
		}
	})
}

// The validator of assertions is asked when a context is established, and not for
// each message.
func TestListenerContextValidator(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	verdict, asked := S_OK, 0
	saml := bySAML(iss, func(a *SamlAuthenticator) {
		a.SamlValidator = func(any, *XMLBuffer) HRESULT { asked++; return verdict }
	})
	var book notebook
	s := newShop(t, overContexts(describe(nil, &SslTransport{}, saml)), nil, book.answer)
	converse := func() *Channel {
		token := issued(t, iss, keyType(WS_SECURITY_KEY_TYPE_NONE), appliesTo(s.url))
		return open(t, s.url, describe(nil, &SslTransport{}, &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: holding(token)}), s.root)
	}
	c := converse()
	for range 3 {
		if hr := talk(t, c); hr != S_OK {
			t.Fatal(hr)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	verdict = S_FALSE
	if hr := talk(t, converse()); hr != WS_E_ENDPOINT_FAULT_RECEIVED || len(book.ids(t)) != 3 {
		t.Error(hr)
	}
}

// Contexts outlive the listener where they are kept in a cache, or in their
// tokens.
func TestListenerKeepsContexts(t *testing.T) {
	store, err := newReplayCache()
	if err != nil {
		t.Fatal(err)
	}
	seal, err := service.NewSealKey("test", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		p    []ListenerProperty
		kept bool
	}{
		"listener": {nil, false},
		"cache":    {[]ListenerProperty{{WS_LISTENER_PROPERTY_EX_CONTEXT_CACHE, store}}, true},
		"tokens":   {[]ListenerProperty{{WS_LISTENER_PROPERTY_EX_CONTEXT_SEAL, []service.SealKey{seal}}, {WS_LISTENER_PROPERTY_EX_REPLAY_CACHE, store}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var book notebook
			s := newShop(t, overContexts(describe(nil, &SslTransport{}, byPassword(onlyAlice))), c.p, book.answer)
			client := open(t, s.url, conversing(), s.root)
			if hr := talk(t, client); hr != S_OK {
				t.Fatal(hr)
			}
			CloseListener(s.listener, nil, nil)
			ResetListener(s.listener, nil)
			OpenListener(s.listener, s.url, nil, nil)
			s.work(t, book.answer) // the first worker has gone
			if hr := talk(t, client); hr != S_OK {
				t.Fatal(hr)
			}
			if ids := book.ids(t); (ids[0] == ids[1]) != c.kept {
				t.Errorf("%q", ids)
			}
			// One that is kept can be revoked, all the same.
			RevokeSecurityContext(book.last(), nil)
			if hr := talk(t, client); hr != S_OK {
				t.Fatal(hr)
			}
			if ids := book.ids(t); ids[2] == ids[1] {
				t.Errorf("%q", ids)
			}
		})
	}
}

// What a server has in hand prints no assertion, and no password.
func TestServerPrintsNoSecrets(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	var printed []string
	print := func(values ...any) {
		for _, v := range values {
			printed = append(printed, fmt.Sprintf("%v %+v %s %q %x %#v", v, v, v, v, v, v))
		}
	}
	s := newShop(t, overContexts(describe(nil, &SslTransport{}, bySAML(iss, nil))), nil, func(s *shop, c *Channel, m *Message, body XMLBuffer) {
		var sc *SecurityContext
		GetMessageProperty(m, WS_MESSAGE_PROPERTY_SECURITY_CONTEXT, &sc, nil)
		print(s.listener, c, m, *m, Message{}, sc, *sc)
		SendReplyMessage(c, nil, nil, m, nil, nil)
	})
	token := issued(t, iss, keyType(WS_SECURITY_KEY_TYPE_NONE), appliesTo(s.url))
	c := open(t, s.url, describe(nil, &SslTransport{}, &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: holding(token)}), s.root)
	if hr := talk(t, c); hr != S_OK || len(printed) != 7 {
		t.Fatal(hr, printed)
	}
	for _, p := range printed {
		if strings.Contains(p, "Assertion") || strings.Contains(p, "417373657274696f6e") || strings.Contains(p, wstrusttest.User) || len(p) > 1000 {
			t.Errorf("%.200s", p)
		}
	}
}
