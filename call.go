package wstrust

import (
	"context"
)

// Call sends in as the body of a message with this action and fills out from
// the body of the verified answer. Both are an [XML] (out a pointer to one), or
// what encoding/xml takes; nil is an empty body. The channel must be in
// [StateOpen].
//
// Errors are *[Error], as for [Channel.RequestToken]. In WWSAPI: WsCall and
// WsRequestReply.
func (c *Channel) Call(ctx context.Context, action string, in, out any) error {
	const op = "call"
	body, err := encode(in)
	if err != nil {
		return &Error{Op: op, Err: err}
	}
	reply, err := c.do(ctx, op, action, body)
	if err != nil {
		return err
	}
	if err := decode(reply, out); err != nil {
		return &Error{Op: op, Err: err}
	}
	return nil
}

// Do is Call for a body that is written already. The answer is the element in
// the verified answer's body, octet for octet; "" if that is empty.
func (c *Channel) Do(ctx context.Context, action string, body XML) (XML, error) {
	var out XML
	var in any
	if body != "" {
		in = body
	}
	err := c.Call(ctx, action, in, &out)
	return out, err
}

func (c *Channel) do(ctx context.Context, op, action string, body []byte) ([]byte, error) {
	ctx, to, k, err := c.begin(ctx)
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	defer c.end(k)
	reply, err := c.exchange(ctx, to, message{action: action, body: body})
	if err != nil {
		return nil, failed(op, to, 0, reply.status, err)
	}
	if answered := reply.evidence.Body; answered != nil && answered.Element().Empty() == nil {
		return nil, nil
	}
	content, err := reply.evidence.Body.Payload()
	if err != nil {
		return nil, failed(op, to, 0, reply.status, err)
	}
	octets := content.Standalone()
	c.recycle(reply.doc)
	return octets, nil
}
