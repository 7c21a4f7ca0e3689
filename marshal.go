package wstrust

import (
	"encoding/json"
	"fmt"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/reveal"
	"wstrust/internal/wst"
)

// stored is the form of a Token at rest.
type stored struct {
	Version    int       `json:"v"`
	XML        []byte    `json:"xml"`
	Type       string    `json:"type,omitempty"`
	AppliesTo  string    `json:"applies_to,omitempty"`
	KeyType    KeyType   `json:"key_type"`
	Secret     []byte    `json:"secret,omitempty"`
	From       time.Time `json:"from,omitzero"`
	Till       time.Time `json:"till,omitzero"`
	Attached   []byte    `json:"attached,omitempty"`
	Unattached []byte    `json:"unattached,omitempty"`
}

// MarshalBinary writes the token for sealed storage: the octets hold the
// symmetric proof key in the clear, and must go through a [cache.Cache] or
// something like it. A private key is not written; see [Token.WithKey].
func (t *Token) MarshalBinary() ([]byte, error) {
	return json.Marshal(stored{
		Version: 1, XML: t.xml, Type: t.typ, AppliesTo: t.appliesTo, KeyType: t.keyType,
		Secret: t.SymmetricKey(reveal.Permit{}), From: t.from, Till: t.till, Attached: t.attached, Unattached: t.unattached,
	})
}

// UnmarshalBinary reads what MarshalBinary wrote. A PublicKey token is without
// its key afterwards and cannot be presented before [Token.WithKey].
//
// Errors wrap [ErrFormat].
func (t *Token) UnmarshalBinary(data []byte) error {
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("%w: stored token", ErrFormat) // what json says may quote the key
	}
	if s.Version != 1 || len(s.XML) == 0 || s.KeyType > PublicKey || (s.KeyType == Symmetric) != (len(s.Secret) > 0) {
		return fmt.Errorf("%w: stored token", ErrFormat)
	}
	n := Token{
		xml: s.XML, typ: s.Type, appliesTo: s.AppliesTo, keyType: s.KeyType,
		from: s.From, till: s.Till, attached: s.Attached, unattached: s.Unattached,
	}
	if s.KeyType == Symmetric {
		key, err := alg.SecretKey(s.Secret)
		clear(s.Secret)
		if err != nil {
			return fmt.Errorf("%w: stored token: %w", ErrFormat, err)
		}
		n.key = key
	}
	*t = n
	return nil
}

// WithKey returns the token with its private key, for a PublicKey token that
// was stored without. Errors wrap [ErrConfig].
func (t *Token) WithKey(key Key) (*Token, error) {
	switch {
	case key.err != nil:
		return nil, fmt.Errorf("%w: proof key: %w", ErrConfig, key.err)
	case t.keyType != PublicKey || !key.key.IsPrivate():
		return nil, fmt.Errorf("%w: a %s token takes no such key", ErrConfig, wst.KeyType(t.keyType))
	}
	n := *t
	n.key = key.key
	return &n, nil
}
