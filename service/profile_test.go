package service_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"wstrust/cache"
	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmlenc"
	"wstrust/internal/xmltree"
	"wstrust/saml"
	"wstrust/service"
)

// profileRows reads a file of rows with tabs, of which the first names the
// columns.
func profileRows(t *testing.T, name string) (out []map[string]string) {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var columns []string
	for line := range strings.Lines(string(src)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if columns == nil {
			columns = f
			continue
		}
		r := map[string]string{}
		for i := range f {
			r[columns[i]] = f[i]
		}
		out = append(out, r)
	}
	return out
}

// Each rule of MS-LWSSP about what a service takes, by messages that keep to it
// and messages that do not: what is outside is refused as that, whether it
// verifies or not, and without the profile it is not.
func TestProfileVectors(t *testing.T) {
	w := newWorld(t, nil)
	m := newProfileMessages(t, w)
	about := map[string]bool{}
	for _, r := range profileRows(t, "testdata/lwssp.tsv") {
		for _, rule := range strings.Fields(r["rules"]) {
			about[rule] = true
		}
		t.Run(r["rules"]+" "+r["name"], func(t *testing.T) {
			octets := m.write(t, r["message"])
			if r["change"] != "" {
				octets = changed(t, octets, r["change"])
			}
			for _, p := range []service.Profile{service.Interoperable, service.LWSSP} {
				v := *w.v
				v.Profile, v.Replay = p, newReplay(t, cache.NewMemory(1<<20))
				want := r["default"]
				if p == service.LWSSP {
					want = r["strict"]
				}
				packet := soap.NewPacket(soap.V12, action, octets)
				_, err := v.Verify(context.Background(), packet, service.Conn{TLS: &tls.ConnectionState{}})
				got := "refused"
				switch {
				case err == nil:
					got = "accepted"
				case errors.Is(err, service.ErrProfile):
					got = "outside"
				}
				if got != want {
					t.Errorf("profile %d: %s, want %s: %v\n%s", p, got, want, err, octets)
				}
			}
		})
	}
	for _, rule := range profileRows(t, "../webservices/testdata/lwssp/rules.tsv") {
		if strings.Contains(rule["sides"], "service") && !about[rule["rule"]] {
			t.Errorf("no vector is about rule %s, %s", rule["rule"], rule["text"])
		}
		delete(about, rule["rule"])
	}
	for rule := range about {
		t.Errorf("rule %s is not in the list", rule)
	}
}

// changed replaces text in a message: OLD => NEW.
func changed(t *testing.T, octets []byte, change string) []byte {
	t.Helper()
	for part := range strings.SplitSeq(change, " ;; ") {
		from, to, ok := strings.Cut(spelled(part), " => ")
		if !ok || !bytes.Contains(octets, []byte(from)) {
			t.Fatalf("there is nothing to change by %q in\n%s", part, octets)
		}
		octets = bytes.Replace(octets, []byte(from), []byte(to), 1)
	}
	return octets
}

// profileMessages writes the messages that the vectors change.
type profileMessages struct {
	w      *world
	client tls.Certificate
	proof  alg.Key
}

func newProfileMessages(t *testing.T, w *world) *profileMessages {
	t.Helper()
	proof, err := alg.SecretKey(bytes.Repeat([]byte{0x5a}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return &profileMessages{w, pair(t, p256(t), "test client", &w.ca, nil), proof}
}

// encrypted is the proof key, encrypted for the service.
func (m *profileMessages) encrypted(t *testing.T, how alg.Transport, info []byte) []byte {
	t.Helper()
	key, err := alg.CertificateKey(m.w.own.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	var b xmltree.Builder
	if err := xmlenc.SealKeyBy(&b, how, m.proof, "", key, info, nil, ""); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// write makes a message: the tokens by name, and after a slash the parts that are
// signed if they are others than the profile's, or the body.
func (m *profileMessages) write(t *testing.T, text string) []byte {
	t.Helper()
	out := request()
	o := wsse.Options{}
	text, body, ok := strings.Cut(text, " body ")
	if ok {
		out.Body = []byte(spelled(body))
	}
	for name := range strings.FieldsSeq(text) {
		name, parts, _ := strings.Cut(name, "/")
		var signed wsse.Parts
		for p := range strings.SplitSeq(parts, "+") {
			signed |= map[string]wsse.Parts{"Timestamp": wsse.PartTimestamp, "To": wsse.PartTo, "Body": wsse.PartBody, "Action": wsse.PartAction}[p]
		}
		o.Tokens = append(o.Tokens, m.token(t, name, signed))
	}
	if strings.Contains(text, "no-timestamp") {
		o.Timestamp = wsse.Never
	}
	o.Tokens = withoutNil(o.Tokens)
	return protect(t, out, o, time.Now())
}

func withoutNil(list []wsse.Token) (out []wsse.Token) {
	for _, x := range list {
		if x != nil {
			out = append(out, x)
		}
	}
	return out
}

func (m *profileMessages) token(t *testing.T, name string, parts wsse.Parts) wsse.Token {
	t.Helper()
	w := m.w
	info := []byte(spelled(`<ds:KeyInfo xmlns:ds="{ds}"><o:SecurityTokenReference xmlns:o="{wsse}"><o:KeyIdentifier ValueType="` + thumbprint + `">` + thumb(t, w.own.Leaf) + `</o:KeyIdentifier></o:SecurityTokenReference></ds:KeyInfo>`))
	holder := func(c saml.Confirmation, v saml.Version, more ...saml.Confirmation) []byte {
		return w.assertion(func(b *saml.Build) {
			b.Version = v
			b.Subject.Confirmations = append([]saml.Confirmation{c}, more...)
		})
	}
	sealed := func(how alg.Transport, info []byte) saml.Confirmation {
		return saml.Confirmation{Kind: saml.HolderOfKey, EncryptedKey: m.encrypted(t, how, info)}
	}
	oaep := alg.Transport{URI: alg.RSAOAEP}
	switch name {
	case "nothing", "no-timestamp":
		return nil
	case "user":
		return user("alice", "pw")
	case "digest":
		u := user("alice", "pw")
		u.Digest = true
		return u
	case "certificate":
		return wsse.X509{Certificates: []*x509.Certificate{m.client.Leaf}, Key: private(t, m.client), Parts: parts}
	case "serial":
		return wsse.X509{Certificates: []*x509.Certificate{m.client.Leaf}, Key: private(t, m.client), Reference: wsse.RefIssuerSerial, Parts: parts}
	case "saml11":
		return wsse.Issued{XML: holder(sealed(oaep, info), saml.V11), Key: m.proof, Parts: parts}
	case "saml11-unsigned-use": // the key does not sign
		return wsse.Issued{XML: holder(sealed(oaep, info), saml.V11)}
	case "saml11-embedded":
		return wsse.Issued{XML: holder(sealed(oaep, info), saml.V11), Key: m.proof, Embedded: true}
	case "saml11-unnamed-key":
		return wsse.Issued{XML: holder(sealed(oaep, nil), saml.V11), Key: m.proof, Parts: parts}
	case "saml11-oaep-parameters":
		return wsse.Issued{XML: holder(sealed(alg.Transport{URI: alg.RSAOAEP, Params: []byte("p")}, info), saml.V11), Key: m.proof}
	case "saml11-bearer":
		return wsse.Issued{XML: holder(saml.Confirmation{Kind: saml.Bearer}, saml.V11)}
	case "saml11-public":
		return wsse.Issued{XML: holder(saml.Confirmation{Kind: saml.HolderOfKey, Public: m.client.PrivateKey.(crypto.Signer).Public()}, saml.V11), Key: private(t, m.client), Parts: parts}
	case "saml20":
		return wsse.Issued{XML: holder(sealed(oaep, info), saml.V20), Key: m.proof}
	case "context", "context2", "context13":
		space := map[string]string{"context": xmltree.SC2005, "context2": xmltree.SC2005, "context13": xmltree.SC13}[name]
		return wsse.Issued{Key: m.proof, Parts: parts, XML: []byte(spelled(`<c:SecurityContextToken u:Id="` + name + `" xmlns:c="` + space + `" xmlns:u="{wsu}"><c:Identifier>urn:uuid:1</c:Identifier></c:SecurityContextToken>`))}
	case "kerberos":
		return wsse.Issued{
			Key: m.proof, XML: []byte(spelled(`<o:BinarySecurityToken u:Id="kt" ValueType="` + kerberos + `" EncodingType="` + base64Encoding + `" xmlns:o="{wsse}" xmlns:u="{wsu}">AAAA</o:BinarySecurityToken>`)),
			Attached: []byte(spelled(`<o:SecurityTokenReference xmlns:o="{wsse}"><o:Reference URI="#kt" ValueType="` + kerberos + `"/></o:SecurityTokenReference>`)),
		}
	case "kerberos-unsigned":
		return wsse.Issued{XML: []byte(spelled(`<o:BinarySecurityToken u:Id="kt" ValueType="` + kerberos + `" EncodingType="` + base64Encoding + `" xmlns:o="{wsse}" xmlns:u="{wsu}">AAAA</o:BinarySecurityToken>`))}
	case "unknown":
		return wsse.Issued{XML: []byte(`<x:Token xmlns:x="urn:x"/>`)}
	}
	t.Fatalf("there is no token %q", name)
	return nil
}

func thumb(t *testing.T, c *x509.Certificate) string {
	t.Helper()
	sha1, err := alg.Legacy.Digest(alg.DigestSHA1)
	if err != nil {
		t.Fatal(err)
	}
	h := sha1()
	h.Write(c.Raw)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

const (
	thumbprint     = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"
	kerberos       = "http://docs.oasis-open.org/wss/oasis-wss-kerberos-token-profile-1.1#GSS_Kerberosv5_AP_REQ"
	base64Encoding = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

// spelled writes out the names of namespaces.
func spelled(s string) string {
	return strings.NewReplacer("{wsse}", xmltree.WSSE, "{wsu}", xmltree.WSU, "{ds}", xmltree.DS, "{xenc}", xmltree.XENC,
		"{wst05}", xmltree.Trust2005, "{wst13}", xmltree.Trust13, "{wsc05}", xmltree.SC2005, "{wsc13}", xmltree.SC13).Replace(s)
}

// What a Verifier of the profile cannot ask for.
func TestProfileConfig(t *testing.T) {
	w := newWorld(t, nil)
	for name, change := range map[string]func(*service.Verifier){
		"unknown":   func(v *service.Verifier) { v.Profile = 9 },
		"body":      func(v *service.Verifier) { v.Require = service.Body },
		"encrypted": func(v *service.Verifier) { v.RequireEncrypted = service.Body },
		"signer":    func(v *service.Verifier) { v.Signer = &w.signer },
		"confirm":   func(v *service.Verifier) { v.Confirm = true },
	} {
		v := *w.v
		v.Profile = service.LWSSP
		if err := v.Check(); err != nil {
			t.Fatal(err)
		}
		if change(&v); !errors.Is(v.Check(), service.ErrConfig) {
			t.Errorf("%s: %v", name, v.Check())
		}
	}
}
