package cache

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
)

// KeySize is the length in bytes of the secret that [NewKey] takes.
const KeySize = 32

// sealVersion is the first byte of every sealed value.
const sealVersion = 1

// A Key seals entries. Its contents never print.
type Key struct{ p *keyring }

type keyring struct {
	id string
	// secrets returns what is derived from the secret: names are HMAC-SHA-256
	// under name, and each entry's AES-256 key is the HMAC-SHA-256 of its name
	// under value. A closure, because a pointer would not do: fmt follows
	// pointers when a verb does not fit the type, as in %s of a struct.
	secrets func() (name, value []byte)
}

// NewKey makes a key from a secret of exactly [KeySize] random bytes. The id is
// 1 to 64 bytes, is stored in the clear beside each value, and must differ from
// the ids of all keys used with the same store.
func NewKey(id string, secret []byte) (Key, error) {
	if len(id) == 0 || len(id) > 64 {
		return Key{}, fmt.Errorf("cache: new key: the id has %d bytes, want 1 to 64", len(id))
	}
	if len(secret) != KeySize {
		return Key{}, fmt.Errorf("cache: new key: the secret of %q has %d bytes, want %d", id, len(secret), KeySize)
	}
	name, err := hkdf.Key(sha256.New, secret, nil, "wstrust cache 1 name", KeySize)
	if err != nil {
		return Key{}, fmt.Errorf("cache: new key: %w", err)
	}
	value, err := hkdf.Key(sha256.New, secret, nil, "wstrust cache 1 value", KeySize)
	if err != nil {
		return Key{}, fmt.Errorf("cache: new key: %w", err)
	}
	return Key{&keyring{id: id, secrets: func() ([]byte, []byte) { return name, value }}}, nil
}

// String returns the key's id.
func (k Key) String() string {
	if k.p == nil {
		return "no cache key"
	}
	return fmt.Sprintf("cache key %q", k.p.id)
}

// sortedByID gives the order in which Add claims names: one that does not
// depend on which key a process happens to write with.
func sortedByID(keys []Key) []Key {
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, func(a, b Key) int { return cmp.Compare(a.p.id, b.p.id) })
	return sorted
}

// An entry is one name under one key.
type entry struct {
	key  string // in the store
	name string
	id   string
	aes  []byte
}

// entry derives a key per name, so that the number of random nonces drawn under
// one AES key stays far below the 2^32 that AES-GCM allows, whatever the number
// of entries.
func (k Key) entry(name string) entry {
	nameKey, valueKey := k.p.secrets()
	return entry{
		key:  base64.RawURLEncoding.EncodeToString(mac(nameKey, name)),
		name: name,
		id:   k.p.id,
		aes:  mac(valueKey, name),
	}
}

func mac(key []byte, name string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(name))
	return h.Sum(nil)
}

// seal returns version, length of the key id, key id, nonce, ciphertext and tag.
func (e entry) seal(value []byte) ([]byte, error) {
	aead, err := e.aead()
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, e.headerLen()+aead.NonceSize()+len(value)+aead.Overhead())
	out = e.appendHeader(out)
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	out = append(out, nonce...)
	return aead.Seal(out, nonce, value, e.associated()), nil
}

func (e entry) open(sealed []byte) ([]byte, bool) {
	aead, err := e.aead()
	if err != nil {
		return nil, false
	}
	head := e.appendHeader(make([]byte, 0, e.headerLen()))
	if len(sealed) < len(head)+aead.NonceSize() || string(sealed[:len(head)]) != string(head) {
		return nil, false
	}
	sealed = sealed[len(head):]
	value, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], e.associated())
	return value, err == nil
}

func (e entry) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(e.aes)
	if err != nil {
		return nil, fmt.Errorf("cache: seal: %w", err)
	}
	return cipher.NewGCM(block)
}

func (e entry) headerLen() int { return 2 + len(e.id) }

func (e entry) appendHeader(b []byte) []byte {
	b = append(b, sealVersion, byte(len(e.id)))
	return append(b, e.id...)
}

// associated is the header and then the name: the header says where it ends.
func (e entry) associated() []byte {
	return append(e.appendHeader(make([]byte, 0, e.headerLen()+len(e.name))), e.name...)
}
