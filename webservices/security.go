package webservices

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"wstrust"
	"wstrust/internal/reveal"
)

// securityRules is the table of the channel-wide security properties: their
// defaults and what values they take.
var securityRules = map[SecurityPropertyID]securityRule{
	WS_SECURITY_PROPERTY_TRANSPORT_PROTECTION_LEVEL: {WS_PROTECTION_LEVEL_SIGN_AND_ENCRYPT, func(v any) bool {
		return between(v.(ProtectionLevel), WS_PROTECTION_LEVEL_NONE, WS_PROTECTION_LEVEL_SIGN_AND_ENCRYPT)
	}},
	WS_SECURITY_PROPERTY_ALGORITHM_SUITE: {(*SecurityAlgorithmSuite)(nil), func(v any) bool { return v.(*SecurityAlgorithmSuite) != nil }},
	WS_SECURITY_PROPERTY_ALGORITHM_SUITE_NAME: {WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC256, func(v any) bool {
		_, ok := namedSuites[v.(SecurityAlgorithmSuiteName)]
		return ok
	}},
	WS_SECURITY_PROPERTY_MAX_ALLOWED_LATENCY:         {5 * time.Minute, func(v any) bool { return v.(time.Duration) >= 0 }},
	WS_SECURITY_PROPERTY_TIMESTAMP_VALIDITY_DURATION: {5 * time.Minute, positive},
	WS_SECURITY_PROPERTY_MAX_ALLOWED_CLOCK_SKEW:      {5 * time.Minute, func(v any) bool { return v.(time.Duration) >= 0 }},
	WS_SECURITY_PROPERTY_TIMESTAMP_USAGE: {WS_SECURITY_TIMESTAMP_USAGE_ALWAYS, func(v any) bool {
		return between(v.(SecurityTimestampUsage), WS_SECURITY_TIMESTAMP_USAGE_ALWAYS, WS_SECURITY_TIMESTAMP_USAGE_REQUESTS_ONLY)
	}},
	WS_SECURITY_PROPERTY_SECURITY_HEADER_LAYOUT: {WS_SECURITY_HEADER_LAYOUT_STRICT, func(v any) bool {
		return between(v.(SecurityHeaderLayout), WS_SECURITY_HEADER_LAYOUT_STRICT, WS_SECURITY_HEADER_LAYOUT_LAX_WITH_TIMESTAMP_LAST)
	}},
	WS_SECURITY_PROPERTY_SECURITY_HEADER_VERSION: {WS_SECURITY_HEADER_VERSION_1_1, func(v any) bool {
		return between(v.(SecurityHeaderVersion), WS_SECURITY_HEADER_VERSION_1_0, WS_SECURITY_HEADER_VERSION_1_1)
	}},
}

// A securityRule is what holds for one security property.
type securityRule struct {
	def   any
	valid func(v any) bool
}

// A security is a description of a client that was checked and copied: nothing in it is the
// caller's any more, so that what he does to his own afterwards has no effect.
type security struct {
	level    ProtectionLevel
	ssl      *tlsSettings // nil: no TLS
	auths    []*headerAuth
	config   wstrust.Config // suite, header and what the bindings come to
	keys     keyRange       // of symmetric keys
	messages int            // message bindings
	// conversation is the security context binding, nil if there is none.
	conversation *conversation
	owned        []*wstrust.Token
	missing      string // what keeps the channel from being opened: one sentence
}

// wipe overwrites the keys that were copied.
func (s *security) wipe() {
	for _, t := range s.owned {
		t.Wipe(reveal.Permit{})
	}
}

// readSecurity checks a description completely. A nil one is no security.
func readSecurity(sd *SecurityDescription, transport ChannelBinding) (*security, error) {
	if sd == nil {
		return &security{level: WS_PROTECTION_LEVEL_NONE, keys: keyRange{128, 512}}, nil
	}
	values, err := readSecurityProperties(sd, nil)
	if err != nil {
		return nil, err
	}
	level, given := values[WS_SECURITY_PROPERTY_TRANSPORT_PROTECTION_LEVEL].(ProtectionLevel)
	if transport == WS_CUSTOM_CHANNEL_BINDING {
		return nil, errors.New("a custom transport takes no security description")
	}
	if err := combine(sd, transport, level, given, false); err != nil {
		return nil, err
	}
	s := &security{level: WS_PROTECTION_LEVEL_NONE}
	if err := s.properties(sd, values); err != nil {
		return nil, err
	}
	for i, b := range sd.SecurityBindings {
		v, err := readBindingProperties(b, false)
		if err == nil {
			err = s.binding(b, v, transport)
		}
		if err != nil {
			s.wipe()
			return nil, fmt.Errorf("binding %d: %w", i, err)
		}
	}
	if s.ssl != nil {
		s.level = WS_PROTECTION_LEVEL_SIGN_AND_ENCRYPT
		if given {
			s.level = level
		}
	}
	if s.messages == 0 {
		// The properties of the header are about message bindings over a
		// protected transport; without any there is no header.
		s.config.Header.Timestamp = wstrust.TimestampNever
	}
	return s, nil
}

// readSecurityProperties checks the channel-wide properties: securityRules, and
// more of them at a server.
func readSecurityProperties(sd *SecurityDescription, more map[SecurityPropertyID]securityRule) (map[SecurityPropertyID]any, error) {
	out := map[SecurityPropertyID]any{}
	for _, p := range sd.Properties {
		rule, ok := securityRules[p.ID]
		if !ok {
			rule, ok = more[p.ID]
		}
		switch {
		case !ok:
			return nil, fmt.Errorf("security property %d does not exist, or is for servers", p.ID)
		case reflect.TypeOf(p.Value) != reflect.TypeOf(rule.def):
			return nil, fmt.Errorf("security property %d is a %T, and the value is a %T", p.ID, rule.def, p.Value)
		case !rule.valid(p.Value):
			return nil, fmt.Errorf("security property %d has a value that it cannot have", p.ID)
		}
		if _, twice := out[p.ID]; twice {
			return nil, fmt.Errorf("security property %d is given twice", p.ID)
		}
		out[p.ID] = p.Value
	}
	return out, nil
}

// properties applies the channel-wide properties.
func (s *security) properties(sd *SecurityDescription, values map[SecurityPropertyID]any) error {
	of := func(id SecurityPropertyID) any {
		if v, ok := values[id]; ok {
			return v
		}
		return securityRules[id].def
	}
	name := of(WS_SECURITY_PROPERTY_ALGORITHM_SUITE_NAME).(SecurityAlgorithmSuiteName)
	_, named := values[WS_SECURITY_PROPERTY_ALGORITHM_SUITE_NAME]
	custom, isCustom := values[WS_SECURITY_PROPERTY_ALGORITHM_SUITE].(*SecurityAlgorithmSuite)
	switch {
	case named && isCustom:
		return errors.New("ALGORITHM_SUITE and ALGORITHM_SUITE_NAME exclude each other")
	case isCustom:
		var err error
		if s.config.Suite, s.keys, err = custom.suite(); err != nil {
			return err
		}
	default:
		if !named && slices.ContainsFunc(sd.SecurityBindings, func(b SecurityBinding) bool {
			return b.BindingType() == WS_KERBEROS_APREQ_MESSAGE_SECURITY_BINDING_TYPE
		}) {
			name = WS_SECURITY_ALGORITHM_SUITE_NAME_BASIC128
		}
		s.config.Suite, s.keys = namedSuites[name].suite, namedSuites[name].keys
	}
	s.config.Header = wstrust.Header{
		Timestamp:  timestampUsages[of(WS_SECURITY_PROPERTY_TIMESTAMP_USAGE).(SecurityTimestampUsage)],
		Layout:     layouts[of(WS_SECURITY_PROPERTY_SECURITY_HEADER_LAYOUT).(SecurityHeaderLayout)],
		TTL:        of(WS_SECURITY_PROPERTY_TIMESTAMP_VALIDITY_DURATION).(time.Duration),
		MaxLatency: atLeastNothing(of(WS_SECURITY_PROPERTY_MAX_ALLOWED_LATENCY).(time.Duration)),
		MaxSkew:    atLeastNothing(of(WS_SECURITY_PROPERTY_MAX_ALLOWED_CLOCK_SKEW).(time.Duration)),
	}
	if of(WS_SECURITY_PROPERTY_SECURITY_HEADER_VERSION).(SecurityHeaderVersion) == WS_SECURITY_HEADER_VERSION_1_0 {
		s.config.Versions.Security = wstrust.Security10
	}
	return nil
}

// atLeastNothing keeps a zero from being read as "the default".
func atLeastNothing(d time.Duration) time.Duration { return max(d, time.Nanosecond) }

var timestampUsages = map[SecurityTimestampUsage]wstrust.TimestampUsage{
	WS_SECURITY_TIMESTAMP_USAGE_ALWAYS:        wstrust.TimestampAlways,
	WS_SECURITY_TIMESTAMP_USAGE_NEVER:         wstrust.TimestampNever,
	WS_SECURITY_TIMESTAMP_USAGE_REQUESTS_ONLY: wstrust.TimestampRequestsOnly,
}

var layouts = map[SecurityHeaderLayout]wstrust.Layout{
	WS_SECURITY_HEADER_LAYOUT_STRICT:                   wstrust.LayoutStrict,
	WS_SECURITY_HEADER_LAYOUT_LAX:                      wstrust.LayoutLax,
	WS_SECURITY_HEADER_LAYOUT_LAX_WITH_TIMESTAMP_FIRST: wstrust.LayoutTimestampFirst,
	WS_SECURITY_HEADER_LAYOUT_LAX_WITH_TIMESTAMP_LAST:  wstrust.LayoutTimestampLast,
}

// isNil reports a nil interface and a nil pointer in one.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}
