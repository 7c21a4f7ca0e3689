package wsse

import (
	"slices"
	"testing"
)

// The longest certificate path that is written is the longest that is read, and
// certificates that are not sent are not counted.
func TestLongestPath(t *testing.T) {
	id := client()
	for _, c := range []struct {
		certificates int
		chain, ok    bool
	}{{maxPath, true, true}, {maxPath + 1, true, false}, {maxPath + 1, false, true}} {
		token := x509Token(id, RefDirect, 0)
		token.Certificates, token.Chain = slices.Repeat(token.Certificates, c.certificates), c.chain
		msg, _, err := Protect(outgoing(), Options{Protection: &Protection{Sign: BodyTimestamp}, Tokens: []Token{token}}, now)
		if err == nil {
			_, err = receive(t, msg, trust(id), Policy{}, now, 0)
		}
		if (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
