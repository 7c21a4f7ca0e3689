// Package httpauth authenticates HTTP requests, as a client ([Auth]) and, by Basic
// and Digest, as a server ([Server]): Basic (RFC 7617), Digest
// (RFC 7616) and, through a [Negotiator], Negotiate and NTLM.
//
// A body is sent only to a peer that has asked for authentication in a scheme
// that was allowed, or that is authenticated to without asking first.
package httpauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// A Scheme is one scheme; several make a set.
type Scheme uint32

// The schemes, with the values that WWSAPI gives them.
const (
	None      Scheme = 1 // no authentication will do
	Basic     Scheme = 2
	Digest    Scheme = 4
	NTLM      Scheme = 8
	Negotiate Scheme = 16
)

// order is from the best to the worst.
var order = [...]struct {
	scheme Scheme
	name   string
}{{Negotiate, "Negotiate"}, {NTLM, "NTLM"}, {Digest, "Digest"}, {Basic, "Basic"}}

// String returns the name of a single scheme.
func (s Scheme) String() string {
	for _, o := range order {
		if s == o.scheme {
			return o.name
		}
	}
	return fmt.Sprintf("Scheme(%d)", uint32(s))
}

// A Negotiator makes the tokens of Negotiate or NTLM. It must be safe for
// concurrent use.
type Negotiator interface {
	// Begin starts an exchange with a host in the scheme "Negotiate" or
	// "NTLM".
	Begin(ctx context.Context, scheme, host string) (Exchange, error)
}

// An Exchange is one authentication.
type Exchange interface {
	// Next takes the token that the peer sent, nil at first, and returns ours.
	Next(in []byte) (out []byte, err error)
}

// A Refusal is a peer that was not satisfied. Wants is the best scheme that it
// asks for, 0 if none is known; Denied says that we had authenticated in a
// scheme that it wants, so that it is the credential that was refused.
type Refusal struct {
	Status int // 401 or 407
	Wants  Scheme
	Denied bool
}

// Error says what the peer wants.
func (r *Refusal) Error() string {
	who := "server"
	if r.Status == http.StatusProxyAuthRequired {
		who = "proxy"
	}
	switch {
	case r.Denied:
		return "the " + who + " refuses the credential"
	case r.Wants == 0:
		return "the " + who + " refuses access and asks for no scheme that is known"
	}
	return "the " + who + " wants HTTP " + r.Wants.String() + " authentication"
}

// ErrUnasked is an answer of success where authentication should have been
// asked for, and going on without any is not allowed.
var ErrUnasked = errors.New("the peer does not ask for authentication")

// ErrNoNegotiator is Negotiate or NTLM without a Negotiator.
var ErrNoNegotiator = errors.New("there is nobody to make Negotiate or NTLM tokens")

// An Auth authenticates to one peer. Its exported fields must not change once
// it is in use.
type Auth struct {
	Schemes    Scheme
	Proxy      bool // to a proxy, by Proxy-Authorization and status 407
	Name       string
	Password   func() string // a function, since fmt prints what a field holds
	Negotiator Negotiator

	mu   sync.Mutex
	last *challenge // the Digest challenge in use
	used uint32     // times that its nonce was used
}

// Do sends a request, authenticated. req must have a GetBody if it has a body.
// Whatever send returns that is no refusal is returned as it is.
func (a *Auth) Do(req *http.Request, send func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	if a.Schemes&^None == 0 {
		return a.final(send(req))
	}
	scheme, ok := a.without()
	if !ok {
		resp, err := send(blank(req))
		if err != nil {
			return nil, err
		}
		drain(resp)
		if resp.StatusCode != a.status() {
			if a.Schemes&None != 0 {
				return a.final(send(req))
			}
			return nil, ErrUnasked
		}
		if scheme, err = a.choose(resp); err != nil {
			return nil, err
		}
	}
	resp, err := a.authorized(scheme, req, send)
	if err != nil || resp.StatusCode != a.status() {
		return resp, err
	}
	// Refused: a nonce may have grown old, or the peer wants another scheme.
	drain(resp)
	c := a.find(resp, Digest)
	if scheme == Digest && c != nil && strings.EqualFold(c.params["stale"], "true") {
		a.remember(c)
		return a.denied(a.authorized(scheme, req, send))
	}
	if scheme != Digest && a.wants(resp, scheme) {
		return nil, &Refusal{Status: a.status(), Wants: scheme, Denied: true}
	}
	if scheme == Digest && c != nil {
		return nil, &Refusal{Status: a.status(), Wants: Digest, Denied: true}
	}
	return nil, a.refusal(resp)
}

// without returns the scheme that can be used without asking first.
func (a *Auth) without() (Scheme, bool) {
	switch a.Schemes {
	case Basic, Negotiate, NTLM:
		return a.Schemes, true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return Digest, a.Schemes&Digest != 0 && a.last != nil
}

// Ready reports whether the first request will be authenticated already.
func (a *Auth) Ready() bool {
	_, ok := a.without()
	return ok
}

// choose takes the best scheme that both sides know.
func (a *Auth) choose(resp *http.Response) (Scheme, error) {
	for _, o := range order {
		if a.Schemes&o.scheme == 0 || !a.wants(resp, o.scheme) {
			continue
		}
		if o.scheme == Digest {
			c := a.find(resp, Digest)
			if c == nil {
				continue // no algorithm that is known
			}
			a.remember(c)
		}
		return o.scheme, nil
	}
	return 0, a.refusal(resp)
}

func (a *Auth) authorized(scheme Scheme, req *http.Request, send func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	switch scheme {
	case Basic:
		r, err := again(req)
		if err != nil {
			return nil, err
		}
		r.Header.Set(a.header(), a.basic())
		return send(r)
	case Digest:
		r, err := again(req)
		if err != nil {
			return nil, err
		}
		value, err := a.digest(req.Method, req.URL.RequestURI())
		if err != nil {
			return nil, err
		}
		r.Header.Set(a.header(), value)
		return send(r)
	}
	return a.negotiate(scheme, req, send)
}

// final turns a refusal of the status into an error.
func (a *Auth) final(resp *http.Response, err error) (*http.Response, error) {
	if err == nil && resp.StatusCode == a.status() {
		drain(resp)
		return nil, a.refusal(resp)
	}
	return resp, err
}

func (a *Auth) denied(resp *http.Response, err error) (*http.Response, error) {
	if err == nil && resp.StatusCode == a.status() {
		drain(resp)
		return nil, &Refusal{Status: a.status(), Wants: Digest, Denied: true}
	}
	return resp, err
}

func (a *Auth) refusal(resp *http.Response) error {
	return Refused(resp.StatusCode, resp.Header)
}

// Refused returns what a 401 or 407 answer wants.
func Refused(status int, h http.Header) *Refusal {
	r := &Refusal{Status: status}
	for _, o := range order {
		for _, c := range challenges(h.Values(challengeHeader(status))) {
			if r.Wants == 0 && strings.EqualFold(c.scheme, o.name) {
				r.Wants = o.scheme
			}
		}
	}
	return r
}

func (a *Auth) status() int {
	if a.Proxy {
		return http.StatusProxyAuthRequired
	}
	return http.StatusUnauthorized
}

func (a *Auth) header() string {
	if a.Proxy {
		return "Proxy-Authorization"
	}
	return "Authorization"
}

func challengeHeader(status int) string {
	if status == http.StatusProxyAuthRequired {
		return "Proxy-Authenticate"
	}
	return "WWW-Authenticate"
}

func (a *Auth) wants(resp *http.Response, s Scheme) bool {
	for _, c := range challenges(resp.Header.Values(challengeHeader(a.status()))) {
		if strings.EqualFold(c.scheme, s.String()) {
			return true
		}
	}
	return false
}

// again is req with its body from the beginning.
func again(req *http.Request) (*http.Request, error) {
	r := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		r.Body = body
	}
	return r, nil
}

// blank is req without its body: what it holds is not for a peer that has not
// asked for authentication.
func blank(req *http.Request) *http.Request {
	r := req.Clone(req.Context())
	r.Body, r.GetBody, r.ContentLength = http.NoBody, nil, 0
	return r
}

// drain frees the connection for the next message, if the rest is short.
func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // what is left does not matter
	resp.Body.Close()
}
