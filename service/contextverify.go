package service

import (
	"errors"
	"fmt"

	"wstrust/internal/soap"
	"wstrust/internal/wssc"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// A foundContext is a context that a message names, and the token by which it
// does.
type foundContext struct {
	context wssc.Context
	token   wssc.Token
}

// context answers a reference to a security context with its key. One that is
// not known is left unanswered, and the signature then unverified: whoever
// cannot sign must not learn which contexts there are.
func (r *resolver) context(ref wsse.KeyRef) error {
	if r.v.Contexts == nil {
		return nil
	}
	r.asked = true
	token := tokenOf(r.env, ref)
	r.version = token.Version
	if token.ID == "" { // it is named and not in the message
		token.ID, token.Instance = ref.ID, ref.Instance
	}
	store, err := r.v.contexts()
	if err != nil {
		return err
	}
	c, err := store.find(r.ctx, ref.ID, ref.Instance, token.Cookie, r.now)
	if errors.Is(err, errNoContext) || err == nil && c.Phase(r.now, r.v.Contexts.rollover()) == wssc.Over {
		return nil
	}
	if err != nil {
		return err
	}
	r.cred.Keys[ref] = c.Key
	if r.contexts == nil {
		r.contexts = make(map[wsse.KeyRef]foundContext, 1)
	}
	r.contexts[ref] = foundContext{c, token}
	return nil
}

// tokenOf finds the token that a reference was read from, for what the
// reference does not say of it. What is sealed into it convinces by itself: no
// other token would do in its place.
func tokenOf(env *soap.Envelope, ref wsse.KeyRef) wssc.Token {
	for h := range env.Ours("") {
		if !h.Is(xmltree.WSSE, "Security") {
			continue
		}
		for e := range h.Children {
			if !wssc.IsToken(e) {
				continue
			}
			if t, err := wssc.ReadToken(e); err == nil && t.ID == ref.ID && t.Instance == ref.Instance {
				return t
			}
		}
	}
	return wssc.Token{}
}

// unproven turns the refusal of a message that speaks of a context into what
// its sender is told. It is the same for a context that is not known, for a
// signature that is not of its key, and for none at all. Other refusals stay
// what they are.
func (r *resolver) unproven(err error) error {
	bad := false
	switch wsse.ClassOf(err) {
	case wsse.ClassTrust, wsse.ClassSignature, wsse.ClassDecrypt:
		bad = r.asked
	case wsse.ClassPolicy:
		bad = !r.asked && r.v.Contexts != nil && hasToken(r.env)
	}
	if !bad {
		return err
	}
	return &badContext{r.version, &wssc.Error{Code: wssc.BadContextToken, Err: err}}
}

func hasToken(env *soap.Envelope) bool {
	for h := range env.Ours("") {
		for e := range h.Children {
			if h.Is(xmltree.WSSE, "Security") && wssc.IsToken(e) {
				return true
			}
		}
	}
	return false
}

// underContext settles who sent a message that a context's key signed, and
// reports false if none did.
func (r *resolver) underContext(m *Message) (bool, error) {
	if m.evidence.Context == nil {
		return false, nil
	}
	found, ok := r.contexts[*m.evidence.Context]
	if !ok {
		return false, refuse(wsse.ClassTrust, "a security context that is not ours")
	}
	c := &found.context
	if kind, _, _ := wssc.ParseAction(m.action); c.Phase(r.now, 0) != wssc.Live && kind != wssc.Renew && kind != wssc.Cancel {
		return false, &badContext{r.version, &wssc.Error{Code: wssc.RenewNeeded, Err: fmt.Errorf("%v, our clock says %s", c, xmltree.FormatTime(r.now))}}
	}
	o, err := ownerFrom(c)
	if err != nil {
		return false, err
	}
	m.principal, m.under = o.principal, &found
	m.context = &Context{ID: c.ID, Instance: c.Instance, Created: c.Created, Expires: c.Expires, Assertion: o.assertion}
	return true, nil
}

// contextUsed notes that a message under a context was accepted.
func (r *resolver) contextUsed(m *Message) error {
	if m.under == nil {
		return nil
	}
	store, err := r.v.contexts()
	if err == nil {
		store.used(r.ctx, &m.under.context, r.now)
	}
	return err
}

// A badContext is a refusal that the peer is told the reason of: it must know
// that it has to renew a context, or to establish another.
type badContext struct {
	version wssc.Version
	err     *wssc.Error
}

func (b *badContext) Error() string { return b.err.Error() }
func (b *badContext) Unwrap() error { return b.err }

// wireFault is what the peer is told of a message that was not accepted.
func wireFault(err error) soap.Fault {
	b, ok := errors.AsType[*badContext](err)
	if !ok {
		return wsse.WireFault(err)
	}
	space, local := b.err.Code.Name(b.version)
	return soap.Fault{Code: soap.Sender, Subcodes: []soap.Name{{Space: space, Local: local}}, Reason: b.err.Code.Reason()}
}
