package webservices

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"wstrust"
	"wstrust/service"
)

// A Message is WS_MESSAGE, as far as it is about who sent it: what a server's
// channel has received. It must not be used by two calls at once.
type Message struct {
	arrival  *arrival // nil: the message is empty
	listener *Listener
}

// String tells whether there is a message, and nothing of it.
func (m Message) String() string {
	if m.arrival == nil {
		return "Message, empty"
	}
	return "Message, received"
}

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (m Message) Format(f fmt.State, _ rune) { io.WriteString(f, m.String()) }

// CreateMessageForChannel is WsCreateMessageForChannel, for the messages that a
// server's channel receives. There are no message objects for what is sent.
func CreateMessageForChannel(channel *Channel, properties []MessageProperty, message **Message, e *Error) HRESULT {
	const op = "CreateMessageForChannel: "
	if channel == nil || message == nil || channel.listener == nil {
		return e.fail(E_INVALIDARG, op+"no channel of a server, or nowhere to store the message")
	}
	if _, err := readMessageProperties(properties); err != nil {
		return e.because(E_INVALIDARG, err)
	}
	*message = &Message{}
	return S_OK
}

// ResetMessage is WsResetMessage: the message is empty, and can be received
// again.
func ResetMessage(message *Message, e *Error) HRESULT {
	if message == nil {
		return e.fail(E_INVALIDARG, "ResetMessage: no message")
	}
	*message = Message{}
	return S_OK
}

// FreeMessage is WsFreeMessage. What [GetMessageProperty] gave stays good.
func FreeMessage(message *Message) {
	if message != nil {
		*message = Message{}
	}
}

// GetMessageProperty is WsGetMessageProperty, for the properties that tell of the
// sender: USERNAME (string), ENCODED_CERT ([]byte), SAML_ASSERTION (*XMLBuffer),
// SECURITY_CONTEXT (*SecurityContext), HTTP_HEADER_AUTH_WINDOWS_TOKEN (string: the
// user's name, where Windows has a token) and PROTECTION_LEVEL (ProtectionLevel).
// Which of them there are hangs on the listener's security description; what made
// a security context is asked of that. The others are E_INVALIDARG, and other
// Windows tokens WS_E_NOT_SUPPORTED. value is a pointer to the type that the property has.
func GetMessageProperty(message *Message, id MessagePropertyID, value any, e *Error) HRESULT {
	const op = "GetMessageProperty: "
	if message == nil {
		return e.fail(E_INVALIDARG, op+"no message")
	}
	if message.arrival == nil {
		return e.fail(WS_E_INVALID_OPERATION, op+"the message is empty")
	}
	got, security := message.arrival.message, message.listener.security
	hr := E_INVALIDARG
	switch id {
	case WS_MESSAGE_PROPERTY_USERNAME:
		if security.users != nil {
			hr = store(value, got.User())
		}
	case WS_MESSAGE_PROPERTY_ENCODED_CERT:
		if message.arrival.cert != nil {
			hr = store(value, bytes.Clone(message.arrival.cert))
		}
	case WS_MESSAGE_PROPERTY_SAML_ASSERTION:
		if security.saml != nil {
			hr = store(value, buffer(wstrust.XML(assertionOf(got))))
		}
	case WS_MESSAGE_PROPERTY_HTTP_HEADER_AUTH_WINDOWS_TOKEN:
		if security.header != nil {
			hr = store(value, message.arrival.user)
		}
	case WS_MESSAGE_PROPERTY_SECURITY_CONTEXT:
		if got.Context() != nil {
			hr = store(value, contextOf(got, message.arrival.open.verifier))
		}
	case WS_MESSAGE_PROPERTY_PROTECTION_LEVEL:
		hr = store(value, security.level)
	case WS_MESSAGE_PROPERTY_TRANSPORT_SECURITY_WINDOWS_TOKEN, WS_MESSAGE_PROPERTY_MESSAGE_SECURITY_WINDOWS_TOKEN:
		return e.fail(WS_E_NOT_SUPPORTED, op+"there are no Windows tokens here")
	}
	if hr != S_OK {
		return e.fail(hr, op+"property %d does not exist here, is not of this message, or is no %T", id, value)
	}
	return S_OK
}

// contextOf is the context that a message came under, at the Verifier that has
// it.
func contextOf(m *service.Message, v *service.Verifier) *SecurityContext {
	c := m.Context()
	out := &SecurityContext{identifier: c.ID, assertion: wstrust.XML(c.Assertion), revoke: func() error {
		return v.RevokeContext(context.Background(), c.ID)
	}}
	out.username = m.Principal().User
	return out
}
