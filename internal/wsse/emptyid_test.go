package wsse

import "testing"

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
