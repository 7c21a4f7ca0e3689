package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
)

// Rows, in the order of the report.
const (
	rowParse    = "parse"
	rowC14N     = "exclusive C14N"
	rowBoth     = "parse + exclusive C14N"
	rowVerify   = "verify from bytes, RSA-2048"
	rowVerifyEC = "verify from bytes, P-256"
	rowSign     = "build and sign an assertion, RSA-2048"
	rowSignEC   = "build and sign an assertion, P-256"
	rowCached   = "a token that is still fresh, from a Source"
	rowClient   = "one bearer request, client side, no sockets"
)

// Contenders.
const (
	whoOurs      = "ours"
	whoOursFresh = "ours, first message"
	whoOursRead  = "ours, assertion read too"
	whoOursKey   = "ours, key given"
	whoFloor     = "floor"
	whoFloorC    = "floor/C"
	whoGoxmldsig = "goxmldsig + etree"
	whoMoov      = "moov signedxml"
	whoGovmomi   = "govmomi"
	whoLibxml2   = "libxml2"
	whoXmlsec    = "xmlsec1"
)

var rows = []string{
	rowParse, rowC14N, rowBoth, rowSmall, rowLarge, rowVerify, rowVerifyEC, rowSign, rowSignEC, rowClient, rowCached,
}

// floors are what no implementation can go below: the cryptography of each row
// over octets that lie ready.
func floors(in *input) []contender {
	pub := &in.key.PublicKey
	digest := func(parts ...[]byte) (sum [32]byte) {
		for _, p := range parts {
			sum = sha256.Sum256(p)
		}
		return sum
	}
	return []contender{
		{row: rowVerify, who: whoFloor, op: func() error {
			sum := digest(in.token, in.signedInfo)
			return rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], in.signature)
		}},
		{row: rowVerifyEC, who: whoFloor, op: func() error {
			sum := digest(in.ec.token, in.ec.signedInfo)
			if !ecdsa.VerifyASN1(&in.ecKey.PublicKey, sum[:], in.ec.signature) {
				return errors.New("signature does not verify")
			}
			return nil
		}},
		{row: rowSign, who: whoFloor, op: func() error {
			sum := digest(in.token, in.signedInfo)
			_, err := rsa.SignPKCS1v15(nil, in.key, crypto.SHA256, sum[:])
			return err
		}},
		{row: rowSignEC, who: whoFloor, op: func() error {
			sum := digest(in.ec.token, in.ec.signedInfo)
			_, err := ecdsa.SignASN1(rand.Reader, in.ecKey, sum[:])
			return err
		}},
		// A bearer request has the answer's signature to check.
		{row: rowClient, who: whoFloor, op: func() error {
			sum := digest(in.token, in.signedInfo)
			return rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], in.signature)
		}},
	}
}
