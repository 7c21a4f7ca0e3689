package wstrusttest_test

import (
	"log/slog"
	"testing"

	"wstrust"
	"wstrust/wstrusttest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// BenchmarkIssue is one token over a kept TLS connection, client and issuer
// together.
func BenchmarkIssue(b *testing.B) {
	for _, key := range []string{"p256", "rsa"} {
		iss := wstrusttest.NewSTSWith(b, wstrusttest.Options{Key: key, Logger: quiet()})
		for name, req := range map[string]wstrust.TokenRequest{"bearer": {KeyType: wstrust.Bearer}, "symmetric": {KeyType: wstrust.Symmetric, Entropy: wstrust.CombinedEntropy}} {
			b.Run(key+"/"+name, func(b *testing.B) {
				ch, err := wstrust.Open(b.Context(), iss.URL, iss.Config(wstrust.Username(wstrusttest.User, wstrusttest.Password)))
				if err != nil {
					b.Fatal(err)
				}
				req.AppliesTo = iss.ServiceURL
				b.ReportAllocs()
				for b.Loop() {
					if _, err := ch.RequestToken(b.Context(), req); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkCall is one call with a token, client and service together.
func BenchmarkCall(b *testing.B) {
	iss := wstrusttest.NewSTSWith(b, wstrusttest.Options{Logger: quiet()})
	ch, err := wstrust.Open(b.Context(), iss.URL, iss.Config(wstrust.Username(wstrusttest.User, wstrusttest.Password)))
	if err != nil {
		b.Fatal(err)
	}
	for name, kind := range map[string]wstrust.KeyType{"bearer": wstrust.Bearer, "symmetric": wstrust.Symmetric} {
		b.Run(name, func(b *testing.B) {
			tok, err := ch.RequestToken(b.Context(), wstrust.TokenRequest{AppliesTo: iss.ServiceURL, KeyType: kind})
			if err != nil {
				b.Fatal(err)
			}
			svc, err := wstrust.Open(b.Context(), iss.ServiceURL, iss.Config(wstrust.XMLToken(tok)))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := svc.Call(b.Context(), wstrusttest.Action, echo{Text: "hello"}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
