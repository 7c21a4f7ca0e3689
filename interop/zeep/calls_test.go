package zeep

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"

	"wstrust/interop/rig"
	"wstrust/service"

	"wstrust/internal/alg"
)

// testCalls has zeep's client call the service with each security that it has.
func (s *stage) testCalls(t *testing.T) {
	issuer := rig.NewIssuer(t, s.ca, rig.IssuerConfig{})
	trust := func(v *service.Verifier) {
		v.Issuers = []service.Issuer{{Name: issuer.Name, Certificates: []*x509.Certificate{issuer.Signer.Cert}}}
	}
	user := request{"user": rig.User, "password": rig.Password}
	digest := request{"user": rig.User, "password": rig.Password, "use_digest": true}
	const caller = "CN=alice,"
	for _, k := range []struct {
		name, caller string
		q            []request
		token        bool // of our issuer
		plain        bool // without TLS
		suite        service.Suite
		change       []string // texts behind which one octet is changed
		wrong        string   // why we refuse it
		because      string   // and what our log says of that
	}{
		{name: "username token, text, and timestamp", caller: rig.User, q: []request{user}, change: []string{"#PasswordText\">"}},
		{name: "username token, digest, and timestamp", caller: rig.User, q: []request{digest}, change: []string{"#PasswordDigest\">", "#Base64Binary\">"}},
		{name: "username token, digest with Z in its time", caller: rig.User, q: []request{digest, {"zulu": true}}, change: []string{"#PasswordDigest\">"}},
		{name: "username token without timestamp", q: []request{user, {"bare": true}}, wrong: "refused: no timestamp", because: "no timestamp"},
		{name: "Signature, RSA with SHA-1 as by default (Basic256)", caller: caller, suite: alg.Basic256, q: []request{signs(t, "Signature", "", "", s.rsa)}, change: signedTexts},
		{name: "Signature, RSA with SHA-256", caller: caller, q: []request{signs(t, "Signature", "RSA_SHA256", "SHA256", s.rsa)}, change: signedTexts},
		{name: "MemorySignature, RSA with SHA-256", caller: caller, q: []request{signs(t, "MemorySignature", "RSA_SHA256", "SHA256", s.rsa)}, change: signedTexts},
		{name: "BinarySignature, RSA with SHA-256", caller: caller, q: []request{signs(t, "BinarySignature", "RSA_SHA256", "SHA256", s.rsa)}, change: signedTexts},
		{name: "BinarySignature, RSA with SHA-512", caller: caller, q: []request{signs(t, "BinarySignature", "RSA_SHA512", "SHA512", s.rsa)}, change: signedTexts},
		{name: "BinarySignature, ECDSA on P-256", caller: caller, q: []request{signs(t, "BinarySignature", "ECDSA_SHA256", "SHA256", s.p256)}, change: signedTexts},
		{name: "BinarySignature, addressing unsigned", caller: caller, q: []request{signs(t, "BinarySignature", "RSA_SHA256", "SHA256", s.rsa), {"addressing": true}}, change: signedTexts},
		{name: "BinarySignature without TLS", plain: true, caller: caller, q: []request{signs(t, "BinarySignature", "RSA_SHA256", "SHA256", s.rsa)}, change: signedTexts},
		{name: "username token, text, and BinarySignature", caller: rig.User, q: []request{user, signs(t, "BinarySignature", "RSA_SHA256", "SHA256", s.rsa)}, change: append(signedTexts, "#PasswordText\">")},
		{name: "username token, digest, and Signature", caller: rig.User, q: []request{digest, signs(t, "Signature", "RSA_SHA256", "SHA256", s.rsa)}, change: append(signedTexts, "#PasswordDigest\">")},
		{name: "BinarySignature without timestamp", q: []request{signs(t, "BinarySignature", "RSA_SHA256", "SHA256", s.rsa), {"bare": true}}, wrong: "refused: no timestamp", because: "no timestamp"},
		{name: "BinarySignature, RSA with SHA-1, where SHA-256 is wanted", q: []request{signs(t, "BinarySignature", "RSA_SHA1", "SHA1", s.rsa)}, wrong: "refused: SHA-1", because: "xmldsig#sha1"},
		{name: "bearer token of our issuer in the header", caller: rig.User, token: true, change: []string{"NameID", "Created>20"}},
	} {
		orders := s.orders(t, nil, k.suite, func(v *service.Verifier) {
			trust(v)
			v.InsecurePlaintext = k.plain
		})
		for _, port := range []string{"Orders11", "Orders12"} {
			name := fmt.Sprintf("%s, SOAP 1.%c", k.name, port[len(port)-1])
			t.Run(name, func(t *testing.T) {
				defer orders.Alter(nil)
				q := append([]request{s.calls(orders, port), {"peer": ""}}, k.q...)
				if k.token {
					q = append(q, request{"token": s.token(t, issuer, orders.URL)})
				}
				q = append(q, unverified)
				a := s.ask(t, q...)
				if k.wrong != "" {
					if !strings.Contains(a.Error, "could not be authenticated") || !strings.Contains(orders.Refusal(), k.because) {
						t.Errorf("%+v: %s\n%s", a, orders.Refusal(), orders.Last())
					}
					s.kinds.Found(t, "client", name, "–", k.wrong)
					return
				}
				if a.Error != "" || a.Address != "address of xyzzy" || !strings.HasPrefix(a.Caller, k.caller) {
					t.Fatalf("%+v: %s\n%s", a, orders.Refusal(), orders.Last())
				}
				for _, after := range k.change {
					changed := false
					orders.Alter(func(m []byte) []byte {
						changed = bytes.Contains(m, []byte(after))
						return alter(t, m, after)
					})
					if a := s.ask(t, q...); !strings.Contains(a.Error, "could not be authenticated") || !changed {
						t.Errorf("changed after %s (%v): %+v", after, changed, a)
					}
				}
				s.kinds.Found(t, "client", name, "–", rig.Accepted)
			})
		}
	}
}

// signedTexts stand in front of what zeep signs, and of the signature value.
var signedTexts = []string{"SignatureValue>", ":ID>", "Created>20"}

// unverified has a client take answers that are not signed.
var unverified = request{"unverified": true}

// alter changes one octet behind a text, or behind the tag that it begins.
func alter(t *testing.T, m []byte, after string) []byte {
	if at := bytes.Index(m, []byte(after)); at >= 0 && after == "NameID" {
		after = string(m[at : at+bytes.IndexByte(m[at:], '>')+1])
	}
	return []byte(rig.Altered(t, string(m), after, 0))
}

// testAnswers has zeep's client verify our answers: with the certificate that it
// signs with itself, as zeep does, and with another.
func (s *stage) testAnswers(t *testing.T) {
	for _, k := range []struct {
		name   string
		client rig.Identity
		signer rig.Identity
		as     string
	}{
		{"answer, verified by Signature", s.rsa, s.rsa, "Signature"},
		{"answer, verified by MemorySignature", s.rsa, s.rsa, "MemorySignature"},
		{"answer, verified by BinarySignature", s.rsa, s.rsa, "BinarySignature"},
		{"answer signed by another certificate, which verifies it", s.rsa, s.server, "BinarySignature"},
		{"answer signed by ECDSA on P-256", s.rsa, s.p256, "BinarySignature"},
	} {
		orders := s.orders(t, &k.signer, "", nil)
		for _, port := range []string{"Orders11", "Orders12"} {
			name := fmt.Sprintf("%s, SOAP 1.%c", k.name, port[len(port)-1])
			t.Run(name, func(t *testing.T) {
				defer orders.AlterAnswer(nil)
				q := []request{s.calls(orders, port), signs(t, k.as, "RSA_SHA256", "SHA256", k.client)}
				if k.client.Cert != k.signer.Cert {
					q = append(q, request{"peer": rig.CertPEM(k.signer.Cert)})
				}
				if a := s.ask(t, q...); a.Error != "" || a.Address != "address of xyzzy" || !strings.Contains(a.Reply, "SignatureValue") {
					t.Fatalf("%+v", a)
				}
				const refused = "zeep.exceptions.SignatureVerificationFailed: "
				for _, after := range []string{"address of xyz", "SignatureValue>", "Created>20"} {
					changed := false
					orders.AlterAnswer(func(m []byte) []byte {
						changed = true
						return []byte(rig.Altered(t, string(m), after, 0))
					})
					if a := s.ask(t, q...); a.Error != refused || !changed {
						t.Errorf("changed after %s: %+v", after, a)
					}
				}
				orders.AlterAnswer(nil)
				if a := s.ask(t, append(q, request{"peer": rig.CertPEM(s.ca.RSA(t, "stranger").Cert)})...); a.Error != refused {
					t.Errorf("under another certificate: %+v", a)
				}
				s.kinds.Found(t, "client", name, rig.Accepted, "–")
			})
		}
	}
}
