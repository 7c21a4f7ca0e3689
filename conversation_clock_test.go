package wstrust_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wstrust"
	"wstrust/service"
)

// An inside is a transport to a parlour in the same bubble of fake time: no
// network, but all else.
type inside struct {
	p *parlour
	// before, if not nil, may answer in the service's place.
	before func(r *http.Request, body string) *http.Response
}

func (i *inside) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if i.before != nil {
		if resp := i.before(r, string(body)); resp != nil {
			resp.Request, resp.TLS = r, new(tls.ConnectionState)
			return resp, nil
		}
	}
	if err := context.Cause(r.Context()); err != nil {
		return nil, err
	}
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), strings.NewReader(string(body)))
	in.Header, in.TLS = r.Header, new(tls.ConnectionState)
	w := httptest.NewRecorder()
	i.p.serve(w, in)
	resp := w.Result()
	resp.Request, resp.TLS = r, new(tls.ConnectionState)
	return resp, nil
}

// saying is an answer that is not the parlour's.
func saying(status int, contentType, body string, header ...string) *http.Response {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", contentType)
	for i := 0; i+1 < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
	w.WriteHeader(status)
	_, _ = w.WriteString(body)
	return w.Result()
}

// faulty is a fault in SOAP 1.2, as others write it.
func faulty(code, space, sub string) string {
	return `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault><e:Code><e:Value>e:` + code + `</e:Value><e:Subcode><e:Value xmlns:x="` + space + `">x:` + sub +
		`</e:Value></e:Subcode></e:Code><e:Reason><e:Text xml:lang="en">no</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>`
}

// enclosed runs a test in a bubble, with a parlour in it.
func enclosed(t *testing.T, make func() *service.Contexts, test func(t *testing.T, p *parlour, in *inside)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &parlour{TB: t, make: make, replay: newCache(t), answered: map[string]int{}}
		p.restart()
		test(t, p, &inside{p: p})
	})
}

func (i *inside) open(cfg wstrust.Config) *wstrust.Channel {
	i.p.Helper()
	cfg.HTTP = &http.Client{Transport: i}
	ch, err := wstrust.Open(context.Background(), "https://parlour.test/", cfg)
	if err != nil {
		i.p.Fatal(err)
	}
	return ch
}

func conversing(c wstrust.ContextConfig) wstrust.Config {
	if c.Bootstrap == nil && c.BootstrapConfig == nil {
		c.Bootstrap = []wstrust.Binding{alice()}
	}
	return wstrust.Config{Bindings: []wstrust.Binding{wstrust.SecurityContextWith(c)}}
}

const microsoft = "http://schemas.microsoft.com/ws/2006/05/security"

// A service that has no room for a context is asked again, as it wishes and with
// pauses; one that refuses is not.
func TestConversationBusy(t *testing.T) {
	const soap = "application/soap+xml"
	const trust = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
	for name, c := range map[string]struct {
		answer func() *http.Response
		least  time.Duration // between two attempts
		final  bool          // it is no load
	}{
		"503":              {func() *http.Response { return saying(503, "text/html", "busy") }, 0, false},
		"503 for a while":  {func() *http.Response { return saying(503, "text/html", "busy", "Retry-After", "7") }, 7 * time.Second, false},
		"503 until a date": {func() *http.Response { return saying(503, "", "", "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT") }, 0, false},
		"429":              {func() *http.Response { return saying(429, "text/plain", "busy", "Retry-After", "2") }, 2 * time.Second, false},
		"WCF":              {func() *http.Response { return saying(500, soap, faulty("Receiver", microsoft, "ServerTooBusy")) }, 0, false},
		"WCF, SOAP 1.1": {func() *http.Response {
			return saying(500, "text/xml", `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode xmlns:x="`+microsoft+`">x:ServerTooBusy</faultcode><faultstring>no</faultstring></e:Fault></e:Body></e:Envelope>`)
		}, 0, false},
		"503 with a fault": {func() *http.Response {
			return saying(503, soap, faulty("Receiver", trust, "RequestFailed"), "Retry-After", "3")
		}, 3 * time.Second, false},
		"refused": {func() *http.Response {
			return saying(500, soap, faulty("Sender", trust, "RequestFailed"), "Retry-After", "1")
		}, 0, true},
		"another's word":       {func() *http.Response { return saying(500, soap, faulty("Receiver", trust, "ServerTooBusy")) }, 0, true},
		"failed":               {func() *http.Response { return saying(500, "text/html", "oops") }, 0, true},
		"access denied":        {func() *http.Response { return saying(403, "text/html", "no", "Retry-After", "1") }, 0, true},
		"503 and then refused": {nil, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			enclosed(t, modes(t)["memory"], func(t *testing.T, p *parlour, in *inside) {
				var at []time.Time
				in.before = func(_ *http.Request, body string) *http.Response {
					if !strings.Contains(body, "RequestSecurityToken") {
						return nil
					}
					at = append(at, time.Now())
					switch {
					case c.answer == nil && len(at) > 1:
						return saying(500, soap, faulty("Sender", trust, "RequestFailed"))
					case c.answer == nil:
						return saying(503, "text/html", "busy")
					case len(at) <= 4:
						return c.answer()
					}
					return nil
				}
				ch := in.open(conversing(wstrust.ContextConfig{}))
				err := ask(context.Background(), ch, "q")
				if c.final {
					if want := min(len(at), 2); err == nil || len(at) != want || c.answer != nil && want != 1 {
						t.Errorf("%d attempts, err %v", len(at), err)
					}
					return
				}
				if err != nil || len(at) != 5 {
					t.Fatalf("%d attempts, err %v", len(at), err)
				}
				p.once(1)
				for i := range 4 {
					// Up to 200 ms at first, and twice as much each time.
					if gap := at[i+1].Sub(at[i]); gap < c.least || gap > c.least+200*time.Millisecond<<i {
						t.Errorf("attempt %d after %v", i+2, gap)
					}
				}
			})
		})
	}
}

// A service that stays too busy is given up when the caller has no more time, or
// after a minute if he has as much as he likes, or when the channel is aborted.
func TestConversationTooBusy(t *testing.T) {
	for name, c := range map[string]struct {
		limit time.Duration
		abort bool
		took  time.Duration
		want  error
	}{
		"for ever": {0, false, time.Minute, nil},
		"deadline": {10 * time.Second, false, 10 * time.Second, context.DeadlineExceeded},
		"later":    {3 * time.Minute, false, 3 * time.Minute, context.DeadlineExceeded},
		"abort":    {0, true, 5 * time.Second, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			enclosed(t, func() *service.Contexts { return &service.Contexts{MaxPending: 1, MaxPerPrincipal: 1000} }, func(t *testing.T, p *parlour, in *inside) {
				if _, err := in.open(wstrust.Config{Bindings: []wstrust.Binding{alice()}}).RequestToken(t.Context(), wstrust.TokenRequest{Action: wstrust.NewContext}); err != nil {
					t.Fatal(err)
				}
				ch := in.open(conversing(wstrust.ContextConfig{}))
				ctx := context.Background()
				if c.limit != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.limit)
					defer cancel()
				}
				if c.abort {
					time.AfterFunc(c.took, ch.Abort)
				}
				began := time.Now()
				var wg sync.WaitGroup
				for i := range 5 { // of whom one asks, and the others wait
					wg.Go(func() {
						err := ask(ctx, ch, fmt.Sprint(i))
						if f, ok := errors.AsType[*wstrust.Fault](err); c.want == nil && (!ok || f.Subcode != "ServerTooBusy" || f.Code != "Receiver") || !errors.Is(err, c.want) && c.want != nil {
							t.Errorf("caller %d: %v", i, err)
						}
					})
				}
				wg.Wait()
				if took := time.Since(began); took > c.took || took < c.took-6*time.Second {
					t.Errorf("given up after %v, want about %v", took, c.took)
				}
				// One each second at most, and each six seconds at least.
				if n := p.count("RST/SCT"); n < int(c.took/(6*time.Second)) || n > int(c.took/time.Second)+1 {
					t.Errorf("%d attempts", n)
				}
				if len(p.answered) != 0 {
					t.Errorf("answered: %v", p.answered)
				}
			})
		})
	}
}

// One who waits for another's attempt goes on when that one gives up, as long as
// his own deadline allows.
func TestConversationTooBusyForAnother(t *testing.T) {
	enclosed(t, modes(t)["memory"], func(t *testing.T, p *parlour, in *inside) {
		began := time.Now()
		in.before = func(_ *http.Request, body string) *http.Response {
			if time.Since(began) < 90*time.Second && strings.Contains(body, "RequestSecurityToken") {
				return saying(503, "text/html", "busy")
			}
			return nil
		}
		ch := in.open(conversing(wstrust.ContextConfig{}))
		first, third := make(chan error), make(chan error)
		go func() { first <- ask(context.Background(), ch, "first") }()
		synctest.Wait()
		go func() { third <- ask(context.Background(), ch, "third") }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		if err := ask(ctx, ch, "second"); err != nil {
			t.Errorf("with time left: %v", err)
		}
		for _, c := range []chan error{first, third} {
			if err := <-c; err == nil {
				t.Error("without a deadline it is given up after a minute")
			}
		}
		p.once(1)
	})
}

// A renewal that finds the service too busy holds nobody up as long as the
// context is good; if it is not, messages wait.
func TestConversationRenewalBusy(t *testing.T) {
	enclosed(t, func() *service.Contexts { return &service.Contexts{Lifetime: time.Hour, MaxAge: 24 * time.Hour} }, func(t *testing.T, p *parlour, in *inside) {
		tries, busy := 0, true
		in.before = func(_ *http.Request, body string) *http.Response {
			if !strings.Contains(body, "RST/SCT/Renew") {
				return nil
			}
			if tries++; busy {
				return saying(503, "text/html", "busy")
			}
			return nil
		}
		ch := in.open(conversing(wstrust.ContextConfig{}))
		p.asks(ch, "first", 1)
		time.Sleep(48 * time.Minute) // four fifths of its life
		now := time.Now()
		p.asks(ch, "due", 3)
		if tries != 1 || time.Since(now) != 0 {
			t.Errorf("%d renewals tried, and the messages waited for %v", tries, time.Since(now))
		}
		time.Sleep(10 * time.Second)
		p.asks(ch, "again", 1)
		if tries != 2 {
			t.Errorf("%d renewals tried", tries)
		}
		busy = false
		time.Sleep(10 * time.Second)
		p.asks(ch, "renewed", 1)
		if all := p.instances(); tries != 3 || len(all) != 2 || p.count("RST/SCT") != 1 {
			t.Errorf("%d renewals tried, contexts %q, %d bootstraps", tries, all, p.count("RST/SCT"))
		}
	})
}

// Hundreds of conversations find the service restarted at once. It has room for a
// hundred that are new, and for half of that of one user, and loses none.
func TestConversationHerd(t *testing.T) {
	const herd = 400
	enclosed(t, func() *service.Contexts { return new(service.Contexts) }, func(t *testing.T, p *parlour, in *inside) {
		names := passwords{}
		for i := range herd {
			names[fmt.Sprint("user-", i)] = "pw"
		}
		p.users = names
		p.restart()
		refused := 0
		in.before = func(_ *http.Request, body string) *http.Response {
			if !strings.Contains(body, "RequestSecurityToken") {
				time.Sleep(50 * time.Millisecond) // so that contexts are pending for a while
			}
			return nil
		}
		channels := make([]*wstrust.Channel, herd)
		for i := range channels {
			channels[i] = in.open(conversing(wstrust.ContextConfig{Bootstrap: []wstrust.Binding{wstrust.Username(fmt.Sprint("user-", i%(herd/2)), "pw")}}))
		}
		for round := range 2 {
			var wg sync.WaitGroup
			for i, ch := range channels {
				wg.Go(func() {
					var r reply
					if err := ch.Call(context.Background(), "urn:parlour:ask", question{N: fmt.Sprint(round, "/", i)}, &r); err != nil {
						t.Errorf("round %d, %d: %v", round, i, err)
					}
				})
			}
			wg.Wait()
			refused = p.count("RST/SCT") - (round+1)*herd
			p.restart()
		}
		p.once(2 * herd)
		if refused <= 0 {
			t.Error("there was room for all at once: this tests nothing")
		}
	})
}
