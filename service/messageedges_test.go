package service_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/saml"
	"wstrust/service"
)

// Where only the Timestamp is signed and TLS protects nothing, there is no body to
// believe; and none is not an empty one.
func TestUnprotectedBody(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.InsecurePlaintext = true })
	c := pair(t, p256(t), "client", &w.ca, nil)
	for parts, good := range map[wsse.Parts]bool{wsse.PartTimestamp: false, wsse.BodyTimestamp: true} {
		octets := protect(t, request(), wsse.Options{Tokens: []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c), Parts: parts}}}, time.Now())
		if _, err := w.v.Verify(t.Context(), soap.NewPacket(soap.V12, action, octets), service.Conn{}); (err == nil) != good {
			t.Errorf("signed %v: %v", parts, err)
		}
	}
}

// A Timestamp is demanded of a message with a Security header, whoever TLS says that
// sent it, and given to who sent one: in that header and nowhere else.
func TestTimestamps(t *testing.T) {
	w := newWorld(t, nil)
	a := w.send(request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}, Timestamp: wsse.Never})
	w.refused(a, "policy")
	if bytes.Contains(a.octets, []byte("Timestamp")) {
		t.Errorf("a Timestamp for who sent none: %s", a.octets)
	}
	w.tls = []tls.Certificate{pair(t, p256(t), "client", &w.ca, nil)}
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}, Timestamp: wsse.Never}), "policy")
	out := request()
	out.Headers = [][]byte{[]byte(spelled(`<x:H xmlns:x="urn:x"><u:Timestamp xmlns:u="{wsu}"/></x:H>`))}
	a = w.send(out, wsse.Options{Timestamp: wsse.Never})
	w.wantOrder(a)
	if bytes.Contains(a.octets, []byte("Timestamp")) {
		t.Errorf("a Timestamp for who sent one elsewhere: %s", a.octets)
	}
}

// The marks of messages whose Timestamp does not say when they expire, or that have
// none, last as long as such a message counts.
func TestMarksWithoutTimes(t *testing.T) {
	store := &marks{Store: cache.NewMemory(1 << 20)}
	w := newWorld(t, func(w *world) {
		w.v.Replay = newReplay(t, store)
		w.v.MaxLatency, w.v.MaxSkew = 20*time.Minute, 3*time.Minute
	})
	lasts := func(what string, want time.Duration) {
		t.Helper()
		if len(store.ttls) != 1 || store.ttls[0] < want-2*time.Second || store.ttls[0] > want+2*time.Second {
			t.Errorf("%s: marks for %v, want %v", what, store.ttls, want)
		}
		store.ttls = nil
	}
	octets := protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}, time.Now())
	endless := regexp.MustCompile(`<wsu:Expires>.*</wsu:Expires>`).ReplaceAll(octets, nil)
	if bytes.Equal(octets, endless) {
		t.Fatalf("no Expires in %s", octets)
	}
	w.wantOrder(w.post(soap.NewPacket(soap.V12, action, endless)))
	lasts("no Expires", 23*time.Minute)
	w.tls = []tls.Certificate{pair(t, p256(t), "client", &w.ca, nil)}
	w.wantOrder(w.send(request(), wsse.Options{Timestamp: wsse.Never}))
	lasts("no Timestamp", 26*time.Minute)
}

// The path to our authority may lead over certificates that the client sends, in the
// message and in the handshake; and one that is not for signatures is refused as that.
func TestIntermediates(t *testing.T) {
	w := newWorld(t, nil)
	between := pair(t, p256(t), "between", &w.ca, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	leaf := pair(t, p256(t), "leaf", &between, nil)
	token := func(chain ...*x509.Certificate) wsse.Token {
		return wsse.X509{Certificates: chain, Key: private(t, leaf), Chain: true}
	}
	if p := w.accepted(request(), token(leaf.Leaf, between.Leaf)).Principal(); p.Name != "CN=leaf" {
		t.Errorf("principal %v", p)
	}
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{token(leaf.Leaf)}}), "trust")
	leaf.Certificate = append(leaf.Certificate, between.Leaf.Raw)
	w.tls = []tls.Certificate{leaf}
	if p := w.accepted(request()).Principal(); p.Name != "CN=leaf" {
		t.Errorf("principal %v", p)
	}
	w.tls = nil
	crypt := pair(t, p256(t), "client", &w.ca, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{crypt.Leaf}, Key: private(t, crypt)}}}), "trust")
	if !strings.Contains(w.lastLine(), "is not for signatures") {
		t.Errorf("log: %s", w.lastLine())
	}
}

// The key and the certificate of a holder are those that the assertion confirms,
// whatever TLS showed.
func TestHolderBesideTLS(t *testing.T) {
	w := newWorld(t, nil)
	holder := pair(t, p256(t), "holder", nil, nil)
	w.tls = []tls.Certificate{pair(t, p256(t), "gateway", &w.ca, nil)}
	token := w.assertion(func(b *saml.Build) { b.Subject.Confirmations[0] = holderOf(holder.Leaf) })
	p := w.accepted(request(), wsse.Issued{XML: token, Key: private(t, holder)}).Principal()
	if k, ok := p.Key.(*ecdsa.PublicKey); !ok || !k.Equal(holder.Leaf.PublicKey) || !p.Certificate.Equal(holder.Leaf) {
		t.Errorf("principal %+v", p)
	}
	if _, err := w.v.Token(t.Context(), w.assertion(func(b *saml.Build) { b.Issuer = "urn:evil" })); err == nil || !strings.Contains(err.Error(), "under the name of") {
		t.Errorf("another name: %v", err)
	}
}

// What says whom a message is for must be signed with all that is required: a second
// signature by the same key may be from another message.
func TestBoundByOneSignature(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Addresses, w.v.Require = []string{audience}, service.Action })
	c := pair(t, p256(t), "client", &w.ca, nil)
	by := func(parts wsse.Parts) wsse.Token {
		return wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c), Parts: wsse.PartTimestamp | parts}
	}
	w.accepted(request(), by(wsse.PartAction|wsse.PartTo))
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{by(wsse.PartAction), by(wsse.PartTo)}}), "policy")
}

// Of two shared keys the one whose signature covers all that is required is the
// sender's, and his signature must say that the message is for us.
func TestTwoSharedKeys(t *testing.T) {
	keys := sharedWith{"a": bytes.Repeat([]byte("a"), 32), "b": bytes.Repeat([]byte("b"), 32), "short": []byte("short")}
	w := newWorld(t, func(w *world) { w.v.SharedKeys, w.v.Addresses, w.v.Require = keys, []string{audience}, service.Body })
	c := pair(t, p256(t), "client", &w.ca, nil)
	by := func(name string, parts wsse.Parts) wsse.Token {
		key, err := alg.SecretKey(bytes.Repeat([]byte(name[:1]), 32))
		if err != nil {
			t.Fatal(err)
		}
		return wsse.Shared{Name: name, Key: key, Parts: wsse.PartTimestamp | parts}
	}
	if p := w.accepted(request(), by("a", wsse.PartTo), by("b", wsse.PartBody)).Principal(); p.Name != "b" {
		t.Errorf("from %v", p)
	}
	// What stands behind it in the header counts as well.
	signed := wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c), Parts: wsse.BodyTimestamp}
	if p := w.accepted(request(), by("a", wsse.PartBody), signed).Principal(); p.Kind != service.Certificate {
		t.Errorf("from %v", p)
	}
	w.v.Require = 0
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{by("a", 0), by("b", wsse.PartBody|wsse.PartTo)}}), "policy")

	// The log says which key is wrong, and how.
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{by("short", wsse.PartBody)}}), "trust")
	if !strings.Contains(w.lastLine(), `shared key \"short\"`) {
		t.Errorf("log: %s", w.lastLine())
	}
	keys["CN=client"] = keys["a"]
	w.v.KnownClients = []*x509.Certificate{c.Leaf}
	signed.Reference = wsse.RefKeyName
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{signed}}), "trust")
	if !strings.Contains(w.lastLine(), "one of SharedKeys") {
		t.Errorf("log: %s", w.lastLine())
	}
}

// namesAsked is a SharedKeys that has none.
type namesAsked []string

func (n *namesAsked) Key(_ context.Context, name string) ([]byte, error) {
	*n = append(*n, name)
	return nil, nil
}

// Only what is a name is looked for among the SharedKeys.
func TestSharedKeysAreAskedForNames(t *testing.T) {
	asked := new(namesAsked)
	w := newWorld(t, func(w *world) { w.v.SharedKeys = asked })
	c := pair(t, p256(t), "client", &w.ca, nil)
	w.v.KnownClients = []*x509.Certificate{c.Leaf}
	w.accepted(request(), wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c), Reference: wsse.RefThumbprint})
	if len(*asked) != 0 {
		t.Errorf("asked for %q", *asked)
	}
}

// A message that is encrypted, and to whose sender no answer can be encrypted, is not
// handled at all.
func TestNoWayToAnswer(t *testing.T) {
	w := newWorld(t, nil)
	elliptic := pair(t, p256(t), "client", &w.ca, nil)
	a := w.send(request(), wsse.Options{
		Tokens:     []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{elliptic.Leaf}, Key: private(t, elliptic)}},
		Protection: &wsse.Protection{Sign: wsse.BodyTimestamp, Encrypt: wsse.PartBody, Recipient: w.own.Leaf},
	})
	w.refused(a, "policy")
	if len(w.seen) != 0 {
		t.Error("the handler was called")
	}
}

// Answers confirm signatures where the Verifier says so, and are encrypted by its own
// Suite.
func TestConfirmationAndSuiteOfAnswers(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Signer = &w.own })
	c := pair(t, rsa2048(t), "client", &w.ca, nil)
	for _, confirm := range []bool{false, true} {
		w.v.Confirm = confirm
		a := w.send(request(), wsse.Options{
			Protection: &wsse.Protection{Sign: wsse.BodyTimestamp}, Tokens: []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c)}},
		})
		w.wantOrder(a)
		if got := bytes.Contains(a.octets, []byte("SignatureConfirmation")); got != confirm {
			t.Errorf("confirmed: %v, want %v: %s", got, confirm, a.octets)
		}
	}
	w.v.Confirm, w.v.Signer, w.v.Suite = false, nil, "Basic128Sha256"
	a := w.send(request(), wsse.Options{
		Suite: w.v.Suite, Tokens: []wsse.Token{user("alice", "pw")},
		Protection: &wsse.Protection{Symmetric: true, Order: wsse.EncryptThenSign, Sign: wsse.BodyTimestamp, Encrypt: wsse.PartBody, Recipient: w.own.Leaf},
	})
	if a.env.IsFault() || !bytes.Contains(a.octets, []byte(alg.AES128CBC)) {
		t.Errorf("not by the suite: %s\nlog: %s", a.octets, w.lastLine())
	}
}

// A key of ours that nothing decrypts with is an error for assertions as well, of
// whatever kind.
func TestOddOwnKey(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, nil)
	odd := pair(t, p224, "odd", &w.ca, nil)
	w.v.Decrypt = []tls.Certificate{{PrivateKey: blackBox{p224}, Leaf: odd.Leaf, Certificate: odd.Certificate}}
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: w.assertion(nil)}}}), "algorithm")
}

// readers is a Users that reads passwords.
type readers map[string]string

func (r readers) Check(_ context.Context, name string, shown service.Password) (bool, error) {
	text, ok := shown.Text()
	if !ok {
		return false, errors.New("nothing to read")
	}
	return text == r[name] && text != "", nil
}

// A password in the clear can be read, and a digest cannot.
func TestPasswordText(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Users = readers{"alice": "pw"} })
	w.accepted(request(), user("alice", "pw"))
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{user("alice", "no")}}), "trust")
	digest := user("alice", "pw")
	digest.Digest = true
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{digest}}), "trust")
	if !strings.Contains(w.lastLine(), "nothing to read") || strings.Contains(w.log.String(), "service refuses every message") {
		t.Errorf("log: %s", w.log)
	}
}

// serve gives a request to the handler itself, and returns what it wrote.
func (w *world) serve(contentType string, octets []byte) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest(http.MethodPost, audience, bytes.NewReader(octets))
	r.Header.Set("Content-Type", contentType)
	rec := httptest.NewRecorder()
	w.v.Handler(w.call).ServeHTTP(rec, r)
	return rec
}

// What a refusal says in HTTP, in the version of SOAP that the request's headers name.
func TestHeadersOfRefusals(t *testing.T) {
	w := newWorld(t, nil)
	for v, space := range map[soap.Version]string{soap.V11: "http://schemas.xmlsoap.org/soap/envelope/", soap.V12: "http://www.w3.org/2003/05/soap-envelope"} {
		rec := w.serve(v.ContentType(action), []byte("junk"))
		if got := rec.Header().Get("Content-Length"); got != strconv.Itoa(rec.Body.Len()) || rec.Header().Get("Retry-After") != "" || rec.Header().Get("Connection") != "" {
			t.Errorf("%v: headers %v", v, rec.Header())
		}
		if !strings.Contains(rec.Body.String(), space) || strings.Contains(rec.Header().Get("Content-Type"), "action=") {
			t.Errorf("%v: %s: %s", v, rec.Header().Get("Content-Type"), rec.Body)
		}
	}
	if rec := w.serve(soap.V12.ContentType(action), make([]byte, 1<<20)); rec.Code != http.StatusRequestEntityTooLarge || rec.Header().Get("Connection") != "close" {
		t.Errorf("status %d, headers %v", rec.Code, rec.Header())
	}
}

// An answer of no octets is an empty one, one without an action has none, and one
// that cannot be written is a fault.
func TestOddAnswers(t *testing.T) {
	w := newWorld(t, nil)
	answers := func(out any) {
		w.call = func(context.Context, *service.Message) (any, error) { return out, nil }
	}
	alice := wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}
	answers(service.XML(""))
	if a := w.send(request(), alice); a.status != http.StatusOK || a.env.IsFault() {
		t.Errorf("%s", a.octets)
	}
	out := request()
	out.Action, out.Addressing = "", soap.ANone
	octets := protect(t, out, alice, time.Now())
	r := httptest.NewRequest(http.MethodPost, audience, bytes.NewReader(octets))
	r.TLS = &tls.ConnectionState{}
	r.Header.Set("Content-Type", soap.V12.ContentType(""))
	rec := httptest.NewRecorder()
	w.v.Handler(w.call).ServeHTTP(rec, r)
	if rec.Code != http.StatusOK || strings.Contains(rec.Header().Get("Content-Type"), "Response") {
		t.Errorf("status %d, %s: %s", rec.Code, rec.Header().Get("Content-Type"), rec.Body)
	}
	answers(service.Reply{Action: "a\x00b", Body: service.XML("<a/>")})
	if a := w.send(request(), alice); a.status != http.StatusInternalServerError || !a.env.IsFault() {
		t.Errorf("status %d: %s", a.status, a.octets)
	}
}
