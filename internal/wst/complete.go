package wst

import (
	"crypto/rand"
	"crypto/x509"
	"fmt"
)

// completeAction fills in what an action implies.
func (r *Request) completeAction(v Version, _ Options) error {
	if r.Action >= actions {
		return misuse("unknown action %s", r.Action)
	}
	if v > Trust14 {
		return misuse("unknown version %s", v)
	}
	if r.Action.targetName() == "" && len(r.Target) != 0 {
		return misuse("a target with action %s", r.Action)
	}
	if err := r.completeAddress(); err != nil {
		return err
	}
	implied := ""
	switch r.Action {
	case NewContext, RenewContext:
		implied = v.ContextTokenType()
	case Validate:
		if r.TokenType == "" {
			implied = v.StatusTokenType()
		}
	case Cancel, CancelContext:
		if r.TokenType != "" {
			return misuse("a token type with action %s", r.Action)
		}
	case Issue, Renew:
		if r.TokenType == v.ContextTokenType() {
			return misuse("a security context is asked for with actions of its own, not with %s", r.Action)
		}
	}
	if implied == "" {
		return nil
	}
	if r.TokenType != "" && r.TokenType != implied {
		return misuse("token type %s with action %s", clip(r.TokenType), r.Action)
	}
	r.TokenType = implied
	return nil
}

// completeAddress takes the address out of an endpoint reference that the
// caller wrote himself, so that the answer can be held against it.
func (r *Request) completeAddress() error {
	if len(r.AppliesToXML) == 0 {
		return nil
	}
	epr, err := element("AppliesTo", r.AppliesToXML)
	if err != nil {
		return err
	}
	address, _, _, err := readReference(epr)
	if err != nil {
		return misuse("AppliesTo: %v", err)
	}
	if r.AppliesTo != "" && r.AppliesTo != address {
		return misuse("AppliesTo: the address is not the one in the reference")
	}
	r.AppliesTo = address
	return nil
}

// checkChoice refuses key parameters that contradict each other.
func (r *Request) checkChoice(_ Version, _ Options) error {
	if r.KeyType > PublicKey || r.Entropy > CombinedEntropy {
		return misuse("%s, %s", r.KeyType, r.Entropy)
	}
	if r.Action.context() && (r.KeyType == Bearer || r.KeyType == PublicKey) {
		return misuse("a %s key with action %s", r.KeyType, r.Action)
	}
	if v := r.Action.verb(); v == Cancel && (r.KeyType != KeyTypeUnspecified || r.KeySize != 0 || r.Entropy != ServerEntropy) {
		return misuse("a key with action %s", r.Action)
	}
	switch r.KeyType {
	case Bearer:
		if r.KeySize != 0 || r.Entropy != ServerEntropy {
			return misuse("key size or entropy with a bearer token")
		}
	case PublicKey:
		if r.Entropy != ServerEntropy {
			return misuse("entropy with a public key")
		}
		if r.UseKeyCert == nil && r.UseKey == nil && len(r.UseKeyXML) == 0 {
			return misuse("a token for a public key, and no key to bind it to")
		}
		if r.KeySize < 0 || r.KeySize > maxPublicBits {
			return misuse("a public key of %d bits", r.KeySize)
		}
		return nil
	}
	if r.UseKeyCert != nil || r.UseKey != nil || len(r.UseKeyXML) != 0 {
		return misuse("a key to bind the token to, and key type %s", r.KeyType)
	}
	if r.KeySize != 0 && !goodKeyBits(r.KeySize) {
		return misuse("a symmetric key of %d bits", r.KeySize)
	}
	return nil
}

// completeUseKey checks that a certificate and a key that are both given are
// one key, and that a signature is named for a public key only.
func (r *Request) completeUseKey(_ Version, _ Options) error {
	if r.UseKeySig != "" && r.KeyType != PublicKey {
		return misuse("UseKey: a signature's Id for a %s key", r.KeyType)
	}
	if r.UseKeyCert == nil || r.UseKey == nil {
		return nil
	}
	a, err1 := x509.MarshalPKIXPublicKey(r.UseKey)
	b, err2 := x509.MarshalPKIXPublicKey(r.UseKeyCert.PublicKey)
	if err1 != nil || err2 != nil || string(a) != string(b) {
		return misuse("UseKey: the certificate is for another key")
	}
	return nil
}

// completeEntropy makes the client's entropy, as long as the key is to be.
func (r *Request) completeEntropy(v Version, o Options) error {
	if r.Entropy == ServerEntropy {
		if !r.ClientEntropy.IsZero() {
			return misuse("entropy of the client in mode %s", r.Entropy)
		}
		return nil
	}
	if r.Entropy == CombinedEntropy && r.ComputedKey == "" && !o.Strict {
		r.ComputedKey = v.PSHA1()
	}
	if r.ComputedKey != "" && r.ComputedKey != v.PSHA1() {
		return misuse("computed key algorithm %s", clip(r.ComputedKey))
	}
	bits := DefaultKeyBits
	if entropyAsLongAsKey && r.KeySize != 0 {
		bits = r.KeySize
	}
	if !r.ClientEntropy.IsZero() {
		if why := weak(r.ClientEntropy.Bytes()); why != "" {
			return misuse("client entropy: %s", why)
		}
		if r.Entropy == ClientEntropy && r.KeySize != 0 && r.ClientEntropy.Len()*8 != r.KeySize {
			return misuse("client entropy of %d bits for a key of %d", r.ClientEntropy.Len()*8, r.KeySize)
		}
		r.ClientEntropy = NewSecret(r.ClientEntropy.Bytes())
		return nil
	}
	fresh := make([]byte, bits/8)
	rand.Read(fresh) // never fails
	defer clear(fresh)
	r.ClientEntropy = NewSecret(fresh)
	return nil
}

// checkStrict refuses what MS-LWSSP has not.
func (r *Request) checkStrict() error {
	switch {
	case r.Action == Renew || r.Action == Validate || r.Action == Cancel:
		return misuse("action %s is outside of MS-LWSSP", r.Action)
	case r.KeyType == PublicKey:
		return misuse("public keys are outside of MS-LWSSP")
	case r.Action.context() && (r.AppliesTo != "" || len(r.AppliesToXML) != 0):
		return misuse("contexts for another service are outside of MS-LWSSP")
	case !r.SealTo.IsZero():
		return misuse("encrypted entropy is outside of MS-LWSSP")
	}
	return nil
}

// newURN returns a random UUID as a URN.
func newURN() string {
	var u [16]byte
	rand.Read(u[:])
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:])
}
