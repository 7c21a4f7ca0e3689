package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"wstrust/cache"
	"wstrust/internal/alg"
	"wstrust/internal/wssc"
)

// asksForContext reports whether a message is one that the Verifier answers
// itself.
func (v *Verifier) asksForContext(m *Message) bool {
	if v.Contexts == nil {
		return false
	}
	_, _, ok := wssc.ParseAction(m.action)
	return ok
}

// answerContext establishes, renews or cancels a security context. Its errors
// are for the log, but for a [*Fault], which tells the peer a code and its
// constant text.
func (v *Verifier) answerContext(ctx context.Context, m *Message) (any, error) {
	r, err := wssc.ReadRequest(m.action, m.payload)
	if err != nil {
		return nil, v.contextFault(m, err)
	}
	defer r.Clear()
	if admit := v.Contexts.Admit; admit != nil {
		if err := admit(ctx, m); err != nil {
			return nil, v.contextFault(m, &wssc.Error{Code: wssc.RequestFailed, Err: err})
		}
	}
	store, err := v.contexts()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var body []byte
	switch r.Kind {
	case wssc.Establish:
		body, err = v.establish(ctx, store, r, m, now)
	case wssc.Renew:
		body, err = v.renew(ctx, store, r, m, now)
	case wssc.Cancel:
		body, err = v.cancel(ctx, store, r, m, now)
	}
	if err != nil {
		return nil, v.contextFault(m, err)
	}
	return Reply{Action: r.ReplyAction(), Body: XML(body)}, nil
}

// establish makes a context for whoever sent m. What authenticated him must not
// have been a context: he could live on by it for ever.
func (v *Verifier) establish(ctx context.Context, store contextStore, r *wssc.Request, m *Message, now time.Time) ([]byte, error) {
	if m.under != nil {
		return nil, &wssc.Error{Code: wssc.InvalidRequest, Err: errors.New("a context cannot establish another")}
	}
	o, limit := ownerOf(m, now.Add(v.Contexts.maxAge()))
	c := &wssc.Context{ID: wssc.NewID(), Created: now, Limit: limit, Owner: o}
	var ok bool
	if c.Expires, ok = c.Lifetime(now, v.Contexts.lifetime()); !ok {
		return nil, &wssc.Error{Code: wssc.RequestFailed, Err: errors.New("what authenticates the requestor is about to expire")}
	}
	answer, err := r.Make(c, alg.Key{}, v.Suite)
	if err != nil {
		return nil, err
	}
	if err := v.inscribe(c, o); err != nil {
		return nil, err
	}
	cookie, err := store.add(ctx, c, now)
	switch {
	case errors.Is(err, wssc.ErrPending), errors.Is(err, wssc.ErrActive), errors.Is(err, cache.ErrFull):
		return nil, &wssc.Error{Code: wssc.ServerTooBusy, Err: err}
	case errors.Is(err, wssc.ErrTooLarge):
		return nil, &wssc.Error{Code: wssc.RequestFailed, Err: err}
	case err != nil:
		return nil, err
	}
	return answer.Write(cookie)
}

// inscribe writes the owner into a context that leaves this process.
func (v *Verifier) inscribe(c *wssc.Context, o owner) (err error) {
	if v.Contexts.Cache == nil && len(v.Contexts.Seal) == 0 {
		return nil
	}
	c.Principal, err = o.write(v.Contexts.Cache != nil)
	return err
}

// renew gives a context another instance, with another key. The one that is
// renewed must have signed the request; that its owner sent it by other means
// is not enough.
func (v *Verifier) renew(ctx context.Context, store contextStore, r *wssc.Request, m *Message, now time.Time) ([]byte, error) {
	old, err := target(r, m)
	if err != nil {
		return nil, err
	}
	next := *old
	next.Instance, next.Created = wssc.NewID(), now
	var ok bool
	if next.Expires, ok = old.Lifetime(now, v.Contexts.lifetime()); !ok {
		return nil, &wssc.Error{Code: wssc.UnableToRenew, Err: errors.New("the context's age, or what it was established with, allows no more")}
	}
	answer, err := r.Make(&next, old.Key, v.Suite)
	if err != nil {
		return nil, err
	}
	cookie, err := store.renew(ctx, old, &next, now)
	if errors.Is(err, errNoContext) {
		return nil, &wssc.Error{Code: wssc.BadContextToken, Err: err}
	}
	if err != nil {
		return nil, err
	}
	return answer.Write(cookie)
}

// cancel ends the context that signed the request.
func (v *Verifier) cancel(ctx context.Context, store contextStore, r *wssc.Request, m *Message, now time.Time) ([]byte, error) {
	c, err := target(r, m)
	if err != nil {
		return nil, err
	}
	if err := store.revoke(ctx, c.ID, now); err != nil {
		return nil, err
	}
	return r.Cancelled()
}

// target returns the context that a request is about, which must be the one
// whose key signed it.
func target(r *wssc.Request, m *Message) (*wssc.Context, error) {
	bad := func(format string, a ...any) (*wssc.Context, error) {
		return nil, &wssc.Error{Code: wssc.BadContextToken, Err: fmt.Errorf(format, a...)}
	}
	if m.under == nil {
		return bad("a request to %s that no context signed", r.Kind)
	}
	if !r.Target.Means(m.under.token) {
		return bad("a request to %s another context than the one that signed it", r.Kind)
	}
	c := m.under.context
	return &c, nil
}

// contextFault turns an error into what the peer sees.
func (v *Verifier) contextFault(m *Message, err error) error {
	e, ok := errors.AsType[*wssc.Error](err)
	if !ok {
		return err
	}
	_, version, _ := wssc.ParseAction(m.action)
	space, local := e.Code.Name(version)
	v.log().Info("request about a security context refused", "principal", m.principal.String(), "err", err.Error())
	f := &Fault{Namespace: space, Code: local, Reason: e.Code.Reason()}
	if e.Code == wssc.ServerTooBusy {
		f.Receiver = true
		return &refusal{http.StatusServiceUnavailable, f}
	}
	return f
}
