package cxf

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"wstrust/interop/rig"
)

// testTool is the session that a person would have: "wst issue" at CXF's issuer, "wst
// call" at CXF's service.
func (s *stage) testTool(t *testing.T) {
	dir := t.TempDir()
	ca := rig.WriteCert(t, dir, "ca", s.ca.Cert)
	signer := rig.WriteCert(t, dir, "signer", s.signer.Cert)
	cert, key := s.client.WritePEM(t, dir, "alice")
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(rig.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	body := filepath.Join(dir, "body.xml")
	if err := os.WriteFile(body, []byte(`<g:Greet xmlns:g="urn:wstrust:interop:greeter"><g:Name>bob</g:Name></g:Greet>`), 0o600); err != nil {
		t.Fatal(err)
	}
	byName := []string{"--user", rig.User, "--password-file", password}
	byCert := []string{"--cert", cert, "--key", key}
	for _, c := range []struct {
		name, door, port string
		who, args        []string
	}{
		{"bearer", "Username12", "Bearer20", byName, []string{"--token-type", "saml2", "-o", "xml"}},
		{"bearer, SOAP 1.1", "Username11", "Bearer11", append(byName, "--soap", "1.1"), []string{"--token-type", "saml11", "-o", "xml"}},
		{"symmetric", "Username12", "Symmetric20", byName, []string{"--token-type", "saml2", "--key-type", "symmetric", "--entropy", "combined", "-o", "json"}},
		{"symmetric, SAML 1.1", "Certificate12", "Symmetric11", byCert, []string{"--token-type", "saml11", "--key-type", "symmetric", "--entropy", "client", "-o", "json"}},
		{"fresh key", "Username12", "Public20", byName, []string{"--token-type", "saml2", "--key-type", "public", "--ephemeral-key", "-o", "json"}},
		{"certificate's key", "Certificate12", "Public11", byCert, []string{"--token-type", "saml11", "--key-type", "public", "-o", "json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			token := filepath.Join(t.TempDir(), "token")
			args := append([]string{"issue", "--sts", s.sts[c.door], "--ca", ca, "--signer", signer, "--applies-to", s.svc[c.port], "--out", token}, c.who...)
			rig.Run(t, append(args, c.args...)...)
			rig.Run(t, "verify", "--signer", signer, "--audience", s.svc[c.port], token)
			out := rig.Run(t, "call", "--endpoint", s.svc[c.port], "--ca", ca, "--action", greetAction, "--data", "@"+body, "--token", token)
			if !bytes.Contains(out, []byte("hello bob")) || !bytes.Contains(out, []byte(rig.User)) {
				t.Errorf("the service answered %s", out)
			}
		})
	}
	wrong := filepath.Join(dir, "wrong")
	if err := os.WriteFile(wrong, []byte("wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code, complaint := rig.Try(t, "issue", "--sts", s.sts["Username12"], "--ca", ca, "--user", rig.User, "--password-file", wrong, "--applies-to", s.svc["Bearer20"])
	if len(out) > 0 || code == 0 || bytes.Contains([]byte(complaint), []byte(rig.Password)) {
		t.Errorf("wrong password: exit code %d, %q, %q", code, out, complaint)
	}
}
