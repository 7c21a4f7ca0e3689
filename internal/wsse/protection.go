package wsse

import (
	"crypto/x509"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
)

// A Protection says which parts of a message are signed and encrypted, and with
// which keys.
//
// The main signature is made by the first token with a key, or with Symmetric
// by a fresh key that is sent encrypted. It covers Sign, SignHeaders, and every
// token without a key, which needs an id for that. Each further token with a key
// endorses: it signs the main signature.
//
// What is encrypted is encrypted with a fresh key that is sent to Recipient or,
// without a Recipient, with the key of the first token, which must be symmetric.
type Protection struct {
	// Sign is what the main signature covers, as far as it is in the message.
	// PartToken protects the token whose key signs, and the endorsing tokens
	// that the message carries; PartSignature has no meaning.
	Sign        Parts
	SignHeaders []soap.Name
	AllHeaders  bool // every further header block is signed
	// Encrypt is what is encrypted, as far as it is in the message. PartToken
	// stands for the tokens without a key, and PartSignature for all
	// signatures and confirmations.
	Encrypt        Parts
	EncryptHeaders []soap.Name

	Order       Order
	BodyElement bool // encrypt the element in the Body, and not the Body's content

	// Recipient is for whom the message is encrypted, and RecipientReference
	// how its certificate is named. RefDirect stands for the thumbprint, in a
	// header of version 1.0 for issuer and serial number.
	Recipient          *x509.Certificate
	RecipientReference Reference
	Symmetric          bool

	// Derived derives a key for the main signature and one for encryption from
	// a symmetric key, instead of using it for both, and DerivedKeys says how.
	Derived     Derivation
	DerivedKeys DerivedKeys

	// Cipher is the block cipher, by its identifier, and Transport how the key
	// for Recipient is encrypted: each must be one that the suite admits. Zero is
	// what the suite writes.
	Cipher    string
	Transport alg.Transport
}

// An Order is whether the plaintext or the ciphertext is signed.
type Order uint8

// The orders.
const (
	SignThenEncrypt Order = iota
	EncryptThenSign
)

// A Derivation is how keys are derived.
type Derivation uint8

// The derivations: none; by DerivedKeyTokens of WS-SecureConversation 1.3 or of
// February 2005; by attributes of the reference, as 1.3 allows too.
const (
	NotDerived Derivation = iota
	Derived13
	Derived2005
	Implied13
)

// BodyTimestamp signs what an ordinary policy wants signed.
const BodyTimestamp = PartBody | PartTimestamp

// AsymmetricSign signs Body, Timestamp and addressing with the key of the first
// token.
func AsymmetricSign() *Protection {
	return &Protection{Sign: BodyTimestamp | PartAddressing}
}

// AsymmetricSignEncrypt is [AsymmetricSign], and encrypts Body, signature and
// tokens for a recipient.
func AsymmetricSignEncrypt(to *x509.Certificate) *Protection {
	return &Protection{Sign: BodyTimestamp | PartAddressing, Encrypt: PartBody | PartSignature | PartToken, Recipient: to}
}

// Symmetric protects the same parts as [AsymmetricSignEncrypt] with keys that are
// derived from one that is encrypted for the recipient.
func Symmetric(to *x509.Certificate) *Protection {
	p := AsymmetricSignEncrypt(to)
	p.Symmetric, p.Derived = true, Derived13
	return p
}
