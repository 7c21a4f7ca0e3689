// Package soap reads and writes SOAP 1.1 and 1.2 envelopes, their
// WS-Addressing headers and faults, and the HTTP headers that belong to them.
//
// It is pure: octets in, octets out. Nothing here is verified. What an
// [Envelope] says about action, addresses or body is what the peer wrote; the
// Security header's reader decides which of it may be believed.
//
// Sources: SOAP 1.1 (W3C Note), SOAP 1.2 Part 1, WS-Addressing 1.0 Core and
// SOAP Binding, WS-Addressing of August 2004.
package soap

import (
	"wstrust/internal/xmltree"
)

// A Version is a SOAP version. The zero value is SOAP 1.2.
type Version uint8

// The SOAP versions.
const (
	V12 Version = iota
	V11
)

// Namespace returns the namespace of the version's envelope.
func (v Version) Namespace() string {
	if v == V11 {
		return xmltree.SOAP11
	}
	return xmltree.SOAP12
}

// String returns "SOAP 1.2" or "SOAP 1.1".
func (v Version) String() string {
	if v == V11 {
		return "SOAP 1.1"
	}
	return "SOAP 1.2"
}

// An Addressing is a version of WS-Addressing. The zero value is 1.0 (2005/08).
type Addressing uint8

// The versions of WS-Addressing.
const (
	A10   Addressing = iota // 2005/08
	A04                     // 2004/08
	ANone                   // no addressing headers
)

// Namespace returns the namespace of the addressing headers, "" for [ANone].
func (a Addressing) Namespace() string {
	switch a {
	case A10:
		return xmltree.WSA10
	case A04:
		return xmltree.WSA04
	default:
		return ""
	}
}

// Anonymous returns the address that means "on this connection", "" for
// [ANone].
func (a Addressing) Anonymous() string {
	switch a {
	case A10:
		return "http://www.w3.org/2005/08/addressing/anonymous"
	case A04:
		return "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
	default:
		return ""
	}
}

// noneAddress is the WS-Addressing 1.0 address that means "send nothing".
const noneAddress = "http://www.w3.org/2005/08/addressing/none"

// String names the version as its specification is dated.
func (a Addressing) String() string {
	switch a {
	case A10:
		return "WS-Addressing 2005/08"
	case A04:
		return "WS-Addressing 2004/08"
	default:
		return "no addressing"
	}
}

// A Name is an expanded name: of a header, or of a fault code.
type Name struct{ Space, Local string }

// String returns {namespace}local.
func (n Name) String() string {
	if n.Space == "" {
		return n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

// DefaultHeaders bounds the header blocks of one message where the reader says
// nothing else, and of one that is written.
const DefaultHeaders = 64
