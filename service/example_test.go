package service_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"net/http"

	"wstrust/cache"
	"wstrust/service"
)

// A service that answers to the tokens of one issuer.
func ExampleVerifier_Handler() {
	serve := func(issuer *x509.Certificate, own tls.Certificate) error {
		secret := make([]byte, cache.KeySize) // shared by all processes of the service, and by its store
		rand.Read(secret)
		key, err := cache.NewKey("2026-11", secret)
		if err != nil {
			return err
		}
		replay, err := cache.New(cache.NewMemory(64<<20), key)
		if err != nil {
			return err
		}
		v := &service.Verifier{
			Audiences: []string{"https://orders.example.com/"},
			Issuers:   []service.Issuer{{Name: "https://sts.example.com/", Certificates: []*x509.Certificate{issuer}}},
			Decrypt:   []tls.Certificate{own},
			Replay:    replay,
		}
		if err := v.Check(); err != nil {
			return err
		}
		http.Handle("/soap", v.Handler(func(_ context.Context, m *service.Message) (any, error) {
			var req getOrder
			if err := m.Decode(&req); err != nil {
				return nil, err
			}
			return order{ID: req.ID, For: m.Principal().Name}, nil
		}))
		srv := &http.Server{Addr: ":8443", TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}}}
		return srv.ListenAndServeTLS("", "")
	}
	_ = serve
}
