package wst

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"io"
	"time"

	"wstrust/internal/alg"
)

// A Request is the content of a RequestSecurityToken. The zero value asks for
// a token and leaves every choice to the issuer.
//
// Values of type []byte hold one XML element each, able to stand alone; the
// reader fills them with the octets that came, and the writer copies them as
// they are.
type Request struct {
	Action  Action
	Context string // correlates the answer; [New] makes one if it is empty

	TokenType string // URI
	KeyType   KeyType
	BearerURI string // how Bearer is spelled, if not as [Version.KeyTypeURI] has it
	KeySize   int    // in bits; 0 leaves it out

	AppliesTo    string // address of the service that will receive the token
	AppliesToXML []byte // what stands in AppliesTo, if that is more than an address
	Addressing   string // namespace of the endpoint reference; empty means WS-Addressing 1.0

	Entropy       EntropyMode
	ClientEntropy Secret // [New] makes it if the mode needs one and it is empty
	ComputedKey   string // ComputedKeyAlgorithm
	// SealTo encrypts the client's entropy for the holder of this key, with
	// the algorithms of Suite. Only the writer looks at it.
	SealTo alg.Key
	Suite  alg.Suite

	// The key that a PublicKey token is to be bound to: a certificate, a bare
	// key, or an element that names one; the first that is set is written. The
	// reader sets every field it can. None of them is to be trusted: they say
	// which key the requestor wants, not who he is.
	UseKeyCert *x509.Certificate
	UseKey     crypto.PublicKey // *rsa.PublicKey or *ecdsa.PublicKey
	UseKeyXML  []byte
	UseKeySig  string // Id of the signature that proves possession of the key

	Claims        []Claim
	ClaimsDialect string // URI; empty means one that fits the claims

	// The lifetime asked for. Lifetime, which only the writer looks at, counts
	// from the time of the first step, if Created and Expires are not set.
	Created, Expires time.Time
	Lifetime         time.Duration

	OnBehalfOf []byte // token, or reference to one, of the party the token is for
	ActAs      []byte // likewise, of the party the requestor wants to act as
	Target     []byte // the token to be renewed, validated or cancelled, or a reference to it
	Renewing   *Renewing

	Delegatable, Forwardable *bool

	SignatureAlgorithm, EncryptionAlgorithm, CanonicalizationAlgorithm string // URIs

	Parameters [][]byte // further elements; the reader puts here what it does not know
	// Secondary holds what the service's policy asked for. WS-Trust 1.3 wraps
	// it in SecondaryParameters; February 2005 has it inline after Parameters,
	// where an element that is present already is left out.
	Secondary [][]byte

	secondary *Request // Secondary as the reader understood it
}

// Renewing asks for a token that can be renewed.
type Renewing struct {
	Disallow bool // Allow="false": the token is not to be renewable
	OK       bool // the token may be renewed even after it has expired
}

// A Claim is a statement that the token should make.
type Claim struct {
	URI      string // claim type
	Value    string // demanded value; empty leaves it to the issuer
	Optional bool
}

// WithSecondary returns the request as an issuer should read it: where the
// requestor has not chosen a token type, key type, key size, claims or
// algorithm himself, the secondary parameters choose. The receiver is not
// changed. Only a request that was read has a secondary part to merge.
func (r *Request) WithSecondary() *Request {
	m := *r
	s := r.secondary
	if s == nil {
		return &m
	}
	if m.TokenType == "" {
		m.TokenType = s.TokenType
	}
	if m.KeyType == KeyTypeUnspecified {
		m.KeyType, m.BearerURI = s.KeyType, s.BearerURI
	}
	if m.KeySize == 0 && m.KeyType != Bearer {
		m.KeySize = s.KeySize
	}
	if len(m.Claims) == 0 {
		m.Claims, m.ClaimsDialect = s.Claims, s.ClaimsDialect
	}
	for _, f := range []struct{ to, from *string }{
		{&m.ComputedKey, &s.ComputedKey},
		{&m.SignatureAlgorithm, &s.SignatureAlgorithm},
		{&m.EncryptionAlgorithm, &s.EncryptionAlgorithm},
		{&m.CanonicalizationAlgorithm, &s.CanonicalizationAlgorithm},
	} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
	return &m
}

// symmetric reports whether the request is for a secret key: it says so, or
// it says nothing and sends entropy, or it is about a security context, which
// has no other kind of key.
func (r *Request) symmetric() bool {
	switch r.KeyType {
	case Symmetric:
		return true
	case KeyTypeUnspecified:
		return r.Entropy != ServerEntropy || r.Action == NewContext || r.Action == RenewContext
	}
	return false
}

// Clear overwrites the client's entropy.
func (r *Request) Clear() { r.ClientEntropy.Clear() }

// Format implements [fmt.Formatter]: every verb prints what is asked for, and
// neither keys nor tokens.
func (r Request) Format(f fmt.State, _ rune) { io.WriteString(f, r.String()) }

// String tells what is asked for, without keys and tokens.
func (r Request) String() string {
	return fmt.Sprintf("RequestSecurityToken{%s, token type %s, for %s, %s key, %s}",
		r.Action, clip(r.TokenType), clip(r.AppliesTo), r.KeyType, r.Entropy)
}
