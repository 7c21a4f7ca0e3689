package httpauth

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// FuzzChallenges: every challenge that is read has a scheme, and written with all
// its values quoted it is read as the same one and nothing else.
func FuzzChallenges(f *testing.F) {
	for _, s := range []string{
		`Digest realm="a", nonce="n", qop="auth", Basic realm=x`, "Negotiate a==, NTLM", `Basic realm="a, \"b\"", charset="UTF-8"`, `Basic realm="open`,
		"NTLM TlRM=, Basic realm=x", ", ,", `Digest Realm = "a" , nonce="n",qop="auth", Basic realm="b"`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range challenges([]string{s}) {
			if c.scheme == "" || !strings.Contains(s, c.scheme) || c.token != "" && len(c.params) > 0 {
				t.Fatalf("%q has the challenge %+v", s, c)
			}
			out := c.scheme
			if c.token != "" {
				out += " " + c.token
			}
			for i, name := range slices.Sorted(maps.Keys(c.params)) {
				out += map[bool]string{true: " ", false: ", "}[i == 0] + name + `="` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(c.params[name]) + `"`
			}
			again := challenges([]string{out})
			if len(again) != 1 || again[0].scheme != c.scheme || again[0].token != c.token || !maps.Equal(again[0].params, c.params) {
				t.Fatalf("%+v is written %q and read as %+v", c, out, again)
			}
		}
	})
}
