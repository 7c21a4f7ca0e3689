package wsse

import "testing"

// TestTokenParts: the evidence says which signatures cover the tokens, and which
// cover other signatures.
func TestTokenParts(t *testing.T) {
	l := trust(client(), rsaUser())
	l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
	l.Password = func(p Password) bool { return p.Matches([]byte(secretWord + "-password")) }
	p := Symmetric(service().cert)
	msg, _, err := Protect(outgoing(), Options{Protection: p, Tokens: []Token{x509Token(client(), RefDirect, 0), user()}}, now)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := receive(t, msg, l, Policy{TLS: true, Required: PartSignature | BodyTimestamp}, now, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(ev.Signers) != 2 || ev.Signers[0].Covers&PartSignature != 0 || ev.Signers[1].Covers&PartSignature == 0 || ev.Signers[0].Required || !ev.Signers[1].Required {
		t.Errorf("signers %+v", ev.Signers)
	}
	if by := ev.UsernameToken.SignedBy(); len(by) != 1 || by[0] != ev.Signers[0] || ev.UsernameToken.Encrypted() == nil {
		t.Errorf("username token signed by %v, encrypted %v", by, ev.UsernameToken.Encrypted())
	}
	if ev.AssertionToken != nil {
		t.Error("there is no assertion")
	}

	msg, _, err = Protect(outgoing(), Options{Protection: AsymmetricSign(), Tokens: []Token{x509Token(client(), RefDirect, 0), bearerToken(t)}}, now)
	if err != nil {
		t.Fatal(err)
	}
	if ev, err = receive(t, msg, l, Policy{}, now, 0); err != nil {
		t.Fatal(err)
	}
	if by := ev.AssertionToken.SignedBy(); len(by) != 1 || ev.AssertionToken.Encrypted() != nil || ev.UsernameToken != nil {
		t.Errorf("assertion signed by %v", by)
	}
	if _, err = receive(t, msg, l, Policy{Required: PartSignature}, now, 0); ClassOf(err) != ClassPolicy {
		t.Errorf("nobody signed the signature, and: %v", err)
	}

	// Over TLS nothing need be signed.
	msg, _, err = Protect(outgoing(), Options{Tokens: []Token{user()}}, now)
	if err != nil {
		t.Fatal(err)
	}
	if ev, err = receive(t, msg, l, Policy{TLS: true}, now, 0); err != nil || ev.UsernameToken.Signed() || !ev.UsernameToken.TransportOnly() {
		t.Errorf("%v, %v", ev, err)
	}
}
