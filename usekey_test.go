package wstrust_test

import (
	"crypto"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"wstrust"
	"wstrust/wstrusttest"
)

// UseKey goes as the certificate where there is one, and as the bare key where
// there is not: issuers differ in which they take.
func TestUseKeyOnTheWire(t *testing.T) {
	cert := wstrusttest.NewSTS(t).ClientCertificate()
	octets := base64.StdEncoding.EncodeToString(cert.Leaf.Raw)
	sent := ""
	stop := errors.New("read enough")
	ch, err := wstrust.Open(t.Context(), "https://sts.example/", wstrust.Config{HTTP: &http.Client{
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			sent = string(body)
			return nil, errors.Join(stop, err)
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	req := wstrust.TokenRequest{KeyType: wstrust.PublicKey, UseKey: cert.PrivateKey.(crypto.Signer)}
	if _, err := ch.RequestToken(t.Context(), req); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if !strings.Contains(sent, "KeyValue>") || strings.Contains(sent, "X509Certificate") {
		t.Errorf("without a certificate: %s", sent)
	}
	req.UseKeyCertificate = cert.Leaf
	if _, err := ch.RequestToken(t.Context(), req); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if !strings.Contains(sent, octets) {
		t.Errorf("the certificate is not in %s", sent)
	}
}
