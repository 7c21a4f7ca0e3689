package service_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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

// TestRubbish sends what is no message, and demands that each is answered by
// the same octets and that the service goes on.
func TestRubbish(t *testing.T) {
	w := newWorld(t, nil)
	good := protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}, time.Now())
	deep := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>` + strings.Repeat("<a>", 50000)
	const type12 = "application/soap+xml; charset=utf-8"
	faults := map[string]string{}
	for name, test := range map[string]struct {
		method, contentType, body string
		status                    int
	}{
		"empty":              {"POST", type12, "", 500},
		"html":               {"POST", "text/html", "<html><body>hello</body></html>", 415},
		"html as soap":       {"POST", type12, "<html><body>hello</body></html>", 500},
		"no content type":    {"POST", "", string(good), 415},
		"form":               {"POST", "application/x-www-form-urlencoded", "a=b", 415},
		"get":                {"GET", "", "", 405},
		"put":                {"PUT", type12, string(good), 405},
		"10 MB":              {"POST", type12, string(good) + strings.Repeat(" ", 10<<20), 413},
		"truncated":          {"POST", type12, string(good[:len(good)/2]), 500},
		"one byte short":     {"POST", type12, string(good[:len(good)-1]), 500},
		"junk behind":        {"POST", type12, string(good) + "junk", 500},
		"deep":               {"POST", type12, deep, 500},
		"doctype":            {"POST", type12, "<!DOCTYPE a>" + string(good), 500},
		"entity bomb":        {"POST", type12, `<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><a>&d;</a>`, 500},
		"bad utf-8":          {"POST", type12, strings.Replace(string(good), ">42<", ">\xff\xfe<", 1), 500},
		"other charset":      {"POST", "application/soap+xml; charset=iso-8859-1", string(good), 415},
		"envelope alone":     {"POST", type12, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>`, 500},
		"empty body":         {"POST", type12, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>`, 500},
		"json":               {"POST", "application/json", `{"a":1}`, 415},
		"multipart":          {"POST", "multipart/related; boundary=x", "--x\r\n\r\n\r\n--x--", 415},
		"body is null bytes": {"POST", type12, strings.Repeat("\x00", 1000), 500},
	} {
		r, err := http.NewRequest(test.method, w.srv.URL, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", test.contentType)
		a := w.do(r)
		w.isRefusal(a)
		faults[string(a.octets)] += name + ", "
		if a.status != test.status {
			t.Errorf("%s: status %d, want %d", name, a.status, test.status)
		}
		if !strings.HasPrefix(a.header.Get("Content-Type"), "application/soap+xml") {
			t.Errorf("%s: content type %q", name, a.header.Get("Content-Type"))
		}
		w.accepted(request(), user("alice", "pw")) // and goes on
	}
	if len(faults) != 1 {
		t.Errorf("%d different faults: %q", len(faults), faults)
	}
}

func TestCompressedRequest(t *testing.T) {
	w := newWorld(t, nil)
	r, err := http.NewRequest(http.MethodPost, w.srv.URL, strings.NewReader("\x1f\x8b"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/soap+xml")
	r.Header.Set("Content-Encoding", "gzip")
	if a := w.do(r); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("status %d", a.status)
	} else {
		w.isRefusal(a)
	}
}

// TestEndlessRequest sends a body without end, and one that says it has 10 GB.
func TestEndlessRequest(t *testing.T) {
	w := newWorld(t, nil)
	r, err := http.NewRequest(http.MethodPost, w.srv.URL, io.MultiReader(strings.NewReader("<a>"), endless{}))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/soap+xml")
	if resp, err := w.srv.Client().Do(r); err == nil { // the client may see the connection close first
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", resp.StatusCode)
		}
		resp.Body.Close()
	}
	conn, err := tls.Dial("tcp", w.srv.Listener.Addr().String(), w.srv.Client().Transport.(*http.Transport).TLSClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nContent-Length: 10737418240\r\n\r\n<a>")
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 12)
	if _, err := io.ReadFull(conn, line); err != nil || string(line) != "HTTP/1.1 413" {
		t.Errorf("%q, %v", line, err)
	}
	w.accepted(request(), user("alice", "pw"))
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestRefusalsLookAlike compares the answers to messages that fail at different
// checks: apart from what relates them to their requests they are the same.
func TestRefusalsLookAlike(t *testing.T) {
	w := newWorld(t, nil)
	ask := request()
	ask.MessageID = "urn:uuid:7d4f2d0c-0001-4000-8000-000000000001"
	ask.Addressing = soap.A10
	expired := protect(t, ask, wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}, time.Now().Add(-time.Hour))
	stranger := pair(t, p256(t), "stranger", nil, nil)
	seen := map[string]int{}
	for _, octets := range [][]byte{
		expired,
		protect(t, ask, wsse.Options{Tokens: []wsse.Token{user("alice", "wrong")}}, time.Now()),
		protect(t, ask, wsse.Options{Tokens: []wsse.Token{user("nobody", "pw")}}, time.Now()),
		protect(t, ask, wsse.Options{Tokens: []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{stranger.Leaf}, Key: private(t, stranger)}}}, time.Now()),
		protect(t, ask, wsse.Options{Tokens: []wsse.Token{wsse.Issued{XML: w.assertion(func(b *saml.Build) { b.Issuer = "x" })}}}, time.Now()),
	} {
		a := w.post(soap.NewPacket(soap.V12, action, octets))
		w.isRefusal(a)
		// Ids and times of the answer are its own.
		text := string(a.octets)
		for _, e := range []string{a.env.MessageID.Value} {
			text = strings.ReplaceAll(text, e, "")
		}
		ts := a.env.Header.First("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd", "Security")
		if ts.OK() {
			text = strings.ReplaceAll(text, string(ts.Raw()), "")
		}
		seen[text]++
	}
	if len(seen) != 1 {
		t.Errorf("%d different faults: %v", len(seen), seen)
	}
	if !strings.Contains(fmt.Sprint(seen), ask.MessageID) {
		t.Error("the faults do not relate to the request")
	}
}

func TestMessagesOutOfPlace(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.Addresses = []string{audience, "https://localhost/"} })
	token := []wsse.Token{user("alice", "pw")}
	elsewhere := request()
	elsewhere.To = "https://other.example.com/"
	w.refused(w.send(elsewhere, wsse.Options{Tokens: token}), "policy")
	anonymous := request()
	anonymous.To = soap.A10.Anonymous()
	w.accepted(anonymous, token...)
	nowhere := request()
	nowhere.To = ""
	w.accepted(nowhere, token...)

	octets := protect(t, request(), wsse.Options{Tokens: token}, time.Now())
	p := soap.NewPacket(soap.V12, "urn:other", octets)
	w.refused(w.post(p), "protocol")
	p = soap.NewPacket(soap.V11, action, octets)
	w.refused(w.post(p), "protocol")
	inward := request()
	inward.ReplyTo = "http://169.254.169.254/"
	w.refused(w.send(inward, wsse.Options{Tokens: token}), "protocol")

	strange := request()
	strange.Headers = [][]byte{[]byte(`<x:Must xmlns:x="urn:x" xmlns:s="http://www.w3.org/2003/05/soap-envelope" s:mustUnderstand="1"/>`)}
	a := w.send(strange, wsse.Options{Tokens: token})
	if f := a.env.Fault(); f == nil || !f.Is(soap.MustUnderstand) {
		t.Errorf("a header that must be understood: %s", a.octets)
	}
	w.refused(w.send(request(), wsse.Options{Tokens: token, Timestamp: wsse.Never}), "policy")
	for _, off := range []time.Duration{-11 * time.Minute, 6 * time.Minute} {
		octets := protect(t, request(), wsse.Options{Tokens: token}, time.Now().Add(off))
		w.refused(w.post(soap.NewPacket(soap.V12, action, octets)), "expired")
	}
}

func TestReplay(t *testing.T) {
	w := newWorld(t, nil)
	client := pair(t, p256(t), "client", &w.ca, nil)
	for name, token := range map[string]wsse.Token{
		"signature":  wsse.X509{Certificates: []*x509.Certificate{client.Leaf}, Key: private(t, client)},
		"message id": user("alice", "pw"),
		"nonce":      wsse.Username{Name: "alice", Password: func() []byte { return []byte("pw") }, Digest: true},
	} {
		t.Run(name, func(t *testing.T) {
			w.TB = t
			out := request()
			if name != "message id" {
				out.Addressing = soap.ANone
			}
			if name == "nonce" || name == "signature" {
				out.Action = ""
			}
			octets := protect(t, out, wsse.Options{Tokens: []wsse.Token{token}}, time.Now())
			p := soap.NewPacket(soap.V12, "", octets)
			w.wantOrder(w.post(p))
			w.refused(w.post(p), "replay")
			w.refused(w.post(p), "replay")
		})
	}
	w.TB = t

	// A refused message leaves no mark: the same id can be used again.
	out := request()
	out.MessageID = "urn:uuid:7d4f2d0c-0001-4000-8000-000000000002"
	w.refused(w.send(out, wsse.Options{Tokens: []wsse.Token{user("alice", "wrong")}}), "trust")
	w.accepted(out, user("alice", "pw"))
	// One client's id is another's to use.
	w.accepted(out, user("böb", "ß€"))

	once := wsse.Issued{XML: w.assertion(func(b *saml.Build) { b.Conditions.OneTimeUse = true })}
	w.accepted(request(), once)
	w.refused(w.send(request(), wsse.Options{Tokens: []wsse.Token{once}}), "replay")
	often := wsse.Issued{XML: w.assertion(nil)}
	w.accepted(request(), often)
	w.accepted(request(), often)
}

// TestReplayStoreFailsClosed fills the store, and breaks it.
func TestReplayStoreFailsClosed(t *testing.T) {
	var broken brokenStore
	for name, store := range map[string]cache.Store{"full": cache.NewMemory(1), "broken": broken} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(w *world) { w.v.Replay = newReplay(t, store) })
			w.isRefusal(w.send(request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}))
			if len(w.seen) != 0 {
				t.Error("the handler was called")
			}
			if !strings.Contains(w.lastLine(), "replay store") {
				t.Errorf("log: %s", w.lastLine())
			}
		})
	}
}

type brokenStore struct{ cache.Store }

func (brokenStore) Add(context.Context, string, []byte, time.Duration) (bool, error) {
	return true, errors.New("store is down")
}

func TestPlaintext(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		w := newWorld(t, func(w *world) { w.v.InsecurePlaintext = allowed })
		h := w.v.Handler(func(context.Context, *service.Message) (any, error) { return order{ID: "42"}, nil })
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Second}
		go srv.Serve(ln)
		t.Cleanup(func() { srv.Close() })
		client := pair(t, p256(t), "client", &w.ca, nil)
		signed := protect(t, request(), wsse.Options{Tokens: []wsse.Token{wsse.X509{
			Certificates: []*x509.Certificate{client.Leaf}, Key: private(t, client), Parts: wsse.PartTimestamp | wsse.PartBody,
		}}}, time.Now())
		mixed := protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}, time.Now())
		for octets, want := range map[string]int{string(signed): 200, string(mixed): 500} {
			resp, err := http.Post("http://"+ln.Addr().String(), soap.V12.ContentType(action), strings.NewReader(octets))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if !allowed {
				want = 500
			}
			if resp.StatusCode != want {
				t.Errorf("plaintext allowed %v: status %d, want %d", allowed, resp.StatusCode, want)
			}
		}
		_, err = w.v.Verify(t.Context(), soap.NewPacket(soap.V12, action, mixed), service.Conn{})
		if err == nil || allowed != strings.Contains(err.Error(), "signature") && !allowed {
			t.Errorf("Verify of a mixed-mode message without TLS: %v", err)
		}
	}
}

func TestVerify(t *testing.T) {
	w := newWorld(t, nil)
	p := soap.NewPacket(soap.V12, action, protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}, time.Now()))
	m, err := w.v.Verify(t.Context(), p, service.Conn{TLS: &tls.ConnectionState{}})
	if err != nil {
		t.Fatal(err)
	}
	if m.Action() != action || m.ID() == "" || !strings.Contains(string(m.XML()), "<ID>42</ID>") || m.Principal().Name != "alice" {
		t.Errorf("message %q %q %s", m.Action(), m.ID(), m.XML())
	}
	var in getOrder
	if err := m.Decode(&in); err != nil || in.ID != "42" {
		t.Errorf("Decode: %+v, %v", in, err)
	}
	if _, err := w.v.Verify(t.Context(), p, service.Conn{TLS: &tls.ConnectionState{}}); wsse.ClassOf(err) != wsse.ClassReplay {
		t.Errorf("second time: %v", err)
	}
}

func TestConfiguration(t *testing.T) {
	w := newWorld(t, nil)
	for name, change := range map[string]func(*service.Verifier){
		"zero":            func(v *service.Verifier) { *v = service.Verifier{} },
		"no audience":     func(v *service.Verifier) { v.Audiences = nil },
		"empty audience":  func(v *service.Verifier) { v.Audiences = []string{""} },
		"empty address":   func(v *service.Verifier) { v.Addresses = []string{""} },
		"no replay store": func(v *service.Verifier) { v.Replay = nil },
		"nobody":          func(v *service.Verifier) { v.Issuers, v.Users, v.ClientCAs = nil, nil, nil },
		"issuer no name": func(v *service.Verifier) {
			v.Issuers = []service.Issuer{{Certificates: []*x509.Certificate{w.ca.Leaf}}}
		},
		"issuer no cert":     func(v *service.Verifier) { v.Issuers = []service.Issuer{{Name: "x"}} },
		"unknown suite":      func(v *service.Verifier) { v.Suite = alg.Suite("None") },
		"key cannot decrypt": func(v *service.Verifier) { v.Decrypt = []tls.Certificate{w.ca} },
		"signer without key": func(v *service.Verifier) { v.Signer = &tls.Certificate{Certificate: w.ca.Certificate} },
		"negative limit":     func(v *service.Verifier) { v.MaxSkew = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			v := *w.v
			change(&v)
			if err := v.Check(); !errors.Is(err, service.ErrConfig) {
				t.Errorf("Check: %v", err)
			}
			p := soap.NewPacket(soap.V12, action, protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}, time.Now()))
			if m, err := v.Verify(t.Context(), p, service.Conn{TLS: &tls.ConnectionState{}}); m != nil || !errors.Is(err, service.ErrConfig) {
				t.Errorf("Verify: %v", err)
			}
			served := newWorld(t, func(w *world) { w.v = &v })
			a := served.post(p)
			if a.env.Fault() == nil || len(served.seen) != 0 {
				t.Errorf("Handler: %s", a.octets)
			}
		})
	}
	if err := w.v.Check(); err != nil {
		t.Errorf("a good configuration: %v", err)
	}
}

func TestLogShowsNoSecret(t *testing.T) {
	w := newWorld(t, nil)
	const secret = "sEcReT-42"
	for _, octets := range [][]byte{
		protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", secret)}}, time.Now()),
		bytes.Replace(protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", secret)}}, time.Now()), []byte("</wsse:Password>"), []byte("<x/></wsse:Password>"), 1),
		bytes.Replace(protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", secret)}}, time.Now()), []byte("PasswordText"), []byte("PasswordOther"), 1),
	} {
		w.isRefusal(w.post(soap.NewPacket(soap.V12, action, octets)))
	}
	if strings.Contains(w.log.String(), secret) {
		t.Errorf("the log shows a password:\n%s", w.log)
	}
	// Nor can a peer write lines of its own into the log.
	w.isRefusal(w.send(request(), wsse.Options{Tokens: []wsse.Token{user("x\nlevel=ERROR msg=fake", "pw")}}))
	for _, line := range strings.Split(w.log.String(), "\n") {
		if strings.HasPrefix(line, "level=ERROR") {
			t.Errorf("a peer wrote a line of the log: %s", line)
		}
	}
}

// TestReplayMarksOutlastTheirMessages looks at how long the store is told to
// remember: as long as the message would be accepted, and not for ever.
func TestReplayMarksOutlastTheirMessages(t *testing.T) {
	ttls := &recordingStore{Store: cache.NewMemory(1 << 20)}
	w := newWorld(t, func(w *world) { w.v.Replay = newReplay(t, ttls) })
	client := pair(t, p256(t), "client", &w.ca, nil)
	w.accepted(request(), wsse.X509{Certificates: []*x509.Certificate{client.Leaf}, Key: private(t, client)})
	if len(ttls.seen) != 2 {
		t.Fatalf("%d marks, want one for the signature and one for the id", len(ttls.seen))
	}
	for _, ttl := range ttls.seen {
		if ttl < 10*time.Minute-2*time.Second || ttl > 10*time.Minute+2*time.Second {
			t.Errorf("a mark for %v, want latency and skew, 10 minutes", ttl)
		}
	}
}

type recordingStore struct {
	cache.Store
	seen []time.Duration
}

func (r *recordingStore) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	r.seen = append(r.seen, ttl)
	return r.Store.Add(ctx, key, value, ttl)
}
