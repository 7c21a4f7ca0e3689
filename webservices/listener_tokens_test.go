package webservices

import (
	"strings"
	"testing"

	"wstrust/wstrusttest"
)

// A server with two message bindings demands both tokens, and tells of both.
func TestListenerTwoTokens(t *testing.T) {
	iss, other := wstrusttest.NewSTS(t), wstrusttest.NewSTS(t)
	asked, verdict := 0, S_OK
	saml := bySAML(iss, func(a *SamlAuthenticator) {
		a.SamlValidator = func(any, *XMLBuffer) HRESULT { asked++; return verdict }
	})
	s := newShop(t, describe(nil, &SslTransport{}, saml, byPassword(onlyAlice)), nil, func(_ *shop, c *Channel, m *Message, _ XMLBuffer) {
		name, hr := tell(m, WS_MESSAGE_PROPERTY_USERNAME)
		assertion, hr2 := tell(m, WS_MESSAGE_PROPERTY_SAML_ASSERTION)
		if hr != S_OK || hr2 != S_OK {
			t.Error(hr, hr2)
		}
		SendReplyMessage(c, nil, &XMLBuffer{`<is xmlns="urn:shop">` + name + assertion + `</is>`}, m, nil, nil)
	})
	bearer := keyType(WS_SECURITY_KEY_TYPE_NONE)
	token := issued(t, iss, bearer, appliesTo(s.url))
	presents := func(token *SecurityToken) *XmlTokenMessage {
		return &XmlTokenMessage{BindingUsage: supporting, XmlToken: token}
	}
	var e Error
	if got, hr := s.call(t, alice(presents(token)), &e); hr != S_OK || !strings.Contains(got, ">alice<") || !strings.Contains(got, "SignatureValue") {
		t.Fatal(hr, got, e.Error())
	}
	wrong := userWith("wrong")
	wrong.SecurityBindings = append(wrong.SecurityBindings, presents(token))
	for name, sd := range map[string]*SecurityDescription{
		"the password alone":         alice(),
		"the assertion alone":        holding(token),
		"a wrong password":           wrong,
		"an assertion of another":    alice(presents(issued(t, other, bearer, appliesTo(s.url)))),
		"an assertion for another":   alice(presents(issued(t, iss, bearer, appliesTo("https://other.example/")))),
		"neither":                    overTLS(),
		"something that is no token": alice(presents(testContext(t))),
	} {
		if got, hr := s.call(t, sd, nil); hr != WS_E_ENDPOINT_ACCESS_DENIED {
			t.Error(name, hr, got)
		}
	}
	if s.count() != 1 || asked != 1 {
		t.Errorf("%d messages reached a channel, and the validator was asked %d times", s.count(), asked)
	}
	verdict = S_FALSE
	if _, hr := s.call(t, alice(presents(token)), nil); hr != WS_E_ENDPOINT_ACCESS_DENIED || asked != 2 {
		t.Error(hr, asked)
	}
}

// A context that two tokens made tells of both.
func TestListenerContextOfTwoTokens(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	var book notebook
	s := newShop(t, overContexts(describe(nil, &SslTransport{}, bySAML(iss, nil), byPassword(onlyAlice))), nil, book.answer)
	token := &XmlTokenMessage{BindingUsage: supporting, XmlToken: issued(t, iss, keyType(WS_SECURITY_KEY_TYPE_NONE), appliesTo(s.url))}
	client := func(boot *SecurityDescription) *SecurityDescription {
		return describe(nil, &SslTransport{}, &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: boot})
	}
	if _, hr := s.call(t, client(alice(token)), nil); hr != S_OK {
		t.Fatal(hr)
	}
	var user string
	var assertion *XMLBuffer
	if hr := GetSecurityContextProperty(book.last(), WS_SECURITY_CONTEXT_PROPERTY_USERNAME, &user, nil); hr != S_OK || user != wstrusttest.User {
		t.Error(hr, user)
	}
	if hr := GetSecurityContextProperty(book.last(), WS_SECURITY_CONTEXT_PROPERTY_SAML_ASSERTION, &assertion, nil); hr != S_OK {
		t.Error(hr)
	}
	for name, boot := range map[string]*SecurityDescription{"password": alice(), "assertion": describe(nil, &SslTransport{}, token)} {
		if _, hr := s.call(t, client(boot), nil); !hr.Failed() {
			t.Error("a context by the "+name+" alone:", hr)
		}
	}
}

// A context, and another token in each message.
func TestListenerContextAndToken(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	password := byPassword(onlyAlice)
	for name, c := range map[string]struct {
		server []SecurityBinding // besides the context
		boot   SecurityBinding
		client func(s *shop) SecurityBinding // the further token
		alone  MessagePropertyID             // tells of it
	}{
		"password by password": {[]SecurityBinding{password}, password, nil, WS_MESSAGE_PROPERTY_USERNAME},
		"assertion by password": {[]SecurityBinding{bySAML(iss, nil)}, password, func(s *shop) SecurityBinding {
			return &XmlTokenMessage{BindingUsage: supporting, XmlToken: issued(t, iss, keyType(WS_SECURITY_KEY_TYPE_NONE), appliesTo(s.url))}
		}, WS_MESSAGE_PROPERTY_SAML_ASSERTION},
	} {
		t.Run(name, func(t *testing.T) {
			context := &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: describe(nil, &SslTransport{}, c.boot)}
			s := newShop(t, describe(nil, append([]SecurityBinding{&SslTransport{}, context}, c.server...)...), nil, tells(c.alone))
			further := alice().SecurityBindings[1]
			if c.client != nil {
				further = c.client(s)
			}
			own := &SecurityContextMessage{BindingUsage: supporting, BootstrapSecurityDescription: alice()}
			var e Error
			if got, hr := s.call(t, describe(nil, &SslTransport{}, own, further), &e); hr != S_OK || got == `<is xmlns="urn:shop"></is>` {
				t.Error(hr, got, e.Error())
			}
			for name, sd := range map[string]*SecurityDescription{"context alone": describe(nil, &SslTransport{}, own), "token alone": describe(nil, &SslTransport{}, further)} {
				if got, hr := s.call(t, sd, nil); hr != WS_E_ENDPOINT_ACCESS_DENIED {
					t.Error(name, hr, got)
				}
			}
			if s.count() != 1 {
				t.Errorf("%d messages reached a channel", s.count())
			}
		})
	}
}
