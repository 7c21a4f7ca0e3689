package webservices

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"wstrust/service"
	"wstrust/wstrusttest"
)

// profileRows reads a file of testdata/lwssp with columns.
func profileRows(t *testing.T, name string) []row {
	t.Helper()
	return vectorRows(t, "../lwssp/"+name)
}

// contextAnswer is an answer with a context, of February 2005 or of 1.3.
func contextAnswer(t testing.TB) (v05, v13 string) {
	t.Helper()
	src, err := os.ReadFile("testdata/lwssp/6.7-context.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, v05, _ = strings.Cut(string(src), "\n---\n")
	v13 = strings.NewReplacer("{wst05}", "{wst13}", "{wsc05}", "{wsc13}",
		"<t:RequestSecurityTokenResponse ", `<t:RequestSecurityTokenResponseCollection xmlns:t="{wst13}"><t:RequestSecurityTokenResponse `,
		"</t:RequestSecurityTokenResponse>", "</t:RequestSecurityTokenResponse></t:RequestSecurityTokenResponseCollection>").Replace(v05)
	return v05, v13
}

// converses answers requests about contexts, and everything else with something.
func converses(t testing.TB, cancelled string) func(http.ResponseWriter, *http.Request, rst) {
	v05, v13 := contextAnswer(t)
	return func(w http.ResponseWriter, r *http.Request, m rst) {
		text := envelope("urn:xResponse", "{security}", `<ok xmlns="urn:ok"/>`)
		switch action := m.Header.Action; {
		case strings.HasSuffix(action, "/Cancel"):
			text = cancelled
		case strings.HasPrefix(action, spaceTrust13):
			text = v13
		case strings.HasPrefix(action, "http://schemas.xmlsoap.org/ws/2005/02/trust"):
			text = v05
		}
		says(200, soap12, text)(w, r, m)
	}
}

// profileTokens are the tokens that the column on names, by their XML and by how
// their attached reference names them.
var profileTokens = map[string]struct{ xml, reference string }{
	"context":          {sctXML("{wsc05}"), `<o:Reference URI="#sct" ValueType="{wsc05}/sct"/>`},
	"context13":        {sctXML("{wsc13}"), `<o:Reference URI="#sct" ValueType="{wsc13}/sct"/>`},
	"context-by-name":  {sctXML("{wsc05}"), `<o:Reference URI="urn:uuid:1" ValueType="{wsc05}/sct"/>`},
	"context-by-key":   {sctXML("{wsc05}"), `<o:KeyIdentifier ValueType="{wsc05}/sct">sct</o:KeyIdentifier>`},
	"context-in-two":   {sctXML("{wsc05}"), `<o:Reference URI="#sct"/><o:Reference URI="#sct"/>`},
	"saml11":           {samlXML("1.0", "AssertionID"), `<o:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID">aid</o:KeyIdentifier>`},
	"saml11-direct":    {samlXML("1.0", "AssertionID"), `<o:Reference URI="#aid"/>`},
	"saml11-embedded":  {samlXML("1.0", "AssertionID"), `<o:Embedded/>`},
	"saml11-by-2.0-id": {samlXML("1.0", "AssertionID"), `<o:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID">aid</o:KeyIdentifier>`},
	"saml20":           {samlXML("2.0", "ID"), `<o:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID">aid</o:KeyIdentifier>`},
	"saml20-as-1.1":    {samlXML("2.0", "ID"), `<o:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID">aid</o:KeyIdentifier>`},
	"binary":           {`<o:BinarySecurityToken xmlns:o="{wsse}" xmlns:u="{wsu}" u:Id="sct" ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3">AAAA</o:BinarySecurityToken>`, `<o:Reference URI="#sct"/>`},
	"derived":          {`<c:DerivedKeyToken xmlns:c="{wsc05}" xmlns:u="{wsu}" u:Id="sct"/>`, `<o:Reference URI="#sct"/>`},
	"encrypted":        {`<e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#" Id="sct"/>`, `<o:Reference URI="#sct"/>`},
	"another":          {`<x:Token xmlns:x="urn:x" xmlns:u="{wsu}" u:Id="sct"/>`, `<o:Reference URI="#sct"/>`},
	"user-token":       {`<o:UsernameToken xmlns:o="{wsse}" xmlns:u="{wsu}" u:Id="sct"/>`, `<o:Reference URI="#sct"/>`},
}

func sctXML(space string) string {
	return `<c:SecurityContextToken u:Id="sct" xmlns:c="` + space + `" xmlns:u="{wsu}"><c:Identifier>urn:uuid:1</c:Identifier></c:SecurityContextToken>`
}

func samlXML(version, id string) string {
	return `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:` + version + `:assertion" ` + id + `="aid" MajorVersion="1" MinorVersion="1"><saml:AttributeStatement><saml:Subject>` +
		`<saml:SubjectConfirmation><saml:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:holder-of-key</saml:ConfirmationMethod><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">` +
		`<e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/><ds:KeyInfo><o:SecurityTokenReference xmlns:o="{wsse}">` +
		`<o:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1">AAAA</o:KeyIdentifier></o:SecurityTokenReference></ds:KeyInfo></e:EncryptedKey></ds:KeyInfo>` +
		`</saml:SubjectConfirmation></saml:Subject></saml:AttributeStatement><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/></saml:Assertion>`
}

// profileSecurity makes the description that the column on says: tokens, each
// with its key after a slash (symmetric if there is none), alice, and
// conversation or conversation13 for a security context binding.
func profileSecurity(p *propertyRun, on string) *SecurityDescription {
	p.Helper()
	sd := overTLS()
	for name := range strings.FieldsSeq(on) {
		name, kind, keyed := strings.Cut(name, "/")
		if !keyed {
			kind = "symmetric"
		}
		switch name {
		case "tls":
			continue
		case "alice":
			sd.SecurityBindings = append(sd.SecurityBindings, alice().SecurityBindings[1])
			continue
		case "kerberos":
			sd.SecurityBindings = append(sd.SecurityBindings, &KerberosApreqMessage{BindingUsage: supporting, ClientCredential: &DefaultWindowsIntegratedAuthCredential{}})
			continue
		case "conversation", "conversation13":
			version := map[string]SecureConversationVersion{"conversation": WS_SECURE_CONVERSATION_VERSION_FEBRUARY_2005, "conversation13": WS_SECURE_CONVERSATION_VERSION_1_3}[name]
			sd.SecurityBindings = append(sd.SecurityBindings, &SecurityContextMessage{
				BindingUsage: supporting, BootstrapSecurityDescription: alice(),
				Properties: []SecurityBindingProperty{{WS_SECURITY_BINDING_PROPERTY_SECURE_CONVERSATION_VERSION, version}},
			})
			continue
		}
		token, ok := profileTokens[name]
		if !ok {
			p.Fatalf("%s: there is no token %q", p.at(), name)
		}
		sd.SecurityBindings = append(sd.SecurityBindings, &XmlTokenMessage{BindingUsage: supporting, XmlToken: profileToken(p, token.xml, token.reference, kind)})
	}
	return sd
}

func profileToken(p *propertyRun, xml, reference, kind string) *SecurityToken {
	p.Helper()
	key := vectorKey(p, kind)
	if kind == "asymmetric" { // ECDSA is in no suite of WWSAPI
		key = NcryptAsymmetricSecurityKeyHandle{rsaTestKey(p)}
	}
	var props []XmlSecurityTokenProperty
	if kind != "bearer" {
		ref := fill(`<o:SecurityTokenReference xmlns:o="{wsse}">`+reference+`</o:SecurityTokenReference>`, rst{})
		props = append(props, XmlSecurityTokenProperty{WS_XML_SECURITY_TOKEN_PROPERTY_ATTACHED_REFERENCE, &XMLBuffer{ref}})
	}
	var token *SecurityToken
	var e Error
	if hr := CreateXmlSecurityToken(&XMLBuffer{fill(xml, rst{})}, key, props, &token, &e); hr != S_OK {
		p.Fatal(hr, e.Error())
	}
	p.Cleanup(func() { FreeSecurityToken(token) })
	return token
}

// What the strict profile sends, and what it does not let out. Each message that
// is sent is within the profile in the eyes of a service too.
func TestSentProfileVectors(t *testing.T) {
	all := enumerations(t)
	about := map[string]bool{}
	for _, r := range profileRows(t, "sent.tsv") {
		for _, rule := range strings.Fields(r.field["rules"]) {
			about[rule] = true
		}
		t.Run(r.field["name"], func(t *testing.T) {
			v := &values{t: t, constants: all, fixtures: vectorFixtures(t)}
			_, v13 := contextAnswer(t)
			cancelled := strings.Replace(v13, "{wst13}/RSTR/SCT", "{wst13}/RSTR/SCT/Cancel", 1)
			p := &propertyRun{T: t, row: r, values: v, want: result(t, r.field["want"]), fake: newFake(t, converses(t, cancelled))}
			sends(p)
		})
	}
	coversRules(t, "sent", about)
}

func sends(p *propertyRun) {
	sd := profileSecurity(p, p.field["on"])
	for _, n := range namedValues(p, p.field["security"]) {
		sd.Properties = append(sd.Properties, SecurityProperty{SecurityPropertyID(p.values.constants["WS_SECURITY_PROPERTY_"+n.name].value), p.values.of(n.text)})
	}
	props := []ChannelProperty{p.fake.root(), strictProfile}
	for _, n := range namedValues(p, p.field["channel"]) {
		props = append(props, ChannelProperty{ChannelPropertyID(p.values.constants["WS_CHANNEL_PROPERTY_"+n.name].value), p.values.of(n.text)})
	}
	p.field["on"] = ""
	c, hr, e := p.channel(sd, props...)
	if hr == S_OK {
		hr = OpenChannel(c, &EndpointAddress{URL: p.fake.URL}, nil, e)
	}
	if hr == S_OK && p.field["do"] == "token" {
		var request []prop
		ids, vals := p.list("WS_REQUEST_SECURITY_TOKEN_PROPERTY_")
		for i := range ids {
			request = append(request, prop{RequestSecurityTokenPropertyID(ids[i]), vals[i]})
		}
		var token *SecurityToken
		hr = RequestSecurityToken(c, request, &token, nil, e)
	} else if hr == S_OK {
		hr = RequestReply(c, "urn:x", nil, nil, nil, e)
	}
	if hr == S_OK && p.field["do"] == "close" {
		hr = CloseChannel(c, nil, e)
	}
	// An answer that does not fit the request is the fake's, and no matter here.
	sent := p.fake.count() > 0
	if want := p.want == S_OK; sent != want || !want && hr != p.want {
		p.Fatalf("%s: %v, sent: %v, want %v: %v", p.at(), hr.String(), sent, p.want.String(), e)
	}
	if !sent {
		return
	}
	p.wire(p.fake.last(p))
	for _, m := range p.fake.got {
		if err := heldAgainst(p, m); errors.Is(err, service.ErrProfile) {
			p.Errorf("%s: %v\n%s", p.at(), err, m.raw)
		}
	}
}

// heldAgainst is what a service of the profile makes of a message. That it knows
// neither the sender nor the keys is no matter: the profile comes first.
func heldAgainst(p *propertyRun, m rst) error {
	p.Helper()
	replay, err := newReplayCache()
	if err != nil {
		p.Fatal(err)
	}
	v := &service.Verifier{Audiences: []string{"urn:x"}, Users: aliceOnly{}, Replay: replay, Profile: service.LWSSP, Suite: "Legacy"}
	if err := v.Check(); err != nil {
		p.Fatal(err)
	}
	_, err = v.Verify(context.Background(), service.Packet{
		Body: []byte(m.raw), ContentType: m.headers.Get("Content-Type"), SOAPAction: m.headers.Get("SOAPAction"),
	}, service.Conn{TLS: &tls.ConnectionState{}})
	if strings.Contains(m.raw, wstrusttest.Password+"<") && strings.Contains(m.raw, "Timestamp") && err != nil && !strings.Contains(m.raw, "SecurityContextToken") && !errors.Is(err, service.ErrProfile) {
		p.Errorf("%s: a user's message is refused: %v", p.at(), err)
	}
	return err
}

// coversRules asks for a vector about each rule that is about a side.
func coversRules(t *testing.T, side string, about map[string]bool) {
	t.Helper()
	for _, r := range profileRows(t, "rules.tsv") {
		if strings.Contains(r.field["sides"], side) && !about[r.field["rule"]] {
			t.Errorf("no vector about what is %s for rule %s, %s", side, r.field["rule"], r.field["text"])
		}
		delete(about, r.field["rule"])
	}
	for rule := range about {
		t.Errorf("rule %s is not in the list", rule)
	}
}
