package attack

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"strings"
	"testing"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/saml"
	"wstrust/service"
)

// TestGenuine is about files that are not refused, because what the attacker
// put into them is never read for what he would have it be: who sent the
// message, and what it says, stay what was signed. Names begin with the row.
func TestGenuine(t *testing.T) {
	w := theWorld()
	for _, v := range versions {
		for _, signer := range []string{"hok", "bearer"} {
			for _, p := range places {
				if p.name == "object" || p.name == "inside-body" && signer == "hok" {
					continue // refused: a Body that is signed; or there is no signature
				}
				f := open(w.message(recipe{soap: v, signer: signer, parts: everything}))
				good := string(f.one("Assertion").Raw())
				evil := open([]byte(good))
				evil.cut(evil.at("Signature"))
				p.put(f, strings.NewReplacer(goodUser, evilUser, id(evil.doc.Root()), evilID).Replace(string(evil.src)))
				t.Run("W9-elsewhere-"+p.name+"-"+variant(v, signer), func(t *testing.T) { w.isAlice(t, f.src) })
			}
		}
		good, evil, sig := w.pieces(saml.V20)
		token := strings.Replace(good, sig, intoSignature(sig, "object", evil), 1)
		f := open(w.message(recipe{soap: v, signer: "bearer", token: []byte(good)}))
		f.swap(good, token)
		t.Run("W8-evil-in-object-"+variant(v, ""), func(t *testing.T) { w.isAlice(t, f.src) })

		array := `<o:Get xmlns:o="urn:orders" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" xmlns:d="http://www.w3.org/2001/XMLSchema"><o:Address>` + goodScope +
			`</o:Address><o:List e:arrayType="d:string[2147483647]" e:offset="[2147483646]"/></o:Get>`
		src := w.message(recipe{soap: v, signer: "bearer", body: []byte(array)})
		t.Run("P6-array-"+variant(v, ""), func(t *testing.T) { w.isAlice(t, src) })
	}
	t.Run("P15-normalization", w.normalization)
	t.Run("T16-injection", w.injection)
}

// isAlice checks that a message is taken as what it was before somebody added
// to it.
func (w *world) isAlice(t *testing.T, src []byte) {
	t.Helper()
	a := &attack{file: src}
	m, err := w.verifier(a).Verify(context.Background(), a.packet(), service.Conn{TLS: &tls.ConnectionState{}})
	if err != nil {
		t.Fatal(err)
	}
	p := m.Principal()
	if p.Name != goodUser || strings.Contains(p.String(), evilUser) || !strings.Contains(string(m.XML()), goodScope) {
		t.Errorf("read as %v: %s", p, m.XML())
	}
}

// normalization has octets that canonical form changes, and others that it must
// not change: two spellings of one value verify, and of two values one does not.
func (w *world) normalization(t *testing.T) {
	body := `<o:Get xmlns:o="urn:orders" a=' 1 "2" &#xD;&#xA;&#x9;'><o:Address>` + goodScope + `</o:Address><o:T>a&#xD;b &lt;&gt;&amp; é</o:T></o:Get>`
	src := w.message(recipe{soap: soap.V12, signer: "x509", parts: everything, body: []byte(body)})
	verify := func(src []byte) error {
		a := &attack{file: src}
		_, err := w.verifier(a).Verify(context.Background(), a.packet(), service.Conn{TLS: &tls.ConnectionState{}})
		return err
	}
	for name, same := range map[string][2]string{
		"as it is": {"x", "x"}, "end of line": {"</o:Address>", "</o:Address\r\n>"}, "quotes": {`a=' 1 "2" &#xD;&#xA;&#x9;'`, `a=" 1 &quot;2&quot; &#xD;&#xA;&#x9;"`}, "cdata": {"&lt;&gt;&amp;", "<![CDATA[<>&]]>"},
		"decimal": {"a&#xD;b", "a&#13;b"}, "character reference": {"é", "&#233;"}, "empty element": {"<o:T>", "<o:T  >"},
	} {
		changed := bytes.Replace(src, []byte(same[0]), []byte(same[1]), 1)
		if err := verify(changed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, other := range map[string][2]string{
		"carriage return to end of line": {"a&#xD;b", "a\nb"}, "reference to end of line": {"a&#xD;b", "a\r\nb"}, "white space in attribute": {"&#xD;&#xA;&#x9;'", "\r\n\t'"}, "white space in text": {"b &lt;", "b  &lt;"},
	} {
		changed := bytes.Replace(src, []byte(other[0]), []byte(other[1]), 1)
		if bytes.Equal(changed, src) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if err := verify(changed); wsse.ClassOf(err) != wsse.ClassSignature {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// injection has names that would begin a new line of a log, or end a value.
func (w *world) injection(t *testing.T) {
	for _, name := range []string{"evil&#xD;&#xA;level=INFO msg=accepted", "evil\u2028x", `evil" class=ok`, "evil)(uid=*", "evil'; DROP TABLE users; --"} {
		f := open(w.message(recipe{signer: "user"}))
		f.text(f.one("Username"), name)
		var log bytes.Buffer
		a := &attack{file: f.src, verifier: func(v *service.Verifier) { v.Logger = slog.New(slog.NewTextHandler(&log, nil)) }, at: atHandler}
		if err := refuseHandler(w, a); err != nil && !strings.Contains(err.Error(), "want []") {
			t.Error(err)
		}
		if n := strings.Count(strings.TrimSpace(log.String()), "\n"); n != 0 || strings.Contains(log.String(), "\r") {
			t.Errorf("%q makes %d lines of log: %s", name, n+1, &log)
		}
	}
}
