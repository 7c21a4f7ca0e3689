package webservices

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wstrust/revocation"
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

// revokes is the revocation list of an authority.
func (ca *testCA) revokes(t *testing.T, certs ...tls.Certificate) []byte {
	t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour)}
	for _, c := range certs {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: c.Leaf.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, ca.cert, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Package revocation is what is asked, by a client about its server and by a server
// about its clients.
func TestRevocationLists(t *testing.T) {
	ca, clients, stranger := newTestCA(t), newTestCA(t), newTestCA(t)
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (&fake{answer: issues(proof05)}).ServeHTTP(w, r) })
	forClients := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
	good, bad := ca.issue(t, nil), ca.issue(t, nil)
	known, lost := clients.issue(t, forClients), clients.issue(t, forClients)
	lists := func(l ...[]byte) RevocationCheck { return (&revocation.Checker{Lists: l}).VerifyConnection }
	ignoring := func(f CertFailure) *SslTransport {
		return &SslTransport{Properties: []SecurityBindingProperty{{WS_SECURITY_BINDING_PROPERTY_CERT_FAILURES_TO_IGNORE, f}}}
	}
	for name, c := range map[string]struct {
		server tls.Certificate
		check  RevocationCheck
		ssl    *SslTransport
		hr     HRESULT
	}{
		"good":             {good, lists(ca.revokes(t, bad)), ignoring(0), S_OK},
		"revoked":          {bad, lists(ca.revokes(t, bad)), ignoring(31), WS_E_SECURITY_VERIFICATION_FAILURE},
		"another's list":   {good, lists(stranger.revokes(t)), ignoring(0), WS_E_SECURITY_VERIFICATION_FAILURE},
		"offline, ignored": {good, offlineOr(lists(stranger.revokes(t))), ignoring(WS_CERT_FAILURE_REVOCATION_OFFLINE), S_OK},
		"offline":          {good, offlineOr(lists(stranger.revokes(t))), ignoring(0), CRYPT_E_REVOCATION_OFFLINE},
		"revoked, adapted": {bad, offlineOr(lists(ca.revokes(t, bad))), ignoring(31), WS_E_SECURITY_VERIFICATION_FAILURE},
	} {
		sd := alice()
		sd.SecurityBindings[0] = c.ssl
		ch := open(t, serverTLS(t, c.server, answer).URL, sd, roots(ca.cert), ChannelProperty{WS_CHANNEL_PROPERTY_EX_REVOCATION_CHECK, c.check})
		var token *SecurityToken
		var e Error
		if hr := RequestSecurityToken(ch, nil, &token, nil, &e); hr != c.hr {
			t.Errorf("%s: %v: %v", name, hr, e.Error())
		}
	}

	pool := x509.NewCertPool()
	pool.AddCert(clients.cert)
	required := &SslTransport{Properties: []SecurityBindingProperty{{WS_SECURITY_BINDING_PROPERTY_REQUIRE_SSL_CLIENT_CERT, true}}}
	for name, c := range map[string]struct {
		check       RevocationCheck
		known, lost HRESULT
	}{
		"asked":     {lists(clients.revokes(t, lost)), S_OK, WS_E_ENDPOINT_ACCESS_DENIED},
		"not asked": {nil, S_OK, S_OK},
		"not known": {lists(), WS_E_ENDPOINT_ACCESS_DENIED, WS_E_ENDPOINT_ACCESS_DENIED},
	} {
		s := newShop(t, describe(nil, required), []ListenerProperty{{WS_LISTENER_PROPERTY_EX_ROOT_CERTIFICATES, pool}, {WS_LISTENER_PROPERTY_EX_REVOCATION_CHECK, c.check}},
			tells(WS_MESSAGE_PROPERTY_ENCODED_CERT), func(s *httptest.Server) { s.TLS.ClientAuth = tls.RequestClientCert })
		for own, want := range map[*tls.Certificate]HRESULT{&known: c.known, &lost: c.lost} {
			if _, hr := s.call(t, describe(nil, &SslTransport{LocalCertCredential: key(own, S_OK)}), nil); hr != want {
				t.Errorf("%s: %v, want %v", name, hr, want)
			}
		}
	}
}

// offlineOr tells what a Checker does not know by the code that REVOCATION_OFFLINE is
// about.
func offlineOr(check RevocationCheck) RevocationCheck {
	return func(cs tls.ConnectionState) error {
		err := check(cs)
		if errors.Is(err, revocation.ErrUnknown) {
			return fmt.Errorf("%w: %w", CRYPT_E_REVOCATION_OFFLINE, err)
		}
		return err
	}
}
