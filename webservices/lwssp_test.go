package webservices

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wstrust/internal/xmltree"
)

// A vector is an answer of an issuer, the rule of MS-LWSSP that it is about,
// and what a channel makes of it by default and with the strict profile.
type vector struct {
	name, rule, trust, ask, lax, strict, envelope string
}

func vectors(t *testing.T) []vector {
	t.Helper()
	files, err := filepath.Glob("testdata/lwssp/*.txt")
	if err != nil || len(files) < 30 {
		t.Fatal(len(files), err)
	}
	var out []vector
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		head, body, ok := strings.Cut(string(src), "\n---\n")
		if !ok {
			t.Fatalf("%s: no envelope", name)
		}
		v := vector{name: strings.TrimSuffix(filepath.Base(name), ".txt"), envelope: body}
		for line := range strings.Lines(head) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			field, ok := map[string]*string{"rule": &v.rule, "trust": &v.trust, "ask": &v.ask, "default": &v.lax, "strict": &v.strict}[key]
			if !ok {
				t.Fatalf("%s: %q", name, line)
			}
			*field = value
		}
		out = append(out, v)
	}
	return out
}

var strictProfile = ChannelProperty{WS_CHANNEL_PROPERTY_EX_STRICT_PROFILE, true}

// What is taken, by the vectors.
func TestProfileVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.name, func(t *testing.T) {
			f := newFake(t, says(200, soap12, v.envelope))
			var props []prop
			switch v.ask {
			case "key":
				props = append(props, keyType(WS_SECURITY_KEY_TYPE_SYMMETRIC))
			case "bearer":
				props = append(props, keyType(WS_SECURITY_KEY_TYPE_NONE))
			case "combined":
				props = append(props, entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED))
			case "context":
				props = append(props, entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED), prop{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_NEW_CONTEXT})
			}
			if v.trust == "1.3" {
				props = append(props, trust(WS_TRUST_VERSION_1_3))
			}
			for want, extra := range map[string][]ChannelProperty{v.lax: {f.root()}, "strict " + v.strict: {f.root(), strictProfile}} {
				c := open(t, f.URL, alice(), extra...)
				before := &SecurityToken{}
				token := before
				var e Error
				hr := RequestSecurityToken(c, props, &token, nil, &e)
				if hr.String() != strings.TrimPrefix(want, "strict ") {
					t.Errorf("%s: %v, want %s: %v", v.rule, hr, want, e.Error())
				}
				if (token != before) != (hr == S_OK) {
					t.Error("the token variable")
				}
			}
		})
	}
}

// What is sent in the strict profile: the children of the Security header, the
// elements of the request, and no more.
func TestStrictSends(t *testing.T) {
	allowedHeader := map[string]bool{"Timestamp": true, "UsernameToken": true, "SecurityContextToken": true, "Assertion": true, "Signature": true}
	for name, c := range map[string]struct {
		sd    *SecurityDescription
		props []prop
	}{
		"user":             {alice(), []prop{keyType(WS_SECURITY_KEY_TYPE_SYMMETRIC), entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED)}},
		"context":          {holding(testContext(t)), []prop{keyType(WS_SECURITY_KEY_TYPE_NONE), trust(WS_TRUST_VERSION_1_3)}},
		"user and context": {&SecurityDescription{SecurityBindings: append(alice().SecurityBindings, holding(testContext(t)).SecurityBindings[1])}, nil},
		"renewal":          {alice(), []prop{{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_RENEW_CONTEXT}, {idExisting, testContext(t)}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, says(500, "text/plain", "enough"))
			ch := open(t, f.URL, c.sd, f.root(), strictProfile)
			var token *SecurityToken
			var e Error
			if hr := RequestSecurityToken(ch, c.props, &token, nil, &e); hr != WS_E_ENDPOINT_FAILURE {
				t.Fatal(hr, e.Error())
			}
			m := f.last(t)
			seen := map[string]int{}
			for _, child := range children(t, m.raw) {
				seen[child]++
				if !allowedHeader[child] || child != "Signature" && seen[child] > 1 {
					t.Errorf("%s in the Security header", child)
				}
			}
			signed := seen["SecurityContextToken"] > 0
			if (seen["Signature"] > 0) != signed || signed && seen["Timestamp"] == 0 {
				t.Errorf("%v", seen)
			}
			if n := strings.Count(m.Header.Security.Inner, "<ds:Reference "); signed && n != 1 {
				t.Errorf("%d parts are signed; the Timestamp alone is", n)
			}
			for _, not := range []string{"BinaryExchange", "EncryptedKey", "DerivedKeyToken", "PublicKey", "Nonce>", "ComputedKeyAlgorithm", "UseKey", "Claims", "OnBehalfOf", "Delegat", "rsa-sha"} {
				if strings.Contains(m.raw, not) {
					t.Errorf("%s is outside of the profile", not)
				}
			}
			if strings.Contains(m.raw, "Bearer") && !strings.Contains(m.raw, "ws-sx/wstrust/200512/Bearer") {
				t.Error("a spelling of bearer that note 6 refuses")
			}
		})
	}
}

// What the strict profile does not let out: nothing is sent.
func TestStrictRefusesToSend(t *testing.T) {
	const ref = `<o:SecurityTokenReference xmlns:o="` + spaceWSSE + `"><o:Reference URI="#tok"/></o:SecurityTokenReference>`
	make := func(x string, k SecurityKeyHandle) *SecurityToken {
		var p []XmlSecurityTokenProperty
		if k != nil {
			p = []XmlSecurityTokenProperty{{WS_XML_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE, &XMLBuffer{ref}}}
		}
		var token *SecurityToken
		if hr := CreateXmlSecurityToken(&XMLBuffer{x}, k, p, &token, nil); hr != S_OK {
			t.Fatal(hr)
		}
		return token
	}
	secret := RawSymmetricSecurityKeyHandle{[]byte("a test key of exactly 32 octets!")}
	const saml11 = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="tok" MajorVersion="1" MinorVersion="1"/>`
	const saml20 = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="tok" Version="2.0"/>`
	for name, c := range map[string]struct {
		token *SecurityToken
		more  *SecurityToken
		ok    bool
	}{
		"SAML 1.1, symmetric":      {make(saml11, secret), nil, true},
		"SAML 1.1, bearer":         {make(saml11, nil), nil, false},
		"SAML 1.1, asymmetric":     {make(saml11, NcryptAsymmetricSecurityKeyHandle{rsaTestKey(t)}), nil, false},
		"SAML 2.0":                 {make(saml20, secret), nil, false},
		"another token":            {make(`<x u:Id="tok" xmlns:u="`+spaceWSU+`"/>`, secret), nil, false},
		"two tokens of a kind":     {testContext(t), testContext(t), false},
		"an assertion and context": {make(saml11, secret), testContext(t), true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, says(500, "text/plain", "enough"))
			sd := holding(c.token)
			if c.more != nil {
				sd.SecurityBindings = append(sd.SecurityBindings, &XmlTokenMessage{BindingUsage: supporting, XmlToken: c.more})
			}
			ch := open(t, f.URL, sd, f.root(), strictProfile)
			var e Error
			hr := RequestReply(ch, "urn:x", nil, nil, nil, &e)
			if want := map[bool]HRESULT{true: WS_E_ENDPOINT_FAILURE, false: E_INVALIDARG}[c.ok]; hr != want || (f.count() > 0) != c.ok {
				t.Errorf("%v, %d sent: %v", hr, f.count(), e.Error())
			}
		})
	}
}

// children are the local names of the Security header's children in a message.
func children(t *testing.T, message string) []string {
	t.Helper()
	d, err := xmltree.Parse([]byte(message), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for h := range d.Root().First(d.Root().Space(), "Header").Children {
		if h.Is(xmltree.WSSE, "Security") {
			for c := range h.Children {
				out = append(out, c.Local())
			}
		}
	}
	if len(out) == 0 && strings.Contains(message, "Security") {
		t.Fatal("no Security header was found")
	}
	return out
}
