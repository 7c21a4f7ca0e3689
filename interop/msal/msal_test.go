// Package msal has Microsoft's authentication library get a token from our issuer, as
// it does when a tenant is federated: password in, assertion out, the assertion handed
// to the cloud.
package msal

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"wstrust/interop/rig"
	"wstrust/saml"
)

// The audience that the cloud tells the library to ask for.
const cloudAudience = "urn:federation:MicrosoftOnline"

// A cloud stands in for the identity platform: discovery, realm, metadata and the token
// endpoint. Nothing leaves the machine: its client knows no other way to a host.
type cloud struct {
	t      *testing.T
	issuer *rig.Issuer
	client *http.Client // for the issuer

	mu        sync.Mutex
	answer    []byte // what the issuer answered
	assertion *saml.Assertion
	octets    []byte
	grant     string
}

// Do is the library's way to the network.
func (c *cloud) Do(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.String(), c.issuer.URL) {
		resp, err := c.client.Do(r)
		if err != nil {
			return nil, err
		}
		var body bytes.Buffer
		if _, err := body.ReadFrom(resp.Body); err != nil {
			return nil, err
		}
		resp.Body.Close()
		c.mu.Lock()
		c.answer = body.Bytes()
		c.mu.Unlock()
		w := httptest.NewRecorder()
		w.WriteHeader(resp.StatusCode)
		w.Write(body.Bytes())
		return w.Result(), nil
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w.Result(), nil
}

func (c *cloud) CloseIdleConnections() { c.client.CloseIdleConnections() }

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const login = "https://login.test/tenant/"
	switch {
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		c.json(w, map[string]any{"authorization_endpoint": login + "authorize", "token_endpoint": login + "token", "issuer": login})
	case strings.Contains(r.URL.Path, "/UserRealm/"):
		c.json(w, map[string]any{
			"account_type": "Federated", "domain_name": "example.test", "cloud_instance_name": "test", "cloud_audience_urn": cloudAudience,
			"federation_protocol": "WSTrust", "federation_metadata_url": "https://login.test/mex",
		})
	case r.URL.Path == "/mex":
		fmt.Fprintf(w, metadata, c.issuer.URL)
	case r.URL.Path == "/tenant/token":
		c.token(w, r)
	default:
		c.t.Errorf("the library asked for %s", r.URL)
		http.NotFound(w, r)
	}
}

func (c *cloud) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		c.t.Error(err)
	}
}

// token does what the cloud does with the assertion: it checks it, as octets.
func (c *cloud) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		c.t.Error(err)
	}
	octets, err := base64.StdEncoding.DecodeString(r.Form.Get("assertion"))
	if err != nil {
		c.t.Error(err)
	}
	a, err := saml.Verify(octets, []*x509.Certificate{c.issuer.Signer.Cert}, "", saml.Checks{Now: time.Now(), Audiences: []string{cloudAudience}})
	if err != nil {
		c.t.Errorf("the assertion that the library hands on: %v\n%s", err, octets)
	}
	c.mu.Lock()
	c.assertion, c.octets, c.grant = a, octets, r.Form.Get("grant_type")
	c.mu.Unlock()
	c.json(w, map[string]any{
		"access_token": "opaque", "token_type": "Bearer", "expires_in": 3600, "scope": "user.read",
		"id_token":    "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"client","oid":"1","tid":"tenant","preferred_username":"alice"}`)) + ".x",
		"client_info": base64.RawURLEncoding.EncodeToString([]byte(`{"uid":"1","utid":"tenant"}`)),
	})
}

// metadata is the least in which the library finds the endpoint. It wants the
// declaration of sp on the TransportBinding itself.
const metadata = `<?xml version="1.0"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/"
  xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:wsa10="http://www.w3.org/2005/08/addressing"
  xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
  xmlns:tns="urn:wstrust:interop:mex" targetNamespace="urn:wstrust:interop:mex">
 <wsp:Policy wsu:Id="password"><wsp:ExactlyOne><wsp:All>
  <sp:TransportBinding xmlns:sp="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702"><wsp:Policy/></sp:TransportBinding>
  <sp:SignedSupportingTokens xmlns:sp="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702"><wsp:Policy>
   <sp:UsernameToken><wsp:Policy><sp:WssUsernameToken10/></wsp:Policy></sp:UsernameToken>
  </wsp:Policy></sp:SignedSupportingTokens>
 </wsp:All></wsp:ExactlyOne></wsp:Policy>
 <wsdl:binding name="Password13" type="tns:Trust">
  <wsp:PolicyReference URI="#password"/>
  <soap12:binding transport="http://schemas.xmlsoap.org/soap/http"/>
  <wsdl:operation name="Issue"><soap12:operation soapAction="http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue"/></wsdl:operation>
 </wsdl:binding>
 <wsdl:service name="Trust"><wsdl:port name="Password13" binding="tns:Password13">
  <wsa10:EndpointReference><wsa10:Address>%s</wsa10:Address></wsa10:EndpointReference>
 </wsdl:port></wsdl:service>
</wsdl:definitions>`

func newCloud(t *testing.T) (*cloud, public.Client) {
	t.Helper()
	ca := rig.NewAuthority(t, "interop CA")
	c := &cloud{t: t, issuer: rig.NewIssuer(t, ca, rig.IssuerConfig{}), client: ca.Client()}
	app, err := public.New("client", public.WithAuthority("https://login.test/tenant/"), public.WithInstanceDiscovery(false), public.WithHTTPClient(c))
	if err != nil {
		t.Fatal(err)
	}
	return c, app
}

func TestFederatedPassword(t *testing.T) {
	c, app := newCloud(t)
	//lint:ignore SA1019 the flow is deprecated for what it does with passwords, and it is the one that speaks WS-Trust
	got, err := app.AcquireTokenByUsernamePassword(context.Background(), []string{"user.read"}, rig.User, rig.Password)
	if err != nil {
		t.Fatalf("%v\nthe issuer answered\n%s", err, c.answer)
	}
	if got.AccessToken != "opaque" {
		t.Errorf("access token %q", got.AccessToken)
	}
	if c.assertion == nil || c.assertion.Subject.NameID != rig.User || !c.assertion.Bearer() {
		t.Errorf("assertion %+v", c.assertion)
	}
	if c.grant != "urn:ietf:params:oauth:grant-type:saml2-bearer" && c.grant != "urn:ietf:params:oauth:grant-type:saml1_1-bearer" {
		t.Errorf("grant type %q", c.grant)
	}
	if !bytes.Contains(c.answer, c.octets) {
		t.Error("the assertion that was handed on is not octet for octet the issuer's")
	}
	t.Logf("counted: one %s of %d octets", c.grant, len(c.octets))
}

func TestWrongPassword(t *testing.T) {
	c, app := newCloud(t)
	//lint:ignore SA1019 as above
	_, err := app.AcquireTokenByUsernamePassword(context.Background(), []string{"user.read"}, rig.User, "wrong")
	if err == nil {
		t.Fatal("a wrong password got a token")
	}
	if c.assertion != nil || bytes.Contains(c.answer, []byte("Assertion>")) {
		t.Errorf("the issuer answered %s", c.answer)
	}
	if _, err := url.Parse(c.issuer.URL); err != nil || !bytes.Contains(c.answer, []byte("Fault>")) {
		t.Errorf("no fault in %s", c.answer)
	}
}
