package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// limits are those of a client that reads an issuer's answer: the defaults.
var limits xmltree.Limits

// sink counts what is written to it: canonicalization without the hash.
type sink struct{ n int }

func (s *sink) Write(p []byte) (int, error) {
	s.n += len(p)
	return len(p), nil
}

// oursXML is our parser and canonicalizer, with its memory reused as the rim
// reuses it.
func oursXML(in *input) ([]contender, error) {
	tree, err := xmltree.Parse(in.answer, limits)
	if err != nil {
		return nil, err
	}
	doc, out := new(xmltree.Doc), new(sink)
	canonical := func(d *xmltree.Doc) error {
		out.n = 0
		err := c14n.Write(out, d.Root(), c14n.Exclusive, xmltree.Elem{}, nil)
		if err == nil && out.n == 0 {
			err = errors.New("nothing was written")
		}
		return err
	}
	return []contender{
		{row: rowParse, who: whoOurs, op: func() error { return doc.Parse(in.answer, limits) }},
		{row: rowParse, who: whoOursFresh, op: func() error {
			_, err := xmltree.Parse(in.answer, limits)
			return err
		}},
		{row: rowC14N, who: whoOurs, op: func() error { return canonical(tree) }},
		{row: rowBoth, who: whoOurs, op: func() error {
			if err := doc.Parse(in.answer, limits); err != nil {
				return err
			}
			return canonical(doc)
		}},
	}, nil
}

// oursVerify reads an answer as a client must: parse, ids, down to the token,
// and a signature by the one trusted certificate over just that element.
func oursVerify(in *input) ([]contender, error) {
	var list []contender
	for _, v := range []struct {
		row  string
		s    signed
		cert func() (alg.Key, error)
	}{
		{rowVerify, in.signed, func() (alg.Key, error) { return alg.CertificateKey(in.cert) }},
		{rowVerifyEC, in.ec, func() (alg.Key, error) { return alg.CertificateKey(in.ecCert) }},
	} {
		key, err := v.cert()
		if err != nil {
			return nil, err
		}
		doc := new(xmltree.Doc)
		list = append(list, contender{row: v.row, who: whoOurs, op: func() error {
			return verifyAnswer(doc, v.s.answer, key)
		}})
	}
	return list, nil
}

// assertionIn walks down to the token of an answer.
func assertionIn(doc *xmltree.Doc) (xmltree.Elem, error) {
	e := doc.Root()
	for _, step := range [...][2]string{
		{xmltree.SOAP12, "Body"},
		{xmltree.Trust13, "RequestSecurityTokenResponseCollection"},
		{xmltree.Trust13, "RequestSecurityTokenResponse"},
		{xmltree.Trust13, "RequestedSecurityToken"},
		{xmltree.SAML20, "Assertion"},
	} {
		var err error
		if e, err = e.One(step[0], step[1]); err != nil {
			return xmltree.Elem{}, err
		}
	}
	return e, nil
}

func verifyAnswer(doc *xmltree.Doc, answer []byte, key alg.Key) error {
	if err := doc.Parse(answer, limits); err != nil {
		return err
	}
	assertion, err := assertionIn(doc)
	if err != nil {
		return err
	}
	sig, err := assertion.One(xmltree.DS, "Signature")
	if err != nil {
		return err
	}
	covered, err := xmldsig.Verify(sig, key, alg.Modern, nil)
	if err != nil {
		return err
	}
	if len(covered) != 1 || !covered[0].Covers(assertion) {
		return errors.New("the signature does not cover the assertion")
	}
	return nil
}

// agree makes sure that all canonicalizers of the run write the same octets,
// and that a changed one is refused, before anything is timed.
func agree(in *input, c *native) error {
	theirs, err := etreeCanonical(in.answer)
	if err != nil {
		return err
	}
	doc, err := xmltree.Parse(in.answer, limits)
	if err != nil {
		return err
	}
	var ours bytes.Buffer
	if err := c14n.Write(&ours, doc.Root(), c14n.Exclusive, xmltree.Elem{}, nil); err != nil {
		return err
	}
	if !bytes.Equal(ours.Bytes(), theirs) {
		return fmt.Errorf("canonical forms differ: ours %x, goxmldsig %x", sum(ours.Bytes()), sum(theirs))
	}
	if c != nil {
		if theirs, err = c.canonical(); err != nil {
			return err
		}
		if !bytes.Equal(ours.Bytes(), theirs) {
			return fmt.Errorf("canonical forms differ: ours %x, libxml2 %x", sum(ours.Bytes()), sum(theirs))
		}
	}
	key, err := alg.CertificateKey(in.cert)
	if err != nil {
		return err
	}
	forged := bytes.Replace(in.answer, []byte(">Alice<"), []byte(">Alicf<"), 1)
	if err := verifyAnswer(new(xmltree.Doc), forged, key); !errors.Is(err, alg.ErrSignature) {
		return fmt.Errorf("a changed octet was not refused: %v", err)
	}
	return nil
}

func sum(b []byte) []byte {
	s := sha256.Sum256(b)
	return s[:8]
}
