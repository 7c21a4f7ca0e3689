package wsse

import (
	"maps"
	"slices"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// A walk is how far the header was followed while it was opened.
type walk struct {
	at     []int // by child of the Security header: the state in which a signature stands
	opened []opened
	keys   map[KeyRef]symmetric // EncryptedKeys by their digest
	user   alg.Key              // derived from the password; zero until it is known
	used   []use
	data   int
	done   map[int]verified // by child of the Security header: signatures that were verified to open what they cover
}

// A verified is a signature that need not be verified again.
type verified struct {
	signer *Signer
	signed []xmldsig.Signed
}

// An opened is one EncryptedData that was replaced by what was in it.
type opened struct {
	state   int          // in which it was found
	whole   xmltree.Elem // what was replaced
	elem    xmltree.Elem // in the next: the element, or the one whose content it is
	content bool
	header  bool // it was a whole header block
	uri     string
	secret  symmetric
}

// encrypts reports whether anything in the message is encrypted for whoever
// reads this header. EncryptedData that neither the header lists nor has a
// place of its own is the application's.
func (p *Pending) encrypts() bool {
	for c := range p.sec.Children {
		if c.Is(xmltree.XENC, "EncryptedData") || c.Is(xmltree.XENC, "ReferenceList") ||
			c.Is(xmltree.XENC, "EncryptedKey") && c.First(xmltree.XENC, "ReferenceList").OK() {
			return true
		}
	}
	return len(p.unlisted()) > 0
}

// unlisted returns the EncryptedData with a key of their own that stand where
// only this header can mean them: alone in the Body, or as a header block.
func (p *Pending) unlisted() (out []xmltree.Elem) {
	for h := range p.env.Ours(p.actor) {
		if h.Is(xmltree.WSSE11, "EncryptedHeader") {
			out = append(out, h.First(xmltree.XENC, "EncryptedData"))
		}
	}
	out = append(out, p.env.Body.First(xmltree.XENC, "EncryptedData"))
	return slices.DeleteFunc(out, func(e xmltree.Elem) bool { return !e.OK() || !xmlenc.KeyInfo(e).OK() })
}

// needForOpening adds the keys that opening the message takes, as far as they
// can be seen.
func (p *Pending) needForOpening() {
	p.need(KeyRef{Kind: KeyRecipient})
	note := func(e xmltree.Elem) {
		if s, err := p.keyInfo(xmlenc.KeyInfo(e)); err == nil {
			if ref, ok := p.rootRef(s); ok {
				p.need(ref)
			}
		}
	}
	for c := range p.sec.Children {
		list := c
		switch {
		case c.Is(xmltree.XENC, "EncryptedData"):
			note(c)
			continue
		case c.Is(xmltree.XENC, "EncryptedKey"):
			note(c)
			list = c.First(xmltree.XENC, "ReferenceList")
		case !c.Is(xmltree.XENC, "ReferenceList"):
			continue
		}
		ids, _ := p.dataReferences(list)
		for _, id := range ids {
			if e := xmltree.Find(p.sec, id); e.Is(xmltree.XENC, "EncryptedData") {
				note(e)
			}
		}
	}
	for _, e := range p.unlisted() {
		note(e)
	}
}

// Open decrypts what is encrypted for us, so that [Pending.Needs] can name the
// keys of what was hidden; it does nothing if nothing is. It takes the answers
// to what Needs named before. Verify does the same where Open was not called,
// and then the keys of hidden signatures must be among its credentials without
// having been asked for.
//
// The header is followed in its order, and what is decrypted replaces its
// EncryptedData in a new form of the whole message, whose structure and
// identifiers are checked again. All that can go wrong in a decryption is one
// error of [ClassDecrypt] around alg.ErrDecrypt. A cipher that authenticates
// nothing is opened only if a signature that is good covers its octets.
func (p *Pending) Open(c Credentials, pol Policy) error {
	if !p.closed {
		return p.failed
	}
	p.closed = false
	v := &verifier{Pending: p, cred: &c, pol: &pol, ev: new(Evidence)}
	if err := v.open(); err != nil {
		p.failed = because(err, p.sec, "")
	}
	return p.failed
}

func (v *verifier) open() error {
	p := v.Pending
	n := countChildren(p.sec)
	p.walk.at = make([]int, n)
	for i := range p.walk.at {
		p.walk.at[i] = -1
	}
	for i := range n {
		c := childAt(p.sec, i)
		var err error
		switch {
		case c.Is(xmltree.DS, "Signature"):
			p.walk.at[i] = len(p.states) - 1
		case c.Is(xmltree.XENC, "ReferenceList"):
			err = v.openListed(c, xmltree.Elem{}, i)
		case c.Is(xmltree.XENC, "EncryptedKey"):
			if list := c.First(xmltree.XENC, "ReferenceList"); list.OK() {
				err = v.openListed(list, c, i)
			}
		case c.Is(xmltree.XENC, "EncryptedData") && !v.listedAfter(c, i):
			err = v.replace([]piece{{data: c}}, i)
		}
		if err != nil {
			return err
		}
	}
	if rest := p.unlisted(); len(rest) > 0 {
		pieces := make([]piece, len(rest))
		for i := range rest {
			pieces[i].data = rest[i]
		}
		if err := v.replace(pieces, n); err != nil {
			return err
		}
	}
	return v.again()
}

// listedAfter reports whether a list that comes later in the header has e.
func (v *verifier) listedAfter(e xmltree.Elem, i int) bool {
	id, ok := e.Attr("", "Id")
	at := 0
	for c := range v.sec.Children {
		if at++; at <= i+1 {
			continue
		}
		if c.Is(xmltree.XENC, "EncryptedKey") {
			c = c.First(xmltree.XENC, "ReferenceList")
		}
		if !c.Is(xmltree.XENC, "ReferenceList") {
			continue
		}
		for r := range c.Children {
			if uri, _ := r.Attr("", "URI"); ok && uri == "#"+id {
				return true
			}
		}
	}
	return false
}

// openListed opens what a ReferenceList names; key is the EncryptedKey that it
// stands in, or zero.
func (v *verifier) openListed(list, key xmltree.Elem, i int) error {
	ids, err := v.dataReferences(list)
	if err != nil {
		return err
	}
	pieces := make([]piece, 0, len(ids))
	for _, id := range ids {
		e, err := xmltree.ByID(v.sec, id)
		if err != nil {
			out := because(err, list, "reference").(*Error)
			out.Class = ClassWrapping
			return out
		}
		pieces = append(pieces, piece{data: e, key: key})
	}
	return v.replace(pieces, i)
}

// again reads the header as it is now that all is open.
func (v *verifier) again() error {
	p := v.Pending
	if len(p.states) == 1 {
		return nil
	}
	p.stamp, p.username, p.assertion, p.encrypted = stamp{}, xmltree.Elem{}, xmltree.Elem{}, xmltree.Elem{}
	p.contexts, p.confirmed, p.sigs, p.tokens, p.keyTokens = nil, nil, nil, 0, 0
	// What was opened by the key of an assertion or of a password is opened again where
	// it is needed: the message may have another assertion now, whose holder is another,
	// and a password is asked about anew.
	maps.DeleteFunc(p.walk.keys, func(_ KeyRef, k symmetric) bool { return k.holder || k.ref.Kind == KeyUser })
	return p.takeIn()
}

// leftClosed refuses what only this header can mean and nothing opened.
func (p *Pending) leftClosed() error {
	for c := range p.sec.Children {
		if c.Is(xmltree.XENC, "EncryptedData") {
			return refuse(ClassPolicy, c, "nothing says how to decrypt it")
		}
		list := c
		if c.Is(xmltree.XENC, "EncryptedKey") {
			list = c.First(xmltree.XENC, "ReferenceList")
		}
		if !list.Is(xmltree.XENC, "ReferenceList") {
			continue
		}
		ids, err := p.dataReferences(list)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if e := xmltree.Find(p.sec, id); e.Is(xmltree.XENC, "EncryptedData") {
				return refuse(ClassPolicy, e, "listed where it was not seen in time to decrypt it")
			}
		}
	}
	for h := range p.env.Ours(p.actor) {
		if h.Is(xmltree.WSSE11, "EncryptedHeader") {
			return refuse(ClassPolicy, h, "nothing says how to decrypt it")
		}
	}
	return nil
}

// cipherSigned reports whether a signature that comes before e in the header,
// that verifies, and whose key is trusted, covers an EncryptedData of the
// state that is the last, and its key with it.
func (v *verifier) cipherSigned(e xmltree.Elem, sec *symmetric) error {
	p := v.Pending
	k := len(p.states) - 1
	for i, at := range p.walk.at {
		if at < 0 {
			continue
		}
		sig := childAt(p.states[at].sec, i)
		ki, err := xmldsig.KeyInfo(sig)
		if err != nil {
			return err
		}
		done, ok := p.walk.done[i]
		if !ok {
			s := pendingSignature{elem: sig, early: sig, child: i, state: at}
			if s.from, err = p.keyInfo(ki); err != nil {
				continue // hidden as yet
			}
			if done.signer, err = v.signerOf(&s); err != nil {
				return err
			}
			if done.signed, err = v.verify(&s, done.signer); err != nil {
				return because(err, sig, "signature")
			}
			if p.walk.done == nil {
				p.walk.done = make(map[int]verified)
			}
			p.walk.done[i] = done
		}
		signer, signed := done.signer, done.signed
		if signer.Made && !sec.root.Equal(signer.root) {
			continue // anybody can sign what he found with a key that he made
		}
		data, key := false, !sec.made || !signer.root.IsZero() && sec.root.Equal(signer.root)
		for _, s := range signed {
			f := p.forward(at, k, s.Element())
			data = data || f.OK() && f.Contains(e)
			key = key || f.OK() && sec.elem.OK() && f.Contains(v.keyIn(k, sec))
		}
		if data && key && !signer.Possession {
			return nil
		}
	}
	return refuse(ClassPolicy, e, "a cipher that authenticates nothing, and no signature before it covers data and key")
}

// keyIn returns the EncryptedKey of a secret in state k.
func (v *verifier) keyIn(k int, sec *symmetric) xmltree.Elem {
	for at := range v.states {
		if v.states[at].env.Root.Doc() == sec.elem.Doc() {
			return v.forward(at, k, sec.elem)
		}
	}
	return xmltree.Elem{}
}

// decryptFailed is the one error for whatever can go wrong in decrypting.
func decryptFailed(at xmltree.Elem) error { return because(alg.ErrDecrypt, at, "") }
