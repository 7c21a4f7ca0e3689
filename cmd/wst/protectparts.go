package main

import (
	"slices"
	"strings"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// A partList is what a comma list of parts of a message means.
type partList struct {
	parts   wsse.Parts // PartTo, PartAction, PartSignature among them if they are named themselves
	headers bool       // every header
	names   []soap.Name
}

const partsHelp = "it is a comma list of body, timestamp, to, action, headers, signature and {namespace}name"

// protectedParts reads PARTS of flag. An empty list is no part.
func protectedParts(flag, list string) (partList, error) {
	var out partList
	for _, word := range splitParts(list) {
		switch strings.ToLower(word) {
		case "body":
			out.parts |= wsse.PartBody
		case "timestamp":
			out.parts |= wsse.PartTimestamp
		case "to":
			out.parts |= wsse.PartTo
		case "action":
			out.parts |= wsse.PartAction
		case "signature":
			out.parts |= wsse.PartSignature
		case "headers":
			out.headers = true
		default:
			space, local, ok := strings.Cut(strings.TrimPrefix(word, "{"), "}")
			if !ok || word[0] != '{' || space == "" || local == "" {
				return out, usage(partsHelp, "%s: %.100q is no part of a message", flag, word)
			}
			out.name(soap.Name{Space: space, Local: local})
		}
	}
	return out, nil
}

// splitParts splits at the commas that are not in a namespace.
func splitParts(list string) (words []string) {
	from, inside := 0, false
	for i, r := range list + "," {
		inside = r == '{' || inside && r != '}'
		if r != ',' || inside && i < len(list) {
			continue
		}
		if word := strings.TrimSpace(list[from:i]); word != "" {
			words = append(words, word)
		}
		from = i + 1
	}
	return words
}

// name adds a header block. Those of addressing that have a part of their own
// are that part, since a message has them once.
func (p *partList) name(n soap.Name) {
	part := map[string]wsse.Parts{
		"To": wsse.PartTo, "Action": wsse.PartAction, "MessageID": wsse.PartMessageID, "RelatesTo": wsse.PartRelatesTo,
		"ReplyTo": wsse.PartReplyTo, "From": wsse.PartFrom, "FaultTo": wsse.PartFaultTo,
	}[n.Local]
	switch {
	case n.Space != xmltree.WSA10 && n.Space != xmltree.WSA04:
		part = 0
	case part != 0:
		p.parts |= part
		return
	}
	if !slices.Contains(p.names, n) {
		p.names = append(p.names, n)
	}
}

func (p *partList) empty() bool { return p.parts == 0 && !p.headers && len(p.names) == 0 }

// A field is an addressing header, as PARTS and the table of parts name it.
type field struct {
	part wsse.Parts
	name string
	elem func(*soap.Envelope) xmltree.Elem
}

var fields = []field{
	{wsse.PartTo, "to", func(e *soap.Envelope) xmltree.Elem { return e.To.Elem }},
	{wsse.PartAction, "action", func(e *soap.Envelope) xmltree.Elem { return e.Action.Elem }},
	{wsse.PartMessageID, "message-id", func(e *soap.Envelope) xmltree.Elem { return e.MessageID.Elem }},
	{wsse.PartRelatesTo, "relates-to", func(e *soap.Envelope) xmltree.Elem { return e.RelatesTo.Elem }},
	{wsse.PartReplyTo, "reply-to", func(e *soap.Envelope) xmltree.Elem { return e.ReplyTo.Elem }},
	{wsse.PartFrom, "from", func(e *soap.Envelope) xmltree.Elem { return e.From.Elem }},
	{wsse.PartFaultTo, "fault-to", func(e *soap.Envelope) xmltree.Elem { return e.FaultTo.Elem }},
}

// isField reports whether a header block is one of the addressing headers that
// the envelope was read with.
func isField(env *soap.Envelope, h xmltree.Elem) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return f.elem(env).OK() && f.elem(env).Same(h) })
}

// missing returns a part of the list that the message does not have, or "".
func (p *partList) missing(env *soap.Envelope) string {
	for _, f := range fields {
		if p.parts&f.part != 0 && !f.elem(env).OK() {
			return f.name
		}
	}
	for _, n := range p.names {
		found := false
		for h := range env.Ours("") {
			found = found || h.Is(n.Space, n.Local)
		}
		if !found {
			return n.String()
		}
	}
	return ""
}
