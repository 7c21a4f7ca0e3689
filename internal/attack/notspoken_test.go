package attack

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
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
