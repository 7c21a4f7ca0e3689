package wsse

import (
	"slices"

	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// coverage is what one signature is over: parts by their bit, everything else
// by its element.
type coverage struct {
	parts   Parts
	tokens  []xmltree.Elem // children of our Security header
	headers []xmltree.Elem // other header blocks
	signed  []xmldsig.Signed
}

// A field is an addressing header of the message, and the part it is.
type field struct {
	part Parts
	elem xmltree.Elem
	into **Part
}

func (v *verifier) fields() [7]field {
	e, ev := v.env, v.ev
	return [7]field{
		{PartTo, e.To.Elem, &ev.To},
		{PartAction, e.Action.Elem, &ev.Action},
		{PartMessageID, e.MessageID.Elem, &ev.MessageID},
		{PartRelatesTo, e.RelatesTo.Elem, &ev.RelatesTo},
		{PartReplyTo, e.ReplyTo.Elem, &ev.ReplyTo},
		{PartFrom, e.From.Elem, &ev.From},
		{PartFaultTo, e.FaultTo.Elem, &ev.FaultTo},
	}
}

// coverageOf finds the place of everything a signature digested. We start at
// the places that matter and ask whether a digested node is that very node. A
// node at any other place is a sign that something was moved.
//
// The places are those of the last state of the message: what was encrypted when
// it was signed counts as what it turned out to be, but see counts.
func (v *verifier) coverageOf(i int, signed []xmldsig.Signed) (coverage, error) {
	c := coverage{signed: signed}
	for _, s := range signed {
		e := s.Element()
		f := v.final(v.sigs[i].state, e)
		switch {
		case !f.OK() && e.Is(xmltree.XENC, "EncryptedData"):
			continue // octets that were decrypted since, which are a part of no name
		case !f.OK():
			f = e
		case !v.counts(i, f) && v.off&checkKeyBound == 0, !v.meant(i, s, f):
			continue
		}
		if err := v.place(&c, f); err != nil {
			return c, err
		}
	}
	return c, nil
}

// counts reports whether signature i says anything about e. One by a key that
// anybody can make, over ciphertext, says so only if it is the key of the
// ciphertext: else somebody took an encrypted part of another's message.
func (v *verifier) counts(i int, e xmltree.Elem) bool {
	return !v.ev.Signers[i].Made || v.knows(i, e)
}

// knows reports whether the maker of signature i knew e, whose last form is
// given: it was no ciphertext when it was signed, or its key is the signer's.
func (v *verifier) knows(i int, e xmltree.Elem) bool {
	return v.opens(i, e, v.sigs[i].state) // what was open then it digested
}

// opens reports whether the key of signature i is that of all in e, or around it, that
// was ciphertext in a state or after it.
func (v *verifier) opens(i int, e xmltree.Elem, since int) bool {
	for _, o := range v.walk.opened {
		if o.state < since {
			continue
		}
		in := v.final(o.state+1, o.elem)
		if (e.Contains(in) || in.Contains(e)) && !v.ev.Signers[i].root.Equal(o.secret.root) {
			return false
		}
	}
	return true
}

// meant reports whether s, of signature i, says what the names in its last form f are.
// Those that were ciphertext when it was signed may have prefixes that are declared
// around it, where whoever is on the way can declare something else. What stands in our
// header we read by its whole name, and refuse if we do not know it.
func (v *verifier) meant(i int, s xmldsig.Signed, f xmltree.Elem) bool {
	at := v.sigs[i].state
	if at == len(v.states)-1 || xmltree.Parent(f).Same(v.sec) {
		return true
	}
	for j := range v.walk.opened {
		o := &v.walk.opened[j]
		in := v.final(o.state+1, o.elem)
		if o.state < at || !f.Contains(in) {
			continue
		}
		whole := v.back(o.state, at, o.whole)
		for prefix := range in.Borrows(o.content) {
			if known, _ := in.LookupNamespace(prefix); prefix == "xsi" && known == xmltree.XSI {
				continue // as everybody has it, and some declare it where nobody signs it
			}
			if !s.Binds(prefix, whole) {
				return false
			}
		}
	}
	return true
}

func (v *verifier) place(c *coverage, e xmltree.Elem) error {
	switch {
	case e.Same(v.env.Body):
		c.parts |= PartBody
		return nil
	case v.stamp.elem.OK() && e.Same(v.stamp.elem):
		c.parts |= PartTimestamp
		return nil
	case xmltree.Parent(e).Same(v.sec):
		c.tokens = append(c.tokens, e)
		return nil
	}
	for _, f := range v.fields() {
		if f.elem.OK() && e.Same(f.elem) {
			c.parts |= f.part
			return nil
		}
	}
	if xmltree.Parent(e).Same(v.env.Header) && !reserved(e.Space()) {
		c.headers = append(c.headers, e)
		return nil
	}
	if v.off&checkPlace != 0 {
		return nil
	}
	return refuse(ClassWrapping, e, "a signed element where no part of the message stands")
}

// reserved reports whether elements of a namespace have their own places, so
// that one among the header blocks can only have been moved there.
func reserved(space string) bool {
	switch space {
	case xmltree.SOAP11, xmltree.SOAP12, xmltree.WSA10, xmltree.WSA04, xmltree.WSSE, xmltree.WSSE11, xmltree.WSU,
		xmltree.DS, xmltree.XENC, xmltree.SAML11, xmltree.SAML20, xmltree.SC2005, xmltree.SC13:
		return true
	}
	return false
}

// covers reports whether signature i is over e, a child of the Security header.
func (v *verifier) covers(i int, e xmltree.Elem) bool {
	for _, t := range v.covered[i].tokens {
		if t.Same(e) {
			return true
		}
	}
	return false
}

// endorse adds to each signature what the signatures that it is over cover: to
// sign a signature is to sign what that signs. Signatures cannot be over each
// other in a circle. A key that anybody can make adds nothing that was ciphertext to
// its maker: anybody can put such a signature over another's.
func (v *verifier) endorse() {
	for range v.sigs {
		for i := range v.covered {
			for j := range v.sigs {
				if i != j && v.covers(i, v.sigs[j].elem) {
					v.passOn(i, j)
				}
			}
		}
	}
}

func (v *verifier) passOn(i, j int) {
	to, from := &v.covered[i], &v.covered[j]
	to.parts |= from.parts &^ v.strange(i)
	for _, h := range from.headers {
		if !slices.ContainsFunc(to.headers, h.Same) && v.readable(i, h) {
			to.headers = append(to.headers, h)
		}
	}
}

// readable reports whether the maker of signature i could read e wherever he found it.
func (v *verifier) readable(i int, e xmltree.Elem) bool {
	return !v.ev.Signers[i].Made || v.opens(i, e, 0) || v.off&checkKeyBound != 0
}

// strange returns the parts that are not readable.
func (v *verifier) strange(i int) (p Parts) {
	if !v.ev.Signers[i].Made {
		return 0
	}
	v.marked(func(bit Parts, e xmltree.Elem) {
		if !v.readable(i, e) {
			p |= bit
		}
	})
	return p
}

// marked calls f for the parts of the message that place knows by a bit.
func (v *verifier) marked(f func(Parts, xmltree.Elem)) {
	f(PartBody, v.env.Body)
	f(PartTimestamp, v.stamp.elem)
	for _, h := range v.fields() {
		f(h.part, h.elem)
	}
}

// parts makes the parts: from a signature that covers them or, over TLS, from
// what the policy does not require to be signed.
func (v *verifier) parts() {
	v.ev.Body = v.part(PartBody, v.env.Body)
	v.ev.Timestamp = v.part(PartTimestamp, v.stamp.elem)
	for _, f := range v.fields() {
		*f.into = v.part(f.part, f.elem)
	}
	v.ev.UsernameToken = v.tokenPart(v.username)
	v.ev.AssertionToken = v.tokenPart(v.tokenElem())
	var headers []xmltree.Elem
	for i := range v.covered {
		for _, h := range v.covered[i].headers {
			if !v.ev.Signers[i].Possession && !slices.ContainsFunc(headers, h.Same) {
				headers = append(headers, h)
			}
		}
	}
	for h := range v.env.Ours("") {
		if !slices.ContainsFunc(headers, h.Same) {
			continue // not signed, or signed and for somebody else
		}
		p := v.newPart(h)
		for i, s := range v.ev.Signers {
			if !s.Possession && slices.ContainsFunc(v.covered[i].headers, h.Same) {
				p.signers = append(p.signers, s)
			}
		}
		v.ev.Headers = append(v.ev.Headers, p)
	}
}

func (v *verifier) part(bit Parts, e xmltree.Elem) *Part {
	return v.partIf(e, func(i int) bool { return v.ev.Signers[i].Covers&bit != 0 })
}

// tokenPart makes the part that is a token in the header. A signature by a key
// that anybody can make says nothing about one that was ciphertext to its maker.
func (v *verifier) tokenPart(e xmltree.Elem) *Part {
	return v.partIf(e, func(i int) bool { return v.covers(i, e) && v.knows(i, e) })
}

func (v *verifier) partIf(e xmltree.Elem, covered func(i int) bool) *Part {
	if !e.OK() {
		return nil
	}
	p := v.newPart(e)
	for i, s := range v.ev.Signers {
		switch {
		case s.Possession, !covered(i):
		case len(p.signers) == 0:
			p.signers = v.ev.Signers[i : i+1 : i+1]
		default:
			p.signers = append(p.signers, s)
		}
	}
	if len(p.signers) > 0 {
		return p
	}
	// What the policy requires is signed, or we would not be here.
	if v.pol.TLS || v.off&checkRequired != 0 {
		return p
	}
	return nil
}

// newPart takes the next of the parts that were allocated together.
func (v *verifier) newPart(e xmltree.Elem) *Part {
	if len(v.spare) == 0 {
		v.spare = make([]Part, 9)
	}
	p := &v.spare[0]
	v.spare = v.spare[1:]
	p.elem = e
	p.encryption = v.encryptionOf(e)
	return p
}

// encryptionOf returns how an element, or all of its content, was encrypted;
// nil if it was not.
func (v *verifier) encryptionOf(e xmltree.Elem) *Encryption {
	var found *opened
	var inside []xmltree.Elem
	whole := false
	for i := range v.walk.opened {
		o := &v.walk.opened[i]
		f := v.final(o.state+1, o.elem)
		switch {
		case !f.OK():
		case f.Same(e):
			found, whole = o, true
		case !whole && !o.content && xmltree.Parent(f).Same(e) && !slices.ContainsFunc(inside, f.Same): // or it was encrypted twice
			found, inside = o, append(inside, f)
		}
	}
	if found == nil || !whole && (len(inside) != countChildren(e) || e.OnlyElements() != nil) {
		return nil
	}
	return &Encryption{Algorithm: found.uri, Ref: found.secret.ref, Content: found.content, Header: found.header}
}
