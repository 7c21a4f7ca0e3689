package wsse

import (
	"crypto/x509"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// A binding is how the message that an Evidence is about was protected, as far
// as its answer must do the same.
type binding struct {
	key    alg.Key // symmetric, not derived; zero if the message was signed otherwise
	ref    KeyRef
	space  string // of the security context's token
	derive Derivation
	order  Order

	certificate *x509.Certificate // for which the answer is encrypted, if key is zero
}

// Answer returns o with the protection that the answer to the message needs:
// where a symmetric key protected the message, the same key protects the answer
// and o's tokens are left out; where the message was encrypted and signed with a
// certificate, what it encrypted is encrypted for that certificate. Ok is false
// if the message needs no such thing, and then o is unchanged.
//
// An error of [ClassPolicy] says that the answer cannot be encrypted although
// the message was: its sender has no key that anything could be encrypted with.
func (e *Evidence) Answer(o Options) (Options, bool, error) {
	b := &e.binding
	p := &Protection{
		Sign: PartTimestamp | PartBody | PartAddressing, Encrypt: e.Encrypted & (PartBody | PartSignature | PartAction),
		Order: b.order, Derived: b.derive,
	}
	if e.Encrypted&PartMessageID != 0 {
		p.Encrypt |= PartRelatesTo // which says the same
	}
	switch {
	case !b.key.IsZero() && (b.derive != NotDerived || p.Encrypt != 0 || b.ref.Kind == KeyEncrypted || b.ref.Kind == KeyNamed):
		o.Tokens = []Token{Issued{Key: b.key, Unsent: true, Attached: e.reference()}}
	case p.Encrypt == 0:
		return o, false, nil
	case b.certificate != nil:
		if key, err := alg.CertificateKey(b.certificate); err != nil || !key.CanEncrypt() {
			return o, false, refuse(ClassPolicy, xmltree.Elem{}, "the message was encrypted, and its sender's certificate is not for encrypting the answer")
		}
		p.Recipient, p.RecipientReference = b.certificate, RefIssuerSerial // which both versions of the header have
	default:
		return o, false, refuse(ClassPolicy, xmltree.Elem{}, "the message was encrypted, and nothing is known to encrypt the answer with")
	}
	o.Protection = p
	return o, true, nil
}

// reference is how the answer names the key of the message.
func (e *Evidence) reference() []byte {
	k := &e.binding
	var b xmltree.Builder
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	switch {
	case k.ref.Kind == KeyContext:
		writeContextReference(&b, k.ref, k.space)
	case k.ref.Kind == KeyNamed:
		b.Elem(xmltree.DS, "KeyName", k.ref.KeyName)
	case k.ref.Kind == KeyKerberos:
		writeKeyIdentifier(&b, typeKerberosSHA1, []byte(k.ref.ID))
	case k.ref.Kind == KeyEncrypted:
		b.Attr(xmltree.WSSE11, "TokenType", typeEncryptedKey)
		writeKeyIdentifier(&b, typeEncryptedKeySHA1, []byte(k.ref.ID))
	case k.ref.Kind == KeyAssertion:
		writeNameIdentifier(&b, typeSAML20ID, k.ref.ID)
	case e.Assertion != nil && e.Assertion.Version == saml.V11:
		b.Attr(xmltree.WSSE11, "TokenType", tokenSAML11)
		writeNameIdentifier(&b, typeSAML11ID, e.Assertion.ID)
	case e.Assertion != nil:
		b.Attr(xmltree.WSSE11, "TokenType", tokenSAML20)
		writeNameIdentifier(&b, typeSAML20ID, e.Assertion.ID)
	}
	b.End()
	return b.Bytes()
}

// noteSender notes whose certificate signed all that is required, and what the answer
// is protected with. That is of whoever sent the message: anybody on the way can add a
// signature that is over the sender's, or over ciphertext, and would read the answer.
func (v *verifier) noteSender() {
	var other *x509.Certificate
	for i, s := range v.ev.Signers {
		if !s.Required || s.Holder || s.Ref.Kind == KeyContext {
			continue
		}
		cert := s.certificate()
		if other == nil {
			other = cert
		}
		if v.ev.Certificate == nil && v.sent(i) {
			v.ev.Certificate = cert
		}
	}
	v.ev.binding.certificate = v.ev.Certificate
	if v.ev.Confirmation == saml.HolderOfKey && v.ev.Certificate == nil {
		holder, _ := v.ev.Assertion.HolderOfKey()
		v.ev.binding.certificate = holder.Certificate
	}
	if v.ev.Certificate == nil {
		v.ev.Certificate = other
	}
	for i, s := range v.ev.Signers {
		if s.Required && v.sent(i) {
			v.noteBinding(i)
		}
	}
}

// sent reports whether signature i is by the sender, or one that a signature of his is
// over.
func (v *verifier) sent(i int) bool {
	by := v.sender()
	for p, s := range v.ev.Signers {
		if s.Required && by(p) && (p == i || v.covers(p, v.sigs[i].elem)) {
			return true
		}
	}
	return false
}

// sender returns which signatures are by the sender, in the order in which one who is
// known by several things is known.
func (v *verifier) sender() func(i int) bool {
	e := v.ev
	signer := func(is func(*Signer) bool) func(int) bool { return func(i int) bool { return is(e.Signers[i]) } }
	switch {
	case e.Context != nil:
		return signer(func(s *Signer) bool { return s.Ref == *e.Context })
	case e.Confirmation == saml.HolderOfKey:
		return signer(func(s *Signer) bool { return s.Holder })
	case e.Confirmation == saml.SenderVouches:
		_, voucher := v.voucher(v.tokenElem())
		return func(i int) bool { return i == voucher }
	}
	for _, t := range [...]xmltree.Elem{v.tokenElem(), v.username} {
		for i := range e.Signers {
			if t.OK() && v.binds(i, t) {
				return func(i int) bool { return v.binds(i, t) }
			}
		}
	}
	if e.Certificate != nil {
		return signer(func(s *Signer) bool { return e.Certificate.Equal(s.certificate()) })
	}
	return func(int) bool { return true }
}

// noteBinding notes what the answer must know of signature i, which covers all
// that is required.
func (v *verifier) noteBinding(i int) {
	s := v.ev.Signers[i]
	b := &v.ev.binding
	if s.root.IsZero() || !b.key.IsZero() || s.Ref.Kind == KeyUser {
		return // the key of a username token is made for one message
	}
	b.key = s.root
	from := &v.sigs[i].from
	switch {
	case from.derived == nil:
	case !isDerived(from.derived.elem):
		b.derive = Implied13
	case from.derived.elem.Space() == xmltree.SC2005:
		b.derive = Derived2005
	default:
		b.derive = Derived13
	}
	for from.derived != nil {
		base := from.base
		if base == nil {
			next, err := v.resolve(from.derived.str)
			if err != nil {
				return
			}
			base = &next
		}
		from = base
	}
	b.ref, b.space = from.ref, from.space // its own name, whatever it is sent under
}

// noteOrder notes whether the plaintext was signed, or the ciphertext.
func (v *verifier) noteOrder() {
	for _, o := range v.walk.opened {
		if v.encryptionSigned(&o) {
			v.ev.binding.order = EncryptThenSign
			return
		}
	}
}

// encryptionSigned reports whether a signature was made over the EncryptedData.
func (v *verifier) encryptionSigned(o *opened) bool {
	e := v.final(o.state+1, o.elem)
	if e.Is(xmltree.DS, "Signature") {
		return false
	}
	for i := range v.sigs {
		for _, s := range v.covered[i].signed {
			f := v.final(v.sigs[i].state, s.Element())
			if v.sigs[i].state <= o.state && f.Contains(e) {
				return true
			}
		}
	}
	return false
}
