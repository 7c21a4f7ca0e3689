package saml

import (
	"fmt"
	"slices"
	"time"
)

// DefaultSkew is how far two clocks may be apart where nothing else is said.
const DefaultSkew = 5 * time.Minute

// Checks are what [Assertion.Check] compares an assertion with.
type Checks struct {
	// Now is the time by the caller's clock. It must be set.
	Now time.Time

	// Skew is by how much the clocks may differ. 0 is DefaultSkew, a negative
	// value is none.
	Skew time.Duration

	// Audiences are the caller's own names. One of them must stand, letter for
	// letter, in each audience restriction, and there must be one.
	Audiences []string

	// InsecureAnyAudience accepts an assertion whomever it is for: for tools
	// that look at other people's tokens.
	InsecureAnyAudience bool

	// Recipient, if set, is where the assertion was received. A confirmation
	// that names a recipient must name this one.
	Recipient string
}

// Check applies the conditions of the assertion. It returns an error that wraps
// ErrExpired or ErrNotYetValid and carries both clocks, ErrAudience, or
// ErrCondition for what is not understood: SAML makes an assertion with an
// unknown condition worth nothing.
//
// Validity is checked of the conditions and of every confirmation. OneTimeUse
// and Proxy are the caller's to honour, since they need memory.
func (a *Assertion) Check(c Checks) error {
	if c.Now.IsZero() {
		return fmt.Errorf("saml: check: no time given: %w", ErrCondition)
	}
	skew := c.Skew
	if skew == 0 {
		skew = DefaultSkew
	}
	skew = max(skew, 0)
	if a.IssueInstant.After(c.Now.Add(skew)) {
		return fmt.Errorf("saml: check: issued %s, our clock says %s, skew allowed %v: %w", clock(a.IssueInstant), clock(c.Now), skew, ErrNotYetValid)
	}
	if err := window("conditions", a.Conditions.NotBefore, a.Conditions.NotOnOrAfter, c.Now, skew); err != nil {
		return err
	}
	if len(a.Conditions.Unknown) > 0 {
		return fmt.Errorf("saml: check: condition %.64q is not understood: %w", a.Conditions.Unknown[0], ErrCondition)
	}
	if err := a.checkAudience(c); err != nil {
		return err
	}
	for _, conf := range a.Subject.Confirmations {
		if err := window("confirmation", conf.NotBefore, conf.NotOnOrAfter, c.Now, skew); err != nil {
			return err
		}
		if c.Recipient != "" && conf.Recipient != "" && conf.Recipient != c.Recipient {
			return fmt.Errorf("saml: check: confirmed for recipient %.128q, not %.128q: %w", conf.Recipient, c.Recipient, ErrCondition)
		}
	}
	return nil
}

func (a *Assertion) checkAudience(c Checks) error {
	if c.InsecureAnyAudience {
		return nil
	}
	if len(c.Audiences) == 0 {
		return fmt.Errorf("saml: check: no audience given to compare with: %w", ErrAudience)
	}
	if len(a.Conditions.Audiences) == 0 {
		return fmt.Errorf("saml: check: it names no audience, and so is for anyone: %w", ErrAudience)
	}
	for _, any := range a.Conditions.Audiences {
		if !slices.ContainsFunc(any, func(s string) bool { return slices.Contains(c.Audiences, s) }) {
			first := ""
			if len(any) > 0 {
				first = any[0]
			}
			return fmt.Errorf("saml: check: it is for %.128q, we are %.128q: %w", first, c.Audiences[0], ErrAudience)
		}
	}
	return nil
}

// window checks one validity period: from notBefore on, and before notOnOrAfter.
func window(what string, notBefore, notOnOrAfter, now time.Time, skew time.Duration) error {
	if !notBefore.IsZero() && !notOnOrAfter.IsZero() && !notBefore.Before(notOnOrAfter) {
		return fmt.Errorf("saml: check: %s: valid from %s until %s, which is never: %w", what, clock(notBefore), clock(notOnOrAfter), ErrCondition)
	}
	if !notBefore.IsZero() && notBefore.After(now.Add(skew)) {
		return fmt.Errorf("saml: check: %s: valid from %s, our clock says %s, skew allowed %v: %w", what, clock(notBefore), clock(now), skew, ErrNotYetValid)
	}
	if !notOnOrAfter.IsZero() && !now.Add(-skew).Before(notOnOrAfter) {
		return fmt.Errorf("saml: check: %s: valid until %s, our clock says %s, skew allowed %v: %w", what, clock(notOnOrAfter), clock(now), skew, ErrExpired)
	}
	return nil
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }
