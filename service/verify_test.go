package service_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
	"wstrust/service"
)

func TestUsers(t *testing.T) {
	w := newWorld(t, nil)
	for _, version := range []soap.Version{soap.V12, soap.V11} {
		for _, token := range []wsse.Username{user("alice", "pw"), user("böb", "ß€")} {
			for _, digest := range []bool{false, true} {
				token.Digest = digest
				out := request()
				out.Version = version
				m := w.accepted(out, token)
				if p := m.Principal(); p.Kind != service.User || p.Name != token.Name || p.ProofOfPossession || p.Key != nil {
					t.Errorf("principal %v", p)
				}
				if signed, byTLS := protected(m); signed != 0 || byTLS&(service.Body|service.Timestamp|service.Action) != service.Body|service.Timestamp|service.Action {
					t.Errorf("protected by a signature: %v, by TLS: %v", signed, byTLS)
				}
			}
		}
	}
	for _, token := range []wsse.Username{
		user("alice", "wrong"), user("alice", ""), user("nobody", "pw"), user("nobody", ""), user("broken", "pw"),
		{Name: "alice", Password: func() []byte { return []byte("no") }, Digest: true},
	} {
		w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{token}}), "trust")
	}
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Username{Name: "alice"}}}), "policy")
	w.refused(w.send(request(), wsse.Options{}), "policy")
	if strings.Contains(w.log.String(), "wrong") && strings.Contains(w.log.String(), "ß€") {
		t.Error("the log shows a password")
	}
	if !strings.Contains(w.log.String(), "directory is down") {
		t.Error("the log does not say that passwords could not be checked")
	}
}

func TestSAMLBearer(t *testing.T) {
	w := newWorld(t, nil)
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		token := wsse.Issued{XML: w.assertion(func(b *saml.Build) {
			b.Version = v
			if v == saml.V11 {
				b.Attributes[0].Namespace = "urn:x"
			}
		})}
		m := w.accepted(request(), token)
		p := m.Principal()
		if p.Kind != service.Token || p.Name != "carol" || p.ProofOfPossession || p.Assertion == nil {
			t.Errorf("%v: principal %v", v, p)
		}
		if got := fmt.Sprint(p.Attribute("urn:role")); got != "[doctor owner]" {
			t.Errorf("%v: attribute %s", v, got)
		}
	}

	past := time.Now().Add(-time.Hour)
	for name, test := range map[string]struct {
		class  string
		change func(*saml.Build)
	}{
		"other audience":      {"policy", func(b *saml.Build) { b.Conditions.Audiences = [][]string{{"https://other.example.com/"}} }},
		"audience prefix":     {"policy", func(b *saml.Build) { b.Conditions.Audiences = [][]string{{audience + "sub"}} }},
		"no audience":         {"policy", func(b *saml.Build) { b.Conditions.Audiences = nil }},
		"second audience":     {"policy", func(b *saml.Build) { b.Conditions.Audiences = append(b.Conditions.Audiences, []string{"urn:x"}) }},
		"expired":             {"expired", func(b *saml.Build) { b.Conditions.NotBefore, b.Conditions.NotOnOrAfter = past, past.Add(time.Minute) }},
		"not yet valid":       {"expired", func(b *saml.Build) { b.Conditions.NotBefore = time.Now().Add(10 * time.Minute) }},
		"never expires":       {"policy", func(b *saml.Build) { b.Conditions.NotOnOrAfter = time.Time{} }},
		"other issuer":        {"trust", func(b *saml.Build) { b.Issuer = "https://evil.example.com/" }},
		"sender vouches":      {"trust", func(b *saml.Build) { b.Subject.Confirmations[0].Kind = saml.SenderVouches }},
		"holder of key":       {"policy", func(b *saml.Build) { b.Subject.Confirmations[0] = holderOf(w.ca.Leaf) }},
		"unknown method":      {"policy", func(b *saml.Build) { b.Subject.Confirmations[0] = saml.Confirmation{Method: "urn:x"} }},
		"no confirmation":     {"policy", func(b *saml.Build) { b.Subject.Confirmations = nil }},
		"confirmation passed": {"expired", func(b *saml.Build) { b.Subject.Confirmations[0].NotOnOrAfter = past }},
	} {
		t.Run(name, func(t *testing.T) {
			w.TB = t
			w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: w.assertion(test.change)}}}), test.class)
		})
	}
	w.TB = t

	good := w.assertion(nil)
	altered := bytes.Replace(good, []byte(">doctor<"), []byte(">dentist<"), 1)
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: altered}}}), "signature")

	// Somebody else's signature under the issuer's name.
	honest := w.signer
	w.signer = pair(t, p256(t), "test signer", &w.ca, nil)
	forged := w.assertion(nil)
	w.signer = honest
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: forged}}}), "trust")

	from, to := bytes.Index(good, []byte("<ds:Signature")), bytes.Index(good, []byte("</ds:Signature>"))
	if from < 0 || to < from {
		t.Fatal("no signature in the assertion")
	}
	unsigned := append(bytes.Clone(good[:from]), good[to+len("</ds:Signature>"):]...)
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: unsigned}}}), "signature")
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: good}, wsse.Issued{XML: w.assertion(nil)}}}), "wrapping")
}

func holderOf(c *x509.Certificate) saml.Confirmation {
	return saml.Confirmation{Kind: saml.HolderOfKey, Certificate: c}
}

func TestHolderOfKey(t *testing.T) {
	w := newWorld(t, nil)
	holder := pair(t, p256(t), "holder", nil, nil) // nobody vouches for it but the assertion
	token := w.assertion(func(b *saml.Build) { b.Subject.Confirmations[0] = holderOf(holder.Leaf) })
	m := w.accepted(request(), wsse.Issued{XML: token, Key: private(t, holder)})
	p := m.Principal()
	if p.Kind != service.Token || !p.ProofOfPossession || p.Certificate == nil || !p.Certificate.Equal(holder.Leaf) {
		t.Errorf("principal %+v", p)
	}
	if signed, byTLS := protected(m); signed&(service.Timestamp|service.To) != service.Timestamp|service.To || byTLS&service.Body == 0 || signed&byTLS != 0 {
		t.Errorf("signed %v, by TLS %v", signed, byTLS)
	}

	// A bare key.
	token = w.assertion(func(b *saml.Build) {
		b.Subject.Confirmations[0] = saml.Confirmation{Kind: saml.HolderOfKey, Public: holder.Leaf.PublicKey}
	})
	p = w.accepted(request(), wsse.Issued{XML: token, Key: private(t, holder)}).Principal()
	if k, ok := p.Key.(interface{ Equal(crypto.PublicKey) bool }); !ok || !k.Equal(holder.Leaf.PublicKey) || p.Certificate != nil || !p.ProofOfPossession {
		t.Errorf("principal %+v", p)
	}

	// Somebody else's key.
	thief := pair(t, p256(t), "thief", &w.ca, nil)
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: token, Key: private(t, thief)}}}), "signature")
	// A certificate of ours is no proof of the assertion's key.
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: token}, wsse.X509{Certificates: []*x509.Certificate{thief.Leaf}, Key: private(t, thief)}}}), "policy")
}

func TestSymmetricHolderOfKey(t *testing.T) {
	w := newWorld(t, nil)
	secret := bytes.Repeat([]byte{0x5a}, 32)
	proof, err := alg.SecretKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(to tls.Certificate) []byte {
		key, err := alg.CertificateKey(to.Leaf)
		if err != nil {
			t.Fatal(err)
		}
		var b xmltree.Builder
		if err := xmlenc.SealKey(&b, proof, "", key, nil, nil, ""); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	with := func(ek []byte) []byte {
		return w.assertion(func(b *saml.Build) {
			b.Subject.Confirmations[0] = saml.Confirmation{Kind: saml.HolderOfKey, EncryptedKey: ek}
		})
	}
	p := w.accepted(request(), wsse.Issued{XML: with(sealed(w.own)), Key: proof}).Principal()
	if !p.ProofOfPossession || p.Key != nil || p.Name != "carol" {
		t.Errorf("principal %+v", p)
	}
	other, err := alg.SecretKey(bytes.Repeat([]byte{0x5b}, 32))
	if err != nil {
		t.Fatal(err)
	}
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: with(sealed(w.own)), Key: other}}}), "signature")
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: with(sealed(w.own))}}}), "policy")
	other2048, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	stranger := pair(t, other2048, "another service", &w.ca, nil)
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: with(sealed(stranger)), Key: proof}}}), "decrypt")
}

func TestCertificates(t *testing.T) {
	w := newWorld(t, nil)
	sign := func(c tls.Certificate, ref wsse.Reference, parts service.Parts) wsse.Token {
		return wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c), Reference: ref, Parts: parts}
	}
	for _, key := range []crypto.Signer{p256(t), rsa2048(t)} {
		c := pair(t, key, "client", &w.ca, nil)
		for _, ref := range []wsse.Reference{wsse.RefDirect, wsse.RefEmbedded, wsse.RefX509v3, wsse.RefX509Data} {
			p := w.accepted(request(), sign(c, ref, 0)).Principal()
			if p.Kind != service.Certificate || p.Name != "CN=client" || !p.ProofOfPossession || !p.Certificate.Equal(c.Leaf) {
				t.Errorf("%T, reference %d: principal %+v", key, ref, p)
			}
		}
	}
	stranger := pair(t, p256(t), "client", nil, nil)
	sibling := pair(t, p256(t), "client", &stranger, nil)
	old := pair(t, p256(t), "client", &w.ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	crypt := pair(t, p256(t), "client", &w.ca, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
	child := pair(t, p256(t), "client", &old, nil)
	for name, c := range map[string]tls.Certificate{"self-signed": stranger, "other authority": sibling, "expired": old, "not for signatures": crypt, "issued by a client": child} {
		t.Run(name, func(t *testing.T) {
			w.TB = t
			w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{sign(c, wsse.RefDirect, 0)}}), "trust")
		})
	}
	w.TB = t
	good := pair(t, p256(t), "client", &w.ca, func(c *x509.Certificate) { c.SubjectKeyId = []byte{1, 2, 3} })
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{sign(good, wsse.RefDirect, wsse.PartBody)}}), "policy")
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{sign(good, wsse.RefSKI, 0)}}), "trust")
}

func TestTLSClientCertificates(t *testing.T) {
	w := newWorld(t, nil)
	client := pair(t, p256(t), "tls client", &w.ca, nil)
	w.tls = []tls.Certificate{client}
	p := w.accepted(request()).Principal()
	if p.Kind != service.Certificate || p.Name != "CN=tls client" || !p.ProofOfPossession {
		t.Errorf("principal %+v", p)
	}
	// In support of a user it is remembered, and the user is who sent it.
	p = w.accepted(request(), user("alice", "pw")).Principal()
	if p.Kind != service.User || p.Name != "alice" || p.Certificate == nil || !p.Certificate.Equal(client.Leaf) {
		t.Errorf("principal %+v", p)
	}
	// It does not make a wrong password right.
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{user("alice", "wrong")}}), "trust")

	w.tls = []tls.Certificate{pair(t, p256(t), "tls client", nil, nil)}
	w.refused(w.send(request(), wsse.Options{}), "policy")
	p = w.accepted(request(), user("alice", "pw")).Principal()
	if p.Certificate != nil || p.ProofOfPossession {
		t.Errorf("somebody else's certificate counts: %+v", p)
	}
}

func TestRequiredParts(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Require = service.Body | service.Action })
	c := pair(t, p256(t), "client", &w.ca, nil)
	token := wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c)}
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{token}}), "policy")
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}), "policy")
	token.Parts = wsse.PartTimestamp | wsse.PartBody | wsse.PartAction
	m := w.accepted(request(), token)
	if signed, _ := protected(m); signed != service.Timestamp|service.Body|service.Action {
		t.Errorf("signed %v", signed)
	}
}

// TestToken verifies tokens that stand in a body.
func TestToken(t *testing.T) {
	w := newWorld(t, nil)
	p, err := w.v.Token(t.Context(), w.assertion(nil), audience)
	if err != nil || p.Kind != service.Token || p.Name != "carol" || p.ProofOfPossession || p.Assertion == nil {
		t.Fatalf("%v, %v", p, err)
	}
	if _, err := w.v.Token(t.Context(), w.assertion(nil)); err != nil {
		t.Errorf("for any audience: %v", err)
	}
	refused := func(what string, class wsse.Class, token []byte, audiences ...string) {
		t.Helper()
		if p, err := w.v.Token(t.Context(), token, audiences...); p != nil || wsse.ClassOf(err) != class {
			t.Errorf("%s: %v, %v", what, p, err)
		}
	}
	refused("other audience", wsse.ClassPolicy, w.assertion(nil), "urn:other")
	refused("issuer's name", wsse.ClassTrust, w.assertion(func(b *saml.Build) { b.Issuer = "https://evil.example.com/" }), audience)
	refused("expired", wsse.ClassExpired, w.assertion(func(b *saml.Build) {
		b.Conditions.NotBefore, b.Conditions.NotOnOrAfter = time.Now().Add(-time.Hour), time.Now().Add(-30*time.Minute)
	}))
	refused("never expires", wsse.ClassPolicy, w.assertion(func(b *saml.Build) { b.Conditions.NotOnOrAfter = time.Time{} }))
	refused("altered", wsse.ClassSignature, bytes.Replace(w.assertion(nil), []byte(">carol<"), []byte(">admin<"), 1))
	refused("not XML", wsse.ClassFormat, []byte("<a>"))
	refused("not SAML", wsse.ClassFormat, []byte("<a/>"))
	honest := w.signer
	w.signer = pair(t, p256(t), "test signer", nil, nil)
	refused("forged", wsse.ClassTrust, w.assertion(nil))
	w.signer = honest
	w.v.Issuers = nil
	refused("no issuers", wsse.ClassTrust, w.assertion(nil))
}
