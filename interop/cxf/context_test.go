package cxf

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"wstrust"
	"wstrust/interop/rig"
)

// testContext has our client agree on a security context with CXF's service, by
// WS-SecureConversation 1.3, use it for several calls, renew it and cancel it. CXF wants
// the body and the addressing of a cancellation signed.
func (s *stage) testContext(t *testing.T) {
	alice := wstrust.Username(rig.User, rig.Password)
	for name, c := range map[string]wstrust.ContextConfig{
		"default":       {Bootstrap: []wstrust.Binding{alice}},
		"at open":       {Bootstrap: []wstrust.Binding{alice}, AtOpen: true},
		"renewed":       {Bootstrap: []wstrust.Binding{alice}, RenewalInterval: time.Millisecond},
		"100 calls":     {Bootstrap: []wstrust.Binding{alice}, RenewalInterval: 400 * time.Millisecond},
		"never renewed": {Bootstrap: []wstrust.Binding{alice}, RenewalInterval: time.Millisecond, NoRenewal: true},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			ch, err := wstrust.Open(context.Background(), s.svc["Context"], wstrust.Config{TLS: s.ca.Trust(), Bindings: []wstrust.Binding{wstrust.SecurityContextWith(c)}, Logger: slog.New(slog.NewTextHandler(&log, nil)), Header: wstrust.Header{Sign: wstrust.PartBody | wstrust.PartAddressing}})
			if err != nil {
				t.Fatal(err)
			}
			calls := 3
			if name == "100 calls" {
				calls = 100
			}
			for i := range calls {
				var got greeting
				if err := ch.Call(context.Background(), greetAction, greet{Name: fmt.Sprint("call ", i)}, &got); err != nil {
					t.Fatalf("call %d: %v", i, err)
				}
				if got.Text != fmt.Sprint("hello call ", i) || got.Caller != rig.User {
					t.Errorf("call %d: the service answered %+v", i, got)
				}
				time.Sleep(5 * time.Millisecond)
			}
			if err := ch.Close(context.Background()); err != nil {
				t.Errorf("close: %v", err)
			}
			for line := range strings.Lines(log.String()) {
				if strings.Contains(line, "level=WARN") {
					t.Errorf("the client says %s", line)
				}
			}
		})
	}
}

// withoutIssuer is three calls by CXF's client at a door that demands no token of an issuer.
func withoutIssuer(port string, svc map[string]string) task {
	return task{"name": port, "user": rig.User, "service": svc[port], "service.port": port, "service.alias": "service", "calls": "3"}
}

// testContextService has CXF's client agree on a context with a service of ours.
func (s *stage) testContextService(t *testing.T) {
	svc := s.serveOurs(t, []string{"Context"})
	for _, a := range s.ask(t, []task{withoutIssuer("Context", svc), withoutIssuer("Context", svc)}) {
		if a.Error != "" || a.Text != "hello "+a.Task || a.Caller != rig.User {
			t.Errorf("%s: %+v", a.Task, a)
		}
	}
}
