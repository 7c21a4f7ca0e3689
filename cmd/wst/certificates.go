package main

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"software.sslmate.com/src/go-pkcs12"
)

// certificates reads the certificates of a PEM or DER file that flag names.
func (u *ui) certificates(flag, name string) ([]*x509.Certificate, error) {
	data, err := u.readFile(flag, name)
	if err != nil {
		return nil, err
	}
	return parseCertificates(flag, name, data)
}

func parseCertificates(flag, name string, data []byte) ([]*x509.Certificate, error) {
	next := "it must hold certificates in PEM form: -----BEGIN CERTIFICATE-----"
	if !bytes.Contains(data, []byte("-----BEGIN ")) {
		cs, err := x509.ParseCertificates(data)
		if err != nil || len(cs) == 0 {
			return nil, usage(next, "%s: %s holds no certificate", flag, name)
		}
		return cs, nil
	}
	var out []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, usage(next, "%s: %s, certificate %d: %w", flag, name, len(out)+1, err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, usage(next, "%s: %s holds no certificate", flag, name)
	}
	return out, nil
}

// A pairFlags names a certificate with its private key.
type pairFlags struct {
	certFlag, keyFlag, passFlag string // names of the flags, for errors
	cert, key, passwordFile     string
}

// load reads a certificate and its key: two PEM files, one PEM file with both,
// or one PKCS#12 (PFX) file.
func (p pairFlags) load(u *ui) (tls.Certificate, error) {
	data, err := u.readFile(p.certFlag, p.cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	if !bytes.Contains(data, []byte("-----BEGIN ")) {
		return p.loadPFX(u, data)
	}
	keyName, keyData := p.cert, data
	if p.key != "" {
		keyName = p.key
		if keyData, err = u.readFile(p.keyFlag, p.key); err != nil {
			return tls.Certificate{}, err
		}
	}
	if _, err := parseKey(keyData); err != nil {
		if errors.Is(err, errNoKey) && p.key == "" {
			return tls.Certificate{}, usage("name the file of the private key with "+p.keyFlag, "%s: %s holds a certificate and no key", p.certFlag, p.cert)
		}
		return tls.Certificate{}, keyFailure(p.keyFlag, keyName, err)
	}
	pair, err := tls.X509KeyPair(data, keyData)
	if err != nil {
		return tls.Certificate{}, usage("the key must be the certificate's own", "%s: %s with %s: %w", p.certFlag, p.cert, keyName, err)
	}
	return pair, nil
}

func (p pairFlags) loadPFX(u *ui, data []byte) (tls.Certificate, error) {
	if p.key != "" {
		return tls.Certificate{}, usage("leave "+p.keyFlag+" out, or name a PEM file", "%s: %s is no PEM file; a PFX file holds its own key", p.certFlag, p.cert)
	}
	key, leaf, chain, err := pkcs12.DecodeChain(data, "")
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		var password string
		if password, err = u.secret(secretSource{
			what: "password of " + p.cert, flag: p.passFlag, file: p.passwordFile, variable: "WST_CERT_PASSWORD",
		}); err != nil {
			return tls.Certificate{}, err
		}
		key, leaf, chain, err = pkcs12.DecodeChain(data, password)
	}
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return tls.Certificate{}, usage("check the password in "+p.passFlag+" or WST_CERT_PASSWORD", "%s: %s: wrong password", p.certFlag, p.cert)
	case err != nil:
		return tls.Certificate{}, usage("it must be PEM, or PKCS#12 with one certificate and its key", "%s: %s is neither PEM nor a usable PFX file: %w", p.certFlag, p.cert, err)
	}
	pair := tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
	for _, c := range chain {
		pair.Certificate = append(pair.Certificate, c.Raw)
	}
	return pair, nil
}

// privateKey reads one private key from a PEM file.
func (u *ui) privateKey(flag, name string) (crypto.Signer, error) {
	data, err := u.readFile(flag, name)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(data)
	if err != nil {
		return nil, keyFailure(flag, name, err)
	}
	return key, nil
}

var (
	errNoKey     = errors.New("there is no private key in it")
	errLockedKey = errors.New("the private key is encrypted")
)

func keyFailure(flag, name string, err error) error {
	next := "it must hold an RSA or EC key in PEM form: -----BEGIN PRIVATE KEY-----"
	if errors.Is(err, errLockedKey) {
		next = "put key and certificate into a PFX file (openssl pkcs12 -export), whose password wst can ask for"
	}
	return usage(next, "%s: %s: %w", flag, name, err)
}

// parseKey reads the first private key among PEM blocks. Its errors never
// repeat what it read.
func parseKey(data []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			if block.Headers["DEK-Info"] != "" {
				return nil, errLockedKey
			}
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			if block.Headers["DEK-Info"] != "" {
				return nil, errLockedKey
			}
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			return nil, errLockedKey
		default:
			continue
		}
		if err != nil {
			return nil, errors.New("the private key cannot be read")
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("a %T cannot sign", key)
		}
		return signer, nil
	}
	return nil, errNoKey
}

// keyPEM writes a private key as parseKey reads it.
func keyPEM(key crypto.Signer) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("this private key cannot be written to a file: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}
