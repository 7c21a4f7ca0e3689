package webservices

import (
	"crypto/x509"
)

// listener makes a listener of a description and, if that is what is wanted,
// opens it.
func (p *propertyRun) listener(b ChannelBinding, sd *SecurityDescription, open HRESULT) {
	p.Helper()
	ca := newTestCA(p)
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	var l *Listener
	e := new(Error)
	hr := CreateListener(serverTypes[b], b, []ListenerProperty{{WS_LISTENER_PROPERTY_EX_ROOT_CERTIFICATES, pool}}, sd, &l, e)
	if (l != nil) != (hr == S_OK) {
		p.Errorf("%s: %v, and a listener %v", p.at(), hr, l)
	}
	if !p.got(hr, e) {
		return
	}
	defer FreeListener(l)
	if code := p.shown("open"); code != nil {
		open = result(p, code[0])
	}
	if hr := OpenListener(l, "https://shop.test/", nil, e); hr != open {
		p.Errorf("%s: opened: %v, want %v: %v", p.at(), hr, open, e)
	}
}

func runServerSecurityProperty(p *propertyRun) {
	sd := describe([]SecurityProperty{{SecurityPropertyID(p.id), p.value}}, &SslTransport{}, byPassword(onlyAlice))
	if p.field["do"] == "twice" {
		sd.Properties = append(sd.Properties, sd.Properties[0])
	}
	ids, vals := p.list("WS_SECURITY_PROPERTY_")
	for i := range ids {
		sd.Properties = append(sd.Properties, SecurityProperty{SecurityPropertyID(ids[i]), vals[i]})
	}
	p.listener(WS_HTTP_CHANNEL_BINDING, sd, S_OK)
}

// runServerBindingProperty makes the binding that the column on names, complete
// but for the property.
func runServerBindingProperty(p *propertyRun) {
	kind, ok := p.values.constants["WS_"+p.field["on"]+"_SECURITY_BINDING_TYPE"]
	if !ok {
		p.Fatalf("%s: there is no binding %s", p.at(), p.field["on"])
	}
	props := []SecurityBindingProperty{{SecurityBindingPropertyID(p.id), p.value}}
	if p.field["do"] == "twice" {
		props = append(props, props[0])
	}
	ssl, password := &SslTransport{}, byPassword(onlyAlice)
	transport, open := WS_HTTP_CHANNEL_BINDING, S_OK
	var sd *SecurityDescription
	switch SecurityBindingType(kind.value) {
	case WS_SSL_TRANSPORT_SECURITY_BINDING_TYPE:
		sd = describe(nil, &SslTransport{Properties: props}, password)
	case WS_TCP_SSPI_TRANSPORT_SECURITY_BINDING_TYPE:
		transport, open, sd = WS_TCP_CHANNEL_BINDING, WS_E_NOT_SUPPORTED, describe(nil, &TcpSspiTransport{Properties: props})
	case WS_NAMEDPIPE_SSPI_TRANSPORT_SECURITY_BINDING_TYPE:
		transport, open, sd = WS_NAMEDPIPE_CHANNEL_BINDING, WS_E_NOT_SUPPORTED, describe(nil, &NamedPipeSspiTransport{Properties: props})
	case WS_HTTP_HEADER_AUTH_SECURITY_BINDING_TYPE:
		header := byHeader(0, onlyAlice, secretOfAlice)
		header.Properties = props
		ids, vals := p.list("WS_SECURITY_BINDING_PROPERTY_")
		for i := range ids {
			header.Properties = append(header.Properties, SecurityBindingProperty{SecurityBindingPropertyID(ids[i]), vals[i]})
		}
		open, sd = S_OK, describe(nil, ssl, header)
	case WS_USERNAME_MESSAGE_SECURITY_BINDING_TYPE:
		password.Properties = props
		sd = describe(nil, ssl, password)
	case WS_KERBEROS_APREQ_MESSAGE_SECURITY_BINDING_TYPE:
		open, sd = WS_E_NOT_SUPPORTED, describe(nil, ssl, &KerberosApreqMessage{Properties: props, BindingUsage: supporting})
	case WS_XML_TOKEN_MESSAGE_SECURITY_BINDING_TYPE:
		sd = describe(nil, ssl, &XmlTokenMessage{Properties: props, BindingUsage: supporting, XmlToken: testContext(p)})
	case WS_SAML_MESSAGE_SECURITY_BINDING_TYPE:
		sd = describe(nil, ssl, &SamlMessage{
			Properties: props, BindingUsage: supporting,
			Authenticator: &SamlAuthenticator{TrustedIssuerCerts: []*x509.Certificate{newTestCA(p).cert}},
		})
	case WS_SECURITY_CONTEXT_MESSAGE_SECURITY_BINDING_TYPE:
		sd = overContexts(describe(nil, ssl, password), props...)
	}
	p.listener(transport, sd, open)
}

// runReceivedProperty reads a message that a server has received of alice.
func runReceivedProperty(p *propertyRun) {
	m := new(Message)
	if p.field["on"] != "empty" {
		s := serverStage(p.T, "received")
		m = s.message
	}
	p.stores(func(into any) HRESULT { return GetMessageProperty(m, MessagePropertyID(p.id), into, nil) })
}
