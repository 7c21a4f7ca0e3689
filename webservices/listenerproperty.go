package webservices

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"reflect"

	"wstrust/cache"
	"wstrust/service"
)

// A ListenerProperty is WS_LISTENER_PROPERTY.
type ListenerProperty struct {
	ID    ListenerPropertyID // which property
	Value any                // of the type that the ID names
}

// listenerRules is the table of the properties of a listener: their defaults,
// which of them may be given, and what values they take.
var listenerRules = map[ListenerPropertyID]struct {
	def   any
	given bool // when the listener is created; the others can be read only
	valid func(v any) bool
}{
	WS_LISTENER_PROPERTY_STATE:           {def: WS_LISTENER_STATE_CREATED},
	WS_LISTENER_PROPERTY_CHANNEL_TYPE:    {def: WS_CHANNEL_TYPE_REPLY},
	WS_LISTENER_PROPERTY_CHANNEL_BINDING: {def: WS_HTTP_CHANNEL_BINDING},
	WS_LISTENER_PROPERTY_ASYNC_CALLBACK_MODEL: {
		WS_LONG_CALLBACK, true,
		func(v any) bool { return between(v.(CallbackModel), WS_SHORT_CALLBACK, WS_LONG_CALLBACK) },
	},
	WS_LISTENER_PROPERTY_CLOSE_TIMEOUT:                {uint32(5000), true, nil},
	WS_LISTENER_PROPERTY_EX_URLS:                      {[]string(nil), true, nil},
	WS_LISTENER_PROPERTY_EX_ROOT_CERTIFICATES:         {(*x509.CertPool)(nil), true, nil},
	WS_LISTENER_PROPERTY_EX_LOGGER:                    {(*slog.Logger)(nil), true, nil},
	WS_LISTENER_PROPERTY_EX_REPLAY_CACHE:              {(*cache.Cache)(nil), true, nil},
	WS_LISTENER_PROPERTY_EX_CONTEXT_CACHE:             {(*cache.Cache)(nil), true, nil},
	WS_LISTENER_PROPERTY_EX_CONTEXT_SEAL:              {[]service.SealKey(nil), true, nil},
	WS_LISTENER_PROPERTY_EX_STRICT_PROFILE:            {false, true, nil},
	WS_LISTENER_PROPERTY_EX_REVOCATION_CHECK:          {RevocationCheck(nil), true, nil},
	WS_LISTENER_PROPERTY_EX_MAX_BUFFERED_MESSAGE_SIZE: {uint32(65536), true, func(v any) bool { return v.(uint32) > 0 }},
}

// listenerValues are the properties of one listener that were given.
type listenerValues map[ListenerPropertyID]any

func readListenerProperties(props []ListenerProperty) (listenerValues, error) {
	v := listenerValues{}
	for _, p := range props {
		rule, known := listenerRules[p.ID]
		switch {
		case !known || !rule.given:
			return nil, fmt.Errorf("listener property %d does not exist here, or cannot be given", p.ID)
		case reflect.TypeOf(p.Value) != reflect.TypeOf(rule.def):
			return nil, fmt.Errorf("listener property %d is a %T, and the value is a %T", p.ID, rule.def, p.Value)
		case rule.valid != nil && !rule.valid(p.Value):
			return nil, fmt.Errorf("listener property %d has a value that it cannot have", p.ID)
		}
		if _, twice := v[p.ID]; twice {
			return nil, fmt.Errorf("listener property %d is given twice", p.ID)
		}
		v[p.ID] = p.Value
	}
	return v, nil
}

// of returns a property, or its default.
func (v listenerValues) of(id ListenerPropertyID) any {
	if x, ok := v[id]; ok {
		return x
	}
	return listenerRules[id].def
}

// GetListenerProperty is WsGetListenerProperty. value is a pointer to the type
// that the property has.
func GetListenerProperty(listener *Listener, id ListenerPropertyID, value any, e *Error) HRESULT {
	if listener == nil {
		return e.fail(E_INVALIDARG, "GetListenerProperty: no listener")
	}
	listener.mu.Lock()
	defer listener.mu.Unlock()
	hr := E_INVALIDARG
	switch id {
	case WS_LISTENER_PROPERTY_STATE:
		hr = store(value, listener.state)
	case WS_LISTENER_PROPERTY_CHANNEL_TYPE:
		hr = store(value, listener.kind)
	case WS_LISTENER_PROPERTY_CHANNEL_BINDING:
		hr = store(value, listener.binding)
	default:
		if listenerRules[id].def != nil {
			hr = store(value, listener.values.of(id))
		}
	}
	if hr != S_OK {
		return e.fail(hr, "GetListenerProperty: property %d does not exist here, or is no %T", id, value)
	}
	return S_OK
}
