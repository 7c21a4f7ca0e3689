package wst

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"wstrust/internal/xmltree"
)

// holder has everything in unexported fields, where fmt finds no methods.
type holder struct {
	secret   Secret
	request  *Request
	response *Response
	issued   *Issued
	deep     struct{ secrets []Secret }
}

// No verb prints a key, from wherever it is looked at.
func TestSecretsDoNotPrint(t *testing.T) {
	key := seq(0xa1, 32)
	s := NewSecret(key)
	req := Request{ClientEntropy: s, Entropy: ClientEntropy, OnBehalfOf: []byte("<inner>bearer of power</inner>")}
	resp := Response{Proof: s, ServerEntropy: s, Token: []byte("<inner>bearer of power</inner>")}
	issued := Issued{Proof: s, Token: []byte("<inner>bearer of power</inner>")}
	h := holder{secret: s, request: &req, response: &resp, issued: &issued}
	h.deep.secrets = []Secret{s}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%p", "%T"} {
		for name, v := range map[string]any{
			"secret": s, "pointer to secret": &s, "slice": []Secret{s}, "map": map[string]Secret{"k": s},
			"request": req, "pointer to request": &req, "response": resp, "pointer to response": &resp,
			"issued": issued, "pointer to issued": &issued, "holder": h, "pointer to holder": &h,
			"error": misuse("%v", req),
		} {
			out := fmt.Sprintf(verb, v)
			for _, leak := range leaks(key) {
				if strings.Contains(out, leak) {
					t.Errorf("%s of %s shows the key: %s", verb, name, out)
				}
			}
			if strings.Contains(out, "bearer of power") {
				t.Errorf("%s of %s shows the token: %s", verb, name, out)
			}
		}
	}
	if out, err := json.Marshal(h.deep.secrets); err != nil || string(out) != "[{}]" {
		t.Errorf("json: %s %v", out, err)
	}
}

// leaks are the ways in which part of a key may look when it is printed.
func leaks(key []byte) []string {
	part := key[8:14]
	var dec []string
	for _, b := range part {
		dec = append(dec, fmt.Sprint(b))
	}
	return []string{
		hex.EncodeToString(part), strings.ToUpper(hex.EncodeToString(part)),
		base64.StdEncoding.EncodeToString(key)[8:20], string(part),
		strings.Join(dec, " "), strings.Join(dec, ", "), "0xa9, 0xaa", `\xa9\xaa`,
	}
}

// The test above must be able to fail.
func TestLeaksAreSeen(t *testing.T) {
	key := seq(0xa1, 32)
	for _, out := range []string{
		fmt.Sprint(key), fmt.Sprintf("%x", key), fmt.Sprintf("%X", key), fmt.Sprintf("%#v", key), string(key),
		fmt.Sprintf("%q", key), base64.StdEncoding.EncodeToString(key),
	} {
		seen := false
		for _, leak := range leaks(key) {
			seen = seen || strings.Contains(out, leak)
		}
		if !seen {
			t.Errorf("not seen: %s", out)
		}
	}
}

// Errors about messages with secrets do not quote them.
func TestErrorsHoldNoSecrets(t *testing.T) {
	for _, v := range vectors(t, "rst*-bad-*.txtar") {
		for _, x := range []string{v.files["request.xml"], v.files["answer.xml"]} {
			if x == "" {
				continue
			}
			e := root(t, strings.TrimSpace(x))
			_, _, err1 := ReadRequest(e, Opener{})
			_, err2 := ReadResponse(e, Trust13, Issue, Opener{})
			for _, err := range []error{err1, err2} {
				if err == nil {
					continue
				}
				for _, secret := range []string{"AQIDBAUG", "QEFCQ0RF"} { // the beginnings of the test entropy
					if strings.Contains(err.Error(), secret) {
						t.Errorf("%s: %v", v.file, err)
					}
				}
			}
		}
	}
	const broken = "<a>a token that is not to be seen"
	_, err := (&Request{OnBehalfOf: []byte(broken)}).Write(Trust13)
	if err == nil || strings.Contains(err.Error(), "not to be seen") {
		t.Errorf("%v", err)
	}
}

func TestSecretIsACopy(t *testing.T) {
	b := seq(1, 16)
	s := NewSecret(b)
	clear(b)
	if !bytes.Equal(s.Bytes(), seq(1, 16)) {
		t.Error("NewSecret kept the caller's slice")
	}
	other := s
	s.Clear()
	if !other.IsZero() || other.Len() != 0 {
		t.Error("a copy outlived Clear")
	}
	if !NewSecret(nil).IsZero() || !(Secret{}).Equal(NewSecret(nil)) || NewSecret(seq(1, 16)).Equal(NewSecret(seq(2, 16))) {
		t.Error("comparison")
	}
	Secret{}.Clear()
}

// When an exchange is over, however it ends, our entropy is overwritten, and
// the key that was issued is not.
func TestEntropyIsOverwritten(t *testing.T) {
	answer := func(n *Negotiation, good bool) xmltree.Elem {
		a := Response{Context: n.Context(), Token: []byte(testToken)}
		if !good {
			a.Context = "urn:other"
		}
		out, err := a.Write(Trust13, Issue)
		if err != nil {
			t.Fatal(err)
		}
		return root(t, string(out))
	}
	for _, good := range []bool{true, false} {
		caller := NewSecret(clientOctets)
		n, err := New(Request{KeyType: Symmetric, Entropy: ClientEntropy, ClientEntropy: caller}, Trust13, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Step(xmltree.Elem{}, noon); err != nil {
			t.Fatal(err)
		}
		inside := n.req.ClientEntropy.Bytes()
		if len(inside) != 32 {
			t.Fatal("no entropy inside")
		}
		_, err = n.Step(answer(n, good), noon)
		if (err == nil) != good {
			t.Fatal(err)
		}
		if !bytes.Equal(inside, make([]byte, 32)) {
			t.Error("our entropy is still there")
		}
		if !bytes.Equal(caller.Bytes(), clientOctets) {
			t.Error("the caller's copy was overwritten")
		}
		if good && !bytes.Equal(n.Issued().Proof.Bytes(), clientOctets) {
			t.Error("the proof key was overwritten")
		}
	}
}
