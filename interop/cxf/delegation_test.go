package cxf

import (
	"context"
	"strings"
	"testing"
	"time"

	"wstrust"
	"wstrust/interop/rig"
)

// TestOnBehalfOf: somebody with a certificate asks CXF's issuer for a token about
// somebody else, whose token he shows.
func TestOnBehalfOf(t *testing.T) {
	w := newWorld(t)
	_, sts := w.serve(t, "StsMain")
	_, svc := w.serve(t, "ServiceMain")
	byName := w.open(t, doors[0], sts["Username12"])
	byCert := w.open(t, doors[2], sts["Certificate12"])
	for version, uri := range map[string]string{"20": tokenSAML20, "11": tokenSAML11} {
		at := svc["Bearer"+version]
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
		w.check(t, tok, req, at, rig.User) // the user, and not the certificate's CN=…
		w.present(t, tok, at, rig.User)

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

// TestEncryptedToken: an issuer may encrypt the token for the service. To the client it
// is opaque; he hands it on as it is, and signs with the proof key that goes with it.
func TestEncryptedToken(t *testing.T) {
	w := newWorld(t)
	_, sts := w.serve(t, "StsMain")
	_, svc := w.serve(t, "ServiceMain")
	ch, err := wstrust.Open(context.Background(), sts["Encrypted12"], wstrust.Config{TLS: w.ca.Trust(), Bindings: []wstrust.Binding{wstrust.Username(rig.User, rig.Password)}, Logger: rig.Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close(context.Background())
	for _, k := range kinds() {
		for version, uri := range map[string]string{"20": tokenSAML20, "11": tokenSAML11} {
			t.Run(k.name+"/SAML "+version, func(t *testing.T) {
				req := wstrust.TokenRequest{AppliesTo: svc[k.port+version], TokenType: uri}
				k.request(w, &req)
				tok, err := ch.RequestToken(context.Background(), req)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(tok.XML()), rig.User) || !strings.Contains(string(tok.XML()), "EncryptedData") {
					t.Fatalf("not encrypted: %s", tok.XML())
				}
				w.present(t, tok, req.AppliesTo, rig.User)
			})
		}
	}
}
