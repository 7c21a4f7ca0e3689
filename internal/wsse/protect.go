package wsse

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
)

// Options say how the Security header is written.
type Options struct {
	Suite   alg.Suite
	Tokens  []Token // in header order, those without a key after the others
	Version Version
	Layout  Layout

	Timestamp TimestampUse
	TTL       time.Duration // of the Timestamp; 5 minutes if zero
	Reply     bool          // the message answers one: counts for RequestsOnly
	// Confirms is the request whose signatures the message, which answers it,
	// confirms; nil confirms nothing. The confirmations are signed with the
	// rest.
	Confirms *Evidence

	// Protection says which parts are signed and encrypted, by which keys. Nil
	// encrypts nothing, and each token signs its own Parts.
	Protection *Protection

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

	signatures [][]byte           // our signature values
	known      map[KeyRef]alg.Key // symmetric keys that the answer may use by name
	session    KeyRef             // the one of them that was made for this message
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
	w.expect = &Expect{Reply: soap.Expect{Version: out.Version, Addressing: out.Addressing, MessageID: w.out.MessageID}}
	if err := w.plan(); err != nil {
		return nil, nil, err
	}
	msg, err := w.write()
	if err != nil {
		return nil, nil, because(err, xmltree.Elem{}, "write message")
	}
	return msg, w.expect, nil
}

// A writer is one message under way.
type writer struct {
	out    soap.Outgoing
	o      Options
	now    time.Time
	expect *Expect

	timestamp bool
	suffix    string // of the ids we make
	marks     soap.Marks
	signers   []signer // the main one first, where there is a Protection
	main      int      // token of the main signer; -1 if it is none, or there is none
	headerIDs []string // of the further header blocks that are signed
	seal      sealing
	err       error
	token     xmltree.Doc // the token being planned
	reference xmltree.Doc // its attached reference

	content struct{ from, to int } // of the Security header in the plain message
	items   []item
}

// A signer is a token whose key signs.
type signer struct {
	token   int // index in Options.Tokens; -1 for the key that we make
	key     alg.Key
	parts   Parts
	keyInfo []byte
	id      string // of the token in the message, for PartToken
	salt    []byte // of a key that is derived from a password
	str     string // wsu:Id of the SecurityTokenReference to sign it through
	endorse bool   // signs the main signature
}

// plan decides what is signed and encrypted, and gives ids to it.
func (w *writer) plan() error {
	if !w.o.Suite.Valid() {
		return refuse(ClassAlgorithm, xmltree.Elem{}, "unknown algorithm suite %s", shown(string(w.o.Suite)))
	}
	w.timestamp = w.o.Timestamp == Always || w.o.Timestamp == RequestsOnly && !w.o.Reply
	var random [8]byte
	rand.Read(random[:])
	w.suffix = "-" + hex.EncodeToString(random[:])
	w.main = -1
	for i, t := range w.o.Tokens {
		s, err := w.planToken(i, t)
		if err != nil {
			return err
		}
		if !s.key.IsZero() {
			w.signers = append(w.signers, s)
		}
	}
	if w.o.Protection != nil {
		if err := w.planProtection(); err != nil {
			return err
		}
	}
	var all Parts
	for i := range w.signers {
		s := &w.signers[i]
		if s.parts == 0 && !s.endorse {
			s.parts = PartTimestamp
			if !s.key.IsSecret() {
				s.parts |= PartTo // as far as it is in the message
			}
		}
		if s.parts&PartTimestamp != 0 && !w.timestamp {
			return refuse(ClassPolicy, xmltree.Elem{}, "the Timestamp is to be signed, and the options leave it out")
		}
		all |= s.parts
	}
	w.mark(all)
	return nil
}

func (w *writer) planToken(i int, t Token) (signer, error) {
	s := signer{token: i}
	var err error
	switch t := t.(type) {
	case X509:
		err = w.planX509(&s, t)
	case Issued:
		if p := t.prepared; p != nil {
			s.key, s.parts, s.id, s.keyInfo = t.Key, t.Parts, p.id, p.keyInfo
			if p.answer.Kind != 0 {
				w.know(p.answer, t.Key)
			}
			break
		}
		err = w.planHeld(&s, t)
	case Username:
		err = w.planUsername(&s, t)
	case Shared:
		err = w.planShared(&s, t)
	default:
		err = refuse(ClassPolicy, xmltree.Elem{}, "token of type %T", t)
	}
	return s, err
}

// planHeld plans an issued token, and remembers what an answer may call its key.
func (w *writer) planHeld(s *signer, t Issued) error {
	root, err := w.planIssued(s, t)
	if err != nil {
		return err
	}
	if s.key.IsSecret() {
		w.expectKey(t, root)
	}
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

// protects reports whether the message gets a Security header.
func (w *writer) protects() bool {
	return w.timestamp || len(w.o.Tokens) > 0 || w.o.Confirms != nil || w.seal.sends()
}

func (w *writer) signerOf(token int) *signer {
	for i := range w.signers {
		if w.signers[i].token == token {
			return &w.signers[i]
		}
	}
	return nil
}
