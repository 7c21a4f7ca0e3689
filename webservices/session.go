package webservices

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"

	"wstrust"
)

// A session is what OpenChannel makes: the connections to one endpoint, and the
// channels of the root package that go over them. There is one of these for
// each version of WS-Trust that is asked for, since there the version belongs
// to the channel and here to the request.
type session struct {
	to      wstrust.Address
	config  wstrust.Config
	clients []*http.Client

	mu       sync.Mutex
	channels map[dialect]*wstrust.Channel
	over     bool
}

// A dialect is what requests of one channel differ in.
type dialect struct {
	trust   wstrust.TrustVersion
	bearer  string
	headers int
	depth   int
}

// open checks the address and loads the credentials.
func (c *Channel) open(ctx context.Context, v channelValues, to *EndpointAddress) (*session, error) {
	for _, missing := range []string{transportMissing[c.binding], c.security.missing, v.missing()} {
		if missing != "" {
			return nil, &codeError{WS_E_NOT_SUPPORTED, errors.New(missing)}
		}
	}
	if to.size() > maxAddress {
		return nil, &codeError{WS_E_QUOTA_EXCEEDED, fmt.Errorf("the address has more than %d octets", maxAddress)}
	}
	if err := to.check(); err != nil {
		return nil, &codeError{E_INVALIDARG, err}
	}
	u, err := endpointURL(to.URL, c.security.ssl != nil)
	if err != nil {
		return nil, &codeError{WS_E_INVALID_ENDPOINT_URL, err}
	}
	s := &session{channels: map[dialect]*wstrust.Channel{}}
	if s.config, err = s.configure(c, v, c.security, to, u); err != nil {
		return nil, err
	}
	headers, err := to.Headers.elements()
	if err != nil {
		return nil, &codeError{E_INVALIDARG, err}
	}
	s.to = wstrust.Address{URL: u.String(), Parameters: headers}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	// The first channel is made now, so that what the core does not take is
	// refused here and not at the first message.
	_, err = s.channel(ctx, dialect{headers: defaultMaxHeaders})
	return s, err
}

// endpointURL checks the URL of an endpoint against the security description.
func endpointURL(s string, protected bool) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, errors.New("the address is not a URL")
	case u.Host == "" || u.Opaque != "" || u.User != nil:
		return nil, errors.New("the address has no host, or holds credentials")
	case u.Scheme == "https" && !protected:
		return nil, errors.New("https needs an SslTransport binding")
	case u.Scheme != "https" && protected:
		return nil, errors.New("an SslTransport binding needs https")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("the scheme %q is not of this transport", u.Scheme)
	}
	u.Fragment = ""
	return u, nil
}

// configure makes the root package's configuration for one description: the
// channel's, or the bootstrap of its security context.
func (s *session) configure(c *Channel, v channelValues, sec *security, to *EndpointAddress, u *url.URL) (wstrust.Config, error) {
	cfg := sec.config
	cfg.Bindings = append([]wstrust.Binding(nil), sec.config.Bindings...)
	if v.of(WS_CHANNEL_PROPERTY_ENVELOPE_VERSION) == WS_ENVELOPE_VERSION_SOAP_1_1 {
		cfg.Versions.SOAP = wstrust.SOAP11
	}
	cfg.Versions.Addressing = addressings[v.of(WS_CHANNEL_PROPERTY_ADDRESSING_VERSION).(AddressingVersion)]
	cfg.Limits.MessageBytes = int(v.of(WS_CHANNEL_PROPERTY_MAX_BUFFERED_MESSAGE_SIZE).(uint32))
	cfg.InsecurePlaintext = sec.ssl == nil
	cfg.Logger = v.of(WS_CHANNEL_PROPERTY_EX_LOGGER).(*slog.Logger)
	if v.of(WS_CHANNEL_PROPERTY_EX_STRICT_PROFILE).(bool) {
		cfg.Profile = wstrust.LWSSP
	}
	var tlsConfig *tls.Config
	fresh := false
	if sec.ssl != nil {
		own, err := sec.ssl.own(to)
		if err != nil {
			return cfg, err
		}
		name := u.Hostname()
		if dns, ok := to.Identity.(DNSEndpointIdentity); ok {
			name = dns.DNS
		}
		tlsConfig = sec.ssl.client(name, to.Identity, v.of(WS_CHANNEL_PROPERTY_EX_ROOT_CERTIFICATES).(*x509.CertPool), own,
			v.of(WS_CHANNEL_PROPERTY_EX_REVOCATION_CHECK).(RevocationCheck))
		fresh = sec.ssl.callback != nil
	}
	t := newTransport(v, tlsConfig, fresh)
	negotiator, _ := v[WS_CHANNEL_PROPERTY_EX_NEGOTIATOR].(Negotiator)
	t.authenticate(sec.auths, negotiator)
	t.timeouts = func() timeouts {
		now := c.snapshot()
		return timeouts{
			resolve:  now.timeout(WS_CHANNEL_PROPERTY_RESOLVE_TIMEOUT),
			connect:  now.timeout(WS_CHANNEL_PROPERTY_CONNECT_TIMEOUT),
			send:     now.timeout(WS_CHANNEL_PROPERTY_SEND_TIMEOUT),
			response: now.timeout(WS_CHANNEL_PROPERTY_RECEIVE_RESPONSE_TIMEOUT),
			receive:  now.timeout(WS_CHANNEL_PROPERTY_RECEIVE_TIMEOUT),
		}
	}
	follow := redirects{
		enabled:  v.of(WS_CHANNEL_PROPERTY_ENABLE_HTTP_REDIRECT).(bool),
		callback: v.of(WS_CHANNEL_PROPERTY_HTTP_REDIRECT_CALLBACK_CONTEXT).(*HTTPRedirectCallbackContext),
	}
	t.redirect = func() redirects { return follow }
	cfg.HTTP = &http.Client{Transport: t}
	if v.of(WS_CHANNEL_PROPERTY_COOKIE_MODE) == WS_AUTO_COOKIE_MODE {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return cfg, err
		}
		cfg.HTTP.Jar = jar
	}
	s.clients = append(s.clients, cfg.HTTP)
	if sec.conversation != nil {
		boot, err := s.configure(c, v, sec.conversation.boot, to, u)
		if err != nil {
			return cfg, err
		}
		cfg.Bindings = append(cfg.Bindings, sec.conversation.binding(boot))
	}
	return cfg, nil
}

var addressings = map[AddressingVersion]wstrust.AddressingVersion{
	WS_ADDRESSING_VERSION_0_9:       wstrust.Addressing200408,
	WS_ADDRESSING_VERSION_1_0:       wstrust.Addressing10,
	WS_ADDRESSING_VERSION_TRANSPORT: wstrust.AddressingNone,
}

// channel returns the root channel for a dialect.
func (s *session) channel(ctx context.Context, d dialect) (*wstrust.Channel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, errAborted
	}
	if c, ok := s.channels[d]; ok {
		return c, nil
	}
	cfg := s.config
	cfg.Versions.Trust, cfg.Versions.BearerKeyType = d.trust, d.bearer
	cfg.Limits.Headers, cfg.Limits.Depth = d.headers, d.depth
	c, err := wstrust.New(cfg)
	if err == nil {
		err = c.OpenTo(ctx, s.to)
	}
	if err != nil {
		return nil, err
	}
	s.channels[d] = c
	return c, nil
}

// close ends the session: gracefully, which cancels a security context at the
// service, or not. It is good on a nil session.
func (s *session) close(ctx context.Context, graceful bool) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	s.over = true
	channels := s.channels
	s.channels = nil
	s.mu.Unlock()
	var first error
	for _, c := range channels {
		if !graceful {
			c.Abort()
		}
		if err := c.Close(ctx); err != nil && first == nil {
			first = err
		}
	}
	for _, c := range s.clients {
		c.CloseIdleConnections()
	}
	return first
}
