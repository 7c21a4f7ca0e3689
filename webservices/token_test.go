package webservices

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"wstrust/internal/reveal"
)

func TestCreateXmlSecurityToken(t *testing.T) {
	const (
		attached   = WS_XML_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE
		unattached = WS_XML_SECURITY_TOKEN_PROPERTY_UNATTACHED_REFERENCE
		from, till = WS_XML_SECURITY_TOKEN_PROPERTY_VALID_FROM_TIME, WS_XML_SECURITY_TOKEN_PROPERTY_VALID_TILL_TIME
	)
	x := &XMLBuffer{`<t xmlns="urn:t"/>`}
	ref := &XMLBuffer{`<r xmlns="urn:r"/>`}
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := RawSymmetricSecurityKeyHandle{[]byte("a test key of exactly 32 octets!")}
	now := time.Now()
	for _, c := range []struct {
		name  string
		x     *XMLBuffer
		key   SecurityKeyHandle
		props []XmlSecurityTokenProperty
		want  HRESULT
		kind  SecurityKeyType
	}{
		{"bearer", x, nil, nil, S_OK, WS_SECURITY_KEY_TYPE_NONE},
		{"bearer with times", x, nil, []XmlSecurityTokenProperty{{from, now}, {till, now.Add(time.Hour)}}, S_OK, WS_SECURITY_KEY_TYPE_NONE},
		{"symmetric", x, secret, []XmlSecurityTokenProperty{{attached, ref}}, S_OK, WS_SECURITY_KEY_TYPE_SYMMETRIC},
		{"symmetric with both", x, secret, []XmlSecurityTokenProperty{{attached, ref}, {unattached, ref}}, S_OK, WS_SECURITY_KEY_TYPE_SYMMETRIC},
		{"asymmetric", x, NcryptAsymmetricSecurityKeyHandle{signer}, []XmlSecurityTokenProperty{{attached, ref}}, S_OK, WS_SECURITY_KEY_TYPE_ASYMMETRIC},
		{"asymmetric, old", x, CapiAsymmetricSecurityKeyHandle{signer, 1}, []XmlSecurityTokenProperty{{attached, ref}}, S_OK, WS_SECURITY_KEY_TYPE_ASYMMETRIC},
		{"key without reference", x, secret, nil, E_INVALIDARG, 0},
		{"key with unattached alone", x, secret, []XmlSecurityTokenProperty{{unattached, ref}}, E_INVALIDARG, 0},
		{"reference without key", x, nil, []XmlSecurityTokenProperty{{attached, ref}}, E_INVALIDARG, 0},
		{"no XML", nil, nil, nil, E_INVALIDARG, 0},
		{"empty", &XMLBuffer{}, nil, nil, E_INVALIDARG, 0},
		{"two elements", &XMLBuffer{"<a/><b/>"}, nil, nil, E_INVALIDARG, 0},
		{"text beside", &XMLBuffer{"<a/>b"}, nil, nil, E_INVALIDARG, 0},
		{"two references", x, secret, []XmlSecurityTokenProperty{{attached, &XMLBuffer{"<a/><b/>"}}}, E_INVALIDARG, 0},
		{"twice", x, secret, []XmlSecurityTokenProperty{{attached, ref}, {attached, ref}}, E_INVALIDARG, 0},
		{"unknown", x, nil, []XmlSecurityTokenProperty{{5, nil}}, E_INVALIDARG, 0},
		{"another type", x, nil, []XmlSecurityTokenProperty{{from, "now"}}, E_INVALIDARG, 0},
		{"upside down", x, nil, []XmlSecurityTokenProperty{{from, now}, {till, now}}, E_INVALIDARG, 0},
		{"short key", x, RawSymmetricSecurityKeyHandle{[]byte("short")}, []XmlSecurityTokenProperty{{attached, ref}}, E_INVALIDARG, 0},
		{"nil key", x, NcryptAsymmetricSecurityKeyHandle{}, []XmlSecurityTokenProperty{{attached, ref}}, E_INVALIDARG, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var token *SecurityToken
			var e Error
			if hr := CreateXmlSecurityToken(c.x, c.key, c.props, &token, &e); hr != c.want || (token != nil) != (hr == S_OK) {
				t.Fatalf("%v: %v", hr, e.Error())
			}
			if token == nil {
				return
			}
			var kind SecurityKeyType
			if GetSecurityTokenProperty(token, WS_SECURITY_TOKEN_PROPERTY_KEY_TYPE, &kind, nil, nil); kind != c.kind {
				t.Error(kind)
			}
			if s := fmt.Sprintf("%v %+v %s %q %x %#v", token, token, token, token, token, *token); strings.Contains(s, "urn:t") || strings.Contains(s, "a test key") {
				t.Error("the token prints itself")
			}
			FreeSecurityToken(token)
			FreeSecurityToken(token)
		})
	}
	if hr := CreateXmlSecurityToken(x, nil, nil, nil, nil); hr != E_INVALIDARG {
		t.Error(hr)
	}
}

// The heap goes with the key and with nothing else, and owns it.
func TestGetSecurityTokenProperty(t *testing.T) {
	token := testContext(t)
	heap := new(Heap)
	var key []byte
	var kind SecurityKeyType
	var x, none *XMLBuffer
	var at time.Time
	ids := map[SecurityTokenPropertyID]any{
		WS_SECURITY_TOKEN_PROPERTY_KEY_TYPE: &kind, WS_SECURITY_TOKEN_PROPERTY_VALID_FROM_TIME: &at, WS_SECURITY_TOKEN_PROPERTY_VALID_TILL_TIME: &at,
		WS_SECURITY_TOKEN_PROPERTY_SERIALIZED_XML: &x, WS_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE_XML: &x, WS_SECURITY_TOKEN_PROPERTY_UNATTACHED_REFERENCE_XML: &none,
		WS_SECURITY_TOKEN_PROPERTY_SYMMETRIC_KEY: &key,
	}
	for id, value := range ids {
		right, wrong := (*Heap)(nil), heap
		if id == WS_SECURITY_TOKEN_PROPERTY_SYMMETRIC_KEY {
			right, wrong = wrong, right
		}
		if hr := GetSecurityTokenProperty(token, id, value, right, nil); hr != S_OK {
			t.Errorf("property %d: %v", id, hr)
		}
		if hr := GetSecurityTokenProperty(token, id, value, wrong, nil); hr != E_INVALIDARG {
			t.Errorf("property %d with the wrong heap: %v", id, hr)
		}
		if hr := GetSecurityTokenProperty(token, id, new(complex64), right, nil); hr != E_INVALIDARG {
			t.Errorf("property %d into another type: %v", id, hr)
		}
		if hr := GetSecurityTokenProperty(token, id, nil, right, nil); hr != E_INVALIDARG {
			t.Errorf("property %d into nothing: %v", id, hr)
		}
	}
	if hr := GetSecurityTokenProperty(token, 8, &kind, nil, nil); hr != E_INVALIDARG {
		t.Error(hr)
	}
	if string(key) != "a test key of exactly 32 octets!" || x == nil || none != nil {
		t.Errorf("%q %v %v", key, x, none)
	}
	held := token.token
	FreeSecurityToken(token)
	if string(key) != "a test key of exactly 32 octets!" {
		t.Error("the key on the heap went with the token")
	}
	if got := held.SymmetricKey(reveal.Permit{}); !bytes.Equal(got, make([]byte, 32)) {
		t.Error("the token's key was not overwritten")
	}
	FreeHeap(heap)
	if !bytes.Equal(key, make([]byte, 32)) {
		t.Error("the key on the heap was not overwritten")
	}
	if hr := GetSecurityTokenProperty(token, WS_SECURITY_TOKEN_PROPERTY_KEY_TYPE, &kind, nil, nil); hr != E_INVALIDARG {
		t.Error(hr)
	}
	var made *Heap
	if CreateHeap(&made, nil) != S_OK || made == nil || ResetHeap(made, nil) != S_OK || CreateHeap(nil, nil) != E_INVALIDARG || ResetHeap(nil, nil) != E_INVALIDARG {
		t.Error("heaps")
	}
}

// What a token signs when it is presented, and where it stands.
func TestPresentedParts(t *testing.T) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_ = signer // ECDSA is in no suite of WWSAPI
	const x = `<x:Token xmlns:x="urn:x" u:Id="tok" xmlns:u="` + spaceWSU + `"/>`
	ref := &XMLBuffer{`<o:SecurityTokenReference xmlns:o="` + spaceWSSE + `"><o:Reference URI="#tok"/></o:SecurityTokenReference>`}
	rsaKey := rsaTestKey(t)
	for name, c := range map[string]struct {
		key  SecurityKeyHandle
		refs int
		to   bool
	}{
		"bearer":     {nil, 0, false},
		"symmetric":  {RawSymmetricSecurityKeyHandle{[]byte("a test key of exactly 32 octets!")}, 1, false},
		"asymmetric": {NcryptAsymmetricSecurityKeyHandle{rsaKey}, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			var props []XmlSecurityTokenProperty
			if c.key != nil {
				props = []XmlSecurityTokenProperty{{WS_XML_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE, ref}}
			}
			var token *SecurityToken
			if hr := CreateXmlSecurityToken(&XMLBuffer{x}, c.key, props, &token, nil); hr != S_OK {
				t.Fatal(hr)
			}
			f := newFake(t, says(500, "text/plain", "enough"))
			ch := open(t, f.URL, holding(token), f.root())
			FreeSecurityToken(token)
			RequestReply(ch, "urn:x", nil, nil, nil, nil)
			m := f.last(t)
			s := m.Header.Security.Inner
			if n := strings.Count(s, "<ds:Reference "); n != c.refs {
				t.Errorf("%d references in %s", n, s)
			}
			if strings.Contains(m.raw, "<a:To ") && strings.Contains(m.raw[strings.Index(m.raw, ":To "):], `:Id="to`) != c.to {
				t.Errorf("To is signed, or not: %s", m.raw)
			}
			stamp, tok, sig := strings.Index(s, "Timestamp"), strings.Index(s, x), strings.Index(s, "<ds:Signature")
			if tok < 0 || stamp > tok || c.refs > 0 && sig < tok || c.refs == 0 && sig >= 0 {
				t.Errorf("order %d %d %d in %s", stamp, tok, sig, s)
			}
			if c.refs > 0 && !strings.Contains(s[sig:], `URI="#tok"`) {
				t.Error("the key is not named by the attached reference")
			}
		})
	}
	// A key that no suite has is our own failure.
	var token *SecurityToken
	CreateXmlSecurityToken(&XMLBuffer{x}, NcryptAsymmetricSecurityKeyHandle{signer}, []XmlSecurityTokenProperty{{WS_XML_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE, ref}}, &token, nil)
	ch := open(t, "https://127.0.0.1:1/", holding(token))
	var e Error
	if hr := RequestReply(ch, "urn:x", nil, nil, nil, &e); hr != WS_E_SECURITY_SYSTEM_FAILURE {
		t.Error(hr, e.Error())
	}
}

// The options of the Security header, on the wire.
func TestHeaderOptions(t *testing.T) {
	sent := func(t *testing.T, p ...SecurityProperty) rst {
		f := newFake(t, says(500, "text/plain", "enough"))
		sd := alice()
		sd.Properties = p
		RequestReply(open(t, f.URL, sd, f.root()), "urn:x", nil, nil, nil, nil)
		return f.last(t)
	}
	m := sent(t)
	created, _ := time.Parse(time.RFC3339, m.Header.Security.Timestamp.Created)
	expires, _ := time.Parse(time.RFC3339, m.Header.Security.Timestamp.Expires)
	if d := expires.Sub(created); d != 5*time.Minute {
		t.Error(d)
	}
	m = sent(t, SecurityProperty{WS_SECURITY_PROPERTY_TIMESTAMP_VALIDITY_DURATION, time.Minute})
	created, _ = time.Parse(time.RFC3339, m.Header.Security.Timestamp.Created)
	expires, _ = time.Parse(time.RFC3339, m.Header.Security.Timestamp.Expires)
	if d := expires.Sub(created); d != time.Minute {
		t.Error(d)
	}
	if m = sent(t, SecurityProperty{WS_SECURITY_PROPERTY_TIMESTAMP_USAGE, WS_SECURITY_TIMESTAMP_USAGE_NEVER}); m.Header.Security.Timestamp.Created != "" {
		t.Error("a timestamp although NEVER")
	}
	s := sent(t, SecurityProperty{WS_SECURITY_PROPERTY_SECURITY_HEADER_LAYOUT, WS_SECURITY_HEADER_LAYOUT_LAX_WITH_TIMESTAMP_LAST}).Header.Security.Inner
	if strings.Index(s, "Timestamp") < strings.Index(s, "UsernameToken") {
		t.Error("the timestamp is not last")
	}
	if s = sent(t).Header.Security.Inner; strings.Contains(s, "Nonce") || !strings.Contains(s, "#PasswordText") {
		t.Error(s)
	}
}
