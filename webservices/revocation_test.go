package webservices

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Whether a server's certificate was revoked: asked unless the check is disabled,
// and what is not known is never taken for good without the application's leave.
func TestRevocation(t *testing.T) {
	f := newFake(t, issues(proof05))
	asked := 0
	says := func(err error) RevocationCheck {
		return func(cs tls.ConnectionState) error {
			asked++
			if len(cs.VerifiedChains) != 1 || !cs.VerifiedChains[0][0].Equal(f.Certificate()) {
				t.Errorf("asked about %v", cs.VerifiedChains)
			}
			return err
		}
	}
	good, offline, revoked := says(nil), says(fmt.Errorf("%w: no list", CRYPT_E_REVOCATION_OFFLINE)), says(errors.New("revoked on Monday"))
	failures := func(flags CertFailure) SecurityBindingProperty {
		return SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE, flags}
	}
	disabled := SecurityBindingProperty{WS_SECURITY_BINDING_PROPERTY_DISABLE_CERT_REVOCATION_CHECK, true}
	strict, all := failures(0), failures(31)
	for _, c := range []struct {
		name  string
		check RevocationCheck
		p     []SecurityBindingProperty
		hr    HRESULT
		says  string
	}{
		{"nobody to ask", nil, nil, S_OK, ""},
		{"nobody to ask, strictly", nil, []SecurityBindingProperty{strict}, CRYPT_E_REVOCATION_OFFLINE, "EX_REVOCATION_CHECK"},
		{"nobody to ask, disabled", nil, []SecurityBindingProperty{strict, disabled}, S_OK, ""},
		{"good", good, nil, S_OK, ""},
		{"good, strictly", good, []SecurityBindingProperty{strict}, S_OK, ""},
		{"offline", offline, nil, S_OK, ""},
		{"offline, strictly", offline, []SecurityBindingProperty{strict}, CRYPT_E_REVOCATION_OFFLINE, "no list"},
		{"revoked", revoked, nil, WS_E_SECURITY_VERIFICATION_FAILURE, "revoked on Monday"},
		{"revoked, strictly", revoked, []SecurityBindingProperty{strict}, WS_E_SECURITY_VERIFICATION_FAILURE, "revoked on Monday"},
		{"revoked, everything ignored", revoked, []SecurityBindingProperty{all}, WS_E_SECURITY_VERIFICATION_FAILURE, "revoked on Monday"},
		{"revoked, disabled", revoked, []SecurityBindingProperty{disabled}, S_OK, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked = 0
			sd := alice()
			sd.SecurityBindings[0] = &SslTransport{Properties: c.p}
			props := []ChannelProperty{f.root()}
			if c.check != nil {
				props = append(props, ChannelProperty{WS_CHANNEL_PROPERTY_EX_REVOCATION_CHECK, c.check})
			}
			var token *SecurityToken
			var e Error
			if hr := RequestSecurityToken(open(t, f.URL, sd, props...), nil, &token, nil, &e); hr != c.hr || !strings.Contains(e.Error(), c.says) {
				t.Errorf("%v, want %v: %v", hr, c.hr, e.Error())
			}
			if want := c.check != nil && !strings.Contains(c.name, "disabled"); (asked > 0) != want {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}
