package wsse

import (
	"wstrust/internal/soap"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// Limits bound what one message can make its reader do. A zero field means its
// default; a limit can be lowered and raised, and not be switched off. What a
// message costs grows no faster than what is raised.
type Limits struct {
	MessageBytes int // octets of the message, decrypted or not; 256 KiB
	Depth        int // elements in each other; 64
	Elements     int // elements; 10,000
	Attributes   int // attributes of one element, namespace declarations among them; 128
	Namespaces   int // namespace declarations; 1,024
	NameBytes    int // octets of one name; 8 KiB

	Headers        int // header blocks; 64
	Tokens         int // tokens in the Security header; 8
	Signatures     int // signatures in it; 8
	References     int // references of one signature; 30
	EncryptedParts int // what is encrypted; 32
	EncryptedKeys  int // keys that are sent encrypted; 8

	Legs int // answers of an issuer that negotiates; 8. For clients alone
}

// The defaults of the fields that this package counts by.
const (
	defaultTokens         = 8
	defaultSignatures     = 8
	defaultEncryptedParts = 32
	defaultEncryptedKeys  = 8
	defaultLegs           = 8
)

// WithDefaults returns the limits with the default for each field that is zero
// or less.
func (l Limits) WithDefaults() Limits {
	tree := l.Tree().WithDefaults()
	l.MessageBytes, l.Depth, l.Elements = tree.Bytes, tree.Depth, tree.Elements
	l.Attributes, l.Namespaces, l.NameBytes = tree.Attributes, tree.Namespaces, tree.Name
	for _, f := range []struct {
		field *int
		value int
	}{
		{&l.Headers, soap.DefaultHeaders},
		{&l.Tokens, defaultTokens},
		{&l.Signatures, defaultSignatures},
		{&l.References, xmldsig.DefaultReferences},
		{&l.EncryptedParts, defaultEncryptedParts},
		{&l.EncryptedKeys, defaultEncryptedKeys},
		{&l.Legs, defaultLegs},
	} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	return l
}

// Tree returns those of the limits that the parser knows.
func (l Limits) Tree() xmltree.Limits {
	return xmltree.Limits{Bytes: l.MessageBytes, Depth: l.Depth, Elements: l.Elements, Attributes: l.Attributes, Namespaces: l.Namespaces, Name: l.NameBytes}
}
