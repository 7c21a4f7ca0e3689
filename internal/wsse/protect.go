package wsse

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"math"
	"strconv"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// Options say how the Security header is written.
type Options struct {
	Suite   alg.Suite
	Tokens  []Token // in header order
	Version Version
	Layout  Layout

	Timestamp TimestampUse
	TTL       time.Duration // of the Timestamp; 5 minutes if zero
	Reply     bool          // the message answers one: counts for RequestsOnly

	Actor string // the role the header is for; the ultimate receiver if empty
	// OptionalHeader leaves mustUnderstand out, for receivers that know no
	// WS-Security.
	OptionalHeader bool
}

// A Version is the version of WS-Security that the header follows. In a 1.0
// header no element or attribute of 1.1 is written.
type Version uint8

// The versions of the header.
const (
	V11 Version = iota
	V10
)

// A Layout is the order of what the header holds.
type Layout uint8

// The layouts. In all of them a token stands before the signature that uses
// it.
const (
	Strict         Layout = iota // Timestamp, tokens, signatures
	Lax                          // written as Strict
	TimestampFirst               // written as Strict
	TimestampLast                // tokens, signatures, Timestamp
)

// A TimestampUse says which messages carry a Timestamp.
type TimestampUse uint8

// The uses of the Timestamp.
const (
	Always TimestampUse = iota
	Never
	RequestsOnly
)

// DefaultTTL is how long our Timestamps are valid, and by default also how
// much latency and clock skew a peer's may have.
const DefaultTTL = 5 * time.Minute

// Expect is what the answer to a message must show.
type Expect struct {
	// Reply is for [soap.CheckReply]. The caller adds the actions it admits.
	Reply soap.Expect

	signatures [][]byte // our signature values
}

// Protect writes a message and its Security header, with every token and
// signature that o asks for. Tokens and the body are written as they are given.
// The header is left out if it would be empty.
//
// Errors are of [ClassPolicy] where the options contradict each other, Format
// where a value cannot be written, and Algorithm where suite and key do not
// fit.
func Protect(out soap.Outgoing, o Options, now time.Time) ([]byte, *Expect, error) {
	w := &writer{out: out.Prepared(), o: o, now: now}
	if err := w.plan(); err != nil {
		return nil, nil, err
	}
	var security func(*xmltree.Builder)
	if w.timestamp || len(o.Tokens) > 0 {
		security = w.header
	}
	msg, err := soap.Write(w.out, w.marks, security)
	if err == nil {
		err = w.err
	}
	if err != nil {
		return nil, nil, because(err, xmltree.Elem{}, "write message")
	}
	x := &Expect{Reply: soap.Expect{Version: out.Version, Addressing: out.Addressing, MessageID: w.out.MessageID}}
	if len(w.signers) == 0 {
		return msg, x, nil
	}
	signatures, err := w.sign(msg)
	if err != nil {
		return nil, nil, because(err, xmltree.Elem{}, "sign message")
	}
	for _, s := range signatures {
		x.signatures = append(x.signatures, signatureValue(s))
	}
	all := bytes.Join(signatures, nil)
	octets := make([]byte, 0, len(msg)+len(all))
	octets = append(octets, msg[:w.offset]...)
	octets = append(octets, all...)
	return append(octets, msg[w.offset:]...), x, nil
}

// A writer is one message under way.
type writer struct {
	out soap.Outgoing
	o   Options
	now time.Time

	timestamp bool
	suffix    string // of the ids we make
	marks     soap.Marks
	signers   []signer
	offset    int // where the signatures go
	err       error
}

// A signer is a token whose key signs.
type signer struct {
	token   int // index in Options.Tokens
	key     alg.Key
	parts   Parts
	keyInfo []byte
	id      string // of the token in the message, for PartToken
	str     string // wsu:Id of the SecurityTokenReference to sign it through
}

// plan decides what is signed, and gives ids to it.
func (w *writer) plan() error {
	if !w.o.Suite.Valid() {
		return refuse(ClassAlgorithm, xmltree.Elem{}, "unknown algorithm suite %s", shown(string(w.o.Suite)))
	}
	w.timestamp = w.o.Timestamp == Always || w.o.Timestamp == RequestsOnly && !w.o.Reply
	var random [8]byte
	rand.Read(random[:])
	w.suffix = "-" + hex.EncodeToString(random[:])
	var all Parts
	for i, t := range w.o.Tokens {
		s := signer{token: i}
		var err error
		switch t := t.(type) {
		case X509:
			err = w.planX509(&s, t)
		case Issued:
			err = w.planIssued(&s, t)
		case Username:
			if !xmltree.ValidText(t.Name) || t.Name == "" {
				err = refuse(ClassFormat, xmltree.Elem{}, "user name is empty or has characters that XML cannot carry")
			}
			if t.Digest && t.Password == nil {
				err = refuse(ClassPolicy, xmltree.Elem{}, "a password digest needs a password")
			}
		default:
			err = refuse(ClassPolicy, xmltree.Elem{}, "token of type %T", t)
		}
		if err != nil {
			return err
		}
		if s.key.IsZero() {
			continue
		}
		if s.parts == 0 {
			s.parts = PartTimestamp
			if !s.key.IsSecret() && w.out.To != "" && w.out.Addressing != soap.ANone {
				s.parts |= PartTo
			}
		}
		if s.parts&PartTimestamp != 0 && !w.timestamp {
			return refuse(ClassPolicy, xmltree.Elem{}, "the Timestamp is to be signed, and the options leave it out")
		}
		all |= s.parts
		w.signers = append(w.signers, s)
	}
	w.mark(all)
	return nil
}

// id makes the id of something that a token may have one of.
func (w *writer) id(name string, token int) string {
	return name + strconv.Itoa(token) + w.suffix
}

// mark gives an id to each part that is signed and present.
func (w *writer) mark(p Parts) {
	for _, m := range [...]struct {
		part Parts
		id   *string
		name string
	}{
		{PartBody, &w.marks.Body, "body"},
		{PartTo, &w.marks.To, "to"},
		{PartAction, &w.marks.Action, "action"},
		{PartMessageID, &w.marks.MessageID, "id"},
		{PartRelatesTo, &w.marks.RelatesTo, "relates"},
		{PartReplyTo, &w.marks.ReplyTo, "reply"},
	} {
		if p&m.part != 0 {
			*m.id = m.name + w.suffix
		}
	}
}

// header writes the Security header and notes where the signatures go.
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
	if w.timestamp && w.o.Layout != TimestampLast {
		w.writeTimestamp(b)
	}
	for i, t := range w.o.Tokens {
		switch t := t.(type) {
		case Username:
			if err := writeUsername(b, t, w.now); err != nil {
				w.err = err
			}
		case X509:
			if t.Reference == RefDirect {
				writeBST(b, t, w.signerOf(i).id)
			}
		case Issued:
			if !t.Unsent {
				b.Raw(t.XML)
			}
			if s := w.signerOf(i); s != nil && s.str != "" {
				if err := w.writeTokenReference(b, s, t); err != nil {
					w.err = err
				}
			}
		}
	}
	w.offset = b.Len()
	if w.timestamp && w.o.Layout == TimestampLast {
		w.writeTimestamp(b)
	}
	b.End()
}

// writeTokenReference writes a reference to a token beside it, to be signed
// through an STR-Transform.
func (w *writer) writeTokenReference(b *xmltree.Builder, s *signer, t Issued) error {
	d, err := xmltree.Parse(t.XML, xmltree.Limits{})
	if err != nil {
		return err
	}
	return w.writeIssuedReference(b, d.Root(), s.str)
}

func (w *writer) signerOf(token int) *signer {
	for i := range w.signers {
		if w.signers[i].token == token {
			return &w.signers[i]
		}
	}
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

// sign parses the message once and makes every signature. Where signatures are
// put afterwards changes no digest: all canonical forms are exclusive, and no
// signature covers the Security header as a whole.
func (w *writer) sign(msg []byte) ([][]byte, error) {
	// The message is our own and may be as large as the caller made it.
	d, err := xmltree.Parse(msg, xmltree.Limits{
		Bytes: len(msg), Depth: math.MaxInt32, Elements: math.MaxInt32,
		Attributes: math.MaxInt32, Namespaces: math.MaxInt32, Name: len(msg),
	})
	if err != nil {
		return nil, err
	}
	root := d.Root()
	head := root.First(w.out.Version.Namespace(), "Header")
	var security xmltree.Elem
	for h := range head.Children {
		if from, to := h.ContentRange(); h.Is(xmltree.WSSE, "Security") && from <= w.offset && w.offset <= to {
			security = h
		}
	}
	var out [][]byte
	for i := range w.signers {
		s := &w.signers[i]
		refs, err := w.references(s, root, head, security)
		if err != nil {
			return nil, err
		}
		sig, err := xmldsig.Sign(s.key, w.o.Suite, "", refs, s.keyInfo)
		if err != nil {
			return nil, err
		}
		out = append(out, sig)
	}
	return out, nil
}

func (w *writer) references(s *signer, root, head, security xmltree.Elem) ([]xmldsig.Ref, error) {
	refs := make([]xmldsig.Ref, 0, 4)
	add := func(id string, e xmltree.Elem) { refs = append(refs, xmldsig.Ref{ID: id, Elem: e}) }
	if s.parts&PartTimestamp != 0 {
		add("ts"+w.suffix, security.First(xmltree.WSU, "Timestamp"))
	}
	if ns := w.out.Addressing.Namespace(); ns != "" {
		for _, f := range [...]struct {
			part      Parts
			local, id string
		}{
			{PartTo, "To", w.marks.To},
			{PartAction, "Action", w.marks.Action},
			{PartMessageID, "MessageID", w.marks.MessageID},
			{PartRelatesTo, "RelatesTo", w.marks.RelatesTo},
			{PartReplyTo, "ReplyTo", w.marks.ReplyTo},
		} {
			if s.parts&f.part == 0 {
				continue
			}
			if e := head.First(ns, f.local); e.OK() {
				add(f.id, e)
			}
		}
	}
	if s.parts&PartBody != 0 {
		add(w.marks.Body, root.First(w.out.Version.Namespace(), "Body"))
	}
	if s.parts&PartToken != 0 {
		if s.id == "" {
			return nil, refuse(ClassPolicy, security, "the token of this reference form cannot be signed")
		}
		token, err := xmltree.ByID(root, s.id)
		if err != nil {
			return nil, err
		}
		if s.str == "" {
			add(s.id, token)
		} else {
			str, err := xmltree.ByID(root, s.str)
			if err != nil {
				return nil, err
			}
			refs = append(refs, xmldsig.Ref{ID: s.str, Elem: token, STR: str})
		}
	}
	if len(refs) == 0 {
		return nil, refuse(ClassPolicy, security, "none of the parts to be signed (%v) is in the message", s.parts)
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
