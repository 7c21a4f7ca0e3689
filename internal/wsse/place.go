package wsse

import (
	"strings"

	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// verify verifies one signature in its state of the message, unless that was
// done with the same key before something was decrypted.
func (v *verifier) verify(s *pendingSignature, signer *Signer) ([]xmldsig.Signed, error) {
	if done, ok := v.walk.done[s.child]; ok && done.signer.Key.Equal(signer.Key) {
		return done.signed, nil
	}
	if err := v.checkReferences(s); err != nil {
		return nil, err
	}
	return xmldsig.VerifyWithin(s.early, signer.Key, v.pol.Suite, v.tokenOf, v.lim.References)
}

// checkReferences refuses references to anything but parts of the message before
// their digests are computed. No part is inside another, so that a signature can
// make us digest the message once and no more.
func (v *verifier) checkReferences(s *pendingSignature) error {
	if v.off&checkPlace != 0 {
		return nil
	}
	for r := range s.early.First(xmltree.DS, "SignedInfo").Children {
		uri, _ := r.Attr("", "URI")
		id, local := strings.CutPrefix(uri, "#")
		if !local || id == "" {
			continue // for the package that reads signatures to judge; an id="" of the application's is not meant
		}
		e, err := xmltree.ByID(s.early, id)
		if err != nil {
			continue
		}
		if !v.stands(&v.states[s.state], e) && !v.inSignature(e) {
			return refuse(ClassWrapping, e, "a signed element where no part of the message stands")
		}
	}
	return nil
}

// stands reports whether e is a part of a state: the Body, a header block, a child
// of our Security header, or the ciphertext that is all of a part.
func (v *verifier) stands(s *state, e xmltree.Elem) bool {
	up := xmltree.Parent(e)
	if e.Same(s.env.Body) || up.Same(s.sec) || up.Same(s.env.Header) {
		return true
	}
	return e.Is(xmltree.XENC, "EncryptedData") && (up.Same(s.env.Body) || xmltree.Parent(up).Same(s.env.Header))
}

// checkToken refuses signature i if it covers a certificate in the header that is
// not the one it is said to be by: the token digested is the token used. A
// certificate that is another signature's is that one's affair, unless it is for
// the same key: then this signature may be that one, copied, under another name.
func (v *verifier) checkToken(i int) error {
	from := &v.sigs[i].from
	key := v.ev.Signers[i].Key
	if from.assertion || key.IsSecret() || v.off&checkToken != 0 {
		return nil
	}
	var other xmltree.Elem
	for _, t := range v.covered[i].tokens {
		if !t.Is(xmltree.WSSE, "BinarySecurityToken") {
			continue
		}
		if from.token.Same(t) {
			return nil
		}
		used := false
		for j := range v.sigs {
			used = used || v.from(j).Same(t) && !v.ev.Signers[j].Key.Equal(key)
		}
		if !used {
			other = t
		}
	}
	if other.OK() {
		return refuse(ClassWrapping, other, "a certificate is signed, and another one is said to be the signer's")
	}
	return nil
}
