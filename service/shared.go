package service

import (
	"context"
	"fmt"

	"wstrust/internal/alg"
	"wstrust/internal/wsse"
)

// SharedKeys has the keys that the service shares with its clients, each under
// a name.
type SharedKeys interface {
	// Key returns the key of a name, of 16 octets at least; nil if nobody has
	// that name. An error says that the question could not be answered; the
	// message is then refused as if there were no such key.
	Key(ctx context.Context, name string) ([]byte, error)
}

// shared answers with the key that both sides have under a name. What can mean
// a certificate as well is not answered: which of the two was meant, only the
// message says.
func (r *resolver) shared(ref wsse.KeyRef) error {
	name, ok := ref.SharedName()
	if !ok || r.v.SharedKeys == nil {
		return nil
	}
	secret, err := r.v.SharedKeys.Key(r.ctx, name)
	if err != nil {
		r.failed = fmt.Errorf("service: shared keys: %w", err)
		return nil
	}
	if secret == nil {
		return nil
	}
	if _, certificate := r.cred.Keys[ref]; certificate {
		delete(r.cred.Keys, ref)
		return refuse(wsse.ClassTrust, "%q is a certificate of KnownClients and one of SharedKeys", limited(name))
	}
	key, err := alg.SecretKey(secret)
	if err != nil {
		return fmt.Errorf("%w: %w", refuse(wsse.ClassTrust, "shared key %q", limited(name)), err)
	}
	r.cred.Keys[ref] = key
	return nil
}

// sharedSigner is whose shared key signed all that is required.
func sharedSigner(e *wsse.Evidence) (signer *wsse.Signer, name string) {
	for _, s := range e.Signers {
		if name, ok := s.Ref.SharedName(); ok && s.Required && s.Key.IsSecret() && !s.Made && !s.Holder {
			return s, name
		}
	}
	return nil, ""
}
