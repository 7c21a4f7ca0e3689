package wstrust

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wst"
)

// Action says what is asked of the issuer. In WWSAPI:
// WS_REQUEST_SECURITY_TOKEN_ACTION, which has the first, NewContext and
// RenewContext.
type Action uint8

// The actions.
const (
	Issue      = Action(wst.Issue)      // a new token
	Renew      = Action(wst.Renew)      // Existing, with a new lifetime
	NewContext = Action(wst.NewContext) // a security context token
	// RenewContext gives Existing, a security context token, another key and a
	// new lifetime. The request carries it and is signed with its key.
	RenewContext = Action(wst.RenewContext)
)

// EntropyMode says who contributes to a symmetric proof key. In WWSAPI:
// WS_SECURITY_KEY_ENTROPY_MODE.
type EntropyMode uint8

// The entropy modes.
const (
	ServerEntropy   = EntropyMode(wst.ServerEntropy)   // the issuer makes the key
	ClientEntropy   = EntropyMode(wst.ClientEntropy)   // the requestor makes the key
	CombinedEntropy = EntropyMode(wst.CombinedEntropy) // both, by P_SHA1
)

// A Claim is a statement that the token should make about its subject.
type Claim struct {
	URI      string // claim type
	Value    string // demanded value; the issuer's choice if empty
	Optional bool   // a token without it will do
}

// A TokenRequest asks an issuer for a token. Only AppliesTo is usually needed.
// In WWSAPI: the WS_REQUEST_SECURITY_TOKEN_PROPERTY array.
type TokenRequest struct {
	Action    Action // Issue if zero
	AppliesTo string // address of the service that will receive the token
	// AppliesToReference is an endpoint reference to AppliesTo, to send in
	// place of the bare address, for a service that is more than its address.
	// In WWSAPI: APPLIES_TO, which always is one.
	AppliesToReference XML
	TokenType          string // URI; the issuer chooses if empty
	KeyType            KeyType
	KeySize            int         // bits, symmetric keys only: 128 to 512
	Entropy            EntropyMode // who makes a symmetric key; the issuer if zero

	// UseKey is the key that a PublicKey token will be bound to. If nil, the
	// channel's certificate binding lends its key, and without one a fresh
	// RSA key of 2048 bits is made for this token alone.
	UseKey crypto.Signer
	// UseKeyCertificate is a certificate of UseKey, sent in place of the bare
	// key for issuers that want one.
	UseKeyCertificate *x509.Certificate

	Existing   *Token        // for Renew and RenewContext
	OnBehalfOf *Token        // of the party the token is for
	ActAs      *Token        // of the party to act as; WS-Trust 1.4
	Claims     []Claim       // what the token should say of its subject
	Lifetime   time.Duration // the issuer's choice if zero
	Parameters []XML         // added to the request as they are. In WWSAPI: LOCAL_REQUEST_PARAMETERS
	Secondary  []XML         // asked for by the service's policy. In WWSAPI: SERVICE_REQUEST_PARAMETERS
}

// message translates the request for the protocol layer, and returns the key
// that a PublicKey token will be bound to.
func (r *TokenRequest) message(c *Config) (wst.Request, alg.Key, error) {
	m := wst.Request{
		Action:     wst.Action(r.Action),
		AppliesTo:  r.AppliesTo,
		TokenType:  r.TokenType,
		KeyType:    wst.KeyType(r.KeyType),
		KeySize:    r.KeySize,
		BearerURI:  c.Versions.BearerKeyType,
		Entropy:    wst.EntropyMode(r.Entropy),
		Lifetime:   r.Lifetime,
		Addressing: soap.Addressing(c.Versions.Addressing).Namespace(),
		Suite:      alg.Suite(c.Suite),
	}
	switch r.Action {
	case Issue, NewContext:
		if r.Existing != nil {
			return m, alg.Key{}, fmt.Errorf("%w: Existing goes with Renew and RenewContext only", ErrConfig)
		}
	case Renew:
		if r.Existing == nil {
			return m, alg.Key{}, fmt.Errorf("%w: Renew needs the Existing token", ErrConfig)
		}
		m.Target = r.Existing.xml
	case RenewContext:
		h, err := r.Existing.held()
		if err != nil {
			return m, alg.Key{}, err
		}
		m.Target = h.Unattached
	default:
		return m, alg.Key{}, fmt.Errorf("%w: action %d does not exist", ErrConfig, r.Action)
	}
	if r.OnBehalfOf != nil {
		m.OnBehalfOf = r.OnBehalfOf.xml
	}
	if r.ActAs != nil {
		m.ActAs = r.ActAs.xml
	}
	for _, c := range r.Claims {
		m.Claims = append(m.Claims, wst.Claim{URI: c.URI, Value: c.Value, Optional: c.Optional})
	}
	if r.AppliesToReference != "" {
		if r.AppliesTo == "" {
			return m, alg.Key{}, fmt.Errorf("%w: AppliesToReference without AppliesTo", ErrConfig)
		}
		if _, err := r.AppliesToReference.element("AppliesToReference"); err != nil {
			return m, alg.Key{}, err
		}
		m.AppliesToXML = []byte(r.AppliesToReference)
	}
	var err error
	if m.Parameters, err = elements(r.Parameters, "a request parameter"); err != nil {
		return m, alg.Key{}, err
	}
	if m.Secondary, err = elements(r.Secondary, "a secondary parameter"); err != nil {
		return m, alg.Key{}, err
	}
	if err := c.Profile.checkRequest(r, c); err != nil {
		return m, alg.Key{}, err
	}
	key, err := r.useKey(c, &m)
	return m, key, err
}

// useKey settles which key pair a PublicKey token is for.
func (r *TokenRequest) useKey(c *Config, m *wst.Request) (alg.Key, error) {
	if r.KeyType != PublicKey {
		if r.UseKey != nil || r.UseKeyCertificate != nil {
			return alg.Key{}, fmt.Errorf("%w: UseKey goes with KeyType PublicKey only", ErrConfig)
		}
		return alg.Key{}, nil
	}
	signer, cert := r.UseKey, r.UseKeyCertificate
	if signer == nil && cert != nil {
		return alg.Key{}, fmt.Errorf("%w: UseKeyCertificate without UseKey", ErrConfig)
	}
	if signer == nil {
		for _, b := range c.Bindings {
			if b, ok := b.(certificate); ok {
				certs, key, err := b.parse()
				if err != nil {
					return alg.Key{}, fmt.Errorf("%w: %w", ErrConfig, err)
				}
				m.UseKeyCert, m.UseKey = certs[0], certs[0].PublicKey
				return key, nil
			}
		}
		fresh, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return alg.Key{}, err
		}
		signer = fresh
	}
	if cert != nil && !samePublic(signer.Public(), cert.PublicKey) {
		return alg.Key{}, fmt.Errorf("%w: UseKeyCertificate is not a certificate of UseKey", ErrConfig)
	}
	key, err := alg.PrivateKey(signer)
	if err != nil {
		return alg.Key{}, fmt.Errorf("%w: UseKey: %w", ErrConfig, err)
	}
	m.UseKeyCert, m.UseKey = cert, signer.Public()
	return key, nil
}

func elements(list []XML, what string) ([][]byte, error) {
	var out [][]byte
	for _, x := range list {
		if _, err := x.element(what); err != nil {
			return nil, err
		}
		out = append(out, []byte(x))
	}
	return out, nil
}
