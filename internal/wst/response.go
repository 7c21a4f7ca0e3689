package wst

import (
	"fmt"
	"io"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// A Response is the content of a RequestSecurityTokenResponse. What it says is
// what the issuer says; [Negotiation] holds it against the request.
//
// Values of type []byte hold one XML element each, able to stand alone.
type Response struct {
	Context   string
	TokenType string
	KeyType   KeyType
	BearerURI string // how Bearer is spelled, if not as [Version.KeyTypeURI] has it
	KeySize   int    // in bits; 0: not said

	Token                []byte // what the issuer signed, octet for octet
	Attached, Unattached []byte // references to it, for use with it and apart from it

	// The proof key, in one of three forms: whole; or, together with
	// ServerEntropy, as the algorithm by which to compute it; or not at all.
	Proof         Secret
	ProofType     string // type of the BinarySecret, "" if it has none; the writer's default is a symmetric key
	ComputedKey   string
	ServerEntropy Secret
	// SealTo encrypts Proof and ServerEntropy for the holder of this key, with
	// the algorithms of Suite. Only the writer looks at it.
	SealTo alg.Key
	Suite  alg.Suite

	AppliesTo    string
	AppliesToXML []byte
	Addressing   string

	Created, Expires time.Time
	Status           *Status // of a Validate
	Cancelled        bool    // of a Cancel

	// Element is Token where it stands in the answer that was read, so that its
	// signature can be verified in place. It is good for as long as that
	// document is. The writer does not look at it.
	Element xmltree.Elem

	at responseElems
}

// responseElems are the elements that an error about a response names.
type responseElems struct {
	container, rstr, tokenType, keyType, keySize, proof, entropy, lifetime, appliesTo xmltree.Elem
}

// A Status is the verdict on a token that was to be validated.
type Status struct {
	Valid  bool
	Code   string // URI; empty: the one that Valid stands for
	Reason string // for people
}

// Clear overwrites the proof key and the issuer's entropy.
func (a *Response) Clear() {
	a.Proof.Clear()
	a.ServerEntropy.Clear()
}

// Format implements [fmt.Formatter]: every verb prints what kind of token it
// is, and neither token nor key.
func (a Response) Format(f fmt.State, _ rune) { io.WriteString(f, a.String()) }

// String tells what kind of token it is, without token and key.
func (a Response) String() string {
	return fmt.Sprintf("RequestSecurityTokenResponse{token type %s, for %s, %s key, until %s}",
		clip(a.TokenType), clip(a.AppliesTo), a.KeyType, when(a.Expires))
}

func when(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return xmltree.FormatTime(t)
}

// Settle is the issuer's half of the agreement on a symmetric key. It decides
// how the key that the request asks for comes about, fills Proof or
// ComputedKey, ServerEntropy and KeySize of a accordingly, and returns the
// key, which belongs into the token. fresh are octets from a random source
// that Settle uses up: as many as the key has, at least MinKeyBits/8.
//
//	client sends         the key is                     the answer has
//	nothing              fresh                          BinarySecret
//	a symmetric key      the client's                   no proof
//	a nonce              P_SHA1(client's, fresh)        ComputedKey, Entropy
//
// A client's key that is shorter than the size it asks for is not taken: the
// answer then holds a whole key, which lenient clients accept.
func (a *Response) Settle(v Version, r *Request, fresh []byte) (Secret, error) {
	bits := r.KeySize
	if bits == 0 {
		bits = len(fresh) * 8
		if r.Entropy == ClientEntropy {
			bits = r.ClientEntropy.Len() * 8
		}
	}
	if !goodKeyBits(bits) {
		return Secret{}, misuse("a symmetric key of %d bits", bits)
	}
	if r.ComputedKey != "" && r.ComputedKey != v.PSHA1() && r.Entropy == CombinedEntropy {
		return Secret{}, misuse("computed key algorithm %s", clip(r.ComputedKey))
	}
	a.KeySize = bits
	a.Proof, a.ServerEntropy, a.ComputedKey = Secret{}, Secret{}, ""
	if r.Entropy == ClientEntropy && r.ClientEntropy.Len()*8 == bits {
		return NewSecret(r.ClientEntropy.Bytes()), nil
	}
	if len(fresh)*8 < bits {
		return Secret{}, misuse("%d random octets for a key of %d bits", len(fresh), bits)
	}
	fresh = fresh[:bits/8]
	if r.Entropy != CombinedEntropy {
		a.Proof = NewSecret(fresh)
		return NewSecret(fresh), nil
	}
	a.ServerEntropy = NewSecret(fresh)
	a.ComputedKey = v.PSHA1()
	key := alg.PSHA1(r.ClientEntropy.Bytes(), fresh, bits/8)
	defer clear(key)
	return NewSecret(key), nil
}
