package attack

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/service"
)

// Each limit can be lowered, and then it refuses what an honest message has; and
// raised by one, it admits that.
func TestLimitsAreFields(t *testing.T) {
	w := theWorld()
	plain := w.message(recipe{soap: soap.V12, signer: "rsa", parts: everything})
	sealed := w.message(recipe{soap: soap.V12, signer: "rsa", mod: func(o *soap.Outgoing, opts *wsse.Options) {
		o.Headers = [][]byte{[]byte(`<t:Tenant xmlns:t="urn:tenant">1</t:Tenant>`)}
		opts.Protection = wsse.AsymmetricSignEncrypt(w.service.cert)
		opts.Protection.EncryptHeaders = []soap.Name{{Space: "urn:tenant", Local: "Tenant"}}
		opts.Tokens = append(opts.Tokens, w.x509(w.client, 0))
	}})
	for _, c := range []struct {
		name    string
		message []byte
		least   int // that admits the message
		set     func(*service.Limits) *int
	}{
		{"MessageBytes", plain, len(plain), func(l *service.Limits) *int { return &l.MessageBytes }},
		{"Depth", plain, 8, func(l *service.Limits) *int { return &l.Depth }},
		{"Elements", plain, len(open(plain).all("")), func(l *service.Limits) *int { return &l.Elements }},
		{"Attributes", plain, 4, func(l *service.Limits) *int { return &l.Attributes }},
		{"Namespaces", plain, strings.Count(string(plain), "xmlns"), func(l *service.Limits) *int { return &l.Namespaces }},
		{"NameBytes", plain, len("wsse:SecurityTokenReference"), func(l *service.Limits) *int { return &l.NameBytes }},
		{"Headers", plain, 5, func(l *service.Limits) *int { return &l.Headers }},
		{"References", plain, 6, func(l *service.Limits) *int { return &l.References }},
		{"Tokens", sealed, 2, func(l *service.Limits) *int { return &l.Tokens }},
		{"Signatures", sealed, 2, func(l *service.Limits) *int { return &l.Signatures }},
		{"EncryptedParts", sealed, 4, func(l *service.Limits) *int { return &l.EncryptedParts }},
	} {
		for less := range 2 {
			v := w.verifier(&attack{})
			*c.set(&v.Limits) = c.least - less
			_, err := v.Verify(context.Background(), (&attack{file: c.message}).packet(), service.Conn{TLS: &tls.ConnectionState{}})
			switch got := wsse.ClassOf(err); {
			case less == 0 && err != nil:
				t.Errorf("%s %d: %v", c.name, c.least, err)
			case less == 1 && got != wsse.ClassLimit:
				t.Errorf("%s %d: class %v, want limit: %v", c.name, c.least-1, got, err)
			}
		}
	}
	keys := w.keysFor(3)
	for most, want := range map[int]wsse.Class{2: wsse.ClassLimit, 3: 0} {
		v := w.verifier(&attack{})
		v.Limits.EncryptedKeys = most
		_, err := v.Verify(context.Background(), (&attack{file: keys}).packet(), service.Conn{TLS: &tls.ConnectionState{}})
		if got := wsse.ClassOf(err); got != want {
			t.Errorf("EncryptedKeys %d: class %v, want %v: %v", most, got, want, err)
		}
	}
}

// Limits may be raised to messages of megabytes, and the memory grows with the
// size, no faster.
func TestCostIsLinear(t *testing.T) {
	w := theWorld()
	read := func(elements int) uint64 {
		body := fmt.Appendf(nil, `<o:Get xmlns:o="urn:orders"><o:Address>%s</o:Address>%s</o:Get>`, goodScope, strings.Repeat("<a b='c'>d</a>", elements))
		a := &attack{require: everything, verifier: func(v *service.Verifier) { v.Limits = service.Limits{MessageBytes: 10 << 20, Elements: 1 << 20} }}
		a.file = w.message(recipe{soap: soap.V12, signer: "x509", parts: everything, body: body})
		allocated, err := costly{}.read(w, a)
		if err != nil {
			t.Fatal(err)
		}
		return allocated
	}
	small, large := read(70_000), read(560_000) // 1 and 8 MB
	if large > 10*small {
		t.Errorf("eight times the message takes %d octets instead of %d", large, small)
	}
}
