package wst

import (
	"fmt"
	"slices"

	"wstrust/internal/xmltree"
)

// A KeyType says how the holder of a token will prove that it is his.
type KeyType uint8

const (
	KeyTypeUnspecified KeyType = iota // the element is left out, and the issuer chooses
	Bearer                            // no proof
	Symmetric                         // a secret shared with the service
	PublicKey                         // a private key of the holder's own
)

// String returns the key type's name, for people.
func (k KeyType) String() string {
	switch k {
	case KeyTypeUnspecified:
		return "unspecified"
	case Bearer:
		return "bearer"
	case Symmetric:
		return "symmetric"
	case PublicKey:
		return "public key"
	}
	return fmt.Sprintf("KeyType(%d)", uint8(k))
}

// BearerURIs returns the spellings of the bearer key type that a reader of v
// takes, the usual one first. WS-Trust 1.3 has three: of its text, of its
// schema, and of its errata. February 2005 has none of its own; Microsoft's
// stacks borrow NoProofKey from the Identity Selector profile.
func (v Version) BearerURIs() []string { return slices.Clone(v.driver().bearer) }

// KeyTypeURI returns the URI of k, "" for [KeyTypeUnspecified]. For Bearer it
// is the spelling that today's issuers use.
func (v Version) KeyTypeURI(k KeyType) string {
	switch k {
	case Bearer:
		return v.driver().bearer[0]
	case Symmetric:
		return v.symmetricKey()
	case PublicKey:
		return v.publicKey()
	}
	return ""
}

// keyType reads a KeyType element.
func (v Version) keyType(e xmltree.Elem) (k KeyType, uri string, err error) {
	uri, err = e.Token()
	if err != nil {
		return 0, "", err
	}
	switch {
	case uri == v.symmetricKey():
		return Symmetric, uri, nil
	case uri == v.publicKey():
		return PublicKey, uri, nil
	case slices.Contains(v.driver().bearer, uri):
		return Bearer, uri, nil
	}
	return 0, "", e.Errorf("unknown key type %s", clip(uri))
}

// An EntropyMode says who contributes to a symmetric proof key.
type EntropyMode uint8

const (
	ServerEntropy   EntropyMode = iota // the issuer makes the key
	ClientEntropy                      // the client makes it
	CombinedEntropy                    // P_SHA1 over a contribution of each
)

// String returns the mode's name, for people.
func (m EntropyMode) String() string {
	switch m {
	case ServerEntropy:
		return "server entropy"
	case ClientEntropy:
		return "client entropy"
	case CombinedEntropy:
		return "combined entropy"
	}
	return fmt.Sprintf("EntropyMode(%d)", uint8(m))
}

// Bounds of a symmetric proof key and of each contribution to one. A KeySize
// outside of them is refused on both sides.
const (
	MinKeyBits = 128
	MaxKeyBits = 512
	// DefaultKeyBits is the size of a key that is computed, and of the client's
	// part in it, where neither side says one. UNCONFIRMED for WWSAPI: it is what
	// its default suite has, and what other stacks take.
	DefaultKeyBits = 256

	// maxPublicBits bounds the KeySize of a public key: beyond it, checking a
	// signature is a way to keep the other side busy.
	maxPublicBits = 16384
)

// goodKeyBits reports whether n is a size that a symmetric key may have.
func goodKeyBits(n int) bool { return n >= MinKeyBits && n <= MaxKeyBits && n%8 == 0 }
