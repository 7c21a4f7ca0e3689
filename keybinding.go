package wstrust

import (
	"context"
	"errors"

	"wstrust/internal/wsse"
)

// UsernameKey sends a name, and signs with a key that is derived from the password
// (UsernameToken Profile 1.1) instead of sending that. The peer must know the
// password in clear text. Whoever reads a message can try passwords on it, a
// thousand hashes each: prefer [Username] over TLS unless the peer demands this.
// Without a Protection the signature is over the Timestamp and To.
// (WWSAPI has no such binding.)
func UsernameKey(name, password string) Binding {
	return usernameKey{username{name: name, password: func() []byte { return []byte(password) }}}
}

type usernameKey struct{ username }

func (u usernameKey) check(c *Config) error {
	if c.Versions.Security == Security10 {
		return errors.New("keys from passwords are of WS-Security 1.1")
	}
	return u.username.check(c)
}

func (u usernameKey) token(_ context.Context, c *Config) (wsse.Token, error) {
	return wsse.Username{Name: u.name, Password: u.password, Derive: true, Parts: withTo(c)}, nil
}

// withTo is what a key signs that does not say itself which service a message is
// for, without a Protection.
func withTo(c *Config) wsse.Parts {
	if parts := c.Header.parts(true); parts != 0 {
		return wsse.Parts(parts)
	}
	return wsse.PartTimestamp | wsse.PartTo
}

func (u usernameKey) identity() string { return "usernamekey:" + u.name }

// SharedKey signs, and with a [Protection] encrypts, with a secret key that both
// sides know under a name; [SymmetricKey] makes one. Without a Protection the
// signature is over the Timestamp and To, since the key alone does not say which
// service the message is for. (WWSAPI has no such binding.)
func SharedKey(name string, key Key) Binding { return sharedKey{name, key} }

type sharedKey struct {
	name string
	key  Key
}

func (s sharedKey) check(*Config) error {
	switch {
	case s.name == "":
		return errors.New("the name of the shared key is empty")
	case s.key.err != nil:
		return s.key.err
	case !s.key.key.IsSecret():
		return errors.New("a shared key must be a symmetric one")
	}
	return nil
}

func (s sharedKey) token(_ context.Context, c *Config) (wsse.Token, error) {
	return wsse.Shared{Name: s.name, Key: s.key.key, Parts: withTo(c)}, nil
}

func (s sharedKey) identity() string { return "sharedkey:" + s.name }

// Further references. The first carries the certificate, the others only name it.
const (
	ReferenceEmbedded = CertificateReference(wsse.RefEmbedded) // a BinarySecurityToken inside the reference
	ReferenceKeyName  = CertificateReference(wsse.RefKeyName)  // the subject's name
	ReferenceKeyValue = CertificateReference(wsse.RefKeyValue) // the bare public key
)
