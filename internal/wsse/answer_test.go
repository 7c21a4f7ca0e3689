package wsse

import (
	"bytes"
	"strings"
	"testing"

	"wstrust/internal/soap"
)

// answered sends a message, and returns what its receiver answers under the
// same protection, and how the sender reads that.
func answered(t *testing.T, k kind, confirm bool) (msg, reply []byte, read func([]byte, Policy) (*Evidence, error)) {
	t.Helper()
	msg, x, err := Protect(k.out, k.o, now)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := receive(t, msg, k.trust, Policy{TLS: true}, now, 0)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Reply: true, Tokens: []Token{x509Token(service(), RefDirect, PartTimestamp|PartBody|PartAddressing)}}
	o, _, err = ev.Answer(o)
	if err != nil {
		if k.o.Protection.Recipient != nil && strings.Contains(k.name, "ecdsa") {
			return msg, nil, nil // its key cannot decrypt
		}
		t.Fatal(err)
	}
	if confirm {
		o.Confirms = ev
	}
	reply, _, err = Protect(soap.Outgoing{
		Version: k.out.Version, Addressing: k.out.Addressing, Action: action + "Response", RelatesTo: x.Reply.MessageID,
		Body: []byte(`<o:Got xmlns:o="urn:orders">` + secretWord + `-answer</o:Got>`),
	}, o, now)
	if err != nil {
		t.Fatal(err)
	}
	return msg, reply, func(m []byte, pol Policy) (*Evidence, error) {
		l := trust(service())
		l.Recipients = []Recipient{{Key: rsaUser().key, Certificate: rsaUser().cert}}
		pol.Reply = x
		return receive(t, m, l, pol, now, 0)
	}
}

func TestAnswers(t *testing.T) {
	for _, k := range kinds(t) {
		t.Run(k.name, func(t *testing.T) {
			_, reply, read := answered(t, k, true)
			if reply == nil {
				return
			}
			pol := Policy{Required: BodyTimestamp, RequireTimestamp: true, Confirmed: true}
			pol.Encrypted = k.o.Protection.Encrypt & (PartBody | PartSignature)
			ev, err := read(reply, pol)
			if err != nil {
				t.Fatalf("%v\n%s", err, reply)
			}
			p, err := ev.Body.Payload()
			if err != nil || !bytes.Contains(p.Raw(), []byte("-answer")) || !ev.Body.Signed() {
				t.Fatalf("body: %v", err)
			}
			if pol.Encrypted&PartBody != 0 && bytes.Contains(reply, []byte("-answer")) {
				t.Error("the answer is in the clear")
			}
		})
	}
}

// A confirmation is part of what is checked: without it, of another message, or
// of no signature at all, the answer is refused if confirmation is demanded.
func TestConfirmations(t *testing.T) {
	var k kind
	for _, c := range kinds(t) {
		if c.name == "symmetric derived/body/0/0" {
			k = c
		}
	}
	pol := Policy{Required: BodyTimestamp, Confirmed: true}
	_, without, read := answered(t, k, false)
	_, err := read(without, pol)
	wantClass(t, err, ClassProtocol)
	pol.Confirmed = false
	if _, err := read(without, pol); err != nil {
		t.Fatal(err)
	}
	// Somebody else's answer: its confirmation is not of our signature.
	_, other, _ := answered(t, k, true)
	if _, err := read(other, pol); err == nil {
		t.Fatal("the answer to another message was accepted")
	}
	// A request that was not signed at all is confirmed as that.
	msg, x, err := Protect(outgoing(), Options{Tokens: []Token{user()}}, now)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := receive(t, msg, k.trust, Policy{TLS: true}, now, 0)
	if err != nil {
		t.Fatal(err)
	}
	reply, _, err := Protect(soap.Outgoing{Action: "urn:a", RelatesTo: x.Reply.MessageID}, Options{Reply: true, Confirms: ev, Tokens: []Token{x509Token(service(), RefDirect, BodyTimestamp)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(reply, []byte("SignatureConfirmation")) || bytes.Contains(reply, []byte(" Value=")) {
		t.Fatalf("%s", reply)
	}
	if _, err := receive(t, reply, trust(service()), Policy{TLS: true, Reply: x, Confirmed: true}, now, 0); err != nil {
		t.Fatal(err)
	}
	// Without TLS a confirmation must be signed.
	moved := bytes.Replace(reply, []byte("<wsse11:SignatureConfirmation"), []byte("<wsse11:SignatureConfirmation Value=\"AAAA\""), 1)
	_, err = receive(t, moved, trust(service()), Policy{TLS: true, Reply: x}, now, 0)
	if err == nil {
		t.Fatal("accepted")
	}
}

// An answer under a key that anybody could have made for us is nobody's.
func TestAnswerUnderMadeKey(t *testing.T) {
	_, x, err := Protect(outgoing(), Options{Tokens: []Token{user()}}, now)
	if err != nil {
		t.Fatal(err)
	}
	p := Symmetric(rsaUser().cert)
	reply, _, err := Protect(soap.Outgoing{Action: "urn:a", RelatesTo: x.Reply.MessageID, Body: outgoing().Body}, Options{Reply: true, Protection: p}, now)
	if err != nil {
		t.Fatal(err)
	}
	l := trust(service())
	l.Recipients = []Recipient{{Key: rsaUser().key, Certificate: rsaUser().cert}}
	_, err = receive(t, reply, l, Policy{Reply: x}, now, 0)
	wantClass(t, err, ClassTrust)
	ev, err := receive(t, reply, l, Policy{Reply: x}, now, checkMade)
	if err != nil || !ev.Body.Signed() {
		t.Fatalf("the weakened verifier: %v", err)
	}
}
