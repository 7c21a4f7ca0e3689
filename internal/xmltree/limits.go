package xmltree

import "math"

// Limits bound what [Parse] accepts. A zero field means its default; a limit
// cannot be switched off, only raised.
type Limits struct {
	Bytes      int // size of the source in octets; 256 KiB
	Depth      int // of nested elements; 64
	Elements   int // in the document; 10,000
	Attributes int // of one element, namespace declarations included; 128, and never more than 16,384
	Namespaces int // declarations in the document; 1,024, and never more than 32,768
	Name       int // octets of one qualified name; 8 KiB, and never more than 64 KiB less one
}

// maxBytes keeps every offset within an int32.
const maxBytes = 1 << 30

// WithDefaults returns the limits with the default for each field that is zero
// or less.
func (l Limits) WithDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Bytes, 256<<10)
	def(&l.Depth, 64)
	def(&l.Elements, 10_000)
	def(&l.Attributes, 128)
	def(&l.Namespaces, 1024)
	def(&l.Name, 8<<10)
	l.Bytes = min(l.Bytes, maxBytes)
	l.Name = min(l.Name, math.MaxUint16) // of node.local
	// Prefixes have numbers of 16 bits. A tag may have as many that are not declared as
	// it has attributes, until it is refused.
	l.Attributes, l.Namespaces = min(l.Attributes, 1<<14), min(l.Namespaces, 1<<15)
	return l
}
