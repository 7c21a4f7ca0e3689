package webservices

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// bindingRules is the table of the binding properties: their Go type by an
// example which is the default (nil where a type has none that can be written),
// the bindings that have them, and the side that has them.
var bindingRules = map[SecurityBindingPropertyID]struct {
	def   any
	typ   reflect.Type
	of    []SecurityBindingType
	only  side
	valid func(v any) bool
}{
	WS_SECURITY_BINDING_PROPERTY_REQUIRE_SSL_CLIENT_CERT: {def: false, of: sslBindings, only: servers},
	WS_SECURITY_BINDING_PROPERTY_WINDOWS_INTEGRATED_AUTH_PACKAGE: {
		def: WS_WINDOWS_INTEGRATED_AUTH_PACKAGE_SPNEGO, of: sspiBindings,
		valid: func(v any) bool {
			return between(v.(WindowsIntegratedAuthPackage), WS_WINDOWS_INTEGRATED_AUTH_PACKAGE_KERBEROS, WS_WINDOWS_INTEGRATED_AUTH_PACKAGE_SPNEGO)
		},
	},
	WS_SECURITY_BINDING_PROPERTY_REQUIRE_SERVER_AUTH:     {def: true, of: sspiBindings, only: clients},
	WS_SECURITY_BINDING_PROPERTY_ALLOW_ANONYMOUS_CLIENTS: {def: false, of: kerberosBindings, only: servers},
	WS_SECURITY_BINDING_PROPERTY_ALLOWED_IMPERSONATION_LEVEL: {
		def: uint32(1), of: kerberosBindings, only: clients, // SecurityIdentification of SECURITY_IMPERSONATION_LEVEL
		valid: func(v any) bool { return between(v.(uint32), 0, 3) },
	},
	WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_SCHEME: {
		def: WS_HTTP_HEADER_AUTH_SCHEME_NEGOTIATE, of: headerBindings,
		valid: func(v any) bool { return between(v.(HTTPHeaderAuthScheme), 1, 63) },
	},
	WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_TARGET: {
		def: WS_HTTP_HEADER_AUTH_TARGET_SERVICE, of: headerBindings, only: clients,
		valid: func(v any) bool {
			return between(v.(HTTPHeaderAuthTarget), WS_HTTP_HEADER_AUTH_TARGET_SERVICE, WS_HTTP_HEADER_AUTH_TARGET_PROXY)
		},
	},
	WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_BASIC_REALM:   {def: "", of: headerBindings, only: servers, valid: headerText},
	WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_DIGEST_REALM:  {def: "", of: headerBindings, only: servers, valid: headerText},
	WS_SECURITY_BINDING_PROPERTY_HTTP_HEADER_AUTH_DIGEST_DOMAIN: {def: "", of: headerBindings, only: servers, valid: headerText},
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_KEY_SIZE: {
		def: uint32(0), of: contextBindings,
		valid: func(v any) bool { return v.(uint32)%8 == 0 && between(v.(uint32), 128, 512) },
	},
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_KEY_ENTROPY_MODE: {
		def: WS_SECURITY_KEY_ENTROPY_MODE_COMBINED, of: contextBindings,
		valid: func(v any) bool {
			return between(v.(SecurityKeyEntropyMode), WS_SECURITY_KEY_ENTROPY_MODE_CLIENT_ONLY, WS_SECURITY_KEY_ENTROPY_MODE_COMBINED)
		},
	},
	WS_SECURITY_BINDING_PROPERTY_MESSAGE_PROPERTIES: {
		typ: reflect.TypeFor[[]MessageProperty](), of: contextBindings,
		valid: func(v any) bool { _, err := readMessageProperties(v.([]MessageProperty)); return err == nil },
	},
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_PENDING_CONTEXTS: {def: uint32(100), of: contextBindings, only: servers, valid: some},
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_MAX_ACTIVE_CONTEXTS:  {def: uint32(1000), of: contextBindings, only: servers, valid: some},
	WS_SECURITY_BINDING_PROPERTY_SECURE_CONVERSATION_VERSION: {
		def: WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005, of: contextBindings,
		valid: func(v any) bool {
			return between(v.(SecureConversationVersion), WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005, WS_SECURE_CONVERSATION_VERSION_1_3)
		},
	},
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_SUPPORT_RENEW:     {def: true, of: contextBindings},
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_RENEWAL_INTERVAL:  {def: 10 * time.Hour, of: contextBindings, valid: positive},
	WS_SECURITY_BINDING_PROPERTY_SECURITY_CONTEXT_ROLLOVER_INTERVAL: {def: 5 * time.Minute, of: contextBindings, valid: positive},
	WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE: {
		def: WS_CERT_FAILURE_REVOCATION_OFFLINE, of: sslBindings, only: clients,
		valid: func(v any) bool { return between(v.(CertFailure), 0, 31) },
	},
	WS_SECURITY_BINDING_PROPERTY_DISABLE_CERT_REVOCATION_CHECK: {def: false, of: sslBindings, only: clients},
	WS_SECURITY_BINDING_PROPERTY_DISALLOWED_SECURE_PROTOCOLS: {
		def: defaultDisallowedProtocols, of: sslBindings, only: clients,
		valid: func(v any) bool { return between(v.(SecureProtocol), 0, 31) },
	},
	WS_SECURITY_BINDING_PROPERTY_CERTIFICATE_VALIDATION_CALLBACK_CONTEXT: {
		def: (*CertificateValidationCallbackContext)(nil), of: sslBindings, only: clients,
		valid: func(v any) bool {
			c := v.(*CertificateValidationCallbackContext)
			return c != nil && c.Callback != nil
		},
	},
}

// defaultDisallowedProtocols are the versions that are not spoken. UNCONFIRMED:
// the default is not documented; whatever is given, nothing below TLS 1.2 is
// spoken here.
const defaultDisallowedProtocols = WS_SECURE_PROTOCOL_SSL2 | WS_SECURE_PROTOCOL_SSL3 | WS_SECURE_PROTOCOL_TLS1_0 | WS_SECURE_PROTOCOL_TLS1_1

// A side is which of the two ends has a property.
type side uint8

const (
	clients side = iota + 1
	servers
)

// serverRenewalInterval is the default of SECURITY_CONTEXT_RENEWAL_INTERVAL at a
// server, where it is the lifetime of a context.
const serverRenewalInterval = 15 * time.Hour

var (
	sslBindings      = []SecurityBindingType{WS_SSL_TRANSPORT_SECURITY_BINDING_TYPE}
	sspiBindings     = []SecurityBindingType{WS_TCP_SSPI_TRANSPORT_SECURITY_BINDING_TYPE, WS_NAMEDPIPE_SSPI_TRANSPORT_SECURITY_BINDING_TYPE}
	kerberosBindings = []SecurityBindingType{
		WS_TCP_SSPI_TRANSPORT_SECURITY_BINDING_TYPE, WS_NAMEDPIPE_SSPI_TRANSPORT_SECURITY_BINDING_TYPE, WS_KERBEROS_APREQ_MESSAGE_SECURITY_BINDING_TYPE,
	}
	headerBindings  = []SecurityBindingType{WS_HTTP_HEADER_AUTH_SECURITY_BINDING_TYPE}
	contextBindings = []SecurityBindingType{WS_SECURITY_CONTEXT_MESSAGE_SECURITY_BINDING_TYPE}
)

func between[N ~uint32](v, least, most N) bool { return least <= v && v <= most }

func some(v any) bool { return v.(uint32) > 0 }

// headerText is what can stand in a header.
func headerText(v any) bool {
	s := v.(string)
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func positive(v any) bool { return v.(time.Duration) > 0 }

// bindingValues are the properties of one binding that were given.
type bindingValues map[SecurityBindingPropertyID]any

// readBindingProperties checks the properties of a binding of a client or of a
// server.
func readBindingProperties(b SecurityBinding, server bool) (bindingValues, error) {
	out := bindingValues{}
	for _, p := range b.properties() {
		rule, known := bindingRules[p.ID]
		switch {
		case !known:
			return nil, fmt.Errorf("binding property %d does not exist", p.ID)
		case !slices.Contains(rule.of, b.BindingType()):
			return nil, fmt.Errorf("binding property %d is not of binding %d", p.ID, b.BindingType())
		case !server && rule.only == servers:
			return nil, fmt.Errorf("binding property %d is for servers", p.ID)
		case server && rule.only == clients:
			return nil, fmt.Errorf("binding property %d is for clients", p.ID)
		}
		typ := rule.typ
		if typ == nil {
			typ = reflect.TypeOf(rule.def)
		}
		if reflect.TypeOf(p.Value) != typ {
			return nil, fmt.Errorf("binding property %d is a %v, and the value is a %T", p.ID, typ, p.Value)
		}
		if rule.valid != nil && !rule.valid(p.Value) {
			return nil, fmt.Errorf("binding property %d has a value that it cannot have", p.ID)
		}
		if _, twice := out[p.ID]; twice {
			return nil, fmt.Errorf("binding property %d is given twice", p.ID)
		}
		out[p.ID] = p.Value
	}
	return out, nil
}

// of returns a property, or its default.
func (v bindingValues) of(id SecurityBindingPropertyID) any {
	if x, ok := v[id]; ok {
		return x
	}
	return bindingRules[id].def
}
