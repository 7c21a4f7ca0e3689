package main

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
	"wstrust/saml"
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

// oursVerify reads an answer: parse, ids, down to the token and its signature.
// The first contender ends where goxmldsig's Validate does, with a signature by
// the one trusted certificate that KeyInfo selects; the second goes on to what
// the assertion says, as a service must; the third is given the key, as xmlsec1
// is.
func oursVerify(in *input) ([]contender, error) {
	var list []contender
	for _, v := range []struct {
		row  string
		s    signed
		cert *x509.Certificate
	}{{rowVerify, in.signed, in.cert}, {rowVerifyEC, in.ec, in.ecCert}} {
		key, err := alg.CertificateKey(v.cert)
		if err != nil {
			return nil, err
		}
		trusted := []*x509.Certificate{v.cert}
		doc := new(xmltree.Doc)
		list = append(list,
			contender{row: v.row, who: whoOurs, op: func() error { return verifyAnswer(doc, v.s.answer, trusted, alg.Key{}) }},
			contender{row: v.row, who: whoOursRead, op: func() error { return readAnswer(doc, v.s.answer, trusted) }},
			contender{row: v.row, who: whoOursKey, op: func() error { return verifyAnswer(doc, v.s.answer, nil, key) }})
	}
	return list, nil
}

// assertionIn walks down to the token of an answer.
func assertionIn(doc *xmltree.Doc, answer []byte) (xmltree.Elem, error) {
	if err := doc.Parse(answer, limits); err != nil {
		return xmltree.Elem{}, err
	}
	e := doc.Root()
	if err := xmltree.UniqueIDs(e); err != nil {
		return xmltree.Elem{}, err
	}
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

func readAnswer(doc *xmltree.Doc, answer []byte, trusted []*x509.Certificate) error {
	e, err := assertionIn(doc, answer)
	if err != nil {
		return err
	}
	a, err := saml.VerifyElem(e, trusted, alg.Modern)
	if err == nil && a.Subject.NameID != subject {
		err = errors.New("the assertion is about someone else")
	}
	return err
}

// verifyAnswer verifies under key, or if that is zero, under the certificate
// that the signature's KeyInfo selects.
func verifyAnswer(doc *xmltree.Doc, answer []byte, trusted []*x509.Certificate, key alg.Key) error {
	e, err := assertionIn(doc, answer)
	if err != nil {
		return err
	}
	sig, err := e.One(xmltree.DS, "Signature")
	if err != nil {
		return err
	}
	if key.IsZero() {
		if key, err = selectKey(sig, trusted); err != nil {
			return err
		}
	}
	covered, err := xmldsig.Verify(sig, key, alg.Modern, nil)
	if err != nil {
		return err
	}
	if len(covered) != 1 || !covered[0].Covers(e) {
		return errors.New("the signature does not cover the assertion")
	}
	return nil
}

func selectKey(sig xmltree.Elem, trusted []*x509.Certificate) (alg.Key, error) {
	ki, err := xmldsig.KeyInfo(sig)
	if err != nil {
		return alg.Key{}, err
	}
	hint, err := xmldsig.ReadKeyInfo(ki)
	if err != nil {
		return alg.Key{}, err
	}
	cert, err := xmldsig.Select(hint, trusted)
	if err != nil {
		return alg.Key{}, err
	}
	return alg.CertificateKey(cert)
}

// oursSign builds and signs the assertion that the rivals build and sign.
func oursSign(in *input) ([]contender, error) {
	const (
		email  = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
		format = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
		class  = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
	)
	var list []contender
	for _, s := range []struct {
		row  string
		key  crypto.Signer
		cert *x509.Certificate
	}{{rowSign, in.key, in.cert}, {rowSignEC, in.ecKey, in.ecCert}} {
		key, err := saml.SigningKey(s.key)
		if err != nil {
			return nil, err
		}
		certs := []*x509.Certificate{s.cert}
		list = append(list, contender{row: s.row, who: whoOurs, op: func() error {
			now := time.Now()
			till := now.Add(time.Hour)
			b := saml.Build{
				Issuer: issuer, IssueInstant: now,
				Subject: saml.Subject{
					NameID: subject, Format: email,
					Confirmations: []saml.Confirmation{{Kind: saml.Bearer, NotOnOrAfter: till}},
				},
				Conditions: saml.Conditions{NotBefore: now, NotOnOrAfter: till, Audiences: [][]string{{audience}}},
				Authn:      []saml.AuthnStatement{{Class: class, Instant: now}},
			}
			for _, a := range attributes {
				b.Attributes = append(b.Attributes, saml.Attribute{Name: a.name, Format: format, Values: a.values})
			}
			out, err := b.XML(key, certs, saml.Suite(alg.Modern))
			if err == nil && len(out) < len(in.assertion)*8/10 {
				err = fmt.Errorf("an assertion of %d octets is not the one that the rivals make", len(out))
			}
			return err
		}})
	}
	return list, nil
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
	forged := bytes.Replace(in.answer, []byte(">Alice<"), []byte(">Alicf<"), 1)
	if err := readAnswer(doc, forged, []*x509.Certificate{in.cert}); !errors.Is(err, alg.ErrSignature) {
		return fmt.Errorf("a changed octet was not refused: %v", err)
	}
	return nil
}

func sum(b []byte) []byte {
	s := sha256.Sum256(b)
	return s[:8]
}
