package alg

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
)

// SHA1 is the digest by which WS-Security names certificates and encrypted keys.
// A name proves nothing.
func SHA1(p []byte) [20]byte { return sha1.Sum(p) }

// PSHA1 returns n octets of P_SHA-1 (the P_hash of RFC 2246 with SHA-1), which
// WS-Trust uses for computed keys and WS-SecureConversation for derived keys.
// It is no signature: that SHA-1 collides does not weaken it.
func PSHA1(secret, seed []byte, n int) []byte { return pHash(sha1.New, secret, seed, n) }

// PSHA256 returns n octets of P_SHA-256 (the P_hash of RFC 5246 with SHA-256).
func PSHA256(secret, seed []byte, n int) []byte { return pHash(sha256.New, secret, seed, n) }

func pHash(h func() hash.Hash, secret, seed []byte, n int) []byte {
	if n <= 0 {
		return nil
	}
	mac := hmac.New(h, secret)
	out := make([]byte, 0, n+mac.Size())
	mac.Write(seed)
	a := mac.Sum(make([]byte, 0, mac.Size())) // A(1)
	for len(out) < n {
		mac.Reset()
		mac.Write(a)
		mac.Write(seed)
		out = mac.Sum(out)
		mac.Reset()
		mac.Write(a)
		a = mac.Sum(a[:0])
	}
	return out[:n:n]
}
