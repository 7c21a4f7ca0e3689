package webservices

import (
	"crypto"
	"reflect"
)

func runSecurityProperty(p *propertyRun) {
	sd := p.security()
	if sd == nil {
		p.Fatalf("%s: no description to have a property", p.at())
	}
	sd.Properties = append(sd.Properties, SecurityProperty{SecurityPropertyID(p.id), p.value})
	if p.field["do"] == "twice" {
		sd.Properties = append(sd.Properties, sd.Properties[0])
	}
	ids, vals := p.list("WS_SECURITY_PROPERTY_")
	for i := range ids {
		sd.Properties = append(sd.Properties, SecurityProperty{SecurityPropertyID(ids[i]), vals[i]})
	}
	c, hr, e := p.channel(sd, p.fake.root())
	if p.got(hr, e) {
		p.opens(c, S_OK)
		p.meets(func(at peer) (HRESULT, *Error) { return p.ask(at, sd, nil, nil) })
	}
}

// A boundProperty makes each kind of binding with properties, complete but for
// them, and the transport that it is for.
type boundProperty struct {
	make      func(p *propertyRun, props []SecurityBindingProperty) *SecurityDescription
	transport string
	open      HRESULT
}

var boundProperties = map[SecurityBindingType]boundProperty{
	WS_SSL_TRANSPORT_SECURITY_BINDING_TYPE: {func(_ *propertyRun, x []SecurityBindingProperty) *SecurityDescription {
		return describe(nil, &SslTransport{Properties: x}, user())
	}, "", S_OK},
	WS_TCP_SSPI_TRANSPORT_SECURITY_BINDING_TYPE: {func(_ *propertyRun, x []SecurityBindingProperty) *SecurityDescription {
		return describe(nil, &TcpSspiTransport{Properties: x, ClientCredential: named()})
	}, "tcp", WS_E_NOT_SUPPORTED},
	WS_NAMEDPIPE_SSPI_TRANSPORT_SECURITY_BINDING_TYPE: {func(_ *propertyRun, x []SecurityBindingProperty) *SecurityDescription {
		return describe(nil, &NamedPipeSspiTransport{Properties: x, ClientCredential: named()})
	}, "pipe", WS_E_NOT_SUPPORTED},
	WS_HTTP_HEADER_AUTH_SECURITY_BINDING_TYPE: {func(p *propertyRun, x []SecurityBindingProperty) *SecurityDescription {
		return describe(nil, &SslTransport{}, &HttpHeaderAuth{Properties: x, ClientCredential: named()})
	}, "", S_OK},
	WS_USERNAME_MESSAGE_SECURITY_BINDING_TYPE: {func(_ *propertyRun, x []SecurityBindingProperty) *SecurityDescription {
		b := user()
		b.Properties = x
		return describe(nil, &SslTransport{}, b)
	}, "", S_OK},
	WS_KERBEROS_APREQ_MESSAGE_SECURITY_BINDING_TYPE: {func(_ *propertyRun, x []SecurityBindingProperty) *SecurityDescription {
		return describe(nil, &SslTransport{}, &KerberosApreqMessage{Properties: x, BindingUsage: supporting, ClientCredential: &DefaultWindowsIntegratedAuthCredential{}})
	}, "", WS_E_NOT_SUPPORTED},
	WS_XML_TOKEN_MESSAGE_SECURITY_BINDING_TYPE: {func(p *propertyRun, x []SecurityBindingProperty) *SecurityDescription {
		return describe(nil, &SslTransport{}, &XmlTokenMessage{Properties: x, BindingUsage: supporting, XmlToken: testContext(p)})
	}, "", S_OK},
	WS_SAML_MESSAGE_SECURITY_BINDING_TYPE: {func(_ *propertyRun, x []SecurityBindingProperty) *SecurityDescription {
		return describe(nil, &SslTransport{}, &SamlMessage{Properties: x, BindingUsage: supporting, Authenticator: &SamlAuthenticator{}})
	}, "", S_OK},
	WS_SECURITY_CONTEXT_MESSAGE_SECURITY_BINDING_TYPE: {func(_ *propertyRun, x []SecurityBindingProperty) *SecurityDescription {
		return describe(nil, &SslTransport{}, &SecurityContextMessage{Properties: x, BindingUsage: supporting, BootstrapSecurityDescription: alice()})
	}, "", S_OK},
}

// A row about a property of a binding names the binding in the column on.
func runBindingProperty(p *propertyRun) {
	kind, ok := p.values.constants["WS_"+p.field["on"]+"_SECURITY_BINDING_TYPE"]
	if !ok {
		p.Fatalf("%s: there is no binding %s", p.at(), p.field["on"])
	}
	b := boundProperties[SecurityBindingType(kind.value)]
	props := []SecurityBindingProperty{{SecurityBindingPropertyID(p.id), p.value}}
	if p.field["do"] == "twice" {
		props = append(props, props[0])
	}
	ids, vals := p.list("WS_SECURITY_BINDING_PROPERTY_")
	for i := range ids {
		props = append(props, SecurityBindingProperty{SecurityBindingPropertyID(ids[i]), vals[i]})
	}
	sd := b.make(p, props)
	p.field["on"] = "/" + b.transport
	var root []ChannelProperty
	if b.transport == "" {
		root = append(root, p.fake.root())
	}
	c, hr, e := p.channel(sd, root...)
	if p.got(hr, e) {
		p.opens(c, b.open)
		p.meets(func(at peer) (HRESULT, *Error) {
			at.sd = nil
			return p.ask(at, sd, nil, nil)
		})
	}
}

func runListenerProperty(p *propertyRun) {
	b, ok := vectorChannels[p.field["on"]]
	var sd *SecurityDescription
	if p.field["on"] == "contexts" {
		b, ok = WS_HTTP_CHANNEL_BINDING, true
		sd = overContexts(describe(nil, &SslTransport{}, byPassword(onlyAlice)))
	} else if b == WS_HTTP_CHANNEL_BINDING {
		sd = describe(nil, &SslTransport{}, byPassword(onlyAlice))
	}
	if !ok {
		p.Fatalf("%s: no transport %q", p.at(), p.field["on"])
	}
	id := ListenerPropertyID(p.id)
	props := []ListenerProperty{{id, p.value}}
	ids, vals := p.list("WS_LISTENER_PROPERTY_")
	for i := range ids {
		props = append(props, ListenerProperty{ListenerPropertyID(ids[i]), vals[i]})
	}
	switch p.field["do"] {
	case "twice":
		props = append(props, props[0])
	case "get":
		props = nil
	}
	var l *Listener
	e := new(Error)
	hr := CreateListener(serverTypes[b], b, props, sd, &l, e)
	if p.field["do"] == "get" {
		if hr != S_OK {
			p.Fatal(hr, e)
		}
		p.stores(func(into any) HRESULT { return GetListenerProperty(l, id, into, nil) })
		return
	}
	if (l != nil) != (hr == S_OK) {
		p.Errorf("%s: %v, and a listener %v", p.at(), hr, l)
	}
	if !p.got(hr, e) {
		return
	}
	defer FreeListener(l)
	got := reflect.New(reflect.TypeOf(p.value))
	if hr := GetListenerProperty(l, id, got.Interface(), nil); hr != S_OK {
		p.Errorf("%s: read: %v", p.at(), hr)
	}
	p.equal(got.Elem().Interface(), p.value)
	open := S_OK
	if code := p.shown("open"); code != nil {
		open = result(p, code[0])
	}
	if hr := OpenListener(l, "https://shop.test/", nil, e); hr != open {
		p.Errorf("%s: opened: %v, want %v: %v", p.at(), hr, open, e)
	}
}

// vectorKeys are the keys that tokens are made with.
func vectorKey(p *propertyRun, kind string) SecurityKeyHandle {
	switch kind {
	case "bearer":
		return nil
	case "symmetric":
		return RawSymmetricSecurityKeyHandle{[]byte("a test key of exactly 32 octets!")}
	case "asymmetric":
		return NcryptAsymmetricSecurityKeyHandle{testCert().PrivateKey.(crypto.Signer)}
	}
	p.Fatalf("%s: a %s token?", p.at(), kind)
	return nil
}

func runXMLTokenProperty(p *propertyRun) {
	props := []XmlSecurityTokenProperty{{XmlSecurityTokenPropertyID(p.id), p.value}}
	if p.field["do"] == "twice" {
		props = append(props, props[0])
	}
	ids, vals := p.list("WS_XML_SECURITY_TOKEN_PROPERTY_")
	for i := range ids {
		props = append(props, XmlSecurityTokenProperty{XmlSecurityTokenPropertyID(ids[i]), vals[i]})
	}
	if p.field["do"] == "default" {
		props = props[1:]
	}
	var token *SecurityToken
	e := new(Error)
	hr := CreateXmlSecurityToken(&XMLBuffer{`<t xmlns="urn:t"/>`}, vectorKey(p, p.field["on"]), props, &token, e)
	if (token != nil) != (hr == S_OK) {
		p.Errorf("%s: %v, and a token %v", p.at(), hr, token)
	}
	if !p.got(hr, e) {
		return
	}
	defer FreeSecurityToken(token)
	id := map[XmlSecurityTokenPropertyID]SecurityTokenPropertyID{
		WS_XML_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE:   WS_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE_XML,
		WS_XML_SECURITY_TOKEN_PROPERTY_UNATTACHED_REFERENCE: WS_SECURITY_TOKEN_PROPERTY_UNATTACHED_REFERENCE_XML,
		WS_XML_SECURITY_TOKEN_PROPERTY_VALID_FROM_TIME:      WS_SECURITY_TOKEN_PROPERTY_VALID_FROM_TIME,
		WS_XML_SECURITY_TOKEN_PROPERTY_VALID_TILL_TIME:      WS_SECURITY_TOKEN_PROPERTY_VALID_TILL_TIME,
	}[XmlSecurityTokenPropertyID(p.id)]
	got := reflect.New(reflect.TypeOf(p.value))
	if hr := GetSecurityTokenProperty(token, id, got.Interface(), nil, nil); hr != S_OK {
		p.Errorf("%s: read: %v", p.at(), hr)
	}
	p.equal(got.Elem().Interface(), p.value)
}

func runTokenProperty(p *propertyRun) {
	kind, freed := p.field["on"], false
	if kind == "freed" {
		kind, freed = "symmetric", true
	}
	var props []XmlSecurityTokenProperty
	if kind != "bearer" {
		props = append(props, XmlSecurityTokenProperty{WS_XML_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE, &XMLBuffer{`<r xmlns="urn:r"/>`}})
	}
	var token *SecurityToken
	if hr := CreateXmlSecurityToken(&XMLBuffer{`<t xmlns="urn:t"/>`}, vectorKey(p, kind), props, &token, nil); hr != S_OK {
		p.Fatal(hr)
	}
	if freed {
		FreeSecurityToken(token)
	}
	var heap *Heap
	if p.field["with"] == "heap" {
		heap = new(Heap)
	}
	p.stores(func(into any) HRESULT {
		return GetSecurityTokenProperty(token, SecurityTokenPropertyID(p.id), into, heap, nil)
	})
}

// A row about a context says in the column on what made it.
func runContextProperty(p *propertyRun) {
	c, ok := map[string]*SecurityContext{
		"user":      NewSecurityContext("urn:uuid:c", "alice", "", nil),
		"assertion": NewSecurityContext("urn:uuid:c", "", `<a xmlns="urn:a"/>`, nil),
		"nothing":   nil,
	}[p.field["on"]]
	if !ok {
		p.Fatalf("%s: %q", p.at(), p.field["on"])
	}
	p.stores(func(into any) HRESULT {
		return GetSecurityContextProperty(c, SecurityContextPropertyID(p.id), into, nil)
	})
}

// A row about an Error says in the column on how far its life has come.
func vectorError(p *propertyRun) *Error {
	var e *Error
	if hr := CreateError(nil, &e); hr != S_OK {
		p.Fatal(hr)
	}
	switch p.field["on"] {
	case "new":
	case "nothing":
		return nil
	case "used":
		AddErrorString(e, "a text")
	case "original": // with an error of the system
		SetErrorProperty(e, WS_ERROR_PROPERTY_ORIGINAL_ERROR_CODE, uint32(5))
	case "reset":
		AddErrorString(e, "a text")
		SetErrorProperty(e, WS_ERROR_PROPERTY_ORIGINAL_ERROR_CODE, uint32(5))
		SetFaultErrorProperty(e, WS_FAULT_ERROR_PROPERTY_ACTION, "urn:f")
		ResetError(e)
	case "fault":
		at := meet(p, "fault 1.2 urn:x y")
		_, e = p.ask(at, alice(), nil, nil)
	default:
		p.Fatalf("%s: an error that is %s?", p.at(), p.field["on"])
	}
	return e
}

func runErrorProperty(p *propertyRun) {
	id := ErrorPropertyID(p.id)
	switch p.field["do"] {
	case "create", "twice":
		props := []ErrorProperty{{id, p.value}}
		if p.field["do"] == "twice" {
			props = append(props, props[0])
		}
		var e *Error
		hr := CreateError(props, &e)
		if (e != nil) != (hr == S_OK) {
			p.Errorf("%s: %v, and an Error %v", p.at(), hr.String(), e != nil)
		}
		p.kept(hr, func(into any) HRESULT { return GetErrorProperty(e, id, into) })
	case "set":
		e := vectorError(p)
		p.kept(SetErrorProperty(e, id, p.value), func(into any) HRESULT { return GetErrorProperty(e, id, into) })
	case "get":
		p.stores(func(into any) HRESULT { return GetErrorProperty(vectorError(p), id, into) })
	default:
		p.Fatal(p.at())
	}
}

func runFaultProperty(p *propertyRun) {
	id := FaultErrorPropertyID(p.id)
	switch p.field["do"] {
	case "set":
		e := vectorError(p)
		p.kept(SetFaultErrorProperty(e, id, p.value), func(into any) HRESULT { return GetFaultErrorProperty(e, id, into) })
	case "get":
		p.stores(func(into any) HRESULT { return GetFaultErrorProperty(vectorError(p), id, into) })
	default:
		p.Fatal(p.at())
	}
}

// kept reads back what was set, if it was.
func (p *propertyRun) kept(hr HRESULT, get func(into any) HRESULT) {
	p.Helper()
	if p.got(hr, nil) {
		got := reflect.New(reflect.TypeOf(p.value))
		if hr := get(got.Interface()); hr != S_OK {
			p.Errorf("%s: read: %v", p.at(), hr.String())
		}
		p.equal(got.Elem().Interface(), p.value)
	}
}

// stores runs a getter with a variable of the type of the value.
func (p *propertyRun) stores(get func(into any) HRESULT) {
	p.Helper()
	if p.value == nil {
		p.got(get(nil), nil)
		return
	}
	got := reflect.New(reflect.TypeOf(p.value))
	if p.got(get(got.Interface()), nil) {
		p.equal(got.Elem().Interface(), p.value)
	} else if !got.Elem().IsZero() {
		p.Errorf("%s: something was stored", p.at())
	}
}
