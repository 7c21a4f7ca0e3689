package wst

import (
	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// A wish is a row of the table at proofKey: what the request says about the
// proof key.
type wish uint8

const (
	wishBearer wish = iota
	wishPublic
	wishServer   // symmetric, made by the issuer
	wishClient   // symmetric, made by us
	wishCombined // symmetric, made by both
	wishOpen     // nothing said
	wishKeep     // renewal of a token, which may keep its key
)

// wish finds the row of r. The strict profile reads a missing KeyType as
// symmetric, as WS-Trust implies; elsewhere many issuers take it as theirs to
// choose.
func (r *Request) wish(strict bool) wish {
	switch {
	case r.KeyType == Bearer:
		return wishBearer
	case r.KeyType == PublicKey:
		return wishPublic
	case r.Entropy == ClientEntropy:
		return wishClient
	case r.Entropy == CombinedEntropy:
		return wishCombined
	case r.Action == Renew:
		return wishKeep
	case r.symmetric() || strict:
		return wishServer
	}
	return wishOpen
}

// A shape is a column of the table: what the answer has.
type shape uint8

const (
	shapeNothing  shape = iota
	shapeWhole          // a BinarySecret, or an EncryptedKey, in RequestedProofToken
	shapeComputed       // ComputedKey there, and an Entropy
	shapeFormula        // ComputedKey there, and no Entropy
	shapeEntropy        // an Entropy, and no RequestedProofToken
	shapeBoth           // a whole key, and an Entropy
)

func (a *Response) shape() shape {
	whole, formula, entropy := !a.Proof.IsZero(), a.ComputedKey != "", !a.ServerEntropy.IsZero()
	switch {
	case whole && entropy:
		return shapeBoth
	case whole:
		return shapeWhole
	case formula && entropy:
		return shapeComputed
	case formula:
		return shapeFormula
	case entropy:
		return shapeEntropy
	}
	return shapeNothing
}

// A verdict is a cell of the table.
type verdict uint8

const (
	refused  verdict = iota
	noKey            // bearer, or the requestor's own private key
	theirs           // the whole key of the answer
	lenient          // likewise, where the caller allows it
	ours             // the entropy that we sent
	computed         // P_SHA1 over both
	kept             // the key of the token that was renewed
)

// proofTable is the decision about the proof key. "×" is refused; it stands
// wherever the answer has less, more or something else than was agreed.
//
//	                      nothing   whole     ComputedKey  ComputedKey  Entropy   whole key
//	asked for             at all    key       + Entropy    alone        alone     + Entropy
//	bearer                no key    ×         ×            ×            ×         ×
//	public key            no key    ×         ×            ×            ×         ×
//	server entropy        ×         theirs    ×  (1)       ×            ×         ×
//	client entropy        ours      lenient   ×  (2)       ×            ×         ×
//	combined entropy      ×  (3)    lenient   computed     ×            ×         ×  (4)
//	nothing               no key    theirs    ×  (1)       ×            ×         ×
//	renewal, no entropy   kept      theirs    ×  (1)       ×            ×         ×
//
// (1) We gave no entropy, so there is nothing to compute with. (2) The key
// would not be the one we chose. (3) Our entropy alone is half of what was to
// become the key. (4) CXF sends this if it is not told an algorithm, and means
// by the whole key its half: accepting it would give a wrong key.
var proofTable = [...][6]verdict{
	wishBearer:   {noKey, refused, refused, refused, refused, refused},
	wishPublic:   {noKey, refused, refused, refused, refused, refused},
	wishServer:   {refused, theirs, refused, refused, refused, refused},
	wishClient:   {ours, wholeKeyForEntropy, refused, refused, refused, refused},
	wishCombined: {refused, wholeKeyForEntropy, computed, refused, refused, refused},
	wishOpen:     {noKey, theirs, refused, refused, refused, refused},
	wishKeep:     {kept, theirs, refused, refused, refused, refused},
}

// proofKey decides, by the table above, which key proves possession of the
// token in a, and of what kind it is. The Secret is the caller's, and zero
// where there is no secret or the old one is kept.
func (r *Request) proofKey(v Version, a *Response, o Options) (Secret, KeyType, error) {
	row, column := r.wish(o.Strict), a.shape()
	cell := proofTable[row][column]
	if cell == lenient && o.Lenient {
		cell = theirs
	}
	switch cell {
	case noKey:
		return a.without(row)
	case kept:
		return Secret{}, a.KeyType, nil
	case ours:
		s, err := a.sized(r, r.ClientEntropy.Bytes())
		return s, Symmetric, err
	case theirs:
		s, err := a.sized(r, a.Proof.Bytes())
		return s, Symmetric, err
	case computed:
		s, err := a.compute(v, r)
		return s, Symmetric, err
	}
	at := a.at.proof
	if !at.OK() {
		at = a.at.entropy
	}
	if !at.OK() {
		at = a.at.rstr
	}
	return Secret{}, 0, mismatch(at, "%s was asked for, and the answer has %s", wishNames[row], shapeNames[column])
}

var wishNames = [...]string{
	"a bearer token", "a token for a public key", "a key of the issuer's", "a key of ours",
	"a key made of both sides' entropy", "no particular key", "renewal",
}

var shapeNames = [...]string{
	"no proof key", "a whole proof key", "a computed key and entropy", "a computed key without entropy",
	"entropy without a proof token", "both a whole proof key and entropy",
}

// without settles the kind of a key that is no secret. If the issuer could
// choose, and says that the token has a secret, then the secret is missing.
func (a *Response) without(row wish) (Secret, KeyType, error) {
	if row == wishPublic {
		return Secret{}, PublicKey, nil
	}
	if a.KeyType == Symmetric || a.KeyType == PublicKey {
		return Secret{}, 0, mismatch(a.at.keyType, "a %s key is announced, and there is none for us", a.KeyType)
	}
	return Secret{}, Bearer, nil
}

// compute derives the key from both sides' entropy, in the size that the
// answer says, else the request, else the default.
func (a *Response) compute(v Version, r *Request) (Secret, error) {
	if a.ComputedKey != v.PSHA1() {
		return Secret{}, mismatch(a.at.proof, "computed key algorithm %s is not known", clip(a.ComputedKey))
	}
	bits := a.KeySize
	if bits == 0 {
		bits = r.KeySize
	}
	if bits == 0 {
		bits = DefaultKeyBits
	}
	if err := a.bits(r, a.at.rstr, bits); err != nil {
		return Secret{}, err
	}
	key := alg.PSHA1(r.ClientEntropy.Bytes(), a.ServerEntropy.Bytes(), bits/8)
	defer clear(key)
	return NewSecret(key), nil
}

// sized checks a whole key against the sizes said and asked for.
func (a *Response) sized(r *Request, key []byte) (Secret, error) {
	at := a.at.proof
	if !at.OK() {
		at = a.at.rstr
	}
	if a.KeySize != 0 && a.KeySize != len(key)*8 {
		return Secret{}, mismatch(a.at.keySize, "KeySize is %d, and the key has %d bits", a.KeySize, len(key)*8)
	}
	if err := a.bits(r, at, len(key)*8); err != nil {
		return Secret{}, err
	}
	return NewSecret(key), nil
}

// bits checks the size of a symmetric key.
func (a *Response) bits(r *Request, at xmltree.Elem, bits int) error {
	if a.at.keySize.OK() {
		at = a.at.keySize
	}
	if !goodKeyBits(bits) {
		return mismatch(at, "a symmetric key of %d bits", bits)
	}
	if bits < r.KeySize {
		return mismatch(at, "a key of %d bits was asked for, and the answer has %d", r.KeySize, bits)
	}
	return nil
}
