package main

import (
	"slices"
	"strings"

	"wstrust/internal/xmltree"
)

const masked = "********"

// maskXML returns a message with its secrets blanked out and every other octet
// as it was. ok is false if it is not XML: then nothing is known about it, and
// it must not be shown.
//
// Blanked are passwords and their digests, keys, ciphertext, binary tokens other
// than certificates, and the value of every signature inside a SAML assertion: a
// bearer token that can be presented is as good as a password.
func maskXML(message []byte) (shown []byte, ok bool) {
	d, err := xmltree.Parse(message, xmltree.Limits{Bytes: maxFile})
	if err != nil {
		return nil, false
	}
	m := masker{src: d.Source()}
	m.walk(d.Root(), false)
	return m.finish(), true
}

type masker struct {
	src  []byte
	cuts [][2]int
}

func (m *masker) walk(e xmltree.Elem, inToken bool) {
	inToken = inToken || e.Is(xmltree.SAML20, "Assertion") || e.Is(xmltree.SAML11, "Assertion")
	if secret(e, inToken) {
		m.cut(e)
		return
	}
	for c := range e.Children {
		m.walk(c, inToken)
	}
}

func (m *masker) cut(e xmltree.Elem) {
	if from, to := e.ContentRange(); from < to {
		m.cuts = append(m.cuts, [2]int{from, to})
	}
}

func (m *masker) finish() []byte {
	slices.SortFunc(m.cuts, func(a, b [2]int) int { return a[0] - b[0] })
	var out []byte
	at := 0
	for _, c := range m.cuts {
		out = append(out, m.src[at:c[0]]...)
		out = append(out, masked...)
		at = c[1]
	}
	return append(out, m.src[at:]...)
}

// secret goes by local names, since a peer may use a namespace of its own: too
// much is masked rather than too little.
func secret(e xmltree.Elem, inToken bool) bool {
	switch e.Local() {
	case "Password", "BinarySecret", "Secret", "PrivateKey", "Cookie", "CipherValue":
		return true
	case "SignatureValue":
		return inToken
	case "BinarySecurityToken":
		kind, _ := e.Attr("", "ValueType")
		return !strings.HasSuffix(kind, "#X509v3") && !strings.HasSuffix(kind, "#X509PKIPathv1") && !strings.HasSuffix(kind, "#PKCS7")
	}
	return false
}
