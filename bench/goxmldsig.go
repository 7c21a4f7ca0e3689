package main

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"time"

	"github.com/beevik/etree"
	"github.com/moov-io/signedxml"
	dsig "github.com/russellhaering/goxmldsig"
)

// goRivals are the Go libraries at what ours does, called as their examples do.
func goRivals(in *input) []contender {
	parse := func(src []byte) (*etree.Document, error) {
		doc := etree.NewDocument()
		return doc, doc.ReadFromBytes(src)
	}
	tree, err := parse(in.answer)
	if err != nil {
		panic("bench: the input is not XML: " + err.Error())
	}
	exclusive := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	trusted := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{in.cert}})
	list := []contender{
		{row: rowParse, who: whoGoxmldsig, op: func() error {
			_, err := parse(in.answer)
			return err
		}},
		{row: rowC14N, who: whoGoxmldsig, op: func() error {
			_, err := exclusive.Canonicalize(tree.Root())
			return err
		}},
		{row: rowBoth, who: whoGoxmldsig, op: func() error {
			doc, err := parse(in.answer)
			if err == nil {
				_, err = exclusive.Canonicalize(doc.Root())
			}
			return err
		}},
		{row: rowVerify, who: whoGoxmldsig, op: func() error {
			doc, err := parse(in.answer)
			if err != nil {
				return err
			}
			a := doc.FindElement("//RequestedSecurityToken/Assertion")
			if a == nil {
				return errors.New("no assertion")
			}
			_, err = trusted.Validate(a)
			return err
		}},
		{row: rowSign, who: whoGoxmldsig, op: func() error { return goSign(in.key, in.cert) }},
		{row: rowSignEC, who: whoGoxmldsig, op: func() error { return goSign(in.ecKey, in.ecCert) }},
		{row: rowC14N, who: whoMoov, op: func() error {
			_, err := signedxml.ExclusiveCanonicalization{}.ProcessElement(tree.Root(), "")
			return err
		}},
		{row: rowVerify, who: whoMoov, op: func() error { // the bare assertion: it cannot be pointed at a part
			v, err := signedxml.NewValidator(string(in.assertion))
			if err != nil {
				return err
			}
			v.SetReferenceIDAttribute("ID")
			v.Certificates = []x509.Certificate{*in.cert}
			_, err = v.ValidateReferences()
			return err
		}},
	}
	return list
}

func goSign(key crypto.Signer, cert *x509.Certificate) error {
	a, err := etreeAssertion(key, cert, "_"+rand.Text(), time.Now())
	if err != nil {
		return err
	}
	_, err = serialize(a)
	return err
}

// etreeCanonical is goxmldsig's canonical form of src, for comparison.
func etreeCanonical(src []byte) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(src); err != nil {
		return nil, err
	}
	return dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(doc.Root())
}
