package wsse

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmltree"
)

// No two keys are derived with one nonce, in a message or in two: they would be one
// key. The length that a reference asks for is that of the key.
func TestDerivedKeysAreOfTheirOwn(t *testing.T) {
	l := trust()
	l.contexts = map[string]alg.Key{"urn:ctx": secret(t)}
	for how, expr := range map[Derivation]string{Derived13: `<wsc:Nonce>([^<]*)<`, Implied13: `wsc:Nonce="([^"]*)"`} {
		seen := map[string]bool{}
		for _, length := range []int{0, minDerivedLength, maxDerivedLength} {
			p := &Protection{Sign: BodyTimestamp, Encrypt: PartBody, Derived: how, DerivedKeys: DerivedKeys{Length: length}, Cipher: alg.AES128GCM}
			msg := protect(t, Options{Tokens: []Token{contextIssued(t)}, Protection: p})
			for _, nonce := range regexp.MustCompile(expr).FindAllSubmatch(msg, -1) {
				if seen[string(nonce[1])] {
					t.Errorf("%v: a nonce twice", how)
				}
				seen[string(nonce[1])] = true
			}
			if ev, err := receive(t, msg, l, Policy{Encrypted: PartBody}, now, 0); err != nil || !ev.Body.Signed() {
				t.Errorf("%v, %d octets: %v\n%s", how, length, err, msg)
			}
		}
		if len(seen) != 6 {
			t.Errorf("%v: %d nonces for 6 keys", how, len(seen))
		}
	}
}

// What is counted in lengths of the key is not counted past the limit, also where the
// product is too large for a number.
func TestGenerationsThatOverflow(t *testing.T) {
	for _, n := range []int{maxOffset, maxOffset + 1, math.MaxInt/minDerivedLength + 1, math.MaxInt/minDerivedLength*2 + 2, math.MaxInt} {
		p := &Protection{Sign: BodyTimestamp, Derived: Derived13, DerivedKeys: DerivedKeys{Generation: n, Length: minDerivedLength}}
		_, _, err := Protect(outgoing(), Options{Tokens: []Token{contextIssued(t)}, Protection: p}, now)
		if err == nil || ClassOf(err) != ClassPolicy {
			t.Errorf("generation %d: %v", n, err)
		}
	}
}

// A DerivedKeyToken is read as its schema has it, or refused: one that two readers
// could read in two ways derives nothing.
func TestDerivedKeyTokens(t *testing.T) {
	str := `<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"><o:Reference URI="urn:ctx" ValueType="` + typeSCT13 + `"/></o:SecurityTokenReference>`
	nonce := `<c:Nonce>` + base64Of(bytes.Repeat([]byte("n"), 16)) + `</c:Nonce>`
	for name, c := range map[string]struct {
		attrs, inner string
		want         Class
	}{
		"as it should be":           {"", str + nonce, 0},
		"with its algorithm":        {` Algorithm="` + xmltree.SC13 + derivedAlgorithm + `"`, str + nonce, 0},
		"with another's":            {` Algorithm="` + xmltree.SC2005 + derivedAlgorithm + `"`, str + nonce, ClassAlgorithm},
		"with no algorithm":         {` Algorithm=""`, str + nonce, ClassAlgorithm},
		"of nothing":                {"", nonce, ClassFormat},
		"of nothing that is ours":   {"", strings.ReplaceAll(str, xmltree.WSSE, xmltree.SC13) + nonce, ClassFormat},
		"something unknown":         {"", str + `<c:Other/>` + nonce, ClassFormat},
		"text in it":                {"", str + `x` + nonce, ClassFormat},
		"something after it":        {"", str + nonce + `<c:Other/>`, ClassFormat},
		"empty properties":          {"", str + `<c:Properties/>` + nonce, 0},
		"properties":                {"", str + `<c:Properties><c:Name>a</c:Name></c:Properties>` + nonce, ClassFormat},
		"offset":                    {"", str + `<c:Offset>3</c:Offset>` + nonce, 0},
		"offset in letters":         {"", str + `<c:Offset>x</c:Offset>` + nonce, ClassFormat},
		"no offset in it":           {"", str + `<c:Offset/>` + nonce, ClassFormat},
		"a comment in the offset":   {"", str + `<c:Offset>1<!-- -->6</c:Offset>` + nonce, ClassFormat},
		"an element in the offset":  {"", str + `<c:Offset>16<c:Other/></c:Offset>` + nonce, ClassFormat},
		"an element for a number":   {"", str + `<c:Generation><c:Other/></c:Generation>` + nonce, ClassFormat},
		"a comment in the label":    {"", str + `<c:Label>a<!-- -->b</c:Label>` + nonce, ClassFormat},
		"offset and generation":     {"", str + `<c:Generation>0</c:Generation><c:Offset>3</c:Offset>` + nonce, ClassFormat},
		"a nonce that is no base64": {"", str + `<c:Nonce>!</c:Nonce>`, ClassFormat},
		"two nonces":                {"", str + nonce + nonce, ClassFormat},
	} {
		token := `<c:DerivedKeyToken xmlns:c="` + xmltree.SC13 + `"` + c.attrs + `>` + c.inner + `</c:DerivedKeyToken>`
		p, err := headerOf(t, token, Limits{})
		if ClassOf(err) != c.want || (err == nil) != (c.want == 0) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && p.keyTokens != 1 {
			t.Errorf("%s: not counted", name)
		}
	}
	// Tokens of those names in other namespaces are not those tokens.
	for _, local := range []string{"DerivedKeyToken", "SecurityContextToken"} {
		for _, space := range []string{"urn:x", xmltree.WSSE} {
			token := `<c:` + local + ` xmlns:c="` + space + `"><c:Identifier>urn:ctx</c:Identifier></c:` + local + `>`
			if e := parsed(t, token); isContext(e) || isDerived(e) {
				t.Errorf("%s of %s is one", local, space)
			}
			_, err := headerOf(t, token, Limits{})
			wantClass(t, err, ClassPolicy)
		}
	}
}

// A derivation makes no key that is too short to be one, whoever has not asked
// whether it may.
func TestDerivedKeyOfNoLength(t *testing.T) {
	for _, n := range []int{0, 1} {
		d := derivation{nonce: bytes.Repeat([]byte("n"), 16), length: n}
		if key, err := d.key(secret(t)); err == nil || !key.IsZero() || !strings.Contains(fmt.Sprint(err), "derived key") {
			t.Errorf("%d octets: %v, %v", n, key, err)
		}
	}
}

// A key that leads to what cannot be read asks for nothing: not for the key that
// stands before the fault, either.
func TestKeysThatLeadNowhere(t *testing.T) {
	str := func(attrs string) xmltree.Elem {
		return parsed(t, `<o:SecurityTokenReference xmlns:o="`+xmltree.WSSE+`" xmlns:c="`+xmltree.SC13+`"`+attrs+`><o:Reference URI="urn:ctx" ValueType="`+typeSCT13+`"/></o:SecurityTokenReference>`)
	}
	inner := `<x:EncryptedKey xmlns:x="` + xmltree.XENC + `"><x:EncryptionMethod Algorithm="` + alg.RSAOAEP + `"/></x:EncryptedKey>` // without a value
	wrapped := strings.Replace(strings.Replace(anRSAKey, alg.RSAOAEP, alg.WrapAES256, 1), `<x:CipherData>`, `<d:KeyInfo xmlns:d="`+xmltree.DS+`">`+inner+`</d:KeyInfo><x:CipherData>`, 1)
	p := new(Pending)
	for name, s := range map[string]source{
		"a nonce that is no base64": {derived: &derivation{str: str(` c:Nonce="!"`)}},
		"a length that is none":     {derived: &derivation{str: str(` c:Nonce="AAAAAAAAAAAAAAAAAAAAAA==" c:Length="x"`)}},
		"a nonce that is too short": {derived: &derivation{str: str(` c:Nonce="AAAA"`)}},
		"a key without a value":     {encrypted: parsed(t, wrapped)},
		"an assertion":              {assertion: true, id: "a"},
	} {
		if got, ok := p.rootRef(s); ok {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got, ok := p.rootRef(source{derived: &derivation{str: str(` c:Nonce="AAAAAAAAAAAAAAAAAAAAAA=="`)}}); !ok || got.ID != "urn:ctx" {
		t.Errorf("one that leads somewhere: %v, %v", got, ok)
	}
}
