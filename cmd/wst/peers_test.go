package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"html"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/devsts"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

// A dev is the issuer and service that the tests talk to.
type dev struct {
	dir       string
	state     *devsts.State
	ready     devsts.Ready
	elsewhere atomic.Int32 // visits to the place that a peer redirects to
}

func openDev(t *testing.T) *dev {
	t.Helper()
	d := &dev{dir: t.TempDir()}
	var err error
	if d.state, err = devsts.Open(devsts.Options{Dir: d.dir, InsecureFastPasswords: true}); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.ready = d.state.Ready(devsts.Base(ln.Addr()))
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- d.state.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *dev) env() map[string]string {
	return map[string]string{
		"STS": d.ready.Trust13, "STS2005": d.ready.Trust2005, "SERVICE": d.ready.Service, "ACTION": d.ready.ServiceAction,
		"CA": d.ready.CA, "SIGNER": d.ready.Signer, "CERT": d.ready.ClientCert, "KEY": d.ready.ClientKey,
		"SERVICEKEY": filepath.Join(d.dir, "service-key.pem"),
	}
}

// peer starts a server that misbehaves in one way, and returns its URL.
func (d *dev) peer(kind string, cleanup func(func())) (string, error) {
	cfg := d.state.ServerTLS()
	var h http.Handler
	switch kind {
	case "fault":
		h = soapFault("wst:RequestFailed", "the request failed, and your password is %s")
	case "denied":
		h = soapFault("wsse:FailedAuthentication", "wrong password %s")
	case "late":
		h = soapFault("wsu:MessageExpired", "too late")
	case "html":
		h = answer(http.StatusOK, "text/html", "<!DOCTYPE html><title>Sign in</title><p>Welcome")
	case "busy":
		h = answer(http.StatusServiceUnavailable, "text/plain", "busy")
	case "knock":
		h = answer(http.StatusUnauthorized, "text/html", "who?")
	case "nothing":
		h = answer(http.StatusOK, "application/soap+xml", "")
	case "rubbish":
		h = answer(http.StatusOK, "application/soap+xml", "\x00\x01<not xml")
	case "hangup":
		h = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	case "silent":
		h = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // a server sees the client go only once it has read all
			<-r.Context().Done()
		})
	case "endless":
		h = http.HandlerFunc(endless)
	case "redirect":
		h = d.redirect(cleanup)
	case "replayed":
		h = d.replayed()
	case "ahead":
		h = d.between(nil, func(b []byte) []byte { return shift(b, 10*time.Minute) })
	case "behind":
		h = d.between(nil, func(b []byte) []byte { return shift(b, -10*time.Minute) })
	case "clock": // to the issuer our clock is ten minutes off, and its answer says what time it is
		h = dated(-10*time.Minute, d.between(func(b []byte) []byte { return shift(b, 10*time.Minute) }, nil))
	case "altered":
		h = d.between(nil, func(b []byte) []byte { return bytes.Replace(b, []byte(">dev<"), []byte(">dew<"), 1) })
	case "bare": // an issuer that writes no Security header
		h = d.between(nil, func(b []byte) []byte { return securityHeader.ReplaceAll(b, nil) })
	case "signing": // a service that signs its answers, with the client's key
		pair, err := tls.LoadX509KeyPair(d.ready.ClientCert, d.ready.ClientKey)
		if err != nil {
			return "", err
		}
		if h, err = d.signing(pair); err != nil {
			return "", err
		}
	case "symmetric":
		h = d.between(nil, func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("200512/Bearer"), []byte("200512/SymmetricKey"))
		})
	case "elsewhere": // the certificate is for another host
		h = answer(http.StatusOK, "text/plain", "")
		pair, err := d.certificate("other.example")
		if err != nil {
			return "", err
		}
		cfg.Certificates = []tls.Certificate{pair}
	default:
		return "", fmt.Errorf("no peer of kind %q", kind)
	}
	s := httptest.NewUnstartedServer(h)
	s.TLS = cfg
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	cleanup(s.Close)
	if kind == "elsewhere" { // Go names the hosts of a certificate only if a name was asked for
		s.URL = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	}
	return s.URL + "/trust/13", nil
}

func answer(status int, kind, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

var sentPassword = regexp.MustCompile(`<wsse:Password[^>]*>([^<]*)<`)

// soapFault answers with a fault that repeats the password it was sent.
func soapFault(subcode, reason string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		password := ""
		if m := sentPassword.FindSubmatch(body); m != nil {
			password = string(m[1])
		}
		said := strings.ReplaceAll(reason, "%s", password)
		w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `<s:Envelope xmlns:s=%q xmlns:wsa=%q xmlns:wst=%q xmlns:wsse=%q xmlns:wsu=%q><s:Header><wsa:RelatesTo>%s</wsa:RelatesTo></s:Header><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>%s</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">%s</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`,
			xmltree.SOAP12, xmltree.WSA10, xmltree.Trust13, xmltree.WSSE, xmltree.WSU, messageID(body), subcode, html.EscapeString(said))
	})
}

var sentID = regexp.MustCompile(`<wsa:MessageID[^>]*>([^<]*)<`)

func messageID(body []byte) string {
	if m := sentID.FindSubmatch(body); m != nil {
		return string(m[1])
	}
	return ""
}

// endless announces 10 GB and sends until nobody listens any more.
func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/soap+xml")
	chunk := bytes.Repeat([]byte(" "), 64<<10)
	for sent := 0; sent < 10<<30; sent += len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func (d *dev) redirect(cleanup func(func())) http.Handler {
	other := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { d.elsewhere.Add(1) }))
	other.TLS = d.state.ServerTLS()
	other.StartTLS()
	cleanup(other.Close)
	return http.RedirectHandler(strings.Replace(other.URL, "127.0.0.1", "localhost", 1)+"/trust/13", http.StatusTemporaryRedirect)
}

// between is a man in the middle who holds the issuer's TLS key: it changes the
// request and the answer.
func (d *dev) between(request, reply func([]byte) []byte) http.Handler {
	same := func(b []byte) []byte { return b }
	if request == nil {
		request = same
	}
	if reply == nil {
		reply = same
	}
	roots := x509.NewCertPool()
	roots.AddCert(d.state.CA())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		// The issuer must find its own address in the message.
		body = bytes.ReplaceAll(body, []byte("https://"+r.Host+"/trust/13"), []byte(d.ready.Trust13))
		req, _ := http.NewRequestWithContext(r.Context(), http.MethodPost, d.ready.Trust13, bytes.NewReader(request(body)))
		req.Header.Set("Content-Type", r.Header.Get("Content-Type"))
		resp, err := client.Do(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		data, _ := io.ReadAll(resp.Body)
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		w.WriteHeader(resp.StatusCode)
		w.Write(reply(data))
	})
}

// replayed answers every request with the answer to the first.
func (d *dev) replayed() http.Handler {
	var first []byte
	var once sync.Once
	return d.between(nil, func(b []byte) []byte {
		once.Do(func() { first = b })
		return first
	})
}

func dated(by time.Duration, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
		h.ServeHTTP(w, r)
	})
}

var securityHeader = regexp.MustCompile(`<wsse:Security .*</wsse:Security>`)

// signing is a service whose answers are signed.
func (d *dev) signing(by tls.Certificate) (http.Handler, error) {
	secret := make([]byte, cache.KeySize)
	rand.Read(secret)
	key, err := cache.NewKey("test", secret)
	if err != nil {
		return nil, err
	}
	replay, err := cache.New(cache.NewMemory(1<<20), key)
	if err != nil {
		return nil, err
	}
	v := &service.Verifier{
		Audiences: []string{d.ready.Service},
		Issuers:   []service.Issuer{{Name: devsts.Issuer, Certificates: []*x509.Certificate{d.state.Signer()}}},
		Replay:    replay,
		Signer:    &by,
	}
	return v.Handler(func(context.Context, *service.Message) (any, error) {
		return service.XML(`<Signed xmlns="urn:wstrust:demo"/>`), nil
	}), nil
}

var stamped = regexp.MustCompile(`(<wsu:(?:Created|Expires)[^>]*>)([^<]*)<`)

// shift moves every wsu:Created and wsu:Expires.
func shift(b []byte, by time.Duration) []byte {
	return stamped.ReplaceAllFunc(b, func(m []byte) []byte {
		parts := stamped.FindSubmatch(m)
		at, err := xmltree.ParseTime(string(parts[2]))
		if err != nil {
			return m
		}
		return fmt.Appendf(nil, "%s%s<", parts[1], xmltree.FormatTime(at.Add(by)))
	})
}

// certificate issues a TLS certificate for another host, from the authority
// that the tests trust.
func (d *dev) certificate(host string) (tls.Certificate, error) {
	ca, err := tls.LoadX509KeyPair(d.dir+"/ca.pem", d.dir+"/ca-key.pem")
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.Leaf, key.Public(), ca.PrivateKey)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
