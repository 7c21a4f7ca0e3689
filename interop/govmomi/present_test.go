package govmomi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/vmware/govmomi/sts"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"wstrust/interop/rig"
	"wstrust/service"
)

// A login is the answer of a service to LoginByToken, as much of it as the library needs.
type login struct {
	XMLName xml.Name `xml:"urn:vim25 LoginByTokenResponse"`
	User    string   `xml:"returnval>userName"`
}

// TestPresent has the library log in to a service of ours with the tokens: it signs its
// own way, over what it takes for the canonical form of its body.
func TestPresent(t *testing.T) {
	issuer, c := newClient(t)
	cert := issuer.CA.RSA(t, rig.User).TLS()
	server := httptest.NewUnstartedServer(nil)
	v := &service.Verifier{
		Audiences: []string{rig.Anywhere},
		Issuers:   []service.Issuer{{Name: issuer.Name, Certificates: []*x509.Certificate{issuer.Signer.Cert}}},
		Replay:    rig.NewReplay(t),
		Logger:    rig.Logger(t),
	}
	proven := false
	server.Config.Handler = v.Handler(func(_ context.Context, m *service.Message) (any, error) {
		proven = m.Principal().ProofOfPossession
		return service.Reply{Body: login{User: m.Principal().Name}}, nil
	})
	server.TLS = &tls.Config{Certificates: []tls.Certificate{issuer.CA.RSA(t, "localhost").TLS()}}
	server.StartTLS()
	defer server.Close()
	u, err := url.Parse(strings.Replace(server.URL, "127.0.0.1", "localhost", 1))
	if err != nil {
		t.Fatal(err)
	}
	vc := soap.NewClient(u, false)
	vc.DefaultTransport().TLSClientConfig = issuer.CA.Trust()
	vc.Namespace = "urn:vim25"

	for name, req := range map[string]sts.TokenRequest{
		"bearer":        {Userinfo: url.UserPassword(rig.User, rig.Password)},
		"holder of key": {Certificate: &cert},
	} {
		s, err := c.Issue(context.Background(), req)
		if err != nil {
			t.Fatal(err)
		}
		ask := func() (*types.LoginByTokenResponse, error) {
			ctx := vc.WithHeader(context.Background(), soap.Header{Security: s})
			return methods.LoginByToken(ctx, vc, &types.LoginByToken{This: types.ManagedObjectReference{Type: "SessionManager", Value: "SessionManager"}, Locale: "en_US"})
		}
		proven = false
		got, err := ask()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(got.Returnval.UserName, rig.User) || proven != (req.Certificate != nil) {
			t.Errorf("%s: the service takes him for %q, key proven: %v", name, got.Returnval.UserName, proven)
		}
		if req.Certificate == nil {
			continue
		}
		thief := issuer.CA.RSA(t, "thief").TLS()
		s.Certificate = &thief
		if got, err := ask(); err == nil {
			t.Errorf("%s: the token with another key: %+v", name, got)
		}
		s.Certificate = nil
		if got, err := ask(); err == nil {
			t.Errorf("%s: the token without its key: %+v", name, got)
		}
	}
}

// TestDev asks the issuer of the built tool.
func TestDev(t *testing.T) {
	dev := rig.StartDev(t)
	u, err := url.Parse(dev.Trust13)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(rig.ReadCert(t, dev.CA))
	vc := soap.NewClient(u, false)
	vc.DefaultTransport().TLSClientConfig = &tls.Config{RootCAs: roots}
	sc := vc.NewServiceClient(u.Path, sts.Namespace)
	c := &sts.Client{Client: sc, RoundTripper: sc}
	s, err := c.Issue(context.Background(), sts.TokenRequest{Userinfo: url.UserPassword(dev.Users[0].Name, dev.Users[0].Password)})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.Token, ">"+dev.Users[0].Name+"<") {
		t.Errorf("token %s", s.Token)
	}
	cert, err := tls.LoadX509KeyPair(dev.ClientCert, dev.ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, rsa := cert.Leaf.PublicKey.(interface{ Size() int }); !rsa {
		return // the library signs with RSA only
	}
	if s, err = c.Issue(context.Background(), sts.TokenRequest{Certificate: &cert}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.Token, "holder-of-key") {
		t.Errorf("token %s", s.Token)
	}
}
