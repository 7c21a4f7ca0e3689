package wstrust

import (
	"encoding/xml"
	"fmt"

	"wstrust/internal/xmltree"
)

// XML is one element in UTF-8 that can stand alone: every prefix it uses is
// declared in it. It is kept to the octet.
type XML string

// element checks that x is one element and nothing else.
func (x XML) element(what string) (xmltree.Elem, error) {
	d, err := xmltree.Parse([]byte(x), xmltree.Limits{Bytes: 16 << 20})
	if err != nil {
		return xmltree.Elem{}, fmt.Errorf("%w: %s is not one XML element: %w", ErrConfig, what, err)
	}
	return d.Root(), nil
}

// encode writes a value for a message's body: an XML as it is, anything else
// with encoding/xml.
func encode(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case XML:
		if _, err := v.element("the body"); err != nil {
			return nil, err
		}
		return []byte(v), nil
	}
	out, err := xml.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: write the body: %w", ErrConfig, err)
	}
	return out, nil
}

// decode fills a value from the octets of a verified body: an *XML as it is,
// anything else with encoding/xml. nil drops the body.
func decode(body []byte, into any) error {
	switch v := into.(type) {
	case nil:
		return nil
	case *XML:
		*v = XML(body)
		return nil
	}
	if len(body) == 0 {
		return fmt.Errorf("%w: the answer's body is empty", ErrFormat)
	}
	if err := xml.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: read the body: %w", ErrFormat, err)
	}
	return nil
}
