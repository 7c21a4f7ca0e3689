package wst

import (
	"testing"

	"wstrust/internal/xmltree"
)

// One bearer exchange without parsing the answer: what this package adds to
// the cost of a token.
func BenchmarkExchange(b *testing.B) {
	const context = "urn:uuid:0e4b7a52-8f0d-4c36-9a53-5d0c2f1e7b11"
	a := Response{
		Context: context, TokenType: TokenSAML20, Token: []byte(testToken), AppliesTo: "https://rp.example/",
		Created: noon, Expires: noon.Add(3600e9),
	}
	out, err := a.Write(Trust13, Issue)
	if err != nil {
		b.Fatal(err)
	}
	answer := root(b, string(out))
	b.ReportAllocs()
	for b.Loop() {
		n, err := New(Request{Context: context, TokenType: TokenSAML20, KeyType: Bearer, AppliesTo: "https://rp.example/"}, Trust13, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := n.Step(xmltree.Elem{}, noon); err != nil {
			b.Fatal(err)
		}
		if _, err := n.Step(answer, noon); err != nil {
			b.Fatal(err)
		}
	}
}

// An issuer's reading of the same request.
func BenchmarkReadRequest(b *testing.B) {
	r := Request{Context: "urn:x", TokenType: TokenSAML20, KeyType: Bearer, AppliesTo: "https://rp.example/"}
	out, err := r.Write(Trust13)
	if err != nil {
		b.Fatal(err)
	}
	e := root(b, string(out))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ReadRequest(e, Opener{}); err != nil {
			b.Fatal(err)
		}
	}
}
