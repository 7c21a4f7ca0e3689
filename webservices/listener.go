package webservices

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"wstrust/internal/httpauth"
	"wstrust/service"
)

// A Listener is WS_LISTENER: it verifies the messages that come to one URL and
// hands them to the channels that wait in [AcceptChannel].
//
// It is an [http.Handler]. Windows puts http.sys in front of a listener, which
// has the server's certificate; here that is the http.Server of the program.
// While the listener is not open, it answers 503.
//
// Only messages whose sender was verified reach a channel. What is refused is
// answered at once, with one constant fault or a challenge of HTTP authentication,
// and the log is told why; so are the messages about security contexts.
type Listener struct {
	binding  ChannelBinding
	kind     ChannelType
	security *serverSecurity
	values   listenerValues
	arrivals chan *arrival
	places   chan struct{} // one is taken by each message that waits, or is being answered

	mu    sync.Mutex
	state ListenerState
	open  *listening // nil unless the state is OPEN
	freed bool
}

// A listening is a listener from OpenListener to its end.
type listening struct {
	verifier *service.Verifier
	handler  http.Handler
	auth     *httpauth.Server // nil without HTTP authentication
	gone     chan struct{}    // closed at the end
}

// maxWaiting bounds the messages that wait for a channel, as the queue of
// http.sys does: it has a thousand places unless an administrator says else. What
// was not verified takes none, so that strangers cannot take them all.
const maxWaiting = 1000

// CreateListener is WsCreateListener. It checks everything, the whole security
// description included, and copies it. The only type of channel that can be
// served is WS_CHANNEL_TYPE_REPLY on HTTP. Errors are E_INVALIDARG.
func CreateListener(t ChannelType, binding ChannelBinding, properties []ListenerProperty, description *SecurityDescription, listener **Listener, e *Error) HRESULT {
	const op = "CreateListener: "
	if listener == nil {
		return e.fail(E_INVALIDARG, op+"nowhere to store the listener")
	}
	want, ok := serverTypes[binding]
	if !ok || t != want && want != 0 {
		return e.fail(E_INVALIDARG, op+"channel type %d on transport %d", t, binding)
	}
	v, err := readListenerProperties(properties)
	if err != nil {
		return e.because(E_INVALIDARG, fmt.Errorf(op+"%w", err))
	}
	s, err := readServerSecurity(description, binding, v)
	if err != nil {
		return e.because(E_INVALIDARG, fmt.Errorf(op+"%w", err))
	}
	*listener = &Listener{
		binding: binding, kind: t, security: s, values: v,
		arrivals: make(chan *arrival), places: make(chan struct{}, maxWaiting),
	}
	return S_OK
}

// serverTypes are the channel types of servers; 0 is any.
var serverTypes = map[ChannelBinding]ChannelType{
	WS_HTTP_CHANNEL_BINDING:      WS_CHANNEL_TYPE_REPLY,
	WS_TCP_CHANNEL_BINDING:       WS_CHANNEL_TYPE_DUPLEX_SESSION,
	WS_UDP_CHANNEL_BINDING:       WS_CHANNEL_TYPE_INPUT,
	WS_NAMEDPIPE_CHANNEL_BINDING: WS_CHANNEL_TYPE_DUPLEX_SESSION,
	WS_CUSTOM_CHANNEL_BINDING:    0,
}

// OpenListener is WsOpenListener. The address is the URL by which clients know
// the service. With + or * for the host, as http.sys takes it, the property
// EX_URLS must say which URLs those are. Nothing is bound: requests come through
// the http.Server that the listener is the handler of.
func OpenListener(listener *Listener, address string, ac *AsyncContext, e *Error) HRESULT {
	const op = "OpenListener"
	if listener == nil {
		return e.fail(E_INVALIDARG, op+": no listener")
	}
	if hr := ac.check(op, e); hr != S_OK {
		return hr
	}
	listener.mu.Lock()
	defer listener.mu.Unlock()
	if listener.state != WS_LISTENER_STATE_CREATED || listener.freed {
		return e.fail(WS_E_INVALID_OPERATION, op+": the listener is not in the state created")
	}
	opened, err := listener.listen(address)
	if err != nil {
		return e.because(codeOf(err), fmt.Errorf(op+": %w", err))
	}
	listener.state, listener.open = WS_LISTENER_STATE_OPEN, opened
	return S_OK
}

func (l *Listener) listen(address string) (*listening, error) {
	for _, missing := range []string{transportMissing[l.binding], l.security.missing} {
		if missing != "" {
			return nil, &codeError{WS_E_NOT_SUPPORTED, errors.New(missing)}
		}
	}
	names := l.values.of(WS_LISTENER_PROPERTY_EX_URLS).([]string)
	u, err := url.Parse(address)
	if err == nil {
		_, err = endpointURL(address, l.security.ssl)
	}
	if err != nil {
		return nil, &codeError{WS_E_INVALID_ENDPOINT_URL, err}
	}
	if len(names) == 0 {
		if h := u.Hostname(); h == "+" || h == "*" {
			return nil, &codeError{E_INVALIDARG, errors.New("the address has no host name: name the URLs of the service with EX_URLS")}
		}
		names = []string{address}
	}
	v, err := l.security.verifier(slices.Clone(names), l.values)
	if err != nil {
		return nil, err
	}
	if err := v.Check(); err != nil {
		return nil, &codeError{E_INVALIDARG, err}
	}
	out := &listening{verifier: v, handler: v.Handler(l.take), gone: make(chan struct{})}
	if h := l.security.header; h != nil {
		out.auth = h.server(names[0])
	}
	return out, nil
}

// CloseListener is WsCloseListener: nothing is accepted any more, and the
// security contexts of the listener are forgotten. Messages that a channel has
// accepted can still be answered.
func CloseListener(listener *Listener, ac *AsyncContext, e *Error) HRESULT {
	const op = "CloseListener"
	if listener == nil {
		return e.fail(E_INVALIDARG, op+": no listener")
	}
	if hr := ac.check(op, e); hr != S_OK {
		return hr
	}
	listener.mu.Lock()
	defer listener.mu.Unlock()
	if listener.freed {
		return e.fail(WS_E_INVALID_OPERATION, op+": the listener was freed")
	}
	listener.end(WS_LISTENER_STATE_CLOSED)
	return S_OK
}

// AbortListener is WsAbortListener: whoever waits in [AcceptChannel] gets
// WS_E_OPERATION_ABORTED, and an open listener is faulted by it.
func AbortListener(listener *Listener, e *Error) HRESULT {
	if listener == nil {
		return e.fail(E_INVALIDARG, "AbortListener: no listener")
	}
	listener.mu.Lock()
	defer listener.mu.Unlock()
	if listener.state == WS_LISTENER_STATE_OPEN {
		listener.end(WS_LISTENER_STATE_FAULTED)
	}
	return S_OK
}

// ResetListener is WsResetListener: a closed listener can be opened again.
func ResetListener(listener *Listener, e *Error) HRESULT {
	const op = "ResetListener"
	if listener == nil {
		return e.fail(E_INVALIDARG, op+": no listener")
	}
	listener.mu.Lock()
	defer listener.mu.Unlock()
	if listener.freed || listener.state != WS_LISTENER_STATE_CREATED && listener.state != WS_LISTENER_STATE_CLOSED {
		return e.fail(WS_E_INVALID_OPERATION, op+": the listener is open, or faulted")
	}
	listener.state = WS_LISTENER_STATE_CREATED
	return S_OK
}

// FreeListener is WsFreeListener. A listener that is open, which makes Windows
// raise an exception, is closed first.
func FreeListener(listener *Listener) {
	if listener == nil {
		return
	}
	listener.mu.Lock()
	defer listener.mu.Unlock()
	listener.end(WS_LISTENER_STATE_CLOSED)
	listener.freed = true
}

// end leaves the state OPEN, if it is that. The lock is held.
func (l *Listener) end(s ListenerState) {
	l.state = s
	if l.open != nil {
		close(l.open.gone)
		l.open = nil
	}
}

// ServeHTTP verifies a request, hands its message to a channel, and answers with
// what the channel says.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	open := l.open
	l.mu.Unlock()
	if open == nil {
		http.Error(w, "", http.StatusServiceUnavailable)
		return
	}
	if len(l.places) == cap(l.places) { // seen before anything is read
		w.Header().Set("Retry-After", "1")
		http.Error(w, "", http.StatusServiceUnavailable)
		return
	}
	cert, err := l.security.certified(r.TLS)
	if err != nil {
		l.refused(r, err)
		http.Error(w, "", http.StatusForbidden)
		return
	}
	a := &arrival{open: open, cert: cert, answer: make(chan outcome, 1), answered: make(chan struct{})}
	defer func() {
		a.lost = r.Context().Err() != nil
		close(a.answered)
	}()
	if !l.authenticated(w, r, a) {
		return
	}
	r = r.WithContext(withArrival(r.Context(), a)) // a copy
	if !l.security.ssl && r.TLS == nil {
		// The description says that protecting the connection is somebody
		// else's affair: a proxy in front, where TLS ends.
		r.TLS = &tls.ConnectionState{}
	}
	open.handler.ServeHTTP(w, r)
}

// refused tells the log of a client who did not get as far as to send a message.
func (l *Listener) refused(r *http.Request, err error) {
	if log := l.values.of(WS_LISTENER_PROPERTY_EX_LOGGER).(*slog.Logger); log != nil {
		log.Warn("client refused", "remote", r.RemoteAddr, "err", err.Error())
	}
}

// String names the state only.
func (l *Listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return "Listener, " + [...]string{"created", "opening", "open", "faulted", "closing", "closed"}[l.state]
}

// Format implements [fmt.Formatter], so that no verb walks the keys.
func (l *Listener) Format(f fmt.State, _ rune) { io.WriteString(f, l.String()) }
