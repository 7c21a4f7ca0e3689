// Package xmltree reads and writes the XML of security messages.
//
// The parser makes one pass over one slice and keeps that slice: every node is
// a range of it, so a received token can be handed on octet for octet, and the
// canonicalizer and the reader walk the same indices. It accepts less than XML
// allows: no DOCTYPE, no processing instruction, no entity but the five, no
// relative namespace URI, no malformed name, and nothing past the [Limits].
// What it refuses, it refuses with the element's path and the byte offset.
//
// An [Elem] is read downwards only. [Parent] is a function and not a method, so
// that code which reads a verified element cannot walk out of it unnoticed.
//
// Sources: XML 1.0 (fifth edition), Namespaces in XML 1.0 (third edition).
package xmltree
