package wsse

import (
	"crypto/x509"

	"wstrust/internal/alg"
)

// A Token is one security token to be put on a message, and the signature that
// its key makes, if it has one. The kinds are closed: [Username], [X509],
// [Issued] and [Shared].
type Token interface{ token() }

// Username is a name and a password. It signs nothing unless Derive is set.
type Username struct {
	Name string
	// Password returns the password, which is used at once and not changed. It
	// is a function so that no printed struct shows it. Nil: no password.
	Password func() []byte
	// Digest sends a digest of the password, a fresh nonce and the time in its
	// place. It hides the password only from a reader who cannot guess it.
	Digest bool
	// Derive sends neither and signs with a key that is derived from the password
	// (Username Token Profile 1.1): the hash is applied Iterations times, 1000 if
	// zero. Whoever sees the signature can try passwords on it, as on a digest.
	Derive     bool
	Iterations int
	Parts      Parts

	salt []byte // of that key, once it is made
}

// Shared signs, and may encrypt, with a secret key that both sides have under a
// name. Nothing is sent of it but the name.
type Shared struct {
	Name  string
	Key   alg.Key
	Parts Parts
}

// X509 signs with the private key of a certificate.
type X509 struct {
	Certificates []*x509.Certificate // the signer's own first; the others are sent with Chain only
	Key          alg.Key             // its private key
	Reference    Reference
	Chain        bool // RefDirect and RefX509Data: send all of Certificates
	// STRTransform makes PartToken sign the token through a
	// SecurityTokenReference instead of by its own id. RefDirect only.
	STRTransform bool
	Parts        Parts
}

// A Reference is how a signature names the certificate of its key.
type Reference uint8

// The references. RefDirect and RefEmbedded carry the certificate as a token,
// RefX509v3 and RefX509Data carry it in the reference itself; the others only
// name it, and the peer must have it.
const (
	RefDirect       Reference = iota // BinarySecurityToken in the header, and its id
	RefSKI                           // KeyIdentifier: subject key identifier
	RefThumbprint                    // KeyIdentifier: SHA-1 thumbprint
	RefX509v3                        // KeyIdentifier: the certificate
	RefIssuerSerial                  // X509IssuerSerial
	RefEmbedded                      // Embedded: the BinarySecurityToken in the reference
	RefKeyName                       // ds:KeyName with the subject's distinguished name
	RefKeyValue                      // ds:KeyValue
	RefX509Data                      // ds:X509Data with the certificate, without a SecurityTokenReference
)

// Issued is a token that somebody issued, written octet for octet. Without Key
// it is a bearer token. A symmetric Key is a proof or context key and signs
// the Timestamp unless Parts says otherwise; an asymmetric one signs Timestamp
// and To.
type Issued struct {
	XML []byte // one standalone element: a SAML assertion, a SecurityContextToken, or anything
	Key alg.Key
	// Attached is the SecurityTokenReference by which a signature names the
	// token. If nil it is derived, which works for SAML assertions and for
	// tokens with a wsu:Id.
	Attached []byte
	// Unsent leaves the token itself out of the message: the peer has it. The
	// signature then needs an Attached reference that does without it. Like
	// Embedded, it is for tokens with a Key.
	Unsent bool
	// Embedded puts the token into the reference of the signature by its key, and
	// not into the header. Nothing signs it there, so it must be one that its own
	// issuer signed.
	Embedded bool
	// STRTransform signs the token through a SecurityTokenReference instead of by
	// its own id: where PartToken is signed or, for a token without a Key, where
	// the message is.
	STRTransform bool
	Parts        Parts

	prepared *prepared
}

// A prepared is what a message needs of a token that is sent with an attached
// reference, and what does not change from message to message.
type prepared struct {
	id      string
	keyInfo []byte
	answer  KeyRef // what an answer calls the key; Kind 0 for no name
}

// Prepare returns the token with its octets and its reference read, for senders
// that present it many times. It must be one that signs and has an Attached
// reference; others are returned as they are. The octets must not be changed
// afterwards. Errors are those that [Protect] would return.
func (t Issued) Prepare() (Issued, error) {
	if t.Attached == nil || t.Key.IsZero() || t.STRTransform || t.Embedded {
		return t, nil
	}
	w := writer{expect: new(Expect)}
	var s signer
	if err := w.planHeld(&s, t); err != nil {
		return Issued{}, err
	}
	t.prepared = &prepared{id: s.id, keyInfo: s.keyInfo}
	for ref := range w.expect.known {
		t.prepared.answer = ref
	}
	return t, nil
}

func (Username) token() {}
func (X509) token()     {}
func (Issued) token()   {}
func (Shared) token()   {}
