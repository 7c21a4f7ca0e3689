package devsts_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wstrust"
	"wstrust/internal/devsts"
)

// start serves a state folder until stop is called, and returns what is told.
func start(t *testing.T, o devsts.Options) (devsts.Ready, func()) {
	t.Helper()
	s, err := devsts.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	stop := func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		done <- nil
	}
	t.Cleanup(stop)
	return s.Ready(devsts.Base(ln.Addr())), stop
}

// client opens a channel with nothing but what Ready tells.
func client(t *testing.T, r devsts.Ready, url string, b ...wstrust.Binding) *wstrust.Channel {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(read(t, r.CA)) {
		t.Fatal("no certificate in the CA file")
	}
	ch, err := wstrust.Open(t.Context(), url, wstrust.Config{Bindings: b, TLS: &tls.Config{RootCAs: roots}, TokenSigners: []*x509.Certificate{certificate(t, r.Signer)}})
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func certificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(read(t, path))
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestStateIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	first, stop := start(t, devsts.Options{Dir: dir})
	user := first.Users[0]
	tok, err := client(t, first, first.Trust13, wstrust.Username(user.Name, user.Password)).
		RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: first.Service})
	if err != nil {
		t.Fatal(err)
	}
	out, err := client(t, first, first.Service, wstrust.XMLToken(tok)).Do(t.Context(), first.ServiceAction, `<Echo xmlns="urn:wstrust:demo"><Text>a &lt; b</Text></Echo>`)
	if err != nil || !strings.Contains(string(out), "<Text>a &lt; b</Text><Caller>dev</Caller><Confirmation>holder-of-key</Confirmation>") {
		t.Fatalf("%s, %v", out, err)
	}
	before := map[string]string{}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		before[f.Name()] = string(read(t, filepath.Join(dir, f.Name())))
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v", f.Name(), info.Mode())
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v", info.Mode())
	}
	stop()

	second, _ := start(t, devsts.Options{Dir: dir, Key: "p256"}) // the key is there already
	for name, content := range before {
		if string(read(t, filepath.Join(dir, name))) != content {
			t.Errorf("%s changed over a restart", name)
		}
	}
	if second.Users[0] != user {
		t.Error("the user changed over a restart")
	}
	if _, err := client(t, second, second.Trust2005, wstrust.Username(user.Name, user.Password)).
		RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: second.Service, KeyType: wstrust.Bearer}); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func TestReadyLine(t *testing.T) {
	dir := t.TempDir()
	s, err := devsts.Open(devsts.Options{Dir: dir, InsecureFastPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(s.Ready("https://127.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"trust13": "https://127.0.0.1:1/trust/13", "trust2005": "https://127.0.0.1:1/trust/2005",
		"service": "https://127.0.0.1:1/service", "service_action": devsts.Action,
		"ca": filepath.Join(dir, "ca.pem"), "signer": filepath.Join(dir, "signer.pem"),
		"client_cert": filepath.Join(dir, "client.pem"), "client_key": filepath.Join(dir, "client-key.pem"),
	} {
		if got[key] != want {
			t.Errorf("%s: %v, want %s", key, got[key], want)
		}
	}
	users, _ := got["users"].([]any)
	if len(got) != 9 || len(users) != 1 || strings.Contains(string(line), "\n") {
		t.Errorf("line %s", line)
	}
}

func TestFurtherPeople(t *testing.T) {
	dir := t.TempDir()
	people := filepath.Join(dir, "people")
	write := func(path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(people, "alice:her own\n")
	// The authority of another state folder stands for one of somebody's own.
	other, err := devsts.Open(devsts.Options{Dir: filepath.Join(dir, "other"), Key: "p256", InsecureFastPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	r, _ := start(t, devsts.Options{
		Dir: filepath.Join(dir, "state"), Key: "p256", UsersFile: people, ClientCA: filepath.Join(dir, "other", "ca.pem"),
		Audiences: []string{"https://orders.example.com/"}, InsecureFastPasswords: true,
	})
	if len(r.Users) != 2 || r.Users[1].Name != "alice" || r.Users[1].Password != "" {
		t.Errorf("users %v", r.Users)
	}
	own, err := tls.LoadX509KeyPair(r.ClientCert, r.ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	req := wstrust.TokenRequest{AppliesTo: r.Service, KeyType: wstrust.Bearer}
	for what, b := range map[string]wstrust.Binding{
		"alice": wstrust.Username("alice", "her own"), "dev": wstrust.Username("dev", r.Users[0].Password),
		"own client": wstrust.Certificate(own), "other client": wstrust.Certificate(other.Client()),
	} {
		if _, err := client(t, r, r.Trust13, b).RequestToken(t.Context(), req); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, b := range map[string]wstrust.Binding{"digest": wstrust.UsernameDigest("alice", "her own"), "wrong": wstrust.Username("alice", ""), "nobody": wstrust.Username("bob", "x")} {
		if _, err := client(t, r, r.Trust13, b).RequestToken(t.Context(), req); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	for audience, want := range map[string]bool{"https://orders.example.com/": true, "https://other.example.com/": false} {
		_, err := client(t, r, r.Trust13, wstrust.Username("alice", "her own")).RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: audience, KeyType: wstrust.Bearer})
		if (err == nil) != want {
			t.Errorf("%s: %v", audience, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for what, o := range map[string]devsts.Options{
		"no folder":      {},
		"kind of key":    {Dir: filepath.Join(dir, "a"), Key: "dsa"},
		"folder is file": {Dir: file("plain", "x")},
		"no users file":  {Dir: filepath.Join(dir, "b"), UsersFile: filepath.Join(dir, "none")},
		"user twice":     {Dir: filepath.Join(dir, "b"), UsersFile: file("users", "dev:pw\n")},
		"no client CA":   {Dir: filepath.Join(dir, "b"), ClientCA: filepath.Join(dir, "none")},
		"bad client CA":  {Dir: filepath.Join(dir, "b"), ClientCA: file("ca", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")},
		"empty CA":       {Dir: filepath.Join(dir, "b"), ClientCA: file("empty", "")},
	} {
		o.InsecureFastPasswords = true
		if s, err := devsts.Open(o); err == nil {
			t.Errorf("%s: %v", what, s)
		} else if strings.Contains(err.Error(), "pw") {
			t.Errorf("%s: the error shows a password: %v", what, err)
		}
	}
}

// TestRubbish sends no message at all to every endpoint, and to none.
func TestRubbish(t *testing.T) {
	r, _ := start(t, devsts.Options{Dir: t.TempDir(), Key: "p256", InsecureFastPasswords: true})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(read(t, r.CA))
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer c.CloseIdleConnections()
	for _, url := range []string{r.Trust13, r.Trust2005, r.Service} {
		for _, body := range []string{"", "<html>", strings.Repeat("<a>", 1000)} {
			resp, err := c.Post(url, "application/soap+xml", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 500 {
				t.Errorf("%s %.10q: status %d", url, body, resp.StatusCode)
			}
		}
	}
	if resp, err := c.Get(strings.TrimSuffix(r.Service, "service")); err != nil || resp.StatusCode != 404 {
		t.Errorf("%v, %v", resp, err)
	}
	if _, err := client(t, r, r.Trust13, wstrust.Username("dev", r.Users[0].Password)).
		RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: r.Service}); err != nil {
		t.Error(err)
	}
}

func TestServeReportsAListenerThatFails(t *testing.T) {
	s, err := devsts.Open(devsts.Options{Dir: t.TempDir(), Key: "p256", InsecureFastPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	done := make(chan error)
	go func() { done <- s.Serve(t.Context(), ln) }()
	select {
	case err := <-done:
		if !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Serve waits on a closed listener")
	}
}

func TestBase(t *testing.T) {
	for address, want := range map[string]string{"127.0.0.1:80": "https://127.0.0.1:80", "[::1]:80": "https://[::1]:80", "0.0.0.0:80": "https://localhost:80", "[::]:80": "https://localhost:80"} {
		a, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := devsts.Base(a); got != want {
			t.Errorf("Base(%s) = %s, want %s", address, got, want)
		}
	}
	if got := fmt.Sprint(devsts.LoopbackNames("https://localhost:1/x"), devsts.LoopbackNames("https://sts.example.com/")); got !=
		"[https://localhost:1/x https://127.0.0.1:1/x https://[::1]:1/x] [https://sts.example.com/]" {
		t.Error(got)
	}
}
