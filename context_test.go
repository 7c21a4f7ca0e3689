package wstrust_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"wstrust"
)

// A context by hand: asked for, presented, renewed and cancelled.
func TestContextByHand(t *testing.T) {
	for mode, make := range modes(t) {
		for _, v := range []wstrust.TrustVersion{wstrust.Trust13, wstrust.Trust2005} {
			t.Run(fmt.Sprint(mode, " ", v), func(t *testing.T) {
				p := newParlour(t, make)
				cfg := p.config(alice())
				cfg.Versions.Trust = v
				boot := p.open(cfg)
				sct, err := boot.RequestToken(t.Context(), wstrust.TokenRequest{Action: wstrust.NewContext, KeySize: 192, Entropy: wstrust.CombinedEntropy})
				if err != nil {
					t.Fatal(err)
				}
				if sct.KeyType() != wstrust.Symmetric || !strings.Contains(string(sct.XML()), "Identifier") || sct.UnattachedReference() == "" {
					t.Errorf("%v: %s", sct, sct.XML())
				}
				present := p.config(wstrust.XMLToken(sct))
				present.Versions.Trust = v
				ch := p.open(present)
				p.asks(ch, "first", 2)

				// Whoever asks has the context itself among his bindings, or not.
				for i, asker := range []*wstrust.Channel{ch, boot} {
					next, err := asker.RequestToken(t.Context(), wstrust.TokenRequest{Action: wstrust.RenewContext, Existing: sct, Entropy: wstrust.CombinedEntropy})
					if err != nil {
						t.Fatal(err)
					}
					if next.XML() == sct.XML() {
						t.Error("the renewed token is the same")
					}
					sct = next
					cfg := p.config(wstrust.XMLToken(sct))
					cfg.Versions.Trust = v
					ch = p.open(cfg)
					p.asks(ch, fmt.Sprint("renewed", i, "-"), 2)
				}
				for _, r := range p.requests {
					if strings.Contains(r, "/RST/SCT/") && (strings.Count(r, "SecurityContextToken ") != 1 || strings.Count(r, "<ds:Reference ") != 1) {
						t.Errorf("more than the token and the signature of its Timestamp: %s", r)
					}
				}
				if err := boot.CancelContext(t.Context(), sct); err != nil {
					t.Fatal(err)
				}
				err = ask(t.Context(), ch, "after")
				if f, ok := errors.AsType[*wstrust.Fault](err); !ok || f.Subcode != "BadContextToken" {
					t.Errorf("after it was cancelled: %v", err)
				}
			})
		}
	}
}

// What is no security context cannot be renewed or cancelled; nothing is sent.
func TestContextByHandMisuse(t *testing.T) {
	p := newParlour(t, modes(t)["memory"])
	ch := p.open(p.config(alice()))
	parse := func(x string, key wstrust.Key) *wstrust.Token {
		tok, err := wstrust.ParseToken(wstrust.XML(x), key)
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	const sct = `<c:SecurityContextToken xmlns:c="http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512"><c:Identifier>urn:a</c:Identifier></c:SecurityContextToken>`
	secret := wstrust.SymmetricKey(bytes.Repeat([]byte{1}, 32))
	for name, tok := range map[string]*wstrust.Token{
		"nothing":        nil,
		"no key":         parse(sct, wstrust.Key{}),
		"other token":    parse(`<x xmlns="urn:x"/>`, secret),
		"no identifier":  parse(strings.ReplaceAll(sct, "Identifier", "Other"), secret),
		"two of a thing": parse(strings.Replace(sct, "</c:Identifier>", "</c:Identifier><c:Identifier>urn:b</c:Identifier>", 1), secret),
	} {
		if _, err := ch.RequestToken(t.Context(), wstrust.TokenRequest{Action: wstrust.RenewContext, Existing: tok}); !errors.Is(err, wstrust.ErrConfig) {
			t.Errorf("renew %s: %v", name, err)
		}
		if err := ch.CancelContext(t.Context(), tok); !errors.Is(err, wstrust.ErrConfig) {
			t.Errorf("cancel %s: %v", name, err)
		}
	}
	good := parse(sct, secret)
	if _, err := ch.RequestToken(t.Context(), wstrust.TokenRequest{Action: wstrust.NewContext, Existing: good}); !errors.Is(err, wstrust.ErrConfig) {
		t.Errorf("a new one with an existing one: %v", err)
	}
	if n := len(p.requests); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
	if err := ch.CancelContext(t.Context(), good); !errors.As(err, new(*wstrust.Fault)) {
		t.Errorf("a context that the service does not know: %v", err)
	}
	if err := ch.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := ch.CancelContext(t.Context(), good); !errors.Is(err, wstrust.ErrState) {
		t.Errorf("on a closed channel: %v", err)
	}
}

func TestContextConfig(t *testing.T) {
	with := func(c wstrust.ContextConfig) wstrust.Config {
		return wstrust.Config{Bindings: []wstrust.Binding{wstrust.SecurityContextWith(c)}}
	}
	boot := []wstrust.Binding{alice()}
	withCert := with(wstrust.ContextConfig{})
	withCert.TLS = &tls.Config{Certificates: []tls.Certificate{{}}}
	withHTTP := with(wstrust.ContextConfig{})
	withHTTP.HTTP = http.DefaultClient
	never := with(wstrust.ContextConfig{Bootstrap: boot})
	never.Header.Timestamp = wstrust.TimestampNever
	for name, c := range map[string]struct {
		cfg wstrust.Config
		ok  bool
	}{
		"simple":             {with(wstrust.ContextConfig{Bootstrap: boot}), true},
		"everything":         {with(wstrust.ContextConfig{Bootstrap: boot, Version: wstrust.Conversation2005, KeySize: 512, Entropy: wstrust.ContextClientEntropy, NoRenewal: true, RenewalInterval: time.Hour, AtOpen: true}), true},
		"own config":         {with(wstrust.ContextConfig{BootstrapConfig: &wstrust.Config{Bindings: boot}}), true},
		"TLS certificate":    {withCert, true},
		"own HTTP client":    {withHTTP, true},
		"no bootstrap":       {with(wstrust.ContextConfig{}), false},
		"both":               {with(wstrust.ContextConfig{Bootstrap: boot, BootstrapConfig: &wstrust.Config{Bindings: boot}}), false},
		"nested":             {with(wstrust.ContextConfig{Bootstrap: []wstrust.Binding{wstrust.SecurityContext(alice())}}), false},
		"nested in config":   {with(wstrust.ContextConfig{BootstrapConfig: &wstrust.Config{Bindings: []wstrust.Binding{wstrust.SecurityContext(alice())}}}), false},
		"bad bootstrap":      {with(wstrust.ContextConfig{Bootstrap: []wstrust.Binding{wstrust.Username("", "x")}}), false},
		"nil bootstrap":      {with(wstrust.ContextConfig{Bootstrap: []wstrust.Binding{nil}}), false},
		"key of 100 bits":    {with(wstrust.ContextConfig{Bootstrap: boot, KeySize: 100}), false},
		"key of 129 bits":    {with(wstrust.ContextConfig{Bootstrap: boot, KeySize: 129}), false},
		"key of 1024 bits":   {with(wstrust.ContextConfig{Bootstrap: boot, KeySize: 1024}), false},
		"no such version":    {with(wstrust.ContextConfig{Bootstrap: boot, Version: 9}), false},
		"no such entropy":    {with(wstrust.ContextConfig{Bootstrap: boot, Entropy: 9}), false},
		"negative interval":  {with(wstrust.ContextConfig{Bootstrap: boot, RenewalInterval: -1}), false},
		"without timestamps": {never, false},
		"two":                {wstrust.Config{Bindings: []wstrust.Binding{wstrust.SecurityContext(alice()), wstrust.SecurityContext(alice())}}, false},
	} {
		if _, err := wstrust.New(c.cfg); (err == nil) != c.ok || err != nil && !errors.Is(err, wstrust.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A bootstrap with a Config of its own: other versions, other credentials.
func TestContextBootstrapConfig(t *testing.T) {
	p := newParlour(t, modes(t)["memory"])
	boot := p.config(alice())
	boot.Versions = wstrust.Versions{Trust: wstrust.Trust2005, SOAP: wstrust.SOAP11, Addressing: wstrust.Addressing200408}
	cfg := p.config(wstrust.SecurityContextWith(wstrust.ContextConfig{BootstrapConfig: &boot, RenewalInterval: time.Nanosecond}))
	ch := p.open(cfg)
	p.asks(ch, "q", 2)
	if err := ch.Close(t.Context()); err != nil {
		t.Error(err)
	}
	about, asks := 0, 0
	for _, r := range p.requests {
		switch old := strings.Contains(r, "http://schemas.xmlsoap.org/soap/envelope/"); {
		case strings.Contains(r, "CancelTarget"):
			if old || strings.Contains(r, "UsernameToken") {
				t.Errorf("a cancellation: %s", r)
			}
		case strings.Contains(r, "RequestSecurityToken"):
			about++
			if !strings.Contains(r, "UsernameToken") || strings.Contains(r, "RenewTarget") != strings.Contains(r, "<ds:Signature ") {
				t.Errorf("not by the bootstrap's bindings: %s", r)
			}
			if !old || !strings.Contains(r, "http://schemas.xmlsoap.org/ws/2005/02/trust") {
				t.Errorf("about the context: %s", r)
			}
		default:
			asks++
			if old || strings.Contains(r, "UsernameToken") {
				t.Errorf("a question: %s", r)
			}
		}
	}
	if about != 2 || asks != 2 {
		t.Errorf("%d messages about the context and %d questions", about, asks)
	}
}

// With a Protection messages are signed and encrypted under the context, whole
// or with derived keys; a context that is forgotten is established again all the
// same.
func TestContextProtection(t *testing.T) {
	for name, derive := range map[string]wstrust.KeyDerivation{"whole": wstrust.DeriveNone, "derived": wstrust.Derive13, "derived 2005": wstrust.Derive2005} {
		for mode, make := range modes(t) {
			t.Run(name+" "+mode, func(t *testing.T) {
				p := newParlour(t, make)
				boot := p.config(alice())
				cfg := p.config(wstrust.SecurityContextWith(wstrust.ContextConfig{BootstrapConfig: &boot, RenewalInterval: time.Nanosecond}))
				cfg.Protection = wstrust.ProtectBodyAddressing()
				cfg.Protection.Encrypt, cfg.Protection.Derive = wstrust.PartBody|wstrust.PartSignature, derive
				ch := p.open(cfg)
				p.asks(ch, "before", 2)
				p.restart()
				p.asks(ch, "after", 2)
				if err := ch.Close(t.Context()); err != nil {
					t.Error(err)
				}
				p.once(4)
				for _, r := range p.requests {
					for _, secret := range []string{"before", "after", "CancelTarget"} {
						if strings.Contains(r, secret) {
							t.Errorf("%s in the clear: %s", secret, r)
						}
					}
				}
				want := 1
				if mode == "memory" {
					want = 2
				}
				if n := p.count("RST/SCT"); n != want {
					t.Errorf("%d bootstraps, want %d", n, want)
				}
			})
		}
	}
}

// Channels with contexts differ by who bootstraps.
func TestContextIdentity(t *testing.T) {
	id := func(b wstrust.Binding) string {
		ch, err := wstrust.New(wstrust.Config{Bindings: []wstrust.Binding{b}})
		if err != nil {
			t.Fatal(err)
		}
		return ch.Identity()
	}
	a, b := id(wstrust.SecurityContext(alice())), id(wstrust.SecurityContext(wstrust.Username("bob", "pw")))
	own := id(wstrust.SecurityContextWith(wstrust.ContextConfig{BootstrapConfig: &wstrust.Config{Bindings: []wstrust.Binding{alice()}}}))
	if a == b || a != own || a == id(alice()) {
		t.Error("identities", a, b, own)
	}
	if text := fmt.Sprintf("%v %+v %#v", wstrust.SecurityContext(alice()), wstrust.SecurityContext(alice()), wstrust.SecurityContext(alice())); strings.Contains(text, "pw") {
		t.Errorf("the password prints: %s", text)
	}
}
