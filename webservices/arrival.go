package webservices

import (
	"context"
	"errors"
	"strings"

	"wstrust/service"
)

// An arrival is a request from its coming until it is answered. It goes from the
// listener, which has the connection, to the channel, which has the answer.
type arrival struct {
	open *listening
	cert []byte // of the client in TLS, where one is demanded
	user string // of HTTP authentication, likewise

	message  *service.Message
	answer   chan outcome  // the channel's, once; has room for it
	answered chan struct{} // closed when the answer was written, or nobody waits for it
	lost     bool          // nobody waited for it; written before answered is closed
}

// An outcome is what becomes of a request.
type outcome struct {
	reply any // as a handler of package service returns it
	err   error
}

type arrivalKey struct{}

// withArrival lets take find the request of a message: the Verifier stands
// between the two.
func withArrival(ctx context.Context, a *arrival) context.Context {
	return context.WithValue(ctx, arrivalKey{}, a)
}

// Errors for the log of a service.
var (
	errListenerGone = errors.New("webservices: the listener was closed before a channel accepted the message")
	errNoPlace      = errors.New("webservices: too many messages wait for a channel")
	errNoReply      = errors.New("webservices: the channel was closed without a reply")
)

// take hands a verified message to a channel, and waits for what it answers. It
// is what the Verifier calls.
func (l *Listener) take(ctx context.Context, m *service.Message) (any, error) {
	a := ctx.Value(arrivalKey{}).(*arrival)
	if err := l.security.admit(m); err != nil {
		return nil, err
	}
	select {
	case l.places <- struct{}{}:
		defer func() { <-l.places }()
	default:
		return nil, errNoPlace
	}
	a.message = m
	select {
	case l.arrivals <- a:
	case <-a.open.gone:
		return nil, errListenerGone
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case out := <-a.answer:
		return out.reply, out.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// admit refuses a message that was verified, and has not the token of each
// message binding.
func (s *serverSecurity) admit(m *service.Message) error {
	if s.contexts != nil && m.Context() == nil ||
		s.users != nil && m.User() == "" ||
		s.saml != nil && (m.Assertion() == nil || !s.saml.valid(assertionOf(m))) {
		return errSender
	}
	return nil
}

// Errors for the log, about requests for security contexts.
var (
	errOtherVersion = errors.New("webservices: a security context of another version of WS-SecureConversation than the listener speaks")
	errNoRenewal    = errors.New("webservices: security contexts are not renewed here")
)

// admit decides about a request to establish, renew or cancel a context, which
// the Verifier answers. Who establishes one must be who the bootstrap wants; the
// others have proved the context's key.
func (c *serverContexts) admit(_ context.Context, m *service.Message) error {
	what, ok := strings.CutPrefix(m.Action(), contextActions[c.version])
	switch {
	case !ok:
		return errOtherVersion
	case what == "":
		return c.boot.admit(m)
	case what == "/Renew" && !c.renewable:
		return errNoRenewal
	}
	return nil
}

// contextActions are what the actions of requests about contexts begin with.
var contextActions = map[SecureConversationVersion]string{
	WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005: "http://schemas.xmlsoap.org/ws/2005/02/trust/RST/SCT",
	WS_SECURE_CONVERSATION_VERSION_1_3:           "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/SCT",
}

// assertionOf returns the assertion that a message came with, octet for octet.
func assertionOf(m *service.Message) service.XML {
	if a := m.Assertion(); a != nil {
		return service.XML(a.Element().Standalone())
	}
	return ""
}

// errSender is what the peer is told of a sender who is not admitted: what the
// Verifier tells of all whom it refuses.
var errSender = &service.Fault{Namespace: spaceWSSE, Code: "FailedAuthentication", Reason: "The message could not be authenticated."}

// reply answers the request, and returns when the answer was written. It reports
// false if nobody waited for it any more.
func (a *arrival) reply(ctx context.Context, out outcome) bool {
	a.answer <- out
	select {
	case <-a.answered:
		return !a.lost
	case <-ctx.Done():
		return false
	}
}
