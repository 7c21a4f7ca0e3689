package node

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"wstrust/interop/rig"
	"wstrust/saml"
	"wstrust/service"

	"wstrust/internal/alg"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
)

// testSAML has node-saml take our assertions in a response.
func (s *stage) testSAML(t *testing.T) {
	const audience = "https://orders.example.com/"
	around := func(inner string) string {
		return `<samlp:Response xmlns:samlp="` + xmltree.SAMLP20 + `" ID="_r" Version="2.0">` + inner + `</samlp:Response>`
	}
	login := func(t *testing.T, name, inner string, more request) {
		t.Helper()
		q := request{"op": "login", "xml": around(inner), "cert": s.rsa.CertPEM(), "audience": audience}
		for k, v := range more {
			q[k] = v
		}
		if a := s.ask(t, q); a.Error != "" || a.Result != word {
			t.Fatalf("%+v\n%s", a, inner)
		}
		q["cert"] = s.own.CertPEM()
		if a := s.ask(t, q); a.Error == "" {
			t.Errorf("accepted under another key: %+v", a)
		}
		s.kinds.Found(t, "node-saml", name, rig.Accepted, "not made: it is no issuer")
	}
	token := s.assertion(t, saml.V20, audience)
	t.Run("bearer", func(t *testing.T) {
		login(t, "assertion, SAML 2.0, bearer", token, nil)
		a := s.ask(t, request{"op": "login", "xml": around(strings.Replace(token, ">"+word+"<", ">xyzzz<", 1)), "cert": s.rsa.CertPEM(), "audience": audience})
		if a.Error == "" {
			t.Errorf("another subject is accepted: %+v", a)
		}
	})
	t.Run("encrypted", func(t *testing.T) {
		var b xmltree.Builder
		if err := xmlenc.SealWith(&b, []byte(token), xmlenc.Element, "", public(t, s.own), nil, alg.Basic256); err != nil {
			t.Fatal(err)
		}
		inner := `<saml:EncryptedAssertion xmlns:saml="` + xmltree.SAML20 + `">` + string(b.Bytes()) + `</saml:EncryptedAssertion>`
		login(t, "assertion, SAML 2.0, encrypted in AES-256-CBC (Basic256)", inner, request{"key": s.own.KeyPEM(t)})
	})
}

// testSOAP has clients of node-soap call a service of ours.
func (s *stage) testSOAP(t *testing.T) {
	orders := rig.NewOrders(t, s.ca, func(v *service.Verifier) { v.Suite = service.Suite(alg.Modern) })
	ca := rig.CertPEM(s.ca.Cert)
	for _, k := range []struct {
		name, caller string
		q            request
		change       []string // texts behind which one octet is changed
		wrong        string   // why we refuse it
	}{
		{name: "username token, text", caller: rig.User, q: request{"security": "text"}, change: []string{"Password Type=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText\">"}},
		{name: "username token, digest", caller: rig.User, q: request{"security": "digest"}, change: []string{"#PasswordDigest\">"}},
		{name: "certificate, body and timestamp signed", caller: "CN=alice,", q: request{"security": "certificate"}, change: []string{"SignatureValue>", "o:ID>"}},
		{
			name: "certificate, in the exclusive form alone", caller: "CN=alice,", q: request{"security": "certificate", "options": request{"signatureTransformations": []string{excC14N}}},
			change: []string{"SignatureValue>", "o:ID>"},
		},
		{
			name: "certificate, addressing signed", caller: "CN=alice,", q: request{"security": "certificate", "addressing": true, "parts": []string{"wsa:To", "wsa:Action", "wsa:MessageID"}},
			change: []string{"SignatureValue>", "o:ID>", "urn:uuid:"},
		},
		{
			name: "username token, text, and certificate", q: request{"security": "username and certificate"},
			wrong: "refused: its signature has a SecurityTokenReference, and no KeyInfo around it",
		},
	} {
		for _, version := range []string{"1.1", "1.2"} {
			name := fmt.Sprintf("%s, SOAP %s", k.name, version)
			t.Run(name, func(t *testing.T) {
				defer orders.Alter(nil)
				q := request{
					"op": "call", "url": orders.URL, "wsdl": orders.WSDL, "ca": ca, "id": word, "soap12": version == "1.2",
					"user": rig.User, "password": rig.Password, "key": s.rsa.KeyPEM(t), "cert": s.rsa.CertPEM(),
				}
				for name, v := range k.q {
					q[name] = v
				}
				if q["addressing"] != nil {
					q["headers"] = addressing(orders.URL)
				}
				a := s.ask(t, q)
				if k.wrong != "" {
					if !strings.Contains(a.Error, "could not be authenticated") || !strings.Contains(orders.Refusal(), "without key information") {
						t.Errorf("%+v: %s\n%s", a, orders.Refusal(), orders.Last())
					}
					s.kinds.Found(t, "node-soap", name, "not tried: it verifies nothing", k.wrong)
					return
				}
				if a.Error != "" || a.Result != "address of "+word || !strings.Contains(a.XML, ">"+k.caller) {
					t.Fatalf("%+v: %s\n%s", a, orders.Refusal(), orders.Last())
				}
				for _, after := range k.change {
					changed := false
					q["id"] = "another"
					if q["addressing"] != nil {
						q["headers"] = addressing(orders.URL)
					}
					orders.Alter(func(m []byte) []byte {
						changed = bytes.Contains(m, []byte(after))
						return []byte(rig.Altered(t, string(m), after, 2))
					})
					if a := s.ask(t, q); !strings.Contains(a.Error, "could not be authenticated") || !changed {
						t.Errorf("changed after %s (%v): %+v", after, changed, a)
					}
				}
				s.kinds.Found(t, "node-soap", name, "not tried: it verifies nothing", rig.Accepted)
			})
		}
	}
}

// addressing are headers that node-soap is given as they stand.
func addressing(to string) []string {
	const space = ` xmlns:wsa="http://www.w3.org/2005/08/addressing">`
	return []string{
		`<wsa:To` + space + to + `</wsa:To>`, `<wsa:Action` + space + `urn:orders/Get</wsa:Action>`, `<wsa:MessageID` + space + "urn:uuid:" + rand.Text() + `</wsa:MessageID>`,
	}
}
