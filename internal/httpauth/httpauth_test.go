package httpauth

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// The example of RFC 7616, section 3.9.1.
func TestDigestOfTheRFC(t *testing.T) {
	for algorithm, want := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		c := &challenge{scheme: "Digest", params: map[string]string{
			"realm": "http-auth@example.org", "qop": "auth, auth-int", "algorithm": algorithm,
			"nonce":  "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
			"opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
		}}
		got, err := c.answer("Mufasa", "Circle of Life", "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 1)
		if err != nil || !strings.Contains(got, `response="`+want+`"`) {
			t.Errorf("%s: %s, %v", algorithm, got, err)
		}
		for _, part := range []string{`username="Mufasa"`, "qop=auth,", "nc=00000001", `uri="/dir/index.html"`, "algorithm=" + algorithm, `opaque="FQhe/`} {
			if !strings.Contains(got, part) {
				t.Errorf("%s: no %s in %s", algorithm, part, got)
			}
		}
	}
}

// The example of RFC 7616, section 3.9.2, has a hashed user name with
// SHA-512/256, which we do not have; this checks the form with SHA-256.
func TestDigestHidesTheUser(t *testing.T) {
	c := &challenge{params: map[string]string{"realm": "r", "nonce": "n", "qop": "auth", "algorithm": "SHA-256", "userhash": "true"}}
	got, err := c.answer("alice", "pw", "POST", "/", "c", 1)
	if err != nil || strings.Contains(got, "alice") || !strings.Contains(got, "userhash=true") {
		t.Error(got, err)
	}
}

func TestChallenges(t *testing.T) {
	for in, want := range map[string][]challenge{
		`Basic realm="a, \"b\"", charset="UTF-8"`: {{scheme: "Basic", params: map[string]string{"realm": `a, "b"`, "charset": "UTF-8"}}},
		`Negotiate`:                        {{scheme: "Negotiate", params: map[string]string{}}},
		`Negotiate YII/+abc==`:             {{scheme: "Negotiate", token: "YII/+abc==", params: map[string]string{}}},
		`NTLM TlRM=, Basic realm=x`:        {{scheme: "NTLM", token: "TlRM=", params: map[string]string{}}, {scheme: "Basic", params: map[string]string{"realm": "x"}}},
		`Negotiate, NTLM, Basic realm="x"`: {{scheme: "Negotiate", params: map[string]string{}}, {scheme: "NTLM", params: map[string]string{}}, {scheme: "Basic", params: map[string]string{"realm": "x"}}},
		`Digest Realm = "a" , nonce="n",qop="auth", Basic realm="b"`: {{scheme: "Digest", params: map[string]string{"realm": "a", "nonce": "n", "qop": "auth"}}, {scheme: "Basic", params: map[string]string{"realm": "b"}}},
		`Basic realm="open`: {{scheme: "Basic", params: map[string]string{"realm": "open"}}},
		`, ,`:               nil,
		``:                  nil,
	} {
		got := challenges([]string{in})
		if d := diff(want, got); d != "" {
			t.Errorf("%s: %s", in, d)
		}
	}
}

// A server that checks.
type server struct {
	offers []string // challenges
	basic  string   // the right header
	digest bool
	nonce  string
	bodies []string // what came without, and with, authentication
	open   bool
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	got := r.Header.Get("Authorization")
	s.bodies = append(s.bodies, fmt.Sprintf("%.6s|%s", got, body))
	if s.open || s.basic != "" && got == s.basic {
		return
	}
	if s.digest && strings.HasPrefix(got, "Digest ") {
		c := challenges([]string{got})[0]
		want := &challenge{params: map[string]string{"realm": "r", "nonce": s.nonce, "qop": "auth", "algorithm": "SHA-256"}}
		var n uint32
		fmt.Sscanf(c.params["nc"], "%x", &n)
		text, err := want.answer("alice", "pw", r.Method, r.URL.RequestURI(), c.params["cnonce"], n)
		if err == nil && c.params["nonce"] == s.nonce && strings.Contains(text, `response="`+c.params["response"]+`"`) {
			return
		}
	}
	for _, o := range s.offers {
		w.Header().Add("WWW-Authenticate", o)
	}
	w.WriteHeader(http.StatusUnauthorized)
}

func do(t *testing.T, s *server, a *Auth) (*http.Response, error) {
	t.Helper()
	srv := httptest.NewServer(s)
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/x?y", bytes.NewReader([]byte("body")))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := a.Do(req, srv.Client().Do)
	if err == nil {
		resp.Body.Close()
	}
	return resp, err
}

const digestOffer = `Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256`

func alice(s Scheme) *Auth {
	return &Auth{Schemes: s, Name: "alice", Password: func() string { return "pw" }}
}

func TestSchemes(t *testing.T) {
	right := "Basic " + base64.StdEncoding.EncodeToString([]byte("alice:pw"))
	for _, c := range []struct {
		name   string
		s      server
		a      *Auth
		want   error // nil, *Refusal or a value
		bodies []string
	}{
		{"basic at once", server{basic: right, offers: []string{`Basic realm="r"`}}, alice(Basic), nil, []string{"Basic |body"}},
		{"basic refused", server{basic: "x", offers: []string{`Basic realm="r"`}}, alice(Basic), &Refusal{401, Basic, true}, []string{"Basic |body"}},
		{"basic, and the server wants digest", server{offers: []string{digestOffer}}, alice(Basic), &Refusal{401, Digest, false}, []string{"Basic |body"}},
		{"digest", server{digest: true, nonce: "n1", offers: []string{digestOffer}}, alice(Digest), nil, []string{"|", "Digest|body"}},
		{"digest refused", server{digest: true, nonce: "n2", offers: []string{digestOffer}}, alice(Digest), &Refusal{401, Digest, true}, []string{"|", "Digest|body"}},
		{"digest, and nobody asks", server{open: true}, alice(Digest), ErrUnasked, []string{"|"}},
		{"digest or none, and nobody asks", server{open: true}, alice(Digest | None), nil, []string{"|", "|body"}},
		{"the better of two", server{digest: true, nonce: "n1", offers: []string{`Basic realm="r"`, digestOffer}}, alice(Basic | Digest), nil, []string{"|", "Digest|body"}},
		{"the one that is there", server{basic: right, offers: []string{`Basic realm="r"`}}, alice(Basic | Digest), nil, []string{"|", "Basic |body"}},
		{"neither is there", server{offers: []string{"Negotiate", "NTLM"}}, alice(Basic | Digest), &Refusal{401, Negotiate, false}, []string{"|"}},
		{"an algorithm nobody has", server{offers: []string{`Digest realm="r", nonce="n", algorithm=SHA-512-256`}}, alice(Digest), &Refusal{401, Digest, false}, []string{"|"}},
		{"none", server{open: true}, alice(None), nil, []string{"|body"}},
		{"none, and the server wants", server{offers: []string{"NTLM"}}, alice(None), &Refusal{401, NTLM, false}, []string{"|body"}},
		{"none, and the server does not say what", server{}, alice(None), &Refusal{401, 0, false}, []string{"|body"}},
		{"negotiate without a negotiator", server{}, alice(Negotiate), ErrNoNegotiator, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := do(t, &c.s, c.a)
			want, isRefusal := c.want.(*Refusal)
			got, _ := errors.AsType[*Refusal](err)
			switch {
			case isRefusal && (got == nil || *got != *want):
				t.Errorf("got %v (%+v), want %+v", err, got, want)
			case !isRefusal && !errors.Is(err, c.want):
				t.Errorf("got %v, want %v", err, c.want)
			}
			if d := diff(c.bodies, c.s.bodies); d != "" {
				t.Error(d)
			}
			if err != nil && strings.Contains(err.Error(), "pw") {
				t.Error("the password is in the error")
			}
		})
	}
}

// A nonce is used again, and when the server says that it is old, the new one.
func TestDigestNonceIsKept(t *testing.T) {
	s := &server{digest: true, nonce: "n1", offers: []string{digestOffer}}
	srv := httptest.NewServer(s)
	defer srv.Close()
	a := alice(Digest)
	post := func() error {
		req, _ := http.NewRequestWithContext(t.Context(), "POST", srv.URL, strings.NewReader("b"))
		resp, err := a.Do(req, srv.Client().Do)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	for range 2 {
		if err := post(); err != nil {
			t.Fatal(err)
		}
	}
	s.nonce, s.offers = "n2", []string{`Digest realm="r", nonce="n2", qop="auth", algorithm=SHA-256, stale=true`}
	if err := post(); err != nil {
		t.Fatal(err)
	}
	if d := diff([]string{"|", "Digest|b", "Digest|b", "Digest|b", "Digest|b"}, s.bodies); d != "" {
		t.Error(d)
	}
	// For ever stale: an error, and no loop.
	s.nonce = "n3"
	if err := post(); err == nil {
		t.Error("accepted")
	}
}

type steps struct{ in [][]byte }

func (s *steps) Begin(context.Context, string, string) (Exchange, error) { return s, nil }
func (s *steps) Next(in []byte) ([]byte, error) {
	s.in = append(s.in, in)
	return []byte(fmt.Sprintf("leg%d", len(s.in))), nil
}

func TestNegotiateTakesLegs(t *testing.T) {
	legs := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		legs++
		if want := "NTLM " + base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("leg%d", legs))); r.Header.Get("Authorization") != want {
			t.Errorf("leg %d: %s", legs, r.Header.Get("Authorization"))
		}
		if legs < 3 {
			w.Header().Set("WWW-Authenticate", "NTLM "+base64.StdEncoding.EncodeToString([]byte("go on")))
			w.WriteHeader(401)
		}
	}))
	defer srv.Close()
	s := new(steps)
	a := &Auth{Schemes: NTLM, Negotiator: s}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", srv.URL, strings.NewReader("b"))
	resp, err := a.Do(req, srv.Client().Do)
	if err != nil || resp.StatusCode != 200 || legs != 3 || string(s.in[1]) != "go on" || s.in[0] != nil {
		t.Error(resp, err, legs, s.in)
	}
	// A peer that never has enough ends.
	legs = -1000
	srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		legs++
		w.Header().Set("WWW-Authenticate", "NTLM AAAA")
		w.WriteHeader(401)
	})
	req, _ = http.NewRequestWithContext(t.Context(), "POST", srv.URL, strings.NewReader("b"))
	if _, err = a.Do(req, srv.Client().Do); err == nil || legs > -980 {
		t.Error(err, legs)
	}
}

func TestConnect(t *testing.T) {
	if h := alice(Basic).Connect("h:443"); h.Get("Authorization") == "" {
		t.Error("nothing to say")
	}
	a := alice(Digest)
	a.Proxy = true
	if h := a.Connect("h:443"); h != nil {
		t.Error(h)
	}
	resp := &http.Response{StatusCode: 407, Header: http.Header{"Proxy-Authenticate": {digestOffer}}}
	if retry, err := a.Connected(resp, false); !retry || err != nil {
		t.Error(retry, err)
	}
	if h := a.Connect("h:443"); !strings.HasPrefix(h.Get("Proxy-Authorization"), "Digest ") {
		t.Error(h)
	}
	retry, err := a.Connected(resp, true)
	if r, ok := errors.AsType[*Refusal](err); retry || !ok || !r.Denied || r.Status != 407 {
		t.Error(retry, err)
	}
	if retry, err := a.Connected(&http.Response{StatusCode: 200}, false); retry || err != nil {
		t.Error(retry, err)
	}
}

func diff(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return fmt.Sprintf("got %#v, want %#v", got, want)
}
