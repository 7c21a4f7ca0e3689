package httpauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// newServer knows alice, whose password is pw.
func newServer(schemes Scheme) *Server {
	return &Server{
		Schemes: schemes, BasicRealm: `the "shop"`, DigestRealm: "shop",
		Check: func(_ context.Context, name, password string) (bool, error) {
			return name == "alice" && password == "pw", nil
		},
		Secret: func(_ context.Context, name, _ string) (Secret, error) {
			return map[string]Secret{"alice": {Password: "pw"}, "Jäsøn": {Password: "pw"}}[name], nil
		},
	}
}

// guarded is an HTTP server that answers with the user's name.
func guarded(t *testing.T, s *Server) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, err := s.Authenticate(r)
		if err != nil {
			s.Challenge(w.Header(), err)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, name)
	}))
	t.Cleanup(srv.Close)
	return srv
}

// Our client and our server agree on every set of schemes, and on what a wrong
// password and an unknown user are.
func TestServerWithOurClient(t *testing.T) {
	for _, offered := range []Scheme{Basic, Digest, Basic | Digest} {
		for _, spoken := range []Scheme{Basic, Digest, Basic | Digest} {
			srv := guarded(t, newServer(offered))
			post := func(a *Auth) error {
				req, _ := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/a?b=c%20d", strings.NewReader("body"))
				resp, err := a.Do(req, srv.Client().Do)
				if err == nil {
					resp.Body.Close()
				}
				return err
			}
			common := offered & spoken
			a := alice(spoken)
			for range 3 {
				if err := post(a); (err == nil) != (common != 0) {
					t.Fatalf("offered %v, spoken %v: %v", offered, spoken, err)
				}
			}
			for what, bad := range map[string]*Auth{
				"password": {Schemes: spoken, Name: "alice", Password: func() string { return "wrong" }},
				"user":     {Schemes: spoken, Name: "mallory", Password: func() string { return "pw" }},
				"nobody":   {Schemes: spoken, Name: "mallory"},
			} {
				r, ok := errors.AsType[*Refusal](post(bad))
				if !ok || r.Denied != (common != 0) {
					t.Errorf("offered %v, spoken %v, wrong %s: %+v", offered, spoken, what, r)
				}
			}
		}
	}
}

// digestRequest is a request to / with a credential in an algorithm, as it may be
// changed before it is written.
func digestRequest(t *testing.T, s *Server, algorithm, user, password string, count uint32, change func(c *challenge)) *http.Request {
	t.Helper()
	h := http.Header{}
	s.Challenge(h, nil)
	c := &challenge{}
	for _, offer := range challenges(h.Values("WWW-Authenticate")) {
		if offer.params["algorithm"] == algorithm {
			c = &offer
		}
	}
	if change != nil {
		change(c)
	}
	text, err := c.answer(user, password, "POST", "/", "cnonce", count)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Authorization", text)
	return r
}

// Both algorithms, by the password or by its hash; the hash counts.
func TestServerSecrets(t *testing.T) {
	secret := Secret{}
	s := newServer(Digest)
	s.Secret = func(_ context.Context, _, realm string) (Secret, error) {
		if realm != "shop" {
			t.Errorf("asked for realm %q", realm)
		}
		return secret, nil
	}
	hash := func(name string) string {
		a, _ := algorithmNamed(name)
		return strings.ToUpper(a.hash("alice", "shop", "pw"))
	}
	for _, c := range []struct {
		algorithm string
		secret    Secret
		want      error
	}{
		{"SHA-256", Secret{Password: "pw"}, nil},
		{"MD5", Secret{Password: "pw"}, nil},
		{"SHA-256", Secret{SHA256: hash("SHA-256")}, nil},
		{"MD5", Secret{MD5: hash("MD5")}, nil},
		{"SHA-256", Secret{Password: "other", SHA256: hash("SHA-256")}, nil},
		{"SHA-256", Secret{Password: "pw", SHA256: hash("MD5")}, ErrWrong},
		{"MD5", Secret{SHA256: hash("SHA-256")}, ErrWrong},
		{"MD5", Secret{Password: "other"}, ErrWrong},
		{"MD5", Secret{}, ErrWrong},
	} {
		secret = c.secret
		name, err := s.Authenticate(digestRequest(t, s, c.algorithm, "alice", "pw", 1, nil))
		if !errors.Is(err, c.want) || err == nil && name != "alice" {
			t.Errorf("%s with %+v: %q, %v", c.algorithm, c.secret, name, err)
		}
	}
	// Nobody has the empty password, whatever he writes.
	secret = Secret{}
	if _, err := s.Authenticate(digestRequest(t, s, "SHA-256", "mallory", "", 1, nil)); !errors.Is(err, ErrWrong) {
		t.Error(err)
	}
	down := errors.New("the directory is down")
	s.Secret = func(context.Context, string, string) (Secret, error) { return Secret{Password: "pw"}, down }
	if _, err := s.Authenticate(digestRequest(t, s, "SHA-256", "alice", "pw", 1, nil)); !errors.Is(err, down) {
		t.Error(err)
	}
}

// What is wrong with a credential of Digest, whoever wrote it.
func TestServerRefusesCredentials(t *testing.T) {
	s := newServer(Digest)
	edit := func(old, now string) func(string) string {
		return func(header string) string {
			if !strings.Contains(header, old) {
				t.Errorf("no %s in %s", old, header)
			}
			return strings.Replace(header, old, now, 1)
		}
	}
	for name, change := range map[string]func(string) string{
		"another method's": nil, // below
		"realm":            edit(`realm="shop"`, `realm="other"`),
		"uri":              edit(`uri="/"`, `uri="/x"`),
		"no qop":           edit(", qop=auth,", ","),
		"auth-int":         edit("qop=auth", "qop=auth-int"),
		"short nc":         edit("nc=00000001", "nc=1"),
		"nc again":         edit("nc=00000001", "nc=00000002"),
		"nc of letters":    edit("nc=00000001", "nc=zzzzzzzz"),
		"no cnonce":        edit(`cnonce="cnonce"`, `cnonce=""`),
		"no response":      edit("response=", "other="),
		"session":          edit("algorithm=SHA-256", "algorithm=SHA-256-sess"),
		"other algorithm":  edit("algorithm=SHA-256", "algorithm=MD5"),
		"two credentials":  edit("Digest ", `Basic x, Digest `),
		"nothing":          func(string) string { return "Digest" },
		"a scheme":         edit("Digest ", "Bearer "),
		"not offered":      func(string) string { return "Basic YWxpY2U6cHc=" },
		"a long one":       func(h string) string { return h + ", more=" + strings.Repeat("x", maxCredential) },
	} {
		r := digestRequest(t, s, "SHA-256", "alice", "pw", 1, nil)
		if change == nil {
			r.Method = "PUT"
		} else {
			r.Header.Set("Authorization", change(r.Header.Get("Authorization")))
		}
		if user, err := s.Authenticate(r); err == nil || errors.Is(err, ErrStale) {
			t.Errorf("%s: %q, %v", name, user, err)
		}
	}
	r := digestRequest(t, s, "SHA-256", "alice", "pw", 1, nil)
	r.Header.Add("Authorization", r.Header.Get("Authorization"))
	if _, err := s.Authenticate(r); err == nil {
		t.Error("two headers are taken")
	}
	// A name as RFC 7616 writes it where it has more than ASCII.
	r = digestRequest(t, s, "SHA-256", "Jäsøn", "pw", 1, nil)
	r.Header.Set("Authorization", edit(`username="Jäsøn"`, `username*=UTF-8''J%C3%A4s%C3%B8n`)(r.Header.Get("Authorization")))
	if name, err := s.Authenticate(r); err != nil || name != "Jäsøn" {
		t.Error(name, err)
	}
}

// Each count of a nonce is good once, in nearly any order; a nonce is good for
// its life, and at its server; and who does not know the password learns none of
// it.
func TestServerNonces(t *testing.T) {
	s := newServer(Digest)
	clock := time.Now()
	s.now = func() time.Time { return clock }
	var nonce string
	s.Challenge(http.Header{}, nil)
	keep := func(c *challenge) {
		if nonce == "" {
			nonce = c.params["nonce"]
		}
		c.params["nonce"] = nonce
	}
	try := func(password string, count uint32) error {
		_, err := s.Authenticate(digestRequest(t, s, "SHA-256", "alice", password, count, keep))
		return err
	}
	for i, c := range []struct {
		count uint32
		want  error
	}{{2, nil}, {1, nil}, {2, ErrStale}, {1, ErrStale}, {70, nil}, {7, nil}, {7, ErrStale}, {6, ErrStale}, {0, ErrStale}, {1 << 31, nil}, {70, ErrStale}} {
		if err := try("pw", c.count); !errors.Is(err, c.want) {
			t.Errorf("%d: count %d: %v, want %v", i, c.count, err, c.want)
		}
	}
	if err := try("wrong", 2); !errors.Is(err, ErrWrong) || errors.Is(err, ErrStale) {
		t.Error("a stale nonce with a wrong password:", err)
	}
	clock = clock.Add(nonceLife)
	if err := try("pw", 1<<31+1); err != nil {
		t.Error("at the end of its life:", err)
	}
	clock = clock.Add(1)
	if err := try("pw", 1<<31+2); !errors.Is(err, ErrStale) {
		t.Error("after its life:", err)
	}
	for _, other := range []string{"", "x", nonce[:len(nonce)-2], nonce + "AA", func() string { var n nonces; return n.make(clock) }()} {
		_, err := s.Authenticate(digestRequest(t, s, "SHA-256", "alice", "pw", 1, func(c *challenge) { c.params["nonce"] = other }))
		if !errors.Is(err, ErrStale) {
			t.Errorf("nonce %q: %v", other, err)
		}
	}
	h := http.Header{}
	s.Challenge(h, fmt.Errorf("%w, and more", ErrStale))
	for _, c := range challenges(h.Values("WWW-Authenticate")) {
		if c.params["stale"] != "true" {
			t.Errorf("%+v", c)
		}
	}
}

// No more nonces are remembered than there is room for, and none is good twice
// for that.
func TestServerForgetsNonces(t *testing.T) {
	clock := time.Now()
	n := &nonces{most: 3}
	var all []string
	for range 4 {
		all = append(all, n.make(clock))
	}
	clock = clock.Add(time.Second)
	for i, want := range []bool{true, true, true, false} {
		if n.use(all[i], 1, clock) != want {
			t.Errorf("nonce %d: not %v", i, want)
		}
	}
	for i := range all {
		if n.use(all[i], 2, clock) || n.use(all[i], 1, clock) {
			t.Errorf("nonce %d is good after it was forgotten", i)
		}
	}
	clock = clock.Add(time.Second)
	if next := n.make(clock); !n.use(next, 1, clock) || n.use(next, 1, clock) {
		t.Error("a new nonce is not good once")
	}
}

// The challenges, which our own client reads.
func TestServerChallenges(t *testing.T) {
	s := newServer(Basic | Digest)
	s.DigestDomain = "/a /b"
	h := http.Header{}
	s.Challenge(h, ErrWrong)
	got := challenges(h.Values("WWW-Authenticate"))
	if len(got) != 3 {
		t.Fatalf("%q", h)
	}
	for i, algorithm := range []string{"SHA-256", "MD5"} {
		p := got[i].params
		if got[i].scheme != "Digest" || p["algorithm"] != algorithm || p["realm"] != "shop" || p["qop"] != "auth" || p["domain"] != "/a /b" || p["stale"] != "" || p["nonce"] == "" {
			t.Errorf("%+v", got[i])
		}
	}
	if got[2].scheme != "Basic" || got[2].params["realm"] != `the "shop"` || got[2].params["charset"] != "UTF-8" {
		t.Errorf("%+v", got[2])
	}
	// Another request, another nonce.
	h = http.Header{}
	s.Challenge(h, nil)
	if again := challenges(h.Values("WWW-Authenticate")); again[0].params["nonce"] == got[0].params["nonce"] {
		t.Error("a nonce is given twice")
	}
}

// What a peer and a log may be told has no password in it.
func TestServerKeepsSecrets(t *testing.T) {
	s := newServer(Basic | Digest)
	r := httptest.NewRequest("POST", "/", nil)
	r.SetBasicAuth("alice", "geheim")
	_, err := s.Authenticate(r)
	if !errors.Is(err, ErrWrong) || strings.Contains(err.Error(), "geheim") {
		t.Error(err)
	}
	s.Check = func(context.Context, string, string) (bool, error) { return true, nil }
	s.Secret = func(context.Context, string, string) (Secret, error) { return Secret{Password: "pw"}, nil }
	for _, header := range []string{
		"Basic", "Basic !", "Basic Z2VoZWlt",
		"Basic OmdlaGVpbQ==", "Basic /zpnZWhlaW0=", // no name, and one that is not in UTF-8
		"Basic " + strings.Repeat("YWxpY2U6", maxCredential/8),
		digestRequest(t, s, "MD5", "", "pw", 1, nil).Header.Get("Authorization"),
		digestRequest(t, s, "MD5", "\xff", "pw", 1, nil).Header.Get("Authorization"),
	} {
		r.Header.Set("Authorization", header)
		if _, err := s.Authenticate(r); err == nil || errors.Is(err, ErrMissing) {
			t.Error(header, err)
		}
	}
	r.Header.Del("Authorization")
	if _, err := s.Authenticate(r); !errors.Is(err, ErrMissing) {
		t.Error(err)
	}
}
