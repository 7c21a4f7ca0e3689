package node

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"wstrust/interop/rig"
	"wstrust/saml"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

const (
	excC14N   = "http://www.w3.org/2001/10/xml-exc-c14n#"
	c14N10    = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	comments  = "WithComments"
	enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

	word      = "xyzzy" // in whatever is signed or encrypted
	contextID = "urn:wstrust:interop:context"
)

// A signedDoc is what we signed.
type signedDoc struct {
	xml    string
	ask    request  // the key, and where the signature is
	signed []string // local names of what it is over
}

// message protects a message as our client does.
func message(t *testing.T, v soap.Version, token wsse.Token, suite alg.Suite) string {
	t.Helper()
	out := soap.Outgoing{Version: v, Action: "urn:orders/Get", To: "https://orders.example.com/", Body: []byte(`<o:Get xmlns:o="urn:orders"><o:ID>` + word + `</o:ID></o:Get>`)}
	msg, _, err := wsse.Protect(out, wsse.Options{Suite: suite, Tokens: []wsse.Token{token}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return string(msg)
}

const everything = wsse.PartTimestamp | wsse.PartBody | wsse.PartAddressing

func (s *stage) x509(t *testing.T) wsse.X509 {
	t.Helper()
	return wsse.X509{Certificates: []*x509.Certificate{s.rsa.Cert}, Key: private(t, s.rsa), Parts: everything | wsse.PartToken}
}

func (s *stage) context(t *testing.T) wsse.Issued {
	t.Helper()
	return wsse.Issued{Key: s.secretKey(t), Parts: everything, XML: []byte(`<c:SecurityContextToken xmlns:c="` + xmltree.SC13 + `" xmlns:u="` + xmltree.WSU + `" u:Id="sct"><c:Identifier>` + contextID + `</c:Identifier></c:SecurityContextToken>`)}
}

// assertion issues an assertion about the word.
func (s *stage) assertion(t *testing.T, v saml.Version, audience string) string {
	t.Helper()
	key, err := saml.SigningKey(s.rsa.Key)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	b := saml.Build{
		Version: v, Issuer: "urn:wstrust:interop:ours", IssueInstant: now,
		Subject:    saml.Subject{NameID: word, Confirmations: []saml.Confirmation{{Kind: saml.Bearer}}},
		Conditions: saml.Conditions{NotBefore: now.Add(-time.Minute), NotOnOrAfter: now.Add(time.Hour), Audiences: [][]string{{audience}}},
		Attributes: []saml.Attribute{{Name: "role", Namespace: "urn:test", Values: []string{"one & <two>", "é 😀", "a\r\n\tb"}}},
	}
	token, err := b.XML(key, []*x509.Certificate{s.rsa.Cert}, "")
	if err != nil {
		t.Fatal(err)
	}
	return string(token)
}

// awkward has what canonical forms differ in.
const awkward = `<t:root xmlns:t="urn:t" xmlns:a="urn:a" xmlns="urn:default" xml:lang="de"><t:target xmlns:b="urn:b" xmlns:unused="urn:unused" Id="signed" a:z="1" b="2" a='&lt;"&#xD;&#x9;'>` +
	`<child xmlns="" q="a:name"><!-- not there --><a:x xmlns:a="urn:other">` + word + ` &amp; <![CDATA[<>&]]> é&#xD;</a:x></child><b:empty/></t:target></t:root>`

// subtree signs the target of a document.
func subtree(t *testing.T, src string, key alg.Key, suite alg.Suite, whole bool, prefixes ...string) string {
	t.Helper()
	d, err := xmltree.Parse([]byte(src), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r := xmldsig.Ref{ID: "signed", Elem: d.Root().First("urn:t", "target"), Prefixes: prefixes}
	if whole {
		r = xmldsig.Ref{Elem: d.Root(), Enveloped: true, Prefixes: prefixes}
	}
	sig, err := xmldsig.Sign(key, suite, "", []xmldsig.Ref{r}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(src, "</t:root>") + string(sig) + "</t:root>"
}

// testOursSigned has xml-crypto verify what we sign, and refuse it with one
// octet changed in what is signed or in the signature value, and under another
// key.
func (s *stage) testOursSigned(t *testing.T) {
	cert := request{"cert": s.rsa.CertPEM()}
	header := request{"cert": s.rsa.CertPEM(), "at": `/*/*[local-name(.)='Header']/*[local-name(.)='Security']/*[local-name(.)='Signature']`}
	secret := request{"secret": s.secret64(), "at": header["at"]}
	bare := request{"secret": s.secret64()}
	parts := []string{"Body", "Timestamp", "To", "Action", "MessageID", "ReplyTo"}
	for _, k := range []struct {
		name string
		make func(t *testing.T) signedDoc
	}{
		{"assertion, SAML 2.0, RSA with SHA-256", func(t *testing.T) signedDoc {
			return signedDoc{s.assertion(t, saml.V20, "urn:x"), cert, []string{"Assertion"}}
		}},
		{"assertion, SAML 1.1, RSA with SHA-256", func(t *testing.T) signedDoc {
			return signedDoc{s.assertion(t, saml.V11, "urn:x"), request{"cert": s.rsa.CertPEM(), "idAttribute": "AssertionID"}, []string{"Assertion"}}
		}},
		{"message, SOAP 1.2, RSA with SHA-256, all parts and the token", func(t *testing.T) signedDoc {
			return signedDoc{message(t, soap.V12, s.x509(t), ""), header, append(slices.Clone(parts), "BinarySecurityToken")}
		}},
		{"message, SOAP 1.1", func(t *testing.T) signedDoc {
			return signedDoc{message(t, soap.V11, s.x509(t), ""), header, parts}
		}},
		{"RSA with SHA-512, digests too", func(t *testing.T) signedDoc {
			return signedDoc{message(t, soap.V12, s.x509(t), rig.Suite(t, alg.RSASHA512, alg.DigestSHA512)), header, parts}
		}},
		{"RSA with SHA-1, digests too (Basic256)", func(t *testing.T) signedDoc {
			return signedDoc{message(t, soap.V12, s.x509(t), alg.Basic256), header, parts}
		}},
		{"HMAC with SHA-1 (Basic256)", func(t *testing.T) signedDoc {
			return signedDoc{message(t, soap.V12, s.context(t), alg.Basic256), secret, parts}
		}},
		{"HMAC with SHA-256, added to it as its manual says", func(t *testing.T) signedDoc {
			return signedDoc{message(t, soap.V12, s.context(t), ""), secret, parts}
		}},
		{"subtree, exclusive form", func(t *testing.T) signedDoc {
			return signedDoc{subtree(t, awkward, s.secretKey(t), "", false), bare, []string{"target"}}
		}},
		{"subtree, exclusive form with a list of prefixes", func(t *testing.T) signedDoc {
			return signedDoc{subtree(t, awkward, s.secretKey(t), "", false, "a", "unused", "nobody"), bare, []string{"target"}}
		}},
		{"whole document, enveloped", func(t *testing.T) signedDoc {
			return signedDoc{subtree(t, awkward, private(t, s.rsa), "", true), cert, []string{"root"}}
		}},
	} {
		t.Run(k.name, func(t *testing.T) {
			d := k.make(t)
			verify := func(src string, more request) answer {
				q := request{"op": "verify", "xml": src}
				for _, m := range []request{d.ask, more} {
					for name, v := range m {
						q[name] = v
					}
				}
				return s.ask(t, q)
			}
			a := verify(d.xml, nil)
			if a.Error != "" {
				t.Fatalf("refused: %s\n%s", a.Error, d.xml)
			}
			for _, name := range d.signed {
				if !slices.ContainsFunc(a.Signed, func(xml string) bool { return local(xml) == name }) {
					t.Errorf("%s is not signed: %.300q", name, a.Signed)
				}
			}
			if a := verify(rig.Altered(t, d.xml, "xyz", 0), nil); a.Error == "" {
				t.Error("a change in what is signed is accepted")
			}
			if a := verify(rig.Altered(t, d.xml, "SignatureValue>", 20), nil); a.Error == "" {
				t.Error("a change in the signature value is accepted")
			}
			if a := verify(d.xml, request{"cert": s.own.CertPEM(), "secret": other(d.ask)}); a.Error == "" {
				t.Error("another key is accepted")
			}
			s.kinds.Found(t, "xml-crypto", k.name, rig.Accepted, "")
		})
	}
	s.kinds.Found(t, "xml-crypto", "ECDSA", "made, but it has no ECDSA", "not made: it has no ECDSA")
}

// other is another secret, where there is one.
func other(q request) any {
	if q["secret"] == nil {
		return nil
	}
	return "YW5vdGhlciB0ZXN0IHNlY3JldCBvZiAzMiBvY3RldHM="
}

// local is the local name of the root of a document.
func local(xml string) string {
	name := strings.TrimPrefix(xml, "<")
	if i := strings.IndexAny(name, " />"); i >= 0 {
		name = name[:i]
	}
	return name[strings.IndexByte(name, ':')+1:]
}
