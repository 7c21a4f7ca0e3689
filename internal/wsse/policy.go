package wsse

import (
	"crypto/x509"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
)

// A Policy says what a message must show.
type Policy struct {
	Suite alg.Suite

	// TLS says that the message came over TLS that ended in this process, with
	// the peer authenticated as far as the caller needs. Only then are parts
	// protected that no signature covers. Without it, Body and Timestamp must
	// be signed.
	TLS bool

	// Sealed says that messages come without TLS as well, so that anybody may have
	// the ciphertext of somebody's token and send it over TLS: a token that was
	// encrypted must then be bound to its message by a signature, as it must without
	// TLS.
	Sealed bool

	// Required must be covered by one signature. PartAddressing as a whole
	// means every addressing header that is there. Where there is a signature
	// at all, the Timestamp is always required.
	Required Parts

	// Encrypted must have been encrypted for us, as far as it is in the message.
	Encrypted Parts
	// SignedHeaders and EncryptedHeaders name further header blocks that must
	// be covered like Required, or encrypted, if the message has them.
	SignedHeaders, EncryptedHeaders []soap.Name

	RequireTimestamp    bool
	MaxLatency, MaxSkew time.Duration // 5 minutes each if zero; negative: none

	// Possession lets a key that nobody trusts sign as well, if the message
	// carries it, to prove that the sender has it: an issuer that is asked to
	// bind a token to a key wants that. Such a signature must cover the
	// Timestamp. It protects no part and authenticates nobody; it is a
	// [Signer] with Possession set, and no more.
	Possession bool

	// Anonymous accepts messages that authenticate nobody: for callers who
	// know the peer otherwise.
	Anonymous bool

	// Reply is set by a client that reads the answer to a message: it holds
	// the answer against what was sent. Anonymous is implied.
	Reply *Expect
	// Confirmed demands that the answer confirms every signature of the
	// message that Reply is about.
	Confirmed bool
}

// Credentials are the keys that a message is verified with: the answers to
// [Pending.Needs] and what else the verifier trusts.
type Credentials struct {
	Keys map[KeyRef]alg.Key

	// Issuers are the certificates trusted to sign assertions, by the name of
	// the issuer; those under "" may sign for any name.
	Issuers map[string][]*x509.Certificate

	// Recipients are our own keys, to open what is encrypted for us.
	Recipients []Recipient

	// Password decides about username tokens. Unknown users and wrong
	// passwords should take the same time. Nil refuses all.
	Password func(Password) bool

	// Vouchers are the keys trusted to speak for the subjects of
	// sender-vouches assertions.
	Vouchers []alg.Key
}

// A Recipient is a private key and, so that messages can name it, its
// certificate.
type Recipient struct {
	Key         alg.Key
	Certificate *x509.Certificate // nil: used when it is the only Recipient
}
