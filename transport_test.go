package wstrust_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"wstrust"
	"wstrust/wstrusttest"
)

// clientEnvelope is what a client made by a WSDL generator sends: an envelope of its
// own making, with a header of its own, and no security.
const clientEnvelope = `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:d="urn:wstrust:demo" xmlns:x="urn:example:trace">
  <soapenv:Header><x:Trace>abc &amp; def</x:Trace></soapenv:Header>
  <soapenv:Body><d:Echo><d:Text>from a generated client</d:Text></d:Echo></soapenv:Body>
</soapenv:Envelope>`

func post(t *testing.T, tr *wstrust.Transport, url, body string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.Header.Set("SOAPAction", `"`+wstrusttest.Action+`"`)
	resp, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(answer), nil
}

func TestTransport(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	cfg := iss.Config(wstrust.Username(wstrusttest.User, wstrusttest.Password))
	issuer, err := wstrust.Open(t.Context(), iss.URL, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer issuer.Close(context.Background())
	origin := strings.TrimSuffix(iss.ServiceURL, "/service")
	base := &http.Transport{TLSClientConfig: iss.Config().TLS}
	for _, kind := range []wstrust.KeyType{wstrust.Bearer, wstrust.Symmetric, wstrust.PublicKey} {
		t.Run(kind.String(), func(t *testing.T) {
			tr := &wstrust.Transport{
				Source: &wstrust.Source{Issuer: issuer, Request: wstrust.TokenRequest{AppliesTo: iss.ServiceURL, KeyType: kind}},
				Origin: origin,
				Base:   base,
			}
			for range 2 { // the second time with the token at hand
				resp, answer, err := post(t, tr, iss.ServiceURL, clientEnvelope)
				if err != nil {
					t.Fatal(err)
				}
				if resp.StatusCode != 200 || !strings.Contains(answer, "from a generated client") {
					t.Fatalf("status %d: %s", resp.StatusCode, answer)
				}
			}
			// A fault is the client's business and arrives whole.
			resp, answer, err := post(t, &wstrust.Transport{Origin: origin, Base: base}, iss.ServiceURL, clientEnvelope)
			if err != nil || resp.StatusCode == 200 || !strings.Contains(answer, "Fault") {
				t.Errorf("without a token: %v, %s", err, answer)
			}
		})
	}
}

func TestTransportRefuses(t *testing.T) {
	iss := wstrusttest.NewSTS(t)
	tok, err := wstrust.ParseToken("<token/>", wstrust.Key{})
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	base := roundTripper(func(*http.Request) (*http.Response, error) {
		sent++
		return nil, errors.New("this must not be sent")
	})
	origin := strings.TrimSuffix(iss.ServiceURL, "/service")
	for name, c := range map[string]struct {
		tr   wstrust.Transport
		url  string
		body string
	}{
		"another origin":          {wstrust.Transport{Origin: origin}, "https://elsewhere.example/", clientEnvelope},
		"another port":            {wstrust.Transport{Origin: origin}, "https://127.0.0.1:1/", clientEnvelope},
		"another scheme":          {wstrust.Transport{Origin: "http://a.example"}, "https://a.example/", clientEnvelope},
		"plain http":              {wstrust.Transport{Origin: "http://a.example"}, "http://a.example/", clientEnvelope},
		"no origin":               {wstrust.Transport{}, "https://a.example/", clientEnvelope},
		"origin with a path":      {wstrust.Transport{Origin: "https://a.example/x"}, "https://a.example/x", clientEnvelope},
		"not SOAP":                {wstrust.Transport{Origin: "https://a.example"}, "https://a.example/", "<html/>"},
		"not XML":                 {wstrust.Transport{Origin: "https://a.example"}, "https://a.example/", "{}"},
		"nothing":                 {wstrust.Transport{Origin: "https://a.example"}, "https://a.example/", ""},
		"secured already":         {wstrust.Transport{Origin: "https://a.example"}, "https://a.example/", strings.Replace(clientEnvelope, "<x:Trace>abc &amp; def</x:Trace>", `<w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"/>`, 1)},
		"too large":               {wstrust.Transport{Origin: "https://a.example"}, "https://a.example/", clientEnvelope + strings.Repeat(" ", 300<<10)},
		"present without a token": {wstrust.Transport{Origin: "https://a.example", Present: func(*http.Request, *wstrust.Token) error { return nil }}, "https://a.example/", clientEnvelope},
	} {
		c.tr.Base = base
		if c.tr.Present == nil {
			c.tr.Source = wstrust.Static(tok)
		}
		_, _, err := post(t, &c.tr, c.url, c.body)
		if !errors.Is(err, wstrust.ErrConfig) && !errors.Is(err, wstrust.ErrQuota) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if sent != 0 {
		t.Errorf("%d requests were sent", sent)
	}
}

func TestTransportPresents(t *testing.T) {
	tok, err := wstrust.ParseToken("<token/>", wstrust.Key{})
	if err != nil {
		t.Fatal(err)
	}
	tr := &wstrust.Transport{
		Source: wstrust.Static(tok),
		Origin: "https://rest.example",
		Present: func(r *http.Request, t *wstrust.Token) error {
			r.Header.Set("Authorization", "SAML "+string(t.XML()))
			return nil
		},
		Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewBufferString(r.Header.Get("Authorization")))}, nil
		}),
	}
	if _, answer, err := post(t, tr, "https://rest.example/thing", "{}"); err != nil || answer != "SAML <token/>" {
		t.Errorf("%q, %v", answer, err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
