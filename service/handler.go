package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"wstrust/internal/httpx"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
)

// correlation is the header that carries the id under which the log says why a
// message was refused.
const correlation = "Wstrust-Correlation-Id"

// readTimeout is how long a request's body may take to arrive.
const readTimeout = 30 * time.Second

// Handler serves messages over HTTP. It calls call with each message that v
// accepts, and answers with what call returns: an [XML], a value for
// encoding/xml, a [Reply], or nil for an empty Body; in the request's SOAP
// version, related to the request, with a Timestamp if the request had one,
// and signed if v has a Signer. With [Verifier.Contexts], requests about
// security contexts are answered without call.
//
// A [*Fault] that call returns goes to the peer. Any other error of call, and
// every refusal of v, goes to the log; the peer gets one constant fault for
// errors and one for refusals. call must honour its context, which ends when
// the client goes away.
func (v *Verifier) Handler(call func(context.Context, *Message) (any, error)) http.Handler {
	h := &handler{v: v, call: call, config: v.Check()}
	if h.config != nil {
		v.log().Error("service refuses every message", "err", h.config)
	}
	return h
}

type handler struct {
	v      *Verifier
	call   func(context.Context, *Message) (any, error)
	config error
}

// A refusal is an error with the HTTP status that says the same, where HTTP has
// a word for it.
type refusal struct {
	status int
	err    error
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &exchange{handler: h, w: w, r: r, origin: origin{addressing: soap.ANone}}
	if m, err := soap.ParseContentType(r.Header.Get("Content-Type")); err == nil {
		e.origin.version = m.Version
	}
	packet, err := h.read(w, r)
	if err != nil {
		e.refuse(err)
		return
	}
	m, env, err := h.v.receive(r.Context(), packet, Conn{TLS: r.TLS, RemoteAddr: r.RemoteAddr})
	e.origin = originOf(env, e.origin.version)
	if err != nil {
		e.refuse(err)
		return
	}
	e.origin = e.origin.accepted(m)
	call := h.call
	if h.v.asksForContext(m) {
		call = h.v.answerContext
	}
	out, err := call(r.Context(), m)
	if err == nil {
		err = e.answer(m, out)
	}
	if err != nil {
		e.fail(m, err)
	}
}

// read takes the request apart before anything of it is believed.
func (h *handler) read(w http.ResponseWriter, r *http.Request) (soap.Packet, error) {
	if h.config != nil {
		return soap.Packet{}, h.config
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return soap.Packet{}, &refusal{http.StatusMethodNotAllowed, fmt.Errorf("service: method %.20q", r.Method)}
	}
	if err := h.v.checkConn(Conn{TLS: r.TLS}); err != nil {
		return soap.Packet{}, err
	}
	if _, err := soap.ParseContentType(r.Header.Get("Content-Type")); err != nil {
		return soap.Packet{}, &refusal{http.StatusUnsupportedMediaType, err}
	}
	// Nothing here decompresses: what arrives is what is parsed.
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return soap.Packet{}, &refusal{http.StatusUnsupportedMediaType, fmt.Errorf("service: content encoding %.20q", e)}
	}
	// Not every ResponseWriter has deadlines; the server's own then apply.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTimeout))
	p, err := httpx.Receive(w, r, int64(h.v.Limits.WithDefaults().MessageBytes))
	if errors.Is(err, httpx.ErrTooLarge) {
		w.Header().Set("Connection", "close") // the rest of the body is not read
		err = &refusal{http.StatusRequestEntityTooLarge, err}
	}
	return p, err
}

// An exchange is one request being answered.
type exchange struct {
	*handler
	w      http.ResponseWriter
	r      *http.Request
	origin origin
}

func (e *exchange) answer(m *Message, out any) error {
	action, octets, err := body(m.action, out)
	if err != nil {
		return err
	}
	p, err := e.v.write(e.origin, action, octets, true, time.Now())
	if err != nil {
		return err
	}
	e.send(http.StatusOK, p)
	return nil
}

// refuse answers a message that was not accepted.
func (e *exchange) refuse(err error) {
	id := e.correlate()
	e.v.log().Warn("message refused", "id", id, "remote", e.r.RemoteAddr, "class", wsse.ClassOf(err).String(), "err", err.Error())
	e.fault(wireFault(err), err, false)
}

// fail answers a message that was accepted, and of which nothing came.
func (e *exchange) fail(m *Message, err error) {
	id := e.correlate()
	log := e.v.log().With("id", id, "principal", m.principal.String(), "action", limited(m.action))
	if f, ok := errors.AsType[*Fault](err); ok {
		log.Info("handler answered with a fault", "err", err.Error())
		e.fault(f.soap(), err, true)
		return
	}
	log.Error("handler failed", "err", err.Error())
	e.fault(internalFault(), nil, true)
}

func (e *exchange) fault(f soap.Fault, cause error, sign bool) {
	p, err := e.v.write(e.origin, faultAction(e.origin.addressing), soap.WriteFault(e.origin.version, f), sign, time.Now())
	if err != nil { // a fault that cannot be written: say as much
		e.v.log().Error("fault could not be written", "err", err.Error())
		http.Error(e.w, "", http.StatusInternalServerError)
		return
	}
	// The binding of SOAP 1.2 has 400 for faults of the sender. Widely used
	// clients do not look into the body of a 400, so both versions get the 500
	// that SOAP 1.1 demands.
	status := http.StatusInternalServerError
	if r, ok := errors.AsType[*refusal](cause); ok {
		status = r.status
	}
	if status == http.StatusServiceUnavailable {
		e.w.Header().Set("Retry-After", "1")
	}
	e.send(status, p)
}

func (e *exchange) correlate() string {
	id := rand.Text()
	e.w.Header().Set(correlation, id)
	return id
}

func (e *exchange) send(status int, p soap.Packet) {
	e.w.Header().Set("Content-Length", strconv.Itoa(len(p.Body)))
	// The client may be gone; nobody is left to be told.
	_ = httpx.Send(e.w, status, p)
}
