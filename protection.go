package wstrust

import (
	"crypto"
	"crypto/x509"
	"fmt"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
)

// A Protection says which parts of a message are signed and encrypted, and with
// whose keys. A [Config] without one leaves messages to the transport, and each
// binding signs what [Header.Sign] says.
//
// The message is signed with the key of the first binding that has one or, with
// Symmetric, with a fresh key that is sent encrypted; tokens without a key, which
// need an id for that, are covered by that signature, and further bindings with
// keys sign the signature.
// It is encrypted for Recipient or, without one, with the key of the first
// binding: a security context, or an issued token with a symmetric key.
//
// Answers must be protected in the same way: signed over Body and Timestamp if
// requests sign them, and encrypted where requests are. What does not come over TLS
// must also say under its signature which request it answers: by a RelatesTo that is
// signed, by confirming the request's signatures, or by a key made for that request
// (Symmetric). The functions whose names
// begin with Protect make the usual ones.
type Protection struct {
	// Sign is what is signed, as far as a message has it. PartToken is the
	// token whose key signs, and those that endorse.
	Sign        Parts
	SignHeaders []HeaderName // further header blocks
	AllHeaders  bool         // every further header block is signed
	// Encrypt is what is encrypted, as far as a message has it. PartToken are
	// the tokens without a key, PartSignature the signatures. What is in the
	// SOAP action of the HTTP header stays readable.
	Encrypt        Parts
	EncryptHeaders []HeaderName

	EncryptThenSign bool // sign the ciphertext; otherwise what is signed is the plaintext
	BodyElement     bool // encrypt the element in the Body in place of the content of the Body

	// Recipient is the certificate of the peer, with an RSA key, and
	// RecipientReference how it is named: ReferenceToken stands for its
	// thumbprint (in WS-Security 1.0, issuer and serial number).
	Recipient          *x509.Certificate
	RecipientReference CertificateReference
	// Symmetric protects both directions with one key, which is sent
	// encrypted for Recipient. It authenticates nobody by itself.
	Symmetric bool
	// Derive has a symmetric key derived anew for each use, and DerivedKeys says
	// how that is written.
	Derive      KeyDerivation
	DerivedKeys DerivedKeys

	// Cipher is the block cipher, and KeyTransport how its key is encrypted for
	// Recipient; zero is what the Suite writes. The Suite must admit them.
	Cipher       string // identifier of XML Encryption
	KeyTransport KeyTransport

	// Confirm demands that answers confirm the signatures of their requests
	// (WS-Security 1.1).
	Confirm bool
	// InsecureAnswers accepts answers that only TLS protects, and where
	// InsecurePlaintext is set nothing.
	InsecureAnswers bool
}

// HeaderName is the expanded name of a header block: its namespace Space, and its
// Local name.
type HeaderName struct{ Space, Local string }

// KeyDerivation is how keys are derived from a symmetric one.
type KeyDerivation uint8

// The ways to derive keys.
const (
	DeriveNone    KeyDerivation = KeyDerivation(wsse.NotDerived)  // one key for everything
	Derive13      KeyDerivation = KeyDerivation(wsse.Derived13)   // DerivedKeyTokens of WS-SecureConversation 1.3
	Derive2005    KeyDerivation = KeyDerivation(wsse.Derived2005) // those of February 2005
	DeriveImplied KeyDerivation = KeyDerivation(wsse.Implied13)   // by attributes of references, as 1.3 has it
)

// DerivedKeys says how derived keys are written. The zero value is what most peers
// write.
type DerivedKeys struct {
	Label  string // in what the keys are derived from; that of the standard if empty
	Nonce  int    // octets, 16 to 128; 16 if zero
	Length int    // octets of the key that signs, 16 to 64; 32 if zero
	Offset int    // where the keys begin in what is derived, at most 64
	// Generation stands in place of Offset, counted in lengths of the key.
	Generation int
	// Inline puts each DerivedKeyToken, without an Id, where its key is used.
	Inline bool
}

// KeyTransport is how a key is encrypted to an RSA key, by identifiers of XML
// Encryption.
type KeyTransport struct {
	Algorithm string // RSA-OAEP of XML Encryption 1.0 or 1.1; RSA 1.5 where the Suite has it
	Digest    string // of OAEP; SHA-1 if empty
	Mask      string // the mask generation function of OAEP of 1.1; with SHA-1 if empty
}

// Further parts of a message.
const (
	PartAction    = Parts(wsse.PartAction)
	PartMessageID = Parts(wsse.PartMessageID)
	PartReplyTo   = Parts(wsse.PartReplyTo)
	PartSignature = Parts(wsse.PartSignature) // the signatures, to be encrypted
)

// ProtectTransport leaves messages to TLS. It is nil.
func ProtectTransport() *Protection { return nil }

// ProtectBodyTimestamp signs Body and Timestamp.
func ProtectBodyTimestamp() *Protection { return &Protection{Sign: PartBody | PartTimestamp} }

// ProtectBodyAddressing signs Body, Timestamp and every addressing header. It is
// what asymmetric bindings without encryption ask for.
func ProtectBodyAddressing() *Protection {
	return &Protection{Sign: PartBody | PartTimestamp | PartAddressing}
}

// ProtectEnvelope signs everything in the envelope: [ProtectBodyAddressing], the
// tokens, and every further header.
func ProtectEnvelope() *Protection {
	return &Protection{Sign: PartBody | PartTimestamp | PartAddressing | PartToken, AllHeaders: true}
}

// ProtectAsymmetricSign signs with the key of the first binding what
// [ProtectBodyAddressing] does.
func ProtectAsymmetricSign() *Protection { return ProtectBodyAddressing() }

// ProtectAsymmetricSignEncrypt is [ProtectAsymmetricSign], and encrypts Body,
// signature and tokens for the peer's certificate. The answer is encrypted for the
// certificate of the first binding, which therefore must have an RSA key.
func ProtectAsymmetricSignEncrypt(peer *x509.Certificate) *Protection {
	p := ProtectBodyAddressing()
	p.Encrypt, p.Recipient = PartBody|PartSignature|PartToken, peer
	return p
}

// ProtectSymmetric protects the same parts with keys derived from one that is
// sent encrypted for the peer's certificate.
func ProtectSymmetric(peer *x509.Certificate) *Protection {
	p := ProtectAsymmetricSignEncrypt(peer)
	p.Symmetric, p.Derive = true, Derive13
	return p
}

// check refuses what contradicts itself.
func (p *Protection) check(c *Config) error {
	if p == nil {
		return nil
	}
	wrong := func(what string) error { return fmt.Errorf("%w: Protection: %s", ErrConfig, what) }
	if p.Derive > DeriveImplied || p.RecipientReference > ReferenceX509Data {
		return wrong("a value does not exist")
	}
	if p.Cipher != "" && alg.CipherKeySize(p.Cipher) == 0 {
		return wrong("Cipher is not known")
	}
	if p.Recipient != nil {
		if key, err := alg.CertificateKey(p.Recipient); err != nil || !key.CanEncrypt() {
			return wrong("Recipient has no RSA key")
		}
	}
	switch {
	case p.Symmetric && p.Recipient == nil:
		return wrong("Symmetric without Recipient")
	case p.Sign&PartTimestamp != 0 && c.Header.Timestamp == TimestampNever:
		return wrong("the Timestamp is to be signed, and Header leaves it out")
	}
	return nil
}

// wsse is the protection as messages are written with it.
func (p *Protection) wsse() *wsse.Protection {
	if p == nil {
		return nil
	}
	w := &wsse.Protection{
		Sign: wsse.Parts(p.Sign), SignHeaders: headerNames(p.SignHeaders), AllHeaders: p.AllHeaders,
		Encrypt: wsse.Parts(p.Encrypt), EncryptHeaders: headerNames(p.EncryptHeaders),
		BodyElement: p.BodyElement, Recipient: p.Recipient, RecipientReference: wsse.Reference(p.RecipientReference),
		Symmetric: p.Symmetric, Derived: wsse.Derivation(p.Derive), DerivedKeys: wsse.DerivedKeys(p.DerivedKeys),
		Cipher: p.Cipher, Transport: alg.Transport{URI: p.KeyTransport.Algorithm, DigestURI: p.KeyTransport.Digest, MGFURI: p.KeyTransport.Mask},
	}
	if p.EncryptThenSign {
		w.Order = wsse.EncryptThenSign
	}
	return w
}

func headerNames(list []HeaderName) (out []soap.Name) {
	for _, n := range list {
		out = append(out, soap.Name(n))
	}
	return out
}

// demand adds to a policy what answers must show.
func (p *Protection) demand(pol *wsse.Policy, overTLS bool) {
	if p == nil || p.InsecureAnswers {
		return
	}
	pol.TLS = overTLS
	pol.Required = wsse.Parts(p.Sign) & wsse.BodyTimestamp
	pol.Encrypted = wsse.Parts(p.Encrypt) & (wsse.PartBody | wsse.PartSignature)
	pol.Confirmed = p.Confirm
}

// own are our private keys, for which answers may be encrypted.
func (c *Config) own() (out []wsse.Recipient) {
	for _, b := range c.Bindings {
		cert, ok := b.(certificate)
		if !ok {
			continue
		}
		if _, ok := cert.cert.PrivateKey.(crypto.Decrypter); !ok {
			continue
		}
		if certs, key, err := cert.parse(); err == nil {
			out = append(out, wsse.Recipient{Key: key, Certificate: certs[0]})
		}
	}
	return out
}
