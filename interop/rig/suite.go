package rig

import (
	"testing"

	"wstrust/internal/alg"
)

// Suite is a suite that writes one signature method and one digest, and the exclusive
// canonical form.
func Suite(t testing.TB, signature, digest string) alg.Suite {
	t.Helper()
	s, err := alg.Custom(alg.Choice{
		C14N: []string{"http://www.w3.org/2001/10/xml-exc-c14n#"}, Digests: []string{digest}, HMAC: []string{alg.HMACSHA256}, Signatures: []string{signature},
		Transports: []string{alg.RSAOAEP}, SecretBits: [2]int{128, 512}, RSABits: [2]int{2048, 4096},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
