package cxf

import (
	"context"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"wstrust"
	"wstrust/interop/rig"
)

// testVariants has our client speak in the other ways that it can: a digest of the
// password, certificates that are named and not sent, more parts signed, older
// addressing, an older header, other layouts; and has tokens signed in other ways. (ReferenceX509Data is not here: WSS4J keeps
// to BSP R5417, by which a KeyInfo holds a SecurityTokenReference.)
func (s *stage) testVariants(t *testing.T) {
	alice := wstrust.Username(rig.User, rig.Password)
	cert := s.client.TLS()
	signed := func(c *wstrust.Config) {
		c.Bindings = []wstrust.Binding{wstrust.Certificate(cert)}
		c.PeerCertificates = []*x509.Certificate{s.signer.Cert}
	}
	by := func(ref wstrust.CertificateReference) func(*wstrust.Config) {
		return func(c *wstrust.Config) { c.Bindings = []wstrust.Binding{wstrust.CertificateBy(cert, ref)} }
	}
	with := func(set func(*wstrust.Config)) func(*wstrust.Config) {
		return func(c *wstrust.Config) {
			c.Bindings = []wstrust.Binding{alice}
			set(c)
		}
	}
	for _, v := range []struct {
		name, door, caller string
		config             func(*wstrust.Config)
	}{
		{"password digest", "Digest12", rig.User, func(c *wstrust.Config) {
			c.Bindings = []wstrust.Binding{wstrust.UsernameDigest(rig.User, rig.Password)}
		}},
		{"by issuer and serial", "Reference12", "CN=alice", by(wstrust.ReferenceIssuerSerial)},
		{"by thumbprint", "Reference12", "CN=alice", by(wstrust.ReferenceThumbprint)},
		{"by subject key identifier", "Reference12", "CN=alice", by(wstrust.ReferenceSKI)},
		{"certificate as key identifier", "Reference12", "CN=alice", by(wstrust.ReferenceX509v3)},
		{"body and addressing signed", "Signed12", "CN=alice", func(c *wstrust.Config) {
			signed(c)
			c.Header.Sign = wstrust.PartBody | wstrust.PartAddressing
		}},
		{"body, addressing and token signed", "Signed12", "CN=alice", func(c *wstrust.Config) {
			signed(c)
			c.Header.Sign = wstrust.PartBody | wstrust.PartAddressing | wstrust.PartToken
		}},
		{"header of 1.0", "Username12", rig.User, with(func(c *wstrust.Config) { c.Versions.Security = wstrust.Security10 })},
		{"time stamp first", "Username12", rig.User, with(func(c *wstrust.Config) { c.Header.Layout = wstrust.LayoutTimestampFirst })},
		{"time stamp last", "Username12", rig.User, with(func(c *wstrust.Config) { c.Header.Layout = wstrust.LayoutTimestampLast })},
		{"token signed by ECDSA", "Ecdsa12", rig.User, with(func(*wstrust.Config) {})},
		{"token signed by RSA-PSS", "Pss12", rig.User, with(func(*wstrust.Config) {})},
		{"token signed with SHA-512", "Sha512", rig.User, with(func(*wstrust.Config) {})},
		{"WS-Trust 1.4", "Username12", rig.User, with(func(c *wstrust.Config) { c.Versions.Trust = wstrust.Trust14 })},
	} {
		t.Run(v.name, func(t *testing.T) {
			ch := s.open(t, door{name: v.door, config: func(_ *world, c *wstrust.Config) { v.config(c) }}, s.sts[v.door])
			at := s.svc["Bearer20"]
			req := wstrust.TokenRequest{AppliesTo: at, TokenType: tokenSAML20, KeyType: wstrust.Bearer, Lifetime: 20 * time.Minute}
			tok, err := ch.RequestToken(context.Background(), req)
			if err != nil {
				t.Fatal(err)
			}
			s.check(t, tok, req, at, v.caller)
			s.present(t, tok, at, v.caller)
		})
	}
}

// testOldAddressing: CXF answers in the addressing of 2004/08 that it is asked in, but reads
// an AppliesTo of 2005/08 only, and so issues a token for anyone; as such it must be seen.
func (s *stage) testOldAddressing(t *testing.T) {
	c := wstrust.Config{TLS: s.ca.Trust(), Bindings: []wstrust.Binding{wstrust.Username(rig.User, rig.Password)}}
	c.Versions.Addressing = wstrust.Addressing200408
	req := wstrust.TokenRequest{AppliesTo: s.svc["Bearer20"], TokenType: tokenSAML20, KeyType: wstrust.Bearer}
	ask := func() (*wstrust.Token, error) {
		ch, err := wstrust.Open(context.Background(), s.sts["Username12"], c)
		if err != nil {
			t.Fatal(err)
		}
		defer ch.Close(context.Background())
		return ch.RequestToken(context.Background(), req)
	}
	tok, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	s.present(t, tok, req.AppliesTo, rig.User)
	c.TokenSigners = []*x509.Certificate{s.signer.Cert}
	if tok, err := ask(); !errors.Is(err, wstrust.ErrVerification) {
		t.Errorf("a token for anyone: got %v, %v", tok, err)
	}
}
