package service_test

import (
	"crypto/tls"
	"crypto/x509"
	"reflect"
	"testing"

	"wstrust/internal/alg"
	"wstrust/internal/wsse"
	"wstrust/service"
)

// protected sums up what protects a message: the parts that are signed, and those
// that TLS alone protects.
func protected(m *service.Message) (signed, byTLS service.Parts) {
	for part, p := range m.Protected() {
		if len(p.SignedBy) > 0 {
			signed |= part
		}
		if p.TransportOnly {
			byTLS |= part
		}
	}
	return signed, byTLS
}

// TestProtected holds what is told of each part against how it was protected.
func TestProtected(t *testing.T) {
	w := newWorld(t, nil)
	one, two := pair(t, rsa2048(t), "one", &w.ca, nil), pair(t, p256(t), "two", &w.ca, nil)
	token := func(c tls.Certificate) wsse.X509 {
		return wsse.X509{Certificates: []*x509.Certificate{c.Leaf}, Key: private(t, c)}
	}
	w.seen = nil
	w.send(request(), wsse.Options{
		Tokens: []wsse.Token{token(one), token(two)},
		Protection: &wsse.Protection{
			Sign: wsse.BodyTimestamp | wsse.PartTo, Encrypt: wsse.PartBody | wsse.PartMessageID, Recipient: w.own.Leaf,
		},
	})
	if len(w.seen) != 1 {
		t.Fatalf("%d messages were accepted", len(w.seen))
	}
	both := []string{"CN=one", "CN=two"}
	want := map[service.Parts]service.PartProtection{
		service.Body:      {SignedBy: both, Encrypted: alg.AES256GCM},
		service.Timestamp: {SignedBy: both},
		service.To:        {SignedBy: both},
		service.Action:    {TransportOnly: true},
		service.MessageID: {TransportOnly: true, Encrypted: alg.AES256GCM},
		wsse.PartReplyTo:  {TransportOnly: true},
	}
	if got := w.seen[0].Protected(); !reflect.DeepEqual(got, want) {
		t.Errorf("protected is\n%+v, want\n%+v", got, want)
	}
}
