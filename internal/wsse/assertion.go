package wsse

import (
	"crypto/x509"
	"slices"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// openAssertion verifies the assertion in the header by its issuer's signature,
// decrypting it first if need be, and finds the key it confirms. An assertion
// without a signature is left for confirm: a sender may vouch for it.
func (v *verifier) openAssertion() error {
	e := v.assertion
	if v.encrypted.OK() {
		var err error
		if e, err = v.decryptAssertion(); err != nil {
			return err
		}
	}
	if !e.OK() {
		return nil
	}
	if !e.First(xmltree.DS, "Signature").OK() && !v.encrypted.OK() && len(v.cred.Vouchers) > 0 {
		return nil
	}
	name := claimedIssuer(e)
	a, err := saml.VerifyElem(e, slices.Concat(v.cred.Issuers[name], v.cred.Issuers[""]), v.pol.Suite)
	if err != nil {
		return because(err, e, "assertion")
	}
	if a.Issuer != name {
		return refuse(ClassWrapping, e, "assertion with two issuers")
	}
	v.ev.Assertion = a
	return v.findHolder(a)
}

// decryptAssertion opens an EncryptedAssertion with one of our keys. What is
// inside is a document of its own, whose identifiers the signature check wants
// unique; the assertion's must not occur in the message around it either.
func (v *verifier) decryptAssertion() (xmltree.Elem, error) {
	none := xmltree.Elem{}
	data, _, err := saml.Encrypted(v.encrypted)
	if err != nil {
		return none, err
	}
	ek := xmlenc.KeyInfo(data).First(xmltree.XENC, "EncryptedKey")
	if !ek.OK() {
		ek = v.encrypted.First(xmltree.XENC, "EncryptedKey")
	}
	key, err := v.recipient(ek)
	if err != nil {
		return none, err
	}
	plain, closed := xmlenc.OpenWith(data, key, v.pol.Suite)
	if closed != nil && plain == nil {
		return none, because(closed, v.encrypted, "")
	}
	// Issuers leave declarations of prefixes outside of what they encrypt. Text
	// with a wrong padding is read as well: nobody shall know by the time which
	// of the two was wrong.
	e, err := xmlenc.ReadElement(data, plain, xmltree.Limits{})
	if closed != nil || err != nil || !saml.Is(e) {
		return none, because(alg.ErrDecrypt, v.encrypted, "")
	}
	if xmltree.Find(v.sec, tokenID(e)).OK() && v.off&checkIDs == 0 {
		return none, refuse(ClassWrapping, v.encrypted, "the identifier of the assertion inside occurs outside as well")
	}
	return e, nil
}

// recipient returns which of our keys an EncryptedKey is for. Exactly one is
// tried, so that a peer cannot learn from a second attempt, nor buy one.
func (v *verifier) recipient(ek xmltree.Elem) (alg.Key, error) {
	own := v.cred.Recipients
	if len(own) == 0 {
		return alg.Key{}, refuse(ClassDecrypt, v.sec, "encrypted, and no key to decrypt with was given")
	}
	ref, ok := v.recipientRef(ek)
	if !ok {
		if len(own) == 1 {
			return own[0].Key, nil
		}
		return alg.Key{}, refuse(ClassDecrypt, v.sec, "it does not say for which of our keys it is encrypted")
	}
	var certs []*x509.Certificate
	for _, r := range own {
		if r.Certificate != nil {
			certs = append(certs, r.Certificate)
		}
	}
	if len(certs) == 0 && len(own) == 1 {
		return own[0].Key, nil
	}
	cert, err := ref.Select(certs)
	if err != nil {
		return alg.Key{}, refuse(ClassDecrypt, v.sec, "it is encrypted for another key than ours: %v", ref)
	}
	i := slices.IndexFunc(own, func(r Recipient) bool { return r.Certificate.Equal(cert) }) // there is one
	return own[i].Key, nil
}

// recipientRef reads which key an EncryptedKey says that it is for.
func (v *verifier) recipientRef(ek xmltree.Elem) (KeyRef, bool) {
	ki := xmlenc.KeyInfo(ek)
	if !ki.OK() {
		return KeyRef{}, false
	}
	hint, _ := xmldsig.ReadKeyInfo(ki) // one that cannot be read says nothing
	if hint.STR.OK() {
		s, err := v.resolve(hint.STR)
		return s.ref, err == nil && (s.ref.Kind == KeyCertificate || s.ref.Kind == KeyNamed)
	}
	return keyRefOf(hint)
}

// findHolder gets the key of a holder-of-key confirmation. It is opened only
// if there is a signature that could prove it.
func (v *verifier) findHolder(a *saml.Assertion) error {
	c, ok := a.HolderOfKey()
	if !ok || len(v.sigs) == 0 && !v.wantHolder {
		return nil
	}
	var err error
	if c.Public != nil { // that of its certificate, where it has one
		v.holder, err = alg.PublicKey(c.Public)
	} else {
		var own alg.Key
		if own, err = v.recipient(c.EncryptedKeyElement()); err == nil {
			v.holder, err = xmlenc.OpenKey(c.EncryptedKeyElement(), own, v.pol.Suite, 0)
		}
	}
	if err != nil {
		return because(err, a.Element(), "key of the holder")
	}
	return nil
}

// confirm settles how the subject of the assertion is confirmed. Where a
// holder of a key is asked for, a signature by exactly that key must cover all
// required parts; bearer asks for nothing but to stand in the header, where it is
// seen whether it is encrypted; a sender who vouches must be trusted to, and must
// have signed the assertion and the body.
func (v *verifier) confirm() error {
	a := v.ev.Assertion
	if a == nil {
		if !v.assertion.OK() {
			return nil
		}
		return v.confirmVouched()
	}
	if _, ok := a.HolderOfKey(); ok {
		for _, s := range v.ev.Signers {
			if s.Holder && s.Required {
				v.ev.Confirmation = saml.HolderOfKey
				return nil
			}
		}
	}
	switch {
	case a.Bearer() && xmltree.Parent(v.tokenElem()).Same(v.sec):
		v.ev.Confirmation = saml.Bearer
		return nil
	case a.SenderVouches():
		if s, _ := v.voucher(v.tokenElem()); s != nil {
			v.ev.Confirmation = saml.SenderVouches
			return nil
		}
		return refuse(ClassTrust, v.tokenElem(), "no trusted sender vouches for the assertion and the body")
	case v.off&checkHolder != 0:
		return nil
	}
	if _, ok := a.HolderOfKey(); ok {
		return refuse(ClassPolicy, v.tokenElem(), "holder-of-key assertion without a signature by its key over all required parts")
	}
	return refuse(ClassPolicy, v.tokenElem(), "assertion without a confirmation that is understood")
}

// confirmVouched takes an assertion without a signature of its own on the word
// of a trusted sender.
func (v *verifier) confirmVouched() error {
	_, i := v.voucher(v.assertion)
	if i < 0 {
		return refuse(ClassSignature, v.assertion, "the assertion is not signed, and no trusted sender vouches for it and the body")
	}
	for _, s := range v.covered[i].signed {
		e := s.Element()
		if !saml.Is(e) || !v.final(v.sigs[i].state, e).Same(v.assertion) {
			continue // who signs ciphertext gives no word for what is in it
		}
		a, err := saml.FromSigned(s)
		if err != nil {
			return because(err, v.assertion, "assertion")
		}
		if !a.SenderVouches() {
			return refuse(ClassSignature, v.assertion, "the assertion is not signed, and it is not one that a sender may vouch for")
		}
		v.ev.Assertion, v.ev.Confirmation = a, saml.SenderVouches
		return nil
	}
	return refuse(ClassSignature, v.assertion, "the assertion is not signed")
}

// voucher returns the trusted sender whose signature covers both the assertion
// and the body, and its index; -1 if there is none.
func (v *verifier) voucher(assertion xmltree.Elem) (*Signer, int) {
	for i, s := range v.ev.Signers {
		if !s.Required || s.Covers&PartBody == 0 || !v.covers(i, assertion) {
			continue
		}
		for _, k := range v.cred.Vouchers {
			if k.Equal(s.Key) {
				return s, i
			}
		}
	}
	return nil, -1
}

// tokenElem returns the assertion as it stands in the header.
func (v *verifier) tokenElem() xmltree.Elem {
	if v.encrypted.OK() {
		return v.encrypted
	}
	return v.assertion
}
