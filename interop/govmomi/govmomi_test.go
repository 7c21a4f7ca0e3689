// Package govmomi has the token client of the vSphere library ask our issuer. It speaks
// SOAP 1.1 without addressing headers, names no AppliesTo, and signs by its own canonical
// form.
package govmomi

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/sts"
	"github.com/vmware/govmomi/vim25/soap"
	"wstrust/interop/rig"
	"wstrust/saml"
)

func TestMain(m *testing.M) {
	code := m.Run()
	rig.RemoveTool()
	os.Exit(code)
}

func newClient(t *testing.T) (*rig.Issuer, *sts.Client) {
	t.Helper()
	ca := rig.NewAuthority(t, "interop CA")
	issuer := rig.NewIssuer(t, ca, rig.IssuerConfig{})
	u, err := url.Parse(issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := soap.NewClient(u, false)
	c.DefaultTransport().TLSClientConfig = ca.Trust()
	sc := c.NewServiceClient(u.Path, sts.Namespace)
	return issuer, &sts.Client{Client: sc, RoundTripper: sc}
}

// verify checks the token by our own reading of it, from its octets alone.
func verify(t *testing.T, issuer *rig.Issuer, token string) *saml.Assertion {
	t.Helper()
	a, err := saml.Verify([]byte(token), []*x509.Certificate{issuer.Signer.Cert}, "", saml.Checks{Now: time.Now(), Audiences: []string{rig.Anywhere}})
	if err != nil {
		t.Fatalf("%v\n%s", err, token)
	}
	return a
}

func TestBearer(t *testing.T) {
	issuer, c := newClient(t)
	s, err := c.Issue(context.Background(), sts.TokenRequest{Userinfo: url.UserPassword(rig.User, rig.Password), Lifetime: 20 * time.Minute, Renewable: true, Delegatable: true})
	if err != nil {
		t.Fatal(err)
	}
	a := verify(t, issuer, s.Token)
	if a.Subject.NameID != rig.User || !a.Bearer() {
		t.Errorf("got %+v", a)
	}
	if life := s.Lifetime.Expires.Sub(s.Lifetime.Created); life <= 0 || life > 20*time.Minute {
		t.Errorf("lifetime %v, asked for 20 minutes", life)
	}
}

func TestHolderOfKey(t *testing.T) {
	issuer, c := newClient(t)
	id := issuer.CA.RSA(t, rig.User)
	cert := id.TLS()
	s, err := c.Issue(context.Background(), sts.TokenRequest{Certificate: &cert})
	if err != nil {
		t.Fatal(err)
	}
	a := verify(t, issuer, s.Token)
	if a.Bearer() || !bound(a, id) {
		t.Errorf("the token is not bound to the certificate's key: %+v", a)
	}
	if !strings.Contains(a.Subject.NameID, rig.User) {
		t.Errorf("subject %q", a.Subject.NameID)
	}
}

// An interactive user asks for a holder-of-key token with a password and a key at once.
func TestHolderOfKeyByPassword(t *testing.T) {
	issuer, c := newClient(t)
	id := issuer.CA.RSA(t, "a key for today")
	cert := id.TLS()
	s, err := c.Issue(context.Background(), sts.TokenRequest{Certificate: &cert, Userinfo: url.UserPassword(rig.User, rig.Password)})
	if err != nil {
		t.Fatal(err)
	}
	a := verify(t, issuer, s.Token)
	if a.Bearer() || !bound(a, id) || a.Subject.NameID != rig.User {
		t.Errorf("got %+v", a)
	}
}

func bound(a *saml.Assertion, id rig.Identity) bool {
	for _, c := range a.Subject.Confirmations {
		if k, ok := c.Public.(*rsa.PublicKey); ok && k.Equal(id.Cert.PublicKey) {
			return true
		}
		if c.Certificate != nil && c.Certificate.Equal(id.Cert) {
			return true
		}
	}
	return false
}

func TestRefusals(t *testing.T) {
	_, c := newClient(t)
	stranger := rig.NewAuthority(t, "another CA").RSA(t, rig.User).TLS()
	for name, req := range map[string]sts.TokenRequest{
		"wrong password":         {Userinfo: url.UserPassword(rig.User, "wrong")},
		"nobody":                 {Userinfo: url.UserPassword("nobody", rig.Password)},
		"certificate of another": {Certificate: &stranger},
	} {
		s, err := c.Issue(context.Background(), req)
		if err == nil {
			t.Errorf("%s: got a token: %s", name, s.Token)
			continue
		}
		if !soap.IsSoapFault(err) {
			t.Errorf("%s: no fault that the library understands: %v", name, err)
		}
	}
}
