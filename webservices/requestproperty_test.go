package webservices

import (
	"fmt"
	"testing"
)

type prop = RequestSecurityTokenProperty

const (
	idAppliesTo    = WS_REQUEST_SECURITY_TOKEN_PROPERTY_APPLIES_TO
	idTrust        = WS_REQUEST_SECURITY_TOKEN_PROPERTY_TRUST_VERSION
	idConversation = WS_REQUEST_SECURITY_TOKEN_PROPERTY_SECURE_CONVERSATION_VERSION
	idTokenType    = WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_TYPE
	idAction       = WS_REQUEST_SECURITY_TOKEN_PROPERTY_REQUEST_ACTION
	idExisting     = WS_REQUEST_SECURITY_TOKEN_PROPERTY_EXISTING_TOKEN
	idKeyType      = WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_TYPE
	idKeySize      = WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_SIZE
	idEntropy      = WS_REQUEST_SECURITY_TOKEN_PROPERTY_ISSUED_TOKEN_KEY_ENTROPY
	idLocal        = WS_REQUEST_SECURITY_TOKEN_PROPERTY_LOCAL_REQUEST_PARAMETERS
	idService      = WS_REQUEST_SECURITY_TOKEN_PROPERTY_SERVICE_REQUEST_PARAMETERS
	idMessages     = WS_REQUEST_SECURITY_TOKEN_PROPERTY_MESSAGE_PROPERTIES
	idBearer       = WS_REQUEST_SECURITY_TOKEN_PROPERTY_BEARER_KEY_TYPE_VERSION
)

// testContext is a security context token with a test key.
func testContext(t testing.TB) *SecurityToken {
	t.Helper()
	const reference = `<o:SecurityTokenReference xmlns:o="` + spaceWSSE + `"><o:Reference URI="#_sct" ValueType="http://schemas.xmlsoap.org/ws/2005/02/sc/sct"/></o:SecurityTokenReference>`
	var token *SecurityToken
	var e Error
	hr := CreateXmlSecurityToken(&XMLBuffer{XML: `<c:SecurityContextToken u:Id="_sct" xmlns:c="http://schemas.xmlsoap.org/ws/2005/02/sc" xmlns:u="` + spaceWSU + `"><c:Identifier>urn:uuid:test</c:Identifier></c:SecurityContextToken>`},
		RawSymmetricSecurityKeyHandle{[]byte("a test key of exactly 32 octets!")},
		[]XmlSecurityTokenProperty{{WS_XML_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE, &XMLBuffer{XML: reference}}}, &token, &e)
	if hr != S_OK {
		t.Fatal(hr, e.Error())
	}
	return token
}

// All spellings of bearer are taken, whichever was written.
func TestBearerSpellings(t *testing.T) {
	for version := range bearerURIs {
		for _, answered := range bearerURIs {
			f := newFake(t, says(200, soap12, envelope(issued13, "{security}",
				`<t:RequestSecurityTokenResponseCollection xmlns:t="{wst13}"><t:RequestSecurityTokenResponse Context="{Context}"><t:KeyType>`+answered+
					`</t:KeyType><t:RequestedSecurityToken><x/></t:RequestedSecurityToken></t:RequestSecurityTokenResponse></t:RequestSecurityTokenResponseCollection>`)))
			c := open(t, f.URL, alice(), f.root())
			request(t, c, keyType(WS_SECURITY_KEY_TYPE_NONE), trust(WS_TRUST_VERSION_1_3), prop{idBearer, version})
		}
	}
	f := newFake(t, issues(`<t:KeyType xmlns:t="{wst05}">http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey</t:KeyType>`))
	request(t, open(t, f.URL, alice(), f.root()), keyType(WS_SECURITY_KEY_TYPE_NONE))
}

func ExampleRequestSecurityTokenProperty() {
	p := RequestSecurityTokenProperty{WS_REQUEST_SECURITY_TOKEN_PROPERTY_TRUST_VERSION, WS_TRUST_VERSION_1_3}
	fmt.Println(p.ID, p.Value)
	// Output: 2 2
}

// What every call needs.
func TestRequestArguments(t *testing.T) {
	c := create(t, nil)
	for name, hr := range map[string]HRESULT{
		"no channel":  RequestSecurityToken(nil, nil, new(*SecurityToken), nil, nil),
		"no token":    RequestSecurityToken(c, nil, nil, nil, nil),
		"no callback": RequestSecurityToken(c, nil, new(*SecurityToken), &AsyncContext{}, nil),
	} {
		if hr != E_INVALIDARG {
			t.Error(name, hr)
		}
	}
}
