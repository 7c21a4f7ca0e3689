package wsse

import (
	"bytes"
	"math"

	"wstrust/internal/soap"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// An item is one child of the Security header in the plain message.
type item struct {
	kind     itemKind
	from, to int    // octets of the plain message
	id       string // "" if nothing refers to it
	str      string // of the SecurityTokenReference to sign it through, "" for its own id
	sealed   []byte // the EncryptedData in its place, or nil
}

type itemKind uint8

const (
	itemTimestamp itemKind = iota
	itemRoot               // the token whose key protects
	itemKey                // EncryptedKey
	itemDerived
	itemToken
	itemBearer // a token without a key
	itemConfirmation
)

// write makes the message: it is written plain and parsed once, so that what is
// signed and encrypted are ranges of it.
func (w *writer) write() ([]byte, error) {
	var security func(*xmltree.Builder)
	if w.protects() {
		security = w.header
	}
	msg, err := soap.Write(w.out, w.marks, security)
	if err == nil {
		err = w.err
	}
	if err != nil || len(w.signers) == 0 && !w.seal.sends() {
		return msg, err
	}
	root, err := parseOwn(msg)
	if err != nil {
		return nil, err
	}
	var sigs [][]byte
	if w.o.Protection == nil || w.o.Protection.Order == SignThenEncrypt {
		if sigs, err = w.sign(root, nil); err != nil {
			return nil, err
		}
	}
	if err := w.encrypt(root); err != nil {
		return nil, err
	}
	if w.o.Protection != nil && w.o.Protection.Order == EncryptThenSign {
		closed, err := w.assemble(msg, nil)
		if err != nil {
			return nil, err
		}
		if root, err = parseOwn(closed); err != nil {
			return nil, err
		}
		if sigs, err = w.sign(root, w.seal.became); err != nil {
			return nil, err
		}
	}
	return w.assemble(msg, sigs)
}

// parseOwn parses what we write ourselves, which may be as large as the caller
// made it.
func parseOwn(msg []byte) (xmltree.Elem, error) {
	d, err := xmltree.Parse(msg, xmltree.Limits{
		Bytes: len(msg), Depth: math.MaxInt32, Elements: math.MaxInt32,
		Attributes: math.MaxInt32, Namespaces: math.MaxInt32, Name: len(msg),
	})
	if err != nil {
		return xmltree.Elem{}, err
	}
	return d.Root(), nil
}

// header writes the Security header without signatures and encryption, and
// notes where everything in it stands.
func (w *writer) header(b *xmltree.Builder) {
	b.Start(xmltree.WSSE, "Security")
	soapNS := w.out.Version.Namespace()
	if w.o.Actor != "" {
		local := "role"
		if w.out.Version == soap.V11 {
			local = "actor"
		}
		b.Attr(soapNS, local, w.o.Actor)
	}
	if !w.o.OptionalHeader {
		b.Attr(soapNS, "mustUnderstand", "1")
	}
	w.content.from = b.Len()
	put := func(kind itemKind, id string, write func()) {
		from := b.Len()
		write()
		w.items = append(w.items, item{kind: kind, from: from, to: b.Len(), id: id})
	}
	if w.timestamp && w.o.Layout != TimestampLast {
		put(itemTimestamp, "ts"+w.suffix, func() { w.writeTimestamp(b) })
	}
	for i, t := range w.o.Tokens {
		w.writeToken(b, i, t, put)
	}
	w.seal.write(w, b, put)
	for i, id := range w.confirmations() {
		put(itemConfirmation, id, func() { w.writeConfirmation(b, i, id) })
	}
	if w.timestamp && w.o.Layout == TimestampLast {
		put(itemTimestamp, "ts"+w.suffix, func() { w.writeTimestamp(b) })
	}
	w.content.to = b.Len()
	b.End()
}

func (w *writer) writeToken(b *xmltree.Builder, i int, t Token, put func(itemKind, string, func())) {
	kind, id := itemToken, ""
	s := w.signerOf(i)
	switch {
	case s == nil:
		kind = itemBearer
	case w.main == i && s.key.IsSecret():
		kind = itemRoot
	}
	if s != nil {
		id = s.id
	}
	switch t := t.(type) {
	case Username:
		if w.bind() {
			id = w.id("user", i)
		}
		put(kind, id, func() {
			if s != nil {
				t.salt = s.salt
			}
			w.fail(writeUsername(b, t, id, w.now))
		})
	case X509:
		if t.Reference == RefDirect {
			put(kind, id, func() { writeBST(b, t, s.id) })
		}
		if s.str != "" {
			put(kind, "", func() { w.writeDirectReference(b, t, s.id, s.str) })
		}
	case Issued:
		var root xmltree.Elem
		if s == nil || s.str != "" {
			root, _ = parseOwn(t.XML) // it was read when it was planned
		}
		if !t.Unsent && !t.Embedded {
			if s == nil {
				id = tokenID(root)
			}
			put(kind, id, func() { b.Raw(t.XML) })
		}
		str := ""
		switch {
		case s != nil:
			str = s.str
		case t.STRTransform && w.bind():
			str = w.id("str", i)
			w.items[len(w.items)-1].str = str
		}
		if str != "" {
			put(itemToken, "", func() { w.fail(w.writeTokenReference(b, str, root)) })
		}
	}
}

// writeTokenReference writes a reference to a token beside it, to be signed
// through an STR-Transform.
func (w *writer) writeTokenReference(b *xmltree.Builder, str string, token xmltree.Elem) error {
	var own xmltree.Builder // half a reference would break the message that tells of it
	if err := w.writeIssuedReference(&own, token, str); err != nil {
		return err
	}
	b.Raw(own.Bytes())
	return nil
}

func (w *writer) writeTimestamp(b *xmltree.Builder) {
	ttl := w.o.TTL
	if ttl <= 0 {
		ttl = DefaultTTL
	}
	b.Start(xmltree.WSU, "Timestamp")
	for i := range w.signers {
		if w.signers[i].parts&PartTimestamp != 0 {
			b.Attr(xmltree.WSU, "Id", "ts"+w.suffix)
			break
		}
	}
	b.Elem(xmltree.WSU, "Created", xmltree.FormatTime(w.now))
	b.Elem(xmltree.WSU, "Expires", xmltree.FormatTime(w.now.Add(ttl)))
	b.End()
}

// sign makes every signature over the message root. Where signatures are put
// afterwards changes no digest: all canonical forms are exclusive, and no
// signature covers the Security header as a whole. Became says which ids were
// replaced when the message was encrypted; nil: none.
func (w *writer) sign(root xmltree.Elem, became map[string]string) ([][]byte, error) {
	var out [][]byte
	for i := range w.signers {
		s := &w.signers[i]
		refs, err := w.references(s, root, became)
		if err != nil {
			return nil, err
		}
		id := ""
		if s.endorse {
			main, _ := parseOwn(out[0]) // just written, and nothing is not signed
			refs = append(refs, xmldsig.Ref{ID: w.id("sig", 0), Elem: main})
		} else if i+1 < len(w.signers) && w.signers[i+1].endorse {
			id = w.id("sig", 0)
		}
		sig, err := xmldsig.Sign(s.key, w.o.Suite, id, refs, s.keyInfo)
		if err != nil {
			return nil, err
		}
		out = append(out, sig)
		w.expect.signatures = append(w.expect.signatures, signatureValue(sig))
	}
	return out, nil
}

func (w *writer) references(s *signer, root xmltree.Elem, became map[string]string) ([]xmldsig.Ref, error) {
	refs := make([]xmldsig.Ref, 0, 8)
	var err error
	add := func(id, str string) {
		if id == "" || err != nil {
			return
		}
		if now, ok := became[id]; ok {
			id, str = now, "" // no reference leads to ciphertext
		}
		ref := xmldsig.Ref{ID: id}
		if str != "" {
			ref.ID = str
			ref.STR, _ = xmltree.ByID(root, str) // we have written it
		}
		ref.Elem, err = xmltree.ByID(root, id)
		refs = append(refs, ref)
	}
	if s.parts&PartTimestamp != 0 {
		add("ts"+w.suffix, "")
	}
	head := root.First(w.out.Version.Namespace(), "Header")
	ns := w.out.Addressing.Namespace()
	for _, f := range [...]struct {
		part Parts
		has  string
		id   string
	}{
		{PartTo, w.out.To, w.marks.To},
		{PartAction, w.out.Action, w.marks.Action},
		{PartMessageID, w.out.MessageID, w.marks.MessageID},
		{PartRelatesTo, w.out.RelatesTo, w.marks.RelatesTo},
		{PartReplyTo, w.out.ReplyTo, w.marks.ReplyTo},
	} {
		if s.parts&f.part != 0 && ns != "" && f.has != "" {
			add(f.id, "")
		}
	}
	if s.parts&PartBody != 0 {
		add(w.marks.Body, "")
	}
	if s.parts&PartToken != 0 {
		if s.id == "" && w.o.Protection == nil {
			return nil, refuse(ClassPolicy, head, "the token of this reference form cannot be signed")
		}
		add(s.id, s.str)
	}
	if !s.endorse {
		for _, id := range w.confirmations() {
			add(id, "")
		}
	}
	if w.o.Protection != nil && !s.endorse {
		for _, id := range w.headerIDs {
			add(id, "")
		}
		for _, it := range w.bound(s) {
			if it.kind == itemBearer && it.id == "" {
				return nil, refuse(ClassPolicy, head, "a token without an id cannot be signed")
			}
			add(it.id, it.str)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(refs) == 0 && !s.endorse {
		return nil, refuse(ClassPolicy, head, "none of the parts to be signed (%v) is in the message", s.parts)
	}
	return refs, nil
}

// signatureValue finds the value in a signature that we have just written.
func signatureValue(sig []byte) []byte {
	_, rest, _ := bytes.Cut(sig, []byte("<ds:SignatureValue>"))
	text, _, _ := bytes.Cut(rest, []byte("<"))
	value, _ := xmltree.DecodeBase64(text)
	return value
}
