package webservices

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust/service"
	"wstrust/wstrusttest"
)

// aliceOnly is the user base of a service.
type aliceOnly struct{}

func (aliceOnly) Check(_ context.Context, name string, p service.Password) (bool, error) {
	return p.Matches(wstrusttest.Password) && name == wstrusttest.User, nil
}

// A talker is a service with security contexts, that keeps what it was sent.
type talker struct {
	url      string
	root     ChannelProperty
	verifier *service.Verifier
	mu       sync.Mutex
	actions  []string
	last     *SecurityContext
}

func newTalker(t *testing.T, suite service.Suite) *talker {
	t.Helper()
	iss := wstrusttest.NewSTS(t)
	k := &talker{}
	ca := newTestCA(t)
	var h http.Handler
	srv := serverTLS(t, ca.issue(t, nil), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.mu.Lock()
		k.actions = append(k.actions, r.Header.Get("Content-Type"))
		k.mu.Unlock()
		h.ServeHTTP(w, r)
	}))
	v := iss.Verifier(t, srv.URL)
	v.Users, v.Contexts, v.Suite = aliceOnly{}, &service.Contexts{}, suite
	k.url, k.root, k.verifier = srv.URL, roots(ca.cert), v
	h = v.Handler(func(_ context.Context, m *service.Message) (any, error) {
		c := m.Context()
		if c == nil {
			return nil, errors.New("no context")
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.last = NewSecurityContext(c.ID, m.Principal().Name, "", func() error { return v.RevokeContext(context.Background(), c.ID) })
		return service.XML("<ok xmlns=\"urn:ok\">" + m.Principal().Name + "</ok>"), nil
	})
	return k
}

// count tells how often an action was sent.
func (k *talker) count(action string) (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range k.actions {
		if strings.Contains(a, action+`"`) {
			n++
		}
	}
	return n
}

func conversing(p ...SecurityBindingProperty) *SecurityDescription {
	return describe(nil, &SslTransport{}, &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: alice(), Properties: p})
}

// A conversation: established at the first send, cancelled at close, and from a
// faulted channel not.
func TestConversation(t *testing.T) {
	for name, v := range map[string]SecureConversationVersion{"2005": WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005, "1.3": WS_SECURE_CONVERSATION_VERSION_1_3} {
		t.Run(name, func(t *testing.T) {
			k := newTalker(t, "Basic256")
			c := open(t, k.url, conversing(SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_SECURE_CONVERSATION_VERSION, v}), k.root)
			if n := k.count(""); n != 0 {
				t.Errorf("%d messages at open", n)
			}
			var reply XMLBuffer
			var e Error
			for range 3 {
				if hr := RequestReply(c, "urn:x", nil, &reply, nil, &e); hr != S_OK || !strings.Contains(reply.XML, ">alice<") {
					t.Fatal(hr, e.Error(), reply.XML)
				}
			}
			if k.count("/RST/SCT") != 1 || k.count("urn:x") != 3 {
				t.Errorf("%q", k.actions)
			}
			var id, user string
			if hr := GetSecurityContextProperty(k.last, WS_SECURITY_CONTEXT_PROPERTY_IDENTIFIER, &id, nil); hr != S_OK || id == "" {
				t.Error(hr, id)
			}
			if hr := GetSecurityContextProperty(k.last, WS_SECURITY_CONTEXT_PROPERTY_USERNAME, &user, nil); hr != S_OK || user != "alice" {
				t.Error(hr, user)
			}
			if hr := GetSecurityContextProperty(k.last, WS_SECURITY_CONTEXT_PROPERTY_SAML_ASSERTION, new(*XMLBuffer), nil); hr != E_INVALIDARG {
				t.Error(hr)
			}
			if hr := GetSecurityContextProperty(k.last, WS_SECURITY_CONTEXT_PROPERTY_MESSAGE_SECURITY_WINDOWS_TOKEN, new(uintptr), nil); hr != WS_E_NOT_SUPPORTED {
				t.Error(hr)
			}
			// Revoked: the client makes another one, and loses nothing.
			if hr := RevokeSecurityContext(k.last, nil); hr != S_OK {
				t.Error(hr)
			}
			if hr := RequestReply(c, "urn:x", nil, &reply, nil, &e); hr != S_OK || k.count("/RST/SCT") != 2 {
				t.Error(hr, e.Error(), k.count("/RST/SCT"))
			}
			if hr := CloseChannel(c, nil, &e); hr != S_OK || k.count("/RST/SCT/Cancel") != 1 {
				t.Error(hr, e.Error(), k.count("/RST/SCT/Cancel"))
			}
			ResetChannel(c, nil)
			if hr := OpenChannel(c, &EndpointAddress{URL: k.url}, nil, nil); hr != S_OK {
				t.Fatal(hr)
			}
			RequestReply(c, "urn:x", nil, nil, nil, nil)
			AbortChannel(c, nil)
			if hr := CloseChannel(c, nil, nil); hr != S_OK || k.count("/RST/SCT/Cancel") != 1 {
				t.Error("cancelled from a faulted channel", hr)
			}
		})
	}
	if RevokeSecurityContext(nil, nil) != E_INVALIDARG || RevokeSecurityContext(&SecurityContext{}, nil) != E_INVALIDARG {
		t.Error("revoked nothing")
	}
	bad := NewSecurityContext("x", "", "<a/>", func() error { return errors.New("no") })
	if RevokeSecurityContext(bad, nil) != WS_E_SECURITY_SYSTEM_FAILURE {
		t.Error("a failure is success")
	}
	var x *XMLBuffer
	if hr := GetSecurityContextProperty(bad, WS_SECURITY_CONTEXT_PROPERTY_SAML_ASSERTION, &x, nil); hr != S_OK || x.XML != "<a/>" {
		t.Error(hr, x)
	}
}

// Renewal at the interval, and a new context in its place where the client is
// not to renew.
func TestConversationRenewal(t *testing.T) {
	for support, actions := range map[bool][2]int{true: {1, 1}, false: {2, 0}} {
		k := newTalker(t, "Basic256")
		c := open(t, k.url, conversing(
			SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_RENEWAL_INTERVAL, 200 * time.Millisecond},
			SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_SUPPORT_RENEW, support},
		), k.root)
		var e Error
		for i := range 2 {
			if i > 0 {
				time.Sleep(250 * time.Millisecond)
			}
			if hr := RequestReply(c, "urn:x", nil, nil, nil, &e); hr != S_OK {
				t.Fatal(hr, e.Error())
			}
		}
		if got := [2]int{k.count("/RST/SCT"), k.count("/RST/SCT/Renew")}; got != actions {
			t.Errorf("support %v: %v, want %v", support, got, actions)
		}
	}
}

// The same by hand: NEW_CONTEXT, present, RENEW_CONTEXT, which ends the old
// token.
func TestContextByHand(t *testing.T) {
	for name, v := range map[string]TrustVersion{"2005": WS_TRUST_VERSION_FEBRUARY_2005, "1.3": WS_TRUST_VERSION_1_3} {
		t.Run(name, func(t *testing.T) {
			k := newTalker(t, "Basic256")
			c := open(t, k.url, alice(), k.root)
			sct := request(t, c, prop{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_NEW_CONTEXT}, trust(v), entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED))
			var e Error
			use := func(token *SecurityToken) HRESULT {
				return RequestReply(open(t, k.url, holding(token), k.root), "urn:x", nil, nil, nil, &e)
			}
			if hr := use(sct); hr != S_OK {
				t.Fatal(hr, e.Error())
			}
			renewed := request(t, c, prop{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_RENEW_CONTEXT}, trust(v), prop{idExisting, sct}, entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED))
			if hr := GetSecurityTokenProperty(sct, WS_SECURITY_TOKEN_PROPERTY_KEY_TYPE, new(SecurityKeyType), nil, nil); hr != E_INVALIDARG {
				t.Error("the renewed token is still good", hr)
			}
			if hr := use(renewed); hr != S_OK {
				t.Error(hr, e.Error())
			}
		})
	}
	// A failed renewal leaves the token.
	f := newFake(t, says(500, "text/plain", "no"))
	c := open(t, f.URL, alice(), f.root())
	old := testContext(t)
	var token *SecurityToken
	if hr := RequestSecurityToken(c, []prop{{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_RENEW_CONTEXT}, {idExisting, old}}, &token, nil, nil); hr != WS_E_ENDPOINT_FAILURE {
		t.Error(hr)
	}
	if hr := GetSecurityTokenProperty(old, WS_SECURITY_TOKEN_PROPERTY_KEY_TYPE, new(SecurityKeyType), nil, nil); hr != S_OK {
		t.Error("a failed renewal ended the token", hr)
	}
}
