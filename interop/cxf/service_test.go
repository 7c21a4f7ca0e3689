package cxf

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"strings"
	"testing"

	"wstrust/interop/rig"
	"wstrust/service"
)

// serveOurs starts a service of ours that believes CXF's issuer and says what CXF's
// own says. It is reached under several paths, as CXF's is.
func (w *world) serveOurs(t *testing.T, ports []string, more ...func(*service.Verifier)) map[string]string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	addr := server.Listener.Addr().String()
	urls := map[string]string{}
	v := &service.Verifier{
		Issuers:  []service.Issuer{{Name: "urn:wstrust:interop:cxf", Certificates: []*x509.Certificate{w.signer.Cert, w.signerEC.Cert}}},
		Decrypt:  []tls.Certificate{w.service.TLS()},
		Users:    rig.Users{},
		Contexts: &service.Contexts{},
		Replay:   rig.NewReplay(t),
		Logger:   rig.Logger(t),
	}
	for _, set := range more {
		set(v)
	}
	for _, port := range ports {
		urls[port] = "https://localhost" + addr[strings.LastIndexByte(addr, ':'):] + "/greeter/" + port
		v.Audiences = append(v.Audiences, urls[port])
		v.Addresses = append(v.Addresses, urls[port])
	}
	server.Config.Handler = v.Handler(func(_ context.Context, m *service.Message) (any, error) {
		var in greet
		if err := m.Decode(&in); err != nil {
			return nil, err
		}
		who := m.Principal()
		if (m.Context() != nil) != strings.HasPrefix(in.Name, "Context") {
			t.Errorf("%s: under the context %+v", in.Name, m.Context())
		}
		if kind, port, ok := strings.Cut(in.Name, "/"); ok && kind != "" && who.ProofOfPossession == strings.HasPrefix(port, "Bearer") {
			t.Errorf("%s: proof of possession: %v", in.Name, who.ProofOfPossession)
		}
		return service.Reply{Action: greetAction + "Response", Body: greeting{Text: "hello " + in.Name, Caller: who.Name}}, nil
	})
	server.TLS = &tls.Config{Certificates: []tls.Certificate{w.ca.RSA(t, "localhost").TLS()}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return urls
}

// testService has CXF's client get tokens from CXF's issuer and present them to a service
// of ours: what WSS4J signs and encrypts must be understood here. A token encrypted in CBC
// with no signature over it is refused, whatever it turns out to be.
func (s *stage) testService(t *testing.T) {
	svc := s.serveOurs(t, []string{"Bearer20", "Bearer11", "Symmetric20", "Symmetric11", "Public20", "Public11"})
	var tasks []task
	for port, url := range svc {
		token := map[string]string{"20": "SAMLV2.0", "11": "SAMLV1.1"}[port[len(port)-2:]]
		key := map[string]string{"Bearer": "Bearer", "Symmetric": "SymmetricKey", "Public": "PublicKey"}[port[:len(port)-2]]
		for _, door := range []string{"Username12", "Certificate12", "Encrypted12", "Ecdsa12", "EncryptedCBC12"} {
			through := door
			if s.sts[door] != s.sts["Certificate12"] {
				through = "Username12"
			}
			tasks = append(tasks, task{
				"name": door + "/" + port, "sts": s.sts[door], "port": through, "token": token, "key": key, "user": rig.User, "usekey": "cert",
				"issuer.alias": "cxf-signer", "recipient": "service", "applies.to": url, "service": url, "service.port": port,
			})
		}
	}
	for _, a := range s.ask(t, tasks) {
		if strings.HasPrefix(a.Task, "EncryptedCBC12") {
			if a.Error == "" || a.Token == "" {
				t.Errorf("%s: %+v", a.Task, a)
			}
			continue
		}
		if a.Error != "" || a.Text != "hello "+a.Task || !strings.Contains(a.Caller, rig.User) {
			t.Errorf("%s: %+v", a.Task, a)
		}
	}
	t.Logf("counted: %d tokens of CXF presented by CXF's client to our service, those in CBC refused", len(tasks))
}
