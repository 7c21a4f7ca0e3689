package wstrust_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"wstrust"
	"wstrust/internal/alg"
	"wstrust/internal/reveal"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/wst"
	"wstrust/internal/xmltree"
)

// sealing is an issuer that encrypts its share of the key for the requestor's
// certificate, which the one of this module never does.
type sealing struct {
	t      *testing.T
	to     alg.Key
	server []byte
	client []byte // the requestor's share, as it came
}

func (s *sealing) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	d, err := xmltree.Parse(body, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	env, err := soap.Read(d, wsse.Understood)
	if err != nil {
		return nil, err
	}
	rst, err := env.Payload()
	if err != nil {
		return nil, err
	}
	asked, v, err := wst.ReadRequest(rst, wst.Opener{})
	if err != nil {
		return nil, err
	}
	s.client = bytes.Clone(asked.ClientEntropy.Bytes())
	answer := wst.Response{Context: asked.Context, KeyType: wst.Symmetric, KeySize: 256, Token: []byte(`<t xmlns="urn:token"/>`), SealTo: s.to}
	if asked.Entropy == wst.CombinedEntropy {
		answer.ServerEntropy, answer.ComputedKey = wst.NewSecret(s.server), v.PSHA1()
	} else {
		answer.Proof = wst.NewSecret(s.server)
	}
	rstr, err := answer.Write(v, wst.Issue)
	if err != nil {
		return nil, err
	}
	out, _, err := wsse.Protect(soap.Outgoing{Action: v.ReplyAction(wst.Issue), RelatesTo: env.MessageID.Value, Body: rstr}, wsse.Options{Reply: true}, time.Now())
	if err != nil {
		return nil, err
	}
	if strings.Contains(string(out), base64.StdEncoding.EncodeToString(s.server)) {
		s.t.Error("the issuer of this test does not encrypt")
	}
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/soap+xml"}}, TLS: &tls.ConnectionState{},
		Body: io.NopCloser(bytes.NewReader(out)), ContentLength: int64(len(out)),
	}, nil
}

func TestKeysEncryptedForUs(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test only"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	to, err := alg.PublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	issuer := &sealing{t: t, to: to, server: bytes.Repeat([]byte{7, 11}, 16)}
	ask := func(b wstrust.Binding, e wstrust.EntropyMode) (*wstrust.Token, error) {
		ch, err := wstrust.Open(t.Context(), "https://sts.example/", wstrust.Config{Bindings: []wstrust.Binding{b}, HTTP: &http.Client{Transport: issuer}})
		if err != nil {
			t.Fatal(err)
		}
		defer ch.Close(context.Background())
		return ch.RequestToken(t.Context(), wstrust.TokenRequest{KeyType: wstrust.Symmetric, Entropy: e})
	}
	ours := wstrust.Certificate(tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key})
	for _, mode := range []wstrust.EntropyMode{wstrust.ServerEntropy, wstrust.CombinedEntropy} {
		tok, err := ask(ours, mode)
		if err != nil {
			t.Errorf("mode %d: %v", mode, err)
			continue
		}
		want := issuer.server
		if mode == wstrust.CombinedEntropy {
			want = alg.PSHA1(issuer.client, issuer.server, 32)
		}
		if got := tok.SymmetricKey(reveal.Permit{}); !bytes.Equal(got, want) {
			t.Errorf("mode %d: another key came out", mode)
		}
		if tok, err := ask(wstrust.Username("alice", "pw"), mode); err == nil {
			t.Errorf("mode %d: opened without a key: %v", mode, tok)
		}
	}
}
