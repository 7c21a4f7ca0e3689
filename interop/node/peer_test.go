// Package node has libraries of Node check what this project signs and decrypt
// what it encrypts, and the other way round: xml-crypto, xml-encryption,
// node-soap and node-saml, each as far as it goes.
package node

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"wstrust/interop/rig"

	"wstrust/internal/alg"
)

var update = flag.Bool("update", false, "write the kinds into docs/interop.md")

// A request is what the peer is asked for, and an answer what it says: see
// peer.js.
type request map[string]any

type answer struct {
	XML, Plain, Result, Error string
	Signed                    []string
}

// A stage is the peer, and the keys of both sides.
type stage struct {
	process  *rig.Process
	versions map[string]string
	ca       *rig.Authority
	rsa, own rig.Identity // the signer, and who decrypts
	secret   []byte
	rows     []row
}

// A row is one kind of what both do, as it stands in the table.
type row struct{ peer, name, ours, theirs string }

func newStage(t *testing.T) *stage {
	t.Helper()
	modules := os.Getenv("INTEROP_NODE")
	if modules == "" {
		rig.Absent(t, "the Node packages")
	}
	t.Setenv("NODE_PATH", modules)
	ca := rig.NewAuthority(t, "interop CA")
	s := &stage{ca: ca, rsa: ca.RSA(t, "alice"), own: ca.RSA(t, "service"), secret: []byte("a test secret of thirty-two byte")}
	s.process = rig.Start(t, rig.Program(t, "node"), "peer.js")
	var ready struct {
		Node     string
		Versions map[string]string
	}
	s.process.JSON(t, 30*time.Second, &ready)
	s.versions = ready.Versions
	t.Logf("Node %s ready, version %v", ready.Node, ready.Versions)
	return s
}

func (s *stage) ask(t *testing.T, q request) answer {
	t.Helper()
	var a answer
	s.process.Say(t, q)
	s.process.JSON(t, 30*time.Second, &a)
	return a
}

func certPEM(id rig.Identity) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.Cert.Raw}))
}

func keyPEM(t *testing.T, id rig.Identity) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(id.Key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func private(t *testing.T, id rig.Identity) alg.Key {
	t.Helper()
	key, err := alg.PrivateKey(id.Key)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func public(t *testing.T, id rig.Identity) alg.Key {
	t.Helper()
	key, err := alg.CertificateKey(id.Cert)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s *stage) secretKey(t *testing.T) alg.Key {
	t.Helper()
	key, err := alg.SecretKey(s.secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s *stage) secret64() string { return base64.StdEncoding.EncodeToString(s.secret) }

// found notes what became of a kind in one direction. A kind that failed is not
// noted as accepted.
func (s *stage) found(t *testing.T, peer, name, ours, theirs string) {
	if t.Failed() {
		return
	}
	for i, r := range s.rows {
		if r.peer == peer && r.name == name {
			if ours != "" {
				s.rows[i].ours = ours
			}
			if theirs != "" {
				s.rows[i].theirs = theirs
			}
			return
		}
	}
	s.rows = append(s.rows, row{peer, name, ours, theirs})
}

// altered changes one octet of what stands behind a text.
func altered(t *testing.T, src, after string, skip int) string {
	t.Helper()
	at := strings.Index(src, after)
	if at < 0 {
		t.Fatalf("no %q in %s", after, src)
	}
	b := []byte(src)
	at += len(after) + skip
	switch c := b[at]; {
	case c == '9' || c == 'z' || c == 'Z' || c == '/' || c == '+':
		b[at] = 'A'
	case bytes.IndexByte([]byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), c) >= 0:
		b[at]++
	default:
		t.Fatalf("%q is no place to change", c)
	}
	return string(b)
}

// TestNode is all kinds, by both sides, and the table of them.
func TestNode(t *testing.T) {
	s := newStage(t)
	t.Run("ours-signed", s.testOursSigned)
	t.Run("theirs-signed", s.testTheirsSigned)
	t.Run("encrypted", s.testEncrypted)
	t.Run("saml", s.testSAML)
	t.Run("soap", s.testSOAP)
	s.page(t)
}

// page holds docs/interop.md against what was found.
func (s *stage) page(t *testing.T) {
	t.Helper()
	var b strings.Builder
	b.WriteString("| | kind | we make it: Node | Node makes it: we |\n| --- | --- | --- | --- |\n")
	last, ours, theirs := "", 0, 0
	for _, r := range s.rows {
		peer := r.peer
		if peer == last {
			peer = ""
		}
		last = r.peer
		if r.ours == "accepted" {
			ours++
		}
		if r.theirs == "accepted" {
			theirs++
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", peer, r.name, cmp.Or(r.ours, "–"), cmp.Or(r.theirs, "–"))
	}
	fmt.Fprintf(&b, "\nxml-crypto %s, xml-encryption %s, node-saml %s, node-soap %s. We make %d kinds that they accept; they make %d that we accept.\n",
		s.versions["xml-crypto"], s.versions["xml-encryption"], s.versions["@node-saml/node-saml"], s.versions["soap"], ours, theirs)
	t.Logf("counted: %d kinds of ours accepted by Node's libraries, %d of theirs by us", ours, theirs)
	if t.Failed() {
		t.Log("docs/interop.md is not compared: kinds disagree")
		return
	}
	rig.Page(t, "../../docs/interop.md", "node", b.String(), *update)
}
