package soap

import (
	"iter"

	"wstrust/internal/xmltree"
)

// An Envelope is a message as it was parsed. Nothing in it is verified.
type Envelope struct {
	Version    Version
	Addressing Addressing // ANone if the message has no addressing header
	Root       xmltree.Elem
	Header     xmltree.Elem // zero if there is none
	Body       xmltree.Elem

	// The addressing headers meant for the ultimate receiver.
	Action, MessageID, RelatesTo, To, From, ReplyTo, FaultTo Field

	understood func(space, local string) bool
	headers    int // the limit
}

// A Field is one addressing header. The Value of From, ReplyTo and FaultTo is
// the address inside; it is never a place to connect to.
type Field struct {
	Elem  xmltree.Elem // zero if the header is absent
	Value string
}

// OK reports whether the message has the header.
func (f Field) OK() bool { return f.Elem.OK() }

// Read checks the shape of a message and reads its addressing headers.
//
// The root is an Envelope of either version with at most one Header, then
// exactly one Body, and nothing else but white space and comments. Headers for
// another role are left alone. A header for us that says mustUnderstand and
// that is neither addressing nor admitted by understood is refused with
// [ErrMustUnderstand], as is each such header for the role "next", which
// nothing here plays. Addressing headers must be of one version and stand
// once; ReplyTo and FaultTo must be anonymous.
func Read(d *xmltree.Doc, understood func(space, local string) bool) (*Envelope, error) {
	return ReadWithin(d, understood, 0)
}

// ReadWithin is Read with another limit on the number of header blocks; 0 is
// [DefaultHeaders].
func ReadWithin(d *xmltree.Doc, understood func(space, local string) bool, headers int) (*Envelope, error) {
	if headers <= 0 {
		headers = DefaultHeaders
	}
	e := &Envelope{Root: d.Root(), Addressing: ANone, understood: understood, headers: headers}
	if err := e.readShape(); err != nil {
		return nil, err
	}
	if !e.Header.OK() {
		return e, nil
	}
	count := 0
	for h := range e.Header.Children {
		if count++; count > headers {
			return nil, refuse(ErrLimit, h, "more than %d headers", headers)
		}
		switch h.Space() {
		case "":
			return nil, refuse(ErrFormat, h, "header without a namespace")
		case xmltree.SOAP11, xmltree.SOAP12:
			return nil, refuse(ErrFormat, h, "SOAP element among the headers")
		}
		must, err := e.mustUnderstand(h)
		if err != nil {
			return nil, err
		}
		switch e.target(h) {
		case targetUs:
			known, err := e.field(h)
			if err != nil {
				return nil, err
			}
			if must && !known && (understood == nil || !understood(h.Space(), h.Local())) {
				return nil, e.notUnderstood(h)
			}
		case targetNext:
			if must {
				return nil, e.notUnderstood(h)
			}
		}
	}
	if err := e.checkReplies(); err != nil {
		return nil, err
	}
	return e, nil
}

// Reread is [Read] of another form of the same message, with the same headers
// understood: of the message with its encrypted parts opened.
func (e *Envelope) Reread(d *xmltree.Doc) (*Envelope, error) {
	return ReadWithin(d, e.understood, e.headers)
}

func (e *Envelope) notUnderstood(h xmltree.Elem) error {
	err := refuse(ErrMustUnderstand, h, "mustUnderstand is set")
	err.Header = Name{h.Space(), h.Local()}
	return err
}

func (e *Envelope) readShape() error {
	root := e.Root
	switch {
	case root.Is(xmltree.SOAP12, "Envelope"):
		e.Version = V12
	case root.Is(xmltree.SOAP11, "Envelope"):
		e.Version = V11
	case root.Local() == "Envelope":
		return refuse(ErrVersion, root, "envelope of namespace %s", quote(root.Space()))
	default:
		return refuse(ErrFormat, root, "not a SOAP envelope")
	}
	if err := root.OnlyElements(); err != nil {
		return err
	}
	soap := e.Version.Namespace()
	for c := range root.Children {
		switch {
		case c.Is(soap, "Header") && !e.Header.OK() && !e.Body.OK():
			e.Header = c
		case c.Is(soap, "Body") && !e.Body.OK():
			e.Body = c
		default:
			return refuse(ErrFormat, c, "unexpected element in the envelope")
		}
	}
	if !e.Body.OK() {
		return refuse(ErrFormat, root, "no Body")
	}
	if e.Header.OK() {
		if err := e.Header.OnlyElements(); err != nil {
			return err
		}
	}
	return e.Body.OnlyElements()
}

// Ours yields the header blocks that are meant for role: the ultimate receiver
// if role is "".
func (e *Envelope) Ours(role string) iter.Seq[xmltree.Elem] {
	return func(yield func(xmltree.Elem) bool) {
		if !e.Header.OK() {
			return
		}
		for h := range e.Header.Children {
			if (role == "") != (e.target(h) == targetUs) {
				continue
			}
			if role != "" {
				if r, _ := h.Attr(e.Version.Namespace(), e.Version.roleAttr()); r != role {
					continue
				}
			}
			if !yield(h) {
				return
			}
		}
	}
}

// Payload returns the one element in the Body. It is not verified; read the
// Security header's evidence instead wherever there is some.
func (e *Envelope) Payload() (xmltree.Elem, error) { return Payload(e.Body) }

// Payload returns the one child of a Body element.
func Payload(body xmltree.Elem) (xmltree.Elem, error) {
	var payload xmltree.Elem
	for c := range body.Children {
		if payload.OK() {
			return xmltree.Elem{}, refuse(ErrFormat, c, "more than one element in the Body")
		}
		payload = c
	}
	if !payload.OK() {
		return payload, refuse(ErrFormat, body, "empty Body")
	}
	return payload, nil
}

type target uint8

const (
	targetUs target = iota
	targetNext
	targetOther
)

func (v Version) roleAttr() string {
	if v == V11 {
		return "actor"
	}
	return "role"
}

// target says for whom a header block is.
func (e *Envelope) target(h xmltree.Elem) target {
	role, ok := h.AttrOctets(e.Version.Namespace(), e.Version.roleAttr())
	switch {
	case !ok, len(role) == 0:
		return targetUs
	case e.Version == V12 && string(role) == xmltree.SOAP12+"/role/ultimateReceiver":
		return targetUs
	case e.Version == V12 && string(role) == xmltree.SOAP12+"/role/next",
		e.Version == V11 && string(role) == "http://schemas.xmlsoap.org/soap/actor/next":
		return targetNext
	default:
		return targetOther
	}
}

func (e *Envelope) mustUnderstand(h xmltree.Elem) (bool, error) {
	switch v, _ := h.AttrOctets(e.Version.Namespace(), "mustUnderstand"); string(v) {
	case "1", "true":
		return true, nil
	case "", "0", "false":
		return false, nil
	default:
		return false, refuse(ErrFormat, h, "mustUnderstand is %s", quote(string(v)))
	}
}
