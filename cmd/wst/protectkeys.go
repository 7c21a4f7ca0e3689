package main

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/wssc"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/saml"
)

// references are the words of --key-ref.
var references = map[string]wsse.Reference{
	"bst": wsse.RefDirect, "ski": wsse.RefSKI, "thumbprint": wsse.RefThumbprint, "issuer-serial": wsse.RefIssuerSerial, "x509v3": wsse.RefX509v3,
	"embedded": wsse.RefEmbedded, "key-name": wsse.RefKeyName,
}

// tokens are what the flags put on a message. The first with a key signs it, the
// others with keys sign that signature: a context or shared key before a
// certificate before a token before a password.
func (f *protectFlags) tokens(u *ui) (tokens []wsse.Token, keys []alg.Key, err error) {
	for _, read := range []func(*ui) (wsse.Token, alg.Key, error){f.contextToken, f.certificateToken, f.issuedToken, f.userToken} {
		t, key, err := read(u)
		if err != nil {
			return nil, nil, err
		}
		if t != nil {
			tokens = append(tokens, t)
		}
		if !key.IsZero() {
			keys = append(keys, key)
		}
	}
	return tokens, keys, nil
}

func (f *protectFlags) contextToken(u *ui) (wsse.Token, alg.Key, error) {
	none := alg.Key{}
	switch {
	case f.secret == "" && f.context == "" && f.keyName == "":
		return nil, none, nil
	case f.context != "" && f.keyName != "":
		return nil, none, usage("leave one of them out", "protect: --context and --key-name name one key in two ways")
	case f.context == "" && f.keyName == "":
		return nil, none, usage("name the context that it is the key of with --context, or the key itself with --key-name", "--secret: the receiver would not know which key to use")
	case f.secret == "" && f.context == "":
		return nil, none, usage("give the key with --secret", "--key-name: there is no key of that name")
	case f.secret == "":
		return nil, none, usage("give its key with --secret", "--context: there is no key for it")
	}
	key, err := u.sharedKey("--secret", f.secret)
	if err != nil {
		return nil, none, err
	}
	if f.keyName != "" {
		return wsse.Shared{Name: f.keyName, Key: key}, key, nil
	}
	t := wssc.Token{Version: wst.Trust13, ID: f.context, WSUID: "context" + saml.NewID()}
	return wsse.Issued{XML: t.Write(), Key: key, Attached: t.Attached()}, key, nil
}

func (f *protectFlags) certificateToken(u *ui) (wsse.Token, alg.Key, error) {
	none := alg.Key{}
	if f.cert.cert == "" {
		if f.cert.key != "" {
			return nil, none, usage("name the certificate with --cert", "--key: a key alone is of no use")
		}
		return nil, none, nil
	}
	pair, err := f.cert.load(u)
	if err != nil {
		return nil, none, err
	}
	var certs []*x509.Certificate
	for _, der := range pair.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, none, usage("it must hold certificates in PEM form", "--cert: %w", err)
		}
		certs = append(certs, c)
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, none, usage("it must be an RSA or EC key", "--cert: its key cannot sign")
	}
	key, err := alg.PrivateKey(signer)
	if err != nil {
		return nil, none, usage("it must be an RSA or EC key", "--cert: %w", err)
	}
	return wsse.X509{Certificates: certs, Key: key, Reference: references[f.keyRef]}, key, nil
}

func (f *protectFlags) issuedToken(u *ui) (wsse.Token, alg.Key, error) {
	none := alg.Key{}
	if f.token == "" {
		if f.embed {
			return nil, none, usage("name the token with --token", "protect: --embed, and there is no token")
		}
		return nil, none, nil
	}
	t, err := u.readToken("--token", f.token)
	if err != nil {
		return nil, none, err
	}
	if err := t.current(displayName(f.token), time.Now()); err != nil {
		return nil, none, err
	}
	if t.proof == nil {
		if f.embed {
			return nil, none, usage("leave --embed out", "protect: the token of %s signs nothing, and nothing would sign it inside a reference", displayName(f.token))
		}
		return wsse.Issued{XML: t.xml}, none, nil
	}
	key, err := t.proof()
	if err != nil {
		return nil, none, usage(`it must be what "wst issue -o json" printed`, "--token: %s: its proof key: %w", displayName(f.token), err)
	}
	return wsse.Issued{XML: t.xml, Key: key, Embedded: f.embed}, key, nil
}

func (f *protectFlags) userToken(u *ui) (wsse.Token, alg.Key, error) {
	none := alg.Key{}
	if f.user == "" {
		if f.passwordFile != "" || f.digest || f.passwordKey {
			return nil, none, usage("name the user with --user", "protect: a password is given, and nobody it belongs to")
		}
		return nil, none, nil
	}
	if f.digest && f.passwordKey {
		return nil, none, usage("leave one of them out", "protect: --digest and --password-key are two ways not to send a password")
	}
	password, err := u.secret(secretSource{
		what: "password of " + f.user, flag: "--password-file", file: f.passwordFile, variable: "WST_PASSWORD",
	})
	if err != nil {
		return nil, none, err
	}
	t := wsse.Username{Name: f.user, Password: func() []byte { return []byte(password) }, Digest: f.digest, Derive: f.passwordKey}
	if !f.passwordKey {
		return t, none, nil
	}
	key, err := alg.SecretKey([]byte("made of the password")) // stands for the one that is derived when the message is written
	return t, key, err
}

// sharedKey reads a secret key: base64, in a file of its own.
func (u *ui) sharedKey(flag, name string) (alg.Key, error) {
	const next = "it must hold 16 to 64 octets in base64, such as \"openssl rand -base64 32\" makes"
	data, err := u.readFile(flag, name)
	if err != nil {
		return alg.Key{}, err
	}
	data = bytes.TrimSpace(data)
	octets, err := base64.StdEncoding.Strict().DecodeString(string(data))
	switch {
	case err != nil:
		return alg.Key{}, usage(next, "%s: %s is not base64", flag, displayName(name))
	case len(octets) > 64:
		return alg.Key{}, usage(next, "%s: %s has %d octets", flag, displayName(name), len(octets))
	}
	u.keep(data)
	key, err := alg.SecretKey(octets)
	if err != nil {
		return alg.Key{}, usage(next, "%s: %s: %w", flag, displayName(name), err)
	}
	return key, nil
}

// suites are the names of --suite, in the order in which they are told.
var suites = []alg.Suite{
	alg.Modern, alg.Legacy,
	alg.Basic256, alg.Basic192, alg.Basic128, alg.Basic256Rsa15, alg.Basic192Rsa15, alg.Basic128Rsa15,
	alg.Basic256Sha256, alg.Basic192Sha256, alg.Basic128Sha256, alg.Basic256Sha256Rsa15, alg.Basic192Sha256Rsa15, alg.Basic128Sha256Rsa15,
}

// oneSuite reads the name of a suite, in capitals or not.
func oneSuite(cmd, name string) (alg.Suite, error) {
	if name == "" {
		return "", nil
	}
	for _, s := range suites {
		if strings.EqualFold(s.String(), name) {
			return s, nil
		}
	}
	return "", usage(fmt.Sprintf("leave it out, or name one of %v", suites), "%s: --suite %.40q is not known", cmd, name)
}

// admitted reads the names of suites whose algorithms are admitted besides the
// default ones.
func admitted(cmd, names string) (alg.Suite, error) {
	all := []alg.Suite{alg.Modern}
	for name := range strings.SplitSeq(names, ",") {
		s, err := oneSuite(cmd, strings.TrimSpace(name))
		if err != nil {
			return "", err
		}
		if s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return alg.Union(all...)
}
