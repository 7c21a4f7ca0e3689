package wsse

import "testing"

// What must be encrypted must be so as far as the message has it: a Body with nothing
// in it hides nothing, and a token is one that is a secret.
func TestWhatMustBeEncrypted(t *testing.T) {
	absent := PartRelatesTo | PartFrom | PartFaultTo | PartSignature
	empty, full := outgoing(), outgoing()
	empty.Body = nil
	bearer := bearerToken(t)
	rsa := x509Token(rsaUser(), RefDirect, 0)
	for name, c := range map[string]struct {
		body    bool
		encrypt Parts
		o       Options
		must    Parts
		want    Class
	}{
		"nothing is there":             {false, 0, Options{Timestamp: Never, Tokens: []Token{user()}}, absent | PartBody | PartTimestamp, 0},
		"a body":                       {true, 0, Options{Timestamp: Never, Tokens: []Token{user()}}, PartBody, ClassPolicy},
		"a timestamp":                  {false, 0, Options{Tokens: []Token{user()}}, PartTimestamp, ClassPolicy},
		"an action":                    {false, 0, Options{Tokens: []Token{user()}}, PartAction, ClassPolicy},
		"a password":                   {false, 0, Options{Tokens: []Token{user()}}, PartToken, ClassPolicy},
		"a bearer assertion":           {false, 0, Options{Tokens: []Token{rsa, bearer}}, PartToken, ClassPolicy},
		"an encrypted one":             {true, PartToken, Options{Tokens: []Token{rsa, bearer}}, PartToken, 0},
		"an encrypted password":        {true, PartToken, Options{Tokens: []Token{rsa, user()}}, PartToken, 0},
		"a certificate, which is none": {false, 0, Options{Tokens: []Token{rsa}}, PartToken, 0},
		"an encrypted timestamp":       {true, PartTimestamp, Options{Tokens: []Token{rsa}}, PartTimestamp, 0},
	} {
		out := empty
		if c.body {
			out = full
		}
		if c.encrypt != 0 {
			c.o.Protection = &Protection{Sign: PartTimestamp, Encrypt: c.encrypt, Recipient: service().cert}
		}
		msg, _, err := Protect(out, c.o, now)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := receive(t, msg, reader(t), Policy{TLS: true, Encrypted: c.must}, now, 0)
		if ClassOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && ev.Encrypted != c.encrypt {
			t.Errorf("%s: encrypted %v", name, ev.Encrypted)
		}
	}
}
