package cxf

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"wstrust/interop/rig"
	"wstrust/saml"
	"wstrust/sts"
)

// testIssuer has CXF's client get every kind of token from our issuer, by name and
// password, by X.509, and with both sides signing. WSS4J says whether the token is good,
// and CXF's service whether it may be presented.
func (s *stage) testIssuer(t *testing.T) {
	var parties []sts.RelyingParty
	for _, url := range s.svc {
		if strings.HasPrefix(url, "https:") {
			parties = append(parties, sts.RelyingParty{Address: url, Certificate: s.service.Cert})
		}
	}
	for name, id := range s.signers {
		t.Run(name, func(t *testing.T) {
			c := rig.IssuerConfig{Signer: id, RelyingParties: parties, Lifetime: 20 * time.Minute}
			issuer := rig.NewIssuer(t, s.ca, c)
			url := issuer.URL
			urls := map[string]string{"Username12": url, "Username11": url, "Certificate12": url}
			if name == "RSA" { // the policy of the fourth door is one of RSA
				c.SignAnswers = true
				urls["Digest12"] = url
				urls["Signed12"] = rig.NewIssuer(t, s.ca, c).URL
			}
			list := tasks(urls, s.svc)
			if name == "RSA" {
				list = append(list, old(tasks(map[string]string{"Username12": url}, s.svc))...)
			}
			answers := s.ask(t, list)
			for _, a := range answers {
				judge(t, a, id.Cert, s.svc)
			}
			if n := issuer.Asked("http://schemas.xmlsoap.org/ws/2005/02/trust/RST/Issue"); name == "RSA" && n != 8 {
				t.Errorf("%d requests of February 2005, 8 were meant", n)
			}
			t.Logf("counted: %d tokens of ours asked for by CXF, accepted by WSS4J and by CXF's service", len(answers))
		})
	}
}

// tasks are every kind of token through every door.
func tasks(doors, svc map[string]string) (list []task) {
	for door, url := range doors {
		for key, port := range map[string]string{"Bearer": "Bearer", "SymmetricKey": "Symmetric", "PublicKey": "Public"} {
			for token, version := range map[string]string{"SAMLV2.0": "20", "SAMLV1.1": "11"} {
				for _, variant := range []string{"", "server"} {
					if variant != "" && key != "SymmetricKey" {
						continue
					}
					list = append(list, task{
						"name": strings.Join([]string{door, key, token, variant}, "/"), "sts": url, "port": door, "token": token, "key": key,
						"user": rig.User, "usekey": "cert", "issuer.alias": "extra0", "entropy": variant, "recipient": "service",
						"applies.to": svc[port+version], "service": svc[port+version], "service.port": port + version,
					})
				}
			}
		}
	}
	return list
}

// old makes the tasks ones of WS-Trust of February 2005.
func old(list []task) []task {
	for _, t := range list {
		t["trust"] = "2005"
		t["name"] += "/2005"
	}
	return list
}

// judge holds what CXF's client says against what it asked for.
func judge(t *testing.T, a answer, signer *x509.Certificate, svc map[string]string) {
	t.Helper()
	part := strings.Split(a.Task, "/")
	switch {
	case a.Error != "":
		t.Errorf("%s: %s\n%s", a.Task, a.Error, a.Token)
		return
	case !a.Verified, a.Issuer != "urn:wstrust:interop:ours", !strings.Contains(a.Subject, rig.User):
		t.Errorf("%s: WSS4J understands %+v", a.Task, a)
	case a.Text != "hello "+a.Task || !strings.Contains(a.Caller, rig.User):
		t.Errorf("%s: the service answered %q to %q", a.Task, a.Text, a.Caller)
	case !a.Attached:
		t.Errorf("%s: no attached reference", a.Task)
	case part[1] == "SymmetricKey" && (a.SecretBits != 256 || !a.SameSecret):
		t.Errorf("%s: a secret of %d bits, the one in the token: %v", a.Task, a.SecretBits, a.SameSecret)
	case part[1] == "Bearer" && !strings.HasSuffix(a.Confirmation, ":bearer"), part[1] != "Bearer" && !strings.HasSuffix(a.Confirmation, ":holder-of-key"):
		t.Errorf("%s: confirmation %s", a.Task, a.Confirmation)
	}
	// What came through CXF's object model and out again still verifies here.
	if _, err := saml.Verify([]byte(a.Token), []*x509.Certificate{signer}, "", saml.Checks{Now: time.Now(), Audiences: values(svc)}); err != nil {
		t.Errorf("%s: %v\n%s", a.Task, err, a.Token)
	}
}

func values(m map[string]string) (v []string) {
	for _, s := range m {
		v = append(v, s)
	}
	return v
}

// testIssuerRefused: WSS4J must refuse a token of an issuer that it does not trust, or
// what testIssuer says of tokens says nothing, and CXF's client must understand our refusals.
func (s *stage) testIssuerRefused(t *testing.T) {
	stranger := rig.NewAuthority(t, "another CA").RSA(t, "a stranger")
	url := rig.NewIssuer(t, s.ca, rig.IssuerConfig{Signer: stranger, RelyingParties: []sts.RelyingParty{{Address: "https://localhost:1/service", Certificate: s.service.Cert}}}).URL
	good := task{
		"name": "untrusted signer", "sts": url, "port": "Username12", "token": "SAMLV2.0", "key": "Bearer", "user": rig.User,
		"issuer.alias": "cxf-signer", "applies.to": "https://localhost:1/service",
	}
	with := func(name, key, value string) task {
		bad := task{}
		for k, v := range good {
			bad[k] = v
		}
		bad["name"], bad[key] = name, value
		return bad
	}
	tasks := []task{good, with("unknown service", "applies.to", "https://localhost:1/elsewhere"), with("unknown user", "user", "mallory")}
	s.common["user.mallory"] = rig.Password
	for i, a := range s.ask(t, tasks) {
		if a.Error == "" || a.Verified {
			t.Errorf("%s: WSS4J accepts it: %+v", a.Task, a)
		}
		if (a.Token != "") != (i == 0) {
			t.Errorf("%s: token %q", a.Task, a.Token)
		}
		if i > 0 && strings.Contains(a.Error, "HTTP response") { // CXF does not look into the body of a 400
			t.Errorf("%s: no fault that CXF's client understands: %s", a.Task, a.Error)
		}
		t.Logf("%s: %s", a.Task, a.Error)
	}
}
