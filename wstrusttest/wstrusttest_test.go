package wstrusttest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wstrust"
	"wstrust/service"
	"wstrust/sts"
	"wstrust/wstrusttest"
)

type echo struct {
	XMLName xml.Name `xml:"urn:wstrust:demo Echo"`
	Text    string
}

type echoResponse struct {
	XMLName                    xml.Name `xml:"urn:wstrust:demo EchoResponse"`
	Text, Caller, Confirmation string
}

func open(t *testing.T, url string, c wstrust.Config) *wstrust.Channel {
	t.Helper()
	ch, err := wstrust.Open(t.Context(), url, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ch.Close(context.Background()) })
	return ch
}

// TestEveryKindOfToken asks for every kind of token in every way, and presents
// each to the service.
func TestEveryKindOfToken(t *testing.T) {
	for _, signer := range []string{"p256", "rsa"} {
		iss := wstrusttest.NewSTSWith(t, wstrusttest.Options{Key: signer})
		client := iss.ClientCertificate()
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		mutual := iss.Config()
		mutual.TLS.Certificates = []tls.Certificate{client}
		auth := map[string]wstrust.Config{
			"username": iss.Config(wstrust.Username(wstrusttest.User, wstrusttest.Password)),
			"x509":     iss.Config(wstrust.Certificate(client)),
			"mtls":     mutual,
		}
		versions := map[string]wstrust.Versions{
			"1.3":      {},
			"1.4":      {Trust: wstrust.Trust14},
			"1.3 1.1":  {SOAP: wstrust.SOAP11},
			"2005":     {Trust: wstrust.Trust2005},
			"2005 1.1": {Trust: wstrust.Trust2005, SOAP: wstrust.SOAP11, Addressing: wstrust.Addressing200408},
		}
		requests := map[string]wstrust.TokenRequest{
			"bearer":           {KeyType: wstrust.Bearer},
			"symmetric":        {KeyType: wstrust.Symmetric},
			"symmetric/client": {KeyType: wstrust.Symmetric, Entropy: wstrust.ClientEntropy},
			"symmetric/both":   {KeyType: wstrust.Symmetric, Entropy: wstrust.CombinedEntropy, KeySize: 128},
			"public":           {KeyType: wstrust.PublicKey, UseKey: key},
			"unspecified":      {},
			"bearer/saml11":    {KeyType: wstrust.Bearer, TokenType: sts.SAML11},
			"symmetric/saml11": {KeyType: wstrust.Symmetric, TokenType: sts.SAML11},
			"public/saml11":    {KeyType: wstrust.PublicKey, UseKey: key, TokenType: sts.SAML11},
			"claims":           {KeyType: wstrust.Bearer, Claims: []wstrust.Claim{{URI: "urn:claims/role", Value: "doctor"}}},
			"lifetime":         {KeyType: wstrust.Bearer, Lifetime: 10 * time.Minute},
		}
		for how, cfg := range auth {
			for version, v := range versions {
				for what, req := range requests {
					t.Run(strings.Join([]string{signer, how, version, what}, "/"), func(t *testing.T) {
						c := cfg
						c.Versions = v
						url := iss.URL
						if v.Trust == wstrust.Trust2005 {
							url = iss.URL2005
						}
						req.AppliesTo = iss.ServiceURL
						tok, err := open(t, url, c).RequestToken(t.Context(), req)
						if err != nil {
							t.Fatal(err)
						}
						if req.KeyType != wstrust.KeyTypeUnspecified && tok.KeyType() != req.KeyType {
							t.Errorf("key type %v", tok.KeyType())
						}
						if req.TokenType != "" && tok.Type() != req.TokenType {
							t.Errorf("token type %v", tok.Type())
						}
						if _, till := tok.Validity(); req.Lifetime != 0 && time.Until(till) > req.Lifetime {
							t.Errorf("valid until %v", till)
						}
						got := present(t, iss, tok, v)
						want := wstrusttest.User
						if how != "username" {
							want = client.Leaf.Subject.String()
						}
						if got.Text != "hello" || got.Caller != want {
							t.Errorf("the service answered %+v", got)
						}
						if bearer := tok.KeyType() == wstrust.Bearer; bearer != (got.Confirmation == "bearer") {
							t.Errorf("a %v token was confirmed as %s", tok.KeyType(), got.Confirmation)
						}
					})
				}
			}
		}
	}
}

func present(t *testing.T, iss *wstrusttest.STS, tok *wstrust.Token, v wstrust.Versions) (out echoResponse) {
	t.Helper()
	c := iss.Config(wstrust.XMLToken(tok))
	c.Versions = v
	err := open(t, iss.ServiceURL, c).Call(t.Context(), wstrusttest.Action, echo{Text: "hello"}, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDelegation(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	alice := open(t, iss.URL, iss.Config(wstrust.Username(wstrusttest.User, wstrusttest.Password)))
	hers, err := alice.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: iss.ServiceURL, KeyType: wstrust.Bearer})
	if err != nil {
		t.Fatal(err)
	}
	front := open(t, iss.URL, iss.Config(wstrust.Certificate(iss.ClientCertificate())))
	for name, req := range map[string]wstrust.TokenRequest{"on behalf of": {OnBehalfOf: hers}, "act as": {ActAs: hers}} {
		req.AppliesTo, req.KeyType = iss.ServiceURL, wstrust.Bearer
		tok, err := front.RequestToken(t.Context(), req)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := present(t, iss, tok, wstrust.Versions{}); got.Caller != wstrusttest.User {
			t.Errorf("%s: the service saw %q", name, got.Caller)
		}
	}
	// An earlier token, for the issuer, as the way to authenticate.
	ticket, err := alice.RequestToken(t.Context(), wstrust.TokenRequest{KeyType: wstrust.Bearer, AppliesTo: iss.URL})
	if err != nil {
		t.Fatal(err)
	}
	again := open(t, iss.URL, iss.Config(wstrust.XMLToken(ticket)))
	tok, err := again.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: iss.ServiceURL, KeyType: wstrust.Bearer})
	if err != nil {
		t.Fatal(err)
	}
	if got := present(t, iss, tok, wstrust.Versions{}); got.Caller != wstrusttest.User {
		t.Errorf("the service saw %q", got.Caller)
	}
}

func TestRefusals(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	other := wstrusttest.NewSTS(t)
	fault := func(name, subcode string, err error) {
		t.Helper()
		f, ok := errors.AsType[*wstrust.Fault](err)
		if !ok || !strings.HasSuffix(f.Subcode, subcode) {
			t.Errorf("%s: %v, want a fault %s", name, err, subcode)
		}
	}
	_, err := open(t, iss.URL, iss.Config(wstrust.Username(wstrusttest.User, "wrong"))).RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: iss.ServiceURL})
	fault("wrong password", "FailedAuthentication", err)
	alice := open(t, iss.URL, iss.Config(wstrust.Username(wstrusttest.User, wstrusttest.Password)))
	_, err = alice.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: "https://nowhere.invalid/"})
	fault("unknown audience", "InvalidScope", err)
	_, err = alice.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: iss.ServiceURL, TokenType: "urn:no-such-token"})
	fault("unknown token type", "RequestFailed", err)

	theirs, err := open(t, other.URL, other.Config(wstrust.Username(wstrusttest.User, wstrusttest.Password))).RequestToken(t.Context(),
		wstrust.TokenRequest{AppliesTo: iss.ServiceURL, KeyType: wstrust.Bearer})
	if err != nil {
		t.Fatal(err)
	}
	_, err = alice.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: iss.ServiceURL, KeyType: wstrust.Bearer, OnBehalfOf: theirs})
	fault("on behalf of a stranger's token", "FailedAuthentication", err)
	call := func(tok *wstrust.Token) error {
		return open(t, iss.ServiceURL, iss.Config(wstrust.XMLToken(tok))).Call(t.Context(), wstrusttest.Action, echo{}, nil)
	}
	fault("another issuer's token", "FailedAuthentication", call(theirs))
	elsewhere, err := alice.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: "https://elsewhere.example.com/", KeyType: wstrust.Bearer})
	if err != nil {
		t.Fatal(err)
	}
	fault("a token for somewhere else", "FailedAuthentication", call(elsewhere))
}

func TestNewService(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	svc := wstrusttest.NewService(t, iss, func(_ context.Context, m *service.Message) (any, error) {
		var in echo
		if err := m.Decode(&in); err != nil {
			return nil, err
		}
		if in.Text == "fault" {
			return nil, &service.Fault{Namespace: "urn:x", Code: "Code", Reason: "asked for it"}
		}
		return echoResponse{Text: in.Text, Caller: m.Principal().Name}, nil
	})
	tok, err := open(t, iss.URL, iss.Config(wstrust.Username(wstrusttest.User, wstrusttest.Password))).RequestToken(t.Context(),
		wstrust.TokenRequest{AppliesTo: svc.URL, KeyType: wstrust.Symmetric})
	if err != nil {
		t.Fatal(err)
	}
	ch := open(t, svc.URL, iss.Config(wstrust.XMLToken(tok)))
	for i := range 3 { // one token, many messages
		var out echoResponse
		if err := ch.Call(t.Context(), "urn:any", echo{Text: fmt.Sprint(i)}, &out); err != nil || out.Text != fmt.Sprint(i) || out.Caller != wstrusttest.User {
			t.Errorf("call %d: %+v, %v", i, out, err)
		}
	}
	err = ch.Call(t.Context(), "urn:any", echo{Text: "fault"}, nil)
	if f, ok := errors.AsType[*wstrust.Fault](err); !ok || f.Reason != "asked for it" {
		t.Errorf("fault: %v", err)
	}
}

func ExampleNewSTS() {
	test := func(t *testing.T) {
		iss := wstrusttest.NewSTS(t)
		ch, err := wstrust.Open(t.Context(), iss.URL, iss.Config(wstrust.Username("alice", "pw")))
		if err != nil {
			t.Fatal(err)
		}
		tok, err := ch.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: iss.ServiceURL, KeyType: wstrust.Bearer})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(tok)
	}
	_ = test
}
