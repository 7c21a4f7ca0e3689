package service_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/service"
)

// Keys that nothing here signs or encrypts with: a message by one is refused, and
// a service that has one for its own says nothing in the clear.
func TestOddKeys(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, nil)

	// A certificate of our authority, for a curve that no method has.
	odd := pair(t, p224, "odd client", &w.ca, nil)
	good := pair(t, p256(t), "client", &w.ca, nil)
	token := wsse.X509{Certificates: []*x509.Certificate{good.Leaf}, Key: private(t, good)}
	msg := string(protect(t, request(), wsse.Options{Tokens: []wsse.Token{token}}, time.Now()))
	text := base64.StdEncoding.EncodeToString
	if !strings.Contains(msg, text(good.Leaf.Raw)) {
		t.Fatal("the message does not carry the certificate")
	}
	send := func(octets string) answer { return w.post(soap.NewPacket(soap.V12, action, []byte(octets))) }
	w.refused(send(strings.Replace(msg, text(good.Leaf.Raw), text(odd.Leaf.Raw), 1)), "algorithm")
	w.refused(send(strings.Replace(msg, text(good.Leaf.Raw), text([]byte("no certificate")), 1)), "format")

	// Our own key decrypts, says its type, and has a public key that does not.
	w.v.Decrypt = []tls.Certificate{{PrivateKey: blackBox{p224}, Leaf: odd.Leaf, Certificate: odd.Certificate}}
	sealed := protect(t, request(), wsse.Options{Tokens: []wsse.Token{token}, Protection: wsse.AsymmetricSignEncrypt(w.own.Leaf)}, time.Now())
	w.refused(send(string(sealed)), "algorithm")
	w.v.Decrypt = []tls.Certificate{w.own}

	// The key that signs answers does not: there is no answer, and no fault.
	w.v.Signer = &odd
	p := soap.NewPacket(soap.V12, action, protect(t, request(), wsse.Options{Tokens: []wsse.Token{user("alice", "pw")}}, time.Now()))
	r := httptest.NewRequest(http.MethodPost, audience, bytes.NewReader(p.Body))
	r.Header.Set("Content-Type", p.ContentType)
	rec := httptest.NewRecorder()
	w.v.Handler(func(context.Context, *service.Message) (any, error) { return order{}, nil }).ServeHTTP(rec, r)
	if rec.Code != http.StatusInternalServerError || rec.Body.Len() > 1 {
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
	if log := w.log.String(); !strings.Contains(log, "fault could not be written") {
		t.Errorf("the log: %s", log)
	}

	// A token of somebody else with one identifier twice.
	twice := `<a ID="x" xmlns="urn:x"><b ID="x"/></a>`
	if _, err := w.v.Token(context.Background(), []byte(twice)); err == nil {
		t.Error("an identifier twice is taken")
	}
}

// A blackBox is a key in a module that decrypts nothing.
type blackBox struct{ crypto.Signer }

func (blackBox) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) {
	return nil, service.ErrConfig
}

func (blackBox) Public() crypto.PublicKey { return ed25519.PublicKey(make([]byte, 32)) }
