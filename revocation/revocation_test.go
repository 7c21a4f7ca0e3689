package revocation_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"wstrust/revocation"
)

// A world is an authority with its web server, both made for one test.
type world struct {
	key    crypto.Signer
	ca     *x509.Certificate
	server *httptest.Server
	host   string

	asked, fetched atomic.Int32
	answer, list   func() (status int, body []byte)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	w.key, w.ca = w.certify(t, 1, true)
	w.server = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.server.Close)
	w.host = strings.TrimPrefix(w.server.URL, "http://")
	w.answer = func() (int, []byte) { return http.StatusOK, w.response(t, ocsp.Good, time.Hour) }
	w.list = func() (int, []byte) { return http.StatusOK, w.revoked(t, time.Hour) }
	return w
}

func (w *world) serve(out http.ResponseWriter, r *http.Request) {
	status, body := http.StatusNotFound, []byte(nil)
	switch r.URL.Path {
	case "/ocsp":
		w.asked.Add(1)
		question, err := io.ReadAll(r.Body)
		if _, bad := ocsp.ParseRequest(question); err == nil && bad == nil && r.Header.Get("Content-Type") == "application/ocsp-request" {
			status, body = w.answer()
		}
	case "/list":
		w.fetched.Add(1)
		status, body = w.list()
	case "/away":
		http.Redirect(out, r, "/list", http.StatusFound)
		return
	}
	out.WriteHeader(status)
	_, _ = out.Write(body)
}

// certify makes a test key and its certificate.
func (w *world) certify(t *testing.T, serial int64, authority bool, uris ...string) (crypto.Signer, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: fmt.Sprint("test certificate ", serial)}, DNSNames: []string{"service.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:     authority, BasicConstraintsValid: authority, SubjectKeyId: []byte{byte(serial)},
	}
	for _, uri := range uris {
		if strings.HasSuffix(uri, "/ocsp") {
			c.OCSPServer = append(c.OCSPServer, uri)
		} else {
			c.CRLDistributionPoints = append(c.CRLDistributionPoints, uri)
		}
	}
	parent, signer := c, crypto.Signer(key)
	if w.ca != nil {
		parent, signer = w.ca, w.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

func (w *world) path(t *testing.T, serial int64, uris ...string) []*x509.Certificate {
	t.Helper()
	_, cert := w.certify(t, serial, false, uris...)
	return []*x509.Certificate{cert, w.ca}
}

func (w *world) both() []string { return []string{w.server.URL + "/ocsp", w.server.URL + "/list"} }

// revoked is a list with the serial numbers.
func (w *world) revoked(t *testing.T, good time.Duration, serials ...int64) []byte {
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(good)}
	for _, n := range serials {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(n), RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, w.ca, w.key)
	if err != nil {
		t.Error(err)
	}
	return der
}

// response is about the certificate 10.
func (w *world) response(t *testing.T, status int, good time.Duration) []byte {
	r := ocsp.Response{Status: status, SerialNumber: big.NewInt(10), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(good), RevokedAt: time.Now()}
	octets, err := ocsp.CreateResponse(w.ca, w.ca, r, w.key)
	if err != nil {
		t.Error(err)
	}
	return octets
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%v, want %v", err, want)
	}
}

func check(c *revocation.Checker, chain []*x509.Certificate) error {
	return c.Check(context.Background(), chain, time.Now())
}

// Nothing is known unless there is something to know it from, and nobody is
// asked who is not named.
func TestNothingIsKnownAndNobodyAsked(t *testing.T) {
	w := newWorld(t)
	chain := w.path(t, 10, w.both()...)
	for name, c := range map[string]*revocation.Checker{
		"nothing":        {},
		"another host":   {Hosts: []string{"example.com", w.host + "0", strings.Split(w.host, ":")[0]}},
		"of another":     {Lists: [][]byte{newWorld(t).revoked(t, time.Hour)}},
		"out of date":    {Lists: [][]byte{w.revoked(t, -30*time.Minute)}},
		"no list at all": {Lists: [][]byte{[]byte("list")}, Responses: [][]byte{nil, []byte("response")}},
	} {
		err := check(c, chain)
		wants(t, err, revocation.ErrUnknown)
		if err == nil || !strings.Contains(err.Error(), "test certificate 10") {
			t.Errorf("%s: %v", name, err)
		}
		c.InsecureUnknown = true
		wants(t, check(c, chain), nil)
	}
	if n := w.asked.Load() + w.fetched.Load(); n > 0 {
		t.Errorf("%d connections to a host that is not allowed", n)
	}
	c := &revocation.Checker{}
	wants(t, check(c, nil), revocation.ErrUnknown)
	wants(t, check(c, chain[1:]), nil) // the authority itself
	for _, uri := range []string{"ldap://" + w.host + "/list", "http://user@" + w.host + "/list", "file:///list", "http://%/list", "http:/list"} {
		c := &revocation.Checker{Hosts: []string{w.host, ""}}
		wants(t, check(c, w.path(t, 10, uri)), revocation.ErrUnknown)
	}
}

// What is there is believed: the worst of it.
func TestGivenListsAndResponses(t *testing.T) {
	w := newWorld(t)
	chain := w.path(t, 10)
	list := func(serials ...int64) []byte { return w.revoked(t, time.Hour, serials...) }
	for name, c := range map[string]struct {
		lists, responses [][]byte
		want             error
	}{
		"list":                    {lists: [][]byte{list(9, 11)}},
		"revoked":                 {lists: [][]byte{list(9, 10)}, want: revocation.ErrRevoked},
		"one of two":              {lists: [][]byte{list(), list(10)}, want: revocation.ErrRevoked},
		"the first of two":        {lists: [][]byte{list(10), list()}, want: revocation.ErrRevoked},
		"response":                {responses: [][]byte{w.response(t, ocsp.Good, time.Hour)}},
		"revoked by response":     {responses: [][]byte{w.response(t, ocsp.Revoked, time.Hour)}, want: revocation.ErrRevoked},
		"against the list":        {lists: [][]byte{list()}, responses: [][]byte{w.response(t, ocsp.Revoked, time.Hour)}, want: revocation.ErrRevoked},
		"not known, but the list": {lists: [][]byte{list()}, responses: [][]byte{w.response(t, ocsp.Unknown, time.Hour)}},
	} {
		for _, soft := range []bool{false, true} {
			got := check(&revocation.Checker{Lists: c.lists, Responses: c.responses, InsecureUnknown: soft}, chain)
			if !errors.Is(got, c.want) || c.want == nil && got != nil {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
	// The authority in between is looked up as well.
	sub := &world{}
	sub.key, sub.ca = w.certify(t, 2, true)
	_, leaf := sub.certify(t, 10, false)
	long := []*x509.Certificate{leaf, sub.ca, w.ca}
	wants(t, check(&revocation.Checker{Lists: [][]byte{sub.revoked(t, time.Hour)}}, long), revocation.ErrUnknown)
	wants(t, check(&revocation.Checker{Lists: [][]byte{sub.revoked(t, time.Hour), list()}}, long), nil)
	wants(t, check(&revocation.Checker{Lists: [][]byte{sub.revoked(t, time.Hour), list(2)}}, long), revocation.ErrRevoked)
}

// The responder is asked once for as long as its answer is good, and the list
// only if the responder does not know.
func TestAskedOnce(t *testing.T) {
	w := newWorld(t)
	chain := w.path(t, 10, w.both()...)
	c := &revocation.Checker{Hosts: []string{w.host}}
	now := time.Now()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { wants(t, c.Check(context.Background(), chain, now), nil) })
	}
	all.Wait()
	if a, f := w.asked.Load(), w.fetched.Load(); a != 1 || f != 0 {
		t.Errorf("%d questions, %d lists, want one question", a, f)
	}
	// Out of date: the responder is asked again, and then says otherwise.
	w.answer = func() (int, []byte) { return http.StatusOK, w.response(t, ocsp.Revoked, 3*time.Hour) }
	wants(t, c.Check(context.Background(), chain, now.Add(2*time.Hour)), revocation.ErrRevoked)
	if a := w.asked.Load(); a != 2 {
		t.Errorf("%d questions, want two", a)
	}
	// A list is kept for all certificates that name it.
	c = &revocation.Checker{Hosts: []string{w.host}}
	w.list = func() (int, []byte) { return http.StatusOK, w.revoked(t, time.Hour, 11) }
	for serial, want := range map[int64]error{10: nil, 11: revocation.ErrRevoked, 12: nil} {
		wants(t, check(c, w.path(t, serial, w.server.URL+"/list")), want)
	}
	if f := w.fetched.Load(); f != 1 {
		t.Errorf("%d lists, want one", f)
	}
}

// Where the responder is of no use, the list is looked at.
func TestResponderFails(t *testing.T) {
	for name, answer := range map[string]func(*world) (int, []byte){
		"error":      func(*world) (int, []byte) { return http.StatusInternalServerError, nil },
		"nonsense":   func(*world) (int, []byte) { return http.StatusOK, []byte("answer") },
		"later":      func(*world) (int, []byte) { return http.StatusOK, ocsp.TryLaterErrorResponse },
		"of another": func(*world) (int, []byte) { return http.StatusOK, newWorld(t).response(t, ocsp.Good, time.Hour) },
		"not known":  func(w *world) (int, []byte) { return http.StatusOK, w.response(t, ocsp.Unknown, time.Hour) },
	} {
		w := newWorld(t)
		w.answer = func() (int, []byte) { return answer(w) }
		c := &revocation.Checker{Hosts: []string{w.host}}
		chain := w.path(t, 10, w.both()...)
		if err := check(c, chain); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		w.list = func() (int, []byte) { return http.StatusOK, w.revoked(t, time.Hour, 10) }
		c = &revocation.Checker{Hosts: []string{w.host}}
		wants(t, check(c, chain), revocation.ErrRevoked)
		if w.asked.Load() != 2 || w.fetched.Load() != 2 {
			t.Errorf("%s: %d questions, %d lists", name, w.asked.Load(), w.fetched.Load())
		}
	}
}

// Whoever does not answer is not asked by every message, and what does not come
// or is no answer is not known.
func TestFailuresToAsk(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world, c *revocation.Checker)
		path   string
	}{
		"error": {change: func(w *world, _ *revocation.Checker) {
			w.list = func() (int, []byte) { return http.StatusInternalServerError, nil }
		}},
		"nonsense": {change: func(w *world, _ *revocation.Checker) {
			w.list = func() (int, []byte) { return http.StatusOK, []byte("list") }
		}},
		"too large": {change: func(_ *world, c *revocation.Checker) { c.MaxBytes = 100 }},
		"redirect":  {path: "/away"},
		"away":      {change: func(w *world, _ *revocation.Checker) { w.server.Close() }},
		"too slow": {change: func(w *world, c *revocation.Checker) {
			hold := make(chan struct{})
			t.Cleanup(func() { close(hold) })
			w.list = func() (int, []byte) { <-hold; return http.StatusOK, nil }
			c.Timeout = 10 * time.Millisecond
		}},
	} {
		w := newWorld(t)
		checker := &revocation.Checker{Hosts: []string{w.host}, Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
		if c.change != nil {
			c.change(w, checker)
		}
		if c.path == "" {
			c.path = "/list"
		}
		chain := w.path(t, 10, w.server.URL+c.path)
		now := time.Now()
		for range 3 {
			err := checker.Check(context.Background(), chain, now)
			wants(t, err, revocation.ErrUnknown)
			if err == nil || !strings.Contains(err.Error(), c.path) && name != "nonsense" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if f := w.fetched.Load(); f > 1 {
			t.Errorf("%s: asked %d times in a minute", name, f)
		}
		if name == "error" || name == "nonsense" {
			w.list = func() (int, []byte) { return http.StatusOK, w.revoked(t, time.Hour) }
			wants(t, checker.Check(context.Background(), chain, now.Add(2*time.Minute)), nil)
		}
	}
}

// Whoever waits for another's question may go; the question goes on.
func TestTheAskerMayGo(t *testing.T) {
	w := newWorld(t)
	chain := w.path(t, 10, w.server.URL+"/list")
	c := &revocation.Checker{Hosts: []string{w.host}}
	arrived, hold := make(chan struct{}), make(chan struct{})
	w.list = func() (int, []byte) { close(arrived); <-hold; return http.StatusOK, w.revoked(t, time.Hour) }
	ctx, cancel := context.WithCancel(context.Background())
	first := make(chan error)
	go func() { first <- c.Check(ctx, chain, time.Now()) }()
	<-arrived
	cancel()
	if err := c.Check(ctx, chain, time.Now()); !errors.Is(err, revocation.ErrUnknown) || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("the one who waits: %v", err)
	}
	close(hold)
	wants(t, <-first, nil)
	wants(t, check(c, chain), nil)
}

// In a TLS handshake: what is stapled, and what is looked up.
func TestVerifyConnection(t *testing.T) {
	w := newWorld(t)
	key, cert := w.certify(t, 10, false)
	roots := x509.NewCertPool()
	roots.AddCert(w.ca)
	for name, c := range map[string]struct {
		staple []byte
		lists  [][]byte
		blind  bool // nothing is verified by TLS
		want   error
	}{
		"stapled":     {staple: w.response(t, ocsp.Good, time.Hour)},
		"revoked":     {staple: w.response(t, ocsp.Revoked, time.Hour), want: revocation.ErrRevoked},
		"nothing":     {want: revocation.ErrUnknown},
		"list":        {lists: [][]byte{w.revoked(t, time.Hour)}},
		"by list":     {staple: w.response(t, ocsp.Good, time.Hour), lists: [][]byte{w.revoked(t, time.Hour, 10)}, want: revocation.ErrRevoked},
		"no checking": {staple: w.response(t, ocsp.Good, time.Hour), blind: true, want: revocation.ErrUnknown},
	} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key, OCSPStaple: c.staple}}}
		s.Config.ErrorLog = nil
		s.StartTLS()
		checker := &revocation.Checker{Lists: c.lists}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
			RootCAs: roots, ServerName: "service.test", VerifyConnection: checker.VerifyConnection, InsecureSkipVerify: c.blind,
		}}}
		resp, err := client.Get(s.URL)
		if err == nil {
			resp.Body.Close()
		}
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		client.CloseIdleConnections()
		s.Close()
	}
	wants(t, (&revocation.Checker{}).VerifyConnection(tls.ConnectionState{}), nil)
}
