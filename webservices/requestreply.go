package webservices

import "wstrust"

// RequestReply is WsRequestReply without its message objects: it sends one
// element as the body of a message with this action and stores the body of the
// verified reply. A nil body is an empty one, and a nil reply is not stored; on
// failure *reply keeps its value.
func RequestReply(channel *Channel, action string, body *XMLBuffer, reply *XMLBuffer, ac *AsyncContext, e *Error) HRESULT {
	const op = "RequestReply"
	if channel == nil || action == "" {
		return e.fail(E_INVALIDARG, op+": no channel, or no action")
	}
	if hr := ac.check(op, e); hr != S_OK {
		return hr
	}
	var content wstrust.XML
	if body != nil {
		var err error
		if content, err = body.one(); err != nil {
			return e.because(E_INVALIDARG, err)
		}
	}
	ctx, opened, o, hr := channel.begin(op, e)
	if hr != S_OK {
		return hr
	}
	model := channel.model()
	return ac.run(model, func() HRESULT {
		defer channel.end(o)
		c, err := opened.channel(ctx, dialect{headers: defaultMaxHeaders})
		var answer wstrust.XML
		if err == nil {
			answer, err = c.Do(ctx, action, content)
		}
		if err != nil {
			return channel.failed(ctx, op, err, e)
		}
		if reply != nil {
			reply.XML = string(answer)
		}
		return S_OK
	})
}
