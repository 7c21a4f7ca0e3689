package wstrust

import (
	"crypto"
	"fmt"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// checkAssertion verifies the issued assertion where the configuration names
// who may sign it, and holds what it says against the request: the service it
// is for, the kind of its key and, for a public key, that it is ours. A token
// without a stated lifetime takes that of the verified assertion.
func (c *Config) checkAssertion(t *Token, e xmltree.Elem, req *TokenRequest) error {
	if len(c.TokenSigners) == 0 {
		return nil
	}
	if !saml.Is(e) {
		return fmt.Errorf("%w: TokenSigners are set, and the issued token is %s, which cannot be checked", ErrVerification, quote(e.Local()))
	}
	a, err := saml.VerifyElem(e, c.TokenSigners, alg.Suite(c.Suite))
	if err != nil {
		return fmt.Errorf("%w: issued assertion: %w", ErrVerification, err)
	}
	checks := saml.Checks{Now: time.Now(), Skew: c.Header.MaxSkew}
	if req.AppliesTo != "" {
		checks.Audiences = []string{req.AppliesTo}
	} else {
		checks.InsecureAnyAudience = true // there is no audience to compare with
	}
	if err := a.Check(checks); err != nil {
		return fmt.Errorf("%w: issued assertion: %w", ErrVerification, err)
	}
	if err := confirms(a, t); err != nil {
		return fmt.Errorf("%w: issued assertion: %w", ErrVerification, err)
	}
	if t.till.IsZero() {
		t.from, t.till = a.Conditions.NotBefore, a.Conditions.NotOnOrAfter
	}
	return nil
}

// confirms reports whether the assertion confirms its subject the way the token
// is going to be used.
func confirms(a *saml.Assertion, t *Token) error {
	for _, c := range a.Subject.Confirmations {
		switch {
		case t.keyType == Bearer && c.Kind == saml.Bearer:
			return nil
		case t.keyType == Symmetric && c.Kind == saml.HolderOfKey && len(c.EncryptedKey) > 0:
			return nil
		case t.keyType == PublicKey && c.Kind == saml.HolderOfKey && equalPublic(t.key.Public(), c.Public):
			return nil
		}
	}
	return fmt.Errorf("it does not confirm its subject by a %s key of ours", t.keyType)
}

func equalPublic(a, b crypto.PublicKey) bool {
	return a != nil && b != nil && samePublic(a, b)
}
