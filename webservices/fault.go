package webservices

import (
	"strings"

	"wstrust"
	"wstrust/internal/xmltree"
)

// A Fault is WS_FAULT. Everything in it is the peer's words: good for people to
// read, and not to be trusted.
type Fault struct {
	Code    *FaultCode    // from the most generic
	Reasons []FaultReason // at least one
	Actor   string        // role that the fault arose in
	Node    string        // node that it arose at; SOAP 1.2
	Detail  *XMLBuffer    // the detail element, nil if there is none
}

// A FaultCode is WS_FAULT_CODE.
type FaultCode struct {
	Value   XMLQName   // its name
	SubCode *FaultCode // more specific; nil at the end
}

// A FaultReason is WS_FAULT_REASON.
type FaultReason struct {
	Text string // for people
	Lang string // of the text, as xml:lang has it
}

// An XMLQName is WS_XML_QNAME.
type XMLQName struct {
	LocalName string // without a prefix
	NS        string // namespace
}

// A FaultDetailDescription is WS_FAULT_DETAIL_DESCRIPTION.
type FaultDetailDescription struct {
	Action  string   // that the fault must have come with; "" is any
	Element XMLQName // in the detail
}

// GetFaultErrorProperty is WsGetFaultErrorProperty. value is a pointer to the
// type that the property has.
func GetFaultErrorProperty(e *Error, id FaultErrorPropertyID, value any) HRESULT {
	if e == nil {
		return E_INVALIDARG
	}
	switch id {
	case WS_FAULT_ERROR_PROPERTY_FAULT:
		return store(value, e.fault)
	case WS_FAULT_ERROR_PROPERTY_ACTION:
		return store(value, e.action)
	case WS_FAULT_ERROR_PROPERTY_HEADER:
		return store(value, e.header)
	}
	return E_INVALIDARG
}

// SetFaultErrorProperty is WsSetFaultErrorProperty.
func SetFaultErrorProperty(e *Error, id FaultErrorPropertyID, value any) HRESULT {
	if e == nil {
		return E_INVALIDARG
	}
	switch v := value.(type) {
	case *Fault:
		if id == WS_FAULT_ERROR_PROPERTY_FAULT {
			e.fault = v
			return S_OK
		}
	case string:
		if id == WS_FAULT_ERROR_PROPERTY_ACTION {
			e.action = v
			return S_OK
		}
	case *XMLBuffer:
		if id == WS_FAULT_ERROR_PROPERTY_HEADER {
			e.header = v
			return S_OK
		}
	}
	return E_INVALIDARG
}

// GetFaultErrorDetail is WsGetFaultErrorDetail: it stores the element of the
// fault's detail that is described. It fails with WS_E_INVALID_FORMAT if there
// is none, unless the option is WS_READ_OPTIONAL_POINTER, which stores nil.
func GetFaultErrorDetail(e *Error, d *FaultDetailDescription, option ReadOption, value **XMLBuffer) HRESULT {
	if e == nil || d == nil || value == nil || option < WS_READ_REQUIRED_VALUE || option > WS_READ_OPTIONAL_POINTER {
		return E_INVALIDARG
	}
	found := e.detail(d)
	if found == nil && option != WS_READ_OPTIONAL_POINTER {
		return WS_E_INVALID_FORMAT
	}
	*value = found
	return S_OK
}

func (e *Error) detail(d *FaultDetailDescription) *XMLBuffer {
	if e.fault == nil || e.fault.Detail == nil || d.Action != "" && d.Action != e.action {
		return nil
	}
	doc, err := xmltree.Parse([]byte(e.fault.Detail.XML), xmltree.Limits{})
	if err != nil {
		return nil
	}
	if child := doc.Root().First(d.Element.NS, d.Element.LocalName); child.OK() {
		return buffer(wstrust.XML(child.Standalone()))
	}
	return nil
}

// readFault takes a fault apart, and the message that brought it. It was parsed
// before, so what cannot be read here is left empty.
func readFault(f *wstrust.Fault) (out *Fault, action string, header *XMLBuffer) {
	out = &Fault{
		Code:    &FaultCode{Value: XMLQName{LocalName: f.Code}},
		Reasons: []FaultReason{{Text: f.Reason, Lang: "en"}},
	}
	doc, err := xmltree.Parse([]byte(f.Message), xmltree.Limits{Bytes: len(f.Message) + 1})
	if err != nil {
		return out, "", nil
	}
	envelope := doc.Root()
	ns := envelope.Space()
	var headers strings.Builder
	for h := range envelope.First(ns, "Header").Children {
		switch {
		case h.Space() == xmltree.WSA10 || h.Space() == xmltree.WSA04:
			if h.Local() == "Action" {
				action, _ = h.Token()
			}
		case h.Is(xmltree.WSSE, "Security"):
		default:
			headers.Write(h.Standalone())
		}
	}
	header = buffer(wstrust.XML(headers.String()))
	fault := envelope.First(ns, "Body").First(ns, "Fault")
	if !fault.OK() {
		return out, action, header
	}
	if ns == xmltree.SOAP12 {
		readFault12(out, fault)
	} else {
		readFault11(out, fault)
	}
	return out, action, header
}

func readFault12(out *Fault, fault xmltree.Elem) {
	const ns, deepest = xmltree.SOAP12, 8
	at := &out.Code
	for c, n := fault.First(ns, "Code"), 0; c.OK() && n < deepest; c, n = c.First(ns, "Subcode"), n+1 {
		*at = &FaultCode{Value: qname(c.First(ns, "Value"))}
		at = &(*at).SubCode
	}
	var reasons []FaultReason
	for text := range fault.First(ns, "Reason").Children {
		if text.Is(ns, "Text") {
			s, _ := text.Text()
			lang, _ := text.Attr(xmltree.XML, "lang")
			reasons = append(reasons, FaultReason{s, lang})
		}
	}
	if reasons != nil {
		out.Reasons = reasons
	}
	out.Node, out.Actor = said(fault.First(ns, "Node")), said(fault.First(ns, "Role"))
	if d := fault.First(ns, "Detail"); d.OK() {
		out.Detail = buffer(wstrust.XML(d.Standalone()))
	}
}

func readFault11(out *Fault, fault xmltree.Elem) {
	out.Code = &FaultCode{Value: qname(fault.First("", "faultcode"))}
	if reason := fault.First("", "faultstring"); reason.OK() {
		lang, _ := reason.Attr(xmltree.XML, "lang")
		out.Reasons = []FaultReason{{said(reason), lang}}
	}
	out.Actor = said(fault.First("", "faultactor"))
	if d := fault.First("", "detail"); d.OK() {
		out.Detail = buffer(wstrust.XML(d.Standalone()))
	}
}

// said is the text of an element that may not be there or not be text.
func said(e xmltree.Elem) string {
	if !e.OK() {
		return ""
	}
	s, _ := e.Token()
	return s
}

// qname reads a qualified name in the scope of its element.
func qname(e xmltree.Elem) XMLQName {
	text := said(e)
	if text == "" {
		return XMLQName{}
	}
	prefix, local, ok := strings.Cut(text, ":")
	if !ok {
		prefix, local = "", text
	}
	space, _ := e.LookupNamespace(prefix)
	return XMLQName{LocalName: local, NS: space}
}
