package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wsse"
	"wstrust/revocation"
)

// A keyring has the keys of the command line, and answers with them what a
// message asks for.
type keyring struct {
	cred   wsse.Credentials
	trust  []*x509.Certificate
	secret alg.Key
	now    time.Time

	ctx     context.Context
	revoked *revocation.Checker // nil looks nothing up

	refused []error // why certificates in the message are not trusted
}

// keyring reads the files that the flags name.
func (f *verifyFlags) keyring(ctx context.Context, u *ui, now time.Time) (*keyring, error) {
	k := &keyring{now: now, ctx: ctx, cred: wsse.Credentials{Keys: make(map[wsse.KeyRef]alg.Key)}}
	var err error
	if f.trust != "" {
		if k.trust, err = u.certificates("--trust", f.trust); err != nil {
			return nil, err
		}
		for _, c := range k.trust {
			if key, err := alg.CertificateKey(c); err == nil && k.inTime(c) == nil {
				k.cred.Vouchers = append(k.cred.Vouchers, key)
			}
		}
	}
	if f.signer != "" {
		signers, err := u.certificates("--signer", f.signer)
		if err != nil {
			return nil, err
		}
		k.cred.Issuers = map[string][]*x509.Certificate{"": signers}
	}
	if err := f.recipient(u, k); err != nil {
		return nil, err
	}
	if k.revoked, err = f.revocation(u); err != nil {
		return nil, err
	}
	if f.secret != "" {
		if k.secret, err = u.sharedKey("--secret", f.secret); err != nil {
			return nil, err
		}
	}
	return k, f.password(u, k)
}

// recipient reads our own key, and the certificate by which messages name it.
func (f *verifyFlags) recipient(u *ui, k *keyring) error {
	if f.key == "" {
		if f.cert != "" {
			return usage("give the key with --key, or the certificates that you trust with --trust", "--cert: a certificate alone decrypts nothing")
		}
		return nil
	}
	data, err := u.readFile("--key", f.key)
	if err != nil {
		return err
	}
	signer, err := parseKey(data)
	if err != nil {
		return keyFailure("--key", f.key, err)
	}
	var r wsse.Recipient
	if r.Key, err = alg.PrivateKey(signer); err != nil || !r.Key.CanEncrypt() {
		return usage("it must hold an RSA key in PEM form", "--key: %s: nothing can be encrypted for this key", f.key)
	}
	var certs []*x509.Certificate
	switch {
	case f.cert != "":
		certs, err = u.certificates("--cert", f.cert)
	case bytes.Contains(data, []byte("-----BEGIN CERTIFICATE-----")):
		certs, err = parseCertificates("--key", f.key, data)
	}
	if err != nil {
		return err
	}
	for _, c := range certs {
		if pub, err := alg.CertificateKey(c); err == nil && pub.Equal(r.Key) {
			r.Certificate = c
		}
	}
	if len(certs) > 0 && r.Certificate == nil {
		return usage("leave --cert out, or name the certificate of this very key", "--key: %s is not the key of that certificate", f.key)
	}
	k.cred.Recipients = []wsse.Recipient{r}
	return nil
}

func (f *verifyFlags) password(u *ui, k *keyring) error {
	if f.user == "" {
		if f.passwordFile != "" {
			return usage("name the user with --user", "verify: a password is given, and nobody it belongs to")
		}
		return nil
	}
	password, err := u.secret(secretSource{
		what: "password of " + f.user, flag: "--password-file", file: f.passwordFile, variable: "WST_PASSWORD",
	})
	if err != nil {
		return err
	}
	k.cred.Password = func(p wsse.Password) bool { return p.Matches([]byte(password)) && p.Name() == f.user }
	return nil
}

// answer finds the keys that a message asks for. One that is not found is left
// unanswered: the verifier then says so, unless it is the key that a trusted
// assertion confirms.
func (k *keyring) answer(refs []wsse.KeyRef) {
	for _, ref := range refs {
		switch ref.Kind {
		case wsse.KeyCertificate, wsse.KeyNamed:
			cert, err := k.certificate(ref)
			_, shared := ref.SharedName()
			switch shared = shared && !k.secret.IsZero(); {
			case shared && err != nil:
				k.cred.Keys[ref] = k.secret
				continue
			case shared:
				err = fmt.Errorf("%v is both a certificate in --trust and, perhaps, the key in --secret", ref)
			}
			if err != nil {
				k.refused = append(k.refused, err)
				continue
			}
			if key, err := alg.CertificateKey(cert); err == nil {
				k.cred.Keys[ref] = key
			}
		case wsse.KeyContext, wsse.KeyEncrypted, wsse.KeyAssertion, wsse.KeyKerberos:
			if !k.secret.IsZero() {
				k.cred.Keys[ref] = k.secret
			}
		}
	}
}

// certificate is the one that a reference means, if it is trusted: itself, or an
// authority that its path leads to.
func (k *keyring) certificate(ref wsse.KeyRef) (*x509.Certificate, error) {
	if ref.Kind == wsse.KeyNamed {
		cert, err := ref.Select(k.trust)
		if err == nil {
			err = k.chosen(cert)
		}
		if err != nil {
			return nil, err
		}
		return cert, nil
	}
	leaf, chain, err := ref.Certificates()
	if err != nil {
		return nil, err
	}
	for _, c := range k.trust {
		if c.Equal(leaf) {
			if err := k.chosen(c); err != nil {
				return nil, err
			}
			return c, nil
		}
	}
	paths, err := k.paths(leaf, chain)
	if err != nil {
		return nil, err
	}
	if err := k.notRevoked(paths); err != nil {
		return nil, err
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return nil, fmt.Errorf("certificate %.200q is not for signatures", leaf.Subject.String())
	}
	return leaf, nil
}

var errCertificateTime = errors.New("not valid at this time")

func (k *keyring) inTime(c *x509.Certificate) error {
	if k.now.Before(c.NotBefore) || k.now.After(c.NotAfter) {
		return fmt.Errorf("certificate %.200q is valid from %s until %s: %w", c.Subject.String(), clock(c.NotBefore), clock(c.NotAfter), errCertificateTime)
	}
	return nil
}

// said reports whether a certificate was refused for a reason.
func (k *keyring) said(reason error) bool {
	return slices.ContainsFunc(k.refused, func(err error) bool { return errors.Is(err, reason) })
}

// outdated reports whether a certificate was refused for its dates.
func (k *keyring) outdated() bool {
	for _, err := range k.refused {
		bad, ok := errors.AsType[x509.CertificateInvalidError](err)
		if errors.Is(err, errCertificateTime) || ok && bad.Reason == x509.Expired {
			return true
		}
	}
	return false
}
