package wsse

import (
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
)

// An answer is one to this request if a signature that counts says so: over its
// RelatesTo, by the key made for the request, or in confirmation of all of the
// request's signatures, of which there must be some.
func TestWhatRelatesAnAnswer(t *testing.T) {
	session := KeyRef{Kind: KeyEncrypted, ID: "made for it"}
	public := client().public(t)
	for name, c := range map[string]struct {
		confirmed []bool
		signer    Signer
		session   KeyRef
		none      bool // no addressing
		want      bool
	}{
		"nothing":                          {nil, Signer{Required: true, Key: public}, session, false, false},
		"all confirmed":                    {[]bool{true, true}, Signer{}, session, false, true},
		"one is not":                       {[]bool{true, false}, Signer{}, session, false, false},
		"nothing to confirm":               {[]bool{}, Signer{}, session, false, false},
		"RelatesTo":                        {nil, Signer{Required: true, Covers: PartRelatesTo}, session, false, true},
		"RelatesTo, by one who signs less": {nil, Signer{Covers: PartRelatesTo}, session, false, false},
		"the key made for it":              {nil, Signer{Required: true, Ref: session}, session, false, true},
		"the key, over less":               {nil, Signer{Ref: session}, session, false, false},
		"another key":                      {nil, Signer{Required: true, Ref: KeyRef{Kind: KeyEncrypted, ID: "b"}}, session, false, false},
		"a key without a name, and none was made": {nil, Signer{Required: true}, KeyRef{}, false, false},
		"no addressing": {nil, Signer{Required: true, Key: public}, session, true, true},
		"no addressing, a key of both directions": {nil, Signer{Required: true, Key: secret(t)}, session, true, false},
	} {
		v := verifierWith(map[KeyRef]alg.Key{})
		x := &Expect{session: c.session}
		x.Reply.Addressing = soap.A10
		if c.none {
			x.Reply.Addressing = soap.ANone
		}
		v.pol.Reply = x
		v.ev.Signers = []*Signer{&c.signer}
		if got := v.relates(c.confirmed); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
