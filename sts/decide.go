package sts

import (
	"crypto/x509"
	"errors"
	"time"

	"wstrust/internal/wst"
	"wstrust/saml"
	"wstrust/service"
)

// A KeyType says how the holder of a token will prove that it is his.
type KeyType = wst.KeyType

// The key types. The request that Decide sees never has KeyTypeUnspecified.
const (
	Bearer    = wst.Bearer    // no proof
	Symmetric = wst.Symmetric // a secret, encrypted for the relying party
	PublicKey = wst.PublicKey // a private key of the holder's
)

// A Claim is a statement that a requestor wants in the token.
type Claim = wst.Claim

// A Request is what is asked for. Nothing of it is granted yet; what the
// requestor may have is for Decide to say.
type Request struct {
	AppliesTo string // "" if the requestor names no service
	TokenType string // URI, one of [SAML11] and [SAML20]
	KeyType   KeyType
	Lifetime  time.Duration // 0 if the requestor does not ask for one
	Claims    []Claim       // wanted or, unless optional, demanded

	// OnBehalfOf and ActAs are the subjects of verified assertions of the
	// Verifier's Issuers that the requestor holds; nil if there are none. Where
	// the Server has a closed list of RelyingParties, the assertions are for
	// one of them or for the issuer. The
	// requestor need not be the one whom the token was issued for, nor hold
	// its key: he says that he acts for its subject.
	OnBehalfOf *service.Principal
	ActAs      *service.Principal
}

// Token types.
const (
	SAML11 = wst.TokenSAML11
	SAML20 = wst.TokenSAML20
)

// A Grant is what goes into the assertion. The zero Grant is one for a subject
// without a name, and is refused.
type Grant struct {
	Subject string // who the token is about
	Format  string // URI of the name's format; unspecified if empty
	// Attributes are the answer to the claims. Every claim that is not
	// optional must be answered by an attribute of that name, with the value
	// that it demands if it demands one, or the request is refused. For SAML 1.1 a name that is a URI is split at its last
	// slash, unless Namespace is set.
	Attributes []saml.Attribute
	// Audience replaces AppliesTo as the audience of the assertion. It is
	// needed where the requestor names no service: an assertion for nobody in
	// particular is refused.
	Audience string
	// Lifetime replaces what the request and the Server say, in either
	// direction.
	Lifetime time.Duration
	// Certificate replaces that of the relying party.
	Certificate *x509.Certificate
	// OneTimeUse lets the token be used only once.
	OneTimeUse bool
}

// What Decide may return to have the peer told why. Other errors, unless they
// are a [*service.Fault], are logged and leave as RequestFailed.
var (
	// ErrDenied: this requestor may not have that token.
	ErrDenied = errors.New("denied")
	// ErrInvalidScope: no tokens are issued for that service.
	ErrInvalidScope = errors.New("the service is not known")
	// ErrInvalidRequest: the request makes no sense.
	ErrInvalidRequest = errors.New("invalid request")
)
