package wsse

import (
	"crypto/x509"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// Evidence is what a verified message proved. [Pending.Verify] alone makes it.
type Evidence struct {
	// Envelope is the message with everything decrypted that was encrypted for
	// us; what is not encrypted is as it came. It says no more than the
	// envelope that was read.
	Envelope *soap.Envelope

	// The parts that may be read; nil if the message does not have the part or
	// nothing protects it.
	Body, Timestamp                                          *Part
	To, Action, MessageID, RelatesTo, ReplyTo, From, FaultTo *Part
	Headers                                                  []*Part // further header blocks for the ultimate receiver that were signed
	UsernameToken, AssertionToken                            *Part   // what Username and Assertion were read from

	// Assertion was read from signed nodes, and its subject is confirmed in the
	// way that Confirmation says. Its conditions are not checked:
	// call [saml.Assertion.Check].
	Assertion    *saml.Assertion
	Confirmation saml.Kind

	// Username is the user whose password was right, nil if there was none.
	Username *UsernameEvidence

	// Certificate is that of the key that signed all required parts, if the key
	// was named as a certificate and not by the assertion.
	Certificate *x509.Certificate

	// Context is the security context whose key signed all required parts.
	Context *KeyRef

	Signers []*Signer // of every signature in the header, in its order

	// Encrypted are the parts that were encrypted; PartSignature is among them
	// if every signature was, PartToken if every token that is a secret was: a
	// username token, a bearer assertion.
	Encrypted Parts

	signatures [][]byte // values of the signatures, in their order
	binding    binding

	// Replays are to be remembered until their time, and refused if known.
	// Until then the message would be accepted again.
	Replays []Replay

	// Created and Expires are those of the Timestamp; zero if there is none.
	Created, Expires time.Time
}

// UsernameEvidence is a user who knew the password.
type UsernameEvidence struct {
	Name    string
	Digest  bool // a digest was sent, not the password
	Derived bool // nothing was sent but signatures by a key that is derived from the password
}

// A Replay is the mark of a message that must not come twice.
type Replay struct {
	ID    string // a digest in hexadecimal
	Until time.Time
}

// A Signer is the maker of one verified signature.
type Signer struct {
	ID          string // of the signature element, "" if it has none
	Key         alg.Key
	Ref         KeyRef // how the message named the key; Kind 0 if by the assertion
	Certificate *x509.Certificate
	Holder      bool // the key is the one that the assertion confirms
	// Possession says that nobody trusts the key: the signature proves that
	// the sender has it, and nothing else. See Policy.Possession.
	Possession bool

	// Made says that the key is symmetric and came with the message, encrypted
	// for us. It keeps the message in one piece; anybody could have made it.
	Made bool

	// Covers is what the signature is over, also by way of signatures it is
	// over. Of those there are some if PartSignature is in it.
	Covers   Parts
	Required bool // it covers all required parts

	root alg.Key // of a symmetric key: what it is derived from, or the key itself
}

// A Part is a part of a message that may be believed, and why: a signature
// covers it, or TLS alone protects it. Only [Pending.Verify] makes one; a nil
// Part is one that nothing protects.
type Part struct {
	elem       xmltree.Elem
	signers    []*Signer
	encryption *Encryption
}

// An Encryption is how a part was encrypted for us.
type Encryption struct {
	Algorithm string // identifier of the block cipher
	Ref       KeyRef // of its key, or what that is derived from; Kind 0 for that of the assertion's holder
	Content   bool   // the content, and not the element
	Header    bool   // as a header block of WS-Security 1.1
}

// Encrypted returns how the part, or all that it holds, was encrypted. It is
// nil for a part that was not, or only in pieces.
func (p *Part) Encrypted() *Encryption {
	if p == nil {
		return nil
	}
	return p.encryption
}

// Element returns the part; for the Body it is the Body element itself. It is
// zero for a nil Part.
func (p *Part) Element() xmltree.Elem {
	if p == nil {
		return xmltree.Elem{}
	}
	return p.elem
}

// Payload returns the one element in the Body, of a part that is the Body.
func (p *Part) Payload() (xmltree.Elem, error) {
	if p == nil {
		return xmltree.Elem{}, refuse(ClassPolicy, xmltree.Elem{}, "the body is not protected")
	}
	return soap.Payload(p.elem)
}

// Text returns the text of the part without white space at the ends, "" for a
// nil Part. The text of an endpoint reference is its address.
func (p *Part) Text() (string, error) {
	if p == nil {
		return "", nil
	}
	e := p.elem
	for c := range e.Children {
		if c.Is(e.Space(), "Address") {
			e = c
			break
		}
	}
	return e.Token()
}

// SignedBy returns the makers of the signatures that cover the part. It is
// empty if TLS alone protects it.
func (p *Part) SignedBy() []*Signer {
	if p == nil {
		return nil
	}
	return p.signers
}

// Signed reports whether a signature covers the part.
func (p *Part) Signed() bool { return p != nil && len(p.signers) > 0 }

// TransportOnly reports whether TLS alone protects the part.
func (p *Part) TransportOnly() bool { return p != nil && len(p.signers) == 0 }
