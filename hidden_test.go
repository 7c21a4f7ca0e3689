package wstrust_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"wstrust"
	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/testkeys"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
)

// rsaPair makes a test key and a certificate for it.
func rsaPair(t testing.TB, name string) tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return testkeys.Pair(key, name, nil, nil)
}

// answering is a transport that answers by itself.
type answering func(sent *soap.Envelope, octets []byte) *http.Response

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	d, err := xmltree.Parse(body, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	env, err := soap.Read(d, wsse.Understood)
	if err != nil {
		return nil, err
	}
	resp := a(env, body)
	resp.Request, resp.TLS = r, new(tls.ConnectionState)
	return resp, nil
}

// An answer whose addressing headers are encrypted is held against its request
// once they are open, and refused where they cannot be opened.
func TestHiddenRelatesTo(t *testing.T) {
	client, server, stranger := rsaPair(t, "client"), rsaPair(t, "service"), rsaPair(t, "stranger")
	key, err := alg.PrivateKey(server.PrivateKey.(crypto.Signer))
	if err != nil {
		t.Fatal(err)
	}
	const hidden = wsse.PartAction | wsse.PartMessageID | wsse.PartRelatesTo
	plain := soap.Outgoing{Action: "urn:x:doResponse", Body: []byte(`<Done xmlns="urn:x"/>`)}
	fault := soap.Outgoing{Action: "http://www.w3.org/2005/08/addressing/soap/fault", Body: soap.WriteFault(soap.V12, soap.Fault{Code: soap.Sender, Reason: "no"})}
	relatesTo := func(out soap.Outgoing, id string) soap.Outgoing {
		out.RelatesTo = id
		return out
	}
	for name, c := range map[string]struct {
		answer  func(id string) soap.Outgoing
		encrypt wsse.Parts
		to      *x509.Certificate
		want    error // nil: accepted
		fault   bool
	}{
		"all hidden":                      {func(id string) soap.Outgoing { return relatesTo(plain, id) }, hidden, client.Leaf, nil, false},
		"relation hidden":                 {func(id string) soap.Outgoing { return relatesTo(plain, id) }, wsse.PartRelatesTo, client.Leaf, nil, false},
		"action hidden":                   {func(id string) soap.Outgoing { return relatesTo(plain, id) }, wsse.PartAction, client.Leaf, nil, false},
		"another's, hidden":               {func(string) soap.Outgoing { return relatesTo(plain, "urn:uuid:1") }, hidden, client.Leaf, wstrust.ErrFormat, false},
		"another's, beside a hidden one":  {func(string) soap.Outgoing { return relatesTo(plain, "urn:uuid:1") }, wsse.PartAction, client.Leaf, wstrust.ErrFormat, false},
		"no relation, all hidden":         {func(string) soap.Outgoing { return plain }, hidden, client.Leaf, wstrust.ErrFormat, false},
		"for somebody else":               {func(id string) soap.Outgoing { return relatesTo(plain, id) }, hidden, stranger.Leaf, wstrust.ErrVerification, false},
		"fault":                           {func(id string) soap.Outgoing { return relatesTo(fault, id) }, hidden, client.Leaf, nil, true},
		"fault, another's":                {func(string) soap.Outgoing { return relatesTo(fault, "urn:uuid:1") }, hidden, client.Leaf, wstrust.ErrFormat, false},
		"fault, another's, not all of it": {func(string) soap.Outgoing { return relatesTo(fault, "urn:uuid:1") }, wsse.PartAction, stranger.Leaf, wstrust.ErrFormat, false},
	} {
		for _, v := range []wsse.Version{wsse.V11, wsse.V10} {
			t.Run(fmt.Sprint(name, ", WS-Security ", []string{"1.1", "1.0"}[v]), func(t *testing.T) {
				cfg := wstrust.Config{Bindings: []wstrust.Binding{wstrust.Certificate(client)}, PeerCertificates: []*x509.Certificate{server.Leaf}}
				cfg.HTTP = &http.Client{Transport: answering(func(sent *soap.Envelope, _ []byte) *http.Response {
					octets, _, err := wsse.Protect(c.answer(sent.MessageID.Value), wsse.Options{
						Reply: true, Version: v, Tokens: []wsse.Token{wsse.X509{Certificates: []*x509.Certificate{server.Leaf}, Key: key}},
						Protection: &wsse.Protection{Sign: wsse.PartBody | wsse.PartTimestamp | wsse.PartAddressing, Encrypt: c.encrypt, Recipient: c.to},
					}, time.Now())
					if err != nil {
						t.Error(err)
					}
					return saying(200, "application/soap+xml", string(octets))
				})}
				ch, err := wstrust.Open(t.Context(), "https://service.test/", cfg)
				if err != nil {
					t.Fatal(err)
				}
				_, err = ch.Do(context.Background(), "urn:x:do", `<Do xmlns="urn:x"/>`)
				f, isFault := errors.AsType[*wstrust.Fault](err)
				switch {
				case isFault != c.fault || isFault && (!f.Authenticated || f.Unverified != nil):
					t.Errorf("fault %+v, err %v", f, err)
				case c.fault:
				case c.want == nil && err != nil, !errors.Is(err, c.want):
					t.Errorf("err %v, want %v", err, c.want)
				}
			})
		}
	}
}

// A client that gets its own request back takes it for no answer, whatever of it
// is hidden.
func TestHiddenReflection(t *testing.T) {
	client, server := rsaPair(t, "client"), rsaPair(t, "service")
	all := wstrust.PartTo | wstrust.PartAction | wstrust.PartMessageID | wstrust.PartReplyTo
	for name, c := range map[string]struct {
		symmetric bool
		to        *x509.Certificate
	}{"for the service": {false, server.Leaf}, "with a key that the client has": {true, server.Leaf}, "for itself": {false, client.Leaf}} {
		t.Run(name, func(t *testing.T) {
			cfg := wstrust.Config{
				Bindings: []wstrust.Binding{wstrust.Certificate(client)}, PeerCertificates: []*x509.Certificate{client.Leaf, server.Leaf},
				Protection: &wstrust.Protection{Sign: wstrust.PartBody | wstrust.PartTimestamp | wstrust.PartAddressing, Encrypt: all | wstrust.PartBody, Recipient: c.to, Symmetric: c.symmetric},
			}
			cfg.HTTP = &http.Client{Transport: answering(func(_ *soap.Envelope, octets []byte) *http.Response {
				return saying(200, "application/soap+xml", string(octets))
			})}
			ch, err := wstrust.Open(t.Context(), "https://service.test/", cfg)
			if err != nil {
				t.Fatal(err)
			}
			out, err := ch.Do(context.Background(), "urn:x:do", `<Do xmlns="urn:x"/>`)
			if out != "" || !errors.Is(err, wstrust.ErrFormat) && !errors.Is(err, wstrust.ErrVerification) {
				t.Errorf("%q, err %v", out, err)
			}
		})
	}
}
