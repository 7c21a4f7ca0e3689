package wssc

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// A SealKey seals contexts into their tokens. It never prints.
type SealKey struct{ p **sealKey } // two pointers: fmt follows one

type sealKey struct {
	id   string
	aead cipher.AEAD
}

// NewSealKey makes a key of 32 secret octets. Its id, of 1 to 32 octets, is
// written into tokens in the clear and tells the keys of a [Ring] apart.
func NewSealKey(id string, secret []byte) (SealKey, error) {
	if len(id) == 0 || len(id) > 32 {
		return SealKey{}, fmt.Errorf("wssc: seal key: an id of %d octets, 1 to 32 are allowed", len(id))
	}
	if len(secret) != 32 {
		return SealKey{}, fmt.Errorf("wssc: seal key %s: %d octets, 32 are needed", shown(id), len(secret))
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return SealKey{}, err
	}
	// The nonces are random, 96 bits: a key is good for 2^32 contexts.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return SealKey{}, err
	}
	k := &sealKey{id, aead}
	return SealKey{&k}, nil
}

// Format implements [fmt.Formatter]: every verb prints the id alone.
func (k SealKey) Format(f fmt.State, _ rune) {
	if k.p == nil {
		fmt.Fprint(f, "no seal key")
		return
	}
	fmt.Fprintf(f, "seal key %s", shown((*k.p).id))
}

// A Ring seals with its first key and opens with all, so that keys can be
// changed: every process gets the new key behind the old one; then, when all
// have it, in front; then, when the last context sealed with it is over, the
// old one is dropped.
type Ring struct{ keys []*sealKey }

// NewRing makes a Ring.
func NewRing(keys []SealKey) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("wssc: no seal key")
	}
	r := new(Ring)
	for i, k := range keys {
		if k.p == nil {
			return nil, fmt.Errorf("wssc: seal key %d is empty", i)
		}
		for _, other := range r.keys {
			if other.id == (*k.p).id {
				return nil, fmt.Errorf("wssc: two seal keys have the id %s", shown(other.id))
			}
		}
		r.keys = append(r.keys, *k.p)
	}
	return r, nil
}

// sealVersion is the first octet of a cookie.
const sealVersion = 1

// ErrTooLarge says that what is to be sealed would not fit into a token.
var ErrTooLarge = errors.New("wssc: too much for a sealed token")

// Seal returns the cookie for the token of c. Everything but the Owner is in
// it, encrypted with AES-256-GCM; the scope, which names the service, the
// identifier and the instance are its associated data, so that no other token
// can carry it, and no other service take it.
//
//	version (1) | length of key id (1) | key id | nonce (12) | ciphertext | tag
func (r *Ring) Seal(scope string, c *Context) ([]byte, error) {
	k := r.keys[0]
	record := Record{Current: *c}
	plain, err := record.AppendBinary(make([]byte, 0, 256+len(c.Principal)))
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	if len(plain)+2+len(k.id)+k.aead.Overhead() > maxCookie {
		return nil, fmt.Errorf("%w: %d octets about who established the context", ErrTooLarge, len(c.Principal))
	}
	cookie := append([]byte{sealVersion, byte(len(k.id))}, k.id...)
	return k.aead.Seal(cookie, nil, plain, k.bound(scope, c.ID, c.Instance)), nil
}

// Open returns the context that a cookie holds if it is for that scope,
// identifier and instance and of a key of ours. Nothing tells why it is not.
func (r *Ring) Open(cookie []byte, scope, id, instance string) (Context, bool) {
	if len(cookie) < 2 || cookie[0] != sealVersion {
		return Context{}, false
	}
	end := 2 + int(cookie[1])
	if len(cookie) < end {
		return Context{}, false
	}
	name, sealed := string(cookie[2:end]), cookie[end:]
	for _, k := range r.keys {
		if k.id != name {
			continue
		}
		plain, err := k.aead.Open(nil, nil, sealed, k.bound(scope, id, instance))
		if err != nil {
			return Context{}, false
		}
		record, err := ReadRecord(plain)
		clear(plain)
		if err != nil || record.Current.ID != id || record.Current.Instance != instance {
			return Context{}, false
		}
		return record.Current, true
	}
	return Context{}, false
}

// bound is the associated data. Every part says how long it is, so that none
// can take from another.
func (k *sealKey) bound(scope, id, instance string) []byte {
	return fmt.Appendf(nil, "wstrust sct %d %d:%s %d:%s %d:%s %d:%s", sealVersion,
		len(k.id), k.id, len(scope), scope, len(id), id, len(instance), instance)
}
