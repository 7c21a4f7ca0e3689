package httpauth

import (
	"maps"
	"slices"
	"strings"
	"testing"
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
