package wstrust

import (
	"fmt"
	"slices"
	"time"

	"wstrust/internal/reveal"
)

// WithReferences returns the token with the SecurityTokenReferences by which
// messages that carry it, and messages that do not, name it: for a token that
// was stored by hand. "" is none. Errors wrap [ErrConfig].
func (t *Token) WithReferences(attached, unattached XML) (*Token, error) {
	out := *t
	for _, r := range []struct {
		x    XML
		into *[]byte
		what string
	}{
		{attached, &out.attached, "the attached reference"},
		{unattached, &out.unattached, "the unattached reference"},
	} {
		*r.into = nil
		if r.x == "" {
			continue
		}
		if _, err := r.x.element(r.what); err != nil {
			return nil, err
		}
		*r.into = []byte(r.x)
	}
	return &out, nil
}

// WithValidity returns the token with the time in which it is valid; zero times
// say nothing. Errors wrap [ErrConfig].
func (t *Token) WithValidity(from, till time.Time) (*Token, error) {
	if !from.IsZero() && !till.IsZero() && !from.Before(till) {
		return nil, fmt.Errorf("%w: the token's validity ends before it begins", ErrConfig)
	}
	out := *t
	out.from, out.till = from, till
	return &out, nil
}

// Copy returns a token that shares nothing with t, so that the one can be wiped
// and the other used. A private key is shared: it may live elsewhere.
func (t *Token) Copy() (*Token, error) {
	out := *t
	out.xml, out.attached, out.unattached = slices.Clone(t.xml), slices.Clone(t.attached), slices.Clone(t.unattached)
	if t.key.IsSecret() {
		k := SymmetricKey(t.key.Secret())
		if k.err != nil {
			return nil, fmt.Errorf("%w: proof key: %w", ErrConfig, k.err)
		}
		out.key = k.key
	}
	return &out, nil
}

// Wipe overwrites the symmetric proof key, for t and for all that have it of t,
// such as a binding. Only this module can make the permit. In WWSAPI:
// WsFreeSecurityToken.
func (t *Token) Wipe(reveal.Permit) { clear(t.key.Secret()) }
