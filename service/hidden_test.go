package service_test

import (
	"bytes"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"
	"time"

	"wstrust"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/service"
)

// hiddenAddressing are the addressing headers of a request.
const hiddenAddressing = wstrust.PartTo | wstrust.PartAction | wstrust.PartMessageID | wstrust.PartReplyTo

// Addressing headers that are encrypted, in the request and, as far as they would
// tell the request's, in the answer.
func TestHiddenAddressing(t *testing.T) {
	signer := func(w *world) wstrust.Binding {
		return wstrust.Certificate(pair(w, rsa2048(w), "client", &w.ca, nil))
	}
	for name, c := range map[string]struct {
		bindings func(w *world) []wstrust.Binding
		change   func(p *wstrust.Protection)
		who      string
	}{
		"asymmetric":        {func(w *world) []wstrust.Binding { return []wstrust.Binding{signer(w)} }, nil, "CN=client"},
		"symmetric":         {func(*world) []wstrust.Binding { return []wstrust.Binding{wstrust.Username("alice", "pw")} }, func(p *wstrust.Protection) { p.Symmetric, p.Derive = true, wstrust.Derive13 }, "alice"},
		"ciphertext signed": {func(w *world) []wstrust.Binding { return []wstrust.Binding{signer(w)} }, func(p *wstrust.Protection) { p.EncryptThenSign = true }, "CN=client"},
		"headers alone":     {func(w *world) []wstrust.Binding { return []wstrust.Binding{signer(w)} }, func(p *wstrust.Protection) { p.Encrypt = hiddenAddressing }, "CN=client"},
	} {
		for _, v := range []wstrust.SecurityVersion{wstrust.Security11, wstrust.Security10} {
			for _, s := range []wstrust.SOAPVersion{wstrust.SOAP12, wstrust.SOAP11} {
				t.Run(strings.Join([]string{name, []string{"1.1", "1.0"}[v], soap.Version(s).String()}, " "), func(t *testing.T) {
					w := newWorld(t, func(w *world) { w.v.Addresses = []string{"urn:somewhere"} })
					w.v.Addresses[0] = w.srv.URL
					p := &wstrust.Protection{
						Sign: wstrust.PartBody | wstrust.PartTimestamp | wstrust.PartAddressing, Encrypt: wstrust.PartBody | hiddenAddressing, Recipient: w.own.Leaf,
					}
					if c.change != nil {
						c.change(p)
					}
					log := &wire{base: w.srv.Client().Transport}
					cfg := wstrust.Config{
						Versions: wstrust.Versions{Security: v, SOAP: s},
						Bindings: c.bindings(w), Protection: p, HTTP: &http.Client{Transport: log}, PeerCertificates: []*x509.Certificate{w.own.Leaf},
					}
					w.v.Signer = &w.own
					ch, err := wstrust.Open(t.Context(), w.srv.URL, cfg)
					if err != nil {
						t.Fatal(err)
					}
					defer ch.Close(t.Context())
					var out order
					if err := ch.Call(t.Context(), action, getOrder{ID: "42"}, &out); err != nil || out.ID != "42" || out.For != c.who {
						t.Fatalf("%v, %+v\n%s\n%s\n%s", err, out, log.sent, log.received, w.log)
					}
					m := w.seen[0]
					if m.Action() != action || m.ID() == "" || m.Encrypted()&(service.To|service.Action|service.MessageID) != service.To|service.Action|service.MessageID {
						t.Errorf("action %q, id %q, encrypted %v", m.Action(), m.ID(), m.Encrypted())
					}
					for _, octets := range [][]byte{log.sent, log.received} {
						for _, name := range []string{":Action ", ":To ", m.ID(), ":RelatesTo "} {
							if bytes.Contains(octets, []byte(name)) {
								t.Errorf("%s in the clear: %s", name, octets)
							}
						}
					}
				})
			}
		}
	}
}

// What is hidden in a request is held against what is not, once it is open.
func TestHiddenAddressingChecked(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Addresses = []string{audience} })
	signer := pair(t, rsa2048(t), "client", &w.ca, nil)
	options := wsse.Options{
		Tokens: []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{signer.Leaf}, Key: private(t, signer)}},
		Protection: &wsse.Protection{
			Sign: wsse.PartBody | wsse.PartTimestamp | wsse.PartAddressing, Encrypt: wsse.PartBody | wsse.PartAddressing, Recipient: w.own.Leaf,
		},
	}
	taken := func(a answer) {
		t.Helper()
		if a.status != http.StatusOK || a.env.IsFault() {
			t.Fatalf("refused: %s", w.lastLine())
		}
	}
	taken(w.send(request(), options))
	for name, c := range map[string]struct {
		change func(*soap.Outgoing)
		sent   string // as action of the HTTP header
		class  string
	}{
		"to another":     {func(o *soap.Outgoing) { o.To = "https://elsewhere.example.com/" }, action, "policy"},
		"another action": {func(o *soap.Outgoing) { o.Action = "urn:orders/Delete" }, action, "protocol"},
	} {
		t.Run(name, func(t *testing.T) {
			out := request()
			c.change(&out)
			before := len(w.seen)
			w.isRefusal(w.post(soap.NewPacket(out.Version, c.sent, protect(t, out, options, time.Now()))))
			if log := w.lastLine(); !strings.Contains(log, "class="+c.class+" ") || len(w.seen) != before {
				t.Errorf("%d messages arrived: %s", len(w.seen)-before, log)
			}
		})
	}
	// The same octets twice, whose MessageID is hidden as well.
	out := request()
	packet := soap.NewPacket(out.Version, out.Action, protect(t, out, options, time.Now()))
	taken(w.post(packet))
	w.refused(w.post(packet), "replay")
}
