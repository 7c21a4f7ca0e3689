package wstrust

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"wstrust/internal/httpx"
)

// An Address is where a channel goes. In WWSAPI: WS_ENDPOINT_ADDRESS.
type Address struct {
	URL        string // https, absolute, without credentials
	Parameters []XML  // reference parameters, sent as headers
	ServerName string // replaces the URL's host in the certificate check; Config.HTTP must be nil
}

// A Channel speaks with one endpoint, an issuer or a service, and secures each
// message with its bindings. It is safe for concurrent use, holds no lock while
// it waits for the network, and keeps no session: a fault, a message that does
// not verify or a time-out is an error of one call and leaves it open. In
// WWSAPI: WS_CHANNEL of type WS_CHANNEL_TYPE_REQUEST over HTTP.
type Channel struct {
	cfg Config
	log *slog.Logger

	docs sync.Pool // of *xmltree.Doc: the memory of answers that were read

	mu    sync.Mutex
	state State
	to    endpoint
	calls map[*call]struct{}
	idle  chan struct{} // closed when the last call has ended while closing
}

// endpoint is what Open fixes.
type endpoint struct {
	url     *url.URL
	headers [][]byte
	client  *http.Client
	own     bool // client is ours to close

	conversation *conversation // nil without a security context
}

type call struct{ cancel context.CancelCauseFunc }

// errAborted is the cause that Abort gives to what it stops.
var errAborted = fmt.Errorf("channel aborted: %w", context.Canceled)

// New checks cfg completely and makes a channel in [StateCreated]. It does no
// I/O. Errors wrap [ErrConfig]. In WWSAPI: WsCreateChannel.
func New(cfg Config) (*Channel, error) {
	if err := cfg.check(); err != nil {
		return nil, &Error{Op: "new channel", Err: err}
	}
	log := cfg.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Channel{cfg: cfg, log: log, calls: make(map[*call]struct{})}, nil
}

// Open makes a channel and opens it to the URL address.
func Open(ctx context.Context, address string, cfg Config) (*Channel, error) {
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Open(ctx, address); err != nil {
		return nil, err
	}
	return c, nil
}

// Open opens the channel to the URL address. In WWSAPI: WsOpenChannel.
func (c *Channel) Open(ctx context.Context, address string) error {
	return c.OpenTo(ctx, Address{URL: address})
}

// OpenTo opens the channel to an address. The channel must be in
// [StateCreated] and is there again if opening fails. HTTP has no session, so
// no connection is made before the first message, unless a security context is
// to be established here. Errors wrap [ErrConfig] for an address that cannot be
// used and [ErrState]. In WWSAPI: WsOpenChannel.
func (c *Channel) OpenTo(ctx context.Context, to Address) error {
	if err := c.enter(evOpen); err != nil {
		return &Error{Op: "open", Endpoint: shownURL(to.URL), Err: err}
	}
	e, err := c.resolve(to)
	if err == nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		e.conversation, err = c.converse(ctx, to, e)
	}
	if err != nil {
		e.release()
		c.enter(evFailed)
		return &Error{Op: "open", Endpoint: shownURL(to.URL), Err: classify(err)}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := next(c.state, evOpened)
	if !ok { // aborted meanwhile
		e.release()
		return &Error{Op: "open", Endpoint: shownURL(to.URL), Err: errAborted}
	}
	c.state, c.to = s, e
	return nil
}

// resolve checks an address and prepares the client for it.
func (c *Channel) resolve(to Address) (endpoint, error) {
	u, err := url.Parse(to.URL)
	switch {
	case err != nil:
		return endpoint{}, fmt.Errorf("%w: the address is not a URL", ErrConfig)
	case u.User != nil:
		return endpoint{}, fmt.Errorf("%w: the address holds credentials; use a binding", ErrConfig)
	case u.Host == "":
		return endpoint{}, fmt.Errorf("%w: the address %s has no host", ErrConfig, quote(to.URL))
	case u.Scheme == "http" && !c.cfg.InsecurePlaintext:
		return endpoint{}, fmt.Errorf("%w: %s is not protected; use https, or set InsecurePlaintext", ErrConfig, quote(to.URL))
	case u.Scheme != "https" && u.Scheme != "http":
		return endpoint{}, fmt.Errorf("%w: scheme %s is not supported", ErrConfig, quote(u.Scheme))
	}
	u.Fragment = ""
	e := endpoint{url: u}
	if e.headers, err = elements(to.Parameters, "a reference parameter"); err != nil {
		return endpoint{}, err
	}
	if c.cfg.HTTP != nil {
		if to.ServerName != "" {
			return endpoint{}, fmt.Errorf("%w: ServerName has no effect on Config.HTTP", ErrConfig)
		}
		e.client = httpx.WithoutRedirects(c.cfg.HTTP)
		return e, nil
	}
	e.client, e.own = httpx.NewClient(c.cfg.TLS), true
	if to.ServerName != "" {
		e.client.Transport.(*http.Transport).TLSClientConfig.ServerName = to.ServerName
	}
	return e, nil
}

// Close waits for the calls under way, but not longer than ctx, has the service
// cancel the security context if the channel is open and there is one, and
// leaves the channel in [StateClosed] in every case. In WWSAPI: WsCloseChannel.
func (c *Channel) Close(ctx context.Context) error {
	c.mu.Lock()
	before := c.state
	s, ok := next(before, evClose)
	if !ok {
		c.mu.Unlock()
		return &Error{Op: "close", Err: wrongState(before)}
	}
	c.state = s
	if s == StateClosed {
		c.mu.Unlock()
		return nil
	}
	to := c.to
	var idle chan struct{}
	if len(c.calls) > 0 {
		idle = make(chan struct{})
		c.idle = idle
	}
	c.mu.Unlock()

	var err error
	if idle != nil {
		select {
		case <-idle:
		case <-ctx.Done():
			err = &Error{Op: "close", Err: context.Cause(ctx)}
			c.stop(errAborted)
		}
	}
	if err == nil && before == StateOpen && to.conversation != nil {
		err = c.endConversation(ctx, to)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, _ = next(c.state, evClosed)
	c.to.release()
	c.to = endpoint{}
	return err
}

// Abort stops the calls under way, whose errors then wrap [context.Canceled].
// It never waits and never fails. An open channel is faulted by it. In WWSAPI:
// WsAbortChannel.
func (c *Channel) Abort() {
	c.mu.Lock()
	c.state, _ = next(c.state, evAbort)
	c.mu.Unlock()
	c.stop(errAborted)
}

// Reset makes a closed channel ready to be opened again, to the same address or
// another. In WWSAPI: WsResetChannel.
func (c *Channel) Reset() error {
	if err := c.enter(evReset); err != nil {
		return &Error{Op: "reset", Err: err}
	}
	return nil
}

// State returns a snapshot of the state. In WWSAPI:
// WS_CHANNEL_PROPERTY_STATE.
func (c *Channel) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Identity names who asks and whom: the endpoint, the versions spoken and the
// bindings, without their secrets. Channels with the same identity get the
// same tokens for the same request.
func (c *Channel) Identity() string {
	h := sha256.New()
	c.mu.Lock()
	if c.to.url != nil {
		fmt.Fprintf(h, "%q", c.to.url.String())
	}
	c.mu.Unlock()
	fmt.Fprintf(h, "%v %q %d", c.cfg.Versions, c.cfg.Suite, c.cfg.Profile)
	for _, b := range c.cfg.Bindings {
		fmt.Fprintf(h, "%q", b.identity())
	}
	if c.cfg.TLS != nil {
		for _, cert := range c.cfg.TLS.Certificates {
			fmt.Fprintf(h, "%q", certificate{cert: cert}.identity())
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// String names the channel's endpoint and state; it prints no secret.
func (c *Channel) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.to.url == nil {
		return fmt.Sprintf("channel, %s", c.state)
	}
	return fmt.Sprintf("channel to %s, %s", shownURL(c.to.url.String()), c.state)
}

// Format implements [fmt.Formatter], so that no verb walks the bindings.
func (c *Channel) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// enter moves the state machine.
func (c *Channel) enter(e event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := next(c.state, e)
	if !ok {
		return wrongState(c.state)
	}
	c.state = s
	return nil
}

// begin registers a call on an open channel. The context it returns ends with
// ctx, and when the channel is aborted.
func (c *Channel) begin(ctx context.Context) (context.Context, endpoint, *call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != StateOpen {
		return nil, endpoint{}, nil, wrongState(c.state)
	}
	ctx, k := c.track(ctx)
	return ctx, c.to, k, nil
}

// track has Abort stop what is done under the context that it returns, until
// end. The lock is held.
func (c *Channel) track(ctx context.Context) (context.Context, *call) {
	ctx, cancel := context.WithCancelCause(ctx)
	k := &call{cancel}
	c.calls[k] = struct{}{}
	return ctx, k
}

func (c *Channel) end(k *call) {
	k.cancel(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, k)
	if len(c.calls) == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// stop cancels every call under way.
func (c *Channel) stop(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.calls {
		k.cancel(cause)
	}
}

// release closes the connections that are ours.
func (e *endpoint) release() {
	if e.own && e.client != nil {
		e.client.CloseIdleConnections()
	}
	if v := e.conversation; v != nil && v.bootTo.own && v.bootTo.client != e.client {
		v.bootTo.client.CloseIdleConnections()
	}
}

func wrongState(s State) error {
	return fmt.Errorf("%w: the channel is %s", ErrState, s)
}

// shownURL is a URL as it may be logged: without user, query and fragment.
func shownURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "(not a URL)"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// cause returns why a context ended, if it has, and else the error itself. What a
// connection says while it is being given up, such as an empty answer of a server
// that saw us leave, tells nothing.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}
