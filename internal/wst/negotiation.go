package wst

import (
	"fmt"
	"io"
	"time"

	"wstrust/internal/xmltree"
)

// Options of a [Negotiation].
type Options struct {
	// Lenient takes a whole key from the issuer where the client offered
	// entropy, and an answer to a cancellation that does not confirm it.
	Lenient bool
	// Strict keeps to MS-LWSSP on both sides: Context must come back, a missing
	// key type means a symmetric key, and public keys, delegation, encrypted
	// keys and the bearer spellings of its product note 6 are refused.
	Strict bool

	Skew time.Duration // of the issuer's clock; [DefaultSkew] if zero
	Open Opener        // for keys that arrive encrypted
}

// A Negotiation is the client's side of one exchange with an issuer, as a
// function of what the issuer said last. It is not safe for concurrent use.
type Negotiation struct {
	req    Request
	v      Version
	o      Options
	state  step
	issued *Issued
}

type step uint8

const (
	stepStart step = iota
	stepSent
	stepOver
)

// An Issued is what an exchange came to: a token and what is needed to use it
// or, for Validate and Cancel, a verdict.
type Issued struct {
	Action  Action
	Version Version

	Token     []byte       // the element, octet for octet, able to stand alone
	Element   xmltree.Elem // the same where it stands in the answer; see [Response]
	TokenType string       // as announced, else as asked for, else as the element shows

	KeyType KeyType // [KeyTypeUnspecified] only if a renewed token keeps its key
	KeySize int     // of the secret, in bits; 0 if there is none
	Proof   Secret  // the proof key of a symmetric token; zero if a renewed token keeps its own

	Attached, Unattached []byte // SecurityTokenReference elements; nil if not given

	AppliesTo        string
	Created, Expires time.Time // zero: not said

	Status    *Status
	Cancelled bool
}

// Format implements [fmt.Formatter]: every verb prints what kind of token it
// is, and neither token nor key.
func (i Issued) Format(f fmt.State, _ rune) { io.WriteString(f, i.String()) }

// String tells what kind of token it is, without token and key.
func (i Issued) String() string {
	return fmt.Sprintf("Issued{token type %s, for %s, %s key, until %s}",
		clip(i.TokenType), clip(i.AppliesTo), i.KeyType, when(i.Expires))
}

// New prepares an exchange. It checks that the request's parts go together,
// with errors that wrap [ErrRequest], and completes it: a Context, the
// client's entropy, the token type of a security context or of a status, and
// the algorithm for combined entropy, which CXF demands and MS-LWSSP does not
// know. The Negotiation keeps a copy of req; what its slices and pointers lead
// to must not change while it is in use. A ClientEntropy that is given is
// copied too.
func New(req Request, v Version, o Options) (*Negotiation, error) {
	n := &Negotiation{req: req, v: v, o: o}
	r := &n.req
	r.secondary = nil
	for _, part := range []func(Version, Options) error{
		r.completeAction, r.checkChoice, r.completeUseKey, r.completeEntropy,
	} {
		if err := part(v, o); err != nil {
			return nil, err
		}
	}
	if o.Strict {
		if err := r.checkStrict(); err != nil {
			return nil, err
		}
	}
	if r.Context == "" {
		r.Context = newURN()
	}
	return n, nil
}

// Step takes the issuer's last message, the element in its body, and returns
// our next. The first call has a zero Elem and returns the request. A call
// that returns neither octets nor an error has taken the answer: the exchange
// is over, and [Negotiation.Issued] has its result. After an error the
// exchange is over too, and there is none.
func (n *Negotiation) Step(in xmltree.Elem, now time.Time) (out []byte, err error) {
	defer func() {
		if err != nil || out == nil {
			n.Close()
		}
	}()
	switch {
	case n.state == stepStart && !in.OK():
		n.state = stepSent
		return n.start(now)
	case n.state == stepSent && in.OK():
		return nil, n.finish(in, now)
	}
	return nil, ErrState
}

// Issued returns the result of the exchange, or nil if there is none (yet).
func (n *Negotiation) Issued() *Issued { return n.issued }

// Context returns the identifier that correlates request and answer.
func (n *Negotiation) Context() string { return n.req.Context }

// RequestAction returns the addressing action of the request.
func (n *Negotiation) RequestAction() string { return n.v.RequestAction(n.req.Action) }

// ReplyActions returns the addressing actions that the answer may carry.
func (n *Negotiation) ReplyActions() []string {
	if n.o.Strict {
		return n.v.StrictReplyActions(n.req.Action)
	}
	return n.v.ReplyActions(n.req.Action)
}

// Close ends the exchange and overwrites the client's entropy. The proof key
// of an [Issued] is not touched: it belongs to whoever took that. Step closes
// by itself; a caller closes when it gives up.
func (n *Negotiation) Close() {
	n.state = stepOver
	n.req.Clear()
}

func (n *Negotiation) start(now time.Time) ([]byte, error) {
	r := &n.req
	if r.Lifetime != 0 && r.Created.IsZero() && r.Expires.IsZero() {
		if r.Lifetime < 0 {
			return nil, misuse("Lifetime: %s", r.Lifetime)
		}
		r.Created, r.Expires = now, now.Add(r.Lifetime)
	}
	return r.Write(n.v)
}

func (n *Negotiation) finish(in xmltree.Elem, now time.Time) error {
	r, v := &n.req, n.v
	open := n.o.Open
	if n.o.Strict {
		open = Opener{} // the profile has no encrypted keys
	}
	a, err := ReadResponse(in, v, r.Action, open)
	if err != nil {
		return err
	}
	defer a.Clear()
	if err := a.check(r, v, now, n.o); err != nil {
		return err
	}
	i := &Issued{
		Action: r.Action, Version: v,
		Token: a.Token, Element: a.Element, TokenType: a.TokenType,
		Attached: a.Attached, Unattached: a.Unattached,
		AppliesTo: a.AppliesTo, Created: a.Created, Expires: a.Expires,
		Status: a.Status, Cancelled: a.Cancelled,
	}
	if i.AppliesTo == "" {
		i.AppliesTo = r.AppliesTo
	}
	if i.TokenType == v.StatusTokenType() {
		i.TokenType = "" // it says that there is no token
	}
	if len(a.Token) == 0 {
		if s := a.shape(); s != shapeNothing {
			return mismatch(a.at.rstr, "%s, and no token", shapeNames[s])
		}
		n.issued = i
		return nil
	}
	for _, t := range []string{r.TokenType, typeOf(a.Element)} {
		if i.TokenType == "" && t != v.StatusTokenType() {
			i.TokenType = t
		}
	}
	if i.Proof, i.KeyType, err = r.proofKey(v, a, n.o); err != nil {
		return err
	}
	i.KeySize = i.Proof.Len() * 8
	n.issued = i
	return nil
}
