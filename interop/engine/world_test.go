// Package engine exchanges messages with WSS4J's own engine, without CXF around it:
// what this project protects WSS4J must accept, with everything on that it enforces
// by default, and the other way round.
package engine

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
	"wstrust/internal/alg"
	"wstrust/internal/soap"
	"wstrust/internal/wsse"
	"wstrust/internal/xmltree"
	"wstrust/interop/rig"
)

const (
	storePassword = "made-for-this-run"
	word          = "secret-word-4711" // what a message says in its Body
	contextID     = "urn:ctx"
)

var contextSecret = []byte("a secret of thirty-two octets ..")

// A world is the keys of a run; all are test keys.
type world struct {
	dir             string
	ca              *rig.Authority
	client, service rig.Identity
	elliptic        rig.Identity
	trusted         []*x509.Certificate
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), ca: rig.NewAuthority(t, "interop CA")}
	w.client, w.service, w.elliptic = w.ca.RSA(t, rig.User), w.ca.RSA(t, "service"), w.ca.P256(t, "elliptic")
	w.trusted = []*x509.Certificate{w.client.Cert, w.elliptic.Cert}
	for name, id := range map[string]rig.Identity{"client": w.client, "service": w.service} {
		pfx, err := pkcs12.Modern.Encode(id.Key, id.Cert, []*x509.Certificate{w.ca.Cert}, storePassword)
		w.write(t, name+".p12", pfx, err)
	}
	entries := []pkcs12.TrustStoreEntry{{Cert: w.ca.Cert, FriendlyName: "ca"}, {Cert: w.client.Cert, FriendlyName: "client"}, {Cert: w.elliptic.Cert, FriendlyName: "elliptic"}}
	pfx, err := pkcs12.Modern.EncodeTrustStoreEntries(entries, storePassword)
	w.write(t, "trust.p12", pfx, err)
	for _, d := range []string{"ours", "made"} {
		if err := os.Mkdir(filepath.Join(w.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) write(t *testing.T, name string, octets []byte, err error) {
	t.Helper()
	if err == nil {
		err = os.WriteFile(filepath.Join(w.dir, name), octets, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A line is what WSS4J says of one message.
type line struct {
	Checked, Made, Error, Actions string
}

// run has WSS4J check the messages named and make those described, in one process.
func (w *world) run(t *testing.T, checks []string, makes map[string]string, order []string) []line {
	t.Helper()
	classpath := os.Getenv("INTEROP_CXF_CLASSPATH")
	if classpath == "" {
		rig.Absent(t, "WSS4J")
	}
	set := map[string]string{
		"dir": w.dir, "store.password": storePassword, "word": word, "user." + rig.User: rig.Password,
		"secret": base64.StdEncoding.EncodeToString(contextSecret), "checks": fmt.Sprint(len(checks)), "makes": fmt.Sprint(len(order)),
		"envelope": `<s:Envelope xmlns:s="{soap}"><s:Header><wsa:To xmlns:wsa="` + xmltree.WSA10 + `">urn:service</wsa:To><h:Tenant xmlns:h="urn:h">tenant</h:Tenant></s:Header>` +
			`<s:Body><o:Get xmlns:o="urn:orders"><o:ID>` + word + `</o:ID></o:Get></s:Body></s:Envelope>`,
	}
	for i, c := range checks {
		set[fmt.Sprintf("check.%d", i)] = c
	}
	for i, name := range order {
		set[fmt.Sprintf("make.%d", i)] = name
		for option := range strings.FieldsSeq(makes[name]) {
			key, value, ok := strings.Cut(option, "=")
			if !ok {
				value = "yes"
			}
			set[fmt.Sprintf("make.%d.%s", i, key)] = value
		}
	}
	var b strings.Builder
	for name, value := range set {
		fmt.Fprintf(&b, "%s=%s\n", name, strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(value))
	}
	w.write(t, "EngineMain.properties", []byte(b.String()), nil)
	p := rig.Start(t, "java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m",
		"-Djava.util.logging.SimpleFormatter.format=%4$s %5$s %6$s%n", "@"+classpath, "interop.EngineMain", filepath.Join(w.dir, "EngineMain.properties"))
	out := make([]line, len(checks)+len(order))
	for i := range out {
		p.JSON(t, time.Minute, &out[i])
	}
	return out
}

// read takes a message of WSS4J's through everything that a service does.
func (w *world) read(t *testing.T, octets []byte, pol wsse.Policy) (*wsse.Evidence, error) {
	t.Helper()
	d, err := xmltree.Parse(octets, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	env, err := soap.Read(d, wsse.Understood)
	if err != nil {
		return nil, err
	}
	p, err := wsse.Read(env, "")
	if err != nil {
		return nil, err
	}
	if err := p.Open(w.credentials(t, p), pol); err != nil {
		return nil, err
	}
	return p.Verify(w.credentials(t, p), pol, time.Now())
}

func (w *world) credentials(t *testing.T, p *wsse.Pending) wsse.Credentials {
	t.Helper()
	c := wsse.Credentials{
		Keys:       map[wsse.KeyRef]alg.Key{},
		Recipients: []wsse.Recipient{{Key: private(t, w.service), Certificate: w.service.Cert}},
		Password:   func(p wsse.Password) bool { return p.Name() == rig.User && p.Matches([]byte(rig.Password)) },
	}
	for _, ref := range p.Needs() {
		switch ref.Kind {
		case wsse.KeyCertificate, wsse.KeyNamed:
			if cert, err := ref.Select(w.trusted); err == nil {
				key, err := alg.CertificateKey(cert)
				if err != nil {
					t.Fatal(err)
				}
				c.Keys[ref] = key
			}
		case wsse.KeyContext:
			if ref.ID == contextID {
				c.Keys[ref] = secret(t)
			}
		}
	}
	return c
}

func private(t *testing.T, id rig.Identity) alg.Key {
	t.Helper()
	k, err := alg.PrivateKey(id.Key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func secret(t *testing.T) alg.Key {
	t.Helper()
	k, err := alg.SecretKey(contextSecret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
