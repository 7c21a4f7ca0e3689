package webservices

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"time"
)

// ChannelPropertyID is WS_CHANNEL_PROPERTY_ID: a property of a channel, whose
// value has the Go type named at its side.
type ChannelPropertyID uint32

// The properties of a channel, with their defaults on HTTP. Those about
// streaming, sessions, TCP and UDP are taken and have no effect.
const (
	WS_CHANNEL_PROPERTY_MAX_BUFFERED_MESSAGE_SIZE      ChannelPropertyID = 0  // uint32: octets of an envelope; 65536
	WS_CHANNEL_PROPERTY_MAX_STREAMED_MESSAGE_SIZE      ChannelPropertyID = 1  // uint64; 4194304
	WS_CHANNEL_PROPERTY_MAX_STREAMED_START_SIZE        ChannelPropertyID = 2  // uint32; 16384
	WS_CHANNEL_PROPERTY_MAX_STREAMED_FLUSH_SIZE        ChannelPropertyID = 3  // uint32; 65536
	WS_CHANNEL_PROPERTY_ENCODING                       ChannelPropertyID = 4  // Encoding; XML_UTF8
	WS_CHANNEL_PROPERTY_ENVELOPE_VERSION               ChannelPropertyID = 5  // EnvelopeVersion; SOAP_1_2
	WS_CHANNEL_PROPERTY_ADDRESSING_VERSION             ChannelPropertyID = 6  // AddressingVersion; 1_0
	WS_CHANNEL_PROPERTY_MAX_SESSION_DICTIONARY_SIZE    ChannelPropertyID = 7  // uint32; 2048
	WS_CHANNEL_PROPERTY_STATE                          ChannelPropertyID = 8  // ChannelState: a snapshot, to be read only
	WS_CHANNEL_PROPERTY_ASYNC_CALLBACK_MODEL           ChannelPropertyID = 9  // CallbackModel; LONG
	WS_CHANNEL_PROPERTY_IP_VERSION                     ChannelPropertyID = 10 // IPVersion; AUTO
	WS_CHANNEL_PROPERTY_RESOLVE_TIMEOUT                ChannelPropertyID = 11 // uint32: milliseconds to resolve a name; INFINITE
	WS_CHANNEL_PROPERTY_CONNECT_TIMEOUT                ChannelPropertyID = 12 // uint32: to connect; 30000
	WS_CHANNEL_PROPERTY_SEND_TIMEOUT                   ChannelPropertyID = 13 // uint32: to send; 30000
	WS_CHANNEL_PROPERTY_RECEIVE_RESPONSE_TIMEOUT       ChannelPropertyID = 14 // uint32: for the answer to begin; 30000
	WS_CHANNEL_PROPERTY_RECEIVE_TIMEOUT                ChannelPropertyID = 15 // uint32: for the answer to end; 30000
	WS_CHANNEL_PROPERTY_CLOSE_TIMEOUT                  ChannelPropertyID = 16 // uint32: to close; 30000
	WS_CHANNEL_PROPERTY_ENABLE_TIMEOUTS                ChannelPropertyID = 17 // bool; false makes every timeout that was not given INFINITE; true
	WS_CHANNEL_PROPERTY_TRANSFER_MODE                  ChannelPropertyID = 18 // TransferMode; BUFFERED
	WS_CHANNEL_PROPERTY_NO_DELAY                       ChannelPropertyID = 28 // bool; false
	WS_CHANNEL_PROPERTY_SEND_KEEP_ALIVES               ChannelPropertyID = 29 // bool; false
	WS_CHANNEL_PROPERTY_KEEP_ALIVE_TIME                ChannelPropertyID = 30 // uint32; 7200000
	WS_CHANNEL_PROPERTY_KEEP_ALIVE_INTERVAL            ChannelPropertyID = 31 // uint32; 1000
	WS_CHANNEL_PROPERTY_MAX_HTTP_SERVER_CONNECTIONS    ChannelPropertyID = 32 // uint32; INFINITE
	WS_CHANNEL_PROPERTY_CHANNEL_TYPE                   ChannelPropertyID = 34 // ChannelType, to be read only
	WS_CHANNEL_PROPERTY_TRIM_BUFFERED_MESSAGE_SIZE     ChannelPropertyID = 35 // uint32; 65536
	WS_CHANNEL_PROPERTY_ENCODER                        ChannelPropertyID = 36 // not available
	WS_CHANNEL_PROPERTY_DECODER                        ChannelPropertyID = 37 // not available
	WS_CHANNEL_PROPERTY_PROTECTION_LEVEL               ChannelPropertyID = 38 // ProtectionLevel, to be read only
	WS_CHANNEL_PROPERTY_COOKIE_MODE                    ChannelPropertyID = 39 // CookieMode; AUTO
	WS_CHANNEL_PROPERTY_HTTP_PROXY_SETTING_MODE        ChannelPropertyID = 40 // HTTPProxySettingMode; AUTO
	WS_CHANNEL_PROPERTY_CUSTOM_HTTP_PROXY              ChannelPropertyID = 41 // *CustomHTTPProxy; nil
	WS_CHANNEL_PROPERTY_HTTP_MESSAGE_MAPPING           ChannelPropertyID = 42 // not available
	WS_CHANNEL_PROPERTY_ENABLE_HTTP_REDIRECT           ChannelPropertyID = 43 // bool: follow redirects within the origin; false
	WS_CHANNEL_PROPERTY_HTTP_REDIRECT_CALLBACK_CONTEXT ChannelPropertyID = 44 // *HTTPRedirectCallbackContext, which decides instead; nil
	WS_CHANNEL_PROPERTY_FAULTS_AS_ERRORS               ChannelPropertyID = 45 // bool: faults that are known have codes of their own; true
	WS_CHANNEL_PROPERTY_ALLOW_UNSECURED_FAULTS         ChannelPropertyID = 46 // bool: the security of faults is not verified; false
	WS_CHANNEL_PROPERTY_HTTP_SERVER_SPN                ChannelPropertyID = 47 // not available
	WS_CHANNEL_PROPERTY_HTTP_PROXY_SPN                 ChannelPropertyID = 48 // not available
)

// Properties of this package alone: what Windows takes from the system, and the
// strict mode.
const (
	WS_CHANNEL_PROPERTY_EX_STRICT_PROFILE    ChannelPropertyID = 0x10000 // bool: MS-LWSSP to the letter; false
	WS_CHANNEL_PROPERTY_EX_ROOT_CERTIFICATES ChannelPropertyID = 0x10001 // *x509.CertPool; nil is the system's
	WS_CHANNEL_PROPERTY_EX_LOGGER            ChannelPropertyID = 0x10002 // *slog.Logger; nil is silent
	WS_CHANNEL_PROPERTY_EX_NEGOTIATOR        ChannelPropertyID = 0x10003 // Negotiator; nil is none
	WS_CHANNEL_PROPERTY_EX_SYSTEM_PROXY      ChannelPropertyID = 0x10004 // SystemProxy, for HTTP_PROXY_SETTING_MODE_AUTO; nil is no proxy
	WS_CHANNEL_PROPERTY_EX_REVOCATION_CHECK  ChannelPropertyID = 0x10005 // RevocationCheck; nil is none, and nothing is known of any certificate
)

// SystemProxy finds the proxy of a request as the system has it;
// [http.ProxyFromEnvironment] is one.
type SystemProxy func(*http.Request) (*url.URL, error)

// A ChannelProperty is WS_CHANNEL_PROPERTY.
type ChannelProperty struct {
	ID    ChannelPropertyID // which property
	Value any               // of the type that the ID names
}

// When a property may be set.
type settable uint8

const (
	atCreation settable = iota
	always
	never // it can be read only, or not at all
)

// channelRules is the table of the channel properties with their defaults.
var channelRules = map[ChannelPropertyID]struct {
	def   any
	when  settable
	valid func(v any) bool
}{
	WS_CHANNEL_PROPERTY_MAX_BUFFERED_MESSAGE_SIZE:   {uint32(65536), atCreation, func(v any) bool { return v.(uint32) >= 1 }},
	WS_CHANNEL_PROPERTY_MAX_STREAMED_MESSAGE_SIZE:   {uint64(4194304), atCreation, nil},
	WS_CHANNEL_PROPERTY_MAX_STREAMED_START_SIZE:     {uint32(16384), atCreation, nil},
	WS_CHANNEL_PROPERTY_MAX_STREAMED_FLUSH_SIZE:     {uint32(65536), atCreation, nil},
	WS_CHANNEL_PROPERTY_ENCODING:                    {WS_ENCODING_XML_UTF8, atCreation, func(v any) bool { return v.(Encoding) <= WS_ENCODING_RAW }},
	WS_CHANNEL_PROPERTY_ENVELOPE_VERSION:            {WS_ENVELOPE_VERSION_SOAP_1_2, atCreation, func(v any) bool { return between(v.(EnvelopeVersion), 1, 3) }},
	WS_CHANNEL_PROPERTY_ADDRESSING_VERSION:          {WS_ADDRESSING_VERSION_1_0, atCreation, func(v any) bool { return between(v.(AddressingVersion), 1, 3) }},
	WS_CHANNEL_PROPERTY_MAX_SESSION_DICTIONARY_SIZE: {uint32(2048), atCreation, nil},
	WS_CHANNEL_PROPERTY_ASYNC_CALLBACK_MODEL:        {WS_LONG_CALLBACK, atCreation, func(v any) bool { return v.(CallbackModel) <= WS_LONG_CALLBACK }},
	WS_CHANNEL_PROPERTY_IP_VERSION:                  {WS_IP_VERSION_AUTO, atCreation, func(v any) bool { return between(v.(IPVersion), 1, 3) }},
	WS_CHANNEL_PROPERTY_RESOLVE_TIMEOUT:             {INFINITE, always, nil},
	WS_CHANNEL_PROPERTY_CONNECT_TIMEOUT:             {uint32(30000), always, nil},
	WS_CHANNEL_PROPERTY_SEND_TIMEOUT:                {uint32(30000), always, nil},
	WS_CHANNEL_PROPERTY_RECEIVE_RESPONSE_TIMEOUT:    {uint32(30000), always, nil},
	WS_CHANNEL_PROPERTY_RECEIVE_TIMEOUT:             {uint32(30000), always, nil},
	WS_CHANNEL_PROPERTY_CLOSE_TIMEOUT:               {uint32(30000), always, nil},
	WS_CHANNEL_PROPERTY_ENABLE_TIMEOUTS:             {true, always, nil},
	WS_CHANNEL_PROPERTY_TRANSFER_MODE:               {WS_BUFFERED_TRANSFER_MODE, atCreation, func(v any) bool { return v.(TransferMode) <= WS_STREAMED_TRANSFER_MODE }},
	WS_CHANNEL_PROPERTY_NO_DELAY:                    {false, atCreation, nil},
	WS_CHANNEL_PROPERTY_SEND_KEEP_ALIVES:            {false, atCreation, nil},
	WS_CHANNEL_PROPERTY_KEEP_ALIVE_TIME:             {uint32(7200000), atCreation, nil},
	WS_CHANNEL_PROPERTY_KEEP_ALIVE_INTERVAL:         {uint32(1000), atCreation, nil},
	WS_CHANNEL_PROPERTY_MAX_HTTP_SERVER_CONNECTIONS: {INFINITE, atCreation, func(v any) bool { return v.(uint32) >= 1 }},
	WS_CHANNEL_PROPERTY_TRIM_BUFFERED_MESSAGE_SIZE:  {uint32(65536), atCreation, nil},
	WS_CHANNEL_PROPERTY_COOKIE_MODE:                 {WS_AUTO_COOKIE_MODE, atCreation, func(v any) bool { return between(v.(CookieMode), 1, 2) }},
	WS_CHANNEL_PROPERTY_HTTP_PROXY_SETTING_MODE:     {WS_HTTP_PROXY_SETTING_MODE_AUTO, atCreation, func(v any) bool { return between(v.(HTTPProxySettingMode), 1, 3) }},
	WS_CHANNEL_PROPERTY_CUSTOM_HTTP_PROXY: {(*CustomHTTPProxy)(nil), atCreation, func(v any) bool {
		p := v.(*CustomHTTPProxy)
		return p == nil || p.check() == nil
	}},
	WS_CHANNEL_PROPERTY_ENABLE_HTTP_REDIRECT: {false, atCreation, nil},
	WS_CHANNEL_PROPERTY_HTTP_REDIRECT_CALLBACK_CONTEXT: {(*HTTPRedirectCallbackContext)(nil), atCreation, func(v any) bool {
		c := v.(*HTTPRedirectCallbackContext)
		return c == nil || c.Callback != nil
	}},
	WS_CHANNEL_PROPERTY_FAULTS_AS_ERRORS:       {true, always, nil},
	WS_CHANNEL_PROPERTY_ALLOW_UNSECURED_FAULTS: {false, always, nil},

	WS_CHANNEL_PROPERTY_STATE:            {WS_CHANNEL_STATE_CREATED, never, nil},
	WS_CHANNEL_PROPERTY_CHANNEL_TYPE:     {WS_CHANNEL_TYPE_REQUEST, never, nil},
	WS_CHANNEL_PROPERTY_PROTECTION_LEVEL: {WS_PROTECTION_LEVEL_NONE, never, nil},

	WS_CHANNEL_PROPERTY_EX_STRICT_PROFILE:    {false, atCreation, nil},
	WS_CHANNEL_PROPERTY_EX_ROOT_CERTIFICATES: {(*x509.CertPool)(nil), atCreation, nil},
	WS_CHANNEL_PROPERTY_EX_LOGGER:            {(*slog.Logger)(nil), atCreation, nil},
	WS_CHANNEL_PROPERTY_EX_SYSTEM_PROXY:      {SystemProxy(nil), atCreation, nil},
	WS_CHANNEL_PROPERTY_EX_REVOCATION_CHECK:  {RevocationCheck(nil), atCreation, nil},
}

// channelValues are the properties that were given.
type channelValues map[ChannelPropertyID]any

// readChannelProperties checks the properties of a channel to be created.
func readChannelProperties(props []ChannelProperty, binding ChannelBinding) (channelValues, error) {
	v := channelValues{}
	for _, p := range props {
		if _, twice := v[p.ID]; twice {
			return nil, fmt.Errorf("channel property %d is given twice", p.ID)
		}
		if err := v.set(p.ID, p.Value, atCreation); err != nil {
			return nil, err
		}
	}
	v.complete(binding)
	return v, v.check(binding)
}

// complete gives defaults that hang on the transport or on another property.
func (v channelValues) complete(binding ChannelBinding) {
	def := func(id ChannelPropertyID, value any) {
		if _, given := v[id]; !given {
			v[id] = value
		}
	}
	if binding == WS_TCP_CHANNEL_BINDING || binding == WS_NAMEDPIPE_CHANNEL_BINDING {
		def(WS_CHANNEL_PROPERTY_ENCODING, WS_ENCODING_XML_BINARY_SESSION_1)
	}
	if v.of(WS_CHANNEL_PROPERTY_ENCODING) == WS_ENCODING_RAW {
		def(WS_CHANNEL_PROPERTY_ENVELOPE_VERSION, WS_ENVELOPE_VERSION_NONE)
		def(WS_CHANNEL_PROPERTY_ADDRESSING_VERSION, WS_ADDRESSING_VERSION_TRANSPORT)
	}
}

// set checks a property and takes it in.
func (v channelValues) set(id ChannelPropertyID, value any, now settable) error {
	if id == WS_CHANNEL_PROPERTY_EX_NEGOTIATOR { // an interface, which has no type to compare
		n, ok := value.(Negotiator)
		if !ok || isNil(n) || now != atCreation {
			return fmt.Errorf("channel property %#x is a Negotiator, to be given at creation", id)
		}
		v[id] = n
		return nil
	}
	rule, known := channelRules[id]
	switch {
	case !known:
		return fmt.Errorf("channel property %d does not exist here", id)
	case rule.when == never || now == always && rule.when != always:
		return fmt.Errorf("channel property %d cannot be set now", id)
	case reflect.TypeOf(value) != reflect.TypeOf(rule.def):
		return fmt.Errorf("channel property %d is a %T, and the value is a %T", id, rule.def, value)
	case rule.valid != nil && !rule.valid(value):
		return fmt.Errorf("channel property %d has a value that it cannot have", id)
	}
	v[id] = value
	return nil
}

// check compares properties with one another.
func (v channelValues) check(binding ChannelBinding) error {
	raw := v.of(WS_CHANNEL_PROPERTY_ENCODING) == WS_ENCODING_RAW
	none := v.of(WS_CHANNEL_PROPERTY_ENVELOPE_VERSION) == WS_ENVELOPE_VERSION_NONE
	bare := v.of(WS_CHANNEL_PROPERTY_ADDRESSING_VERSION) == WS_ADDRESSING_VERSION_TRANSPORT
	switch {
	case raw != none:
		return fmt.Errorf("the encoding RAW and the envelope version NONE go together")
	case bare && binding != WS_HTTP_CHANNEL_BINDING:
		return fmt.Errorf("the addressing version TRANSPORT is for HTTP")
	case v.of(WS_CHANNEL_PROPERTY_TRANSFER_MODE) != WS_BUFFERED_TRANSFER_MODE && binding != WS_HTTP_CHANNEL_BINDING:
		return fmt.Errorf("streaming is for HTTP")
	}
	custom := v.of(WS_CHANNEL_PROPERTY_HTTP_PROXY_SETTING_MODE) == WS_HTTP_PROXY_SETTING_MODE_CUSTOM
	if proxy := v.of(WS_CHANNEL_PROPERTY_CUSTOM_HTTP_PROXY).(*CustomHTTPProxy); custom != (proxy != nil) {
		return fmt.Errorf("CUSTOM_HTTP_PROXY and the proxy setting mode CUSTOM go together")
	}
	return nil
}

// missing says what of the properties keeps a channel from being opened here.
func (v channelValues) missing() string {
	switch {
	case v.of(WS_CHANNEL_PROPERTY_ENCODING) != WS_ENCODING_XML_UTF8:
		return "only the encoding XML_UTF8 is available"
	case v.of(WS_CHANNEL_PROPERTY_TRANSFER_MODE) != WS_BUFFERED_TRANSFER_MODE:
		return "streamed messages are not available"
	}
	return ""
}

// of returns a property, or its default.
func (v channelValues) of(id ChannelPropertyID) any {
	if x, ok := v[id]; ok {
		return x
	}
	return channelRules[id].def
}

// timeout returns a timeout, 0 for INFINITE.
func (v channelValues) timeout(id ChannelPropertyID) time.Duration {
	ms, given := v[id].(uint32)
	if !given {
		if enabled, _ := v.of(WS_CHANNEL_PROPERTY_ENABLE_TIMEOUTS).(bool); !enabled {
			return 0
		}
		ms = channelRules[id].def.(uint32)
	}
	if ms == INFINITE {
		return 0
	}
	return max(time.Duration(ms)*time.Millisecond, time.Nanosecond)
}

// proxy is for [http.Transport.Proxy].
func (v channelValues) proxy() func(*http.Request) (*url.URL, error) {
	switch v.of(WS_CHANNEL_PROPERTY_HTTP_PROXY_SETTING_MODE) {
	case WS_HTTP_PROXY_SETTING_MODE_CUSTOM:
		return v.of(WS_CHANNEL_PROPERTY_CUSTOM_HTTP_PROXY).(*CustomHTTPProxy).find
	case WS_HTTP_PROXY_SETTING_MODE_AUTO:
		return v.of(WS_CHANNEL_PROPERTY_EX_SYSTEM_PROXY).(SystemProxy)
	}
	return nil
}
