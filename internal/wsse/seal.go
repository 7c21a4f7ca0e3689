package wsse

import (
	"strconv"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// A sealing is what of a message is encrypted, and with which key.
type sealing struct {
	key     alg.Key // zero: nothing is encrypted
	keyInfo []byte  // of what is encrypted

	// The key that is sent encrypted, if one is.
	session alg.Key
	to      alg.Key
	toInfo  []byte
	keyID   string
	listing bool // its EncryptedKey holds the list of what it encrypts

	derived [][]byte // DerivedKeyTokens

	count  int
	listed []string          // ids of what is encrypted, the signatures apart
	became map[string]string // ids of parts before and after they were encrypted
	parts  []sealedPart
}

// A sealedPart is what stands for some octets of the plain message.
type sealedPart struct {
	from, to int
	octets   []byte
}

// sends reports whether a key is sent with the message. Where one encrypts and none is
// sent, it is that of a token which signs.
func (s *sealing) sends() bool { return !s.session.IsZero() }

// write writes what the header has of keys before anything is encrypted.
func (s *sealing) write(w *writer, b *xmltree.Builder, put func(itemKind, string, func())) {
	if s.sends() && !s.listing {
		put(itemKey, s.keyID, func() { w.sealSession(b) })
	}
	for _, d := range s.derived {
		put(itemDerived, "", func() { b.Raw(d) })
	}
}

// sealSession writes the EncryptedKey, and remembers the key for the answer if it
// protects in both directions.
func (w *writer) sealSession(b *xmltree.Builder) {
	s := &w.seal
	var own xmltree.Builder
	if err := xmlenc.SealKeyBy(&own, w.o.Protection.Transport, s.session, s.keyID, s.to, s.toInfo, nil, w.o.Suite); err != nil {
		w.fail(err)
		return
	}
	b.Raw(own.Bytes())
	if !w.o.Protection.Symmetric {
		return
	}
	key, _ := parseOwn(own.Bytes())
	ref, err := encryptedKeyRef(key)
	w.fail(err)
	w.know(ref, s.session)
	w.expect.session = ref
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// encrypt encrypts what of the plain message root is to be.
func (w *writer) encrypt(root xmltree.Elem) error {
	s := &w.seal
	if s.key.IsZero() {
		return nil
	}
	p := w.o.Protection
	s.became = make(map[string]string)
	ns := w.out.Version.Namespace()
	for h := range root.First(ns, "Header").Children {
		if w.encryptsHeader(h) {
			if err := w.sealHeader(h); err != nil {
				return err
			}
		}
	}
	for i := range w.items {
		it := &w.items[i]
		switch {
		case it.kind == itemTimestamp && p.Encrypt&PartTimestamp != 0:
		case it.kind == itemBearer && p.Encrypt&PartToken != 0:
		case it.kind == itemConfirmation && p.Encrypt&PartSignature != 0:
		default:
			continue
		}
		e := root.Doc().At(it.from)
		octets, id, err := w.sealed(e.Standalone(), xmlenc.Element)
		if err != nil {
			return err
		}
		it.sealed = octets
		if it.id == "" {
			it.id = id // the ciphertext can be signed even so
		}
		s.became[it.id] = id
	}
	body := root.First(ns, "Body")
	if p.Encrypt&PartBody == 0 || countChildren(body) == 0 {
		return nil
	}
	from, to := body.ContentRange()
	plain, typ := root.Doc().Source()[from:to], xmlenc.Content
	if p.BodyElement {
		typ = xmlenc.Element
	}
	octets, _, err := w.sealed(plain, typ)
	s.parts = append(s.parts, sealedPart{from, to, octets})
	return err
}

// sealed makes one EncryptedData and lists it.
func (w *writer) sealed(plain []byte, typ string) (octets []byte, id string, err error) {
	octets, id, err = w.sealedUnlisted(plain, typ)
	w.seal.listed = append(w.seal.listed, id)
	return octets, id, err
}

func (w *writer) sealedUnlisted(plain []byte, typ string) (octets []byte, id string, err error) {
	id = "ed" + strconv.Itoa(w.seal.count) + w.suffix
	w.seal.count++
	var b xmltree.Builder
	err = xmlenc.SealBy(&b, w.o.Protection.Cipher, plain, typ, id, w.seal.key, w.seal.keyInfo, w.o.Suite)
	return b.Bytes(), id, err
}

// encryptsHeader reports whether a header block is to be encrypted.
func (w *writer) encryptsHeader(h xmltree.Elem) bool {
	p := w.o.Protection
	for _, n := range p.EncryptHeaders {
		if h.Is(n.Space, n.Local) && !h.Is(xmltree.WSSE, "Security") {
			return true
		}
	}
	if h.Space() != w.out.Addressing.Namespace() {
		return false
	}
	for _, f := range [...]struct {
		part  Parts
		local string
	}{
		{PartTo, "To"},
		{PartAction, "Action"},
		{PartMessageID, "MessageID"},
		{PartRelatesTo, "RelatesTo"},
		{PartReplyTo, "ReplyTo"},
		{PartFrom, "From"},
		{PartFaultTo, "FaultTo"},
	} {
		if p.Encrypt&f.part != 0 && h.Local() == f.local {
			return true
		}
	}
	return false
}

// sealHeader encrypts a header block: as an EncryptedHeader, which keeps who it
// is for, or in a header of version 1.0 as a mere EncryptedData.
func (w *writer) sealHeader(h xmltree.Elem) error {
	octets, id, err := w.sealed(h.Standalone(), xmlenc.Element)
	if err != nil {
		return err
	}
	if w.o.Version != V10 {
		ns := w.out.Version.Namespace()
		id += "h"
		var b xmltree.Builder
		b.Start(xmltree.WSSE11, "EncryptedHeader")
		b.Attr(xmltree.WSU, "Id", id)
		role := "role"
		if w.out.Version == soap.V11 {
			role = "actor"
		}
		for _, name := range [...]string{"mustUnderstand", role} {
			if v, ok := h.Attr(ns, name); ok {
				b.Attr(ns, name, v)
			}
		}
		b.Raw(octets)
		b.End()
		octets = b.Bytes()
	}
	plain, _ := h.Attr(xmltree.WSU, "Id")
	w.seal.became[plain] = id // one without an id is not signed
	from, to := h.Range()
	w.seal.parts = append(w.seal.parts, sealedPart{from, to, octets})
	return nil
}

// assemble puts the message together from the octets of the plain one and what
// was made since. Without signatures it is the form that is only signed.
//
// Keys stand before what they are used for, and what is to be done first by
// the reader stands first: the list of what is encrypted before the signature
// of the plaintext, and behind the signature of the ciphertext.
func (w *writer) assemble(msg []byte, sigs [][]byte) ([]byte, error) {
	var c []byte
	put := func(kinds ...itemKind) {
		for _, k := range kinds {
			for _, it := range w.items {
				if it.kind == k && it.sealed == nil {
					c = append(c, msg[it.from:it.to]...)
				}
			}
		}
	}
	last := w.o.Layout == TimestampLast
	if !last {
		put(itemTimestamp)
	}
	put(itemRoot, itemKey, itemDerived, itemToken, itemBearer, itemConfirmation)
	var lists [2][]byte // of what is encrypted, and of encrypted signatures
	var err error
	s := &w.seal
	listed := s.listed
	if !s.key.IsZero() && w.o.Protection.Encrypt&PartSignature != 0 {
		var ids []string
		for i := range sigs {
			var id string
			if sigs[i], id, err = w.sealedUnlisted(sigs[i], xmlenc.Element); err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		if w.o.Protection.Order == SignThenEncrypt {
			listed = append(listed, ids...)
		} else {
			lists[1] = referenceList(ids)
		}
	}
	if lists[0], err = w.list(listed); err != nil {
		return nil, err
	}
	encrypted := func() {
		c = append(c, lists[0]...)
		for _, it := range w.items {
			c = append(c, it.sealed...)
		}
	}
	etS := w.o.Protection != nil && w.o.Protection.Order == EncryptThenSign
	if !etS {
		encrypted()
	}
	c = append(c, lists[1]...)
	for _, sig := range sigs {
		c = append(c, sig...)
	}
	if etS {
		encrypted()
	}
	if last {
		put(itemTimestamp)
	}
	return w.splice(msg, c), nil
}

// splice replaces the content of the Security header and the encrypted parts.
func (w *writer) splice(msg, content []byte) []byte {
	size := len(msg) + len(content)
	for _, p := range w.seal.parts {
		size += len(p.octets)
	}
	out := make([]byte, 0, size)
	at, done := 0, false
	header := func() {
		out = append(append(out, msg[at:w.content.from]...), content...)
		at, done = w.content.to, true
	}
	for _, p := range w.seal.parts { // in document order
		if !done && w.content.from <= p.from {
			header()
		}
		out = append(append(out, msg[at:p.from]...), p.octets...)
		at = p.to
	}
	if !done {
		header()
	}
	return append(out, msg[at:]...)
}

// list writes the list of what is encrypted, in the EncryptedKey or alone.
func (w *writer) list(ids []string) ([]byte, error) {
	s := &w.seal
	if !s.listing {
		return referenceList(ids), nil
	}
	var b xmltree.Builder
	err := xmlenc.SealKeyBy(&b, w.o.Protection.Transport, s.session, s.keyID, s.to, s.toInfo, ids, w.o.Suite)
	return b.Bytes(), err
}

func referenceList(ids []string) []byte {
	if len(ids) == 0 {
		return nil
	}
	var b xmltree.Builder
	b.Start(xmltree.XENC, "ReferenceList")
	for _, id := range ids {
		b.Start(xmltree.XENC, "DataReference")
		b.Attr("", "URI", "#"+id)
		b.End()
	}
	b.End()
	return b.Bytes()
}
