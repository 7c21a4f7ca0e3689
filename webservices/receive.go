package webservices

import (
	"context"
	"fmt"
	"strings"

	"wstrust/internal/xmltree"
	"wstrust/service"
)

// A MessageDescription is WS_MESSAGE_DESCRIPTION.
type MessageDescription struct {
	Action      string   // of the message; "" is any
	BodyElement XMLQName // in its body; zero is an empty body
}

// ReceiveMessage is WsReceiveMessage: it takes the message that the channel has
// accepted. The first description with its action counts; its place is stored in
// *index, and the element of the body, which must be the described one, in *body.
// Without descriptions every message is taken. index and body may be nil.
//
// With an action that is not described, which is WS_E_ENDPOINT_ACTION_NOT_SUPPORTED,
// or a body that is not, which is WS_E_INVALID_FORMAT, the message is received
// all the same and can be answered with [SendFaultMessageForError].
func ReceiveMessage(channel *Channel, message *Message, descriptions []MessageDescription, option ReceiveOption, body *XMLBuffer, index *uint32, ac *AsyncContext, e *Error) HRESULT {
	const op = "ReceiveMessage"
	if channel == nil || message == nil || channel.listener == nil || !between(option, WS_RECEIVE_REQUIRED_MESSAGE, WS_RECEIVE_OPTIONAL_MESSAGE) {
		return e.fail(E_INVALIDARG, op+": no channel of a server, no message, or option %d", option)
	}
	if hr := ac.check(op, e); hr != S_OK {
		return hr
	}
	if message.arrival != nil {
		return e.fail(WS_E_INVALID_OPERATION, op+": the message holds another; reset it")
	}
	channel.mu.Lock()
	defer channel.mu.Unlock()
	x := channel.accepted
	switch {
	case channel.state != WS_CHANNEL_STATE_OPEN || x == nil:
		return wrongState(channel.state, op, e)
	case x.received && option == WS_RECEIVE_OPTIONAL_MESSAGE:
		return WS_S_END
	case x.received:
		return e.fail(noMoreMessages, op+": there are no more messages on this channel")
	}
	x.received = true
	message.arrival, message.listener = x.arrival, channel.listener
	got := x.message
	place := -1
	for i, d := range descriptions {
		if d.Action == "" || d.Action == got.Action() {
			place = i
			break
		}
	}
	switch {
	case place < 0 && len(descriptions) > 0:
		return e.fail(undescribedAction, op+": the action %.100q is not described", got.Action())
	case place >= 0 && !descriptions[place].describes(got.Payload()):
		return e.fail(WS_E_INVALID_FORMAT, op+": the body is not what the action %.100q is described with", got.Action())
	}
	if index != nil && place >= 0 {
		*index = uint32(place)
	}
	if body != nil {
		body.XML = string(got.XML())
	}
	return S_OK
}

// Codes of ReceiveMessage for what its page calls a failure and gives no code.
const (
	// noMoreMessages: a message is required, and there is none. UNCONFIRMED.
	noMoreMessages = WS_E_INVALID_FORMAT
	// undescribedAction: no description has the action. UNCONFIRMED: by its
	// name it is this one.
	undescribedAction = WS_E_ENDPOINT_ACTION_NOT_SUPPORTED
)

// describes reports whether an element, zero in an empty body, is the described
// one.
func (d MessageDescription) describes(element xmltree.Elem) bool {
	if d.BodyElement == (XMLQName{}) {
		return !element.OK()
	}
	return element.OK() && element.Is(d.BodyElement.NS, d.BodyElement.LocalName)
}

// SendReplyMessage is WsSendReplyMessage without its message object: it answers
// the message that the channel has accepted, and returns when the answer was
// written. request is that message. The reply has the action of the description,
// or the request's with "Response" behind it; a nil body is an empty one.
func SendReplyMessage(channel *Channel, description *MessageDescription, body *XMLBuffer, request *Message, ac *AsyncContext, e *Error) HRESULT {
	const op = "SendReplyMessage"
	var content service.XML
	if body != nil {
		x, err := body.one()
		if err != nil {
			return e.because(E_INVALIDARG, fmt.Errorf(op+": %w", err))
		}
		content = service.XML(x)
	}
	var reply any = content
	if description != nil && description.Action != "" {
		reply = service.Reply{Action: description.Action, Body: content}
	}
	return channel.send(op, outcome{reply: reply}, request, ac, e)
}

// SendFaultMessageForError is WsSendFaultMessageForError: it answers the message
// that the channel has accepted with a fault. That is the one that faultError has
// by [SetFaultErrorProperty], or a generic one. Where it gives no reason, the
// texts of faultError do, or that of the code, if everything is to be disclosed;
// they name what went wrong inside, so that is for debugging.
//
// Actions and headers of faults are left out: a fault has the action that
// WS-Addressing has for faults.
func SendFaultMessageForError(channel *Channel, faultError *Error, code HRESULT, disclosure FaultDisclosure, request *Message, ac *AsyncContext, e *Error) HRESULT {
	const op = "SendFaultMessageForError"
	if !code.Failed() || !between(disclosure, WS_MINIMAL_FAULT_DISCLOSURE, WS_FULL_FAULT_DISCLOSURE) {
		return e.fail(E_INVALIDARG, op+": %v is no failure, or there is no disclosure %d", code, disclosure)
	}
	return channel.send(op, outcome{err: faultFor(faultError, code, disclosure)}, request, ac, e)
}

// faultFor is WsCreateFaultFromError.
func faultFor(e *Error, code HRESULT, disclosure FaultDisclosure) *service.Fault {
	out := &service.Fault{Receiver: true}
	if e != nil && e.fault != nil {
		out = e.fault.service()
	}
	if out.Reason != "" {
		return out
	}
	out.Reason = "The service could not process the message."
	if disclosure == WS_FULL_FAULT_DISCLOSURE {
		out.Reason = code.Error()
		if e != nil && len(e.strings) > 0 {
			out.Reason = strings.Join(e.strings, " ")
		}
	}
	return out
}

// service is f as package service sends it: the most generic code, which is of
// SOAP's own, the most specific one, the first reason, and the detail.
func (f *Fault) service() *service.Fault {
	out := &service.Fault{Receiver: true}
	if f.Code != nil {
		n := f.Code.Value.LocalName
		out.Receiver = n != "Sender" && n != "Client"
		deepest := f.Code
		for deepest.SubCode != nil {
			deepest = deepest.SubCode
		}
		if deepest != f.Code {
			out.Namespace, out.Code = deepest.Value.NS, deepest.Value.LocalName
		}
	}
	if len(f.Reasons) > 0 {
		out.Reason = f.Reasons[0].Text
	}
	out.Detail = f.Detail.content()
	return out
}

// content returns the element in a detail element, or "" if there is not
// exactly one.
func (b *XMLBuffer) content() service.XML {
	if b == nil {
		return ""
	}
	doc, err := xmltree.Parse([]byte(b.XML), xmltree.Limits{})
	if err != nil {
		return ""
	}
	var only xmltree.Elem
	for child := range doc.Root().Children {
		if only.OK() {
			return ""
		}
		only = child
	}
	if !only.OK() {
		return ""
	}
	return service.XML(only.Standalone())
}

// send answers the request of a server's channel.
func (c *Channel) send(op string, out outcome, request *Message, ac *AsyncContext, e *Error) HRESULT {
	if c == nil || c.listener == nil || request == nil || request.arrival == nil {
		return e.fail(E_INVALIDARG, "%s: no channel of a server, or no request", op)
	}
	if hr := ac.check(op, e); hr != S_OK {
		return hr
	}
	c.mu.Lock()
	x := c.accepted
	if c.state != WS_CHANNEL_STATE_OPEN || x == nil {
		defer c.mu.Unlock()
		return wrongState(c.state, op, e)
	}
	if x.replied || x.arrival != request.arrival {
		defer c.mu.Unlock()
		return e.fail(WS_E_INVALID_OPERATION, "%s: the request was answered, or is another channel's", op)
	}
	x.replied = true
	ctx, cancel := context.WithCancelCause(context.Background())
	o := &operation{cancel}
	c.calls[o] = struct{}{}
	c.mu.Unlock()
	return ac.run(c.model(), func() HRESULT {
		defer c.end(o)
		if x.reply(ctx, out) {
			return S_OK
		}
		if context.Cause(ctx) == errAborted {
			return e.because(WS_E_OPERATION_ABORTED, fmt.Errorf("%s: %w", op, errAborted))
		}
		return e.fail(WS_E_ENDPOINT_DISCONNECTED, "%s: the client does not wait for the answer any more", op)
	})
}
