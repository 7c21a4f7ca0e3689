package webservices

import (
	"context"
	"fmt"
)

// An accepted is the request that a server's channel has accepted. The channel's
// lock guards it.
type accepted struct {
	*arrival
	received bool // ReceiveMessage has had it
	replied  bool
}

// CreateChannelForListener is WsCreateChannelForListener: it makes a channel for
// [AcceptChannel]. Properties are checked like those of a client's channel;
// CLOSE_TIMEOUT has an effect, and none of the others has one: a message is
// answered in its own versions of SOAP and WS-Addressing, and its size is bounded
// by the listener.
func CreateChannelForListener(listener *Listener, properties []ChannelProperty, channel **Channel, e *Error) HRESULT {
	const op = "CreateChannelForListener: "
	if listener == nil || channel == nil {
		return e.fail(E_INVALIDARG, op+"no listener, or nowhere to store the channel")
	}
	v, err := readChannelProperties(properties, listener.binding)
	if err != nil {
		return e.because(E_INVALIDARG, fmt.Errorf(op+"%w", err))
	}
	v[WS_CHANNEL_PROPERTY_CHANNEL_TYPE] = listener.kind
	v[WS_CHANNEL_PROPERTY_PROTECTION_LEVEL] = listener.security.level
	*channel = &Channel{binding: listener.binding, values: v, calls: map[*operation]struct{}{}, listener: listener}
	return S_OK
}

// AcceptChannel is WsAcceptChannel: it waits for a message whose sender was
// verified. The channel, which must have been created for the listener, is then
// open for this message and its answer. Close and reset it for the next one.
//
// On a listener that was aborted it fails at once, with WS_E_OBJECT_FAULTED.
func AcceptChannel(listener *Listener, channel *Channel, ac *AsyncContext, e *Error) HRESULT {
	const op = "AcceptChannel"
	if listener == nil || channel == nil || channel.listener != listener {
		return e.fail(E_INVALIDARG, op+": no listener, or not a channel of it")
	}
	if hr := ac.check(op, e); hr != S_OK {
		return hr
	}
	listener.mu.Lock()
	open, from := listener.open, listener.state
	listener.mu.Unlock()
	switch {
	case from == WS_LISTENER_STATE_FAULTED:
		return e.fail(WS_E_OBJECT_FAULTED, op+": the listener is faulted")
	case open == nil:
		return e.fail(WS_E_INVALID_OPERATION, op+": the listener is not open")
	}
	o := &operation{}
	ctx, cancel := context.WithCancelCause(context.Background())
	o.cancel = cancel
	channel.mu.Lock()
	s, ok := next(channel.state, evAccept)
	if !ok || channel.freed {
		defer channel.mu.Unlock()
		cancel(nil)
		return wrongState(channel.state, op, e)
	}
	channel.state, channel.opening = s, o
	channel.mu.Unlock()
	return ac.run(channel.model(), func() HRESULT {
		defer cancel(nil)
		var a *arrival
		select {
		case a = <-listener.arrivals:
		case <-open.gone:
		case <-ctx.Done():
		}
		channel.mu.Lock()
		defer channel.mu.Unlock()
		aborted := channel.opening != o
		if a == nil || aborted {
			if a != nil {
				a.answer <- outcome{err: errNoReply}
			}
			if !aborted {
				channel.opening = nil
				channel.state, _ = next(channel.state, evFailed)
			}
			return e.because(WS_E_OPERATION_ABORTED, fmt.Errorf(op+": %w", errAborted))
		}
		channel.opening = nil
		channel.state, _ = next(channel.state, evAccepted)
		channel.accepted = &accepted{arrival: a}
		return S_OK
	})
}

// dismiss ends the request of a server's channel. If it was not
// answered, it is answered with the fault for errors of the service. The lock is held.
func (c *Channel) dismiss() {
	if c.accepted != nil && !c.accepted.replied {
		c.accepted.replied = true
		c.accepted.answer <- outcome{err: errNoReply}
	}
	c.accepted = nil
}
