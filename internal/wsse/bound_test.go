package wsse

import (
	"bytes"
	"crypto/x509"
	"strings"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/xmldsig"
	"wstrust/internal/xmltree"
)

// Outside TLS a token counts only if one signature is over it and over all that is
// required: not if nobody signs it, and not if somebody else does who signs less.
func TestTokenIsBoundByOneSignature(t *testing.T) {
	l := trust(client(), rsaUser())
	l.Password = func(p Password) bool { return p.Matches([]byte(secretWord + "-password")) }
	assertion := string(bearerToken(t).XML)
	name := `<wsse:UsernameToken xmlns:wsu="` + xmltree.WSU + `" wsu:Id="u"><wsse:Username>alice</wsse:Username><wsse:Password>` + secretWord + `-password</wsse:Password></wsse:UsernameToken>`
	token := func(sec xmltree.Elem) xmltree.Elem {
		if e := sec.First(xmltree.WSSE, "UsernameToken"); e.OK() {
			return e
		}
		return sec.First(xmltree.SAML20, "Assertion")
	}
	over := func(e xmltree.Elem) xmldsig.Ref {
		id, ok := e.Attr(xmltree.WSU, "Id")
		if !ok {
			id, _ = e.Attr("", "ID")
		}
		return xmldsig.Ref{ID: id, Elem: e}
	}
	for kind, inside := range map[string]string{"user name": name, "bearer assertion": assertion} {
		plain := rewritten(t, client(), inside, string(xmldsig.X509KeyInfo(client().cert)), nil)
		bound := rewritten(t, client(), inside, string(xmldsig.X509KeyInfo(client().cert)), func(sec xmltree.Elem) []xmldsig.Ref {
			return []xmldsig.Ref{over(token(sec))}
		})
		sec := security(t, plain)
		other, err := xmldsig.Sign(rsaUser().key, "", "", []xmldsig.Ref{over(sec.First(xmltree.WSU, "Timestamp")), over(token(sec))}, xmldsig.X509KeyInfo(rsaUser().cert))
		if err != nil {
			t.Fatal(err)
		}
		for how, c := range map[string]struct {
			msg  []byte
			want Class
		}{
			"by nobody":                {plain, ClassPolicy},
			"by one who signs no Body": {bytes.Replace(plain, []byte(endSecurity), append(other, endSecurity...), 1), ClassPolicy},
			"by the sender":            {bound, 0},
		} {
			ev, err := receive(t, c.msg, l, Policy{}, now, 0)
			if ClassOf(err) != c.want {
				t.Errorf("%s, signed %s: %v", kind, how, err)
			}
			if err != nil {
				continue
			}
			if (ev.Username != nil) == (ev.Assertion != nil) || ev.Username != nil && (ev.Username.Derived || ev.Username.Digest) {
				t.Errorf("%s: %+v", kind, ev.Username)
			}
			if ev.Envelope.Body.First("urn:orders", "Get") != ev.Body.Element().First("urn:orders", "Get") {
				t.Error("the evidence has another envelope")
			}
		}
	}
}

// The message is by the first of those who sign all that is required.
func TestFirstSignerIsTheSender(t *testing.T) {
	for _, ids := range [][2]identity{{client(), rsaUser()}, {rsaUser(), client()}} {
		msg := protect(t, Options{Tokens: []Token{x509Token(ids[0], RefSKI, BodyTimestamp), x509Token(ids[1], RefSKI, BodyTimestamp)}})
		ev, err := receive(t, msg, trust(client(), rsaUser()), Policy{}, now, 0)
		if err != nil || !ev.Certificate.Equal(ids[0].cert) {
			t.Errorf("%v, %v", ev, err)
		}
	}
	l := trust()
	l.contexts = map[string]alg.Key{"urn:ctx": secret(t), "urn:two": freshKey(t)}
	second := contextIssued(t)
	second.XML = bytes.ReplaceAll(bytes.ReplaceAll(second.XML, []byte("urn:ctx"), []byte("urn:two")), []byte("_sct"), []byte("_two"))
	second.Key = l.contexts["urn:two"]
	for _, tokens := range [][]Token{{contextIssued(t), second}, {second, contextIssued(t)}} {
		ev, err := receive(t, protect(t, Options{Tokens: tokens}), l, Policy{TLS: true}, now, 0)
		if err != nil || ev.Context.ID != ev.Signers[0].Ref.ID || len(ev.Signers) != 2 {
			t.Errorf("%v, %v", ev, err)
		}
	}
	// A context that nobody signs with is refused, whoever else signs.
	unused := contextIssued(t)
	unused.Key = alg.Key{}
	l.certs = []*x509.Certificate{client().cert}
	_, err := receive(t, protect(t, Options{Tokens: []Token{unused, x509Token(client(), RefSKI, BodyTimestamp)}}), l, Policy{}, now, 0)
	wantClass(t, err, ClassPolicy)
	if !strings.Contains(err.Error(), "security context") {
		t.Error(err)
	}
}

// A replay is the same message, and nothing else is: neither other values nor the
// same octets divided in another way.
func TestReplayIDs(t *testing.T) {
	id := func(parts ...string) string {
		v := &verifier{ev: new(Evidence)}
		var p [][]byte
		for _, s := range parts {
			p = append(p, []byte(s))
		}
		v.replay(now, p...)
		return v.ev.Replays[0].ID
	}
	seen := map[string][]string{}
	for _, parts := range [][]string{{"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"ab", "d"}, {strings.Repeat("a", 256)}, {strings.Repeat("a", 65536)}} {
		one := id(parts...)
		if other, ok := seen[one]; ok || one != id(parts...) {
			t.Errorf("%q and %q", parts, other)
		}
		seen[one] = parts
	}
}
