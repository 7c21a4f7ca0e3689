// Package service is the receiving side of secured SOAP: octets in, a verified
// message and its sender out.
//
// A [Verifier] says whom a service believes. [Verifier.Verify] takes one
// message; [Verifier.Handler] puts it behind net/http: it reads, verifies,
// refuses replays, calls a function with the verified [Message], and answers
// with what the function returns. What a message says can be read from its
// verified parts and from nowhere else.
//
// A message that is refused is answered with one and the same fault whatever
// the reason was. The reason goes to the Verifier's logger, under the id that
// the answer carries in its Wstrust-Correlation-Id header.
package service

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"wstrust/cache"
	"wstrust/internal/alg"
	"wstrust/internal/wsse"
)

// A Suite names the algorithms that are admitted in messages and tokens, and
// written in answers. Empty is Modern: SHA-256 and better, no RSA 1.5, no
// SHA-1. Other names are those of WS-SecurityPolicy, and Legacy.
type Suite = alg.Suite

// Parts is a set of parts of a message.
type Parts = wsse.Parts

// The parts that [Verifier.Require] may name.
const (
	Timestamp  = wsse.PartTimestamp
	Body       = wsse.PartBody
	To         = wsse.PartTo
	Action     = wsse.PartAction
	MessageID  = wsse.PartMessageID
	Signature  = wsse.PartSignature  // the signatures, for RequireEncrypted
	Tokens     = wsse.PartToken      // username tokens and bearer assertions, for RequireEncrypted
	Addressing = wsse.PartAddressing // every addressing header that is there
)

// Limits bound what one message can make a service do; wstrust.Limits is the
// same type. A limit can be lowered and raised, and not be switched off.
// Its fields, and what they are if zero:
//
//	MessageBytes    octets of a message, decrypted or not; 256 KiB
//	Depth           elements in each other; 64
//	Elements        elements; 10,000
//	Attributes      attributes of one element, declarations among them; 128
//	Namespaces      namespace declarations; 1,024
//	NameBytes       octets of one name; 8 KiB
//	Headers         header blocks; 64
//	Tokens          tokens in the Security header; 8
//	Signatures      signatures in it; 8
//	References      references of one signature; 30
//	EncryptedParts  what is encrypted; 32
//	EncryptedKeys   keys that are sent encrypted; 8
//	Legs            for clients
type Limits = wsse.Limits

// A Verifier decides which messages a service accepts. The zero value accepts
// nothing: a Verifier needs Audiences, Replay, and at least one of Issuers,
// Users, ClientCAs, KnownClients, SharedKeys and HTTPUser. It must not be changed
// while it is in use, and may then be used by many goroutines at once.
//
// A message must arrive over TLS that ends in this process, must carry a fresh
// Timestamp, and must carry one token that is accepted. Where the message is
// signed, the signature must cover the Timestamp and all of Require; the rest
// is protected by TLS.
type Verifier struct {
	// Audiences are the URIs under which issuers know this service. An
	// assertion must name one of them, letter for letter.
	Audiences []string
	// Addresses are the URLs at which this service is reached. If there are
	// any, a message with a wsa:To must name one of them, and the signature of
	// a client that is known by its certificate, a shared key or a key from a
	// password must be over To or over the Body. Set them where clients sign with
	// these: such a message has no audience, and another service could pass it on,
	// around a body of its own.
	// Put To into Require where the client's own body must not be passed on
	// either; not every client signs it.
	Addresses []string

	// Issuers are those whose SAML assertions are accepted.
	Issuers []Issuer
	// Users checks passwords. Nil refuses username tokens.
	Users Users
	// ClientCAs are the roots of certificates that clients sign with or show
	// in the TLS handshake. Nil refuses both. The http.Server must ask for
	// certificates ([tls.RequestClientCert] or stricter) for the latter.
	ClientCAs *x509.CertPool
	// Revocation is asked about every path to one of ClientCAs; whoever it does
	// not find good is refused. Nil is: nothing is looked up. KnownClients and
	// the certificates of Issuers are keys that you chose, and not asked about.
	Revocation Revocation
	// KnownClients are certificates that a message may only name, by issuer
	// and serial number, subject key identifier or thumbprint. They count as
	// they stand here: no path is looked for, but their validity.
	KnownClients []*x509.Certificate
	// SharedKeys has the symmetric keys that clients sign with and name
	// (ds:KeyName). Whoever has one of them is its principal. A key shared with
	// several services lets each of them be taken for the client: with Addresses,
	// the signature must be over To or over the Body. Nil refuses them.
	SharedKeys SharedKeys
	// Decrypt are this service's own RSA keys, with which encrypted messages,
	// assertions and symmetric proof keys are opened.
	Decrypt []tls.Certificate

	// HTTPUser, if not nil, says whom the HTTP request of a message was
	// authenticated as, by whatever stands before the Handler and left it in the
	// request's context; "" is nobody. Such a message needs no token, nor a
	// Timestamp if it has no Security header, and nothing but TLS keeps it from
	// being sent again.
	HTTPUser func(context.Context) string

	// Contexts serves security contexts, to whoever is accepted by what is
	// above. Nil refuses them.
	Contexts *Contexts

	// Replay remembers messages until they expire. It must be shared by all
	// processes that answer for the same service. If it cannot be asked, or
	// is full, messages are refused.
	Replay *cache.Cache

	Suite Suite
	// Profile is how closely messages must keep to a published profile;
	// [Interoperable] if zero.
	Profile Profile
	// Require are parts that a signature must cover, where the message is
	// signed, besides the Timestamp. An unsigned message is refused if Require
	// is not empty.
	Require Parts
	// RequireEncrypted are parts that must be encrypted for this service, as
	// far as a message has them. Whatever is encrypted for one of Decrypt is
	// decrypted, and the answer is then protected by the same keys, or
	// encrypted for the client's certificate.
	RequireEncrypted Parts
	// Confirm has answers confirm the signatures of their requests
	// (WS-Security 1.1).
	Confirm bool
	// MaxLatency is how old a message may be, and MaxSkew how far the sender's
	// clock may be off; 5 minutes each if zero.
	MaxLatency, MaxSkew time.Duration
	// Limits bound what one message can make us do.
	Limits Limits

	// Signer signs answers, over Timestamp, Body and the addressing headers.
	// Nil leaves them to TLS.
	Signer *tls.Certificate

	// Logger is told why a message was refused. Nil is silence.
	Logger *slog.Logger

	// InsecurePlaintext accepts messages that did not come over TLS. Passwords
	// and bearer tokens then cross the network in the clear, and nothing
	// protects what a signature does not cover. A token that is encrypted in the
	// message counts over TLS too only under a signature by its key, since somebody
	// else may have read it as ciphertext and sent it.
	InsecurePlaintext bool
}

// An Issuer is someone whose assertions are believed.
type Issuer struct {
	Name string // what stands as Issuer in the assertions, letter for letter
	// AnyName takes the Certificates for whatever stands as Issuer. Name must
	// then be empty. Who trusts two issuers must not go by their names, since
	// each of them could write the other's.
	AnyName      bool
	Certificates []*x509.Certificate // one of these signed the assertion; validity dates are not looked at
}

// ErrConfig is wrapped by errors about a Verifier that cannot work.
var ErrConfig = errors.New("service: configuration")

const defaultAge = 5 * time.Minute

// Check reports what is wrong with the configuration, or nil. Verify and
// Handler refuse everything as long as it reports something.
func (v *Verifier) Check() error {
	wrong := func(format string, a ...any) error {
		return fmt.Errorf("%w: %s", ErrConfig, fmt.Sprintf(format, a...))
	}
	if len(v.Audiences) == 0 {
		return wrong("Audiences is empty: a service must say who it is")
	}
	for _, s := range append(v.Audiences[:len(v.Audiences):len(v.Audiences)], v.Addresses...) {
		if s == "" {
			return wrong("an entry of Audiences or Addresses is empty")
		}
	}
	if v.Replay == nil {
		return wrong("Replay is nil: cache.New(cache.NewMemory(bytes), key) makes one for a single process")
	}
	if len(v.Issuers) == 0 && v.Users == nil && v.ClientCAs == nil && len(v.KnownClients) == 0 && v.SharedKeys == nil && v.HTTPUser == nil {
		return wrong("Issuers, Users, ClientCAs, KnownClients, SharedKeys and HTTPUser are all empty: nobody would be accepted")
	}
	for _, i := range v.Issuers {
		if (i.Name == "") != i.AnyName || len(i.Certificates) == 0 {
			return wrong("issuer %q needs a name, or AnyName, and a certificate", i.Name)
		}
	}
	if !v.Suite.Valid() {
		return wrong("unknown algorithm suite %q", string(v.Suite))
	}
	for i := range v.Decrypt {
		if _, ok := v.Decrypt[i].PrivateKey.(crypto.Decrypter); !ok || leafOf(&v.Decrypt[i]) == nil {
			return wrong("entry %d of Decrypt is not a certificate with a key that decrypts", i)
		}
	}
	if v.Signer != nil {
		if _, ok := v.Signer.PrivateKey.(crypto.Signer); !ok || leafOf(v.Signer) == nil {
			return wrong("Signer is not a certificate with a key that signs")
		}
	}
	if err := v.checkContexts(); err != nil {
		return err
	}
	if err := v.checkProfile(); err != nil {
		return err
	}
	if v.MaxLatency < 0 || v.MaxSkew < 0 {
		return wrong("a limit is negative")
	}
	return nil
}

func (v *Verifier) latency() time.Duration { return orDefault(v.MaxLatency) }
func (v *Verifier) skew() time.Duration    { return orDefault(v.MaxSkew) }

func orDefault(d time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return defaultAge
}

func (v *Verifier) log() *slog.Logger {
	if v.Logger != nil {
		return v.Logger
	}
	return slog.New(slog.DiscardHandler)
}

// leafOf returns the certificate of a pair, or nil.
func leafOf(c *tls.Certificate) *x509.Certificate {
	if c.Leaf != nil {
		return c.Leaf
	}
	if len(c.Certificate) == 0 {
		return nil
	}
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		return nil
	}
	return leaf
}
