package webservices

import (
	"fmt"
	"strings"
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

// What is illegal is E_INVALIDARG, and nothing is sent.
func TestIllegalRequests(t *testing.T) {
	f := newFake(t, issues(proof05))
	c := open(t, f.URL, alice(), f.root())
	freed := testContext(t)
	FreeSecurityToken(freed)
	renew, newContext := prop{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_RENEW_CONTEXT}, prop{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_NEW_CONTEXT}
	for name, props := range map[string][]prop{
		"id 0":                  {{0, uint32(1)}},
		"id 14":                 {{14, uint32(1)}},
		"twice":                 {trust(WS_TRUST_VERSION_1_3), trust(WS_TRUST_VERSION_1_3)},
		"1: nil":                {{idAppliesTo, nil}},
		"1: nil address":        {{idAppliesTo, (*EndpointAddress)(nil)}},
		"1: a URL":              {{idAppliesTo, "https://x/"}},
		"1: broken headers":     {{idAppliesTo, &EndpointAddress{URL: "https://x/", Headers: &XMLBuffer{"<a>"}}}},
		"1: repeats":            {{idAppliesTo, &EndpointAddress{URL: "https://x/", Extensions: &XMLBuffer{`<a:Address xmlns:a="http://www.w3.org/2005/08/addressing"/>`}}}},
		"1: control characters": {{idAppliesTo, &EndpointAddress{URL: "https://x/\x01"}}},
		"2: 0":                  {{idTrust, TrustVersion(0)}},
		"2: 3":                  {{idTrust, TrustVersion(3)}},
		"2: untyped":            {{idTrust, 1}},
		"3: 0":                  {{idConversation, SecureConversationVersion(0)}},
		"3: another enum":       {{idConversation, WS_TRUST_VERSION_1_3}},
		"4: empty":              {{idTokenType, ""}},
		"4: bytes":              {{idTokenType, []byte("urn:x")}},
		"4: control characters": {{idTokenType, "urn:\x00"}},
		"5: 0":                  {{idAction, RequestSecurityTokenAction(0)}},
		"5: 4":                  {{idAction, RequestSecurityTokenAction(4)}},
		"6 without renewal":     {{idExisting, testContext(t)}},
		"6 with a new context":  {newContext, {idExisting, testContext(t)}},
		"renewal without 6":     {renew},
		"6: nil":                {renew, {idExisting, (*SecurityToken)(nil)}},
		"6: freed":              {renew, {idExisting, freed}},
		"7: asymmetric":         {keyType(WS_SECURITY_KEY_TYPE_ASYMMETRIC)},
		"7: 0":                  {keyType(0)},
		"8: 0":                  {{idKeySize, uint32(0)}},
		"8: int":                {{idKeySize, 256}},
		"8: below the suite":    {{idKeySize, uint32(128)}},
		"8: above the suite":    {{idKeySize, uint32(512)}},
		"8: odd":                {{idKeySize, uint32(255)}},
		"8: huge":               {{idKeySize, uint32(0xFFFFFFF8)}},
		"8 with bearer":         {keyType(WS_SECURITY_KEY_TYPE_NONE), {idKeySize, uint32(256)}},
		"9: 0":                  {entropy(0)},
		"9: 4":                  {entropy(4)},
		"9 with bearer":         {keyType(WS_SECURITY_KEY_TYPE_NONE), entropy(WS_SECURITY_KEY_ENTROPY_MODE_SERVER_ONLY)},
		"10: broken":            {{idLocal, &XMLBuffer{"<a>"}}},
		"10: text":              {{idLocal, &XMLBuffer{"a"}}},
		"10: nil":               {{idLocal, (*XMLBuffer)(nil)}},
		"10: undeclared prefix": {{idLocal, &XMLBuffer{"<p:a/>"}}},
		"10: again":             {{idTokenType, "urn:x"}, {idLocal, &XMLBuffer{`<t:TokenType xmlns:t="http://schemas.xmlsoap.org/ws/2005/02/trust">urn:y</t:TokenType>`}}},
		"11: string":            {{idService, "<a/>"}},
		"11: broken":            {{idService, &XMLBuffer{"</a>"}}},
		"12: another type":      {{idMessages, []RequestSecurityTokenProperty{}}},
		"12: unknown":           {{idMessages, []MessageProperty{{99, nil}}}},
		"12: read only":         {{idMessages, []MessageProperty{{WS_MESSAGE_PROPERTY_STATE, uint32(1)}}}},
		"12: twice":             {{idMessages, []MessageProperty{{WS_MESSAGE_PROPERTY_MAX_PROCESSED_HEADERS, uint32(9)}, {WS_MESSAGE_PROPERTY_MAX_PROCESSED_HEADERS, uint32(9)}}}},
		"12: no headers":        {{idMessages, []MessageProperty{{WS_MESSAGE_PROPERTY_MAX_PROCESSED_HEADERS, uint32(0)}}}},
		"12: another envelope":  {{idMessages, []MessageProperty{{WS_MESSAGE_PROPERTY_ENVELOPE_VERSION, WS_ENVELOPE_VERSION_SOAP_1_1}}}},
		"12: other addressing":  {{idMessages, []MessageProperty{{WS_MESSAGE_PROPERTY_ADDRESSING_VERSION, WS_ADDRESSING_VERSION_0_9}}}},
		"12: depth 0":           {{idMessages, []MessageProperty{{WS_MESSAGE_PROPERTY_XML_READER_PROPERTIES, []XMLReaderProperty{{WS_XML_READER_PROPERTY_MAX_DEPTH, uint32(0)}}}}}},
		"13: 0":                 {{idBearer, SecurityBearerKeyTypeVersion(0)}},
		"13: 4":                 {{idBearer, SecurityBearerKeyTypeVersion(4)}},
		"mixed versions":        {newContext, trust(WS_TRUST_VERSION_1_3), {idConversation, WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005}},
		"context as bearer":     {newContext, keyType(WS_SECURITY_KEY_TYPE_NONE)},
		"context for another":   {newContext, appliesTo("https://x/")},
		"context of a type":     {newContext, {idTokenType, "urn:x"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := &SecurityToken{}
			token := before
			var e Error
			if hr := RequestSecurityToken(c, props, &token, nil, &e); hr != E_INVALIDARG {
				t.Errorf("%v: %v", hr, e.Error())
			}
			if token != before {
				t.Error("the token variable was written")
			}
			if n := f.count(); n != 0 {
				t.Errorf("%d messages were sent", n)
				f.got = nil
			}
			// Asynchronously it is the same.
			result := make(chan HRESULT, 1)
			ac := &AsyncContext{Callback: func(hr HRESULT, _ CallbackModel, _ any) { result <- hr }}
			hr := RequestSecurityToken(c, props, &token, ac, nil)
			if hr == WS_S_ASYNC { // known to the core only
				hr = <-result
			}
			if hr != E_INVALIDARG || token != before || f.count() != 0 {
				t.Error(hr, f.count())
			}
		})
	}
	for name, hr := range map[string]HRESULT{
		"no channel":  RequestSecurityToken(nil, nil, new(*SecurityToken), nil, nil),
		"no token":    RequestSecurityToken(c, nil, nil, nil, nil),
		"no callback": RequestSecurityToken(c, nil, new(*SecurityToken), &AsyncContext{}, nil),
	} {
		if hr != E_INVALIDARG {
			t.Error(name, hr)
		}
	}
	if s := state(t, c); s != WS_CHANNEL_STATE_OPEN {
		t.Error(stateNames[s])
	}
}

// What is legal is on the wire as chosen.
func TestLegalRequests(t *testing.T) {
	const wst05, wst13 = "http://schemas.xmlsoap.org/ws/2005/02/trust", spaceTrust13
	modern := prop{idTrust, WS_TRUST_VERSION_1_3}
	bearer := keyType(WS_SECURITY_KEY_TYPE_NONE)
	for _, c := range []struct {
		name   string
		props  []prop
		space  string // of the RST; Feb 2005 if empty
		action string
		has    []string // in the RST, in this order
		hasNot []string
	}{
		{"nothing", nil, "", "/RST/Issue", []string{"RequestType>" + wst05 + "/Issue<"}, []string{"TokenType", "AppliesTo", "KeyType", "KeySize", "Entropy", "Lifetime", "SecondaryParameters"}},
		{"1", []prop{appliesTo("https://rp/?a=1&b=2")}, "", "/RST/Issue", []string{"AppliesTo", "http://www.w3.org/2005/08/addressing", "Address>https://rp/?a=1&amp;b=2<"}, []string{"ReferenceParameters", "Identity"}},
		{
			"1, whole",
			[]prop{{idAppliesTo, &EndpointAddress{URL: "https://rp/", Headers: &XMLBuffer{`<h xmlns="urn:h"/>`}, Extensions: &XMLBuffer{`<e xmlns="urn:e"/>`}, Identity: DNSEndpointIdentity{"rp.example"}}}},
			"", "/RST/Issue",
			[]string{"Address>https://rp/<", `ReferenceParameters><h xmlns="urn:h"/>`, `<e xmlns="urn:e"/>`, "Identity", "rp.example"},
			nil,
		},
		{"2", []prop{modern}, wst13, "/RST/Issue", []string{"RequestType>" + wst13 + "/Issue<"}, []string{wst05}},
		{"3 without a context", []prop{{idConversation, WS_SECURE_CONVERSATION_VERSION_1_3}}, "", "/RST/Issue", nil, nil},
		{"4", []prop{{idTokenType, "urn:my:type"}}, "", "/RST/Issue", []string{"TokenType>urn:my:type<", "RequestType"}, nil},
		{"5 new context", []prop{{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_NEW_CONTEXT}}, "", "/RST/SCT", []string{"TokenType>http://schemas.xmlsoap.org/ws/2005/02/sc/sct<", "RequestType>" + wst05 + "/Issue<"}, []string{"Entropy"}},
		{"5 new context, 3", []prop{{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_NEW_CONTEXT}, {idConversation, WS_SECURE_CONVERSATION_VERSION_1_3}}, wst13, "/RST/SCT", []string{"TokenType>http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512/sct<"}, nil},
		{"5 new context, 2", []prop{{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_NEW_CONTEXT}, modern}, wst13, "/RST/SCT", []string{"ws-secureconversation/200512/sct<"}, nil},
		{
			"6 renewal",
			[]prop{{idAction, WS_REQUEST_SECURITY_TOKEN_ACTION_RENEW_CONTEXT}, {idExisting, testContext(t)}},
			"", "/RST/SCT/Renew",
			[]string{"TokenType>http://schemas.xmlsoap.org/ws/2005/02/sc/sct<", "RequestType>" + wst05 + "/Renew<", "RenewTarget", "urn:uuid:test"},
			nil,
		},
		{"7 symmetric", []prop{keyType(WS_SECURITY_KEY_TYPE_SYMMETRIC)}, "", "/RST/Issue", []string{"KeyType>" + wst05 + "/SymmetricKey<"}, []string{"Entropy"}},
		{"7 symmetric, 1.3", []prop{keyType(WS_SECURITY_KEY_TYPE_SYMMETRIC), modern}, wst13, "/RST/Issue", []string{"KeyType>" + wst13 + "/SymmetricKey<"}, nil},
		{"7 bearer", []prop{bearer}, "", "/RST/Issue", []string{"KeyType>http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey<"}, nil},
		{"7 bearer, 1.3", []prop{bearer, modern}, wst13, "/RST/Issue", []string{"KeyType>http://docs.oasis-open.org/ws-sx/wstrust/200512/Bearer<"}, nil},
		{"8", []prop{{idKeySize, uint32(256)}}, "", "/RST/Issue", []string{"KeySize>256<"}, []string{"KeyType"}},
		{"9 client", []prop{entropy(WS_SECURITY_KEY_ENTROPY_MODE_CLIENT_ONLY)}, "", "/RST/Issue", []string{"Entropy", `Type="` + wst05 + `/SymmetricKey"`}, []string{"KeyType"}},
		{"9 combined", []prop{entropy(WS_SECURITY_KEY_ENTROPY_MODE_COMBINED)}, "", "/RST/Issue", []string{"Entropy", `Type="` + wst05 + `/Nonce"`}, nil},
		{"9 server", []prop{entropy(WS_SECURITY_KEY_ENTROPY_MODE_SERVER_ONLY)}, "", "/RST/Issue", nil, []string{"Entropy"}},
		{
			"10 and 11",
			[]prop{{idLocal, &XMLBuffer{`<l1 xmlns="urn:l"/><l2 xmlns="urn:l"/>`}}, {idService, &XMLBuffer{`<s1 xmlns="urn:s"/>`}}},
			"", "/RST/Issue",
			[]string{`<l1 xmlns="urn:l"/>`, `<l2 xmlns="urn:l"/>`, `<s1 xmlns="urn:s"/>`},
			[]string{"SecondaryParameters"},
		},
		{
			"10 and 11, 1.3",
			[]prop{modern, {idLocal, &XMLBuffer{`<l1 xmlns="urn:l"/>`}}, {idService, &XMLBuffer{`<s1 xmlns="urn:s"/>`}}},
			wst13, "/RST/Issue",
			[]string{`<l1 xmlns="urn:l"/>`, `SecondaryParameters><s1 xmlns="urn:s"/>`},
			nil,
		},
		{"11 and explicit, 2005", []prop{{idTokenType, "urn:mine"}, {idService, &XMLBuffer{`<t:TokenType xmlns:t="` + wst05 + `">urn:theirs</t:TokenType>`}}}, "", "/RST/Issue", []string{"urn:mine"}, []string{"urn:theirs"}},
		{"12", []prop{{idMessages, []MessageProperty{{WS_MESSAGE_PROPERTY_ENVELOPE_VERSION, WS_ENVELOPE_VERSION_SOAP_1_2}, {WS_MESSAGE_PROPERTY_HEAP_PROPERTIES, nil}, {WS_MESSAGE_PROPERTY_MAX_PROCESSED_HEADERS, uint32(8)}}}}, "", "/RST/Issue", nil, nil},
		{"13 schema", []prop{bearer, modern, {idBearer, WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ORIGINAL_SCHEMA}}, wst13, "/RST/Issue", []string{"KeyType>http://docs.oasis-open.org/wssx/wstrust/200512/Bearer<"}, nil},
		{"13 specification", []prop{bearer, modern, {idBearer, WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ORIGINAL_SPECIFICATION}}, wst13, "/RST/Issue", []string{"KeyType>http://docs.oasis-open.org/ws-sx/wstrust/200512/Bearer<"}, nil},
		{"13 errata", []prop{bearer, modern, {idBearer, WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ERRATA_01}}, wst13, "/RST/Issue", []string{"KeyType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer<"}, nil},
		{"13 without bearer", []prop{{idBearer, WS_SECURITY_BEARER_KEY_TYPE_VERSION_1_3_ERRATA_01}}, "", "/RST/Issue", nil, []string{"Bearer"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, says(500, "text/plain", "enough"))
			ch := open(t, f.URL, alice(), f.root())
			var token *SecurityToken
			var e Error
			if hr := RequestSecurityToken(ch, c.props, &token, nil, &e); hr != WS_E_ENDPOINT_FAILURE {
				t.Fatal(hr, e.Error())
			}
			m := f.last(t)
			space := c.space
			if space == "" {
				space = wst05
			}
			if got := m.Body.RST.XMLName.Space; got != space {
				t.Errorf("namespace %q, want %q", got, space)
			}
			if m.Header.Action != space+c.action {
				t.Errorf("action %q", m.Header.Action)
			}
			rest := m.Body.RST.Inner
			for _, want := range c.has {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Errorf("no %s, or not in its place, in %s", want, m.Body.RST.Inner)
				}
				rest = after
			}
			for _, not := range c.hasNot {
				if strings.Contains(m.Body.RST.Inner, not) {
					t.Errorf("%s in %s", not, m.Body.RST.Inner)
				}
			}
			if !strings.HasPrefix(m.Body.RST.Context, "urn:uuid:") || m.Header.To != f.URL || m.Header.MessageID == "" {
				t.Errorf("context %q, to %q", m.Body.RST.Context, m.Header.To)
			}
		})
	}
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

// The limits of message properties are those of the answer.
func TestMessagePropertiesLimitTheAnswer(t *testing.T) {
	more := strings.Repeat(`<h xmlns="urn:h"/>`, 10)
	deep := strings.Repeat("<d>", 30) + strings.Repeat("</d>", 30)
	for i, c := range []struct {
		props []MessageProperty
		want  HRESULT
	}{
		{nil, S_OK},
		{[]MessageProperty{{WS_MESSAGE_PROPERTY_MAX_PROCESSED_HEADERS, uint32(12)}}, WS_E_QUOTA_EXCEEDED},
		{[]MessageProperty{{WS_MESSAGE_PROPERTY_MAX_PROCESSED_HEADERS, uint32(13)}}, S_OK},
		{[]MessageProperty{{WS_MESSAGE_PROPERTY_XML_READER_PROPERTIES, []XMLReaderProperty{{WS_XML_READER_PROPERTY_MAX_DEPTH, uint32(20)}}}}, WS_E_QUOTA_EXCEEDED},
	} {
		f := newFake(t, says(200, soap12, strings.Replace(envelope(issued05, "{security}", rstr05(proof05+deep)), "</s:Header>", more+"</s:Header>", 1)))
		ch := open(t, f.URL, alice(), f.root())
		var token *SecurityToken
		var e Error
		if hr := RequestSecurityToken(ch, []prop{{idMessages, c.props}}, &token, nil, &e); hr != c.want {
			t.Errorf("%d: %v: %v", i, hr, e.Error())
		}
	}
}

// A key of the wrong size, or none where one was asked for in so many words.
func TestKeysOfTheAnswer(t *testing.T) {
	short := strings.Replace(proof05, key256, "AAECAwQFBgcICQoLDA0ODw==", 1)
	for i, c := range []struct {
		answer string
		props  []prop
		want   HRESULT
	}{
		{proof05, nil, S_OK},
		{short, nil, WS_E_INVALID_FORMAT}, // BASIC256 has 256 bits only
		{"", nil, S_OK},
		{"", []prop{entropy(WS_SECURITY_KEY_ENTROPY_MODE_SERVER_ONLY)}, WS_E_INVALID_FORMAT},
		{"", []prop{keyType(WS_SECURITY_KEY_TYPE_SYMMETRIC)}, WS_E_INVALID_FORMAT},
		{"", []prop{entropy(WS_SECURITY_KEY_ENTROPY_MODE_CLIENT_ONLY)}, S_OK},
		{proof05, []prop{entropy(WS_SECURITY_KEY_ENTROPY_MODE_CLIENT_ONLY)}, WS_E_INVALID_FORMAT},
		{proof05, []prop{keyType(WS_SECURITY_KEY_TYPE_NONE)}, WS_E_INVALID_FORMAT},
	} {
		f := newFake(t, issues(c.answer))
		ch := open(t, f.URL, alice(), f.root())
		var token *SecurityToken
		var e Error
		if hr := RequestSecurityToken(ch, c.props, &token, nil, &e); hr != c.want || (token != nil) != (hr == S_OK) {
			t.Errorf("%d: %v: %v", i, hr, e.Error())
		}
	}
}

func ExampleRequestSecurityTokenProperty() {
	p := RequestSecurityTokenProperty{WS_REQUEST_SECURITY_TOKEN_PROPERTY_TRUST_VERSION, WS_TRUST_VERSION_1_3}
	fmt.Println(p.ID, p.Value)
	// Output: 2 2
}
