package wss4j

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
	"wstrust/internal/alg"
	"wstrust/interop/rig"
)

// The password of every key store of the run; the keys are test keys.
const storePassword = "made-for-this-run"

// A request is what WSS4J is asked for: see Wss4jMain in ../java.
type request map[string]string

// A finding is what WSS4J says of a message.
type finding struct {
	Message, Error string
	OK, Timestamp  bool

	Signed, Encrypted string // names of elements, separated by spaces
	Signers           string // separated by |
	Values, Confirmed string // of signatures
	User, SAML        string
	Secret            string // of the last EncryptedKey, and its name
	SecretID          string `json:"secret_id"`
}

// An identity is a test key in the forms that we take.
type identity struct {
	rig.Identity
	key alg.Key
}

// A stage is what all kinds play on: the keys, and the Java process.
type stage struct {
	ca      *rig.Authority
	ids     map[string]identity
	process *rig.Process
	version string
	shapes  map[string]string // what messages look like, and the kind they are
}

func newStage(t *testing.T) *stage {
	t.Helper()
	classpath := os.Getenv("INTEROP_CXF_CLASSPATH")
	if classpath == "" {
		rig.Absent(t, "WSS4J")
	}
	ca := rig.NewAuthority(t, "interop CA")
	s := &stage{ca: ca, ids: map[string]identity{}, shapes: map[string]string{}}
	dir := t.TempDir()
	for name, make := range map[string]func() rig.Identity{
		"client":  func() rig.Identity { return ca.RSA(t, "alice") },
		"second":  func() rig.Identity { return ca.RSA(t, "second") },
		"service": func() rig.Identity { return ca.RSA(t, "service") },
		"issuer":  func() rig.Identity { return ca.RSA(t, "issuer") },
		"p256":    func() rig.Identity { return ca.P256(t, "alice on P-256") },
		"p384":    func() rig.Identity { return ca.For(t, "alice on P-384", onCurve(t, elliptic.P384())) },
		"p521":    func() rig.Identity { return ca.For(t, "alice on P-521", onCurve(t, elliptic.P521())) },
	} {
		id := make()
		key, err := alg.PrivateKey(id.Key)
		if err != nil {
			t.Fatal(err)
		}
		s.ids[name] = identity{id, key}
	}
	settings := fmt.Sprintf("dir=%s\nstore.password=%s\nuser.%s=%s\n", dir, storePassword, rig.User, rig.Password)
	file := filepath.Join(dir, "settings.properties")
	trusted := []pkcs12.TrustStoreEntry{{Cert: ca.Cert, FriendlyName: "ca"}}
	for name, id := range s.ids {
		trusted = append(trusted, pkcs12.TrustStoreEntry{Cert: id.Cert, FriendlyName: name})
		pfx, err := pkcs12.Modern.Encode(id.Key, id.Cert, []*x509.Certificate{ca.Cert}, storePassword)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name+".p12"), pfx)
	}
	pfx, err := pkcs12.Modern.EncodeTrustStoreEntries(trusted, storePassword)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "trust.p12"), pfx)
	write(t, file, []byte(settings))
	s.process = rig.Start(t, "java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "@"+classpath, "interop.Wss4jMain", file)
	var ready struct{ Ready, Version string }
	s.process.JSON(t, time.Minute, &ready)
	s.version = ready.Version
	t.Logf("%s ready, version %s", ready.Ready, ready.Version)
	return s
}

func onCurve(t *testing.T, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// ask sends one request and returns the answer.
func (s *stage) ask(t *testing.T, op string, message []byte, q request) finding {
	t.Helper()
	all := request{"op": op, "message": base64.StdEncoding.EncodeToString(message)}
	for name, value := range q {
		all[name] = value
	}
	s.process.Say(t, all)
	var f finding
	s.process.JSON(t, time.Minute, &f)
	return f
}

// with is a request with further values, given as name and value in turn.
func (q request) with(more ...string) request {
	out := request{}
	for name, value := range q {
		out[name] = value
	}
	for i := 0; i < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

// do is a request for these steps.
func do(steps string, more ...string) request {
	return request{"do": steps}.with(more...)
}
