package service_test

import (
	"bytes"
	"crypto/x509"
	"net/http"
	"testing"
	"time"

	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
)

// What a service has answered is no request that it takes from whoever sends it
// back: the signature is good, by a key that the client has as well or by the
// service's own certificate, which an authority of its clients may have issued.
func TestAnswerIsNoRequest(t *testing.T) {
	secret := bytes.Repeat([]byte("k"), 32)
	key, err := alg.SecretKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(w *world) {
		w.v.SharedKeys = sharedWith{"orders 2026": secret}
		w.v.Addresses = []string{audience}
		w.v.InsecurePlaintext = true
	})
	w.v.Signer = &w.own
	w.v.ClientCAs.AddCert(w.own.Leaf)
	alice := pair(t, p256(t), "alice", &w.ca, nil)
	for name, o := range map[string]wsse.Options{
		"shared key":  {Tokens: []wsse.Token{wsse.Shared{Name: "orders 2026", Key: key}}, Protection: &wsse.Protection{Sign: wsse.BodyTimestamp}},
		"certificate": {Tokens: []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{alice.Leaf}, Key: private(t, alice), Parts: wsse.BodyTimestamp}}},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.send(request(), o)
			if a.status != http.StatusOK || a.env.IsFault() {
				t.Fatalf("no answer: %s", w.lastLine())
			}
			before := len(w.seen)
			w.refused(w.post(soap.NewPacket(a.env.Version, a.env.Action.Value, a.env.Root.Doc().Source())), "protocol")
			if len(w.seen) != before {
				t.Error("the service's own answer reached its handler")
			}
		})
	}
	// Nor one whose relation shows only when it is open.
	out := request()
	out.RelatesTo = "urn:answered"
	octets := protect(t, out, wsse.Options{
		Tokens:     []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{alice.Leaf}, Key: private(t, alice)}},
		Protection: &wsse.Protection{Sign: wsse.BodyTimestamp | wsse.PartAddressing, Encrypt: wsse.PartRelatesTo, Recipient: w.own.Leaf},
	}, time.Now())
	if bytes.Contains(octets, []byte("urn:answered")) {
		t.Fatal("the relation is in the clear")
	}
	w.refused(w.post(soap.NewPacket(out.Version, out.Action, octets)), "protocol")
}
