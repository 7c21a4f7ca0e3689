package wsse

import (
	"testing"

	"wstrust/internal/alg"
	"wstrust/saml"
)

// An assertion inside a reference is proved by its key or not at all, also one that
// whoever bears it may show: whether bearer assertions are encrypted is looked for in
// the header.
func TestEmbeddedAssertionIsNotBorne(t *testing.T) {
	either := build(t, saml.V20, issuer(), holderOf(client()), saml.Confirmation{Kind: saml.Bearer})
	// The holder signs too little, and somebody else enough.
	message := func(embedded bool) []byte {
		holder := Issued{XML: either, Key: client().key, Parts: PartTimestamp, Embedded: embedded}
		return protect(t, Options{Tokens: []Token{holder, x509Token(mallory(), RefDirect, BodyTimestamp)}})
	}
	for name, c := range map[string]struct {
		embedded bool
		pol      Policy
		want     saml.Kind
		refused  bool
	}{
		"in the header, held":          {false, Policy{TLS: true}, saml.HolderOfKey, false},
		"in the header, borne":         {false, Policy{TLS: true, Required: PartBody}, saml.Bearer, false},
		"in the header, in the clear":  {false, Policy{TLS: true, Required: PartBody, Encrypted: PartToken}, 0, true},
		"embedded, held":               {true, Policy{TLS: true}, saml.HolderOfKey, false},
		"embedded, borne":              {true, Policy{TLS: true, Required: PartBody}, 0, true},
		"embedded, borne in the clear": {true, Policy{TLS: true, Required: PartBody, Encrypted: PartToken}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			ev, err := receive(t, message(c.embedded), trust(mallory()), c.pol, now, 0)
			if c.refused {
				wantClass(t, err, ClassPolicy)
				return
			}
			if err != nil || ev.Confirmation != c.want {
				t.Errorf("%+v, %v", ev, err)
			}
		})
	}
}

// What one try of a password used up is not written over by the next: the memory of
// nonces and algorithms is that of the right one.
func TestTriesKeepApart(t *testing.T) {
	right, wrong := freshKey(t), freshKey(t)
	sent := &proof{salt: make([]byte, saltSize)}
	v := &verifier{Pending: &Pending{password: Password{p: &sent}}, cred: &Credentials{}}
	v.walk.used = make([]use, 0, 4)
	v.cred.Password = func(Password) bool { return sent.try(right) && !sent.try(wrong) }
	try := func() bool {
		v.walk.used = append(v.walk.used, use{v.walk.user, alg.AES256GCM, "nonce"})
		return v.walk.user.Equal(right)
	}
	if err := v.askUser(try); err != nil {
		t.Fatal(err)
	}
	if len(v.walk.used) != 1 || !v.walk.used[0].key.Equal(right) || !v.walk.user.Equal(right) {
		t.Errorf("%d uses, the first of %v", len(v.walk.used), v.walk.used[0].key)
	}
}
