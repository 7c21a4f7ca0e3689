package httpauth

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// maxLegs bounds the messages of one Negotiate or NTLM exchange.
const maxLegs = 6

// negotiate runs an exchange of tokens. NTLM authenticates the connection, so
// the legs need to go over one: answers are read to their end, which lets the
// transport use it again.
func (a *Auth) negotiate(scheme Scheme, req *http.Request, send func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	if a.Negotiator == nil {
		return nil, ErrNoNegotiator
	}
	x, err := a.Negotiator.Begin(req.Context(), scheme.String(), req.URL.Hostname())
	if err != nil {
		return nil, fmt.Errorf("begin %s: %w", scheme, err)
	}
	var in []byte
	for leg := 0; ; leg++ {
		out, err := x.Next(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", scheme, err)
		}
		r, err := again(req)
		if err != nil {
			return nil, err
		}
		r.Header.Set(a.header(), scheme.String()+" "+base64.StdEncoding.EncodeToString(out))
		resp, err := send(r)
		if err != nil || resp.StatusCode != a.status() {
			return resp, err
		}
		var more bool
		if in, more = a.token(resp, scheme); !more || leg == maxLegs {
			return resp, nil
		}
		drain(resp)
	}
}

// token returns the token with which a peer continues an exchange.
func (a *Auth) token(resp *http.Response, s Scheme) ([]byte, bool) {
	for _, c := range challenges(resp.Header.Values(challengeHeader(a.status()))) {
		if !strings.EqualFold(c.scheme, s.String()) || c.token == "" {
			continue
		}
		if in, err := base64.StdEncoding.DecodeString(c.token); err == nil {
			return in, true
		}
	}
	return nil, false
}

// Connect returns the Proxy-Authorization header of a CONNECT request to
// target, nil if there is nothing to say yet.
func (a *Auth) Connect(target string) http.Header {
	scheme, ok := a.without()
	if !ok {
		return nil
	}
	value := ""
	switch scheme {
	case Basic:
		value = a.basic()
	case Digest:
		value, _ = a.digest(http.MethodConnect, target) // an empty value: the proxy asks again
	}
	if value == "" {
		return nil
	}
	return http.Header{a.header(): {value}}
}

// Connected takes the answer to a CONNECT request. It reports whether to try
// again; otherwise a refusal is an error.
func (a *Auth) Connected(resp *http.Response, tried bool) (retry bool, err error) {
	if resp.StatusCode != a.status() {
		return false, nil
	}
	c := a.find(resp, Digest)
	if a.Schemes&Digest != 0 && c != nil && (!tried || strings.EqualFold(c.params["stale"], "true")) {
		a.remember(c)
		return true, nil
	}
	r := Refused(resp.StatusCode, resp.Header)
	r.Denied = tried && r.Wants != 0 && a.Schemes&r.Wants != 0
	return false, r
}
