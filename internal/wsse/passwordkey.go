package wsse

import (
	"crypto/rand"
	"maps"
	"slices"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// Keys that are derived from a password (Username Token Profile 1.1, "Key
// Derivation"). The least number of iterations is the one that the Basic Security
// Profile demands; the most is what a stranger can make us compute.
const (
	saltSize                     = 16
	saltForMAC, saltForCipher    = 1, 2 // first octet of the salt
	minIterations, maxIterations = 1000, 10000
	defaultIterations            = 1000
)

// passwordKey is SHA-1 over password and salt, and then over itself.
func passwordKey(password, salt []byte, iterations int) (alg.Key, error) {
	h := newSHA1()
	h.Write(password)
	h.Write(salt)
	sum := h.Sum(nil)
	for range iterations - 1 {
		h.Reset()
		h.Write(sum)
		sum = h.Sum(sum[:0])
	}
	return alg.SecretKey(sum)
}

// planUsername checks a username token, and derives its key if it has one.
func (w *writer) planUsername(s *signer, t Username) error {
	none := xmltree.Elem{}
	switch {
	case t.Name == "" || !xmltree.ValidText(t.Name):
		return refuse(ClassFormat, none, "user name is empty or has characters that XML cannot carry")
	case t.Digest && t.Password == nil:
		return refuse(ClassPolicy, none, "a password digest needs a password")
	case !t.Derive:
		return nil
	case t.Digest || t.Password == nil:
		return refuse(ClassPolicy, none, "a key is derived from a password, in place of its digest")
	case w.o.Version == V10:
		return refuse(ClassPolicy, none, "a key from a password needs a header of version 1.1")
	case t.iterations() < minIterations || t.iterations() > maxIterations:
		return refuse(ClassPolicy, none, "%d iterations: they must be %d to %d", t.Iterations, minIterations, maxIterations)
	}
	s.salt = make([]byte, saltSize)
	rand.Read(s.salt)
	s.salt[0] = saltForMAC
	var err error
	if s.key, err = passwordKey(t.Password(), s.salt, t.iterations()); err != nil {
		return because(err, none, "key from a password")
	}
	s.parts, s.id = t.Parts, w.id("user", s.token)
	var b xmltree.Builder
	b.Start(xmltree.WSSE, "SecurityTokenReference")
	b.Start(xmltree.WSSE, "Reference")
	b.Attr("", "URI", "#"+s.id)
	b.Attr("", "ValueType", typeUsername)
	b.End()
	b.End()
	s.keyInfo = keyInfoWith(b.Bytes())
	return nil
}

func (t *Username) iterations() int {
	if t.Iterations == 0 {
		return defaultIterations
	}
	return t.Iterations
}

// fromPassword reports whether a source leads to the key of the username token.
func (p *Pending) fromPassword(s source) bool {
	ref, _ := p.rootRef(s)
	return ref.Kind == KeyUser
}

// passwordSecret is the key of the username token. It is that of a user once
// askUser has found it.
func (v *verifier) passwordSecret(s *source, size, depth int) (symmetric, error) {
	key := v.walk.user
	switch {
	case key.IsZero():
		return symmetric{}, refuse(ClassTrust, s.token, "the key of a password that nobody has confirmed")
	case size > 0:
		return symmetric{}, refuse(ClassPolicy, s.token, "a key from a password that encrypts by itself, and not through one derived from it")
	case depth == 0 && v.password.proof().salt[0] != saltForMAC:
		return symmetric{}, refuse(ClassPolicy, s.token, "a key from a password that signs, and whose salt is not for that")
	}
	return symmetric{key: key, root: key, ref: s.ref}, nil
}

// askUser asks whose password the key of the username token comes from. Right says
// whether everything fits that can be tried with a candidate. Each try begins where
// the first did, and only what the right one came to is kept.
func (v *verifier) askUser(right func() bool) error {
	before := v.walk
	before.user, before.used = alg.Key{}, slices.Clip(before.used)
	after := before
	sent := v.password.proof()
	sent.try = func(key alg.Key) bool {
		v.walk = before
		v.walk.keys, v.walk.done = maps.Clone(before.keys), maps.Clone(before.done)
		v.walk.user = key
		if !right() {
			return false
		}
		after = v.walk
		return true
	}
	if v.cred.Password == nil || !v.cred.Password(v.password) {
		after = before
	}
	sent.try, v.walk = nil, after
	if v.walk.user.IsZero() {
		return refuse(ClassTrust, v.username, "user name or password is wrong")
	}
	return nil
}

// proveUser has the signatures by the password's key, of which there must be one,
// say whether the password is right.
func (v *verifier) proveUser() error {
	var own []*pendingSignature
	for i := range v.sigs {
		if v.fromPassword(v.sigs[i].from) {
			own = append(own, &v.sigs[i])
		}
	}
	if len(own) == 0 {
		return refuse(ClassPolicy, v.username, "a username token without password, and no signature by its key")
	}
	return v.askUser(func() bool {
		for _, s := range own {
			signer, err := v.signerOf(s)
			if err == nil {
				_, err = v.verify(s, signer)
			}
			if err != nil {
				return false
			}
		}
		return true
	})
}
