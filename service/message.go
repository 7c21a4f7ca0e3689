package service

import (
	"encoding/xml"
	"fmt"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// XML is one XML element that can stand alone.
type XML string

// A Message is a message that was verified. It shows protected parts only, but for
// the addressing of a message that did not come over TLS: see [Message.Action].
type Message struct {
	env       *soap.Envelope
	evidence  *wsse.Evidence
	principal *Principal
	action    string
	payload   xmltree.Elem
	context   *Context      // nil if there is none
	under     *foundContext // likewise
}

// Principal returns who sent the message; never nil.
func (m *Message) Principal() *Principal { return m.principal }

// User returns the user whose password stands in the message, whoever the
// Principal is, or "".
func (m *Message) User() string {
	if m.evidence.Username == nil {
		return ""
	}
	return m.evidence.Username.Name
}

// Assertion returns the verified assertion that stands in the message, or nil.
// It is the Principal's, unless the message came under a security context.
func (m *Message) Assertion() *saml.Assertion { return m.evidence.Assertion }

// Action returns the message's action: wsa:Action, or where there is none what
// the HTTP headers say. Empty if nothing says one. Where InsecurePlaintext is set
// and the message did not come over TLS, anybody on the way may have written it,
// unless [Message.Protected] has Action: name Action in [Verifier.Require] before
// you decide by it.
func (m *Message) Action() string { return m.action }

// ID returns wsa:MessageID, or "" if there is none. What is said of Action holds
// for it as well.
func (m *Message) ID() string { return m.env.MessageID.Value }

// XML returns the element in the Body as it came, with the namespace
// declarations that it needs. It is empty if the Body is. Comments in it are what no
// signature covers.
func (m *Message) XML() XML {
	if !m.payload.OK() {
		return ""
	}
	return XML(m.payload.Standalone())
}

// Decode fills v, a pointer, from the element in the Body by the rules of
// encoding/xml. Only verified octets are read, but for comments: signatures leave
// them out, so that nothing may be decided by a field with ",comment".
func (m *Message) Decode(v any) error {
	if !m.payload.OK() {
		return fmt.Errorf("service: decode: the body is empty")
	}
	if err := xml.Unmarshal(m.payload.Standalone(), v); err != nil {
		return fmt.Errorf("service: decode %s: %w", m.payload.Path(), err)
	}
	return nil
}

// PartProtection is what protected one part of a message from being changed and
// from being read. A part is signed if SignedBy is not empty.
type PartProtection struct {
	SignedBy  []string // whose signatures cover it: a certificate's subject, or what kind of key
	Encrypted string   // with which cipher it was encrypted; empty if it was not, or only in pieces
	// TransportOnly says that no signature covers it, and TLS alone protected it.
	TransportOnly bool
}

// Protected says for each part that the message has, and that may be believed,
// what protected it: which signatures, which encryption, or the TLS connection
// alone. The keys are single parts: Timestamp, Body, To, Action, MessageID and the
// other addressing headers. A part that is not among them is not in the message, or
// nothing protects it.
func (m *Message) Protected() map[Parts]PartProtection {
	e := m.evidence
	out := make(map[Parts]PartProtection)
	for _, p := range [...]struct {
		part Parts
		of   *wsse.Part
	}{
		{Timestamp, e.Timestamp},
		{Body, e.Body},
		{To, e.To},
		{Action, e.Action},
		{MessageID, e.MessageID},
		{wsse.PartRelatesTo, e.RelatesTo},
		{wsse.PartReplyTo, e.ReplyTo},
		{wsse.PartFrom, e.From},
		{wsse.PartFaultTo, e.FaultTo},
	} {
		if p.of != nil {
			out[p.part] = protectionOf(p.of)
		}
	}
	return out
}

func protectionOf(part *wsse.Part) (p PartProtection) {
	for _, s := range part.SignedBy() {
		name := s.Key.String()
		if s.Certificate != nil {
			name = s.Certificate.Subject.String()
		}
		p.SignedBy = append(p.SignedBy, name)
	}
	if c := part.Encrypted(); c != nil {
		p.Encrypted = c.Algorithm
	}
	p.TransportOnly = part.TransportOnly()
	return p
}

// Payload returns the element in the Body, or a zero element. It is for
// packages of this module.
func (m *Message) Payload() xmltree.Elem { return m.payload }

// hasTimestamp reports whether the sender uses timestamps, and so expects one.
func hasTimestamp(env *soap.Envelope) bool {
	for h := range env.Header.Children {
		if wsse.Understood(h.Space(), h.Local()) && h.First(xmltree.WSU, "Timestamp").OK() {
			return true
		}
	}
	return false
}
