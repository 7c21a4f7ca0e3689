package webservices

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// An HTTPRedirectCallbackContext is WS_HTTP_REDIRECT_CALLBACK_CONTEXT.
type HTTPRedirectCallbackContext struct {
	// Callback is asked before a redirect is followed. S_OK follows, S_FALSE
	// does not, and a failure ends the call with that code.
	Callback func(state any, originalURL, newURL string) HRESULT
	// State is given to Callback.
	State any
}

// redirects is what a channel does about redirects. Without a callback only
// those within the origin are followed: the message holds credentials that are
// for one host. From https to http none is.
type redirects struct {
	enabled  bool
	callback *HTTPRedirectCallbackContext
}

// next returns where an answer sends us, nil if it does not or we do not go.
func (r redirects) next(resp *http.Response, from *url.URL) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	to, err := from.Parse(resp.Header.Get("Location"))
	if err != nil || resp.Header.Get("Location") == "" || to.Host == "" || to.User != nil || to.Scheme != from.Scheme {
		return nil, nil
	}
	if r.callback == nil {
		if !r.enabled || !sameOrigin(from, to) {
			return nil, nil
		}
		return to, nil
	}
	switch hr := r.callback.Callback(r.callback.State, from.String(), to.String()); {
	case hr.Failed():
		return nil, &codeError{hr, errors.New("the redirect callback refuses")}
	case hr == S_OK:
		return to, nil
	}
	return nil, nil
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// moved is the message again, to another URL.
func moved(req *http.Request, to *url.URL) (*http.Request, error) {
	r := req.Clone(req.Context())
	r.URL, r.Host = to, ""
	if !sameOrigin(req.URL, to) {
		r.Header.Del("Cookie")
	}
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		r.Body = body
	}
	return r, nil
}
