package wst

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

var (
	clientOctets = seq(1, 32)
	serverOctets = seq(0x40, 32)
	noon         = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
)

// seq returns n octets that count up from first: test entropy, and nobody's.
func seq(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

const testToken = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_t"><saml:Issuer>https://sts.example/</saml:Issuer></saml:Assertion>`

// Every cell of the proof-key table, in strictness and in leniency, through
// the whole exchange. The expectations are written out here once more, in the
// words of the fact sheet, so that a slip in the table shows.
func TestProofTable(t *testing.T) {
	shapes := []struct {
		name    string
		whole   bool
		formula bool
		entropy bool
	}{
		{name: "nothing"},
		{name: "whole key", whole: true},
		{name: "computed key and entropy", formula: true, entropy: true},
		{name: "computed key alone", formula: true},
		{name: "entropy alone", entropy: true},
		{name: "whole key and entropy", whole: true, entropy: true},
	}
	const (
		no   = "refused"
		none = "no key"
		th   = "issuer's key"
		len_ = "lenient" // the issuer's key, if leniency was asked for
		own  = "own key"
		cmp  = "computed"
		keep = "kept"
	)
	rows := []struct {
		name string
		req  Request
		want [6]string
	}{
		{"bearer", Request{KeyType: Bearer}, [6]string{none, no, no, no, no, no}},
		{"public key", Request{KeyType: PublicKey, UseKeyXML: []byte("<k/>")}, [6]string{none, no, no, no, no, no}},
		{"symmetric, server", Request{KeyType: Symmetric}, [6]string{no, th, no, no, no, no}},
		{"symmetric, client", Request{KeyType: Symmetric, Entropy: ClientEntropy}, [6]string{own, len_, no, no, no, no}},
		{"symmetric, combined", Request{KeyType: Symmetric, Entropy: CombinedEntropy}, [6]string{no, len_, cmp, no, no, no}},
		{"unspecified", Request{}, [6]string{none, th, no, no, no, no}},
		{"unspecified, client", Request{Entropy: ClientEntropy}, [6]string{own, len_, no, no, no, no}},
		{"unspecified, combined", Request{Entropy: CombinedEntropy}, [6]string{no, len_, cmp, no, no, no}},
		{"renewal", Request{Action: Renew, Target: []byte(testToken)}, [6]string{keep, th, no, no, no, no}},
		{"renewal, combined", Request{Action: Renew, Target: []byte(testToken), Entropy: CombinedEntropy}, [6]string{no, len_, cmp, no, no, no}},
		{"context, server", Request{Action: NewContext}, [6]string{no, th, no, no, no, no}},
		{"context, client", Request{Action: NewContext, Entropy: ClientEntropy}, [6]string{own, len_, no, no, no, no}},
		{"context, combined", Request{Action: NewContext, Entropy: CombinedEntropy}, [6]string{no, len_, cmp, no, no, no}},
		{"context renewal, server", Request{Action: RenewContext, Target: []byte("<k/>")}, [6]string{no, th, no, no, no, no}},
	}
	for _, row := range rows {
		for i, sh := range shapes {
			for _, version := range []Version{Trust13, Trust2005} {
				for _, lenience := range []bool{false, true} {
					name := fmt.Sprintf("%s/%s/%s/lenient=%t", row.name, sh.name, version, lenience)
					t.Run(name, func(t *testing.T) {
						want := row.want[i]
						if want == len_ {
							want = no
							if lenience {
								want = th
							}
						}
						got, kind := tableCell(t, row.req, version, lenience, sh.whole, sh.formula, sh.entropy)
						if got != want {
							t.Fatalf("%s, want %s", got, want)
						}
						wantKind := map[string]KeyType{no: kind, none: Bearer, th: Symmetric, own: Symmetric, cmp: Symmetric, keep: KeyTypeUnspecified}[want]
						if row.req.KeyType == PublicKey && want == none {
							wantKind = PublicKey
						}
						if kind != wantKind {
							t.Errorf("key type %s, want %s", kind, wantKind)
						}
					})
				}
			}
		}
	}
}

// tableCell runs one exchange and names its outcome.
func tableCell(t *testing.T, req Request, v Version, lenience, whole, formula, entropy bool) (string, KeyType) {
	if req.Entropy != ServerEntropy {
		req.ClientEntropy = NewSecret(clientOctets)
	}
	n, err := New(req, v, Options{Lenient: lenience})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Step(xmltree.Elem{}, noon); err != nil {
		t.Fatal(err)
	}
	a := Response{Context: n.Context(), Token: []byte(testToken)}
	if req.Action.context() {
		a.Token = []byte(`<c:SecurityContextToken xmlns:c="` + v.ContextNamespace() + `"><c:Identifier>urn:x</c:Identifier></c:SecurityContextToken>`)
	}
	if whole {
		a.Proof = NewSecret(serverOctets)
	}
	if formula {
		a.ComputedKey = v.PSHA1()
	}
	if entropy {
		a.ServerEntropy = NewSecret(serverOctets)
	}
	out, err := a.Write(v, req.Action)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Step(root(t, string(out)), noon); err != nil {
		if class(err) != "mismatch" {
			t.Fatalf("class %s: %v", class(err), err)
		}
		return "refused", 0
	}
	i := n.Issued()
	switch proof := i.Proof.Bytes(); {
	case i.KeySize != len(proof)*8:
		t.Errorf("KeySize %d of a key of %d octets", i.KeySize, len(proof))
		fallthrough
	case len(proof) == 0 && req.Action == Renew:
		return "kept", i.KeyType
	case len(proof) == 0:
		return "no key", i.KeyType
	case bytes.Equal(proof, clientOctets):
		return "own key", i.KeyType
	case bytes.Equal(proof, serverOctets):
		return "issuer's key", i.KeyType
	case bytes.Equal(proof, alg.PSHA1(clientOctets, serverOctets, 32)):
		return "computed", i.KeyType
	}
	return "something else", i.KeyType
}

// Client and issuer must come to the same key, whatever is asked for.
func TestSettleMeetsTheClient(t *testing.T) {
	for _, v := range []Version{Trust13, Trust2005, Trust14} {
		for _, mode := range []EntropyMode{ServerEntropy, ClientEntropy, CombinedEntropy} {
			for _, bits := range []int{0, 128, 192, 256, 512} {
				for _, act := range []Action{Issue, NewContext, RenewContext} {
					t.Run(fmt.Sprintf("%s/%s/%s/%d", v, act, mode, bits), func(t *testing.T) {
						req := Request{Action: act, Entropy: mode, KeySize: bits}
						token := testToken
						if act == Issue {
							req.KeyType = Symmetric
						} else {
							token = `<c:SecurityContextToken xmlns:c="` + v.ContextNamespace() + `"><c:Identifier>urn:x</c:Identifier></c:SecurityContextToken>`
						}
						if act == RenewContext {
							req.Target = []byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="urn:x"/></o:SecurityTokenReference>`)
						}
						client, err := New(req, v, Options{})
						if err != nil {
							t.Fatal(err)
						}
						out, err := client.Step(xmltree.Elem{}, noon)
						if err != nil {
							t.Fatal(err)
						}
						got, version, err := ReadRequest(root(t, string(out)), Opener{})
						if err != nil {
							t.Fatal(err)
						}
						if got.Action != act || got.Entropy != mode {
							t.Fatalf("read as %s with %s", got.Action, got.Entropy)
						}
						answer := Response{Context: got.Context, Token: []byte(token), TokenType: got.TokenType}
						key, err := answer.Settle(version, got, seq(0x40, 64)[:max(32, bits/8)])
						if err != nil {
							t.Fatal(err)
						}
						reply, err := answer.Write(version, got.Action)
						if err != nil {
							t.Fatal(err)
						}
						if _, err := client.Step(root(t, string(reply)), noon); err != nil {
							t.Fatal(err)
						}
						issued := client.Issued()
						if !issued.Proof.Equal(key) || key.IsZero() {
							t.Errorf("client has %x, issuer %x", issued.Proof.Bytes(), key.Bytes())
						}
						want := bits
						if want == 0 {
							want = DefaultKeyBits
						}
						if key.Len()*8 != want {
							t.Errorf("%d bits, want %d", key.Len()*8, want)
						}
					})
				}
			}
		}
	}
}

func TestSettleRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		req   Request
		fresh int
	}{
		"few octets":         {Request{KeySize: 256}, 16},
		"few octets, no say": {Request{}, 8},
		"too many bits":      {Request{KeySize: 1024}, 128},
		"odd bits":           {Request{KeySize: 129}, 32},
		"unknown algorithm":  {Request{Entropy: CombinedEntropy, ClientEntropy: NewSecret(clientOctets), ComputedKey: "urn:x"}, 32},
	} {
		var a Response
		if _, err := a.Settle(Trust13, &c.req, seq(1, c.fresh)); class(err) != "request" {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A key of the client's that is shorter than it asks for is not taken.
	r := Request{KeySize: 256, Entropy: ClientEntropy, ClientEntropy: NewSecret(clientOctets[:16])}
	var a Response
	key, err := a.Settle(Trust13, &r, serverOctets)
	if err != nil || !a.Proof.Equal(key) || key.Len() != 32 {
		t.Errorf("%v, %d octets", err, key.Len())
	}
}
