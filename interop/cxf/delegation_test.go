package cxf

import (
	"context"
	"strings"
	"testing"
	"time"

	"wstrust"
	"wstrust/interop/rig"
)

// testOnBehalfOf: somebody with a certificate asks CXF's issuer for a token about
// somebody else, whose token he shows.
func (s *stage) testOnBehalfOf(t *testing.T) {
	byName := s.open(t, doors[0], s.sts["Username12"])
	byCert := s.open(t, doors[2], s.sts["Certificate12"])
	for version, uri := range map[string]string{"20": tokenSAML20, "11": tokenSAML11} {
		at := s.svc["Bearer"+version]
		theirs, err := byName.RequestToken(context.Background(), wstrust.TokenRequest{AppliesTo: at, TokenType: uri, KeyType: wstrust.Bearer})
		if err != nil {
			t.Fatal(err)
		}
		req := wstrust.TokenRequest{AppliesTo: at, TokenType: uri, KeyType: wstrust.Bearer, Lifetime: 20 * time.Minute, OnBehalfOf: theirs}
		tok, err := byCert.RequestToken(context.Background(), req)
		if err != nil {
			t.Errorf("SAML %s: %v", version, err)
			continue
		}
		s.check(t, tok, req, at, rig.User) // the user, and not the certificate's CN=…
		s.present(t, tok, at, rig.User)

		altered, err := wstrust.ParseToken(wstrust.XML(strings.Replace(string(theirs.XML()), ">"+rig.User+"<", ">alicf<", 1)), wstrust.Key{})
		if err != nil {
			t.Fatal(err)
		}
		req.OnBehalfOf = altered
		if tok, err := byCert.RequestToken(context.Background(), req); err == nil {
			t.Errorf("SAML %s: a token for an altered one: %s", version, tok.XML())
		}
	}
}

// testEncryptedToken: an issuer may encrypt the token for the service. To the client it
// is opaque; he hands it on as it is, and signs with the proof key that goes with it.
// (CXF's service, by its policy, reads CBC only.)
func (s *stage) testEncryptedToken(t *testing.T) {
	ch, err := wstrust.Open(context.Background(), s.sts["EncryptedCBC12"], wstrust.Config{TLS: s.ca.Trust(), Bindings: []wstrust.Binding{wstrust.Username(rig.User, rig.Password)}, Logger: rig.Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close(context.Background())
	for _, k := range kinds() {
		for version, uri := range map[string]string{"20": tokenSAML20, "11": tokenSAML11} {
			t.Run(k.name+"/SAML "+version, func(t *testing.T) {
				req := wstrust.TokenRequest{AppliesTo: s.svc[k.port+version], TokenType: uri}
				k.request(s.world, &req)
				tok, err := ch.RequestToken(context.Background(), req)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(tok.XML()), rig.User) || !strings.Contains(string(tok.XML()), "EncryptedData") {
					t.Fatalf("not encrypted: %s", tok.XML())
				}
				s.present(t, tok, req.AppliesTo, rig.User)
			})
		}
	}
}
