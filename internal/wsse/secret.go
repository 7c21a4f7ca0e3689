package wsse

import (
	"crypto/rand"
	"errors"
	"strings"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// A symmetric is a symmetric key that a message uses, and where it comes from.
type symmetric struct {
	key  alg.Key
	root alg.Key // what key is derived from, or key itself
	ref  KeyRef  // names root; Kind 0 for the key of the holder of the assertion
	made bool    // root came with the message, encrypted for us: anybody could have made it

	holder bool
	elem   xmltree.Elem // the EncryptedKey of a root that was made
}

// keyInfo finds out which key a ds:KeyInfo means.
func (p *Pending) keyInfo(ki xmltree.Elem) (source, error) {
	if !ki.OK() {
		return source{}, refuse(ClassFormat, p.sec, "no key information")
	}
	var only xmltree.Elem
	for c := range ki.Children {
		if only.OK() {
			only = xmltree.Elem{}
			break
		}
		only = c
	}
	if only.OK() && (isDerived(only) || only.Is(xmltree.XENC, "EncryptedKey") || isContext(only)) {
		return p.tokenSource(only, ki)
	}
	hint, err := xmldsig.ReadKeyInfo(ki)
	if err != nil {
		return source{}, err
	}
	if hint.STR.OK() {
		if hint.Selects() {
			return source{}, refuse(ClassFormat, ki, "a token reference and other key information")
		}
		return p.resolve(hint.STR)
	}
	ref, ok := keyRefOf(hint)
	if !ok {
		return source{}, refuse(ClassPolicy, ki, "this kind of key information is not supported")
	}
	return source{ref: ref}, nil
}

// encryptedKeyRef is the function of that name, done once for each element.
func (p *Pending) encryptedKeyRef(ek xmltree.Elem) (KeyRef, error) {
	for _, k := range p.named {
		if k.elem.Same(ek) {
			return k.ref, nil
		}
	}
	ref, err := encryptedKeyRef(ek)
	if err == nil {
		p.named = append(p.named, namedKey{ek, ref})
	}
	return ref, err
}

type namedKey struct {
	elem xmltree.Elem
	ref  KeyRef
}

// encryptedKeyRef names an EncryptedKey by the digest of its octets.
func encryptedKeyRef(ek xmltree.Elem) (KeyRef, error) {
	value, err := xmlenc.CipherValue(ek)
	if err != nil {
		return KeyRef{}, err
	}
	sum := alg.SHA1(value)
	return KeyRef{Kind: KeyEncrypted, ID: string(sum[:])}, nil
}

// rootRef returns what must be known before the key of a source is: the
// reference that it ends at. Ok is false where the message must be opened
// first, or where it leads nowhere.
func (p *Pending) rootRef(s source) (KeyRef, bool) {
	for range maxDerivations {
		switch {
		case s.base != nil:
			s = *s.base
		case s.derived != nil:
			var err error
			if s, err = p.resolve(s.derived.str); err != nil {
				return KeyRef{}, false
			}
		case s.encrypted.OK():
			if wrapped := alg.WrapKeySize(xmlenc.Method(s.encrypted)) != 0; !wrapped {
				return KeyRef{Kind: KeyRecipient}, true
			}
			var err error
			if s, err = p.keyInfo(xmlenc.KeyInfo(s.encrypted)); err != nil {
				return KeyRef{}, false
			}
		default:
			return s.ref, s.ref.Kind != 0 // the key of an assertion has none
		}
	}
	return KeyRef{}, false
}

// secretOf finds a symmetric key. Size is that of the key in octets, 0 if it is
// not known.
func (v *verifier) secretOf(s *source, size, depth int) (symmetric, error) {
	if depth > maxDerivations {
		return symmetric{}, refuse(ClassLimit, v.sec, "keys that lead to keys, more than %d", maxDerivations)
	}
	switch {
	case s.derived != nil:
		base := s.base
		if base == nil {
			b, err := v.resolve(s.derived.str)
			if err != nil {
				return symmetric{}, err
			}
			base = &b
		}
		out, err := v.secretOf(base, 0, depth+1)
		if err != nil {
			return symmetric{}, err
		}
		out.key, err = s.derived.key(out.key)
		return out, err
	case s.encrypted.OK():
		return v.openKey(s, size, depth)
	case s.assertion:
		return v.holderSecret(s)
	case s.ref.Kind == KeyUser:
		return v.passwordSecret(s, size, depth)
	}
	key := v.cred.Keys[s.ref]
	if key.IsZero() && v.pol.Reply != nil {
		key = v.pol.Reply.known[s.ref]
	}
	if key.IsZero() {
		return symmetric{}, refuse(ClassTrust, v.sec, "%v is not known", s.ref)
	}
	if !key.IsSecret() {
		return symmetric{}, refuse(ClassAlgorithm, v.sec, "a %v where a secret key is needed", key)
	}
	return symmetric{key: key, root: key, ref: s.ref}, nil
}

// holderSecret is the symmetric key that the assertion confirms.
func (v *verifier) holderSecret(s *source) (symmetric, error) {
	if err := v.openHolder(s.id); err != nil {
		return symmetric{}, err
	}
	if !v.holder.IsSecret() {
		return symmetric{}, refuse(ClassTrust, v.sec, "the assertion confirms no symmetric key")
	}
	return symmetric{key: v.holder, root: v.holder, holder: true}, nil
}

// openHolder verifies the assertion of that id, if that was not done: its key may be
// needed before the message is open.
func (v *verifier) openHolder(id string) error {
	if v.ev.Assertion == nil {
		v.wantHolder = true
		if err := v.openAssertion(); err != nil {
			return err
		}
	}
	if a := v.ev.Assertion; a == nil || a.ID != id {
		return refuse(ClassTrust, v.sec, "no verified assertion %s", shown(id))
	}
	return nil
}

// openKey opens an EncryptedKey, once for all its uses. A key that does not
// decrypt is replaced by a random one: whatever is done with it fails where it
// fails with any other wrong key, and the sender cannot tell the two apart.
func (v *verifier) openKey(s *source, size, depth int) (symmetric, error) {
	if k, ok := v.walk.keys[s.ref]; ok {
		return k, nil
	}
	ek := s.encrypted
	if len(v.walk.keys) == v.lim.EncryptedKeys {
		return symmetric{}, refuse(ClassLimit, ek, "more than %d encrypted keys", v.lim.EncryptedKeys)
	}
	uri := xmlenc.Method(ek)
	out := symmetric{ref: s.ref, made: true, elem: ek}
	var own alg.Key
	var err error
	if alg.WrapKeySize(uri) == 0 {
		own, err = v.recipient(ek)
	} else {
		var base source
		var under symmetric
		if base, err = v.keyInfo(xmlenc.KeyInfo(ek)); err == nil {
			under, err = v.secretOf(&base, alg.WrapKeySize(uri), depth+1)
		}
		own = under.key
		if !under.made {
			out.ref, out.made, out.holder = under.ref, false, under.holder
		}
	}
	if err == nil {
		err = v.use(own, uri, nil, ek)
	}
	if err != nil {
		return symmetric{}, err
	}
	if size == 0 {
		size = alg.CipherKeySize(v.pol.Suite.BlockCipherURI())
	}
	exact := 0
	if uri == alg.RSA15 {
		exact = size
	}
	spare := make([]byte, size) // whether or not it is used
	rand.Read(spare)
	out.key, err = xmlenc.OpenKey(ek, own, v.pol.Suite, exact)
	if errors.Is(err, alg.ErrDecrypt) {
		out.key, err = alg.SecretKey(spare)
	}
	if err != nil {
		return symmetric{}, because(err, ek, "")
	}
	out.root = out.key
	if v.walk.keys == nil {
		v.walk.keys = make(map[KeyRef]symmetric)
	}
	v.walk.keys[s.ref] = out
	return out, nil
}

func randomKey(size int) (alg.Key, error) {
	b := make([]byte, size)
	rand.Read(b)
	return alg.SecretKey(b)
}

// A use is what a key was used for, so that it is not used for two things.
type use struct {
	key   alg.Key
	uri   string
	nonce string
}

// use refuses a second algorithm for one key, since the weaker would open what
// the stronger closed, and a second message under one nonce of GCM.
func (v *verifier) use(key alg.Key, uri string, nonce []byte, at xmltree.Elem) error {
	for _, u := range v.walk.used {
		if !u.key.Equal(key) {
			continue
		}
		if u.uri != uri && v.off&checkOneUse == 0 {
			return &Error{Class: ClassAlgorithm, Path: at.Path(), Msg: "one key for two algorithms", Err: alg.ErrAlgorithm}
		}
		if alg.Authenticates(uri) && u.nonce == string(nonce) && v.off&checkOneUse == 0 {
			return refuse(ClassDecrypt, at, "a nonce that was used before")
		}
	}
	v.walk.used = append(v.walk.used, use{key, uri, string(nonce)})
	return nil
}

func isContext(e xmltree.Elem) bool {
	return e.Local() == "SecurityContextToken" && contextType(e.Space()) != ""
}

// dataReferences yields the ids of a ReferenceList.
func (p *Pending) dataReferences(list xmltree.Elem) ([]string, error) {
	var ids []string
	for r := range list.Children {
		uri, _ := r.Attr("", "URI")
		id, ok := strings.CutPrefix(uri, "#")
		if !r.Is(xmltree.XENC, "DataReference") || !ok || id == "" {
			return nil, refuse(ClassPolicy, r, "only encrypted data of this message can be listed")
		}
		if len(ids) == p.lim.EncryptedParts {
			return nil, refuse(ClassLimit, r, "more than %d references", p.lim.EncryptedParts)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, refuse(ClassFormat, list, "empty list")
	}
	return ids, nil
}
