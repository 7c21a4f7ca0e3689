package webservices

import (
	"errors"
	"fmt"
)

// A MessageProperty is WS_MESSAGE_PROPERTY, as far as it is about the messages
// of a token request.
type MessageProperty struct {
	ID    MessagePropertyID // which property
	Value any               // of the type that the ID names
}

// An XMLReaderProperty is WS_XML_READER_PROPERTY. Limits other than MAX_DEPTH
// are taken and have no effect: the reader has its own.
type XMLReaderProperty struct {
	ID    XMLReaderPropertyID // which property
	Value any                 // of the type that the ID names
}

// defaultMaxHeaders is WWSAPI's MAX_PROCESSED_HEADERS.
const defaultMaxHeaders = 64

// messageValues are the properties of a message that have an effect.
type messageValues struct {
	envelope   EnvelopeVersion   // 0: not given
	addressing AddressingVersion // 0: not given
	headers    int
	depth      int // 0: not given
}

// readMessageProperties checks message properties for the two messages of a
// request.
func readMessageProperties(props []MessageProperty) (messageValues, error) {
	v := messageValues{headers: defaultMaxHeaders}
	seen := map[MessagePropertyID]bool{}
	for _, p := range props {
		if seen[p.ID] {
			return v, fmt.Errorf("message property %d is given twice", p.ID)
		}
		seen[p.ID] = true
		ok := true
		switch p.ID {
		case WS_MESSAGE_PROPERTY_ENVELOPE_VERSION:
			v.envelope, ok = p.Value.(EnvelopeVersion)
			ok = ok && v.envelope != 0
		case WS_MESSAGE_PROPERTY_ADDRESSING_VERSION:
			v.addressing, ok = p.Value.(AddressingVersion)
			ok = ok && v.addressing != 0
		case WS_MESSAGE_PROPERTY_MAX_PROCESSED_HEADERS:
			var n uint32
			if n, ok = p.Value.(uint32); ok && n == 0 {
				return v, errors.New("MAX_PROCESSED_HEADERS is 0")
			}
			v.headers = int(min(n, 1<<16))
		case WS_MESSAGE_PROPERTY_XML_READER_PROPERTIES:
			var list []XMLReaderProperty
			if list, ok = p.Value.([]XMLReaderProperty); ok {
				for _, r := range list {
					if n, is := r.Value.(uint32); r.ID == WS_XML_READER_PROPERTY_MAX_DEPTH && (!is || n == 0) {
						return v, errors.New("MAX_DEPTH is not a uint32 above 0")
					} else if r.ID == WS_XML_READER_PROPERTY_MAX_DEPTH {
						v.depth = int(min(n, 1<<16))
					}
				}
			}
		case WS_MESSAGE_PROPERTY_HEAP_PROPERTIES, WS_MESSAGE_PROPERTY_XML_WRITER_PROPERTIES:
		default:
			return v, fmt.Errorf("message property %d cannot be set for these messages", p.ID)
		}
		if !ok {
			return v, fmt.Errorf("message property %d with a value of type %T", p.ID, p.Value)
		}
	}
	return v, nil
}
