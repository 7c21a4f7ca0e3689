package attack

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"testing"
	"time"

	"wstrust"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/saml"
	"wstrust/service"
)

// TestHonest is the control of everything: what the attacks are made from is
// accepted by the entry points and by the double with all its defences. If this
// fails, no refusal means anything.
func TestHonest(t *testing.T) {
	w := theWorld()
	for _, v := range versions {
		for _, signer := range []string{"x509", "rsa", "hok", "hok11", "hok-str", "hok-sym", "bearer", "bearer11", "user", "digest"} {
			a := &attack{file: w.message(recipe{soap: v, signer: signer, parts: everything}), require: everything}
			if signer == "bearer" || signer == "bearer11" || signer == "user" || signer == "digest" {
				a.require, a.plain = 0, true
			}
			t.Run(variant(v, signer), func(t *testing.T) { w.accept(t, a) })
		}
		sealed := &attack{require: everything, file: w.message(recipe{soap: v, signer: "rsa", parts: everything, mod: func(_ *soap.Outgoing, o *wsse.Options) {
			o.Protection = wsse.AsymmetricSignEncrypt(w.service.cert)
			o.Protection.Sign, o.Protection.Encrypt = everything, wsse.PartBody
		}})}
		t.Run(variant(v, "sealed"), func(t *testing.T) { w.accept(t, sealed) })
		t.Run(variant(v, "answer"), func(t *testing.T) {
			p := peer{answer: func(request *xmltree.Doc) []byte { return w.reply(v, messageID(request)) }}
			c := must(w.channel(p, v, nil))
			out, err := c.Do(context.Background(), "urn:orders/Get", `<o:Get xmlns:o="urn:orders"/>`)
			if err != nil || out == "" {
				t.Fatal(err)
			}
			d := &double{w: w, require: everything, reply: "urn:x"}
			if _, err := d.read(w.reply(v, "urn:x")); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, v := range []saml.Version{saml.V20, saml.V11} {
		doc := w.assertion(v, saml.Confirmation{Kind: saml.Bearer}, nil)
		if _, err := saml.Verify(doc, []*x509.Certificate{w.issuer.cert}, "", saml.Checks{Now: time.Now(), Audiences: []string{serviceURL}}); err != nil {
			t.Error(err)
		}
		if got, err := (&double{w: w}).read(doc); err != nil || got["user"] != goodUser {
			t.Error(got, err)
		}
		if n, err := proven(parse(doc), w.honest()); n != 1 || err != nil {
			t.Error(n, err)
		}
		a := &attack{doc: doc, at: atBehalf}
		if err := refuseBehalf(w, a); err == nil {
			t.Error("an honest token is refused OnBehalfOf")
		}
	}
	p := peer{answer: func(request *xmltree.Doc) []byte { return w.issuedGood(request, nil) }}
	c := must(w.channel(p, soap.V12, nil))
	if _, err := c.RequestToken(context.Background(), wstrust.TokenRequest{AppliesTo: serviceURL, KeyType: wstrust.Bearer}); err != nil {
		t.Error(err)
	}
}

// accept checks that an honest message is taken.
func (w *world) accept(t *testing.T, a *attack) {
	t.Helper()
	if n, err := proven(w.decrypted(parse(a.file)), w.honest()); err != nil || n == 0 && !a.plain {
		t.Errorf("independent check: %d signatures: %v", n, err)
	}
	got, err := a.read(w, a.file, 0)
	if err != nil {
		t.Errorf("double: %v", err)
	} else if got["scope"] != goodScope {
		t.Errorf("double: %v", got)
	}
	v := w.verifier(a)
	if _, err := v.Verify(context.Background(), a.packet(), service.Conn{TLS: &tls.ConnectionState{}}); err != nil {
		t.Errorf("service: %v", err)
	}
	if !a.plain {
		v = w.verifier(a)
		v.InsecurePlaintext = true
		if _, err := v.Verify(context.Background(), a.packet(), service.Conn{}); err != nil {
			t.Errorf("service without TLS: %v", err)
		}
	}
	called := 0
	rec := httptest.NewRecorder()
	w.server(a, &called).ServeHTTP(rec, a.request())
	if called != 1 || rec.Code != 200 {
		t.Errorf("issuer: %s", rec.Body)
	}
}
