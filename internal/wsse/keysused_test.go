package wsse

import (
	"bytes"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// keyOfBody is what the key of the encrypted body is in, if it is encrypted.
func keyOfBody(t testing.TB, msg []byte) string {
	t.Helper()
	root := security(t, msg).Doc().Root()
	data := root.First(root.Space(), "Body").First(xmltree.XENC, "EncryptedData")
	if !data.OK() {
		return ""
	}
	r := descendant(data.First(xmltree.DS, "KeyInfo"), "Reference")
	if !r.OK() {
		return "elsewhere"
	}
	uri, _ := r.Attr("", "URI")
	e, err := xmltree.ByID(root, strings.TrimPrefix(uri, "#"))
	if err != nil {
		t.Fatal(err)
	}
	return e.Local()
}

// Which keys sign and encrypt, what is sent of them, and what the signatures are over:
// what was asked for, as far as there is a key that it can be done with, and nothing
// that nobody asked for.
func TestWhatIsWrittenOfKeys(t *testing.T) {
	to := service().cert
	shared, byCert, direct := sharedToken(t), x509Token(client(), RefThumbprint, 0), x509Token(client(), RefDirect, 0)
	password := func(o *Options) { o.Tokens = append(o.Tokens, user()) }
	stampless := func(o *Options) { o.Timestamp = Never }
	embedded := Issued{XML: build(t, saml.V20, issuer(), holderOf(client())), Key: client().key, Embedded: true}
	holder := holderToken(t)
	through, bearer := holder, bearerToken(t)
	through.STRTransform, bearer.STRTransform = true, true
	given := through
	given.Attached = attachedTo(given.XML)
	attached := given
	attached.STRTransform = false
	tenant := []soap.Name{{Space: "urn:h", Local: "Tenant"}}
	const stamped, signed = "Timestamp ", "Signature(Timestamp Body)"
	protection := func(change func(*Protection)) Protection {
		p := Protection{Sign: BodyTimestamp}
		if change != nil {
			change(&p)
		}
		return p
	}
	sealing := func(change func(*Protection)) Protection {
		p := protection(change)
		p.Encrypt |= PartBody
		return p
	}
	sent := func(p *Protection) { p.Recipient = to }
	derived := func(p *Protection) { p.Derived = Derived13 }
	sentDerived := func(p *Protection) { p.Recipient, p.Derived = to, Derived13 }
	first := func(cipher string, more Parts) func(*Protection) {
		return func(p *Protection) { p.Recipient, p.Order, p.Cipher, p.Sign = to, EncryptThenSign, cipher, p.Sign|more }
	}
	symmetric := func(cipher string, more Parts) func(*Protection) {
		return func(p *Protection) { first(cipher, more)(p); p.Symmetric = true }
	}
	tokens := func(more Parts) func(*Protection) { return func(p *Protection) { p.Sign |= more } }
	for name, c := range map[string]struct {
		tokens       []Token
		p            Protection
		change       func(*Options)
		header, body string
	}{
		"a secret":                             {[]Token{shared}, protection(nil), nil, stamped + signed, ""},
		"a secret, without a Timestamp":        {[]Token{shared}, protection(nil), stampless, "Signature(Body)", ""},
		"a certificate, without a Timestamp":   {[]Token{byCert}, protection(nil), stampless, "Signature(Body)", ""},
		"a secret encrypts":                    {[]Token{shared}, sealing(nil), nil, stamped + "ReferenceList[1] " + signed, "elsewhere"},
		"a recipient, and nothing for him":     {[]Token{byCert}, protection(sent), nil, stamped + signed, ""},
		"a recipient":                          {[]Token{byCert}, sealing(sent), nil, stamped + "EncryptedKey[1] " + signed, "EncryptedKey"},
		"a recipient of a header alone":        {[]Token{byCert}, protection(func(p *Protection) { p.Recipient, p.EncryptHeaders = to, tenant }), nil, stamped + "EncryptedKey[1] " + signed, ""},
		"a secret for a header alone":          {[]Token{shared}, protection(func(p *Protection) { p.EncryptHeaders = tenant }), nil, stamped + "ReferenceList[1] " + signed, ""},
		"a secret, and a recipient":            {[]Token{shared}, sealing(sent), nil, stamped + "EncryptedKey[1] " + signed, "EncryptedKey"},
		"derived":                              {[]Token{shared}, protection(derived), nil, stamped + "DerivedKeyToken " + signed, ""},
		"derived, encrypts":                    {[]Token{shared}, sealing(derived), nil, stamped + "DerivedKeyToken DerivedKeyToken ReferenceList[1] " + signed, "DerivedKeyToken"},
		"derived, and a recipient":             {[]Token{shared}, sealing(sentDerived), nil, stamped + "DerivedKeyToken EncryptedKey[1] " + signed, "EncryptedKey"},
		"derived from a private key: it signs": {[]Token{byCert}, protection(derived), nil, stamped + signed, ""},
		"the same, and a recipient":            {[]Token{byCert}, sealing(sentDerived), nil, stamped + "EncryptedKey[1] " + signed, "EncryptedKey"},
		"the same, embedded":                   {[]Token{embedded}, protection(derived), nil, stamped + signed, ""},
		"derived from nothing":                 {nil, protection(derived), password, stamped + "UsernameToken", ""},
		"the same, and a recipient of it":      {nil, sealing(sentDerived), password, stamped + "UsernameToken EncryptedKey[1]", "EncryptedKey"},
		"ciphertext signed":                    {[]Token{byCert}, sealing(first(alg.AES256GCM, 0)), nil, stamped + "EncryptedKey " + signed + " ReferenceList[1]", "EncryptedKey"},
		"ciphertext of CBC signed":             {[]Token{byCert}, sealing(first(alg.AES256CBC, 0)), nil, stamped + "EncryptedKey Signature(Timestamp Body EncryptedKey) ReferenceList[1]", "EncryptedKey"},
		"ciphertext signed by its key":         {nil, sealing(symmetric(alg.AES256GCM, 0)), nil, stamped + "EncryptedKey " + signed + " ReferenceList[1]", "EncryptedKey"},
		"ciphertext of CBC signed by its key":  {nil, sealing(symmetric(alg.AES256CBC, 0)), nil, stamped + "EncryptedKey " + signed + " ReferenceList[1]", "EncryptedKey"},
		"the same, with the key":               {nil, sealing(symmetric(alg.AES256CBC, PartToken)), nil, stamped + "EncryptedKey Signature(Timestamp Body EncryptedKey) ReferenceList[1]", "EncryptedKey"},
		"endorsed":                             {[]Token{shared, direct}, protection(nil), nil, stamped + "BinarySecurityToken " + signed + " Signature(Signature)", ""},
		"endorsed, tokens signed":              {[]Token{shared, direct}, protection(tokens(PartToken)), nil, stamped + "BinarySecurityToken Signature(Timestamp Body BinarySecurityToken) Signature(BinarySecurityToken Signature)", ""},
		"its token signed":                     {[]Token{direct}, protection(tokens(PartToken)), nil, stamped + "BinarySecurityToken Signature(Timestamp Body BinarySecurityToken)", ""},
		"through a reference":                  {[]Token{through}, protection(tokens(PartToken)), nil, stamped + "Assertion SecurityTokenReference Signature(Timestamp Body SecurityTokenReference)", ""},
		"through a reference, not signed":      {[]Token{through}, protection(nil), nil, stamped + "Assertion " + signed, ""},
		"the same, with one that is given":     {[]Token{given}, protection(nil), nil, stamped + "Assertion " + signed, ""},
		"one that is given":                    {[]Token{attached}, protection(tokens(PartToken)), nil, stamped + "Assertion Signature(Timestamp Body Assertion)", ""},
		"a bearer token through a reference":   {[]Token{shared, bearer}, protection(nil), nil, stamped + "SecurityTokenReference Assertion Signature(Timestamp Body SecurityTokenReference)", ""},
		"the same, and nobody signs":           {[]Token{bearer}, protection(nil), nil, stamped + "Assertion", ""},
	} {
		o := Options{Suite: alg.Legacy, Tokens: c.tokens, Protection: &c.p}
		if c.change != nil {
			c.change(&o)
		}
		msg, _, err := Protect(protected(), o, now)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		header, body := outline(t, msg), keyOfBody(t, msg)
		if header != c.header || body != c.body {
			t.Errorf("%s:\n%s, body %s\nwant\n%s, body %s", name, header, body, c.header, c.body)
		}
		if hidden := !bytes.Contains(msg, []byte("-tenant")); hidden != (c.p.EncryptHeaders != nil) {
			t.Errorf("%s: the header is encrypted: %v", name, hidden)
		}
		l := sharing(t)
		l.Recipients = []Recipient{{Key: service().key, Certificate: service().cert}}
		l.Password = func(p Password) bool { return p.Matches([]byte(secretWord + "-password")) }
		var off check
		if o.Timestamp == Never {
			off = checkRequired // which wants one
		}
		ev, err := receive(t, msg, l, Policy{Suite: alg.Legacy, TLS: true, Anonymous: true, Encrypted: c.p.Encrypt}, now, off)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, msg)
			continue
		}
		if want := strings.Contains(header, "Signature"); ev.Body.Signed() != want || ev.Body.TransportOnly() == want {
			t.Errorf("%s: the body is signed: %v, protected by TLS alone: %v", name, ev.Body.Signed(), ev.Body.TransportOnly())
		}
	}
}

// A key is derived for the cipher that the suite writes, whatever the size of the key
// that it is derived from.
func TestDerivedKeyFitsTheCipher(t *testing.T) {
	for suite, want := range map[alg.Suite]string{alg.Modern: alg.AES256GCM, alg.Legacy: alg.AES256GCM, "": alg.AES256GCM} {
		for _, size := range []int{16, 24, 32, 48} {
			key, err := randomKey(size)
			if err != nil {
				t.Fatal(err)
			}
			l := lenient{contexts: map[string]alg.Key{"n": key}}
			p := Protection{Sign: BodyTimestamp, Encrypt: PartBody, Derived: Derived13}
			ev, err := receive(t, write(t, suite, p, Shared{Name: "n", Key: key}), l, Policy{Suite: suite}, now, 0)
			if err != nil || ev.Body.Encrypted().Algorithm != want {
				t.Errorf("%s, from %d octets: %v", suite, size, err)
			}
		}
	}
}
