package wsse

import (
	"slices"

	"wstrust/internal/soap"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// A Pending is a Security header that was read and not yet verified. It gives
// away nothing but the names of the keys it needs.
type Pending struct {
	env   *soap.Envelope
	sec   xmltree.Elem // zero if the message has no Security header for us
	actor string
	lim   Limits
	off   check

	// What opening the message made of it. The first state is the message as
	// it came; env and sec are those of the last.
	states []state
	closed bool  // there is something to open
	failed error // opening it did
	walk   walk

	stamp     stamp
	username  xmltree.Elem
	password  Password
	assertion xmltree.Elem // in the clear
	encrypted xmltree.Elem // EncryptedAssertion
	contexts  []contextToken
	confirmed []xmltree.Elem // SignatureConfirmation
	sigs      []pendingSignature
	needs     []KeyRef
	tokens    int
	keyTokens int
	named     []namedKey
}

type pendingSignature struct {
	elem xmltree.Elem
	from source

	child int          // of the Security header
	state int          // in which it is verified
	early xmltree.Elem // elem in that state
}

type contextToken struct {
	elem xmltree.Elem
	ref  KeyRef
}

// A check is one structural check that tests can switch off, to show that an
// attack is one: what is refused with the check must be accepted without it.
// Outside of tests no bit is ever set.
type check uint16

const (
	checkOneHeader    check = 1 << iota // one Security header for our role
	checkIDs                            // identifiers are unique
	checkOneAssertion                   // one assertion in the header
	checkPlace                          // references end at known places
	checkRequired                       // required parts are covered
	checkHolder                         // a holder-of-key assertion is proved
	checkFresh                          // timestamps
	checkCipherSigned                   // a signature over what a cipher without authentication closes
	checkKeyBound                       // who signs ciphertext knows its key
	checkOneUse                         // one algorithm for one key, one nonce for one message
	checkSplice                         // what was decrypted is what it was to be, at its place
	checkDerivation                     // bounds of derived keys
	checkMade                           // keys that anybody can make authenticate nobody
	checkToken                          // a certificate that is signed is the one whose key signs
	checkRelates                        // an answer is bound to its request
)

// Read reads the Security header for a role: for the ultimate receiver if actor
// is "". There may be none, and then only what TLS protects can be verified.
// What is encrypted stays so until [Pending.Open].
//
// Two headers for the role, two assertions, more than 8 tokens or signatures,
// elements that are not understood, and identifiers that occur twice anywhere
// in the message are refused here.
func Read(env *soap.Envelope, actor string) (*Pending, error) { return read(env, actor, Limits{}, 0) }

// ReadWithin is Read with other limits, for all that is done with the message.
func ReadWithin(env *soap.Envelope, actor string, lim Limits) (*Pending, error) {
	return read(env, actor, lim, 0)
}

func read(env *soap.Envelope, actor string, lim Limits, off check) (*Pending, error) {
	p := &Pending{env: env, actor: actor, lim: lim.WithDefaults(), off: off}
	var err error
	if p.sec, err = p.security(env); err != nil || !p.sec.OK() {
		return p, err
	}
	p.states = []state{{env: env, sec: p.sec}}
	if err := p.takeIn(); err != nil {
		return nil, err
	}
	if p.closed = p.encrypts(); p.closed {
		p.needForOpening()
	}
	return p, nil
}

// security finds our Security header in a form of the message.
func (p *Pending) security(env *soap.Envelope) (sec xmltree.Elem, err error) {
	for h := range env.Ours(p.actor) {
		if !h.Is(xmltree.WSSE, "Security") {
			continue
		}
		if sec.OK() {
			if p.off&checkOneHeader != 0 {
				continue
			}
			return sec, refuse(ClassProtocol, h, "second Security header for one role")
		}
		sec = h
	}
	return sec, nil
}

// takeIn reads the header as it is in the last state. While something is
// encrypted, the keys of signatures may be hidden, and are not missed.
func (p *Pending) takeIn() error {
	if err := xmltree.UniqueIDs(p.env.Root); err != nil && p.off&checkIDs == 0 {
		e := because(err, p.sec, "identifiers").(*Error)
		e.Class = ClassWrapping
		return e
	}
	if err := p.sec.OnlyElements(); err != nil {
		return because(err, p.sec, "")
	}
	i := 0
	for c := range p.sec.Children {
		if err := p.child(c, i); err != nil {
			return because(err, c, "")
		}
		i++
	}
	hidden := len(p.states) == 1 && p.encrypts()
	for i := range p.sigs {
		if err := p.source(&p.sigs[i]); err != nil && !hidden {
			return because(err, p.sigs[i].elem, "key of the signature")
		}
	}
	return nil
}

// child takes in one child of the Security header.
func (p *Pending) child(c xmltree.Elem, i int) error {
	switch {
	case c.Is(xmltree.XENC, "EncryptedData"), c.Is(xmltree.XENC, "ReferenceList"):
		return nil // for Open
	case c.Is(xmltree.XENC, "EncryptedKey"), isDerived(c):
		if p.keyTokens++; p.keyTokens > 2*p.lim.EncryptedKeys {
			return refuse(ClassLimit, c, "more than %d keys", 2*p.lim.EncryptedKeys)
		}
		_, err := p.tokenSource(c, c)
		return err
	case c.Is(xmltree.WSU, "Timestamp"):
		if p.stamp.elem.OK() {
			return refuse(ClassFormat, c, "second timestamp")
		}
		var err error
		p.stamp, err = readTimestamp(c)
		return err
	case c.Is(xmltree.DS, "Signature"):
		if len(p.sigs) == p.lim.Signatures {
			return refuse(ClassLimit, c, "more than %d signatures", p.lim.Signatures)
		}
		s := pendingSignature{elem: c, early: c, child: i}
		if len(p.states) > 1 {
			s.state = p.walk.at[i]
			s.early = childAt(p.states[s.state].sec, i)
		}
		p.sigs = append(p.sigs, s)
		return nil
	case c.Is(xmltree.WSSE, "SecurityTokenReference"):
		return p.token(c) // for an STR-Transform
	case c.Is(xmltree.WSSE11, "SignatureConfirmation"):
		p.confirmed = append(p.confirmed, c)
		return p.token(c)
	case c.Is(xmltree.WSSE, "BinarySecurityToken"):
		return p.token(c)
	case c.Is(xmltree.WSSE, "UsernameToken"):
		if p.username.OK() {
			return refuse(ClassPolicy, c, "second username token")
		}
		var err error
		if p.password, err = readUsername(c); err != nil {
			return err
		}
		p.username = c
		p.need(KeyRef{Kind: KeyUser, Name: p.password.Name()})
		return p.token(c)
	case saml.Is(c), c.Is(xmltree.SAML20, "EncryptedAssertion"):
		return p.assertionToken(c)
	case isContext(c):
		ref, err := readContext(c)
		if err != nil {
			return err
		}
		p.contexts = append(p.contexts, contextToken{c, ref})
		return p.token(c)
	default:
		return refuse(ClassPolicy, c, "%s is not supported in a Security header", shown(c.Local()))
	}
}

func (p *Pending) token(c xmltree.Elem) error {
	if p.tokens++; p.tokens > p.lim.Tokens {
		return refuse(ClassLimit, c, "more than %d tokens", p.lim.Tokens)
	}
	return nil
}

func (p *Pending) assertionToken(c xmltree.Elem) error {
	if p.assertion.OK() || p.encrypted.OK() {
		if p.off&checkOneAssertion == 0 {
			return refuse(ClassWrapping, c, "second assertion")
		}
	}
	if saml.Is(c) {
		p.assertion = c
		p.need(KeyRef{Kind: KeyIssuer, Name: claimedIssuer(c)})
	} else {
		p.encrypted = c
		p.need(KeyRef{Kind: KeyIssuer})
	}
	return p.token(c)
}

// claimedIssuer reads who an assertion says that it is from, before anything
// is verified. It selects the certificates to verify it with.
func claimedIssuer(e xmltree.Elem) string {
	if e.Is(xmltree.SAML11, "Assertion") {
		name, _ := e.Attr("", "Issuer")
		return name
	}
	name, _ := e.First(xmltree.SAML20, "Issuer").Token()
	return name
}

func readContext(e xmltree.Elem) (KeyRef, error) {
	ref := KeyRef{Kind: KeyContext}
	id, err := e.One(e.Space(), "Identifier")
	if err != nil {
		return ref, err
	}
	if ref.ID, err = id.Token(); err != nil {
		return ref, err
	}
	if ref.ID == "" {
		return ref, refuse(ClassFormat, id, "empty identifier")
	}
	instance, err := e.Maybe(e.Space(), "Instance")
	if err == nil && instance.OK() {
		ref.Instance, err = instance.Token()
	}
	return ref, err
}

func (p *Pending) need(r KeyRef) {
	if !slices.Contains(p.needs, r) {
		p.needs = append(p.needs, r)
	}
}

// Needs lists what must be known to verify the message, without repetition. An
// EncryptedAssertion asks for an issuer without a name, since its own is
// hidden.
func (p *Pending) Needs() []KeyRef { return p.needs }

// Present reports whether the message has a Security header for the role.
func (p *Pending) Present() bool { return p.sec.OK() }

// source finds out which key a signature says it is by.
func (p *Pending) source(s *pendingSignature) error {
	ki, err := xmldsig.KeyInfo(s.elem)
	if err != nil {
		return err
	}
	if !ki.OK() {
		return refuse(ClassFormat, s.elem, "signature without key information")
	}
	if s.from, err = p.keyInfo(ki); err != nil {
		return err
	}
	if ref, ok := p.rootRef(s.from); ok {
		p.need(ref)
	}
	return nil
}
