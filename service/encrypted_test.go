package service_test

import (
	"bytes"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"testing"

	"wstrust"
	"wstrust/service"
)

// A wire keeps what a client sends and gets.
type wire struct {
	base     http.RoundTripper
	sent     []byte
	received []byte
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.sent, _ = io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(w.sent))
	resp, err := w.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	w.received, err = io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(w.received))
	return resp, err
}

// Every preset, from our own client to our own service and back.
func TestProtectedMessages(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.v.Signer = &w.own
		w.v.Confirm = true
		w.v.Contexts = new(service.Contexts)
	})
	signer := pair(t, rsa2048(t), "client", &w.ca, nil)
	elliptic := pair(t, p256(t), "elliptic client", &w.ca, nil)
	alice := wstrust.Username("alice", "pw")
	to := w.own.Leaf
	implied := wstrust.ProtectSymmetric(to)
	implied.Derive, implied.EncryptThenSign = wstrust.DeriveImplied, true
	conversation := &wstrust.Protection{Sign: wstrust.PartBody | wstrust.PartTimestamp, Encrypt: wstrust.PartBody | wstrust.PartSignature, Derive: wstrust.Derive13}
	for _, c := range []struct {
		name      string
		p         *wstrust.Protection
		bindings  []wstrust.Binding
		who       string
		encrypted bool
	}{
		{"transport", wstrust.ProtectTransport(), []wstrust.Binding{alice}, "alice", false},
		{"body and timestamp", wstrust.ProtectBodyTimestamp(), []wstrust.Binding{wstrust.Certificate(elliptic)}, "CN=elliptic client", false},
		{"addressing", wstrust.ProtectBodyAddressing(), []wstrust.Binding{wstrust.Certificate(signer), alice}, "alice", false},
		{"envelope", wstrust.ProtectEnvelope(), []wstrust.Binding{wstrust.Certificate(signer)}, "CN=client", false},
		{"asymmetric", wstrust.ProtectAsymmetricSign(), []wstrust.Binding{wstrust.Certificate(signer)}, "CN=client", false},
		{"asymmetric, encrypted", wstrust.ProtectAsymmetricSignEncrypt(to), []wstrust.Binding{wstrust.Certificate(signer)}, "CN=client", true},
		{"symmetric", wstrust.ProtectSymmetric(to), []wstrust.Binding{alice}, "alice", true},
		{"symmetric, endorsed", wstrust.ProtectSymmetric(to), []wstrust.Binding{wstrust.Certificate(elliptic)}, "CN=elliptic client", true},
		{"symmetric, ciphertext signed", implied, []wstrust.Binding{alice}, "alice", true},
		{"conversation", conversation, []wstrust.Binding{wstrust.SecurityContextWith(wstrust.ContextConfig{
			BootstrapConfig: &wstrust.Config{Bindings: []wstrust.Binding{alice}, HTTP: w.srv.Client(), PeerCertificates: []*x509.Certificate{to}},
		})}, "alice", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.p != nil {
				c.p.Confirm = true
			}
			log := &wire{base: w.srv.Client().Transport}
			cfg := wstrust.Config{
				Bindings: c.bindings, Protection: c.p, HTTP: &http.Client{Transport: log}, PeerCertificates: []*x509.Certificate{to},
			}
			ch, err := wstrust.Open(t.Context(), w.srv.URL, cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer ch.Close(t.Context())
			w.seen = nil
			var out order
			if err := ch.Call(t.Context(), action, getOrder{ID: "secret-4711"}, &out); err != nil {
				t.Fatalf("%v\n%s\n%s\n%s", err, log.sent, log.received, w.log)
			}
			if out.ID != "secret-4711" || out.For != c.who {
				t.Errorf("answer %+v", out)
			}
			for _, octets := range [][]byte{log.sent, log.received} {
				if c.encrypted == bytes.Contains(octets, []byte("secret-4711")) {
					t.Errorf("encrypted: want %v\n%s", c.encrypted, octets)
				}
			}
			m := w.seen[len(w.seen)-1]
			body, ok := m.Protected()[service.Body]
			if !ok || c.encrypted != (body.Encrypted != "") || (c.p != nil) != (len(body.SignedBy) > 0) || c.encrypted != (m.Encrypted()&service.Body != 0) {
				t.Errorf("body: %+v", body)
			}
		})
	}
}

// Over plain HTTP the messages protect themselves: an answer without its
// Security header, or from nobody in particular, is refused.
func TestProtectionWithoutTLS(t *testing.T) {
	w := newWorld(t, func(w *world) { w.v.InsecurePlaintext = true })
	strip := false
	plain := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rec := &recorder{header: http.Header{}}
		w.v.Handler(w.call).ServeHTTP(rec, r)
		octets := rec.body.Bytes()
		if strip {
			i, j := bytes.Index(octets, []byte("<wsse:Security")), bytes.Index(octets, []byte("</wsse:Security>"))
			octets = append(octets[:i:i], octets[j+len("</wsse:Security>"):]...)
		}
		rw.Header().Set("Content-Type", rec.header.Get("Content-Type"))
		rw.WriteHeader(rec.status)
		rw.Write(octets)
	})}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go plain.Serve(ln)
	defer plain.Close()
	ch, err := wstrust.Open(t.Context(), "http://"+ln.Addr().String(), wstrust.Config{
		Bindings: []wstrust.Binding{wstrust.Username("alice", "pw")}, Protection: wstrust.ProtectSymmetric(w.own.Leaf), InsecurePlaintext: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Abort()
	var out order
	if err := ch.Call(t.Context(), action, getOrder{ID: "42"}, &out); err != nil || out.ID != "42" {
		t.Fatalf("%v %+v\n%s", err, out, w.log)
	}
	strip = true
	if err := ch.Call(t.Context(), action, getOrder{ID: "42"}, &out); err == nil {
		t.Fatal("an answer that nothing protects was accepted")
	}
}

type recorder struct {
	header http.Header
	body   bytes.Buffer
	status int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorder) WriteHeader(status int)      { r.status = status }
