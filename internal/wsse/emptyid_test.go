package wsse

import (
	"bytes"
	"testing"
)

// An attribute of the application's that is named like an identifier and empty is
// nothing that a signature could mean, and no reason to refuse a message.
func TestEmptyIdentifierOfTheApplication(t *testing.T) {
	for _, body := range []string{
		`<o:Get xmlns:o="urn:orders"><o:Line id=""/></o:Get>`,
		`<o:Get xmlns:o="urn:orders" ID=""><o:Line>1</o:Line></o:Get>`,
	} {
		out := outgoing()
		out.Body = []byte(body)
		msg, _, err := Protect(out, Options{Protection: AsymmetricSign(), Tokens: []Token{x509Token(client(), RefDirect, 0)}}, now)
		if err != nil {
			t.Fatal(err)
		}
		e, err := receive(t, msg, trust(client()), Policy{}, now, 0)
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if e.Certificate == nil {
			t.Errorf("%s: signed by nobody", body)
		}
	}
}

// A reference to the empty fragment is one to nothing, and not to such an element.
func TestReferenceToTheEmptyFragment(t *testing.T) {
	msg := swap(t, withIDs(t), `<o:Get `, []byte(`<o:Get Id="" `))
	for uri, want := range map[string]Class{"#body": 0, "#": ClassAlgorithm} {
		sig := bytes.Replace(rsaUser().over(t, msg, "stamp", "body"), []byte(`URI="#body"`), []byte(`URI="`+uri+`"`), 1)
		_, err := receive(t, behind(t, msg, endTimestamp, sig), trust(rsaUser()), Policy{}, now, 0)
		if ClassOf(err) != want {
			t.Errorf("%q: %v", uri, err)
		}
	}
}
