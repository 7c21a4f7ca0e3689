package webservices

import (
	"errors"
	"fmt"
)

// combine checks that the bindings of a description go together, and with the
// transport. A server may do without protection by the transport if it says so,
// a client only with HttpHeaderAuth.
func combine(sd *SecurityDescription, transport ChannelBinding, level ProtectionLevel, levelGiven, server bool) error {
	count := map[SecurityBindingType]int{}
	messages := 0
	for i, b := range sd.SecurityBindings {
		if isNil(b) {
			return fmt.Errorf("binding %d is nil", i)
		}
		if u, message := usage(b); message {
			messages++
			if u != WS_SUPPORTING_MESSAGE_SECURITY_USAGE {
				return fmt.Errorf("binding %d: usage %d does not exist", i, u)
			}
		}
		count[b.BindingType()]++
	}
	for _, once := range []SecurityBindingType{
		WS_USERNAME_MESSAGE_SECURITY_BINDING_TYPE, WS_KERBEROS_APREQ_MESSAGE_SECURITY_BINDING_TYPE,
		WS_SAML_MESSAGE_SECURITY_BINDING_TYPE, WS_SECURITY_CONTEXT_MESSAGE_SECURITY_BINDING_TYPE,
	} {
		if count[once] > 1 {
			return fmt.Errorf("two bindings of type %d", once)
		}
	}
	ssl, tcp, pipe := count[WS_SSL_TRANSPORT_SECURITY_BINDING_TYPE], count[WS_TCP_SSPI_TRANSPORT_SECURITY_BINDING_TYPE], count[WS_NAMEDPIPE_SSPI_TRANSPORT_SECURITY_BINDING_TYPE]
	if ssl+tcp+pipe > 1 {
		return errors.New("two transport bindings")
	}
	header := count[WS_HTTP_HEADER_AUTH_SECURITY_BINDING_TYPE]
	switch transport {
	case WS_HTTP_CHANNEL_BINDING:
		if tcp+pipe > 0 {
			return errors.New("an SSPI transport binding on HTTP")
		}
	case WS_TCP_CHANNEL_BINDING:
		if ssl+pipe+header > 0 {
			return errors.New("on TCP there are TcpSspiTransport and message bindings only")
		}
	case WS_NAMEDPIPE_CHANNEL_BINDING:
		if ssl+tcp+header+messages > 0 {
			return errors.New("on named pipes there is NamedPipeSspiTransport only")
		}
	default:
		if len(sd.SecurityBindings) > 0 {
			return errors.New("this transport has no security")
		}
	}
	switch {
	case !server && count[WS_SAML_MESSAGE_SECURITY_BINDING_TYPE] > 0:
		return errors.New("SamlMessage is for servers; a client presents an assertion with XmlTokenMessage")
	case server && count[WS_XML_TOKEN_MESSAGE_SECURITY_BINDING_TYPE] > 0:
		return errors.New("XmlTokenMessage is for clients; a server takes an assertion with SamlMessage")
	}
	protected := ssl+tcp+pipe > 0
	knowingly := levelGiven && level == WS_PROTECTION_LEVEL_NONE
	if messages > 0 && !protected && !(server && knowingly && transport == WS_HTTP_CHANNEL_BINDING) {
		return errors.New("a message binding without a transport binding: the transport must protect it")
	}
	if header > 0 && !protected && !knowingly {
		return errors.New("HttpHeaderAuth without a transport binding: set TRANSPORT_PROTECTION_LEVEL to NONE if that is meant")
	}
	if !protected && levelGiven && level != WS_PROTECTION_LEVEL_NONE {
		return errors.New("a protection level without a transport binding to give it")
	}
	if ssl > 0 && levelGiven && level == WS_PROTECTION_LEVEL_SIGN {
		return errors.New("TLS always encrypts; the protection level SIGN is not to be had")
	}
	return headers(sd, server)
}

// headers checks the HTTP authentication bindings: one to the service and one
// to the proxy may stand together.
func headers(sd *SecurityDescription, server bool) error {
	seen := map[HTTPHeaderAuthTarget]bool{}
	for _, b := range sd.SecurityBindings {
		h, ok := b.(*HttpHeaderAuth)
		if !ok {
			continue
		}
		v, err := readBindingProperties(h, server)
		if err != nil {
			return err
		}
		target := v.of(WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_TARGET).(HTTPHeaderAuthTarget)
		if seen[target] {
			return errors.New("two HttpHeaderAuth bindings with one target")
		}
		if len(seen) > 0 && !twoHeaderAuths {
			return errors.New("two HttpHeaderAuth bindings")
		}
		seen[target] = true
		scheme := v.scheme()
		if server {
			err = checkServerHeader(scheme, h)
		} else {
			err = checkScheme(scheme, target, h.ClientCredential)
			if h.PasswordValidator != nil || h.DigestSecret != nil || h.PasswordValidatorState != nil {
				err = errors.New("PasswordValidator and DigestSecret are for servers")
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// twoHeaderAuths says that a description may have an HttpHeaderAuth for the
// service and one for the proxy. UNCONFIRMED: it is what the property TARGET
// is for.
const twoHeaderAuths = true

func checkScheme(scheme HTTPHeaderAuthScheme, target HTTPHeaderAuthTarget, c WindowsIntegratedAuthCredential) error {
	single := scheme&(scheme-1) == 0
	switch {
	case scheme&WS_HTTP_HEADER_AUTH_SCHEME_PASSPORT != 0 && !single:
		return errors.New("the scheme PASSPORT does not go with others")
	case target == WS_HTTP_HEADER_AUTH_TARGET_PROXY && (!single || scheme == WS_HTTP_HEADER_AUTH_SCHEME_NONE || scheme == WS_HTTP_HEADER_AUTH_SCHEME_PASSPORT):
		return errors.New("to a proxy there must be one scheme, and neither NONE nor PASSPORT")
	}
	if isNil(c) {
		return errors.New("HttpHeaderAuth needs a ClientCredential")
	}
	named := scheme&(WS_HTTP_HEADER_AUTH_SCHEME_BASIC|WS_HTTP_HEADER_AUTH_SCHEME_DIGEST) != 0
	s, isString := c.(*StringWindowsIntegratedAuthCredential)
	switch {
	case named && !isString:
		return errors.New("the schemes Basic and Digest need a StringWindowsIntegratedAuthCredential")
	case isString && s.Username == "":
		return errors.New("the user name is empty")
	}
	return nil
}

// clientCredential is said where a server has what only clients have.
const clientCredential = "ClientCredential is for clients"
