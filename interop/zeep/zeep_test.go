// Package zeep has the Python client zeep call a service of ours, with every
// security it has, check our answers and our messages.
package zeep

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"wstrust"
	"wstrust/interop/rig"
	"wstrust/service"
)

var update = flag.Bool("update", false, "write the kinds into docs/interop.md")

func TestMain(m *testing.M) {
	code := m.Run()
	rig.RemoveTool()
	os.Exit(code)
}

// A request is what zeep is asked for, and an answer what it says: see peer.py.
type request map[string]any

type answer struct {
	Address, Caller, Reply, Error string
}

// A stage is zeep and the keys of both sides.
type stage struct {
	process    *rig.Process
	ca         *rig.Authority
	rsa, p256  rig.Identity // clients
	server     rig.Identity // signs answers
	kinds      rig.Kinds
	versions   map[string]string
	libxmlsec1 string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	python := os.Getenv("INTEROP_ZEEP")
	if python == "" {
		rig.Absent(t, "zeep")
	}
	ca := rig.NewAuthority(t, "interop CA")
	s := &stage{ca: ca, rsa: ca.RSA(t, "alice"), p256: ca.P256(t, "alice"), server: ca.RSA(t, "service")}
	s.kinds = rig.Kinds{Ours: "we make it: zeep", Theirs: "zeep makes it: we"}
	s.process = rig.Start(t, python, "peer.py")
	var ready struct {
		Versions   map[string]string
		Libxmlsec1 string
	}
	s.process.JSON(t, time.Minute, &ready)
	s.versions, s.libxmlsec1 = ready.Versions, ready.Libxmlsec1
	t.Logf("zeep ready, version %v, libxmlsec1 %s", ready.Versions, ready.Libxmlsec1)
	return s
}

// ask asks zeep with the values of all requests, later ones before earlier ones.
func (s *stage) ask(t *testing.T, all ...request) answer {
	t.Helper()
	q := request{}
	for _, one := range all {
		for name, v := range one {
			q[name] = v
		}
	}
	var a answer
	s.process.Say(t, q)
	s.process.JSON(t, 30*time.Second, &a)
	return a
}

// signs is a request to sign as somebody.
func signs(t *testing.T, as, method, digest string, id rig.Identity) request {
	t.Helper()
	return request{"signature": as, "method": method, "digest": digest, "cert": id.CertPEM(), "key": id.KeyPEM(t)}
}

// orders starts the service, with answers signed by an identity if it is one.
func (s *stage) orders(t *testing.T, signer *rig.Identity, suite service.Suite, more func(*service.Verifier)) *rig.Orders {
	t.Helper()
	return rig.NewOrders(t, s.ca, func(v *service.Verifier) {
		v.Suite = suite
		if signer != nil {
			cert := signer.TLS()
			v.Signer = &cert
		}
		if more != nil {
			more(v)
		}
	})
}

// calls is a request to call the service.
func (s *stage) calls(o *rig.Orders, port string) request {
	return request{"op": "call", "url": o.URL, "wsdl": o.WSDL, "ca": rig.CertPEM(s.ca.Cert), "port": port, "id": "xyzzy"}
}

// token gets a bearer token for the service from an issuer of ours.
func (s *stage) token(t *testing.T, issuer *rig.Issuer, audience string) string {
	t.Helper()
	ch, err := wstrust.Open(t.Context(), issuer.URL, wstrust.Config{
		TLS: &tls.Config{RootCAs: s.ca.Trust().RootCAs}, Bindings: []wstrust.Binding{wstrust.Username(rig.User, rig.Password)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close(context.WithoutCancel(t.Context()))
	tok, err := ch.RequestToken(t.Context(), wstrust.TokenRequest{AppliesTo: audience, KeyType: wstrust.Bearer})
	if err != nil {
		t.Fatal(err)
	}
	return string(tok.XML())
}

// TestZeep is all kinds, by both sides, and the table of them.
func TestZeep(t *testing.T) {
	s := newStage(t)
	t.Run("messages", s.testMessages)
	t.Run("tool", s.testTool)
	t.Run("calls", s.testCalls)
	t.Run("answers", s.testAnswers)
	table, ours, theirs := s.kinds.Table()
	table += fmt.Sprintf("\nzeep %s with xmlsec %s (libxmlsec1 %s). We make %d kinds that it accepts; it makes %d that we accept.\n", s.versions["zeep"], s.versions["xmlsec"], s.libxmlsec1, ours, theirs)
	t.Logf("counted: %d kinds of ours accepted by zeep, %d of its by us", ours, theirs)
	if t.Failed() {
		t.Log("docs/interop.md is not compared: kinds disagree")
		return
	}
	rig.Page(t, "../../docs/interop.md", "zeep", table, *update)
}

func onCurve(t *testing.T, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
