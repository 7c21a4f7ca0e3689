package webservices

import (
	"fmt"
	"io"
	"time"

	"wstrust"
)

// A conversation is a SecurityContextMessage binding that was checked.
type conversation struct {
	boot     *security
	messages messageValues
	config   wstrust.ContextConfig
}

// conversationVersions are those of WS-SecureConversation; a negotiation is
// spoken in the WS-Trust that goes with it.
var conversationVersions = map[SecureConversationVersion]wstrust.ConversationVersion{
	WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005: wstrust.Conversation2005,
	WS_SECURE_CONVERSATION_VERSION_1_3:           wstrust.Conversation13,
}

var contextEntropies = map[SecurityKeyEntropyMode]wstrust.ContextEntropy{
	WS_SECURITY_KEY_ENTROPY_MODE_CLIENT_ONLY: wstrust.ContextClientEntropy,
	WS_SECURITY_KEY_ENTROPY_MODE_SERVER_ONLY: wstrust.ContextServerEntropy,
	WS_SECURITY_KEY_ENTROPY_MODE_COMBINED:    wstrust.ContextCombinedEntropy,
}

// converse adds the security context binding: established at the first send,
// renewed when the interval is over or the service asks, cancelled at close.
// Replies under an old context are accepted for the rollover interval; those of
// the profile are not signed, and come under none.
func (s *security) converse(boot *security, v bindingValues) error {
	messages, _ := v[WS_SECURITY_BINDING_PROPERTY_MESSAGE_PROPERTIES].([]MessageProperty)
	values, err := readMessageProperties(messages)
	if err != nil {
		return err
	}
	s.messages++
	s.conversation = &conversation{
		boot:     boot,
		messages: values,
		config: wstrust.ContextConfig{
			Version:         conversationVersions[v.of(WS_SECURITY_BINDING_PROPERTY_SECURE_CONVERSATION_VERSION).(SecureConversationVersion)],
			KeySize:         int(v.of(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_KEY_SIZE).(uint32)),
			Entropy:         contextEntropies[v.of(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_KEY_ENTROPY_MODE).(SecurityKeyEntropyMode)],
			NoRenewal:       !v.of(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_SUPPORT_RENEW).(bool),
			RenewalInterval: v.of(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_RENEWAL_INTERVAL).(time.Duration),
			Rollover:        v.of(WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_ROLLOVER_INTERVAL).(time.Duration),
		},
	}
	return nil
}

// binding is the root package's, for one open channel.
func (c *conversation) binding(boot wstrust.Config) wstrust.Binding {
	boot.Limits.Headers, boot.Limits.Depth = c.messages.headers, c.messages.depth
	cfg := c.config
	cfg.BootstrapConfig = &boot
	return wstrust.SecurityContextWith(cfg)
}

// A SecurityContext is WS_SECURITY_CONTEXT: the server's end of a conversation.
// The message property SECURITY_CONTEXT has that of a message which came to a
// [Listener]; a service with package service makes one by [NewSecurityContext].
type SecurityContext struct {
	identifier string
	username   string
	assertion  wstrust.XML
	revoke     func() error
}

// String names the context, and not the assertion that made it.
func (c SecurityContext) String() string { return fmt.Sprintf("SecurityContext %q", c.identifier) }

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (c SecurityContext) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// NewSecurityContext stands for the message property SECURITY_CONTEXT: it
// describes the context of a message that package service has verified, by its
// identifier, the user or assertion that made it, and what revokes it.
func NewSecurityContext(identifier, username string, assertion wstrust.XML, revoke func() error) *SecurityContext {
	return &SecurityContext{identifier, username, assertion, revoke}
}

// GetSecurityContextProperty is WsGetSecurityContextProperty. value is a pointer
// to the type that the property has.
func GetSecurityContextProperty(c *SecurityContext, id SecurityContextPropertyID, value any, e *Error) HRESULT {
	const op = "GetSecurityContextProperty: "
	if c == nil {
		return e.fail(E_INVALIDARG, op+"no context")
	}
	hr := E_INVALIDARG
	switch {
	case id == WS_SECURITY_CONTEXT_PROPERTY_IDENTIFIER:
		hr = store(value, c.identifier)
	case id == WS_SECURITY_CONTEXT_PROPERTY_USERNAME && c.username != "":
		hr = store(value, c.username)
	case id == WS_SECURITY_CONTEXT_PROPERTY_SAML_ASSERTION && c.assertion != "":
		hr = store(value, buffer(c.assertion))
	case id == WS_SECURITY_CONTEXT_PROPERTY_MESSAGE_SECURITY_WINDOWS_TOKEN:
		return e.fail(WS_E_NOT_SUPPORTED, op+"there are no Windows tokens here")
	}
	if hr != S_OK {
		return e.fail(hr, op+"property %d does not exist, is not of this context, or is no %T", id, value)
	}
	return S_OK
}

// RevokeSecurityContext is WsRevokeSecurityContext, for servers: messages that
// come later under the context are refused.
func RevokeSecurityContext(c *SecurityContext, e *Error) HRESULT {
	const op = "RevokeSecurityContext: "
	if c == nil || c.revoke == nil {
		return e.fail(E_INVALIDARG, op+"no context, or none of a server")
	}
	if err := c.revoke(); err != nil {
		return e.because(WS_E_SECURITY_SYSTEM_FAILURE, err)
	}
	return S_OK
}
