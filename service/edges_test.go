package service_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/saml"
	"wstrust/service"
)

// Each thing that can be wrong with a Verifier, alone, and each kind of client
// alone, which is enough.
func TestCheckFindsEach(t *testing.T) {
	w := newWorld(t, nil)
	for name, test := range map[string]struct {
		change func(*service.Verifier)
		ok     bool
	}{
		"as it is":          {func(*service.Verifier) {}, true},
		"no audience":       {func(v *service.Verifier) { v.Audiences = nil }, false},
		"an empty audience": {func(v *service.Verifier) { v.Audiences = []string{"a", ""} }, false},
		"an empty address":  {func(v *service.Verifier) { v.Addresses = []string{""} }, false},
		"no replay store":   {func(v *service.Verifier) { v.Replay = nil }, false},
		"nobody":            {func(v *service.Verifier) { v.Issuers, v.Users, v.ClientCAs = nil, nil, nil }, false},
		"users only":        {func(v *service.Verifier) { v.Issuers, v.ClientCAs = nil, nil }, true},
		"issuers only":      {func(v *service.Verifier) { v.Users, v.ClientCAs = nil, nil }, true},
		"authorities only":  {func(v *service.Verifier) { v.Issuers, v.Users = nil, nil }, true},
		"known clients only": {func(v *service.Verifier) {
			v.Issuers, v.Users, v.ClientCAs, v.KnownClients = nil, nil, nil, []*x509.Certificate{w.own.Leaf}
		}, true},
		"an issuer without a name": {func(v *service.Verifier) { v.Issuers = []service.Issuer{{Certificates: v.Issuers[0].Certificates}} }, false},
		"an issuer of any name": {func(v *service.Verifier) {
			v.Issuers = []service.Issuer{{AnyName: true, Certificates: v.Issuers[0].Certificates}}
		}, true},
		"an issuer of two minds": {func(v *service.Verifier) {
			v.Issuers = []service.Issuer{{Name: "n", AnyName: true, Certificates: v.Issuers[0].Certificates}}
		}, false},
		"an issuer without a key":  {func(v *service.Verifier) { v.Issuers = []service.Issuer{{Name: "n"}} }, false},
		"no such suite":            {func(v *service.Verifier) { v.Suite = "x" }, false},
		"a key that does not open": {func(v *service.Verifier) { v.Decrypt = []tls.Certificate{w.ca} }, false},
		"a key to open, no paper":  {func(v *service.Verifier) { v.Decrypt = []tls.Certificate{{PrivateKey: w.own.PrivateKey}} }, false},
		"a key to open, bad paper": {func(v *service.Verifier) {
			v.Decrypt = []tls.Certificate{{PrivateKey: w.own.PrivateKey, Certificate: [][]byte{{1}}}}
		}, false},
		"a key to open, not parsed": {func(v *service.Verifier) {
			v.Decrypt = []tls.Certificate{{PrivateKey: w.own.PrivateKey, Certificate: w.own.Certificate}}
		}, true},
		"a signer without a key": {func(v *service.Verifier) { v.Signer = &tls.Certificate{Leaf: w.own.Leaf} }, false},
		"a signer without paper": {func(v *service.Verifier) { v.Signer = &tls.Certificate{PrivateKey: w.own.PrivateKey} }, false},
		"a signer":               {func(v *service.Verifier) { v.Signer = &w.own }, true},
		"negative latency":       {func(v *service.Verifier) { v.MaxLatency = -1 }, false},
		"negative skew":          {func(v *service.Verifier) { v.MaxSkew = -1 }, false},
		"contexts":               {func(v *service.Verifier) { v.Contexts = &service.Contexts{} }, true},
		"negative rollover":      {func(v *service.Verifier) { v.Contexts = &service.Contexts{Rollover: -1} }, false},
		"negative lifetime":      {func(v *service.Verifier) { v.Contexts = &service.Contexts{Lifetime: -1} }, false},
		"negative age":           {func(v *service.Verifier) { v.Contexts = &service.Contexts{MaxAge: -1} }, false},
		"negative pending":       {func(v *service.Verifier) { v.Contexts = &service.Contexts{MaxPending: -1} }, false},
		"negative active":        {func(v *service.Verifier) { v.Contexts = &service.Contexts{MaxActive: -1} }, false},
	} {
		v := *w.v
		test.change(&v)
		if err := v.Check(); (err == nil) != test.ok || err != nil && !errors.Is(err, service.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A Verifier that cannot work refuses everything, and says so once in the log.
func TestHandlerOfABrokenVerifier(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.MaxSkew = -1 })
	if !strings.Contains(w.log.String(), "service refuses every message") {
		t.Errorf("log: %s", w.log)
	}
	w.isRefusal(w.send(request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}))
	if len(w.seen) != 0 {
		t.Error("the handler was called")
	}
}

// Usernames where nobody has one, and certificates that may not or must not
// sign.
func TestWhoMaySign(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Users = nil })
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}), "policy")

	signed := func(c tls.Certificate) wsse.Options {
		return wsse.Options{Tokens: []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c)}}}
	}
	for usage, ok := range map[x509.KeyUsage]bool{
		0: true, x509.KeyUsageDigitalSignature: true, x509.KeyUsageContentCommitment: true, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement: true,
		x509.KeyUsageKeyAgreement: false, x509.KeyUsageKeyEncipherment: false,
	} {
		c := pair(t, p256(t), "usage", &w.ca, func(c *x509.Certificate) { c.KeyUsage = usage })
		if a := w.send(request(), signed(c)); ok {
			w.wantOrder(a)
		} else {
			w.refused(a, "trust")
		}
	}
	// A client on the list is one while its certificate is valid.
	for name, test := range map[string]struct {
		from, to time.Duration
		ok       bool
	}{"valid": {-time.Hour, time.Hour, true}, "not yet": {time.Hour, 2 * time.Hour, false}, "not any more": {-2 * time.Hour, -time.Hour, false}} {
		c := pair(t, p256(t), name, nil, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(test.from), time.Now().Add(test.to)
		})
		w := newWorld(t, func(w *world) { w.v.KnownClients = []*x509.Certificate{c.Leaf} })
		a := w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c), Reference: wsse.RefThumbprint}}})
		if test.ok {
			w.wantOrder(a)
		} else {
			w.isRefusal(a)
		}
	}
	// Where no authority is trusted, a certificate in the message is nobody's, and
	// so is one in the handshake.
	w = newWorld(t, func(w *world) { w.v.ClientCAs = nil })
	c := pair(t, p256(t), "client", &w.ca, nil)
	w.isRefusal(w.send(request(), signed(c)))
	w.tls = []tls.Certificate{c}
	w.isRefusal(w.send(request(), wsse.Options{}))
	if p := w.accepted(request(), user("alice", "pw")).Principal(); p.Certificate != nil {
		t.Errorf("a certificate of %v", p.Certificate.Subject)
	}
}

// marks is a store that notes for how long things are remembered, and fails
// when it is told to.
type marks struct {
	cache.Store
	mu   sync.Mutex
	ttls []time.Duration
	fail error
}

func (m *marks) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ttls = append(m.ttls, ttl)
	if m.fail != nil {
		return false, m.fail
	}
	return m.Store.Add(ctx, key, value, ttl)
}

// A mark lasts as long as the message that it is of would be accepted, and not
// much longer; where it cannot be set, the message is refused.
func TestHowLongMarksLast(t *testing.T) {
	store := &marks{Store: cache.NewMemory(1 << 20)}
	w := newWorld(t, func(w *world) {
		w.v.Replay = newReplay(t, store)
		w.v.MaxLatency, w.v.MaxSkew = 20*time.Minute, 3*time.Minute
	})
	longest := func(o wsse.Options) time.Duration {
		t.Helper()
		store.ttls = nil
		w.wantOrder(w.send(request(), o))
		var most time.Duration
		for _, ttl := range store.ttls {
			most = max(most, ttl)
		}
		return most
	}
	alice := []wsse.Token{user("alice", "pw")}
	for name, test := range map[string]struct {
		o         wsse.Options
		low, high time.Duration
	}{
		"until it expires":       {wsse.Options{Tokens: alice, TTL: time.Minute}, 3 * time.Minute, 4*time.Minute + 2*time.Second},
		"until it is too old":    {wsse.Options{Tokens: alice, TTL: time.Hour}, 22 * time.Minute, 23*time.Minute + 2*time.Second},
		"of a token for one use": {wsse.Options{TTL: time.Minute, Tokens: []wsse.Token{wsse.Issued{XML: w.assertion(func(b *saml.Build) { b.Conditions.OneTimeUse = true })}}}, 62 * time.Minute, 63*time.Minute + 2*time.Second},
	} {
		if got := longest(test.o); got < test.low || got > test.high {
			t.Errorf("%s: %v, want %v to %v", name, got, test.low, test.high)
		}
	}
	store.fail = errors.New("store is down")
	w.isRefusal(w.send(request(), wsse.Options{Tokens: alice}))
	if !strings.Contains(w.lastLine(), "replay store: ") {
		t.Errorf("log: %s", w.lastLine())
	}
}

// What the handler says in HTTP.
func TestHeadersOfAnswers(t *testing.T) {
	w := newWorld(t, nil)
	r, err := http.NewRequest(http.MethodDelete, w.srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := w.do(r); a.header.Get("Allow") != "POST" || a.status != http.StatusMethodNotAllowed {
		t.Errorf("status %d, Allow %q", a.status, a.header.Get("Allow"))
	}
	octets := protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}, time.Now())
	r, err = http.NewRequest(http.MethodPost, w.srv.URL, strings.NewReader(string(octets)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", soap.V12.ContentType(action))
	r.Header.Set("Content-Encoding", "identity")
	a := w.do(r)
	w.wantOrder(a)
	if got := a.header.Get("Content-Length"); got != strconv.Itoa(len(a.octets)) {
		t.Errorf("Content-Length %q of %d octets", got, len(a.octets))
	}
	r, err = http.NewRequest(http.MethodPost, w.srv.URL, strings.NewReader(strings.Repeat(" ", 10<<20)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/xml")
	if a := w.do(r); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", a.status)
	}
}

// Messages with nothing in them, and with something else than is asked for.
func TestDecodeFails(t *testing.T) {
	w := newWorld(t, nil)
	var decoded []error
	w.call = func(_ context.Context, m *service.Message) (any, error) {
		var in struct{ ID int }
		err := m.Decode(&in)
		decoded = append(decoded, err)
		if (m.XML() == "") != !m.Payload().OK() {
			t.Errorf("XML %q", m.XML())
		}
		return order{ID: "42"}, nil
	}
	empty := request()
	empty.Body = nil
	text := request()
	text.Body = []byte(`<GetOrder xmlns="urn:orders"><ID>x</ID></GetOrder>`)
	for _, out := range []soap.Outgoing{empty, text, request()} {
		w.accepted(out, user("alice", "pw"))
	}
	if len(decoded) != 3 || decoded[0] == nil || !strings.Contains(decoded[0].Error(), "body is empty") || decoded[1] == nil || !strings.Contains(decoded[1].Error(), "/Envelope/Body/GetOrder") || decoded[2] != nil {
		t.Errorf("%v", decoded)
	}
	// Two elements in the Body are no message.
	two := request()
	two.Body = append(two.Body, two.Body...)
	w.isRefusal(w.send(two, wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}))
}

// Faults as the peer and as the log see them.
func TestFaultTexts(t *testing.T) {
	w := newWorld(t, nil)
	for _, f := range []service.Fault{
		{Namespace: "urn:e", Code: "Busy", Reason: "later", Detail: `<d xmlns="urn:e"/>`},
		{Receiver: true, Reason: "ours"},
	} {
		w.call = func(context.Context, *service.Message) (any, error) { return nil, &f }
		a := w.send(request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}})
		got := a.env.Fault()
		if got == nil || got.Reason != f.Reason || got.Detail.OK() != (f.Detail != "") || got.Is(soap.Receiver) != f.Receiver || got.Subcode().Local != f.Code || len(got.Subcodes) > 0 != (f.Code != "") {
			t.Errorf("%s", a.octets)
		}
		who := map[bool]string{true: "fault of the receiver", false: "fault of the sender"}[f.Receiver]
		if !strings.Contains(f.Error(), who) || !strings.Contains(w.log.String(), "handler answered with a fault") {
			t.Errorf("%v; log: %s", &f, w.lastLine())
		}
		if want := "http://www.w3.org/2005/08/addressing/soap/fault"; a.env.Action.Value != want {
			t.Errorf("action %q", a.env.Action.Value)
		}
	}
	out := request()
	out.Version, out.Addressing = soap.V11, soap.A04
	if a := w.send(out, wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}); a.env.Action.Value != "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault" {
		t.Errorf("action %q", a.env.Action.Value)
	}
}

// How principals and passwords are shown, and that those that were not verified
// are nobody's.
func TestNamesOfPrincipals(t *testing.T) {
	for kind, want := range map[service.Kind]string{service.User: "user", service.Certificate: "certificate", service.Token: "token", 9: "Kind(9)"} {
		if got := kind.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	var nobody *service.Principal
	if nobody.String() != "nobody" {
		t.Error(nobody.String())
	}
	p := service.Principal{Kind: service.User, Attributes: []saml.Attribute{{Name: "a", Values: []string{"1"}}, {Name: "b", Values: []string{"2"}}, {Name: "a", Values: []string{"3"}}}}
	for n, tail := range map[int]string{120: `x"`, 121: `x…"`} {
		p.Name = strings.Repeat("x", n)
		if got := p.String(); got != `user "`+strings.Repeat("x", 119)+tail {
			t.Errorf("%d octets: %s", n, got)
		}
	}
	if got := strings.Join(p.Attribute("a"), ","); got != "1,3" {
		t.Errorf("a is %s", got)
	}
	var none service.Password
	if text, ok := none.Text(); ok || text != "" || none.Matches("") {
		t.Error("a password that was not shown")
	}
}
