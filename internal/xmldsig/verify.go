// Package xmldsig makes and checks XML signatures, for what web services
// security needs of them and no more.
//
// [Verify] returns [Signed] values: handles to exactly the nodes that were
// digested. Nothing else can make one, so a reader that asks for a Signed
// cannot be given a node that no signature covers.
//
// A message may only agree with the algorithm suite, never choose: algorithms
// are allow-listed and the kind of key is matched before any mathematics.
// References stay in the document; transforms are a closed list; key
// information selects among trusted keys and never adds one.
//
// Sources: XML Signature Syntax and Processing (second edition and 1.1),
// Web Services Security: SOAP Message Security 1.1.
package xmldsig

import (
	"crypto/subtle"
	"fmt"
	"hash"
	"io"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmltree"
)

// Limits on one signature.
const (
	// DefaultReferences is how many references a signature may have where the
	// verifier says nothing else, and one that is made.
	DefaultReferences = 30

	maxPrefixes = 64 // in one InclusiveNamespaces PrefixList
)

// An STRResolver finds the one token that a wsse:SecurityTokenReference names,
// for the STR-Transform.
type STRResolver func(str xmltree.Elem) (xmltree.Elem, error)

// Verify checks the ds:Signature element sig under key and returns what it
// signed, in the order of its references. It either verifies all references or
// returns an error; key information in the signature is not looked at.
//
// In this order, and each step over the whole signature before the next: the
// structure of the element, the algorithms against suite and key, the elements
// the references name, the signature value, the digests.
//
// Refused are: children that the schema does not have, in any order but its
// own; HMACOutputLength; any reference but "#id" and "" (external ones and
// XPointer); "" unless the signature is a child of the root and left out by the
// enveloped transform; any transform but enveloped-signature, the canonical
// forms and, if str is given, STR-Transform, at most two, in an order that needs
// no second parse; more than 30 references; two references to one element; ids
// that are not unique.
//
// Errors are [*Error] values around alg.ErrAlgorithm, alg.ErrKey,
// alg.ErrSignature, [ErrWrapping], xmltree.ErrFormat or xmltree.ErrLimit.
func Verify(sig xmltree.Elem, key alg.Key, suite alg.Suite, str STRResolver) ([]Signed, error) {
	return VerifyWithin(sig, key, suite, str, 0)
}

// VerifyWithin is Verify with another limit on the number of references; 0 is
// [DefaultReferences].
func VerifyWithin(sig xmltree.Elem, key alg.Key, suite alg.Suite, str STRResolver, references int) ([]Signed, error) {
	if references <= 0 {
		references = DefaultReferences
	}
	v := &verification{sig: sig, suite: suite, str: str, most: references}
	if err := v.read(); err != nil {
		return nil, err
	}
	check, err := suite.NewVerifier(v.signatureURI, key)
	if err != nil {
		return nil, wrap(v.signatureMethod, "signature method", err)
	}
	if err := v.resolve(); err != nil {
		return nil, err
	}
	if err := v.checkValue(check, key); err != nil {
		return nil, err
	}
	return v.checkDigests()
}

// KeyInfo returns the ds:KeyInfo of a signature, or a zero Elem if it has none.
func KeyInfo(sig xmltree.Elem) (xmltree.Elem, error) {
	return sig.Maybe(xmltree.DS, "KeyInfo")
}

// Value returns the signature value, which identifies a signed message for
// replay detection once it is verified.
func Value(sig xmltree.Elem) ([]byte, error) {
	value, err := sig.One(xmltree.DS, "SignatureValue")
	if err != nil {
		return nil, err
	}
	return value.Base64()
}

// A verification is one signature as it is being checked. It is the only
// thing Verify allocates for itself.
type verification struct {
	sig   xmltree.Elem
	suite alg.Suite
	str   STRResolver
	most  int // references

	info            xmltree.Elem // ds:SignedInfo
	value           []byte       // of ds:SignatureValue
	signatureMethod xmltree.Elem
	signatureURI    string
	canon           c14n.Method // of SignedInfo
	prefixes        []string

	refs   []reference
	writer c14n.Writer
	sum    [64]byte

	// The digest under way.
	hash    hash.Hash
	hashURI string
}

// checkValue verifies the signature value over SignedInfo.
func (v *verification) checkValue(check *alg.Verifier, key alg.Key) error {
	if err := v.writer.Write(check, v.info, v.canon, xmltree.Elem{}, v.prefixes); err != nil {
		return wrap(v.info, "canonical form of SignedInfo", err)
	}
	if err := check.Verify(v.value); err != nil {
		return wrap(v.sig, fmt.Sprintf("signature value under the %v given", key), err)
	}
	return nil
}

// checkDigests verifies every reference and only then hands out what they cover.
func (v *verification) checkDigests() ([]Signed, error) {
	out := make([]Signed, len(v.refs))
	for i := range v.refs {
		r := &v.refs[i]
		out[i] = Signed{elem: r.target, left: r.left, str: r.str, method: r.method, prefixes: r.prefixes}
		v.startHash(r)
		if err := out[i].octets(v, &v.writer); err != nil {
			return nil, wrap(r.elem, "canonical form of "+shownURI(r.uri), err)
		}
		if subtle.ConstantTimeCompare(v.hash.Sum(v.sum[:0]), r.digest) != 1 {
			return nil, refuse(v.sig, alg.ErrSignature, "digest of %s does not match", shownURI(r.uri))
		}
	}
	return out, nil
}

// startHash makes the hash of a reference, or uses the last one again.
func (v *verification) startHash(r *reference) {
	if v.hash != nil && r.digestURI == v.hashURI {
		v.hash.Reset()
		return
	}
	v.hash, v.hashURI = r.newHash(), r.digestURI
}

// Write feeds canonical octets into the digest under way.
func (v *verification) Write(p []byte) (int, error) { return v.hash.Write(p) }

var _ io.Writer = (*verification)(nil)
