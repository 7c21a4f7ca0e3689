package zeep

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wstrust/interop/rig"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
)

// accepts has zeep's verify_envelope take a message, and refuse it with one octet
// changed in the body, behind a text there, in the timestamp and in the signature
// value, and under another certificate.
func (s *stage) accepts(t *testing.T, msg, inBody string, cert *x509.Certificate) {
	t.Helper()
	verify := func(msg string, cert *x509.Certificate) string {
		return s.ask(t, request{"op": "verify", "xml": base64.StdEncoding.EncodeToString([]byte(msg)), "cert": rig.CertPEM(cert)}).Error
	}
	if err := verify(msg, cert); err != "" {
		t.Fatalf("refused: %s\n%s", err, msg)
	}
	const refused = "zeep.exceptions.SignatureVerificationFailed: "
	body := strings.Index(msg, "<s:Body")
	for name, changed := range map[string]string{
		"body":            msg[:body] + rig.Altered(t, msg[body:], inBody, 0),
		"timestamp":       rig.Altered(t, msg, "Created>20", 0),
		"signature value": rig.Altered(t, msg, "SignatureValue>", 0),
	} {
		if err := verify(changed, cert); err != refused {
			t.Errorf("another %s: %q", name, err)
		}
	}
	if err := verify(msg, s.server.Cert); err != refused {
		t.Errorf("under another certificate: %q", err)
	}
}

const everything = wsse.PartTimestamp | wsse.PartBody | wsse.PartAddressing | wsse.PartToken

// testMessages is what a client of ours makes.
func (s *stage) testMessages(t *testing.T) {
	p384 := s.ca.For(t, "alice", onCurve(t, elliptic.P384()))
	p521 := s.ca.For(t, "alice", onCurve(t, elliptic.P521()))
	for _, k := range []struct {
		name    string
		id      rig.Identity
		version soap.Version
		suite   alg.Suite
		ref     wsse.Reference
		parts   wsse.Parts
		mod     func(*wsse.Options)
	}{
		{name: "token in the header, body and timestamp signed", id: s.rsa, parts: wsse.PartBody | wsse.PartTimestamp},
		{name: "the same in SOAP 1.1", id: s.rsa, parts: wsse.PartBody | wsse.PartTimestamp, version: soap.V11},
		{name: "all addressing and the token signed too", id: s.rsa, parts: everything},
		{name: "issuer and serial number", id: s.rsa, ref: wsse.RefIssuerSerial},
		{name: "subject key identifier", id: s.rsa, ref: wsse.RefSKI},
		{name: "thumbprint", id: s.rsa, ref: wsse.RefThumbprint},
		{name: "certificate in a key identifier", id: s.rsa, ref: wsse.RefX509v3},
		{name: "embedded token", id: s.rsa, ref: wsse.RefEmbedded},
		{name: "certificate in X509Data", id: s.rsa, ref: wsse.RefX509Data},
		{name: "RSA with SHA-1, digests too (Basic256)", id: s.rsa, suite: alg.Basic256},
		{name: "RSA with SHA-384, digests too", id: s.rsa, suite: rig.Suite(t, alg.RSASHA384, alg.DigestSHA384)},
		{name: "RSA with SHA-512, digests too", id: s.rsa, suite: rig.Suite(t, alg.RSASHA512, alg.DigestSHA512)},
		{name: "ECDSA on P-256", id: s.p256},
		{name: "ECDSA on P-384", id: p384},
		{name: "ECDSA on P-521", id: p521},
		{name: "header of WS-Security 1.0, timestamp last", id: s.rsa, mod: func(o *wsse.Options) { o.Version, o.Layout = wsse.V10, wsse.TimestampLast }},
		{name: "with a username token that is signed", id: s.rsa, mod: func(o *wsse.Options) {
			o.Tokens = append(o.Tokens, wsse.Username{Name: rig.User, Password: func() []byte { return []byte(rig.Password) }})
			o.Protection = wsse.AsymmetricSign()
		}},
		{name: "body encrypted, then signed", id: s.rsa, mod: func(o *wsse.Options) {
			o.Protection = wsse.AsymmetricSignEncrypt(s.server.Cert)
			o.Protection.Order, o.Protection.Encrypt = wsse.EncryptThenSign, wsse.PartBody
		}},
	} {
		t.Run(k.name, func(t *testing.T) {
			if k.parts == 0 {
				k.parts = everything &^ wsse.PartToken
			}
			key, err := alg.PrivateKey(k.id.Key)
			if err != nil {
				t.Fatal(err)
			}
			o := wsse.Options{Suite: k.suite, Tokens: []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{k.id.Cert}, Key: key, Reference: k.ref, Parts: k.parts}}}
			if k.mod != nil {
				k.mod(&o)
			}
			msg, _, err := wsse.Protect(soap.Outgoing{
				Version: k.version, Action: "urn:orders/Get", To: "https://orders.example.com/", Body: []byte(`<o:Get xmlns:o="urn:orders"><o:ID>xyzzy</o:ID></o:Get>`),
			}, o, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			inBody := "xyz"
			if o.Protection != nil && o.Protection.Encrypt != 0 {
				inBody = "CipherValue>"
			}
			s.accepts(t, string(msg), inBody, k.id.Cert)
			s.kinds.Found(t, "message", k.name, rig.Accepted, "")
		})
	}
}

// testTool is what "wst protect" makes.
func (s *stage) testTool(t *testing.T) {
	dir := t.TempDir()
	cert, key := s.rsa.WritePEM(t, dir, "alice")
	in := filepath.Join(dir, "message.xml")
	plain := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><o:Get xmlns:o="urn:orders"><o:ID>xyzzy</o:ID></o:Get></s:Body></s:Envelope>`
	if err := os.WriteFile(in, []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"bst", "ski", "thumbprint", "issuer-serial", "x509v3"} {
		name := "wst protect --preset asymmetric-sign --key-ref " + ref
		t.Run(ref, func(t *testing.T) {
			out := rig.Run(t, "protect", "--preset", "asymmetric-sign", "--key-ref", ref, "--cert", cert, "--key", key, in)
			s.accepts(t, string(out), "xyz", s.rsa.Cert)
			s.kinds.Found(t, "tool", name, rig.Accepted, "")
		})
	}
}
