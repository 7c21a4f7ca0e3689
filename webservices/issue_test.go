package webservices

import (
	"io"
	"log"
	"strings"
	"testing"
	"time"

	"wstrust/wstrusttest"
)

func discard() *log.Logger { return log.New(io.Discard, "", 0) }

func trust(v TrustVersion) RequestSecurityTokenProperty {
	return RequestSecurityTokenProperty{WS_REQUEST_SECURITY_TOKEN_PROPERTY_TRUST_VERSION, v}
}

func appliesTo(url string) RequestSecurityTokenProperty {
	return RequestSecurityTokenProperty{WS_REQUEST_SECURITY_TOKEN_PROPERTY_APPLIES_TO, &EndpointAddress{URL: url}}
}

func keyType(k SecurityKeyType) RequestSecurityTokenProperty {
	return RequestSecurityTokenProperty{WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_TYPE, k}
}

func entropy(m SecurityKeyEntropyMode) RequestSecurityTokenProperty {
	return RequestSecurityTokenProperty{WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_ENTROPY, m}
}

// Every version and kind of key, from a real issuer.
func TestIssue(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	for _, v := range []TrustVersion{WS_TRUST_VERSION_FEBRUARY_2005, WS_TRUST_VERSION_1_3} {
		url := map[TrustVersion]string{WS_TRUST_VERSION_FEBRUARY_2005: iss.URL2005, WS_TRUST_VERSION_1_3: iss.URL}[v]
		c := open(t, url, alice(), roots(iss.CA()))
		for name, k := range map[string]struct {
			props []RequestSecurityTokenProperty
			key   SecurityKeyType
		}{
			"bearer":    {[]RequestSecurityTokenProperty{keyType(WS_SECURITY_KEY_TYPE_NONE)}, WS_SECURITY_KEY_TYPE_NONE},
			"symmetric": {[]RequestSecurityTokenProperty{keyType(WS_SECURITY_KEY_TYPE_SYMMETRIC)}, WS_SECURITY_KEY_TYPE_SYMMETRIC},
			"server":    {[]RequestSecurityTokenProperty{keyType(WS_SECURITY_KEY_TYPE_SYMMETRIC), entropy(WS_SECURITY_KEY_ENTROPY_MODE_SERVER_ONLY)}, WS_SECURITY_KEY_TYPE_SYMMETRIC},
			"client":    {[]RequestSecurityTokenProperty{keyType(WS_SECURITY_KEY_TYPE_SYMMETRIC), entropy(WS_SECURITY_KEY_ENTROPY_MODE_CLIENT_ONLY)}, WS_SECURITY_KEY_TYPE_SYMMETRIC},
			"combined":  {[]RequestSecurityTokenProperty{entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED)}, WS_SECURITY_KEY_TYPE_SYMMETRIC},
		} {
			t.Run(name, func(t *testing.T) {
				token := request(t, c, append(k.props, trust(v), appliesTo(iss.ServiceURL))...)
				var got SecurityKeyType
				if hr := GetSecurityTokenProperty(token, WS_SECURITY_TOKEN_PROPERTY_KEY_TYPE, &got, nil, nil); hr != S_OK || got != k.key {
					t.Errorf("key type %v, %v", got, hr)
				}
				var x *XMLBuffer
				if hr := GetSecurityTokenProperty(token, WS_SECURITY_TOKEN_PROPERTY_SERIALIZED_XML, &x, nil, nil); hr != S_OK || !strings.Contains(x.XML, "Assertion") {
					t.Errorf("%v, %v", x, hr)
				}
				var till time.Time
				if hr := GetSecurityTokenProperty(token, WS_SECURITY_TOKEN_PROPERTY_VALID_TILL_TIME, &till, nil, nil); hr != S_OK || time.Until(till) < time.Minute {
					t.Errorf("%v, %v", till, hr)
				}
				var key []byte
				var heap Heap
				hr := GetSecurityTokenProperty(token, WS_SECURITY_TOKEN_PROPERTY_SYMMETRIC_KEY, &key, &heap, nil)
				if want := k.key == WS_SECURITY_KEY_TYPE_SYMMETRIC; (hr == S_OK) != want || want && len(key) != 32 {
					t.Errorf("key of %d octets, %v", len(key), hr)
				}
			})
		}
		if s := state(t, c); s != WS_CHANNEL_STATE_OPEN {
			t.Errorf("state %d", s)
		}
	}
}

// A token is presented to a real service: a bearer token with the default
// suite, and a symmetric one with a suite that the service takes.
func TestPresent(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	c := open(t, iss.URL, alice(), roots(iss.CA()))
	modern := SecurityProperty{WS_SECURITY_PROPERTY_ALGORITHM_SUITE, &SecurityAlgorithmSuite{
		DigestAlgorithm:             WS_SECURITY_ALGORITHM_DIGEST_SHA_256,
		SymmetricSignatureAlgorithm: WS_SECURITY_ALGORITHM_SYMMETRIC_SIGNATURE_HMAC_SHA_256,
	}}
	for name, props := range map[string][]SecurityProperty{"bearer": nil, "symmetric": {modern}} {
		t.Run(name, func(t *testing.T) {
			k := WS_SECURITY_KEY_TYPE_NONE
			if name == "symmetric" {
				k = WS_SECURITY_KEY_TYPE_SYMMETRIC
			}
			token := request(t, c, trust(WS_TRUST_VERSION_1_3), appliesTo(iss.ServiceURL), keyType(k))
			service := open(t, iss.ServiceURL, holding(token, props...), roots(iss.CA()))
			FreeSecurityToken(token) // the channel has a copy
			var reply XMLBuffer
			var e Error
			hr := RequestReply(service, wstrusttest.Action, &XMLBuffer{XML: `<Echo xmlns="urn:wstrust:demo"><Text>hello</Text></Echo>`}, &reply, nil, &e)
			if hr != S_OK || !strings.Contains(reply.XML, "<Caller>alice</Caller>") {
				t.Fatal(hr, e.Error(), reply.XML)
			}
		})
	}
	// With the default suite a keyed token is signed with SHA-1, which the
	// service does not take: it answers with a fault.
	token := request(t, c, trust(WS_TRUST_VERSION_1_3), appliesTo(iss.ServiceURL), keyType(WS_SECURITY_KEY_TYPE_SYMMETRIC))
	service := open(t, iss.ServiceURL, holding(token), roots(iss.CA()))
	var e Error
	reply := XMLBuffer{XML: "untouched"}
	if hr := RequestReply(service, wstrusttest.Action, nil, &reply, nil, &e); hr != WS_E_ENDPOINT_ACCESS_DENIED || reply.XML != "untouched" {
		t.Error(hr, e.Error(), reply.XML)
	}
}
