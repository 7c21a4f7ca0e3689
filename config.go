package wstrust

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
)

// A Config says how a [Channel] speaks and how it is secured. The zero Config
// is WS-Trust 1.3 over SOAP 1.2 and HTTPS with SHA-256 throughout. A Config is
// not changed by a Channel and may be used for many. In WWSAPI:
// WS_SECURITY_DESCRIPTION and the channel properties.
type Config struct {
	// Bindings are the tokens to put on each message, in header order.
	Bindings []Binding
	// TLS holds the certificate authorities to trust and the client
	// certificate to show. nil trusts the system's. Ignored if HTTP is set.
	TLS *tls.Config
	// HTTP is the client to use; redirects are not followed whatever it says.
	// nil is a client of the channel's own.
	HTTP *http.Client

	Versions Versions
	// Profile is how closely to keep to a published profile; [Interoperable]
	// if zero.
	Profile Profile
	// Suite says which algorithms are written and admitted; [Modern] if empty.
	Suite  Suite
	Header Header
	Limits Limits
	// Protection says which parts of messages are signed and encrypted; nil
	// leaves them to TLS, but for what the bindings sign.
	Protection *Protection

	// TokenSigners, if any, are the certificates one of which must have signed
	// the assertion that an issuer answers with. Without any the assertion is
	// not looked into: checking it is the business of the service it is for.
	TokenSigners []*x509.Certificate

	// PeerCertificates are those whose keys may sign the peer's answers. An
	// answer signed by another key is refused. Without message signatures TLS
	// alone protects the answer, and none is needed.
	PeerCertificates []*x509.Certificate

	// Logger is told of each exchange, without secrets. nil is silent.
	Logger *slog.Logger

	// InsecurePlaintext allows http:// endpoints. Tokens then cross the
	// network in the clear. In WWSAPI: TRANSPORT_PROTECTION_LEVEL NONE.
	InsecurePlaintext bool
}

// Versions are the versions of the specifications an endpoint speaks. The zero
// value of each is the newest in common use.
type Versions struct {
	Trust      TrustVersion      // of WS-Trust; 1.3 if zero
	SOAP       SOAPVersion       // of the envelope; 1.2 if zero
	Addressing AddressingVersion // of the addressing headers; 1.0 if zero
	Security   SecurityVersion   // of WS-Security; 1.1 if zero
	// BearerKeyType is the KeyType URI written for a bearer token; the errata
	// spelling of WS-Trust 1.3 if empty. All spellings are accepted. In
	// WWSAPI: BEARER_KEY_TYPE_VERSION.
	BearerKeyType string
}

// TrustVersion is a version of WS-Trust. In WWSAPI: WS_TRUST_VERSION.
type TrustVersion uint8

// The versions of WS-Trust.
const (
	Trust13   TrustVersion = TrustVersion(wst.Trust13)   // WS-Trust 1.3
	Trust2005 TrustVersion = TrustVersion(wst.Trust2005) // WS-Trust of February 2005
	Trust14   TrustVersion = TrustVersion(wst.Trust14)   // WS-Trust 1.4
)

// SOAPVersion is a version of SOAP. In WWSAPI: WS_ENVELOPE_VERSION.
type SOAPVersion uint8

// The versions of SOAP.
const (
	SOAP12 SOAPVersion = SOAPVersion(soap.V12)
	SOAP11 SOAPVersion = SOAPVersion(soap.V11)
)

// AddressingVersion is a version of WS-Addressing. In WWSAPI:
// WS_ADDRESSING_VERSION.
type AddressingVersion uint8

// The versions of WS-Addressing.
const (
	Addressing10     AddressingVersion = AddressingVersion(soap.A10)   // WS-Addressing 1.0, 2005/08
	Addressing200408 AddressingVersion = AddressingVersion(soap.A04)   // the member submission of 2004/08
	AddressingNone   AddressingVersion = AddressingVersion(soap.ANone) // no addressing headers
)

// SecurityVersion is a version of WS-Security. In WWSAPI:
// WS_SECURITY_HEADER_VERSION.
type SecurityVersion uint8

// The versions of WS-Security.
const (
	Security11 SecurityVersion = SecurityVersion(wsse.V11)
	Security10 SecurityVersion = SecurityVersion(wsse.V10)
)

// A Suite names a set of algorithms: [Modern], or one of the twelve suites of
// WS-SecurityPolicy 1.1, whose names it has. In WWSAPI:
// WS_SECURITY_ALGORITHM_SUITE_NAME.
type Suite string

// The suites. Only Modern has SHA-256 signatures; the twelve others sign with
// SHA-1, also those with Sha256 in the name, as WS-SecurityPolicy 1.1 has it.
const (
	Modern              = Suite(alg.Modern)
	Basic256            = Suite(alg.Basic256)
	Basic192            = Suite(alg.Basic192)
	Basic128            = Suite(alg.Basic128)
	Basic256Rsa15       = Suite(alg.Basic256Rsa15)
	Basic192Rsa15       = Suite(alg.Basic192Rsa15)
	Basic128Rsa15       = Suite(alg.Basic128Rsa15)
	Basic256Sha256      = Suite(alg.Basic256Sha256)
	Basic192Sha256      = Suite(alg.Basic192Sha256)
	Basic128Sha256      = Suite(alg.Basic128Sha256)
	Basic256Sha256Rsa15 = Suite(alg.Basic256Sha256Rsa15)
	Basic192Sha256Rsa15 = Suite(alg.Basic192Sha256Rsa15)
	Basic128Sha256Rsa15 = Suite(alg.Basic128Sha256Rsa15)
)

// Header says how the Security header is written and how old one may be.
type Header struct {
	Timestamp  TimestampUsage // always, if zero
	Layout     Layout         // strict, if zero
	TTL        time.Duration  // of our timestamps; 5 minutes if zero
	MaxLatency time.Duration  // of the peer's; 5 minutes if zero
	MaxSkew    time.Duration  // between the clocks; 5 minutes if zero
	// Sign adds to what signing tokens sign. The zero value signs what WWSAPI
	// signs: the Timestamp, and To as well with an asymmetric key.
	Sign Parts
}

// TimestampUsage says which messages carry a Timestamp. In WWSAPI:
// WS_SECURITY_TIMESTAMP_USAGE.
type TimestampUsage uint8

// The uses of the Timestamp.
const (
	TimestampAlways       TimestampUsage = TimestampUsage(wsse.Always)
	TimestampNever        TimestampUsage = TimestampUsage(wsse.Never)
	TimestampRequestsOnly TimestampUsage = TimestampUsage(wsse.RequestsOnly)
)

// Layout is the order of the Security header. In WWSAPI:
// WS_SECURITY_HEADER_LAYOUT.
type Layout uint8

// The layouts.
const (
	LayoutStrict         Layout = Layout(wsse.Strict)
	LayoutLax            Layout = Layout(wsse.Lax)
	LayoutTimestampFirst Layout = Layout(wsse.TimestampFirst)
	LayoutTimestampLast  Layout = Layout(wsse.TimestampLast)
)

// Parts is a set of parts of a message.
type Parts uint16

// The parts that a signature can cover.
const (
	PartTimestamp  = Parts(wsse.PartTimestamp)
	PartBody       = Parts(wsse.PartBody)
	PartTo         = Parts(wsse.PartTo)
	PartAddressing = Parts(wsse.PartAddressing) // every addressing header
	PartToken      = Parts(wsse.PartToken)      // the token whose key signs
)

// Limits bound what a peer can make us read and do; service.Limits is the same
// type. A limit can be lowered and raised, and not be switched off; however far
// it is raised, an element has 16,384 attributes, a document 32,768 declarations
// and a name 65,535 octets at most.
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
//	Legs            answers of an issuer that negotiates; 8
type Limits = wsse.Limits

// check refuses a Config that contradicts itself.
func (c *Config) check() error {
	if !alg.Suite(c.Suite).Valid() {
		return fmt.Errorf("%w: unknown suite %s", ErrConfig, quote(string(c.Suite)))
	}
	v := c.Versions
	if v.Trust > Trust14 || v.SOAP > SOAP11 || v.Addressing > AddressingNone || v.Security > Security10 {
		return fmt.Errorf("%w: a version in Versions does not exist", ErrConfig)
	}
	h := c.Header
	if h.Timestamp > TimestampRequestsOnly || h.Layout > LayoutTimestampLast {
		return fmt.Errorf("%w: a value in Header does not exist", ErrConfig)
	}
	if h.TTL < 0 || h.MaxLatency < 0 || h.MaxSkew < 0 {
		return fmt.Errorf("%w: a duration in Header is negative", ErrConfig)
	}
	if err := c.Protection.check(c); err != nil {
		return err
	}
	if err := c.checkProfile(); err != nil {
		return err
	}
	usernames := 0
	for i, b := range c.Bindings {
		if b == nil {
			return fmt.Errorf("%w: binding %d is nil", ErrConfig, i)
		}
		if err := b.check(c); err != nil {
			return fmt.Errorf("%w: binding %d: %w", ErrConfig, i, err)
		}
		if _, ok := b.(username); ok {
			usernames++
		}
	}
	if usernames > 1 {
		return fmt.Errorf("%w: two username bindings; a message has one user", ErrConfig)
	}
	return nil
}
