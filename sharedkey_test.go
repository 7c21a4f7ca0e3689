package wstrust_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"net/http/httptest"
	"testing"

	"wstrust"
	"wstrust/cache"
	"wstrust/service"
)

type sharedQuestion struct {
	XMLName xml.Name `xml:"urn:test Question"`
	Text    string
}

type vault map[string][]byte

func (v vault) Key(_ context.Context, name string) ([]byte, error) { return v[name], nil }

// A key that both sides have: by itself over TLS, with the message signed and
// encrypted under it, or under keys derived from it; answers come under the same.
func TestSharedKeyAtService(t *testing.T) {
	secret := bytes.Repeat([]byte("k"), 32)
	sealing, err := cache.NewKey("test", bytes.Repeat([]byte{1}, cache.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	replay, err := cache.New(cache.NewMemory(1<<20), sealing)
	if err != nil {
		t.Fatal(err)
	}
	v := &service.Verifier{Audiences: []string{"urn:test"}, Replay: replay, SharedKeys: vault{"orders 2026": secret}}
	srv := httptest.NewUnstartedServer(v.Handler(func(_ context.Context, m *service.Message) (any, error) {
		var q sharedQuestion
		if err := m.Decode(&q); err != nil {
			return nil, err
		}
		return sharedQuestion{Text: m.Principal().String() + ": " + q.Text}, nil
	}))
	srv.StartTLS()
	defer srv.Close()
	v.Addresses = []string{srv.URL + "/"}
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())

	ask := func(secret []byte, p *wstrust.Protection) (string, error) {
		t.Helper()
		ch, err := wstrust.Open(t.Context(), srv.URL+"/", wstrust.Config{
			TLS: &tls.Config{RootCAs: roots}, Protection: p,
			Bindings: []wstrust.Binding{wstrust.SharedKey("orders 2026", wstrust.SymmetricKey(secret))},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer ch.Close(t.Context())
		var answer sharedQuestion
		err = ch.Call(t.Context(), "urn:test:ask", sharedQuestion{Text: "hello"}, &answer)
		return answer.Text, err
	}
	signed := &wstrust.Protection{Sign: wstrust.PartBody | wstrust.PartTimestamp}
	encrypted := &wstrust.Protection{Sign: wstrust.PartBody | wstrust.PartTimestamp | wstrust.PartTo, Encrypt: wstrust.PartBody}
	derived := &wstrust.Protection{Sign: wstrust.PartBody | wstrust.PartTimestamp, Encrypt: wstrust.PartBody, Derive: wstrust.Derive13}
	for name, p := range map[string]*wstrust.Protection{"over TLS": nil, "signed": signed, "encrypted": encrypted, "derived": derived} {
		if got, err := ask(secret, p); err != nil || got != `shared key "orders 2026": hello` {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, err := ask(bytes.Repeat([]byte("x"), 32), p); err == nil {
			t.Errorf("%s: another key is taken", name)
		}
	}
}
