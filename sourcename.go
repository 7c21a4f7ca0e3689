package wstrust

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// name is the cache entry: whom we ask, as whom, and for what. Every field of
// the request is in it, which a test enforces.
func (s *Source) name() string {
	h := sha256.New()
	r := &s.Request
	put(h, s.Issuer.Identity())
	put(h, r.AppliesTo, string(r.AppliesToReference), r.TokenType)
	for _, n := range []int{int(r.Action), int(r.KeyType), r.KeySize, int(r.Entropy), int(r.Lifetime), len(r.Claims), len(r.Parameters), len(r.Secondary)} {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(n))
		h.Write(b[:])
	}
	for _, c := range r.Claims {
		optional := "required"
		if c.Optional {
			optional = "optional"
		}
		put(h, c.URI, c.Value, optional)
	}
	for _, list := range [][]XML{r.Parameters, r.Secondary} {
		for _, x := range list {
			put(h, string(x))
		}
	}
	for _, t := range []*Token{r.Existing, r.OnBehalfOf, r.ActAs} {
		if t == nil {
			put(h, "")
			continue
		}
		put(h, t.fingerprint())
	}
	key, cert := "", ""
	if r.UseKey != nil {
		if der, err := x509.MarshalPKIXPublicKey(r.UseKey.Public()); err == nil {
			key = string(der)
		}
	}
	if r.UseKeyCertificate != nil {
		cert = string(r.UseKeyCertificate.Raw)
	}
	put(h, key, cert)
	return "wstrust/token/" + hex.EncodeToString(h.Sum(nil))
}

// put writes strings so that no two lists look the same.
func put(h hash.Hash, list ...string) {
	for _, s := range list {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
}
