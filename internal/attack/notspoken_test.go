package attack

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wstrust"
	"wstrust/internal/soap"
	"wstrust/internal/xmltree"
	"wstrust/service"
)

// TestNotSpoken: what nobody here reads is not tried. A message in parts or in
// .NET's binary form is refused for its content type, before a look at it, even
// if what is inside would be accepted; so are answers.
func TestNotSpoken(t *testing.T) {
	w := theWorld()
	part := func(message []byte) []byte {
		return []byte("--b\r\nContent-Type: application/xop+xml; type=\"application/soap+xml\"\r\n\r\n" + string(message) + "\r\n--b--\r\n")
	}
	same := func(message []byte) []byte { return message }
	for name, c := range map[string]struct {
		contentType string
		body        func([]byte) []byte
	}{
		"P11-xop":         {`multipart/related; type="application/xop+xml"; start-info="application/soap+xml"; boundary=b`, part},
		"P11-attachments": {`multipart/related; type="application/soap+xml"; boundary=b`, part},
		"P11-one-part":    {`multipart/related; type="application/soap+xml"; boundary=b`, same},
		"P11-bare-xop":    {"application/xop+xml", same},
		"P12-binary":      {"application/soap+msbin1", same},
		"P12-session":     {"application/soap+msbinsession1", same},
		"P12-compressed":  {"application/soap+msbin1+gzip", same},
	} {
		a := &attack{file: c.body(w.message(recipe{soap: soap.V12, signer: "x509", parts: everything})), contentType: c.contentType}
		called := 0
		for at, h := range map[string]http.Handler{
			"service": w.verifier(a).Handler(func(context.Context, *service.Message) (any, error) { called++; return nil, nil }),
			"issuer":  w.server(a, &called),
		} {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, a.request())
			if rec.Code != http.StatusUnsupportedMediaType || called > 0 || a.uniform(rec) != nil {
				t.Errorf("%s, %s: status %d, called %d times: %s", name, at, rec.Code, called, rec.Body)
			}
		}
		p := peer{
			answer: func(request *xmltree.Doc) []byte { return c.body(w.reply(soap.V12, messageID(request))) },
			header: http.Header{"Content-Type": {c.contentType}},
		}
		out, err := must(w.channel(p, soap.V12, nil)).Do(context.Background(), "urn:orders/Get", `<o:Get xmlns:o="urn:orders"/>`)
		if out != "" || !errors.Is(err, wstrust.ErrFormat) {
			t.Errorf("%s, as an answer: %q, %v", name, out, err)
		}
	}
}

// TestNoNegotiation, row T12: nobody here negotiates, so there is nothing to
// relay. An issuer that answers with another leg, beside the token or instead of
// it, is refused by the client; and our issuer overlooks what would begin one: who
// asks has been authenticated by then, and the answer is the last.
func TestNoNegotiation(t *testing.T) {
	w := theWorld()
	for _, leg := range []string{"BinaryExchange", "SignChallenge", "SignChallengeResponse", "Authenticator", "KeyExchangeToken", "RequestKET"} {
		xml := `<t:` + leg + ` xmlns:t="` + xmltree.Trust13 + `">ZXZpbA==</t:` + leg + `>`
		for name, put := range map[string]func(f *file){
			"beside":  func(f *file) { f.into(f.one("RequestSecurityTokenResponse"), xml) },
			"instead": func(f *file) { f.replace(f.one("RequestedSecurityToken"), xml) },
		} {
			p := peer{answer: func(request *xmltree.Doc) []byte {
				f := open(w.issuedGood(request, nil))
				put(f)
				return f.src
			}}
			tok, err := must(w.channel(p, soap.V12, nil)).RequestToken(context.Background(), wstrust.TokenRequest{AppliesTo: serviceURL, KeyType: wstrust.Bearer})
			if tok != nil || err == nil {
				t.Errorf("%s, %s: %v, %v", leg, name, tok, err)
			}
		}
		f := open(w.message(recipe{soap: soap.V12, signer: "user"}))
		f.into(f.one("RequestSecurityToken"), xml)
		a, called := &attack{file: f.src}, 0
		rec := httptest.NewRecorder()
		w.server(a, &called).ServeHTTP(rec, a.request())
		if answer := rec.Body.String(); called != 1 || strings.Contains(answer, leg) || !strings.Contains(answer, "RequestedSecurityToken") {
			t.Errorf("%s: the issuer goes on: %s", leg, answer)
		}
	}
}
