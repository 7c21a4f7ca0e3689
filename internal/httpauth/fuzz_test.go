package httpauth

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// FuzzChallenges: every challenge that is read has a scheme; and written with all
// its values quoted, it and any other is read as the same and nothing else.
func FuzzChallenges(f *testing.F) {
	for _, s := range []string{
		`Digest realm="a", nonce="n", qop="auth", Basic realm=x`, "Negotiate a==, NTLM", `Basic realm="a, \"b\"", charset="UTF-8"`, `Basic realm="open`,
		"NTLM TlRM=, Basic realm=x", ", ,", `Digest Realm = "a" , nonce="n",qop="auth", Basic realm="b"`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range append(challenges([]string{s}), challenge{scheme: "Basic", params: map[string]string{"realm": s, "x": "y"}}) {
			if c.scheme == "" || c.token != "" && len(c.params) > 0 {
				t.Fatalf("%q has the challenge %+v", s, c)
			}
			again := challenges([]string{written(c)})
			if len(again) != 1 || again[0].scheme != c.scheme || again[0].token != c.token || !maps.Equal(again[0].params, c.params) {
				t.Fatalf("%+v is written %q and read as %+v", c, written(c), again)
			}
		}
	})
}

// written writes a challenge with all its values quoted.
func written(c challenge) string {
	out, between := c.scheme, " "
	if c.token != "" {
		out += " " + c.token
	}
	for _, name := range slices.Sorted(maps.Keys(c.params)) {
		out += between + name + `="` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(c.params[name]) + `"`
		between = ", "
	}
	return out
}

// FuzzCredential: whoever writes the right password is let in under his name, by
// each scheme, whatever the two are made of; and with another one he is not.
func FuzzCredential(f *testing.F) {
	for _, s := range []string{"alice", `D\alice`, `a "b", c="d`, "Jäsøn", "a:b", "\x00", "a, Basic b"} {
		f.Add(s, s, "/x?y="+url.QueryEscape(s))
	}
	f.Fuzz(func(t *testing.T, user, password, uri string) {
		if !isName(user) || strings.ContainsFunc(user, unicode.IsControl) || strings.Contains(user, ":") || password == "" || len(user)+len(password) > maxCredential/4 {
			return // not to be written in one of the schemes
		}
		if strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r >= 0x7f }) || len(uri) > maxCredential/4 {
			return
		}
		asked := ""
		s := &Server{
			Schemes: Basic | Digest, DigestRealm: "r",
			Check: func(_ context.Context, name, shown string) (bool, error) {
				return name == user && shown == password, nil
			},
			Secret: func(_ context.Context, name, _ string) (Secret, error) {
				asked = name
				return Secret{Password: password}, nil
			},
		}
		for _, a := range []*Auth{
			{Schemes: Basic, Name: user, Password: func() string { return password }},
			{Schemes: Digest, Name: user, Password: func() string { return password }},
		} {
			r := &http.Request{Method: "POST", RequestURI: uri, Header: http.Header{}}
			h := http.Header{}
			s.Challenge(h, nil)
			if a.Schemes == Digest {
				a.remember(a.find(&http.Response{Header: h}, Digest))
				text, err := a.digest("POST", uri)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Authorization", text)
			} else {
				r.Header.Set("Authorization", a.basic())
			}
			if name, err := s.Authenticate(r); err != nil || name != user {
				t.Fatalf("%v: %q, %v, asked for %q: %s", a.Schemes, name, err, asked, r.Header)
			}
			old := password
			password += "x"
			if name, err := s.Authenticate(r); !errors.Is(err, ErrWrong) {
				t.Fatalf("%v: %q, %v", a.Schemes, name, err)
			}
			password = old
		}
	})
}
