package webservices

import (
	"context"
	"errors"
	"fmt"

	"wstrust"
	"wstrust/internal/reveal"
)

// RequestSecurityToken is WsRequestSecurityToken: it asks the token service at
// the other end of an open channel for a token, by one request and one answer,
// and stores it. On any failure *token keeps its value. After a failure the
// channel is open or faulted.
//
// The channel is not opened and not closed, and chains of token services are
// not walked: call it once for each. Free the token with [FreeSecurityToken].
func RequestSecurityToken(channel *Channel, properties []RequestSecurityTokenProperty, token **SecurityToken, ac *AsyncContext, e *Error) HRESULT {
	const op = "RequestSecurityToken"
	if channel == nil || token == nil {
		return e.fail(E_INVALIDARG, op+": no channel, or nowhere to store the token")
	}
	if hr := ac.check(op, e); hr != S_OK {
		return hr
	}
	ctx, opened, o, hr := channel.begin(op, e)
	if hr != S_OK {
		return hr
	}
	v := channel.snapshot()
	r, err := readRequest(properties, v, channel.security.keys)
	if err != nil {
		channel.end(o)
		return e.because(E_INVALIDARG, fmt.Errorf(op+": %w", err))
	}
	return ac.run(v.of(WS_CHANNEL_PROPERTY_ASYNC_CALLBACK_MODEL).(CallbackModel), func() HRESULT {
		defer channel.end(o)
		t, err := opened.request(ctx, r, channel.security.keys)
		if err != nil {
			return channel.failed(ctx, op, err, e)
		}
		if r.existing != nil {
			FreeSecurityToken(r.existing)
		}
		*token = &SecurityToken{t}
		return S_OK
	})
}

// request runs the exchange, and holds the answer against what the core does
// not know of: the sizes of the suite.
func (s *session) request(ctx context.Context, r *tokenRequest, keys keyRange) (*wstrust.Token, error) {
	c, err := s.channel(ctx, r.dialect)
	if err != nil {
		return nil, err
	}
	t, err := c.RequestToken(ctx, r.request)
	if err != nil {
		return nil, err
	}
	secret := t.SymmetricKey(reveal.Permit{})
	bits := len(secret) * 8
	clear(secret)
	switch {
	case secret == nil && r.wantsKey:
		err = errors.New("a key of the server's was asked for, and the token has none")
	case secret != nil && (bits < keys.least || bits > keys.most):
		err = fmt.Errorf("a key of %d bits, and the algorithm suite has %d to %d", bits, keys.least, keys.most)
	}
	if err != nil {
		t.Wipe(reveal.Permit{})
		return nil, &codeError{WS_E_INVALID_FORMAT, err}
	}
	return t, nil
}

// failed notes the failure of a call and returns its code.
func (c *Channel) failed(ctx context.Context, op string, err error, e *Error) HRESULT {
	err = fmt.Errorf(op+": %w", err)
	if context.Cause(ctx) == errAborted {
		return e.because(WS_E_OPERATION_ABORTED, err)
	}
	code := codeOf(err)
	f, ok := errors.AsType[*wstrust.Fault](err)
	if !ok {
		return e.because(code, err)
	}
	v := c.snapshot()
	_, known := faultCode(f)
	asErrors := v.of(WS_CHANNEL_PROPERTY_FAULTS_AS_ERRORS).(bool)
	switch {
	case f.Unverified != nil && !v.of(WS_CHANNEL_PROPERTY_ALLOW_UNSECURED_FAULTS).(bool) && !(asErrors && known):
		// It was not proved to come from the peer, so it is not shown as the
		// peer's fault; its words are in the text.
		return e.fail(WS_E_SECURITY_VERIFICATION_FAILURE, "%v; and its security does not verify: %v", err, f.Unverified)
	case !asErrors:
		code = WS_E_ENDPOINT_FAULT_RECEIVED
	}
	return e.because(code, err)
}
