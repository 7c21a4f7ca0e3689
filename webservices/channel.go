package webservices

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"
)

// A Channel is WS_CHANNEL: it speaks with one endpoint. It may be used by many
// calls at once.
type Channel struct {
	binding  ChannelBinding
	security *security

	mu      sync.Mutex
	values  channelValues
	state   ChannelState
	opening *operation // the call of OpenChannel that is at work
	calls   map[*operation]struct{}
	idle    chan struct{} // closed when the last call has ended while closing
	session *session      // what OpenChannel made
	freed   bool

	listener *Listener // of a server's channel; nil: a client's
	accepted *accepted // what AcceptChannel took in
}

// An operation is a call under way.
type operation struct{ cancel context.CancelCauseFunc }

// errAborted is the cause that AbortChannel gives to what it stops.
var errAborted = errors.New("the channel was aborted")

// CreateChannel is WsCreateChannel. It checks everything, the whole security
// description included, and copies it. The only type that a channel can have is
// WS_CHANNEL_TYPE_REQUEST on HTTP, and what WWSAPI has for the other
// transports, which cannot be opened. Errors are E_INVALIDARG.
func CreateChannel(t ChannelType, binding ChannelBinding, properties []ChannelProperty, description *SecurityDescription, channel **Channel, e *Error) HRESULT {
	const op = "CreateChannel: "
	if channel == nil {
		return e.fail(E_INVALIDARG, op+"nowhere to store the channel")
	}
	want, ok := clientTypes[binding]
	if !ok || t != want && want != 0 {
		return e.fail(E_INVALIDARG, op+"channel type %d on transport %d", t, binding)
	}
	v, err := readChannelProperties(properties, binding)
	if err != nil {
		return e.because(E_INVALIDARG, fmt.Errorf(op+"%w", err))
	}
	s, err := readSecurity(description, binding)
	if err != nil {
		return e.because(E_INVALIDARG, fmt.Errorf(op+"%w", err))
	}
	c := &Channel{binding: binding, security: s, values: v, calls: map[*operation]struct{}{}}
	c.values[WS_CHANNEL_PROPERTY_CHANNEL_TYPE] = t
	c.values[WS_CHANNEL_PROPERTY_PROTECTION_LEVEL] = s.level
	*channel = c
	return S_OK
}

// clientTypes are the channel types of clients; 0 is any. Only HTTP can be
// opened, so that RequestSecurityToken knows no other. UNCONFIRMED: no source
// says which types it takes.
var clientTypes = map[ChannelBinding]ChannelType{
	WS_HTTP_CHANNEL_BINDING:      WS_CHANNEL_TYPE_REQUEST,
	WS_TCP_CHANNEL_BINDING:       WS_CHANNEL_TYPE_DUPLEX_SESSION,
	WS_UDP_CHANNEL_BINDING:       WS_CHANNEL_TYPE_DUPLEX,
	WS_NAMEDPIPE_CHANNEL_BINDING: WS_CHANNEL_TYPE_DUPLEX_SESSION,
	WS_CUSTOM_CHANNEL_BINDING:    0,
}

// transportMissing says why a channel cannot be opened.
var transportMissing = map[ChannelBinding]string{
	WS_TCP_CHANNEL_BINDING: noTCP, WS_UDP_CHANNEL_BINDING: noUDP, WS_NAMEDPIPE_CHANNEL_BINDING: noPipe, WS_CUSTOM_CHANNEL_BINDING: noCustom,
}

// OpenChannel is WsOpenChannel. The address is copied. Credentials are loaded;
// no connection is made before the first message. If it fails, or AbortChannel
// stops it, the channel is as it was created.
func OpenChannel(channel *Channel, address *EndpointAddress, ac *AsyncContext, e *Error) HRESULT {
	const op = "OpenChannel"
	if channel == nil || address == nil {
		return e.fail(E_INVALIDARG, op+": no channel, or no address")
	}
	if hr := ac.check(op, e); hr != S_OK {
		return hr
	}
	to := *address
	o := &operation{}
	ctx, cancel := context.WithCancelCause(context.Background())
	o.cancel = cancel
	channel.mu.Lock()
	s, ok := next(channel.state, evOpen)
	if !ok || channel.freed || channel.listener != nil {
		defer channel.mu.Unlock()
		cancel(nil)
		return wrongState(channel.state, op, e)
	}
	channel.state, channel.opening = s, o
	v := maps.Clone(channel.values)
	channel.mu.Unlock()
	return ac.run(channel.model(), func() HRESULT {
		defer cancel(nil)
		opened, err := channel.open(ctx, v, &to)
		channel.mu.Lock()
		defer channel.mu.Unlock()
		if channel.opening != o {
			return e.because(WS_E_OPERATION_ABORTED, fmt.Errorf(op+": %w", errAborted))
		}
		channel.opening = nil
		if err != nil {
			channel.state, _ = next(channel.state, evFailed)
			return e.because(codeOf(err), fmt.Errorf(op+": %w", err))
		}
		channel.state, _ = next(channel.state, evOpened)
		channel.session = opened
		return S_OK
	})
}

// CloseChannel is WsCloseChannel: it waits for the calls under way, cancels the
// security context if the channel is open, and leaves the channel closed
// whether that succeeds or not.
func CloseChannel(channel *Channel, ac *AsyncContext, e *Error) HRESULT {
	const op = "CloseChannel"
	if channel == nil {
		return e.fail(E_INVALIDARG, op+": no channel")
	}
	if hr := ac.check(op, e); hr != S_OK {
		return hr
	}
	channel.mu.Lock()
	before := channel.state
	s, ok := next(before, evClose)
	if !ok || channel.freed {
		channel.mu.Unlock()
		return wrongState(before, op, e)
	}
	channel.state = s
	if s == WS_CHANNEL_STATE_CLOSED {
		channel.mu.Unlock()
		return S_OK
	}
	var idle chan struct{}
	if len(channel.calls) > 0 {
		idle = make(chan struct{})
		channel.idle = idle
	}
	opened := channel.session
	bound := channel.values.timeout(WS_CHANNEL_PROPERTY_CLOSE_TIMEOUT)
	ctx, cancel := context.WithCancelCause(context.Background())
	o := &operation{cancel}
	channel.opening = o // AbortChannel stops it
	channel.mu.Unlock()

	return ac.run(channel.model(), func() HRESULT {
		defer cancel(nil)
		if bound > 0 {
			timer := time.AfterFunc(bound, func() { cancel(&timeoutError{"closing", bound}) })
			defer timer.Stop()
		}
		var err error
		if idle != nil {
			select {
			case <-idle:
				// The calls may have ended because they were aborted.
				if context.Cause(ctx) == errAborted {
					err = errAborted
				}
			case <-ctx.Done():
				err = context.Cause(ctx)
				channel.stop()
			}
		}
		if cerr := opened.close(ctx, before == WS_CHANNEL_STATE_OPEN && err == nil); err == nil {
			err = cerr
		}
		channel.mu.Lock()
		defer channel.mu.Unlock()
		channel.state, _ = next(channel.state, evClosed)
		channel.session, channel.opening = nil, nil
		channel.dismiss()
		if err != nil {
			return e.because(codeOf(err), fmt.Errorf(op+": %w", err))
		}
		return S_OK
	})
}

// AbortChannel is WsAbortChannel: the calls under way end with
// WS_E_OPERATION_ABORTED. It never waits, and an open channel is faulted by it.
func AbortChannel(channel *Channel, e *Error) HRESULT {
	if channel == nil {
		return e.fail(E_INVALIDARG, "AbortChannel: no channel")
	}
	channel.mu.Lock()
	defer channel.mu.Unlock()
	before := channel.state
	channel.state, _ = next(before, evAbort)
	if o := channel.opening; o != nil {
		o.cancel(errAborted)
		if before == WS_CHANNEL_STATE_OPENING || before == WS_CHANNEL_STATE_ACCEPTING {
			channel.opening = nil
		}
	}
	if before == WS_CHANNEL_STATE_OPEN {
		channel.dismiss()
	}
	for o := range channel.calls {
		o.cancel(errAborted)
	}
	return S_OK
}

// ResetChannel is WsResetChannel: a closed channel can be opened again.
func ResetChannel(channel *Channel, e *Error) HRESULT {
	const op = "ResetChannel"
	if channel == nil {
		return e.fail(E_INVALIDARG, op+": no channel")
	}
	channel.mu.Lock()
	defer channel.mu.Unlock()
	s, ok := next(channel.state, evReset)
	if !ok || channel.freed {
		return wrongState(channel.state, op, e)
	}
	channel.state = s
	return S_OK
}

// FreeChannel is WsFreeChannel. The keys that the channel has a copy of are
// overwritten. A channel that is open, which makes Windows raise an exception,
// is aborted first.
func FreeChannel(channel *Channel) {
	if channel == nil {
		return
	}
	AbortChannel(channel, nil)
	channel.mu.Lock()
	opened := channel.session
	freed := channel.freed
	channel.session, channel.freed, channel.state = nil, true, WS_CHANNEL_STATE_CLOSED
	channel.mu.Unlock()
	if freed || channel.listener != nil {
		return
	}
	_ = opened.close(context.Background(), false) // nothing graceful is tried, so nothing can fail
	channel.security.wipe()
}

// GetChannelProperty is WsGetChannelProperty. value is a pointer to the type
// that the property has.
func GetChannelProperty(channel *Channel, id ChannelPropertyID, value any, e *Error) HRESULT {
	if channel == nil {
		return e.fail(E_INVALIDARG, "GetChannelProperty: no channel")
	}
	channel.mu.Lock()
	defer channel.mu.Unlock()
	hr := E_INVALIDARG
	switch {
	case id == WS_CHANNEL_PROPERTY_STATE:
		hr = store(value, channel.state)
	case id == WS_CHANNEL_PROPERTY_EX_NEGOTIATOR:
		if p, ok := value.(*Negotiator); ok && p != nil {
			*p, _ = channel.values[id].(Negotiator)
			hr = S_OK
		}
	case channelRules[id].def != nil:
		hr = store(value, channel.values.of(id))
	}
	if hr != S_OK {
		return e.fail(hr, "GetChannelProperty: property %d does not exist here, or is no %T", id, value)
	}
	return S_OK
}

// SetChannelProperty is WsSetChannelProperty. The timeouts,
// FAULTS_AS_ERRORS and ALLOW_UNSECURED_FAULTS can be set, in every state; all
// others are E_INVALIDARG once the channel is created.
func SetChannelProperty(channel *Channel, id ChannelPropertyID, value any, e *Error) HRESULT {
	if channel == nil {
		return e.fail(E_INVALIDARG, "SetChannelProperty: no channel")
	}
	channel.mu.Lock()
	defer channel.mu.Unlock()
	if err := channel.values.set(id, value, always); err != nil {
		return e.because(E_INVALIDARG, fmt.Errorf("SetChannelProperty: %w", err))
	}
	return S_OK
}

// String names the state only.
func (c *Channel) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return "Channel, " + stateNames[c.state]
}

// Format implements [fmt.Formatter], so that no verb walks the credentials.
func (c *Channel) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

func (c *Channel) model() CallbackModel {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.values.of(WS_CHANNEL_PROPERTY_ASYNC_CALLBACK_MODEL).(CallbackModel)
}

// begin registers a call on an open channel.
func (c *Channel) begin(op string, e *Error) (context.Context, *session, *operation, HRESULT) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != WS_CHANNEL_STATE_OPEN {
		return nil, nil, nil, wrongState(c.state, op, e)
	}
	if c.listener != nil {
		return nil, nil, nil, e.fail(WS_E_INVALID_OPERATION, "%s: the channel is one of a server", op)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	o := &operation{cancel}
	c.calls[o] = struct{}{}
	return ctx, c.session, o, S_OK
}

func (c *Channel) end(o *operation) {
	o.cancel(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, o)
	if len(c.calls) == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// stop ends the calls under way.
func (c *Channel) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for o := range c.calls {
		o.cancel(errAborted)
	}
}

// snapshot returns the properties as they are now.
func (c *Channel) snapshot() channelValues {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.values)
}
