package node

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"wstrust/interop/rig"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// A reference of xml-crypto's.
type reference struct {
	XPath      string   `json:"xpath"`
	Transforms []string `json:"transforms"`
	Prefixes   []string `json:"prefixes,omitempty"`
	Whole      bool     `json:"whole,omitempty"`
}

func one(transforms ...string) []reference {
	return []reference{{XPath: "//*[local-name(.)='target']", Transforms: transforms}}
}

// testTheirsSigned verifies what xml-crypto signs, and refuses it with one octet
// changed.
func (s *stage) testTheirsSigned(t *testing.T) {
	secret, key := s.secretKey(t), public(t, s.rsa)
	prefixed := one(excC14N)
	prefixed[0].Prefixes = []string{"a", "unused"}
	three := []reference{
		{XPath: "//*[local-name(.)='target']", Transforms: []string{excC14N}},
		{XPath: "//*[local-name(.)='second']", Transforms: []string{c14N10}},
		{XPath: "//*[local-name(.)='third']", Transforms: []string{excC14N + comments}},
	}
	for _, k := range []struct {
		name   string
		q      request
		key    alg.Key
		suite  alg.Suite
		signed []string
		wrong  string // why we refuse it
	}{
		{name: "RSA with SHA-256, exclusive form", q: request{}, key: key},
		{name: "RSA with SHA-512, digests too", q: request{"method": alg.RSASHA512, "digest": alg.DigestSHA512}, key: key},
		{name: "RSA-PSS with SHA-256", q: request{"method": alg.PSSSHA256}, key: key},
		{name: "RSA with SHA-1, digests too (Basic256)", q: request{"method": alg.RSASHA1, "digest": alg.DigestSHA1}, key: key, suite: alg.Basic256},
		{name: "HMAC with SHA-1 (Basic256)", q: request{"secret": s.secret64(), "method": alg.HMACSHA1, "digest": alg.DigestSHA1}, key: secret, suite: alg.Basic256},
		{name: "HMAC with SHA-256, added to it as its manual says", q: request{"secret": s.secret64(), "method": alg.HMACSHA256}, key: secret},
		{name: "subtree, exclusive form with a list of prefixes", q: request{"references": prefixed}, key: key},
		{name: "subtree, exclusive form with comments", q: request{"references": one(excC14N + comments)}, key: key},
		{name: "subtree, inclusive form 1.0", q: request{"references": one(c14N10)}, key: key},
		{name: "subtree, inclusive form 1.0 with comments", q: request{"references": one(c14N10 + "#" + comments)}, key: key},
		{
			name: "subtree below an xml:lang, inclusive form 1.0", q: request{"references": one(c14N10), "lang": "de"}, key: key,
			wrong: "refused, by xmlsec1 too: its form does not take over xml:lang",
		},
		{name: "SignedInfo in inclusive form 1.0", q: request{"c14n": c14N10}, key: key},
		{name: "SignedInfo in exclusive form with comments", q: request{"c14n": excC14N + comments}, key: key},
		{name: "three references by three methods", q: request{"references": three}, key: key, signed: []string{"target", "second", "third"}},
		{name: "whole document, enveloped", q: request{"references": []reference{{XPath: "/*", Transforms: []string{enveloped, excC14N}, Whole: true}}}, key: key, signed: []string{"root"}},
		{name: "element by its id, enveloped", q: request{"references": one(enveloped, excC14N), "into": "//*[local-name(.)='target']"}, key: key},
		{name: "element by its wsu:Id", q: request{"idMode": "wssecurity"}, key: key},
		{name: "no prefix for the signature", q: request{"prefix": ""}, key: key},
	} {
		t.Run(k.name, func(t *testing.T) {
			q := request{
				"op": "sign", "xml": document(k.q["idMode"] != nil, k.q["lang"] != nil), "key": s.rsa.KeyPEM(t), "cert": s.rsa.CertPEM(), "method": alg.RSASHA256, "digest": alg.DigestSHA256, "c14n": excC14N,
				"references": one(excC14N), "prefix": "ds", "into": "/*",
			}
			for name, v := range k.q {
				q[name] = v
			}
			a := s.ask(t, q)
			if a.Error != "" {
				t.Fatalf("not made: %s", a.Error)
			}
			if k.signed == nil {
				k.signed = []string{"target"}
			}
			err := verifySigned(a.XML, k.key, k.suite, k.signed)
			if k.wrong != "" {
				if !errors.Is(err, alg.ErrSignature) {
					t.Errorf("what is known to be wrong: %v", err)
				}
				s.kinds.Found(t, "xml-crypto", k.name, "", k.wrong)
				return
			}
			if err != nil {
				t.Fatalf("refused: %v\n%s", err, a.XML)
			}
			for _, after := range []string{"xyz", "SignatureValue>"} {
				err := verifySigned(rig.Altered(t, a.XML, after, 0), k.key, k.suite, k.signed)
				if !errors.Is(err, alg.ErrSignature) {
					t.Errorf("changed after %s: %v", after, err)
				}
			}
			s.kinds.Found(t, "xml-crypto", k.name, "", rig.Accepted)
		})
	}
}

// document is what xml-crypto signs: awkward, with two more elements. Its own
// inclusive form is wrong below an xml:lang, so that there is none otherwise.
func document(wssecurity, lang bool) string {
	src := strings.Replace(awkward, "</t:root>", `<t:second xmlns:x="urn:x" Id="second">two</t:second><t:third Id="third"><!-- three --></t:third></t:root>`, 1)
	if !lang {
		src = strings.Replace(src, ` xml:lang="de"`, "", 1)
	}
	if wssecurity {
		return strings.Replace(src, ` Id="signed"`, "", 1)
	}
	return src
}

// verifySigned verifies the signature of a document and says whether it is over
// the elements of these local names, and no more.
func verifySigned(src string, key alg.Key, suite alg.Suite, names []string) error {
	d, err := xmltree.Parse([]byte(src), xmltree.Limits{})
	if err != nil {
		return err
	}
	root := d.Root()
	sig := root.First(xmltree.DS, "Signature")
	if !sig.OK() {
		sig = root.First("urn:t", "target").First(xmltree.DS, "Signature")
	}
	signed, err := xmldsig.Verify(sig, key, suite, nil)
	if err != nil {
		return err
	}
	if len(signed) != len(names) {
		return fmt.Errorf("%d elements are signed", len(signed))
	}
	for i, name := range names {
		e := root
		if name != "root" {
			e = root.First("urn:t", name)
		}
		if !signed[i].Covers(e) {
			return fmt.Errorf("%s is not what is signed", name)
		}
	}
	return nil
}
