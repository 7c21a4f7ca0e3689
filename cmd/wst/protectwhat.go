package main

import (
	"crypto/x509"
	"slices"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// protection is what the flags say is protected, and by which keys; nil leaves
// that to the transport. What would quietly protect less than was asked for is
// refused.
func (f *protectFlags) protection(u *ui, env *soap.Envelope, suite alg.Suite, keys []alg.Key) (*wsse.Protection, error) {
	var to *x509.Certificate
	if f.recipient != "" {
		certs, err := u.certificates("--recipient", f.recipient)
		if err != nil {
			return nil, err
		}
		to = certs[0]
		if key, err := alg.CertificateKey(to); err != nil || !key.CanEncrypt() {
			return nil, usage("name a certificate with an RSA key", "--recipient: nothing can be encrypted for the key of %s", f.recipient)
		}
	}
	p, err := f.parts(env, to, keys)
	if p == nil || err != nil {
		if err == nil && (to != nil || f.derived || f.cipher != "" || f.oaep != "") {
			err = usage("choose another preset", "protect: with --preset transport nothing is encrypted and no key derived")
		}
		return nil, err
	}
	encrypts := p.Encrypt != 0 || len(p.EncryptHeaders) > 0
	secret := p.Symmetric || len(keys) > 0 && keys[0].IsSecret()
	switch {
	case len(keys) == 0 && !p.Symmetric && (p.Sign != 0 || len(p.SignHeaders) > 0 || p.AllHeaders):
		return nil, usage("give a key with --cert, --secret and --context or --key-name, --token, or --user and --password-key", "protect: there is no key to sign with")
	case encrypts && to == nil && !secret:
		return nil, usage("name their certificate with --recipient", "protect: there is nobody to encrypt for")
	case !encrypts && to != nil && !p.Symmetric:
		return nil, usage("leave --recipient out, or say what to encrypt", "protect: there is a --recipient, and nothing is encrypted")
	case f.derived && !secret:
		return nil, usage("leave --derived out, or sign with --context, --key-name, --password-key or --preset symmetric", "protect: keys are derived from secret ones, and this one is a key pair")
	}
	if f.derived {
		p.Derived = wsse.Derived13
	}
	if err := f.howDerived(p); err != nil {
		return nil, err
	}
	cipher := suite.BlockCipherURI()
	if f.cipher != "" {
		cipher = ciphers[f.cipher]
	}
	if encrypts && !alg.Authenticates(cipher) {
		f.signCiphertext(u, p)
	}
	return p, nil
}

// signCiphertext is for ciphers that authenticate nothing: careful receivers, as
// "wst verify" is one, open them only if a signature covers the ciphertext. So it
// is what is signed, and the signature itself stays in the clear.
func (f *protectFlags) signCiphertext(u *ui, p *wsse.Protection) {
	p.Order = wsse.EncryptThenSign
	switch {
	case p.Encrypt&wsse.PartSignature == 0:
	case f.preset != "":
		p.Encrypt &^= wsse.PartSignature
		u.say("the signature is left unencrypted: in CBC, which --suite or --cipher asks for, a careful receiver would not open it")
	default:
		u.warn("the signature is encrypted with a CBC cipher, which a careful receiver does not open; \"wst verify\" refuses it")
	}
}

// parts is what the preset or the lists say.
func (f *protectFlags) parts(env *soap.Envelope, to *x509.Certificate, keys []alg.Key) (*wsse.Protection, error) {
	if f.preset == "" {
		return f.listed(env, to, keys)
	}
	if err := checkPreset(f.preset); err != nil {
		return nil, err
	}
	own := len(keys) > 0 && !keys[0].IsSecret()
	secret := len(keys) > 0 && keys[0].IsSecret()
	var p *wsse.Protection
	switch f.preset {
	case "transport":
		return nil, nil
	case "body-timestamp":
		p = &wsse.Protection{Sign: wsse.BodyTimestamp}
	case "addressing":
		p = wsse.AsymmetricSign()
	case "envelope":
		p = &wsse.Protection{Sign: wsse.BodyTimestamp | wsse.PartAddressing | wsse.PartToken, AllHeaders: true}
	case "asymmetric-sign", "asymmetric-sign-encrypt":
		if !own {
			return nil, usage("give a key pair with --cert, or --token with the key pair it is bound to", "protect: --preset %s needs a key pair to sign with", f.preset)
		}
		if p = wsse.AsymmetricSign(); f.preset == "asymmetric-sign" {
			break
		}
		if to == nil {
			return nil, usage("name their certificate with --recipient", "protect: --preset %s encrypts, and there is nobody to encrypt for", f.preset)
		}
		p = wsse.AsymmetricSignEncrypt(to)
	case "symmetric":
		if to == nil && !secret {
			return nil, usage("name their certificate with --recipient, or the key that you share with --secret and --context or --key-name", "protect: --preset symmetric has no key that the two sides share")
		}
		if p = wsse.Symmetric(to); to == nil {
			p.Symmetric = false
		}
	}
	p.Recipient = to
	addressNames(p, env)
	return p, nil
}

// listed is what --sign and --encrypt say.
func (f *protectFlags) listed(env *soap.Envelope, to *x509.Certificate, keys []alg.Key) (*wsse.Protection, error) {
	sign, err := protectedParts("--sign", f.sign)
	if err != nil {
		return nil, err
	}
	encrypt, err := protectedParts("--encrypt", f.encrypt)
	if err != nil {
		return nil, err
	}
	for _, l := range []struct {
		flag string
		list *partList
	}{{"--sign", &sign}, {"--encrypt", &encrypt}} {
		// These are made up where they are missing.
		looked := *l.list
		if env.Addressing != soap.ANone {
			looked.parts &^= wsse.PartMessageID | wsse.PartReplyTo
		}
		if what := looked.missing(env); what != "" {
			return nil, usage("check its name and namespace", "%s: the message has no %s", l.flag, what)
		}
	}
	if sign.parts&wsse.PartSignature != 0 && len(keys) < 2 && (len(keys) == 0 || to == nil) {
		return nil, usage("give a second key with --cert or --token", "--sign: a signature is signed by a further key, and there is none")
	}
	p := &wsse.Protection{
		Sign: sign.parts &^ wsse.PartSignature, SignHeaders: sign.names, AllHeaders: sign.headers,
		Encrypt: encrypt.parts, EncryptHeaders: encrypt.names, Recipient: to,
	}
	if sign.headers {
		p.Sign |= wsse.PartAddressing
	}
	if !sign.empty() {
		p.Sign |= wsse.PartTimestamp
		p.Symmetric = to != nil && (len(keys) == 0 || sign.parts&wsse.PartSignature != 0 && len(keys) == 1)
	}
	if encrypt.headers {
		p.Encrypt |= wsse.PartAddressing
		for h := range env.Ours("") {
			if !isField(env, h) {
				p.EncryptHeaders = append(p.EncryptHeaders, soap.Name{Space: h.Space(), Local: h.Local()})
			}
		}
	}
	addressNames(p, env)
	return p, nil
}

// addressNames names the addressing headers that are written as any other header
// is, so that they are signed where all of addressing is.
func addressNames(p *wsse.Protection, env *soap.Envelope) {
	for _, n := range []struct {
		part wsse.Parts
		elem xmltree.Elem
	}{{wsse.PartFrom, env.From.Elem}, {wsse.PartFaultTo, env.FaultTo.Elem}} {
		if p.Sign&n.part == 0 || !n.elem.OK() {
			continue
		}
		name := soap.Name{Space: n.elem.Space(), Local: n.elem.Local()}
		if !slices.Contains(p.SignHeaders, name) {
			p.SignHeaders = append(p.SignHeaders, name)
		}
	}
}
