package xmlsec

import (
	"path/filepath"
	"testing"

	"wstrust/interop/rig"
)

// TestTool has xmlsec1 check tokens that "wst issue" wrote, octet for octet as it wrote
// them, and what "wst verify" says of the same.
func TestTool(t *testing.T) {
	rig.Program(t, "xmlsec1")
	for _, key := range []string{"rsa", "p256"} {
		dev := rig.StartDev(t, "--dev-key", key)
		signer := rig.ReadCert(t, dev.Signer)
		for _, version := range []string{"saml2", "saml11"} {
			for _, kind := range [][]string{{"bearer"}, {"symmetric", "--entropy", "combined"}, {"public", "--ephemeral-key", "-o", "xml"}} {
				t.Run(key+"/"+version+"/"+kind[0], func(t *testing.T) {
					args := append([]string{"issue", "--applies-to", dev.Service, "--token-type", version, "--claim", "http://example.test/role=doctor", "--key-type"}, kind...)
					args = append(args, dev.Login()...)
					checkToken(t, rig.Run(t, args...), signer)
					file := filepath.Join(t.TempDir(), "token.xml")
					if out := rig.Run(t, append(args, "--out", file)...); len(out) > 0 {
						t.Errorf("--out, and still %d octets on standard output", len(out))
					}
					rig.Run(t, "verify", "--signer", dev.Signer, "--audience", dev.Service, file)
				})
			}
		}
	}
}
