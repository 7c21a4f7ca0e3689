package cxf

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
	"wstrust/interop/rig"
)

// The password of every key store of the run; the keys are test keys.
const storePassword = "made-for-this-run"

// A world is the keys and settings that the Java processes and we agree on.
type world struct {
	dir      string
	ca       *rig.Authority
	signer   rig.Identity // of CXF's issuer
	signerEC rig.Identity // the same on P-256
	service  rig.Identity // of CXF's service: what tokens are encrypted to
	client   rig.Identity // of whoever asks
	common   map[string]string
}

// newWorld makes the keys.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), ca: rig.NewAuthority(t, "interop CA")}
	w.signer = w.ca.RSA(t, "cxf signer")
	w.service = w.ca.RSA(t, "cxf service")
	w.client = w.ca.RSA(t, rig.User)
	w.signerEC = w.ca.P256(t, "cxf signer on P-256")
	w.store(t, "sts", w.signer)
	w.store(t, "sts-ec", w.signerEC)
	w.store(t, "service", w.service)
	w.store(t, "client", w.client)
	w.store(t, "tls", w.ca.RSA(t, "localhost"))
	w.trust(t)
	w.trustStore(t, "recipients", []pkcs12.TrustStoreEntry{{Cert: w.service.Cert, FriendlyName: "service"}})
	w.common = map[string]string{
		"dir":              w.dir,
		"store.password":   storePassword,
		"applies.to":       `https://localhost:[0-9]+/greeter/.*`,
		"user." + rig.User: rig.Password,
	}
	return w
}

// trust writes the store of trusted certificates: the CA, CXF's signer and those given,
// under the names extra0 and up. It must be called before the processes start that are
// to trust them.
func (w *world) trust(t *testing.T, more ...*x509.Certificate) {
	t.Helper()
	entries := []pkcs12.TrustStoreEntry{{Cert: w.ca.Cert, FriendlyName: "ca"}, {Cert: w.signer.Cert, FriendlyName: "cxf-signer"}, {Cert: w.client.Cert, FriendlyName: "client"}, {Cert: w.service.Cert, FriendlyName: "service"}, {Cert: w.signerEC.Cert, FriendlyName: "cxf-signer-ec"}}
	for i, c := range more {
		entries = append(entries, pkcs12.TrustStoreEntry{Cert: c, FriendlyName: fmt.Sprint("extra", i)})
	}
	w.trustStore(t, "trust", entries)
}

func (w *world) store(t *testing.T, name string, id rig.Identity) {
	t.Helper()
	pfx, err := pkcs12.Modern.Encode(id.Key, id.Cert, []*x509.Certificate{w.ca.Cert}, storePassword)
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, name, pfx)
}

func (w *world) trustStore(t *testing.T, name string, entries []pkcs12.TrustStoreEntry) {
	t.Helper()
	pfx, err := pkcs12.Modern.EncodeTrustStoreEntries(entries, storePassword)
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, name, pfx)
}

func (w *world) write(t *testing.T, name string, pfx []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name+".p12"), pfx, 0o600); err != nil {
		t.Fatal(err)
	}
}

// java starts one of the main classes with the common settings and those given.
func (w *world) java(t *testing.T, class string, more map[string]string) *rig.Process {
	t.Helper()
	classpath := os.Getenv("INTEROP_CXF_CLASSPATH")
	if classpath == "" {
		rig.Absent(t, "Apache CXF")
	}
	var b strings.Builder
	for _, m := range []map[string]string{w.common, more} {
		names := make([]string, 0, len(m))
		for name := range m {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			// In a properties file a backslash begins an escape, and our values have no other special character.
			fmt.Fprintf(&b, "%s=%s\n", name, strings.ReplaceAll(m[name], `\`, `\\`))
		}
	}
	file := filepath.Join(t.TempDir(), class+".properties")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return rig.Start(t, "java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m",
		"-Djava.util.logging.SimpleFormatter.format=%4$s %5$s %6$s%n",
		"@"+classpath, "interop."+class, file)
}

// serve starts a server class and returns its ready line.
func (w *world) serve(t *testing.T, class string) map[string]string {
	t.Helper()
	p := w.java(t, class, nil)
	ready := map[string]string{}
	p.JSON(t, time.Minute, &ready)
	t.Logf("%s ready, version %s", ready["ready"], ready["version"])
	return ready
}

// A task is one request of CXF's client, and a call to a service if one is named.
type task map[string]string

// An answer is what CXF's client says of one task.
type answer struct {
	Task, Version, Error          string
	Token, Type                   string
	SecretBits                    int  `json:"secret_bits"`
	SameSecret                    bool `json:"same_secret"`
	Key, Attached, Verified       bool
	Expires                       string
	Issuer, Subject, Confirmation string
	Text, Caller                  string
}

// ask runs CXF's client over the tasks.
func (w *world) ask(t *testing.T, tasks []task) []answer {
	t.Helper()
	set := map[string]string{"tasks": fmt.Sprint(len(tasks))}
	for i, task := range tasks {
		for name, value := range task {
			set[fmt.Sprintf("task.%d.%s", i, name)] = value
		}
	}
	p := w.java(t, "ClientMain", set)
	answers := make([]answer, len(tasks))
	for i := range tasks {
		p.JSON(t, time.Minute, &answers[i])
	}
	return answers
}
