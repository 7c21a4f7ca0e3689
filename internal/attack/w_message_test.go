package attack

import (
	"regexp"
	"strings"
	"time"

	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// A shape is one way to take a good message apart. It is applied to requests
// and to answers alike.
type shape struct {
	name string
	do   func(*file)
	off  defence
	pick pick
	// reads is what of the reading is forged; class how it is refused.
	reads string
	value string
	class []wsse.Class
	only  string // "request" or "answer"; both if empty
}

// expand makes cases of a shape: for both versions of SOAP and the signers
// given, at the service, the issuer and, for a signed answer, at the client.
func (s shape) expand(w *world, row string, signers ...string) (out []*attack) {
	for _, v := range versions {
		for _, signer := range signers {
			a := &attack{row: row, name: s.name + "-" + variant(v, signer), off: s.off, pick: s.pick, forged: s.reads, value: s.value, class: s.class, require: everything}
			if signer == "answer" {
				if s.only == "request" {
					continue
				}
				a.at = atClient
				a.answer = func(id string) []byte {
					f := open(w.reply(v, id))
					s.do(f)
					return f.src
				}
			} else {
				if s.only == "answer" {
					continue
				}
				a.at = atServer
				f := open(w.message(recipe{soap: v, signer: signer, parts: everything}))
				s.do(f)
				a.file = f.src
			}
			out = append(out, a)
		}
	}
	return out
}

func expandAll(w *world, row string, shapes []shape, signers ...string) (out []*attack) {
	for _, s := range shapes {
		out = append(out, s.expand(w, row, signers...)...)
	}
	return out
}

// wrapper is a header block that nobody knows.
func wrapper(inside string) string { return `<x:Wrapper xmlns:x="urn:x">` + inside + `</x:Wrapper>` }

// evilOf is a part with other content and without the identifier.
func evilOf(part string) string {
	return strings.ReplaceAll(without(part, "wsu:Id"), goodScope, evilScope)
}

// security is the header that is read.
func (f *file) security() xmltree.Elem {
	for h := range f.at("Header").Children {
		if h.Is(xmltree.WSSE, "Security") && ours(h) {
			return h
		}
	}
	panic("no Security header in " + string(f.src))
}

// signature is the message's own.
func (f *file) signature() xmltree.Elem {
	sig := child(f.security(), "Signature")
	if !sig.OK() {
		panic("no signature in " + string(f.src))
	}
	return sig
}

// otherSecurity is a Security header for somebody else.
func (f *file) otherSecurity(inside string) string {
	ns := f.doc.Root().Space()
	role := "role"
	if ns == xmltree.SOAP11 {
		role = "actor"
	}
	return `<wsse:Security xmlns:wsse="` + xmltree.WSSE + `" xmlns:r="` + ns + `" r:` + role + `="urn:somebody-else">` + inside + `</wsse:Security>`
}

// places are where an attacker can put what he took away: each takes the file
// and the octets.
var places = []struct {
	name string
	put  func(f *file, part string)
}{
	{"before", func(f *file, part string) { f.first(f.at("Header"), wrapper(part)) }},
	{"after", func(f *file, part string) { f.into(f.at("Header"), wrapper(part)) }},
	{"inside-body", func(f *file, part string) { f.into(childAt(f.at("Body"), 0), part) }},
	{"object", func(f *file, part string) {
		f.into(f.signature(), `<ds:Object xmlns:ds="`+xmltree.DS+`">`+part+`</ds:Object>`)
	}},
	{"other-security", func(f *file, part string) { f.into(f.at("Header"), f.otherSecurity(part)) }},
	{"nested-header", func(f *file, part string) {
		f.into(f.at("Header"), wrapper(`<s:Envelope xmlns:s="`+f.doc.Root().Space()+`"><s:Header>`+part+`</s:Header></s:Envelope>`))
	}},
}

func childAt(e xmltree.Elem, i int) xmltree.Elem {
	for c := range e.Children {
		if i == 0 {
			return c
		}
		i--
	}
	panic("no such child of " + e.Path())
}

// w10 moves the signed Body away and puts another in its place.
func w10(w *world) []*attack {
	shapes := []shape{
		{name: "body-as-header", do: func(f *file) {
			body := f.cut(f.at("Body"))
			f.into(f.doc.Root(), evilOf(body))
			f.first(f.at("Header"), body)
		}, off: dPlace | dRequired, class: classes(wsse.ClassFormat)}, // SOAP's own names are no header blocks
		{name: "body-in-security", do: func(f *file) {
			body := f.cut(f.at("Body"))
			f.into(f.doc.Root(), evilOf(body))
			f.into(f.security(), body)
		}, off: dRequired, class: classes(wsse.ClassPolicy)},
		{
			name: "body-behind", do: func(f *file) { f.before(f.at("Body"), evilOf(string(f.at("Body").Raw()))) },
			off: dShape | dPlace | dRequired, class: classes(wsse.ClassFormat),
		},
		{
			name: "body-in-front", do: func(f *file) { f.after(f.at("Body"), evilOf(string(f.at("Body").Raw()))) },
			off: dShape | dPlace | dRequired, pick: pick{lastBody: true}, class: classes(wsse.ClassFormat),
		},
	}
	for _, p := range places {
		shapes = append(shapes, shape{name: "body-" + p.name, do: func(f *file) {
			body := f.cut(f.at("Body"))
			f.into(f.doc.Root(), evilOf(body))
			p.put(f, body)
		}, off: dPlace | dRequired, class: classes(wsse.ClassWrapping)})
	}
	for i := range shapes {
		shapes[i].reads = "scope"
	}
	return expandAll(w, "W10", shapes, "x509", "hok", "answer")
}

// evilTime is in a Timestamp that nobody signed.
var evilTime = xmltree.FormatTime(time.Now().Add(90 * time.Second))

// lateStamp is a Timestamp with evilTime, and without identifier.
func lateStamp(stamp string) string {
	return regexp.MustCompile(`<wsu:Created>[^<]*`).ReplaceAllString(without(stamp, "wsu:Id"), "<wsu:Created>"+evilTime)
}

// w11 does the same with headers that need not be there, and with the
// Timestamp.
func w11(w *world) []*attack {
	var shapes []shape
	for _, p := range places {
		if p.name == "other-security" || p.name == "inside-body" {
			continue // W13; and what follows
		}
		shapes = append(shapes,
			shape{name: "to-" + p.name, do: func(f *file) {
				to := f.cut(f.at("Header", "To"))
				f.into(f.at("Header"), strings.ReplaceAll(without(to, "wsu:Id"), serviceURL, evilURL))
				p.put(f, to)
			}, off: dPlace | dRequired | dTo, reads: "to", class: classes(wsse.ClassPolicy, wsse.ClassWrapping), only: "request"},
			shape{name: "action-" + p.name, do: func(f *file) {
				action := f.cut(f.at("Header", "Action"))
				f.into(f.at("Header"), `<wsa:Action xmlns:wsa="`+xmltree.WSA10+`">`+evilAction+`</wsa:Action>`)
				p.put(f, action)
			}, off: dPlace | dRequired, reads: "action", class: classes(wsse.ClassWrapping)},
			shape{name: "timestamp-" + p.name, do: func(f *file) {
				stamp := f.cut(f.at("Header", "Security", "Timestamp"))
				f.first(f.security(), lateStamp(stamp))
				p.put(f, stamp)
			}, off: dPlace | dRequired, reads: "created", value: evilTime, class: classes(wsse.ClassWrapping)},
			shape{name: "reply-to-" + p.name, do: func(f *file) {
				reply := f.cut(f.at("Header", "ReplyTo"))
				f.into(f.at("Header"), `<wsa:ReplyTo xmlns:wsa="`+xmltree.WSA10+`"><wsa:Address>https://evil.example.com/</wsa:Address></wsa:ReplyTo>`)
				p.put(f, reply)
			}, off: dPlace | dRequired | dReplyTo, reads: "replyto", class: classes(wsse.ClassProtocol), only: "request"},
		)
	}
	shapes = append(shapes,
		shape{name: "to-twice-before", do: func(f *file) {
			f.first(f.at("Header"), strings.ReplaceAll(without(string(f.at("Header", "To").Raw()), "wsu:Id"), serviceURL, evilURL))
		}, off: dOneField | dPlace | dRequired | dTo, reads: "to", class: classes(wsse.ClassProtocol), only: "request"},
		shape{name: "action-twice-after", do: func(f *file) {
			f.into(f.at("Header"), `<wsa:Action xmlns:wsa="`+xmltree.WSA10+`">`+evilAction+`</wsa:Action>`)
		}, off: dOneField | dPlace | dRequired, pick: pick{lastHeader: true}, reads: "action", class: classes(wsse.ClassProtocol)},
		shape{name: "body-twice-same-id", do: func(f *file) {
			f.before(f.at("Body"), strings.ReplaceAll(string(f.at("Body").Raw()), goodScope, evilScope))
		}, off: dShape | dUniqueIDs | dPlace | dRequired, pick: pick{lastID: true}, reads: "scope", class: classes(wsse.ClassFormat)},
	)
	all := expandAll(w, "W11", shapes, "x509", "answer")
	return all
}
