package main

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"

	"wstrust/revocation"
)

// revocation reads the lists and responses that the flags name. Without any, and
// without a host to ask, nothing is looked up.
func (f *verifyFlags) revocation(u *ui) (*revocation.Checker, error) {
	if len(f.lists)+len(f.responses)+len(f.hosts) == 0 {
		return nil, nil
	}
	out := &revocation.Checker{Hosts: f.hosts, MaxSkew: max(f.skew, 1)}
	for _, files := range []struct {
		flag  string
		names []string
		into  *[][]byte
		check func([]byte) error
	}{{"--crl", f.lists, &out.Lists, isList}, {"--ocsp", f.responses, &out.Responses, isResponse}} {
		for _, name := range files.names {
			data, err := u.readFile(files.flag, name)
			if err != nil {
				return nil, err
			}
			if err := files.check(data); err != nil {
				return nil, usage("see what is in it with openssl asn1parse", "%s: %s: %v", files.flag, name, err)
			}
			*files.into = append(*files.into, data)
		}
	}
	return out, nil
}

// isList and isResponse tell a file that was mistaken for another before anything
// is looked up in it, which would be never if nobody needs it. What it says and who
// signed it is for the Checker.
func isList(data []byte) error {
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	if _, err := x509.ParseRevocationList(data); err != nil {
		return fmt.Errorf("no revocation list: %w", err)
	}
	return nil
}

func isResponse(data []byte) error {
	var response struct {
		Status asn1.Enumerated
		Bytes  asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(data, &response); err != nil {
		return errors.New("no OCSP response in DER")
	}
	return nil
}

// paths are the verified paths from a certificate to the authorities in --trust.
func (k *keyring) paths(leaf *x509.Certificate, chain []*x509.Certificate) ([][]*x509.Certificate, error) {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range k.trust {
		if c.IsCA {
			roots.AddCert(c)
		}
	}
	for _, c := range chain {
		between.AddCert(c)
	}
	paths, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: k.now,
		// Certificates that sign messages seldom say that they are for TLS.
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, fmt.Errorf("certificate %.200q: %w", leaf.Subject.String(), err)
	}
	return paths, nil
}

// chosen is about a certificate that stands in --trust itself. Its dates count;
// and so does its state, if that is looked up and an authority has issued it.
func (k *keyring) chosen(c *x509.Certificate) error {
	if err := k.inTime(c); err != nil || k.revoked == nil || bytes.Equal(c.RawIssuer, c.RawSubject) {
		return err
	}
	paths, err := k.paths(c, nil)
	if err != nil {
		return fmt.Errorf("its state cannot be looked up, as its authority is not in --trust: %w", err)
	}
	return k.notRevoked(paths)
}

// notRevoked looks up the state of the certificates on a path; one path must be
// good.
func (k *keyring) notRevoked(paths [][]*x509.Certificate) error {
	if k.revoked == nil {
		return nil
	}
	var last error
	for _, chain := range paths {
		if last = k.revoked.Check(k.ctx, chain, k.now); last == nil {
			return nil
		}
	}
	return last
}
