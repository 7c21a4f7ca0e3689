package wstrust

import (
	"errors"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

const (
	testSAML11 = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="a" MajorVersion="1" MinorVersion="1"/>`
	testSAML20 = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="a" Version="2.0"/>`
	testSCT    = `<c:SecurityContextToken xmlns:c="http://schemas.xmlsoap.org/ws/2005/02/sc"><c:Identifier>urn:x</c:Identifier></c:SecurityContextToken>`
)

// What may stand in a Security header of MS-LWSSP that this module writes.
func TestProfileTokens(t *testing.T) {
	secret := SymmetricKey([]byte("a test key of 32 octets, not all 0"))
	issued := func(x string, k alg.Key) wsse.Token { return wsse.Issued{XML: []byte(x), Key: k} }
	named := func(x, by string) wsse.Token {
		return wsse.Issued{XML: []byte(x), Key: secret.key, Attached: []byte(`<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `">` + by + `</o:SecurityTokenReference>`)}
	}
	user := wsse.Username{Name: "alice"}
	for _, c := range []struct {
		name   string
		tokens []wsse.Token
		ok     bool
	}{
		{"nothing", nil, true},
		{"user", []wsse.Token{user}, true},
		{"user and context", []wsse.Token{user, issued(testSCT, secret.key)}, true},
		{"SAML 1.1 with a key", []wsse.Token{issued(testSAML11, secret.key)}, true},
		{"SAML 1.1 as bearer", []wsse.Token{issued(testSAML11, alg.Key{})}, false},
		{"SAML 2.0", []wsse.Token{issued(testSAML20, secret.key)}, false},
		{"another token", []wsse.Token{issued("<t/>", secret.key)}, false},
		{"digest", []wsse.Token{wsse.Username{Name: "a", Digest: true}}, false},
		{"certificate", []wsse.Token{wsse.X509{}}, false},
		{"a key of a password", []wsse.Token{wsse.Username{Name: "a", Derive: true}}, false},
		{"a key under a name", []wsse.Token{wsse.Shared{Name: "k", Key: secret.key}}, false},
		{"an assertion by its id", []wsse.Token{named(testSAML11, `<o:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID">a</o:KeyIdentifier>`)}, true},
		{"an assertion by the id of 2.0", []wsse.Token{named(testSAML11, `<o:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID">a</o:KeyIdentifier>`)}, false},
		{"an assertion by a direct reference", []wsse.Token{named(testSAML11, `<o:Reference URI="#a"/>`)}, false},
		{"a context by a direct reference", []wsse.Token{named(testSCT, `<o:Reference URI="#a"/>`)}, true},
		{"a context by its identifier", []wsse.Token{named(testSCT, `<o:Reference URI="urn:x"/>`)}, false},
		{"a context in two ways", []wsse.Token{named(testSCT, `<o:Reference URI="#a"/><o:Reference URI="#a"/>`)}, false},
		{"a context that is not sent", []wsse.Token{wsse.Issued{XML: []byte(testSCT), Key: secret.key, Unsent: true}}, false},
		{"an assertion in the reference", []wsse.Token{wsse.Issued{XML: []byte(testSAML11), Key: secret.key, Embedded: true}}, false},
		{"two users", []wsse.Token{user, user}, false},
	} {
		if err := LWSSP.checkTokens(c.tokens); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := Interoperable.checkTokens(c.tokens); err != nil {
			t.Errorf("%s outside of the profile: %v", c.name, err)
		}
	}
}

func TestProfileAnswers(t *testing.T) {
	const envelope = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"><s:Header>%</s:Header><s:Body/></s:Envelope>`
	for inner, ok := range map[string]bool{
		"<o:Security/>": true, "<o:Security><u:Timestamp/></o:Security>": true,
		`<e:EncryptedHeader xmlns:e="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"/>`:                                false,
		`<e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#"/><o:Security/>`:                                                      false,
		`<o:Security><u:Timestamp/><o:BinarySecurityToken>AA==</o:BinarySecurityToken></o:Security>`:                                       false,
		`<o:Security><x:SignatureConfirmation xmlns:x="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"/></o:Security>`: false,
	} {
		d, err := xmltree.Parse([]byte(strings.Replace(envelope, "%", inner, 1)), xmltree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		env, err := soap.Read(d, wsse.Understood)
		if err != nil {
			t.Fatal(err)
		}
		if err := LWSSP.checkAnswer(env); (err == nil) != ok || err != nil && !errors.Is(err, ErrVerification) {
			t.Errorf("%q: %v", inner, err)
		}
		if err := Interoperable.checkAnswer(env); err != nil {
			t.Errorf("%q outside of the profile: %v", inner, err)
		}
	}
}

func TestProfileConfig(t *testing.T) {
	for name, cfg := range map[string]Config{
		"unknown": {Profile: 9},
		"1.4":     {Profile: LWSSP, Versions: Versions{Trust: Trust14}},
		"body":    {Profile: LWSSP, Header: Header{Sign: PartBody}},
		"2004":    {Profile: LWSSP, Versions: Versions{Addressing: Addressing200408}},
		"signed":  {Profile: LWSSP, Protection: ProtectBodyTimestamp()},
		"empty":   {Profile: LWSSP, Protection: &Protection{}},
		"encrypt": {Profile: LWSSP, Protection: &Protection{Encrypt: PartBody}},
	} {
		if _, err := New(cfg); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(Config{Profile: LWSSP, Versions: Versions{Trust: Trust2005}}); err != nil {
		t.Error(err)
	}
}

// Requests for which MS-LWSSP has no words.
func TestProfileRequests(t *testing.T) {
	parameter := func(x string) TokenRequest { return TokenRequest{Parameters: []XML{XML(x)}} }
	bearer := TokenRequest{KeyType: Bearer}
	for name, c := range map[string]struct {
		v   Versions
		req TokenRequest
		ok  bool
	}{
		"nothing":                  {Versions{}, TokenRequest{}, true},
		"bearer":                   {Versions{}, bearer, true},
		"bearer of 2005":           {Versions{Trust: Trust2005}, bearer, false},
		"bearer of 2005, spelled":  {Versions{Trust: Trust2005, BearerKeyType: bearerKeyTypes[0]}, bearer, true},
		"bearer, spelled by us":    {Versions{BearerKeyType: "urn:bearer"}, bearer, false},
		"for somebody":             {Versions{}, TokenRequest{OnBehalfOf: &Token{}}, false},
		"as somebody":              {Versions{}, TokenRequest{ActAs: &Token{}}, false},
		"any parameter":            {Versions{}, parameter(`<x xmlns="urn:x"/>`), true},
		"claims":                   {Versions{}, parameter(`<t:Claims xmlns:t="` + xmltree.Trust13 + `"/>`), true},
		"a symmetric key":          {Versions{}, parameter(`<t:KeyType xmlns:t="` + xmltree.Trust13 + `">` + xmltree.Trust13 + `/SymmetricKey</t:KeyType>`), true},
		"a public key":             {Versions{}, parameter(`<t:KeyType xmlns:t="` + xmltree.Trust13 + `">` + xmltree.Trust13 + `/PublicKey</t:KeyType>`), false},
		"a negotiation":            {Versions{}, parameter(`<t:BinaryExchange xmlns:t="` + xmltree.Trust2005 + `"/>`), false},
		"a public key for service": {Versions{}, TokenRequest{Secondary: []XML{XML(`<t:KeyType xmlns:t="` + xmltree.Trust13 + `">` + xmltree.Trust13 + `/PublicKey</t:KeyType>`)}}, false},
	} {
		if err := LWSSP.checkRequest(&c.req, &Config{Versions: c.v}); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
		if err := Interoperable.checkRequest(&c.req, &Config{Versions: c.v}); err != nil {
			t.Errorf("%s outside of the profile: %v", name, err)
		}
	}
}

func TestAlgorithmsMakeASuite(t *testing.T) {
	good := Algorithms{
		Canonicalization: []string{"http://www.w3.org/2001/10/xml-exc-c14n#"},
		Digests:          []string{alg.DigestSHA256}, HMAC: []string{alg.HMACSHA384}, Signatures: []string{alg.RSASHA256},
		KeyTransport: []string{alg.RSAOAEP}, SecretBits: [2]int{128, 512}, RSABits: [2]int{2048, 4096},
	}
	a, err := good.Suite()
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := good.Suite(); a != b {
		t.Error("equal algorithms make two suites")
	}
	if _, err := New(Config{Suite: a}); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Algorithms){
		"no digest":      func(a *Algorithms) { a.Digests = nil },
		"MD5":            func(a *Algorithms) { a.Digests = []string{"http://www.w3.org/2001/04/xmldsig-more#md5"} },
		"separator":      func(a *Algorithms) { a.HMAC = []string{alg.HMACSHA1 + "|"} },
		"DSA":            func(a *Algorithms) { a.Signatures = []string{"http://www.w3.org/2000/09/xmldsig#dsa-sha1"} },
		"no RSA at all":  func(a *Algorithms) { a.RSABits = [2]int{100, 200} },
		"upside down":    func(a *Algorithms) { a.SecretBits = [2]int{256, 128} },
		"secrets of 64":  func(a *Algorithms) { a.SecretBits = [2]int{64, 64} },
		"negative":       func(a *Algorithms) { a.SecretBits = [2]int{-1, 128} },
		"key agreement":  func(a *Algorithms) { a.KeyTransport = []string{"urn:x"} },
		"HMAC as RSA":    func(a *Algorithms) { a.Signatures = []string{alg.HMACSHA1} },
		"canonical form": func(a *Algorithms) { a.Canonicalization = []string{"urn:x"} },
	} {
		bad := good
		change(&bad)
		if s, err := bad.Suite(); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %q, %v", name, s, err)
		}
	}
	if _, err := New(Config{Suite: "custom|x"}); !errors.Is(err, ErrConfig) {
		t.Error("a made-up text is a suite")
	}
}
