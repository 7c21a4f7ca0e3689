// Package xmlsec has xmlsec1 check what this project signs, and this project what xmlsec1
// signs.
package xmlsec

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"wstrust/interop/rig"
	"wstrust/saml"
)

func TestMain(m *testing.M) {
	code := m.Run()
	rig.RemoveTool()
	os.Exit(code)
}

// verify has xmlsec1 check files against one certificate. The certificate inside the
// signature is not looked at.
func verify(t *testing.T, cert string, files ...string) (string, error) {
	t.Helper()
	args := []string{
		"--verify", "--enabled-key-data", "rsa,ecdsa", "--pubkey-cert-pem", cert,
		"--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
		"--id-attr:AssertionID", "urn:oasis:names:tc:SAML:1.0:assertion:Assertion",
	}
	out, err := exec.Command(rig.Program(t, "xmlsec1"), append(args, files...)...).CombinedOutput()
	return string(out), err
}

// checkToken has xmlsec1 verify a token, and refuse it after one octet of one value was changed.
func checkToken(t *testing.T, token []byte, signer *x509.Certificate) {
	t.Helper()
	dir := t.TempDir()
	cert := rig.WriteCert(t, dir, "signer", signer)
	file := filepath.Join(dir, "token.xml")
	write := func(token []byte) {
		t.Helper()
		if err := os.WriteFile(file, token, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(token)
	if out, err := verify(t, cert, file); err != nil {
		t.Fatalf("xmlsec1 refuses the token: %v\n%s\n%s", err, out, token)
	}
	changed := change(t, token)
	write(changed)
	if out, err := verify(t, cert, file); err == nil {
		t.Errorf("xmlsec1 accepts a changed token:\n%s\n%s", out, changed)
	}
	if _, err := saml.Verify(changed, []*x509.Certificate{signer}, "", saml.Checks{Now: time.Now(), InsecureAnyAudience: true}); err == nil {
		t.Errorf("we accept a changed token:\n%s", changed)
	}
	write(token)
	other := rig.WriteCert(t, dir, "other", rig.NewAuthority(t, "another").Cert)
	if out, err := verify(t, other, file); err == nil {
		t.Errorf("xmlsec1 accepts the token under another certificate:\n%s", out)
	}
}

// What an attribute says: the last character of the first value.
var value = regexp.MustCompile(`<(?:\w+:)?AttributeValue[^>]*>[^<]*([0-9A-Za-z])</`)

func change(t *testing.T, token []byte) []byte {
	t.Helper()
	at := value.FindSubmatchIndex(token)
	if at == nil {
		t.Fatalf("no attribute value in %s", token)
	}
	changed := bytes.Clone(token)
	changed[at[2]] ^= 1
	return changed
}

func TestAssertions(t *testing.T) {
	ca := rig.NewAuthority(t, "interop CA")
	curve := func(c elliptic.Curve) rig.Identity { return ca.For(t, "signer", onCurve(t, c)) }
	for name, id := range map[string]rig.Identity{
		"RSA": ca.RSA(t, "signer"), "P-256": curve(elliptic.P256()), "P-384": curve(elliptic.P384()), "P-521": curve(elliptic.P521()),
	} {
		for _, version := range []saml.Version{saml.V20, saml.V11} {
			t.Run(name+"/"+version.String(), func(t *testing.T) {
				key, err := saml.SigningKey(id.Key)
				if err != nil {
					t.Fatal(err)
				}
				now := time.Now()
				b := saml.Build{
					Version: version, Issuer: "urn:wstrust:interop:ours", IssueInstant: now,
					Subject:    saml.Subject{NameID: "alice <&> \u00e9", Confirmations: []saml.Confirmation{{Kind: saml.Bearer}}},
					Conditions: saml.Conditions{NotBefore: now, NotOnOrAfter: now.Add(time.Hour), Audiences: [][]string{{"https://example.test/?a=1&b=2"}}},
					Attributes: []saml.Attribute{{Name: "urn:test/role", Namespace: "urn:test", Values: []string{"doctor", "line one\r\n\tline two", "\U0001F600"}}},
				}
				token, err := b.XML(key, []*x509.Certificate{id.Cert}, "")
				if err != nil {
					t.Fatal(err)
				}
				checkToken(t, token, id.Cert)
			})
		}
	}
}

func onCurve(t *testing.T, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
