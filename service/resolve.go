package service

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wssc"
	"wstrust/internal/wsse"
)

// A resolver finds the keys that a message asks for, between reading it and
// verifying it.
type resolver struct {
	v      *Verifier
	ctx    context.Context
	now    time.Time
	cred   wsse.Credentials
	failed error // why a password could not be checked

	env      *soap.Envelope
	asked    bool         // the message is signed under a security context
	version  wssc.Version // of that
	contexts map[wsse.KeyRef]foundContext
}

func (r *resolver) resolve(refs []wsse.KeyRef) error {
	if r.cred.Keys == nil {
		r.cred.Keys = make(map[wsse.KeyRef]alg.Key)
	}
	for _, ref := range refs {
		switch ref.Kind {
		case wsse.KeyCertificate:
			if err := r.certificate(ref); err != nil {
				return err
			}
		case wsse.KeyIssuer:
			if err := r.issuers(); err != nil {
				return err
			}
		case wsse.KeyRecipient:
			if err := r.recipients(); err != nil {
				return err
			}
		case wsse.KeyUser:
			if r.v.Users == nil {
				return refuse(wsse.ClassPolicy, "username tokens are not accepted here")
			}
			r.cred.Password = r.password
		case wsse.KeyContext:
			if err := r.context(ref); err != nil {
				return err
			}
		case wsse.KeyNamed:
			r.known(ref)
			if err := r.shared(ref); err != nil {
				return err
			}
		}
	}
	return nil
}

// known answers with the key of a certificate that the message only names, if
// the service has exactly one that fits. Without one the verifier still finds the
// key that an assertion confirms.
func (r *resolver) known(ref wsse.KeyRef) {
	cert, err := ref.Select(r.v.KnownClients)
	if err != nil || r.now.Before(cert.NotBefore) || r.now.After(cert.NotAfter) {
		return
	}
	if key, err := alg.CertificateKey(cert); err == nil {
		r.cred.Keys[ref] = key
	}
}

// certificate answers with the key of a certificate that the message carries,
// if its path leads to a trusted authority. One that does not is left
// unanswered: it may be the one that an assertion confirms.
func (r *resolver) certificate(ref wsse.KeyRef) error {
	leaf, chain, err := ref.Certificates()
	if err != nil {
		return fmt.Errorf("%w: %w", refuse(wsse.ClassFormat, "certificate in the message"), err)
	}
	paths, err := r.v.paths(leaf, chain, r.now)
	if err != nil {
		return nil
	}
	if err := r.v.notRevoked(r.ctx, paths, r.now); err != nil {
		return err
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return refuse(wsse.ClassTrust, "certificate %q is not for signatures", limited(leaf.Subject.String()))
	}
	key, err := alg.CertificateKey(leaf)
	if err != nil {
		return err
	}
	r.cred.Keys[ref] = key
	return nil
}

func (r *resolver) issuers() error {
	r.cred.Issuers = make(map[string][]*x509.Certificate, len(r.v.Issuers))
	for _, i := range r.v.Issuers {
		r.cred.Issuers[i.Name] = append(r.cred.Issuers[i.Name], i.Certificates...)
	}
	return r.recipients()
}

// recipients are our own keys.
func (r *resolver) recipients() error {
	r.cred.Recipients = nil
	for i := range r.v.Decrypt {
		own := &r.v.Decrypt[i]
		key, err := alg.PrivateKey(own.PrivateKey.(crypto.Signer))
		if err != nil {
			return err
		}
		r.cred.Recipients = append(r.cred.Recipients, wsse.Recipient{Key: key, Certificate: leafOf(own)})
	}
	return nil
}

// password asks the Verifier's Users. An answer that could not be had is no.
func (r *resolver) password(p wsse.Password) bool {
	ok, err := r.v.Users.Check(r.ctx, p.Name(), Password{
		text: func() (string, bool) {
			b, ok := p.Text()
			return string(b), ok
		},
		matches: func(s string) bool { return p.Matches([]byte(s)) },
	})
	if err != nil {
		r.failed = fmt.Errorf("service: users: %w", err)
		return false
	}
	return ok
}
