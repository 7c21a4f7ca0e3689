package cxf

import (
	"strings"
	"testing"

	"wstrust/interop/rig"
)

// testSelf has CXF's client, issuer and service talk among themselves. What fails here
// is wrong in our use of CXF, not in this project.
func (s *stage) testSelf(t *testing.T) {
	var tasks []task
	for _, port := range []string{"Username12", "Username11", "Certificate12", "Signed12"} {
		for _, key := range []string{"Bearer", "SymmetricKey", "PublicKey"} {
			for _, token := range []string{"SAMLV2.0", "SAMLV1.1"} {
				at := map[string]string{"Bearer": "Bearer", "SymmetricKey": "Symmetric", "PublicKey": "Public"}[key] +
					map[string]string{"SAMLV2.0": "20", "SAMLV1.1": "11"}[token]
				tasks = append(tasks, task{
					"name": port + "/" + key + "/" + token, "sts": s.sts[port], "port": port, "token": token, "key": key,
					"user": "alice", "usekey": "cert", "issuer.alias": "cxf-signer",
					"applies.to": s.svc[at], "service": s.svc[at], "service.port": at, "recipient": "service",
				})
			}
		}
	}
	for _, port := range []string{"Context", "Sealed", "Shared"} {
		tasks = append(tasks, withoutIssuer(port, s.svc))
	}
	for _, a := range s.ask(t, tasks) {
		if !strings.Contains(a.Task, "/") {
			if a.Error != "" || a.Text != "hello "+a.Task || !strings.Contains(a.Caller, rig.User) {
				t.Errorf("%s: %+v", a.Task, a)
			}
			continue
		}
		if a.Error != "" {
			t.Errorf("%s: %s", a.Task, a.Error)
		} else if !a.Verified || a.Text != "hello "+a.Task || a.SameSecret != (a.SecretBits > 0 && strings.Contains(a.Task, "Symmetric")) {
			t.Errorf("%s: got %+v", a.Task, a)
		}
	}
}
