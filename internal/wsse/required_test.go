package wsse

import (
	"testing"

	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
)

// Each addressing header that a policy names is required, whatever the others are:
// one that no signature covers, and one that the message does not have. Only all
// of them together mean those that are there.
func TestEveryRequiredHeader(t *testing.T) {
	for _, bit := range []Parts{PartTo, PartAction, PartMessageID, PartRelatesTo, PartReplyTo, PartFrom, PartFaultTo} {
		all := protect(t, Options{Tokens: []Token{x509Token(client(), 0, BodyTimestamp|PartAddressing)}})
		less := protect(t, Options{Tokens: []Token{x509Token(client(), 0, BodyTimestamp|PartAddressing&^bit)}})
		has := bit&(PartTo|PartAction|PartMessageID|PartReplyTo) != 0
		for _, tls := range []bool{false, true} {
			if _, err := receive(t, less, trust(client()), Policy{TLS: tls, Required: bit}, now, 0); ClassOf(err) != ClassPolicy {
				t.Errorf("%v is not signed: %v", bit, err)
			}
			_, err := receive(t, less, trust(client()), Policy{TLS: tls, Required: PartAddressing}, now, 0)
			if want := map[bool]Class{true: ClassPolicy}[has]; ClassOf(err) != want {
				t.Errorf("all but %v are signed: %v", bit, err)
			}
			_, err = receive(t, all, trust(client()), Policy{TLS: tls, Required: bit}, now, 0)
			if want := map[bool]Class{false: ClassPolicy}[has]; ClassOf(err) != want {
				t.Errorf("%v is signed, or not there: %v", bit, err)
			}
		}
	}
}

// Verify opens a message that nobody opened, and what fails then is refused: then,
// and when it is asked again.
func TestVerifyOpens(t *testing.T) {
	p := Protection{Sign: BodyTimestamp, Encrypt: PartBody | PartSignature, Recipient: service().cert, Symmetric: true}
	msg := write(t, "", p, user())
	pending := func(msg []byte) *Pending {
		d, err := xmltree.Parse(msg, xmltree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		env, err := soap.Read(d, Understood)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Read(env, "")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	l := reader(t)
	good := pending(msg)
	ev, err := good.Verify(l.answer(t, good), Policy{}, now)
	if err != nil || ev.Encrypted&p.Encrypt != p.Encrypt {
		t.Fatalf("%+v, %v", ev, err)
	}
	other := l
	other.Recipients = []Recipient{{Key: rsaUser().key}}
	bad := pending(msg)
	for range 2 {
		ev, err := bad.Verify(other.answer(t, bad), Policy{}, now)
		if ev != nil || ClassOf(err) != ClassDecrypt {
			t.Errorf("with another key: %v, %v", ev, err)
		}
	}
	// What a first pass did not open stays refused, whoever asks next.
	if err := bad.Open(l.answer(t, bad), Policy{}); ClassOf(err) != ClassDecrypt {
		t.Errorf("opened after it failed: %v", err)
	}
}
