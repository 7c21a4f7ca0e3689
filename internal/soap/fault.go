package soap

import (
	"strings"

	"wstrust/internal/xmltree"
)

// Fault codes of SOAP 1.2. [WriteFault] translates them for SOAP 1.1, and
// [Fault.Is] knows both spellings.
var (
	Sender          = Name{xmltree.SOAP12, "Sender"}
	Receiver        = Name{xmltree.SOAP12, "Receiver"}
	MustUnderstand  = Name{xmltree.SOAP12, "MustUnderstand"}
	VersionMismatch = Name{xmltree.SOAP12, "VersionMismatch"}
)

// A Fault is a SOAP fault of either version.
type Fault struct {
	Code     Name   // faultcode, or Code/Value
	Subcodes []Name // SOAP 1.2 only when read, outermost first
	Reason   string // faultstring, or the English Reason/Text
	Actor    string // faultactor, or Role
	Node     string // SOAP 1.2

	Detail    xmltree.Elem // as read; zero if there is none
	DetailXML []byte       // to be written: one standalone element
}

// Subcode returns the most specific code: the innermost subcode, or the code
// of a SOAP 1.1 fault that is not one of SOAP's own. It is zero if there is
// none.
func (f *Fault) Subcode() Name {
	if n := len(f.Subcodes); n > 0 {
		return f.Subcodes[n-1]
	}
	if f.Code.Space != xmltree.SOAP11 && f.Code.Space != xmltree.SOAP12 {
		return f.Code
	}
	return Name{}
}

// Is reports whether the fault's main code is n, one of the SOAP 1.2 names,
// whichever version it came in.
func (f *Fault) Is(n Name) bool {
	c := f.Code
	if c.Space == xmltree.SOAP11 {
		local, _, _ := strings.Cut(c.Local, ".")
		switch local {
		case "Client":
			local = "Sender"
		case "Server":
			local = "Receiver"
		}
		c = Name{xmltree.SOAP12, local}
	}
	return c == n
}

// IsFault reports whether the Body holds a fault.
func (e *Envelope) IsFault() bool {
	p, err := e.Payload()
	return err == nil && isFault(p)
}

// Fault returns the fault in the Body, or nil if there is none. What cannot be
// read of it is left empty.
func (e *Envelope) Fault() *Fault {
	p, err := e.Payload()
	if err != nil {
		return nil
	}
	return ReadFault(p)
}

func isFault(p xmltree.Elem) bool {
	return p.Is(xmltree.SOAP12, "Fault") || p.Is(xmltree.SOAP11, "Fault")
}

// ReadFault reads a Fault element, or returns nil if p is something else. It
// bears with badly made faults: parts that cannot be read are left empty.
func ReadFault(p xmltree.Elem) *Fault {
	switch {
	case p.Is(xmltree.SOAP12, "Fault"):
		return readFault12(p)
	case p.Is(xmltree.SOAP11, "Fault"):
		return readFault11(p)
	default:
		return nil
	}
}

func readFault11(p xmltree.Elem) *Fault {
	f := new(Fault)
	for c := range p.Children {
		if c.Space() != "" && c.Space() != xmltree.SOAP11 {
			continue
		}
		switch c.Local() {
		case "faultcode":
			f.Code = qualified(c)
		case "faultstring":
			f.Reason, _ = c.Text()
		case "faultactor":
			f.Actor, _ = c.Token()
		case "detail":
			f.Detail = c
		}
	}
	return f
}

func readFault12(p xmltree.Elem) *Fault {
	const ns = xmltree.SOAP12
	f := new(Fault)
	code := p.First(ns, "Code")
	if code.OK() {
		f.Code = qualified(code.First(ns, "Value"))
		const deepest = 8
		for s := code.First(ns, "Subcode"); s.OK() && len(f.Subcodes) < deepest; s = s.First(ns, "Subcode") {
			f.Subcodes = append(f.Subcodes, qualified(s.First(ns, "Value")))
		}
	}
	if reason := p.First(ns, "Reason"); reason.OK() {
		for t := range reason.Children {
			if !t.Is(ns, "Text") {
				continue
			}
			text, _ := t.Text()
			lang, _ := t.Attr(xmltree.XML, "lang")
			english := strings.HasPrefix(strings.ToLower(lang), "en")
			if f.Reason == "" || english {
				f.Reason = text
			}
			if english {
				break
			}
		}
	}
	if n := p.First(ns, "Node"); n.OK() {
		f.Node, _ = n.Token()
	}
	if r := p.First(ns, "Role"); r.OK() {
		f.Actor, _ = r.Token()
	}
	f.Detail = p.First(ns, "Detail")
	return f
}

// qualified reads a qualified name in the scope of the element that holds it.
// An undeclared prefix leaves the name without a namespace.
func qualified(e xmltree.Elem) Name {
	if !e.OK() {
		return Name{}
	}
	t, err := e.Token()
	if err != nil {
		return Name{}
	}
	prefix, local, ok := strings.Cut(t, ":")
	if !ok {
		prefix, local = "", t
	}
	space, _ := e.LookupNamespace(prefix)
	return Name{space, local}
}

// WriteFault writes the Fault element for the given version. SOAP 1.1 has no
// subcodes, so there the most specific one becomes the faultcode.
func WriteFault(v Version, f Fault) []byte {
	var b xmltree.Builder
	ns := v.Namespace()
	b.Start(ns, "Fault")
	if v == V11 {
		code := translate(f.Code)
		if n := len(f.Subcodes); n > 0 {
			code = f.Subcodes[n-1]
		}
		writeCode(&b, "", "faultcode", code)
		b.Elem("", "faultstring", printable(f.Reason))
		if f.Actor != "" {
			b.Elem("", "faultactor", printable(f.Actor))
		}
		if len(f.DetailXML) > 0 {
			b.Start("", "detail")
			b.Raw(f.DetailXML)
			b.End()
		}
		b.End()
		return b.Bytes()
	}
	b.Start(ns, "Code")
	writeCode(&b, ns, "Value", f.Code)
	for _, s := range f.Subcodes {
		b.Start(ns, "Subcode")
		writeCode(&b, ns, "Value", s)
	}
	for range f.Subcodes {
		b.End()
	}
	b.End()
	b.Start(ns, "Reason")
	b.Start(ns, "Text")
	b.Attr(xmltree.XML, "lang", "en")
	b.Text(printable(f.Reason))
	b.End()
	b.End()
	if f.Node != "" {
		b.Elem(ns, "Node", printable(f.Node))
	}
	if f.Actor != "" {
		b.Elem(ns, "Role", printable(f.Actor))
	}
	if len(f.DetailXML) > 0 {
		b.Start(ns, "Detail")
		b.Raw(f.DetailXML)
		b.End()
	}
	b.End()
	return b.Bytes()
}

func translate(n Name) Name {
	if n.Space != xmltree.SOAP12 {
		return n
	}
	switch n.Local {
	case "Sender":
		n.Local = "Client"
	case "Receiver":
		n.Local = "Server"
	}
	n.Space = xmltree.SOAP11
	return n
}

// writeCode writes an element that holds a qualified name.
func writeCode(b *xmltree.Builder, space, local string, code Name) {
	switch code.Space {
	case "":
		b.Elem(space, local, code.Local)
	case xmltree.SOAP11, xmltree.SOAP12:
		b.Start(space, local)
		b.Declare(code.Space)
		b.Text("s:" + code.Local)
		b.End()
	default:
		// The builder has prefixes for the namespaces of elements only, so a
		// foreign code is written with a declaration of its own.
		name, soap := local, ""
		if space != "" {
			name, soap = "s:"+local, ` xmlns:s="`+space+`"`
		}
		b.Raw([]byte("<" + name + soap + ` xmlns:q="` + escape(code.Space) + `">q:` + escape(code.Local) + "</" + name + ">"))
	}
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// printable replaces what XML cannot carry: a fault must always be writable.
func printable(s string) string {
	if xmltree.ValidText(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if !xmltree.ValidText(string(r)) {
			return '\uFFFD'
		}
		return r
	}, s)
}
