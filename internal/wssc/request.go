package wssc

import (
	"crypto/rand"
	"fmt"

	"wstrust/internal/alg"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

// A Kind is what is asked of a service about a context.
type Kind uint8

// The kinds.
const (
	Establish Kind = iota + 1
	Renew
	Cancel
)

// ParseAction returns what an addressing action asks for, in which version; ok
// is false for one that is not about contexts.
func ParseAction(action string) (k Kind, v Version, ok bool) {
	a, v, ok := wst.ParseAction(action)
	switch {
	case !ok:
	case a == wst.NewContext:
		return Establish, v, true
	case a == wst.RenewContext:
		return Renew, v, true
	case a == wst.CancelContext:
		return Cancel, v, true
	}
	return 0, 0, false
}

// String names the kind for logs.
func (k Kind) String() string {
	switch k {
	case Establish:
		return "establish"
	case Renew:
		return "renew"
	case Cancel:
		return "cancel"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// A Request is a RequestSecurityToken about a security context, as a service
// receives it.
type Request struct {
	Kind    Kind
	Version Version
	Target  Target // of Renew and Cancel

	action wst.Action
	req    *wst.Request
}

// ReadRequest reads the element in the body of a message with that action. What
// a service does not offer is refused: a context for somebody else, and one
// without a secret key. That a requestor may not choose the identifier need not
// be checked: nothing reads his. AppliesTo is passed over, since the token is
// good here and nowhere else.
//
// Errors are an *[Error].
func ReadRequest(action string, body xmltree.Elem) (*Request, error) {
	k, v, ok := ParseAction(action)
	if !ok {
		return nil, &Error{InvalidRequest, fmt.Errorf("action %s", shown(action))}
	}
	req, version, err := wst.ReadRequest(body, wst.Opener{})
	if err != nil {
		return nil, &Error{InvalidRequest, err}
	}
	r := &Request{Kind: k, Version: v, req: req}
	r.action, _, _ = wst.ParseAction(action)
	refuse := func(c Code, format string, a ...any) (*Request, error) {
		r.Clear()
		return nil, &Error{c, fmt.Errorf(format, a...)}
	}
	// The action URI says that it is about a context. A body that says less,
	// as those of some peers do, does not contradict it.
	verb := map[Kind]wst.Action{Establish: wst.Issue, Renew: wst.Renew, Cancel: wst.Cancel}[k]
	if req.Action != r.action && req.Action != verb {
		return refuse(InvalidRequest, "action %s over a request to %s", shown(action), req.Action)
	}
	if version.Namespace() != v.Namespace() {
		return refuse(InvalidRequest, "action %s over a request of version %s", shown(action), version)
	}
	want := req.WithSecondary()
	switch {
	case req.OnBehalfOf != nil || req.ActAs != nil:
		return refuse(RequestFailed, "a context for somebody else is not offered")
	case k != Cancel && want.TokenType != "" && want.TokenType != v.ContextTokenType():
		return refuse(InvalidRequest, "token type %s", shown(want.TokenType))
	case want.KeyType != wst.KeyTypeUnspecified && want.KeyType != wst.Symmetric:
		return refuse(InvalidRequest, "a context with a %s key", want.KeyType)
	}
	if k == Establish {
		return r, nil
	}
	if r.Target, err = ReadTarget(req.Target, v); err != nil {
		return refuse(InvalidRequest, "target: %w", err)
	}
	return r, nil
}

// Clear overwrites the requestor's entropy.
func (r *Request) Clear() { r.req.Clear() }

// ReplyAction returns the addressing action of the answer.
func (r *Request) ReplyAction() string { return r.Version.ReplyAction(r.action) }

// Make settles the key of c with the requestor, by whatever entropy there is,
// and returns the answer that tells him. Everything else of c is settled
// already. A key that is that of former as well is refused: renewal is there to
// change it.
//
// Errors about what the requestor wants are an *[Error].
func (r *Request) Make(c *Context, former alg.Key, suite alg.Suite) (*Answer, error) {
	want := r.req.WithSecondary()
	least, most := suite.SecretBits()
	bits := want.KeySize
	if bits == 0 {
		bits = min(wst.DefaultKeyBits, most)
	}
	if want.Entropy == wst.ClientEntropy && want.KeySize == 0 {
		bits = want.ClientEntropy.Len() * 8
	}
	if bits < least || bits > most {
		return nil, &Error{InvalidRequest, fmt.Errorf("a key of %d bits, %d to %d are admitted", bits, least, most)}
	}
	var fresh [wst.MaxKeyBits / 8]byte
	rand.Read(fresh[:]) // never fails
	defer clear(fresh[:])
	a := &Answer{r: r, resp: wst.Response{Context: r.req.Context, TokenType: r.Version.ContextTokenType()}}
	secret, err := a.resp.Settle(r.Version, want, fresh[:bits/8])
	if err != nil {
		return nil, &Error{InvalidRequest, err}
	}
	defer secret.Clear()
	if c.Key, err = alg.SecretKey(secret.Bytes()); err != nil {
		return nil, &Error{InvalidRequest, err}
	}
	if !former.IsZero() && former.Equal(c.Key) {
		a.resp.Clear()
		return nil, &Error{InvalidRequest, fmt.Errorf("renewal with the key that there was")}
	}
	a.resp.Created, a.resp.Expires = c.Created, c.Expires
	a.token = Token{Version: r.Version, ID: c.ID, Instance: c.Instance, WSUID: "sct-" + NewID()[len("urn:uuid:"):]}
	return a, nil
}

// An Answer is a RequestSecurityTokenResponse about a context.
type Answer struct {
	r     *Request
	resp  wst.Response
	token Token
}

// Write returns the element for the body of the answer, with cookie in the
// token if there is one, and forgets the secrets in it.
func (a *Answer) Write(cookie []byte) ([]byte, error) {
	defer a.resp.Clear()
	a.token.Cookie = cookie
	a.resp.Token, a.resp.Attached, a.resp.Unattached = a.token.Write(), a.token.Attached(), a.token.Unattached()
	return a.resp.Write(a.r.Version, a.r.action)
}

// Cancelled returns the element for the body of the answer to Cancel.
func (r *Request) Cancelled() ([]byte, error) {
	a := wst.Response{Context: r.req.Context, Cancelled: true}
	return a.Write(r.Version, r.action)
}
