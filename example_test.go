package wstrust_test

import (
	"context"
	"crypto"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"testing"

	"wstrust"
	"wstrust/cache"
	"wstrust/wstrusttest"
)

type getOrder struct {
	XMLName xml.Name `xml:"urn:wstrust:demo Echo"`
	ID      string   `xml:"Text"`
}

type order struct {
	XMLName xml.Name `xml:"urn:wstrust:demo EchoResponse"`
	ID      string   `xml:"Text"`
	Buyer   string   `xml:"Caller"`
}

// In an example there is no testing.T; this one ends with the example.
type exampleTB struct {
	testing.TB
	ends []func()
}

func (e *exampleTB) Helper()                   {}
func (e *exampleTB) Logf(string, ...any)       {}
func (e *exampleTB) Cleanup(f func())          { e.ends = append(e.ends, f) }
func (e *exampleTB) Context() context.Context  { return context.Background() }
func (e *exampleTB) Output() io.Writer         { return io.Discard }
func (e *exampleTB) Errorf(f string, a ...any) { log.Printf(f, a...) }
func (e *exampleTB) TempDir() string {
	dir, err := os.MkdirTemp("", "wstrust-example")
	if err != nil {
		log.Fatal(err)
	}
	e.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
func (e *exampleTB) Fatal(a ...any)            { log.Fatal(a...) }
func (e *exampleTB) Fatalf(f string, a ...any) { log.Fatalf(f, a...) }
func (e *exampleTB) end() {
	for i := len(e.ends) - 1; i >= 0; i-- {
		e.ends[i]()
	}
}

// A bearer token for a user name and a password.
func Example() {
	tb := new(exampleTB)
	defer tb.end()
	sts := wstrusttest.NewSTS(tb)

	ctx := context.Background()
	issuer, err := wstrust.Open(ctx, sts.URL, sts.Config(wstrust.Username("alice", "pw")))
	if err != nil {
		log.Fatal(err)
	}
	defer issuer.Close(ctx)
	tok, err := issuer.RequestToken(ctx, wstrust.TokenRequest{
		AppliesTo: sts.ServiceURL,
		KeyType:   wstrust.Bearer,
	})
	if f, ok := errors.AsType[*wstrust.Fault](err); ok {
		log.Fatalf("the issuer refused: %q", f.Reason)
	} else if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.KeyType())

	orders, err := wstrust.Open(ctx, sts.ServiceURL, sts.Config(wstrust.XMLToken(tok)))
	if err != nil {
		log.Fatal(err)
	}
	defer orders.Close(ctx)
	var got order
	if err := orders.Call(ctx, wstrusttest.Action, getOrder{ID: "42"}, &got); err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.ID, got.Buyer)
	// Output:
	// bearer
	// 42 alice
}

// A token that is bound to a key of the holder's. How to authenticate, which
// proof key and which kind of token are three choices.
func ExampleChannel_RequestToken_holderOfKey() {
	tb := new(exampleTB)
	defer tb.end()
	sts := wstrusttest.NewSTS(tb)
	cert := sts.ClientCertificate()

	ctx := context.Background()
	issuer, err := wstrust.Open(ctx, sts.URL, sts.Config(wstrust.Certificate(cert)))
	if err != nil {
		log.Fatal(err)
	}
	tok, err := issuer.RequestToken(ctx, wstrust.TokenRequest{
		AppliesTo: sts.ServiceURL,
		KeyType:   wstrust.PublicKey,
		UseKey:    cert.PrivateKey.(crypto.Signer),
	})
	if err != nil {
		log.Fatal(err)
	}
	orders, err := wstrust.Open(ctx, sts.ServiceURL, sts.Config(wstrust.XMLToken(tok)))
	if err != nil {
		log.Fatal(err)
	}
	var got order
	if err := orders.Call(ctx, wstrusttest.Action, getOrder{ID: "42"}, &got); err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.KeyType(), got.ID)
	// Output: public key 42
}

// A client made by a WSDL generator keeps its own HTTP client and gets a
// Transport. The Source renews the token and shares it with other processes.
func ExampleTransport() {
	tb := new(exampleTB)
	defer tb.end()
	sts := wstrusttest.NewSTS(tb)

	ctx := context.Background()
	issuer, err := wstrust.Open(ctx, sts.URL, sts.Config(wstrust.Username("alice", "pw")))
	if err != nil {
		log.Fatal(err)
	}
	key, err := cache.NewKey("2026-11", make([]byte, 32)) // from a secret store, in earnest
	if err != nil {
		log.Fatal(err)
	}
	shared, err := cache.New(cache.NewMemory(1<<20), key)
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: &wstrust.Transport{
		Source: &wstrust.Source{
			Issuer:  issuer,
			Request: wstrust.TokenRequest{AppliesTo: sts.ServiceURL, KeyType: wstrust.Bearer},
			Cache:   shared,
		},
		Origin: strings.TrimSuffix(sts.ServiceURL, "/service"),
		Base:   &http.Transport{TLSClientConfig: &tls.Config{RootCAs: sts.Config().TLS.RootCAs}},
	}}
	req, err := http.NewRequest(http.MethodPost, sts.ServiceURL, strings.NewReader(clientEnvelope))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	resp, err := client.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 200 OK
}
