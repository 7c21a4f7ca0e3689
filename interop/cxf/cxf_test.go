// Package cxf holds this project against Apache CXF and WSS4J, in every role: their
// issuer, their service, their client, their verifier, against ours of each.
package cxf

import (
	"os"
	"testing"

	"wstrust/interop/rig"
)

func TestMain(m *testing.M) {
	code := m.Run()
	rig.RemoveTool()
	os.Exit(code)
}

// A stage is what all tests play on: CXF's issuer and its service, started once, since
// starting them is most of what a test would cost.
type stage struct {
	*world
	sts     map[string]string // CXF's issuer: door to URL
	svc     map[string]string // CXF's service: kind of token to URL
	signers map[string]rig.Identity
}

func TestCXF(t *testing.T) {
	w := newWorld(t)
	s := &stage{world: w, signers: map[string]rig.Identity{"RSA": w.ca.RSA(t, "our RSA signer"), "P-256": w.ca.P256(t, "our P-256 signer")}}
	w.trust(t, s.signers["RSA"].Cert, s.signers["P-256"].Cert)
	s.sts = w.serve(t, "StsMain")
	s.svc = w.serve(t, "ServiceMain")
	t.Run("Self", s.testSelf)
	t.Run("Client", s.testClient)
	t.Run("ClientRefused", s.testClientRefused)
	t.Run("ServerEntropy", s.testServerEntropy)
	t.Run("Variants", s.testVariants)
	t.Run("OldAddressing", s.testOldAddressing)
	t.Run("OnBehalfOf", s.testOnBehalfOf)
	t.Run("EncryptedToken", s.testEncryptedToken)
	t.Run("Issuer", s.testIssuer)
	t.Run("IssuerRefused", s.testIssuerRefused)
	t.Run("Service", s.testService)
	t.Run("Context", s.testContext)
	t.Run("ContextService", s.testContextService)
	t.Run("WindowsContext", s.testWindowsContext)
	t.Run("WindowsService", s.testWindowsService)
	t.Run("Protection", s.testProtection)
	t.Run("ProtectionService", s.testProtectionService)
	t.Run("Tool", s.testTool)
}
