package cxf

import (
	"context"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"

	"wstrust"
	"wstrust/interop/rig"
)

// testContext has our client agree on a security context with CXF's service, by
// WS-SecureConversation of February 2005 and 1.3, use it for several calls, renew it and
// cancel it. CXF wants the body and the addressing of a cancellation signed.
func (s *stage) testContext(t *testing.T) {
	for door, version := range map[string]wstrust.TrustVersion{"Context": wstrust.Trust13, "Context2005": wstrust.Trust2005} {
		t.Run(door, func(t *testing.T) { s.converse(t, door, version) })
	}
}

func (s *stage) converse(t *testing.T, door string, version wstrust.TrustVersion) {
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
			sent := &actions{to: &http.Transport{TLSClientConfig: s.ca.Trust()}}
			defer sent.to.CloseIdleConnections()
			ch, err := wstrust.Open(context.Background(), s.svc[door], wstrust.Config{
				HTTP: &http.Client{Transport: sent}, Bindings: []wstrust.Binding{wstrust.SecurityContextWith(c)}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				Versions: wstrust.Versions{Trust: version}, Header: wstrust.Header{Sign: wstrust.PartBody | wstrust.PartAddressing},
			})
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
			trust := map[wstrust.TrustVersion]string{
				wstrust.Trust13: "http://docs.oasis-open.org/ws-sx/ws-trust/200512", wstrust.Trust2005: "http://schemas.xmlsoap.org/ws/2005/02/trust",
			}[version]
			made, renewed, cancelled := sent.count(trust+"/RST/SCT"), sent.count(trust+"/RST/SCT/Renew"), sent.count(trust+"/RST/SCT/Cancel")
			if (made == 1) == c.NoRenewal || (renewed == 0) == (name == "renewed" || name == "100 calls") || cancelled != 1 {
				t.Errorf("%d contexts, %d renewals, %d cancellations: %q", made, renewed, cancelled, sent.all)
			}
			for line := range strings.Lines(log.String()) {
				if strings.Contains(line, "level=WARN") {
					t.Errorf("the client says %s", line)
				}
			}
		})
	}
}

// actions remembers the actions of the messages that go through it.
type actions struct {
	to  *http.Transport
	all []string
}

func (a *actions) RoundTrip(r *http.Request) (*http.Response, error) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	a.all = append(a.all, params["action"])
	return a.to.RoundTrip(r)
}

func (a *actions) count(action string) (n int) {
	for _, s := range a.all {
		if s == action {
			n++
		}
	}
	return n
}

// withoutIssuer is three calls by CXF's client at a door that demands no token of an issuer.
func withoutIssuer(port string, svc map[string]string) task {
	return task{"name": port, "user": rig.User, "service": svc[port], "service.port": port, "service.alias": "service", "calls": "3"}
}

// testContextService has CXF's client agree on a context with a service of ours.
func (s *stage) testContextService(t *testing.T) {
	svc := s.serveOurs(t, []string{"Context", "Context2005"})
	for _, a := range s.ask(t, []task{withoutIssuer("Context", svc), withoutIssuer("Context", svc), withoutIssuer("Context2005", svc)}) {
		if a.Error != "" || a.Text != "hello "+a.Task || a.Caller != rig.User {
			t.Errorf("%s: %+v", a.Task, a)
		}
	}
}
