package xmldsig

import (
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// A suite that admits the canonical form with comments alone gets it written, in
// SignedInfo and in the reference, and its verifier takes it. Every other suite
// gets the exclusive form by its plain name.
func TestCanonicalFormOfTheSuite(t *testing.T) {
	suite := func(c14n ...string) alg.Suite {
		s, err := alg.Custom(alg.Choice{
			C14N: c14n, Digests: []string{alg.DigestSHA256}, HMAC: []string{alg.HMACSHA256}, Signatures: []string{alg.RSASHA256},
			Transports: []string{alg.RSAOAEP}, SecretBits: [2]int{128, 512}, RSABits: [2]int{2048, 4096},
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const plain, comments, inclusive = xmltree.EXCC14N, xmltree.EXCC14N + "WithComments", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	for name, c := range map[string]struct {
		suite alg.Suite
		want  string
	}{
		"modern": {alg.Modern, plain}, "with comments": {suite(comments), comments}, "both": {suite(plain, comments), plain},
		"comments first": {suite(comments, plain), comments}, "another first": {suite(inclusive, plain), plain},
	} {
		const open = `<r Id="r"><v>1<!-- a comment --></v>`
		root := parse(t, open+"</r>")
		sig, err := Sign(testSecret, c.suite, "", []Ref{{ID: "r", Elem: root, Enveloped: true}}, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		if n := strings.Count(string(sig), `Algorithm="`+c.want+`"`); n != 2 {
			t.Errorf("%s: %s is named %d times in %s", name, c.want, n, sig)
		}
		signed := parse(t, open+string(sig)+"</r>")
		if _, err := Verify(find(signed, "Signature"), testSecret, c.suite, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
