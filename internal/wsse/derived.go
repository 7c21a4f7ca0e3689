package wsse

import (
	"crypto/rand"
	"strconv"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// Limits of derived keys. Offset and the product of Generation and Length are
// bounded alike: both say how much must be computed.
const (
	defaultLabel  = "WS-SecureConversationWS-SecureConversation"
	defaultLength = 32

	maxLabel                             = 128
	minDerivedNonce, maxDerivedNonce     = 16, 128
	minDerivedLength, maxDerivedLength   = 16, 64
	maxOffset                            = 64
	maxDerivations                       = 4 // one upon the other
	derivedAlgorithm, derivedTokenSuffix = "/dk/p_sha1", "/dk"
)

// DerivedKeys says how derived keys are written. The zero value is what most
// peers write: offset 0, the label of the standard, 16 octets of nonce.
type DerivedKeys struct {
	Label  string // both sides must know it; the standard's if empty
	Nonce  int    // octets, 16 to 128; 16 if zero
	Length int    // octets of the key that signs, 16 to 64; 32 if zero
	Offset int    // of the keys in what is derived, at most 64
	// Generation stands in place of Offset, counted in lengths of the key.
	Generation int
	// Inline puts each DerivedKeyToken, without an Id, into the KeyInfo that it is
	// for, and not into the header.
	Inline bool
}

// derivation checks the options and makes the nonce of a key of size octets.
func (o *DerivedKeys) derivation(size int, how Derivation) (*derivation, error) {
	d := &derivation{label: o.Label, nonce: make([]byte, max(o.Nonce, 0)), length: size, offset: o.Offset}
	if d.label == "" {
		d.label = defaultLabel
	}
	if o.Nonce == 0 {
		d.nonce = make([]byte, minDerivedNonce)
	}
	rand.Read(d.nonce)
	wrong := func(what string) (*derivation, error) {
		return nil, refuse(ClassPolicy, xmltree.Elem{}, "derived keys: %s", what)
	}
	switch {
	case how == Implied13 && (o.Label != "" || o.Offset != 0 || o.Generation != 0 || o.Inline):
		return wrong("an implied derivation has only a nonce and a length")
	case o.Offset != 0 && o.Generation != 0:
		return wrong("an offset and a generation")
	case o.Offset < 0 || o.Generation < 0 || o.Generation > maxOffset:
		return wrong("an offset or a generation out of range")
	case !xmltree.ValidText(d.label):
		return wrong("a label that XML cannot carry")
	}
	if o.Generation != 0 {
		d.offset = o.Generation * size
	}
	if err := d.bounds(); err != nil {
		return wrong(err.(*Error).Msg)
	}
	return d, nil
}

// token writes a DerivedKeyToken.
func (o *DerivedKeys) token(d *derivation, space, id string, str []byte) []byte {
	var b xmltree.Builder
	b.Start(space, "DerivedKeyToken")
	if id != "" {
		b.Attr(xmltree.WSU, "Id", id)
	}
	b.Raw(str)
	if o.Generation != 0 {
		b.Elem(space, "Generation", strconv.Itoa(o.Generation))
	} else {
		b.Elem(space, "Offset", strconv.Itoa(o.Offset))
	}
	b.Elem(space, "Length", strconv.Itoa(d.length))
	if o.Label != "" {
		b.Elem(space, "Label", o.Label)
	}
	b.Start(space, "Nonce")
	b.Base64(d.nonce)
	b.End()
	b.End()
	return b.Bytes()
}

// A derivation is how one key is derived from another, by a DerivedKeyToken or
// by attributes of a SecurityTokenReference.
type derivation struct {
	elem           xmltree.Elem
	str            xmltree.Elem // names the key that it is derived from
	label          string
	nonce          []byte
	offset, length int
}

// key derives the key from root: P_SHA1 over label and nonce.
func (d *derivation) key(root alg.Key) (alg.Key, error) {
	seed := append([]byte(d.label), d.nonce...)
	k, err := alg.SecretKey(alg.PSHA1(root.Secret(), seed, d.offset+d.length)[d.offset:])
	if err != nil {
		return alg.Key{}, because(err, d.elem, "derived key")
	}
	return k, nil
}

func isDerived(e xmltree.Elem) bool {
	return e.Local() == "DerivedKeyToken" && contextType(e.Space()) != ""
}

// readDerived reads a DerivedKeyToken as the schema has it: reference,
// Properties, Generation or Offset, Length, Label, Nonce.
func (p *Pending) readDerived(e xmltree.Elem) (*derivation, error) {
	sc := e.Space()
	if uri, ok := e.Attr("", "Algorithm"); ok && uri != sc+derivedAlgorithm {
		return nil, refuse(ClassAlgorithm, e, "key derivation %s", shown(uri))
	}
	if err := e.OnlyElements(); err != nil {
		return nil, err
	}
	d := &derivation{elem: e, label: defaultLabel, length: defaultLength}
	names := [...]string{"SecurityTokenReference", "Properties", "Generation", "Offset", "Length", "Label", "Nonce"}
	next, generation := 0, -1
	for c := range e.Children {
		i := 0
		for i < len(names) && c.Local() != names[i] {
			i++
		}
		space := sc
		if i == 0 {
			space = xmltree.WSSE
		}
		if i == len(names) || c.Space() != space || i < next {
			return nil, refuse(ClassFormat, c, "has no place in a derived key")
		}
		next = i + 1
		var err error
		switch names[i] {
		case "SecurityTokenReference":
			d.str = c
		case "Properties":
			// Names of its own would have to mean something to both sides.
			err = c.Empty()
		case "Generation":
			next++ // there is a choice between it and Offset
			generation, err = readNumber(c, maxOffset)
		case "Offset":
			d.offset, err = readNumber(c, maxOffset)
		case "Length":
			d.length, err = readNumber(c, maxDerivedLength)
		case "Label":
			d.label, err = c.Text()
		case "Nonce":
			d.nonce, err = c.Base64()
		}
		if err != nil {
			return nil, err
		}
	}
	if generation > 0 {
		d.offset = generation * d.length
	}
	return d, p.checkDerived(d)
}

func (p *Pending) checkDerived(d *derivation) error {
	if err := d.check(); p.off&checkDerivation == 0 {
		return err
	}
	return nil
}

func (d *derivation) check() error {
	if !d.str.OK() {
		return refuse(ClassFormat, d.elem, "derived from nothing")
	}
	return d.bounds()
}

func (d *derivation) bounds() error {
	switch {
	case len(d.label) > maxLabel:
		return refuse(ClassLimit, d.elem, "label of %d octets", len(d.label))
	case len(d.nonce) < minDerivedNonce || len(d.nonce) > maxDerivedNonce:
		return refuse(ClassFormat, d.elem, "nonce of %d octets", len(d.nonce))
	case d.length < minDerivedLength || d.length > maxDerivedLength:
		return refuse(ClassLimit, d.elem, "derived key of %d octets", d.length)
	case d.offset > maxOffset:
		return refuse(ClassLimit, d.elem, "derived key at offset %d", d.offset)
	}
	return nil
}

// readNumber reads an unsigned number that is not above most.
func readNumber(e xmltree.Elem, most int) (int, error) {
	text, err := e.Token()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, refuse(ClassFormat, e, "%s is not an unsigned number", shown(text))
	}
	if n > uint64(most) {
		return 0, refuse(ClassLimit, e, "%d is more than %d", n, most)
	}
	return int(n), nil
}

// implied reads the derivation that a SecurityTokenReference asks for by its
// attributes Nonce and Length; nil if it asks for none.
func (p *Pending) implied(str xmltree.Elem) (*derivation, error) {
	for _, sc := range [...]string{xmltree.SC13, xmltree.SC2005} {
		text, ok := str.AttrOctets(sc, "Nonce")
		length, sized := str.Attr(sc, "Length")
		if !ok && !sized {
			continue
		}
		d := &derivation{elem: str, str: str, label: defaultLabel, length: defaultLength}
		if d.nonce, ok = xmltree.DecodeBase64(text); !ok {
			return nil, refuse(ClassFormat, str, "malformed nonce")
		}
		if sized {
			n, err := strconv.ParseUint(length, 10, 31)
			if err != nil {
				return nil, refuse(ClassFormat, str, "length %s is not a number", shown(length))
			}
			d.length = int(n)
		}
		return d, p.checkDerived(d)
	}
	return nil, nil
}
