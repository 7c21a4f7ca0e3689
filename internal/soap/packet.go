package soap

import (
	"bytes"
	"errors"
	"mime"
	"strings"
)

// A Packet is a message with the HTTP headers that belong to it, in the form
// in which they are sent.
type Packet struct {
	ContentType string
	SOAPAction  string // quoted; "" means that there is no such header
	Body        []byte
}

// NewPacket returns the packet for a message of the given version.
func NewPacket(v Version, action string, message []byte) Packet {
	p := Packet{ContentType: v.ContentType(action), Body: message}
	if v == V11 {
		p.SOAPAction = quoteAction(action)
	}
	return p
}

// ContentType returns the Content-Type of a message: text/xml for SOAP 1.1,
// whose action has a header of its own, and application/soap+xml with the
// action as a parameter for SOAP 1.2.
func (v Version) ContentType(action string) string {
	if v == V11 {
		return "text/xml; charset=utf-8"
	}
	if action == "" {
		return "application/soap+xml; charset=utf-8"
	}
	return "application/soap+xml; charset=utf-8; action=" + quoteAction(action)
}

// quoteAction writes a quoted string. Control characters, which would end the
// header line, are dropped.
func quoteAction(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' || c == 0x7f:
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// A MediaType is what a Content-Type says.
type MediaType struct {
	Version Version
	Charset string // lower case; "" if none is given
	Action  string // "" if none is given
}

// ParseContentType reads the Content-Type of a peer's message. Case, order and
// spacing do not matter, and parameters that are not understood are passed
// over. Any other media type is an [*Error] wrapping [ErrContentType] that
// says what came.
func ParseContentType(s string) (MediaType, error) {
	var m MediaType
	if s == "" {
		return m, &Error{Msg: "no content type", Err: ErrContentType}
	}
	typ, params, err := mime.ParseMediaType(s)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return m, &Error{Msg: "malformed content type " + quote(s), Err: ErrContentType}
	}
	switch typ {
	case "text/xml":
		m.Version = V11
	case "application/soap+xml":
		m.Version = V12
	default:
		return m, &Error{Msg: "got " + quote(s) + ", not a SOAP message", Err: ErrContentType}
	}
	m.Charset = strings.ToLower(params["charset"])
	m.Action = params["action"]
	switch m.Charset {
	case "", "utf-8", "utf8", "us-ascii", "utf-16":
	default:
		return m, &Error{Msg: "charset " + quote(m.Charset) + " is not supported", Err: ErrContentType}
	}
	return m, nil
}

// Read parses the packet's headers and holds them against one another: the
// charset against the byte-order mark, and the SOAPAction header against the
// action parameter. It returns the version and the action they state; an empty
// action states nothing.
func (p Packet) Read() (Version, string, error) {
	m, err := ParseContentType(p.ContentType)
	if err != nil {
		return 0, "", err
	}
	wide := bytes.HasPrefix(p.Body, []byte{0xFE, 0xFF}) || bytes.HasPrefix(p.Body, []byte{0xFF, 0xFE})
	if m.Charset != "" && wide != (m.Charset == "utf-16") {
		return 0, "", &Error{Msg: "charset " + quote(m.Charset) + " contradicts the byte-order mark", Err: ErrContentType}
	}
	header := unquoteAction(p.SOAPAction)
	if header != "" && m.Action != "" && header != m.Action {
		return 0, "", &Error{Msg: "SOAPAction " + quote(header) + " contradicts the content type's action " + quote(m.Action), Err: ErrAddressing}
	}
	if header == "" {
		header = m.Action
	}
	return m.Version, header, nil
}

// unquoteAction reads a SOAPAction header. Some peers leave the quotes out.
func unquoteAction(s string) string {
	s = strings.Trim(s, " \t")
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
		if strings.IndexByte(s, '\\') >= 0 {
			var b strings.Builder
			for i := 0; i < len(s); i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				b.WriteByte(s[i])
			}
			s = b.String()
		}
	}
	return s
}

// CheckPacket holds a message against the headers it came with: the content
// type must be that of its SOAP version, and an action stated outside must be
// that of wsa:Action if both are there. It returns the message's action.
func (e *Envelope) CheckPacket(p Packet) (action string, err error) {
	v, action, err := p.Read()
	if err != nil {
		return "", err
	}
	if v != e.Version {
		return "", refuse(ErrContentType, e.Root, "%v message under content type %s", e.Version, quote(p.ContentType))
	}
	if e.Action.OK() {
		if action != "" && action != e.Action.Value {
			return "", refuse(ErrAddressing, e.Action.Elem, "action %s, but the HTTP header says %s", quote(e.Action.Value), quote(action))
		}
		action = e.Action.Value
	}
	return action, nil
}
