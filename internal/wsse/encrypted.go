package wsse

import (
	"slices"

	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// checkEncrypted notes which parts were encrypted, and refuses a message in
// which one is not that must be.
func (v *verifier) checkEncrypted() error {
	if len(v.walk.opened) == 0 && v.pol.Encrypted == 0 && len(v.pol.EncryptedHeaders) == 0 {
		return nil
	}
	present := PartBody
	note := func(bit Parts, e xmltree.Elem) {
		if !e.OK() {
			return
		}
		present |= bit
		if v.encryptionOf(e) != nil {
			v.ev.Encrypted |= bit
		}
	}
	v.marked(note)
	if countChildren(v.env.Body) == 0 {
		present &^= PartBody // nothing to hide
	}
	v.noteAll(PartSignature, note, func(c xmltree.Elem) bool { return c.Is(xmltree.DS, "Signature") })
	v.noteAll(PartToken, note, func(c xmltree.Elem) bool {
		return c.Is(xmltree.WSSE, "UsernameToken") || saml.Is(c) && v.ev.Confirmation == saml.Bearer
	})
	if missing := v.pol.Encrypted & present &^ v.ev.Encrypted; missing != 0 && v.off&checkRequired == 0 {
		return refuse(ClassPolicy, v.sec, "not encrypted: %v", missing)
	}
	for h := range v.env.Ours(v.actor) {
		if slices.Contains(v.pol.EncryptedHeaders, soap.Name{Space: h.Space(), Local: h.Local()}) && v.encryptionOf(h) == nil {
			return refuse(ClassPolicy, h, "not encrypted")
		}
	}
	return nil
}

// noteAll notes a kind of children of the Security header: encrypted if all are.
func (v *verifier) noteAll(bit Parts, note func(Parts, xmltree.Elem), is func(xmltree.Elem) bool) {
	clear := false
	for c := range v.sec.Children {
		if is(c) {
			note(bit, c)
			clear = clear || v.encryptionOf(c) == nil
		}
	}
	if clear {
		v.ev.Encrypted &^= bit
	}
}

// coversHeaders reports whether signature i is over every header block that the
// policy names and the message has.
func (v *verifier) coversHeaders(i int) bool {
	if len(v.pol.SignedHeaders) == 0 {
		return true
	}
	for h := range v.env.Ours(v.actor) {
		if slices.Contains(v.pol.SignedHeaders, soap.Name{Space: h.Space(), Local: h.Local()}) &&
			!slices.ContainsFunc(v.covered[i].headers, h.Same) {
			return false
		}
	}
	return true
}
