package wsse

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"strconv"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// newSHA1 returns the hash that the username and thumbprint profiles fix. That
// it is old does no harm in either: one is keyed by the password as far as
// anything of its design can be, the other is a name.
func newSHA1() hash.Hash {
	h, err := alg.Legacy.Digest(alg.DigestSHA1)
	if err != nil {
		panic("wsse: the legacy suite has lost its digest")
	}
	return h()
}

// nonceSize is the size of the nonces we write; the sizes we read.
const (
	nonceSize            = 20
	minNonce, maxNonce   = 8, 128
	maxName, maxPassword = 1024, 4096
)

// digest computes Base64-decoded PasswordDigest: SHA-1 over nonce, created and
// password (Username Token Profile 1.1).
func digest(nonce []byte, created string, password []byte) []byte {
	h := newSHA1()
	h.Write(nonce)
	h.Write([]byte(created))
	h.Write(password)
	return h.Sum(nil)
}

func writeUsername(b *xmltree.Builder, t Username, id string, now time.Time) error {
	b.Start(xmltree.WSSE, "UsernameToken")
	if id != "" {
		b.Attr(xmltree.WSU, "Id", id)
	}
	b.Elem(xmltree.WSSE, "Username", t.Name)
	switch {
	case t.salt != nil:
		b.Start(xmltree.WSSE11, "Salt")
		b.Base64(t.salt)
		b.End()
		b.Elem(xmltree.WSSE11, "Iteration", strconv.Itoa(t.iterations()))
	case t.Password == nil:
	case t.Digest:
		nonce := make([]byte, nonceSize)
		rand.Read(nonce)
		created := xmltree.FormatTime(now)
		b.Start(xmltree.WSSE, "Password")
		b.Attr("", "Type", passwordDigest)
		b.Base64(digest(nonce, created, t.Password()))
		b.End()
		b.Start(xmltree.WSSE, "Nonce")
		b.Attr("", "EncodingType", encodingBase64)
		b.Base64(nonce)
		b.End()
		b.Elem(xmltree.WSU, "Created", created)
	default:
		password := string(t.Password())
		if !xmltree.ValidText(password) {
			b.End()
			return refuse(ClassFormat, xmltree.Elem{}, "the password has characters that XML cannot carry")
		}
		b.Start(xmltree.WSSE, "Password")
		b.Attr("", "Type", passwordText)
		b.Text(password)
		b.End()
	}
	b.End()
	return nil
}

// A Password is the proof in a UsernameToken: the password itself, a digest of it,
// or signatures by a key that is derived from it. What it holds never prints.
type Password struct {
	name string
	p    **proof // fmt prints what one pointer in an unexported field leads to
}

type proof struct {
	text    []byte
	digest  []byte
	nonce   []byte
	created string
	time    time.Time

	salt       []byte // of a key that is derived from the password
	iterations int
	try        func(alg.Key) bool // whether that is the key
}

func (p Password) proof() *proof {
	if p.p == nil {
		return nil
	}
	return *p.p
}

// Name returns the name that the token claims.
func (p Password) Name() string { return p.name }

// derives reports whether a key is derived from the password.
func (p Password) derives() bool {
	sent := p.proof()
	return sent != nil && sent.salt != nil
}

// Text returns the password that was sent, or false if it was not, but a digest or
// something that was made with it.
func (p Password) Text() ([]byte, bool) {
	sent := p.proof()
	if sent == nil || sent.digest != nil || sent.salt != nil {
		return nil, false
	}
	return sent.text, true
}

// Matches reports whether the token was made with this password. It takes the
// same time whatever the answer, apart from the lengths. Call it also for users
// who do not exist, with any password, and refuse them afterwards.
func (p Password) Matches(password []byte) bool {
	sent := p.proof()
	switch {
	case sent == nil:
		return false
	case sent.salt != nil:
		key, err := passwordKey(password, sent.salt, sent.iterations)
		return err == nil && sent.try != nil && sent.try(key)
	case sent.digest != nil:
		return subtle.ConstantTimeCompare(digest(sent.nonce, sent.created, password), sent.digest) == 1
	default:
		want, got := sha256.Sum256(password), sha256.Sum256(sent.text)
		return subtle.ConstantTimeCompare(want[:], got[:]) == 1
	}
}

// readUsername reads a UsernameToken as the schema has it: a Username, and then
// Password, Nonce and Created once at most, in any order. Salt and Iteration stand
// in place of the Password.
func readUsername(e xmltree.Elem) (Password, error) {
	sent := new(proof)
	out := Password{p: &sent}
	if err := e.OnlyElements(); err != nil {
		return out, err
	}
	var name, password, nonce, created, salt, iteration xmltree.Elem
	for c := range e.Children {
		var into *xmltree.Elem
		switch {
		case c.Is(xmltree.WSSE, "Username"):
			into = &name
		case c.Is(xmltree.WSSE, "Password"):
			into = &password
		case c.Is(xmltree.WSSE, "Nonce"):
			into = &nonce
		case c.Is(xmltree.WSU, "Created"):
			into = &created
		case c.Is(xmltree.WSSE11, "Salt"):
			into = &salt
		case c.Is(xmltree.WSSE11, "Iteration"):
			into = &iteration
		default:
			return out, refuse(ClassPolicy, c, "not supported in a username token")
		}
		if into.OK() {
			return out, refuse(ClassFormat, c, "stands twice")
		}
		*into = c
	}
	var err error
	if out.name, err = name.Text(); err != nil {
		return out, err
	}
	if out.name == "" || len(out.name) > maxName {
		return out, refuse(ClassFormat, e, "user name of %d octets", len(out.name))
	}
	switch {
	case salt.OK() && password.OK():
		return out, refuse(ClassFormat, password, "a password beside the salt of a key that is derived from it")
	case iteration.OK() && !salt.OK():
		return out, refuse(ClassFormat, iteration, "iterations without a salt")
	case !salt.OK() && !password.OK():
		return out, refuse(ClassPolicy, e, "no password")
	}
	if nonce.OK() {
		if t, ok := nonce.Attr("", "EncodingType"); ok && t != encodingBase64 {
			return out, refuse(ClassFormat, nonce, "encoding %s", shown(t))
		}
		if sent.nonce, err = nonce.Base64(); err != nil {
			return out, err
		}
		if n := len(sent.nonce); n < minNonce || n > maxNonce {
			return out, refuse(ClassFormat, nonce, "nonce of %d octets", n)
		}
	}
	if created.OK() {
		if sent.time, err = readTime(created); err != nil {
			return out, err
		}
		if sent.created, err = created.Token(); err != nil {
			return out, err
		}
	}
	if salt.OK() {
		return out, sent.readSalt(salt, iteration)
	}
	switch t, ok := password.Attr("", "Type"); {
	case !ok, t == passwordText:
		sent.text, err = password.TextOctets()
		if len(sent.text) > maxPassword {
			return out, refuse(ClassLimit, password, "password of %d octets", len(sent.text))
		}
	case t == passwordDigest:
		if !nonce.OK() || !created.OK() {
			return out, refuse(ClassFormat, e, "a password digest without nonce and creation time")
		}
		if sent.digest, err = password.Base64(); err == nil && len(sent.digest) != 20 {
			return out, refuse(ClassFormat, password, "digest of %d octets", len(sent.digest))
		}
	default:
		return out, refuse(ClassPolicy, password, "password of type %s", shown(t))
	}
	return out, err
}

// readSalt reads how a key is derived from the password.
func (p *proof) readSalt(salt, iteration xmltree.Elem) error {
	var err error
	if p.salt, err = salt.Base64(); err != nil {
		return err
	}
	if len(p.salt) != saltSize || p.salt[0] != saltForMAC && p.salt[0] != saltForCipher {
		return refuse(ClassFormat, salt, "a salt that is for no key")
	}
	p.iterations = defaultIterations
	if iteration.OK() {
		if p.iterations, err = readNumber(iteration, maxIterations); err != nil {
			return err
		}
	}
	if p.iterations < minIterations {
		return refuse(ClassPolicy, iteration, "%d iterations are fewer than %d", p.iterations, minIterations)
	}
	return nil
}
