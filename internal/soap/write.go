package soap

import (
	"crypto/rand"
	"encoding/hex"

	"wstrust/internal/xmltree"
)

// Outgoing is a message to be written.
type Outgoing struct {
	Version    Version
	Addressing Addressing
	Action     string
	To         string   // left out if empty
	MessageID  string   // made up if empty
	ReplyTo    string   // of requests; anonymous if empty
	RelatesTo  string   // the request's MessageID; its presence makes the message an answer
	Headers    [][]byte // further headers, one standalone element each, written as they are
	Body       []byte   // the content of the Body: one standalone element, or nothing
}

// Marks are the wsu:Id attributes to write, by the element they go on. Only
// what is to be signed needs one.
type Marks struct {
	Body, Action, MessageID, RelatesTo, To, ReplyTo string
}

// NewMessageID returns a fresh urn:uuid.
func NewMessageID() string {
	var u [16]byte
	rand.Read(u[:])
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	b := make([]byte, 0, 45)
	b = append(b, "urn:uuid:"...)
	b = hex.AppendEncode(b, u[0:4])
	for _, part := range [...][]byte{u[4:6], u[6:8], u[8:10], u[10:16]} {
		b = append(b, '-')
		b = hex.AppendEncode(b, part)
	}
	return string(b)
}

// Prepared returns o with what [Write] would make up filled in, so that the
// caller knows it.
func (o Outgoing) Prepared() Outgoing {
	if o.Addressing == ANone {
		o.MessageID, o.ReplyTo = "", ""
		return o
	}
	if o.MessageID == "" {
		o.MessageID = NewMessageID()
	}
	if o.ReplyTo == "" && o.RelatesTo == "" {
		o.ReplyTo = o.Addressing.Anonymous()
	}
	return o
}

// Write writes a prepared message. If security is not nil, it is called where
// the Security header goes: after the addressing headers, before the others.
// The order and prefixes are always the same. Text that XML cannot carry is an
// error wrapping [ErrFormat], too many headers one wrapping [ErrLimit].
func Write(o Outgoing, m Marks, security func(*xmltree.Builder)) ([]byte, error) {
	for _, s := range [...]string{o.Action, o.To, o.MessageID, o.ReplyTo, o.RelatesTo} {
		if !xmltree.ValidText(s) {
			return nil, &Error{Msg: "characters that XML cannot carry in " + quote(s), Err: ErrFormat}
		}
	}
	const own = 6 // five addressing headers and Security
	if len(o.Headers) > DefaultHeaders-own {
		return nil, &Error{Msg: "too many headers", Err: ErrLimit}
	}
	size := 1024 + len(o.Body) // envelope, addressing and what the caller gives
	for _, h := range o.Headers {
		size += len(h)
	}
	if security != nil {
		size += 1024
	}
	var b xmltree.Builder
	b.Grow(size)
	ns := o.Version.Namespace()
	b.Start(ns, "Envelope")
	if o.Addressing != ANone || security != nil || len(o.Headers) > 0 {
		b.Start(ns, "Header")
		if o.Addressing != ANone {
			o.writeAddressing(&b, m)
		}
		if security != nil {
			security(&b)
		}
		for _, h := range o.Headers {
			b.Raw(h)
		}
		b.End()
	}
	b.Start(ns, "Body")
	mark(&b, m.Body)
	if len(o.Body) > 0 {
		b.Raw(o.Body)
	}
	b.End()
	b.End()
	return b.Bytes(), nil
}

func (o *Outgoing) writeAddressing(b *xmltree.Builder, m Marks) {
	ns := o.Addressing.Namespace()
	if o.Action != "" {
		o.writeField(b, "Action", o.Action, m.Action, true)
	}
	if o.MessageID != "" {
		o.writeField(b, "MessageID", o.MessageID, m.MessageID, false)
	}
	if o.RelatesTo != "" {
		o.writeField(b, "RelatesTo", o.RelatesTo, m.RelatesTo, false)
	}
	if o.ReplyTo != "" {
		b.Start(ns, "ReplyTo")
		mark(b, m.ReplyTo)
		b.Elem(ns, "Address", o.ReplyTo)
		b.End()
	}
	if o.To != "" {
		o.writeField(b, "To", o.To, m.To, true)
	}
}

func (o *Outgoing) writeField(b *xmltree.Builder, local, value, id string, must bool) {
	b.Start(o.Addressing.Namespace(), local)
	if must {
		b.Attr(o.Version.Namespace(), "mustUnderstand", "1")
	}
	mark(b, id)
	b.Text(value)
	b.End()
}

func mark(b *xmltree.Builder, id string) {
	if id != "" {
		b.Attr(xmltree.WSU, "Id", id)
	}
}
