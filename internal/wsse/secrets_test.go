package wsse

import (
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

const anRSAKey = `<x:EncryptedKey xmlns:x="` + xmltree.XENC + `"><x:EncryptionMethod Algorithm="` + alg.RSAOAEP + `"/><x:CipherData><x:CipherValue>%</x:CipherValue></x:CipherData></x:EncryptedKey>`

func verifierWith(keys map[KeyRef]alg.Key) *verifier {
	p := &Pending{lim: Limits{}.WithDefaults()}
	return &verifier{Pending: p, cred: &Credentials{Keys: keys}, pol: &Policy{}, ev: new(Evidence)}
}

// Where a secret key is needed nothing else does: no public key, none at all, and
// none of an assertion that was not verified, or is another one.
func TestOnlySecretsAreSecret(t *testing.T) {
	context := KeyRef{Kind: KeyContext, ID: "urn:ctx"}
	for name, c := range map[string]struct {
		key  alg.Key
		want Class
	}{"public": {client().public(t), ClassAlgorithm}, "private": {client().key, ClassAlgorithm}, "none": {alg.Key{}, ClassTrust}, "secret": {secret(t), 0}} {
		got, err := verifierWith(map[KeyRef]alg.Key{context: c.key}).secretOf(&source{ref: context}, 0, 0)
		if ClassOf(err) != c.want || got.key.IsZero() != (err != nil) {
			t.Errorf("%s: %v, %v", name, got.key, err)
		}
	}
	v := verifierWith(map[KeyRef]alg.Key{context: secret(t)})
	if _, err := v.secretOf(&source{ref: context}, 0, maxDerivations); err != nil {
		t.Errorf("as deep as may be: %v", err)
	}
	if _, err := v.secretOf(&source{ref: context}, 0, maxDerivations+1); ClassOf(err) != ClassLimit {
		t.Errorf("deeper: %v", err)
	}
	for name, c := range map[string]struct {
		is     *saml.Assertion
		holder alg.Key
		want   Class
	}{
		"no assertion": {nil, secret(t), ClassTrust},
		"another":      {&saml.Assertion{ID: "b"}, secret(t), ClassTrust},
		"a public key": {&saml.Assertion{ID: "a"}, client().public(t), ClassTrust},
		"no key":       {&saml.Assertion{ID: "a"}, alg.Key{}, ClassTrust},
		"that one":     {&saml.Assertion{ID: "a"}, secret(t), 0},
	} {
		v := verifierWith(nil)
		v.ev.Assertion, v.holder = c.is, c.holder
		got, err := v.holderSecret(&source{assertion: true, id: "a"})
		if ClassOf(err) != c.want || got.holder != (err == nil) || got.key.IsZero() != (err != nil) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	// One that does not verify is asked for once, and says why it does not.
	v = verifierWith(nil)
	v.assertion = parsed(t, string(bearerToken(t).XML))
	if _, err := v.holderSecret(&source{assertion: true, id: tokenID(v.assertion)}); err == nil || !strings.Contains(err.Error(), "assertion: ") {
		t.Errorf("an assertion by somebody unknown: %v", err)
	}
}

// An EncryptedKey goes by the digest of its octets, and is opened once. No more of
// them are opened than the limit says.
func TestEncryptedKeysByDigest(t *testing.T) {
	one, two := parsed(t, strings.Replace(anRSAKey, "%", "AAAA", 1)), parsed(t, strings.Replace(anRSAKey, "%", "AAAB", 1))
	p := new(Pending)
	a, err := p.encryptedKeyRef(one)
	b, err2 := p.encryptedKeyRef(two)
	if err != nil || err2 != nil || a == b || a.Kind != KeyEncrypted || len(a.ID) != 20 {
		t.Errorf("%v, %v, %v, %v", a, b, err, err2)
	}
	for range 2 {
		if again, err := p.encryptedKeyRef(one); err != nil || again != a || len(p.named) != 2 {
			t.Errorf("%v, %v, %d", again, err, len(p.named))
		}
	}
	empty := parsed(t, `<x:EncryptedKey xmlns:x="`+xmltree.XENC+`"/>`)
	for range 2 { // what cannot be read is not remembered as if it could
		if _, err := p.encryptedKeyRef(empty); err == nil {
			t.Error("a key without a value has a name")
		}
	}
	v := verifierWith(nil)
	v.lim.EncryptedKeys = 1
	v.walk.keys = map[KeyRef]symmetric{a: {key: secret(t)}}
	if got, err := v.openKey(&source{ref: a, encrypted: one}, 32, 0); err != nil || !got.key.Equal(secret(t)) {
		t.Errorf("one that is open: %v", err)
	}
	if _, err := v.openKey(&source{ref: b, encrypted: two}, 32, 0); ClassOf(err) != ClassLimit {
		t.Errorf("one too many: %v", err)
	}
}

// A key that does not decrypt is replaced by one that nobody can guess, which is
// another one each time.
func TestReplacedKeyIsRandom(t *testing.T) {
	ek := parsed(t, strings.Replace(anRSAKey, "%", base64Of(make([]byte, 256)), 1))
	var seen []alg.Key
	for range 2 {
		v := verifierWith(nil)
		v.cred.Recipients = []Recipient{{Key: service().key}}
		got, err := v.openKey(&source{encrypted: ek}, 32, 0)
		if err != nil || got.key.Bits() != 256 || !got.made || !got.root.Equal(got.key) {
			t.Fatalf("%+v, %v", got, err)
		}
		seen = append(seen, got.key)
	}
	a, errA := randomKey(32)
	b, errB := randomKey(32)
	if errA != nil || errB != nil || a.Equal(b) || seen[0].Equal(seen[1]) {
		t.Error("the same key twice")
	}
	// Without a key of ours there is nothing to try.
	if _, err := verifierWith(nil).openKey(&source{encrypted: ek}, 32, 0); ClassOf(err) != ClassDecrypt {
		t.Error(err)
	}
}

// A list names encrypted data of this message, and something.
func TestDataReferences(t *testing.T) {
	list := func(refs string) xmltree.Elem {
		return parsed(t, `<x:ReferenceList xmlns:x="`+xmltree.XENC+`">`+refs+`</x:ReferenceList>`)
	}
	p := &Pending{lim: Limits{EncryptedParts: 2}}
	for refs, want := range map[string]Class{
		``:                            ClassFormat,
		`<x:DataReference URI="#a"/>`: 0,
		strings.Repeat(`<x:DataReference URI="#a"/>`, 2): 0,
		strings.Repeat(`<x:DataReference URI="#a"/>`, 3): ClassLimit,
		`<x:DataReference URI="#"/>`:                     ClassPolicy,
		`<x:DataReference URI="a"/>`:                     ClassPolicy,
		`<x:DataReference/>`:                             ClassPolicy,
		`<x:KeyReference URI="#a"/>`:                     ClassPolicy,
	} {
		if ids, err := p.dataReferences(list(refs)); ClassOf(err) != want || err == nil && ids[0] != "a" {
			t.Errorf("%s: %v, %v", refs, ids, err)
		}
	}
}

// What must be known before a key is: the one that it all begins with.
func TestKeyBehindAKey(t *testing.T) {
	str := func(inner string) string {
		return `<w:SecurityTokenReference xmlns:w="` + xmltree.WSSE + `">` + inner + `</w:SecurityTokenReference>`
	}
	context := str(`<w:Reference URI="urn:ctx" ValueType="` + typeSCT13 + `"/>`)
	wrapped := func(info string) string {
		return strings.Replace(strings.Replace(anRSAKey, alg.RSAOAEP, alg.WrapAES256, 1), `<x:CipherData>`, `<d:KeyInfo xmlns:d="`+xmltree.DS+`">`+info+`</d:KeyInfo><x:CipherData>`, 1)
	}
	root := KeyRef{Kind: KeyContext, ID: "urn:ctx"}
	p := new(Pending)
	base := source{ref: root}
	for name, c := range map[string]struct {
		s    source
		want KeyRef
		ok   bool
	}{
		"itself":                  {base, root, true},
		"nothing":                 {source{}, KeyRef{}, false},
		"of an assertion":         {source{assertion: true, id: "a"}, KeyRef{}, false},
		"derived":                 {source{derived: new(derivation), base: &base}, root, true},
		"derived, by reference":   {source{derived: &derivation{str: parsed(t, context)}}, root, true},
		"derived from nothing":    {source{derived: &derivation{str: parsed(t, str(""))}}, KeyRef{}, false},
		"encrypted for us":        {source{encrypted: parsed(t, anRSAKey)}, KeyRef{Kind: KeyRecipient}, true},
		"wrapped under a context": {source{encrypted: parsed(t, wrapped(context))}, root, true},
		"wrapped under no key":    {source{encrypted: parsed(t, wrapped(""))}, KeyRef{}, false},
		"wrapped, and derived":    {source{derived: new(derivation), base: &source{encrypted: parsed(t, wrapped(context))}}, root, true},
	} {
		if got, ok := p.rootRef(c.s); ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
	circle := &source{derived: new(derivation)}
	circle.base = circle
	if got, ok := p.rootRef(*circle); ok {
		t.Errorf("a circle: %v", got)
	}
	info := func(inner string) xmltree.Elem {
		return parsed(t, `<d:KeyInfo xmlns:d="`+xmltree.DS+`">`+inner+`</d:KeyInfo>`)
	}
	sct := string(contextIssued(t).XML)
	if s, err := p.keyInfo(info(sct)); err != nil || s.ref != root || s.space != xmltree.SC13 {
		t.Errorf("a context: %+v, %v", s, err)
	}
	if s, err := p.keyInfo(info(strings.Replace(anRSAKey, "%", "AAAA", 1))); err != nil || !s.encrypted.OK() {
		t.Errorf("an encrypted key: %+v, %v", s, err)
	}
	for name, ki := range map[string]xmltree.Elem{
		"none": {}, "empty": info(""), "two contexts": info(sct + sct),
	} {
		if s, err := p.keyInfo(ki); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
}
