package wstrust

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/reveal"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

// KeyType is the kind of proof key a token has. In WWSAPI:
// WS_SECURITY_KEY_TYPE.
type KeyType uint8

// The key types.
const (
	// KeyTypeUnspecified leaves the choice to the issuer; WS-Trust implies a
	// symmetric key.
	KeyTypeUnspecified = KeyType(wst.KeyTypeUnspecified)
	// Bearer is no key: whoever has the token may use it.
	Bearer = KeyType(wst.Bearer)
	// Symmetric is a secret that the issuer gives to the requestor and, inside
	// the token, to the service.
	Symmetric = KeyType(wst.Symmetric)
	// PublicKey binds the token to a key pair of the requestor.
	PublicKey = KeyType(wst.PublicKey)
)

// String returns the key type in a word or two.
func (k KeyType) String() string { return wst.KeyType(k).String() }

// A Token is a security token and the key that proves its possession. Its
// octets are the issuer's and are never rewritten. A Token is not changed once
// made and may be used by many goroutines. In WWSAPI: WS_SECURITY_TOKEN.
type Token struct {
	xml                  []byte
	typ                  string
	appliesTo            string
	keyType              KeyType
	key                  alg.Key
	from, till           time.Time
	attached, unattached []byte
}

// Type returns the token type URI as the issuer named it, or as the token's
// own element shows it; "" if neither tells.
func (t *Token) Type() string { return t.typ }

// KeyType returns the kind of proof key.
func (t *Token) KeyType() KeyType { return t.keyType }

// AppliesTo returns the address of the service that the token is for, "" if it
// is not known.
func (t *Token) AppliesTo() string { return t.appliesTo }

// Validity returns from when and till when the issuer said the token is valid.
// Zero times mean that it did not say. In WWSAPI: VALID_FROM_TIME and
// VALID_TILL_TIME.
func (t *Token) Validity() (from, till time.Time) { return t.from, t.till }

// XML returns the token octet for octet. In WWSAPI: SERIALIZED_XML.
func (t *Token) XML() XML { return XML(t.xml) }

// AttachedReference returns the SecurityTokenReference for messages that carry
// the token, "" if the issuer gave none. In WWSAPI: ATTACHED_REFERENCE_XML.
func (t *Token) AttachedReference() XML { return XML(t.attached) }

// UnattachedReference returns the SecurityTokenReference for messages that do
// not carry the token, "" if the issuer gave none. In WWSAPI:
// UNATTACHED_REFERENCE_XML.
func (t *Token) UnattachedReference() XML { return XML(t.unattached) }

// SymmetricKey returns a copy of the proof key of a symmetric token, nil for
// other tokens. Only this module can make the permit. In WWSAPI:
// SYMMETRIC_KEY.
func (t *Token) SymmetricKey(reveal.Permit) []byte {
	if t.keyType != Symmetric {
		return nil
	}
	return append([]byte(nil), t.key.Secret()...)
}

// String describes the token and never prints it.
func (t Token) String() string {
	s := fmt.Sprintf("%s token, %s key", typeName(t.typ), t.keyType)
	if t.keyType == Bearer {
		s = fmt.Sprintf("%s token, bearer", typeName(t.typ))
	}
	if t.appliesTo != "" {
		s += " for " + quote(t.appliesTo)
	}
	if !t.till.IsZero() {
		s += ", valid until " + t.till.UTC().Format(time.RFC3339)
	}
	return s
}

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (t Token) Format(f fmt.State, _ rune) { io.WriteString(f, t.String()) }

func typeName(uri string) string {
	switch {
	case wst.SameTokenType(uri, wst.TokenSAML20):
		return "SAML 2.0"
	case wst.SameTokenType(uri, wst.TokenSAML11):
		return "SAML 1.1"
	case uri == "":
		return "security"
	}
	return quote(uri)
}

// A Key is the proof key that goes with a token in [ParseToken]. The zero Key
// is none.
type Key struct {
	key alg.Key
	err error
}

// SymmetricKey returns a secret key of 16 to 64 octets. The octets are copied.
// In WWSAPI: WS_RAW_SYMMETRIC_SECURITY_KEY_HANDLE.
func SymmetricKey(secret []byte) Key {
	if len(secret) > 64 {
		return Key{err: fmt.Errorf("a proof key of %d octets, at most 64 are used", len(secret))}
	}
	k, err := alg.SecretKey(secret)
	return Key{k, err}
}

// SignerKey returns a private key, which may live elsewhere. In WWSAPI:
// WS_NCRYPT_ASYMMETRIC_SECURITY_KEY_HANDLE.
func SignerKey(s crypto.Signer) Key {
	if s == nil {
		return Key{err: errors.New("the signer is nil")}
	}
	k, err := alg.PrivateKey(s)
	return Key{k, err}
}

// ParseToken makes a token of an element that was issued before. Nothing in it
// is verified, and only its type is read. In WWSAPI: WsCreateXmlSecurityToken.
//
// Errors wrap [ErrConfig].
func ParseToken(x XML, key Key) (*Token, error) {
	e, err := x.element("the token")
	if err != nil {
		return nil, err
	}
	if key.err != nil {
		return nil, fmt.Errorf("%w: proof key: %w", ErrConfig, key.err)
	}
	t := &Token{xml: []byte(x), typ: elementType(e), keyType: Bearer, key: key.key}
	switch {
	case key.key.IsZero():
	case key.key.IsSecret():
		t.keyType = Symmetric
	default:
		t.keyType = PublicKey
	}
	return t, nil
}

func elementType(e xmltree.Elem) string {
	switch {
	case e.Is(xmltree.SAML20, "Assertion"), e.Is(xmltree.SAML20, "EncryptedAssertion"):
		return wst.TokenSAML20
	case e.Is(xmltree.SAML11, "Assertion"):
		return wst.TokenSAML11
	case e.Is(xmltree.SC13, "SecurityContextToken"):
		return wst.Trust13.ContextTokenType()
	case e.Is(xmltree.SC2005, "SecurityContextToken"):
		return wst.Trust2005.ContextTokenType()
	}
	return ""
}

// issued is the token as the header writer takes it.
func (t *Token) issued(c *Config) wsse.Token {
	w := wsse.Issued{XML: t.xml, Key: t.key, Attached: t.attached}
	if !t.key.IsZero() {
		w.Parts = wsse.Parts(c.Header.parts(!t.key.IsSecret()))
	}
	return w
}

// fingerprint names the token without telling anything of it.
func (t *Token) fingerprint() string {
	sum := sha256.Sum256(t.xml)
	return hex.EncodeToString(sum[:])
}

// A TokenSource returns a token that is valid now.
type TokenSource interface {
	// Token may block until ctx ends. The token is shared and must not be
	// changed.
	Token(ctx context.Context) (*Token, error)
}

// Static returns a source that always gives the same token, for as long as it
// is valid: once its lifetime is over the error wraps [ErrTokenExpired].
func Static(t *Token) TokenSource { return static{t} }

type static struct{ t *Token }

func (s static) Token(context.Context) (*Token, error) {
	if s.t == nil {
		return nil, fmt.Errorf("%w: the token is nil", ErrConfig)
	}
	if _, till := s.t.Validity(); !till.IsZero() {
		if now := time.Now(); !now.Before(till) {
			return nil, fmt.Errorf("%w: valid until %s, and this clock says %s", ErrTokenExpired,
				till.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
		}
	}
	return s.t, nil
}
