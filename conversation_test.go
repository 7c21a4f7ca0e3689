package wstrust_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust"
	"wstrust/service"
)

// 100 calls over one context, which is renewed in the middle, in each version
// and wherever the service keeps it: one bootstrap, one identifier, several
// instances, and a cancellation at the end.
func TestConversation(t *testing.T) {
	for mode, make := range modes(t) {
		for name, v := range map[string]wstrust.ConversationVersion{"2005": wstrust.Conversation2005, "1.3": wstrust.Conversation13} {
			t.Run(mode+" "+name, func(t *testing.T) {
				p := newParlour(t, make)
				ch := p.open(p.config(wstrust.SecurityContextWith(wstrust.ContextConfig{
					Bootstrap: []wstrust.Binding{alice()}, Version: v, RenewalInterval: short,
				})))
				if n := len(p.requests); n != 0 {
					t.Errorf("%d messages before the first call", n)
				}
				p.asks(ch, "before", 50)
				time.Sleep(short)
				p.asks(ch, "after", 50)
				if err := ch.Close(t.Context()); err != nil {
					t.Error(err)
				}
				p.once(100)
				if n := p.count("RST/SCT"); n != 1 {
					t.Errorf("%d bootstraps", n)
				}
				renewals := p.count("RST/SCT/Renew")
				if renewals == 0 {
					t.Error("no renewal")
				}
				if n := p.count("RST/SCT/Cancel"); n != 1 {
					t.Errorf("%d cancellations", n)
				}
				all := p.instances()
				if len(all) != renewals+1 {
					t.Errorf("%d renewals, and the contexts %q", renewals, all)
				}
				for i, c := range all {
					id, instance, _ := strings.Cut(c, " ")
					if first, _, _ := strings.Cut(all[0], " "); id != first || (instance == "") != (i == 0) {
						t.Errorf("context %d is %q, the first was %q", i, c, all[0])
					}
				}
			})
		}
	}
}

// Many callers at once on one channel, while the context is renewed and the
// service is restarted: nothing is lost and nothing is answered twice.
func TestConversationManyCallers(t *testing.T) {
	const interval = 400 * time.Millisecond
	callers := 1000
	if testing.Short() {
		callers = 200
	}
	for mode, make := range modes(t) {
		t.Run(mode, func(t *testing.T) {
			p := newParlour(t, make)
			ch := p.open(p.config(wstrust.SecurityContextWith(wstrust.ContextConfig{
				Bootstrap: []wstrust.Binding{alice()}, RenewalInterval: interval,
			})))
			for wave := range 2 {
				var wg sync.WaitGroup
				for i := range callers {
					wg.Go(func() {
						if err := ask(t.Context(), ch, fmt.Sprintf("%d/%d", wave, i)); err != nil {
							t.Errorf("%d/%d: %v", wave, i, err)
						}
					})
				}
				if wave == 1 {
					time.Sleep(interval / 20)
					p.restart()
				}
				wg.Wait()
				time.Sleep(interval) // the next wave finds renewal due
			}
			p.once(2 * callers)
			if p.count("RST/SCT/Renew") == 0 {
				t.Error("no renewal")
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

// The service is restarted between two calls.
func TestConversationRestart(t *testing.T) {
	for mode, make := range modes(t) {
		t.Run(mode, func(t *testing.T) {
			p := newParlour(t, make)
			ch := p.open(p.config(wstrust.SecurityContext(alice())))
			p.asks(ch, "before", 3)
			p.restart()
			p.asks(ch, "after", 3)
			p.once(6)
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

// A message under way when the context is renewed, and the service restarted
// after that, is refused under the old instance, and under the new one as well.
func TestConversationForgottenTwice(t *testing.T) {
	p := newParlour(t, modes(t)["memory"])
	ch := p.open(p.config(wstrust.SecurityContextWith(wstrust.ContextConfig{
		Bootstrap: []wstrust.Binding{alice()}, RenewalInterval: short,
	})))
	p.asks(ch, "first", 1)
	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	p.holding(func(body string) {
		if strings.Contains(body, ">slow<") {
			once.Do(func() { close(held); <-release })
		}
	})
	slow := make(chan error, 1)
	go func() { slow <- ask(t.Context(), ch, "slow") }()
	<-held
	time.Sleep(short)
	p.asks(ch, "second", 1)
	if p.count("RST/SCT/Renew") != 1 {
		t.Error("not renewed")
	}
	p.restart()
	close(release)
	if err := <-slow; err != nil {
		t.Error(err)
	}
	p.once(3)
}

// A revoked context is of no use any more, wherever it is kept; its client
// authenticates again.
func TestConversationRevoked(t *testing.T) {
	for mode, make := range modes(t) {
		t.Run(mode, func(t *testing.T) {
			p := newParlour(t, make)
			ch := p.open(p.config(wstrust.SecurityContextWith(wstrust.ContextConfig{
				Bootstrap: []wstrust.Binding{alice()}, RenewalInterval: time.Nanosecond,
			})))
			p.asks(ch, "before", 2) // renewed in between
			id, _, _ := strings.Cut(p.instances()[0], " ")
			if mode == "cache" || mode == "sealed" {
				p.restart() // a revocation reaches every process
			}
			if err := p.v.RevokeContext(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			p.asks(ch, "after", 1)
			all := p.instances()
			if last, _, _ := strings.Cut(all[len(all)-1], " "); last == id {
				t.Error("the revoked context still serves")
			}
			if n := p.count("RST/SCT"); n != 2 {
				t.Errorf("%d bootstraps, want 2", n)
			}
		})
	}
}

// What the service does not renew is replaced: here because of its age.
func TestConversationNotRenewed(t *testing.T) {
	p := newParlour(t, func() *service.Contexts { return &service.Contexts{Lifetime: time.Hour, MaxAge: 30 * time.Minute} })
	ch := p.open(p.config(wstrust.SecurityContextWith(wstrust.ContextConfig{
		Bootstrap: []wstrust.Binding{alice()}, RenewalInterval: time.Nanosecond,
	})))
	p.asks(ch, "q", 3)
	p.once(3)
	if s, r := p.count("RST/SCT"), p.count("RST/SCT/Renew"); s != 3 || r != 2 {
		t.Errorf("%d bootstraps and %d attempts to renew, want 3 and 2", s, r)
	}
}

// NoRenewal makes a new context each time.
func TestConversationNoRenewal(t *testing.T) {
	p := newParlour(t, modes(t)["memory"])
	ch := p.open(p.config(wstrust.SecurityContextWith(wstrust.ContextConfig{
		Bootstrap: []wstrust.Binding{alice()}, RenewalInterval: time.Nanosecond, NoRenewal: true,
	})))
	p.asks(ch, "q", 3)
	if s, r := p.count("RST/SCT"), p.count("RST/SCT/Renew"); s != 3 || r != 0 {
		t.Errorf("%d bootstraps and %d renewals, want 3 and 0", s, r)
	}
}

// A context that has ended at the service is renewed when the service says so,
// and the message sent once more.
func TestConversationRenewNeeded(t *testing.T) {
	p := newParlour(t, func() *service.Contexts { return &service.Contexts{Lifetime: time.Second, MaxAge: time.Hour} })
	cfg := p.config(wstrust.SecurityContext(alice()))
	relayed := cfg.HTTP.Transport
	// The client is told of a longer life than the service means.
	cfg.HTTP.Transport = relay{relayed, func(_ *int, _ http.Header, body string) string {
		from, to, ok := strings.Cut(body, "<wst:Lifetime>")
		if !ok {
			return body
		}
		_, rest, _ := strings.Cut(to, "</wst:Lifetime>")
		return from + rest
	}}
	ch := p.open(cfg)
	p.asks(ch, "before", 1)
	time.Sleep(1100 * time.Millisecond)
	p.asks(ch, "after", 2)
	p.once(3)
	if s, r := p.count("RST/SCT"), p.count("RST/SCT/Renew"); s != 1 || r != 1 {
		t.Errorf("%d bootstraps and %d renewals, want 1 of each", s, r)
	}
}

// Close cancels from Open and from nowhere else, and says if it could not.
func TestConversationClose(t *testing.T) {
	p := newParlour(t, modes(t)["memory"])
	cfg := p.config(wstrust.SecurityContext(alice()))

	unused := p.open(cfg)
	if err := unused.Close(t.Context()); err != nil {
		t.Error(err)
	}
	faulted := p.open(cfg)
	p.asks(faulted, "faulted", 1)
	faulted.Abort()
	if err := faulted.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := p.count("RST/SCT/Cancel"); n != 0 {
		t.Errorf("%d cancellations of nothing, or from Faulted", n)
	}
	forgotten := p.open(cfg)
	p.asks(forgotten, "forgotten", 1)
	p.restart()
	if err := forgotten.Close(t.Context()); err != nil {
		t.Errorf("the context was forgotten already: %v", err)
	}
	again := p.open(cfg)
	for i := range 2 {
		p.asks(again, fmt.Sprint("again", i), 1)
		if err := again.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := again.Reset(); err != nil {
			t.Fatal(err)
		}
		if err := again.Open(t.Context(), p.srv.URL); err != nil {
			t.Fatal(err)
		}
	}
	broken := p.open(cfg)
	p.asks(broken, "broken", 1)
	p.srv.Close()
	if err := broken.Close(t.Context()); err == nil || broken.State() != wstrust.StateClosed {
		t.Errorf("err %v, state %v; want an error, and the channel closed all the same", err, broken.State())
	}
}

// A bootstrap that is refused is an error of the call, or of Open, and the next
// call tries again.
func TestConversationRefused(t *testing.T) {
	p := newParlour(t, modes(t)["memory"])
	wrong := wstrust.Username("alice", "guess")
	ch := p.open(p.config(wstrust.SecurityContext(wrong)))
	for range 2 {
		err := ask(t.Context(), ch, "q")
		if !errors.Is(err, wstrust.ErrAccessDenied) || ch.State() != wstrust.StateOpen {
			t.Errorf("err %v, state %v", err, ch.State())
		}
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), "guess") {
			t.Error("the password is in the error")
		}
	}
	if n := p.count("RST/SCT"); n != 2 {
		t.Errorf("%d bootstraps", n)
	}
	cfg := p.config(wstrust.SecurityContextWith(wstrust.ContextConfig{Bootstrap: []wstrust.Binding{wrong}, AtOpen: true}))
	at, err := wstrust.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := at.Open(t.Context(), p.srv.URL); !errors.Is(err, wstrust.ErrAccessDenied) || at.State() != wstrust.StateCreated {
		t.Errorf("open: err %v, state %v", err, at.State())
	}
}

func TestConversationAtOpen(t *testing.T) {
	p := newParlour(t, modes(t)["memory"])
	ch := p.open(p.config(wstrust.SecurityContextWith(wstrust.ContextConfig{Bootstrap: []wstrust.Binding{alice()}, AtOpen: true})))
	if n := p.count("RST/SCT"); n != 1 {
		t.Errorf("%d bootstraps in Open", n)
	}
	p.asks(ch, "q", 2)
	if n := p.count("RST/SCT"); n != 1 {
		t.Errorf("%d bootstraps", n)
	}
}

// Who waits for somebody else's bootstrap waits on his own context, and if that
// somebody gives up, another takes over.
func TestConversationWaiting(t *testing.T) {
	p := newParlour(t, modes(t)["memory"])
	ch := p.open(p.config(wstrust.SecurityContext(alice())))
	started, release := make(chan struct{}, 8), make(chan struct{})
	p.holding(func(body string) {
		if strings.Contains(body, "/RST/SCT<") {
			started <- struct{}{}
			<-release
		}
	})
	leader, stop := context.WithCancel(t.Context())
	errs := make(chan error, 2)
	go func() { errs <- ask(leader, ch, "leader") }()
	<-started
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := ask(soon, ch, "impatient"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("impatient: %v", err)
	}
	patient := make(chan error, 1)
	go func() { patient <- ask(t.Context(), ch, "patient") }()
	time.Sleep(20 * time.Millisecond) // the patient one waits by now, or leads later
	stop()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("leader: %v", err)
	}
	<-started
	close(release)
	if err := <-patient; err != nil {
		t.Errorf("patient: %v", err)
	}
	p.once(1)
}

// Abort stops a bootstrap under way.
func TestConversationAbort(t *testing.T) {
	p := newParlour(t, modes(t)["memory"])
	ch := p.open(p.config(wstrust.SecurityContext(alice())))
	started, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	p.holding(func(string) { close(started); <-release })
	errs := make(chan error)
	go func() { errs <- ask(t.Context(), ch, "q") }()
	<-started
	ch.Abort()
	if err := <-errs; !errors.Is(err, context.Canceled) || ch.State() != wstrust.StateFaulted {
		t.Errorf("err %v, state %v", err, ch.State())
	}
}

// No goroutine outlives a channel.
func TestConversationLeavesNoGoroutine(t *testing.T) {
	p := newParlour(t, modes(t)["memory"])
	before := runtime.NumGoroutine()
	for range 5 {
		cfg := p.config(wstrust.SecurityContextWith(wstrust.ContextConfig{Bootstrap: []wstrust.Binding{alice()}, RenewalInterval: time.Nanosecond}))
		ch := p.open(cfg)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() { _ = ask(t.Context(), ch, fmt.Sprint(i)) })
		}
		wg.Wait()
		if err := ch.Close(t.Context()); err != nil {
			t.Error(err)
		}
		cfg.HTTP.CloseIdleConnections()
	}
	p.srv.CloseClientConnections()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}
