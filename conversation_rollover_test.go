package wstrust_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"wstrust"
	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wssc"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

// A question under way while its context is renewed is answered under the old
// one's key: that is accepted for the rollover interval, which is five minutes
// unless the client says otherwise, and not after. The service here has another
// interval of its own, so that it is the client's that counts.
func TestConversationRolloverAtClient(t *testing.T) {
	for name, c := range map[string]struct {
		rollover, after time.Duration
		ok              bool
	}{
		"standard, before": {0, 5*time.Minute - 1, true},
		"standard, after":  {0, 5 * time.Minute, false},
		"shorter, before":  {time.Minute, time.Minute - 1, true},
		"shorter, after":   {time.Minute, time.Minute, false},
		"longer, before":   {8 * time.Minute, 8*time.Minute - 1, true},
		"longer, after":    {8 * time.Minute, 8 * time.Minute, false},
	} {
		for _, noRenewal := range []bool{false, true} {
			t.Run(name+map[bool]string{false: ", renewed", true: ", replaced"}[noRenewal], func(t *testing.T) {
				makes := func() *service.Contexts { return &service.Contexts{Rollover: time.Hour} }
				enclosed(t, makes, func(t *testing.T, p *parlour, in *inside) {
					late := make(chan struct{})
					in.before = func(_ *http.Request, body string) *http.Response {
						if strings.Contains(body, "urn:parlour:slow") {
							<-late
						}
						return nil
					}
					boot := wstrust.Config{Bindings: []wstrust.Binding{alice()}, HTTP: &http.Client{Transport: in}}
					cfg := conversing(wstrust.ContextConfig{BootstrapConfig: &boot, RenewalInterval: time.Hour, Rollover: c.rollover, NoRenewal: noRenewal})
					cfg.Protection = &wstrust.Protection{Sign: wstrust.PartBody | wstrust.PartTimestamp, Encrypt: wstrust.PartBody}
					ch := in.open(cfg)
					p.asks(ch, "first", 1)
					time.Sleep(time.Hour - 1)
					slow := make(chan error)
					go func() { slow <- ch.Call(context.Background(), "urn:parlour:slow", question{N: "slow"}, &reply{}) }()
					time.Sleep(time.Nanosecond)
					p.asks(ch, "renewing", 1)
					if all := p.instances(); len(all) != 2 {
						t.Fatalf("not renewed: %q", all)
					}
					time.Sleep(c.after)
					close(late)
					if err := <-slow; (err == nil) != c.ok || err != nil && !errors.Is(err, wstrust.ErrVerification) {
						t.Errorf("%v after the renewal: %v", c.after, err)
					}
					p.once(3) // what is refused is the answer
					p.asks(ch, "on", 1)
				})
			})
		}
	}
}

// Other services answer under the new key what was asked under the old one.
func TestConversationAnswerUnderNewKey(t *testing.T) {
	const space = "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512"
	key, err := service.NewSealKey("test", bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := wssc.NewRing([]service.SealKey{key})
	if err != nil {
		t.Fatal(err)
	}
	makes := func() *service.Contexts { return &service.Contexts{Seal: []service.SealKey{key}} }
	for name, c := range map[string]struct {
		forget, ok bool // forget: the client does not have that context any more
		key        func(alg.Key) alg.Key
	}{
		"new":       {false, true, nil},
		"wrong key": {false, false, func(alg.Key) alg.Key { k, _ := alg.SecretKey(bytes.Repeat([]byte{1}, 32)); return k }},
		"unknown":   {true, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			enclosed(t, makes, func(t *testing.T, p *parlour, in *inside) {
				late := make(chan struct{})
				var newest wssc.Token // that a question was asked under
				in.before = func(_ *http.Request, body string) *http.Response {
					d, err := xmltree.Parse([]byte(body), xmltree.Limits{})
					if err != nil {
						t.Error(err)
						return nil
					}
					env, err := soap.Read(d, wsse.Understood)
					if err != nil {
						t.Error(err)
						return nil
					}
					if env.Action.Value != "urn:parlour:slow" {
						for h := range env.Ours("") {
							if e := h.First(space, "SecurityContextToken"); e.OK() {
								newest, _ = wssc.ReadToken(e)
							}
						}
						return nil
					}
					<-late
					under, ok := ring.Open(newest.Cookie, `"urn:parlour"`, newest.ID, newest.Instance)
					if !ok {
						t.Error("the newest context cannot be opened")
						return nil
					}
					if c.key != nil {
						under.Key = c.key(under.Key)
					}
					if c.forget {
						newest.Instance = "urn:uuid:another"
					}
					out := soap.Outgoing{Action: "urn:parlour:slowResponse", RelatesTo: env.MessageID.Value, Body: []byte(`<AskResponse xmlns="urn:parlour"><N>slow</N><Who>alice</Who></AskResponse>`)}
					octets, _, err := wsse.Protect(out, wsse.Options{Reply: true, Tokens: []wsse.Token{wsse.Issued{Key: under.Key, Unsent: true, Attached: newest.Unattached(), Parts: wsse.PartTimestamp | wsse.PartBody}}}, time.Now())
					if err != nil {
						t.Error(err)
					}
					return saying(200, "application/soap+xml", string(octets))
				}
				cfg := conversing(wstrust.ContextConfig{RenewalInterval: time.Hour})
				ch := in.open(cfg)
				p.asks(ch, "first", 1)
				time.Sleep(time.Hour - 1)
				slow := make(chan error)
				go func() { slow <- ch.Call(context.Background(), "urn:parlour:slow", question{N: "slow"}, &reply{}) }()
				time.Sleep(time.Nanosecond)
				p.asks(ch, "renewing", 1)
				close(late)
				if err := <-slow; (err == nil) != c.ok || err != nil && !errors.Is(err, wstrust.ErrVerification) {
					t.Errorf("err %v", err)
				}
			})
		})
	}
}

// At the service an old instance is accepted for five minutes after it was renewed,
// and a context lasts for 15 hours and can be renewed for five minutes more, unless
// it is told otherwise.
func TestConversationStandardTimes(t *testing.T) {
	for mode, makes := range modes(t) {
		t.Run(mode, func(t *testing.T) {
			enclosed(t, makes, func(t *testing.T, p *parlour, in *inside) {
				// The client does not know how long it lasts, or it would say so itself.
				untold := relay{in, func(_ *int, _ http.Header, body string) string {
					from, to, _ := strings.Cut(body, "<wst:Lifetime>")
					_, rest, _ := strings.Cut(to, "</wst:Lifetime>")
					return from + rest
				}}
				boot, err := wstrust.Open(t.Context(), "https://parlour.test/", wstrust.Config{Bindings: []wstrust.Binding{alice()}, HTTP: &http.Client{Transport: untold}})
				if err != nil {
					t.Fatal(err)
				}
				issue := func(r wstrust.TokenRequest) *wstrust.Token {
					t.Helper()
					tok, err := boot.RequestToken(t.Context(), r)
					if err != nil {
						t.Fatal(err)
					}
					return tok
				}
				// try asks under a context, and returns the fault.
				try := func(tok *wstrust.Token) string {
					t.Helper()
					err := ask(t.Context(), in.open(wstrust.Config{Bindings: []wstrust.Binding{wstrust.XMLToken(tok)}}), "q")
					f, ok := errors.AsType[*wstrust.Fault](err)
					if err != nil && !ok {
						t.Fatal(err)
					}
					if ok {
						return f.Subcode
					}
					return ""
				}
				began := time.Now()
				at := func(after time.Duration) { time.Sleep(time.Until(began.Add(after))) }
				old := issue(wstrust.TokenRequest{Action: wstrust.NewContext})
				lapsed := issue(wstrust.TokenRequest{Action: wstrust.NewContext})
				gone := issue(wstrust.TokenRequest{Action: wstrust.NewContext})
				at(time.Hour)
				renewed := issue(wstrust.TokenRequest{Action: wstrust.RenewContext, Existing: old})
				const rollover, life = 5 * time.Minute, 15 * time.Hour
				for _, s := range []struct {
					at    time.Duration
					tok   *wstrust.Token
					fault string
				}{
					{time.Hour + rollover - 1, old, ""},
					{time.Hour + rollover, old, "BadContextToken"},
					{time.Hour + rollover, renewed, ""},
					{life - time.Second, lapsed, ""},
					{life, lapsed, "RenewNeeded"},
					{life, renewed, ""},
					{life + rollover - time.Second, lapsed, "RenewNeeded"},
				} {
					at(s.at)
					if got := try(s.tok); got != s.fault {
						t.Errorf("after %v: %q, want %q", s.at, got, s.fault)
					}
				}
				next := issue(wstrust.TokenRequest{Action: wstrust.RenewContext, Existing: lapsed})
				at(life + rollover)
				if got := try(gone); got != "BadContextToken" {
					t.Errorf("when nothing is left of it: %q", got)
				}
				if got := try(next); got != "" {
					t.Errorf("renewed at last: %q", got)
				}
			})
		})
	}
}
