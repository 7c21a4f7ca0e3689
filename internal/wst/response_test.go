package wst

import (
	"strings"
	"testing"

	"wstrust/internal/xmltree"
)

// The container of every answer, written out: WS-Trust 1.3 wants a collection
// for Issue and for contexts, a bare response for the rest; February 2005
// always a bare one. Readers of 1.3 take both but for Issue.
func TestContainers(t *testing.T) {
	for _, c := range []struct {
		v          Version
		collection []Action
		bare       []Action
	}{
		{Trust13, []Action{Issue, NewContext, RenewContext, CancelContext}, []Action{Renew, Validate, Cancel}},
		{Trust14, []Action{Issue, NewContext, RenewContext, CancelContext}, []Action{Renew, Validate, Cancel}},
		{Trust2005, nil, []Action{Issue, Renew, Validate, Cancel, NewContext, RenewContext, CancelContext}},
	} {
		for i, list := range [][]Action{c.collection, c.bare} {
			for _, act := range list {
				out, err := (&Response{Token: []byte(testToken)}).Write(c.v, act)
				if err != nil {
					t.Fatal(err)
				}
				want := []string{"<wst:RequestSecurityTokenResponseCollection xmlns:wst=\"" + c.v.Namespace() + "\"><wst:RequestSecurityTokenResponse>", "<wst:RequestSecurityTokenResponse xmlns:wst="}[i]
				if !strings.HasPrefix(string(out), want) {
					t.Errorf("%s %s: %s", c.v, act, out)
				}
				if _, err := ReadResponse(root(t, string(out)), c.v, act, Opener{}); err != nil {
					t.Errorf("%s %s: %v", c.v, act, err)
				}
			}
		}
	}
	bare, err := (&Response{Token: []byte(testToken)}).Write(Trust13, Renew)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := (&Response{Token: []byte(testToken)}).Write(Trust13, Issue)
	if err != nil {
		t.Fatal(err)
	}
	for act := Issue; act < actions; act++ {
		_, err1 := ReadResponse(root(t, string(bare)), Trust13, act, Opener{})
		_, err2 := ReadResponse(root(t, string(wrapped)), Trust13, act, Opener{})
		if (err1 == nil) != (act != Issue) || err2 != nil {
			t.Errorf("%s: bare %v, wrapped %v", act, err1, err2)
		}
	}
	if _, err := ReadResponse(xmltree.Elem{}, Trust13, Issue, Opener{}); class(err) != "format" {
		t.Errorf("no message: %v", err)
	}
	if _, _, err := ReadRequest(xmltree.Elem{}, Opener{}); class(err) != "format" {
		t.Errorf("no message: %v", err)
	}
	if _, err := ReadResponse(root(t, string(bare)), Trust13, actions, Opener{}); class(err) != "request" {
		t.Errorf("no action: %v", err)
	}
}

func TestResponseWriteRefuses(t *testing.T) {
	for name, a := range map[string]Response{
		"key and computed key": {Proof: NewSecret(serverOctets), ComputedKey: Trust13.PSHA1()},
		"weak key":             {Proof: NewSecret(serverOctets[:8])},
		"weak entropy":         {ServerEntropy: NewSecret(make([]byte, 32))},
		"type of key":          {Proof: NewSecret(serverOctets), ProofType: "urn:x"},
		"status contradicts":   {Status: &Status{Valid: true, Code: Trust13.statusCode(false)}},
		"status contradicts 2": {Status: &Status{Code: Trust13.statusCode(true)}},
		"two tokens":           {Token: []byte("<a/><b/>")},
		"half a token":         {Token: []byte("<a>")},
		"text for a reference": {Attached: []byte("x")},
		"unknown bearer":       {KeyType: Bearer, BearerURI: "urn:x"},
		"size":                 {KeySize: -1},
		"bad character":        {Context: "\x00"},
		"bad character, type":  {TokenType: "\x00"},
		"bad character, why":   {Status: &Status{Reason: "\x00"}},
		"bad character, key":   {ComputedKey: "\x00"},
		"reversed lifetime":    {Created: noon, Expires: noon.Add(-1)},
		"addressing":           {AppliesTo: "urn:x", Addressing: "urn:y"},
	} {
		if out, err := a.Write(Trust13, Issue); class(err) != "request" {
			t.Errorf("%s: %s %v", name, out, err)
		}
	}
	if _, err := new(Response).Write(Trust13, actions); class(err) != "request" {
		t.Errorf("no action: %v", err)
	}
}

// An answer with everything in it, octet for octet: elements in the order of
// the examples in MS-LWSSP, and the token untouched.
func TestResponseWritten(t *testing.T) {
	const token = `<saml:Assertion   xmlns:saml='urn:oasis:names:tc:SAML:2.0:assertion'>a&#x41;<!-- kept --></saml:Assertion >`
	const str = `<o:SecurityTokenReference xmlns:o="` + xmltree.WSSE + `"/>`
	a := Response{
		Context: "urn:c", TokenType: TokenSAML20, KeyType: Symmetric, KeySize: 256, Token: []byte(token),
		Attached: []byte(str), Unattached: []byte(str), AppliesTo: "https://rp.example/", Addressing: xmltree.WSA04,
		ComputedKey: Trust2005.PSHA1(), ServerEntropy: NewSecret(serverOctets), Created: noon, Expires: noon.Add(3600e9),
	}
	out, err := a.Write(Trust2005, Issue)
	if err != nil {
		t.Fatal(err)
	}
	const tr = xmltree.Trust2005
	want := `<wst:RequestSecurityTokenResponse xmlns:wst="` + tr + `" Context="urn:c"><wst:TokenType>` + TokenSAML20 + `</wst:TokenType>` +
		`<wst:RequestedSecurityToken>` + token + `</wst:RequestedSecurityToken>` +
		`<wst:RequestedAttachedReference>` + str + `</wst:RequestedAttachedReference>` +
		`<wst:RequestedUnattachedReference>` + str + `</wst:RequestedUnattachedReference>` +
		`<wsp:AppliesTo xmlns:wsp="` + xmltree.WSP + `"><wsa:EndpointReference xmlns:wsa="` + xmltree.WSA04 + `"><wsa:Address>https://rp.example/</wsa:Address></wsa:EndpointReference></wsp:AppliesTo>` +
		`<wst:RequestedProofToken><wst:ComputedKey>` + tr + `/CK/PSHA1</wst:ComputedKey></wst:RequestedProofToken>` +
		`<wst:Entropy><wst:BinarySecret Type="` + tr + `/Nonce">QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=</wst:BinarySecret></wst:Entropy>` +
		`<wst:Lifetime><wsu:Created xmlns:wsu="` + xmltree.WSU + `">2026-01-01T12:00:00.000Z</wsu:Created><wsu:Expires xmlns:wsu="` + xmltree.WSU + `">2026-01-01T13:00:00.000Z</wsu:Expires></wst:Lifetime>` +
		`<wst:KeySize>256</wst:KeySize><wst:KeyType>` + tr + `/SymmetricKey</wst:KeyType></wst:RequestSecurityTokenResponse>`
	if string(out) != want {
		t.Errorf("\n%s\nwant\n%s", out, want)
	}
	got, err := ReadResponse(root(t, string(out)), Trust2005, Issue, Opener{})
	if err != nil || string(got.Token) != token {
		t.Errorf("%s %v", got.Token, err)
	}
}
