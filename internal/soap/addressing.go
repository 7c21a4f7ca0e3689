package soap

import (
	"strings"

	"wstrust/internal/xmltree"
)

// field stores h if it is an addressing header, and reports whether it was.
// Other elements of the addressing namespaces (a misspelt messageID, say) are
// headers like any other.
func (e *Envelope) field(h xmltree.Elem) (known bool, err error) {
	var a Addressing
	switch h.Space() {
	case xmltree.WSA10:
		a = A10
	case xmltree.WSA04:
		a = A04
	default:
		return false, nil
	}
	var f *Field
	epr := false
	switch h.Local() {
	case "Action":
		f = &e.Action
	case "MessageID":
		f = &e.MessageID
	case "To":
		f = &e.To
	case "RelatesTo":
		if reply, err := isReply(h, a); err != nil || !reply {
			return err == nil, err
		}
		f = &e.RelatesTo
	case "From":
		f, epr = &e.From, true
	case "ReplyTo":
		f, epr = &e.ReplyTo, true
	case "FaultTo":
		f, epr = &e.FaultTo, true
	default:
		return false, nil
	}
	if e.Addressing != ANone && e.Addressing != a {
		return false, refuse(ErrAddressing, h, "headers of two versions of addressing")
	}
	e.Addressing = a
	if f.OK() {
		return false, refuse(ErrAddressing, h, "header stands twice")
	}
	f.Elem = h
	text := h
	if epr {
		if text, err = h.One(a.Namespace(), "Address"); err != nil {
			return false, err
		}
	}
	if f.Value, err = text.Token(); err != nil {
		return false, err
	}
	if f.Value == "" {
		return false, refuse(ErrAddressing, h, "empty header")
	}
	return true, nil
}

// isReply reports whether a RelatesTo names the request that is answered. The
// relationship is a URI in 2005/08 and a qualified name in 2004/08.
func isReply(h xmltree.Elem, a Addressing) (bool, error) {
	r, ok := h.Attr("", "RelationshipType")
	if !ok {
		return true, nil
	}
	r = strings.Trim(r, " \t\r\n")
	if a == A10 {
		return r == "http://www.w3.org/2005/08/addressing/reply", nil
	}
	prefix, local, found := strings.Cut(r, ":")
	if !found {
		prefix, local = "", r
	}
	space, ok := h.LookupNamespace(prefix)
	if !ok && prefix != "" {
		return false, refuse(ErrFormat, h, "RelationshipType %s has no namespace", quote(r))
	}
	return local == "Reply" && space == xmltree.WSA04, nil
}

// checkReplies refuses a message whose answer should go elsewhere: nothing
// here ever connects to an address that a peer names. An answer may say
// "none", since nobody answers it.
func (e *Envelope) checkReplies() error {
	for _, f := range [...]Field{e.ReplyTo, e.FaultTo} {
		if !f.OK() || f.Value == e.Addressing.Anonymous() {
			continue
		}
		if e.RelatesTo.OK() && e.Addressing == A10 && f.Value == noneAddress {
			continue
		}
		return refuse(ErrAddressing, f.Elem, "address %s is not anonymous", quote(f.Value))
	}
	return nil
}
