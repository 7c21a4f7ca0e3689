package wsse

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/c14n"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
	"wstrust/saml"
)

// The vectors in testdata are attacks: what a message looks like after somebody
// took a good one apart. The pieces in braces come from a message that is
// signed here with test keys, so each vector carries a signature that is
// mathematically right; an independent check says so before anything else.
// Then a verifier without the checks named under "off" must be fooled, and the
// real one must refuse with the class named. Vectors with "below" are stopped
// by another package already, or by the way the reader is built, where there is
// nothing to switch off.

type attack struct {
	name                string
	text                string
	token, sign, forged string
	required            Parts
	tls                 bool
	class               string
	off                 check
	below               string
}

func readAttack(t *testing.T, file string) attack {
	t.Helper()
	octets, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, text, ok := strings.Cut(string(octets), "-- message.xml --\n")
	if !ok {
		t.Fatalf("%s: no message.xml", file)
	}
	a := attack{name: strings.TrimSuffix(filepath.Base(file), ".txtar"), text: strings.ReplaceAll(strings.TrimSpace(text), "\n", "")}
	for line := range strings.Lines(head) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		switch key {
		case "token":
			a.token = value
		case "sign":
			a.sign = value
		case "required":
			a.required = partsOf(t, value)
		case "tls":
			a.tls = value == "yes"
		case "class":
			a.class = value
		case "below":
			a.below = value
		case "forged":
			a.forged = value
		case "off":
			for name := range strings.SplitSeq(value, ",") {
				bit, ok := map[string]check{
					"one-header": checkOneHeader, "ids": checkIDs, "one-assertion": checkOneAssertion, "place": checkPlace,
					"required": checkRequired, "holder": checkHolder, "fresh": checkFresh,
				}[name]
				if !ok {
					t.Fatalf("%s: no check %q", file, name)
				}
				a.off |= bit
			}
		}
	}
	if (a.off == 0) == (a.below == "") {
		t.Fatalf("%s: one of off and below is needed", file)
	}
	return a
}

func partsOf(t testing.TB, list string) (p Parts) {
	t.Helper()
	for name := range strings.SplitSeq(list, ",") {
		found := name == ""
		for i, n := range partNames {
			if n == name {
				p, found = p|1<<i, true
			}
		}
		if !found {
			t.Fatalf("no part %q", name)
		}
	}
	return p
}

// pieces signs a good message and takes it apart.
func (a *attack) pieces(t testing.TB) (map[string]string, alg.Key) {
	t.Helper()
	var tok Token
	key := client().public(t)
	parts := partsOf(t, a.sign)
	switch a.token {
	case "x509":
		tok = x509Token(client(), RefDirect, parts)
	case "mallory":
		tok, key = x509Token(mallory(), RefDirect, parts), mallory().public(t)
	case "hok":
		tok = Issued{XML: build(t, saml.V20, issuer(), holderOf(client())), Key: client().key, Parts: parts}
	case "hok-str":
		tok = Issued{XML: build(t, saml.V20, issuer(), holderOf(client())), Key: client().key, Parts: parts, STRTransform: true}
	case "bearer":
		tok, key = Issued{XML: build(t, saml.V20, issuer(), saml.Confirmation{Kind: saml.Bearer})}, issuer().public(t)
	default:
		t.Fatalf("no token %q", a.token)
	}
	d, err := xmltree.Parse(protect(t, Options{Tokens: []Token{tok}}), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	root := d.Root()
	head := root.First(xmltree.SOAP12, "Header")
	sec := head.First(xmltree.WSSE, "Security")
	m := map[string]string{
		"envelope": `<s:Envelope xmlns:s="` + xmltree.SOAP12 + `" xmlns:wsse="` + xmltree.WSSE + `" xmlns:wsu="` + xmltree.WSU + `" xmlns:ds="` + xmltree.DS + `" xmlns:saml="` + xmltree.SAML20 + `">`,
		"security": `<wsse:Security s:mustUnderstand="1">`,

		"evil-body":      `<s:Body><x:Transfer xmlns:x="urn:evil"/></s:Body>`,
		"evil-to":        `<wsa:To xmlns:wsa="` + xmltree.WSA10 + `">urn:evil</wsa:To>`,
		"evil-action":    `<wsa:Action xmlns:wsa="` + xmltree.WSA10 + `">urn:evil</wsa:Action>`,
		"evil-timestamp": `<wsu:Timestamp><wsu:Created>` + xmltree.FormatTime(now.Add(time.Minute)) + `</wsu:Created></wsu:Timestamp>`,
		"evil-subject":   `<saml:Subject><saml:NameID>mallory</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/></saml:Subject>`,
		"evil-open":      `<saml:Assertion ID="_evil" Version="2.0" IssueInstant="` + xmltree.FormatTime(now) + `"><saml:Issuer>` + issuerName + `</saml:Issuer>`,
	}
	put := func(name string, e xmltree.Elem) {
		if e.OK() {
			m[name] = string(e.Standalone())
		}
	}
	for name, local := range map[string]string{"action": "Action", "messageid": "MessageID", "replyto": "ReplyTo", "to": "To"} {
		put(name, head.First(xmltree.WSA10, local))
	}
	put("body", root.First(xmltree.SOAP12, "Body"))
	put("timestamp", sec.First(xmltree.WSU, "Timestamp"))
	put("signature", sec.First(xmltree.DS, "Signature"))
	put("token", sec.First(xmltree.WSSE, "BinarySecurityToken"))
	put("str", sec.First(xmltree.WSSE, "SecurityTokenReference"))
	put("assertion", sec.First(xmltree.SAML20, "Assertion"))
	m["body-id"], _ = root.First(xmltree.SOAP12, "Body").Attr(xmltree.WSU, "Id")
	m["signature-open"] = strings.TrimSuffix(m["signature"], "</ds:Signature>")
	if e := sec.First(xmltree.WSSE, "BinarySecurityToken"); e.OK() {
		m["evil-token"] = strings.Replace(m["token"], base64Of(client().cert.Raw), base64Of(mallory().cert.Raw), 1)
	}
	if e := sec.First(xmltree.SAML20, "Assertion"); e.OK() {
		put("assertion-signature", e.First(xmltree.DS, "Signature"))
		m["assertion-signature-open"] = strings.TrimSuffix(m["assertion-signature"], "</ds:Signature>")
		m["assertion-unsigned"] = string(withoutSignature(t, []byte(m["assertion"])))
		m["evil-assertion"] = m["evil-open"] + m["evil-subject"] + "</saml:Assertion>"
		m["evil-assertion-same-id"] = strings.Replace(m["evil-assertion"], "_evil", tokenID(e), 1)
	}
	a.special(t, m, sec)
	return m, key
}

// special makes the signatures that no ordinary sender would make.
func (a *attack) special(t testing.TB, m map[string]string, sec xmltree.Elem) {
	t.Helper()
	sign := func(refs ...xmldsig.Ref) string {
		sig, err := xmldsig.Sign(client().key, "", "", refs, xmldsig.X509KeyInfo(client().cert))
		if err != nil {
			t.Fatal(err)
		}
		return string(sig)
	}
	if strings.Contains(a.text, "{signature-of-header}") {
		d, err := xmltree.Parse([]byte(`<h:H xmlns:h="urn:h" xmlns:wsu="`+xmltree.WSU+`" wsu:Id="h">1</h:H>`), xmltree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		m["signature-of-header"] = sign(xmldsig.Ref{ID: "h", Elem: d.Root()})
	}
	if strings.Contains(a.text, "{signature-over-manifest}") {
		manifest := `<ds:Manifest xmlns:ds="` + xmltree.DS + `" Id="man"><ds:Reference URI="#body"/></ds:Manifest>`
		d, err := xmltree.Parse([]byte(manifest), xmltree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		ts := sec.First(xmltree.WSU, "Timestamp")
		id, _ := ts.Attr(xmltree.WSU, "Id")
		sig := sign(xmldsig.Ref{ID: "man", Elem: d.Root()}, xmldsig.Ref{ID: id, Elem: ts})
		m["signature-over-manifest"] = strings.Replace(sig, "</ds:Signature>", "<ds:Object>"+manifest+"</ds:Object></ds:Signature>", 1)
	}
}

func (a *attack) message(t testing.TB) ([]byte, alg.Key) {
	t.Helper()
	m, key := a.pieces(t)
	text := a.text
	for range 3 { // pieces may hold pieces
		for name, value := range m {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
	}
	if i := strings.IndexByte(text, '{'); i >= 0 {
		t.Fatalf("no piece for %s", text[i:min(len(text), i+40)])
	}
	return []byte(text), key
}

// mathematicallyRight checks every signature in the message whose key is given,
// without this module's verifier: the value over SignedInfo, and for each
// reference that some element with that id, or some token by way of it, has the
// digest. It returns how many signatures it found.
func mathematicallyRight(t *testing.T, msg []byte, keys ...alg.Key) int {
	t.Helper()
	d, err := xmltree.Parse(msg, xmltree.Limits{})
	if err != nil {
		t.Fatalf("not well formed: %v\n%s", err, msg)
	}
	var all []xmltree.Elem
	var walk func(e xmltree.Elem)
	walk = func(e xmltree.Elem) {
		all = append(all, e)
		for c := range e.Children {
			walk(c)
		}
	}
	walk(d.Root())
	found := 0
	for _, sig := range all {
		if !sig.Is(xmltree.DS, "Signature") {
			continue
		}
		found++
		info := sig.First(xmltree.DS, "SignedInfo")
		value, err := sig.First(xmltree.DS, "SignatureValue").Base64()
		if err != nil {
			t.Fatal(err)
		}
		right := false
		for _, k := range keys {
			uri, _ := info.First(xmltree.DS, "SignatureMethod").Attr("", "Algorithm")
			v, err := alg.Modern.NewVerifier(uri, k)
			if err != nil {
				continue
			}
			if err := c14n.Write(v, info, c14n.Exclusive, xmltree.Elem{}, nil); err != nil {
				t.Fatal(err)
			}
			right = right || v.Verify(value) == nil
		}
		if !right {
			t.Fatalf("set-up error: the signature value is wrong, so that this is no attack\n%s", msg)
		}
		for ref := range info.Children {
			if ref.Is(xmltree.DS, "Reference") && !digestExists(t, all, sig, ref) {
				uri, _ := ref.Attr("", "URI")
				t.Fatalf("set-up error: nothing with the id %s has the digest, so that this is no attack\n%s", uri, msg)
			}
		}
	}
	return found
}

func digestExists(t *testing.T, all []xmltree.Elem, sig, ref xmltree.Elem) bool {
	t.Helper()
	want, err := ref.First(xmltree.DS, "DigestValue").Base64()
	if err != nil {
		t.Fatal(err)
	}
	uri, _ := ref.Attr("", "URI")
	for _, e := range all {
		isToken := e.Is(xmltree.SAML20, "Assertion") && bytes.Contains(ref.Raw(), []byte("STR-Transform"))
		match := isToken
		for at := range e.Attrs {
			match = match || strings.EqualFold(at.Local, "id") && "#"+at.Value == uri
		}
		if !match {
			continue
		}
		h := crypto.SHA256.New()
		if isToken {
			err = c14n.WriteSTR(h, e, c14n.Exclusive, nil)
		} else {
			err = c14n.Write(h, e, c14n.Exclusive, sig, nil)
		}
		if err == nil && bytes.Equal(h.Sum(nil), want) {
			return true
		}
		// Its signature may stand elsewhere now, and the element without it.
		h.Reset()
		if !isToken && c14n.Write(h, e, c14n.Exclusive, xmltree.Elem{}, nil) == nil && bytes.Equal(h.Sum(nil), want) {
			return true
		}
	}
	return false
}

// fooled reports whether evidence shows what the attacker wants it to show.
func (a *attack) fooled(ev *Evidence) bool {
	switch a.forged {
	case "body":
		p, err := ev.Body.Payload()
		return err == nil && p.Is("urn:evil", "Transfer")
	case "to":
		s, err := ev.To.Text()
		return err == nil && s == "urn:evil"
	case "action":
		s, err := ev.Action.Text()
		return err == nil && s == "urn:evil"
	case "timestamp":
		return ev.Created.Equal(now.Add(time.Minute))
	case "subject":
		return ev.Assertion != nil && ev.Assertion.Subject.NameID == "mallory"
	case "nothing", "old":
		return true
	}
	return false
}

func TestAttacks(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d vectors, %v", len(files), err)
	}
	for _, f := range files {
		a := readAttack(t, f)
		t.Run(a.name, func(t *testing.T) {
			msg, key := a.message(t)
			if n := mathematicallyRight(t, msg, key, issuer().public(t)); n == 0 && a.off == 0 && !strings.Contains(a.name, "W18") {
				t.Fatal("set-up error: no signature in it")
			}
			l := trust(client())
			l.Credentials.Issuers = map[string][]*x509.Certificate{issuerName: {issuer().cert}}
			pol := Policy{TLS: a.tls, Required: a.required}
			at := now
			if a.forged == "old" {
				at = now.Add(7 * 24 * time.Hour)
			}
			if a.off != 0 {
				weak := pol
				weak.Anonymous = true
				ev, err := receive(t, msg, l, weak, at, a.off)
				if err != nil {
					t.Fatalf("set-up error: the weakened verifier refuses it too: %v\n%s", err, msg)
				}
				if !a.fooled(ev) {
					t.Fatalf("set-up error: the weakened verifier is not fooled\n%s", msg)
				}
			}
			for _, p := range []Policy{pol, {TLS: pol.TLS, Required: pol.Required, Anonymous: true}} {
				_, err = receive(t, msg, l, p, at, 0)
				if err == nil {
					t.Fatalf("accepted\n%s", msg)
				}
				if got := ClassOf(err).String(); got != a.class {
					t.Errorf("class %s, want %s: %v", got, a.class, err)
				}
			}
		})
	}
}
