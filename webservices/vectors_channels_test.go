package webservices

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"wstrust/service"
)

// vectorFixtures are what a vector can name that no literal makes.
func vectorFixtures(t testing.TB) map[string]func() any {
	pool, logger := x509.NewCertPool(), slog.New(slog.DiscardHandler)
	yes := func(any, string, string) HRESULT { return S_OK }
	accept := func([]byte, any) HRESULT { return S_OK }
	return map[string]func() any{
		"token": func() any { return testContext(t) },
		"freed": func() any {
			token := testContext(t)
			FreeSecurityToken(token)
			return token
		},
		"pool":   func() any { return pool },
		"logger": func() any { return logger },
		"store":  func() any { c, _ := newReplayCache(); return c },
		"seal": func() any {
			k, err := service.NewSealKey("test", make([]byte, 32))
			if err != nil {
				t.Fatal(err)
			}
			return []service.SealKey{k}
		},
		"noSeal":      func() any { return []service.SealKey(nil) },
		"negotiator":  func() any { return new(negotiator) },
		"systemProxy": func() any { return SystemProxy(noSystemProxy) },
		"notRevoked":  func() any { return RevocationCheck(func(tls.ConnectionState) error { return nil }) },
		"redirect":    func() any { return &HTTPRedirectCallbackContext{Callback: yes} },
		"redirectNot": func() any {
			return &HTTPRedirectCallbackContext{Callback: func(any, string, string) HRESULT { return S_FALSE }}
		},
		"redirectFails": func() any {
			return &HTTPRedirectCallbackContext{Callback: func(any, string, string) HRESULT { return 0x80004005 }}
		},
		"validation": func() any { return &CertificateValidationCallbackContext{Callback: accept} },
		"validationFails": func() any {
			return &CertificateValidationCallbackContext{Callback: func([]byte, any) HRESULT { return 0x80004005 }}
		},
		"never":     func() any { return time.Time{} },
		"noon":      func() any { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) },
		"midnight":  func() any { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) },
		"maxUint64": func() any { return ^uint64(0) },
	}
}

func noSystemProxy(*http.Request) (*url.URL, error) { return nil, nil }

// vectorSecurity are the security descriptions that the column on names.
func vectorSecurity(t testing.TB, name string) *SecurityDescription {
	t.Helper()
	suite := func(n SecurityAlgorithmSuiteName) *SecurityDescription {
		sd := alice()
		sd.Properties = []SecurityProperty{{WS_SECURITY_PROPERTY_ALGORITHM_SUITE_NAME, n}}
		return sd
	}
	switch name {
	case "", "alice":
		return alice()
	case "none":
		return nil
	case "tls":
		return overTLS()
	case "context":
		return holding(testContext(t))
	case "header":
		return describe(nil, schemes(WS_HTTP_HEADER_AUTH_SCHEME_BASIC))
	case "BASIC128":
		return suite(WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128)
	case "BASIC192":
		return suite(WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC192)
	}
	t.Fatalf("there is no security description %q", name)
	return nil
}

// vectorChannels are the transports that the column on names after a slash.
var vectorChannels = map[string]ChannelBinding{
	"": WS_HTTP_CHANNEL_BINDING, "tcp": WS_TCP_CHANNEL_BINDING, "udp": WS_UDP_CHANNEL_BINDING, "pipe": WS_NAMEDPIPE_CHANNEL_BINDING,
}

// channelVector is a channel with these properties, created.
func (p *propertyRun) channel(sd *SecurityDescription, props ...ChannelProperty) (*Channel, HRESULT, *Error) {
	p.Helper()
	_, transport, _ := strings.Cut(p.field["on"], "/")
	b, ok := vectorChannels[transport]
	if !ok {
		p.Fatalf("%s: no transport %q", p.at(), transport)
	}
	var c *Channel
	e := new(Error)
	hr := CreateChannel(clientTypes[b], b, props, sd, &c, e)
	if (c != nil) != (hr == S_OK) {
		p.Errorf("%s: %v, and a channel %v", p.at(), hr, c)
	}
	p.Cleanup(func() { FreeChannel(c) })
	return c, hr, e
}

func (p *propertyRun) security() *SecurityDescription {
	name, _, _ := strings.Cut(p.field["on"], "/")
	return vectorSecurity(p, name)
}

// opens opens a channel at the fake of the file, sends a message, and looks at
// what came.
func (p *propertyRun) opens(c *Channel, otherwise HRESULT) {
	p.Helper()
	if code := p.shown("open"); code != nil {
		otherwise = result(p, code[0])
	}
	to := p.fake.URL
	if c.security.ssl == nil {
		to = strings.Replace(to, "https", "http", 1)
	}
	e := new(Error)
	if hr := OpenChannel(c, &EndpointAddress{URL: to}, nil, e); hr != otherwise {
		p.Errorf("%s: opened: %v, want %v: %v", p.at(), hr, otherwise, e)
	} else if hr == S_OK && (p.shown("sent") != nil || p.shown("not") != nil) {
		if hr := RequestReply(c, "urn:x", nil, nil, nil, e); !hr.Failed() {
			p.Fatalf("%s: %v", p.at(), hr)
		}
		p.wire(p.fake.last(p))
	}
}

// meets lets a channel meet the peers of the column shows: RECIPE = CODE.
func (p *propertyRun) meets(do func(peer) (HRESULT, *Error)) {
	p.Helper()
	for _, m := range p.shown("meets") {
		recipe, code, ok := strings.Cut(m, " = ")
		if !ok {
			p.Fatalf("%s: %q is not RECIPE = CODE", p.at(), m)
		}
		if hr, e := do(meet(p, recipe)); hr != result(p, code) {
			p.Errorf("%s: %s: %v, want %s: %v", p.at(), recipe, hr.String(), code, e)
		}
	}
}

// ask opens a channel at a peer and asks for a token.
func (p *propertyRun) ask(at peer, sd *SecurityDescription, set func(*Channel) HRESULT, request []prop, props ...ChannelProperty) (HRESULT, *Error) {
	p.Helper()
	if at.sd != nil {
		sd = at.sd
	}
	c, hr, e := p.channel(sd, append(at.props, props...)...)
	if hr != S_OK {
		return hr, e
	}
	if hr = OpenChannel(c, &EndpointAddress{URL: at.to}, nil, e); hr != S_OK {
		return hr, e
	}
	if at.change != nil {
		at.change(c)
	}
	if set != nil {
		if hr = set(c); hr != S_OK {
			return hr, e
		}
	}
	if at.act != nil {
		return at.act(c, e), e
	}
	var token *SecurityToken
	return RequestSecurityToken(c, append(at.request, request...), &token, nil, e), e
}

func runChannelProperty(p *propertyRun) {
	id := ChannelPropertyID(p.id)
	read := func(c *Channel, want any) {
		p.Helper()
		if id == WS_CHANNEL_PROPERTY_EX_NEGOTIATOR { // an interface
			var got Negotiator
			if hr := GetChannelProperty(c, id, &got, nil); hr != S_OK || got != want {
				p.Errorf("%s: %v, %v", p.at(), hr, got)
			}
			return
		}
		got := reflect.New(reflect.TypeOf(want))
		if hr := GetChannelProperty(c, id, got.Interface(), nil); hr != S_OK {
			p.Errorf("%s: read: %v", p.at(), hr)
		}
		p.equal(got.Elem().Interface(), want)
	}
	given := []ChannelProperty{{id, p.value}}
	ids, vals := p.list("WS_CHANNEL_PROPERTY_")
	for i := range ids {
		given = append(given, ChannelProperty{ChannelPropertyID(ids[i]), vals[i]})
	}
	switch p.field["do"] {
	case "get":
		c, hr, e := p.channel(p.security(), given[1:]...)
		if hr != S_OK {
			p.Fatal(hr, e)
		}
		if p.want == S_OK {
			read(c, p.value)
			return
		}
		var into any
		if p.value != nil {
			into = reflect.New(reflect.TypeOf(p.value)).Interface()
		}
		p.got(GetChannelProperty(c, id, into, nil), nil)
	case "create", "twice":
		if p.field["do"] == "twice" {
			given = append(given, given[0])
		}
		c, hr, e := p.channel(p.security(), given...)
		if !p.got(hr, e) {
			return
		}
		read(c, p.value)
		open := S_OK
		if c.binding != WS_HTTP_CHANNEL_BINDING {
			open = WS_E_NOT_SUPPORTED
		}
		roots := given
		if id != WS_CHANNEL_PROPERTY_EX_ROOT_CERTIFICATES {
			roots = append(given, p.fake.root())
		}
		c, hr, e = p.channel(p.security(), roots...)
		if hr != S_OK {
			p.Fatal(hr, e)
		}
		p.opens(c, open)
		p.meets(func(at peer) (HRESULT, *Error) {
			var rest []ChannelProperty // what the peer has is the row's to say
			for _, x := range at.props {
				if x.ID != id {
					rest = append(rest, x)
				}
			}
			at.props = rest
			return p.ask(at, p.security(), nil, nil, given...)
		})
	case "set":
		c, hr, e := p.channel(p.security())
		if hr != S_OK {
			p.Fatal(hr, e)
		}
		e = new(Error)
		if p.got(SetChannelProperty(c, id, p.value, e), e) {
			read(c, p.value)
		}
		p.meets(func(at peer) (HRESULT, *Error) {
			return p.ask(at, p.security(), func(c *Channel) HRESULT { return SetChannelProperty(c, id, p.value, nil) }, nil)
		})
	default:
		p.Fatalf("%s: do %q", p.at(), p.field["do"])
	}
}

// requested runs a row about a request: refused, and then nothing is sent and
// the token variable is untouched, or sent.
func (p *propertyRun) requested(request []prop) {
	p.Helper()
	p.fake.mu.Lock()
	p.fake.got = nil
	p.fake.mu.Unlock()
	var props []ChannelProperty
	if p.field["channel"] != "" {
		for _, n := range namedValues(p, p.field["channel"]) {
			props = append(props, ChannelProperty{ChannelPropertyID(p.values.constants["WS_CHANNEL_PROPERTY_"+n.name].value), p.values.of(n.text)})
		}
	}
	c, hr, e := p.channel(p.security(), append(props, p.fake.root())...)
	if hr == S_OK {
		hr = OpenChannel(c, &EndpointAddress{URL: p.fake.URL}, nil, e)
	}
	if hr != S_OK {
		p.Fatal(hr, e)
	}
	before := &SecurityToken{}
	token := before
	hr = RequestSecurityToken(c, request, &token, nil, e)
	if hr == WS_E_ENDPOINT_FAILURE {
		hr = S_OK // the fake's 500: it was sent
	}
	sent := p.got(hr, e)
	if token != before {
		p.Errorf("%s: the token variable was written", p.at())
	}
	if n := p.fake.count(); (n == 1) != sent || n > 1 {
		p.Errorf("%s: %d messages were sent", p.at(), n)
	}
	if sent {
		p.wire(p.fake.last(p))
	} else if p.want.Failed() { // asynchronously it is the same
		result := make(chan HRESULT, 1)
		hr := RequestSecurityToken(c, request, &token, &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { result <- hr }}, nil)
		if hr == WS_S_ASYNC { // what only the core knows
			hr = <-result
		}
		if hr != p.want || token != before || p.fake.count() != 0 {
			p.Errorf("%s: asynchronously %v, %d sent", p.at(), hr, p.fake.count())
		}
	}
	p.meets(func(at peer) (HRESULT, *Error) { return p.ask(at, p.security(), nil, request, props...) })
}

func runRequestProperty(p *propertyRun) {
	request := []prop{{RequestSecurityTokenPropertyID(p.id), p.value}}
	ids, vals := p.list("WS_REQUEST_SECURITY_TOKEN_PROPERTY_")
	for i := range ids {
		request = append(request, prop{RequestSecurityTokenPropertyID(ids[i]), vals[i]})
	}
	if p.field["do"] == "twice" {
		request = append(request, request[0])
	}
	if p.field["do"] == "default" { // the property is not given
		request = request[1:]
	}
	p.requested(request)
}

func runMessageProperty(p *propertyRun) {
	list := []MessageProperty{{MessagePropertyID(p.id), p.value}}
	if p.field["do"] == "twice" {
		list = append(list, list[0])
	}
	p.requested([]prop{{idMessages, list}})
}

func runReaderProperty(p *propertyRun) {
	list := []XMLReaderProperty{{XMLReaderPropertyID(p.id), p.value}}
	if p.field["do"] == "twice" {
		list = append(list, list[0])
	}
	p.requested([]prop{{idMessages, []MessageProperty{{WS_MESSAGE_PROPERTY_XML_READER_PROPERTIES, list}}}})
}
